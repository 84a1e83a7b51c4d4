"""What the server tells browsers not to do for its pages, and what it takes from visitors.

There is no log-in. A visitor owns the session that the server has opened for the page and nothing
else; `docs/security.md` says what is promised and what is not.
"""

import re
import secrets
import sys

from bokeh.server import urls
from panel.io import server as panel_server
from panel.io.resources import COMPONENT_PATH
from tornado.web import HTTPError, OutputTransform, RequestHandler, StaticFileHandler

from jntk_viz.frame import stills
from jntk_viz.server.shared_links import PICTURE_PATTERN, SharedLink
from jntk_viz.server.websocket import MOST_MESSAGE, Socket

MOST_QUERY = 8_000  # characters; the longest state of a page has some 500
# Where Bokeh would look for the session to show instead of opening one.
_SESSION_KEYS = ("bokeh-session-id", "bokeh-token")

# - A script runs if it comes from this server, or carries the nonce that is drawn for each page:
#   one in a picture's title, a table's cell or an address has none, nor has an `onerror=...`.
# - blob: holds Panel's components, which `es-module-shims` fetches and imports from there.
# - 'unsafe-eval' is for `new Function` in Bokeh's CustomJS callbacks (links between controls, saved
#   pictures) and in Panel's FlexBox; without it the pages stay empty.
# - Styles are written into elements everywhere, by Bokeh as by Material.
# - No frame-ancestors: lecturers show pages inside slides and course sites, and a page holds
#   nothing (no log-in, no rights) that a click could be stolen for.
POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'nonce-{nonce}' 'unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
    )
)
# A whole script element, so that what looks like a tag inside a script is left alone.
_SCRIPT = re.compile(rb"<script\b(.*?</script\s*>)", re.DOTALL | re.IGNORECASE)


class Headers(OutputTransform):
    """Give every response the policy, and the scripts that Bokeh writes into a page its nonce."""

    def transform_first_chunk(self, status_code, headers, chunk, finishing):
        nonce = secrets.token_urlsafe(16)
        headers["Content-Security-Policy"] = POLICY.format(nonce=nonce)
        headers.pop("Server", None)
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "same-origin"
        if headers.get("Content-Type", "").startswith("text/html"):
            chunk = _SCRIPT.sub(rf'<script nonce="{nonce}"'.encode() + rb"\1", chunk)
            if "Content-Length" in headers:
                headers["Content-Length"] = str(len(chunk))
        return status_code, headers, chunk


class OwnSession(RequestHandler):
    """A handler of pages, put before one of Bokeh, that opens a new session for whoever asks.

    Bokeh shows the session that an address names. Whoever sends such a link would see all that its
    reader does and uploads.
    """

    async def prepare(self):
        named = [key for key in _SESSION_KEYS if key in self.request.arguments]
        if named or "Bokeh-Session-Id" in self.request.headers:
            raise HTTPError(403, reason="A session cannot be chosen; leave it out of the address")
        if len(self.request.query) > MOST_QUERY:
            raise HTTPError(414, reason=f"Address longer than {MOST_QUERY} characters")
        if (waiting := super().prepare()) is not None:
            await waiting


class LoadedComponents(panel_server.ComponentResourceHandler):
    """Panel's files of components, but only of modules that a page has already loaded.

    Panel imports whatever module an address names, and to import is to run.
    """

    def parse_url_path(self, path):
        if path.partition("/")[0] not in sys.modules:
            raise HTTPError(404)
        return super().parse_url_path(path)


def _protected(handler):
    if issubclass(handler, panel_server.WSHandler):
        return Socket
    return handler if issubclass(handler, OwnSession) else type("Page", (OwnSession, handler), {})


def protection() -> dict:
    """The arguments of `panel.io.server.get_server` by which a server is protected.

    The handlers of pages and websockets are replaced for the whole process, as Panel itself has
    replaced Bokeh's.
    """
    urls.per_app_patterns[:] = [
        (route, _protected(handler)) for route, handler in urls.per_app_patterns
    ]
    return {
        "transforms": [SharedLink, Headers],
        "extra_patterns": [
            (f"/{COMPONENT_PATH}(.*)", LoadedComponents, {}),
            PICTURE_PATTERN,
            (stills.PATTERN, StaticFileHandler, {"path": str(stills.FOLDER)}),
        ],
        "websocket_max_message_size": MOST_MESSAGE,
        # Bokeh writes what a session may know of its request into the page, where scripts can read
        # it: not the cookies of a log-in in front of the server.
        "include_headers": ["User-Agent"],
        "include_cookies": [],
    }
