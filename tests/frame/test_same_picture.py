"""The same settings give the same pictures, however a page has got there."""

from unittest import mock

import numpy as np
import pytest
from bokeh.core.has_props import HasProps
from bokeh.core.property.vectorization import Field, Value
from bokeh.models import Axis, ColorMapper, FactorRange, GlyphRenderer, Span

from jntk_viz import frame
from jntk_viz.engine.results import RESULTS
from jntk_viz.frame import Controller, address, shell
from jntk_viz.frame.guide import visible_plots
from jntk_viz.frame.presets import setting_names
from jntk_viz.frame.registry import part_of

# Page -> settings that are quick to compute, and others by way of which they are reached. Every tab
# of every page is here.
CIRCLE = {"data": "circle", "depth": 1}
TRAINED = {"data": "circle", "points": 4, "widest": 128, "networks": 2, "steps": 30}
PLACES = {
    "playground": [
        ({"example": "twins", "depth": 1}, {"t": 10.0, "lam": 1.0, "epsilon": 0.1, "depth": 2}),
        ({"example": "caps", "depth": 1, "t": 100.0}, {"example": "twins", "seed": 3}),
    ],
    "gp_convergence": [
        ({"view": "functions", "width": 32, "ends": True}, {"view": "covariance", "kappa": 2.0}),
        (
            {"view": "densities", "data": "circle", "networks": 100, "width": 16},
            {"width": 8, "kappa": 0.5, "alpha": 2},
        ),
        (
            {"view": "covariance", "data": "circle", "networks": 100, "width": 16, "heat": "all"},
            {"heat": "one", "kappa": 2.0, "view": "functions", "depth": 1},
        ),
    ],
    "jntk_constancy": [
        (TRAINED | {"view": "training"}, {"moment": 3, "steps": 100, "view": "kernel"}),
        (TRAINED | {"view": "outputs"}, {"moment": 3, "followed": "narrowest", "steps": 100}),
        (TRAINED | {"view": "kernel", "against": "start"}, {"view": "training", "steps": 100}),
    ],
    "robust_training": [
        (CIRCLE | {"view": "map"}, {"epsilon": 0.1, "shown": "jacobian", "lam": 1.0}),
        (CIRCLE | {"view": "map", "shown": "clean"}, {"view": "features", "t": 1.0}),
        (CIRCLE | {"view": "predictor"}, {"view": "map", "training": "descent", "depth": 2}),
        (CIRCLE | {"view": "features"}, {"view": "map", "epsilon": 0.5, "lam": 0.001}),
        (
            {"data": "iris_all", "depth": 1, "view": "predictor", "t": 100.0},
            {"data": "circle", "t": 10.0, "lam": 1.0, "plane": "point", "point": 4},
        ),
    ],
    "eigenfeatures": [
        (CIRCLE | {"view": "scatter"}, {"epsilon": 0.4, "lam": 10.0, "view": "learned"}),
        (CIRCLE | {"view": "scatter", "data": "iris"}, {"data": "circle", "standard": 5}),
        (CIRCLE | {"view": "correlation"}, {"norm": "linf", "epsilon": 0.4}),
        (CIRCLE | {"view": "learned"}, {"view": "scatter", "lam": 10.0}),
    ],
    "full_rank": [
        ({"view": "depth", "points": 10}, {"kernel": "ntk", "depth": 5, "view": "angle"}),
        ({"view": "depth", "points": 10, "depth": 3}, {"data": "circle", "activation": "relu"}),
        ({"view": "angle", "theta": 10.0}, {"theta": 90.0, "kernel": "ntk", "view": "time"}),
        ({"view": "time", "points": 10}, {"case": "angle", "view": "depth"}),
        ({"view": "time", "case": "angle", "theta": 10.0}, {"case": "depth", "points": 10}),
    ],
    "breakdown": [
        ({"case": "deep"}, {"factor": 0.5, "cure": True}),
        ({"case": "float32", "points": 8}, {"case": "deep"}),
    ],
    "depth": [
        ({"view": "signal", "width": 32}, {"theta": 150.0, "activation": "gelu", "skips": 0.1}),
        ({"view": "kernel", "weight_std": 0.6}, {"weight_std": 0.5, "view": "signal"}),
    ],
}  # fmt: skip
# One tab of each kind of page is enough for `make test`; the maps once had other colours.
QUICK = {
    ("playground", 0),
    ("robust_training", 0),
    ("robust_training", 3),
    ("gp_convergence", 0),
    ("breakdown", 0),
}
CASES = [
    pytest.param(
        name, *place, id=f"{name}-{i}", marks=[pytest.mark.slow] * ((name, i) not in QUICK)
    )
    for name, places in PLACES.items()
    for i, place in enumerate(places)
]


def opened(name, settings, *, known=False):
    """The page at an address with its visible pictures drawn, before there are results or, if
    `known`, after."""
    text = {name: address._text(value) for name, value in settings.items()}
    waiting = []
    with (
        mock.patch.object(address, "arguments_of_page", return_value=text),
        mock.patch.object(shell.pn.state, "onload", waiting.append),
    ):
        page = part_of(name, "page").app()
    if not known:
        seen(page)
    for function in waiting:
        function()
    return page


def visible(page):
    """The pictures of the tab that is seen, by their keys."""
    shown = visible_plots(page.body)
    assert shown
    return {key: plot for key, plot in page.plots.items() if plot in shown}


def seen(page):
    """All that a reader can see of the visible tab, as plain values."""
    return {key: look(plot.figure) for key, plot in visible(page).items()}


def look(figure):
    """A figure's words, axes, colours and numbers."""
    result = {"title": figure.title.text, "legend": [x.visible for x in figure.legend]}
    for name, limits in (("x", figure.x_range), ("y", figure.y_range)):
        ends = limits.factors if isinstance(limits, FactorRange) else (limits.start, limits.end)
        result[name] = (*ends, type(getattr(figure, f"{name}_scale")).__name__)
    axes = [figure.xaxis[0], figure.yaxis[0]]
    result["axes"] = [
        (a.axis_label, a.visible, a.major_label_overrides, getattr(a.ticker, "ticks", None))
        for a in axes
        if isinstance(a, Axis)
    ]
    spans, mappers = (
        sorted(figure.select(k), key=lambda m: int(m.id[1:])) for k in (Span, ColorMapper)
    )
    result["spans"] = [(s.dimension, s.location, s.visible) for s in spans]
    result["colours"] = [
        (m.palette, m.nan_color, getattr(m, "low", None), getattr(m, "high", None)) for m in mappers
    ]
    result["drawn"] = [
        (plain(r.data_source.data), r.visible, plain(r.glyph.properties_with_values()))
        for r in figure.renderers
        if isinstance(r, GlyphRenderer)
    ]
    return result


def plain(values):
    return {
        name: np.asarray(value, dtype=object).tolist()
        for name, value in sorted(values.items())
        if not isinstance(value, HasProps | Field | Value)
    }


def different(one, other, where=""):
    """Places at which two results of `seen` differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        if set(one) != set(other):
            return [f"{where}: {sorted(one)} and {sorted(other)}"]
        return [d for key in one for d in different(one[key], other[key], f"{where}/{key}")]
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        if len(one) != len(other):
            return [f"{where}: {len(one)} and {len(other)} values"]
        pairs = enumerate(zip(one, other, strict=True))
        return [d for i, (a, b) in pairs for d in different(a, b, f"{where}/{i}")]
    numbers = isinstance(one, int | float) and isinstance(other, int | float)
    same = (
        np.isclose(one, other, rtol=1e-6, atol=1e-12, equal_nan=True) if numbers else one == other
    )
    return [] if same else [f"{where}: {str(one)[:80]} and {str(other)[:80]}"]


def move(page, settings):
    """One control after the other, as a reader moves them."""
    for name, value in settings.items():
        setattr(page.state, name, value)


def defaults(page):
    return {name: page.state.param[name].default for name in setting_names(page.state)}


@pytest.fixture
def every_partial_result(monkeypatch):
    """Pages draw after each step, not only after the last one."""
    missing = Controller._missing

    def drawing(controller):
        controller.show()
        return missing(controller)

    monkeypatch.setattr(Controller, "_missing", drawing)


@pytest.mark.parametrize(("name", "settings", "elsewhere"), CASES)
def test_a_picture_depends_on_settings_and_results_alone(
    name, settings, elsewhere, every_partial_result
):
    frame.use_theme()
    RESULTS.clear()
    page = opened(name, settings)
    wanted = seen(page)
    again = opened(name, settings, known=True)
    assert not different(wanted, seen(again)), "opened with results that are known"
    away = settings | elsewhere
    moved = opened(name, away)
    move(moved, {k: v for k, v in (defaults(moved) | settings).items() if k in away})
    assert not different(wanted, seen(moved)), "opened elsewhere and brought there"
    move(page, elsewhere)
    seen(page)
    move(page, {k: v for k, v in (defaults(page) | settings).items() if k in elsewhere})
    assert not different(wanted, seen(page)), "left and brought back"
