"""Pictures of eigenfeatures: scatter, one feature up close, rank correlation, what is learned."""

import holoviews as hv
import numpy as np

from jntk_viz.datasets.tables import shortened
from jntk_viz.drawing import elements as el
from jntk_viz.drawing.axes import LAM_LIMITS, lam_position, lam_ticks
from jntk_viz.drawing.figures import name_ticks
from jntk_viz.drawing.theme import (
    AMBER,
    BLUE,
    DIVERGING,
    GREEN,
    INK,
    MUTED,
    ORANGE,
    PAPER,
    PURPLE,
    SEQUENTIAL,
)
from jntk_viz.frame.numbers import power_of_ten

ACCURACY_LIMITS = (-4, 104)
TIME_LIMITS = (-2.0, 11.0)
_LAM_TICKS = lam_ticks(power_of_ten)
_TIME_TICKS = [(k, power_of_ten(k)) for k in range(-2, 11, 2)]
_TILES, _SIDE, _GAP = 4, 8, 1  # an image of 8×8 pixels beside the others
WIDTH = _TILES * _SIDE + (_TILES - 1) * _GAP
TILE_CENTRES = [_SIDE / 2 + i * (_SIDE + _GAP) for i in range(_TILES)]
_BLANK = np.full((_SIDE, WIDTH), np.nan)
_MOST_NAMES = 14  # of columns that find room beside the bars


def feature_scatter(
    usefulness, robustness, eigenvalues, chosen, fragile, majority=np.nan, *, colorbar=True
):
    """Accuracy and robustness of each eigenfeature; large eigenvalues on top, a ring on one.

    - `usefulness`, `robustness`: (k,) fractions;  `eigenvalues`: (k,), largest first.
    - `chosen`: index of the ringed feature, or -1.
    - `fragile`: accuracy from which and robustness up to which a feature counts as fragile.
    - `majority`: accuracy of always naming the more frequent label; NaN draws no line.

    The dashed line is where features lie, on average, if survival rates are shuffled among them.
    """
    shade = np.log10(np.asarray(eigenvalues, float)[::-1])
    x, y = (100 * np.asarray(v, float)[::-1] for v in (usefulness, robustness))
    at = [len(x) - 1 - chosen] if 0 <= chosen < len(x) else []
    layers = [
        el.Rectangles([(100 * fragile[0], -4, 104, 100 * fragile[1])]).opts(
            color=ORANGE, alpha=0.13, line_color=None
        ),
        el.Text(103, 12, "accurate,\nyet fragile", halign="right").opts(
            text_color=ORANGE, text_font_size="13px"
        ),
        el.Curve(([0, 100], [0, 100])).opts(color=MUTED, line_width=1.5),
        el.Curve(([0, 100], [0, _mean_survival(x, y)])).opts(
            color=BLUE, line_width=2, line_dash=[6, 4]
        ),
        el.Curve(([100 * majority] * 2, [0, 100])).opts(
            color=INK, line_width=1.5, line_dash=[2, 3]
        ),
        _dots(x, y, shade, "log₁₀ e", colorbar, ("accuracy (%)", "robust (%)")),
        el.Scatter((x[at], y[at])).opts(size=17, fill_alpha=0, line_color=PURPLE, line_width=3.5),
    ]
    return el.Overlay(layers).opts(
        xlim=ACCURACY_LIMITS, ylim=ACCURACY_LIMITS, xlabel="accuracy of the feature (%)",
        ylabel="robust (%)", title="Eigenfeatures\n ", show_legend=False,
    )  # fmt: skip


def _mean_survival(x, y):
    """Mean rate at which right answers survive, in per cent; NaN without features."""
    known = x > 0
    return float(np.mean(100 * y[known] / x[known])) if known.any() else np.nan


def _dots(x, y, shade, name, colorbar, axes, size=9):
    return el.Points((x, y, shade), vdims=["shade"]).opts(
        color="shade", cmap=SEQUENTIAL, clim=(-10, 2), size=size, line_color=PAPER, line_width=0.5,
        colorbar=colorbar, colorbar_opts={"width": 12, "padding": 4}, clabel=" ", tools=["hover"],
        hover_tooltips=[(axes[0], "@x{0.0}"), (axes[1], "@y{0.0}"), (name, "@shade{0.0}")],
    )  # fmt: skip


def learning_scatter(times, robustness, share, chosen, *, colorbar=True):
    """Robustness of each feature against the time at which it is learned.

    - `times`: (k,), N/e;  `robustness`, `share`: (k,) fractions;  `chosen`: ringed, or -1.
    """
    shade = np.log10(np.maximum(np.asarray(share, float)[::-1], 1e-30))
    x = np.log10(np.asarray(times, float)[::-1])
    y = 100 * np.asarray(robustness, float)[::-1]
    order = np.argsort(shade, kind="stable")  # what matters for the target is drawn on top
    at = [len(x) - 1 - chosen] if 0 <= chosen < len(x) else []
    dots = _dots(
        x[order], y[order], shade[order], "log₁₀ share", colorbar, ("log₁₀ N/e", "robust (%)")
    )
    ring = el.Scatter((x[at], y[at])).opts(size=17, fill_alpha=0, line_color=PURPLE, line_width=3.5)
    return (dots * ring).opts(
        xlim=TIME_LIMITS, ylim=ACCURACY_LIMITS, xticks=_TIME_TICKS, show_legend=False,
        xlabel="learned at time N/e", ylabel="robust (%)", title="Features\n ",
    )  # fmt: skip


def learned_curves(times, standard, regularised):
    """Part of the target that has been learned by each time, λ = 0 dashed, λ > 0 full.

    - `times`: (T,);  `standard`, `regularised`: (T,) fractions.
    """
    x = np.log10(times)
    dashed = {"line_dash": [6, 4]}
    layers = [
        el.Curve((x, 100 * np.asarray(standard)), label="λ = 0").opts(color=ORANGE, **dashed),
        el.Curve((x, 100 * np.asarray(regularised)), label="with λ").opts(color=BLUE),
    ]
    return el.Overlay(layers).opts(
        xlim=TIME_LIMITS, ylim=(-4, 104), xticks=_TIME_TICKS, xlabel="training time t",
        ylabel="learned (%)", legend_position="bottom_right",
        title="How much of the target has been learned\n ",
    )  # fmt: skip


_NORMS = (("l2", "L2", BLUE, -0.05), ("linf", "L∞", ORANGE, 0.05))
CORRELATION_KEYS = tuple(
    norm + part for norm, *_ in _NORMS for part in ("", "_low", "_high", "_null", "_from", "_to")
)


def correlation_curves(lams, lam, **rho):
    """Rank correlation of accuracy and robustness against λ, and what is forced; both norms.

    - `lams`: (L,).  `lam`: the reader's.
    - `rho`: the arrays CORRELATION_KEYS, (L,) each, NaN where nothing is known: for each norm ρ
      with its 95 % interval, the null model's mean, and its middle 95 %.
    """
    layers = []
    for norm, label, color, shift in _NORMS:
        value, low, high, null, least, most = (
            np.asarray(rho[norm + part]) for part in ("", "_low", "_high", "_null", "_from", "_to")
        )
        known = np.isfinite(value)
        x = lam_position(lams)[known] + shift
        layers += [
            el.Segments((x, least[known], x, most[known])).opts(
                color=color, line_width=9, alpha=0.2
            ),
            el.Curve((x[1:], null[known][1:])).opts(color=color, line_width=1.5, line_dash=[6, 4]),
            el.Scatter((x, null[known]), label=f"{label}, shuffled").opts(
                fill_color=PAPER, line_color=color, line_width=1.5, size=8
            ),
            el.Segments((x, low[known], x, high[known])).opts(color=color, line_width=3, alpha=0.6),
            el.Curve((x[1:], value[known][1:])).opts(color=color, line_width=1.8),
            el.Scatter((x, value[known]), label=label).opts(color=color, size=9),
        ]
    layers += [_cursor(lam), el.HLine(0).opts(color=MUTED, line_width=1)]
    return el.Overlay(layers).opts(
        xlim=LAM_LIMITS, ylim=(-0.6, 1.05), xticks=_LAM_TICKS, xlabel="regulariser λ",
        ylabel="Spearman’s ρ", legend_position="bottom_right", legend_cols=4,
        title="Rank correlation of accuracy and robustness\nhollow: survival rates shuffled",
    )  # fmt: skip


def fragile_counts(lams, lam, accurate, fragile):
    """Numbers of accurate features, and of those that are fragile, against λ; (L,) each.

    - `lam`: the reader's.
    """
    layers = []
    for value, label, color, size in (
        (accurate, "accurate (≥ 80 %)", BLUE, 11),
        (fragile, "yet fragile (≤ 40 % robust)", ORANGE, 8),
    ):
        known = np.isfinite(value)
        x, y = lam_position(lams)[known], np.asarray(value)[known]
        layers += [
            el.Curve((x[1:], y[1:])).opts(color=color, line_width=1.8),
            el.Scatter((x, y), label=label).opts(color=color, size=size),
        ]
    return el.Overlay([*layers, _cursor(lam)]).opts(
        xlim=LAM_LIMITS, ylim=(-0.5, 10), xticks=_LAM_TICKS, xlabel="regulariser λ",
        ylabel="features", legend_position="top_left", title="Accurate features\n ",
    )  # fmt: skip


def count_limits(accurate):
    """Room for all counts and the legend; it does not depend on the attack."""
    most = float(np.nanmax(accurate, initial=1.0))
    return -0.05 * most, 1.45 * most + 1


def _cursor(lam):
    return el.VLine(float(lam_position(lam))).opts(color=INK, line_width=1.5)


_STATUS = (("right and robust", GREEN, "circle"), ("right, yet fragile", AMBER, "triangle"),
           ("wrong", ORANGE, "x"))  # fmt: skip
_NOTHING = np.array([])
_NO_WEIGHTS = np.empty((3, 0))
_GREY = hv.Dimension("grey", range=(0, 16))
_SIGNED = hv.Dimension("signed", range=(-1, 1))


def feature_picture(
    angles=_NOTHING, function=_NOTHING, target=_NOTHING, points=_NOTHING, values=_NOTHING,
    status=_NOTHING, weights=_NO_WEIGHTS, signed=_BLANK, grey=_BLANK,
):  # fmt: skip
    """One eigenfeature up close: a function on the circle, weights over columns, or images.

    - circle: `angles`, `function` (n,) in degrees and units of max|f|; `target`: (n,), ±1;
      `points`, `values`, `status`: (m,), test points, f there, and 0 robust, 1 fragile, 2 wrong.
    - table: `weights`: (3, d0), mean, low and high of the Jacobian by column.
    - digits: `signed`, `grey`: (8, WIDTH) from `tiles`.
    """
    mean, low, high = weights
    rows = -np.arange(len(mean), dtype=float)
    zero = np.zeros(len(mean))
    bars = (np.minimum(mean, zero), rows - 0.34, np.maximum(mean, zero), rows + 0.34)
    bounds = (0, 0, WIDTH, _SIDE)
    image = {"tools": [], "colorbar": False}
    layers = [
        el.Image(grey, bounds=bounds, vdims=[_GREY]).opts(cmap="gray_r", clim=(0, 16), **image),
        el.Image(signed, bounds=bounds, vdims=[_SIGNED]).opts(
            cmap=DIVERGING, clim=(-1, 1), **image
        ),
        el.Rectangles(bars).opts(color=BLUE, alpha=0.75, line_color=None),
        el.Segments((low, rows, high, rows)).opts(color=INK, line_width=2),
        el.Curve((angles, target)).opts(color=MUTED, line_width=1.5, line_dash=[5, 4]),
        el.Curve((angles, function)).opts(color=BLUE),
    ]
    for kind, (label, color, marker) in enumerate(_STATUS):
        here = np.asarray(status) == kind
        layers.append(
            el.Scatter((np.asarray(points)[here], np.asarray(values)[here]), label=label).opts(
                color=color, marker=marker, size=9, line_color=color, line_width=2
            )
        )
    return el.Overlay(layers).opts(
        xlim=(0, 360), ylim=(-1.5, 1.2), xlabel="", ylabel="", title="Feature\n ", show_grid=False,
        legend_position="bottom_left", legend_cols=3,
    )  # fmt: skip


def tiles(images):
    """Images of 8×8 pixels side by side, (8, WIDTH) with NaN between them.

    - `images`: four (64,) arrays, or None for a place left empty.
    """
    whole = np.full((_SIDE, WIDTH), np.nan)
    for i, image in enumerate(images):
        if image is not None:
            left = i * (_SIDE + _GAP)
            whole[:, left : left + _SIDE] = np.reshape(image, (_SIDE, _SIDE))
    return whole


def frame_for(plot, kind, names=()):
    """Give a `feature_picture` the axes of its kind: "circle", "columns" or "images"."""
    figure = plot.figure
    figure.legend.visible = kind == "circle"
    figure.yaxis.visible = kind != "images"
    if kind == "circle":
        plot.set(xlim=(0, 360), ylim=(-2.3, 1.15), xlabel="angle (°)", ylabel="f / max |f|")
        _number(figure.xaxis[0], range(0, 361, 90))
        _number(figure.yaxis[0], (-1, 0, 1))
    elif kind == "columns":
        plot.set(xlim=(-1, 1), ylim=(0.6 - len(names), 0.6), xlabel=WEIGHTS, ylabel="")
        _number(figure.xaxis[0], (-1, -0.5, 0, 0.5, 1))
        every = -(-len(names) // _MOST_NAMES)
        rows = range(0, -len(names), -every)
        name_ticks(figure.yaxis[0], rows, [shortened(name, 20) for name in names[::every]])
    else:
        # The tiles are wide and low; the range keeps their pixels nearly square.
        plot.set(xlim=(-0.5, WIDTH + 0.5), ylim=(-0.1, _SIDE + 0.1), xlabel="", ylabel="")


WEIGHTS = "mean input Jacobian; line: 10–90 %"


def name_tiles(plot, words):
    """Words beneath the four images."""
    name_ticks(plot.figure.xaxis[0], TILE_CENTRES, words)


def _number(axis, places):
    name_ticks(axis, places, [f"{place:g}" for place in places])


NOTHING = {
    "angles": _NOTHING, "function": _NOTHING, "target": _NOTHING, "points": _NOTHING,
    "values": _NOTHING, "status": _NOTHING, "weights": _NO_WEIGHTS, "signed": _BLANK,
    "grey": _BLANK,
}  # fmt: skip


def share_limits(*shares):
    """Whole decades for the colour of shares of the target; tiny ones are all alike."""
    most = max(float(np.max(s)) for s in shares)
    return -8.0, float(np.ceil(np.log10(most)))


def next_at(plot, x, y, *, reach=0.03):
    """Rank (from 0) of the feature drawn nearest to (x, y), or None if none is near.

    Where several lie at the same place, the one after the chosen feature.
    """
    data = plot.data
    if "times" in data:
        places = np.stack([np.log10(data["times"]), 100 * np.asarray(data["robustness"])])
    else:
        places = 100 * np.stack([data["usefulness"], data["robustness"]])
    x_range, y_range = plot.figure.x_range, plot.figure.y_range
    across, up = x_range.end - x_range.start, y_range.end - y_range.start
    apart = np.hypot((places[0] - x) / across, (places[1] - y) / up)
    if not apart.size or apart.min() > reach:
        return None
    here = np.flatnonzero(apart <= apart.min() + 1e-9)
    later = here[here > data["chosen"]]
    return int(later[0] if data["chosen"] in here and later.size else here[0])
