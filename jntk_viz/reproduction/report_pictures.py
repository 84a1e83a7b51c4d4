"""Charts and heat maps of the reproduction as HoloViews elements, and those as Bokeh figures."""

from typing import NamedTuple

import holoviews as hv
import numpy as np
from bokeh.models import HoverTool

from jntk_viz.drawing import elements as el
from jntk_viz.drawing.theme import AMBER, INK, MUTED, PALETTE, SEQUENTIAL
from jntk_viz.reproduction.study import LAW, Chart, Curve, Heatmap

HEIGHT = 400  # pixels of the place that a figure stands in
_SHAPES = {  # marker → the same as an SVG path, in a box of 30 × 14
    "circle": "M10.5 7a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0",
    "square": "M11 3h8v8h-8z",
    "triangle": "M15 2l5 9h-10z",
    "inverted_triangle": "M15 12l5-9h-10z",
}
_MARKERS = tuple(_SHAPES)
_MOST_MARKERS = 25  # points of a curve; more of them would hide the line
_MOST_TICKS = 12
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
    drawn.sizing_mode = "stretch_both"  # of the place it stands in
    # Nothing but the values under the pointer: a page that is read needs no zoom.
    drawn.toolbar_location = None
    drawn.tools = [tool for tool in drawn.tools if isinstance(tool, HoverTool)]
    return drawn


def _options(chart) -> dict:
    return {
        "title": "",  # title and legend stand above it as text, which wraps
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
    styles = _styles(chart)
    elements = [element for curve in drawn for element in _elements(curve, styles[curve.label])]
    options = _options(chart)
    at = np.unique(np.concatenate([curve.x for curve in drawn]))
    if chart.log_x and len(at) <= _MOST_TICKS:  # widths, numbers of networks: powers of two
        options["xticks"] = [(x, f"{x:g}") for x in at.tolist()]
    return el.Overlay(elements).opts(**options, show_legend=False, padding=0.05)


class Style(NamedTuple):
    """How a curve is drawn: the colour of its group, a marker or none, dashes or none."""

    colour: str
    marker: str
    dashed: bool
    line: bool


def _styles(chart: Chart) -> dict[str, Style]:
    """Label of a curve → its style; a group shares colour and marker, so that neither alone tells
    two groups apart."""
    groups = [curve.group or curve.label for curve in chart.curves]
    places = {group: i for i, group in enumerate(dict.fromkeys(g for g in groups if g != LAW))}
    styles = {}
    for curve, group in zip(chart.curves, groups, strict=True):
        place, dashed = places.get(group, 0), curve.style == "dashed"
        points = curve.style == "points"
        marked = points or not (dashed or len(np.ravel(curve.x)) >= _MOST_MARKERS)
        styles[curve.label] = Style(
            MUTED if group == LAW else _COLOURS[place % len(_COLOURS)],
            _MARKERS[place % len(_MARKERS)] if marked else "",
            dashed,
            not points,
        )
    return styles


def legend(chart: Chart | Heatmap) -> list[tuple[str, str]]:
    """Label and drawn sign, as SVG, of each curve."""
    if isinstance(chart, Heatmap):
        return []
    shown = {curve.label for curve in chart.curves if len(np.ravel(curve.x))}
    styles = {label: style for label, style in _styles(chart).items() if label in shown}
    return [(label, _sign(style)) for label, style in styles.items()]


def _sign(style: Style) -> str:
    dash = ' stroke-dasharray="6 4"' if style.dashed else ""
    line = f'<path d="M1 7H29" stroke="{style.colour}" stroke-width="2.5"{dash}/>'
    mark = f'<path d="{_SHAPES[style.marker]}" fill="{style.colour}"/>' if style.marker else ""
    inside = (line if style.line else "") + mark
    return f'<svg width="30" height="14" viewBox="0 0 30 14" aria-hidden="true">{inside}</svg>'


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


def _elements(curve: Curve, style: Style) -> list:
    colour, xy = style.colour, (curve.x, curve.y)
    elements = []
    bounded = np.isfinite(curve.low) & np.isfinite(curve.high)
    x, low, high = (values[bounded] for values in (curve.x, curve.low, curve.high))
    if bounded.sum() > 1 and style.line:
        band = el.Area((x, low, high), vdims=["low", "high"])
        elements.append(band.opts(color=colour, alpha=0.2, line_alpha=0))
    elif bounded.any():
        elements.append(el.Segments((x, low, x, high)).opts(color=colour))
    if style.line:
        dash = "dashed" if style.dashed else "solid"
        elements.append(el.Curve(xy).opts(color=colour, line_dash=dash))
    if style.marker:
        points = el.Scatter(xy)
        elements.append(points.opts(color=colour, marker=style.marker, size=9, tools=["hover"]))
    return elements


def _heatmap(chart: Heatmap):
    """Cells of one size, labelled by their values: a grid may end in λ = 0 or t = ∞."""
    values = np.asarray(chart.values, float)
    if not values.size:
        return None
    rows, columns = values.shape
    mesh = el.QuadMesh(
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
