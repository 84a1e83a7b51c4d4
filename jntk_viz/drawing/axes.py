"""Logarithmic axes of λ and of training time, with places of their own for λ = 0 and t = ∞.

λ runs from 0.001 to 10 and t from 0.1 to 10¹⁰; what is no point of a logarithmic axis stands past a
gap, in a slot that is as wide as its bar is drawn.
"""

from collections.abc import Callable, Sequence

import numpy as np

EDGE = 0.17  # from the outermost values to the end of the axis
INFINITY, ZERO = 11.2, -3.75
INFINITY_SLOT = (INFINITY - 0.45, INFINITY + 0.45)
ZERO_SLOT = (ZERO - 0.22, ZERO + 0.22)
TIME_LIMITS = (-1 - EDGE, INFINITY_SLOT[1])
LAM_LIMITS = (ZERO_SLOT[0], 1 + EDGE)


def time_position(t):
    """Where a time is drawn: log10 t, and a slot past a gap for t = ∞."""
    t = np.asarray(t, float)
    return np.where(np.isinf(t), INFINITY, np.log10(np.where(np.isinf(t), 1.0, t)))


def lam_position(lam):
    """Where a λ is drawn: log10 λ, and a slot below a gap for λ = 0."""
    lam = np.asarray(lam, float)
    return np.where(lam == 0, ZERO, np.log10(np.where(lam == 0, 1.0, lam)))


def time_ticks(power: Callable[[int], str]) -> list[tuple[float, str]]:
    """Ticks (place, word) from t = 1 to 10⁸, and t = ∞; `power(k)` writes 10ᵏ.

    In small pictures the word of 10¹⁰ would run into ∞.
    """
    return [*((float(k), power(k)) for k in range(0, 10, 2)), (INFINITY, "∞")]


def lam_ticks(power: Callable[[int], str]) -> list[tuple[float, str]]:
    """Ticks (place, word) from λ = 0 to λ = 10; `power(k)` writes 10ᵏ."""
    return [(ZERO, "0"), *((float(k), power(k)) for k in range(-3, 2))]


def decades(*values) -> tuple[float, float]:
    """Logarithms of the whole decades that hold all positive values."""
    exponents = np.log10(np.concatenate([np.asarray(v, float) for v in values]))
    return float(np.floor(exponents.min())), float(np.ceil(exponents.max()))


def nearest(values: Sequence[float], place: float, position: Callable) -> float:
    """The value whose `position` is nearest to where the reader has clicked."""
    return values[int(np.argmin(np.abs(position(values) - place)))]
