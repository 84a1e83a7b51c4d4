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

ERROR_LIMITS = (3e-3, 2.0)
LOSS_LIMITS = (3e-3, 5.0)
OUTPUT_LIMITS = (-2.0, 2.0)
NOTHING = (np.array([]), np.array([]))
SLOPE_COLOURS = ("#00785A", INK, "#8a5a00")  # drift, distance to the limit, distance from the ODE
SLOPE_MARKERS = ("circle", "square", "triangle")

_AXES = {"logx": True, "xlabel": "step", "xlim": (1, 300), "show_legend": False}


def _three(curves, **options):
    return [
        hv.Curve(curve).opts(color=colour, line_width=thickness, **options)
        for curve, colour, thickness in zip(curves, WIDTH_COLOURS, THICKNESS, strict=True)
    ]


def distance(curves, title="", ylabel="", xlim=(1, 300), ylim=ERROR_LIMITS):
    """A relative distance against the step, one colour for each width; both axes logarithmic."""
    axes = _AXES | {"xlim": xlim, "ylim": ylim, "logy": True, "ylabel": ylabel, "title": title}
    return hv.Overlay(_three(curves)).opts(hv.opts.Overlay(**axes), hv.opts.Curve(logy=True))


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
    title = "Loss: fit (solid), Jacobian part (dashed)"
    axes = _AXES | {"xlim": xlim, "ylim": LOSS_LIMITS, "ylabel": "", "title": title, "logy": True}
    return hv.Overlay(parts).opts(hv.opts.Overlay(**axes))


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
    axes = _AXES | {"xlim": xlim, "ylim": ylim, "ylabel": "", "title": " "}
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
            text_font_size="12px", text_color=INK, text_align="left", text_baseline="middle"
        )
    )
    axes = _AXES | {
        "xlabel": "width",
        "xticks": list(widths),
        "xlim": xlim,
        "ylim": ylim,
        "ylabel": "",
        "logy": True,
    }
    return hv.Overlay(parts).opts(hv.opts.Overlay(title="Errors against width", **axes))


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
        above[1] = max(above[1], 1.6 * below[1])
    return tuple(zip(*labels, strict=True)) or ([], [], [])


def widen(limits, values, factor=3.0):
    """`limits`, extended outwards by powers of `factor` until all finite positive `values` fit."""
    low, high = limits
    values = np.concatenate([np.ravel(v) for v in values]) if len(values) else np.array([])
    values = values[np.isfinite(values) & (values > 0)]
    if values.size:
        low /= factor ** max(0, np.ceil(np.log(low / values.min()) / np.log(factor)))
        high *= factor ** max(0, np.ceil(np.log(values.max() / high) / np.log(factor)))
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
            ylabel="‖Θₜ − Θ‖ / ‖Θ‖",
        )  # fmt: skip
        self.deviation = LivePlot(
            distance, curves=nothing, title="Outputs: distance from the linear ODE",
            ylabel="‖uₜ − ODE‖ / ‖ODE‖",
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
        curves = {q: lines(records, widths, q) for q in (*QUANTITIES, "fit", "jacobian")}
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
            self._set_axes(curves, points)
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
        largest = max((np.nanmax(np.abs(v), initial=0) for _, v in data.values()), default=0)
        self.outputs.set(ylim=(-max(2, 1.1 * largest), max(2, 1.1 * largest)))

    def _set_axes(self, curves, points):
        """Steps and widths on the x axes; y axes only ever grow within one run."""
        steps, widths = self.progress.settings.steps, self.progress.settings.widths
        errors = [y for q in QUANTITIES for _, y in curves[q]] + [y for _, y in points]
        band = self.progress.band
        losses = [y for q in ("fit", "jacobian") for _, y in curves[q]]
        losses += [band.fit, band.jacobian]
        limits = {
            "error": widen(self._limits.get("error", ERROR_LIMITS), errors),
            "loss": widen(self._limits.get("loss", LOSS_LIMITS), losses),
        }
        for plot in (self.drift, self.to_limit, self.deviation):
            plot.set(xlim=(1, steps), ylim=limits["error"])
        self.errors.figure.xaxis[0].ticker.ticks = list(widths)
        self.errors.set(xlim=(widths[0] / 1.5, 6 * widths[-1]), ylim=limits["error"])
        self.loss.set(xlim=(1, steps), ylim=limits["loss"])
        self.outputs.set(xlim=(1, steps))
        self._limits = limits
