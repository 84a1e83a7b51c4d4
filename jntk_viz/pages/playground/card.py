"""The picture of this page on the landing page, which opens with it and plays it."""

import numpy as np

from jntk_viz.drawing import elements as el
from jntk_viz.drawing.card import BARE
from jntk_viz.drawing.theme import AMBER, BLUE, PAPER
from jntk_viz.engine.results import kept
from jntk_viz.frame.numbers import stop
from jntk_viz.pages.playground import globe, study
from jntk_viz.pages.playground.pictures import EMPTY as NOTHING
from jntk_viz.pages.playground.pictures import canvas, edges, function_alone
from jntk_viz.pages.playground.points import read_points
from jntk_viz.pages.playground.state import TIMES, PlaygroundState
from jntk_viz.pages.playground.surface import surface

# What the picture is drawn from before its numbers arrive.
EMPTY = {"field": NOTHING["field"], "points": np.zeros((0, 3)), "y": np.zeros(0)}
SQUARE = globe.LIMITS
LOWEST, STEPS = -1.25, 100  # the browser's numbers begin there, with so many to one
PLAYED = (0.0, *TIMES[1:-1:6], np.inf)


def _fields(t):
    """f on the front of the globe at time t, without the penalty and with it, as it is drawn."""
    state = PlaygroundState()
    kernel = state.kernel
    start = study.first_outputs(kernel, None)
    networks = (study.limit(kernel, lam, t, start) for lam in (0.0, state.lam))
    return np.stack([study.drawn(surface(outputs.seen).field)[0] for outputs in networks])


@kept
def numbers():
    """f on the front of the globe, without the penalty and with it, at the page's own time.

    Returns a dict: field (2, FINE, FINE); points (n, 3) and y (n,), what both were trained on.
    """
    state = PlaygroundState()
    points = read_points(state.text)
    return {"field": _fields(state.t), "points": points.x, "y": points.y}


def _bytes(f):
    """A quarter of the bytes for the browser; the colours end at ±1.2."""
    steps = np.rint((np.clip(f, LOWEST, -LOWEST) - LOWEST) * STEPS)
    return np.where(np.isnan(f), 255, steps).astype(np.uint8)


@kept
def film():
    """The picture at the times `PLAYED`, as the browser's own numbers.

    Returns a dict of lists, one entry a time: label; image, f as (f - LOWEST) STEPS, 255
    for no number; x, y, the boundary.
    """
    fields = [_fields(t) for t in PLAYED]
    lines = [edges(field) for field in fields]
    return {
        "label": [f"t = {stop(t)}" for t in PLAYED],
        "image": [_bytes(canvas(field)) for field in fields],
        "x": [line[0] for line in lines],
        "y": [line[1] for line in lines],
    }


def picture(field, points, y):
    """The front of the globe under two networks, trained without the penalty (left) and with it."""
    place = globe.to_plane(points)
    front = points[:, 2] >= 0
    dots = [
        el.Points((np.append(place[mine, 0], place[mine, 0] + 2 * globe.BACK),
                   np.tile(place[mine, 1], 2))).opts(
            color=colour, size=9, line_color=PAPER, line_width=1.5
        )
        for mine, colour in ((front & (y > 0), AMBER), (front & (y < 0), BLUE))
    ]  # fmt: skip
    names = "without the penalty", "with the penalty"
    return (function_alone(field, edges(field), names) * el.Overlay(dots)).opts(**BARE)
