"""The picture of this page on the landing page."""

import numpy as np

from jntk_viz import LinearDynamics, jntk, load_dataset, train_test_split
from jntk_viz.drawing import elements as el
from jntk_viz.drawing.card import BARE
from jntk_viz.drawing.theme import BLUE, ORANGE
from jntk_viz.engine.results import kept

# What the picture is drawn from before its numbers arrive.
EMPTY = {"step": [], "stable": [], "diverging": np.zeros(0)}


@kept
def numbers(rates=(0.5, 1.1), lam=0.1, depth=2, steps=60):
    """Error of gradient descent with step sizes below and above the limit 2N/e_max.

    Returns a dict: step (k,), stable (k,), diverging (k,): mean square of f - y in training.
    """
    training, _ = train_test_split(load_dataset("iris"))
    dynamics = LinearDynamics(jntk(training.x, depth=depth), training.y, lam=lam)

    def curve(rate):
        eta = rate * dynamics.stable_learning_rate
        outputs = (dynamics.train(k * eta, learning_rate=eta)[:, 0] for k in range(steps + 1))
        return np.array([np.mean((f - training.y) ** 2) for f in outputs])

    stable, diverging = (curve(rate) for rate in rates)
    return {"step": np.arange(steps + 1), "stable": stable, "diverging": diverging}


def picture(step, stable, diverging):
    """Training error against the step, with a learning rate below the limit and one above it."""
    shown = np.minimum(diverging, 10)  # what follows lies far outside
    good = el.Curve((step, stable)).opts(color=BLUE)
    bad = el.Curve((step, shown)).opts(color=ORANGE)
    return (good * bad).opts(**BARE, xlim=(0, 60), ylim=(0, 1.6))
