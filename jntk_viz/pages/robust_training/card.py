"""The picture of this page on the landing page."""

import numpy as np

from jntk_viz import (
    LinearDynamics,
    accuracy,
    first_order_margin,
    jntk,
    load_dataset,
    train_test_split,
)
from jntk_viz.drawing import elements as el
from jntk_viz.drawing.card import BARE
from jntk_viz.drawing.theme import INK, ORANGE
from jntk_viz.engine.results import kept

# What the picture is drawn from before its numbers arrive.
EMPTY = {"time": [], "standard": [], "regularised": []}


@kept
def numbers(lam=0.1, depth=2, epsilon=0.3):
    """Share of robust test points of iris against training time, without and with the regulariser.

    Returns a dict: time (T,), standard (T,), regularised (T,).
    """
    training, test = train_test_split(load_dataset("iris"))
    gram = jntk(training.x, depth=depth)
    cross = jntk(test.x, training.x, depth=depth)
    time = np.logspace(-1, 7, 65)

    def curve(weight):
        dynamics = LinearDynamics(gram, training.y, lam=weight)
        outputs = (dynamics.predict(cross, t) for t in time)
        margins = (first_order_margin(u, test.x, test.y, epsilon=epsilon) for u in outputs)
        return np.array([accuracy(m) for m in margins])

    return {"time": time, "standard": curve(0.0), "regularised": curve(lam)}


def picture(time, standard, regularised):
    """Robust accuracy against time, with the regulariser and without: each rises and falls."""
    plain = el.Curve((time, standard)).opts(color=INK, line_dash="dashed")
    robust = el.Curve((time, regularised)).opts(color=ORANGE)
    return (plain * robust).opts(**BARE, logx=True, ylim=(0.45, 1.0), xlim=(0.1, 1e7))
