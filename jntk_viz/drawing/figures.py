"""Changes to figures that stand already: larger type, other ticks, covers, sketches."""

import json
import re
from collections.abc import Iterable
from weakref import WeakKeyDictionary

import numpy as np
import panel as pn
from bokeh.core.property.vectorization import Value
from bokeh.embed import json_item
from bokeh.models import Axis, ColumnDataSource, FixedTicker, FreehandDrawTool, Model
from bokeh.plotting import figure as Figure

from jntk_viz.drawing.theme import PURPLE

_SIZES = ("line_width", "size")
_SKETCH = "reader's sketch"


class Enlargement:
    """Shows type, lines and markers of figures larger than they were first drawn.

    What they were is remembered, so that factors do not multiply; a model that is gone takes its
    sizes along.
    """

    def __init__(self):
        self._original: WeakKeyDictionary[Model, dict] = WeakKeyDictionary()

    def set(self, figures: Iterable[Figure], factor: float) -> None:
        """Show everything `factor` times as large as it was drawn; 1 restores."""
        if factor == 1 and not self._original:
            return
        with pn.io.hold():
            for figure in figures:
                for model in figure.select(Model):
                    sizes = self._sizes(model)
                    model.update(**{name: _scaled(size, factor) for name, size in sizes.items()})

    def _sizes(self, model) -> dict:
        if model not in self._original:
            names = [n for n in model.properties() if n.endswith("text_font_size") or n in _SIZES]
            sizes = {name: getattr(model, name) for name in names}
            self._original[model] = {n: s for n, s in sizes.items() if _scaled(s, 2) != s}
        return self._original[model]


def _scaled(value, factor):
    """A size times `factor`; what is no constant size (a column, nothing) as it is."""
    if isinstance(value, Value):
        return Value(_scaled(value.value, factor))
    if isinstance(value, int | float):
        return round(factor * value, 2)
    if isinstance(value, str) and (match := re.fullmatch(r"([\d.]+)(px|pt|em)", value)):
        return f"{factor * float(match[1]):g}{match[2]}"
    return value


COVERED = "What do you predict?"
DRAW = "Draw your prediction here"


def cover(figure: Figure, covered: bool) -> None:
    """Hide what a figure shows, or show it again; axes and the reader's line stay."""
    for renderer in figure.renderers:
        if renderer.name != _SKETCH:
            renderer.visible = not covered
    for legend in figure.legend:
        legend.visible = not covered


def show_in_legend(figure: Figure, label: str, shown: bool) -> None:
    """Show the entry of a legend, or hide it, such as of a curve that there is none of now."""
    for item in (item for legend in figure.legend for item in legend.items):
        if item.label.value == label:
            item.visible = shown


def figure_json(figure: Figure, place: str | None = None) -> str:
    """A figure as JSON for `Bokeh.embed.embed_item`, safe inside a script element.

    - `place`: id of the element that it is drawn into; the call may name it as well.
    """
    return json.dumps(json_item(figure, place)).replace("</", "<\\/")


def name_ticks(axis: Axis, places: Iterable[float], words: Iterable[str]) -> None:
    """Put ticks with the given names at `places` of an axis, in any order.

    The axis keeps its ticker if it can: at a new one Bokeh walks through the whole page.
    """
    # Bokeh looks a name up by the number; whole ones are integers to it.
    ticks = [int(place) if place == int(place) else float(place) for place in places]
    named = dict(zip(ticks, words, strict=True))
    # Bokeh leaves out names that overlap, and takes them to come in the order of the axis.
    if isinstance(axis.ticker, FixedTicker):
        axis.ticker.ticks = sorted(named)
    else:
        axis.ticker = FixedTicker(ticks=sorted(named))
    axis.major_label_overrides = named


class Sketch:
    """A line that the reader draws into a figure; a new one replaces it.

    Pen and line are made once and stay with the figure: taking a tool away again makes Bokeh lose
    the figure's title.
    """

    def __init__(self, figure: Figure):
        self.figure = figure
        self.source = ColumnDataSource(data={"xs": [], "ys": []})
        line = figure.multi_line(
            "xs", "ys", source=self.source, name=_SKETCH,
            line_color=PURPLE, line_dash=[8, 5], line_width=4,
        )  # fmt: skip
        self.pen = FreehandDrawTool(renderers=[line], num_objects=1, visible=False)
        figure.add_tools(self.pen)

    def begin(self) -> None:
        """Give the reader the pen and a clean sheet."""
        self.source.data = {"xs": [], "ys": []}
        self.figure.toolbar.active_drag = self.pen

    def finish(self) -> None:
        """Take the pen away; the line stays."""
        self.figure.toolbar.active_drag = None

    def remove(self) -> None:
        self.finish()
        self.source.data = {"xs": [], "ys": []}

    def curve(self) -> tuple[np.ndarray, np.ndarray] | None:
        """(x, y) in the figure's units, x increasing; None before anything has been drawn."""
        if not self.source.data["xs"]:
            return None
        x, y = (np.asarray(self.source.data[key][-1], float) for key in ("xs", "ys"))
        order = np.argsort(x, kind="stable")
        return x[order], y[order]
