"""Pictures of depth: correlation, phases, slopes, ends of the JNTK's spectrum, training."""

import holoviews as hv
import numpy as np
from bokeh.models import FixedTicker

from jntk_viz.drawing import elements as el
from jntk_viz.drawing.figures import name_ticks
from jntk_viz.drawing.live import join_curves
from jntk_viz.drawing.theme import BLUE, INK, MUTED, ORANGE, PAPER, SEQUENTIAL
from jntk_viz.frame.numbers import power_of_ten
from jntk_viz.pages.depth import training
from jntk_viz.pages.depth.kernel import DEPTHS
from jntk_viz.pages.depth.state import BIAS_STDS, LAYERS, WEIGHT_STDS

# Words on the map, which is as dark on light pages as on dark ones: a form that is not recoloured.
ON_COLOURS = "rgb(242, 242, 242)"
LONGEST = 100.0  # layers; larger depth scales have the same colour
_SPACED = {"legend.spacing": 12, "legend.glyph_width": 22}
_WITHIN = {"legend.background_fill_alpha": 0.7, **_SPACED}
_TEXT = {"text_font_size": "14px", "text_align": "center", "text_baseline": "middle"}
# With a range of its own HoloViews does not look for one, in vain while nothing is known.
_SCALE = hv.Dimension("scale", range=(0, np.log10(LONGEST)))
_PERCENT = [0, 20, 40, 60, 80, 100]
_PLAIN = {"color": BLUE, "line_width": 2.5, "line_dash": "dotted"}
_FINITE = {"color": ORANGE, "line_width": 1.2, "alpha": 0.75}


def correlation_by_depth(limit, plain, networks, fixed):
    """Correlation of two inputs behind every layer.

    - `limit`, `plain`: (1+D,), of infinite width, as set and without skips, NaN where unknown;
    - `networks`: (n, 1+D), finite;  `fixed`: c*, NaN for none.
    """
    layers = np.arange(LAYERS + 1)
    x, y = join_curves(layers, networks)
    return el.Overlay([
        el.Curve((x, y), label="networks").opts(**_FINITE),
        el.Curve(([0, LAYERS], [fixed] * 2), label="c*").opts(
            color=MUTED, line_dash="dashed", line_width=2
        ),
        el.Curve((layers, plain), label="without skips").opts(**_PLAIN),
        el.Curve((layers, limit), label="limit").opts(color=INK, line_width=3),
        el.Scatter((layers[:1], np.asarray(limit)[:1])).opts(
            fill_color=PAPER, line_color=INK, line_width=2, size=9
        ),
    ]).opts(
        xlim=(0, LAYERS), ylim=(-0.42, 1.42), xticks=9, yticks=[-0.25, 0, 0.25, 0.5, 0.75, 1],
        xlabel="layer", ylabel="correlation", legend_position="top_left", legend_cols=2,
        title="Correlation of the two inputs", backend_opts=_WITHIN,
    )  # fmt: skip


def slope_by_depth(limit, plain, networks):
    """Mean squared slope |J|² of networks of depth 1 … D.

    - `limit`, `plain`: (D,), of infinite width, as set and without skips, NaN where unknown;
    - `networks`: (n, D), finite.
    """
    depths = np.arange(1, LAYERS + 1)
    x, y = join_curves(depths, networks)
    return el.Overlay([
        el.Curve((x, y)).opts(**_FINITE),
        el.Curve((depths, plain)).opts(**_PLAIN),
        el.Curve((depths, limit)).opts(color=INK, line_width=3),
    ]).opts(
        logy=True, xlim=(0, LAYERS), ylim=(1e-3, 1e3), xlabel="depth L", ylabel="E |J|²",
        show_legend=False, xticks=9, title="Mean squared slope",
    )  # fmt: skip


def fit_decades(plot, *values, least=(-2.0, 2.0)):
    """Fit the logarithmic axis of a `LivePlot` to all values, with about four ticks.

    - `least`: powers of ten that it holds in any case.
    """
    low, high = decades_around(*values, least=least)
    first, last = np.ceil(np.log10(low)), np.floor(np.log10(high))
    step = max(1, int(np.ceil((last - first) / 4)))
    powers = [int(k) for k in np.arange(np.ceil(first / step) * step, last + 1, step)]
    plot.set(ylim=(low, high))

    def mark(figure):
        name_ticks(figure.yaxis[0], [10.0**k for k in powers], [power_of_ten(k) for k in powers])
        figure.ygrid[0].ticker = figure.yaxis[0].ticker

    plot.when_drawn(mark)


def decades_around(*values, least=(-2.0, 2.0)):
    """Whole powers of ten, and a bit, that hold all positive values and at least `least`."""
    every = np.concatenate([np.ravel(v) for v in values])
    every = every[np.isfinite(every) & (every > 0)]
    logs = np.log10(every) if every.size else np.zeros(1)
    low, high = min(least[0], np.floor(logs.min())), max(least[1], np.ceil(logs.max()))
    return 10 ** (low - 0.15), 10 ** (high + 0.15)


def region_names(plane):
    """Names of the regions, each in the middle of one of some size: (x, y, words) of order and
    chaos, and of where there is no fixed point."""
    chi = plane.points.chi

    def placed(**regions):
        places = []
        for name, inside in regions.items():
            if inside.mean() > 0.03:
                rows, columns = np.nonzero(inside)
                middle = plane.weight_std[columns].mean(), plane.bias_std[rows].mean()
                places.append((*middle, name.replace("_", " ")))
        x, y, words = zip(*places, strict=True) if places else ((), (), ())
        return np.array(x, float), np.array(y, float), list(words)

    return placed(order=chi < 1, chaos=chi > 1), placed(no_fixed_point=np.isnan(chi))


def correlation_limits(*values):
    """The part of [-1, 1] that is shown: down to −1 only where some correlation is low."""
    lowest = min((float(np.nanmin(v)) for v in values if np.isfinite(v).any()), default=0.0)
    return (-1.08 if lowest < -0.4 else -0.42), 1.42


def phase_diagram(scale, line, names, outside, here):
    """Depth scale ξ of plain networks as colour over (σ_w, σ_b), with the line χ₁ = 1.

    - `scale`: (B, W), layers, on even grids over both ranges, NaN for no fixed point;
    - `line`: (x, y);  `names`, `outside`: as from `region_names`;
    - `here`: (σ_w, σ_b) of the reader.
    """
    shade = np.log10(np.clip(scale, 1, LONGEST)).astype(np.float32)[::-1]
    bounds = (WEIGHT_STDS[0], BIAS_STDS[0], WEIGHT_STDS[1], BIAS_STDS[1])
    ticks = {0.0: "≤ 1", 0.5: "3", 1.0: "10", 1.5: "30", 2.0: "≥ 100"}
    return el.Overlay([
        el.Image(shade, bounds=bounds, vdims=[_SCALE]).opts(
            cmap=SEQUENTIAL, colorbar=True, clipping_colors={"NaN": "transparent"},
            clim=(0, np.log10(LONGEST)), clabel=" ",
            colorbar_opts={
                "width": 12, "padding": 4, "ticker": FixedTicker(ticks=list(ticks)),
                "major_label_overrides": ticks,
            },
        ),
        el.Curve(line).opts(color=ORANGE, line_width=3),
        el.Labels(names).opts(text_color=ON_COLOURS, **_TEXT),
        el.Labels(outside).opts(text_color=INK, **_TEXT),
        el.Scatter(([here[0]], [here[1]])).opts(
            fill_color=PAPER, line_color=INK, line_width=3, size=13
        ),
    ]).opts(
        xlim=WEIGHT_STDS, ylim=(BIAS_STDS[0] - 0.06, BIAS_STDS[1]),
        xlabel="σ_w (click to move)", ylabel="σ_b", xticks=[0.5, 1, 1.5, 2],
        show_grid=False, show_legend=False, title="Depth scale ξ, and the line χ₁ = 1",
    )  # fmt: skip


KINDS = ((BLUE, "plain"), (ORANGE, "with skips"))


def smallest_by_depth(smallest, floor, below):
    """λ_min of the JNTK against depth above its noise floor, for a plain and a residual network.

    - `smallest`, `floor`, `below`: (2, D) as in `kernel.Course`.
    """
    curves, floors, marks = [], [], []
    for (colour, name), values, noise, under in zip(KINDS, smallest, floor, below, strict=True):
        at = np.isfinite(under)
        curves.append(el.Curve((DEPTHS, values), label=name).opts(color=colour, line_width=3))
        floors.append(
            el.Curve((DEPTHS, noise), label=f"noise floor, {name}").opts(
                color=colour, line_dash="dotted", line_width=1.8
            )
        )
        marks.append(
            el.Scatter((np.array(DEPTHS, float)[at], np.asarray(under)[at])).opts(
                marker="inverted_triangle", size=10, fill_color=PAPER, line_color=colour,
                line_width=2,
            )
        )  # fmt: skip
    return el.Overlay([*floors, *curves, *marks]).opts(
        logy=True, xlim=(0, LAYERS + 0.5), ylim=(1e-20, 1e10), xlabel="depth L", ylabel="λₘᵢₙ",
        legend_position="top_left", legend_cols=2, xticks=9,
        title="Smallest eigenvalue of the JNTK", backend_opts=_WITHIN,
    )  # fmt: skip


def condition_by_depth(condition):
    """λ_max/λ_min of the JNTK, (2, D); NaN where λ_min is not numerically resolved."""
    curves = [
        el.Curve((DEPTHS, values)).opts(color=colour, line_width=3)
        for (colour, _), values in zip(KINDS, condition, strict=True)
    ]
    marks = [
        el.Scatter((DEPTHS, values)).opts(color=colour, size=7)
        for (colour, _), values in zip(KINDS, condition, strict=True)
    ]
    return el.Overlay([*curves, *marks]).opts(
        logy=True, xlim=(0, LAYERS + 0.5), ylim=(1, 1e15), xlabel="depth L", ylabel="λₘₐₓ/λₘᵢₙ",
        yticks=[(10.0**k, power_of_ten(k)) for k in range(0, 16, 3)], xticks=9,
        show_legend=False, title="Condition of the JNTK",
    )  # fmt: skip


def accuracy_by_depth(best, low, high, end):
    """Robust accuracy against depth at the chosen time and at t = ∞, plain and residual.

    - `best`, `low`, `high`, `end`: (2, D) as in `training.Course`, shares.
    """
    curves, marks, ends = [], [], []
    for (colour, name), at, *rows in zip(KINDS, _places(), best, low, high, end, strict=True):
        value, bottom, top, last = (100 * np.asarray(row) for row in rows)
        known = np.isfinite(value)
        curves.append(el.Curve((at, value), label=f"best, {name}").opts(color=colour, line_width=3))
        ends.append(
            el.Curve((at, last), label=f"t = ∞, {name}").opts(
                color=colour, line_dash="dashed", line_width=1.8
            )
        )
        marks += [
            el.Segments((at[known], bottom[known], at[known], top[known])).opts(
                color=colour, line_width=2
            ),
            el.Scatter((at[known], value[known])).opts(color=colour, size=8),
            el.Scatter((at[known], last[known])).opts(
                fill_color=PAPER, line_color=colour, line_width=2, size=8
            ),
        ]
    return el.Overlay([*ends, *curves, *marks]).opts(
        xlim=(0, LAYERS + 1), ylim=(30, 115), xlabel="depth L", ylabel="robust accuracy, %",
        legend_position="top_left", legend_cols=2, xticks=9, yticks=_PERCENT,
        title="Robust accuracy of test points", backend_opts=_WITHIN,
    )  # fmt: skip


def accuracy_limits(low, end):
    """Percent: from a multiple of 20 below all values to above 100, with room for the legend."""
    least = min((float(np.nanmin(v)) for v in (low, end) if np.isfinite(v).any()), default=0.5)
    return 20 * np.floor(5 * min(least, 0.5)), 128


def steps_by_depth(steps, first, last):
    """Times at which training is stopped, mean and range over the folds, in steps of descent.

    - `steps`, `first`, `last`: (2, D) as in `training.Course`.
    """
    curves, marks = [], []
    for (colour, _), at, *rows in zip(KINDS, _places(), steps, first, last, strict=True):
        value, earliest, latest = map(np.asarray, rows)
        known = np.isfinite(value)
        curves.append(el.Curve((at, value)).opts(color=colour, line_width=3))
        marks += [
            el.Segments((at[known], earliest[known], at[known], latest[known])).opts(
                color=colour, line_width=2
            ),
            el.Scatter((at[known], value[known])).opts(color=colour, size=8),
        ]
    return el.Overlay([*curves, *marks]).opts(
        logy=True, xlim=(0, LAYERS + 1), ylim=(0.7, 1e5), xlabel="depth L",
        ylabel="t · eₘₐₓ/N", show_legend=False, xticks=9, title="Steps until then",
    )  # fmt: skip


def _places():
    """The depths, (2, D), side by side so that the bars do not cover one another."""
    return np.array(training.DEPTHS) + np.array([[-0.2], [0.2]])
