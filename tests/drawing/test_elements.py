"""What a refreshed picture holds is what HoloViews makes of the same numbers."""

import holoviews as hv
import numpy as np
import pytest
from holoviews.core.data.interface import DataError

from jntk_viz import frame
from jntk_viz.drawing import elements as el
from jntk_viz.export import files, pages
from jntk_viz.frame.guide import live_plots

NO = np.array([])


@pytest.fixture(scope="module", autouse=True)
def themed():
    frame.use_theme()


VIEWS = {
    "curve": lambda x, y: el.Curve((x, y)),
    "names of dimensions": lambda x, y: el.Curve((x, y), "λ (log)", "‖J‖²"),
    "steps": lambda x, y: el.Curve((x, y)).opts(interpolation="steps-mid"),
    "heights only": lambda x, y: el.Curve(y),
    "rows": lambda x, y: el.Scatter(np.c_[x, y]),
    "lists": lambda x, y: el.Scatter((list(x), list(y))),
    "single precision": lambda x, y: el.Curve((x, y.astype(np.float32))),
    "counts": lambda x, y: el.Points((np.arange(len(x)), np.arange(len(x))[::-1])),
    "gaps": lambda x, y: el.Curve((x, np.where(y > 0, y, np.nan))),
    "one height for all": lambda x, y: el.Curve((x, float(y.sum()))),
    "categories": lambda x, y: el.Curve((["a", "b", "c"], y[:3])),
    "an unused dimension": lambda x, y: el.Points((x, y, x - y), vdims="z"),
    "coloured by value": lambda x, y: el.Points((x, y, x - y), vdims="z").opts(color="z"),
    "segments": lambda x, y: el.Segments((x, y, x + 1, y - 1)),
    "area": lambda x, y: el.Area((x, y, y + 1), vdims=["low", "high"]),
    "image": lambda x, y: el.Image(np.outer(x, y), bounds=(0, 0, 1, 1)),
    "upside down": lambda x, y: el.Curve((x, y)).opts(invert_axes=True),
    "an overlay in an overlay": lambda x, y: el.Overlay(
        [el.Curve((x, y)), el.Overlay([el.Scatter((y, x)), el.Curve((x, x))])]
    ),
}


def sources(plot):
    assert plot.figure is not None  # drawn
    return [dict(part.source.data) for part in plot._drawn]


def assert_same(found, expected):
    assert set(found) == set(expected)
    for column, values in expected.items():
        there, made = np.asarray(found[column]), np.asarray(values)
        np.testing.assert_array_equal(there, made, err_msg=column)
        assert there.dtype == made.dtype, column


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("length", [3, 8])
def test_a_refreshed_picture_is_a_fresh_one(name, length):
    rng = np.random.default_rng(1)
    first = {"x": np.arange(5.0), "y": rng.normal(size=5)}
    second = {"x": np.arange(float(length)), "y": rng.normal(size=length)}
    plot = frame.LivePlot(VIEWS[name], **first)
    assert plot.figure is not None  # drawn
    plot.update(**second)
    fresh = sources(frame.LivePlot(VIEWS[name], **second))
    for found, expected in zip(sources(plot), fresh, strict=True):
        assert_same(found, expected)


def test_vectors_are_taken_as_they_are_and_anything_else_is_left_to_holoviews():
    with el.as_numbers():
        assert set(el.Curve((np.ones(2), [1, 2])).columns(["x", "y"])) == {"x", "y"}
        assert el.Curve((NO, NO)).columns(["x", "y"])["y"].size == 0
        for other in [np.ones((2, 2)), (np.ones(2),), (np.ones(2), 1.0), (np.ones(2), ["a", "b"]),
                      (np.ones(2), np.ones(3)), (np.ones((2, 2)), np.ones(2))]:  # fmt: skip
            assert el.Curve(other).columns(["x", "y"]) is None
    assert el.Curve(([1], [2])).opts(color="blue").opts.get("style").kwargs["color"] == "blue"


SAME = {
    "vectors": (np.array([1.0, np.nan]), np.array([1.0, np.nan])),
    "words": (["a", "b"], ["a", "b"]),
    "nested": (([1, 2], {"k": np.ones(2)}), ([1, 2], {"k": np.ones(2)})),
}
DIFFERENT = {
    "values": (np.array([1.0, np.nan]), np.array([np.nan, 1.0])),
    "length": (np.ones(2), np.ones(3)),
    "precision": (np.ones(2), np.ones(2, np.float32)),
    "kind": (np.ones(2), [1.0, 1.0, 1.0]),
    "words": (["a", "b"], ["a", "c"]),
    "numbers": (1.0, 2.0),
    "one deep inside": (([1, 2], {"k": np.ones(2)}), ([1, 2], {"k": np.zeros(2)})),
}


@pytest.mark.parametrize(
    ("pair", "same"),
    [*((pair, True) for pair in SAME.values()), *((pair, False) for pair in DIFFERENT.values())],
    ids=[*SAME, *DIFFERENT],
)
def test_what_has_not_changed_is_known(pair, same):
    with el.as_numbers():
        one, other = (el.Labels(data, vdims="text") for data in pair)
        assert one.same_as(other) is same
        assert other.same_as(one) is same
        assert not one.same_as(el.Labels(pair[0], vdims="words"))


def test_what_has_not_changed_is_not_sent_again_and_what_failed_is():
    fail = []

    def view(x, y):
        if fail and y[0] == 2:
            return el.Overlay([el.Curve((x, y)), el.Labels(fail)])
        return el.Overlay([el.Curve((x, y)), el.Labels((x, y, ["a", "b"]))])

    plot = frame.LivePlot(view, x=np.arange(2.0), y=np.array([0.0, np.nan]))
    sent = []
    assert plot.figure is not None  # drawn
    plot.update(y=np.array([1.0, np.nan]))
    for drawn in plot._drawn:
        drawn.source.on_change("data", lambda attr, old, new: sent.append(new))
    plot.update(y=np.array([1.0, np.nan]))
    assert not sent
    fail.append(object())
    with pytest.raises(DataError, match="storage backends"):
        plot.update(y=np.array([2.0, np.nan]))
    assert sources(plot)[0]["y"][0] == 2
    plot.update(y=np.array([1.0, np.nan]))
    assert sources(plot)[0]["y"][0] == 1


def test_a_view_may_look_at_its_elements_and_add_some_of_holoviews():
    def view(y):
        curve = el.Curve((np.arange(3.0), y), label="y")
        assert curve.label == "y"
        return hv.Overlay([hv.HLine(float(y[0])), curve])

    plot = frame.LivePlot(view, y=np.ones(3))
    assert plot.figure is not None  # drawn
    plot.update(y=np.arange(3.0))
    assert list(plot._drawn[1].source.data["y"]) == [0, 1, 2]
    with pytest.raises(ZeroDivisionError):
        frame.LivePlot(lambda y: el.Curve(1 / y), y=0)


def test_an_overlay_without_some_of_its_elements():
    def view(y):
        parts = [el.Curve((y, y)), el.Scatter((y, y), label="PGD"), el.VLine(1)]
        return el.only(el.Overlay(parts).opts(title="T"), lambda e: el.label(e) != "PGD")

    plot = frame.LivePlot(view, y=np.ones(3))
    assert plot._types == ["Curve", "VLine"]
    assert plot._as_numbers
    assert plot.title == "T"


@pytest.mark.parametrize("entry", frame.pages(), ids=lambda entry: entry.name)
def test_pictures_of_the_pages(entry):
    page = pages.open_page(pages.load_app(files.page_file(entry.name)))
    plain = 0
    for plot in live_plots(page.body):
        assert plot.figure is not None  # drawn
        for axis in plot.figure.axis:  # names in another order are taken to overlap
            ticks = list(getattr(axis.ticker, "ticks", ()))
            assert ticks == sorted(ticks), plot.title
        with el.as_numbers():
            parts = el.leaves(plot.view(**plot.data))
        for drawn, names, part in zip(plot._drawn, plot._names, parts, strict=True):
            columns = part.columns(names) if names else None
            if columns is not None:
                made = drawn.numbers(part.made())[0]
                assert_same(columns, made)
                plain += 1
    assert plain > 5  # most of what is drawn
