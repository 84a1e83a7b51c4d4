"""Parts of several pages: classes trained with and without λ, attacked, and compared."""

from typing import NamedTuple

import numpy as np

from jntk_viz.attacks import tangent_jacobian
from jntk_viz.datasets import Dataset, train_test_split
from jntk_viz.engine.sources import Sources, load
from jntk_viz.frame.settings import Problem

LAMBDAS = (0.0, *(digit * 10.0**k for k in range(-3, 1) for digit in (1, 2, 5)), 10.0)
FRAGILE = (0.8, 0.4)  # a feature right on 80 % of the points, and on 40 % or fewer under attack
MOST_TESTED = 500  # points
_NORMAL = 1.959964  # 97.5 % quantile


class Source(NamedTuple):
    """A data set in use: options of its loader, points to train on, to test on at most.

    One λ costs the eigenvalues of N(1 + min(d0, N)) rows, about a second for 1,500 of them.
    """

    label: str
    options: dict
    train: int
    test: int = MOST_TESTED


def sources(entries: dict[str, Source], *, most_rows: int, least: int) -> Sources:
    """Data sets of a page, and visitors' tables.

    Of a table half is trained on, but at most about `most_rows` rows of the kernel; where these
    are few points, `least` of them.
    """

    def own(label: str, dataset: Dataset) -> Source:
        n, d0 = dataset.x.shape
        return Source(label, {}, min(n // 2, max(least, most_rows // (1 + d0))))

    return Sources(entries, own=own, points=lambda source, dataset: source.train)


def split(problem: Problem, source: Source) -> tuple[Dataset, Dataset]:
    """The training part of a data set and, of the rest, as many test points as are used.

    Raises ValueError, naming the remedy, for data that cannot be had.
    """
    dataset = load(problem.data, **source.options)
    train, test = train_test_split(
        dataset, test_fraction=1 - source.train / len(dataset.y), seed=problem.seed
    )
    return train, test._replace(x=test.x[: source.test], y=test.y[: source.test])


class Reach(NamedTuple):
    """Outcomes of the first-order attack, which decide clean and robust accuracy at every ε.

    clean: (…, m), y f. l2, linf: (…, m), how much margin ε = 1 costs, that is the tangent
    Jacobian's dual norm.
    """

    clean: np.ndarray
    l2: np.ndarray
    linf: np.ndarray

    def margin(self, epsilon: float, norm: str) -> np.ndarray:
        """The first-order margin at ε; it is linear in ε."""
        return self.clean - epsilon * getattr(self, norm)


def reach(points: Dataset, outputs) -> Reach:
    """`Reach` of (f, J) at points, (…, m, 1+d0)."""
    tangent = tangent_jacobian(outputs, points.x)
    l2, l1 = (np.linalg.norm(tangent, ord=order, axis=-1) for order in (2, 1))
    return Reach(points.y * outputs[..., 0], l2, l1)


def folds(y, count: int, seed: int) -> np.ndarray:
    """The fold of each point, (N,) of 0 … count - 1: at random, classes in equal shares."""
    rng, fold = np.random.default_rng(seed), np.empty(len(y), int)
    order = np.concatenate([rng.permutation(np.flatnonzero(y == label)) for label in np.unique(y)])
    fold[order] = np.arange(len(y)) % count
    return fold


class Difference(NamedTuple):
    """Share of points right by one predictor minus that by another, with its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def clear(self) -> bool:
        """Does the interval leave out zero?"""
        return self.low > 0 or self.high < 0


def paired_difference(right, others) -> Difference:
    """Share of points right by one predictor minus that by another, on the same points.

    95 % interval by the adjusted Wald method for paired proportions (Bonett & Price, Statistical
    Methods in Medical Research, 2012), which has a width also where the two never differ.

    - `right`, `others`: (m,), booleans.
    """
    right, others = np.asarray(right, bool), np.asarray(others, bool)
    n = len(right)
    only, missed = (float(np.sum(a & ~b)) for a, b in ((right, others), (others, right)))
    p, q = (only + 1) / (n + 2), (missed + 1) / (n + 2)
    half = _NORMAL * np.sqrt((p + q - (p - q) ** 2) / (n + 2))
    return Difference((only - missed) / n, float(p - q - half), float(p - q + half))
