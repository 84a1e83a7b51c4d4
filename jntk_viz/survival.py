"""What the rank correlation of accuracy and robust accuracy is worth: a null model.

No attack makes a wrong answer right, so a feature's robust accuracy is its accuracy times the rate
at which its right answers survive. The two therefore correlate whatever the features are. Shuffling
the survival rates among the features keeps that, and removes every link beyond it.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from ._validation import check_count

_DECIMALS = 9  # products that agree to so many are one value: 0.9·(0.3/0.9) and 0.6·(0.3/0.6)


class SurvivalNull(NamedTuple):
    """Spearman's ρ of accuracy and robust accuracy where survival has nothing to do with accuracy.

    value: mean over the shuffles. low, high: their middle 95 %. draws: (shuffles,), ρ of each.
    All NaN, and no draws, where ρ is undefined.
    """

    value: float
    low: float
    high: float
    draws: np.ndarray


UNDEFINED = SurvivalNull(np.nan, np.nan, np.nan, np.empty(0))


def survival_rates(usefulness, robustness) -> np.ndarray:
    """Robust accuracy over accuracy of each feature, (k,): which part of its right answers is left.

    0 for a feature that is never right. Arguments and errors as for `survival_null`.
    """
    accuracy, robust = _checked(usefulness, robustness)
    return np.divide(robust, accuracy, out=np.zeros_like(robust), where=accuracy > 0)


def survival_null(usefulness, robustness, *, shuffles=200, seed=0) -> SurvivalNull:
    """Rank correlation of accuracy and robust accuracy that shuffled survival rates give.

    With accuracies a_i, robust accuracies r_i ≤ a_i and survival rates s_i = r_i/a_i, a random
    permutation π of the features gives ρ(a_i, a_i s_π(i)). A permutation test (Fisher, The Design
    of Experiments, 1935) of "which right answers survive does not depend on how many there are":
    what is measured beyond `value` is a link, what lies between `low` and `high` may be chance.

    Args:
        usefulness: (k,) accuracies of the features, from 0 to 1, as `Eigenfeatures` has them.
        robustness: (k,) accuracies under attack, at most `usefulness`.
        shuffles: how many random permutations.
        seed: of the permutations.

    Raises:
        ValueError: naming the argument, what was expected, what came and the remedy.
    """
    accuracy, robust = _checked(usefulness, robustness)
    shuffles = check_count(shuffles, "shuffles")
    orders = _orders(len(accuracy), shuffles, check_count(seed, "seed", least=0))
    draws = _shuffled(accuracy, survival_rates(accuracy, robust), orders)
    if not np.isfinite(draws).all():
        return UNDEFINED
    low, high = np.quantile(draws, [0.025, 0.975])
    return SurvivalNull(float(draws.mean()), float(low), float(high), draws)


def _checked(usefulness, robustness) -> tuple[np.ndarray, np.ndarray]:
    accuracy, robust = _shares(usefulness, "usefulness"), _shares(robustness, "robustness")
    if accuracy.shape != robust.shape:
        raise ValueError(
            f"`robustness` must hold one number for each feature, {len(accuracy)} as `usefulness` "
            f"does; got {len(robust)}. Take both from the same `eigenfeatures`."
        )
    above = np.flatnonzero(robust > accuracy)
    if above.size:
        i = above[0]
        raise ValueError(
            "`robustness` must be at most `usefulness`, because no attack makes a wrong answer "
            f"right; got {robust[i]:.6g} of {accuracy[i]:.6g} for feature {i}. Pass accuracies "
            "first, then those under attack."
        )
    return accuracy, robust


def _shares(values, name: str) -> np.ndarray:
    try:
        values = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        values = np.array(np.nan)
    if values.ndim != 1 or not values.size or not np.all((values >= 0) & (values <= 1)):
        raise ValueError(
            f"`{name}` must be shares of the test points, a vector of numbers from 0 to 1; got "
            f"{values!r:.80}. Pass for instance eigenfeatures(...).{name}."
        )
    return values


@lru_cache(maxsize=4)
def _orders(count: int, shuffles: int, seed: int) -> np.ndarray:
    """Random permutations of the features, (shuffles, count); not to be written to.

    Kept, because drawing them takes as long as everything else, and one page asks for the same
    ones at every λ.
    """
    every = np.tile(np.arange(count), (shuffles, 1))
    return np.random.default_rng(seed).permuted(every, axis=1)


def _shuffled(accuracy, survival, orders) -> np.ndarray:
    """ρ of a_i and a_i s_π(i) for each permutation π, a row of `orders`; NaN where undefined.

    Accuracies and rates take few distinct values. The table of their products is sorted once; for
    each permutation only whole numbers, a product's place in the table and the feature, have to be
    sorted: two to three times as fast as midranks of the products.
    """
    n = len(accuracy)
    rows, row, often = np.unique(accuracy, return_inverse=True, return_counts=True)
    columns, column = np.unique(survival, return_inverse=True)
    products = np.round(np.multiply.outer(rows, columns), _DECIMALS)
    place = np.unique(products, return_inverse=True)[1].reshape(products.shape)
    bits = n.bit_length()  # of a feature's number, below its product's place
    kind = np.int32 if (place.size << bits) < 2**31 else np.int64
    keys = (place << bits).astype(kind)[row, column[orders]] | np.arange(n, dtype=kind)
    keys.sort(axis=1)
    feature = keys & ((1 << bits) - 1)
    keys >>= bits
    first = np.ones(keys.shape, bool)  # of those that share a value
    np.not_equal(keys[:, 1:], keys[:, :-1], out=first[:, 1:])
    starts = np.flatnonzero(first)
    ties = np.diff(starts, append=first.size)
    ranks = np.repeat(starts % n + (ties - n) / 2, ties).reshape(keys.shape)  # of mean 0
    own = (np.cumsum(often) - (often + n) / 2)[row]
    spread = np.sqrt(np.einsum("ij,ij->i", ranks, ranks) * (own @ own))
    flat = spread <= 1e-9 * n**3
    return np.where(
        flat, np.nan, np.einsum("ij,ij->i", ranks, own[feature]) / np.where(flat, 1.0, spread)
    )
