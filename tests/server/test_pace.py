"""Updates of pages begin one after another, answers first."""

import asyncio
import itertools
import time

from jntk_viz.server.pace import PASSES, Pace


class Visited:
    """A session whose visitor did something `asked` seconds from now."""

    def __init__(self, asked=-1e9):
        self.asked = time.monotonic() + asked


def begun(requests):
    """Names of (name, session) in the order in which their updates began."""
    order = []

    async def update(pace, name, session):
        await pace.turn(session)
        order.append(name)

    async def everything():
        pace = Pace()
        await asyncio.gather(*(update(pace, *each) for each in requests))

    asyncio.run(asyncio.wait_for(everything(), 10))
    return order


def test_answers_come_before_the_rest_and_a_session_keeps_its_order():
    run, hers = Visited(), Visited(asked=-0.1)
    # The first finds nobody before it.
    requests = [("first", run), ("run 1", run), ("run 2", run), ("hers 1", hers), ("hers 2", hers)]
    assert begun(requests) == ["first", "hers 1", "hers 2", "run 1", "run 2"]
    # What was on its way when she moved a control does not come after the answer to that.
    assert begun([("first", run), ("old", hers), ("run", run), ("new", hers)]) == [
        "first", "old", "new", "run",
    ]  # fmt: skip


def test_long_runs_are_shown_in_the_end(monkeypatch):
    monkeypatch.setattr("jntk_viz.server.pace.PATIENCE", 0.0)
    run, hers = Visited(), Visited(asked=-0.1)
    assert begun([("first", run), ("run", run), ("hers", hers)]) == ["first", "run", "hers"]


def test_the_loop_looks_a_dozen_times_between_two_updates():
    looks, at = 0, []

    async def update(pace):
        await pace.turn(Visited())
        at.append(looks)

    async def everything():
        nonlocal looks
        pace = Pace()
        updates = asyncio.gather(*(update(pace) for _ in range(4)))
        while not updates.done():
            looks += 1
            await asyncio.sleep(0)

    asyncio.run(everything())
    assert all(later - earlier >= PASSES for earlier, later in itertools.pairwise(at)), at


def test_who_leaves_the_line_keeps_nobody():
    async def everything():
        pace, order = Pace(), []
        session = Visited()

        async def update(name):
            await pace.turn(session)
            order.append(name)

        tasks = [asyncio.create_task(update(name)) for name in "abc"]
        await asyncio.sleep(0)
        tasks[1].cancel()
        await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 10)
        await update("later")  # and the line has ended
        return order

    assert asyncio.run(everything()) == ["a", "c", "later"]
