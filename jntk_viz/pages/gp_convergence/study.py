"""Do random networks and their slopes become one Gaussian process, and how wide must they be?

Two ensembles of random networks are compared with the limiting covariance of (f, J). Draws of
(f, J) themselves show the distribution. The covariance that *one* network gives to (f, J) once its
hidden layers are drawn, and only the last layer is still random, shows the rate: it is itself
random, differs from the limit by about 1/√width, and makes f a mixture of Gaussians.
"""

from itertools import takewhile
from typing import NamedTuple

import jax
import numpy as np

from jntk_viz.activations import ACTIVATIONS
from jntk_viz.engine.results import kept
from jntk_viz.engine.sources import available, load
from jntk_viz.engine.steps import Step, alone
from jntk_viz.finite import finite_jacobian_nngp, sample_value_and_jacobian
from jntk_viz.kernels import jacobian_nngp
from jntk_viz.mlp import MLP
from jntk_viz.pages.gp_convergence import circle
from jntk_viz.pages.gp_convergence.observations import (
    STEP,
    Observation,
    with_observation,
    without_observation,
)
from jntk_viz.pages.gp_convergence.state import (
    LEVEL,
    POINTS,
    SOURCES,
    WIDTHS,
    GPConvergenceState,
    Problem,
)
from jntk_viz.pages.gp_convergence.statistics import (
    empirical_covariance,
    excess_kurtosis,
    relative_error,
)
from jntk_viz.rates import PowerLaw, power_law

REPEATS = 16  # networks of each width whose covariance is compared with the limit
BATCH = 4  # of them in one step
FITTED = 64  # the smallest width of the fit: narrower networks are not yet on the straight line


# ---- what is computed


class Points(NamedTuple):
    """The 12 points of a data set, x (12, d0), and its feature names."""

    x: np.ndarray
    names: tuple[str, ...]


def spread_points(x, n: int) -> np.ndarray:
    """Indices of n rows far from one another: each the one farthest from those already chosen."""
    chosen, distance = [0], np.full(len(x), np.inf)
    while len(chosen) < n:
        distance = np.minimum(distance, np.linalg.norm(x - x[chosen[-1]], axis=1))
        chosen.append(int(np.argmax(distance)))
    return np.array(chosen)


@kept
def points(data: str) -> Points:
    """Points of a data set far from one another.

    Raises ValueError, naming the remedy, for data that cannot be had.
    """
    dataset = load(data, **SOURCES[data].options)
    return Points(dataset.x[spread_points(dataset.x, POINTS)], dataset.names)


@kept
def unit_limit(data: str, depth: int, activation: str) -> np.ndarray:
    """The limiting covariance of (f, J) at the points, κ = 1: (n, 1+d0, n, 1+d0)."""
    return jacobian_nngp(points(data).x, depth=depth, activation=activation)


def _network(problem: Problem, width: int):
    """The network at κ = 1, the random key of its width, and the points."""
    x = points(problem.data).x
    key = jax.random.fold_in(jax.random.key(problem.seed), width)
    return MLP(x.shape[1], width, problem.depth, ACTIVATIONS[problem.activation]), key, x


def chunk_size(width: int) -> int:
    """Number of networks that one step of about 100 ms draws."""
    return min(256, max(32, 2**15 // width))


@kept
@alone
def draws(problem: Problem, width: int, chunk: int) -> np.ndarray:
    """(f, J) of `chunk_size` random networks at κ = 1, (k, n, 1+d0).

    It is sample_value_and_jacobian with the key fold_in(fold_in(key(seed), width), 100 + chunk).
    """
    mlp, key, x = _network(problem, width)
    key = jax.random.fold_in(key, 100 + chunk)
    return np.asarray(sample_value_and_jacobian(mlp, key, x, n_networks=chunk_size(width)))


@kept
@alone
def first(problem: Problem, width: int) -> np.ndarray:
    """The covariance that the first network gives, which is shown."""
    return _covariance(problem, width, 0)


def _covariance(problem, width, repeat):
    mlp, key, x = _network(problem, width)
    key = jax.random.fold_in(key, repeat)
    return np.asarray(finite_jacobian_nngp(mlp, key, x, n_networks=1))


@kept
@alone
def errors(problem: Problem, width: int, batch: int) -> np.ndarray:
    """‖K_d - K‖/‖K‖ (Frobenius) for the covariances K_d that BATCH networks give to (f, J).

    K_d is finite_jacobian_nngp of one network, with the key fold_in(fold_in(key(seed), width),
    repeat) for repeat = BATCH · batch, …; K is the limit. The ratio does not depend on κ.
    """
    limit = unit_limit(problem.data, problem.depth, problem.activation)
    repeats = range(BATCH * batch, BATCH * (batch + 1))
    finite = (_covariance(problem, width, r) if r else first(problem, width) for r in repeats)
    return np.array([relative_error(covariance, limit) for covariance in finite])


# ---- what the page asks for


def plan(state: GPConvergenceState, known) -> list[Step]:
    """Steps for the tab in view; then those that make a wider network, or an average, ready."""
    ahead: list[Step] = []
    if state.view == "functions":
        ahead = circle.other_widths(state.ensemble, state.width)
    elif state.view == "covariance" and known.has(reading(state.data).key):
        ahead = _drawing(state)
    return [*shown(state, known), *ahead]


def shown(state: GPConvergenceState, known) -> list[Step]:
    """The steps of what the tab in view shows of this width and of all."""
    if state.view == "functions":
        return circle.steps(state.ensemble, state.width, bool(state.observed))
    problem, read = state.problem, reading(state.data)
    if not known.has(read.key):
        return [read]
    arguments = problem.data, problem.depth, problem.activation
    start = [read, Step(unit_limit, arguments, "the limit at the points")]
    if state.view == "densities":
        return [*start, *_drawing(state)]
    one = Step(first, (problem, state.width), f"width {state.width}")
    near = sorted(WIDTHS, key=lambda width: width != state.width)
    return [*start, one, *_measuring(problem, near)]


def complete(state: GPConvergenceState, known) -> bool:
    """Is all known that the tab in view shows?"""
    return all(known.has(step.key) for step in shown(state, known))


def reading(data: str) -> Step:
    """The first step of the tabs with data: the points."""
    says = f"{SOURCES[data].label}: reading the points"
    return Step(points, (data,), says, waits=not available(data))


def _drawing(state) -> list[Step]:
    size, all_of_them = chunk_size(state.width), state.networks
    return [
        Step(draws, (state.problem, state.width, c), f"{c * size} of {all_of_them} networks")
        for c in range(-(-all_of_them // size))
    ]


def _measuring(problem: Problem, widths=WIDTHS) -> list[Step]:
    return [
        Step(errors, (problem, width, batch), f"covariance of networks of width {width}")
        for width in widths
        for batch in range(REPEATS // BATCH)
    ]


# ---- what is known


class Limit(NamedTuple):
    """The points and the limiting process: x (n, d0), covariance κ²Σ (n, 1+d0, n, 1+d0)."""

    x: np.ndarray
    names: tuple[str, ...]
    covariance: np.ndarray

    def pair(self, point: int, alpha: int) -> np.ndarray:
        """Covariance (2, 2) of f and J_alpha at one point; both count from one."""
        block = self.covariance[point - 1, :, point - 1, :]
        return block[np.ix_([0, alpha], [0, alpha])]

    def feature(self, alpha: int) -> int:
        """`alpha`, or the last feature of a data set that has fewer."""
        return min(alpha, self.x.shape[1])


def limit_of(state: GPConvergenceState, known) -> Limit | None:
    """The limiting Gaussian process of (f, J) at the points, for the state's κ."""
    given = known(points, state.data)
    unit = known(unit_limit, state.data, state.depth, state.activation)
    if given is None or unit is None:
        return None
    return Limit(given.x, given.names, state.kappa**2 * unit)


class Found(NamedTuple):
    """Results known so far for networks of one width, and of all widths; κ = 1 throughout.

    draws: (k, n, 1+d0), (f, J) of k random networks.
    single: (n, 1+d0, n, 1+d0), the covariance that one network gives, or None.
    errors: (len(WIDTHS), REPEATS), relative Frobenius errors of such covariances; NaN if not known.
    """

    problem: Problem
    width: int
    draws: np.ndarray
    single: np.ndarray | None
    errors: np.ndarray


def found_of(state: GPConvergenceState, known) -> Found:
    """Results known for the networks, once the points are."""
    problem, width = state.problem, state.width
    x = known(points, problem.data).x
    nothing = np.empty((0, len(x), 1 + x.shape[1]), np.float32)
    chunks = (known(draws, *step.arguments) for step in _drawing(state))
    drawn = np.concatenate([nothing, *_until_none(chunks)])[: state.networks]
    return Found(problem, width, drawn, known(first, problem, width), errors_of(problem, known))


def errors_of(problem: Problem, known) -> np.ndarray:
    """`errors` of every width and repeat, (len(WIDTHS), REPEATS); NaN where not known."""
    unknown = np.full(BATCH, np.nan)
    found = [known(errors, *step.arguments) for step in _measuring(problem)]
    rows = [unknown if batch is None else batch for batch in found]
    return np.array(rows).reshape(len(WIDTHS), REPEATS)


def on_circle(state: GPConvergenceState, known, width: int | None = None) -> circle.OnCircle | None:
    """The functions on the circle, as far as they are known, once their limit is."""
    limit = known(circle.limiting, state.depth, state.activation)
    if limit is None:
        return None
    steps = circle.steps(state.ensemble, width or state.width, bool(state.observed))[1:]
    batches = list(_until_none(known(circle.networks, *step.arguments) for step in steps))
    return circle.on_circle(
        limit, batches, state.seed, state.kappa, state.observations, state.noise
    )


def distances(state: GPConvergenceState, known) -> np.ndarray:
    """How far functions of each of the WIDTHS are from their limit while nothing is observed.

    Root mean square over functions and angles, in deviations of the limit: (len(WIDTHS),), NaN
    where not known.
    """
    limit = known(circle.limiting, state.depth, state.activation)
    batches = [known(circle.networks, state.ensemble, width, 0) for width in WIDTHS]
    unknown = [limit is None or batch is None for batch in batches]
    return np.array([
        np.nan if missing else circle.distance(limit, batch, state.seed)
        for missing, batch in zip(unknown, batches, strict=True)
    ])  # fmt: skip


def _until_none(values):
    return takewhile(lambda value: value is not None, values)


# ---- what follows from it


def fit_slope(table) -> PowerLaw:
    """The power of the width by which errors (len(WIDTHS), REPEATS) fall from width 64 on."""
    wide = np.array(WIDTHS) >= FITTED
    table = np.asarray(table)[wide]
    return power_law(np.repeat(np.array(WIDTHS)[wide], table.shape[1]), table.ravel())


def law(table) -> PowerLaw | None:
    """`fit_slope`, once the errors of all widths are known."""
    return fit_slope(table) if np.isfinite(table).all() else None


def finite_covariance(found: Found, kind: str, kappa: float) -> np.ndarray | None:
    """The covariance of (f, J) "one" network gives, or of "all" drawn; None if not yet known."""
    if kind == "one":
        return None if found.single is None else kappa**2 * found.single
    return kappa**2 * empirical_covariance(found.draws) if len(found.draws) else None


def typical_error(found: Found, width: int | None = None) -> float:
    """Median over networks of the relative error at a width, `found.width` if left out."""
    return float(np.median(found.errors[WIDTHS.index(width or found.width)]))


def pairs(state: GPConvergenceState, found: Found) -> np.ndarray:
    """(f, J_α) of the networks drawn, at the point and for the α and κ of the state: (k, 2)."""
    alpha = min(state.alpha, found.draws.shape[2] - 1)
    return state.kappa * found.draws[:, state.point - 1][:, [0, alpha]]


def kurtoses(state: GPConvergenceState, found: Found):
    """`excess_kurtosis` of f and of J_α."""
    f, slope = pairs(state, found).T
    return excess_kurtosis(f), excess_kurtosis(slope)


# ---- what a reader observes


def observe(state: GPConvergenceState, kind: str) -> None:
    """Observe `state.level` at `state.angle`: kind "v" for the value, "s" for the slope."""
    new = Observation(state.angle, state.level, kind)
    state.param.update(observed=with_observation(state.observed, new))


def observe_at(
    state: GPConvergenceState, angle: float, value: float, kind: str, prior: float
) -> None:
    """Observe what was pointed at, at the nearest angle; an observation pointed at is removed.

    - `prior`: standard deviation of the limit before anything was observed.
    """
    angle = round(angle / STEP) * STEP % 360
    level = float(np.clip(round(value, 2), -LEVEL, LEVEL))
    for old in state.observations:
        apart = abs((old.angle - angle + 180) % 360 - 180)
        if old.kind == kind and apart <= STEP and abs(old.value - value) < 0.15 * prior:
            observed = without_observation(state.observed, old.angle, kind)
            break
    else:
        observed = with_observation(state.observed, Observation(angle, value, kind))
    state.param.update(observed=observed, angle=angle, level=level)
