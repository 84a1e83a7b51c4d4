"""Lesson 2: values and slopes as one process; conditioning."""

import numpy as np

from jntk_viz.kernels import jacobian_nngp
from jntk_viz.lessons.checking import Exercise, Mistake
from jntk_viz.pages.gp_convergence.posterior import condition

from .points import pairs, sphere

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
    cases=lambda: [pairs(2), pairs(3)],
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


def _posterior_cases():
    x = sphere(5, 2, seed=3)
    k = jacobian_nngp(x, depth=2)[:, :, :, :].reshape(15, 15)
    seen = [0, 1, 7]
    others = [3, 4, 6, 9, 12, 13]
    rng = np.random.default_rng(0)
    return [(k[np.ix_(others, seen)], k[np.ix_(seen, seen)], rng.normal(size=3))]


def _posterior_mean(k_new, k_seen, values):
    m, n = k_new.shape
    joint = np.zeros((n + m, n + m))
    joint[:n, :n], joint[n:, :n], joint[:n, n:] = k_seen, k_new, k_new.T
    return condition(joint, np.arange(n), values).mean[n:]


POSTERIOR = Exercise(
    name="2b",
    signature="my_posterior_mean(k_new, k_seen, values)",
    truth=_posterior_mean,
    cases=_posterior_cases,
    mistakes=(
        Mistake(
            "The inverse of k_seen is missing: observations that say the same count once.",
            lambda k_new, k_seen, values: k_new @ values,
        ),
        Mistake(
            "You multiply by k_seen where its inverse belongs: np.linalg.solve(k_seen, values).",
            lambda k_new, k_seen, values: k_new @ k_seen @ values,
        ),
        Mistake(
            "You treat the observations as independent: dividing by their variances is not "
            "inverting their covariance.",
            lambda k_new, k_seen, values: k_new @ (values / np.diag(k_seen)),
        ),
    ),
    remark="Values and slopes enter in the same way: they are entries of one Gaussian vector.",
)  # fmt: skip

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
            "That is how much of the standard deviation goes away; asked is how much is left.",
            lambda: 1 - _slope_left(),
        ),
        Mistake(
            "That is what is left of the value's standard deviation; asked is the slope's.",
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


EXERCISES = (VALUE_SLOPE, POSTERIOR, SHARE)
