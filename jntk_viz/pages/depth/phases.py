"""Order and chaos: the fixed points of plain networks over all (σ_w, σ_b).

Moments at a variance Q come from the library (`layers.smooth_expectations`) at a few Q and are
interpolated in log Q and in the angle of the two inputs; so the whole diagram needs no more of them
than one deep network.

Source: Poole, Lahiri, Raghu, Sohl-Dickstein & Ganguli (NeurIPS 2016); Schoenholz, Gilmer, Ganguli &
Sohl-Dickstein (ICLR 2017).
"""

from typing import NamedTuple, cast

import numpy as np
from scipy.interpolate import CubicSpline, RectBivariateSpline

from jntk_viz.activations import PowerSeries, get_activation
from jntk_viz.correlations import from_cosine
from jntk_viz.engine.results import kept
from jntk_viz.layers import smooth_expectations
from jntk_viz.pages.depth.state import BIAS_STDS, WEIGHT_STDS

VARIANCES = np.geomspace(1e-4, 30, 41)  # beyond the last there is “no fixed point”
_ANGLES = np.linspace(0, np.pi / 2, 61)  # of two normals, at which the moments are computed
_ITERATIONS, _HALVINGS = 400, 45
_NEAR = 0.03  # distance of χ₁ from one that iteration leaves near (0.6, 0) of erf


@kept
def moments(activation: str, i: int) -> np.ndarray:
    """(2, A): E φ(u)φ(v) and E φ'(u)φ'(v) at variance VARIANCES[i], over the angles of u and v."""
    # Every activation of this page has a series at these variances.
    series = cast(PowerSeries, get_activation(activation).series_at(VARIANCES[i]))
    _, e = smooth_expectations(series, from_cosine(np.cos(_ANGLES)))
    return np.array([e.g, e.g1])


class Moments:
    """E φ(u)φ(v) and E φ'(u)φ'(v) as smooth functions of the variance and the correlation."""

    def __init__(self, activation: str):
        table = np.array([moments(activation, i) for i in range(len(VARIANCES))])
        place = np.log(VARIANCES)
        self._ends = place[[0, -1]]
        self._equal = [CubicSpline(place, np.log(table[:, k, 0])) for k in (0, 1)]
        ratios = [table[:, k] / table[:, k, :1] for k in (0, 1)]
        self._ratio = [RectBivariateSpline(place, _ANGLES, ratio, s=0) for ratio in ratios]

    def _place(self, variance):
        return np.clip(np.log(np.maximum(variance, 1e-300)), *self._ends)

    def equal(self, variance, order: int = 0):
        """E φ(u)², or E φ'(u)² for `order` 1. Below the table it is that of its first variance."""
        return np.exp(self._equal[order](self._place(variance)))

    def apart(self, variance, correlation, order: int = 0):
        """E φ(u)φ(v), or E φ'(u)φ'(v), at correlations from 0 to 1."""
        angle = np.arccos(np.clip(correlation, 0, 1))
        return self.equal(variance, order) * self._ratio[order].ev(self._place(variance), angle)


class FixedPoint(NamedTuple):
    """The limits of plain networks in depth; every field of the shape of σ_w, NaN for none.

    variance: Q*;  chi: χ₁ = σ_w² E φ'², by which a layer multiplies small differences and |J|².
    correlation: c*, 1 in the ordered phase;  scale: ξ = −1/ln(σ_w² E φ'φ' at c*), in layers.
    """

    variance: np.ndarray
    chi: np.ndarray
    correlation: np.ndarray
    scale: np.ndarray


def fixed_point(table: Moments, weight_std, bias_std) -> FixedPoint:
    """The stable fixed point reached from Q = σ_w² + σ_b²; arrays of one shape.

    Correlations are followed from positive starting values. The map of correlations is convex on
    [0, 1], so where χ₁ > 1 it has exactly one more fixed point, found by bisection.
    """
    gain, bias = np.asarray(weight_std, float) ** 2, np.asarray(bias_std, float) ** 2
    variance = gain + bias
    exact = variance == np.where(bias == 0, 1.0, np.nan)  # E φ² = 1 at Q = 1, stable or not
    for _ in range(_ITERATIONS):
        variance = np.minimum(gain * table.equal(variance) + bias, 2 * VARIANCES[-1])
    variance = np.where(variance < VARIANCES[-1], np.maximum(variance, VARIANCES[0]), np.nan)
    variance = np.where(exact, 1.0, variance)
    there = np.isfinite(variance)
    some = np.where(there, variance, 1.0)
    chi = np.where(there, gain * table.equal(some, 1), np.nan)
    low, high = np.zeros_like(some), np.ones_like(some)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        rises = gain * table.apart(some, middle) + bias > middle * some
        low, high = np.where(rises, middle, low), np.where(rises, high, middle)
    correlation = np.where(chi > 1, low, 1.0)
    slope = gain * table.apart(some, correlation, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = -1 / np.log(np.where(slope < 1, slope, 1.0))
    scale = np.where(slope < 1, scale, np.inf)
    hidden = (np.where(there, v, np.nan) for v in (correlation, scale))
    return FixedPoint(variance, chi, *hidden)


def critical_line(table: Moments) -> tuple[np.ndarray, np.ndarray]:
    """(σ_w, σ_b) along χ₁ = 1, without iteration: each variance Q* is the fixed point of one pair.

    σ_w² = 1/E φ'² and σ_b² = Q − σ_w² E φ². Left out are Q without such a σ_b, and those that a
    network does not reach from its first layer, as another fixed point or none lies before them.
    """
    variance = np.geomspace(VARIANCES[0], VARIANCES[-1], 400)
    gain = 1 / table.equal(variance, 1)
    bias = variance - gain * table.equal(variance)
    real = bias >= -1e-6 * variance
    line = np.sqrt(gain[real]), np.sqrt(np.maximum(bias[real], 0))
    reached = np.abs(fixed_point(table, *line).chi - 1) < _NEAR
    return line[0][reached], line[1][reached]


class Diagram(NamedTuple):
    """The plane: axes (W,), (B,), the fixed points (B, W), and the line χ₁ = 1 as (x, y)."""

    weight_std: np.ndarray
    bias_std: np.ndarray
    points: FixedPoint
    line: tuple[np.ndarray, np.ndarray]


@kept
def diagram(activation: str) -> Diagram:
    """Fixed points on a grid of (σ_w, σ_b), drawn as the centres of its cells."""
    weights, biases = np.linspace(*WEIGHT_STDS, 69), np.linspace(*BIAS_STDS, 61)
    table = Moments(activation)
    grid = np.meshgrid(weights, biases)
    return Diagram(weights, biases, fixed_point(table, *grid), critical_line(table))


@kept
def here(activation: str, weight_std: float, bias_std: float) -> FixedPoint:
    """The fixed point of one plain network, as numbers."""
    found = fixed_point(Moments(activation), np.array([weight_std]), np.array([bias_std]))
    return FixedPoint(*(values[0] for values in found))
