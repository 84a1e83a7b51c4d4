"""Is the kernel full rank? λ_min against depth, beside the noise floor of the arithmetic.

The theory of the JNTK assumes λ_min > 0 (Assumption 4.4). A computer can only tell whether
λ_min > n · eps · λ_max, so every λ_min stands beside that floor in float64 and in float32. Two
points at an angle are in `full_rank_pair`, what it costs in training time in `full_rank_time`.
"""

from functools import lru_cache
from typing import NamedTuple, Protocol

import numpy as np
import param

from jntk_viz.activations import ACTIVATIONS, Activation, get_activation
from jntk_viz.frame.sources import Sources, load, menu
from jntk_viz.kernels import check_smooth, jacobian_nngp, jntk
from jntk_viz.spectrum import SmallestEigenvalue, Spectrum, gram_spectrum, smallest_eigenvalue

DEPTHS = tuple(range(1, 13))
LABELS = {"gelu": "GeLU", "silu": "SiLU", "relu": "ReLU"}  # others are called as in the library
THRESHOLDS = tuple(float(f"{digit}e{k}") for k in range(-10, 1) for digit in (1, 3))
TIMES = tuple(float(f"{digit}e{k}") for k in range(-2, 17) for digit in (1, 2, 5))[:-2]
LAMBDAS = (0.0, 0.01, 0.1, 1.0)
THETAS = (0.0, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 45.0, 60.0, 90.0)
THETAS = (*THETAS, *(180 - theta for theta in reversed(THETAS[:-1])))  # degrees
ALL = 1000  # "as many points as there are"
MOST_ROWS = 3000  # n, of which the eigenvalues take about two seconds
MANY_ROWS = 1500  # from here on only the paper's two activations stand beside the chosen one
PAPER = ("gelu", "erf")
EPS_RATIO = float(np.finfo(np.float32).eps / np.finfo(np.float64).eps)


class Source(NamedTuple):
    """How a data set is used here: options of its loader, and at most how many points."""

    label: str
    options: dict
    most: int


SOURCES = Sources(
    {
        "iris": Source("Iris", {}, 100),
        "wine": Source("Wine", {}, 130),
        "breast_cancer": Source("Breast cancer, 6 components", {"n_components": 6}, 300),
        "circle": Source("Circle", {}, 101),
        "sphere": Source("Sphere in R⁴", {}, 256),
        "algerian_forest_fires": Source("Algerian forest fires", {}, 244),
        "banknote": Source("Banknotes", {}, 400),
        "sonar": Source("Sonar", {}, 48),
    },
    own=lambda label, dataset: Source(label, {}, max(2, MOST_ROWS // (1 + dataset.x.shape[1]))),
    points=lambda source, dataset: min(source.most, len(dataset.y)),
)


def source_labels() -> dict[str, str]:
    """Menu entry → data set, saying which of them have to be downloaded first."""
    return menu(SOURCES, lambda source: source.label)


def label(activation: str) -> str:
    """How an activation is called on the page."""
    return LABELS.get(activation, activation)


def power_label(value: float) -> str:
    """0, 0.1, 300 or 3·10⁻⁴: how a threshold or a time is written."""
    if value == 0 or 0.01 <= value < 1000:
        return f"{value:g}"
    digit, exponent = f"{value:.0e}".split("e")
    power = "10" + str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return power if digit == "1" else f"{digit}·{power}"


class FullRankState(param.Parameterized):
    """Everything that the page shows follows from these values."""

    view = param.Selector(
        default="depth",
        objects={"Depth": "depth", "Angle": "angle", "Training time": "time"},
        label="What to look at",
    )
    data = param.Selector(default="iris", objects=list(SOURCES), label="Data set")
    points = param.Selector(
        default=50,
        objects={"10": 10, "20": 20, "50": 50, "100": 100, "all": ALL},
        label="Points N",
        doc="Drawn from the data without repetition; repeated rows are left out.",
    )
    depth = param.Integer(
        2, bounds=(DEPTHS[0], DEPTHS[-1]), label="Depth L", doc="Number of hidden layers."
    )
    activation = param.Selector(
        default="gelu",
        objects={label(name): name for name in ACTIVATIONS},
        label="Activation φ",
        doc="Scaled so that E φ(z)² = 1. ReLU has a Jacobian NNGP, but no JNTK.",
    )
    kernel = param.Selector(
        default="jntk",
        objects={"JNTK": "jntk", "NTK": "ntk", "Jacobian NNGP": "jacobian_nngp"},
        label="Kernel",
        doc="The NTK is the value–value part of the JNTK.",
    )
    threshold = param.Selector(
        default=3e-4,
        objects={power_label(value): value for value in THRESHOLDS},
        label="Threshold",
        doc="From which depth on is λ_min larger than this?",
    )
    theta = param.Selector(
        default=2.0,
        objects={f"{theta:g}°": theta for theta in THETAS},
        label="Angle θ",
        doc="Between the two inputs; 180° makes them antipodal.",
    )
    case = param.Selector(
        default="depth",
        objects={"the data, by depth": "depth", "two points, by angle": "angle"},
        label="Training of",
        doc="Two points are labelled +1 and −1.",
    )
    lam = param.Selector(
        default=1.0,
        objects={power_label(lam): lam for lam in LAMBDAS},
        label="Regulariser λ",
        doc="Weight of the squared input Jacobian in the loss; 0 is standard training.",
    )
    t = param.Selector(
        default=1e4,
        objects={power_label(t): t for t in TIMES},
        label="Training time t",
        doc="Time of the gradient flow.",
    )
    seed = param.Integer(0, bounds=(0, 9999), doc="Seed by which the points are drawn.")

    @property
    def problem(self) -> "Problem":
        return Problem(self.data, self.points, self.seed, self.kernel)


class Problem(NamedTuple):
    """What the matrices of one sweep share; hashable, the key of what is kept."""

    data: str
    points: int
    seed: int
    kernel: str


class Inputs(NamedTuple):
    """x: (N, d0) of unit norm, all different. y: (N,). repeated: rows left out as repetitions."""

    x: np.ndarray
    y: np.ndarray
    repeated: int


@lru_cache(maxsize=16)
def inputs(data: str, points: int, seed: int) -> Inputs:
    """The points of a data set that are used, drawn by `seed` where there are more.

    Equal inputs have equal rows in every kernel, which would be singular whatever the depth, so
    each input is taken once. Raises ValueError, naming the remedy, for data that cannot be had.
    """
    source = SOURCES[data]
    wanted = min(points, source.most)
    if data == "circle":  # an odd number: no two of them are antipodal
        whole = load(data, n=wanted | 1)
        return Inputs(whole.x, whole.y, 0)
    if data == "sphere":
        whole = load(data, n=wanted, seed=seed)
        return Inputs(whole.x, whole.y, 0)
    return draw(load(data, **source.options), wanted, seed)


def draw(whole, wanted: int, seed: int) -> Inputs:
    """At most `wanted` different points of a data set, in their order."""
    different = np.sort(np.unique(whole.x, axis=0, return_index=True)[1])
    drawn = np.sort(np.random.default_rng(seed).permutation(different)[:wanted])
    return Inputs(whole.x[drawn], whole.y[drawn], len(whole.y) - len(different))


def points_of(problem: Problem) -> Inputs:
    return inputs(problem.data, problem.points, problem.seed)


def rows(problem: Problem) -> int:
    """n, the number of rows of the matrix: N(1+d0), or N for the NTK."""
    count, features = points_of(problem).x.shape
    return count * (1 if problem.kernel == "ntk" else 1 + features)


def refusal(kernel: str, activation: str) -> str:
    """Why the library refuses this kernel for this activation; empty where it does not."""
    try:
        check_smooth(get_activation(activation), kernel != "jacobian_nngp")
    except ValueError as error:
        return str(error)
    return ""


def gram(x, kernel: str, activation: str, depth: int) -> np.ndarray:
    """The kernel's Gram matrix (N, 1+d0, N, 1+d0), or (N, 1, N, 1) for the NTK."""
    compute = jacobian_nngp if kernel == "jacobian_nngp" else jntk
    whole = compute(x, depth=depth, activation=activation)
    return whole[:, :1, :, :1] if kernel == "ntk" else whole


@lru_cache(maxsize=1000)
def spectrum(problem: Problem, activation: str, depth: int) -> Spectrum:
    """All eigenvalues of the kernel, in float64."""
    return gram_spectrum(gram(points_of(problem).x, problem.kernel, activation, depth))


@lru_cache(maxsize=1000)
def single(problem: Problem, activation: str, depth: int) -> SmallestEigenvalue:
    """λ_min as single precision finds it."""
    return smallest_eigenvalue(
        points_of(problem).x,
        depth=depth,
        activation=activation,
        kernel=problem.kernel,
        dtype=np.float32,
    )


def floors(smallest: SmallestEigenvalue) -> tuple[float, float]:
    """The noise floors n · eps · λ_max in float64 and in float32."""
    return smallest.noise_floor, smallest.noise_floor * EPS_RATIO


class Progress(Protocol):
    """What `explore` needs of the page that watches it."""

    def progress(self, fraction: float, text: str = "") -> None: ...
    def emit(self, value) -> None: ...


class Found(NamedTuple):
    """What is known of a problem. spectra: (activation, depth) → Spectrum.

    single: (activation, depth) → λ_min in float32.
    """

    problem: Problem
    spectra: dict
    single: dict

    def smallest(self, activation: str) -> np.ndarray:
        """λ_min at each of DEPTHS where it is numerically resolved; NaN elsewhere."""
        return self._by_depth(activation, lambda s: s.value if s.resolved else np.nan)

    def unresolved(self, activation: str) -> np.ndarray:
        """The float64 floor at each of DEPTHS where λ_min is below it; NaN elsewhere."""
        return self._by_depth(activation, lambda s: np.nan if s.resolved else s.noise_floor)

    def noise(self, activation: str) -> np.ndarray:
        """The float64 floor at each of DEPTHS; NaN where unknown."""
        return self._by_depth(activation, lambda s: s.noise_floor)

    def in_single(self, activation: str) -> np.ndarray:
        """What float32 gives for λ_min at each of DEPTHS, whatever it is worth."""
        known = [self.single.get((activation, depth)) for depth in DEPTHS]
        return np.array([np.nan if s is None else s.value for s in known])

    def complete(self, activation: str) -> bool:
        """Whether λ_min of one activation is known at every depth."""
        return all((activation, depth) in self.spectra for depth in DEPTHS)

    def whole(self, activation: str, depth: int) -> bool:
        """Whether `explore` would find nothing new."""
        names = compared(self.problem, activation)
        return all(map(self.complete, names)) and all(
            (activation, other) in self.single
            for other in rough_depths(self.problem, depth)
            if activation in names
        )

    def _by_depth(self, activation, take):
        known = [self.spectra.get((activation, depth)) for depth in DEPTHS]
        return np.array([np.nan if s is None else take(s.smallest) for s in known])


class First(NamedTuple):
    """The first depth from which on something holds up to the last one; NaN for none.

    double, single: λ_min is numerically resolved in that precision. above: beyond the threshold.
    """

    double: float
    above: float
    single: float


def first_depths(found: Found, activation: str, threshold: float) -> First | None:
    """From which depth on λ_min is resolved or exceeds the threshold; None while not known."""
    if not found.complete(activation):
        return None
    smallest = np.nan_to_num(found.smallest(activation))
    noise = found.noise(activation)
    return First(*(_first(smallest > limit) for limit in (noise, threshold, EPS_RATIO * noise)))


def _first(holds) -> float:
    fails = np.flatnonzero(~holds)
    start = fails[-1] + 1 if fails.size else 0
    return float(DEPTHS[start]) if start < len(DEPTHS) else np.nan


def compared(problem: Problem, activation: str) -> list[str]:
    """The activations to compute, the chosen one first."""
    names = ACTIVATIONS if rows(problem) <= MANY_ROWS else PAPER
    others = [name for name in names if name != activation]
    return [name for name in (activation, *others) if not refusal(problem.kernel, name)]


def rough_depths(problem: Problem, depth: int) -> tuple:
    """Where λ_min is computed in float32 as well: everywhere, or here if that takes long."""
    return DEPTHS if rows(problem) <= MANY_ROWS else (depth,)


def explore(job: Progress, problem: Problem, activation: str, depth: int) -> Found:
    """The spectra at every depth, beginning with the one on screen; job.emit gets a `Found` each.

    Steps that have been computed before cost nothing.
    """
    source = SOURCES[problem.data].label
    job.progress(0, f"{source}: reading the points")
    names = compared(problem, activation)
    near = sorted(DEPTHS, key=lambda other: abs(other - depth))
    precise: list[tuple] = [(spectrum, name, other) for name in names for other in near]
    rough: list[tuple] = [
        (single, activation, other) for other in rough_depths(problem, depth) if activation in names
    ]
    steps = precise[: len(DEPTHS)] + rough + precise[len(DEPTHS) :]
    found = Found(problem, {}, {})
    for i, (compute, name, other) in enumerate(steps):
        precision = ", float32" if compute is single else ""
        job.progress(
            i / len(steps), f"{label(name)}, depth {other}: {rows(problem)} rows{precision}"
        )
        known = found.single if compute is single else found.spectra
        known[name, other] = compute(problem, name, other)
        job.emit(Found(problem, dict(found.spectra), dict(found.single)))
    return found


def half_linear(activation: Activation) -> bool:
    """Whether φ(z) − φ(−z) ∝ z, as for GeLU, SiLU, softplus and ReLU."""
    odd = activation.hermite[3::2]
    return bool(np.max(np.abs(odd), initial=0.0) <= 1e-12)


def null_directions(x, kernel: str, activation: str, depth: int) -> np.ndarray:
    """Orthonormal combinations of values and slopes that vanish for every network: (k, n).

    Exact zeros of the kernel, from symmetry alone:
    equal inputs        f(x) − f(x'), J(x) − J(x')
    odd φ, x' = −x      f(x) + f(x'), J(x) − J(x')
    even φ, x' = −x     f(x) − f(x'), J(x) + J(x')
    homogeneous φ       f(x) − ⟨x, J(x)⟩ (Euler)
    one hidden layer, φ(z) − φ(−z) ∝ z, x' = −x:  f(x) − f(x') − ⟨x, J(x) + J(x')⟩
    """
    phi = get_activation(activation)
    count, features = x.shape
    block = 1 if kernel == "ntk" else 1 + features
    found = [np.zeros((0, count, block))]

    def add(*terms):
        combination = np.zeros((count, block))
        for i, entries in terms:
            combination[i] += entries[:block]
        found.append(combination[None])

    if phi.homogeneous and block > 1:
        for i in range(count):
            add((i, np.append(1, -x[i])))
    units = np.eye(1 + features)[:block]
    cosine = x @ x.T
    for i, j in np.argwhere(np.triu(np.abs(cosine) > 1 - 1e-12, 1)):
        opposite = cosine[i, j] < 0
        if opposite and half_linear(phi) and not phi.odd and depth == 1 and block > 1:
            add((i, np.append(1, -x[i])), (j, np.append(-1, -x[i])))
        if opposite and not (phi.odd or phi.even):
            continue
        sign = -1 if opposite and phi.odd else 1
        for alpha, unit in enumerate(units):
            turned = -1 if opposite and alpha else 1  # J(−x) of x ↦ f(−x) changes its sign
            add((i, unit), (j, -sign * turned * unit))
    directions = np.concatenate(found).reshape(-1, count * block)
    _, sizes, basis = np.linalg.svd(directions, full_matrices=False)
    return basis[sizes > 1e-9]


@lru_cache(maxsize=200)
def null_count(problem: Problem, activation: str, depth: int) -> int:
    """How many directions of a data set's kernel are null by symmetry."""
    x = points_of(problem).x
    return len(null_directions(x, problem.kernel, activation, depth))


def null_residual(matrix: np.ndarray, directions: np.ndarray) -> float:
    """The largest |K v| of some directions (k, n), in units of λ_max; 0 for none."""
    size = directions.shape[-1]
    square = matrix.reshape(size, size)
    moved = np.linalg.norm(square @ directions.T, axis=0)
    return float(np.max(moved, initial=0.0) / np.linalg.norm(square, 2))
