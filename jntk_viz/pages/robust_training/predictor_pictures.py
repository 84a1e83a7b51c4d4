"""Pictures of one predictor: on the circle, on a slice of the sphere, on digits; its spectrum."""

import holoviews as hv
import numpy as np
from scipy.ndimage import distance_transform_edt

from jntk_viz.datasets.labels import MOST_CLASSES
from jntk_viz.drawing import elements as el
from jntk_viz.drawing.plane import zero_contour
from jntk_viz.drawing.theme import (
    BLUE,
    DIVERGING,
    INK,
    MUTED,
    ORANGE,
    PALETTE,
    PAPER,
    PURPLE,
    SEQUENTIAL,
)
from jntk_viz.frame.numbers import power_of_ten

# The colours of the classes agree with the ends of DIVERGING: blue below zero, red-orange above.
_CLASS = {1: ORANGE, -1: BLUE}
_DEGREES = [(k, f"{k}°") for k in (0, 90, 180, 270, 360)]
_CROSS = {"marker": "x", "size": 12, "line_width": 2.5, "color": INK, "line_color": INK}
_DASHED = {"line_dash": [6, 4], "line_width": 1.8, "alpha": 0.8}
_NOTHING = np.array([])


def circle_outputs(
    angle, f, standard, low, high, train_angle, train_y, test_angle, test_f, fragile
):
    """f against the angle, what an ε-change can make of it, and the points.

    - `angle`, `f`, `standard`, `low`, `high`: (n,), the band being f ± ε|df/dθ|;
    - `train_angle`, `train_y`: training points;  `test_angle`, `test_f`: test points on the curve;
    - `fragile`: (m,), which of those are not robust.
    """
    degrees, places = np.degrees(angle), np.degrees(test_angle)
    bad = np.asarray(fragile, bool)
    layers = [
        el.Area((degrees, low, high), vdims=["low", "high"], label="f ± ε|slope|").opts(
            color=BLUE, alpha=0.18, line_color=None
        ),
        el.Curve(([0, 360], [0, 0])).opts(color=MUTED, line_width=1.2),
        el.Curve((degrees, standard), label="f, λ = 0").opts(color=BLUE, **_DASHED),
        el.Curve((degrees, f), label="f").opts(color=BLUE),
        el.Scatter((np.degrees(train_angle), train_y), label="training labels").opts(
            color=INK, size=8, marker="square"
        ),
        el.Scatter((places[~bad], test_f[~bad]), label="robust").opts(
            color=PAPER, line_color=BLUE, size=7
        ),
        el.Scatter((places[bad], test_f[bad]), label="not robust").opts(**_CROSS),
    ]
    return el.Overlay(layers).opts(
        xlim=(0, 360), ylim=(-2.6, 2.1), xticks=_DEGREES, yticks=[-2, -1, 0, 1, 2], xlabel="",
        ylabel="output f", title="The predictor on the circle", legend_position="bottom_left",
        legend_cols=6, backend_opts={"plot.min_border_left": 62, "legend.spacing": 8},
    )  # fmt: skip


def circle_slopes(angle, slope, standard, train_angle, train_slope):
    """The tangential slope df/dθ against the angle; training with λ > 0 wants 0 at the points."""
    layers = [
        el.Curve(([0, 360], [0, 0])).opts(color=MUTED, line_width=1.2),
        el.Curve((np.degrees(angle), standard)).opts(color=PURPLE, **_DASHED),
        el.Curve((np.degrees(angle), slope)).opts(color=PURPLE),
        el.Scatter((np.degrees(train_angle), train_slope)).opts(color=INK, size=7, marker="square"),
    ]
    return el.Overlay(layers).opts(
        xlim=(0, 360), ylim=(-10, 10), xticks=_DEGREES, yticks=[-10, -5, 0, 5, 10],
        xlabel="angle θ of the input", ylabel="slope df/dθ", show_legend=False,
        backend_opts={"plot.min_border_left": 62},
    )  # fmt: skip


_TURN = np.linspace(0, 2 * np.pi, 121)
_RING = np.column_stack([np.cos(_TURN), np.sin(_TURN)])


_HALVES = [-1, -0.5, 0, 0.5, 1]
_ON_A_SLICE = {
    "ylim": (-1.1, 1.1), "ylabel": "⟨x, b⟩", "show_grid": False, "xticks": _HALVES,
    "yticks": _HALVES, "show_legend": False,
}  # fmt: skip


def _bounds(count):
    """Those of an image of so many places from -1 to 1 in each direction."""
    half = 1 / (count - 1)
    return -1 - half, -1 - half, 1 + half, 1 + half


def _followed(here, epsilon, size):
    """The followed point at `here`, and a ring of radius `epsilon` around it."""
    return [
        el.Curve((here[0] + epsilon * _RING[:, 0], here[1] + epsilon * _RING[:, 1])).opts(
            color=INK, line_dash=[4, 3], line_width=2
        ),
        el.Points(([here[0]], [here[1]])).opts(
            color=PAPER, alpha=0.9, line_color=INK, line_width=3, size=size, fill_alpha=0
        ),
    ]


def slice_field(field, train, train_y, test, test_y, fragile, here, epsilon):
    """f on a two-dimensional slice of the sphere with its zero line, and where the points lie.

    - `field`: (g, g), from below, NaN outside the unit disc;
    - `train`, `test`: (·, 2) places, `train_y`, `test_y`: ±1;  `fragile`: which are not robust;
    - `here`: (2,), the followed point;  `epsilon`: radius of the ring around it.
    """
    side = np.linspace(-1, 1, len(field))
    bounds = _bounds(len(field))
    bad, plus = np.asarray(fragile, bool), np.asarray(test_y) > 0
    dots = {"line_color": PAPER, "line_width": 0.8}
    layers = [
        el.Image(np.asarray(field, np.float32)[::-1], bounds=bounds, vdims=_F).opts(
            cmap=DIVERGING, clim=(-1.2, 1.2), alpha=0.75, colorbar=True, clabel=" ",
            colorbar_opts={"width": 12, "padding": 4}, clipping_colors={"NaN": "transparent"},
        ),
        el.Curve((_RING[:, 0], _RING[:, 1])).opts(color=MUTED, line_width=1.2),
        el.Curve(zero_contour(side, side, field)).opts(color=INK, line_width=3),
        el.Points((train[:, 0], train[:, 1])).opts(color=INK, size=4, marker="square"),
        el.Scatter((test[~plus, 0], test[~plus, 1])).opts(color=_CLASS[-1], size=9, **dots),
        el.Scatter((test[plus, 0], test[plus, 1])).opts(color=_CLASS[1], size=9, **dots),
        el.Scatter((test[bad, 0], test[bad, 1])).opts(**_CROSS),
        *_followed(here, epsilon, size=13),
    ]  # fmt: skip
    return el.Overlay(layers).opts(
        xlim=(-1.1, 1.1), **_ON_A_SLICE,
        xlabel="⟨x, a⟩  (orange: y = +1, blue: −1, ×: not robust, ■: training)",
        title="f on a slice of the sphere",
    )  # fmt: skip


# No more colours are told apart by everybody than those of PALETTE, and after ten classes they
# begin anew: regions have edges and names as well.
_TEN = (*PALETTE, "#7A4A1D", "#8A8A8A", "#8FCB6B", "#F2A7CB")
_COLOURS = [_TEN[i % len(_TEN)] for i in range(MOST_CLASSES)]
_SHADES = 16  # of each class, from a lead of 0 to one of FULL
FULL = 1.0
# Transparent where the lead is small, so that paper of any colour shines through.
_REGIONS = [
    f"{colour}{round(40 + 170 * i / (_SHADES - 1)):02x}"
    for colour in _COLOURS
    for i in range(_SHADES)
]
_WINNER = hv.Dimension("winner", range=(0, MOST_CLASSES))
_NUMBER = hv.Dimension("class", range=(0, MOST_CLASSES))
LEGEND = 1.16  # where the names of the classes stand, right of the disc


def winner_field(
    number, lead, ahead, names, train, train_class, test, test_class, fragile, here, epsilon
):
    """The class of the largest output on a slice, fainter where its lead is small, and the points.

    - `number`, `lead`: (g, g), from below, NaN outside the disc;  `ahead`: (C, g, g), each output
      minus the largest other one;  `names`: of the C classes;
    - `train`, `test`: (·, 2) places, `train_class`, `test_class`: numbers;  the rest as in
      `slice_field`.
    """
    side = np.linspace(-1, 1, len(number))
    bounds = _bounds(len(number))
    shade = np.minimum(np.floor(np.clip(lead / FULL, 0, 1) * _SHADES), _SHADES - 1) + 0.5
    lines = [zero_contour(side, side, one) for one in ahead]
    edge_x, edge_y = (
        np.concatenate([np.append(line[k], np.nan) for line in lines] or [_NOTHING]) for k in (0, 1)
    )
    bad, classes = np.asarray(fragile, bool), np.arange(len(names))
    rows = 0.95 - 0.14 * classes * min(1.0, 13 / max(len(names), 1))
    dots = {
        "color": "class", "cmap": _COLOURS, "clim": (0, MOST_CLASSES), "colorbar": False,
        "line_color": PAPER, "line_width": 0.8,
    }  # fmt: skip
    layers = [
        el.Image(
            np.asarray(number + shade / _SHADES, np.float32)[::-1], bounds=bounds, vdims=_WINNER
        ).opts(
            cmap=_REGIONS, clim=(0, MOST_CLASSES), colorbar=False,
            clipping_colors={"NaN": "transparent"},
        ),
        el.Curve((_RING[:, 0], _RING[:, 1])).opts(color=MUTED, line_width=1.2),
        el.Curve((edge_x, edge_y)).opts(color=INK, line_width=2),
        el.Points((train[:, 0], train[:, 1], train_class + 0.5), vdims=[_NUMBER]).opts(
            **dots | {"line_color": INK}, size=6, marker="square"
        ),
        el.Points((test[:, 0], test[:, 1], test_class + 0.5), vdims=[_NUMBER]).opts(
            **dots | {"line_width": 1.2}, size=10
        ),
        el.Scatter((test[bad, 0], test[bad, 1])).opts(**_CROSS | {"size": 11}),
        *_followed(here, epsilon, size=15),
        el.Points((np.full(len(names), LEGEND), rows, classes + 0.5), vdims=[_NUMBER]).opts(
            **dots, size=13
        ),
        el.Labels((np.full(len(names), LEGEND + 0.08), rows, list(names))).opts(
            text_color=INK, text_font_size="13px", text_align="left"
        ),
        el.Labels(_in_regions(number, side, names)).opts(
            text_color=INK, text_font_size="14px", text_font_style="bold"
        ),
    ]  # fmt: skip
    return el.Overlay(layers).opts(
        xlim=(-1.1, 1.9), **_ON_A_SLICE,
        xlabel="⟨x, a⟩  (●: test, ×: not robust, ■: training; fainter: smaller lead)",
        title="The winning class on a slice of the sphere",
    )  # fmt: skip


def _in_regions(number, side, names):
    """Names as (x, y, text), each where the edges of its class's region are farthest."""
    found: list[tuple[float, float, str]] = []
    for i, name in enumerate(names):
        depth = distance_transform_edt(np.pad(number == i, 1))[1:-1, 1:-1]
        row, column = np.unravel_index(np.argmax(depth), depth.shape)
        if depth[row, column] >= _ROOM:
            found.append((side[column], side[row], name))
    return tuple(zip(*found, strict=True)) or (_NOTHING, _NOTHING, [])


_ROOM = 3  # places between a name and the nearest edge of its region
_F = hv.Dimension("f", range=(-1.2, 1.2))
_STEP = 10  # pixels from one tile to the next


def digit_gallery(image, jacobian, change, attacked, left, right):
    """Digits, their input Jacobians, the change of size ε, and the changed digits, one per row.

    - `image`, `attacked`: (k, 8, 8), 0 to 16;  `jacobian`, `change`: (k, 8, 8), each scaled to
      its own largest entry;  `left`, `right`: (k,) words beside the rows.
    """
    columns = {"digit x": image, "slope PJ": jacobian, "change δ": change, "x + δ": attacked}
    title = "Test digits, input Jacobian and attack (red +, blue −)"
    return _gallery(columns, {"slope PJ", "change δ"}, left, right).opts(title=title)


def attack_alone(image, change, attacked, left, right):
    """`digit_gallery` without slopes and title."""
    columns = {"digit": image, "change": change, "sum": attacked}
    return _gallery(columns, {"change"}, left, right).opts(title="", toolbar=None)


def _gallery(columns, signed, left, right):
    """Rows of 8×8 tiles; those of the columns `signed` are scaled to their own largest entry."""
    count, wide = len(left), len(columns) * _STEP
    sheets = {kind: np.full((count * _STEP, wide), np.nan) for kind in (False, True)}
    for j, (name, tiles) in enumerate(columns.items()):
        for i, tile in enumerate(tiles):
            scale = np.max(np.abs(tile), initial=1e-300) if name in signed else 1.0
            row, column = i * _STEP + 1, j * _STEP + 1
            sheets[name in signed][row : row + 8, column : column + 8] = tile / scale
    height = count * _STEP
    middle = height - _STEP * (np.arange(count) + 0.5)
    centres = _STEP * (np.arange(len(columns)) + 0.5)
    beside = np.full(2 * count, -0.8), np.concatenate([middle + 1.6, middle - 1.6])
    bounds, clear = (0, 0, wide, height), {"NaN": "transparent"}
    layers = [
        el.Image(sheets[False], bounds=bounds, vdims=_GREY).opts(
            cmap="gray_r", clim=(0, 16), colorbar=False, clipping_colors=clear
        ),
        el.Image(sheets[True], bounds=bounds, vdims=_SIGNED).opts(
            cmap=DIVERGING, clim=(-1, 1), colorbar=False, clipping_colors=clear
        ),
        el.Labels((centres, np.full(len(columns), height + 1.0), list(columns))).opts(
            text_color=INK, text_font_size="14px"
        ),
        el.Labels((*beside, [*left, *right])).opts(
            text_color=INK, text_font_size="13px", text_align="right"
        ),
    ]
    return el.Overlay(layers).opts(
        xlim=(-16, wide + 1), ylim=(-1, height + 3), xaxis=None, yaxis=None, show_grid=False,
        show_legend=False,
    )  # fmt: skip


_GREY = hv.Dimension("grey", range=(0, 16))
_SIGNED = hv.Dimension("signed", range=(-1, 1))


# Eigenvalues from 1e-16 to 1e4 all find room.
_EIGENVALUES = [(k, power_of_ten(k)) for k in range(-16, 5, 4)]
_LEVEL = hv.Dimension("learned", range=(0, 1))


def spectrum(eigenvalues, learned, floor, front):
    """Eigenvalues in order, coloured by the fraction learned; above N/t they have been learned.

    - `eigenvalues`, `learned`: (k,), largest first;  `floor`: the noise floor;  `front`: N/t.
    """
    order = np.log10(1 + np.arange(len(eigenvalues)))
    height = np.log10(np.asarray(eigenvalues, float))
    ends = np.array([-0.15, 4.0])
    layers = [
        el.Area((ends, np.full(2, -30.0), np.full(2, np.log10(floor))), vdims=["a", "b"]).opts(
            color=MUTED, alpha=0.25, line_color=None
        ),
        el.Curve((ends, np.full(2, np.log10(front)))).opts(color=ORANGE, line_width=2),
        el.Points((order, height, np.clip(learned, 0, 1)), vdims=[_LEVEL]).opts(
            color="learned", cmap=SEQUENTIAL, clim=(0, 1), size=7, line_color=PAPER,
            line_width=0.3, colorbar=True, clabel=" ",
            colorbar_opts={"width": 12, "padding": 4},
        ),
    ]  # fmt: skip
    return el.Overlay(layers).opts(
        xlim=(-0.15, 3.3), ylim=(-10, 2), xticks=[(k, str(10**k)) for k in range(4)],
        yticks=_EIGENVALUES, xlabel="mode, by size (line: e = N/t)", ylabel="eigenvalue e",
        title="Spectrum\ncolour: learned", show_legend=False,
    )  # fmt: skip


def learned_modes(eigenvalues, learned, share, floor):
    """The fraction learned of every mode against its eigenvalue, shaded by its part of the target.

    - `eigenvalues`, `learned`, `share`: (k,), largest first;  `floor`: the noise floor.
    """
    place = np.log10(np.asarray(eigenvalues, float))
    part = np.log10(np.maximum(share, 1e-12))
    order = np.argsort(part)  # what matters on top
    edge = np.log10(floor)
    layers = [
        el.Area(([-30.0, edge], [-9.0, -9.0], [9.0, 9.0]), vdims=["a", "b"]).opts(
            color=MUTED, alpha=0.25, line_color=None
        ),
        el.Curve(([-30.0, 10.0], [1.0, 1.0])).opts(color=MUTED, line_width=1.2),
        el.Curve((place, learned)).opts(color=MUTED, line_width=1.2, alpha=0.7),
        el.Points((place[order], np.asarray(learned)[order], part[order]), vdims=[_PART]).opts(
            color="part",
            cmap=SEQUENTIAL,
            clim=(-6, 0),
            size=8,
            line_color=PAPER,
            line_width=0.3,
            colorbar=True,
            clabel=" ",
            colorbar_opts={"width": 12, "padding": 4},
        ),
    ]
    return el.Overlay(layers).opts(
        xlim=(-10, 2), ylim=(-0.08, 1.12), xticks=_EIGENVALUES, yticks=[0, 0.5, 1],
        xlabel="eigenvalue e (grey: rounding error)", ylabel="learned", show_legend=False,
        title="Learned\ncolour: log₁₀ share",
    )  # fmt: skip


_PART = hv.Dimension("part", range=(-6, 0))


def eigenvalue_span(eigenvalues, floor):
    """Even decades that hold all eigenvalues and the noise floor below them."""
    low = min(np.log10(np.min(eigenvalues, initial=1.0)), np.log10(floor)) - 0.5
    high = np.log10(np.max(eigenvalues, initial=1.0)) + 0.3
    return 2.0 * np.floor(low / 2), float(np.ceil(high))


def nearest_place(places, here) -> int:
    """Which of the (n, 2) places is drawn nearest to where the reader has clicked."""
    return int(np.argmin(np.linalg.norm(np.asarray(places) - here, axis=1)))
