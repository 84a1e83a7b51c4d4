"""Lesson 1: two-layer networks and the Gaussian process they become."""

import numpy as np

from jntk_viz.activations import ACTIVATIONS
from jntk_viz.kernels import jacobian_nngp
from jntk_viz.lessons.checking import Exercise, Mistake

from .points import generator, pairs


def _network_cases(seed):
    rng = generator(1, seed)
    cases = []
    # Two activations: code that has one of them written into it does not pass.
    for width, in_size, phi, kappa in ((5, 2, np.tanh, 1.0), (7, 3, np.arctan, 0.5)):
        x = pairs(in_size, seed)[0]
        cases.append((rng.normal(size=width), rng.normal(size=(width, in_size)), x, phi, kappa))
    return cases


def _network(v, w, x, phi, kappa):
    """Neuron by neuron, where a solution uses matrix products."""
    total = np.zeros(len(x))
    for v_i, w_i in zip(v, w, strict=True):
        total += v_i * np.array([phi(sum(w_i * row)) for row in x])
    return kappa * total / len(v) ** 0.5


def _scaled(power_of_width=-0.5, power_of_kappa=1, power_of_inputs=0.0):
    def network(v, w, x, phi, kappa):
        d, d0 = w.shape
        z = phi(x @ w.T * d0**power_of_inputs) @ v
        return kappa**power_of_kappa * float(d) ** power_of_width * z

    return network


NETWORK = Exercise(
    name="1a",
    signature="my_network(v, w, x, phi, kappa)",
    truth=_network,
    cases=_network_cases,
    mistakes=(
        Mistake(
            "The sum over neurons is not scaled: without 1/√d its variance grows with the width.",
            _scaled(power_of_width=0),
        ),
        Mistake(
            "You divide by d. A sum of d independent terms has a spread of √d; divided by d it "
            "would vanish in the limit.",
            _scaled(power_of_width=-1),
        ),
        Mistake("The output scale κ is missing.", _scaled(power_of_kappa=0)),
        Mistake("κ multiplies the output once; its variance gets κ².",
                _scaled(power_of_kappa=2)),
        Mistake(
            "The first layer is not scaled here: inputs have unit norm, so w·x has variance 1 as "
            "it is. You divide it by √d0.",
            _scaled(power_of_inputs=-0.5),
        ),
        Mistake(
            "φ acts on each neuron's w·x, before the neurons are summed; you apply it to the sum.",
            lambda v, w, x, phi, kappa: kappa * phi(x @ w.T @ v / len(v) ** 0.5),
        ),
        Mistake(
            "tanh is written into your function. Use phi, whatever function it is.",
            lambda v, w, x, phi, kappa: _network(v, w, x, np.tanh, kappa),
        ),
    ),
    remark="This is the network of the whole course with one hidden layer.",
)  # fmt: skip


def _erf_kernel(x1, x2, kappa):
    return jacobian_nngp(x1, x2, depth=1, activation="erf", kappa=kappa)[:, 0, :, 0]


def _arcsine(inside, outside):
    """Formulas around κ² arcsin(2ρ/3)/arcsin(2/3)."""

    def kernel(x1, x2, kappa):
        return outside(kappa) * np.arcsin(inside * (x1 @ x2.T))

    return kernel


_WHOLE = np.arcsin(2 / 3)
KERNEL = Exercise(
    name="1b",
    signature="my_kernel(x1, x2, kappa)",
    truth=_erf_kernel,
    cases=lambda seed: [(*pairs(2, seed), 1.0), (*pairs(3, seed), 0.5)],
    mistakes=(
        Mistake(
            "κ is missing: f gets one κ, and a covariance is quadratic in f.",
            _arcsine(2 / 3, lambda k: 1 / _WHOLE),
        ),
        Mistake(
            "f gets one κ, but a covariance is quadratic in f: it needs κ².",
            _arcsine(2 / 3, lambda k: k / _WHOLE),
        ),
        Mistake(
            "This is the covariance of erf itself. The activation is normalised, E φ(z)² = 1: "
            "what does your kernel give at ρ = 1, and what should it?",
            _arcsine(2 / 3, lambda k: k**2 * 2 / np.pi),
        ),
        Mistake(
            "The arcsine takes 2ρ/√((1+2)(1+2)): both w·x and w·x' have variance 1.",
            _arcsine(1.0, lambda k: k**2 / (np.pi / 2)),
        ),
        Mistake(
            "The axes are in the opposite order: rows belong to x1, columns to x2.",
            lambda x1, x2, kappa: _arcsine(2 / 3, lambda k: k**2 / _WHOLE)(x2, x1, kappa),
        ),
        Mistake(
            "That is a function of the points alone. The neurons see them through φ: apply the "
            "arcsine formula to ρ.",
            lambda x1, x2, kappa: kappa**2 * (x1 @ x2.T),
        ),
    ),
    remark="One formula for infinitely many neurons. The library gives the same numbers.",
)  # fmt: skip


def _fourth_moment(phi) -> float:
    nodes, weights = np.polynomial.hermite_e.hermegauss(120)
    return float(np.asarray(phi(nodes), float) ** 4 @ weights / weights.sum())


def _width_for(threshold: float) -> float:
    """The least width by brute force, from the definition of the fourth moment of a sum."""
    phi4 = _fourth_moment(ACTIVATIONS["gelu"])
    widths = np.arange(1, 5000)
    # d terms with E t⁴ = 3 φ4 and d(d-1)/2 pairs, each of which enters six times with 1·1.
    fourth = (widths * 3 * phi4 + 3 * widths * (widths - 1)) / widths**2
    return float(widths[np.argmax(fourth - 3 < threshold)])


WIDTH = Exercise(
    name="1c",
    signature="",
    near=1e-3,  # neighbouring widths differ by 3e-3
    truth=lambda: _width_for(0.05),
    mistakes=(
        Mistake(
            "You have solved (E φ⁴ − 1)/d < 0.05. The weights v are Gaussian too, and E v⁴ = 3.",
            lambda: np.ceil((_fourth_moment(ACTIVATIONS["gelu"]) - 1) / 0.05),
        ),
        Mistake(
            "You have solved 3 E φ⁴/d < 0.05. A single Gaussian v already has kurtosis 3, which "
            "is to be subtracted: 3(E φ⁴ − 1).",
            lambda: np.ceil(3 * _fourth_moment(ACTIVATIONS["gelu"]) / 0.05),
        ),
        Mistake(
            "You let the excess fall as 1/√d. The fourth moment of a sum of independent terms "
            "comes closer to Gaussian as 1/d.",
            lambda: np.ceil((3 * (_fourth_moment(ACTIVATIONS["gelu"]) - 1) / 0.05) ** 2),
        ),
        Mistake(
            "One neuron too few: there the excess is still above 0.05. Round up.",
            lambda: _width_for(0.05) - 1,
        ),
    ),
    remark="At one point a two-layer network is Gaussian for most purposes long before that.",
)

EXERCISES = (NETWORK, KERNEL, WIDTH)
