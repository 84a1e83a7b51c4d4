"""The picture of this page on the landing page."""

import jax
import numpy as np

from jntk_viz import MLP, jacobian_nngp, sample_value_and_jacobian
from jntk_viz.drawing import elements as el
from jntk_viz.drawing.card import BARE
from jntk_viz.drawing.live import join_curves
from jntk_viz.drawing.theme import SAMPLE, SKY
from jntk_viz.engine.results import kept
from jntk_viz.engine.steps import alone

ANGLES = np.linspace(-np.pi, np.pi, 97)
CIRCLE = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)
# What the picture is drawn from before its numbers arrive.
EMPTY = {"angle": [], "functions": np.zeros((0, 0)), "band": []}


@kept
@alone
def numbers(width=512, depth=2, n_networks=12):
    """Functions of random networks on the circle, and twice the limiting standard deviation.

    Returns a dict: angle (n,), functions (n_networks, n), band (n,).
    """
    mlp = MLP(2, width, depth)
    draws = sample_value_and_jacobian(mlp, jax.random.key(1), CIRCLE, n_networks=n_networks)
    variance = np.diagonal(jacobian_nngp(CIRCLE, depth=depth)[:, 0, :, 0])
    return {
        "angle": ANGLES,
        "functions": np.asarray(draws)[..., 0],
        "band": 2 * np.sqrt(variance),
    }


def picture(angle, functions, band):
    """Functions of random networks over the limiting band of two standard deviations."""
    zero = np.zeros(len(band))
    shade = el.Spread((angle, zero, band)).opts(color=SKY, line_color=None)
    lines = el.Curve(join_curves(angle, functions)).opts(color=SAMPLE, line_width=1.5)
    return (shade * lines).opts(**BARE, ylim=(-2.6, 2.6), xlim=(-np.pi, np.pi))
