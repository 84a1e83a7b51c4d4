"""Rank correlation: the degree to which two quantities come in the same order."""

import numpy as np


def rank_correlation(a, b) -> float:
    """Spearman's ρ: the correlation of the ranks, of which equal values share the average.

    - `a`, `b`: (n,), neither of them constant.

    As `scipy.stats.spearmanr`, which takes 60 MB to import.
    """
    return float(np.corrcoef(_ranks(a), _ranks(b))[0, 1])


def _ranks(values) -> np.ndarray:
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[place]
