"""Convergence rates: the exponent of a power law, with its uncertainty."""

from typing import NamedTuple

import numpy as np
import scipy.stats

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
    fit = scipy.stats.linregress(x, y)
    low, high = _bootstrap(x, y) or _student(fit, len(x))
    return PowerLaw(float(fit.slope), low, high, float(fit.intercept))


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


def _student(fit, n: int) -> tuple[float, float]:
    if n < 3:
        return np.nan, np.nan
    half = scipy.stats.t.ppf(0.975, n - 2) * fit.stderr
    return float(fit.slope - half), float(fit.slope + half)
