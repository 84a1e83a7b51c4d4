"""What the rows of `nngp_convergence` show."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from jntk_viz.reproduction import initialisation as shared
from jntk_viz.reproduction.intervals import Estimate
from jntk_viz.reproduction.study import OPEN, Chart, Claim, Curve, judge

DEFINITIONS = (
    "Errors relative to the limit, over all blocks of (f, J); GeLU; the last layer is integrated "
    "out, the others are drawn; float32."
)
NARROWEST = 64  # of the exponents: the paper's first width; narrower ones are for the bias only
_RESAMPLES = 2000


def single(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of one network each."""
    return table[table.networks == 1]


def most(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of all networks of a task."""
    return table[(table.networks == table.most_networks) & (table.networks > 1)]


class Bias(NamedTuple):
    """How ‖E K − Σ‖/‖Σ‖ falls with the width at one depth, where it is resolved.

    widths: whose interval of the squared bias lies above zero. slope: NaN with fewer than two.
    """

    depth: int
    widths: np.ndarray
    slope: float
    low: float
    high: float


def bias_law(table: pd.DataFrame, depth: int) -> Bias:
    """Fit the bias at one depth by resampling the repeats at each width."""
    rows = most(table)
    rows = rows[rows.depth == depth]
    squares = {width: group.bias_squared.to_numpy() for width, group in rows.groupby("width")}
    resolved = [width for width, values in squares.items() if shared.bootstrap(values).low > 0]
    widths = np.array(resolved, float)
    if len(resolved) < 2:
        return Bias(depth, widths, np.nan, np.nan, np.nan)
    rng = np.random.default_rng(0)
    drawn = [
        rng.choice(squares[width], (_RESAMPLES, len(squares[width]))).mean(axis=1)
        for width in resolved
    ]
    # A resampled mean below zero has no logarithm; resolved widths give few of them.
    logs = np.log(np.where(np.array(drawn) > 0, drawn, np.nan)) / 2
    slopes = np.polyfit(np.log(widths), logs[:, np.isfinite(logs).all(axis=0)], 1)[0]
    means = [np.log(squares[width].mean()) / 2 for width in resolved]
    slope = float(np.polyfit(np.log(widths), means, 1)[0])
    low, high = np.quantile(slopes, (0.025, 0.975))
    return Bias(depth, widths, slope, float(low), float(high))


def claims(table: pd.DataFrame, source: str) -> list[Claim]:
    of_one = [
        shared.convergence_claim(
            single(table)[single(table).width >= NARROWEST],
            column,
            statement="At initialisation (f, J) converges to a Gaussian process with the Jacobian "
            "NNGP kernel as covariance: the covariance that one network's hidden layers leave to "
            f"(f, J) tends to it as the width grows ({norm}).",
            source=source,
            definitions=DEFINITIONS,
        )
        for column, norm in shared.NORMS.items()
    ]
    return [*of_one, bias_claim(table, source)]


def bias_claim(table: pd.DataFrame, source: str) -> Claim:
    """Whether the covariance over all networks of a width tends to the limit, noise taken off."""
    statement = (
        "The covariance over many random networks of a width tends to the Jacobian NNGP kernel as "
        "the width grows, Monte Carlo noise taken off."
    )
    found = [bias_law(table, depth) for depth in sorted(table.depth.unique())]
    fitted = [bias for bias in found if np.isfinite(bias.slope)]
    unresolved = [str(bias.depth) for bias in found if not np.isfinite(bias.slope)]
    nowhere = (
        f" At depth {', '.join(unresolved)} it is above the noise at fewer than two widths (with "
        "one hidden layer it is zero at every width, since the covariance is then linear in "
        "independent neurons)."
        if unresolved
        else ""
    )
    if not fitted:
        return Claim(statement, source, f"No bias resolved from the noise.{nowhere}", OPEN)
    slowest = max(fitted, key=lambda bias: bias.high)
    exponents = "; ".join(
        f"depth {b.depth}: {Estimate(b.slope, b.low, b.high)} over widths "
        f"{b.widths[0]:.0f} to {b.widths[-1]:.0f}"
        for b in fitted
    )
    return Claim(
        statement,
        source,
        f"Bias in Frobenius norm ∝ width^a with a = {exponents}, where it is above the noise."
        f"{nowhere} Intervals: {shared.INTERVAL}.",
        judge(slowest.low, slowest.high, at_most=0),
        slowest.slope,
        slowest.low,
        slowest.high,
        f"{DEFINITIONS} The squared bias is the inner product of the errors of two independent "
        "halves of the networks, which noise leaves unbiased. Only widths where it stands out are "
        "fitted, which makes the fall look slower than it is rather than faster.",
    )


def charts(table: pd.DataFrame) -> list[Chart]:
    ones, all_of_them = single(table), most(table)
    return [
        *(_of_one_network(ones, column, norm) for column, norm in shared.NORMS.items()),
        _of_many_networks(all_of_them),
        _over_networks(table),
        _bias(all_of_them),
    ]


def _of_one_network(table, column, norm) -> Chart:
    curves = shared.curves_by_depth(table, "width", column)
    return Chart(
        f"Covariance left by one network, {norm}",
        "width d",
        "relative error",
        curves + shared.reference(curves, -0.5, "∝ 1/√d"),
        "Hidden layers drawn once, the last layer integrated out. Mean over the repeats; the band "
        f"is its interval ({shared.INTERVAL}).",
        log_x=True,
        log_y=True,
    )


def _of_many_networks(table) -> Chart:
    noise = [
        curve._replace(label=f"noise, {curve.label}", style="dashed", low=None, high=None)
        for curve in shared.curves_by_depth(table, "width", "noise")
    ]
    plain = []
    if len(table):
        floor = table[table.depth == table.depth.min()].groupby("width").plain_noise.mean()
        label = "noise of plain Monte Carlo"
        plain = [Curve(label, floor.index.to_numpy(), floor.to_numpy(), style="dashed")]
    return Chart(
        "Covariance over many networks, and its Monte Carlo noise",
        "width d",
        "relative error, Frobenius norm",
        shared.curves_by_depth(table, "width", "frobenius_error") + noise + plain,
        "As many neurons in all at each width, so that wider networks are fewer. Where the error "
        "lies on the dashed line of its depth it is noise of the estimate and says nothing of the "
        "width. Plain Monte Carlo, which averages products of (f, J) of as many networks, is "
        f"noisier. Band: {shared.INTERVAL}.",
        log_x=True,
        log_y=True,
    )


def _over_networks(table) -> Chart:
    narrowest = table[table.width == table.width.min()]
    width = "" if narrowest.empty else f" of width {narrowest.width.iloc[0]}"
    curves = shared.curves_by_depth(narrowest, "networks", "frobenius_error")
    return Chart(
        f"Averaging over networks{width}",
        "networks averaged",
        "relative error, Frobenius norm",
        curves + shared.reference(curves, -0.5, "∝ 1/√n"),
        "Averaging lowers the noise only: where a curve leaves the dashed slope it comes to the "
        f"bias, which this width does not get rid of. Band: {shared.INTERVAL}.",
        log_x=True,
        log_y=True,
    )


def _bias(table) -> Chart:
    curves = []
    for squared in shared.curves_by_depth(table, "width", "bias_squared", style="points"):
        resolved = np.asarray(squared.low) > 0
        if resolved.any():
            x, *squares = (np.asarray(values)[resolved] for values in squared[1:5])
            y, low, high = np.sqrt(squares)
            curves.append(squared._replace(x=x, y=y, low=low, high=high))
    lines = [
        line for curve in curves for line in shared.reference([curve], -1, f"∝ 1/d, {curve.label}")
    ]
    return Chart(
        "Bias of the covariance, noise taken off",
        "width d",
        "relative bias, Frobenius norm",
        curves + lines,
        "Only where the interval of the squared bias lies above zero. One hidden layer has no bias "
        f"at any width. Intervals: {shared.INTERVAL}.",
        log_x=True,
        log_y=True,
    )
