"""The smallest eigenvalue of a kernel, beside the size of what rounding alone would produce."""

from typing import NamedTuple

import numpy as np

from ._validation import check_choice, check_points
from .kernels import jacobian_nngp, jntk


class SmallestEigenvalue(NamedTuple):
    """`value` is λ_min; `noise_floor` is n · eps · λ_max for a matrix of n rows."""

    value: float
    noise_floor: float

    @property
    def resolved(self) -> bool:
        """Whether λ_min stands above its noise floor, which is all that arithmetic can tell."""
        return self.value > self.noise_floor


def smallest_eigenvalue(
    x,
    *,
    depth,
    activation="gelu",
    kappa=1.0,
    kernel="jntk",
    dtype=np.float64,
    weight_std=1.0,
    bias_std=0.0,
    residual=None,
) -> SmallestEigenvalue:
    """λ_min of the limiting kernel's Gram matrix on x, with its noise floor (Assumption 4.4).

    Args:
        x: (N, d0), rows of unit norm.
        depth: L ≥ 1; activation, kappa, weight_std, bias_std, residual: as in `jntk`.
        kernel: "jntk", "ntk" (its value–value block) or "jacobian_nngp".
        dtype: float64, or float32 to see what single precision can resolve.

    Raises:
        ValueError: naming the argument, what was expected, what came and the remedy.
    """
    check_choice(kernel, "kernel", ("jntk", "ntk", "jacobian_nngp"))
    compute = jacobian_nngp if kernel == "jacobian_nngp" else jntk
    gram = compute(
        check_points(x),
        depth=depth,
        activation=activation,
        kappa=kappa,
        weight_std=weight_std,
        bias_std=bias_std,
        residual=residual,
    )
    if kernel == "ntk":
        gram = gram[:, :1, :, :1]
    if np.abs(gram).max() > np.finfo(dtype).max:
        raise ValueError(
            f"`dtype` {np.dtype(dtype).name} cannot hold this kernel, whose largest entry is "
            f"{np.abs(gram).max():.1e}. Take float64, a smaller depth or a smaller kappa."
        )
    return gram_smallest_eigenvalue(gram.astype(dtype))


class Spectrum(NamedTuple):
    """All `eigenvalues` of a kernel, increasing, and their common `noise_floor` n · eps · λ_max."""

    eigenvalues: np.ndarray
    noise_floor: float

    @property
    def smallest(self) -> SmallestEigenvalue:
        return SmallestEigenvalue(float(self.eigenvalues[0]), self.noise_floor)

    @property
    def rank(self) -> int:
        """How many eigenvalues stand above the noise floor."""
        return int(np.sum(self.eigenvalues > self.noise_floor))


def gram_spectrum(gram) -> Spectrum:
    """Eigenvalues of a Gram matrix (N, a, N, a) in its precision, with their noise floor."""
    size = gram.shape[0] * gram.shape[1]
    eigenvalues = np.linalg.eigvalsh(np.asarray(gram).reshape(size, size))
    return Spectrum(eigenvalues, size * float(np.finfo(gram.dtype).eps) * float(eigenvalues[-1]))


def gram_smallest_eigenvalue(gram) -> SmallestEigenvalue:
    """`smallest_eigenvalue` of a given Gram matrix (N, a, N, a), in its precision."""
    return gram_spectrum(gram).smallest
