"""Eigenfeatures: accuracy and robustness feature by feature, and when each is learned.

One eigendecomposition for each λ gives every feature's margin at every ε (`spectrum`); ε and norm
only set thresholds (`scores`). How accuracy and robustness go together is in `links`, one feature
up close in `closeup`, the steps that a page asks for in `steps`.
"""

from bisect import bisect_left
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from jntk_viz.attacks import accuracy, pgd_margin
from jntk_viz.datasets import Dataset, normalize
from jntk_viz.dynamics import KernelPredictor, LinearDynamics
from jntk_viz.eigenfeatures import expansions
from jntk_viz.engine.results import kept
from jntk_viz.engine.steps import chained
from jntk_viz.frame.robustness import (
    FRAGILE,
    Multiples,
    Problem,
    Reach,
    class_numbers,
    multiples,
    reach,
    split,
)
from jntk_viz.kernels import jntk
from jntk_viz.pages.eigenfeatures.state import SOURCES
from jntk_viz.ranks import rank_correlation

_AT_ONCE = 256  # features whose margins one step computes
_MOST_ENTRIES = 5_000_000  # of a kernel that is formed; what is larger is multiplied by as it is


class Prepared(NamedTuple):
    """Training part, test part and the kernel's keywords."""

    train: Dataset
    test: Dataset
    kernel: dict


@kept
def prepare(problem: Problem) -> Prepared:
    """Load and split the data. Raises ValueError, naming the remedy, where it cannot be had."""
    return Prepared(*split(problem, SOURCES[problem.data]), problem.kernel)


def span(problem: Problem) -> np.ndarray | None:
    """Orthonormal rows (r, d0) that span the training points if these are fewer than d0, or None.

    The kernel is invariant under rotations, so directions orthogonal to all training points
    decouple; the labels have no part in them, and their features vanish identically. Within the
    span the points are unit vectors of R^r, and N(1+r) rows give the same features as N(1+d0).
    """
    x = prepare(problem).train.x
    return np.linalg.svd(x, full_matrices=False)[2] if x.shape[0] < x.shape[1] else None


@kept
def _gram(problem: Problem) -> np.ndarray:
    """Θ on the training points, in coordinates of their span where it is smaller."""
    train, _, kernel = prepare(problem)
    basis = span(problem)
    return jntk(train.x if basis is None else normalize(train.x @ basis.T), **kernel)


@kept
def diagonalise(problem: Problem, lam: float) -> LinearDynamics:
    """The closed-form training at one λ, in the coordinates of `_gram`."""
    return LinearDynamics(_gram(problem), prepare(problem).train.y, lam=lam)


def coefficients(problem: Problem, linear: LinearDynamics, count: int | None = None) -> np.ndarray:
    """c of the first `count` resolved features or all, largest eigenvalue first, (k, N, 1+d0).

    Of several classes that of the one function g_i that all outputs of a feature are multiples of.
    """
    several, basis = bool(linear.outputs), span(problem)
    c = linear.feature_directions(count)[0] if several else linear.feature_coefficients(count)
    return c if basis is None else np.concatenate([c[..., :1], c[..., 1:] @ basis], axis=-1)


def predictor(problem: Problem, lam: float, index: int) -> KernelPredictor:
    """x → (f, J) of the feature of rank `index`, from 0; of several classes of its g_i."""
    train, _, kernel = prepare(problem)
    c = coefficients(problem, diagonalise(problem, lam), index + 1)[index]
    return KernelPredictor(train.x, c, kappa=1.0, **kernel)


class Spectrum(NamedTuple):
    """The features of one λ, largest eigenvalue first.

    eigenvalues: (k,), resolved ones. share: (k,), (v_i·Λ^½u*)²/|Λ^½u*|², the part of the target
    that lies along v_i. features: `Reach` or `Multiples` of each, (k, m). unresolved: directions
    left out, because their eigenvalue is rounding error. points: N.
    """

    lam: float
    eigenvalues: np.ndarray
    share: np.ndarray
    features: Reach | Multiples
    unresolved: int
    points: int

    @property
    def times(self) -> np.ndarray:
        """N/e_i: when feature i is learned to 63 %."""
        return self.points / self.eigenvalues


def spectrum(problem: Problem, lam: float) -> Spectrum:
    """Every feature of one λ and its first-order margins at every ε."""
    return solve(step_count(problem, lam) - 1, problem, lam)


def step_count(problem: Problem, lam: float) -> int:
    """Number of steps that `solve` takes."""
    n, d0 = prepare(problem).train.x.shape
    rows = n * (1 + min(n, d0)) if lam else n
    return 1 + -(-rows // _AT_ONCE)


def _no_margins(problem: Problem, lam: float) -> tuple:
    return ()


@chained(_no_margins)
def solve(parts, k, problem, lam):
    """The features of one λ in steps: eigenvectors, then margins of some features at a time.

    The last of `step_count` steps gives the `Spectrum`.
    """
    linear = diagonalise(problem, lam)
    if k > 0:
        chosen = slice((k - 1) * _AT_ONCE, k * _AT_ONCE)
        c = coefficients(problem, linear, k * _AT_ONCE)[chosen]
        parts = (*parts, _reach(problem, linear, chosen, c)) if len(c) else parts
    if k < step_count(problem, lam) - 1:
        return parts, None
    resolved = np.flatnonzero(linear.eigenvalues > linear.noise_floor)[::-1]
    along = linear.eigenvectors[:, resolved].T @ linear.target
    return (), Spectrum(
        lam,
        linear.eigenvalues[resolved],
        np.sum(along.reshape(len(along), -1) ** 2, axis=1) / np.sum(linear.target**2),
        _together(parts),
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


def _reach(problem: Problem, linear: LinearDynamics, chosen: slice, c) -> Reach | Multiples:
    """Effects of attacks on the chosen features, with coefficients (k, N, 1+d0)."""
    test, outputs = prepare(problem).test, _outputs(problem, c)
    if not linear.outputs:
        return reach(test, outputs)
    return multiples(test, outputs, linear.feature_directions()[1][chosen])


def _together(parts) -> Reach | Multiples:
    if isinstance(parts[0], Reach):
        return _joined(parts)
    lead = np.concatenate([part.lead for part in parts], axis=1)
    return Multiples(_joined([part.one for part in parts]), lead)


def _joined(parts) -> Reach:
    return Reach(*map(np.concatenate, zip(*parts, strict=True)))


class Scores(NamedTuple):
    """Accuracy and robustness of the features that count, (n,), and the ranks of those, from 0."""

    usefulness: np.ndarray
    robustness: np.ndarray
    ranks: np.ndarray

    def useful(self, bar: float) -> int:
        """Number of features that are right more often than `bar`, the `majority_share`."""
        return int(np.sum(self.usefulness > bar))

    def lost(self, bar: float) -> int:
        """Number of these that are robust on less than half of the points."""
        return int(np.sum((self.usefulness > bar) & (self.robustness < 0.5)))

    @property
    def accurate(self) -> int:
        return int(np.sum(self.usefulness >= FRAGILE[0]))

    @property
    def fragile(self) -> int:
        """Number of features that are accurate but not robust (FRAGILE)."""
        return int(np.sum((self.usefulness >= FRAGILE[0]) & (self.robustness <= FRAGILE[1])))


def majority_share(problem: Problem) -> float:
    """Accuracy of always naming the most frequent class of the test points.

    A feature is useful if it is right more often (Tsilivis & Kempe, NeurIPS 2022, Section 2.2).
    """
    y = prepare(problem).test.y
    return float(np.bincount(class_numbers(y)).max() / len(y))


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
    return rank_correlation(eigenvalues, measured.robustness)


def half_learned(found: Spectrum) -> float:
    """The time at which half of the target has been learned, to 1 %."""
    times = np.logspace(-3, 14, 4001)
    first = bisect_left(range(len(times)), 0.5, key=lambda i: float(learned(found, times[i])))
    return float(times[min(first, len(times) - 1)])


@kept
def pgd_robustness(problem: Problem, lam: float, index: int, epsilon: float, norm: str) -> float:
    """Accuracy of one feature against an attack that searches the ε-ball by projected gradients."""
    x, y = prepare(problem).test[:2]
    feature = predictor(problem, lam, index)
    if y.ndim == 2:
        weights = diagonalise(problem, lam).feature_directions(index + 1)[1][index]
        feature = replace(feature, coefficients=feature.coefficients[..., None] * weights)
    return accuracy(pgd_margin(feature, x, y, epsilon=epsilon, norm=norm))
