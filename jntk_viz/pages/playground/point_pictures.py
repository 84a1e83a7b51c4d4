"""The points in both pictures, which the reader adds, drags and deletes with Bokeh's point tool.

While a point is dragged, only the browser knows where it is: the server hears of it, but never
writes to the source what it has heard from there, or the point would jump back under the finger.
"""

from collections.abc import Callable

import numpy as np
from bokeh.models import CategoricalColorMapper, ColumnDataSource, CustomJS, PointDrawTool

from jntk_viz.drawing.theme import AMBER, BLUE, INK, PAPER
from jntk_viz.pages.playground.points import Points, write_points

CLASSES = {"+1": AMBER, "−1": BLUE}
_EVERY = 40  # milliseconds between two messages of a drag
# The tool tells the server of a drag when it ends; this does on the way.
_LIVE = """
if (source.selected.indices.length == 0) return
const now = performance.now()
if (now - (source.told ?? 0) < every) return
source.told = now
// The tool has moved the numbers in place: equal to what they are, but not to what the server has.
source.setv({data: source.data}, {check_eq: false})
"""


class Board:
    """One source of points for several figures.

    - `edited`: called with the `Points` when the reader has changed them.
    """

    def __init__(self, edited: Callable[[Points], None]):
        self.source = ColumnDataSource(data={"x": [], "y": [], "class": []})
        self.tools: list[PointDrawTool] = []
        self._edited, self._new, self._writing = edited, "+1", False
        self.source.on_change("data", lambda attr, old, new: self._changed())

    def draw_on(self, figure) -> None:
        """Draw the points on a figure, and let the reader take hold of them there."""
        colours = CategoricalColorMapper(factors=list(CLASSES), palette=list(CLASSES.values()))
        dots = figure.scatter(
            "x", "y", source=self.source, size=11, line_color=PAPER, line_width=1.5,
            fill_color={"field": "class", "transform": colours},
            nonselection_fill_alpha=1.0, nonselection_line_alpha=1.0,
            selection_line_color=INK, selection_line_width=3,
        )  # fmt: skip
        # Not `empty_value`: the browser's guess from the points that there are, "", goes before it.
        tool = PointDrawTool(
            renderers=[dots], default_overrides={"class": self._new}, visible=False
        )
        figure.add_tools(tool)
        figure.toolbar.active_tap = figure.toolbar.active_drag = tool
        live = CustomJS(args={"source": self.source, "every": _EVERY}, code=_LIVE)
        figure.js_on_event("pan", live)
        self.tools.append(tool)

    @property
    def points(self) -> Points:
        """As they are drawn, wherever the reader has put them."""
        data = self.source.data
        places = np.column_stack([data["x"], data["y"]]).astype(float).reshape(-1, 2)
        return Points(places, np.where(np.asarray(data["class"]) == "+1", 1.0, -1.0))

    @property
    def chosen(self) -> list[int]:
        """Points that the reader has chosen: those with the ring."""
        return list(self.source.selected.indices)

    def choose(self, points: list[int]) -> None:
        """Put the ring around these points."""
        self.source.selected.indices = points

    def when_chosen(self, function: Callable[[list[int]], None]) -> None:
        """Let the function know which points are chosen whenever that changes."""
        self.source.selected.on_change("indices", lambda attr, old, new: function(list(new)))

    def show(self, points: Points) -> None:
        """Draw these points, unless they are what is drawn already."""
        drawn = self.points
        if len(drawn.y) == len(points.y) and write_points(drawn) == write_points(points):
            return
        self.put(points)

    def new_points_are(self, name: str) -> None:
        """The class of points that are added by a click."""
        self._new = name
        for tool in self.tools:
            tool.default_overrides = {"class": name}

    def put(self, points: Points) -> None:
        """Draw these points whatever is drawn."""
        self._writing = True
        if len(points.y) != len(self.points.y):
            self.source.selected.indices = []
        self.source.data = {
            "x": points.places[:, 0].tolist(),
            "y": points.places[:, 1].tolist(),
            "class": ["+1" if label > 0 else "−1" for label in points.y],
        }
        self._writing = False

    def _changed(self) -> None:
        if not self._writing:
            self._edited(self.points)
