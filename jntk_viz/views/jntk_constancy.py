"""Pictures of networks of three widths in training, beside their infinite-width limit.

Curves of the three widths come as three pairs (steps, values), narrowest first.
"""

import itertools

import holoviews as hv
import numpy as np
import panel as pn

from jntk_viz.studies.jntk_constancy import QUANTITIES, final_errors, lines, trajectories
from jntk_viz.views.jntk_constancy_text import (
    BAND,
    NO_DETAILS,
    THICKNESS,
    WIDTH_COLOURS,
    details,
    headline_text,
    sentence,
)
from jntk_viz.views.live import LivePlot, update_all
from jntk_viz.views.parts import Headline, plot_grid
from jntk_viz.views.theme import INK, THEORY

# Where the axes start; they only grow.
DRIFT_LIMITS = (3e-3, 1.0)
TO_LIMIT_LIMITS = (0.05, 2.0)
DEVIATION_LIMITS = (0.02, 2.0)
ERROR_LIMITS = (0.01, 2.0)
LOSS_LIMITS = (3e-3, 5.0)
OUTPUT_LIMITS = (-2.0, 2.0)
NOTHING = (np.array([]), np.array([]))
SLOPE_COLOURS = ("#00785A", INK, "#8a5a00")  # drift, distance to the limit, distance from the ODE
SLOPE_MARKERS = ("circle", "square", "triangle")

# Bokeh's own ticks are crowded where a logarithmic axis spans less than two decades.
_TICKS = [
    (digit * 10.0**k, f"{digit * 10.0**k:g}")
    for k in range(-9, 10)
    for digit in ((1, 3) if -4 < k < 4 else (1,))
]
_AXES = {
    "logx": True, "xlabel": "step", "xlim": (1, 300), "xticks": _TICKS, "show_legend": False,
}  # fmt: skip
_LOG_Y = {"logy": True, "yticks": _TICKS}


def _three(curves, **options):
    return [
        hv.Curve(curve).opts(color=colour, line_width=thickness, **options)
        for curve, colour, thickness in zip(curves, WIDTH_COLOURS, THICKNESS, strict=True)
    ]


def distance(curves, title="", ylabel="", xlim=(1, 300), ylim=DRIFT_LIMITS):
    """A relative distance against the step, one colour for each width; both axes logarithmic."""
    axes = _AXES | _LOG_Y | {"xlim": xlim, "ylim": ylim, "ylabel": ylabel, "title": title}
    return hv.Overlay(_three(curves)).opts(hv.opts.Overlay(**axes))


def loss(fit, jacobian, steps=(), fit_band=None, jacobian_band=None, xlim=(1, 300)):
    """Both parts of the loss: fit solid, Jacobian part dashed, over their infinite-width quantiles.

    fit, jacobian: three curves each. fit_band, jacobian_band: (3, T) quantiles at `steps`.
    """
    nothing = np.empty((3, len(steps)))
    bands = [nothing if band is None else band for band in (fit_band, jacobian_band)]
    areas = [hv.Area((steps, band[0], band[2]), vdims=["low", "high"]) for band in bands]
    middles = [hv.Curve((steps, band[1])) for band in bands]
    parts = [area.opts(color=BAND, alpha=0.35, line_width=0) for area in areas]
    parts += _three(fit) + _three(jacobian, line_dash="dashed")
    parts += [
        middle.opts(color=THEORY, line_width=1.6, line_dash=dash)
        for middle, dash in zip(middles, ("solid", "dashed"), strict=True)
    ]
    title = "Loss: fit (solid), Jacobian (dashed)"
    axes = _AXES | _LOG_Y | {"xlim": xlim, "ylim": LOSS_LIMITS, "ylabel": "½ mean square"}
    return hv.Overlay(parts).opts(hv.opts.Overlay(title=title, **axes))


def outputs(which, f, f_ode, jacobian, jacobian_ode, xlim=(1, 300), ylim=OUTPUT_LIMITS):
    """f (solid) and one Jacobian entry (dashed) over the steps, and the linear equation in black.

    which: 0, 1, 2, the width by whose colour the network is drawn.
    """
    chosen = [[c if i == which else NOTHING for i in range(3)] for c in (f, jacobian)]
    parts = _three(chosen[0]) + _three(chosen[1], line_dash="dashed")
    black = {"color": THEORY, "line_width": 1.4}
    parts += [
        hv.Curve(f_ode).opts(**black),
        hv.Curve(jacobian_ode).opts(line_dash="dashed", **black),
    ]
    axes = _AXES | {"xlim": xlim, "ylim": ylim, "ylabel": "f, ∂f/∂x₁", "title": " "}
    return hv.Overlay(parts).opts(hv.opts.Overlay(**axes))


def width_errors(points, laws, widths, xlim=(20, 900), ylim=ERROR_LIMITS):
    """Errors against the width with fitted power laws, and a dotted line of slope −1/2.

    points: three pairs (widths, errors), one for each quantity. laws: three PowerLaw or None.
    widths: narrow to wide.
    """
    ends = np.array([widths[0], widths[-1]], dtype=float)
    fits = [(ends, law(ends)) if law else NOTHING for law in laws]
    labels = _slope_labels(fits, laws)
    parts = [
        hv.Curve((ends, (ends / ends[0]) ** -0.5)).opts(
            color=BAND, line_dash="dotted", line_width=2
        )
    ]
    for pair, fit, colour, marker in zip(points, fits, SLOPE_COLOURS, SLOPE_MARKERS, strict=True):
        parts.append(hv.Curve(fit).opts(color=colour, line_width=1.8))
        parts.append(hv.Scatter(pair).opts(color=colour, marker=marker, size=7))
    parts.append(
        hv.Labels(labels, vdims="text").opts(
            text_font_size="13px", text_color=INK, text_align="left", text_baseline="middle"
        )
    )
    axes = _AXES | _LOG_Y | {"xlabel": "width", "xticks": list(widths), "xlim": xlim}
    labels = {"title": "Errors against width", "ylabel": "relative error"}
    return hv.Overlay(parts).opts(hv.opts.Overlay(ylim=ylim, **axes, **labels))


def _slope_labels(fits, laws):
    """(x, y, text) beside the right ends of the fitted lines, moved apart where they are close."""
    names = ("start", "limit", "ODE")
    labels = [
        [1.15 * fit[0][-1], fit[1][-1], f"{name} {law.slope:.2f}".replace("-", "−")]
        for fit, law, name in zip(fits, laws, names, strict=True)
        if law
    ]
    labels.sort(key=lambda label: label[1])
    for below, above in itertools.pairwise(labels):
        above[1] = max(above[1], 1.8 * below[1])
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


class Pictures:
    """The six plots of the page, its headline and the lines below that."""

    def __init__(self):
        nothing = [NOTHING] * 3
        self.drift = LivePlot(
            distance, curves=nothing, title="Kernel: distance from its start",
            ylabel="‖Θₜ − Θ₀‖ / ‖Θ₀‖",
        )  # fmt: skip
        self.to_limit = LivePlot(
            distance, curves=nothing, title="Kernel: distance from its limit",
            ylabel="‖Θₜ − Θ‖ / ‖Θ‖", ylim=TO_LIMIT_LIMITS,
        )  # fmt: skip
        self.deviation = LivePlot(
            distance, curves=nothing, title="Outputs: distance from the ODE",
            ylabel="‖uₜ − ODE‖ / ‖ODE‖", ylim=DEVIATION_LIMITS,
        )  # fmt: skip
        self.errors = LivePlot(width_errors, points=nothing, laws=[None] * 3, widths=(32, 128, 512))
        self.loss = LivePlot(loss, fit=nothing, jacobian=nothing)
        self.outputs = LivePlot(
            outputs, which=2, f=NOTHING, f_ode=NOTHING, jacobian=NOTHING, jacobian_ode=NOTHING
        )
        self.headline = Headline(sentence("Computing the limiting kernel …") + NO_DETAILS)
        self.progress, self._limits = None, {}

    def grid(self):
        """The plots, as the body of the page."""
        return plot_grid(
            "abe", "cdf", min_height=410,
            a=self.drift, b=self.to_limit, e=self.errors,
            c=self.loss, d=self.outputs, f=self.deviation,
        )  # fmt: skip

    def show(self, progress, which: int):
        """Draw a run so far; `which` width's outputs are drawn (0, 1, 2)."""
        if self.progress is None or self.progress.settings is not progress.settings:
            self._limits = {}
        self.progress = progress
        settings, records, band = progress.settings, progress.records, progress.band
        summary, widths = final_errors(records), settings.widths
        curves = {q: lines(records, widths, q) for q in QUANTITIES}
        # One network of each width: more of them would hide each other.
        firsts = [r for r in records if r.network == 0]
        curves |= {q: lines(firsts, widths, q) for q in ("fit", "jacobian")}
        points = [summary.errors[q] for q in QUANTITIES]
        laws = [summary.laws.get(q) for q in QUANTITIES]
        bands = {"steps": band.steps, "fit_band": band.fit, "jacobian_band": band.jacobian}
        with pn.io.hold():
            update_all(
                (self.drift, {"curves": curves["drift"]}),
                (self.to_limit, {"curves": curves["to_limit"]}),
                (self.deviation, {"curves": curves["deviation"]}),
                (self.errors, {"points": points, "laws": laws, "widths": widths}),
                (self.loss, {"fit": curves["fit"], "jacobian": curves["jacobian"], **bands}),
            )
            self._set_axes(progress, curves, points)
            self.follow(which)
            self.headline.set(
                sentence(headline_text(summary, settings)) + details(settings, progress.problem)
            )

    def follow(self, which: int):
        """Draw the outputs of another width."""
        if self.progress is None:
            return
        width = self.progress.settings.widths[which]
        data = trajectories(self.progress.records, width)
        self.outputs.update(which=which, **data)
        self.outputs.set(title=f"f (solid), ∂f/∂x₁ (dashed), width {width}")
        largest = max(np.nanmax(np.abs(v), initial=0) for _, v in data.values())
        top = np.clip(1.1 * largest, OUTPUT_LIMITS[1], 10)
        self.outputs.set(ylim=(-top, top))

    def _set_axes(self, progress, curves, points):
        """Steps and widths on the x axes; y axes only ever grow within one run."""
        settings, band = progress.settings, progress.band
        steps, widths = settings.steps, settings.widths
        drawn = {q: [y for _, y in curves[q]] for q in curves}
        losses = [*drawn["fit"], *drawn["jacobian"], band.fit, band.jacobian]
        axes = (
            (self.drift, DRIFT_LIMITS, drawn["drift"]),
            (self.to_limit, TO_LIMIT_LIMITS, drawn["to_limit"]),
            (self.deviation, DEVIATION_LIMITS, drawn["deviation"]),
            (self.loss, LOSS_LIMITS, losses),
            (self.errors, ERROR_LIMITS, [y for _, y in points]),
        )
        for plot, start, values in axes:
            (low, high), shown = widen(start, values), self._limits.get(plot, start)
            limits = self._limits[plot] = min(low, shown[0]), max(high, shown[1])
            plot.set(xlim=(1, steps), ylim=limits)
        self.errors.figure.xaxis[0].ticker.ticks = list(widths)
        self.errors.set(xlim=(widths[0] / 1.5, 6 * widths[-1]))
        self.outputs.set(xlim=(1, steps))
