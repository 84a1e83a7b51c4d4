"""Random networks drawn as functions on the circle, over what the limit says."""

import numpy as np

from jntk_viz.drawing import elements as el
from jntk_viz.drawing.live import join_curves
from jntk_viz.drawing.theme import BLUE, INK, MUTED, PURPLE, SAMPLE, THEORY

REACH = 3.4  # axes end this many standard deviations of the limit from zero
TICK = 8  # degrees that half a slope tick spans
APART = 60  # degrees between two ticks on one function
_DEGREE = np.pi / 180
_X_AXIS = [(a, f"{a}°") for a in (0, 90, 180, 270, 360)]


def limits(deviation):
    """ylim of `functions`."""
    return -REACH * deviation, REACH * deviation


def closed(values):
    """(…, n) values around the circle, with the first one repeated at 360 degrees."""
    return np.concatenate([values, values[..., :1]], axis=-1)


def _lines(values):
    """Functions (k, n) as one curve, with gaps between them."""
    if not len(values):
        return [], []
    values = closed(values)
    return join_curves(np.linspace(0, 360, values.shape[1]), values)


def touching(functions):
    """Angles and indices of the points that carry ticks: (k, m) each, other places for each one."""
    k, n = functions.shape
    step = 360 // n if n else 1
    index = (np.arange(k)[:, None] + np.arange(0, n, APART // step)) % max(n, 1)
    return step * index, index


def ticks(functions, slopes):
    """Short tangents (x0, y0, x1, y1) to functions (k, n) with slopes (k, n) per radian."""
    angle, index = touching(functions)
    f, slope = (np.take_along_axis(a, index, axis=1) for a in (functions, slopes))
    rise = TICK * _DEGREE * slope
    return tuple(a.ravel() for a in (angle - TICK, f - rise, angle + TICK, f + rise))


def functions(
    networks, slopes, ends, mean, deviation, prior, seen, tangents, angle, level,
    *, xlabel="angle θ of the input x = (cos θ, sin θ)", ylabel="f(x)",
):  # fmt: skip
    """Functions on the circle over the band mean ± 2 deviations. Angles are in degrees.

    networks: (k, n) functions; slopes: (k, n) of them, drawn as ticks, or (0, 0) for points where
    the ticks of the other picture are; ends: (k, n) functions, dashed. mean, deviation: (n,).
    prior: deviation before anything was observed. seen: (x, y) of what was observed here. tangents:
    (angle, slope) of observed slopes, drawn on the mean. angle, level: the cross.
    """
    x = np.linspace(0, 360, len(mean) + 1)
    middle, spread = closed(mean), 2 * closed(deviation)
    parts = ticks(networks, slopes) if len(slopes) else ([], [], [], [])
    edge = 2 * prior * np.ones(2)
    elements = [
        el.Area((x, middle - spread, middle + spread), vdims=["y", "y2"]).opts(
            color=MUTED, alpha=0.22, line_color=None
        ),
        el.Curve(([0, 360, np.nan, 0, 360], [*edge, np.nan, *-edge])).opts(
            color=MUTED, line_width=1.2, line_dash="dotted"
        ),
        el.Curve(_lines(networks)).opts(color=SAMPLE, line_width=1.7, alpha=0.85),
        el.Curve(_lines(ends)).opts(color=BLUE, line_width=1.8, line_dash="dashed"),
        el.Curve((x, middle)).opts(color=THEORY, line_width=2.8),
        el.Segments(parts).opts(color=INK, line_width=2.2),
        el.Scatter(_dots(networks)).opts(color=INK, size=5),
        el.Segments(_tangents(middle, *tangents)).opts(color=PURPLE, line_width=5),
        el.Scatter(seen).opts(color=PURPLE, size=13, line_color="white"),
        el.Curve(([angle, angle], limits(prior))).opts(color=MUTED, line_width=1),
        el.Scatter(([angle], [level])).opts(
            fill_color=None, line_color=PURPLE, line_width=2, size=13, marker="diamond"
        ),
    ]
    return el.Overlay(elements).opts(
        xlim=(0, 360), ylim=limits(prior), xticks=_X_AXIS, show_legend=False, ylabel=ylabel,
        xlabel=xlabel, title=" ",
    )  # fmt: skip


def _dots(functions):
    angle, index = touching(functions)
    return angle.ravel(), np.take_along_axis(functions, index, axis=1).ravel()


def _tangents(middle, angle, slope):
    """Observed slopes, as tangents to the mean: twice as long as the ticks."""
    angle, slope = np.asarray(angle, float), np.asarray(slope, float)
    y = np.interp(angle, np.linspace(0, 360, len(middle)), middle)
    reach = 2 * TICK
    rise = reach * _DEGREE * slope
    return angle - reach, y - rise, angle + reach, y + rise
