"""What the cases of the breakdown page share: their form, their data, and training with theory."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import jax
import numpy as np

from jntk_viz.activations import Activation, get_activation
from jntk_viz.dynamics import LinearDynamics
from jntk_viz.kernels import jacobian_nngp, jntk
from jntk_viz.mlp import MLP
from jntk_viz.training import output_loss_parts, train

HEALTHY, ILL, CURED = "healthy", "ill", "cured"
ROLES = (HEALTHY, ILL, CURED)
NETWORKS = 3  # of each kind, unless the reader wants more


class Series(NamedTuple):
    """Numbers to draw: medians with their smallest and largest, where several were measured."""

    x: np.ndarray
    y: np.ndarray
    low: np.ndarray | None = None
    high: np.ndarray | None = None


NOTHING = Series(np.array([]), np.array([]))


def spread(x, values) -> Series:
    """Median, smallest and largest of `values` (networks, len(x))."""
    values = np.asarray(values, dtype=np.float64)
    return Series(
        np.asarray(x, float), np.median(values, axis=0), values.min(axis=0), values.max(axis=0)
    )


def extent(values) -> tuple[float, float, float]:
    """Median, smallest and largest of some numbers."""
    return float(np.median(values)), float(np.min(values)), float(np.max(values))


class Run(NamedTuple):
    """One kind of network (healthy, ill or cured), measured and predicted.

    course, detail: the numbers of the first and of the third picture; *_theory: the same by theory.
    severity: (median, smallest, largest) of what the second picture shows against the knob.
    expected: the severity by theory. numbers: what sentences and scripts name.
    rules: (label, height) of horizontal lines in the third picture.
    """

    course: Series
    course_theory: Series
    severity: tuple[float, float, float]
    expected: float
    detail: Series
    detail_theory: Series
    numbers: dict[str, float]
    rules: tuple[tuple[str, float], ...] = ()


class Axis(NamedTuple):
    """label, limits, whether logarithmic, and ticks (value, text) where the usual ones mislead."""

    label: str
    limits: tuple[float, float]
    log: bool = False
    ticks: tuple[tuple[float, str], ...] = ()


class Chart(NamedTuple):
    """A picture. points: markers instead of lines. rules: (label, height) of horizontal lines."""

    title: str
    x: Axis
    y: Axis
    points: bool = False
    rules: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Case:
    """A way to fail. `knob` names the setting that makes it worse, `stops` its values.

    measure(value, role, seed, tick, networks) -> Run: calls tick() between two networks.
    expected(value): the severity by theory at any value of the knob; dense: where it is drawn.
    charts: course, severity against the knob, detail. position: where a value is drawn.
    quick: the same arguments, the severity alone, where that is less work.
    own_healthy: whether the healthy run has the patient's value of the knob.
    """

    knob: str
    stops: tuple[float, ...]
    healthy: float
    charts: tuple[Chart, Chart, Chart]
    measure: Callable[..., Run]
    expected: Callable[[float], float]
    dense: tuple[float, ...]
    position: Callable[[float], float] = float
    quick: Callable[..., tuple[float, float, float]] | None = None
    own_healthy: bool = False


def circle_points(degrees) -> np.ndarray:
    """Points on the unit circle at these angles, (n, 2)."""
    angle = np.radians(degrees)
    return np.column_stack([np.cos(angle), np.sin(angle)])


def eight_points():
    """Eight equally spaced points on the circle, in four arcs of two labels: x (8, 2), y (8,)."""
    i = np.arange(8)
    return circle_points(45.0 * i + 3), np.where(i % 4 < 2, 1.0, -1.0)


def moments(steps: int, count: int = 30) -> np.ndarray:
    """0 and about `count` steps from 1 to `steps`, spread logarithmically."""
    return np.unique(np.append(0, np.geomspace(1, steps, count).round())).astype(int)


def weights_key(seed: int, role: str, network: int, width: int):
    """The healthy networks and the patients have weights of their own; the cure keeps them."""
    key = jax.random.key(seed, impl="rbg")  # compiles three times faster than JAX's default
    for number in (role != HEALTHY, network, width):
        key = jax.random.fold_in(key, int(number))
    return key


class Phase(NamedTuple):
    """Gradient descent with one λ and one learning rate up to step `until`."""

    until: int
    lam: float
    rate: float


@lru_cache(maxsize=512)
def trained(mlp: MLP, points, phases, seed: int, role: str, network: int, record):
    """One network's (f, J) on the training points, (T, n, 1+d0), and its weights at both ends.

    points: function without arguments that returns (x, y). phases: of `Phase`. record: steps.
    """
    x, y = points()
    first = params = mlp.init(weights_key(seed, role, network, mlp.width))
    outputs, begin = [], 0
    for phase in phases:
        steps = [s - begin for s in record if begin < s <= phase.until] or [phase.until - begin]
        run = train(
            mlp, params, x, y, lam=phase.lam, learning_rate=phase.rate,
            steps=phase.until - begin, record_at=[0, *steps],
        )  # fmt: skip
        outputs += list(run.outputs if not outputs else run.outputs[1:])
        params, begin = run.params, phase.until
    return np.asarray(outputs, dtype=np.float64), first, params


def linear_course(gram, y, phases, record, initial) -> np.ndarray:
    """The same as `trained` by the linear equation with the constant kernel `gram`."""
    begin, outputs, start = 0, [initial], initial
    for phase in phases:
        dynamics = LinearDynamics(gram, y, lam=phase.lam)
        with np.errstate(over="ignore", invalid="ignore"):  # past the stability limit
            for step in [s for s in record if begin < s <= phase.until]:
                start = dynamics.train(
                    (step - begin) * phase.rate, learning_rate=phase.rate, initial=outputs[0]
                )
                outputs.append(start)
        outputs[0], begin = start, phase.until
    return np.array([initial, *outputs[1:]])


@lru_cache(maxsize=64)
def limit(points, depth: int, activation: str):
    """The limiting JNTK and the covariance of (f, J), both (N, 1+d0, N, 1+d0)."""
    x, _ = points()
    kernel = {"depth": depth, "activation": activation}
    return jntk(x, **kernel), jacobian_nngp(x, **kernel)


def expected_loss_parts(gram, covariance, y, phase: Phase) -> tuple[float, float]:
    """Means of both parts of the loss at the end of a phase, over infinitely wide networks.

    With z = Λ^½(u − u*), which a step multiplies by 1 − ηΘ_λ/N, and E z₀z₀ᵀ = Λ^½(K + u*u*ᵀ)Λ^½.
    Jacobian part nan for λ = 0, where its rows are not part of the equation.
    """
    dynamics = LinearDynamics(gram, y, lam=phase.lam)
    n, block = gram.shape[:2]
    root = np.sqrt(np.tile([1.0, *[phase.lam] * (block - 1)], n))
    rows = np.flatnonzero(root)
    root = root[rows]
    vectors, e = dynamics.eigenvectors, dynamics.eigenvalues
    left = (1 - phase.rate * np.maximum(e, 0) / n) ** phase.until
    propagate = vectors * left @ vectors.T
    size = n * block
    start = covariance.reshape(size, size)[np.ix_(rows, rows)] * np.outer(root, root)
    start = start + np.outer(dynamics.target, dynamics.target)
    squares = np.diag(propagate @ start @ propagate) / root**2
    values = rows % block == 0
    jacobian = squares[~values].sum() if phase.lam > 0 else np.nan
    return float(squares[values].sum() / (2 * n)), float(jacobian / (2 * n))


def steps_per_mode(eigenvalues, n: int, rate: float) -> np.ndarray:
    """N/(η e_i): how many steps an eigendirection needs to fall by 1/e, fastest first."""
    return n / (rate * np.maximum(np.sort(eigenvalues)[::-1], 1e-300))


@lru_cache(maxsize=16)
def network(width: int, depth: int, activation: str) -> MLP:
    """The network with two inputs; one object for each kind, so that JAX compiles it once."""
    return MLP(2, width, depth, get_activation(activation))


def loss_of(outputs, y, lam: float) -> np.ndarray:
    fit, jacobian = output_loss_parts(outputs, y)
    return fit + lam * jacobian


def moment(activation: Activation | str, q: float, order: int = 0) -> float:
    """E φ⁽ᵒʳᵈᵉʳ⁾(√q z)², z ~ N(0, 1), by the trapezoid rule on [−10, 10]."""
    z = np.linspace(-10, 10, 4001)
    with jax.enable_x64(True):
        values = np.asarray(get_activation(activation).derivative(order)(np.sqrt(q) * z))
    return float(np.sum(values**2 * np.exp(-(z**2) / 2)) * (z[1] - z[0]) / np.sqrt(2 * np.pi))
