"""Messages to a browser leave in the order in which they are made.

A message describes a model in full the first time that it comes up; every later message only names
it. So a browser that is sent two messages in the wrong order does not know what the first one is
about, and its pictures stay dead. Two things are made sure of here:

- **A message is on its way as soon as it is made.** Bokeh makes the message of a change at once,
  but writes it when the callback has ended, and piece by piece, while other tasks run. Panel writes
  its own at once, past those of Bokeh that wait; or, if Bokeh is in the middle of one, it tries
  again ten milliseconds later, after those that Bokeh makes meanwhile. A page on which Panel adds
  pictures and Bokeh's properties are then changed, such as a preset of another tab that covers what
  is to be predicted, met the wrong order now and then.
- **What changes while a page is being drawn is sent.** Until the browser has reported that it is
  done, Panel drops the changes made within `pn.io.hold()`, since the page is still to be fetched.
  By then it has long been fetched.
"""

import asyncio
import json
from collections.abc import Awaitable

from bokeh.protocol.message import Message
from bokeh.server.session import ServerSession
from bokeh.server.views.ws import WSHandler
from panel.io.state import state
from tornado.websocket import WebSocketClosedError, WebSocketHandler


def send_now(socket: WebSocketHandler, message: Message) -> Awaitable[None]:
    """Hand all pieces of a message to the network; done when they have left.

    Whoever does not wait loses nothing: no other message can come in between.
    """
    pieces: list[tuple[str | bytes, bool]] = [
        (text, False) for text in (message.header_json, message.metadata_json, message.content_json)
    ]
    for buffer in message.buffers:
        pieces += [(json.dumps(buffer.ref), False), (buffer.to_bytes(), True)]
    try:
        written = [WebSocketHandler.write_message(socket, *piece) for piece in pieces]
    except WebSocketClosedError:  # the visitor has left
        written = []
    return asyncio.ensure_future(_left(asyncio.gather(*written, return_exceptions=True)))


async def _left(writing) -> None:
    for result in await writing:
        if isinstance(result, BaseException) and not isinstance(result, WebSocketClosedError):
            raise result


class FetchedSession(ServerSession):
    """Bokeh's session, which tells Panel that a browser has fetched its page."""

    async def _handle_pull(self, message, connection):
        reply = await super()._handle_pull(message, connection)
        state._connected[self.document] = True
        return reply


def send_in_order() -> None:
    """Let the websockets of this process write each message as soon as it is made."""
    WSHandler.send_message = send_now
