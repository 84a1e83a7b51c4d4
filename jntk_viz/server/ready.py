"""Pages made before anybody asks for them.

To make a page takes the server a second or two, most of it for drawing the first pictures, and only
then does the browser begin. So a page of each address waits on a shelf, and for a class that
comes at once one for everybody. Each request takes one; it is replaced when the server is idle.
"""

import asyncio
import logging
import os
import secrets
import time
from pathlib import Path
from typing import Any, NamedTuple

from bokeh.document.events import DocumentPatchedEvent
from bokeh.server import urls
from bokeh.server.server import Server
from panel.io.server import DocHandler
from tornado.httpclient import AsyncHTTPClient, HTTPRequest

from jntk_viz.server.idle import left_alone
from jntk_viz.server.memory import set_apart
from jntk_viz.server.pace import PacedSession

_log = logging.getLogger(__name__)
_ASKED = "Jntk-Viz-Shelf"  # the header by which the shelf asks the server for a page
_CALM = 1.0  # seconds without work before a page is made, while no page is open in a browser
_CALM_OPEN = 30.0  # the same while one is: whoever moves its controls would wait meanwhile
_LOOK = 0.2  # seconds between two looks
# Between two pages that visitors wait for, others have so many seconds, and if they still wait for
# answers this share of what the page took.
_BETWEEN = 0.05
_SHARE = 0.5


class Ready(NamedTuple):
    """A page as HTML, the session that it belongs to, and when it was made."""

    html: str
    session: Any
    made: float


class Shelf:
    """`each` pages of each of the server's `addresses`, such as "/" or "/breakdown?depth=3"."""

    def __init__(self, addresses, each: int = 1):
        self.addresses, self.each = list(addresses), each
        self.secret = secrets.token_urlsafe()
        self.making = asyncio.Lock()  # held while a page is made that somebody waits for
        self._pages: dict[str, list[Ready]] = {}

    def install(self) -> None:
        """Let the pages of servers made from now on in this process come from this shelf."""
        urls.per_app_patterns[:] = [
            (
                route,
                type("Page", (FromShelf,), {"shelf": self}) if handler is DocHandler else handler,
            )
            for route, handler in urls.per_app_patterns
        ]

    def take(self, request) -> str | None:
        """A page that waits for this request, if there is one that would come out the same."""
        waiting = self._pages.get(request.uri)
        if not waiting:
            return None
        ready = waiting.pop(0)
        ready.session.unblock_expiration()
        ready.session.unsubscribe(None)  # its time to be connected begins now
        return ready.html if ready.made > _presets_changed() else None

    def put(self, uri: str, html: str, session) -> None:
        session.block_expiration()
        _serialise_ahead(session.document)
        self._pages.setdefault(uri, []).append(Ready(html, session, time.time()))

    async def keep_full(self, server: Server, url: str) -> None:
        """Make what is missing whenever the server, at `url`, is left alone."""
        told = self.each == 1
        while True:
            address = self._missing(server.prefix)
            if address is not None:
                if not _visited(server):
                    await left_alone(_CALM)
                if _visited(server):
                    await left_alone(_CALM_OPEN)
                await self._make(url, address)
                continue
            if not told:
                print(f"{self.each} pages of each address are ready.", flush=True)
                told = True
            await asyncio.sleep(_LOOK)

    def _missing(self, prefix) -> str | None:
        """The address of which there are fewest pages, if that is fewer than there should be."""
        count = {each: len(self._pages.get(prefix + each, [])) for each in self.addresses}
        fewest = min(count, key=lambda each: count[each], default=None)
        return fewest if fewest is not None and count[fewest] < self.each else None

    async def _make(self, url, address):
        asking = HTTPRequest(url + address, headers={_ASKED: self.secret}, request_timeout=60)
        try:
            await AsyncHTTPClient().fetch(asking)
        except Exception as error:  # noqa: BLE001 - a visitor will see it on the page
            _log.warning("%s could not be made beforehand: %s", address, error)
            self.addresses.remove(address)


class FromShelf(DocHandler):
    """Panel's handler of pages, which looks on the shelf first."""

    shelf: Shelf
    _session: Any = None

    async def get(self, *args, **kwargs):
        html = None if self._asked_by_shelf() else self.shelf.take(self.request)
        if html is None:
            # Making one takes the server a second or two. Of a class that comes at once, those who
            # have a page already are answered in between.
            async with self.shelf.making:
                began = time.monotonic()
                await super().get(*args, **kwargs)
                took = time.monotonic() - began
                if self._session is not None:  # a page was made, which need not wait for others
                    await self.finish()
                    set_apart()
                await asyncio.sleep(_BETWEEN)
                if isinstance(self._session, PacedSession):
                    await self._session.pace.quiet(_SHARE * took)
            return
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Type", "text/html")
        self.write(html)

    def _asked_by_shelf(self) -> bool:
        return self.request.headers.get(_ASKED) == self.shelf.secret

    async def get_session(self):
        self._session = await super().get_session()
        return self._session

    def write(self, chunk):
        if self._session and self._asked_by_shelf():
            self.shelf.put(self.request.uri, chunk, self._session)
        super().write(chunk)


def _serialise_ahead(document) -> None:
    """Let the browser's request find the document serialised, unless it has changed by then."""
    serialised = document.to_json()

    def to_json(*, deferred=True):
        forget()  # given once
        return serialised if deferred else document.to_json(deferred=False)

    def forget():
        document.__dict__.pop("to_json", None)
        document.remove_on_change(changed)

    def changed(event):
        # A page's own timers come and go as well: that is nothing a browser would be told.
        if isinstance(event, DocumentPatchedEvent):
            forget()

    document.to_json = to_json
    document.on_change(changed)


def _visited(server) -> bool:
    """Whether a page is open in a browser."""
    return any(session.connection_count for session in server.get_sessions())


def _presets_changed() -> float:
    """When the lecturer's own presets were last changed; 0 without any."""
    folder = os.environ.get("JNTK_VIZ_PRESETS")
    files = [Path(folder), *Path(folder).glob("*.yaml")] if folder else []
    return max((file.stat().st_mtime for file in files), default=0.0)
