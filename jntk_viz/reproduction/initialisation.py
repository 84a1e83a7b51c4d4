"""What the three studies of random networks share: points, limits, errors, and how they fall."""

from functools import lru_cache

import jax
import numpy as np
import pandas as pd
import scipy.stats

from jntk_viz.datasets import load_dataset
from jntk_viz.kernels import jacobian_nngp, jntk
from jntk_viz.rates import ENOUGH_REPEATS, PowerLaw, power_law
from jntk_viz.reproduction.intervals import Estimate, slope_of
from jntk_viz.reproduction.study import LAW, OPEN, Chart, Claim, Column, Curve, judge

FEWEST_WIDTHS = 3  # for an exponent: two points lie on a line whatever the law is
INTERVAL = "95 %, percentile bootstrap over independent networks of the same width"

PARAMETERS = {
    "points": Column("number of inputs, which cover the unit sphere of R⁴ evenly"),
    "activation": Column("activation φ, scaled to E φ(z)² = 1"),
    "depth": Column("number L of hidden layers", "layers"),
    "width": Column("number d of neurons in each hidden layer", "neurons"),
    "repeat": Column("seed of the weights; width and depth are folded into the key"),
}
ERRORS = {
    "frobenius_error": Column("Frobenius norm of (found − limit) over that of the limit"),
    "max_error": Column("largest |entry| of (found − limit) over that of the limit"),
}
NORMS = {"frobenius_error": "Frobenius norm", "max_error": "max-norm"}


@lru_cache(maxsize=4)
def covering(points: int) -> np.ndarray:
    """Inputs that cover the unit sphere of R⁴ evenly, (points, 4)."""
    return load_dataset("sphere", n=points, d0=4).x


@lru_cache(maxsize=8)
def limit(kernel: str, points: int, depth: int, activation: str) -> np.ndarray:
    """The limiting kernel "nngp" or "jntk" of the covering points, (points, 5, points, 5)."""
    function = {"nngp": jacobian_nngp, "jntk": jntk}[kernel]
    return function(covering(points), depth=depth, activation=activation)


def key_of(repeat: int, depth: int, width: int):
    """A random key of its own for each network: equal seeds would give equal first weights."""
    return jax.random.fold_in(jax.random.fold_in(jax.random.key(repeat), depth), width)


def errors(found, of_limit: np.ndarray) -> dict[str, float]:
    """The relative errors of a kernel, `ERRORS`."""
    difference = np.asarray(found, np.float64) - of_limit
    return {
        "frobenius_error": float(np.linalg.norm(difference) / np.linalg.norm(of_limit)),
        "max_error": float(np.abs(difference).max() / np.abs(of_limit).max()),
    }


def bootstrap(values) -> Estimate:
    """Mean of independent `values` (n,) with its 95 % percentile bootstrap interval."""
    values = np.asarray(values, float)
    if len(values) < 2:
        return Estimate(float(values.mean()) if len(values) else np.nan, np.nan, np.nan)
    found = scipy.stats.bootstrap(
        (values,), np.mean, n_resamples=2000, method="percentile", rng=np.random.default_rng(0)
    ).confidence_interval
    return Estimate(float(values.mean()), float(found.low), float(found.high))


def mean_curve(label: str, table: pd.DataFrame, x: str, y: str, **options) -> Curve:
    """The mean of `y` at each `x`, with its interval."""
    groups = [(at, *bootstrap(group.dropna())) for at, group in table.groupby(x)[y]]
    at, mean, low, high = np.array(groups, float).reshape(-1, 4).T
    return Curve(label, at, mean, low, high, **options)


def law(table: pd.DataFrame, column: str) -> PowerLaw | None:
    """How `column` falls with the width; None with fewer than three widths."""
    if table.width.nunique() < FEWEST_WIDTHS:
        return None
    return power_law(table.width.to_numpy(float), table[column].to_numpy(float))


def laws(table: pd.DataFrame, column: str) -> dict[int, PowerLaw]:
    """Depth → how `column` falls with the width, where there are widths enough."""
    found = {int(depth): law(group, column) for depth, group in table.groupby("depth")}
    return {depth: one for depth, one in found.items() if one is not None}


def interval_of_laws(table: pd.DataFrame) -> str:
    """What the intervals of `laws` are intervals over; it depends on how many repeats there are."""
    said = []
    for _, group in table.groupby("depth"):
        fewest = group.groupby("width").size().min()
        said.append(
            f"95 %, percentile bootstrap over {fewest} independent networks of each width"
            if fewest >= ENOUGH_REPEATS
            else "95 %, Student's t of the regression on logarithms, since there are only "
            f"{fewest} networks of some width"
        )
    return " or ".join(dict.fromkeys(said))


def convergence_claim(
    table: pd.DataFrame, column: str, *, statement: str, source: str, definitions: str
) -> Claim:
    """Whether an error falls with the width at every depth there is: the slowest decides."""
    found = laws(table, column)
    if not found:
        return Claim(statement, source, "Fewer than three widths measured.", OPEN)
    slowest = max(found.values(), key=lambda one: one.high)
    exponents = "; ".join(f"depth {depth}: {slope_of(one)}" for depth, one in found.items())
    widest = table[table.width == table.width.max()]
    deepest = widest[widest.depth == widest.depth.max()]
    measured = (
        f"Relative error in {NORMS[column]} ∝ width^a over widths {table.width.min()} to "
        f"{table.width.max()} with a = {exponents}; at width "
        f"{deepest.width.iloc[0]}, depth {deepest.depth.iloc[0]}, it is "
        f"{bootstrap(deepest[column]).written('.3g')}. Intervals of the exponents: "
        f"{interval_of_laws(table)}; of the error: {INTERVAL}."
    )
    verdict = judge(slowest.low, slowest.high, at_most=0)
    return Claim(
        statement, source, measured, verdict, slowest.slope, slowest.low, slowest.high, definitions
    )


def curves_by_depth(table: pd.DataFrame, x: str, y: str, **options) -> list[Curve]:
    """Means with their intervals, a curve for each depth; depths share colours between calls."""
    return [
        mean_curve(f"depth {depth}", group, x, y, group=f"depth {depth}", **options)
        for depth, group in table.groupby("depth")
    ]


def reference(curves: list[Curve], exponent: float, label: str) -> list[Curve]:
    """A dashed line of that exponent through the beginning of the first curve."""
    if not curves or len(curves[0].x) < 2:
        return []
    x = np.asarray(curves[0].x)
    return [Curve(label, x, curves[0].y[0] * (x / x[0]) ** exponent, style="dashed", group=LAW)]


def errors_by_width(title: str, curves: list[Curve], note: str) -> Chart:
    """Errors of one network against its width, beside a line of slope −1/2."""
    return Chart(
        title,
        "width d",
        "relative error, Frobenius norm",
        curves + reference(curves, -0.5, "∝ 1/√d"),
        note,
        log_x=True,
        log_y=True,
    )
