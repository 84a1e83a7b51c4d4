"""The websocket between a page and its browser: messages in order, prompt, and of bounded size.

A message describes a model in full the first time that it comes up; every later message only names
it. So a browser that is sent two messages in the wrong order does not know what the first one is
about, and its pictures stay dead. Two things are made sure of here:

- **A message is on its way as soon as it is made.** Bokeh makes the message of a change at once,
  but writes it when the callback has ended, and piece by piece, while other tasks run. Panel writes
  its own at once, past those of Bokeh that wait; or, if Bokeh is in the middle of one, it tries
  again ten milliseconds later, after those that Bokeh makes meanwhile.
- **What changes while a page is being drawn is sent.** Until the browser has reported that it is
  done, Panel drops the changes made within `pn.io.hold()`, since the page is still to be fetched.
  By then it has long been fetched.
"""

import asyncio
import json
import time
from collections.abc import Awaitable

from bokeh.protocol.message import Message
from bokeh.protocol.receiver import Receiver
from panel.io import server as panel_server
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from jntk_viz.datasets.uploads import MOST_BYTES
from jntk_viz.drawing.private_api import page_fetched

MOST_MESSAGE = 2 * MOST_BYTES  # bytes of a websocket message: a table and its wrapping


class Socket(panel_server.WSHandler):
    """Bokeh's websocket, which drops a visitor whose message grows beyond `MOST_MESSAGE`."""

    @property
    def receiver(self):
        """Bokeh's receiver, which puts the pieces of a message together, bounded."""
        return self._bounded

    @receiver.setter
    def receiver(self, receiver: Receiver | None) -> None:
        self._bounded = receiver and _Bounded(receiver, self)

    def open(self):
        # Bokeh writes a message in three pieces. TCP would keep the second back until the browser
        # has acknowledged the first: a journey there and back.
        self.set_nodelay(True)
        return super().open()

    async def on_message(self, fragment):
        if self.connection is not None:
            self.connection.session.asked = time.monotonic()
        await super().on_message(fragment)

    def send_message(self, message: Message) -> Awaitable[None]:
        """Hand all pieces of a message to the network; done when they have left.

        Whoever does not wait loses nothing: no other message can come in between.
        """
        pieces: list[tuple[str | bytes, bool]] = [
            (text, False)
            for text in (message.header_json, message.metadata_json, message.content_json)
        ]
        for buffer in message.buffers:
            pieces += [(json.dumps(buffer.ref), False), (buffer.to_bytes(), True)]
        try:
            written = [WebSocketHandler.write_message(self, *piece) for piece in pieces]
        except WebSocketClosedError:  # the visitor has left
            written = []
        if message.msgtype == "PULL-DOC-REPLY":
            page_fetched(self.connection.session.document)
        return asyncio.ensure_future(_left(asyncio.gather(*written, return_exceptions=True)))


async def _left(writing) -> None:
    for result in await writing:
        if isinstance(result, BaseException) and not isinstance(result, WebSocketClosedError):
            raise result


class _Bounded:
    """A receiver that gives up a message beyond `MOST_MESSAGE`, and the socket with it.

    Tornado bounds each piece; Bokeh puts as many of them together as the message announces.
    """

    def __init__(self, receiver: Receiver, socket: Socket):
        self.receiver: Receiver | None = receiver
        self.socket, self.pending = socket, 0

    async def consume(self, fragment: str | bytes) -> Message | None:
        self.pending += len(fragment)
        if self.receiver is None or self.pending > MOST_MESSAGE:
            self.receiver = None  # and with it what has come so far
            self.socket.close(1009, "message too big")
            return None
        message = await self.receiver.consume(fragment)
        if message is not None:
            self.pending = 0
        return message
