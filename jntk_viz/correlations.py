"""Cosines of points on the sphere, as precise near ±1 as floating-point numbers allow.

A cosine of 1 is an unstable fixed point of the layers' map of correlations (and so is -1 for an odd
activation): a deep network tells apart points whose cosine rounds to 1. So a correlation is carried
with its distance from the nearer of ±1, to that distance's own relative precision.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

_NEAR = 2.0**-5  # below, differences of points keep more digits of 1 - |c| than the cosine does
_PAIRS = 2**15  # of nearby points at a time


class Correlation(NamedTuple):
    """ρ in [-1, 1] and `gap` = 1 - |ρ| in [0, 1], each to its own relative precision."""

    rho: np.ndarray
    gap: np.ndarray

    @property
    def above(self):
        """1 - ρ, to its own relative precision."""
        return namespace(self.gap).where(self.rho < 0, 2 - self.gap, self.gap)

    @property
    def below(self):
        """1 + ρ, likewise."""
        return namespace(self.gap).where(self.rho < 0, self.gap, 2 - self.gap)

    def log_radius(self):
        """log |ρ|; at ρ = 0 a number whose exponential is zero."""
        xp = namespace(self.gap)
        radius = xp.abs(self.rho)
        away = xp.log(xp.where(radius > 0, radius, 1.0))
        near = xp.log1p(-xp.where(self.gap < 0.5, self.gap, 0.0))
        return xp.where(radius > 0, xp.where(self.gap < 0.5, near, away), -800.0)


def namespace(array):
    """NumPy for its arrays and numbers, `jax.numpy` for those of JAX."""
    return jnp if isinstance(array, jax.Array) else np


def from_gaps(below, above, rho) -> Correlation:
    """The correlation given 1 + ρ, 1 - ρ and ρ, each to its own relative precision."""
    xp = namespace(above)
    # Not min and clip, which halve derivatives where their arguments are equal, at ρ = 0.
    gap = xp.where(below < above, below, above)
    gap = xp.where(gap < 0, 0, xp.where(gap > 1, 1, gap))
    near = xp.where(below < above, gap - 1, 1 - gap)
    return Correlation(xp.where(gap < 0.5, near, rho), gap)


def from_cosine(c) -> Correlation:
    """The correlation that a cosine `c` in [-1, 1] is, any shape; it says no more than c does."""
    c = np.clip(c, -1, 1)
    return Correlation(c, 1 - np.abs(c))


def correlations(x1: np.ndarray, x2: np.ndarray | None) -> Correlation:
    """Cosines of the rows of x1 (n1, d0) and x2 (n2, d0), or of x1 with itself; each (n1, n2).

    Rows have unit norm to rounding. Of nearby points, and of one near the other's antipode,
    1 ∓ ⟨x, x'⟩ = (|x ∓ x'|² - (|x| - |x'|)²)/2, whose differences are exact.
    """
    other = x1 if x2 is None else x2
    c = x1 @ other.T
    if x2 is None:
        c = (c + c.T) / 2
    c, gap = from_cosine(c)
    near = np.flatnonzero(gap < _NEAR)
    for first in range(0, near.size, _PAIRS):
        part = near[first : first + _PAIRS]
        i, j = np.divmod(part, len(other))
        sign = np.sign(c.ravel()[part])
        gap.ravel()[part] = _near_gaps(x1[i], sign[:, None] * other[j])
        c.ravel()[part] = sign * (1 - gap.ravel()[part])
    return Correlation(c, gap)


def _near_gaps(x, y):
    """1 - ⟨x, y⟩ of rows that nearly coincide; their norms may differ by rounding."""
    apart = x - y
    radial = np.einsum("ij,ij->i", apart, x + y) / 2  # |x| - |y|
    return np.maximum(np.einsum("ij,ij->i", apart, apart) - radial**2, 0) / 2


def traced_correlations(x1: jax.Array, x2: jax.Array) -> Correlation:
    """`correlations` of unit rows in JAX, for differentiation, and without a choice of formula."""
    rho = jnp.matmul(x1, x2.T, precision="highest")
    x1, x2 = x1[:, None], x2[None]
    above = jnp.sum((x1 - x2) ** 2, axis=2) / 2
    below = jnp.sum((x1 + x2) ** 2, axis=2) / 2
    return from_gaps(below, above, rho)
