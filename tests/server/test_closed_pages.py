"""A page that is closed: its work stops, comes back with the browser, and leaves nothing behind."""

import asyncio
import gc
import itertools
import logging
import sys
import time
import weakref
from pathlib import Path

import panel as pn
import pytest
from panel.io.server import get_server
from tornado.ioloop import IOLoop

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from bokeh_client import Session
from squares import Squares

from jntk_viz import frame
from jntk_viz.engine.results import kept
from jntk_viz.engine.runners import runner
from jntk_viz.engine.steps import Step

VISITS = itertools.count()  # no two pages of these tests ask for equal steps
SITE = None  # the site of the test that runs


@kept
def noted(number, visit):
    """A short step; SITE counts who asks."""
    SITE.count += 1
    time.sleep(0.01)
    return number


class Endless(Squares):
    """A page whose work goes on until it is stopped."""

    def __init__(self):
        super().__init__()
        self.visit = next(VISITS)

    def plan(self, known):
        self.asked = getattr(self, "asked", 0) + 1
        return [Step(noted, (self.asked, self.visit))]


class Site:
    """Endless pages on a server in this process; `count`: how many steps have run."""

    def __init__(self):
        self.count = 0
        self.pages = []  # weak references
        self.server = None

    def app(self):
        frame.use_theme()
        content = Endless()
        page = frame.show(content)
        made = (page, content, content.state, content.controller, content.plot)
        self.pages += map(weakref.ref, made)
        page.servable()

    async def works(self):
        """Wait until another step has run."""
        before = self.count
        await until(lambda: self.count > before)

    async def rests(self, seconds=5.0):
        """Wait until no step runs; for a moment none does between two of a page that works."""
        ended = time.monotonic() + seconds
        before = None
        while runner().asked or self.count != before:
            assert time.monotonic() < ended, "steps are still run"
            before = self.count
            await asyncio.sleep(0.3)


@pytest.fixture
def visit():
    """`visit(test)` runs the coroutine function test(site, url) beside a server of the site."""

    def run(test, **options):
        async def main():
            global SITE
            SITE = site = Site()
            server = get_server(
                {"/page": site.app}, port=0, address="127.0.0.1", loop=IOLoop.current(), **options
            )
            site.server = server
            server.start()
            try:
                await test(site, f"http://127.0.0.1:{server.port}/page")
            finally:
                server.stop()

        asyncio.run(asyncio.wait_for(main(), 60))
        pn.state.kill_all_servers()

    return run


async def until(condition, seconds=5.0):
    """Wait for it; returns after how many seconds."""
    start = time.monotonic()
    while not condition():
        assert time.monotonic() - start < seconds
        await asyncio.sleep(0.01)
    return time.monotonic() - start


def test_the_work_of_a_closed_page_ends_at_once(visit):
    """On an idle machine within a second; its session is kept for fifteen."""

    async def test(site, url):
        session = await Session(url).open()
        await site.works()
        await session.close()
        await site.rests(seconds=4)

    visit(test)


def test_work_goes_on_when_the_browser_comes_back_to_the_session(visit):
    async def test(site, url):
        session = await Session(url).open()
        await site.works()
        await session.close()
        await site.rests()
        await session.reconnect()
        await site.works()
        await session.close()
        await site.rests()

    visit(test)


def test_a_connection_that_is_lost_after_the_browser_came_back_stops_nothing(visit):
    async def test(site, url):
        session = await Session(url).open()
        await site.works()
        old = session._socket
        await session.reconnect()
        old.close(1001)
        for _ in range(20):
            await site.works()
        await session.close()
        await site.rests()

    visit(test)


def test_nothing_is_drawn_into_a_page_whose_session_has_ended(visit, caplog):
    """Bokeh has emptied its figures by then: the ranges are of a type that cannot be set."""

    async def test(site, url):
        session = await Session(url).open()
        await site.works()
        content = site.pages[-4]()  # of the page that was made last
        await session.close()
        await until(lambda: not site.server.get_sessions("/page"))
        with pytest.raises(AttributeError, match="reset_start"):
            content.plot.set(xlim=(0, 1))
        drawn = len(content.drawn)
        content.controller.show()
        content.controller._fail(ValueError("too late"))
        assert len(content.drawn) == drawn
        assert content.controller.error == ""
        assert "reset_start" not in caplog.text

    visit(test, unused_session_lifetime_milliseconds=100, check_unused_sessions_milliseconds=100)


@pytest.fixture
def unlogged():
    """No log: its records, which pytest holds for its report, would keep the pages."""
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


def test_closed_pages_are_collected(visit, unlogged):

    async def test(site, url):
        for _ in range(3):
            session = await Session(url).open()
            await site.works()
            await session.close()
            await site.rests()
        await until(lambda: not site.server.get_sessions("/page"))

        def left():
            gc.collect()
            return [page() for page in site.pages if page() is not None]

        await until(lambda: not left(), seconds=20)  # Panel cleans up some seconds later

    visit(test, unused_session_lifetime_milliseconds=1000, check_unused_sessions_milliseconds=100)
