"""Curves of networks of three widths over the steps and against the width: views of the page.

Curves of the three widths come as three pairs (steps, values), narrowest first. `at` is the step
that is looked at, marked by a vertical line.
"""

import itertools

import holoviews as hv
import numpy as np

from jntk_viz.drawing import elements as el
from jntk_viz.drawing.theme import AMBER, GREEN, INK, MUTED, THEORY
from jntk_viz.frame.numbers import decimals, stop
from jntk_viz.pages.jntk_constancy.words import THICKNESS, WIDTH_COLOURS

# Where the axes start; they only grow.
DRIFT_LIMITS = (3e-3, 1.0)
TO_LIMIT_LIMITS = (0.05, 2.0)
DEVIATION_LIMITS = (0.02, 2.0)
ERROR_LIMITS = (0.01, 2.0)
LOSS_LIMITS = (3e-3, 5.0)
OUTPUT_LIMITS = (-2.0, 2.0)
NOTHING = (np.array([]), np.array([]))
SLOPE_COLOURS = (GREEN, INK, AMBER)  # drift, distance to the limit, distance from the ODE
SLOPE_MARKERS = ("circle", "square", "triangle")


def log_ticks(low, high):
    """Ticks (place, word) of a logarithmic axis: at most seven, or every second decade if more.

    Bokeh's own are crowded where an axis spans less than two decades, and too few to read beyond.
    """
    first, last = int(np.floor(np.log10(low))), int(np.ceil(np.log10(high)))
    for digits, by in (((1, 3), 1), ((1,), 1), ((1,), 2), ((1,), 4)):
        places = [
            digit * 10.0**k for k in range(first, last + 1) if k % by == 0 for digit in digits
        ]
        places = [place for place in places if low <= place <= high]
        if len(places) <= _MOST_TICKS:
            break
    return [(place, stop(place)) for place in places]


_MOST_TICKS = 7
_STEPS = [(k, str(k)) for k in (1, 3, 10, 30, 100, 300, 1000, 3000)]
_AXES = {
    "logx": True, "xlabel": "step", "xlim": (1, 300), "xticks": _STEPS, "show_legend": False,
}  # fmt: skip
_LOG_Y = {"logy": True, "yticks": log_ticks(*LOSS_LIMITS)}


def _three(curves, **options):
    return [
        el.Curve(curve).opts(color=colour, line_width=thickness, **options)
        for curve, colour, thickness in zip(curves, WIDTH_COLOURS, THICKNESS, strict=True)
    ]


def _marker(at, low=1e-30):
    """A vertical line; step 0 lies left of a logarithmic axis, out of sight."""
    line = ([at, at], [low, 1e30]) if at else NOTHING
    return el.Curve(line).opts(color=MUTED, line_dash="dotted", line_width=2)


def distance(
    curves, at=0, dashed=(NOTHING,) * 3, title="", ylabel="", xlim=(1, 300), ylim=DRIFT_LIMITS
):
    """A relative distance against the step, one colour for each width; both axes logarithmic."""
    axes = _AXES | _LOG_Y | {"xlim": xlim, "ylim": ylim, "ylabel": ylabel, "title": title}
    parts = [_marker(at), *_three(dashed, line_dash="dashed"), *_three(curves)]
    return el.Overlay(parts).opts(hv.opts.Overlay(**axes))


def loss(fit, jacobian, at=0, steps=(), fit_band=None, jacobian_band=None, xlim=(1, 300)):
    """Both parts of the loss: fit solid, Jacobian part dashed, over their infinite-width quantiles.

    fit, jacobian: three curves each. fit_band, jacobian_band: (3, T) quantiles at `steps`.
    """
    nothing = np.empty((3, len(steps)))
    bands = [nothing if band is None else band for band in (fit_band, jacobian_band)]
    areas = [el.Area((steps, band[0], band[2]), vdims=["low", "high"]) for band in bands]
    middles = [el.Curve((steps, band[1])) for band in bands]
    parts = [_marker(at), *(area.opts(color=MUTED, alpha=0.25, line_width=0) for area in areas)]
    parts += _three(fit) + _three(jacobian, line_dash="dashed")
    parts += [
        middle.opts(color=THEORY, line_width=1.6, line_dash=dash)
        for middle, dash in zip(middles, ("solid", "dashed"), strict=True)
    ]
    title = "Loss: fit (solid), Jacobian (dashed)"
    axes = _AXES | _LOG_Y | {"xlim": xlim, "ylim": LOSS_LIMITS, "ylabel": "½ mean square"}
    return el.Overlay(parts).opts(hv.opts.Overlay(title=title, **axes))


def outputs(which, network, ode, at=0, title="", ylabel="", xlim=(1, 300), ylim=OUTPUT_LIMITS):
    """One output or slope at a few points over the steps, and the linear equation in black.

    which: 0, 1, 2, the width by whose colour the network is drawn. network, ode: (steps, values).
    """
    chosen = [network if i == which else NOTHING for i in range(3)]
    parts = [_marker(at, -1e30), *_three(chosen), el.Curve(ode).opts(color=THEORY, line_width=1.4)]
    axes = _AXES | {"xlim": xlim, "ylim": ylim, "ylabel": ylabel, "title": title}
    return el.Overlay(parts).opts(hv.opts.Overlay(**axes))


def parity(which, train, test, lim=OUTPUT_LIMITS):
    """All values and slopes at one moment, network against linear equation, and the diagonal.

    train, test: (ode, network), two vectors each; rings and dots.
    """
    wide = [-1e3, 1e3]
    parts = [el.Curve((wide, wide)).opts(color=THEORY, line_width=1.4)]
    for i, colour in enumerate(WIDTH_COLOURS):
        ring, dot = (el.Scatter(pair if i == which else NOTHING) for pair in (train, test))
        parts.append(
            ring.opts(size=8, fill_alpha=0, line_color=colour, color=colour, line_width=1.2)
        )
        parts.append(dot.opts(size=5, color=colour, alpha=0.8))
    axes = {"xlim": lim, "ylim": lim, "xlabel": "linear equation", "ylabel": "network"}
    return el.Overlay(parts).opts(hv.opts.Overlay(title=" ", show_legend=False, **axes))


def width_errors(points, laws, widths, xlim=(20, 900), ylim=ERROR_LIMITS):
    """Errors against the width with fitted power laws, and a dotted line of slope −1/2.

    All lines span the widths of the points that are shown, and no others.

    points: three pairs (widths, errors), one for each quantity. laws: three PowerLaw or None.
    widths: narrow to wide.
    """
    fits = [
        (ends := _ends(shown), law(ends)) if law else NOTHING
        for (shown, _), law in zip(points, laws, strict=True)
    ]
    top = max((float(np.max(y)) for _, y in points if np.size(y)), default=1.0)
    labels = _slope_labels(fits, laws, top)
    ends = _ends(np.concatenate([shown for shown, _ in points]))
    guide = (ends, (ends / widths[0]) ** -0.5) if ends.size else NOTHING
    parts = [el.Curve(guide).opts(color=MUTED, line_dash="dotted", line_width=2)]
    for pair, fit, colour, marker in zip(points, fits, SLOPE_COLOURS, SLOPE_MARKERS, strict=True):
        parts.append(el.Curve(fit).opts(color=colour, line_width=1.8))
        parts.append(el.Scatter(pair).opts(color=colour, marker=marker, size=8))
    parts.append(
        el.Labels(labels, vdims="text").opts(
            text_font_size="14px", text_color=INK, text_align="left", text_baseline="middle"
        )
    )
    axes = _AXES | _LOG_Y | {"xlabel": "width", "xticks": list(widths), "xlim": xlim}
    labels = {"title": "Errors against width", "ylabel": "relative error"}
    return el.Overlay(parts).opts(hv.opts.Overlay(ylim=ylim, **axes, **labels))


def _ends(widths):
    """The narrowest and the widest, if there are two."""
    few = np.unique(widths).astype(float)
    return few[[0, -1]] if few.size > 1 else np.array([])


def _slope_labels(fits, laws, top):
    """(x, y, text) beside the right ends of the fitted lines, moved apart where they are close.

    - `top`: the largest of the errors, above which no label lies.
    """
    names = ("start", "limit", "ODE")
    labels = [
        [1.15 * fit[0][-1], fit[1][-1], f"{name} {decimals(law.slope)}"]
        for fit, law, name in zip(fits, laws, names, strict=True)
        if law
    ]
    labels.sort(key=lambda label: label[1])
    for below, above in itertools.pairwise(labels):
        above[1] = max(above[1], 2.6 * below[1])
    # What has been moved above all that is shown would be cut off there.
    over = max((label[1] / top for label in labels[-1:]), default=1.0)
    for label in labels:
        label[1] /= max(over, 1.0)
    return tuple(zip(*labels, strict=True)) or ([], [], [])


def widen(limits, values, factor=3.0, most=5):
    """`limits`, extended outwards by powers of `factor` until all finite positive `values` fit.

    At most by factor^most on either side: what explodes leaves the picture.
    """
    low, high = limits
    values = np.concatenate([np.ravel(v) for v in values]) if len(values) else np.array([])
    values = values[np.isfinite(values) & (values > 0)]
    if values.size:
        down = np.ceil(np.log(low / values.min()) / np.log(factor))
        up = np.ceil(np.log(values.max() / high) / np.log(factor))
        low, high = low / factor ** np.clip(down, 0, most), high * factor ** np.clip(up, 0, most)
    return float(low), float(high)
