"""The picture of this page on the landing page."""

import holoviews as hv
import numpy as np

from jntk_viz.drawing import elements as el
from jntk_viz.drawing.card import BARE
from jntk_viz.drawing.theme import BLUE, INK, ORANGE
from jntk_viz.engine.results import kept
from jntk_viz.pages.depth.signal import limit
from jntk_viz.pages.depth.state import Network

# What the picture is drawn from before its numbers arrive.
EMPTY = {"layer": [], "values": np.zeros((3, 0))}


@kept
def numbers(places=((0.6, 0.2), (0.79, 0.2), (1.5, 0.2)), theta=45.0, depth=20):
    """Correlation of two inputs at 45° in order, at the edge and in chaos.

    Returns a dict: layer (1+D,), values (3, 1+D).
    """
    found = [limit(Network("erf", w, b, None), theta, depth) for w, b in places]
    return {"layer": np.arange(depth + 1), "values": np.array([s.correlation for s in found])}


def picture(layer, values):
    """Correlation against the layer in order, at the edge and in chaos."""
    lines = [
        el.Curve((layer, row)).opts(color=colour, line_width=2.5)
        for row, colour in zip(values, (BLUE, INK, ORANGE), strict=True)
    ]
    return el.Overlay(lines).opts(hv.opts.Overlay(**BARE, xlim=(0, 20), ylim=(-0.05, 1.05)))
