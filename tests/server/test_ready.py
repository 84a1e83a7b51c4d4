"""Pages that wait on a shelf: who gets one, who does not, and that it can be used."""

import asyncio
import gc
import os
import re
from itertools import pairwise

import panel as pn
import pytest
from bokeh.server import contexts, urls
from bokeh.util.token import get_session_id
from panel.io.server import get_server
from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import websocket_connect

from jntk_viz.server import idle, ready
from jntk_viz.server.pace import Pace, PacedSession

TOKEN = re.compile(r'"token":"([^"]+)"')


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """A shelf that does not wait, and Panel's handlers as they were."""
    patterns = list(urls.per_app_patterns)
    monkeypatch.setattr(ready, "_CALM", 0.05)
    monkeypatch.setattr(ready, "_LOOK", 0.02)
    monkeypatch.setattr(idle, "_LOOK", 0.02)
    monkeypatch.setattr(idle, "_BUSY", 100)
    yield
    urls.per_app_patterns[:] = patterns


def visit(scenario, each=1, address="/page", app=None):
    """Run `scenario(server, shelf, made)`; `made` grows with each page that is made."""
    made = []

    def page():
        made.append(pn.state.session_args)
        return app() if app else pn.pane.HTML("Hello")

    async def run():
        shelf = ready.Shelf([address], each)
        shelf.install()
        server = get_server(
            {"/page": page}, port=0, address="127.0.0.1", prefix="/x", show=False, start=False,
            verbose=False,
        )  # fmt: skip
        server.start()
        filling = asyncio.create_task(shelf.keep_full(server, f"http://127.0.0.1:{server.port}/x"))
        try:
            await until(lambda: len(made) == each)
            await scenario(server, shelf, made)
        finally:
            filling.cancel()
            server.stop()
            server.unlisten()

    asyncio.run(asyncio.wait_for(run(), 60))


async def until(condition):
    while not condition():
        await asyncio.sleep(0.02)


async def fetch(server, query="", **headers):
    url = f"http://127.0.0.1:{server.port}/x/page{query}"
    return (await AsyncHTTPClient().fetch(HTTPRequest(url, headers=headers))).body.decode()


def test_a_page_is_handed_out_once_and_another_is_made():
    async def scenario(server, shelf, made):
        (session,) = server.get_sessions("/page")
        await until(lambda: session.expiration_blocked)  # it waits, however long
        html = await fetch(server)
        assert len(made) == 1
        assert not session.expiration_blocked
        token = TOKEN.search(html)[1]
        assert get_session_id(token) == session.id
        assert shelf.secret not in html
        await until(lambda: len(made) == 2)
        await until(lambda: len(server.get_sessions("/page")) == 2)
        other = TOKEN.search(await fetch(server))[1]
        assert get_session_id(other) != session.id

    visit(scenario)


def test_a_browser_is_admitted_to_the_page_that_waited():
    async def scenario(server, shelf, made):
        (session,) = server.get_sessions("/page")
        token = TOKEN.search(await fetch(server))[1]
        url = HTTPRequest(
            f"ws://127.0.0.1:{server.port}/x/page/ws",
            headers={"Origin": f"http://localhost:{server.port}"},
        )
        socket = await websocket_connect(url, subprotocols=["bokeh", token])
        assert '"ACK"' in str(await socket.read_message())
        await until(lambda: session.connection_count == 1)
        socket.close()

    visit(scenario)


@pytest.mark.parametrize(
    ("query", "headers"),
    [("?width=64", {}), ("", {"Jntk-Viz-Shelf": "guess"})],
)
def test_who_asks_for_another_page_gets_another(query, headers):
    async def scenario(server, shelf, made):
        shelf.addresses.clear()  # so that only visitors make pages
        waiting = "Jntk-Viz-Shelf" in headers  # no secret: an ordinary visitor, who is served
        await fetch(server, query, **headers)
        assert len(made) == (1 if waiting else 2)
        if query == "?width=64":
            assert made[-1] == {"width": [b"64"]}

    visit(scenario)


def test_who_takes_a_page_is_left_alone_before_the_next_is_made(monkeypatch):
    async def scenario(server, shelf, made):
        monkeypatch.setattr(ready, "_CALM", 1000)
        await fetch(server)
        await asyncio.sleep(0.5)
        assert len(made) == 1

    visit(scenario)


def test_a_class_finds_a_page_for_everybody():
    async def scenario(server, shelf, made):
        shelf.addresses.clear()  # nothing more is made
        pages = await asyncio.gather(*(fetch(server, "?width=64") for _ in range(5)))
        assert len({get_session_id(TOKEN.search(html)[1]) for html in pages}) == 5
        assert made == [{"width": [b"64"]}] * 5
        await fetch(server, "?width=64")
        await fetch(server)
        assert len(made) == 7

    visit(scenario, each=5, address="/page?width=64")


def test_fullness_is_told(capsys):
    async def scenario(server, shelf, made):
        await until(lambda: "2 pages of each address are ready." in capsys.readouterr().out)

    visit(scenario, each=2)


def test_who_is_here_is_answered_between_two_pages_that_are_made(monkeypatch):
    monkeypatch.setattr(ready, "_BETWEEN", 0.5)
    looks, at = [0], []

    async def scenario(server, shelf, made):
        shelf.addresses.clear()  # nothing more is made
        asking = asyncio.gather(*(fetch(server, f"?width={i}") for i in range(4)))
        while not asking.done():
            await asyncio.sleep(0.001)
            looks[0] += 1
        assert min(after - before for before, after in pairwise(at[1:])) > 5

    visit(scenario, app=lambda: at.append(looks[0]) or pn.pane.HTML("Hello"))


def test_a_waiting_page_is_serialised_once_and_anew_if_it_changes():
    async def scenario(server, shelf, made):
        shelf.addresses.clear()  # nothing more is made
        (session,) = server.get_sessions("/page")
        await until(lambda: session.expiration_blocked)
        document = session.document
        first = document.to_json()
        again = document.to_json()
        assert first is not again
        assert first.content == again.content
        ready._serialise_ahead(document)
        passed = []
        document.add_next_tick_callback(lambda: passed.append(True))
        await until(lambda: passed)
        assert "to_json" in vars(document)  # a timer of the page changes nothing
        pane = document.select_one({"text": "Hello"})
        await session.with_document_locked(lambda: pane.update(text="Bye"))
        assert "Bye" in str(document.to_json().content)

    visit(scenario)


def test_changed_presets_are_seen_at_once(tmp_path, monkeypatch):
    monkeypatch.setenv("JNTK_VIZ_PRESETS", str(tmp_path))

    async def scenario(server, shelf, made):
        shelf.addresses.clear()  # nothing more is made
        file = tmp_path / "page.yaml"
        file.touch()
        os.utime(file, (2e9, 2e9))
        await fetch(server)
        assert len(made) == 2

    visit(scenario)


def test_a_page_that_cannot_be_made_is_told_and_not_tried_again(caplog):
    async def scenario(server, shelf, made):
        shelf.addresses.append("/none")
        await until(lambda: "/none" not in shelf.addresses)
        assert "/none could not be made beforehand" in caplog.text

    visit(scenario)


def test_the_collector_passes_over_pages_once_they_are_made():
    """Also over those that somebody waited for: else each of its rounds stops a class for long."""

    class Part:
        """Something that a page is made of."""

    def of_a_page():
        return sum(isinstance(each, Part) for each in gc.get_objects())

    def app():
        pane = pn.pane.HTML("Hello")
        pane.parts = [Part() for _ in range(100)]
        return pane

    async def scenario(server, shelf, made):
        await until(lambda: of_a_page() == 0)
        await fetch(server, "?depth=3")
        assert len(made) == 2
        await until(lambda: of_a_page() == 0)

    try:
        visit(scenario, app=app)
    finally:
        gc.unfreeze()


def test_a_page_is_sent_before_others_are_answered_and_the_next_one_is_made_after(monkeypatch):
    others, asked = asyncio.Event(), []

    class Waits(Pace):
        async def quiet(self, at_most):
            asked.append(at_most)
            await others.wait()

    paced = type("Session", (PacedSession,), {"pace": Waits()})
    monkeypatch.setattr(contexts, "ServerSession", paced)

    async def scenario(server, shelf, made):
        await until(lambda: asked)
        others.clear()
        await fetch(server, "?depth=3")
        assert len(made) == 2
        await until(lambda: len(asked) == 2)
        following = asyncio.create_task(fetch(server, "?depth=4"))
        for _ in range(5):
            await asyncio.sleep(0.02)
        assert len(made) == 2
        others.set()
        await following
        assert len(made) == 3
        assert 0 < asked[1] < 10

    others.set()
    visit(scenario)
