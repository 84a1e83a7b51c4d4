"""The picture of this page on the landing page, and what an attack is, which stands below it."""

from typing import NamedTuple

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
from jntk_viz.frame.settings import Problem
from jntk_viz.pages.robust_training import predictor, study
from jntk_viz.pages.robust_training.predictor_pictures import attack_alone
from jntk_viz.pages.robust_training.state import FLOW, TIMES

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


# ---- what an attack is

CLEAR = 0.3  # the size of the attack by which the digit is chosen
STOPPED = 1e3  # when both trainings end
_PROBLEM, _LAMBDAS = Problem("digits", 2, "gelu", 0), (0.0, 0.1)


class Attacked(NamedTuple):
    """One test digit, attacked on two networks: trained without the penalty and with it.

    image, change, attacked: (2, 8, 8), as in `predictor.Digits`. read: (2,), as which digit each
    network reads the changed one. robust: (2,), share of the test digits that stay right.
    """

    image: np.ndarray
    change: np.ndarray
    attacked: np.ndarray
    read: tuple
    robust: tuple


def _margins(epsilon):
    """First-order margins of all test digits, (2, m)."""
    solutions = (study.solve(_PROBLEM, lam) for lam in _LAMBDAS)
    at = TIMES.index(STOPPED)
    return np.stack([s.paths[FLOW].reach.margin(epsilon, "l2")[at] for s in solutions])


@kept
def _point() -> int:
    """The 3 on which the two networks differ most at CLEAR.

    Only digits that both read right are taken, and that only the penalised network still reads
    right then.
    """
    test = study.prepare(_PROBLEM).test
    clean, (standard, penalised) = _margins(0.0), _margins(CLEAR)
    differ = (clean > 0).all(axis=0) & (standard <= 0) & (penalised > 0) & (test.y < 0)
    return int(np.argmax(np.where(differ, penalised - standard, -np.inf)))


@kept
def attack(epsilon: float) -> Attacked:
    """The digit attacked by changes of this size."""
    shown = [
        predictor.digits(_PROBLEM, lam, STOPPED, epsilon, "l2", FLOW, _point()) for lam in _LAMBDAS
    ]
    image, change, attacked = (
        np.stack([getattr(digit, part)[0] for digit in shown])
        for part in ("image", "change", "attacked")
    )
    read = tuple(8 if digit.after[0] > 0 else 3 for digit in shown)
    robust = tuple(float(np.mean(margin > 0)) for margin in _margins(epsilon))
    return Attacked(image, change, attacked, read, robust)


NO_ATTACK = {
    "image": np.zeros((2, 8, 8)), "change": np.zeros((2, 8, 8)), "attacked": np.zeros((2, 8, 8)),
    "left": ["", ""], "right": ["", ""],
}  # fmt: skip
attack_picture = attack_alone
ATTACK_LIMITS = (-17, 31), (-1, 23)


def of_attack(found):
    """Arguments of `attack_picture`."""
    return {
        "image": found.image, "change": found.change, "attacked": found.attacked,
        "left": ["no penalty", "penalty"], "right": [f"reads {digit}" for digit in found.read],
    }  # fmt: skip
