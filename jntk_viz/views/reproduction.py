"""Charts and heat maps of the reproduction as HoloViews elements, and those as Bokeh figures."""

import holoviews as hv
import numpy as np
from bokeh.models import HoverTool

from jntk_viz.reproduction.study import Chart, Curve, Heatmap
from jntk_viz.views.theme import AMBER, INK, MUTED, PALETTE, SEQUENTIAL

HEIGHT = 400
_MARKERS = ("circle", "square", "triangle", "diamond", "inverted_triangle", "hex")
# Amber is too pale for thin lines; ink closes the row.
_COLOURS = (*(colour for colour in PALETTE if colour != AMBER), INK)


def picture(chart: Chart | Heatmap):
    """The HoloViews element of a chart; None where there is nothing to draw yet."""
    return _heatmap(chart) if isinstance(chart, Heatmap) else _curves(chart)


def figure(chart: Chart | Heatmap):
    """The Bokeh figure of a chart, vectors instead of pixels so that it prints sharp; or None."""
    element = picture(chart)
    if element is None:
        return None
    drawn = hv.render(element, backend="bokeh")
    drawn.output_backend = "svg"
    drawn.height = HEIGHT
    drawn.sizing_mode = "stretch_width"
    # Nothing but the values under the pointer: a page that is read needs no zoom.
    drawn.toolbar_location = None
    drawn.tools = [tool for tool in drawn.tools if isinstance(tool, HoverTool)]
    for legend in drawn.legend:
        legend.click_policy = "none"
        legend.margin = 0
    return drawn


def _options(chart) -> dict:
    return {
        "title": chart.title,
        "xlabel": chart.x_label,
        "ylabel": chart.y_label,
        "logx": chart.log_x,
        "logy": chart.log_y,
        "show_grid": True,
    }


def _curves(chart: Chart):
    drawn = [curve for curve in (_visible(c, chart) for c in chart.curves) if len(curve.x)]
    if not drawn:
        return None
    groups = list(dict.fromkeys(curve.group or curve.label for curve in drawn))
    elements = []
    for curve in drawn:
        place = groups.index(curve.group or curve.label)
        elements += _elements(curve, place)
    many = len(drawn) > 7
    return hv.Overlay(elements).opts(
        **_options(chart),
        legend_position="right" if many else "bottom",
        legend_cols=1 if many else 3,
        padding=0.05,
    )


def _visible(curve: Curve, chart: Chart) -> Curve:
    """The curve as float arrays, without points that a logarithmic axis cannot show."""
    x, y = (np.asarray(values, float).ravel() for values in (curve.x, curve.y))
    bounds = [
        np.full(len(x), np.nan) if values is None else np.asarray(values, float).ravel()
        for values in (curve.low, curve.high)
    ]
    keep = np.isfinite(x) & ((x > 0) | (not chart.log_x))
    if chart.log_y:
        y = np.where(y > 0, y, np.nan)
        # What reaches down to zero reaches below every logarithmic axis.
        smallest = np.nanmin(y) / 10 if np.isfinite(y).any() else np.nan
        bounds[0] = np.where(bounds[0] > 0, bounds[0], smallest)
    return curve._replace(x=x[keep], y=y[keep], low=bounds[0][keep], high=bounds[1][keep])


def _elements(curve: Curve, place: int) -> list:
    colour = MUTED if curve.group == "law" else _COLOURS[place % len(_COLOURS)]
    marker = _MARKERS[place % len(_MARKERS)]
    xy = (curve.x, curve.y)
    bounded = np.isfinite(curve.low) & np.isfinite(curve.high)
    bounds = tuple(values[bounded] for values in (curve.x, curve.low, curve.high))
    points = hv.Scatter(xy, label=curve.label).opts(
        color=colour, marker=marker, size=9, tools=["hover"]
    )
    if curve.style == "points":
        bars = hv.Segments((bounds[0], bounds[1], bounds[0], bounds[2])).opts(color=colour)
        return [*([bars] if bounded.any() else []), points]
    if curve.style == "dashed":
        return [hv.Curve(xy, label=curve.label).opts(color=colour, line_dash="dashed")]
    band = hv.Area(bounds, vdims=["low", "high"]).opts(color=colour, alpha=0.2, line_alpha=0)
    line = hv.Curve(xy, label=curve.label).opts(color=colour)
    return [*([band] if bounded.sum() > 1 else []), line, *([points] if len(curve.x) < 25 else [])]


def _heatmap(chart: Heatmap):
    """Cells of one size, labelled by their values: a grid may end in λ = 0 or t = ∞."""
    values = np.asarray(chart.values, float)
    if not values.size:
        return None
    rows, columns = values.shape
    mesh = hv.QuadMesh(
        (np.arange(columns), np.arange(rows), values), ["column", "row"], [chart.value_label]
    )
    axes = {"logx": False, "logy": False, "xticks": _ticks(chart.x), "yticks": _ticks(chart.y)}
    return mesh.opts(
        **(_options(chart) | axes), cmap=SEQUENTIAL, colorbar=True, clabel=chart.value_label
    )


def _ticks(values, most: int = 8) -> list[tuple[int, str]]:
    """At most so many cells of an axis with what is written at them, the last one among them."""
    step = -(-len(values) // most)
    last = len(values) - 1
    places = sorted({*range(last, -1, -step), last})
    return [(place, "∞" if values[place] == np.inf else f"{values[place]:.3g}") for place in places]


def numbers(chart: Chart | Heatmap) -> tuple[list[str], list[list]]:
    """Head and rows of the table that says what a picture shows."""
    if isinstance(chart, Heatmap):
        rows = [
            [x, y, value]
            for y, line in zip(chart.y, np.asarray(chart.values), strict=True)
            for x, value in zip(chart.x, line, strict=True)
        ]
        return [chart.x_label, chart.y_label, chart.value_label], rows
    rows = []
    for curve in chart.curves:
        none = [None] * len(np.ravel(curve.x))
        low, high = (none if bound is None else bound for bound in (curve.low, curve.high))
        rows += [[curve.label, *values] for values in zip(curve.x, curve.y, low, high, strict=True)]
    return ["curve", chart.x_label, chart.y_label, "low", "high"], rows
