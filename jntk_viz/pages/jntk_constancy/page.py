"""The kernel that stays put: networks of three widths in training, beside their infinite width."""

import numpy as np
import panel_material_ui as pmui

from jntk_viz import frame
from jntk_viz.drawing.figures import name_ticks
from jntk_viz.drawing.live import LivePlot, update_all
from jntk_viz.frame.blocks import heat_map, name_blocks
from jntk_viz.frame.controls import play_button
from jntk_viz.frame.parts import plot_grid, tabbed
from jntk_viz.pages.jntk_constancy import training
from jntk_viz.pages.jntk_constancy import words as text
from jntk_viz.pages.jntk_constancy.answers import answers
from jntk_viz.pages.jntk_constancy.curve_pictures import (
    DEVIATION_LIMITS,
    DRIFT_LIMITS,
    ERROR_LIMITS,
    LOSS_LIMITS,
    NOTHING,
    OUTPUT_LIMITS,
    TO_LIMIT_LIMITS,
    distance,
    log_ticks,
    loss,
    outputs,
    parity,
    widen,
    width_errors,
)
from jntk_viz.pages.jntk_constancy.formulas import FORMULAS
from jntk_viz.pages.jntk_constancy.measures import (
    QUANTITIES,
    at_moment,
    errors_at,
    lines,
    regime,
    trajectories,
)
from jntk_viz.pages.jntk_constancy.regime_pictures import regime_limits, regime_picture
from jntk_viz.pages.jntk_constancy.script import script
from jntk_viz.pages.jntk_constancy.state import SOURCES, JNTKConstancyState, Settings

_POINTS = 3  # whose outputs are drawn
_LARGEST = 10.0  # of outputs that are drawn: what explodes leaves the picture


class JNTKConstancy(frame.Content):
    """Three views of one run: how far kernels move, the outputs, the kernel itself."""

    name = "jntk_constancy"
    question = "The wider the network, the less its Jacobian NTK moves while it trains"
    rows = (  # in pairs, so that all are seen at once on a projector
        "data", ("points", "networks"), "activation", ("depth", "kappa"), "widest", "lam", "rate",
        "steps", "moment", ("again", "play"), ("followed", "against"),
    )  # fmt: skip
    views = {"followed": ("outputs", "kernel"), "against": ("kernel",)}  # noqa: RUF012
    slow = Settings._fields
    formulas = FORMULAS
    sources = SOURCES
    script = staticmethod(script)

    def __init__(self):
        super().__init__(JNTKConstancyState())
        self._training_plots()
        self._outputs_plots()
        self._kernel_plots()
        self.plots = {
            "drift": self.drift, "to_limit": self.to_limit, "loss": self.loss,
            "errors": self.errors,
            "f_train": self.curves["training", 0], "slope_train": self.curves["training", 1],
            "f_test": self.curves["test", 0], "slope_test": self.curves["test", 1],
            "parity": self.parity, "deviation": self.deviation,
            "theta": self.theta, "limit": self.limit, "difference": self.difference,
            "regime": self.regime,
        }  # fmt: skip

    def _training_plots(self):
        nothing = [NOTHING] * 3
        self.drift = LivePlot(
            distance, curves=nothing, title="Kernel: distance from its start",
            ylabel="‖Θₜ − Θ₀‖ / ‖Θ₀‖",
        )  # fmt: skip
        self.to_limit = LivePlot(
            distance, curves=nothing, title="Kernel: distance from its limit",
            ylabel="‖Θₜ − Θ‖ / ‖Θ‖", ylim=TO_LIMIT_LIMITS,
        )  # fmt: skip
        self.loss = LivePlot(loss, fit=nothing, jacobian=nothing)
        self.errors = LivePlot(width_errors, points=nothing, laws=[None] * 3, widths=(32, 128, 512))

    def _outputs_plots(self):
        empty = {"which": 2, "network": NOTHING, "ode": NOTHING}
        # Which row of a snapshot and which column each picture draws.
        self.curves = {
            (kind, column): LivePlot(outputs, **empty, title=f"{name}, {kind} points", ylabel=name)
            for kind in ("training", "test")
            for column, name in ((0, "f"), (1, "∂f/∂x₁"))
        }
        self.parity = LivePlot(parity, which=2, train=NOTHING, test=NOTHING)
        self.deviation = LivePlot(
            distance, curves=[NOTHING] * 3, title="Distance from the\nlinear equation",
            ylabel="‖uₜ − ODE‖ / ‖ODE‖", ylim=DEVIATION_LIMITS,
        )  # fmt: skip

    def _kernel_plots(self):
        zero = {"kernel": np.zeros((1, 2, 1, 2)), "scale": 1.0}
        self.theta = LivePlot(heat_map, colorbar=True, title="Θₜ of the network", **zero)
        self.limit = LivePlot(heat_map, title="Limit Θ", min_height=150, **zero)
        self.difference = LivePlot(heat_map, title="Difference", min_height=150, **zero)
        self.regime = LivePlot(regime_picture, regime=None, widths=(32, 128, 512))

    def plan(self, known):
        return training.plan(self.state, known)

    def say(self, known):
        progress = training.progress_of(self.state, known)
        return None if progress is None else text.headline(self.state, progress)

    def buttons(self):
        again = pmui.Button(label="Train again", size="small", variant="contained", margin=(4, 10))
        again.on_click(lambda _: self.controller.again())
        return {"again": again, "play": play_button(self.state, "moment")}

    def answers(self):
        return answers(self.state)

    def body(self):
        """The three views, of which the state's `view` is shown."""
        c = self.curves
        return tabbed(
            self.state, "view",
            training=plot_grid(
                "ab", "cd", min_height=400,
                a=self.drift, b=self.to_limit, c=self.loss, d=self.errors,
            ),
            outputs=plot_grid(
                "abe", "cdf", min_height=400,
                a=c["training", 0], b=c["test", 0], c=c["training", 1], d=c["test", 1],
                e=self.parity, f=self.deviation,
            ),
            kernel=plot_grid(
                "aaabbddd", "aaaccddd", min_height=390,
                a=self.theta, b=self.limit, c=self.difference, d=self.regime,
            ),
        )  # fmt: skip

    def draw(self, known):
        progress = training.progress_of(self.state, known)
        if progress is not None:
            self.draw_run(progress)

    def draw_run(self, progress):
        """Draw what the state looks at of a run so far: a view, a moment, a network."""
        {"training": self._training, "outputs": self._outputs, "kernel": self._kernel}[
            self.state.view
        ](progress)

    def _training(self, progress):
        settings, _, band, records = progress
        widths, at = settings.widths, self.state.shown_step
        summary = errors_at(records, at)
        curves = {q: lines(records, widths, q) for q in ("drift", "to_limit")}
        # One network of each width: more of them would hide each other.
        firsts = [r for r in records if r.network == 0]
        curves |= {q: lines(firsts, widths, q) for q in ("fit", "jacobian")}
        points = [summary.errors[q] for q in QUANTITIES]
        laws = [summary.laws.get(q) for q in QUANTITIES]
        bands = {"steps": band.steps, "fit_band": band.fit, "jacobian_band": band.jacobian}
        losses = {"fit": curves["fit"], "jacobian": curves["jacobian"], **bands}
        update_all(
            (self.drift, {"curves": curves["drift"], "at": at}),
            (self.to_limit, {"curves": curves["to_limit"], "at": at}),
            (self.errors, {"points": points, "laws": laws, "widths": widths}),
            (self.loss, {**losses, "at": at}),
        )
        drawn = {q: [y for _, y in curves[q]] for q in curves}
        self._widen(self.drift, DRIFT_LIMITS, drawn["drift"], settings.steps)
        self._widen(self.to_limit, TO_LIMIT_LIMITS, drawn["to_limit"], settings.steps)
        losses_drawn = [*drawn["fit"], *drawn["jacobian"], band.fit, band.jacobian]
        self._widen(self.loss, LOSS_LIMITS, losses_drawn, settings.steps)
        # Of all moments, so that the axis stays while one looks back.
        every = [[getattr(r, q) for r in records] for q in QUANTITIES]
        self._widen(self.errors, ERROR_LIMITS, every)
        self.errors.figure.xaxis[0].ticker.ticks = list(widths)
        title = f"Errors against width, step {summary.step}"
        self.errors.set(xlim=(widths[0] / 1.5, 6 * widths[-1]), title=title)

    def _widen(self, plot, start, values, steps=None):
        """The x axis up to `steps`; the y axis shows all values of the run so far."""
        limits = widen(start, values)
        plot.set(xlim=(1, steps) if steps else None, ylim=limits)
        plot.when_drawn(
            lambda figure: name_ticks(figure.yaxis[0], *zip(*log_ticks(*limits), strict=True))
        )

    def _outputs(self, progress):
        settings, problem, _, records = progress
        which, width, at = self.state.which, self.state.width, self.state.shown_step
        n = len(problem.x)
        for (kind, column), plot in self.curves.items():
            count = min(_POINTS, n if kind == "training" else len(problem.x_test))
            rows = np.arange(count) + (0 if kind == "training" else n)
            network, ode = trajectories(records, width, rows, column)
            plot.update(which=which, network=network, ode=ode, at=at)
        self._share_axes(settings.steps)
        record = at_moment(records, width, at)
        self._parity(progress, record)
        firsts = [r for r in records if r.network == 0]
        distances = lines(records, settings.widths, "deviation")
        dashed = lines(firsts, settings.widths, "deviation_train")
        self.deviation.update(curves=distances, dashed=dashed, at=at)
        values = [y for _, y in [*distances, *dashed]]
        self._widen(self.deviation, DEVIATION_LIMITS, values, settings.steps)

    def _share_axes(self, steps):
        """One y axis for both pictures of f, one for both of the slope."""
        for column in (0, 1):
            plots = [self.curves[kind, column] for kind in ("training", "test")]
            values = [v for p in plots for v in (p.data["network"][1], p.data["ode"][1])]
            largest = max(np.nanmax(np.abs(v), initial=0) for v in values)
            top = np.clip(1.1 * largest, OUTPUT_LIMITS[1], _LARGEST)
            for plot in plots:
                plot.set(xlim=(1, steps), ylim=(-top, top))

    def _parity(self, progress, record):
        if record is None:
            self.parity.update(which=self.state.which, train=NOTHING, test=NOTHING)
            self.parity.set(title="All outputs")
            return
        n = len(progress.problem.x)
        ode, found = record.snapshot.ode, record.snapshot.outputs
        pairs = [(ode[part].ravel(), found[part].ravel()) for part in (slice(n), slice(n, None))]
        self.parity.update(which=self.state.which, train=pairs[0], test=pairs[1])
        # As far as the network ever goes, so that the axes stay while one looks back.
        of_width = [
            r.snapshot.outputs
            for r in progress.records
            if r.snapshot is not None and r.width == record.width
        ]
        top = np.clip(1.1 * max(np.abs(v).max() for v in of_width), OUTPUT_LIMITS[1], _LARGEST)
        self.parity.set(
            title=f"All outputs, step {record.step}", xlim=(-top, top), ylim=(-top, top)
        )

    def _kernel(self, progress):
        records, at, widths = progress.records, self.state.shown_step, progress.settings.widths
        self._heat_maps(progress, at_moment(records, self.state.width, at))
        # Of all moments, so that the axes stay while one looks back.
        xlim, ylim = regime_limits(regime(progress), widths)
        self.regime.update(regime=regime(progress, at), xlim=xlim, ylim=ylim, widths=widths)
        self.regime.set(xlim=xlim, ylim=ylim)

    def _heat_maps(self, progress, record):
        problem = progress.problem
        kept = [r.snapshot.kernel for r in progress.records if r.snapshot is not None]
        k = kept[0].shape[0] if kept else 1
        order = np.argsort(problem.y[:k], kind="stable")  # one class after the other
        limit = problem.theta[:k, :, :k][order][:, :, order]
        finite = difference = np.full_like(limit, np.nan)
        step = ""
        if record is not None:
            own = [r for r in progress.records if r.width == record.width and r.snapshot]
            start, finite = (
                r.snapshot.kernel[order][:, :, order].astype(float) for r in (own[0], record)
            )
            difference = finite - (start if self.state.against == "start" else limit)
            step = f", step {record.step}"
        scale = float(np.abs(limit).max())
        update_all(
            (self.theta, {"kernel": finite, "scale": scale}),
            (self.limit, {"kernel": limit, "scale": scale}),
            (self.difference, {"kernel": difference, "scale": scale}),
        )
        titles = (f"Θₜ, width {self.state.width}{step}", "Limit Θ",
                  "Θₜ − Θ₀" if self.state.against == "start" else "Θₜ − Θ")  # fmt: skip
        plots = (self.theta, self.limit, self.difference)
        for plot, title in zip(plots, titles, strict=True):
            plot.set(title=title, clim=(-scale, scale))
            name_blocks(plot.figure, limit.shape[1])


def app():
    """The page; its state is in the address."""
    return frame.show(JNTKConstancy())
