"""Sentences that several pages have: small print, correlations, the remark on equal inputs."""

from collections.abc import Callable, Iterable

import numpy as np

from jntk_viz.datasets import count_coinciding
from jntk_viz.frame.numbers import decimals

CLOSED, OPENED = "<details class=aside>", "<details class=aside open>"  # as small print begins

# Of eigenfeatures of several classes.
ONE_FUNCTION = (
    "One feature is one function for all classes, times a number for each: it tells two sides "
    "apart and is right on the points of two classes at most."
)


def small(*sentences: str) -> str:
    """Small print behind *More*, as HTML, which a presentation leaves out; "" where there is none.

    `Headline` keeps it open from one sentence to the next once a reader has opened it.
    """
    words = " ".join(filter(None, sentences))
    return f" {CLOSED}<summary>More</summary> {words}</details>" if words else ""


def with_interval(write: Callable[[float], str], values: Iterable[float]) -> str:
    """0.79 [0.64, 0.90]: a number and the ends of its interval, each written by `write`."""
    value, low, high = map(write, values)
    return f"{value} [{low}, {high}]"


def correlation(value: float) -> str:
    """0.79 or −0.12: a rank correlation, always to two decimals."""
    return "undefined" if np.isnan(value) else decimals(value)


def coinciding(train, test=None) -> str:
    """Sentence on inputs that are given twice, and what follows; "" if none is.

    - `train`: (n, d0) points whose kernel Θ is taken;  `test`: (m, d0) points tested on.
    """
    words = []
    if twice := count_coinciding(train):
        words.append(
            f"{twice} of the training points {'equals' if twice == 1 else 'equal'} another, so Θ "
            "is singular: λₘᵢₙ = 0 up to rounding."
        )
    if shared := 0 if test is None else count_coinciding(test, train):
        words.append(
            f"{shared} of the test points {'equals' if shared == 1 else 'equal'} a training point, "
            "which is no test."
        )
    return " ".join(words)
