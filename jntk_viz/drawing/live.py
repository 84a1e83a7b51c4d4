"""Pictures that are built once by HoloViews and then only fed new numbers.

A *view* is a plain function from arrays to a HoloViews element or overlay. In a notebook it is
used as it is. On a page it is wrapped in a `LivePlot`, which renders it once and on every change
puts the new arrays into the Bokeh data sources that are already in the browser: a small part of the
work of rendering again.
"""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import holoviews as hv
import numpy as np
import panel as pn
from holoviews.plotting.bokeh.styles import validate

from jntk_viz.drawing import elements
from jntk_viz.drawing.drawings import Part, drawing
from jntk_viz.drawing.elements import Numbers, as_numbers, leaves
from jntk_viz.drawing.figures import COVERED, cover
from jntk_viz.drawing.private_api import LatePane

# Elements drawn from a ColumnDataSource: HoloViews' own `get_data` says what the source has to
# hold.
_COLUMNS = {
    "Curve", "Scatter", "Points", "Histogram", "Area", "Spread", "Image", "QuadMesh", "HeatMap",
    "Segments", "ErrorBars", "Text", "Labels", "Rectangles", "VectorField", "Bars", "HLines",
    "VLines", "Path", "Contours", "Polygons",
}  # fmt: skip
# Annotations: no data source, their position is a property of the glyph.
_ANNOTATIONS = {"HLine", "VLine", "HSpan", "VSpan", "Slope"}
# Elements that draw one mark for each row, which may have a colour of its own.
_MARKS = {"Scatter", "Points", "Segments", "Rectangles"}
# Elements of which HoloViews puts the dimensions into the source as they are, if nothing else.
_PLAIN = {"Curve", "Scatter", "Points", "Segments"}


def _styles_by_value(plot):
    """The styles of a plot that are taken from its data: style -> name of the dimension."""
    element, style = plot.current_frame, plot.style[plot.cyclic_index]
    names = element.dimensions(label=True)
    return {
        key: name
        for key, name in style.items()
        if isinstance(name, str) and name in names and not validate(key, name)
    }


def _unsteady_styles(plot):
    """The styles of a plot that follow its data now and then only: HoloViews replaces a column of
    equal values by one fixed style, unless they are real numbers that a `cmap` turns into colours.
    Only elements of which each row is one mark have a colour for each row.
    """
    element = plot.current_frame
    return [
        key
        for key, name in _styles_by_value(plot).items()
        if elements.name(element) not in _MARKS
        or "color" not in key
        or element.interface.dtype(element, name).kind != "f"
    ]


def _plain_names(plot):
    """The names of the dimensions if they are all that the source of `plot` holds, else None."""
    element = plot.current_frame
    if type(element).__name__ not in _PLAIN or "steps" in getattr(plot, "interpolation", ""):
        return None
    names = element.dimensions(label=True)
    return names if set(names) == set(plot.handles["source"].data) else None


_PIXELS = {"image", "x", "y", "dw", "dh"}  # what HoloViews puts into the source of an Image


def _pixels(part: Part, element, last):
    """The source of an Image that has only got other pixels since `last`, else None.

    HoloViews takes six times as long to say the same.
    """
    same_place = (
        element.kind is hv.Image
        and last is not None
        and element.named.get("bounds") == last.named.get("bounds")
    )
    data = part.source.data if same_place else {}
    pixels = element.arguments[0]
    if set(data) != _PIXELS or not isinstance(pixels, np.ndarray) or pixels.ndim != 2:
        return None
    return {**data, "image": [np.flipud(pixels)]}


def _write(part: Part, names, element, last=None):
    """Put one element's numbers into the Bokeh objects that already draw it.

    - `last`: the element that was put there before, if that is known.
    """
    if isinstance(element, Numbers):
        columns = element.columns(names) if names else _pixels(part, element, last)
        if columns is not None:
            part.source.data = columns
            return
        element = element.made()
    plot = part.plot
    columns, mapping, _ = part.numbers(element)
    if elements.name(element) in _ANNOTATIONS:
        # The open sides of a band (None) stay as they are: Bokeh keeps them as models, and at every
        # change of a model it walks through the whole page.
        known = {k: v for k, v in mapping.items() if k != "dimension" and v is not None}
        part.glyph.update(**known)
        return
    by_value = {key: element.dimension_values(name) for key, name in _styles_by_value(plot).items()}
    part.source.data = {**columns, **by_value}


class FigurePane(LatePane):
    """The place of a `LivePlot` on a page; its figure is drawn when the place is first shown."""

    def __init__(self, plot, **params):
        super().__init__(lambda: plot.figure, **params)
        self.plot = plot


class LivePlot:
    """One Bokeh figure drawn by `view(**data)` and kept up to date without being rendered again.

        spectrum = LivePlot(views.spectrum, eigenvalues=e)
        spectrum.update(eigenvalues=new_e)

    Every call of the view has to return the same elements in the same order; only the numbers may
    change. Draw nothing by giving an element empty arrays. Colours, legend entries and line styles
    stay as first drawn.

    **Axes never jump.** The ranges (the view's `xlim`, `ylim`, `clim`, else those of the first
    data) stay until `set` changes them. Titles and axis labels are changed by `set` as well.

    **Drawn when first needed.** HoloViews takes a tenth of a second for a figure, so one in a tab
    that nobody has opened is not drawn: `update` and `set` are remembered until `figure` is asked
    for or `pane` is shown. What is to be done to the figure itself belongs into `when_drawn`.

    - `view`: function of arrays, returns a HoloViews element or overlay (not a Layout).
    - `min_height`: pixels; the plot otherwise fills the room it is given.
    - `data`: the view's keyword arguments for the first picture. Later updates may give only some
      of them.

    Raises `ValueError` for an element that cannot be fed in place and, once drawn, for a view whose
    elements change.
    """

    def __init__(self, view, *, min_height=200, **data):
        self.view, self.data = view, data
        self._as_numbers = True
        try:
            parts = self._parts(data)
        except Exception:  # noqa: BLE001 - a view's own error comes again
            # It does more with its elements than to lay them over one another.
            self._as_numbers = False
            parts = self._parts(data)
        self._types = self._check(parts)
        self._figure: Any = None
        self._covered_title: str | None = None  # its own, while it is covered
        # What is to be done when the figure is drawn.
        self._first: dict[str, Any] = data
        self._settings: dict[str, Any] = {}
        self._then: list[Callable] = []
        self.pane = FigurePane(
            self, sizing_mode="stretch_both", min_height=min_height, margin=0, autodispatch=False
        )

    @property
    def drawn(self):
        """Is there a figure yet?"""
        return self._figure is not None

    @property
    def figure(self):
        """The Bokeh figure, drawn now if it has not been."""
        if not self.drawn:
            self._draw()
        return self._figure

    @property
    def title(self):
        """The title of the figure, also of one that is not drawn yet."""
        if self.drawn:
            return self._figure.title.text
        if "title" not in self._settings:
            options = hv.Store.lookup_options("bokeh", self.view(**self._first), "plot").kwargs
            self._settings["title"] = options.get("title", "")
        return self._settings["title"]

    def when_drawn(self, function):
        """Call `function(figure)` when the figure is drawn; at once if it is."""
        if self.drawn:
            function(self.figure)
        else:
            self._then.append(function)

    def _draw(self):
        """Draw the first data, so that axes and styles are those of it, then what came since."""
        figure, self._drawn = drawing(self.view, self._first)
        self._names = [_plain_names(part.plot) for part in self._drawn]
        self._shown: list = []  # the elements of the last update
        if len(self._drawn) != len(self._types):
            raise ValueError(
                f"`view` {self.view.__name__} gave {len(self._types)} elements but HoloViews draws "
                f"{len(self._drawn)}: use an hv.Overlay of elements, and one hv.Curve with NaN "
                "gaps (`join_curves`) for many lines."
            )
        for part in self._drawn:
            if unsteady := _unsteady_styles(part.plot):
                raise ValueError(
                    f"`view` {self.view.__name__} takes {', '.join(unsteady)} from its data, which "
                    "is lost where all values are alike: give real numbers and a `cmap`, to one "
                    f"of {', '.join(sorted(_MARKS))}."
                )
        figure.update(sizing_mode="stretch_both", min_height=self.pane.min_height, min_width=120)
        self._figure = self.pane.object = figure
        first, settings, then = self._first, self._settings, self._then
        self._first, self._settings, self._then = {}, {}, []
        for function in then:
            function(figure)
        if self.data is not first:
            self._write({})
        self.set(**settings)

    def _parts(self, data):
        """The single elements of the view, as numbers if it can be."""
        with as_numbers() if self._as_numbers else nullcontext():
            return leaves(self.view(**data))

    def _check(self, parts):
        types = [elements.name(part) for part in parts]
        unknown = sorted(set(types) - _COLUMNS - _ANNOTATIONS)
        if unknown:
            raise ValueError(
                f"`view` {self.view.__name__} uses {', '.join(unknown)}, which cannot be updated "
                f"in place; known elements: {', '.join(sorted(_COLUMNS | _ANNOTATIONS))}."
            )
        return types

    def update(self, **data):
        """Show new arrays. Arguments that are left out keep their last value."""
        update_all((self, data))

    def _write(self, data):
        data = self.data | data
        if not self.drawn:
            self.data = data
            return
        parts = self._parts(data)
        types = [elements.name(part) for part in parts]
        if types != self._types:
            raise ValueError(
                f"`view` {self.view.__name__} first drew {self._types} and now {types}: return the "
                "same elements in the same order, with empty arrays for what is not to be seen."
            )
        self.data = data
        shown, self._shown = self._shown or [None] * len(parts), []
        for drawn, names, part, last in zip(self._drawn, self._names, parts, shown, strict=True):
            if not (isinstance(part, Numbers) and last is not None and part.same_as(last)):
                _write(drawn, names, part, last)
        self._shown = parts

    @property
    def columns(self):
        """(data source, column) of all curves and marks, for a `Film`; draws the figure."""
        self.figure  # noqa: B018 - drawn by being asked for
        pairs = zip(self._drawn, self._names, strict=True)
        return [(part.source, name) for part, names in pairs for name in names or ()]

    def values(self, **data):
        """What `update` would put into each of the `columns`, without doing so."""
        parts = zip(self._names, self._parts(self.data | data), strict=True)
        return [values for names, part in parts if names for values in part.columns(names).values()]

    def be_at_most(self, pixels):
        """Lower the least height to `pixels`, so that a low cell does not cut the axis off."""
        self.pane.min_height = min(self.pane.min_height, pixels)
        self.when_drawn(lambda figure: figure.update(min_height=self.pane.min_height))

    def set(self, *, title=None, xlabel=None, ylabel=None, xlim=None, ylim=None, clim=None):
        """Change what `update` leaves alone: title, axis labels, axis ranges and colour limits."""
        if not self.drawn:
            given = {"title": title, "xlabel": xlabel, "ylabel": ylabel,
                     "xlim": xlim, "ylim": ylim, "clim": clim}  # fmt: skip
            self._settings |= {name: value for name, value in given.items() if value is not None}
            return
        figure = self.figure
        with pn.io.hold():
            if title is not None:
                self._set_title(title)
            if xlabel is not None:
                figure.xaxis[0].axis_label = xlabel
            if ylabel is not None:
                figure.yaxis[0].axis_label = ylabel
            for axis, limits in ((figure.x_range, xlim), (figure.y_range, ylim)):
                if limits is not None:
                    low, high = (float(v) for v in limits)
                    axis.update(start=low, end=high, reset_start=low, reset_end=high)
            if clim is not None:
                for mapper in self._colour_mappers():
                    mapper.update(low=float(clim[0]), high=float(clim[1]))
        pn.io.push_notebook(self.pane)

    def cover(self, covered: bool, title: str = COVERED) -> None:
        """Hide what the figure shows, but not its axes, or show it again.

        - `title`: what stands above it meanwhile, since its own may hold what is to be predicted.
          (Bokeh does not repaint a title whose visibility changes.)
        """
        cover(self.figure, covered)
        if covered and self._covered_title is None:
            self._covered_title, self.figure.title.text = self.figure.title.text, title
        elif not covered and self._covered_title is not None:
            self.figure.title.text, self._covered_title = self._covered_title, None

    def _set_title(self, text: str) -> None:
        """Set the title; of a covered figure, what it will be when it is uncovered."""
        if self._covered_title is None:
            self.figure.title.text = text
        else:
            self._covered_title = text

    def _colour_mappers(self):
        return [mapper for part in self._drawn for mapper in part.mappers]


def update_all(*updates):
    """Update several plots as one message, so that the browser repaints them together.

        update_all((cloud, {"points": p}), (density, {"samples": s}))

    - `updates`: pairs (LivePlot, dict of the view's arguments).
    """
    with pn.io.hold():
        for plot, data in updates:
            plot._write(data)
    pn.io.push_notebook(*(plot.pane for plot, _ in updates))


def join_curves(x, ys):
    """Many lines as one `hv.Curve((x, y))`, separated by NaN: far cheaper than many elements.

    - `x`: (n,) shared by all lines; `ys`: (m, n), one line per row. Returns two vectors of length
      m (n + 1).
    """
    ys = np.asarray(ys)
    if ys.ndim != 2 or ys.shape[1] != len(x):
        raise ValueError(f"`ys` has to have shape (m, {len(x)}), one row per line; got {ys.shape}.")
    gap = np.full((len(ys), 1), np.nan)
    return np.tile(np.append(x, np.nan), len(ys)), np.hstack([ys, gap]).ravel()


__all__ = ["FigurePane", "LivePlot", "join_curves", "update_all"]
