"""What chats and search engines show of a link to a page: title, sentence, picture.

They read Open Graph tags (https://ogp.me) in the head of the page and want whole addresses, which
only a request knows: behind a proxy, by its headers.
"""

from html import escape
from pathlib import Path

from tornado.web import OutputTransform, StaticFileHandler

import jntk_viz.pages.start
from jntk_viz.frame.registry import pages

PICTURE = Path(jntk_viz.pages.start.__file__).parent / "share.png"  # by tools/screenshots.py
SIZE = (1200, 630)
PICTURE_PATTERN = ("/(share.png)", StaticFileHandler, {"path": str(PICTURE.parent)})
TITLE = "jntk_viz: see a wide neural network become robust"
ABOUT = (
    "Two infinitely wide networks learn on a globe, one with a penalty on its slopes. Drag points, "
    "slide time and see what the penalty buys and costs."
)


class SharedLink(OutputTransform):
    """Write the tags into the head of every page that is sent."""

    def __init__(self, request):
        self._request = request

    def transform_first_chunk(self, status_code, headers, chunk, finishing):
        if status_code == 200 and headers.get("Content-Type", "").startswith("text/html"):
            chunk = chunk.replace(b"</title>", b"</title>\n" + tags(self._request).encode(), 1)
            if "Content-Length" in headers:
                headers["Content-Length"] = str(len(chunk))
        return status_code, headers, chunk


def tags(request) -> str:
    """The tags of the page that a request asks for."""
    name = request.path.rpartition("/")[2]
    page = next((page for page in pages() if page.name == name), None)
    title = TITLE if page is None else f"{page.title} · jntk_viz"
    about = page.stop.see if page and page.stop else ABOUT
    scheme = request.headers.get("X-Forwarded-Proto", request.protocol).partition(",")[0]
    place = f"{scheme}://{request.host}{request.path.removesuffix(name)}"
    values = {
        "og:type": "website", "og:site_name": "jntk_viz", "og:title": title,
        "og:description": about, "og:url": f"{place}{name}", "og:image": f"{place}share.png",
        "og:image:width": SIZE[0], "og:image:height": SIZE[1],
        "og:image:alt": "Two pairs of discs, coloured by what a network answers",
    }  # fmt: skip
    lines = [f'<meta property="{key}" content="{escape(str(v))}">' for key, v in values.items()]
    plain = {"description": about, "twitter:card": "summary_large_image"}
    lines += [f'<meta name="{key}" content="{escape(value)}">' for key, value in plain.items()]
    return "\n".join(lines)
