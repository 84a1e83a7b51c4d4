"""Statistics of random networks beside their limit: errors, noise, tails, quantiles."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.special import betaincinv, ndtri


def relative_error(covariance, limit) -> float:
    """Frobenius norm of the difference over that of the limit, over all four blocks."""
    return float(np.linalg.norm(covariance - limit) / np.linalg.norm(limit))


def empirical_covariance(draws) -> np.ndarray:
    """Second moments of (k, n, 1+d0) draws, (n, 1+d0, n, 1+d0); the mean is known to be zero."""
    draws = np.asarray(draws, np.float64)
    flat = draws.reshape(len(draws), -1)
    return (flat.T @ flat / len(draws)).reshape(2 * draws.shape[1:])


def sampling_noise(covariance, networks: int) -> float:
    """Relative error that `empirical_covariance` has of exactly Gaussian draws, root mean square.

    E ‖S - K‖² = ((tr K)² + ‖K‖²)/networks for the second moments S: no width lowers it.
    """
    rows = covariance.shape[0] * covariance.shape[1]
    trace = np.trace(covariance.reshape(rows, rows))
    return float(np.sqrt((trace**2 / np.sum(covariance**2) + 1) / networks))


def excess_kurtosis(values) -> tuple[float, float]:
    """E v⁴/(E v²)² - 3, which is 0 for a Gaussian of mean zero, and its standard error there."""
    square = np.asarray(values, np.float64) ** 2
    return float(np.mean(square**2) / np.mean(square) ** 2 - 3), float(np.sqrt(24 / len(square)))


class Quantiles(NamedTuple):
    """Quantiles of a sample beside those of N(0, deviation²), all of the same length.

    low, high: where exactly Gaussian draws of that number lie with 95 %
    probability, each by itself.
    """

    limit: np.ndarray
    sample: np.ndarray
    low: np.ndarray
    high: np.ndarray


@lru_cache(maxsize=32)
def _order_statistics(k):
    """Which of k ordered draws are shown, and their normal median and 95 % interval."""
    ends = np.arange(min(k, 25))
    shown = np.concatenate([ends, np.linspace(0, k - 1, 120).astype(int), k - 1 - ends])
    i = np.unique(shown) + 1
    # The i-th smallest of k uniform numbers has the Beta(i, k + 1 - i) distribution.
    levels = betaincinv(i, k + 1 - i, [[0.025], [0.5], [0.975]])
    return i - 1, ndtri(levels)


def quantiles(values, deviation: float) -> Quantiles:
    """Ordered values, (k,), beside the medians of ordered Gaussian draws; the tails in full."""
    values = np.sort(values)
    if not len(values):
        return Quantiles(*np.empty((4, 0)))
    shown, (low, middle, high) = _order_statistics(len(values))
    return Quantiles(deviation * middle, values[shown], deviation * low, deviation * high)
