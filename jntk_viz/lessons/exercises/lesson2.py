"""Lesson 2: values and slopes as one process; conditioning."""

import numpy as np

from jntk_viz.kernels import jacobian_nngp
from jntk_viz.lessons.checking import Exercise, Mistake

from .points import pairs

_WHOLE = np.arcsin(2 / 3)


def _value_slope(x1, x2):
    """Cov(f(x1), J_β(x2)) of one hidden erf layer, (n1, n2, d0), by the library's recursion."""
    return jacobian_nngp(x1, x2, depth=1, activation="erf")[:, 0, :, 1:]


def _by_angle_only(x1, x2):
    """F_c x_β without the term from |x'|²: what K(ρ) alone would give."""
    rho = x1 @ x2.T
    slope = (2 / 3) / np.sqrt(1 - (2 * rho / 3) ** 2) / _WHOLE
    return slope[:, :, None] * x1[:, None, :]


def _first_argument(x1, x2):
    block = jacobian_nngp(x1, x2, depth=1, activation="erf")[:, 1:, :, 0]
    return block.transpose(0, 2, 1)


VALUE_SLOPE = Exercise(
    name="2a",
    signature="my_value_slope(x1, x2)",
    truth=_value_slope,
    cases=lambda seed: [pairs(2, seed), pairs(3, seed)],
    mistakes=(
        Mistake(
            "You differentiate K as a function of the angle alone. It also depends on the length "
            "of x2: away from the sphere |x2|² stands under the root.",
            _by_angle_only,
        ),
        Mistake(
            "You have differentiated in the first argument. The slope is taken at x2.",
            lambda x1, x2: _first_argument(x1, x2),
        ),
        Mistake(
            "The slope axis comes last: (points of x1, points of x2, coordinates).",
            lambda x1, x2: _value_slope(x1, x2).transpose(0, 2, 1),
        ),
        Mistake(
            "You have the covariance of the values. Differentiate it in each coordinate of x2.",
            lambda x1, x2: jacobian_nngp(x1, x2, depth=1, activation="erf")[:, 0, :, 0],
        ),
    ),
    remark="Differentiating a covariance is all it takes to learn about slopes.",
)  # fmt: skip


_DELTAS = range(5, 180, 5)  # degrees


def _variance_left(delta: float, noise: float, *, entry: int = 1) -> float:
    """Variance of the slope at 0° (of the value for entry=0) after noisy values at ±delta degrees.

    The readings are taken in one after the other, each as a single number.

    - `noise`: variance of one reading.
    """
    angles = np.deg2rad([0, delta, -delta])
    x = np.column_stack([np.cos(angles), np.sin(angles)])
    k = jacobian_nngp(x, depth=2)
    rows = np.array([k[0, 2 * entry], k[1, 0], k[2, 0]])  # at 0° the tangent is the second axis
    covariance = np.stack([rows[:, 0, 2 * entry], rows[:, 1, 0], rows[:, 2, 0]], axis=1)
    for seen in (1, 2):
        gain = covariance[:, seen] / (covariance[seen, seen] + noise)
        covariance = covariance - np.outer(gain, covariance[seen])
    return float(covariance[0, 0])


def _best_delta(noise: float) -> float:
    return float(min(_DELTAS, key=lambda delta: _variance_left(delta, noise)))


def _best_single(noise: float) -> float:
    def explained(delta):
        angles = np.deg2rad([0, delta])
        k = jacobian_nngp(np.column_stack([np.cos(angles), np.sin(angles)]), depth=2)
        return k[0, 2, 1, 0] ** 2 / (k[1, 0, 1, 0] + noise)

    return float(max(_DELTAS, key=explained))


MEASUREMENT = Exercise(
    name="2b",
    signature="",
    truth=lambda: _best_delta(0.1**2),
    near=1e-3,  # a multiple of 5°
    unit="°",
    mistakes=(
        Mistake(
            "You let the readings be exact. Each has a variance of its own, which adds to the "
            "diagonal of Kₒₒ.",
            lambda: _best_delta(0.0),
        ),
        Mistake(
            "You add the standard deviation of the noise. Variances are what adds: 0.1².",
            lambda: _best_delta(0.1),
        ),
        Mistake(
            "That is the best place for a single reading. There are two, one on either side.",
            lambda: _best_single(0.1**2),
        ),
    ),
    remark="Finite differences have a best step for the same reason.",
)

SHARE = Exercise(
    name="2c",
    signature="",
    truth=lambda: _slope_left(),
    mistakes=(
        Mistake(
            "That is the share of the variance. The question is about the standard deviation.",
            lambda: _slope_left() ** 2,
        ),
        Mistake(
            "That is how much of the standard deviation goes away; give how much is left.",
            lambda: 1 - _slope_left(),
        ),
        Mistake(
            "That is what is left of the value's standard deviation; give the slope's.",
            lambda: _left(at=0),
        ),
    ),
    remark="A neighbour's value says something about a slope, because both come from one function.",
)


def _left(at: int) -> float:
    """What seeing f at 40° leaves of the standard deviation of f (at=0) or df/dθ (at=1) at 0°."""
    angles = np.deg2rad([0, 40])
    x = np.column_stack([np.cos(angles), np.sin(angles)])
    k = jacobian_nngp(x, depth=2)
    tangent = np.array([0.0, 0.0, 1.0]) if at else np.array([1.0, 0.0, 0.0])
    prior = tangent @ k[0, :, 0] @ tangent
    cross = tangent @ k[0, :, 1, 0]
    return float(np.sqrt(1 - cross**2 / (prior * k[1, 0, 1, 0])))


def _slope_left() -> float:
    return _left(at=1)


EXERCISES = (VALUE_SLOPE, MEASUREMENT, SHARE)
