"""Is the kernel full rank? λ_min against depth, beside the noise floor of the arithmetic.

The theory of the JNTK assumes λ_min > 0 (Assumption 4.4). A computer can only tell whether
λ_min > n · eps · λ_max, so every λ_min stands beside that floor in float64 and in float32. Two
points at an angle are in `pair`, what it costs in training time in `time`.
"""

from typing import NamedTuple

import numpy as np

from jntk_viz.activations import ACTIVATIONS, Activation, get_activation
from jntk_viz.engine.results import kept
from jntk_viz.engine.sources import available, load
from jntk_viz.engine.steps import Step
from jntk_viz.frame.settings import activation_name
from jntk_viz.kernels import check_smooth, jacobian_nngp, jntk
from jntk_viz.pages.full_rank.state import DEPTHS, SOURCES, FullRankState, Problem
from jntk_viz.spectrum import SmallestEigenvalue, Spectrum, gram_spectrum, smallest_eigenvalue

MANY_ROWS = 1500  # from here on only the paper's two activations stand beside the chosen one
PAPER = ("gelu", "erf")
EPS_RATIO = float(np.finfo(np.float32).eps / np.finfo(np.float64).eps)


class Inputs(NamedTuple):
    """x: (N, d0) of unit norm, all different. y: (N,). repeated: rows left out as repetitions."""

    x: np.ndarray
    y: np.ndarray
    repeated: int


@kept
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


@kept
def spectrum(problem: Problem, activation: str, depth: int) -> Spectrum:
    """All eigenvalues of the kernel, in float64."""
    return gram_spectrum(gram(points_of(problem).x, problem.kernel, activation, depth))


@kept
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


class Found(NamedTuple):
    """Results known for a problem. spectra: (activation, depth) → Spectrum.

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
        """λ_min by float32 at each of DEPTHS, whatever it is worth."""
        known = [self.single.get((activation, depth)) for depth in DEPTHS]
        return np.array([np.nan if s is None else s.value for s in known])

    def complete(self, activation: str) -> bool:
        """Is λ_min of one activation known at every depth?"""
        return all((activation, depth) in self.spectra for depth in DEPTHS)

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


def plan(state: FullRankState, known) -> list[Step]:
    """The spectra at every depth, beginning with the one on screen."""
    problem, activation, depth = state.problem, state.activation, state.depth
    drawn = reading(problem)
    if not known.has(drawn.key):
        return [drawn]
    names = compared(problem, activation)
    near = sorted(DEPTHS, key=lambda other: abs(other - depth))
    precise = [_step(spectrum, problem, name, other) for name in names for other in near]
    rough = [
        _step(single, problem, activation, other)
        for other in rough_depths(problem, depth)
        if activation in names
    ]
    return [drawn, *precise[: len(DEPTHS)], *rough, *precise[len(DEPTHS) :]]


def reading(problem: Problem) -> Step:
    """The first step of all: the points."""
    says = f"{SOURCES[problem.data].label}: reading the points"
    arguments = problem.data, problem.points, problem.seed
    return Step(inputs, arguments, says, waits=not available(problem.data))


def _step(compute, problem: Problem, activation: str, depth: int) -> Step:
    precision = ", float32" if compute is single else ""
    says = f"{activation_name(activation)}, depth {depth}: {rows(problem)} rows{precision}"
    return Step(compute, (problem, activation, depth), says)


def found_of(problem: Problem, known) -> Found:
    """Results known for a problem."""
    cases = [(name, depth) for name in ACTIVATIONS for depth in DEPTHS]
    spectra, rough = (
        {case: known(compute, problem, *case) for case in cases} for compute in (spectrum, single)
    )
    return Found(
        problem,
        {case: value for case, value in spectra.items() if value is not None},
        {case: value for case, value in rough.items() if value is not None},
    )


def half_linear(activation: Activation) -> bool:
    """Is φ(z) − φ(−z) ∝ z, as for GeLU, SiLU, softplus and ReLU?"""
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


@kept
def null_count(problem: Problem, activation: str, depth: int) -> int:
    """Number of directions of a data set's kernel that are null by symmetry."""
    x = points_of(problem).x
    return len(null_directions(x, problem.kernel, activation, depth))


def null_residual(matrix: np.ndarray, directions: np.ndarray) -> float:
    """The largest |K v| of some directions (k, n), in units of λ_max; 0 for none."""
    size = directions.shape[-1]
    square = matrix.reshape(size, size)
    moved = np.linalg.norm(square @ directions.T, axis=0)
    return float(np.max(moved, initial=0.0) / np.linalg.norm(square, 2))
