"""The picture of this page on the landing page."""

import holoviews as hv
import numpy as np

from jntk_viz import load_dataset, smallest_eigenvalue
from jntk_viz.drawing import elements as el
from jntk_viz.drawing.card import BARE
from jntk_viz.drawing.theme import BLUE, MUTED, ORANGE
from jntk_viz.engine.results import kept

# What the picture is drawn from before its numbers arrive.
EMPTY = {"depth": [], "values": np.zeros((2, 0)), "floor": []}


@kept
def numbers(depths=12, activations=("gelu", "erf"), points=20):
    """The smallest eigenvalue of the JNTK on some of iris against depth, and its noise floor.

    Returns a dict: depth (D,), values (2, D) for the two activations, floor (D,), the larger of
    their two noise floors in float32.
    """
    x = load_dataset("iris").x[:: 100 // points]
    every = range(1, depths + 1)
    found = [[smallest_eigenvalue(x, depth=d, activation=a) for d in every] for a in activations]
    double, single = np.finfo(np.float64).eps, np.finfo(np.float32).eps
    floors = np.array([[s.noise_floor * single / double for s in row] for row in found])
    return {
        "depth": np.arange(1, depths + 1),
        "values": np.array([[s.value for s in row] for row in found]),
        "floor": floors.max(axis=0),
    }


def picture(depth, values, floor):
    """The smallest eigenvalue against depth, two activations, over what float32 cannot resolve."""
    lowest = np.full(len(depth), 1e-8)
    noise = el.Area((depth, floor, lowest), vdims=["floor", "lowest"])
    noise = noise.opts(color=MUTED, alpha=0.25, line_color=None)
    lines = [
        el.Curve((depth, row)).opts(color=colour, line_width=2.5)
        for row, colour in zip(values, (BLUE, ORANGE), strict=True)
    ]
    return el.Overlay([noise, *lines]).opts(
        hv.opts.Overlay(**BARE, logy=True, xlim=(1, 12), ylim=(1e-7, 10))
    )
