"""How everything here is timed, and the rows that the tables are made of."""

import time
from typing import NamedTuple

import jax
import numpy as np

import jntk_viz as jv


class Row(NamedTuple):
    """One line of a table; `value` meets `target` from below unless `at_least`."""

    section: str
    what: str
    value: float
    unit: str
    target: float | None = None
    at_least: bool = False
    note: str = ""

    @property
    def verdict(self) -> str:
        if self.target is None:
            return ""
        met = self.value >= self.target if self.at_least else self.value <= self.target
        return "met" if met else "missed"

    def as_dict(self) -> dict:
        return {**self._asdict(), "verdict": self.verdict}


def unit_rows(n, d0) -> np.ndarray:
    """The same n points on the unit sphere of R^d0 every time, (n, d0)."""
    return jv.normalize(np.random.default_rng(0).normal(size=(n, d0)))


def seconds(function) -> float:
    """Time of one call, until its result is there."""
    start = time.perf_counter()
    jax.block_until_ready(function())
    return time.perf_counter() - start


def in_turn(*functions, repeats=7) -> list[np.ndarray]:
    """Times of warm calls, (repeats,) for each function, called A B A B …

    So a machine that slows down slows all of them. Quote ratios of one such run.
    """
    for function in functions:
        jax.block_until_ready(function())
    times = [[seconds(function) for function in functions] for _ in range(repeats)]
    return list(np.array(times).T)


def ratio(numerator, denominator) -> float:
    """Median of the ratios pair by pair."""
    return float(np.median(numerator / denominator))


def milliseconds(times) -> str:
    return f"{1e3 * np.median(times):.3g} ms"


def difference(result, expected) -> float:
    """Largest difference relative to the largest entry."""
    result, expected = np.asarray(result), np.asarray(expected)
    return float(np.abs(result - expected).max() / np.abs(expected).max())


def exponent(sizes, times) -> tuple[float, float]:
    """Slope of log time on log size and half its 95 % interval."""
    x, y = np.log(sizes), np.log(times)
    (slope, _), covariance = np.polyfit(x, y, 1, cov="unscaled")
    residual = y - np.polyval(np.polyfit(x, y, 1), x)
    spread = np.sqrt(covariance[0, 0] * (residual @ residual) / max(len(x) - 2, 1))
    return float(slope), 2 * float(spread)
