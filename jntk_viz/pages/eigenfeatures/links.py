"""Link of the features' accuracy and robustness, beside what is forced.

Robust accuracy cannot exceed accuracy, so the two correlate whatever the features are: every rank
correlation stands beside that of shuffled survival rates (`jntk_viz.survival`).
"""

from typing import NamedTuple

import numpy as np

from jntk_viz.attacks import NORMS
from jntk_viz.engine.results import RESULTS, kept
from jntk_viz.frame.robustness import LAMBDAS, Problem
from jntk_viz.pages.eigenfeatures.study import Scores, Spectrum, scores, spectrum
from jntk_viz.survival import UNDEFINED, SurvivalNull, survival_null

DRAWS = 400  # of the bootstrap
SHUFFLES = 200  # of the survival rates, for the null model
_FEWER = 100  # the same, where two dozen null models are drawn at once


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
    """Counts of each of n features: once each, then in DRAWS resamples; (1 + DRAWS, n)."""
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
    """Measured and forced rank correlation, and their difference."""
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


class Measured(NamedTuple):
    """Scores of the features that count at one λ, and how accuracy and robustness are linked."""

    scores: Scores
    link: Link


def measure(
    problem: Problem, found: Spectrum, *, epsilon, norm, counted, searched=None
) -> Measured:
    """Scores and link of one training's features at one ε; arguments as for `scores`.

    It takes milliseconds once `found` is known, and is kept, as a picture and the words about it
    ask for it both.
    """
    key = (problem, found.lam, epsilon, norm, counted, searched)
    measured = RESULTS.get(measure, key)
    if measured is None:
        each = scores(found, epsilon=epsilon, norm=norm, counted=counted, searched=searched)
        measured = Measured(each, link(each, problem.seed))
        RESULTS.put(measure, key, measured)
    return measured


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


@kept
def row(problem: Problem, lam: float, epsilon: float, counted: str) -> np.ndarray:
    """One λ's column of `Sweep`, for each of NORMS; (2, 8)."""
    found, rows = spectrum(problem, lam), []
    for norm in NORMS:
        each = scores(found, epsilon=epsilon, norm=norm, counted=counted)
        rho, null, _ = link(each, problem.seed, shuffles=_FEWER)
        rows.append((*rho[:3], *null[:3], each.accurate, each.fragile))
    return np.array(rows, float)


def sweep(rows: dict, norm: str) -> Sweep:
    """Rank correlation, null model and counts at each of LAMBDAS, by the first-order attack.

    rows: λ → `row`, as far as known.
    """
    nothing = np.full((len(NORMS), len(Sweep._fields)), np.nan)
    table = np.array([rows.get(lam, nothing)[NORMS.index(norm)] for lam in LAMBDAS])
    return Sweep(*table.T)
