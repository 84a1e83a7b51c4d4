"""Lesson 4: the regularised loss, the linear equation, and the learning rate."""

import numpy as np

from jntk_viz.dynamics import LinearDynamics
from jntk_viz.kernels import jntk
from jntk_viz.lessons.checking import Exercise, Mistake
from jntk_viz.lessons.problems import eight_points
from jntk_viz.operators import JNTKOperator
from jntk_viz.training import output_loss_parts

from .points import sphere


def _loss_cases():
    rng = np.random.default_rng(4)
    return [
        (rng.normal(size=5), rng.normal(size=(5, d0)), np.array([1.0, -1, 1, 1, -1]), lam)
        for d0, lam in ((3, 0.3), (2, 2.0))
    ]


def _loss(f, J, y, lam):
    fit, jacobian = output_loss_parts(np.concatenate([f[:, None], J], axis=1), y)
    return fit + lam * jacobian


LOSS = Exercise(
    name="4a",
    signature="my_loss(f, J, y, lam)",
    truth=_loss,
    cases=_loss_cases,
    mistakes=(
        Mistake("The factor ½ is missing. It makes the gradient f − y, without a 2.",
                lambda f, J, y, lam: 2 * _loss(f, J, y, lam)),
        Mistake("λ weighs the Jacobian, not the fit.",
                lambda f, J, y, lam: lam * _loss(f, J, y, 1 / lam)),
        Mistake("Sum over the d0 coordinates of J, and average over the points only.",
                lambda f, J, y, lam: _loss(f, J, y, lam / J.shape[1])),
        Mistake("Average over the points: the sum is to be divided by N.",
                lambda f, J, y, lam: len(y) * _loss(f, J, y, lam)),
        Mistake("The penalty is the squared length of J; you take the length.",
                lambda f, J, y, lam: np.mean((f - y) ** 2 + lam * np.linalg.norm(J, axis=1)) / 2),
        Mistake("The Jacobian part is missing.", lambda f, J, y, lam: _loss(f, J, y, 0.0)),
    ),
    remark="The penalty pulls every slope at a training point towards zero.",
)  # fmt: skip


def _velocity_cases():
    cases = []
    rng = np.random.default_rng(5)
    for d0, lam in ((2, 0.1), (3, 0.5)):
        theta = jntk(sphere(4, d0, seed=6), depth=2)
        cases.append((theta, rng.normal(size=(4, 1 + d0)), np.array([1.0, -1, 1, -1]), lam))
    return cases


def _velocity(theta, u, y, lam):
    """By a difference quotient of the closed-form solution that starts at u."""
    dynamics = LinearDynamics(theta, y, lam=lam)
    step = 1e-4 * len(y) / dynamics.eigenvalues[-1]
    u1, u2 = (dynamics.train(t, initial=u) for t in (step, 2 * step))
    return (4 * u1 - 3 * u - u2) / (2 * step)


def _right_side(theta, u, y, lam, *, left=0.0, right=1.0, target="zero slopes", scale=True):
    """-(1/N) Λ^left Θ Λ^right (u - u*), with the mistakes that can be made in it."""
    weight = np.append(1.0, np.full(u.shape[1] - 1, lam))
    goal = np.zeros_like(u)
    goal[:, 0] = y
    if target == "labels everywhere":
        goal[:] = y[:, None]
    moved = np.tensordot(theta, weight**right * (u - goal), axes=2)
    return -(weight**left) * moved / (len(y) if scale else 1)


VELOCITY = Exercise(
    name="4b",
    signature="my_velocity(theta, u, y, lam)",
    truth=_velocity,
    cases=_velocity_cases,
    mistakes=(
        Mistake("You let f and J move away from the target: the sign is opposite.",
                lambda *a: -_right_side(*a)),
        Mistake("The 1/N of the loss is missing.", lambda *a: _right_side(*a, scale=False)),
        Mistake(
            "λ is in the wrong place: it weighs the *errors*, so Λ acts on u − u* before Θ does. "
            "You weigh the result.",
            lambda *a: _right_side(*a, left=1.0, right=0.0),
        ),
        Mistake("λ is missing: slopes count λ times as much as values.",
                lambda *a: _right_side(*a, right=0.0)),
        Mistake(
            "You use √λ. Λ^½ Θ Λ^½ has the eigenvalues one wants to know, but the equation for u "
            "itself has ΘΛ.",
            lambda *a: _right_side(*a, right=0.5),
        ),
        Mistake("You use λ². The loss has λ|J|², so its derivative has λ J: one λ.",
                lambda *a: _right_side(*a, right=2.0)),
        Mistake("That is the equation for √Λ u: it has Λ^½ Θ Λ^½. For u itself it is ΘΛ.",
                lambda *a: _right_side(*a, left=0.5, right=0.5)),
        Mistake("The target of a slope is 0, not the label: u* = (y, 0, …, 0).",
                lambda *a: _right_side(*a, target="labels everywhere")),
    ),
    remark="Linear in u: everything else about training follows from the eigenvalues of ΘΛ.",
)  # fmt: skip


def _largest(lam: float) -> float:
    """Largest eigenvalue of Θ_λ on the eight points by power iteration, without the matrix."""
    operator = JNTKOperator(eight_points()[0], depth=2, lam=lam)
    v = np.random.default_rng(0).normal(size=operator.shape[0])
    for _ in range(400):
        v = operator.mv(v)
        v /= np.linalg.norm(v)
    return float(v @ operator.mv(v))


RATE = Exercise(
    name="4c",
    signature="",
    truth=lambda: 2 * 8 / _largest(0.1),
    mistakes=(
        Mistake("The 1/N of the loss makes the step N times as large: 2N/e_max.",
                lambda: 2 / _largest(0.1)),
        Mistake("|1 − ηe/N| < 1 allows ηe/N up to 2, not up to 1.", lambda: 8 / _largest(0.1)),
        Mistake(
            "e_max belongs to Θ_λ = Λ^½ΘΛ^½. You have taken the eigenvalue of Θ itself, as if λ "
            "were 1.",
            lambda: 2 * 8 / _largest(1.0),
        ),
        Mistake("N is the number of points, not of rows of the Gram matrix.",
                lambda: 2 * 24 / _largest(0.1)),
    ),
    remark="A step above this and the largest mode grows instead of shrinking (lesson 7).",
)  # fmt: skip

EXERCISES = (LOSS, VELOCITY, RATE)
