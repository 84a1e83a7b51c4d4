"""What is compared with a reader's prediction on the Gaussian-process page."""

import numpy as np

from jntk_viz.frame.parts import Answer
from jntk_viz.pages.gp_convergence import study

TAILS = ("the output f", "the slope J", "neither")
NARROWER = ("there, at that angle", "on both sides of it", "nowhere")


def answers(state):
    """Key → function that returns an `Answer`, or None while it is not known."""
    return {
        key: (lambda answer=answer: answer(state))
        for key, answer in (
            ("slope", slope), ("tails", tails), ("narrower", narrower), ("mean", mean),
        )
    }  # fmt: skip


def slope(state):
    """The power of the width that the error follows."""
    law = study.law(study.known(state.problem, state.width, state.networks))
    if law is None:
        return None
    words = (
        f"The error falls as width to the power {law.slope:.2f} ({law.low:.2f} to {law.high:.2f})."
    )
    return Answer(law.slope, words.replace("-", "−"))


def tails(state):
    """Which of f and J has the heavier tails, if either is beyond what Gaussian draws do."""
    found = study.known(state.problem, state.width, state.networks)
    if len(found.draws) < state.networks:
        return None
    (f, error), (j, _) = study.kurtoses(state, found)
    words = (
        f"Excess kurtosis of f: {f:.2f}, of the slope: {j:.2f}; "
        f"Gaussian draws: 0 ± {2 * error:.2f}."
    )
    heavier = TAILS[2] if max(f, j) < 2 * error else TAILS[0 if f > j else 1]
    return Answer(heavier, words.replace("-", "−"))


def narrower(state):
    """Where what was observed makes the band of f narrower: at the angle θ, or beside it."""
    circle = study.on_circle(state)
    share = circle.deviation[:, 0] / circle.prior[0]
    here, best = share[state.angle // study.STEP], int(np.argmin(share))
    there = here < 1.05 * share[best] + 0.01
    place = NARROWER[2] if share.min() > 0.99 else NARROWER[0 if there else 1]
    words = (
        f"At {state.angle}° the deviation of f is {100 * here:.0f} % of what it was; it is least, "
        f"{100 * share[best]:.0f} %, at {best * study.STEP}°."
    )
    return Answer(place, words)


def mean(state):
    """The posterior mean of f."""
    circle = study.on_circle(state)
    angle = np.append(study.gp_circle.ANGLES, 360)
    values = np.append(circle.mean[:, 0], circle.mean[0, 0])
    words = (
        f"Its largest value is {values.max():.2f}, at {angle[values.argmax()]}°; "
        f"its smallest {values.min():.2f}, at {angle[values.argmin()]}°."
    )
    return Answer((angle, values), words.replace("-", "−"))
