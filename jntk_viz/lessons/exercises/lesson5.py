"""Lesson 5: the predictor at t = ∞, what is learned by time t, and how long it takes."""

import numpy as np

from jntk_viz.dynamics import LinearDynamics
from jntk_viz.kernels import jntk
from jntk_viz.lessons.checking import Exercise, Mistake
from jntk_viz.lessons.problems import eight_points

from .points import sphere


def _final_cases():
    cases = []
    for d0 in (2, 3):
        x, new = sphere(4, d0, seed=7), sphere(3, d0, seed=8)
        kernel = {"depth": 2, "activation": "erf"}
        y = np.array([1.0, -1, -1, 1])
        cases.append((jntk(new, x, **kernel), jntk(x, **kernel), y))
    return cases


def _final(k_new, k_train, y):
    """By the dynamics, with a λ that must not matter."""
    return LinearDynamics(k_train, y, lam=0.3).predict(k_new, np.inf)


def _solved(k_new, k_train, goal):
    size = goal.size
    coefficients = np.linalg.solve(k_train.reshape(size, size), goal.ravel())
    return np.tensordot(k_new, coefficients.reshape(goal.shape), axes=2)


def _with_target(slopes):
    def final(k_new, k_train, y):
        goal = np.zeros(k_train.shape[:2])
        goal[:, 0] = y
        goal[:, 1:] = slopes(y)[:, None]
        return _solved(k_new, k_train, goal)

    return final


def _values_only(k_new, k_train, y):
    coefficients = np.linalg.solve(k_train[:, 0, :, 0], y)
    return np.tensordot(k_new[..., 0], coefficients, axes=1)


def _without_inverse(k_new, k_train, y):
    return np.tensordot(k_new[..., 0], y, axes=1)


FINAL = Exercise(
    name="5a",
    signature="my_final(k_new, k_train, y)",
    truth=_final,
    cases=_final_cases,
    mistakes=(
        Mistake(
            "This is ordinary kernel regression on the values: λ = 0. With λ > 0 the slopes at the "
            "training points are data as well, with target 0.",
            _values_only,
        ),
        Mistake("The target of the slopes is 0, not the label.", _with_target(lambda y: y)),
        Mistake("The inverse of the training kernel is missing.", _without_inverse),
        Mistake(
            "Only f is returned. Return (f, J) at the new points, shape (m, 1 + d0).",
            lambda *a: _final(*a)[:, 0],
        ),
    ),
    remark="No λ in it: at t = ∞ every λ > 0 has the same predictor.",
)  # fmt: skip


def _learned_cases():
    return [(np.array([0.01, 0.5, 4.0, 20.0]), 7.0, 8), (np.array([0.2, 1.0]), 0.5, 3)]


def _learned(e, t, n):
    """By solving m' = (e/n)(1 - m), m(0) = 0, with many small steps of the midpoint rule."""
    m, steps = np.zeros_like(e), 20_000
    h = t / steps
    for _ in range(steps):
        half = m + h / 2 * e / n * (1 - m)
        m = m + h * e / n * (1 - half)
    return m


LEARNED = Exercise(
    name="5b",
    signature="my_learned(e, t, n)",
    truth=_learned,
    cases=_learned_cases,
    mistakes=(
        Mistake("That is what is still missing; asked is what has been learned.",
                lambda e, t, n: np.exp(-e * t / n)),
        Mistake("The 1/N of the loss slows everything down: e t/N.",
                lambda e, t, n: 1 - np.exp(-e * t)),
        Mistake("N belongs in the denominator: more points, less pull by each.",
                lambda e, t, n: 1 - np.exp(-e * t * n)),
        Mistake("That is the start of the curve only. It bends: nothing is learned twice.",
                lambda e, t, n: e * t / n),
    ),
    remark="Large eigenvalues first: an eigenvalue is a speed.",
)  # fmt: skip


def _dynamics():
    x, y = eight_points()
    return LinearDynamics(jntk(x, depth=2), y, lam=0.1)


def _half_time() -> float:
    """By bisection on the library's own answer."""
    dynamics, low, high = _dynamics(), 0.0, 1e9
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if dynamics.learned(middle)[0] < 0.5 else (low, middle)
    return high


HALF = Exercise(
    name="5c",
    signature="",
    truth=_half_time,
    mistakes=(
        Mistake("At that time 1 − 1/e = 63 % is learned. For a half, a logarithm of 2 is needed.",
                lambda: _half_time() / np.log(2)),
        Mistake("The 1/N of the loss makes everything N times as slow.", lambda: _half_time() / 8),
        Mistake("The slowest direction has the smallest eigenvalue; you took the largest.",
                lambda: np.log(2) * 8 / _dynamics().eigenvalues[-1]),
        Mistake("You have taken the eigenvalue of Θ. λ slows slopes down: it belongs to Θ_λ.",
                lambda: np.log(2) * 8 / LinearDynamics(jntk(eight_points()[0], depth=2),
                                                       eight_points()[1], lam=1.0).eigenvalues[0]),
    ),
    remark="λ acts on time: with a smaller λ the slow directions become slower still.",
)  # fmt: skip

EXERCISES = (FINAL, LEARNED, HALF)
