"""The picture of this page on the landing page."""

import jax
import numpy as np

from jntk_viz import MLP, finite_jntk, jntk
from jntk_viz.drawing import elements as el
from jntk_viz.drawing.card import BARE
from jntk_viz.drawing.live import join_curves
from jntk_viz.drawing.theme import INK, SAMPLE, SKY
from jntk_viz.engine.results import kept

ANGLES = np.linspace(-np.pi, np.pi, 97)
CIRCLE = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)
CENTRE = len(ANGLES) // 2  # the point at angle 0
# What the picture is drawn from before its numbers arrive.
EMPTY = {"angle": [], "narrow": np.zeros((0, 0)), "wide": np.zeros((0, 0)), "limit": []}


@kept
def numbers(widths=(16, 512), depth=2, n_networks=5):
    """The finite JNTK between the point at angle 0 and the circle, for random networks.

    Returns a dict: angle (n,), narrow and wide (n_networks, n), limit (n,).
    """
    keys = jax.random.split(jax.random.key(0), n_networks)
    point = CIRCLE[CENTRE : CENTRE + 1]

    def rows(width):
        mlp = MLP(2, width, depth)
        kernels = [finite_jntk(mlp, mlp.init(key), point, CIRCLE) for key in keys]
        return np.stack([np.asarray(kernel)[0, 0, :, 0] for kernel in kernels])

    narrow, wide = (rows(width) for width in widths)
    limit = jntk(point, CIRCLE, depth=depth)[0, 0, :, 0]
    return {"angle": ANGLES, "narrow": narrow, "wide": wide, "limit": limit}


def picture(angle, narrow, wide, limit):
    """One row of the kernel: scattered for narrow networks, on the limit for wide ones."""
    scattered = el.Curve(join_curves(angle, narrow)).opts(color=SKY, line_width=1.5)
    close = el.Curve(join_curves(angle, wide)).opts(color=SAMPLE, line_width=1.5)
    exact = el.Curve((angle, limit)).opts(color=INK, line_width=2.5, line_dash="dashed")
    return (scattered * close * exact).opts(**BARE, ylim=(-1, 5), xlim=(-np.pi, np.pi))
