"""Answers to what readers of the Gaussian-process page are asked to predict."""

import numpy as np

from jntk_viz.frame.numbers import decimals, percent
from jntk_viz.frame.parts import Answer
from jntk_viz.pages.gp_convergence import study
from jntk_viz.pages.gp_convergence.circle import ANGLES
from jntk_viz.pages.gp_convergence.observations import STEP

TAILS = ("the output f", "the slope J", "neither")
NARROWER = ("there, at that angle", "on both sides of it", "nowhere")


def slope(state, known):
    """The power of the width that the error follows."""
    law = study.law(study.errors_of(state.problem, known))
    if law is None:
        return None
    low, high = decimals(law.low), decimals(law.high)
    words = f"The error falls as width to the power {decimals(law.slope)} ({low} to {high})."
    return Answer(law.slope, words)


def tails(state, known):
    """Which of f and J has the heavier tails, if either is beyond what Gaussian draws do."""
    if study.limit_of(state, known) is None:
        return None
    found = study.found_of(state, known)
    if len(found.draws) < state.networks:
        return None
    (f, error), (j, _) = study.kurtoses(state, found)
    words = (
        f"Excess kurtosis of f: {decimals(f)}, of the slope: {decimals(j)}; "
        f"Gaussian draws: 0 ± {decimals(2 * error)}."
    )
    return Answer(TAILS[2] if max(f, j) < 2 * error else TAILS[0 if f > j else 1], words)


def narrower(state, known):
    """Where what was observed makes the band of f narrower: at the angle θ, or beside it."""
    circle = study.on_circle(state, known)
    if circle is None:
        return None
    share = circle.deviation[:, 0] / circle.prior[0]
    here, best = share[state.angle // STEP], int(np.argmin(share))
    there = here < 1.05 * share[best] + 0.01
    place = NARROWER[2] if share.min() > 0.99 else NARROWER[0 if there else 1]
    words = (
        f"At {state.angle}° the deviation of f is {percent(here)} of what it was; it is least, "
        f"{percent(share[best])}, at {best * STEP}°."
    )
    return Answer(place, words)


def mean(state, known):
    """The posterior mean of f."""
    circle = study.on_circle(state, known)
    if circle is None:
        return None
    angle = np.append(ANGLES, 360)
    values = np.append(circle.mean[:, 0], circle.mean[0, 0])
    words = (
        f"Its largest value is {decimals(values.max())}, at {angle[values.argmax()]}°; "
        f"its smallest {decimals(values.min())}, at {angle[values.argmin()]}°."
    )
    return Answer((angle, values), words)
