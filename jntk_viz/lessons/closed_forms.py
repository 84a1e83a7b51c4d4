"""Expectations over two normals in closed form, which a layer rule is made of in lesson 10.

They know no Hermite series and no correlations, and take any covariance: inputs off the sphere,
too, whose differences give slopes.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np


class Expectations(NamedTuple):
    """Functions of the covariance F (n, n) of a neuron at n inputs, variances on its diagonal.

    T: F -> E φ(u)φ(v);  T_dot: F -> E φ'(u)φ'(v), its derivative in the covariance of u and v.
    φ is the library's, E φ(z)² = 1 at variance one.
    """

    T: Callable
    T_dot: Callable


def closed_form(activation: str) -> Expectations:
    """The expectations of "erf" (Williams, NIPS 1996) or "gelu" (by parts).

    Raises:
        ValueError: for other activations, of which no closed form is at hand.
    """
    if activation not in _FORMS:
        raise ValueError(
            f"`activation` must be one of {', '.join(_FORMS)}; got {activation!r}. Others have no "
            "closed form here; the library's kernels take them all."
        )
    return _FORMS[activation]


def _erf(F):
    q = 1 + 2 * np.diag(F)
    return np.arcsin(2 * F / np.sqrt(np.outer(q, q))) / np.arcsin(2 / 3)


def _erf_dot(F):
    q = 1 + 2 * np.diag(F)
    return 2 / np.sqrt(np.outer(q, q) - 4 * F**2) / np.arcsin(2 / 3)


_GELU = 1 / 3 + 1 / (2 * np.pi * np.sqrt(3))  # E φ² at variance one, unscaled


def _gelu_parts(F):
    """E Φ(u)Φ(v), the root of (1+q)(1+q') - F², and the bracket that E pdf pdf multiplies."""
    q = np.diag(F)
    sides = np.outer(1 + q, 1 + q)
    both = 1 / 4 + np.arcsin(F / np.sqrt(sides)) / (2 * np.pi)
    share = 1 / (1 + q)
    bracket = np.add.outer(share, share) - 1
    return both, np.sqrt(sides - F**2), np.outer(q, q) + F**2 * bracket, bracket


def _gelu(F):
    both, root, rest, _ = _gelu_parts(F)
    return (F * both + rest / (2 * np.pi * root)) / _GELU


def _gelu_dot(F):
    both, root, rest, bracket = _gelu_parts(F)
    return (both + (F + 2 * F * bracket + rest * F / root**2) / (2 * np.pi * root)) / _GELU


_FORMS = {"erf": Expectations(_erf, _erf_dot), "gelu": Expectations(_gelu, _gelu_dot)}
