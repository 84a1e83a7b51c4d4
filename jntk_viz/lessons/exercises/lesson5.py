"""Lesson 5: the predictor at t = ∞, a fair comparison of two trainings, how long it takes."""

import numpy as np

from jntk_viz.dynamics import LinearDynamics
from jntk_viz.kernels import jntk
from jntk_viz.lessons.checking import Exercise, Mistake
from jntk_viz.lessons.problems import eight_points

from .points import generator, sphere


def _final_cases(seed):
    cases = []
    for d0, lam in ((2, 0.3), (3, 5.0)):
        x, new = sphere(4, d0, 7, seed), sphere(3, d0, 8, seed)
        kernel = {"depth": 2, "activation": "erf"}
        y = np.array([1.0, -1, -1, 1])
        cases.append((jntk(new, x, **kernel), jntk(x, **kernel), y, lam))
    return cases


def _final(k_new, k_train, y, lam):
    """By the dynamics, with λ in both factors of their formula."""
    return LinearDynamics(k_train, y, lam=lam).predict(k_new, np.inf)


def _solved(k_new, gram, goal):
    coefficients = np.linalg.solve(gram.reshape(goal.size, goal.size), goal.ravel())
    return np.tensordot(k_new, coefficients.reshape(goal.shape), axes=2)


def _goal(k_train, y):
    """The target (N, 1 + d0): labels and zero slopes."""
    goal = np.zeros(k_train.shape[:2])
    goal[:, 0] = y
    return goal


def _labels_as_slopes(k_new, k_train, y, lam):
    return _solved(k_new, k_train, np.repeat(y[:, None], k_train.shape[1], axis=1))


def _half_weighted(k_new, k_train, y, lam):
    """Without the Λ^½ to the left of V; the one to the right acts on slopes that are 0."""
    root = np.full(k_train.shape[:2], np.sqrt(lam))
    root[:, 0] = 1
    return _solved(k_new, root[:, :, None, None] * k_train * root, _goal(k_train, y))


def _ridge(k_new, k_train, y, lam):
    goal = _goal(k_train, y)
    return _solved(k_new, k_train.reshape(goal.size, -1) + lam * np.eye(goal.size), goal)


def _values_only(k_new, k_train, y, lam):
    coefficients = np.linalg.solve(k_train[:, 0, :, 0], y)
    return np.tensordot(k_new[..., 0], coefficients, axes=1)


def _without_inverse(k_new, k_train, y, lam):
    return np.tensordot(k_new[..., 0], y, axes=1)


FINAL = Exercise(
    name="5a",
    signature="my_final(k_new, k_train, y, lam)",
    truth=_final,
    cases=_final_cases,
    mistakes=(
        Mistake(
            "This is ordinary kernel regression on the values: λ = 0. With λ > 0 the slopes at the "
            "training points are data as well, with target 0.",
            _values_only,
        ),
        Mistake("The target of the slopes is 0, not the label.", _labels_as_slopes),
        Mistake("You inverted Λ^½ΘΛ^½; there is a Λ^½ to the left of that inverse, too.",
                _half_weighted),
        Mistake("That is ridge regression. λ is no ridge here: it weighs the slopes in the loss.",
                _ridge),
        Mistake("The inverse of the training kernel is missing.", _without_inverse),
        Mistake(
            "Only f is returned. Return (f, J) at the new points, shape (m, 1 + d0).",
            lambda *a: _final(*a)[:, 0],
        ),
    ),
    remark="The same for every λ > 0: an argument that you did not need.",
)  # fmt: skip


def _four_cases(seed):
    """Robust accuracies at five times and t = ∞; validation and test prefer other times."""
    rng, cases = generator(5, seed), []
    for validated, tested in (((1, 3), (2, 4)), ((3, 0), (1, 2)), ((2, 4), (3, 1))):
        curves = [np.round(rng.uniform(0.5, 0.8, (2, 6)), 2) for _ in range(2)]
        for curve, best in zip(curves, (validated, tested), strict=True):
            curve[[0, 1], list(best)] = 0.9, 0.88
        curves[0][1, -1] = 0.95  # by validation t = ∞ would look best
        cases.append(tuple(curves))
    return cases


def _four(validation, test):
    """Row by row, the times in order: the first best one before the end."""
    found = []
    for seen, told in zip(validation, test, strict=True):
        best = 0
        for i in range(len(seen) - 1):
            best = i if seen[i] > seen[best] else best
        found.append([told[best], told[-1]])
    return np.array(found)


def _at(told, times):
    """Each training at the time given for it, and at the end."""
    return np.column_stack([[told[0][times[0]], told[1][times[1]]], told[:, -1]])


FOUR = Exercise(
    name="5b",
    signature="my_four(validation, test)",
    truth=_four,
    cases=_four_cases,
    mistakes=(
        Mistake(
            "You stop where the test points are best. Points that choose the time cannot also "
            "judge it: choose by one set, report the other.",
            lambda v, t: _at(t, t[:, :-1].argmax(axis=1)),
        ),
        Mistake(
            "t = ∞ is the end, the second number; it is no time to stop at.",
            lambda v, t: _at(t, v.argmax(axis=1)),
        ),
        Mistake(
            "These are the accuracies on the points that you chose by: the best of many, and too "
            "good for that reason.",
            lambda v, t: _at(v, v[:, :-1].argmax(axis=1)),
        ),
        Mistake(
            "Both are stopped at the time that suits training with λ. Each has a best time of its "
            "own.",
            lambda v, t: _at(t, [v[1, :-1].argmax()] * 2),
        ),
        Mistake(
            "Both are stopped at the time that suits standard training. Each has a best time of "
            "its own.",
            lambda v, t: _at(t, [v[0, :-1].argmax()] * 2),
        ),
        Mistake(
            "Standard training is not stopped at all here: its end stands in both columns. Best "
            "with best, end with end.",
            lambda v, t: _at(t, [-1, v[1, :-1].argmax()]),
        ),
    ),
    remark="Best with best and end with end, and no point both chooses and judges.",
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
        Mistake("N is the number of training points, 8, not that of all values and slopes, 24.",
                lambda: _half_time() * 3),
        Mistake("The slowest direction has the smallest eigenvalue; you took the largest.",
                lambda: np.log(2) * 8 / _dynamics().eigenvalues[-1]),
        Mistake("You have taken an eigenvalue of Θ. λ slows the slopes down: take Λ^½ΘΛ^½.",
                lambda: np.log(2) * 8 / LinearDynamics(jntk(eight_points()[0], depth=2),
                                                       eight_points()[1], lam=1.0).eigenvalues[0]),
    ),
    remark="λ acts on time: with a smaller λ the slow directions become slower still.",
)  # fmt: skip

EXERCISES = (FINAL, FOUR, HALF)
