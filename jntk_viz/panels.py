"""The six functions of the cosine that a network's kernel consists of, in Chebyshev series.

On the unit sphere the six numbers of a pair of points are functions of the cosine c alone. Those of
a deep network change within a distance of χ^-L from c = ±1, so [-1, 1] is divided into panels:
|c| ≤ ½ in the middle, and towards each end intervals of 1 - |c| that halve, [2⁻ᵉ⁻¹, 2⁻ᵉ). Power
series in c with radius of convergence 1 are analytic in a disc that reaches past each panel by the
panel's own width, so that interpolation converges geometrically on each, however deep the network
is, and is right to rounding of what the function is there. What remains for each pair of points is
to sum six short series.
"""

from functools import lru_cache

import numpy as np
from numpy.polynomial.chebyshev import chebvander
from scipy.fft import dct

from .activations import Activation
from .correlations import Correlation
from .layers import composed_layers

_MIDDLE, _POLE = 0, 1100  # every other panel is e ≥ 1, 1 - |c| being in [2^(-e-1), 2^-e)
_TERMS = (32, 64, 128, 256)
_PAIRS = 2048  # of points at a time; their Chebyshev polynomials fit the processor's cache


@lru_cache(maxsize=256)
def panels(activation: Activation, depth: int, jntk: bool) -> "Panels":
    """The panels of one network's kernel, kept with what has been computed on them."""
    return Panels(activation, depth, jntk)


class Panels:
    """`composed_layers` of one smooth activation, depth and kernel, on the panels asked for."""

    def __init__(self, activation: Activation, depth: int, jntk: bool):
        self.network = (depth, activation, jntk)
        #: panel → Chebyshev series (6, terms), or None where none is short.
        self._series: dict[int, np.ndarray | None] = {}

    def __call__(self, correlation: Correlation) -> np.ndarray:
        """The six numbers at flat cosines (n,), as an array (6, n)."""
        keys = _keys(correlation)
        order = np.argsort(keys, kind="stable")  # radix sort
        ends = np.append(np.flatnonzero(np.diff(keys[order])) + 1, keys.size)
        found = keys[order[ends - 1]].tolist()
        self._compute([key for key in found if key not in self._series])
        summed = np.empty((6, keys.size))
        rho, gap = (part[order] for part in correlation)
        first = 0
        for key, end in zip(found, ends.tolist(), strict=True):
            series = self._series[key]
            for start in range(first, end, _PAIRS):
                part = slice(start, min(start + _PAIRS, end))
                here = Correlation(rho[part], gap[part])
                if series is None:
                    summed[:, part] = composed_layers(here, *self.network)
                else:
                    polynomials = chebvander(_within(key, here), series.shape[1] - 1)
                    summed[:, part] = series @ polynomials.T
            first = end
        result = np.empty_like(summed)
        result[:, order] = summed
        return result

    def _compute(self, keys: list[int]) -> None:
        """Interpolate on the panels of these keys, doubling the terms until the last are rounding.

        Rounding of a function's values, which deep networks and all cancellations raise, is told
        by the series having stopped to fall.
        """
        for terms in _TERMS:
            if not keys:
                return
            angles = np.cos(np.pi * (np.arange(terms) + 0.5) / terms)
            nodes = [_nodes(key, angles) for key in keys]
            every = Correlation(*(np.concatenate(part) for part in zip(*nodes, strict=True)))
            values = np.reshape(composed_layers(every, *self.network), (6, len(keys), terms))
            series = dct(values.swapaxes(0, 1)) / terms
            series[..., 0] /= 2
            for key, one in zip(keys, series, strict=True):
                self._series[key] = _shortened(one, 1e-15 * (10 + self.network[0]))
            keys = [key for key in keys if self._series[key] is None]


def _keys(correlation: Correlation) -> np.ndarray:
    """The panel of each cosine, twice the number of its e, plus one where it is negative."""
    exponent = np.frexp(correlation.gap)[1]
    panel = np.where(correlation.gap > 0, np.maximum(-exponent, _MIDDLE), _POLE)
    return (2 * panel + ((correlation.rho < 0) & (panel > _MIDDLE))).astype(np.uint16)


def _within(key: int, correlation: Correlation) -> np.ndarray:
    """The places of cosines within their panel, from -1 to 1."""
    panel = key // 2
    if panel == _MIDDLE:
        return 2 * correlation.rho
    if panel == _POLE:
        return correlation.gap
    return np.ldexp(correlation.gap, panel + 2) - 3


def _nodes(key: int, places: np.ndarray) -> Correlation:
    """The cosines at `places` within a panel."""
    panel = key // 2
    if panel == _MIDDLE:
        return Correlation(places / 2, 1 - np.abs(places) / 2)
    gap = np.zeros_like(places) if panel == _POLE else np.ldexp(places + 3, -panel - 2)
    return Correlation((gap - 1) if key % 2 else (1 - gap), gap)


def _shortened(series: np.ndarray, tolerance: float) -> np.ndarray | None:
    """The terms of (6, terms) series above rounding error; None if they do not fall so far.

    Series that are not finite are kept as they are.
    """
    largest = np.abs(series).max(axis=1, keepdims=True)
    if not np.isfinite(largest).all():
        return series[:, :1]
    size = np.abs(series) / np.where(largest > 0, largest, 1.0)
    rounding = size[:, -8:].max()
    if rounding > tolerance:
        return None
    above = np.flatnonzero((size > 2 * rounding).any(axis=0))
    return series[:, : above[-1] + 1 if above.size else 1]
