"""Pictures of λ_min: against depth and angle, with the noise floors of the arithmetic."""

import holoviews as hv
import numpy as np

from jntk_viz.drawing import elements as el
from jntk_viz.drawing.figures import name_ticks
from jntk_viz.drawing.live import join_curves
from jntk_viz.drawing.theme import (  # fmt: skip
    AMBER,
    BLUE,
    GREEN,
    INK,
    MUTED,
    ORANGE,
    PAPER,
    PURPLE,
    SKY,
)
from jntk_viz.frame.numbers import power_of_ten
from jntk_viz.pages.full_rank.state import DEPTHS

COLOURS = (ORANGE, BLUE, GREEN, SKY, PURPLE, AMBER, INK)  # of the activations, in library order
_WHICH = hv.Dimension("activation", range=(0, len(COLOURS) - 1))
DASHES = ("solid", "solid", "solid", "dashed", "solid", "dashed", "dotted")
BOTTOM, TOP = 1e-15, 1e5
PLACE_OF_NEVER = DEPTHS[-1] + 1.2  # on the axis of depths
DEPTH_TICKS = [(depth, str(depth)) for depth in DEPTHS]
NEVER = "never"  # in place of a depth: at none of all
_FLOOR = {"color": MUTED, "line_color": None}
_RING = {"fill_color": None, "line_color": INK, "line_width": 2.5, "size": 14}
_CURSOR = {"color": INK, "line_width": 1.5, "line_dash": "dotted"}
_TEXT = {
    "text_font_size": "13px",
    "text_color": INK,
    "text_align": "left",
    "text_baseline": "bottom",
}

_RIGHT = {"text_align": "right"}
_SPACED = {"legend.spacing": 12, "legend.glyph_width": 22}

# Angles on two logarithmic scales that meet at 90°; 0° and 180° are places past a gap.
_MIDDLE, _FIRST, _GAP = np.log10(90), -1.0, 0.55
ANGLE_LIMITS = (_FIRST - _GAP - 0.25, 2 * _MIDDLE - _FIRST + _GAP + 0.25)


def decades(low, high, step=2):
    """Ticks at every `step`-th power of ten."""
    powers = range(low, high + 1, step)
    return [(10.0**k, power_of_ten(k)) for k in powers]


def angle_position(theta):
    """Where an angle (degrees) is drawn: log θ up to 90°, mirrored beyond."""
    theta = np.asarray(theta, float)
    near = np.minimum(theta, 180 - theta)
    place = np.where(near == 0, _FIRST - _GAP, np.log10(np.where(near == 0, 1.0, near)))
    return np.where(theta <= 90, place, 2 * _MIDDLE - place)


def _angle_ticks():
    shown = (0, 0.1, 1, 10, 90, 170, 179, 179.9, 180)
    return [(float(angle_position(t)), f"{t:g}°") for t in shown]


ANGLE_TICKS = _angle_ticks()


def _floor_areas(x, double, ratio):
    """Areas that rounding hides: up to the float64 floor dark, up to the float32 floor light."""
    known = np.isfinite(double)
    x, double = np.asarray(x, float)[known], np.asarray(double, float)[known]
    single, bottom = double * ratio, np.full_like(double, BOTTOM)
    return [
        el.Area((x, double, single), vdims=["y", "y2"]).opts(alpha=0.12, **_FLOOR),
        el.Area((x, bottom, double), vdims=["y", "y2"]).opts(alpha=0.32, **_FLOOR),
    ]


def _floor_words(x, single, right, **style):
    """Names of the grey areas: above the float32 floor at x, and at the bottom right."""
    known = bool(np.isfinite(single))
    words = ["float32 noise floor", "rounding in float64"] if known else []
    places = ([x, right], [single, BOTTOM * 2]) if known else ([], [])
    return [
        el.Labels((places[0][:1], places[1][:1], words[:1])).opts(**_TEXT | style),
        el.Labels((places[0][1:], places[1][1:], words[1:])).opts(**_TEXT | _RIGHT),
    ]


def smallest_by_depth(depths, smallest, below, names, chosen, noise, single, depth, threshold,
                      ratio):  # fmt: skip
    """λ_min against depth for every activation on a logarithmic axis, above the noise floors.

    - `smallest`: (A, L), NaN where not resolved or not known;  `below`: (A, L), the floor where
      λ_min lies below it, else NaN;  `names`: of the A activations;  `chosen`: index of one.
    - `noise`: (L,), float64 floor of the chosen one, float32's is `ratio` times that;  `single`:
      (L,), its λ_min computed in float32.
    - `depth`, `threshold`: where the reader stands.
    """
    depths = np.asarray(depths, float)
    at = np.isfinite(below).ravel()
    which = np.repeat(np.arange(float(len(names))), len(depths))
    crosses = np.where(np.asarray(single) > BOTTOM, single, np.nan)
    own = np.where(np.isfinite(below[chosen]), below[chosen], smallest[chosen])
    here = (depths == depth) & np.isfinite(own)
    curves = [
        el.Curve((depths, values), label=name).opts(color=colour, line_dash=dash)
        for name, values, colour, dash in zip(names, smallest, COLOURS, DASHES, strict=True)
    ]
    layers = [
        *_floor_areas(depths, noise, ratio),
        *curves,
        el.Curve((depths, smallest[chosen])).opts(color=INK, line_width=1.2),
        el.Scatter(
            (np.tile(depths, len(names))[at], below.ravel()[at], which[at]), vdims=["y", _WHICH]
        ).opts(
            marker="inverted_triangle",
            size=10,
            fill_color=PAPER,
            line_color="activation",
            line_width=2,
            cmap=list(COLOURS),
        ),
        el.Scatter((depths, crosses)).opts(
            marker="x", size=9, color=INK, line_color=INK, line_width=2
        ),
        el.Curve(([0.5, 12.5], [threshold] * 2), label="threshold").opts(
            color=INK, line_dash="dashed", line_width=2
        ),
        el.VLine(depth).opts(**_CURSOR),
        el.Scatter((depths[here], own[here])).opts(**_RING),
        *_floor_words(0.62, noise[0] * ratio, 12.4),
    ]
    return el.Overlay(layers).opts(
        logy=True, xlim=(0.5, 12.5), ylim=(BOTTOM, TOP), xticks=DEPTH_TICKS,
        yticks=decades(-14, 4), xlabel="depth L", ylabel="λₘᵢₙ", legend_position="top_left",
        legend_cols=4, title="Smallest eigenvalue",
        backend_opts=_SPACED,
    )  # fmt: skip


def first_depths(names, double, above, single, depth):
    """From which depth on: one row for each activation, three marks.

    - `double`, `above`, `single`: (A,), each a depth, "never" for none up to 12, or NaN while it is
      not known, which leaves the place empty;  `depth`: the reader's.
    """
    rows = np.arange(len(names), dtype=float)[::-1]
    marks = (
        (double, 0.24, BLUE, "circle", "float64 noise"),
        (above, 0.0, ORANGE, "diamond", "threshold"),
        (single, -0.24, GREEN, "square", "float32 noise"),
    )
    scatters = []
    for values, shift, colour, marker, words in marks:
        values = np.array([PLACE_OF_NEVER if v == NEVER else v for v in values], float)
        known = np.isfinite(values)
        scatters.append(
            el.Scatter((values[known], rows[known] + shift), label=words).opts(
                color=colour,
                marker=marker,
                size=15 if marker == "diamond" else 10,
                line_color=PAPER,
            )
        )
    edges = np.arange(len(names) - 1) + 0.5
    ticks = [(row, name) for row, name in zip(rows, names, strict=True)]
    lines = el.Segments((np.full(edges.size, 0.4), edges, np.full(edges.size, 13.8), edges))
    return el.Overlay([
        el.VSpan(PLACE_OF_NEVER - 0.5, PLACE_OF_NEVER + 0.6).opts(
            color=MUTED, alpha=0.12, line_color=None
        ),
        lines.opts(color=MUTED, line_width=0.6, alpha=0.6),
        *scatters,
        el.VLine(depth).opts(**_CURSOR),
    ]).opts(
        xlim=(0.4, 13.8), ylim=(-0.6, len(names) + 1.6), yticks=ticks,
        xticks=[*DEPTH_TICKS[1:10:2], (PLACE_OF_NEVER, NEVER)], xlabel="depth L", ylabel="",
        legend_position="top_left", legend_cols=3, show_grid=False,
        title="Depth from which λₘᵢₙ > …", backend_opts=_SPACED,
    )  # fmt: skip


def spectrum(eigenvalues, noise, ratio):
    """All eigenvalues, largest first; those below the float64 floor are rounding: not drawn.

    - `eigenvalues`: (n,), increasing;  `noise`: the float64 floor, float32's is `ratio` times it.
    """
    values = np.asarray(eigenvalues, float)[::-1]
    rank = np.arange(1, values.size + 1)
    kept = values > noise
    strong = values > noise * ratio
    ends = np.array([0.0, max(values.size, 1) * 1.05])
    floor = np.full(2, noise)
    return el.Overlay([
        *_floor_areas(ends, floor, ratio),
        el.Scatter((rank[strong], values[strong])).opts(color=BLUE, size=5),
        el.Scatter((rank[kept & ~strong], values[kept & ~strong])).opts(color=ORANGE, size=5),
        *_floor_words(ends[1] * 0.93, noise * ratio, ends[1] * 0.93, **_RIGHT),
    ]).opts(
        logy=True, xlim=(0, 10), ylim=(BOTTOM, 1e6), yticks=decades(-14, 6, 4),
        xlabel="eigenvalues, largest first", ylabel="", show_legend=False,
        title="Eigenvalues above the noise floor:\n ",
    )  # fmt: skip


def smallest_by_angle(angles, smallest, values, noise, fits, theta, here, ratio):
    """λ_min of two points against their angle, and of their values alone.

    - `angles`: (A,) degrees;  `smallest`, `values`: (A,), NaN where not resolved.
    - `noise`: (A,), float64 floor;  `fits`: (x, y) of the fitted power laws, NaN between them.
    - `theta`: the reader's angle;  `here`: λ_min there, NaN where not resolved.
    """
    place = angle_position(angles)
    ends = np.array([ANGLE_LIMITS[0], *place, ANGLE_LIMITS[1]])
    known = np.isfinite(noise)
    floor = (
        np.interp(ends, place[known], np.asarray(noise)[known]) if known.any() else ends * np.nan
    )
    x, y = fits
    at = float(angle_position(theta))
    return el.Overlay([
        *_floor_areas(ends, floor, ratio),
        el.Curve((place, values), label="values alone").opts(color=ORANGE, line_width=2),
        el.Curve((place, smallest), label="values and slopes").opts(color=BLUE, line_width=3.5),
        el.Curve((angle_position(x), y), label="power law").opts(
            color=INK, line_dash="dashed", line_width=2
        ),
        el.VLine(at).opts(**_CURSOR),
        el.Scatter(([at] if np.isfinite(here) else [], [here] if np.isfinite(here) else [])).opts(
            **_RING
        ),
        *_floor_words(1.3, floor[0] * ratio, 2.5),
    ]).opts(
        logy=True, xlim=ANGLE_LIMITS, ylim=(BOTTOM, TOP), xticks=ANGLE_TICKS,
        yticks=decades(-14, 4), xlabel="angle θ between the two inputs", ylabel="λₘᵢₙ",
        legend_position="top_left", legend_cols=3, title="Smallest eigenvalue of two points",
        backend_opts=_SPACED,
    )  # fmt: skip


_CIRCLE = np.linspace(0, 2 * np.pi, 181)


def two_points(theta, labels=("x", "x′")):
    """The two inputs on the circle, θ degrees apart."""
    angle = np.radians(theta)
    arc = np.linspace(0, angle, 40)
    ends = np.array([[1.0, 0.0], [np.cos(angle), np.sin(angle)]])
    names = 1.27 * np.array([[np.cos(-0.16), np.sin(-0.16)],
                             [np.cos(angle + 0.16), np.sin(angle + 0.16)]])  # fmt: skip
    return el.Overlay([
        el.Curve((np.cos(_CIRCLE), np.sin(_CIRCLE))).opts(color=MUTED, line_width=1.2),
        el.Curve((0.45 * np.cos(arc), 0.45 * np.sin(arc))).opts(color=BLUE, line_width=2),
        el.Segments(([0, 0], [0, 0], ends[:, 0], ends[:, 1])).opts(color=INK, line_width=2),
        el.Points(ends).opts(color=ORANGE, size=11, line_color=PAPER),
        el.Labels((names[:, 0], names[:, 1], list(labels))).opts(
            text_font_size="16px", text_color=INK
        ),
    ]).opts(
        xlim=(-1.55, 1.55), ylim=(-1.55, 1.55), xaxis=None, yaxis=None, show_grid=False,
        show_legend=False, title="The two inputs",
        backend_opts={"plot.min_border_left": 15, "plot.min_border_right": 15}, toolbar=None,
    )  # fmt: skip


ENTRIES = ("f(x)", "J∥(x)", "J⊥(x)", "f(x′)", "J∥(x′)", "J⊥(x′)")
_SHORT = ("f", "J∥", "J⊥", "f′", "J∥′", "J⊥′")
_SHARES = (BLUE, ORANGE, GREEN, PURPLE)


def combination(vectors):
    """Bars of up to four combinations (k, 6) of values and slopes, beside one another."""
    count = len(vectors)
    width = 0.8 / max(count, 1)
    bars = []
    for k, colour in enumerate(_SHARES):
        heights = vectors[k] if k < count else np.empty(0)
        left = np.arange(len(heights)) - 0.4 + k * width
        zero = np.zeros(len(heights))
        bars.append(
            el.Rectangles((left, np.minimum(heights, zero), left + width * 0.92,
                           np.maximum(heights, zero)), label=f"{k + 1}").opts(
                color=colour, alpha=1, line_color=None)
        )  # fmt: skip
    return el.Overlay([
        *bars,
        el.Curve(([-0.6, 5.6], [0, 0])).opts(color=INK, line_width=1),
    ]).opts(
        xlim=(-0.6, 5.6), ylim=(-1.05, 1.05), xticks=list(enumerate(_SHORT)), yticks=5,
        xlabel="", ylabel="weight", show_legend=False, title="What is lost",
    )  # fmt: skip


def residuals(times, modes, slowest, loss, t):
    """Remainder of each mode and of the loss, in per cent, against training time.

    - `times`: (T,);  `modes`: (m, T);  `slowest`: (T,) or empty;  `loss`: (T,);  `t`: reader's.
    """
    x, y = join_curves(times, 100 * np.asarray(modes, float))
    return el.Overlay([
        el.Curve((x, y), label="modes").opts(color=SKY, line_width=1.3),
        el.Curve((times[: len(slowest)], 100 * np.asarray(slowest)), label="slowest mode").opts(
            color=ORANGE
        ),
        el.Curve((times[: len(loss)], 100 * np.asarray(loss)), label="loss").opts(
            color=INK, line_width=3.5
        ),
        el.VLine(t).opts(**_CURSOR),
    ]).opts(
        logx=True, xlim=(times[0], times[-1]), ylim=(-3, 145), xticks=decades(-2, 14, 4),
        yticks=[0, 25, 50, 75, 100], xlabel="training time t", ylabel="left (%)",
        legend_position="top_left", legend_cols=3, title="What is left to learn",
        backend_opts=_SPACED,
    )  # fmt: skip


def mode_times(times, t, bound):
    """The time by which each mode is learned to 1 %, fastest first.

    - `times`: (k,);  `t`: the reader's time;  `bound`: beyond it float64 cannot tell.
    """
    times = np.asarray(times, float)
    rank = np.arange(1, times.size + 1)
    done = times <= t
    ends = np.array([0.0, max(times.size, 1) * 1.6])
    return el.Overlay([
        el.Area((ends, np.full(2, bound), np.full(2, 1e20)), vdims=["y", "y2"]).opts(
            alpha=0.32, **_FLOOR
        ),
        el.Scatter((rank[done], times[done]), label="learned by t").opts(color=BLUE, size=6),
        el.Scatter((rank[~done], times[~done]), label="not yet").opts(color=ORANGE, size=6),
        el.Curve((ends, [t, t])).opts(**_CURSOR),
        el.Labels(([ends[1] * 0.02], [bound * 1.5], ["beyond float64 noise"])).opts(**_TEXT),
    ]).opts(
        logy=True, xlim=(0, 10), ylim=(1e-3, 1e18), yticks=decades(-3, 15, 3),
        xlabel="modes, fastest first", ylabel="", legend_position="bottom_right",
        title="Time until 1 % of a mode is left",
    )  # fmt: skip


def slowest_times(x, slowest, loss, fastest, bound, here):
    """Time until 1 % is left of the slowest mode, the loss and the fastest mode, over a setting.

    - `x`: (P,) places;  the times: (P,), NaN where unknown;  `bound`: (P,), the least that the
      slowest mode takes where it is unresolved, else NaN;  `here`: the reader's place.
    """
    x, at = np.asarray(x, float), np.isfinite(bound)
    return el.Overlay([
        el.Curve((x, slowest), label="slowest mode").opts(color=ORANGE),
        el.Curve((x, loss), label="loss").opts(color=INK, line_width=3.5),
        el.Curve((x, fastest), label="fastest").opts(color=BLUE),
        el.Scatter((x[at], np.asarray(bound, float)[at]), label="at least").opts(
            marker="triangle", size=10, fill_color=PAPER, line_color=ORANGE, line_width=2
        ),
        el.VLine(here).opts(**_CURSOR),
    ]).opts(
        logy=True, xlim=(0.5, 12.5), ylim=(1e-3, 1e23), yticks=decades(0, 15, 5), xlabel="depth L",
        ylabel="time", legend_position="top_left", legend_cols=4, xticks=DEPTH_TICKS,
        title="Time until 1 % is left", backend_opts=_SPACED,
    )  # fmt: skip


def set_ticks(plot, ticks):
    """Other ticks on the horizontal axis of a `LivePlot` that is already drawn."""
    name_ticks(plot.figure.xaxis[0], *zip(*ticks, strict=True))
