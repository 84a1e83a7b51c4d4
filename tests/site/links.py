"""The links of a site: do they lead to what is there, and out only to papers and tools?"""

from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

# Papers and books, and what a guide tells lecturers to install.
OUTSIDE = {
    "proceedings.mlr.press", "arxiv.org", "gaussianprocess.org", "distributed.dask.org",
    "jupyter-server-proxy.readthedocs.io", "jupyterhub.readthedocs.io",
}  # fmt: skip
LIVE = "http://localhost:5006/"


class Links(HTMLParser):
    """Addresses that an HTML file leads to or loads, and its anchors."""

    def __init__(self, text):
        super().__init__()
        self.found, self.anchors = [], {"", "top"}
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name in ("href", "src", "action") and value is not None:
                self.found.append(value)
            if name == "id":
                self.anchors.add(value)


def broken(out):
    """Links of all files that lead nowhere, or out to where they should not."""
    files = {file: Links(file.read_text(encoding="utf-8")) for file in out.rglob("*.html")}
    problems = []
    for file, links in files.items():
        for address in links.found:
            parts = urlsplit(address)
            if parts.scheme in ("http", "https"):
                if parts.hostname not in OUTSIDE and not address.startswith(LIVE):
                    problems.append(f"{file.name}: {address} leads out")
            elif not parts.scheme:
                target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
                if not target.is_file():
                    problems.append(f"{file.name}: {address} does not exist")
                elif (
                    target in files
                    and "=" not in parts.fragment  # the state of a page
                    # A browser looks for the place as it is written, then decoded.
                    and not {parts.fragment, unquote(parts.fragment)} & files[target].anchors
                ):
                    problems.append(f"{file.name}: {address} has no such place")
    return problems
