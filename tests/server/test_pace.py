"""Updates of pages begin one after another, answers first."""

import asyncio
import itertools
import math
import random
import selectors
import time
from types import SimpleNamespace

import numpy as np
from bokeh.document import Document
from bokeh.server.session import ServerSession
from panel.io.server import WSHandler

from jntk_viz.server import pace
from jntk_viz.server.pace import PASSES, Pace
from jntk_viz.server.websocket import Socket


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


class Clock(selectors.SelectSelector):
    """Stands in for the network and for time: whoever waits makes time pass at once."""

    def __init__(self):
        super().__init__()
        self.now = 0.0

    def select(self, timeout=None):
        self.now += timeout or 0
        return []

    def monotonic(self):
        return self.now


class Loop(asyncio.SelectorEventLoop):
    """An event loop whose time is that of a `Clock`."""

    def __init__(self, clock):
        super().__init__(clock)
        self.time = clock.monotonic


def late_answer(paced, monkeypatch, sessions=20, seconds=60, opening=None):
    """Seconds within which 95 % of answers come, in a model of a class: a third of `sessions` show
    runs, the others move a control every few seconds; an update takes 30 ms, an answer a dozen
    looks of the event loop and two updates. `opening`: meanwhile pages are made, in half a second
    each, and between two of them others have at most so many seconds."""
    random_, clock = random.Random(1), Clock()
    monkeypatch.setattr(pace, "time", clock)
    turns, times = Pace(), []

    async def update(session, cost):
        if paced:
            await turns.turn(session)

        def spend():
            clock.now += cost

        await session.with_document_locked(spend)

    async def runs():
        session = ServerSession("run", Document())
        session.asked = -math.inf
        await asyncio.sleep(random_.uniform(0, 2))
        while True:
            await update(session, 0.03)
            await asyncio.sleep(0.25)

    async def moves():
        session = ServerSession("moves", Document())
        while True:
            await asyncio.sleep(random_.uniform(1, 6))
            session.asked = clock.now
            for cost in (0.003, 0.03):
                for _ in range(6):
                    await asyncio.sleep(0)
                await update(session, cost)
            times.append(clock.now - session.asked)

    async def opens():
        while True:
            clock.now += 0.5
            await asyncio.sleep(0.05)
            await turns.quiet(opening)

    async def everything():
        kinds = [runs if i < sessions / 3 else moves for i in range(sessions)]
        kinds += [] if opening is None else [opens]
        tasks = [asyncio.ensure_future(kind()) for kind in kinds]
        await asyncio.sleep(seconds)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    loop = Loop(clock)
    loop.run_until_complete(everything())
    loop.close()
    assert len(times) > 100
    return np.quantile(times, 0.95)


def test_late_answers_of_a_class_come_in_half_the_time(monkeypatch):
    assert late_answer(True, monkeypatch) < 0.6 * late_answer(False, monkeypatch)


def test_answers_do_not_wait_until_everybody_has_a_page(monkeypatch):
    first_pages, both = (
        late_answer(True, monkeypatch, seconds=200, opening=rest) for rest in (0, 0.25)
    )
    assert both < 0.5 * first_pages


def test_a_message_of_the_browser_is_what_is_answered(monkeypatch):
    """The socket tells the session, whose updates then come first."""
    session = SimpleNamespace(asked=-math.inf)
    socket = Socket.__new__(Socket)
    socket.connection, socket.receiver = SimpleNamespace(session=session), None
    heard = []

    async def on_message(self, fragment):
        heard.append(fragment)

    monkeypatch.setattr(WSHandler, "on_message", on_message)
    before = time.monotonic()
    asyncio.run(socket.on_message("piece"))
    assert before <= session.asked <= time.monotonic()
    assert heard == ["piece"]
