"""A folder of exported pages for any static host: a start page, every page with every preset."""

import json
import os
import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import NamedTuple

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
TITLE = "An infinitely wide network, its slopes, and what makes it robust"
INTRODUCTION = """
<p class="say">A very wide neural network and its input Jacobian (how fast the output moves when the
input does) are one Gaussian process, and training it with a penalty on that Jacobian becomes a
linear equation with a fixed kernel, the Jacobian NTK. Move the sliders to watch finite networks get
there, and to see what the penalty buys.</p>
"""


class Chapter(NamedTuple):
    """One page of the site: its name, its titles and its presets in order."""

    name: str
    title: str
    short: str
    presets: list[Preset]

    def file(self, preset: Preset) -> str:
        first = preset.name == self.presets[0].name
        return f"{self.name}.html" if first else f"{self.name}-{preset.name}.html"


def export_site(folder, *, names=None, presets=None, quiet=True) -> list[Written]:
    """Write `index.html`, every page with every preset, and the scripts they share, into a folder.

    Args:
        folder: made if its parent exists; files of the same names in it are replaced.
        names: pages to write; by default all.
        presets: folder with presets of the lecturer's own.
        quiet: whether to keep progress off stderr.

    Raises `ExportError` as `export_page` does. The start page is written last.
    """
    place = Path(folder).expanduser()
    _make(place)
    return files.without_loop(lambda: _export_site(place, names, presets, quiet))


def _export_site(place: Path, names, presets, quiet) -> list[Written]:
    for name, text in html.scripts().items():
        files.write_whole(place / ASSETS / name, text)
    known = files.known_pages()
    wanted = [name for name in known if names is None or name in names]
    apps = {name: pages.load_app(known[name]) for name in wanted}
    chapters = [_chapter(name, apps[name], presets) for name in wanted]
    chapters = [chapter for chapter in chapters if chapter.presets]
    written = []
    for chapter in chapters:
        for preset in chapter.presets:
            study_page = pages.open_page(apps[chapter.name])
            progress = Progress(f"{chapter.name}, preset {preset.name}", quiet)
            film = files.record(study_page, preset, progress)
            path = place / chapter.file(preset)
            bar = _navigation(chapters, chapter, preset)
            written.append(files.write_page(film, path, navigation=bar, folder=ASSETS))
    files.write_whole(place / "index.html", start_page(chapters))
    return written


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


def _navigation(chapters: list[Chapter], here: Chapter, preset: Preset) -> str:
    to_pages = [html.Link("index.html", "Start")]
    to_pages += [html.Link(f"{c.name}.html", c.short, c.name == here.name) for c in chapters]
    to_presets = [html.Link(here.file(p), p.title, p.name == preset.name) for p in here.presets]
    bars = html.navigation("Pages", to_pages)
    return bars + (
        html.navigation("Settings to look at", to_presets) if len(to_presets) > 1 else ""
    )


def _plots(chapters: list[Chapter]) -> Iterator[tuple[Chapter, LivePlot]]:
    """The small picture of each page, computed as on the landing page."""
    use_theme()
    for chapter in chapters:
        card = part_of(chapter.name, "card")
        yield chapter, LivePlot(card.picture, min_height=120, **card.numbers())


def start_page(chapters: list[Chapter]) -> str:
    """The HTML of index.html: a card with a live picture for each page."""
    plots = {chapter.name: plot for chapter, plot in _plots(chapters)}
    figures = [plot.figure for plot in plots.values()]
    arrays = Arrays()
    recorder = Recorder(figures, arrays)
    header = {
        "document": recorder.document,
        "roots": {figure.id: html.figure_place(figure) for figure in figures},
        "keys": [], "values": [], "controls": [], "texts": [""],
        "states": [{"values": [], "texts": [0], "grid": 0, "query": ""}],
        "live": files.LIVE, "dark": dark_colours(figures, [json.dumps(recorder.document)]),
    }  # fmt: skip
    cards = "".join(_card(chapter, plots[chapter.name]) for chapter in chapters)
    body = html.start_body(TITLE, INTRODUCTION, cards, pack(header, arrays.blocks))
    return html.document("jntk_viz", body, script=html.page_script(), folder=ASSETS)


def _card(chapter: Chapter, plot: LivePlot) -> str:
    place = html.figure_place(plot.figure)
    picture = f'<div class="thumbnail" id="{place}" aria-hidden="true"></div>'
    presets = "".join(
        f'<li><a href="{chapter.file(preset)}">{escape(preset.title)}</a></li>'
        for preset in chapter.presets
    )
    return (
        f'<section class="card"><h2><a href="{chapter.name}.html">{escape(chapter.title)}</a></h2>'
        f"{picture}<ol>{presets}</ol></section>\n"
    )
