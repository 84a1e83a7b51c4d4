"""The form that all cases of the breakdown page have, their points, and training with theory."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import numpy as np

from jntk_viz.activations import Activation, get_activation
from jntk_viz.dynamics import LinearDynamics
from jntk_viz.engine.results import kept
from jntk_viz.kernels import jacobian_nngp, jntk
from jntk_viz.mlp import MLP
from jntk_viz.pages.breakdown.state import Knob
from jntk_viz.training import output_loss_parts, train

HEALTHY, ILL, CURED = "healthy", "ill", "cured"
ROLES = (HEALTHY, ILL, CURED)
NO_NETWORK = (0,)  # in place of the widths


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
    """A way to fail.

    - `knob`: the setting that makes it worse;  `charts`: course, severity against the knob, detail.
    - `widths`: of the networks of one kind.
    - `measure`: function (value of the knob, role, seed, i, width), returns a tuple of arrays about
      the i-th network of that width: of the same shapes at all widths.
    - `run`: function (value, role, *arrays), returns the `Run`. The arrays are those of `measure`,
      each stacked to (networks, widths, …).
    - `expected`: the severity by theory at any value of the knob;  `dense`: where it is drawn.
    - `position`: where a value is drawn.
    - `quick`: function (value, role, seed, i), the severity of one network, where that is less work
      than the whole run.
    - `own_healthy`: has the healthy run the patient's value of the knob?
    - `cure_resets`: does the cure set the knob to its healthy value?
    """

    knob: Knob
    charts: tuple[Chart, Chart, Chart]
    widths: tuple[int, ...]
    measure: Callable[..., tuple]
    run: Callable[..., Run]
    expected: Callable[[float], float]
    dense: tuple[float, ...]
    position: Callable[[float], float] = float
    quick: Any = None
    own_healthy: bool = False
    cure_resets: bool = False

    @property
    def of_networks(self) -> bool:
        """Are networks measured, rather than arithmetic?"""
        return self.widths != NO_NETWORK

    def value(self, role: str, patient: float) -> float:
        """The knob's value of a run, given the patient's."""
        healthy = (role == HEALTHY and not self.own_healthy) or (role == CURED and self.cure_resets)
        return self.knob.healthy if healthy else patient


def circle_points(degrees) -> np.ndarray:
    """Points on the unit circle at these angles, (n, 2)."""
    angle = np.radians(degrees)
    return np.column_stack([np.cos(angle), np.sin(angle)])


def eight_points():
    """Eight equally spaced points on the circle, in four arcs of two labels: x (8, 2), y (8,)."""
    i = np.arange(8)
    return circle_points(45.0 * i + 3), np.where(i % 4 < 2, 1.0, -1.0)


def moments(steps: int, count: int = 30) -> list[int]:
    """0 and about `count` steps from 1 to `steps`, spread logarithmically."""
    return np.unique(np.append(0, np.geomspace(1, steps, count).round())).astype(int).tolist()


def network(width: int, depth: int, activation: str) -> MLP:
    """The network with two inputs."""
    return MLP(2, width, depth, get_activation(activation))


def weights(mlp: MLP, seed: int, role: str, i: int) -> list:
    """The weights of the i-th network at the start.

    The healthy networks and the patients have weights of their own; the cure keeps them.
    """
    key = jax.random.key(seed, impl="rbg")  # compiles three times faster than JAX's default
    for number in (role != HEALTHY, i, mlp.width):
        key = jax.random.fold_in(key, int(number))
    return mlp.init(key)


class Phase(NamedTuple):
    """Gradient descent with one λ and one learning rate up to step `until`."""

    until: int
    lam: float
    rate: float


def trained(mlp: MLP, params, x, y, phases, record) -> tuple[np.ndarray, list]:
    """(f, J) on the training points at some steps, (T, n, 1+d0), and the weights at the end.

    phases: of `Phase`. record: the steps, from 0 on.
    """
    outputs: list = []
    begin = 0
    for phase in phases:
        steps = [step - begin for step in record if begin < step <= phase.until]
        run = train(
            mlp, params, x, y, lam=phase.lam, learning_rate=phase.rate,
            steps=phase.until - begin, record_at=[0, *steps],
        )  # fmt: skip
        outputs += list(run.outputs if not outputs else run.outputs[1:])
        params, begin = run.params, phase.until
    return np.asarray(outputs, dtype=np.float64), params


def linear_course(gram, y, phases, record, initial) -> np.ndarray:
    """The same as `trained` by the linear equation with the constant kernel `gram`."""
    begin, outputs = 0, [initial]
    for phase in phases:
        dynamics, rate = LinearDynamics(gram, y, lam=phase.lam), phase.rate
        steps = [step for step in record if begin < step <= phase.until]
        with np.errstate(over="ignore", invalid="ignore"):  # past the stability limit
            course = [
                dynamics.train((step - begin) * rate, learning_rate=rate, initial=initial)
                for step in (*steps, phase.until)
            ]
        outputs += course[:-1]
        begin, initial = phase.until, course[-1]
    return np.array(outputs)


@kept
def limit_on_circle() -> tuple[np.ndarray, np.ndarray]:
    """The limiting JNTK and the covariance of (f, J) of the eight points, one hidden layer of GeLU.

    Both (N, 1+d0, N, 1+d0).
    """
    x, _ = eight_points()
    return jntk(x, depth=1), jacobian_nngp(x, depth=1)


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


def loss_of(outputs, y, lam: float) -> np.ndarray:
    fit, jacobian = output_loss_parts(outputs, y)
    return fit + lam * jacobian


def moment(activation: Activation | str, q: float, order: int = 0) -> float:
    """E φ⁽ᵒʳᵈᵉʳ⁾(√q z)², z ~ N(0, 1), by the trapezoid rule on [−10, 10]."""
    z = np.linspace(-10, 10, 4001)
    with jax.enable_x64(True):
        values = np.asarray(get_activation(activation).derivative(order)(np.sqrt(q) * z))
    return float(np.sum(values**2 * np.exp(-(z**2) / 2)) * (z[1] - z[0]) / np.sqrt(2 * np.pi))
