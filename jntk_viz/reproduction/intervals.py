"""Numbers with 95 % intervals, and how they are written."""

from typing import NamedTuple

import numpy as np
import scipy.stats

from jntk_viz.rates import PowerLaw


class Estimate(NamedTuple):
    """A number with its 95 % interval; NaN where it is unknown."""

    value: float
    low: float
    high: float

    def __str__(self):
        """0.12 [0.03, 0.21]."""
        return self.written(".2f")

    @property
    def signed(self) -> str:
        """+0.12 [+0.03, +0.21], for a difference."""
        return self.written("+.2f")

    def written(self, form: str) -> str:
        """With every number in this format."""
        value, low, high = (f"{number:{form}}".replace("-", "−") for number in self)
        if np.isnan(self.value):
            return "unknown"
        if np.isnan(self.low):
            return f"{value} (one value, no interval)"
        return f"{value} [{low}, {high}]"

    @property
    def numbers(self) -> tuple[float | None, float | None, float | None]:
        """As a `Claim` has them, None for unknown."""
        value, low, high = (None if np.isnan(number) else float(number) for number in self)
        return value, low, high


UNKNOWN = Estimate(np.nan, np.nan, np.nan)


def slope_of(law: PowerLaw) -> Estimate:
    """The exponent of a power law."""
    return Estimate(law.slope, law.low, law.high)


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


def share_interval(count: int, total: int) -> Estimate:
    """A share with Clopper and Pearson's 95 % interval; unknown for a share of nothing."""
    if total == 0:
        return UNKNOWN
    interval = scipy.stats.binomtest(count, total).proportion_ci(method="exact")
    return Estimate(count / total, float(interval.low), float(interval.high))
