"""Figures drawn by HoloViews, once for all pages that show the same picture.

HoloViews takes a third of a second for a figure, a copy a quarter of that. What is drawn is the
first data of a view, which are those of the page's default settings, or none at all.
"""

import functools
import pickle
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any, NamedTuple

import holoviews as hv
from bokeh.models import GlyphRenderer

from jntk_viz.drawing.copies import Original
from jntk_viz.drawing.theme import in_notebook

_MOST = 160  # pictures that are kept: twice as many as there are on all pages
_COLOURS = ("palette", "nan_color", "low", "high")


class Part(NamedTuple):
    """One element of a figure: what of the figure draws it, and HoloViews' plot, which knows how.

    `plot` may be shared with other figures: it is asked, and nothing of it is shown.
    """

    plot: Any
    source: Any
    glyph: Any
    mappers: list

    def numbers(self, element):
        """(columns of the source, properties of the glyph, style) that draw another element."""
        plot = self.plot
        with _same_colours(plot):
            return plot.get_data(element, plot.current_ranges, dict(plot.style[plot.cyclic_index]))


def drawing(view: Callable, data: dict) -> tuple[Any, list[Part]]:
    """(a figure of its own of `view(**data)`, its parts in order)."""
    first = None if in_notebook() else _First.of(view, data)
    if first is None:
        root = hv.renderer("bokeh").get_plot(view(**data))
        return root.state, [_part(plot, {}) for plot in _leaf_plots(root)]
    plots, original = _drawn_once(first)
    figure, copies = original.copy()
    return figure, [_part(plot, copies) for plot in plots]


@dataclass(frozen=True)
class _First:
    """A view and its first data, equal to another if both would draw the same."""

    view: Callable
    digest: bytes
    data: dict = field(compare=False)

    @classmethod
    def of(cls, view, data):
        """None for what may belong to one page: a method, or a function within another."""
        if not isinstance(view, FunctionType):
            return None
        try:
            return cls(view, pickle.dumps((view, data)), data)
        except (pickle.PicklingError, AttributeError, TypeError):
            return None


@functools.lru_cache(_MOST)
def _drawn_once(first: _First):
    root = hv.renderer("bokeh").get_plot(first.view(**first.data))
    _selected_alike(root.state)
    return _leaf_plots(root), Original(root.state)


def _selected_alike(figure):
    """Draw what is selected, and what is not, like all the rest: nothing of ours is selected.

    HoloViews makes a glyph of its own for each, a fifth of a figure's models.
    """
    for renderer in figure.select(GlyphRenderer):
        renderer.update(selection_glyph=renderer.glyph, nonselection_glyph=renderer.glyph)


def _leaf_plots(plot):
    if getattr(plot, "subplots", None):
        return [leaf for part in plot.subplots.values() for leaf in _leaf_plots(part)]
    return [plot]


def _part(plot, copies) -> Part:
    handles = {key: copies.get(model, model) for key, model in plot.handles.items()
               if key in ("source", "glyph") or key.endswith("color_mapper")}  # fmt: skip
    mappers = [model for key, model in handles.items() if key.endswith("color_mapper")]
    return Part(plot, handles.get("source"), handles.get("glyph"), mappers)


@contextmanager
def _same_colours(plot):
    """Keep palettes and the colour of NaN, which HoloViews sets to those of a light page, and the
    limits of colours, which it sets to those of the first picture."""
    mappers = [model for key, model in plot.handles.items() if key.endswith("color_mapper")]
    colours = [(m, {n: getattr(m, n) for n in _COLOURS if hasattr(m, n)}) for m in mappers]
    yield
    for mapper, kept in colours:
        for name, value in kept.items():
            if getattr(mapper, name) != value:
                setattr(mapper, name, value)
