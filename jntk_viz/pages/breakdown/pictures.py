"""Pictures of a healthy run, a patient and its cure: three charts whose axes fit the case."""

import holoviews as hv
import numpy as np
import panel as pn
from bokeh.models import LinearScale, LogScale

from jntk_viz.drawing import elements as el
from jntk_viz.drawing.figures import name_ticks
from jntk_viz.drawing.live import LivePlot, update_all
from jntk_viz.drawing.theme import INK, MUTED, PHONE
from jntk_viz.frame.glossary import Prose
from jntk_viz.frame.numbers import number, stop
from jntk_viz.frame.parts import plot_grid
from jntk_viz.pages.breakdown.case import CURED, HEALTHY, ILL, NOTHING, ROLES, Axis, Chart
from jntk_viz.pages.breakdown.study import CASES, Outcome, dose_response
from jntk_viz.pages.breakdown.words import COLOURS, DASHES, card

MARKERS = {HEALTHY: "circle", ILL: "square", CURED: "triangle"}
KEYS = ("course", "dose", "detail")
EMPTY = (np.array([]), np.array([]))
_NO_BAND = (np.array([]), np.array([]), np.array([]))
_NO_BAR = (*_NO_BAND, np.array([]))


def chart(
    lines=(), bands=(), marks=(), bars=(), theory=(), rules=EMPTY, words=(), ends=(), cursor=EMPTY
):
    """Measured numbers of the healthy, the ill and the cured, and theory in black on top.

    lines, marks, theory: three pairs (x, y). bands: three (x, low, high). bars: three
    (x, low, x, high). rules: horizontal lines, (x, y) with NaN gaps. words, ends: (x, y, text),
    written to the right and to the left of x. cursor: (x, y), a vertical line.
    """
    parts = []
    for role, band in zip(ROLES, bands or [_NO_BAND] * 3, strict=True):
        area = el.Area(band, vdims=["low", "high"])
        parts.append(area.opts(color=COLOURS[role], alpha=0.2, line_width=0))
    parts.append(el.Curve(rules).opts(color=MUTED, line_width=1.5, line_dash="dashed"))
    parts.append(el.Curve(cursor).opts(color=MUTED, line_width=1.5, line_dash="dotted"))
    for role, line in zip(ROLES, lines or [EMPTY] * 3, strict=True):
        parts.append(el.Curve(line).opts(color=COLOURS[role], line_width=3.4))
    for role, bar in zip(ROLES, bars or [_NO_BAR] * 3, strict=True):
        parts.append(el.Segments(bar).opts(color=COLOURS[role], line_width=3))
    for role, mark in zip(ROLES, marks or [EMPTY] * 3, strict=True):
        parts.append(el.Scatter(mark).opts(color=COLOURS[role], marker=MARKERS[role], size=9))
    for role, curve in zip(ROLES, theory or [EMPTY] * 3, strict=True):
        parts.append(el.Curve(curve).opts(color=INK, line_width=1.6, line_dash=DASHES[role]))
    for text, align in ((words, "left"), (ends, "right")):
        labels = el.Labels(text or ([], [], []), vdims="text")
        look = {"text_font_size": "13px", "text_color": INK, "text_baseline": "bottom"}
        parts.append(labels.opts(text_align=align, **look))
    axes = {"logx": True, "logy": True, "xlim": (1, 1e3), "ylim": (1e-3, 10), "title": " "}
    return el.Overlay(parts).opts(
        hv.opts.Overlay(show_legend=False, xlabel=" ", ylabel=" ", **axes)
    )


def ticks_of(axis: Axis) -> list[tuple[float, str]]:
    """(value, text): those of the axis, else powers of ten or round numbers, five or so."""
    low, high = axis.limits
    if axis.ticks:
        return list(axis.ticks)
    if not axis.log:
        step = min((s for s in _ROUND if (high - low) / s <= 6.5), default=_ROUND[-1])
        values = (
            np.arange(np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9) + 1) * step + 0.0
        )
        return [(float(v), number(v, 4)) for v in values]
    first, last = np.ceil(np.log10(low) - 1e-9), np.floor(np.log10(high) + 1e-9)
    digits = (1, 3) if last - first < 2 else (1,)
    each = max(1, int(np.ceil((last - first + 1) / 7)))
    powers = np.arange(np.ceil(first / each) * each, last + 1, each)
    if len(digits) > 1:
        powers = np.append(first - 1, powers)
    marks = [digit * 10.0**k for k in powers for digit in digits]
    return [(v, stop(v)) for v in marks if low <= v * (1 + 1e-9) and v <= high * (1 + 1e-9)]


_ROUND = (0.1, 0.2, 0.25, 0.5, 1, 2, 5, 10, 20, 50)


def set_axis(plot: LivePlot, name: str, axis: Axis) -> None:
    """Give a picture another x or y axis, logarithmic or not."""
    figure = plot.figure
    wanted = LogScale if axis.log else LinearScale
    if not isinstance(getattr(figure, f"{name}_scale"), wanted):
        figure.update(**{f"{name}_scale": wanted()})
    bokeh_axis = getattr(figure, f"{name}axis")[0]
    name_ticks(bokeh_axis, *zip(*ticks_of(axis), strict=True))
    getattr(figure, f"{name}grid")[0].ticker = bokeh_axis.ticker
    plot.set(**{f"{name}label": axis.label, f"{name}lim": axis.limits})


def _xy(series):
    return series.x, series.y


def _drawn(series, points: bool):
    """(line, band, mark, bar) of measured numbers."""
    low, high = (series.y if v is None else v for v in (series.low, series.high))
    if points:
        return EMPTY, _NO_BAND, _xy(series), (series.x, low, series.x, high)
    return _xy(series), (series.x, low, high), EMPTY, _NO_BAR


def _measured(series, points: bool) -> dict:
    """Arguments of `chart` for three series, healthy, ill and cured."""
    columns = zip(*[_drawn(s, points) for s in series], strict=True)
    return dict(zip(("lines", "bands", "marks", "bars"), map(list, columns), strict=True))


class Pictures:
    """The three charts, and the card that says how to recognise, explain and cure."""

    def __init__(self):
        self.plots = {key: LivePlot(chart) for key in KEYS}
        self.card = Prose(sizing_mode="stretch_both", margin=(0, 8))
        self._case = None

    def grid(self):
        """The body of the page."""
        course, dose, detail = self.plots.values()
        rows = (*["abc"] * 5, *["ddd"] * 3)
        grid = plot_grid(*rows, min_height=430, a=course, b=dose, c=detail, d=self.card)
        # On a phone the words are as tall as they need to be.
        tall = ":host { height: auto !important; min-height: 640px !important; }"
        grid[3].stylesheets = [f"{PHONE} {{ {tall} }}"]
        return grid

    def choose(self, name: str) -> None:
        """Axes, titles and the card of a case."""
        if name == self._case:
            return
        self._case = name
        self.card.object = card(name)
        # New scales and tickers: Bokeh walks through the page once, not at each of them.
        with pn.io.hold(freeze=True):
            for plot, spec in zip(self.plots.values(), CASES[name].charts, strict=True):
                set_axis(plot, "x", spec.x)
                set_axis(plot, "y", spec.y)
                plot.set(title=spec.title)

    def show(self, outcome: Outcome) -> None:
        """Draw what is known."""
        self.choose(outcome.setting.case)
        runs = [outcome.runs.get(role) for role in ROLES]
        course, _, detail = outcome.case.charts
        extra = outcome.runs[ILL].rules if ILL in outcome.runs else ()
        drawn = (
            _series(course, [run and (run.course, run.course_theory) for run in runs]),
            self._dose(outcome),
            _series(detail, [run and (run.detail, run.detail_theory) for run in runs], extra),
        )
        update_all(*zip(self.plots.values(), drawn, strict=True))

    def _dose(self, outcome: Outcome) -> dict:
        dose = outcome.case.charts[1]
        response = dose_response(outcome)
        at = outcome.case.position(outcome.setting.value)
        return {
            **_measured([response.get(role, NOTHING) for role in ROLES], points=True),
            "theory": [EMPTY, _xy(response["theory"]), EMPTY],
            "cursor": (np.array([at, at]), np.array(dose.y.limits)),
            **_rules(dose),
        }


def _series(spec: Chart, pairs, extra=()) -> dict:
    """Arguments of `chart` for (measured, theory) of the healthy, the ill and the cured, or None.

    extra: more horizontal lines.
    """
    measured, theory = zip(*(pair or (NOTHING, NOTHING) for pair in pairs), strict=True)
    return {
        **_measured(measured, spec.points),
        "theory": [_xy(series) for series in theory],
        **_rules(spec, extra),
    }


def _rules(spec: Chart, at_right=()) -> dict:
    """Horizontal lines through the whole picture, the chart's labelled at their left ends."""
    low, high = spec.x.limits
    heights = [height for _, height in (*spec.rules, *at_right)]
    x = np.tile([low, high, np.nan], len(heights))
    y = np.array([v for height in heights for v in (height, height, np.nan)])
    return {
        "rules": (x, y),
        "words": _at(spec.x, 0.02, spec.rules),
        "ends": _at(spec.x, 0.98, at_right),
    }


def _at(axis: Axis, share: float, rules):
    """Labels of horizontal lines, at a share of the way along the axis."""
    low, high = axis.limits
    x = low * (high / low) ** share if axis.log else low + share * (high - low)
    return [x] * len(rules), [height for _, height in rules], [label for label, _ in rules]


__all__ = ["KEYS", "Pictures", "chart", "set_axis", "ticks_of"]
