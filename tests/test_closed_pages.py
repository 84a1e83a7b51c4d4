"""A page that is closed: its work stops, comes back with the browser, and leaves nothing behind."""

import asyncio
import gc
import logging
import sys
import time
import weakref
from pathlib import Path

import panel as pn
import param
import pytest
from panel.io.server import get_server
from tornado.ioloop import IOLoop

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

from bokeh_client import Session

from jntk_viz import frame
from jntk_viz.engine.jobs import stop_all


class State(param.Parameterized):
    width = param.Integer(3, bounds=(1, 9))


class Site:
    """A page whose work goes on until it is stopped, on a server in this process."""

    def __init__(self):
        self.begun = self.stopped = 0
        self.pages = []  # weak references
        self.server = None

    def app(self):
        import holoviews as hv

        frame.use_theme()
        job, state = frame.LatestWins(), State()
        plot = frame.LivePlot(lambda y: hv.Curve(y), y=[0.0, 0.0])
        page = frame.page(
            "A", "?", name="a_closed_page", state=state, job=job,
            controls=frame.controls_for(state, "width"), body=frame.plot_grid("a", a=plot),
            plots={"a": plot},
            start=lambda: job.submit(self.work),
        )  # fmt: skip
        self.pages += map(weakref.ref, (page, state, job, plot))
        page.servable()

    def work(self, job):
        self.begun += 1
        try:
            while True:
                time.sleep(0.01)
                job.progress(0.5)
        finally:
            self.stopped += 1


@pytest.fixture
def visit():
    """`visit(test)` runs the coroutine function test(site, url) beside a server of the site."""

    def run(test, **options):
        async def main():
            site = Site()
            server = get_server(
                {"/page": site.app}, port=0, address="127.0.0.1", loop=IOLoop.current(), **options
            )
            site.server = server
            server.start()
            try:
                await test(site, f"http://127.0.0.1:{server.port}/page")
            finally:
                stop_all()
                server.stop()
                await until(lambda: site.stopped == site.begun)

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


def test_the_work_of_a_closed_page_is_cancelled_within_a_second(visit):
    async def test(site, url):
        session = await Session(url).open()
        await until(lambda: site.begun)
        await session.close()
        await until(lambda: site.stopped, seconds=1)

    visit(test)


def test_work_begins_again_when_the_browser_comes_back_to_the_session(visit):
    async def test(site, url):
        session = await Session(url).open()
        await until(lambda: site.begun)
        await session.close()
        await until(lambda: site.stopped)
        await session.reconnect()
        await until(lambda: site.begun == 2)
        await session.close()
        await until(lambda: site.stopped == 2)

    visit(test)


def test_a_connection_that_is_lost_after_the_browser_came_back_stops_nothing(visit):
    async def test(site, url):
        session = await Session(url).open()
        await until(lambda: site.begun)
        old = session._socket
        await session.reconnect()
        old.close(1001)
        await asyncio.sleep(0.5)
        assert (site.begun, site.stopped) == (1, 0)
        await session.close()
        await until(lambda: site.stopped)

    visit(test)


def test_closed_pages_are_collected(visit, monkeypatch):
    # Records of what happened, which pytest holds for its report, would keep the pages.
    monkeypatch.setattr(logging.root.manager, "disable", logging.CRITICAL)

    async def test(site, url):
        for _ in range(3):
            session = await Session(url).open()
            await until(lambda: site.begun > site.stopped)
            await session.close()
            await until(lambda: site.stopped == site.begun)
        await until(lambda: not site.server.get_sessions("/page"))

        def left():
            gc.collect()
            return [page() for page in site.pages if page() is not None]

        await until(lambda: not left(), seconds=20)  # Panel cleans up some seconds later

    visit(test, unused_session_lifetime_milliseconds=1000, check_unused_sessions_milliseconds=100)
