"""What a lesson says of itself, and the start page of a course."""

import re
from collections.abc import Sequence
from html import escape, unescape
from pathlib import Path
from typing import NamedTuple

import nbformat

from jntk_viz.drawing import theme
from jntk_viz.export.html import document
from jntk_viz.lessons.static import markdown

_HERE = Path(__file__).parent


class Entry(NamedTuple):
    """A lesson as the start page lists it.

    minutes: "about 45 minutes", or "". sound: whether the file can be read as a notebook.
    """

    name: str
    title: str
    question: str
    minutes: str
    sound: bool = True


def entry(notebook: Path) -> Entry:
    """Title, question and time from the first cell of a notebook; its name if that has none."""
    try:
        cells = nbformat.read(notebook, as_version=4).cells
    except Exception:  # noqa: BLE001 - a damaged file has no title; running it says what is wrong
        return Entry(notebook.stem, notebook.stem, "", "", sound=False)
    first = next((cell.source for cell in cells if cell.cell_type == "markdown"), "")
    return Entry(
        notebook.stem,
        _found(r"^# (.+)$", first) or notebook.stem,
        _found(r"\*\*Question\.\*\* (.+?)(?:\n\n|\Z)", first),
        _found(r"Time: (.+?)\.?(?:\n\n|\Z)", first),
    )


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.MULTILINE | re.DOTALL if "\\Z" in pattern else re.MULTILINE)
    return " ".join(found[1].split()) if found else ""


def start_page(title: str, entries: Sequence[Entry], there: set[str], home: str = "") -> str:
    """index.html. there: names of the lessons that have a page. home: of a site around it."""
    back = f'<nav aria-label="Site"><a href="{escape(home)}">Start</a></nav>' if home else ""
    items = "".join(_item(one, one.name in there) for one in entries)
    body = f"{back}<main><h1>{escape(title)}</h1><ol class=lessons>{items}</ol></main>"
    css = theme.dark_css() + (_HERE / "lesson.css").read_text(encoding="utf-8")
    script = (_HERE / "index.js").read_text(encoding="utf-8")
    return document(
        title, body, script=script, css=css.replace("FONT", theme.FONT), libraries=""
    )  # fmt: skip


def _question(text: str) -> str:
    """As HTML; its formulas, which are single letters, without MathJax: $\\lambda$ is λ."""

    def plain(found) -> str:
        letters = re.sub(r"\\([a-zA-Z]+)", lambda name: unescape(f"&{name[1]};"), found[1])
        return f"<i>{letters}</i>"

    return re.sub(r"\$([^$]+)\$", plain, markdown(text))


def _item(one: Entry, there: bool) -> str:
    name, title = escape(one.name), escape(one.title)
    heading = f'<a href="{name}.html">{title}</a>' if there else title
    links = (
        f'<a href="{name}.slides.html">Slides</a> <a href="{name}.handout.html">Handout</a> '
        f'<a href="{name}.ipynb" download>Notebook</a>'
        if there
        else "Not in this copy of the course."
    )
    minutes = f" {escape(one.minutes[:1].upper() + one.minutes[1:])}." if one.minutes else ""
    return (
        f"<li><h2>{heading}</h2>{_question(one.question)}<p class=note>{minutes} {links}</p></li>"
    )
