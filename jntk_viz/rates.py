"""Convergence rates: the exponent of a power law, with its uncertainty."""

from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from jntk_viz._validation import check_matrix

_RESAMPLES = 2000
ENOUGH_REPEATS = 5  # with fewer, resampling them understates the spread


class PowerLaw(NamedTuple):
    """error ≈ exp(intercept) · width^slope, with a 95 % interval (low, high) of the slope."""

    slope: float
    low: float
    high: float
    intercept: float

    def __call__(self, width):
        return np.exp(self.intercept) * np.asarray(width, dtype=float) ** self.slope


def power_law(widths, errors) -> PowerLaw:
    """Fit error = c · width^slope by least squares on logarithms.

    The interval comes from resampling the repeats of each width where there are at least five of
    each, and else from the residuals of the regression (Student's t; NaN for two points, which
    leave no residual).

    Args:
        widths: (n,), positive; equal entries are repeats. At least two different ones.
        errors: (n,), positive.

    Raises:
        ValueError: naming the argument, what was expected, what came and the remedy.
    """
    widths, errors = (
        check_matrix(np.reshape(a, (-1, 1)), name)[:, 0]
        for a, name in ((widths, "widths"), (errors, "errors"))
    )
    if widths.shape != errors.shape or len(np.unique(widths)) < 2:
        raise ValueError(
            f"`widths` must hold one width for each error, and two different ones; got "
            f"{len(widths)} widths and {len(errors)} errors. Measure at a second width."
        )
    for name, values in (("widths", widths), ("errors", errors)):
        if values.min() <= 0:
            raise ValueError(
                f"`{name}` must be positive, since logarithms are taken; got {values.min():.3g}. "
                "Leave out what is zero."
            )
    x, y = np.log(widths), np.log(errors)
    slope, intercept = (float(c) for c in np.polynomial.polynomial.polyfit(x, y, 1)[::-1])
    low, high = _bootstrap(x, y) or _student(x, y - intercept - slope * x, slope)
    return PowerLaw(slope, low, high, intercept)


def _bootstrap(x, y) -> tuple[float, float] | None:
    groups = [np.flatnonzero(x == value) for value in np.unique(x)]
    if min(map(len, groups)) < ENOUGH_REPEATS:
        return None
    rng = np.random.default_rng(0)
    drawn = np.concatenate([rng.choice(rows, (_RESAMPLES, len(rows))) for rows in groups], axis=1)
    centred = x[drawn] - x[drawn].mean(axis=1, keepdims=True)
    slopes = (centred * y[drawn]).sum(axis=1) / (centred**2).sum(axis=1)
    low, high = np.quantile(slopes, (0.025, 0.975))
    return float(low), float(high)


def _student(x, residuals, slope: float) -> tuple[float, float]:
    """The interval of Student's t for the slope of a line fitted by least squares."""
    free = len(x) - 2
    if free < 1:
        return np.nan, np.nan
    error = np.sqrt((residuals @ residuals) / free / np.sum((x - x.mean()) ** 2))
    half = float(stdtrit(free, 0.975) * error)
    return slope - half, slope + half
