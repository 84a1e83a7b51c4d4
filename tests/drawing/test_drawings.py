"""Figures that are drawn once and copied for each page."""

import dataclasses

import holoviews as hv
import numpy as np
import pytest
from bokeh.document import Document
from bokeh.model import Model
from bokeh.models import ColorMapper

from jntk_viz import frame
from jntk_viz.drawing import drawings
from jntk_viz.drawing.copies import Original
from jntk_viz.export import files, pages
from jntk_viz.frame.guide import live_plots


@pytest.fixture(scope="module", autouse=True)
def themed():
    frame.use_theme()


def heat(values, title="Heat"):
    return hv.Image(values).opts(cmap="viridis", colorbar=True, title=title)


def written(value, seen):
    """All properties of a model and of those that it refers to, which are numbered."""
    if isinstance(value, Model):
        if value in seen:
            return seen[value]
        seen[value] = len(seen)
        values = value.properties_with_values(include_defaults=True)
        return type(value), [(name, written(values[name], seen)) for name in sorted(values)]
    if isinstance(value, dict):
        return [(key, written(each, seen)) for key, each in value.items()]
    if isinstance(value, (list, tuple)):
        return [written(each, seen) for each in value]
    if dataclasses.is_dataclass(value):
        return [written(getattr(value, f.name), seen) for f in dataclasses.fields(value)]
    if isinstance(value, np.ndarray):
        return value.dtype, value.shape, value.tobytes()
    return value if isinstance(value, (int, float, str)) and value == value else repr(value)


@pytest.mark.parametrize("entry", frame.pages(), ids=lambda entry: entry.name)
def test_a_copy_of_each_picture_is_what_was_drawn(entry, caplog):
    page = pages.open_page(pages.load_app(files.page_file(entry.name)))
    for plot in live_plots(page.body):
        figure = plot.figure
        copy, copies = Original(figure).copy()
        models = {}
        assert written(copy, models) == written(figure, {})
        assert not set(models) & figure.references()
        assert set(copies.values()) <= set(models)
        document = Document()
        document.add_root(copy)
        document.validate()  # which servers leave out
    assert not [r.message for r in caplog.records if r.name.startswith("bokeh")]


def test_pages_with_the_same_picture_share_only_the_drawing():
    drawings._drawn_once.cache_clear()
    first, second = (frame.LivePlot(heat, values=np.eye(3)) for _ in range(2))
    other = frame.LivePlot(heat, values=2 * np.eye(3))
    models = [plot.figure.references() for plot in (first, second, other)]
    assert not models[0] & models[1]
    assert not models[0] & models[2]
    assert drawings._drawn_once.cache_info()[:2] == (1, 2)  # hits, misses
    first.update(values=np.ones((3, 3)))
    first.set(title="Changed", clim=(0, 9))
    (mapper,) = (m for m in second.figure.references() if isinstance(m, ColorMapper))
    assert second.figure.title.text == "Heat"
    assert (mapper.low, mapper.high) == (0, 1)
    assert np.array_equal(second._drawn[0].source.data["image"][0], np.flipud(np.eye(3)))
    third = frame.LivePlot(heat, values=np.eye(3))
    assert written(third.figure, {}) == written(second.figure, {})


def test_what_belongs_to_one_page_is_not_kept():
    drawings._drawn_once.cache_clear()

    class Own:
        def view(self, values):
            return heat(values)

    for view in (Own().view, lambda values: heat(values)):
        frame.LivePlot(view, values=np.eye(3)).figure  # noqa: B018 - drawn by being asked for
    assert drawings._drawn_once.cache_info().currsize == 0
