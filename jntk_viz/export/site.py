"""A folder of exported pages for any static host: a start page, every page with every preset."""

import json
import os
import re
import sys
from collections.abc import Iterator
from hashlib import blake2b
from html import escape
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import jntk_viz
from jntk_viz.export import ExportError, files, html, pages
from jntk_viz.export.capture import Recorder, dark_colours
from jntk_viz.export.files import Written
from jntk_viz.export.payload import Arrays, pack
from jntk_viz.export.progress import Progress
from jntk_viz.frame import LivePlot, use_theme
from jntk_viz.frame import pages as all_pages
from jntk_viz.frame.presets import Preset
from jntk_viz.frame.registry import part_of

ASSETS = "assets"
HEADING = """
<h1>Watch infinitely wide networks learn, and see what makes them robust</h1>
"""
OPENING = """
<p class="say">Two networks learn the same dots for the same time: the left as usual, the right with
a penalty on its slopes. <b class="plus">Red</b> says +1, <b class="minus">blue</b> −1; on the line
they change their mind. Slide the time t and the penalty λ.</p>
"""
QUESTIONS = {
    "gp_convergence": "What does a random network look like?",
    "jntk_constancy": "What does training do?",
    "robust_training": "What does the penalty buy, and what does it cost?",
}
OPENS_WITH = "playground"  # stands on the start page itself


class Chapter(NamedTuple):
    """One page of the site: its name, its titles and its presets in order."""

    name: str
    title: str
    short: str
    presets: list[Preset]

    def file(self, preset: Preset) -> str:
        first = preset.name == self.presets[0].name
        return f"{self.name}.html" if first else f"{self.name}-{preset.name}.html"


class Around(NamedTuple):
    """What a site holds besides the pages, for links from them.

    links: in the bar of pages, after those. words: HTML of the start page, below its pictures.
    functions: see `html.page_body`.
    """

    links: tuple[html.Link, ...] = ()
    words: str = ""
    functions: str = ""


def export_site(
    folder, *, names=None, presets=None, quiet=True, around: Around | None = None
) -> list[Written]:
    """Write `index.html`, every page with every preset, and what they share, into a folder.

    Args:
        folder: made if its parent exists; files of the same names in it are replaced, unless they
            were made from the same preset by the same program: those are kept.
        names: pages to write; by default all.
        presets: folder with presets of the lecturer's own.
        quiet: whether to keep progress off stderr.
        around: what else the site holds.

    Returns what has been written now; the start page, written last, is not among it. Raises
    `ExportError` as `export_page` does.
    """
    place = Path(folder).expanduser()
    _make(place)
    around = around or Around()
    return files.without_loop(lambda: _export_site(place, names, presets, quiet, around))


def _export_site(place: Path, names, presets, quiet, around: Around) -> list[Written]:
    for name, text in html.shared().items():
        files.write_whole(place / ASSETS / name, text)
    known = files.known_pages()
    wanted = [name for name in known if names is None or name in names]
    apps = {name: pages.load_app(known[name]) for name in wanted}
    chapters = [_chapter(name, apps[name], presets) for name in wanted]
    chapters = [chapter for chapter in chapters if chapter.presets]
    left = [(chapter, preset) for chapter in chapters for preset in chapter.presets]
    total, program, written = len(left), program_digest(), []
    for number, (chapter, preset) in enumerate(left, 1):
        path = place / chapter.file(preset)
        bar = _navigation(chapters, chapter, preset, around)
        made = _digest(program, bar, repr(preset))
        if made_from(path) == made:
            continue
        study_page = pages.open_page(apps[chapter.name])
        title = f"[{number} of {total}] {chapter.name}, preset {preset.name}"
        film = files.record(study_page, preset, Progress(title, quiet))
        functions = around.functions and f"{around.functions}#{chapter.name.replace('_', '-')}"
        page = files.write_page(
            film,
            path,
            navigation=bar,
            folder=ASSETS,
            head=html.made_from(made),
            functions=functions,
        )
        written.append(page)
    made = _digest(program, repr(chapters), repr(around))
    if made_from(place / "index.html") != made:
        progress = Progress("the start page", quiet)
        text = start_page(chapters, apps.get(OPENS_WITH), around, made, progress)
        files.write_whole(place / "index.html", text)
    return written


def program_digest() -> str:
    """Of all that decides what a file shows: this package's code and words, and its version."""
    package = Path(jntk_viz.__file__).parent
    sources = sorted(file for kind in ("py", "yaml") for file in package.rglob(f"*.{kind}"))
    return _digest(version("bokeh"), version("jax"), *(f.read_text("utf-8") for f in sources))


def _digest(*texts: str) -> str:
    return blake2b("\0".join(texts).encode(), digest_size=16).hexdigest()


def made_from(path: Path) -> str | None:
    """What a file of the site says it was made from; None where there is no such file."""
    if not path.is_file():
        return None
    with path.open(encoding="utf-8") as file:
        head = file.read(2000)
    found = re.search(rf'<meta name="{html.MADE}" content="(\w+)">', head)
    return found[1] if found else None


def _make(place: Path) -> None:
    try:
        place.mkdir(exist_ok=True)
        (place / ASSETS).mkdir(exist_ok=True)
    except OSError as error:
        raise ExportError(f"{place} cannot be made a folder: {error.strerror or error}") from error
    if not os.access(place, os.W_OK):
        raise ExportError(f"{place} cannot be written: no permission; choose another place")


def _chapter(name: str, app, presets) -> Chapter:
    """A page and those of its presets whose data are on this machine; the others are named."""
    entry = next(entry for entry in all_pages() if entry.name == name)
    study_page, found = pages.open_page(app), []
    for preset in pages.presets_of(name, study_page, presets):
        try:
            pages.check_preset(study_page.state, preset)
        except pages.DataMissing as error:
            print(f"jntk-viz: {name}, preset {preset.name} is left out: {error}", file=sys.stderr)
            continue
        found.append(preset)
    return Chapter(name, entry.title, entry.short, found)


def _bar(chapters: list[Chapter], here: str, around: Around) -> str:
    """The links to all pages and to what else the site holds."""
    links = [html.Link("index.html", "Start", here == "")]
    links += [html.Link(f"{c.name}.html", c.short, c.name == here) for c in chapters]
    return html.navigation("Pages", [*links, *around.links])


def _navigation(chapters: list[Chapter], here: Chapter, preset: Preset, around: Around) -> str:
    bars = _bar(chapters, here.name, around)
    if len(here.presets) == 1:
        return bars
    links = [html.Link(here.file(p), p.title, p.name == preset.name) for p in here.presets]
    return bars + html.navigation("Settings to look at", links)


def _plots(chapters: list[Chapter]) -> Iterator[tuple[Chapter, LivePlot]]:
    """The small picture of each page, computed as on the landing page."""
    use_theme()
    for chapter in chapters:
        card = part_of(chapter.name, "card")
        yield chapter, LivePlot(card.picture, min_height=120, **card.numbers())


def start_page(
    chapters: list[Chapter], playground, around: Around, made: str, progress: Progress
) -> str:
    """The HTML of index.html: the playground, and a card with a picture for each page.

    - `playground`: its app, of which the first preset opens the site; None where it is no part.
    """
    plots = {chapter.name: plot for chapter, plot in _plots(chapters)}
    figures = [plot.figure for plot in plots.values()]
    opening = None
    if playground is not None:
        first = next(chapter for chapter in chapters if chapter.name == OPENS_WITH).presets[0]
        film = files.record(
            pages.open_page(playground), first._replace(predict=None), progress, beside=figures
        )
        header, blocks, opening = film.header, film.arrays.blocks, film.contents
    else:
        header, blocks = _still(figures)
    questions = "".join(
        f'<li><a href="{chapter.name}.html">{QUESTIONS[chapter.name]}</a></li>'
        for chapter in chapters
        if chapter.name in QUESTIONS
    )
    cards = "".join(_card(chapter, plots[chapter.name]) for chapter in chapters)
    words = f"""{_bar(chapters, "", around)}<header>
<div id="bar" role="toolbar" aria-label="Page"></div>{HEADING}{OPENING if opening else ""}</header>
"""
    after = f"""<ul class="questions">{questions}</ul>
{around.words}<div class="cards">
{cards}</div>
"""
    body = html.start_body(words, after, pack(header, blocks), opening=opening)
    return html.document(
        "jntk_viz", body, script=html.page_script(), folder=ASSETS, head=html.made_from(made)
    )


def _still(figures) -> tuple[dict[str, Any], list[bytes]]:
    """What is packed where pictures stand still."""
    arrays = Arrays()
    recorder = Recorder(figures, arrays)
    header = {
        "document": recorder.document,
        "roots": {figure.id: html.figure_place(figure) for figure in figures},
        "keys": [], "values": [], "controls": [], "texts": [""],
        "states": [{"values": [], "texts": [0], "grid": 0, "query": ""}],
        "live": files.LIVE, "dark": dark_colours(figures, [json.dumps(recorder.document)]),
        "question": None, "presented": [],
    }  # fmt: skip
    return header, arrays.blocks


def _card(chapter: Chapter, plot: LivePlot) -> str:
    place = html.figure_place(plot.figure)
    picture = f'<div class="thumbnail" id="{place}" aria-hidden="true" inert></div>'
    presets = "".join(
        f'<li><a href="{chapter.file(preset)}">{escape(preset.title)}</a></li>'
        for preset in chapter.presets
    )
    return (
        f'<section class="card"><h2><a href="{chapter.name}.html">{escape(chapter.title)}</a></h2>'
        f"{picture}<ol>{presets}</ol></section>\n"
    )
