"""Points on the unit sphere that answers are tried on."""

import numpy as np

from jntk_viz.datasets import normalize


def sphere(count: int, in_size: int, seed: int = 0) -> np.ndarray:
    """(count, in_size), unit rows."""
    return normalize(np.random.default_rng(seed).normal(size=(count, in_size)))


def pairs(in_size: int) -> tuple[np.ndarray, np.ndarray]:
    """Three points and four others, so that a swap of axes shows."""
    return sphere(3, in_size, seed=1), sphere(4, in_size, seed=2)
