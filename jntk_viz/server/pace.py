"""Updates of all pages of a process begin one after another: a class does not feel one another."""

import asyncio
import math
import time
from collections import deque
from collections.abc import Hashable

from bokeh.server.session import ServerSession

from jntk_viz.drawing.private_api import use_session

PASSES = 12  # of the event loop between two updates of pages, for everything that is quick
RECENT = 2.0  # seconds for which what a page does counts as an answer to its visitor
PATIENCE = 1.0  # seconds that other updates, such as of long runs, may wait longer than answers


class Pace:
    """Lets the updates of all pages begin one after another: `await pace.turn(session)`.

    Each takes tens of milliseconds, and an event loop does all that is ready before it looks
    again. Between the move of a control and its answer it has to look a dozen times, so with many
    pages each look would wait for some updates of others. Here at most one begins between
    `PASSES` looks. Answers come first; those of one session keep their order.
    """

    def __init__(self):
        self._lines: dict[Hashable, deque[tuple[float, asyncio.Future]]] = {}
        self._pacing: asyncio.Task | None = None

    async def turn(self, session) -> None:
        """Wait until an update of this session may begin. `session.asked`: when its visitor last
        did something (monotonic)."""
        loop = asyncio.get_running_loop()
        if self._pacing is None or self._pacing.done():
            self._pacing = loop.create_task(self._pace())
            return
        called = loop.create_future()
        self._lines.setdefault(session, deque()).append((time.monotonic(), called))
        await called

    async def quiet(self, at_most: float) -> None:
        """Wait until no update waits for its turn, but no longer than `at_most` seconds."""
        if self._pacing is not None:
            await asyncio.wait([self._pacing], timeout=at_most)

    async def _pace(self):
        while True:
            for _ in range(PASSES):
                await asyncio.sleep(0)
            if not self._lines:
                return
            session = min(self._lines, key=self._rank)
            line = self._lines[session]
            _, called = line.popleft()
            if not line:
                del self._lines[session]
            if not called.done():  # its task may have been cancelled
                called.set_result(None)

    def _rank(self, session) -> float:
        came, _ = self._lines[session][0]
        answers = time.monotonic() - session.asked < RECENT
        return came if answers else came + PATIENCE


class PacedSession(ServerSession):
    """Bokeh's session, which waits for its turn before it updates its page.

    `asked`: when its visitor, or the browser, last sent something (monotonic); the socket says it.
    """

    pace: Pace
    asked = -math.inf

    async def with_document_locked(self, func, *args, **kwargs):
        await self.pace.turn(self)
        return await super().with_document_locked(func, *args, **kwargs)


def pace_updates() -> None:
    """Let the sessions of all servers of this process be paced, together."""
    use_session(type("Session", (PacedSession,), {"pace": Pace()}))
