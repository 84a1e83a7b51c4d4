"""Numbers with 95 % intervals, and how they are written."""

from typing import NamedTuple

import numpy as np
import scipy.stats


class Estimate(NamedTuple):
    """A number with its 95 % interval; NaN where it is unknown."""

    value: float
    low: float
    high: float

    def __str__(self):
        """+0.12 [0.03, 0.21]."""
        if np.isnan(self.value):
            return "unknown"
        if np.isnan(self.low):
            return f"{self.value:+.2f} (one value, no interval)"
        return f"{self.value:+.2f} [{self.low:+.2f}, {self.high:+.2f}]"


UNKNOWN = Estimate(np.nan, np.nan, np.nan)


def mean_interval(values) -> Estimate:
    """Mean of independent `values` (n,) with Student's 95 % interval, which needs two of them.

    NaN values are left out.
    """
    values = np.asarray(values, dtype=float)
    values = values[np.isfinite(values)]
    n = len(values)
    if n == 0:
        return UNKNOWN
    mean = float(values.mean())
    if n == 1:
        return Estimate(mean, np.nan, np.nan)
    half = scipy.stats.t.ppf(0.975, n - 1) * values.std(ddof=1) / n**0.5
    return Estimate(mean, float(mean - half), float(mean + half))
