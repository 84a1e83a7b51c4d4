"""Answers to what readers of the page on depth are asked to predict."""

import numpy as np

from jntk_viz.frame.numbers import decimals, number, percent
from jntk_viz.frame.parts import Answer
from jntk_viz.frame.robustness import paired_difference
from jntk_viz.pages.depth import phases
from jntk_viz.pages.depth.study import found_of, trainings_of
from jntk_viz.pages.depth.training import DEPTHS

_SAME = 0.02  # of a correlation
_LONGER = 10.0  # times as many steps


def _whole(state, known):
    """The known results, once the limit has been followed as far as it goes."""
    found = found_of(state, known)
    return found if found is not None and found.whole else None


def last_correlation(state, known):
    """The correlation behind the last layer."""
    found = _whole(state, known)
    if found is None:
        return None
    limit = found.limit
    return Answer(
        float(limit.correlation[limit.reached]),
        f"From {decimals(limit.correlation[0])} to {decimals(limit.correlation[limit.reached])} "
        f"after {limit.reached} layers.",
    )


def powers_of_slope(state, known):
    """By how many powers of ten |J|² grows from depth 1 to the last."""
    found = _whole(state, known)
    if found is None:
        return None
    slope = found.limit.slope[: found.limit.reached]
    value = float(np.log10(slope[-1] / slope[0]))
    return Answer(
        value, f"|J|² goes from {number(slope[0])} to {number(slope[-1])}: 10^{decimals(value)}."
    )


def effect_of_biases(state, known):
    """Do biases make inputs more or less alike in the end than none do?"""
    point = known(phases.here, state.activation, state.weight_std, state.bias_std)
    if point is None or np.isnan(point.correlation):
        return None
    without = phases.here(state.activation, state.weight_std, 0.0)
    change = point.correlation - without.correlation
    value = "more alike" if change > _SAME else "less alike" if change < -_SAME else "as alike"
    return Answer(
        value,
        f"c* is {decimals(without.correlation)} without biases and {decimals(point.correlation)} "
        f"with σ_b = {state.bias_std:g}.",
    )


def harm_of_depth(state, known):
    """The loss of a plain network by depth: robust accuracy, time, both, or neither."""
    found = trainings_of(state, known)
    if not found.whole or found.plain[-1].refused:
        return None
    shallow, deep = found.plain[0], found.plain[-1]
    worse = paired_difference(deep.best, shallow.best).high < 0
    longer = deep.steps > _LONGER * shallow.steps
    value = {
        (False, False): "neither", (False, True): "time", (True, False): "robust accuracy",
        (True, True): "both",
    }[worse, longer]  # fmt: skip
    return Answer(
        value,
        f"Depth {DEPTHS[0]}: {percent(shallow.best.mean())} after {number(shallow.steps, 1)} "
        f"steps; depth {DEPTHS[-1]}: {percent(deep.best.mean())} after {number(deep.steps, 1)}.",
    )


ANSWERS = {
    "correlation": last_correlation,
    "slope": powers_of_slope,
    "biases": effect_of_biases,
    "harm": harm_of_depth,
}
