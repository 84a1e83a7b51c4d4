"""Pictures of the lessons: plain ones of several curves, and functions on the circle."""

import numpy as np

from jntk_viz.drawing import elements as el
from jntk_viz.drawing.theme import MUTED, PALETTE, THEORY
from jntk_viz.frame.blocks import heat_map
from jntk_viz.pages.gp_convergence import pictures as gp_convergence
from jntk_viz.pages.gp_convergence.circle import ANGLES, CIRCLE, TANGENT
from jntk_viz.pages.gp_convergence.function_pictures import functions

_NONE = np.array([])
_NO_SLOPES = np.zeros((0, 0))


def circle_slopes(outputs) -> np.ndarray:
    """Slopes df/dθ = J·τ along the circle from (f, J) of shape (…, 72, 3)."""
    return np.einsum("...ia,ia->...i", np.asarray(outputs)[..., 1:], TANGENT)


def density(values, deviation, top=0.8, xlabel="output f(x)"):
    """Histogram of (k,) values and their Gaussian limit, whose own peak is at 0.4/`deviation`.

    - `top`: where the axis ends, in the same unit; narrow networks have a higher peak.
    """
    histogram = gp_convergence.density(values, deviation)
    return histogram.opts(ylim=(0, top / deviation), xlabel=xlabel)


def kernel_map(covariance, scale, title="", colorbar=False):
    """A kernel (n, 1+d0, n, 1+d0) as colours from -scale to scale, in blocks f, J₁, J₂, …"""
    image = heat_map(covariance, scale, colorbar, title)
    return image.opts(xlabel="entry (f, J) and point x′", ylabel="entry (f, J) and point x")


def random_functions(values, deviation, slopes=None, ylabel="f(x)"):
    """Functions (k, 72) on the circle over the band of ±2 standard deviations of the limit.

    - `deviation`: of the limit, a number;  `slopes`: (k, 72), drawn as ticks.
    """
    band = np.full(len(ANGLES), deviation)
    return _functions(values, slopes, 0 * band, band, deviation, ylabel=ylabel)


def posterior(mean, deviation, prior, seen=(_NONE, _NONE), tangents=(_NONE, _NONE), values=None):
    """Mean ± 2 deviations (72,) given observed values and slopes; dotted, what it was before.

    - `seen`: (angles, values);  `tangents`: (angles, slopes);  `values`: (k, 72) draws.
    """
    empty = np.zeros((0, len(ANGLES)))
    draws = empty if values is None else values
    return _functions(draws, None, mean, deviation, prior, seen, tangents)


def _functions(
    values, slopes, mean, deviation, prior, seen=(_NONE, _NONE), tangents=(_NONE, _NONE),
    ylabel="f(x)",
):  # fmt: skip
    ticks = _NO_SLOPES if slopes is None else np.asarray(slopes)
    overlay = functions(
        np.asarray(values), ticks, np.zeros((0, len(ANGLES))), mean, deviation, prior, seen,
        tangents, np.nan, np.nan, ylabel=ylabel,
    )  # fmt: skip
    if slopes is not None:
        return overlay
    # The first points are where the ticks would be: without ticks they mean nothing.
    dots = next(leaf for leaf in el.leaves(overlay) if el.name(leaf) == "Scatter")
    return el.only(overlay, lambda leaf: leaf is not dots)


def curves(
    x, ys, labels, *, theory=None, theory_label="theory", points=False, logx=False, logy=False,
    xlabel="", ylabel="", title="", xlim=None, ylim=None, level=None, position="top_right",
):  # fmt: skip
    """Several measured curves (k, n) in colour, and theory (n,) or (k, n) as thin dark lines.

    - `points`: markers on the curves;  `level`: height of a dashed line;  `position`: the legend's.
    """
    parts = []
    if level is not None:
        parts.append(el.HLine(level).opts(color=MUTED, line_dash="dashed", line_width=1.5))
    for y, label, colour in zip(ys, labels, PALETTE, strict=False):
        parts.append(el.Curve((x, y), label=label).opts(color=colour))
        if points:
            parts.append(el.Scatter((x, y), label=label).opts(color=colour, size=9))
    for row in [] if theory is None else np.atleast_2d(theory):
        line = el.Curve((x, row), label=theory_label)
        parts.append(line.opts(color=THEORY, line_width=1.6, line_dash="dashed"))
    options = {"xlim": xlim, "ylim": ylim}
    if points:
        options["padding"] = (0.03, 0.08)  # whole markers at the ends, too
        if logy and ylim is None:
            options["yticks"] = _log_ticks(ys)
        if len(x) <= 7:
            options["xticks"] = [(v, f"{v:g}") for v in x]  # those that were measured
    return el.Overlay(parts).opts(
        height=320, logx=logx, logy=logy, xlabel=xlabel, ylabel=ylabel, title=title or " ",
        legend_position=position, **{k: v for k, v in options.items() if v is not None},
        show_legend=any(labels),
    )  # fmt: skip


def _log_ticks(ys):
    """1, 2, 5 times powers of ten around positive numbers, where those span few decades."""
    low, high = float(np.min(ys)) / 1.5, 1.5 * float(np.max(ys))
    if not low > 0 or high / low > 1000:
        return None  # powers of ten alone are enough
    decades = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    ticks = [m * 10.0**k for k in decades for m in (1, 2, 5)]
    return [(t, f"{t:g}") for t in ticks if low <= t <= high]


def loglog(x, ys, labels, **options):
    """`curves` with their points on logarithmic axes, where a power of x is a straight line."""
    return curves(x, ys, labels, points=True, logx=True, logy=True, **options)


def measured_against_limit(limit, measured, ylim, limit_label, measured_label):
    """A cloud of (n,) measured numbers over what they tend to: wider networks, nearer the line."""
    limit, measured = np.ravel(limit), np.ravel(measured)
    ends = [limit.min(), limit.max()]
    line = el.Curve((ends, ends), label="equal")
    return el.Overlay(
        [
            el.Scatter((limit, measured)).opts(color=PALETTE[0], size=7, alpha=0.6),
            line.opts(color=THEORY, line_width=1.6, line_dash="dashed"),
        ]
    ).opts(
        height=320, xlabel=limit_label, ylabel=measured_label, ylim=ylim, title=" ",
        padding=(0.03, 0.08), legend_position="top_left", show_legend=True,
    )  # fmt: skip


def without_cursor(view, **options):
    """A view of a page without the lines that mark the reader's place there, and without PGD.

    - `options`: of the overlay, such as a label of an axis that pictures below it have on the page.
    """

    def bare(*arrays, **named):
        overlay = view(*arrays, **named)
        return el.only(
            overlay, lambda e: el.name(e) not in ("VLine", "HLine") and el.label(e) != "PGD"
        ).opts(**options)

    bare.__name__ = view.__name__
    return bare


__all__ = [
    "CIRCLE",
    "circle_slopes",
    "curves",
    "density",
    "kernel_map",
    "loglog",
    "measured_against_limit",
    "posterior",
    "random_functions",
    "without_cursor",
]
