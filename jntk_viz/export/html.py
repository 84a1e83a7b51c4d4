"""The HTML of exported files: everything inside, nothing fetched from another host."""

import base64
import gzip
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from importlib.metadata import version
from pathlib import Path

from bokeh.resources import INLINE

from jntk_viz.drawing import theme
from jntk_viz.drawing.private_api import QUICK_PAINT
from jntk_viz.export.contents import Contents, formulas_html
from jntk_viz.frame.glossary import MARKS, TIPS, glossary_html
from jntk_viz.frame.presets import Preset

_HERE = Path(__file__).parent
COMPONENTS = ("bokeh", "bokeh-mathjax")
SCRIPTS = ("film.js", "typeset.js", "reading.js", "page.js")
# Names of what the files of a site share: style and script of pages, formulas of documents.
STYLE, SCRIPT, FORMULAS = "page.css", "page.js", "formulas.js"
MADE = "jntk-made-from"


@dataclass
class Link:
    """An entry of the navigation of a site."""

    href: str
    text: str
    current: bool = False


def scripts(components: Sequence[str] = COMPONENTS) -> dict[str, str]:
    """File name -> text of the parts of BokehJS that a page needs, as installed here.

    The first of them also makes painting quicker, as on served pages.
    """
    texts = dict(zip(INLINE.components, INLINE.js_raw, strict=False))
    missing = [name for name in components if name not in texts]
    if missing:  # pragma: no cover - another Bokeh than the pinned one
        raise RuntimeError(f"bokeh has no {', '.join(missing)}; `jntk-viz doctor` checks versions")
    if "bokeh" in components:
        texts["bokeh"] += QUICK_PAINT
    return {f"{name}-{version('bokeh')}.min.js": texts[name] for name in components}


def script_tags(folder: str | None = None, components: Sequence[str] = COMPONENTS) -> str:
    """Parts of BokehJS inside the file, or, in a site, links to those in `folder`."""
    texts = scripts(components)
    if folder is not None:
        return "".join(f'<script src="{folder}/{name}"></script>\n' for name in texts)
    return "".join(f"<script>{inside_tag(text)}</script>\n" for text in texts.values())


def packed_scripts(texts: Sequence[str]) -> str:
    """Scripts inside the file at a third of their size; `loadLibraries` of film.js runs them."""
    packed = (base64.b64encode(gzip.compress(t.encode(), 9, mtime=1)).decode() for t in texts)
    return "".join(
        f'<script type="application/octet-stream" class="library">{text}</script>\n'
        for text in packed
    )


def inside_tag(text: str) -> str:
    """A script's text that cannot end its own element."""
    return re.sub(r"</(script)", r"<\\/\1", text, flags=re.IGNORECASE)


def style(file: str = "page.css") -> str:
    """A style sheet of this folder, with the colours and the font of the theme."""
    css = (_HERE / file).read_text(encoding="utf-8")
    return theme.dark_css() + "\n" + css.replace("FONT", theme.FONT)


def page_script() -> str:
    """The script that moves the pictures, and what goes with it."""
    return "\n".join([*map(script_file, SCRIPTS), TIPS])


def shared() -> dict[str, str]:
    """File name -> text of all that the pages of a site have in common."""
    formulas = script_file("film.js") + script_file("typeset.js")
    return scripts() | {STYLE: style() + MARKS, SCRIPT: page_script(), FORMULAS: formulas}


def script_file(name: str) -> str:
    """A script of this folder."""
    return (_HERE / name).read_text(encoding="utf-8")


def document(
    title: str, body: str, *, script: str, css: str | None = None, folder: str | None = None,
    components: Sequence[str] = COMPONENTS, libraries: str | None = None, head: str = "",
) -> str:  # fmt: skip
    """A whole HTML file.

    - `css`: default `style()`;  `folder`, `components`: see `script_tags`; style and script of
      pages are in that folder as well (`shared`).
    - `libraries`: HTML in place of those tags;  `head`: further elements of the head.
    """
    tags = script_tags(folder, components) if libraries is None else libraries
    if folder is None:
        look = f"<style>\n{style() + MARKS if css is None else css}</style>"
        moves = f"<script>\n{inside_tag(script)}</script>"
    else:
        look = f'<link rel="stylesheet" href="{folder}/{STYLE}">'
        moves = f'<script src="{folder}/{SCRIPT}"></script>'
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="jntk_viz {version("jntk-viz")}">
{head}<title>{escape(title)}</title>
<link rel="icon" href="data:,">
{look}
</head>
<body>
{body}
{tags}{moves}
</body>
</html>
"""


def navigation(label: str, links: Sequence[Link]) -> str:
    """A list of links for a site; the place the reader is at is marked."""
    if not links:
        return ""
    items = "".join(
        f'<a href="{escape(link.href)}"{" aria-current=page" if link.current else ""}>'
        f"{escape(link.text)}</a>"
        for link in links
    )
    return f'<nav aria-label="{escape(label)}">{items}</nav>\n'


def made_from(digest: str) -> str:
    """Element of the head: what a file was made from, so that another run knows if it holds."""
    return f'<meta name="{MADE}" content="{escape(digest)}">\n'


def page_body(
    contents: Contents, preset: Preset, packed: str, *, navigation="", settings="", functions=""
) -> str:
    """The body of an exported page; the pictures and texts come from the packed states.

    - `functions`: address of the page of a site that names the function behind each formula.
    """
    title = preset.title if preset.title != contents.title else contents.question
    say = f'<p class="say">{escape(preset.say)}</p>' if preset.say else ""
    return f"""{navigation}<header>
<div id="bar" role="toolbar" aria-label="Page"></div>
<p>{escape(contents.title)}</p>
<h1>{escape(title)}</h1>
{say}
</header>
<section id="prediction" aria-label="Prediction" hidden></section>
<div id="top">
<form id="controls" aria-label="Settings"></form>
<div id="headline" aria-live="polite"></div>
</div>
<p id="status" role="status">Unpacking the pictures …</p>
<noscript><p>The pictures need JavaScript.</p></noscript>
<main>
{"".join(_grid(contents, i) for i in range(len(contents.grids)))}</main>
{_formulas(contents, functions)}{_footer(settings)}
<script type="application/octet-stream" id="states">{packed}</script>"""


def start_body(words: str, after: str, packed: str, *, opening: Contents | None = None) -> str:
    """The body of the start page of a site.

    - `words`: HTML at the top;  `after`: HTML below the pictures that move;  `opening`: those.
    """
    grids = "".join(_grid(opening, i) for i in range(len(opening.grids))) if opening else ""
    return f"""{words}<div id="top"{"" if opening else " hidden"}>
<form id="controls" aria-label="Settings"></form>
<div id="headline" aria-live="polite"></div>
</div>
<p id="status" role="status">Unpacking the pictures …</p>
<noscript><p>The pictures need JavaScript.</p></noscript>
<main class="start">
{grids}{after}</main>
{_footer()}
<script type="application/octet-stream" id="states">{packed}</script>"""


def _grid(contents: Contents, index: int) -> str:
    grid = contents.grids[index]
    areas = " ".join(f"'{' '.join(row)}'" for row in grid.rows)
    columns, rows = len(grid.rows[0]), len(grid.rows)
    cells = "".join(_cell(cell) for cell in grid.cells)
    return (
        f'<div class="grid" style="grid-template-areas: {areas}; '
        f"grid-template-columns: repeat({columns}, minmax(0, 1fr)); "
        f'grid-template-rows: repeat({rows}, minmax(0, 1fr))"{" hidden" if index else ""}>\n'
        f"{cells}</div>\n"
    )


def _cell(cell) -> str:
    figures = "".join(
        f'<div class="figure" id="{figure_place(figure)}" role="group" '
        f'aria-label="{escape(figure.title.text or "picture")}"></div>'
        for figure in cell.figures
    )
    texts = '<div class="text"></div>' * len(cell.panes)
    return f'<div class="cell" style="grid-area: {cell.letter}">{figures}{texts}</div>\n'


def figure_place(model) -> str:
    """The id of the element that a figure is drawn into."""
    return f"place-{model.id}"


def _formulas(contents: Contents, functions: str) -> str:
    html = formulas_html(contents.formulas)
    if not html:
        return ""
    more = f'<p><a href="{escape(functions)}">The function behind each of them</a></p>'
    return (
        f'<details id="formulas"><summary>Formulas</summary>{html}{more if functions else ""}'
        f"</details>\n<details><summary>Symbols</summary>{glossary_html()}</details>\n"
    )


def _footer(settings: str = "") -> str:
    names = ("jntk-viz", "jax", "bokeh", "holoviews")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    what = "the same state" if settings else "its start page"
    said = f"Settings: {escape(settings)}. " if settings else ""
    return f"""<footer>
<p>These pictures were computed beforehand and need no server and no network. The pages themselves
have every setting: run <code>jntk-viz serve</code> and open {what},
<a id="live" href="#">on this machine</a>.</p>
<p>{said}Made by {escape(versions)}. Theory: Kim &amp; Yang,
<a href="https://proceedings.mlr.press/v235/kim24ah.html">ICML 2024</a>.</p>
</footer>"""
