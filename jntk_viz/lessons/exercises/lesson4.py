"""Lesson 4: the regularised loss, the linear equation, and the learning rate."""

import numpy as np

from jntk_viz.kernels import jntk
from jntk_viz.lessons.checking import Exercise, Mistake
from jntk_viz.lessons.problems import eight_points
from jntk_viz.operators import JNTKOperator
from jntk_viz.training import output_loss_parts

from .points import generator, sphere


def _loss_cases(seed):
    rng = generator(4, seed)
    return [
        (rng.normal(size=5), rng.normal(size=(5, d0)), np.array([1.0, -1, 1, 1, -1]), lam)
        for d0, lam in ((3, 0.3), (2, 2.0))
    ]


def _loss(f, J, y, lam):
    fit, jacobian = output_loss_parts(np.concatenate([f[:, None], J], axis=1), y)
    return fit + lam * jacobian


def _given_loss(f, J, y, lam):
    """The loss with two bugs that the lesson hands out."""
    fit = (f - y) ** 2
    slopes = np.mean(J**2, axis=1)
    weighted = fit + lam**2 * slopes
    return np.mean(weighted) / 2


LOSS = Exercise(
    name="4a",
    signature="my_loss(f, J, y, lam)",
    truth=_loss,
    given=_given_loss,
    cases=_loss_cases,
    mistakes=(
        Mistake("The first symptom is still there: what does λ do to the Jacobian part when it is "
                "halved? It enters as λ².", lambda f, J, y, lam: _loss(f, J, y, lam**2)),
        Mistake("The second symptom is still there: a mean over the d0 coordinates shrinks when a "
                "coordinate is added. Average over the points only.",
                lambda f, J, y, lam: _loss(f, J, y, lam / J.shape[1])),
        Mistake("The factor ½ is missing. It makes the gradient f − y, without a 2.",
                lambda f, J, y, lam: 2 * _loss(f, J, y, lam)),
        Mistake("λ weighs the Jacobian, not the fit.",
                lambda f, J, y, lam: lam * _loss(f, J, y, 1 / lam)),
        Mistake("Average over the points: the sum is to be divided by N.",
                lambda f, J, y, lam: len(y) * _loss(f, J, y, lam)),
        Mistake("The Jacobian part is to be averaged over the points as well.",
                lambda f, J, y, lam: _loss(f, J, y, len(y) * lam)),
        Mistake("The penalty is the squared length of J; you take the length.",
                lambda f, J, y, lam: np.mean((f - y) ** 2 + lam * np.linalg.norm(J, axis=1)) / 2),
        Mistake("The Jacobian part is missing.", lambda f, J, y, lam: _loss(f, J, y, 0.0)),
    ),
    remark="The penalty pulls every slope at a training point towards zero, whatever d0 is.",
)  # fmt: skip


def _velocity_cases(seed):
    cases = []
    rng = generator(5, seed)
    for d0, lam in ((2, 0.1), (3, 0.5)):
        theta = jntk(sphere(4, d0, 6, seed), depth=2)
        u, s = rng.normal(size=(4, 1 + d0)), rng.normal(size=(4, d0))
        cases.append((theta, u, np.array([1.0, -1, 1, -1]), s, rng.uniform(0.2, 2, size=4), lam))
    return cases


def _velocity(theta, u, y, s, p, lam):
    """By gradient flow of a linear model with this kernel, its loss differentiated numerically.

    u(θ) = u + Φθ with ΦΦᵀ = Θ; then u' = -Φ ∂L/∂θ at θ = 0.
    """
    size = u.size
    features = np.linalg.cholesky(theta.reshape(size, size))
    step = 1e-3

    def loss(weights):
        now = u + (features @ weights).reshape(u.shape)
        squares = (now[:, 0] - y) ** 2 + lam * np.sum((now[:, 1:] - s) ** 2, axis=1)
        return p @ squares / 2

    steps = step * np.eye(size)
    gradient = np.array([loss(e) - loss(-e) for e in steps]) / (2 * step)
    return -(features @ gradient).reshape(u.shape)


def _right_side(theta, u, y, s, p, lam, *, left=0.0, right=1.0, target="(y, s)", points="errors"):
    """-Λ^left Θ P Λ^right (u - u*), with the mistakes that can be made in it."""
    weight = np.append(1.0, np.full(u.shape[1] - 1, lam))
    goal = np.concatenate([y[:, None], 0 * s if target == "zero slopes" else s], axis=1)
    share = {"errors": p[:, None], "root": np.sqrt(p)[:, None]}.get(points, 1.0)
    moved = np.tensordot(theta, share * weight**right * (u - goal), axes=2)
    if points == "result":
        moved = p[:, None] * moved
    return -(weight**left) * moved / (len(y) if points == "mean" else 1)


VELOCITY = Exercise(
    name="4b",
    signature="my_velocity(theta, u, y, s, p, lam)",
    truth=_velocity,
    cases=_velocity_cases,
    mistakes=(
        Mistake("You let f and J move away from the target: the sign is opposite.",
                lambda *a: -_right_side(*a)),
        Mistake("The slopes now have a target of their own: u* = (y, s), not (y, 0).",
                lambda *a: _right_side(*a, target="zero slopes")),
        Mistake("The weights p are missing: they take the place of 1/N.",
                lambda *a: _right_side(*a, points="none")),
        Mistake("That is the equation for equal weights 1/N. Here each point has its own p.",
                lambda *a: _right_side(*a, points="mean")),
        Mistake(
            "p is in the wrong place: it weighs the *errors* at the training points, before Θ "
            "carries them to all others. You weigh the result.",
            lambda *a: _right_side(*a, points="result"),
        ),
        Mistake("You use √p. The loss has p times a square, so its derivative has p.",
                lambda *a: _right_side(*a, points="root")),
        Mistake(
            "λ is in the wrong place: it weighs the *errors*, so Λ acts on u − u* before Θ does. "
            "You weigh the result.",
            lambda *a: _right_side(*a, left=1.0, right=0.0),
        ),
        Mistake("λ is missing: slopes count λ times as much as values.",
                lambda *a: _right_side(*a, right=0.0)),
        Mistake("You use λ². The loss has λ|J|², so its derivative has λ J: one λ.",
                lambda *a: _right_side(*a, right=2.0)),
        Mistake(
            "You use √λ. Λ^½ Θ Λ^½ has the eigenvalues one wants to know, but the equation for u "
            "itself has ΘΛ.",
            lambda *a: _right_side(*a, right=0.5),
        ),
        Mistake("That is the equation for √Λ u: it has Λ^½ Θ Λ^½. For u itself it is ΘΛ.",
                lambda *a: _right_side(*a, left=0.5, right=0.5)),
        Mistake("The factor ½ of the loss cancels the 2 of the square.",
                lambda *a: 2 * _right_side(*a)),
    ),
    remark="Still linear in u: a weight or a target changes the error, the kernel carries it on.",
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
        Mistake("The 1/N of the loss makes the step N times as large: 2N over the largest e.",
                lambda: 2 / _largest(0.1)),
        Mistake("|1 − ηe/N| < 1 allows ηe/N up to 2, not up to 1.", lambda: 8 / _largest(0.1)),
        Mistake(
            "The largest e belongs to Λ^½ΘΛ^½. You have taken the eigenvalue of Θ itself, as if λ "
            "were 1.",
            lambda: 2 * 8 / _largest(1.0),
        ),
        Mistake("N is the number of points, not of rows of the Gram matrix.",
                lambda: 2 * 24 / _largest(0.1)),
    ),
    remark="A step above this and the largest mode grows instead of shrinking (lesson 7).",
)  # fmt: skip

EXERCISES = (LOSS, VELOCITY, RATE)
