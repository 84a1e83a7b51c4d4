"""Export pages: compute every state, write one HTML file for each preset, or a whole site."""

import asyncio
import json
import logging
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import param

from jntk_viz.export import ExportError, contents, html, pages, reading
from jntk_viz.export.ahead import computed_ahead
from jntk_viz.export.capture import Recorder, dark_colours, indexed
from jntk_viz.export.payload import Arrays, pack
from jntk_viz.export.progress import Progress
from jntk_viz.folders import app_routes, apps_folder
from jntk_viz.frame.address import parse, query_of
from jntk_viz.frame.parts import error_text
from jntk_viz.frame.presets import Preset, check, setting_names, settings
from jntk_viz.whole_files import write_whole_text

MOST_BYTES = 25_000_000
LIVE = "http://localhost:5006/"


class Written(NamedTuple):
    """A file that has been written: where, how many bytes, how many states, seconds."""

    path: Path
    size: int
    states: int
    seconds: float
    slowest: str

    def __str__(self):
        states = "1 state" if self.states == 1 else f"{self.states} states, {self.slowest}"
        took = f"{self.seconds:.0f} s" if self.seconds >= 1 else f"{self.seconds:.1f} s"
        return f"{self.path}: {self.size / 1e6:.1f} MB, {took} for {states}"


def known_pages() -> dict[str, Path]:
    """Name of each page -> its app, in the order of the navigation."""
    from jntk_viz.frame import pages

    files = {route[1:]: file for route, file in app_routes(apps_folder()).items()}
    order = [entry.name for entry in pages() if entry.name in files]
    return {name: files[name] for name in order}


def page_file(page: str) -> Path:
    """The app of a page. Raises ExportError that lists the known ones."""
    known = known_pages()
    if page not in known:
        raise ExportError(f"there is no page {page!r}; known are {', '.join(known)}")
    return known[page]


def _loop_runs() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def listed(presets=None) -> list[tuple[str, str, list[Preset]]]:
    """Name, title and presets of every page."""

    def look():
        studies = {
            name: pages.open_page(pages.load_app(file)) for name, file in known_pages().items()
        }
        return [(k, s.title, pages.presets_of(k, s, presets)) for k, s in studies.items()]

    return without_loop(look)


def without_loop(function: Callable) -> Any:
    """Call where no event loop runs: there, a page's work is done when its call returns."""
    if not _loop_runs():
        return function()
    result: list = []

    def call():
        try:
            result.append((function(), None))
        except BaseException as error:  # noqa: BLE001 - raised again, in the caller's thread
            result.append((None, error))

    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
    value, error = result[0]
    if error is not None:
        raise error
    return value


def export_page(
    page: str, preset=None, output=None, *, values=None, presets=None, quiet=True
) -> Written:
    """Write one preset of a page as one self-contained HTML file with working sliders.

    Args:
        page: file name of the app, without ".py".
        preset: its name; by default the first.
        output: the file; by default PAGE-PRESET.html in the current folder.
        values: settings that differ from the preset's, by name; text is read as in an address.
        presets: folder with presets of the lecturer's own.
        quiet: whether to keep progress off stderr.

    Raises `ExportError` for an unknown page, preset or setting, for a file that cannot be written,
    for more than 25 MB, and for a state whose computation failed. No file is left half-written.
    """
    return without_loop(lambda: _export_page(page, preset, output, values, presets, quiet))


def _export_page(page, preset, output, values, presets, quiet) -> Written:
    app = pages.load_app(page_file(page))
    study = pages.open_page(app)
    chosen = pages.choose_preset(pages.presets_of(page, study, presets), preset, page)
    if values:
        chosen = changed(chosen, study.state, values)
    path = Path(output) if output is not None else Path(f"{page}-{chosen.name}.html")
    check_place(path)
    film = record(study, chosen, Progress(f"{page}, preset {chosen.name}", quiet))
    return write_page(film, path)


def changed(preset: Preset, state, values: dict[str, Any]) -> Preset:
    """The preset with some settings of the caller's."""
    try:
        checked = {name: _value(state, name, value) for name, value in values.items()}
    except ValueError as error:
        raise ExportError(f"settings: {error}") from error
    return preset._replace(values=preset.values | checked)


def _value(state, name, value):
    """A value as the setting takes it; text as in an address, or the label in a menu."""
    if isinstance(value, str) and name in setting_names(state):
        parameter = state.param[name]
        if not (isinstance(parameter, param.Selector) and value in parameter.get_range()):
            try:
                value = parse(parameter, value)
            except ValueError as error:
                raise ValueError(f"`{name}`: {value!r} {error}") from error
    return check(state, name, value)


class _Keeper(logging.Handler):
    def __init__(self):
        super().__init__(logging.ERROR)
        self.errors: list[BaseException] = []

    def emit(self, record):
        if record.exc_info and record.exc_info[1] is not None:
            self.errors.append(record.exc_info[1])


@contextmanager
def failures() -> Iterator[list[BaseException]]:
    """What went wrong meanwhile in a page's callbacks and work; a page logs it and goes on."""
    log, keeper = logging.getLogger("jntk_viz"), _Keeper()
    propagate, log.propagate = log.propagate, False
    log.addHandler(keeper)
    try:
        yield keeper.errors
    finally:
        log.removeHandler(keeper)
        log.propagate = propagate


class Film(NamedTuple):
    """All that a file is written from."""

    contents: contents.Contents
    preset: Preset
    controls: list[pages.Control]
    header: dict[str, Any]
    arrays: Arrays
    settings: str
    seconds: float
    slowest: str


def record(study, preset: Preset, progress: Progress, beside: Sequence = ()) -> Film:
    """Bring an opened page to every state of a preset and record what it shows.

    - `beside`: other figures of the file, which stand still.
    """
    state, controls = study.state, pages.controls_of(study.state, preset)
    wanted = pages.states_of(controls)
    start = settings(preset, state)
    pages.check_preset(state, preset)
    state.param.update(**start | wanted[0])  # the tab that is shown, before anything is computed
    reading.give_a_pen(study, preset)
    shown = contents.contents_of(study, [control.name for control in controls])
    arrays, looks, texts, rows = Arrays(), [], Texts(), []
    recorder, question = None, None
    first = _start_index(controls, pages.start_of(controls, preset, state))
    progress.begin(len(wanted))
    states = [start | values for values in wanted]
    for i, values in enumerate(computed_ahead(type(study.content)(), states)):
        with failures() as failed:
            state.param.update(**values)
            if i == 0 and study.start is not None:
                study.start()
        if failed:
            where = f"state {_described(controls, values)}"
            raise ExportError(f"{where}: {error_text(failed[0])}") from failed[0]
        if recorder is None:
            recorder = Recorder([*shown.figures, *beside], arrays)
        looks.append(recorder.look())
        headline = shown.headline.object if shown.headline else ""
        said = [texts.number(contents.words_of(headline))]
        said += [texts.number(contents.pane_html(pane)) for pane in shown.panes]
        tab = getattr(state, shown.tabs) if shown.tabs else None
        here = [grid.value for grid in shown.grids].index(tab)
        rows.append({"texts": said, "grid": here, "query": f"{study.name_}?{query_of(state)}"})
        if i == first:
            try:
                question = reading.question_of(study, preset, shown)
            except ValueError as error:
                where = f"state {_described(controls, values)}"
                raise ExportError(f"preset {preset.name}, {where}: {error}") from error
        progress.done(_described(controls, values))
    assert recorder is not None  # there is at least one state
    header = _header(shown, preset, controls, recorder, looks, rows, texts, state)
    header |= {"question": question, "presented": reading.presented(study, preset, shown)}
    return Film(
        shown, preset, controls, header, arrays, _settings_text(state, start),
        progress.seconds, progress.slowest,
    )  # fmt: skip


def _start_index(controls: list[pages.Control], stops: list[int]) -> int:
    """The number, among all states, of the one that a preset starts from."""
    index = 0
    for control, stop in zip(controls, stops, strict=True):
        index = index * len(control.values) + stop
    return index


class Texts:
    """Texts of all states, equal ones kept once."""

    def __init__(self):
        self.all: dict[str, int] = {}

    def number(self, text: str) -> int:
        return self.all.setdefault(text, len(self.all))


def _header(shown, preset, controls, recorder, looks, rows, texts, state) -> dict[str, Any]:
    keys, values, shown_values = indexed(looks, recorder)
    states = [row | {"values": seen} for row, seen in zip(rows, shown_values, strict=True)]
    return {
        "document": recorder.document,
        "roots": {figure.id: html.figure_place(figure) for figure in recorder.figures},
        "dark": dark_colours(recorder.figures, [json.dumps([recorder.document, values])]),
        "keys": keys,
        "values": values,
        "texts": list(texts.all),
        "states": states,
        "live": LIVE,
        "controls": [
            {
                "name": c.name, "label": c.label, "doc": c.doc, "ordered": c.ordered,
                "words": c.words, "keys": [_key(v) for v in c.values], "start": at,
            }
            for c, at in zip(controls, pages.start_of(controls, preset, state), strict=True)
        ],
    }  # fmt: skip


def _key(value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _described(controls, values) -> str:
    words = {c.name: c.words[c.values.index(values[c.name])] for c in controls}
    return ", ".join(f"{name} = {word}" for name, word in words.items()) or "as it starts"


def _settings_text(state, start) -> str:
    return ", ".join(f"{name} = {value}" for name, value in start.items())


def write_page(
    film: Film, path: Path, *, navigation="", folder=None, head="", functions=""
) -> Written:
    """Write a recorded preset.

    - `navigation`, `folder`, `head`, `functions`: of a site, see `html.document`, `html.page_body`.
    """
    packed = pack(film.header, film.arrays.blocks)
    body = html.page_body(
        film.contents, film.preset, packed,
        navigation=navigation, settings=film.settings, functions=functions,
    )  # fmt: skip
    title = f"{film.preset.title} – {film.contents.title}"
    text = html.document(title, body, script=html.page_script(), folder=folder, head=head)
    size = len(text.encode())
    if size > MOST_BYTES:
        raise ExportError(
            f"{path.name} would have {size / 1e6:.0f} MB, more than {MOST_BYTES / 1e6:.0f}: "
            f"preset {film.preset.name}: {pages.shorten(film.controls)}"
        )
    write_whole(path, text)
    return Written(path, size, len(film.header["states"]), film.seconds, film.slowest)


def check_place(path: Path) -> None:
    """Refuse, before anything is computed, a file that could not be written."""
    if path.is_dir():
        raise ExportError(f"{path} is a folder; name a file, for example {path / 'talk.html'}")
    if not path.parent.is_dir():
        raise ExportError(f"there is no folder {path.parent}; make it first")
    if not os.access(path.parent, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        raise ExportError(f"{path} cannot be written: no permission; choose another place")


def write_whole(path: Path, text: str) -> None:
    """Write a file that is never seen half-written."""
    try:
        write_whole_text(path, text)
    except OSError as error:
        raise ExportError(f"{path} cannot be written: {error.strerror or error}") from error
