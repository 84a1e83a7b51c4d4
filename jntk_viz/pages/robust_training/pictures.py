"""Pictures of robust training: the (λ, t) map, its rows and columns, eigenfeatures."""

import holoviews as hv
import numpy as np

from jntk_viz.drawing import elements as el
from jntk_viz.drawing.axes import (
    EDGE,
    INFINITY_SLOT,
    LAM_LIMITS,
    TIME_LIMITS,
    ZERO_SLOT,
    lam_position,
    lam_ticks,
    time_position,
    time_ticks,
)
from jntk_viz.drawing.theme import BLUE, INK, MUTED, ORANGE, PAPER, SEQUENTIAL
from jntk_viz.frame.numbers import power_of_ten

_TIME_TICKS, _LAM_TICKS = time_ticks(power_of_ten), lam_ticks(power_of_ten)

MAP_TITLES = {
    "robust": "Robust accuracy (%)",
    "clean": "Clean accuracy (%)",
    "jacobian": "Median |J| at the test points",
}


def accuracy_limits(*fractions):
    """The axis of accuracies: its upper part, or all of it; below there is room for the legend."""
    low = min((np.min(v[np.isfinite(v)], initial=1.0) for v in fractions), default=1.0)
    return (20, 102) if low >= 0.45 else (-30, 102)


def map_limits(shown, values):
    """Round colour or axis limits that hold all known values, so that they seldom move."""
    known = values[np.isfinite(values)]
    if shown == "jacobian":  # what diverges leaves the axis
        return 0.0, min(float(np.ceil(2.2 * np.max(known, initial=0.1)) / 2), 10.0)
    low, high = np.min(known, initial=0.9), np.max(known, initial=0.5)
    return float(np.floor(20 * low) * 5), float(np.ceil(20 * high) * 5)


def wider(limits):
    """Axis limits with a margin for what lies on the edge."""
    low, high = limits
    return low - 0.04 * (high - low), high + 0.04 * (high - low)


def _slot():
    """The place of t = ∞, visibly apart from the finite times."""
    return el.VSpan(*INFINITY_SLOT).opts(color="#d9d9d9", alpha=0.6, line_color=None)


_CURSOR = {"color": INK, "line_width": 1.5}


def _time_cursor(t):
    """A line through the reader's time."""
    return el.VLine(float(time_position(t))).opts(**_CURSOR)


def _lam_cursor(lam):
    """A line through the reader's λ."""
    return el.HLine(float(lam_position(lam))).opts(**_CURSOR)


def _line(times, values, label="", **style):
    """A curve over the finite times, and a level bar in the slot of t = ∞."""
    x, y = time_position(times), np.asarray(values, float)
    x = np.concatenate([x[:-1], [np.nan], INFINITY_SLOT])
    return el.Curve((x, np.concatenate([y[:-1], [np.nan], y[[-1, -1]]])), label=label).opts(**style)


_DASHED = {"line_dash": [6, 4], "line_width": 1.8, "alpha": 0.8}


def accuracy_curves(
    times, clean, robust, standard_clean, standard_robust, pgd_times, pgd, stopped_times=(),
    stopped=(), t=1.0,
):  # fmt: skip
    """Clean and robust accuracy against training time, λ in full colour, λ = 0 dashed.

    - `times`: (T,), the last being ∞;  the four curves: (T,) fractions of the test points.
    - `pgd_times`, `pgd`: (k,), robust accuracy against an attack that searches.
    - `stopped_times`, `stopped`: (2,), where each training is stopped, its robust accuracy there.
    - `t`: where the reader stands.
    """
    percent = [100 * np.asarray(v, float) for v in (clean, robust, standard_clean, standard_robust)]
    searched = (time_position(pgd_times), 100 * np.asarray(pgd, float))
    ends = (time_position(stopped_times), 100 * np.asarray(stopped, float))
    layers = [
        _slot(),
        _line(times, percent[2], "clean, λ = 0", color=BLUE, **_DASHED),
        _line(times, percent[3], "robust, λ = 0", color=ORANGE, **_DASHED),
        _line(times, percent[0], "clean", color=BLUE),
        _line(times, percent[1], "robust", color=ORANGE),
        el.Scatter(searched, label="PGD").opts(**_CROSSES),
        el.Scatter(ends, label="stopped").opts(size=9, color=PAPER, line_color=INK, line_width=2),
        _time_cursor(t),
    ]
    return el.Overlay(layers).opts(
        xlim=TIME_LIMITS, ylim=accuracy_limits(), xticks=_TIME_TICKS, xlabel="training time t",
        ylabel="accuracy (%)", legend_position="bottom_left", legend_cols=3,
        title="Test accuracy", backend_opts={**_ALIGNED, **_TIGHT},
    )  # fmt: skip


# Three columns of names beside the map and its profile in a window of 1000 pixels.
_TIGHT = {"legend.spacing": 3, "legend.glyph_width": 14, "legend.margin": 2}
# Left edges of the two pictures that share the time axis.
_ALIGNED = {"plot.min_border_left": 62}
# Lower edges of the map and of its column.
_LEVEL = {"plot.min_border_bottom": 66}
_CROSSES = {"marker": "x", "size": 11, "line_width": 3, "color": INK, "line_color": INK}


def jacobian_curves(times, jacobian, standard, t=1.0):
    """Median |J| over the test points against training time, λ full, λ = 0 dashed; a line at t."""
    layers = [
        _slot(),
        _line(times, standard, color=INK, **_DASHED),
        _line(times, jacobian, color=INK),
        _time_cursor(t),
    ]
    return el.Overlay(layers).opts(
        xlim=TIME_LIMITS, ylim=(0, 2), xticks=_TIME_TICKS, xlabel="training time t",
        ylabel="median |J|", yticks=4, show_legend=False, backend_opts=_ALIGNED,
    )  # fmt: skip


def _edges(places):
    middle = (places[1:] + places[:-1]) / 2
    return np.concatenate([[places[0] - EDGE], middle, [places[-1] + EDGE]])


def _with_gap(values):
    """The map with an empty column before t = ∞ and an empty row above λ = 0."""
    values = np.insert(np.asarray(values, float), -1, np.nan, axis=1)
    return np.insert(values, 1, np.nan, axis=0)


def lambda_profile(lams, now, end, lam=1.0):
    """The map's column at the chosen time beside the one at t = ∞, λ upwards as on the map.

    - `lams`: (L,), the first being 0;  `now`, `end`: (L,), in the units of the map.
    - `lam`: where the reader stands.
    """
    places = lam_position(lams)
    layers = [
        _column(places, end, color=MUTED, **_DASHED),
        _column(places, now, color=ORANGE),
        el.Scatter((np.asarray(now, float), places)).opts(color=ORANGE, size=6),
        _lam_cursor(lam),
    ]
    return el.Overlay(layers).opts(
        xlim=(30, 102), ylim=LAM_LIMITS, yticks=_LAM_TICKS, xticks=3, xlabel="robust (%)",
        ylabel="", title="At t; dashed: ∞", show_legend=False, backend_opts=_LEVEL,
    )  # fmt: skip


def _column(places, values, **style):
    """A line upwards over λ > 0, and an upright bar in the slot of λ = 0."""
    values = np.asarray(values, float)
    x = np.concatenate([values[[0, 0]], [np.nan], values[1:]])
    y = np.concatenate([ZERO_SLOT, [np.nan], places[1:]])
    return el.Curve((x, y)).opts(**style)


# With a range of its own HoloViews does not look for one, in vain while nothing is known.
_VALUE = hv.Dimension("value", range=(0, 100))


def lambda_time_map(lams, times, values, best, t=1.0, lam=1.0):
    """A quantity over all (λ, t), with the time until which each λ is most robust.

    - `lams`: (L,), the first being 0;  `times`: (T,), the last being ∞;  `values`: (L, T).
    - `best`: (L,), times, NaN for none.  `t`, `lam`: where the reader stands.
    """
    x = np.concatenate([_edges(time_position(times)[:-1]), INFINITY_SLOT])
    y = np.concatenate([ZERO_SLOT, _edges(lam_position(lams)[1:])])
    known = np.isfinite(best)
    layers = [
        el.QuadMesh((x, y, _with_gap(values)), ["t", "λ"], _VALUE).opts(
            cmap=SEQUENTIAL, colorbar=True, line_alpha=0, clipping_colors={"NaN": PAPER},
            colorbar_opts={"width": 12, "padding": 4}, clim=(50, 100), clabel=" ",
            tools=["hover"], hover_tooltips=[("value here", "@value{0.0}")],
        ),
        el.Scatter((time_position(best[known]), lam_position(lams)[known])).opts(
            size=7, color=PAPER, line_color=INK
        ),
        _time_cursor(t),
        _lam_cursor(lam),
    ]  # fmt: skip
    return el.Overlay(layers).opts(
        xlim=TIME_LIMITS, ylim=LAM_LIMITS, xticks=_TIME_TICKS, yticks=_LAM_TICKS,
        xlabel="time t (○ highest on these points)", ylabel="λ", show_grid=False,
        title="Robust accuracy (%)", show_legend=False, backend_opts=_LEVEL,
    )  # fmt: skip


def _diagonal():
    return el.Curve(([0, 100], [0, 100])).opts(color=MUTED, line_width=1.5)


def feature_scatter(usefulness, robustness, eigenvalues, *, colorbar=True):
    """Accuracy and robustness of each eigenfeature; large eigenvalues are drawn on top.

    - `usefulness`, `robustness`: (k,) fractions;  `eigenvalues`: (k,), largest first.
    """
    shade = np.log10(np.asarray(eigenvalues, float)[::-1])
    x, y = (100 * np.asarray(v, float)[::-1] for v in (usefulness, robustness))
    points = el.Points((x, y, shade), vdims=["shade"]).opts(
        color="shade", cmap=SEQUENTIAL, clim=(-10, 2), size=8, line_color=PAPER, line_width=0.5,
        colorbar=colorbar, colorbar_opts={"width": 12, "padding": 4},
        clabel=" ", tools=["hover"], hover_tooltips=[
            ("accuracy (%)", "@x{0}"), ("robust (%)", "@y{0}"), ("log₁₀ eigenvalue", "@shade{0.0}")
        ],
    )  # fmt: skip
    return (_diagonal() * points).opts(
        xlim=(-2, 102), ylim=(-2, 102), xlabel="feature accuracy (%)",
        ylabel="robust (%)", title="Eigenfeatures", show_legend=False,
    )  # fmt: skip
