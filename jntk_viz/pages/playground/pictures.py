"""One network's picture: f on both hemispheres, where it is zero, and the caps around the points.

The points themselves are drawn by `point_pictures`, which lets the reader move them.
"""

import holoviews as hv
import numpy as np

from jntk_viz.datasets import normalize
from jntk_viz.drawing import elements as el
from jntk_viz.drawing.plane import zero_contour
from jntk_viz.drawing.theme import DIVERGING, GREEN, INK, MUTED, PAPER, PURPLE
from jntk_viz.pages.playground import globe
from jntk_viz.pages.playground.globe import HALF
from jntk_viz.pages.playground.study import FINE, Trained, drawn
from jntk_viz.pages.playground.surface import seen

SAFE, FEARED, BROKEN = INK, PURPLE, "#B3001B"  # of caps
OTHER = GREEN  # the boundary of the limit, in the picture of a network of finite width
_F = hv.Dimension("f", range=(-1.2, 1.2))
_NOTHING = (np.zeros(0), np.zeros(0))
_SIDE = np.linspace(-HALF, HALF, FINE)
_CELL = _SIDE[1] - _SIDE[0]
_SPARSE, _LONGEST = 2, 0.2  # of slopes, every second is drawn; the longest is so long on the globe
_GAP = round(2 * (globe.BACK - HALF) / _CELL)  # cells between the two squares


def canvas(field):
    """Both hemispheres beside each other: (FINE, 2 FINE + _GAP)."""
    return np.hstack([field[0], np.full((FINE, _GAP), np.nan), field[1]])


def hemispheres(field, edge, other, safe, feared, broken, steps, names=("front", "back")):
    """f on the front (left) and the back of the globe; blue is −1, orange-red is +1.

    - `field`: (2, FINE, FINE), front and back, row by row from below, NaN outside the discs;
    - `edge`: where f = 0;  `other`: where another network has it;
    - `safe`, `feared`, `broken`: edges of the caps that no attack and no slope leads out of, those
      that the slope alone does, and those in which an attack succeeds;
    - `steps`: arrows to the worst place of each cap. Lines as (x, y), separated by NaN;
    - `names`: of the two discs.
    """
    caps = [
        el.Curve(safe).opts(color=SAFE, line_width=1.3),
        el.Curve(feared).opts(color=FEARED, line_width=2.2, line_dash=[5, 3]),
        el.Curve(broken).opts(color=PAPER, line_width=4.6, line_alpha=0.9),
        el.Curve(broken).opts(color=BROKEN, line_width=2.4),
        el.Curve(steps).opts(color=PAPER, line_width=3.2, line_alpha=0.6),
        el.Curve(steps).opts(color=INK, line_width=1.6),
    ]
    beside = [
        el.Curve(other).opts(color=PAPER, line_width=5, line_alpha=0.8),
        el.Curve(other).opts(color=OTHER, line_width=3, line_dash=[7, 4]),
    ]
    return _framed([*_function(field, edge), *beside, *caps, _under(names)])


def function_alone(field, edge, names):
    """`hemispheres` without caps."""
    return _framed([*_function(field, edge), _under(names)])


def _function(field, edge):
    half = (2 * FINE + _GAP) * _CELL / 2
    bounds = (-half, -HALF - _CELL / 2, half, HALF + _CELL / 2)
    return [
        el.Image(np.asarray(canvas(field), np.float32)[::-1], bounds=bounds, vdims=_F).opts(
            cmap=DIVERGING, clim=(-1.2, 1.2), colorbar=False,
            clipping_colors={"NaN": "transparent"},
        ),
        el.Curve(globe.rims()).opts(color=MUTED, line_width=3.5),
        el.Curve(edge).opts(color=INK, line_width=3, line_join="round"),
    ]  # fmt: skip


def _under(names):
    return el.Labels(([globe.FRONT, globe.BACK], [-1.14, -1.14], list(names))).opts(
        text_color=MUTED, text_font_size="13px"
    )


def _framed(layers):
    (x0, x1), (y0, y1) = globe.LIMITS
    return el.Overlay(layers).opts(
        xlim=(x0, x1), ylim=(y0, y1), xaxis=None, yaxis=None, title=" ",
        xlabel="front and back", ylabel="the globe", show_grid=False, show_legend=False,
        backend_opts={"plot.outline_line_color": None, "plot.min_border": 2},
    )  # fmt: skip


EMPTY = {
    "field": np.full((2, FINE, FINE), np.nan), "edge": _NOTHING, "other": _NOTHING,
    "safe": _NOTHING, "feared": _NOTHING, "broken": _NOTHING, "steps": _NOTHING,
}  # fmt: skip


def picture_of(network: Trained, x, epsilon: float) -> dict:
    """Arguments of `hemispheres`; `x`: (N, 3), the training points."""
    field = drawn(network.field)
    rings = globe.caps(x, epsilon)
    broken = network.margin <= 0
    feared = ~broken & (network.first_order <= 0)
    return {
        "field": field,
        "edge": edges(field),
        "other": _NOTHING,
        "safe": globe.paths(rings[~broken & ~feared]),
        "feared": globe.paths(rings[feared]),
        "broken": globe.paths(rings[broken]),
        "steps": globe.paths(arrows(x, network.worst)),
    }


def picture_of_draw(network: Trained) -> dict:
    """Arguments of `hemispheres` for a random function: arrows uphill, as long as f is steep."""
    field, x = drawn(network.field), seen()[::_SPARSE]
    slopes = network.slopes[::_SPARSE]
    longest = max(float(np.linalg.norm(slopes, axis=1).max()), 1e-9)
    uphill = arrows(x, normalize(x + _LONGEST * slopes / longest))
    return EMPTY | {"field": field, "edge": edges(field), "steps": globe.paths(uphill)}


def edges(field):
    """The boundary f = 0 on both hemispheres, as one line (x, y)."""
    lines = [
        zero_contour(centre + _SIDE, _SIDE, half)
        for centre, half in zip((globe.FRONT, globe.BACK), field, strict=True)
    ]
    gap = np.array([np.nan])
    x, y = ([part for line in lines for part in (line[axis], gap)] for axis in (0, 1))
    return np.concatenate(x[:-1]), np.concatenate(y[:-1])


def arrows(x, end, head: float = 0.05):
    """Arrows on the sphere from points to others, (k, 10, 3); none where the two are the same.

    Eight points of the shaft, then the two strokes of the head, of length `head`.
    """
    length = np.linalg.norm(end - x, axis=1)
    x, end, length = (part[length > 1e-3] for part in (x, end, length))
    share = np.linspace(0, 1, 7)[:, None]
    shaft = (1 - share) * x[:, None] + share * end[:, None]
    along = (end - x) / length[:, None]
    side = np.cross(end, along)
    size = np.minimum(head, 0.6 * length)[:, None]
    barbs = [end - size * (0.85 * along + sign * 0.5 * side) for sign in (1, -1)]
    path = np.concatenate([shaft, barbs[0][:, None], end[:, None], barbs[1][:, None]], axis=1)
    return path / np.linalg.norm(path, axis=2, keepdims=True)
