"""Parts of several pages: classes trained with and without λ, attacked, and compared."""

from typing import NamedTuple

import numpy as np

from jntk_viz.attacks import leads, tangent_jacobian
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


def sources(
    entries: dict[str, Source], *, most_rows: int, least: int, all_classes: bool = False
) -> Sources:
    """Data sets of a page, and visitors' tables.

    Of a table half is trained on, but at most about `most_rows` rows of the kernel; where these
    are few points, `least` of them, and two of each class.
    """

    def own(label: str, dataset: Dataset) -> Source:
        n, d0 = dataset.x.shape
        fewest = max(least, 2 * check_class_sizes(dataset))
        return Source(label, {}, min(n // 2, max(fewest, most_rows // (1 + d0))))

    return Sources(
        entries, own=own, points=lambda source, dataset: source.train, all_classes=all_classes
    )


def check_class_sizes(dataset: Dataset) -> int:
    """Refuse a visitor's table that has a class of one row; else the number of its classes."""
    count = np.bincount(class_numbers(dataset.y))
    if count.min() < 2:
        lonely = dataset.classes[int(count.argmin())]
        raise ValueError(
            f"`table` must have two rows of each class or more, one to train on and one to "
            f"test; got one row of {lonely!r}. Add rows of it, or choose classes without it."
        )
    return len(count)


def class_numbers(y) -> np.ndarray:
    """The class of each point, (m,) of 0 … C - 1; of ±1, 0 and 1."""
    return np.argmax(y, axis=1) if np.ndim(y) == 2 else (np.asarray(y) > 0).astype(int)


def split(problem: Problem, source: Source) -> tuple[Dataset, Dataset]:
    """The training part of a data set and, of the rest, as many test points as are used.

    Raises ValueError, naming the remedy, for data that cannot be had.
    """
    dataset = load(problem.data, **source.options)
    train, test = train_test_split(
        dataset, test_fraction=1 - source.train / len(dataset.y), seed=problem.seed
    )
    if missing := {*class_numbers(dataset.y)} - {*class_numbers(train.y)}:
        raise ValueError(
            f"`table` must have more rows of {dataset.classes[min(missing)]!r}: none of them is "
            f"among the {len(train.y)} of {len(dataset.y)} rows that are trained on. Add rows of "
            "it, or choose classes without it."
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

    @property
    def slope(self) -> np.ndarray:
        """|PJ|, the tangent Jacobian's length, (…, m)."""
        return self.l2


class Leads(NamedTuple):
    """`Reach` of several classes, by the lead of the right output over each other one.

    lead: (C-1, …, m), f_y - f_k. l2, linf: likewise, how much of it ε = 1 costs. slope: (…, m),
    Frobenius norm of the tangent Jacobian of all outputs.
    """

    lead: np.ndarray
    l2: np.ndarray
    linf: np.ndarray
    slope: np.ndarray

    @property
    def clean(self) -> np.ndarray:
        """The margin without a change, (…, m)."""
        return self.lead.min(axis=0)

    def margin(self, epsilon: float, norm: str) -> np.ndarray:
        """The first-order margin at ε, of the class that is nearest then."""
        return (self.lead - epsilon * getattr(self, norm)).min(axis=0)


def reach(points: Dataset, outputs) -> Reach:
    """`Reach` of (f, J) at points of two classes, (…, m, 1+d0)."""
    return Reach(points.y * outputs[..., 0], *_dual_norms(outputs, points.x))


def outcomes(points: Dataset, outputs) -> Reach | Leads:
    """`Reach` of two classes; `Leads` of several, whose (f, J) is (…, m, 1+d0, C)."""
    if points.y.ndim == 1:
        return reach(points, outputs)
    ahead = leads(outputs, points.y)
    slopes = tangent_jacobian(np.moveaxis(outputs, -1, 0), points.x)
    return Leads(ahead[..., 0], *_dual_norms(ahead, points.x), np.linalg.norm(slopes, axis=(0, -1)))


def _dual_norms(outputs, x) -> tuple[np.ndarray, np.ndarray]:
    tangent = tangent_jacobian(outputs, x)
    l2, l1 = (np.linalg.norm(tangent, ord=order, axis=-1) for order in (2, 1))
    return l2, l1


class Multiples(NamedTuple):
    """`Reach` of features of several classes: one function g_i times one number for each output.

    one: `Reach` of g_i at the test points, (k, m). lead: (C-1, k, m), how many g_i the right output
    is ahead of each other one.
    """

    one: Reach
    lead: np.ndarray

    @property
    def clean(self) -> np.ndarray:
        """The margin without a change, (k, m)."""
        return (self.lead * self.one.clean).min(axis=0)

    def margin(self, epsilon: float, norm: str) -> np.ndarray:
        """The first-order margin at ε."""
        cost = epsilon * np.abs(self.lead) * getattr(self.one, norm)
        return (self.lead * self.one.clean - cost).min(axis=0)


def multiples(points: Dataset, outputs, weights) -> Multiples:
    """`Multiples` of g_i with (f, J) at the points, (k, m, 1+d0), and weights (k, C)."""
    each = np.broadcast_to(weights[:, None, None], (*outputs.shape[:2], 1, weights.shape[1]))
    one = reach(points._replace(y=np.ones(len(points.y))), outputs)
    return Multiples(one, leads(each, points.y)[..., 0])


def folds(y, count: int, seed: int) -> np.ndarray:
    """The fold of each point, (N,) of 0 … count - 1: at random, classes in equal shares."""
    rng, fold, of_class = np.random.default_rng(seed), np.empty(len(y), int), class_numbers(y)
    order = np.concatenate(
        [rng.permutation(np.flatnonzero(of_class == label)) for label in np.unique(of_class)]
    )
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
