"""Lesson 8: lines of a tensor program."""

from functools import cache

import numpy as np

from jntk_viz.activations import ACTIVATIONS
from jntk_viz.lessons.checking import Exercise, Mistake
from jntk_viz.lessons.netsor import Limit, network_program

from .points import generator


def _vectors(seed):
    rng = generator(13, seed)
    return [rng.normal(size=(4, 6)), rng.normal(size=(4, 9))]


_STEP = 1e-4


def _curvature(g, dga, dgb, ddg):
    """By the mixed difference quotient of h where g moves along dga, dgb and bends by ddg."""

    def h(a, b):
        return np.tanh(g + a * dga + b * dgb + a * b * ddg)

    s = 1e-3
    return (h(s, s) - h(s, -s) - h(-s, s) + h(-s, -s)) / (4 * s * s)


def _d1(g):
    return 1 - np.tanh(g) ** 2


def _d2(g):
    return -2 * np.tanh(g) * _d1(g)


CURVATURE = Exercise(
    name="8a",
    signature="my_curvature(g, dga, dgb, ddg)",
    truth=_curvature,
    cases=lambda seed: [tuple(v) for v in _vectors(seed)],
    mistakes=(
        Mistake("g itself bends: φ'(g) times its second derivative is missing.",
                lambda g, dga, dgb, ddg: _d2(g) * dga * dgb),
        Mistake("The factor φ'(g) depends on the input, too: differentiate it by the chain rule.",
                lambda g, dga, dgb, ddg: _d1(g) * ddg),
        Mistake("φ'(g) is differentiated, too: its derivative carries the inner factor dga.",
                lambda g, dga, dgb, ddg: _d2(g) * dgb + _d1(g) * ddg),
        Mistake("Differentiating φ'(g) gives φ''(g), not φ'(g) squared.",
                lambda g, dga, dgb, ddg: _d1(g) ** 2 * dga * dgb + _d1(g) * ddg),
        Mistake("The sign: tanh'' = −2 tanh (1 − tanh²).",
                lambda g, dga, dgb, ddg: -_d2(g) * dga * dgb + _d1(g) * ddg),
        Mistake("The second term is linear in ddg, with φ' in front of it, not φ''.",
                lambda g, dga, dgb, ddg: _d2(g) * (dga * dgb + ddg)),
    ),
    remark="A function of four G-variables, coordinate by coordinate: an H-variable. So the "
    "Hessian has a limit, too; its gradients would need one derivative of φ more.",
)  # fmt: skip


def _back_slope(g, dg, v):
    return v * (_d1(g + _STEP * dg) - _d1(g - _STEP * dg)) / (2 * _STEP)


BACK = Exercise(
    name="8b",
    signature="my_back_slope(g, dg, v)",
    truth=_back_slope,
    cases=lambda seed: [tuple(v[:3]) for v in _vectors(seed)],
    mistakes=(
        Mistake("That is b itself. Its derivative has φ'' and the inner derivative dg.",
                lambda g, dg, v: v * _d1(g)),
        Mistake("That is v times the derivative of h; b holds φ', whose derivative is φ''.",
                lambda g, dg, v: v * _d1(g) * dg),
        Mistake("The inner derivative dg is missing.",
                lambda g, dg, v: -2 * v * np.tanh(g) * _d1(g)),
        Mistake("The sign: tanh'' = −2 tanh (1 − tanh²).",
                lambda g, dg, v: 2 * v * np.tanh(g) * _d1(g) * dg),
        Mistake("v is missing.", lambda g, dg, v: -2 * np.tanh(g) * _d1(g) * dg),
    ),
    remark="Here φ'' enters, and with it the paper's need for smooth activations.",
)  # fmt: skip


@cache
def _backward_covariance() -> float:
    """Cov of Z^c at two points with x·x' = 0.5, erf, by the program of the lesson."""
    x = np.array([[1.0, 0.0], [0.5, 0.75**0.5]])
    return Limit(network_program(x, ACTIVATIONS["erf"])).covariance("c1_0", "c1_1")


def _sigma(rho):
    return np.arcsin(2 * rho / 3) / np.arcsin(2 / 3)


def _sigma_dot(rho):
    return (2 / 3) / np.sqrt(1 - (2 * rho / 3) ** 2) / np.arcsin(2 / 3)


BACKWARD = Exercise(
    name="8c",
    signature="",
    truth=_backward_covariance,
    mistakes=(
        Mistake("g² does not have the correlation of the inputs: its covariance is Σ(ρ).",
                lambda: float(_sigma_dot(0.5))),
        Mistake("Backpropagation multiplies by φ', so the mean is over φ'φ', not φφ.",
                lambda: float(_sigma(_sigma(0.5)))),
        Mistake("That is the covariance of g², forward. Which function of it goes backward?",
                lambda: float(_sigma(0.5))),
        Mistake("One factor too many: c¹ has not met φ'(g¹) yet.",
                lambda: float(_sigma_dot(_sigma(0.5)) * _sigma_dot(0.5))),
    ),
    remark="The factor Σ̇ of the NTK recursion is this covariance.",
)  # fmt: skip

EXERCISES = (CURVATURE, BACK, BACKWARD)
