"""Robust training in closed form: accuracy and robustness at every λ and time t.

Gram and cross-Gram depend on the data, the depth and the activation only; one eigendecomposition
for each λ then gives the predictor at every time (`solve`), and every ε and norm only sets a
threshold (`curves`, `lambda_time_map`, `scores`).
"""

from functools import lru_cache
from typing import NamedTuple, Protocol

import numpy as np
import param
import scipy.stats

from jntk_viz.activations import ACTIVATIONS
from jntk_viz.attacks import NORMS, accuracy, first_order_margin, pgd_margin
from jntk_viz.datasets import Dataset, dataset_available, load_dataset, train_test_split
from jntk_viz.dynamics import KernelPredictor, LinearDynamics
from jntk_viz.kernels import jntk

TIMES = (*(digit * 10.0**k for k in range(-1, 10) for digit in (1, 2, 5)), 1e10, np.inf)
LAMBDAS = (0.0, *(digit * 10.0**k for k in range(-3, 1) for digit in (1, 2, 5)), 10.0)
# The times at which the searching attack is tried beside the one that the reader has chosen.
PGD_TIMES = (1.0, 1e2, 1e4, 1e6, 1e8, np.inf)
FRAGILE = (0.8, 0.4)  # a feature right on 80 % of the points, and on 40 % or fewer under attack


class Source(NamedTuple):
    """How a data set is used here: options of its loader, and how many points to train on.

    One λ costs the eigenvalues of N(1+d0) rows, about a second for 1,500 of them.
    """

    label: str
    options: dict
    train: int


SOURCES = {
    "iris": Source("Iris", {}, 50),
    "wine": Source("Wine", {}, 65),
    "breast_cancer": Source("Breast cancer, 6 components", {"n_components": 6}, 100),
    "circle": Source("Circle", {"n": 63, "frequency": 2}, 31),
    "algerian_forest_fires": Source("Algerian forest fires", {}, 122),
    "banknote": Source("Banknotes", {}, 200),
    "sonar": Source("Sonar", {}, 24),
}


def power_label(value: float) -> str:
    """0, 0.02, 500, 2·10³ or ∞: how a time or λ is written."""
    if np.isinf(value):
        return "∞"
    if value < 1000:
        return f"{value:g}"
    exponent = int(np.floor(np.log10(value) + 1e-9))
    digit = round(value / 10**exponent)
    power = "10" + str(exponent).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return power if digit == 1 else f"{digit}·{power}"


def source_labels() -> dict[str, str]:
    """Menu entry → data set, saying which of them have to be downloaded first."""
    return {
        source.label + ("" if dataset_available(name) else " (download)"): name
        for name, source in SOURCES.items()
    }


class RobustTrainingState(param.Parameterized):
    """Everything that the page shows follows from these values."""

    data = param.Selector(default="iris", objects=list(SOURCES), label="Data set")
    depth = param.Integer(2, bounds=(1, 11), label="Depth L", doc="Number of hidden layers.")
    activation = param.Selector(
        default="gelu",
        objects=[name for name, activation in ACTIVATIONS.items() if activation.smooth],
        label="Activation",
    )
    lam = param.Selector(
        default=0.1,
        objects={power_label(lam): lam for lam in LAMBDAS},
        label="Regulariser λ",
        doc="Weight of the squared input Jacobian in the loss; 0 is standard training.",
    )
    t = param.Selector(
        default=1e3,
        objects={power_label(t): t for t in TIMES},
        label="Training time t",
        doc="Time of the gradient flow; the last stop is t = ∞.",
    )
    epsilon = param.Number(
        0.3,
        bounds=(0, 1),
        step=0.05,
        label="Perturbation ε",
        doc="Size of the attack, in units of the inputs' norm, which is 1.",
    )
    norm = param.Selector(
        default="l2",
        objects={"L2": "l2", "L∞": "linf"},
        label="Norm of the perturbation",
    )
    shown = param.Selector(
        default="robust",
        objects={"Robust accuracy": "robust", "Clean accuracy": "clean", "Median |J|": "jacobian"},
        label="Colour of the (λ, t) map",
    )
    seed = param.Integer(0, bounds=(0, 9999), doc="Seed of the split into training and test part.")

    @property
    def problem(self) -> "Problem":
        return Problem(self.data, self.depth, self.activation, self.seed)


class Problem(NamedTuple):
    """What kernel and labels depend on; hashable, the key of everything that is kept."""

    data: str
    depth: int
    activation: str
    seed: int


class Prepared(NamedTuple):
    """Training and test part, Θ on the training points and between test and training points."""

    train: Dataset
    test: Dataset
    gram: np.ndarray  # (N, 1+d0, N, 1+d0)
    cross_gram: np.ndarray  # (m, 1+d0, N, 1+d0)
    kernel: dict


class Reach(NamedTuple):
    """What decides clean and robust accuracy at every ε: outcomes of the first-order attack.

    clean: (…, m), y f. l2, linf: (…, m), how much margin ε = 1 costs, that is the tangent
    Jacobian's dual norm.
    """

    clean: np.ndarray
    l2: np.ndarray
    linf: np.ndarray

    def margin(self, epsilon: float, norm: str) -> np.ndarray:
        """The first-order margin at ε; it is linear in ε."""
        return self.clean - epsilon * getattr(self, norm)


class Solution(NamedTuple):
    """One λ of one problem.

    path: `Reach` of the predictor at each of TIMES, (T, m).
    eigenvalues: (k,), resolved, largest first; features: `Reach` of each eigenfeature, (k, m).
    unresolved: directions whose eigenvalue is rounding error.
    """

    lam: float
    path: Reach
    eigenvalues: np.ndarray
    features: Reach
    unresolved: int


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


@lru_cache(maxsize=4)
def prepare(problem: Problem) -> Prepared:
    """Load and split the data and compute both Gram matrices, which serve every λ, t and ε.

    Raises ValueError, naming the remedy, for data that cannot be had.
    """
    source = SOURCES[problem.data]
    dataset = load_dataset(problem.data, **source.options)
    train, test = train_test_split(
        dataset, test_fraction=1 - source.train / len(dataset.y), seed=problem.seed
    )
    kernel = {"depth": problem.depth, "activation": problem.activation}
    return Prepared(train, test, jntk(train.x, **kernel), jntk(test.x, train.x, **kernel), kernel)


@lru_cache(maxsize=4)
def diagonalise(problem: Problem, lam: float) -> LinearDynamics:
    """The closed-form training at one λ: the eigenvalues and eigenvectors of Θ_λ."""
    prepared = prepare(problem)
    return LinearDynamics(prepared.gram, prepared.train.y, lam=lam)


@lru_cache(maxsize=3 * len(LAMBDAS))
def solve(problem: Problem, lam: float) -> Solution:
    """Everything about one λ that does not depend on t, ε and the norm."""
    prepared, dynamics = prepare(problem), diagonalise(problem, lam)
    over_time = np.stack([dynamics.coefficients(t) for t in TIMES])
    features = dynamics.feature_coefficients()
    resolved = dynamics.eigenvalues > dynamics.noise_floor
    return Solution(
        lam,
        _reach(prepared, over_time),
        dynamics.eigenvalues[resolved][::-1],
        _reach(prepared, features),
        int(np.sum(~resolved)),
    )


def _reach(prepared: Prepared, coefficients: np.ndarray) -> Reach:
    """`Reach` at the test points of kernel expansions with coefficients (…, N, 1+d0)."""
    outputs = np.tensordot(coefficients, prepared.cross_gram, axes=([-2, -1], [-2, -1]))
    x, y = prepared.test.x, prepared.test.y
    clean = first_order_margin(outputs, x, y, epsilon=0)
    # The margin is linear in ε, so what it loses at ε = 1 gives it at every ε.
    l2, linf = (clean - first_order_margin(outputs, x, y, epsilon=1, norm=n) for n in NORMS)
    return Reach(clean, l2, linf)


def curves(solution: Solution, *, epsilon: float, norm: str = "l2") -> Curves:
    """Accuracy, first-order robust accuracy and median tangent |J|₂ at each of TIMES, (T,) each."""
    return Curves(
        np.mean(solution.path.clean > 0, axis=-1),
        np.mean(solution.path.margin(epsilon, norm) > 0, axis=-1),
        np.median(solution.path.l2, axis=-1),
    )


def lambda_time_map(solutions: dict, *, epsilon: float, norm: str = "l2") -> Curves:
    """`curves` at each of LAMBDAS, (len(LAMBDAS), T) each; NaN where there is no solution yet.

    solutions: λ → `Solution`.
    """
    missing = Curves(*(np.full(len(TIMES), np.nan) for _ in Curves._fields))
    rows = [
        curves(solutions[lam], epsilon=epsilon, norm=norm) if lam in solutions else missing
        for lam in LAMBDAS
    ]
    return Curves(*map(np.stack, zip(*rows, strict=True)))


def row(whole: Curves, lam: float) -> Curves:
    """The curves of one λ from a map over all."""
    return Curves(*(values[LAMBDAS.index(lam)] for values in whole))


def ridge(robust: np.ndarray) -> np.ndarray:
    """The latest finite time at which each row of a map is at its best; NaN for an empty row."""
    finite = robust[:, np.isfinite(TIMES)]
    latest = [np.flatnonzero(row == row.max()) for row in finite]
    return np.array([TIMES[best[-1]] if best.size else np.nan for best in latest])


def scores(solution: Solution, *, epsilon: float, norm: str = "l2") -> Scores:
    """Accuracy of each eigenfeature, and its accuracy under an attack on that feature alone."""
    usefulness = np.mean(solution.features.clean > 0, axis=-1)
    robustness = np.mean(solution.features.margin(epsilon, norm) > 0, axis=-1)
    constant = np.ptp(usefulness) == 0 or np.ptp(robustness) == 0
    return Scores(
        usefulness,
        robustness,
        np.nan if constant else float(scipy.stats.spearmanr(usefulness, robustness).statistic),
        int(np.sum((usefulness >= FRAGILE[0]) & (robustness <= FRAGILE[1]))),
    )


@lru_cache(maxsize=1000)
def pgd_accuracy(problem: Problem, lam: float, t: float, epsilon: float, norm: str) -> float:
    """Accuracy at time t against an attack that searches the ε-ball by projected gradients."""
    prepared = prepare(problem)
    coefficients = diagonalise(problem, lam).coefficients(t)
    predictor = KernelPredictor(prepared.train.x, coefficients, kappa=1.0, **prepared.kernel)
    x, y = prepared.test.x, prepared.test.y
    return accuracy(pgd_margin(predictor, x, y, epsilon=epsilon, norm=norm))


class Progress(Protocol):
    """What `explore` needs of the page that watches it."""

    def progress(self, fraction: float, text: str = "") -> None: ...
    def emit(self, value) -> None: ...


class Found(NamedTuple):
    """What is known of a problem so far. pgd: (λ, t, ε, norm) → accuracy under the search."""

    problem: Problem
    solutions: dict
    pgd: dict


def explore(job: Progress, problem: Problem, lam, t, epsilon, norm) -> Found:
    """Solve every λ, beginning with the one on screen and λ = 0, and try the searching attack.

    job.emit gets a `Found` after each step. Steps that have been computed before cost nothing.
    """
    source = SOURCES[problem.data]
    job.progress(0, f"{source.label}: kernel of {source.train} training points")
    prepare(problem)
    solutions, pgd = {}, {}
    distance = {other: abs(LAMBDAS.index(other) - LAMBDAS.index(lam)) for other in LAMBDAS}
    others = sorted({*LAMBDAS} - {0.0, lam}, key=distance.__getitem__)
    steps = [
        *(("λ", other) for other in dict.fromkeys((lam, 0.0))),
        ("PGD", t),
        *(("λ", other) for other in others),
        *(("PGD", other) for other in PGD_TIMES if other != t),
    ]
    for i, (kind, value) in enumerate(steps):
        if kind == "λ":
            job.progress(i / len(steps), f"eigenvalues at λ = {power_label(value)}")
            solutions[value] = solve(problem, value)
        else:
            job.progress(i / len(steps), f"PGD attack at t = {power_label(value)}")
            key = (lam, value, epsilon, norm)
            pgd[key] = pgd_accuracy(problem, *key)
        if i > 0:
            job.emit(Found(problem, dict(solutions), dict(pgd)))
    return Found(problem, solutions, pgd)
