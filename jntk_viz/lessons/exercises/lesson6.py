"""Lesson 6: one eigenfeature, and the margin that an attack leaves."""

import numpy as np

from jntk_viz.attacks import first_order_margin
from jntk_viz.kernels import jntk
from jntk_viz.lessons.checking import Exercise, Mistake

from .points import sphere


def _feature_cases():
    cases = []
    for d0, lam, i in ((2, 0.1, -1), (3, 0.5, -3)):
        x, new = sphere(4, d0, seed=9), sphere(5, d0, seed=10)
        root = np.sqrt(np.tile(np.append(1.0, np.full(d0, lam)), 4))
        theta = jntk(x, depth=2).reshape(root.size, root.size)
        e, vectors = np.linalg.eigh(root[:, None] * theta * root)
        target = np.zeros((4, 1 + d0))
        target[:, 0] = [1, -1, 1, 1]
        k_new = jntk(new, x, depth=2)[:, 0].reshape(5, root.size)
        cases.append((k_new, e[i], vectors[:, i], root, target.ravel()))
    return cases


def _feature(k_new, e, v, root, target):
    """By the pseudo-inverse of the matrix that has only this one eigendirection."""
    return k_new @ (root * (np.linalg.pinv(e * np.outer(v, v)) @ (root * target)))


FEATURE = Exercise(
    name="6a",
    signature="my_feature(k_new, e, v, root, target)",
    truth=_feature,
    cases=_feature_cases,
    mistakes=(
        Mistake("The division by the eigenvalue is missing: the features have to add up to "
                "Θ(x, X) Θ⁻¹ u*.", lambda k, e, v, root, u: e * _feature(k, e, v, root, u)),
        Mistake("√Λ is missing in front of v: Θ(x, X) meets √Λ v, not v.",
                lambda k, e, v, root, u: k @ v * (v @ (root * u)) / e),
        Mistake("How much of the target lies along v is missing: the factor v·√Λu*.",
                lambda k, e, v, root, u: k @ (root * v) / e),
    ),
    remark="A column of the kernel matrix at work: one direction, one function.",
)  # fmt: skip


def _margin_cases():
    cases = []
    rng = np.random.default_rng(11)
    for d0, epsilon in ((3, 0.3), (4, 0.1)):
        x = sphere(6, d0, seed=12)
        cases.append(
            (rng.normal(size=6), rng.normal(size=(6, d0)), x, rng.choice([-1.0, 1.0], 6), epsilon)
        )
    return cases


def _margin(f, J, x, y, epsilon):
    outputs = np.concatenate([f[:, None], J], axis=1)
    return first_order_margin(outputs, x, y, epsilon=epsilon)


def _tangent(J, x):
    return J - np.sum(J * x, axis=1, keepdims=True) * x


def _length(J):
    return np.linalg.norm(J, axis=1)


MARGIN = Exercise(
    name="6b",
    signature="my_margin(f, J, x, y, epsilon)",
    truth=_margin,
    cases=_margin_cases,
    mistakes=(
        Mistake("Inputs stay on the sphere: only the part of J tangent to it counts. Take away "
                "⟨J, x⟩ x first.", lambda f, J, x, y, e: y * f - e * _length(J)),
        Mistake("The attack makes the margin smaller: minus ε|PJ|.",
                lambda f, J, x, y, e: y * f + e * _length(_tangent(J, x))),
        Mistake("The label is missing: the margin is y f, negative where the sign is wrong.",
                lambda f, J, x, y, e: f - e * _length(_tangent(J, x))),
        Mistake("|f| is positive even where the sign is wrong; the margin is y f.",
                lambda f, J, x, y, e: np.abs(f) - e * _length(_tangent(J, x))),
        Mistake("ε is missing.", lambda f, J, x, y, e: y * f - _length(_tangent(J, x))),
        Mistake("Take the length of PJ, not its square.",
                lambda f, J, x, y, e: y * f - e * _length(_tangent(J, x)) ** 2),
        Mistake("That is the ℓ1 length, which an ℓ∞ attack reaches. Here ε is a Euclidean length.",
                lambda f, J, x, y, e: y * f - e * np.abs(_tangent(J, x)).sum(axis=1)),
    ),
    remark="A point is robust, to first order, where this is positive.",
)  # fmt: skip

EXERCISES = (FEATURE, MARGIN)
