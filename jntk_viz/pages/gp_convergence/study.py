"""Do random networks and their slopes become one Gaussian process, and how wide must they be?

Two ensembles of random networks are compared with the limiting covariance of (f, J). Draws of
(f, J) themselves show the distribution. The covariance that *one* network gives to (f, J) once its
hidden layers are drawn, and only the last layer is still random, shows the rate: it is itself
random, differs from the limit by about 1/√width, and makes f a mixture of Gaussians.
"""

from collections.abc import Iterator
from functools import lru_cache
from itertools import takewhile
from typing import NamedTuple, Protocol

import jax
import numpy as np
import param

from jntk_viz.activations import ACTIVATIONS
from jntk_viz.datasets import Dataset
from jntk_viz.engine.results import kept
from jntk_viz.engine.sources import Sources, load, menu
from jntk_viz.finite import finite_jacobian_nngp, sample_value_and_jacobian
from jntk_viz.kernels import jacobian_nngp
from jntk_viz.mlp import MLP
from jntk_viz.pages.gp_convergence import circle as gp_circle
from jntk_viz.pages.gp_convergence.one_at_a_time import computing
from jntk_viz.pages.gp_convergence.posterior import (
    STEP,
    Observation,
    Observations,
    parse_observations,
    with_observation,
    without_observation,
)
from jntk_viz.pages.gp_convergence.statistics import (
    empirical_covariance,
    excess_kurtosis,
    relative_error,
)
from jntk_viz.rates import PowerLaw, power_law

WIDTHS = (8, 16, 32, 64, 128, 256, 512, 1024)
REPEATS = 16  # networks of each width whose covariance is compared with the limit
FITTED = 64  # the smallest width of the fit: narrower networks are not yet on the straight line
POINTS = 12


def _own_source(label: str, dataset: Dataset) -> tuple[str, dict]:
    if len(dataset.y) < POINTS:
        raise ValueError(
            f"`table` must have at least {POINTS} rows for this page; got {len(dataset.y)}. "
            "Add rows, or take it to another page."
        )
    return label, {}


# Menu entry and options of the loader. Others have too many features to be watched.
SOURCES = Sources(
    {
        "iris": ("Iris", {}),
        "wine": ("Wine", {}),
        "breast_cancer": ("Breast cancer, 5 components", {"n_components": 5}),
        "circle": ("Circle", {"n": 63}),
        "sphere": ("Sphere in R⁴", {"n": 64}),
        "algerian_forest_fires": ("Algerian forest fires", {}),
        "banknote": ("Banknotes", {}),
    },
    own=_own_source,
    points=lambda entry, dataset: POINTS,
)
MOST_FEATURES = 13


def source_labels() -> dict[str, str]:
    """Menu entry → data set, saying which of them have to be downloaded first."""
    return menu(SOURCES, lambda entry: entry[0])


class Problem(NamedTuple):
    """What the networks depend on besides their width; κ only multiplies them."""

    data: str
    depth: int
    activation: str
    seed: int


class GPConvergenceState(param.Parameterized):
    """Everything that the page shows follows from these values."""

    view = param.Selector(
        default="functions",
        objects={"Functions": "functions", "Densities": "densities", "Covariance": "covariance"},
        label="View",
    )
    width = param.Selector(
        default=32, objects=list(WIDTHS), label="Width d", doc="Neurons in each hidden layer."
    )
    depth = param.Integer(2, bounds=(1, 5), label="Depth L", doc="Number of hidden layers.")
    activation = param.Selector(
        default="gelu",
        objects=list(ACTIVATIONS),
        label="Activation φ",
        doc="Scaled so that E φ(z)² = 1.",
    )
    kappa = param.Number(
        1.0, bounds=(0.1, 3), step=0.1, label="Output scale κ", doc="Multiplies f and J."
    )
    observed = Observations(
        "",
        label="Observations",
        doc="Such as 90:1.2:v;180:0:s: at 90 degrees the value 1.2, at 180 the slope 0.",
    )
    angle = param.Integer(
        90, bounds=(0, 360 - STEP), step=STEP, label="Angle θ (degrees)",
        doc="Where the words give numbers, and where the buttons observe.",
    )  # fmt: skip
    level = param.Number(
        1.0, bounds=(-4, 4), step=0.1, label="Observed there",
        doc="The value of f, or its slope per radian, that the buttons observe.",
    )  # fmt: skip
    noise = param.Number(
        0.0, bounds=(0, 0.5), step=0.05, label="Noise σ of observations",
        doc="At 0 every function passes exactly through what was observed.",
    )  # fmt: skip
    ends = param.Boolean(
        False, label="Where they end, d → ∞",
        doc="Draws of the limit: what each of the functions becomes as the width grows.",
    )  # fmt: skip
    networks = param.Selector(
        default=1000,
        objects=[100, 250, 500, 1000, 2000, 4000],
        label="Random networks",
        doc="How many are drawn for the densities and the cloud.",
    )
    data = param.Selector(default="iris", objects=list(SOURCES), label="Data set")
    point = param.Integer(
        1, bounds=(1, POINTS), label="Input x", doc="Which of the 12 well spread points."
    )
    alpha = param.Integer(
        1,
        bounds=(1, MOST_FEATURES),
        label="Slope along feature α",
        doc="J_α = ∂f/∂x_α, the derivative in one input feature.",
    )
    heat = param.Selector(
        default="one",
        objects={"of one network": "one", "over all networks drawn": "all"},
        label="Covariance shown",
        doc="Of one network: over its last layer, the hidden ones being fixed.",
    )
    seed = param.Integer(0, bounds=(0, 9999), doc="Seed of the weights.")

    @property
    def problem(self) -> Problem:
        return Problem(self.data, self.depth, self.activation, self.seed)

    @property
    def ensemble(self) -> gp_circle.Ensemble:
        return gp_circle.Ensemble(self.depth, self.activation, self.seed)

    @property
    def observations(self):
        return parse_observations(self.observed)


def on_circle(state: GPConvergenceState, width: int | None = None) -> gp_circle.OnCircle:
    """The functions on the circle, as far as they have been computed, and their limit."""
    return gp_circle.on_circle(
        state.ensemble, width or state.width, state.kappa, state.observations, state.noise
    )


def observe(state: GPConvergenceState, kind: str) -> None:
    """Observe `state.level` at `state.angle`: kind "v" for the value, "s" for the slope."""
    new = Observation(state.angle, state.level, kind)
    state.param.update(observed=with_observation(state.observed, new))


def observe_at(state: GPConvergenceState, angle: float, value: float, kind: str) -> None:
    """Observe what was pointed at, at the nearest angle; an observation pointed at is removed."""
    angle = round(angle / STEP) * STEP % 360
    reach = 0.15 * on_circle(state).prior[int(kind == "s")]
    level = float(np.clip(round(value, 2), -4, 4))
    for old in state.observations:
        apart = abs((old.angle - angle + 180) % 360 - 180)
        if old.kind == kind and apart <= STEP and abs(old.value - value) < reach:
            observed = without_observation(state.observed, old.angle, kind)
            break
    else:
        observed = with_observation(state.observed, Observation(angle, value, kind))
    state.param.update(observed=observed, angle=angle, level=level)


def asked(state: GPConvergenceState) -> tuple:
    """The tab in view, and the settings that its numbers depend on."""
    if state.view == "functions":
        return state.view, state.ensemble, state.width, bool(state.observed)
    return state.view, state.problem, state.width, state.networks


def work(state: GPConvergenceState):
    """The work(job) that finds what the tab in view needs, for the present settings."""
    view, *wanted = asked(state)
    explorer = {
        "functions": explore_functions, "densities": explore, "covariance": explore_errors
    }[view]  # fmt: skip
    return lambda job: explorer(job, *wanted)


SETTINGS = [name for name in GPConvergenceState.param if name != "name"]


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


class Found(NamedTuple):
    """What is known so far about networks of one width, and of all widths; κ = 1 throughout.

    draws: (k, n, 1+d0), (f, J) of k random networks.
    single: (n, 1+d0, n, 1+d0), the covariance that one network gives, or None.
    errors: (len(WIDTHS), REPEATS), relative Frobenius errors of such covariances; NaN if not known.
    """

    problem: Problem
    width: int
    draws: np.ndarray
    single: np.ndarray | None
    errors: np.ndarray


def spread_points(x, n: int) -> np.ndarray:
    """Indices of n rows far from one another: each the one farthest from those already chosen."""
    chosen, distance = [0], np.full(len(x), np.inf)
    while len(chosen) < n:
        distance = np.minimum(distance, np.linalg.norm(x - x[chosen[-1]], axis=1))
        chosen.append(int(np.argmax(distance)))
    return np.array(chosen)


@lru_cache(maxsize=16)
def points(data: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """The 12 points of a data set, (12, d0), and its feature names.

    Raises ValueError, naming the remedy, for data that cannot be had.
    """
    dataset = load(data, **SOURCES[data][1])
    return dataset.x[spread_points(dataset.x, POINTS)], dataset.names


@lru_cache(maxsize=64)
def _unit_limit(data, depth, activation):
    return jacobian_nngp(points(data)[0], depth=depth, activation=activation)


def limit(state: GPConvergenceState) -> Limit:
    """The limiting Gaussian process of (f, J) at the points, for the state's κ."""
    x, names = points(state.data)
    unit = _unit_limit(state.data, state.depth, state.activation)
    return Limit(x, names, state.kappa**2 * unit)


def known(problem: Problem, width: int, networks: int) -> Found:
    """What has been computed already."""
    x = points(problem.data)[0]
    nothing = np.empty((0, len(x), 1 + x.shape[1]), np.float32)
    chunks = range(-(-networks // chunk_size(width)))
    found = (_chunk.known(problem, width, c) for c in chunks)
    draws = np.concatenate([nothing, *takewhile(lambda one: one is not None, found)])[:networks]
    errors = [[_error.known(problem, w, r) for r in range(REPEATS)] for w in WIDTHS]
    return Found(problem, width, draws, _first.known(problem, width), np.array(errors, float))


def _network(problem: Problem, width: int):
    """The network at κ = 1, the random key of its width, and the points."""
    x, _ = points(problem.data)
    key = jax.random.fold_in(jax.random.key(problem.seed), width)
    return MLP(x.shape[1], width, problem.depth, ACTIVATIONS[problem.activation]), key, x


def chunk_size(width: int) -> int:
    """How many networks are drawn at once."""
    return min(256, max(32, 2**15 // width))


def draw(problem: Problem, width: int, networks: int) -> Iterator[np.ndarray]:
    """Draw (f, J) of random networks at κ = 1, a chunk of at most about 100 ms at a time.

    Chunk c is sample_value_and_jacobian with the key fold_in(fold_in(key(seed), width), 100 + c).
    Yields all draws so far, (k, n, 1+d0), until k = `networks`.
    """
    chunk, chunks = chunk_size(width), []
    while len(chunks) * chunk < networks:
        known_already = _chunk.known(problem, width, len(chunks)) is not None
        with computing():
            chunks.append(_chunk(problem, width, len(chunks)))
        if not known_already or len(chunks) * chunk >= networks:
            yield np.concatenate(chunks)[:networks]


@kept
def _chunk(problem, width, c):
    mlp, key, x = _network(problem, width)
    key = jax.random.fold_in(key, 100 + c)
    return np.asarray(sample_value_and_jacobian(mlp, key, x, n_networks=chunk_size(width)))


def width_error(problem: Problem, width: int, repeat: int) -> float:
    """‖K_d - K‖/‖K‖ (Frobenius) for the covariance K_d that one network gives to (f, J).

    K_d is finite_jacobian_nngp of one network, with the key fold_in(fold_in(key(seed), width),
    repeat); K is the limit. The ratio does not depend on κ.
    """
    with computing():
        return _error(problem, width, repeat)


@kept
def _error(problem, width, repeat):
    finite = _covariance(problem, width, repeat) if repeat else _first(problem, width)
    return relative_error(finite, _unit_limit(problem.data, problem.depth, problem.activation))


@kept
def _first(problem, width):
    """The covariance of the first network, which is shown."""
    return _covariance(problem, width, 0)


def _covariance(problem, width, repeat):
    mlp, key, x = _network(problem, width)
    key = jax.random.fold_in(key, repeat)
    return np.asarray(finite_jacobian_nngp(mlp, key, x, n_networks=1))


def width_errors(problem: Problem) -> np.ndarray:
    """`width_error` for every width and repeat, (len(WIDTHS), REPEATS)."""
    return np.array([[width_error(problem, w, r) for r in range(REPEATS)] for w in WIDTHS])


def fit_slope(errors) -> PowerLaw:
    """The power of the width by which `errors` (len(WIDTHS), REPEATS) fall from width 64 on."""
    wide = np.array(WIDTHS) >= FITTED
    errors = np.asarray(errors)[wide]
    return power_law(np.repeat(np.array(WIDTHS)[wide], errors.shape[1]), errors.ravel())


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
    alpha = limit(state).feature(state.alpha)
    return state.kappa * found.draws[:, state.point - 1][:, [0, alpha]]


def kurtoses(state: GPConvergenceState, found: Found):
    """`excess_kurtosis` of f and of J_α."""
    f, slope = pairs(state, found).T
    return excess_kurtosis(f), excess_kurtosis(slope)


def law(found: Found) -> PowerLaw | None:
    """`fit_slope`, once the errors of all widths are known."""
    return fit_slope(found.errors) if np.isfinite(found.errors).all() else None


class Progress(Protocol):
    """What `explore` needs of the page that watches it."""

    def progress(self, fraction: float, text: str = "") -> None: ...
    def emit(self, value) -> None: ...


def explore(job: Progress, problem: Problem, width: int, networks: int) -> Found:
    """Draws of networks, for the densities. job.emit gets a `Found` after each step.

    What has been computed before costs nothing; so it is for the two functions below.
    """
    job.progress(0, f"width {width}")
    for draws in draw(problem, width, networks):
        job.progress(len(draws) / networks, f"{len(draws)} of {networks} networks")
        job.emit(known(problem, width, len(draws)))
    return known(problem, width, networks)


def explore_errors(job: Progress, problem: Problem, width: int, networks: int) -> Found:
    """The covariance of one network, the errors of all widths, and draws of networks."""
    job.progress(0, f"width {width}")
    with computing():
        _first(problem, width)
    job.emit(known(problem, width, networks))
    for i, w in enumerate(WIDTHS):
        for repeat in range(REPEATS):
            job.progress(0.7 * i / len(WIDTHS), f"covariance of networks of width {w}")
            width_error(problem, w, repeat)
        job.emit(known(problem, width, networks))
    for draws in draw(problem, width, networks):
        job.progress(0.7 + 0.3 * len(draws) / networks, f"{len(draws)} of {networks} networks")
        job.emit(known(problem, width, len(draws)))
    return known(problem, width, networks)


def explore_functions(job: Progress, ensemble, width: int, observed: bool) -> None:
    """Networks on the circle: those of `width`, then those of the others, so that they can play.

    job.emit gets the width whenever there is something new to be seen.
    """
    gp_circle.draw_networks(job, ensemble, width, WIDTHS, observed)
