"""Messages to a browser leave in order, whatever happens meanwhile; its own are bounded."""

import asyncio
import weakref
from types import SimpleNamespace

import panel as pn
import pytest
from bokeh.document import Document
from bokeh.models import Div
from bokeh.protocol import Protocol
from bokeh.protocol.receiver import Receiver
from bokeh.server.connection import ServerConnection
from bokeh.server.contexts import BokehSessionContext
from bokeh.server.session import ServerSession
from panel.io.state import set_curdoc, state
from tornado.locks import Lock
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from jntk_viz.server import websocket


class Wire:
    """A slow network: what is written arrives in order, but who writes waits for a while."""

    def __init__(self):
        self.pieces, self.closed = [], False

    def is_closing(self):
        return self.closed

    def write_message(self, piece, binary=False):
        self.pieces.append(piece)
        return asyncio.ensure_future(asyncio.sleep(0.002))


class Socket(websocket.Socket):
    def __init__(self):
        self.write_lock, self.ws_connection = Lock(), Wire()
        self.closed_with = None

    def close(self, code=None, reason=None):
        self.closed_with = code


class Visit:
    """A page with one column, and a browser at the other end of a slow network."""

    def __init__(self):
        self.column, self.document = pn.Column("first"), Document()
        self.context = BokehSessionContext("id", None, self.document)
        self.context._request = SimpleNamespace(arguments={}, headers={}, cookies={})
        self.document._session_context = weakref.ref(self.context)
        with set_curdoc(self.document):
            state._thread_id_[self.document] = state._current_thread
            self.document.add_root(self.column.get_root(self.document))
        self.session, self.socket = ServerSession("id", self.document), Socket()
        self.context._set_session(self.session)
        self.connection = ServerConnection(Protocol(), self.socket, None, self.session)
        self.socket.connection = self.connection

    async def fetch(self):
        """What Bokeh does when a browser asks for the page."""
        asked = Protocol().create("PULL-DOC-REQ")
        await self.socket._schedule(await self.session._handle_pull(asked, self.connection))

    def drawn(self):
        """The browser reports that it is done."""
        state._connected[self.document] = state._loaded[self.document] = True

    async def do(self, function):
        with set_curdoc(self.document):
            await self.session.with_document_locked(function)

    async def seen(self):
        """What the browser has made of all messages; raises for a model that it does not know."""
        receiver, browser = Receiver(Protocol()), None
        for piece in self.socket.ws_connection.pieces:
            message = await receiver.consume(piece)
            if message is not None and message.msgtype == "PULL-DOC-REPLY":
                browser = Document.from_json(message.content["doc"])
            elif message is not None and message.msgtype == "PATCH-DOC":
                browser.apply_json_patch(message.payload)
        return browser


def panel_adds(visit):
    """A picture by Panel, then changed in Bokeh: a tab that is opened, and covered."""
    pane = pn.pane.Bokeh(Div(name="new"))
    visit.column.append(pane)
    pane.object.text = "covered"


def bokeh_adds(visit):
    """A picture by Bokeh, changed while Panel holds messages back: a sketch, then larger lines."""
    new = Div(name="new")
    column = visit.document.roots[0]
    column.children = [*column.children, new]
    with pn.io.hold():
        new.text = "covered"


def changed_twice(visit):
    """The later of two values counts, whichever way they go."""
    bokeh_adds(visit)
    new = visit.document.roots[0].children[-1]
    new.text = "too early"
    with pn.io.hold():
        new.text = "covered"


@pytest.mark.parametrize("change", [panel_adds, bokeh_adds, changed_twice])
@pytest.mark.parametrize("busy", [False, True])
def test_messages_leave_in_the_order_in_which_they_are_made(change, busy):
    """Also while another message, such as the answer to a slider, is on its way."""

    async def visited():
        visit = Visit()
        await visit.fetch()
        visit.drawn()
        ok = Protocol().create("OK", "earlier")
        sending = asyncio.ensure_future(visit.socket.send_message(ok)) if busy else None
        while busy and len(visit.socket.ws_connection.pieces) < 4:  # three are of the page
            await asyncio.sleep(0)
        await visit.do(lambda: change(visit))
        await asyncio.sleep(0.1)  # Panel tries again after 0.01
        if sending is not None:
            await sending
        return await visit.seen()

    browser = asyncio.run(visited())
    assert browser.select_one({"name": "new"}).text == "covered"


def test_what_changes_while_the_browser_draws_the_page_is_sent():
    async def visited():
        visit = Visit()
        await visit.fetch()

        def change():
            with pn.io.hold():
                visit.column.append(pn.pane.Bokeh(Div(name="new")))

        await visit.do(change)
        visit.drawn()
        await visit.do(lambda: setattr(visit.column[1].object, "text", "covered"))
        return await visit.seen()

    browser = asyncio.run(visited())
    assert browser.select_one({"name": "new"}).text == "covered"


def test_a_change_is_never_sent_before_the_page_that_it_changes():
    async def visited():
        visit = Visit()
        fetching = asyncio.ensure_future(visit.fetch())
        added = asyncio.ensure_future(visit.do(lambda: bokeh_adds(visit)))
        await asyncio.gather(fetching, added)
        return await visit.seen()

    browser = asyncio.run(visited())
    assert browser.select_one({"name": "new"}).text == "covered"


def test_a_visitor_who_has_left_is_no_error():
    async def visited():
        visit = Visit()
        await visit.fetch()
        visit.socket.ws_connection.closed = True
        with pytest.raises(WebSocketClosedError):
            WebSocketHandler.write_message(visit.socket, "piece")
        before = len(visit.socket.ws_connection.pieces)
        await visit.do(lambda: bokeh_adds(visit))
        assert len(visit.socket.ws_connection.pieces) == before

    asyncio.run(visited())


def pieces_of(size):
    """The pieces of a message, by which a browser sends so many bytes in one buffer."""
    message = Protocol().create("OK", "earlier")
    message.header["num_buffers"] = 1
    texts = [message.header_json, message.metadata_json, message.content_json, '{"id": "1"}']
    return [*texts, bytes(size)]


def test_messages_are_bounded_each_by_itself(monkeypatch):
    monkeypatch.setattr(websocket, "MOST_MESSAGE", 10_000)
    socket = Socket()
    socket.receiver = Receiver(Protocol())

    async def sent(pieces):
        return [await socket.receiver.consume(piece) for piece in pieces][-1]

    for _ in range(5):
        message = asyncio.run(sent(pieces_of(9_000)))
        assert message.msgtype == "OK"
    assert socket.closed_with is None
    assert asyncio.run(sent(pieces_of(10_000))) is None
    assert socket.closed_with == 1009
    assert asyncio.run(sent(pieces_of(1))) is None  # whatever it sends now
    assert socket.receiver.receiver is None  # and what had come is let go
