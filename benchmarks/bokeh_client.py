"""A visitor without a browser: opens a page by Bokeh's websocket protocol and moves its controls.

It reads messages as JSON and builds no Bokeh models, so that sixty of them take little of one core.
"""

import asyncio
import html
import json
import random
import re
import time
from typing import NamedTuple

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

TOKEN = re.compile(r'"token":"([^"]+)"')
STATUS = re.compile(r"<span role=status>(.*?)</span>")
PATIENCE = 60  # seconds that an answer may take before the session counts as failed
# An axis is named and a cursor is moved with the data, and alone where those do not change.
NEW_DATA = tuple(f'"attr":"{each}"' for each in ("data", "axis_label", "location"))


def said(name):
    """What BokehJS sends of an event of the document."""
    event = {"type": "event", "name": name, "values": {"type": "map"}}
    return {"kind": "MessageSent", "msg_type": "bokeh_event", "msg_data": event}


class Lost(Exception):
    """The server closed the connection, or did not answer."""


class Control(NamedTuple):
    """A widget: the model that holds its value, the value now, and the values it may take."""

    id: str
    value: object
    choices: list


class Session:
    """One page in one visitor's hands. `await Session(url).open()`, later `await close()`.

    - `url`: address of the page, without a slash at its end.

    `controls`: label -> `Control`; `buttons`: label -> id of the component; `hear`: called with
    (kind, text) of each message that comes; `lost`: why there is no connection any more;
    `status`: what the page says of the work under way, empty if there is none; `models`: how many
    the document had when it came.
    """

    def __init__(self, url):
        self.url, self.controls, self.buttons, self.models = url, {}, {}, 0
        self.hear = lambda kind, text: None
        self.status, self._status_model = "", None
        self.lost = self._token = self._socket = self._reader = None
        self._sent = 0
        self._before = None, None  # the control that was last moved, and its value before

    async def open(self):
        """Fetch the page and its document, and say that it stands in the browser."""
        # Where many come at once, connecting includes waiting for those before.
        patience = {"connect_timeout": PATIENCE, "request_timeout": PATIENCE}
        try:
            page = await AsyncHTTPClient().fetch(self.url, **patience)
        except HTTPClientError as error:
            raise Lost(f"{self.url}: {error}") from None
        found = TOKEN.search(page.body.decode())
        if not found:
            raise Lost(f"no session token in {self.url}")
        self._token = found[1]
        await self._connect("document_ready")
        return self

    async def reconnect(self):
        """Come back to the session after `close`, as BokehJS does when the network has failed."""
        await self._connect("client_reconnected")

    async def _connect(self, first_event):
        if self._reader:
            self._reader.cancel()
        address = self.url.partition("?")[0]
        request = HTTPRequest(f"ws{address.removeprefix('http')}/ws", request_timeout=PATIENCE)
        self._socket = await asyncio.wait_for(
            websocket_connect(request, subprotocols=["bokeh", self._token],
                              max_message_size=2**27),
            PATIENCE,
        )  # fmt: skip
        # As browsers do; Tornado leaves a message's pieces to wait for one another.
        self._socket.protocol.set_nodelay(True)
        await self._message("ACK")
        self._send("PULL-DOC-REQ")
        self._read(json.loads(await self._message("PULL-DOC-REPLY")))
        self._reader = asyncio.create_task(self._listen())
        self._send("PATCH-DOC", {"events": [said(first_event)]})

    async def close(self):
        """Leave as a browser does whose page is closed."""
        if self._reader:
            self._reader.cancel()
        if self._socket:
            self._socket.close(1001)
        await asyncio.sleep(0)

    def move(self, label, rng=random):
        """Set a control to another of its values; returns when (monotonic).

        Not back to the one before, if there is a third: where the page has not come to draw what
        lies between, its pictures stay as they are, and no answer could be seen.
        """
        control = self.controls[label]
        others = [each for each in control.choices if each != control.value]
        value = rng.choice([each for each in others if (label, each) != self._before] or others)
        self._before = label, control.value
        return self.set(label, value)

    def only_goes_back(self, label):
        """Tell whether a control can do nothing but take the last move back."""
        return len(self.controls[label].choices) == 2 and self._before[0] == label

    def set(self, label, value):
        """Set a control; returns when (monotonic)."""
        control = self.controls[label]
        self.controls[label] = control._replace(value=value)
        change = {"kind": "ModelChanged", "model": {"id": control.id}, "attr": "value"}
        self._send("PATCH-DOC", {"events": [{**change, "new": value}]})
        return time.monotonic()

    def send_event(self, **values):
        """Send what a component says by itself, such as the click of a button."""
        self._send("PATCH-DOC", {"events": [values]})

    async def answer(self, moved, patience=None):
        """Seconds from `moved` until new data for a picture came; raises `Lost` if none does.

        Data that the server sent before it had taken in the new value do not count.
        """
        came = asyncio.get_running_loop().create_future()
        patience = patience or PATIENCE
        request, taken_in = f'"c{self._sent}"', False

        def hear(kind, text):
            nonlocal taken_in
            taken_in = taken_in or (kind == "OK" and request in text)
            if taken_in and not came.done() and any(mark in text for mark in NEW_DATA):
                came.set_result(time.monotonic() - moved)

        self.hear = hear
        try:
            return await asyncio.wait_for(came, patience)
        except TimeoutError:
            raise Lost(f"{self.url}: nothing changed within {patience} s") from None
        finally:
            self.hear = lambda kind, text: None

    # ---- messages

    def _send(self, kind, content=None):
        self._sent += 1
        if self._socket.close_code is not None or self.lost:
            raise Lost(f"{self.url}: {self.lost or 'closed'}")
        for part in ({"msgid": f"c{self._sent}", "msgtype": kind}, {}, content or {}):
            self._socket.write_message(json.dumps(part))

    async def _next(self):
        """(type, text) of the next message: the content, of an OK the header that says to what.

        What lies in buffers is passed over.
        """
        first, _, content = [await self._fragment() for _ in range(3)]
        header = json.loads(first)
        for _ in range(2 * header.get("num_buffers", 0)):
            await self._fragment()
        return header["msgtype"], first if header["msgtype"] == "OK" else content

    async def _fragment(self):
        fragment = await self._socket.read_message()
        if fragment is None:
            raise Lost(f"{self.url}: closed by the server, code {self._socket.close_code}")
        return fragment

    async def _message(self, kind):
        async with asyncio.timeout(PATIENCE):
            while True:
                came, content = await self._next()
                if came == kind:
                    return content
                if came == "ERROR":
                    raise Lost(f"{self.url}: {content[:500]}")

    async def _listen(self):
        try:
            while True:
                kind, content = await self._next()
                if kind == "ERROR":
                    raise Lost(f"{self.url}: {content[:500]}")
                if kind == "PATCH-DOC":
                    self._look_for_status(content)
                self.hear(kind, content)
        except Lost as error:
            self.lost = str(error)

    def _look_for_status(self, content):
        if "role=status" not in content and f'"{self._status_model}"' not in content:
            return
        for event in json.loads(content)["events"]:
            if event.get("attr") != "text":
                continue
            found = STATUS.search(html.unescape(event["new"]))
            if found:
                self.status, self._status_model = found[1], event["model"]["id"]
            elif event["model"]["id"] == self._status_model:
                self.status = ""

    # ---- the document

    def _read(self, content):
        for model in models(content):
            self.models += 1
            attributes = model["attributes"]
            data = attributes.get("data")
            if not isinstance(data, dict) or "attributes" not in data:
                continue
            widget = data["attributes"]
            label, value = widget.get("label"), widget.get("value")
            if label is None:
                continue
            choices = values_of(data["name"], widget)
            if choices:
                self.controls[label] = Control(data["id"], value, choices)
            else:
                self.buttons[label] = model["id"]


def models(node):
    """All models that a document, as JSON, defines."""
    if isinstance(node, dict):
        if node.get("type") == "object" and "attributes" in node:
            yield node
        for value in node.values():
            yield from models(value)
    elif isinstance(node, list):
        for value in node:
            yield from models(value)


def values_of(kind, widget):
    """What a widget can be set to, as its model holds it."""
    options = widget.get("options")
    if options:
        return list(range(len(options))) if kind.startswith("DiscreteSlider") else options
    if "Slider" in kind and "value_throttled" in widget:
        start, end = widget.get("start", 0), widget.get("end", 1)  # a default is not sent
        if kind.startswith("IntSlider"):
            return list(range(start, end + 1, widget.get("step", 1)))
        return [start + i * (end - start) / 20 for i in range(21)]
    return [True, False] if kind.startswith("Switch") else []
