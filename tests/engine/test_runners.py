"""Steps on threads: equal ones share a run, who has had least goes first."""

import threading

import pytest

from jntk_viz.engine import runners
from jntk_viz.engine.results import RESULTS, kept
from jntk_viz.engine.runners import Threads, results, use
from jntk_viz.engine.steps import Step

LOG, BEGUN, GATE = [], threading.Event(), threading.Event()


@kept
def noted(name):
    LOG.append(name)
    return name.upper()


@kept
def gated(name):
    BEGUN.set()
    GATE.wait(10)
    return noted(name)


@kept
def broken(name):
    raise ValueError(f"`name` must not be {name}")


@pytest.fixture
def one_place():
    RESULTS.clear()
    LOG.clear()
    BEGUN.clear()
    GATE.clear()
    runner = Threads(1)
    yield runner
    GATE.set()
    runner.close()


def test_equal_steps_share_one_run_and_its_result(one_place):
    first, second = (one_place.submit(Step(gated, ("a",))) for _ in range(2))
    assert first is second
    assert one_place.asked == 1
    GATE.set()
    assert first.result(10) == "A"
    assert LOG == ["a"]
    assert gated.known("a") == "A"
    assert one_place.submit(Step(gated, ("a",))).result(10) == "A"
    assert LOG == ["a"]  # what is known is not computed again


def test_who_has_had_least_goes_first_and_among_equals_who_asked_first(one_place):
    running = one_place.submit(Step(gated, ("running",)))
    others = [
        one_place.submit(Step(noted, (name,)), used)
        for name, used in [("long", 3.0), ("longer", 90.0), ("longest", 99.0), ("new", 0.0)]
    ]
    GATE.set()
    for future in [running, *others]:
        future.result(10)
    assert LOG == ["running", "new", "long", "longer", "longest"]


def test_a_step_of_several_goes_where_the_one_goes_who_has_had_least(one_place):
    running = one_place.submit(Step(gated, ("running",)))
    assert BEGUN.wait(10)
    asked = [("shared", 90.0), ("other", 5.0), ("shared", 95.0), ("shared", 0.0), ("new", 0.0)]
    futures = [one_place.submit(Step(noted, (name,)), used) for name, used in asked]
    assert futures[0] is futures[2] is futures[3]
    GATE.set()
    for future in [running, *futures]:
        future.result(10)
    assert one_place.submit(Step(noted, ("last",)), 99.0).result(10) == "LAST"
    assert LOG == ["running", "shared", "new", "other", "last"]  # each once


def test_a_step_that_all_have_left_never_begins_and_one_that_runs_goes_on(one_place):
    running = one_place.submit(Step(gated, ("running",)))
    assert BEGUN.wait(10)
    wanted, unwanted = Step(noted, ("wanted",)), Step(noted, ("unwanted",))
    shared = [one_place.submit(wanted) for _ in range(2)]
    gone = one_place.submit(unwanted)
    assert not one_place.leave(Step(gated, ("running",)))
    assert one_place.leave(wanted)
    assert one_place.leave(unwanted)
    assert gone.cancelled()
    assert one_place.asked == 2
    assert not one_place.leave(unwanted)
    again = one_place.submit(Step(noted, ("again",)))
    assert one_place.leave(Step(noted, ("again",)))
    again = one_place.submit(Step(noted, ("again",)))  # wanted after all
    GATE.set()
    assert [future.result(10) for future in [running, *shared, again]] == [
        "RUNNING", "WANTED", "WANTED", "AGAIN",
    ]  # fmt: skip
    assert LOG == ["running", "wanted", "again"]
    assert not one_place.leave(wanted)


def test_a_step_that_waits_for_the_network_takes_no_place(one_place):
    waiting = one_place.submit(Step(gated, ("far",), waits=True))
    assert one_place.submit(Step(noted, ("near",))).result(10) == "NEAR"
    assert not waiting.done()
    GATE.set()
    assert waiting.result(10) == "FAR"


def test_an_error_reaches_who_waits_and_the_next_step_runs(one_place):
    with pytest.raises(ValueError, match="must not be x"):
        one_place.submit(Step(broken, ("x",))).result(10)
    assert one_place.submit(Step(noted, ("y",))).result(10) == "Y"


def test_results_come_as_they_are_there_and_no_more_is_asked_for_than_there_are_places(one_place):
    asked = []

    def steps():
        for name in "abcd":
            asked.append(name)
            yield Step(broken if name == "b" else noted, (name,))

    with use(one_place):
        arriving = results(steps())
        step, future = next(arriving)
        assert (step.arguments, future.result()) == (("a",), "A")
        assert asked == ["a"]
        step, future = next(arriving)
        assert (step.arguments, str(future.exception())) == (("b",), "`name` must not be b")
        arriving.close()
    assert asked == ["a", "b"]
    assert LOG == ["a"]


def test_a_closed_runner_begins_nothing_and_does_not_wait_for_ever(one_place, monkeypatch):
    monkeypatch.setattr(runners, "SECONDS_TO_END", 0.01)
    running, waiting = (one_place.submit(Step(gated, (name,))) for name in "ab")
    assert BEGUN.wait(10)
    one_place.close()
    assert not running.done()
    with pytest.raises(RuntimeError, match="begins nothing more"):
        one_place.submit(Step(noted, ("c",)))
    GATE.set()
    assert running.result(10) == "A"
    (thread,) = one_place._threads
    thread.join(10)
    assert not waiting.done()
    assert LOG == ["a"]
