"""The six functions of the cosine that a network's kernel consists of, in Chebyshev series.

On the unit sphere the six numbers of a pair of points are functions of the cosine c alone. Those of
a deep network change within a distance of χ^-L from c = ±1, so [-1, 1] is divided into panels:
|c| ≤ ½ in the middle, and towards each end intervals of 1 - |c| that halve, [2⁻ᵉ⁻¹, 2⁻ᵉ). Power
series in c with radius of convergence 1 are analytic in a disc that reaches past each panel by the
panel's own width, so that interpolation converges geometrically on each, however deep the network
is, and is right to rounding of what the function is there. Where one short series serves for all of
1 - |c| < 2⁻ᵉ, as in networks that are not deep, it takes the place of the panels there. What
remains for each pair of points is to sum six short series.
"""

from functools import lru_cache

import numpy as np
from numpy.polynomial.chebyshev import chebvander
from scipy.fft import dct

from .architecture import Architecture
from .correlations import Correlation
from .layers import composed_layers

_MIDDLE, _POLE, _END = 0, 1100, 2000  # every other panel is e ≥ 1
_ENDS = (1, 2, 4, 8)  # the e tried for one series of all 1 - |c| < 2^-e
_TERMS = (32, 64, 128, 256)
_PAIRS = 2048  # of points at a time; their Chebyshev polynomials fit the processor's cache


@lru_cache(maxsize=256)
def panels(network: Architecture, jntk: bool) -> "Panels":
    """The panels of one network's kernel, kept with what has been computed on them."""
    return Panels(network, jntk)


class Panels:
    """`composed_layers` of one smooth network and kernel, on the panels asked for."""

    def __init__(self, network: Architecture, jntk: bool):
        self.network, self.jntk = network, jntk
        #: key → Chebyshev series (6, terms), or None where none is short.
        self._series: dict[int, np.ndarray | None] = {}
        #: the e of the panel that reaches to c = 1, and of that to c = -1.
        self._ends = [self._end(negative) for negative in (0, 1)]

    def _end(self, negative: int) -> int:
        """The least e for which one short series serves for all 1 - |c| < 2⁻ᵉ; _POLE if none."""
        nodes = [_end_nodes(negative, e, _angles(_TERMS[0])) for e in _ENDS]
        for e, series in zip(_ENDS, self._interpolated(nodes), strict=True):
            if (short := _shortened(series, self._rounding)) is not None:
                self._series[2 * _END + negative] = short
                return e
        return _POLE

    @property
    def _rounding(self) -> float:
        """What is left of a function's smoothness after so many layers, relative."""
        return 1e-15 * (10 + self.network.depth)

    def __call__(self, correlation: Correlation) -> tuple[np.ndarray, float]:
        """The six numbers at flat cosines (n,), as an array (6, n), and a bound on their size."""
        keys = self._keys(correlation)
        order = np.argsort(keys, kind="stable")  # radix sort
        ends = np.append(np.flatnonzero(np.diff(keys[order])) + 1, keys.size)
        found = keys[order[ends - 1]].tolist()
        self._compute([key for key in found if key not in self._series])
        summed = np.empty((6, keys.size))
        rho, gap = (part[order] for part in correlation)
        first, largest = 0, 0.0
        for key, end in zip(found, ends.tolist(), strict=True):
            series = self._series[key]
            bound = np.inf if series is None else np.abs(series).sum(axis=1).max()
            largest = max(largest, bound if bound == bound else np.inf)
            for start in range(first, end, _PAIRS):
                part = slice(start, min(start + _PAIRS, end))
                here = Correlation(rho[part], gap[part])
                if series is None:
                    summed[:, part] = composed_layers(here, self.network, self.jntk)
                else:
                    polynomials = chebvander(self._within(key, here), series.shape[1] - 1)
                    summed[:, part] = series @ polynomials.T
            first = end
        result = np.empty_like(summed)
        for numbers, values in zip(result, summed, strict=True):
            numbers[order] = values
        return result, largest

    def _compute(self, keys: list[int]) -> None:
        """Interpolate on the panels of these keys, doubling the terms until the last are rounding.

        Rounding of a function's values, which deep networks and all cancellations raise, is told
        by the series having stopped to fall.
        """
        for terms in _TERMS:
            if not keys:
                return
            series = self._interpolated([_nodes(key, _angles(terms)) for key in keys])
            for key, one in zip(keys, series, strict=True):
                self._series[key] = _shortened(one, self._rounding)
            keys = [key for key in keys if self._series[key] is None]

    def _interpolated(self, nodes: list[Correlation]) -> np.ndarray:
        """Chebyshev series (len(nodes), 6, terms) of values at each panel's nodes."""
        every = Correlation(*(np.concatenate(part) for part in zip(*nodes, strict=True)))
        values = np.reshape(composed_layers(every, self.network, self.jntk), (6, len(nodes), -1))
        series = dct(values.swapaxes(0, 1)) / values.shape[-1]
        series[..., 0] /= 2
        return series

    def _keys(self, correlation: Correlation) -> np.ndarray:
        """The panel of each cosine, twice the number of its e, plus one where it is negative."""
        rho, gap = correlation
        panel = -np.frexp(gap)[1]
        negative = rho < 0
        panel[panel >= np.where(negative, *self._ends[::-1])] = _END
        panel[gap == 0] = _POLE
        panel[gap >= 0.5] = _MIDDLE
        return (2 * panel + (negative & (panel > _MIDDLE))).astype(np.uint16)

    def _within(self, key: int, correlation: Correlation) -> np.ndarray:
        """The places of cosines within their panel, from -1 to 1."""
        panel, negative = divmod(key, 2)
        if panel == _MIDDLE:
            return 2 * correlation.rho
        if panel == _POLE:
            return correlation.gap
        if panel == _END:
            return np.ldexp(correlation.gap, self._ends[negative] + 1) - 1
        return np.ldexp(correlation.gap, panel + 2) - 3


def _angles(terms: int) -> np.ndarray:
    """Chebyshev points: the cosines of equidistant angles."""
    return np.cos(np.pi * (np.arange(terms) + 0.5) / terms)


def _nodes(key: int, places: np.ndarray) -> Correlation:
    """The cosines at `places` within a panel."""
    panel, negative = divmod(key, 2)
    if panel == _MIDDLE:
        return Correlation(places / 2, 1 - np.abs(places) / 2)
    gap = np.zeros_like(places) if panel == _POLE else np.ldexp(places + 3, -panel - 2)
    return _at(negative, gap)


def _end_nodes(negative: int, e: int, places: np.ndarray) -> Correlation:
    return _at(negative, np.ldexp(places + 1, -e - 1))


def _at(negative: int, gap: np.ndarray) -> Correlation:
    return Correlation((gap - 1) if negative else (1 - gap), gap)


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
