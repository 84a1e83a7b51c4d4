"""The picture of this page on the landing page."""

import numpy as np

from jntk_viz.drawing.card import BARE
from jntk_viz.engine.results import kept
from jntk_viz.pages.playground import globe, study
from jntk_viz.pages.playground.pictures import EMPTY as NOTHING
from jntk_viz.pages.playground.pictures import edges, function_alone
from jntk_viz.pages.playground.state import PlaygroundState

# What the picture is drawn from before its numbers arrive.
EMPTY = {"field": NOTHING["field"]}
SQUARE = globe.LIMITS


@kept
def numbers():
    """f on the front of the globe, without the penalty and with it.

    Returns a dict: field (2, FINE, FINE).
    """
    state = PlaygroundState()
    networks = study.pair(*study.arguments_of(state))
    return {"field": np.stack([study.drawn(network.field)[0] for network in networks])}


def picture(field):
    """One hemisphere of two networks: trained without the penalty (left) and with it."""
    return function_alone(field, edges(field), ("without", "with")).opts(**BARE)
