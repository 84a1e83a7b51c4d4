"""Pages made before anybody asks for them.

To make a page takes the server a second or two, most of it for drawing the first pictures, and only
then does the browser begin. So one page of each address waits on a shelf. Who opens the plain
address takes it, and once the server is left alone another is made.
"""

import asyncio
import logging
import os
import secrets
import time
from pathlib import Path
from typing import Any, NamedTuple

from bokeh.server import urls
from bokeh.server.server import Server
from bokeh.util.token import generate_jwt_token, get_token_payload
from panel.io.server import DocHandler
from tornado.httpclient import AsyncHTTPClient, HTTPRequest

from jntk_viz.views.shell import on_phone

_log = logging.getLogger(__name__)
_ASKED = "Jntk-Viz-Shelf"  # the header by which the shelf asks the server for a page
_CALM = 1.0  # seconds without work before a page is made, while no page is open in a browser
_CALM_OPEN = 30.0  # the same while one is: whoever moves its controls would wait meanwhile
_BUSY = 0.1  # share of a core


class Ready(NamedTuple):
    """A page as HTML, the session that it belongs to, and when it was made."""

    html: str
    session: Any
    made: float


class Shelf:
    """One page for each of the server's `paths`, such as "/" or "/breakdown"."""

    def __init__(self, paths):
        self.paths, self.secret, self.stopped = list(paths), secrets.token_urlsafe(), False
        self._pages: dict[str, Ready] = {}

    def install(self) -> None:
        """Let the pages of servers made from now on in this process come from this shelf."""
        urls.per_app_patterns[:] = [
            (
                route,
                type("Page", (FromShelf,), {"shelf": self}) if handler is DocHandler else handler,
            )
            for route, handler in urls.per_app_patterns
        ]

    def take(self, request) -> Ready | None:
        """The page that waits for this request, if it would come out as that one."""
        if request.query or on_phone(request.headers) or request.path not in self._pages:
            return None
        ready = self._pages.pop(request.path)
        ready.session.unblock_expiration()
        ready.session.unsubscribe(None)  # its time to be connected begins now
        return ready if ready.made > _presets_changed() else None

    def put(self, path: str, html: str, session) -> None:
        session.block_expiration()
        self._pages[path] = Ready(html, session, time.time())

    async def keep_full(self, server: Server, url: str) -> None:
        """Make what is missing whenever the server, at `url`, is left alone, until `stop`."""
        while not self.stopped:
            missing = [path for path in self.paths if server.prefix + path not in self._pages]
            if missing and await self._calm(server):
                await self._make(url, missing[0])
            await asyncio.sleep(_CALM)

    async def _make(self, url, path):
        asking = HTTPRequest(url + path, headers={_ASKED: self.secret}, request_timeout=60)
        try:
            await AsyncHTTPClient().fetch(asking)
        except Exception as error:  # noqa: BLE001 - a visitor will see it on the page
            _log.warning("%s could not be made beforehand: %s", path, error)
            self.paths.remove(path)

    async def _calm(self, server) -> bool:
        """Whether the server does nothing for a while."""
        open_pages = any(session.connection_count for session in server.get_sessions())
        start = time.monotonic()
        while time.monotonic() - start < (_CALM_OPEN if open_pages else _CALM):
            used = time.process_time()
            await asyncio.sleep(_CALM)
            if self.stopped or time.process_time() - used > _BUSY * _CALM:
                return False
        return True

    def stop(self) -> None:
        self.stopped = True


class FromShelf(DocHandler):
    """Panel's handler of pages, which looks on the shelf first."""

    shelf: Shelf
    _session: Any = None

    async def get(self, *args, **kwargs):
        ready = self.shelf.take(self.request)
        if ready is None:
            await super().get(*args, **kwargs)
            return
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Type", "text/html")
        # The token that admits a browser to the session is valid for some minutes only.
        self.write(ready.html.replace(ready.session.token, self._new_token(ready.session)))

    def _new_token(self, session) -> str:
        app, payload = self.application, get_token_payload(session.token)
        del payload["session_expiry"]
        return generate_jwt_token(
            session.id,
            secret_key=app.secret_key,
            signed=app.sign_sessions,
            expiration=app.session_token_expiration,
            extra_payload=payload,
        )

    async def get_session(self):
        self._session = await super().get_session()
        return self._session

    def write(self, chunk):
        if self._session and self.request.headers.get(_ASKED) == self.shelf.secret:
            self.shelf.put(self.request.path, chunk, self._session)
        super().write(chunk)


def _presets_changed() -> float:
    """When the lecturer's own presets were last changed; 0 without any."""
    folder = os.environ.get("JNTK_VIZ_PRESETS")
    files = [Path(folder), *Path(folder).glob("*.yaml")] if folder else []
    return max((file.stat().st_mtime for file in files), default=0.0)
