"""Pages that wait on a shelf: who gets one, who does not, and that it can be used."""

import asyncio
import os
import re

import panel as pn
import pytest
from bokeh.server import urls
from bokeh.util.token import get_session_id
from panel.io.server import get_server
from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import websocket_connect

from jntk_viz.views import ready

TOKEN = re.compile(r'"token":"([^"]+)"')


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """A shelf that does not wait, and Panel's handlers as they were."""
    patterns = list(urls.per_app_patterns)
    monkeypatch.setattr(ready, "_CALM", 0.05)
    monkeypatch.setattr(ready, "_BUSY", 100)
    yield
    urls.per_app_patterns[:] = patterns


def visit(scenario):
    """Run `scenario(server, shelf, made)`; `made` grows with each page that is made."""
    made = []

    def page():
        made.append(pn.state.session_args)
        return pn.pane.HTML("Hello")

    async def run():
        shelf = ready.Shelf(["/page"])
        shelf.install()
        server = get_server(
            {"/page": page}, port=0, address="127.0.0.1", prefix="/x", show=False, start=False,
            verbose=False,
        )  # fmt: skip
        server.start()
        filling = asyncio.create_task(shelf.keep_full(server, f"http://127.0.0.1:{server.port}/x"))
        try:
            await until(lambda: len(made) == 1)
            await scenario(server, shelf, made)
        finally:
            shelf.stop()
            await filling
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
    [("?width=64", {}), ("", {"User-Agent": "Mozilla Mobi"}), ("?", {"Jntk-Viz-Shelf": "guess"})],
)
def test_who_asks_for_another_page_gets_another(query, headers):
    async def scenario(server, shelf, made):
        shelf.stop()  # so that only visitors make pages
        waiting = "Jntk-Viz-Shelf" in headers  # no secret: an ordinary visitor, who is served
        await fetch(server, query, **headers)
        assert len(made) == (1 if waiting else 2)
        if query == "?width=64":
            assert made[-1] == {"width": [b"64"]}

    visit(scenario)


def test_changed_presets_are_seen_at_once(tmp_path, monkeypatch):
    monkeypatch.setenv("JNTK_VIZ_PRESETS", str(tmp_path))

    async def scenario(server, shelf, made):
        shelf.stop()
        file = tmp_path / "page.yaml"
        file.touch()
        os.utime(file, (2e9, 2e9))
        await fetch(server)
        assert len(made) == 2

    visit(scenario)


def test_a_page_that_cannot_be_made_is_told_and_not_tried_again(caplog):
    async def scenario(server, shelf, made):
        shelf.paths.append("/none")
        await until(lambda: "/none" not in shelf.paths)
        assert "/none could not be made beforehand" in caplog.text

    visit(scenario)
