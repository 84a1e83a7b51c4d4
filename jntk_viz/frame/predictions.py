"""Verdicts on a reader's guess: how near it came to what is measured."""

import numpy as np

from jntk_viz.frame.numbers import number
from jntk_viz.frame.presets import Question

NEAR = 0.1  # of the range that could be chosen, or of the height of the picture


def verdict(question: Question, guess, value, *, log_x=False, log_y=False) -> str:
    """One sentence that compares a guess with the answer; never only "wrong".

    Args:
        guess, value: an option ("choice"), a number, options in order, or for "sketch" (x, y)
            arrays of a curve.
        log_x, log_y: whether the axes of the sketched curve are logarithmic.
    """
    if question.kind == "sketch":
        return _sketch_verdict(guess, value, log_x, log_y)
    if question.kind == "number":
        return _number_verdict(question, float(guess), float(value))
    if question.kind == "order":
        return _order_verdict(tuple(guess), tuple(value))
    if guess == value:
        return f"You said “{guess}”, and so it is."
    return f"You said “{guess}”; it is “{value}”."


def _number_verdict(question, guess, value):
    unit = f" {question.unit}" if question.unit else ""
    said = f"You said {number(guess, 3)}{unit}; measured {number(value, 3)}{unit}"
    off = abs(guess - value) / (question.high - question.low)
    return f"{said}{': close' if off <= NEAR else ''}."


def _order_verdict(guess, value):
    right = sum(a == b for a, b in zip(guess, value, strict=True))
    if right == len(value):
        return "You put all of them in the right order."
    if right == 0:
        first = "You put none of them in its place"
    else:
        first = (
            f"You put {right} of {len(value)} in {'its place' if right == 1 else 'their places'}"
        )
    return f"{first}. Measured: first {', then '.join(value)}."


def _sketch_verdict(guess, value, log_x, log_y):
    off, height = sketch_distance(guess, value, log_x=log_x, log_y=log_y)
    if np.isnan(off):
        return "Your line does not pass over the curve, so the two cannot be compared."
    percent = 100 * off / height if height > 0 else 0.0
    near = " A close guess." if off <= NEAR * height else ""
    return f"On average your line is {percent:.0f} % of the curve's height away from it.{near}"


def sketch_distance(guess, value, *, log_x=False, log_y=False) -> tuple[float, float]:
    """Mean distance of a sketched line from a curve where both are, and the curve's height.

    Args:
        guess, value: (x, y), arrays of one length each, x increasing. Both results are in units of
            y, in decades where `log_y`.

    Returns:
        (distance, height); the distance is NaN where the two have no x in common.
    """
    (gx, gy), (x, y) = (
        [np.log10(v) if log else np.asarray(v, float) for v, log in ((a, log_x), (b, log_y))]
        for a, b in (guess, value)
    )
    kept = np.isfinite(x) & np.isfinite(y)
    x, y = x[kept], y[kept]
    inside = (x >= gx[0]) & (x <= gx[-1])
    height = float(np.ptp(y)) if y.size else 0.0
    if not inside.any():
        return float("nan"), height
    return float(np.mean(np.abs(np.interp(x[inside], gx, gy) - y[inside]))), height
