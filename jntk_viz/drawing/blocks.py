"""Block kernels as square pictures: all f first, then all J₁, then all J₂, …"""

import numpy as np


def by_block(kernel: np.ndarray) -> np.ndarray:
    """(n, 1+d0, n, 1+d0) as a matrix ordered all f, then all J_1, then all J_2, …"""
    rows = kernel.shape[0] * kernel.shape[1]
    return kernel.transpose(1, 0, 3, 2).reshape(rows, rows)


def block_lines(places):
    """Vertical lines at `places` of the unit square, horizontal ones as far from its top."""
    zero, one = np.zeros_like(places), np.ones_like(places)
    vertical, horizontal = (places, zero, places, one), (zero, 1 - places, one, 1 - places)
    return tuple(np.concatenate(pair) for pair in zip(vertical, horizontal, strict=True))
