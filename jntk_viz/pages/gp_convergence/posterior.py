"""A Gaussian process given observed values and slopes: conditioning and evidence."""

from typing import NamedTuple

import numpy as np

# A combination of observations whose variance is this small beside the largest is taken for none:
# the kernel is exact to about 1e-14.
_NULL = 1e-10


class Posterior(NamedTuple):
    """A centred Gaussian vector given some of its entries.

    mean: (m,). covariance: (m, m). gain: (m, k), the mean is gain @ values. gap: the largest part
    of the values that no draw could have had, 0 unless they contradict one another. surprise: root
    mean square of the values in units of what was to be expected of them, about 1 for a draw.
    """

    mean: np.ndarray
    covariance: np.ndarray
    gain: np.ndarray
    gap: float
    surprise: float


def condition(covariance, rows, values, noise: float = 0.0) -> Posterior:
    """Condition a centred Gaussian vector on some of its entries, seen with or without noise.

    With o for the observed rows and A = K_oo + noise² I the gain is G = K_·o A⁻¹, the mean G y, the
    covariance K - G K_o·. Directions in which A is zero to rounding are left out: a process that is
    odd, say, has f(x) + f(-x) = 0, and seeing both tells no more than seeing one.

    Args:
        covariance: (m, m). rows: (k,), indices of what was seen. values: (k,).
        noise: standard deviation of each observation, independent.
    """
    values, rows = np.asarray(values, float), np.asarray(rows, int)
    if not len(rows):
        empty = np.empty((len(covariance), 0))
        return Posterior(np.zeros(len(covariance)), covariance, empty, 0.0, 0.0)
    across = covariance[:, rows]
    variances, vectors = _spectrum(across[rows], noise)
    inverse = (vectors / variances) @ vectors.T
    gain = across @ inverse
    seen = vectors.T @ values
    lost = values - vectors @ seen
    return Posterior(
        mean=gain @ values,
        covariance=covariance - gain @ across.T,
        gain=gain,
        gap=float(np.abs(lost).max()),
        surprise=float(np.sqrt(np.mean(seen**2 / variances))),
    )


def _spectrum(observed, noise):
    """Eigenvalues and vectors of K_oo + noise² I that are not zero to rounding."""
    variances, vectors = np.linalg.eigh(observed + noise**2 * np.eye(len(observed)))
    keep = variances > _NULL * variances[-1]
    return variances[keep], vectors[:, keep]


def evidence(covariances, covariance, rows, values, noise: float = 0.0) -> np.ndarray:
    """Weights, of sum 1, by how well each centred Gaussian vector explains what was seen.

    Proportional to the density of the values, over the directions that `covariance`, the limiting
    one, does not rule out.

    Args:
        covariances: (p, m, m). covariance: (m, m). rows, values, noise: as for `condition`.
    """
    if not len(rows):
        return np.full(len(covariances), 1 / len(covariances))
    rows = np.asarray(rows, int)
    block = np.ix_(rows, rows)
    variances, vectors = _spectrum(covariance[block], noise)
    own = vectors.T @ (covariances[:, *block] + noise**2 * np.eye(len(rows))) @ vectors
    own = own + _NULL * variances[-1] * np.eye(len(variances))
    seen = vectors.T @ np.asarray(values, float)
    distance = seen @ np.linalg.solve(own, np.broadcast_to(seen[:, None], (*own.shape[:2], 1)))
    log = -0.5 * (np.linalg.slogdet(own)[1] + distance[:, 0])
    weights = np.exp(log - log.max())
    return weights / weights.sum()


def root(covariance) -> np.ndarray:
    """Symmetric square root; eigenvalues that rounding made negative count as zero."""
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
