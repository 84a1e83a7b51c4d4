"""What an opened page shows: its figures and texts by place, its headline, its formulas."""

import json
import re
from dataclasses import dataclass, field
from html import escape
from typing import Any

import panel as pn
from bokeh.models import Plot, Tool
from panel.layout.base import ListLike

from jntk_viz.drawing.html import unbroken
from jntk_viz.drawing.live import FigurePane, LivePlot
from jntk_viz.drawing.theme import css
from jntk_viz.export import ExportError
from jntk_viz.frame.formula_sheet import Sheet
from jntk_viz.frame.glossary import marked
from jntk_viz.frame.parts import PlotGrid, Tabbed

# Everything else in a toolbar or on a page answers to a server only.
# (The pen draws a reader's prediction.)
_TOOLS = {
    "PanTool", "WheelZoomTool", "BoxZoomTool", "HoverTool", "ResetTool", "SaveTool",
    "FreehandDrawTool",
}  # fmt: skip
_OF_ROOM = {"change:inner_width", "change:inner_height"}


@dataclass
class Cell:
    """One place of a grid: a figure, or the panes whose HTML is shown there."""

    letter: str
    figures: list[Plot] = field(default_factory=list)
    panes: list = field(default_factory=list)


@dataclass
class Grid:
    """A grid of a page. `value`: of the tab's setting, None where there are no tabs."""

    rows: tuple[str, ...]
    cells: list[Cell]
    value: object = None


@dataclass
class Contents:
    """The parts of a page that a file shows. `tabs`: the setting that chooses among the grids."""

    title: str
    question: str
    grids: list[Grid]
    headline: Any = None
    formulas: Any = None
    tabs: str | None = None

    @property
    def figures(self) -> list[Plot]:
        return [f for grid in self.grids for cell in grid.cells for f in cell.figures]

    @property
    def panes(self) -> list:
        return [p for grid in self.grids for cell in grid.cells for p in cell.panes]


def contents_of(study, swept: list[str]) -> Contents:
    """The parts of an opened page; of its tabs those that the file can show.

    - `swept`: settings that the reader of the file can change.
    """
    body, tabs = study.body, None
    if isinstance(body, Tabbed) and body._name in swept:
        tabs = body._name
        grids = [_grid(grid, value) for value, grid in body.grids.items()]
    else:
        grids = [_grid(body.grid if isinstance(body, Tabbed) else body)]
    contents = Contents(
        study.title, study.content.question, grids, study.headline.pane, study.formulas, tabs
    )
    for figure in contents.figures:
        _without_server(figure)
    return contents


def _grid(grid, value=None) -> Grid:
    if not isinstance(grid, PlotGrid):
        raise ExportError(
            f"the body of this page is a {type(grid).__name__}, not a grid made by `plot_grid`"
        )
    return Grid(tuple(grid.rows), [_cell(k, item) for k, item in grid.items.items()], value)


def _cell(letter, item) -> Cell:
    cell = Cell(letter)
    for part in _leaves(item):
        if isinstance(part, LivePlot | FigurePane):
            plot = part if isinstance(part, LivePlot) else part.plot
            cell.figures.append(plot.figure)
        elif isinstance(part, pn.pane.Bokeh):
            cell.figures.append(part.object)
        elif isinstance(part, pn.pane.HTML):
            cell.panes.append(part)
    return cell


def _leaves(item):
    """Plots and panes in a layout. Widgets are left out: a file has nobody to answer them."""
    if isinstance(item, ListLike):
        for part in item:
            yield from _leaves(part)
    else:
        yield item


def _without_server(figure: Plot) -> None:
    """Take away what would need the server: callbacks, and tools that only report to it.

    What follows the room that a figure has is the browser's own affair (`plane.keep_square`).
    """
    for model in figure.references():
        callbacks = model.js_property_callbacks
        model.js_property_callbacks = {key: callbacks[key] for key in _OF_ROOM & set(callbacks)}
        model.js_event_callbacks = {}
        model.subscribed_events = set()
    dead = [tool for tool in figure.select(Tool) if type(tool).__name__ not in _TOOLS]
    figure.toolbar.tools = [tool for tool in figure.toolbar.tools if tool not in dead]


def pane_html(pane) -> str:
    """The HTML of a pane, its styles inside; to be put into a shadow root of its own."""
    sheets = "".join(f"<style>{css(s)}</style>" for s in pane.stylesheets if _is_css(s))
    styles = css("; ".join(f"{key}: {value}" for key, value in (pane.styles or {}).items()))
    return f'{sheets}<div style="{escape(styles)}">{words_of(pane.object)}</div>'


def _is_css(sheet) -> bool:
    return isinstance(sheet, str) and "{" in sheet


def formulas_html(section) -> str:
    """The HTML of the formulas; the page's script typesets the TeX in `data-tex`."""
    sheets = section.select(Sheet) if section is not None else []
    return "".join(formula_html(entry) for sheet in sheets for entry in sheet.entries)


def formula_html(entry: dict) -> str:
    """One entry of a `Sheet`: equation, meaning, symbols, source."""
    tips = escape(json.dumps(entry["tips"]))
    rows = "".join(
        f'<dt data-tex="{escape(symbol)}"></dt><dd>{words}</dd>'
        for symbol, words in entry["symbols"]
    )
    meaning = f"<p>{entry['html']}</p>" if entry["html"] else ""
    equation = (
        f'<div class="equation" data-tex="{escape(entry["latex"])}" data-tips="{tips}"></div>'
    )
    source = f"<p>Source: {escape(entry['source'])}.</p>" if entry["source"] else ""
    return f"{equation}{meaning}<dl>{rows}</dl>{source}\n"


_HINT = re.compile(r"\s*\bClick [^.<>]*\.")


def words_of(html) -> str:
    """A text of the page as it stands in a file: for dark paper too, without hints to click."""
    return css(unbroken(marked(_HINT.sub("", html or ""))))
