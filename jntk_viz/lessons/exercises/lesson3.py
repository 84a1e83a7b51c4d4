"""Lesson 3: the neural tangent kernel and the Jacobian NTK."""

import numpy as np

from jntk_viz.kernels import jntk
from jntk_viz.lessons.checking import Exercise, Mistake

from .points import generator, pairs


def _ntk_cases(seed):
    rng = generator(2, seed)
    cases = []
    for width, in_size, kappa in ((6, 2, 1.0), (9, 3, 0.5)):
        x1, x2 = pairs(in_size, seed)
        cases.append((rng.normal(size=width), rng.normal(size=(width, in_size)), x1, x2, kappa))
    return cases


def _parameter_gradients(v, w, x, kappa):
    """∂f/∂(v, w) of f = κ/√d Σ vᵢ tanh(wᵢ·x), one row a point, by central differences."""
    theta, step = np.concatenate([v, w.ravel()]), 1e-5

    def f(theta):
        v_, w_ = theta[: len(v)], theta[len(v) :].reshape(w.shape)
        return kappa * np.tanh(x @ w_.T) @ v_ / len(v) ** 0.5

    steps = step * np.eye(len(theta))
    return np.stack([(f(theta + s) - f(theta - s)) / (2 * step) for s in steps], axis=1)


def _ntk(v, w, x1, x2, kappa):
    return _parameter_gradients(v, w, x1, kappa) @ _parameter_gradients(v, w, x2, kappa).T


def _parts(v, w, x1, x2, kappa):
    """The two sums of the NTK, over the last layer's weights and over the first's."""
    h1, h2 = np.tanh(x1 @ w.T), np.tanh(x2 @ w.T)
    s1, s2 = (1 - h1**2) * v, (1 - h2**2) * v
    return kappa**2 / len(v) * (h1 @ h2.T), kappa**2 / len(v) * (s1 @ s2.T), x1 @ x2.T


def _variant(combine, power_of_width=0, power_of_kappa=0):
    def ntk(v, w, x1, x2, kappa):
        factor = float(len(v)) ** power_of_width * kappa**power_of_kappa
        return factor * combine(*_parts(v, w, x1, x2, kappa))

    return ntk


def _linear_in_v(v, w, x1, x2, kappa, power=1):
    """The NTK with vᵢ^power where vᵢ² belongs."""
    s1, s2 = (1 - np.tanh(x @ w.T) ** 2 for x in (x1, x2))
    last = _parts(v, w, x1, x2, kappa)[0]
    return last + kappa**2 / len(v) * ((s1 * v**power) @ s2.T) * (x1 @ x2.T)


def _input_jacobians(v, w, x1, x2, kappa):
    jacobians = [kappa / len(v) ** 0.5 * ((1 - np.tanh(x @ w.T) ** 2) * v) @ w for x in (x1, x2)]
    return jacobians[0] @ jacobians[1].T


FINITE = Exercise(
    name="3a",
    signature="my_ntk(v, w, x1, x2, kappa)",
    truth=_ntk,
    cases=_ntk_cases,
    mistakes=(
        Mistake(
            "This is the part of the last layer's weights v alone. The weights w move as well: "
            "∂f/∂wᵢ = κ/√d vᵢ φ'(wᵢ·x) x.",
            _variant(lambda last, first, xx: last),
        ),
        Mistake(
            "This is the part of the first layer's weights w alone. The weights v move as well: "
            "∂f/∂vᵢ = κ/√d φ(wᵢ·x).",
            _variant(lambda last, first, xx: first * xx),
        ),
        Mistake(
            "The factor x·x' is missing in the first layer's part: ∂f/∂wᵢ is a vector along x.",
            _variant(lambda last, first, xx: last + first),
        ),
        Mistake(
            "This is the Gram matrix of the *input* Jacobians ∂f/∂x. The kernel of training is "
            "that of the gradients in the parameters, ∂f/∂v and ∂f/∂w.",
            _input_jacobians,
        ),
        Mistake(
            "∂f/∂wᵢ has a factor vᵢ, and the kernel is a product of two gradients: vᵢ², not "
            "vᵢ.",
            _linear_in_v,
        ),
        Mistake(
            "vᵢ is missing in the first layer's part: ∂f/∂wᵢ = κ/√d vᵢ φ'(wᵢ·x) x.",
            lambda v, w, x1, x2, kappa: _linear_in_v(v, w, x1, x2, kappa, power=0),
        ),
        Mistake("The factor 1/d is missing: 1/√d from each of the two gradients.",
                _variant(lambda last, first, xx: last + first * xx, power_of_width=1)),
        Mistake("You divide by √d once; each of the two gradients brings a 1/√d.",
                _variant(lambda last, first, xx: last + first * xx, power_of_width=0.5)),
        Mistake("κ is missing: each of the two gradients brings one.",
                _variant(lambda last, first, xx: last + first * xx, power_of_kappa=-2)),
        Mistake("κ enters once for each of the two gradients: κ², not κ.",
                _variant(lambda last, first, xx: last + first * xx, power_of_kappa=-1)),
    ),
    remark="Both layers move, and both move the output.",
)  # fmt: skip

_WHOLE = np.arcsin(2 / 3)


def _limit_cases(seed):
    rng = generator(3, seed)
    return [(rng.uniform(-0.95, 0.95, size), kappa) for size, kappa in ((4, 1.0), (3, 0.5))]


def _limit_ntk(rho, kappa):
    x = np.array([[1.0, 0.0]])
    others = np.stack([rho, np.sqrt(1 - rho**2)], axis=1)
    return jntk(x, others, depth=1, activation="erf", kappa=kappa)[0, 0, :, 0]


def _sigma(rho):
    return np.arcsin(2 * rho / 3) / _WHOLE


def _sigma_dot(rho):
    return (2 / 3) / np.sqrt(1 - (2 * rho / 3) ** 2) / _WHOLE


LIMIT = Exercise(
    name="3b",
    signature="my_limit_ntk(rho, kappa)",
    truth=_limit_ntk,
    cases=_limit_cases,
    mistakes=(
        Mistake(
            "This is Σ(ρ), the covariance at initialisation: the part of the last layer. The "
            "first layer adds ρ·Σ'(ρ).",
            lambda rho, kappa: kappa**2 * _sigma(rho),
        ),
        Mistake(
            "The first layer's part is ρ·Σ'(ρ), not Σ'(ρ): its gradients lie along x and x'.",
            lambda rho, kappa: kappa**2 * (_sigma(rho) + _sigma_dot(rho)),
        ),
        Mistake(
            "This is the first layer's part alone; the last layer adds Σ(ρ).",
            lambda rho, kappa: kappa**2 * rho * _sigma_dot(rho),
        ),
        Mistake("κ is missing: the kernel is quadratic in f.",
                lambda rho, kappa: _sigma(rho) + rho * _sigma_dot(rho)),
        Mistake("A kernel is quadratic in f: κ², not κ.",
                lambda rho, kappa: kappa * (_sigma(rho) + rho * _sigma_dot(rho))),
        Mistake(
            "The derivative of arcsin(2ρ/3) has an inner derivative, 2/3.",
            lambda rho, kappa: kappa**2 * (_sigma(rho) + 1.5 * rho * _sigma_dot(rho)),
        ),
        Mistake(
            "Σ' is the derivative of the *whole* Σ: the 1/arcsin(2/3) that normalises erf stays in "
            "it.",
            lambda rho, kappa: kappa**2 * (_sigma(rho) + _WHOLE * rho * _sigma_dot(rho)),
        ),
        Mistake(
            "The arcsines are those of erf itself. The activation is normalised: Σ(1) = 1.",
            lambda rho, kappa: 2 / np.pi * _WHOLE * _limit_ntk(rho, kappa),
        ),
    ),
    remark="A random sum over neurons has become a function of the angle.",
)  # fmt: skip

_MEASURED = (0.20, 256)  # an error and the width at which it was measured

FAR = Exercise(
    name="3c",
    signature="",
    truth=lambda: _MEASURED[1] * 20.0**2,
    mistakes=(
        Mistake(
            "You let the error fall as 1/width. It falls as one over the square root.",
            lambda: _MEASURED[1] * 20.0,
        ),
        Mistake(
            "You take the root once more: an error that falls as width^(-1/2) needs a square.",
            lambda: _MEASURED[1] * 20.0**0.5,
        ),
        Mistake(
            "That is the factor by which the width grows; give the width itself.",
            lambda: 20.0**2,
        ),
    ),
    remark="No one trains such a network, which is why a formula for the limit is worth having.",
)

EXERCISES = (FINITE, LIMIT, FAR)
