"""Chains of steps give the same numbers however they are run, and keep one state."""

import numpy as np
import pytest

from jntk_viz.engine.results import RESULTS
from jntk_viz.engine.steps import Step, chained

CALLS = []


def begin(start, factor):
    CALLS.append("begin")
    return np.full(1000, float(start))


@chained(begin)
def grow(state, k, start, factor):
    """Multiply by the factor; what is shown is the sum."""
    CALLS.append(k)
    state = state * factor
    return state, float(state[0])


@pytest.fixture(autouse=True)
def nothing_known():
    CALLS.clear()
    RESULTS.clear()


def test_each_step_takes_the_last_one_s_state():
    assert [Step(grow, (k, 1, 2.0)).run() for k in range(4)] == [2, 4, 8, 16]
    assert CALLS == ["begin", 0, 1, 2, 3]


def test_a_step_whose_predecessor_is_lost_gives_the_same_number():
    assert grow(3, 1, 2.0) == 16
    assert [grow(k, 1, 2.0) for k in range(4)] == [2, 4, 8, 16]  # known by the way
    assert CALLS == ["begin", 0, 1, 2, 3]
    RESULTS.clear()
    CALLS.clear()
    assert grow(1, 1, 2.0) == 4
    assert CALLS == ["begin", 0, 1]


def test_only_the_last_state_is_kept():
    for k in range(20):
        grow(k, 1, 1.5)
    assert RESULTS.bytes < 2 * 8000


def test_chains_of_other_settings_do_not_meet():
    assert grow(0, 1, 2.0) == 2
    assert grow(0, 5, 3.0) == 15
    assert grow(1, 1, 2.0) == 4


def test_what_is_forgotten_is_computed_from_the_beginning():
    grow(1, 1, 2.0)
    CALLS.clear()
    grow.forget(1, 1, 2.0)
    assert grow(1, 1, 2.0) == 4
    assert CALLS == ["begin", 0, 1]
