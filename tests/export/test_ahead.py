"""An export computes the states to come while it draws one."""

import threading
from contextlib import closing

import pytest
import squares
from squares import COMPUTED, FAULTS, GATES, Squares

from jntk_viz.engine.results import RESULTS
from jntk_viz.engine.runners import Threads, use
from jntk_viz.export.ahead import AHEAD, computed_ahead


@pytest.fixture
def two_places():
    RESULTS.clear()
    COMPUTED.clear()
    GATES.clear()
    FAULTS.clear()
    with closing(Threads(2)) as threads, use(threads):
        yield
        for gate in GATES.values():
            gate.set()
        GATES.clear()
        FAULTS.clear()


def states(*numbers):
    return [{"n": n} for n in numbers]


def test_the_next_states_are_computed_while_one_waits(two_places):
    GATES[1] = threading.Event()
    arriving = computed_ahead(Squares(), states(1, 2))
    first = threading.Thread(target=lambda: next(arriving))
    first.start()
    while (2, 2) not in COMPUTED:
        first.join(0.01)
        assert first.is_alive(), "nothing of the second state was computed before the first"
    assert (1, 0) not in COMPUTED
    GATES[1].set()
    first.join(10)
    assert next(arriving) == {"n": 2}
    assert next(arriving, None) is None
    assert sorted(COMPUTED) == [(n, part) for n in (1, 2) for part in range(3)]


def test_every_state_comes_in_order_with_all_its_results_and_a_failed_one_too(two_places):
    FAULTS[7] = ValueError("`n` must not be 7")
    wanted = states(5, 13, 7, 6, 5, *range(20, 30))  # of 13 not even the plan can be made
    seen = []
    for values in computed_ahead(Squares(), wanted):
        seen.append(values)
        known = [squares.square.known(values["n"], part) for part in range(3)]
        assert known == ([None] * 3 if values["n"] in (7, 13) else [values["n"] ** 2] * 3)
        assert len({n for n, _ in COMPUTED}) <= len(seen) + 2 * AHEAD
    assert seen == wanted
    assert len(COMPUTED) == len(set(COMPUTED))
