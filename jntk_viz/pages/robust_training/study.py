"""Robust training in closed form: what is learned at every λ and time t, and how robust it is.

Gram and cross-Gram depend on the data, the depth and the activation only; one eigendecomposition
for each λ then gives the predictor at every time, by gradient flow and by gradient descent with any
learning rate (`solve`); every ε and norm only sets a threshold (`curves`, `lambda_time_map`,
`scores`). Stopping times are in `stopping`, the predictor's own pictures in `predictor`, the order
in which all of it is computed in `plan`.
"""

from typing import NamedTuple

import numpy as np

from jntk_viz.attacks import accuracy, pgd_margin
from jntk_viz.datasets import Dataset, normalize
from jntk_viz.dynamics import KernelPredictor, LinearDynamics
from jntk_viz.engine.results import kept
from jntk_viz.frame.robustness import (
    FRAGILE,
    LAMBDAS,
    Leads,
    Multiples,
    Problem,
    Reach,
    multiples,
    outcomes,
    reach,
    split,
)
from jntk_viz.kernels import jntk
from jntk_viz.pages.robust_training.state import FLOW, RATES, SOURCES, TIMES
from jntk_viz.ranks import rank_correlation

DIVERGED = 1e6  # a mode that has been overshot so far counts as diverged, and nothing is drawn


class Prepared(NamedTuple):
    """Training and test part, Θ on the training points and between test and training points.

    gram: (N, 1+r, N, 1+r). cross_gram: (m, 1+d0, N, 1+r).
    basis: (d0, r), orthonormal, spans the training points where there are fewer of them than
        coordinates, else None and r = d0; Jacobians at the training points are kept in this basis.
    """

    train: Dataset
    test: Dataset
    gram: np.ndarray
    cross_gram: np.ndarray
    kernel: dict
    basis: np.ndarray | None = None

    def lift(self, coefficients) -> np.ndarray:
        """Coefficients (…, N, 1+r) in all coordinates, (…, N, 1+d0), as `KernelPredictor` takes.

        Of several classes they have a last axis more, C.
        """
        if self.basis is None:
            return coefficients
        axis = -self.train.y.ndim
        value, slopes = np.split(coefficients, [1], axis=axis)
        slopes = np.moveaxis(np.moveaxis(slopes, axis, -1) @ self.basis.T, -1, axis)
        return np.concatenate([value, slopes], axis=axis)

    def rows(self, x) -> np.ndarray:
        """Θ between other points (n, d0) and the training points, (n, 1+d0, N, 1+r)."""
        block = jntk(x, self.train.x, **self.kernel)
        if self.basis is None:
            return block
        return np.concatenate([block[..., :1], block[..., 1:] @ self.basis], axis=-1)


class Path(NamedTuple):
    """Training at one λ by one rule, at each of TIMES; NaN where it has diverged or not begun.

    learning_rate: η, None for the flow. steps: (T,), numbers of steps, t/η rounded.
    learned: (T, k), fraction of each resolved mode. coefficients: (T, N, 1+r), or (T, N, 1+r, C).
    reach: `Reach` or `Leads` at the test points, (T, m).
    """

    learning_rate: float | None
    steps: np.ndarray
    learned: np.ndarray
    coefficients: np.ndarray
    reach: Reach | Leads


class Solution(NamedTuple):
    """One λ of one problem.

    paths: speed → `Path`, of FLOW and each of RATES or of the one asked for. eigenvalues: (k,),
    resolved, largest first; share: (k,), of the squared target |Λ^½u*|² in each mode; features:
    `Reach` or `Multiples` of each eigenfeature, (k, m). unresolved: directions whose eigenvalue is
    rounding error, below noise_floor.
    """

    lam: float
    paths: dict
    eigenvalues: np.ndarray
    share: np.ndarray
    features: Reach | Multiples
    unresolved: int
    noise_floor: float


class Curves(NamedTuple):
    """Clean accuracy, robust accuracy and median |J| over the last axis, which is time."""

    clean: np.ndarray
    robust: np.ndarray
    jacobian: np.ndarray


class Scores(NamedTuple):
    """Accuracy and robustness of each eigenfeature, and what they say together.

    correlation: Spearman's ρ of the two. fragile: how many are accurate but not robust (FRAGILE).
    """

    usefulness: np.ndarray
    robustness: np.ndarray
    correlation: float
    fragile: int


def within_span(train: Dataset) -> bool:
    """Are there fewer training points than coordinates, so that their span is all that counts?"""
    return train.x.shape[0] < train.x.shape[1]


@kept
def prepare(problem: Problem) -> Prepared:
    """Both Gram matrices of the data as it is `split`; they serve every λ, t and ε.

    With fewer training points than coordinates, a slope across their span meets only itself in the
    kernel (F_c δ_αβ) and has target 0, so it stays 0: only slopes within the span are kept.
    """
    train, test = split(problem, SOURCES[problem.data])
    n, d0 = train.x.shape
    basis = np.linalg.qr(train.x.T)[0] if within_span(train) else None
    kernel = problem.kernel
    within = train.x if basis is None else normalize(train.x @ basis)
    prepared = Prepared(train, test, jntk(within, **kernel), np.empty(0), kernel, basis)
    # In pieces, because the blocks before their reduction to the span can be large.
    pieces = np.array_split(test.x, 1 + len(test.x) * (1 + d0) ** 2 * n // 5_000_000)
    cross_gram = np.concatenate([prepared.rows(piece) for piece in pieces if len(piece)])
    return prepared._replace(cross_gram=cross_gram)


def diagonalise(problem: Problem, lam: float) -> LinearDynamics:
    """The closed-form training at one λ: the eigenvalues and eigenvectors of Θ_λ."""
    prepared = prepare(problem)
    return LinearDynamics(prepared.gram, prepared.train.y, lam=lam)


def solved(problem: Problem, lam: float, speed: float, y) -> tuple:
    """Arguments of `solve` for what is kept of a problem; `y`: the labels.

    All paths of two classes; of several, whose paths are large, the one of `speed`.
    """
    return (problem, lam) if np.ndim(y) == 1 else (problem, lam, speed)


def solution_with(problem: Problem, lam: float, speed: float, y) -> Solution:
    """One that has the path of `speed`: all that is kept, else with this path alone."""
    return solve.known(*solved(problem, lam, speed, y)) or solve(problem, lam, speed)


@kept
def solve(problem: Problem, lam: float, speed: float | None = None) -> Solution:
    """Everything about one λ that does not depend on t, ε and the norm.

    - `speed`: whose path alone is wanted, which takes half the time; None for all.
    """
    prepared, dynamics = prepare(problem), diagonalise(problem, lam)
    resolved = np.flatnonzero(dynamics.eigenvalues > dynamics.noise_floor)[::-1]
    directions, weights = dynamics.feature_directions()
    outputs = np.tensordot(directions, prepared.cross_gram, axes=([1, 2], [2, 3]))
    target = dynamics.eigenvectors[:, resolved].T @ dynamics.target
    rates = (FLOW, *RATES) if speed is None else (speed,)
    return Solution(
        lam,
        {rate: _path(prepared, dynamics, rate, directions, weights, outputs) for rate in rates},
        dynamics.eigenvalues[resolved],
        np.sum(target.reshape(len(target), -1) ** 2, axis=1) / np.sum(dynamics.target**2),
        _features(prepared.test, outputs, weights),
        len(dynamics.eigenvalues) - len(resolved),
        dynamics.noise_floor,
    )


def _features(test: Dataset, outputs, weights) -> Reach | Multiples:
    """Those of g_i, (k, m, 1+d0), times their weights, (k,) or (k, C)."""
    if weights.ndim == 1:
        return _in_single(reach(test, weights[:, None, None] * outputs))
    one, lead = multiples(test, outputs, weights)
    return Multiples(_in_single(one), lead.astype(np.float32))


def _in_single(found: Reach) -> Reach:
    return Reach(*(part.astype(np.float32) for part in found))


class Progress(NamedTuple):
    """Progress of training by one rule at each of TIMES.

    learning_rate: η, None for the flow. steps: (T,). learned: (T, k), fraction of each resolved
    mode, largest first. known: (T,), False where training has diverged or not yet begun.
    """

    learning_rate: float | None
    steps: np.ndarray
    learned: np.ndarray
    known: np.ndarray


def progress(dynamics: LinearDynamics, rate: float) -> Progress:
    """`Progress` by FLOW, or by descent with `rate` times the largest stable learning rate."""
    eta = rate * dynamics.stable_learning_rate if rate else None
    learned = np.stack([_learned(dynamics, t, rate, eta) for t in TIMES])
    steps = np.full(len(TIMES), np.nan) if eta is None else np.round(np.array(TIMES) / eta)
    known = np.all(np.abs(learned) < DIVERGED, axis=1) & (steps != 0)
    learned[~known] = 0.0
    return Progress(eta, steps, learned, known)


def _path(prepared, dynamics, rate, directions, weights, outputs) -> Path:
    """c(t) and u(x, t) from zero are sums over the eigenfeatures, each times the fraction learned.

    - `directions`: (k, N, 1+r);  `outputs`: (k, m, 1+d0), those of the directions;
    - `weights`: (k,) or (k, C), by which features are multiples of them.
    """
    eta, steps, learned, known = progress(dynamics, rate)
    path = Path(
        eta,
        steps,
        learned,
        combined(learned, weights, directions),
        outcomes(prepared.test, combined(learned, weights, outputs)),
    )
    path.learned[~known] = path.coefficients[~known] = np.nan
    for part in path.reach:
        part[..., ~known, :] = np.nan
    return path


def combined(learned, weights, parts) -> np.ndarray:
    """Σ_i learned_i(t) w_i g_i, (T, …); of several outputs (T, …, C), each as it is alone.

    - `learned`: (T, k);  `weights`: (k,) or (k, C);  `parts`: (k, …), g_i.
    """
    if weights.ndim == 1:
        return np.tensordot(learned * weights, parts, axes=1)
    return np.stack([combined(learned, column, parts) for column in weights.T], axis=-1)


def _learned(dynamics, t, rate, eta):
    """The fraction of each resolved mode, largest first; infinite where descent has no limit."""
    resolved = np.flatnonzero(dynamics.eigenvalues > dynamics.noise_floor)[::-1]
    if rate >= 1 and np.isinf(t):
        return np.full(len(resolved), np.inf)
    with np.errstate(over="ignore"):  # what diverges is told as such
        return dynamics.learned(t, learning_rate=eta)[resolved]


def curves(solution: Solution, *, epsilon: float, norm: str = "l2", rate=FLOW) -> Curves:
    """Accuracy, first-order robust accuracy and median tangent |J| at each of TIMES, (T,) each."""
    found = solution.paths[rate].reach
    known = np.isfinite(found.clean[:, 0])
    return Curves(
        np.where(known, np.mean(found.clean > 0, axis=-1), np.nan),
        np.where(known, np.mean(found.margin(epsilon, norm) > 0, axis=-1), np.nan),
        np.median(found.slope, axis=-1),
    )


def lambda_time_map(solutions: dict, *, epsilon: float, norm: str = "l2", rate=FLOW) -> Curves:
    """`curves` at each of LAMBDAS, (len(LAMBDAS), T) each; NaN where there is no solution yet.

    solutions: λ → `Solution`.
    """
    missing = Curves(*(np.full(len(TIMES), np.nan) for _ in Curves._fields))
    rows = [
        curves(solutions[lam], epsilon=epsilon, norm=norm, rate=rate)
        if lam in solutions
        else missing
        for lam in LAMBDAS
    ]
    return Curves(*map(np.stack, zip(*rows, strict=True)))


@kept
def pgd_accuracy(
    problem: Problem, lam: float, t: float, epsilon: float, norm: str, speed: float
) -> float | None:
    """Accuracy at time t against an attack that searches the ε-ball by projected gradients.

    None where there is no predictor: training has diverged or not yet begun.
    """
    prepared = prepare(problem)
    solution = solution_with(problem, lam, speed, prepared.train.y)
    coefficients = prepared.lift(solution.paths[speed].coefficients[TIMES.index(t)])
    if not np.isfinite(coefficients).all():
        return None
    predictor = KernelPredictor(prepared.train.x, coefficients, kappa=1.0, **prepared.kernel)
    return accuracy(pgd_margin(predictor, *prepared.test[:2], epsilon=epsilon, norm=norm))


def row(whole: Curves, lam: float) -> Curves:
    """The curves of one λ from a map over all."""
    return Curves(*(values[LAMBDAS.index(lam)] for values in whole))


def ridge(robust: np.ndarray) -> np.ndarray:
    """The latest finite time at which each row of a map is at its best; NaN for an empty row."""
    finite = np.nan_to_num(robust[:, np.isfinite(TIMES)], nan=-1.0)
    latest = [np.flatnonzero((row == row.max()) & (row >= 0)) for row in finite]
    return np.array([TIMES[best[-1]] if best.size else np.nan for best in latest])


def scores(solution: Solution, *, epsilon: float, norm: str = "l2") -> Scores:
    """Accuracy of each eigenfeature, and its accuracy under an attack on that feature alone."""
    usefulness = np.mean(solution.features.clean > 0, axis=-1)
    robustness = np.mean(solution.features.margin(epsilon, norm) > 0, axis=-1)
    constant = np.ptp(usefulness) == 0 or np.ptp(robustness) == 0
    return Scores(
        usefulness,
        robustness,
        np.nan if constant else rank_correlation(usefulness, robustness),
        int(np.sum((usefulness >= FRAGILE[0]) & (robustness <= FRAGILE[1]))),
    )
