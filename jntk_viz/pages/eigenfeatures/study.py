"""Eigenfeatures: accuracy against robustness, standard (λ = 0) and regularised, feature by feature.

Data sets and what decides robustness are those of `studies.robust_training`; one eigendecomposition
for each λ gives every feature's margin at every ε (`spectrum`), and the page only sets thresholds
(`scores`, `rank_correlation`).
"""

from functools import lru_cache, partial
from typing import NamedTuple, Protocol

import numpy as np
import param
import scipy.stats

from jntk_viz.activations import ACTIVATIONS
from jntk_viz.attacks import accuracy, pgd_margin, tangent_jacobian
from jntk_viz.datasets import Dataset, normalize, train_test_split
from jntk_viz.dynamics import KernelPredictor, LinearDynamics
from jntk_viz.eigenfeatures import expansions
from jntk_viz.engine import sources
from jntk_viz.engine.results import kept
from jntk_viz.engine.watcher import Watcher
from jntk_viz.kernels import jntk
from jntk_viz.pages.robust_training import study as robust
from jntk_viz.pages.robust_training.study import (
    FRAGILE,
    LAMBDAS,
    Problem,
    Reach,
    Source,
    power_label,
)
from jntk_viz.survival import UNDEFINED, SurvivalNull, survival_null

_ROWS = 800  # of the kernel of a visitor's table


def _own_source(label: str, dataset: Dataset) -> Source:
    d0 = dataset.x.shape[1]
    return Source(label, {}, min(len(dataset.y) // 2, max(_ROWS // (1 + d0), 20)))


SOURCES = sources.Sources(
    {
        **robust.SOURCES,
        "digits": Source("Digits 3 and 8, 8×8 pixels", {"classes": (3, 8)}, 40),
    },
    own=_own_source,
    points=lambda source, _: source.train,
)
# The searching attack takes a moment for each feature, so only the leading ones are tried.
PGD_FEATURES = 25
DRAWS = 400  # of the bootstrap
SHUFFLES = 200  # of the survival rates, for the null model
_FEWER = 100  # the same, where two dozen null models are drawn at once
EXAMPLES = 20  # digits to choose from
_AT_ONCE = 256
_MOST_ENTRIES = 5_000_000  # of a kernel that is formed; what is larger is multiplied by as it is
MOST_TESTED = 500
MOST = 3000  # more features than any data set here has
# Three λ whose rank correlations readers put in order.
ORDERED = (0.0, 0.1, 10.0)


def source_labels() -> dict[str, str]:
    """Menu entry → data set, saying which of them have to be downloaded first."""
    return sources.menu(SOURCES, lambda source: source.label)


class EigenfeaturesState(param.Parameterized):
    """Everything that the page shows follows from these values."""

    view = param.Selector(
        default="scatter",
        objects={
            "Features": "scatter",
            "Rank correlation": "correlation",
            "Learned first": "learned",
        },
        label="View",
    )
    data = param.Selector(default="iris", objects=list(SOURCES), label="Data set")
    depth = param.Integer(11, bounds=(1, 11), label="Depth L", doc="Number of hidden layers.")
    activation = param.Selector(
        default="gelu",
        objects=[name for name, activation in ACTIVATIONS.items() if activation.smooth],
        label="Activation",
    )
    lam = param.Selector(
        default=0.1,
        objects={power_label(lam): lam for lam in LAMBDAS[1:]},
        label="Regulariser λ",
        doc="Weight of the squared input Jacobian; shown beside standard training, λ = 0.",
    )
    epsilon = param.Number(
        0.1,
        bounds=(0, 0.5),
        step=0.01,
        label="Perturbation ε",
        doc="Size of the attack, in units of the inputs' norm, which is 1.",
    )
    norm = param.Selector(default="l2", objects={"L2": "l2", "L∞": "linf"}, label="Norm")
    attack = param.Selector(
        default="first_order",
        objects={"First order": "first_order", "PGD search": "pgd"},
        label="Attack",
        doc="First order: a linear model at the point. PGD searches the ε-ball; the leading "
        f"{PGD_FEATURES} features only.",
    )
    counted = param.Selector(
        default="all",
        objects={"All resolved": "all", "The leading N": "leading"},
        label="Features counted",
        doc="λ > 0 has 1+d0 times as many features as λ = 0, most of them with tiny eigenvalues. "
        "The leading N are as many as there are training points.",
    )
    standard = param.Integer(
        2,
        bounds=(1, MOST),
        softbounds=(1, 50),
        label="Feature of λ = 0, no.",
        doc="Rank by eigenvalue, 1 the largest. Or click on a dot.",
    )
    regularised = param.Integer(
        2,
        bounds=(1, MOST),
        softbounds=(1, 250),
        label="Feature of λ > 0, no.",
        doc="Rank by eigenvalue, 1 the largest. Or click on a dot.",
    )
    example = param.Integer(
        1, bounds=(1, EXAMPLES), label="Digit attacked", doc="Which test image is shown."
    )
    seed = param.Integer(
        0,
        bounds=(0, 9999),
        doc="Seed of the split into training and test part and of the bootstrap.",
    )

    @property
    def problem(self) -> Problem:
        return Problem(self.data, self.depth, self.activation, self.seed)


class Prepared(NamedTuple):
    """Training part, test part of at most MOST_TESTED points, and the kernel's keywords."""

    train: Dataset
    test: Dataset
    kernel: dict


@kept
def prepare(problem: Problem) -> Prepared:
    """Load and split the data. Raises ValueError, naming the remedy, where it cannot be had."""
    source = SOURCES[problem.data]
    dataset = sources.load(problem.data, **source.options)
    train, test = train_test_split(
        dataset, test_fraction=1 - source.train / len(dataset.y), seed=problem.seed
    )
    test = test._replace(x=test.x[:MOST_TESTED], y=test.y[:MOST_TESTED])
    return Prepared(train, test, {"depth": problem.depth, "activation": problem.activation})


def span(problem: Problem) -> np.ndarray | None:
    """Orthonormal rows (r, d0) that span the training points if these are fewer than d0, or None.

    The kernel is invariant under rotations, so directions orthogonal to all training points
    decouple; the labels have no part in them, and their features vanish identically. Within the
    span the points are unit vectors of R^r, and N(1+r) rows give the same features as N(1+d0).
    """
    x = prepare(problem).train.x
    return np.linalg.svd(x, full_matrices=False)[2] if x.shape[0] < x.shape[1] else None


@kept
def diagonalise(problem: Problem, lam: float) -> LinearDynamics:
    """The closed-form training at one λ, in coordinates of the points' span where it is smaller."""
    train, _, kernel = prepare(problem)
    basis = span(problem)
    x = train.x if basis is None else normalize(train.x @ basis.T)
    return LinearDynamics(jntk(x, **kernel), train.y, lam=lam)


def coefficients(problem: Problem, linear: LinearDynamics) -> np.ndarray:
    """c of every resolved feature, largest eigenvalue first, (k, N, 1+d0)."""
    c, basis = linear.feature_coefficients(), span(problem)
    return c if basis is None else np.concatenate([c[..., :1], c[..., 1:] @ basis], axis=-1)


class Spectrum(NamedTuple):
    """The features of one λ, largest eigenvalue first.

    eigenvalues: (k,), resolved ones. share: (k,), (v_i·Λ^½u*)²/|Λ^½u*|², the part of the target
    that lies along v_i. features: `Reach` of each, (k, m). unresolved: directions left out,
    because their eigenvalue is rounding error. points: N.
    """

    lam: float
    eigenvalues: np.ndarray
    share: np.ndarray
    features: Reach
    unresolved: int
    points: int

    @property
    def times(self) -> np.ndarray:
        """N/e_i: when feature i is learned to 63 %."""
        return self.points / self.eigenvalues


@kept
def spectrum(problem: Problem, lam: float) -> Spectrum:
    """Every feature of one λ and its first-order margins at every ε."""
    linear = diagonalise(problem, lam)
    resolved = np.flatnonzero(linear.eigenvalues > linear.noise_floor)[::-1]
    along = linear.eigenvectors[:, resolved].T @ linear.target
    return Spectrum(
        lam,
        linear.eigenvalues[resolved],
        along**2 / np.sum(linear.target**2),
        _reach(problem, coefficients(problem, linear)),
        len(linear.eigenvalues) - len(resolved),
        linear.n,
    )


@kept
def _cross_gram(problem: Problem) -> np.ndarray:
    """Θ between training and test points as a matrix, (N(1+d0), m(1+d0))."""
    train, test, kernel = prepare(problem)
    return jntk(train.x, test.x, **kernel).reshape(train.x.size + len(train.x), -1)


def _outputs(problem: Problem, c: np.ndarray) -> np.ndarray:
    """(f, J) of the features with coefficients (k, N, 1+d0) at the test points, (k, m, 1+d0)."""
    train, test, kernel = prepare(problem)
    (n, d0), m = train.x.shape, len(test.x)
    if n * m * (1 + d0) ** 2 > _MOST_ENTRIES:
        return expansions(train.x, c, test.x, **kernel)
    return (c.reshape(len(c), -1) @ _cross_gram(problem)).reshape(len(c), m, 1 + d0)


def _reach(problem: Problem, c: np.ndarray) -> Reach:
    """`Reach` of the features with coefficients (k, N, 1+d0), some at a time to save memory."""
    x, y = prepare(problem).test[:2]
    parts = []
    for start in range(0, len(c), _AT_ONCE):
        outputs = _outputs(problem, c[start : start + _AT_ONCE])
        tangent = tangent_jacobian(outputs, x)
        l2, l1 = (np.linalg.norm(tangent, ord=order, axis=-1) for order in (2, 1))
        parts.append((y * outputs[..., 0], l2, l1))
    return Reach(*map(np.concatenate, zip(*parts, strict=True)))


class Scores(NamedTuple):
    """Accuracy and robustness of the features that count, (n,), and the ranks of those, from 0."""

    usefulness: np.ndarray
    robustness: np.ndarray
    ranks: np.ndarray

    def useful(self, bar: float) -> int:
        """How many are right more often than `bar`, the `majority_share`."""
        return int(np.sum(self.usefulness > bar))

    def lost(self, bar: float) -> int:
        """How many of these are robust on less than half of the points."""
        return int(np.sum((self.usefulness > bar) & (self.robustness < 0.5)))

    @property
    def accurate(self) -> int:
        return int(np.sum(self.usefulness >= FRAGILE[0]))

    @property
    def fragile(self) -> int:
        """How many are accurate but not robust (FRAGILE)."""
        return int(np.sum((self.usefulness >= FRAGILE[0]) & (self.robustness <= FRAGILE[1])))


def majority_share(problem: Problem) -> float:
    """Accuracy of always naming the more frequent label of the test points.

    A feature is useful if it is right more often (Tsilivis & Kempe, NeurIPS 2022, Section 2.2).
    """
    positive = float(np.mean(prepare(problem).test.y > 0))
    return max(positive, 1 - positive)


def scores(found: Spectrum, *, epsilon, norm="l2", counted="all", searched=None) -> Scores:
    """First-order scores of the features that count, or those of the search where it has been.

    searched: (n,) robustness of the leading n features by PGD; the others then do not count.
    """
    usefulness = np.mean(found.features.clean > 0, axis=-1)
    if searched is None:
        robustness = np.mean(found.features.margin(epsilon, norm) > 0, axis=-1)
    else:
        robustness = np.asarray(searched, float)
        # Computed apart from the accuracy: rounding may decide a point of f = 0 otherwise.
        robustness = np.minimum(robustness, usefulness[: len(robustness)])
    count = found.points if counted == "leading" else len(found.eigenvalues)
    count = min(count, len(robustness))
    return Scores(usefulness[:count], robustness[:count], np.arange(count))


class Correlation(NamedTuple):
    """Spearman's ρ, its 95 % bootstrap interval over features, and the resampled values."""

    value: float
    low: float
    high: float
    draws: np.ndarray


def rank_correlation(measured: Scores, seed: int) -> Correlation:
    """Spearman's ρ of accuracy and robustness, resampling the features DRAWS times.

    A resample weights feature i by how often it was drawn. Both scores take few distinct values,
    so counting how often each pair of values occurs gives its midranks, and a resample costs no
    sorting. NaN where either score is constant.
    """
    n = len(measured.usefulness)
    if n < 3:
        return Correlation(np.nan, np.nan, np.nan, np.empty(0))
    values = _weighted_spearman(measured, _resamples(n, seed))
    draws = values[1:][np.isfinite(values[1:])]
    if not np.isfinite(values[0]) or not draws.size:
        return Correlation(np.nan, np.nan, np.nan, np.empty(0))
    low, high = np.quantile(draws, [0.025, 0.975])
    return Correlation(float(values[0]), float(low), float(high), draws)


@kept
def _resamples(n: int, seed: int) -> np.ndarray:
    """How often each of n features is drawn: once each, then in DRAWS resamples; (1 + DRAWS, n)."""
    drawn = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=DRAWS)
    return np.concatenate([np.ones((1, n)), drawn])


def _weighted_spearman(measured: Scores, weights: np.ndarray) -> np.ndarray:
    """ρ of the features, feature i repeated weights[:, i] times, (draws,)."""
    scored = np.stack([measured.usefulness, measured.robustness], axis=1)
    pairs, which = np.unique(scored, axis=0, return_inverse=True)
    counts = weights @ np.eye(len(pairs))[which]
    mean = counts.sum(axis=1, keepdims=True) / 2  # of midranks that begin at 0
    ranks = []
    for column in pairs.T:
        distinct, place = np.unique(column, return_inverse=True)
        each = counts @ np.eye(len(distinct))[place]
        ranks.append((np.cumsum(each, axis=1) - each / 2 - mean)[:, place])
    a, b = ranks
    spread = np.sqrt((counts * a**2).sum(1) * (counts * b**2).sum(1))
    flat = spread <= 1e-9 * weights.shape[1] ** 3
    return np.where(flat, np.nan, (counts * a * b).sum(1) / np.where(flat, 1.0, spread))


class Link(NamedTuple):
    """Spearman's ρ of accuracy and robustness beside what shuffled survival rates give.

    excess: ρ minus the null's mean, with the bootstrap interval of ρ moved by as much. The null's
    own spread over resamples is left out: with it, on iris, the circle, digits and forest fires,
    intervals would be 0 to 12 % shorter.
    """

    rho: Correlation
    null: SurvivalNull
    excess: Correlation


def link(measured: Scores, seed: int, *, shuffles: int = SHUFFLES) -> Link:
    """What is measured, what is forced, and the difference."""
    rho, null = rank_correlation(measured, seed), UNDEFINED
    if np.isfinite(rho.value):
        null = survival_null(measured.usefulness, measured.robustness, shuffles=shuffles, seed=seed)
    value, low, high = (part - null.value for part in rho[:3])
    return Link(rho, null, Correlation(value, low, high, rho.draws - null.value))


def difference(one: Correlation, other: Correlation) -> tuple[float, float, float]:
    """other - one with its 95 % interval; both sets of features are resampled independently."""
    n = min(len(one.draws), len(other.draws))
    if n == 0:
        return (np.nan,) * 3
    low, high = np.quantile(other.draws[:n] - one.draws[:n], [0.025, 0.975])
    return other.value - one.value, float(low), float(high)


class Sweep(NamedTuple):
    """Against λ, (len(LAMBDAS),) each, NaN while unknown: ρ, its interval, the null model's ρ and
    its range; counts of features."""

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    null: np.ndarray
    null_low: np.ndarray
    null_high: np.ndarray
    accurate: np.ndarray
    fragile: np.ndarray


def sweep(spectra: dict, *, epsilon, norm, counted, seed) -> Sweep:
    """Rank correlation, null model and counts at each of LAMBDAS, by the first-order attack.

    spectra: λ → `Spectrum`, as far as known.
    """
    rows = []
    for lam in LAMBDAS:
        if lam not in spectra:
            rows.append((np.nan,) * len(Sweep._fields))
            continue
        measured = scores(spectra[lam], epsilon=epsilon, norm=norm, counted=counted)
        found = link(measured, seed, shuffles=_FEWER)
        rows.append((*found.rho[:3], *found.null[:3], measured.accurate, measured.fragile))
    return Sweep(*np.array(rows, float).T)


def learned(found: Spectrum, times) -> np.ndarray:
    """Part of the target learned at each time, Σ share_i (1 - e^(-2 e_i t/N)).

    It is 1 - loss/(loss at t = 0).
    """
    left = np.exp(-2 * np.multiply.outer(np.asarray(times), found.eigenvalues) / found.points)
    return (1 - left) @ found.share


def early_link(found: Spectrum, measured: Scores) -> float:
    """Spearman's ρ of eigenvalue and robustness: positive if what is learned first is robust."""
    if len(measured.ranks) < 3 or np.ptp(measured.robustness) == 0:
        return np.nan
    eigenvalues = found.eigenvalues[measured.ranks]
    return float(scipy.stats.spearmanr(eigenvalues, measured.robustness).statistic)


def half_learned(found: Spectrum) -> float:
    """The time at which half of the target has been learned, to 1 %."""
    times = np.logspace(-3, 14, 4001)
    return float(times[np.searchsorted(learned(found, times), 0.5).clip(max=4000)])


def pgd_robustness(
    problem: Problem, lam: float, index: int, epsilon: float, norm: str, watch=None
) -> float:
    """Accuracy of one feature against an attack that searches the ε-ball by projected gradients.

    watch() is called many times on the way.
    """
    with Watcher(watch) as watcher:
        return _pgd_robustness(problem, lam, index, epsilon, norm, watcher)


@lru_cache(maxsize=4000)
def _pgd_robustness(problem, lam, index, epsilon, norm, watcher):
    prepared = prepare(problem)
    c = coefficients(problem, diagonalise(problem, lam))[index]
    predictor = KernelPredictor(prepared.train.x, c, kappa=1.0, **prepared.kernel)
    x, y = prepared.test.x, prepared.test.y
    return accuracy(pgd_margin(watcher.beside(predictor), x, y, epsilon=epsilon, norm=norm))


class Found(NamedTuple):
    """What is known of a problem so far.

    spectra: λ → `Spectrum`. dynamics: λ → `LinearDynamics` of those on screen. pgd: (λ, ε, norm) →
    robustness of the leading features by PGD.
    """

    problem: Problem
    spectra: dict
    dynamics: dict
    pgd: dict


class Progress(Protocol):
    """What `explore` needs of the page that watches it."""

    def progress(self, fraction: float, text: str = "") -> None: ...
    def emit(self, value) -> None: ...


def explore(job: Progress, problem: Problem, lam, *, attack=None, everywhere=True) -> Found:
    """Solve λ and λ = 0, then search with PGD if asked, then the other λ, nearest first.

    attack: (ε, norm) of the search, None for none. everywhere: whether to solve the other λ.
    job.emit gets a `Found` after each step; what has been computed before costs nothing.
    """
    job.progress(0, f"{SOURCES[problem.data].label}: kernel of the training points")
    prepare(problem)
    at = LAMBDAS.index(lam)
    near = sorted(LAMBDAS[1:], key=lambda other: abs(LAMBDAS.index(other) - at))
    others = [other for other in near if other != lam] if everywhere else []
    spectra, dynamics, pgd = {}, {}, {}
    searches = 2 * PGD_FEATURES if attack else 0
    total = 2 + len(others) + searches / 5

    for i, each in enumerate((lam, 0.0)):
        job.progress(i / total, f"eigenvalues at λ = {power_label(each)}")
        dynamics[each] = diagonalise(problem, each)
        spectra[each] = spectrum(problem, each)
    job.emit(Found(problem, dict(spectra), dict(dynamics), {}))
    for i in range(searches):
        each, index = (lam, 0.0)[i % 2], i // 2
        text = f"PGD attack on feature {index + 1} of {PGD_FEATURES}"
        watch = partial(job.progress, (2 + i / 5) / total, text)
        watch()
        if index < len(spectra[each].eigenvalues):
            key = (each, *attack)
            found = pgd_robustness(problem, each, index, attack[0], attack[1], watch)
            pgd[key] = (*pgd.get(key, ()), found)
        if i % 2:
            job.emit(Found(problem, dict(spectra), dict(dynamics), dict(pgd)))
    for i, each in enumerate(others):
        job.progress((2 + searches / 5 + i) / total, f"eigenvalues at λ = {power_label(each)}")
        for shown in (lam, 0.0):  # used last, so that these two stay kept
            diagonalise(problem, shown)
        spectra[each] = spectrum(problem, each)
        job.emit(Found(problem, dict(spectra), dict(dynamics), dict(pgd)))
    return Found(problem, spectra, dynamics, pgd)
