"""Lesson 10: the edge of chaos, networks told by their curves, and a layer rule of one's own."""

from dataclasses import dataclass
from functools import cache
from typing import cast

import jax
import numpy as np

from jntk_viz.activations import PowerSeries, get_activation
from jntk_viz.correlations import from_cosine
from jntk_viz.frame.numbers import number
from jntk_viz.kernels import jacobian_nngp, jntk
from jntk_viz.layers import smooth_expectations
from jntk_viz.lessons.checking import Diagnosis, Exercise, Mistake
from jntk_viz.lessons.closed_forms import closed_form
from jntk_viz.lessons.feedback import HINT, Feedback

from .points import sphere

BIAS_STD = 0.6  # of exercise 10a


def _moments(variance) -> tuple[float, float]:
    """E φ² and E φ'² of erf at this variance, by its Hermite series."""
    # erf has a series at these variances.
    series = cast(PowerSeries, get_activation("erf").series_at(variance))
    _, e = smooth_expectations(series, from_cosine(np.ones(1)))
    return float(e.g[0]), float(e.g1[0])


def _gain(variance) -> float:
    """σ_w² with χ₁ = 1 at this variance."""
    return 1 / _moments(variance)[1]


def _root(function, low, high) -> float:
    """The zero of a function that changes its sign between low and high."""
    from scipy.optimize import brentq  # 20 MB, which other lessons can do without

    return brentq(function, low, high)


@cache
def _edge(bias=BIAS_STD**2) -> float:
    """σ_w at which the variance Q that a layer leaves unchanged has χ₁ = 1."""
    variance = _root(lambda q: q - _gain(q) * _moments(q)[0] - bias, 1e-3, 10.0)
    return _gain(variance) ** 0.5


@cache
def _edge_of_first_layer() -> float:
    """σ_w with χ₁ = 1 at the first layer's variance, σ_w² + σ_b²."""
    return _root(lambda w: w**2 * _moments(w**2 + BIAS_STD**2)[1] - 1, 0.1, 3.0)


EDGE = Exercise(
    name="10a",
    signature="",
    truth=_edge,
    mistakes=(
        Mistake("χ₁ is taken at variance one. In a deep network the variance settles at another "
                "value Q, the one that a layer leaves unchanged; that is your second equation.",
                lambda: _gain(1.0) ** 0.5),
        Mistake("That is the edge without biases, where Q shrinks to zero. Biases keep Q up.",
                lambda: _gain(1e-9) ** 0.5),
        Mistake("That is the first layer's variance, σ_w² + σ_b². Deeper down Q is the value that "
                "a layer leaves unchanged.", _edge_of_first_layer),
        Mistake("That is σ_w²; the question is for σ_w.", lambda: _edge() ** 2),
        Mistake("A bias adds its variance: σ_b², not σ_b.", lambda: _edge(BIAS_STD)),
    ),
    remark="Just below, all inputs become one; just above, neighbours part. Each σ_b has its own.",
)  # fmt: skip

NETWORKS = Diagnosis(
    name="10b",
    truth={"A": "chaos", "B": "skips", "C": "order", "D": "edge"},
    hints={
        "A": "A: |J|² becomes a rising straight line on a logarithmic axis, which is the same "
        "factor in each layer. On which side of one is χ₁?",
        "B": "B: |J|² grows, but its line bends: the factor falls from layer to layer. In which "
        "network does the variance, and with it that factor, never settle?",
        "C": "C: the two inputs become one within some layers, and |J|² falls by the same factor "
        "in each. On which side of one is χ₁?",
        "D": "D: the inputs approach one another, but far more slowly than by a factor a layer, "
        "and |J|² hardly moves. What is χ₁ where a layer multiplies |J|² by one?",
    },
    remark="Only skips bend the line: their variance grows, and φ is flatter at large inputs.",
)


_STEP = 1e-3  # of the differences that give slopes; what they are off by is of the order 1e-6


@dataclass(frozen=True)
class Residual:
    """A residual network and three inputs on which a layer rule is tried, depth by depth."""

    activation: str
    depth: int
    weight_std: float
    bias_std: float
    alpha: float
    in_size: int
    seed: int = 0

    @property
    def x(self) -> np.ndarray:
        return sphere(3, self.in_size, self.in_size, self.seed)

    def arguments(self) -> tuple:
        """Arguments of a rule behind the first layer, where F = Θ = σ_w² ⟨x, x'⟩ + σ_b².

        The matrices have a row for each input and for its neighbours at ±_STEP in each coordinate.
        """
        d0 = self.in_size
        moves = _STEP * np.concatenate([np.zeros((1, d0)), np.eye(d0), -np.eye(d0)])
        points = (self.x[:, None] + moves).reshape(-1, d0)
        F = self.weight_std**2 * points @ points.T + self.bias_std**2
        return F, F.copy(), *closed_form(self.activation), *self._scales

    @property
    def _scales(self):
        return self.weight_std, self.bias_std, self.alpha

    def kernels(self, rule) -> np.ndarray:
        """NNGP and JNTK of the depths 2 … L with a student's rule behind the first layer.

        (L-1, 2, n, 1+d0, n, 1+d0), in units of the library's largest entries.
        """
        F, theta, T, T_dot, *scales = self.arguments()
        found = []
        for _ in range(2, self.depth + 1):
            with jax.enable_x64(True):  # for rules in JAX: single precision has no such differences
                F, theta = (np.asarray(kernel) for kernel in rule(F, theta, T, T_dot, *scales))
            outputs = T(F), T(F) + theta * T_dot(F)
            found.append([self._blocks(kernel) for kernel in outputs])
        return np.array(found) / self.largest

    def _blocks(self, kernel) -> np.ndarray:
        """Covariances (n, 1+d0, n, 1+d0) of values and slopes from those of all neighbours."""
        d0, n = self.in_size, len(self.x)
        one = np.zeros((1 + d0, 1 + 2 * d0))
        one[0, 0] = 1
        one[1:, 1:] = np.concatenate([np.eye(d0), -np.eye(d0)], axis=1) / (2 * _STEP)
        difference = np.kron(np.eye(n), one)
        return (difference @ kernel @ difference.T).reshape(n, 1 + d0, n, 1 + d0)

    @property
    def largest(self) -> np.ndarray:
        """Largest entries of each depth and kernel, of values and of each slope on its own."""
        return np.abs(_library(self)).max(axis=(2, 4), keepdims=True)


@cache
def _library(network: Residual) -> np.ndarray:
    """The library's Jacobian NNGP and JNTK of the depths 2 … L: (L-1, 2, n, 1+d0, n, 1+d0)."""
    options = {
        "activation": network.activation, "weight_std": network.weight_std,
        "bias_std": network.bias_std, "residual": network.alpha,
    }  # fmt: skip
    depths = range(2, network.depth + 1)
    return np.array(
        [[f(network.x, depth=d, **options) for f in (jacobian_nngp, jntk)] for d in depths]
    )


@dataclass(frozen=True)
class LayerExercise(Exercise):
    """A layer rule, run layer by layer from the first to the output at every depth."""

    def values(self, answer, seed=0):
        """Kernels at all depths; those of a rule are made with it."""
        if answer is not self.truth:
            return super().values(lambda network: network.kernels(answer), seed)
        return super().values(answer, seed)

    def _try(self, answer, case):
        """One layer first, to tell what the function returns, then all of them."""
        found = super()._try(lambda network: answer(*network.arguments()), case)
        if isinstance(found, Feedback):
            return found
        expected = (2, *case[0].arguments()[0].shape)
        if found.shape != expected:
            return Feedback(
                HINT,
                "Return the pair `F_next, theta_next`: two matrices of the shape of F, "
                f"{expected[1:]}. As an array yours has shape {found.shape}.",
            )
        return super()._try(lambda network: network.kernels(answer), case)

    def _called_with(self, case):
        (network,) = case
        shape, scales = network.arguments()[0].shape, network.arguments()[4:]
        told = zip(("weight_std", "bias_std", "alpha"), scales, strict=True)
        settings = ", ".join(f"{name} = {value:g}" for name, value in told)
        return f"It was called with F and theta of shape {shape}, {settings}."

    def _describe(self, values, truths, cases):
        """The first depth at which a kernel is off, and what of it."""
        for value, truth, (network,) in zip(values, truths, cases, strict=True):
            for depth, layer in enumerate(np.abs(value - truth) > self._near, start=2):
                for k, wrong in enumerate(layer):
                    if wrong.any():
                        return _told(network, depth, k, wrong, value * network.largest)
        raise AssertionError("`_describe` is called for answers that are off")


def _told(network, depth, k, wrong, found) -> str:
    name = ("the covariance of (f, J)", "the JNTK")[k]
    agree = "" if k == 0 else ", where the covariance of (f, J) is right, so look at theta"
    part = "its values are off" if wrong[:, 0, :, 0].any() else "values agree, slopes do not"
    place = tuple(np.argwhere(wrong)[0])
    here = (depth - 2, k, *place)
    return (
        f"With {network.activation}, σ_w = {network.weight_std:g}, σ_b = {network.bias_std:g} and "
        f"α = {network.alpha:g} {name} of a network of depth {depth} is off{agree}: {part}. For "
        f"instance {number(found[here], 4)} where the library has "
        f"{number(_library(network)[here], 4)}."
    )


def _rule(F, theta, T, T_dot, w, b, a):
    """The rule of a residual layer, which mistakes below are made from."""
    branch = w**2 * T(F) + b**2
    return F + a**2 * branch, theta + a**2 * (branch + w**2 * theta * T_dot(F))


def _correlation(F):
    root = np.sqrt(np.diag(F))
    return F / np.outer(root, root)


def _at_variance_one(T):
    return lambda F: T(_correlation(F))


def _changed(change_F=None, change_theta=None):
    """The right rule with one of its results made otherwise, from (F, Θ, T, Ṫ, w, b, a)."""

    def rule(*arguments):
        F, theta = _rule(*arguments)
        F = F if change_F is None else change_F(*arguments)
        return F, theta if change_theta is None else change_theta(*arguments)

    return rule


def _without_skips(F, theta, T, T_dot, w, b, a):
    branch = w**2 * T(F) + b**2
    return a**2 * branch, a**2 * (branch + w**2 * theta * T_dot(F))


_NORMALISED = (
    "The variance is not brought back to one: nothing in the network divides by it. Leave F "
    "as it is; T reads the variances off its diagonal."
)
_AT_ONE = (
    "φ is taken at variance one. T and Ṫ read the variances off the diagonal of what they are "
    "given: give them F itself, not a correlation."
)

LAYER = LayerExercise(
    name="10c",
    signature="my_layer(F, theta, T, T_dot, weight_std, bias_std, alpha)",
    truth=lambda network: _library(network) / network.largest,
    cases=lambda seed: [
        (Residual("erf", 4, 1.5, 0.4, 0.5, 2, seed),),
        (Residual("gelu", 3, 0.8, 0.7, 0.6, 3, seed),),
        (Residual("erf", 5, 0.6, 1.2, 0.3, 3, seed),),
    ],
    mistakes=(
        Mistake("α is missing: the new part of g is multiplied by α, its covariance by α².",
                lambda F, th, T, Td, w, b, a: _rule(F, th, T, Td, w, b, 1)),
        Mistake("α is not squared: what multiplies g multiplies its covariance twice.",
                lambda F, th, T, Td, w, b, a: _rule(F, th, T, Td, w, b, a**0.5)),
        Mistake("σ_b is missing: a bias is the same at all inputs and adds σ_b² to every "
                "covariance, inside the bracket that α² multiplies.",
                lambda F, th, T, Td, w, b, a: _rule(F, th, T, Td, w, 0, a)),
        Mistake("σ_b is not squared: a covariance is quadratic in what is drawn.",
                lambda F, th, T, Td, w, b, a: _rule(F, th, T, Td, w, b**0.5, a)),
        Mistake("The bias stands outside the bracket: α multiplies weights and biases alike.",
                lambda F, th, T, Td, w, b, a: _rule(F, th, T, Td, w, b / a, a)),
        Mistake("σ_w is missing: T is multiplied by σ_w², and so is the way back through Ṫ.",
                lambda F, th, T, Td, w, b, a: _rule(F, th, T, Td, 1, b, a)),
        Mistake("σ_w is not squared: a covariance is quadratic in what is drawn.",
                lambda F, th, T, Td, w, b, a: _rule(F, th, T, Td, w**0.5, b, a)),
        Mistake("T and Ṫ are expectations over neurons, whose covariance is F. Θ is the kernel of "
                "training and no covariance of neurons.",
                lambda F, th, T, Td, w, b, a: _rule(F, th, lambda _: T(th), lambda _: Td(th),
                                                    w, b, a)),
        Mistake("T is an expectation over neurons, whose covariance is F, not Θ.",
                lambda F, th, T, Td, w, b, a: _rule(F, th, lambda _: T(th), Td, w, b, a)),
        Mistake("Ṫ is an expectation over neurons, whose covariance is F, not Θ.",
                lambda F, th, T, Td, w, b, a: _rule(F, th, T, lambda _: Td(th), w, b, a)),
        Mistake("In F the skip carries F on, not Θ.",
                _changed(lambda F, th, T, Td, w, b, a: th + a**2 * (w**2 * T(F) + b**2))),
        Mistake("F stands where Θ belongs: through the skip the gradients of the old weights go "
                "on, and their kernel is Θ. Θ⁺ = F⁺ + … is the rule without skips.",
                _changed(None, lambda F, th, T, Td, w, b, a:
                         F + a**2 * (w**2 * T(F) + b**2 + w**2 * th * Td(F)))),
        Mistake(_NORMALISED, _changed(lambda *args: _correlation(_rule(*args)[0]))),
        Mistake(_NORMALISED, _changed(lambda *args: _rule(*args)[0] / _rule(*args)[0][0, 0])),
        Mistake(_AT_ONE, lambda F, th, T, Td, w, b, a:
                _rule(F, th, _at_variance_one(T), _at_variance_one(Td), w, b, a)),
        Mistake(_AT_ONE, lambda F, th, T, Td, w, b, a:
                _rule(F, th, lambda F: T(F / F[0, 0]), lambda F: Td(F / F[0, 0]), w, b, a)),
        Mistake(_AT_ONE, lambda F, th, T, Td, w, b, a:
                _rule(F, th, _at_variance_one(T), Td, w, b, a)),
        Mistake("There is no skip: this layer forgets g. Old and new part are independent, so "
                "their covariances add up.", _without_skips),
        Mistake("Θ has no skip: the gradients of the old weights also go around the layer.",
                _changed(None, lambda F, th, T, Td, w, b, a:
                         a**2 * (w**2 * T(F) + b**2 + w**2 * th * Td(F)))),
        Mistake("Ṫ is missing: on the way back through the layer a gradient is multiplied by φ'.",
                lambda F, th, T, Td, w, b, a: _rule(F, th, T, lambda F: 1, w, b, a)),
        Mistake("On the way back a gradient meets φ', not φ: Θ is multiplied by Ṫ, not by T.",
                lambda F, th, T, Td, w, b, a: _rule(F, th, T, T, w, b, a)),
        Mistake("The layer's own weights and biases are missing in Θ: they are trained, too, and "
                "add σ_w² T + σ_b² within the bracket.",
                _changed(None, lambda F, th, T, Td, w, b, a: th + a**2 * w**2 * th * Td(F))),
        Mistake("The layer's biases are missing in Θ: they are trained, too.",
                _changed(None, lambda F, th, T, Td, w, b, a:
                         th + a**2 * (w**2 * T(F) + w**2 * th * Td(F)))),
        Mistake("In Θ the way back goes through the weights: Ṫ is multiplied by σ_w², too.",
                _changed(None, lambda F, th, T, Td, w, b, a:
                         th + a**2 * (w**2 * T(F) + b**2 + th * Td(F)))),
        Mistake("In Θ the way back goes through the layer, too, so α² multiplies Θ Ṫ as well.",
                _changed(None, lambda F, th, T, Td, w, b, a:
                         th + a**2 * (w**2 * T(F) + b**2) + w**2 * th * Td(F))),
        Mistake("Θ and Ṫ are multiplied entry by entry (`*`): each pair of inputs has a number of "
                "its own. `@` mixes the pairs.",
                _changed(None, lambda F, th, T, Td, w, b, a:
                         th + a**2 * (w**2 * T(F) + b**2 + w**2 * th @ Td(F)))),
    ),
    remark="With it you have the Jacobian NTK of a residual network, slopes included: the check "
    "took differences of your kernels between neighbouring inputs.",
)  # fmt: skip

EXERCISES = (EDGE, NETWORKS, LAYER)
