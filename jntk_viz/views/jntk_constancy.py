"""Networks of three widths in training, beside their infinite width: pictures and headline."""

import numpy as np
import panel as pn

from jntk_viz.studies.jntk_constancy_measures import (
    QUANTITIES,
    at_moment,
    errors_at,
    fate,
    finished,
    lines,
    regime,
    trajectories,
)
from jntk_viz.studies.jntk_constancy_training import Progress
from jntk_viz.views import jntk_constancy_text as text
from jntk_viz.views.jntk_constancy_curves import (
    DEVIATION_LIMITS,
    DRIFT_LIMITS,
    ERROR_LIMITS,
    LOSS_LIMITS,
    NOTHING,
    OUTPUT_LIMITS,
    TO_LIMIT_LIMITS,
    distance,
    loss,
    outputs,
    parity,
    widen,
    width_errors,
)
from jntk_viz.views.jntk_constancy_kernel import (
    heat_map,
    name_blocks,
    regime_limits,
    regime_picture,
)
from jntk_viz.views.live import LivePlot, update_all
from jntk_viz.views.parts import Answer, Headline, plot_grid, tabbed

_POINTS = 3  # whose outputs are drawn
_LARGEST = 10.0  # of outputs that are drawn: what explodes leaves the picture


class Pictures:
    """The plots of the three views, the headline and the lines below that.

    `show(progress)` draws a run so far, `look()` another moment or network of it; of both only
    what the chosen view shows.
    """

    def __init__(self, state):
        self.state, self._limits = state, {}
        self.progress: Progress | None = None
        self.headline = Headline(text.sentence("Computing the limiting kernel …") + text.NO_DETAILS)
        self._training_plots()
        self._outputs_plots()
        self._kernel_plots()

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
            distance, curves=[NOTHING] * 3, title="Distance from the linear equation",
            ylabel="‖uₜ − ODE‖ / ‖ODE‖", ylim=DEVIATION_LIMITS,
        )  # fmt: skip

    def _kernel_plots(self):
        zero = {"kernel": np.zeros((1, 2, 1, 2)), "scale": 1.0}
        self.theta = LivePlot(heat_map, colorbar=True, title="Θₜ of the network", **zero)
        self.limit = LivePlot(heat_map, title="Limit Θ", min_height=150, **zero)
        self.difference = LivePlot(heat_map, title="Difference", min_height=150, **zero)
        self.regime = LivePlot(regime_picture, regime=None, widths=(32, 128, 512))

    @property
    def plots(self) -> dict[str, LivePlot]:
        """All pictures by the keys that presets use."""
        return {
            "drift": self.drift, "to_limit": self.to_limit, "loss": self.loss,
            "errors": self.errors,
            "f_train": self.curves["training", 0], "slope_train": self.curves["training", 1],
            "f_test": self.curves["test", 0], "slope_test": self.curves["test", 1],
            "parity": self.parity, "deviation": self.deviation,
            "theta": self.theta, "limit": self.limit, "difference": self.difference,
            "regime": self.regime,
        }  # fmt: skip

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

    def show(self, progress):
        """Draw a run so far."""
        if self.progress is None or self.progress.settings is not progress.settings:
            self._limits = {}
        self.progress = progress
        self.look()

    def look(self):
        """Draw what the state looks at: a view, a moment, a network."""
        if self.progress is None:
            return
        draw = {"training": self._training, "outputs": self._outputs, "kernel": self._kernel}
        with pn.io.hold():
            self.headline.set(draw[self.state.view](self.progress))

    def _step(self, progress) -> int:
        """The step looked at, in the run that is drawn."""
        return int(progress.settings.moments[self.state.moment])

    @property
    def _which(self) -> int:
        return self.state.param.followed.objects.index(self.state.followed)

    def _width(self, progress) -> int:
        return progress.settings.widths[self._which]

    def _training(self, progress) -> str:
        settings, problem, band, records = progress
        widths, at = settings.widths, self._step(progress)
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
        self._grow(self.drift, DRIFT_LIMITS, drawn["drift"], settings.steps)
        self._grow(self.to_limit, TO_LIMIT_LIMITS, drawn["to_limit"], settings.steps)
        losses_drawn = [*drawn["fit"], *drawn["jacobian"], band.fit, band.jacobian]
        self._grow(self.loss, LOSS_LIMITS, losses_drawn, settings.steps)
        # Of all moments, so that the axis stays while one looks back.
        every = [[getattr(r, q) for r in records] for q in QUANTITIES]
        self._grow(self.errors, ERROR_LIMITS, every)
        self.errors.figure.xaxis[0].ticker.ticks = list(widths)
        title = f"Errors against width, step {summary.step}"
        self.errors.set(xlim=(widths[0] / 1.5, 6 * widths[-1]), title=title)
        notes = text.rate_notes(settings, problem)
        return text.sentence(text.training_text(summary, settings)) + text.details(settings, notes)

    def _grow(self, plot, start, values, steps=None):
        """The x axis up to `steps`; the y axis only ever grows while a run goes on."""
        (low, high), shown = widen(start, values), self._reached(plot, start)
        limits = self._limits[plot] = min(low, shown[0]), max(high, shown[1])
        plot.set(xlim=(1, steps) if steps else None, ylim=limits)

    def _reached(self, plot, start):
        """The limits that a picture has got to in a run; once that has ended they follow from its
        records alone, whatever was seen on the way."""
        return start if finished(self.progress) else self._limits.get(plot, start)

    def _outputs(self, progress) -> str:
        settings, problem, _, records = progress
        which, width, at = self._which, self._width(progress), self._step(progress)
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
        self._grow(self.deviation, DEVIATION_LIMITS, values, settings.steps)
        other = settings.widths[0] if which else settings.widths[-1]
        words = text.outputs_text(
            errors_at(records, at), settings, record, at_moment(records, other, at)
        )
        return text.sentence(words) + text.details(settings, text.outputs_notes())

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
            self.parity.update(which=self._which, train=NOTHING, test=NOTHING)
            self.parity.set(title="All values and slopes")
            return
        n = len(progress.problem.x)
        ode, found = record.snapshot.ode, record.snapshot.outputs
        pairs = [(ode[part].ravel(), found[part].ravel()) for part in (slice(n), slice(n, None))]
        self.parity.update(which=self._which, train=pairs[0], test=pairs[1])
        # As far as the network ever goes, so that the axes stay while one looks back.
        of_width = [
            r.snapshot.outputs
            for r in progress.records
            if r.snapshot is not None and r.width == record.width
        ]
        top = np.clip(1.1 * max(np.abs(v).max() for v in of_width), OUTPUT_LIMITS[1], _LARGEST)
        self.parity.set(
            title=f"All values and slopes, step {record.step}", xlim=(-top, top), ylim=(-top, top)
        )

    def _kernel(self, progress) -> str:
        settings, records = progress.settings, progress.records
        at, width = self._step(progress), self._width(progress)
        record, found = at_moment(records, width, at), regime(progress, at)
        self._heat_maps(progress, record)
        xlim, ylim = regime_limits(regime(progress), settings.widths)
        shown = self._reached(self.regime, (xlim, ylim))
        xlim, ylim = (
            (min(a[0], b[0]), max(a[1], b[1])) for a, b in zip((xlim, ylim), shown, strict=True)
        )
        self._limits[self.regime] = xlim, ylim
        self.regime.update(regime=found, xlim=xlim, ylim=ylim, widths=settings.widths)
        self.regime.set(xlim=xlim, ylim=ylim)
        words = text.kernel_text(errors_at(records, at), settings, record, found)
        same = text.coinciding(progress.problem.x)
        notes = f"{text.extrapolation_text(found)} {same}".rstrip()
        return text.sentence(words) + text.details(settings, notes)

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
        titles = (f"Θₜ, width {self._width(progress)}{step}", "Limit Θ",
                  "Θₜ − Θ₀" if self.state.against == "start" else "Θₜ − Θ")  # fmt: skip
        plots = (self.theta, self.limit, self.difference)
        for plot, title in zip(plots, titles, strict=True):
            plot.set(title=title, clim=(-scale, scale))
            name_blocks(plot.figure, limit.shape[1])

    def answers(self) -> dict:
        """What presets may ask; each is known when the training has come to its end."""
        return {
            "order": self._when_finished(_order),
            "slope": self._when_finished(_slope),
            "jacobian": self._when_finished(_jacobian_curve),
            "kappa": self._when_finished(_drift_percent),
            "fate": self._when_finished(_fate),
            "regime": self._when_finished(_decades),
        }

    def _when_finished(self, answer):
        return lambda: answer(self.progress) if finished(self.progress) else None


def _order(progress) -> Answer:
    summary, widths = errors_at(progress.records), progress.settings.widths
    drift = {w: summary.median("drift", w) for w in widths}
    ordered = sorted(widths, key=lambda w: -np.nan_to_num(drift[w], nan=np.inf))
    told = ", ".join(f"width {w} by {text.percent(drift[w])}" for w in ordered)
    return Answer(tuple(map(str, ordered)), f"The kernels have moved: {told}.")


def _slope(progress) -> Answer | None:
    law = errors_at(progress.records).laws.get("to_limit")
    if law is None:
        return None
    words = f"Fitted slope {law.slope:.2f}, 95 % from {law.low:.2f} to {law.high:.2f}; theorem −½."
    return Answer(law.slope, words.replace("-", "−"))


def _jacobian_curve(progress) -> Answer:
    steps, values = lines([r for r in progress.records if r.network == 0],
                          progress.settings.widths, "jacobian")[-1]  # fmt: skip
    kept = np.isfinite(steps)
    steps, values = steps[kept], values[kept]
    words = "The widest network has diverged."
    if steps.size:
        words = (
            f"The Jacobian part of the width {progress.settings.widths[-1]} network goes from "
            f"{values[0]:.2g} to {values[-1]:.2g} at λ = {progress.settings.lam:g}."
        )
    return Answer((steps, values), words)


def _drift_percent(progress) -> Answer | None:
    wide = progress.settings.widths[-1]
    drift = errors_at(progress.records).median("drift", wide)
    if not np.isfinite(drift):
        return None
    return Answer(
        100 * drift,
        f"At κ = {progress.settings.kappa:g} the width {wide} kernel has moved by "
        f"{text.percent(drift)}.",
    )


def _fate(progress) -> Answer:
    summary, settings = errors_at(progress.records), progress.settings
    last = [r for r in progress.records if r.width == settings.widths[-1] and not r.diverged]
    words = f"At {settings.rate:g} × the stability limit "
    if summary.diverged:
        lost = " and ".join(map(str, sorted(summary.diverged)))
        words += f"networks of width {lost} diverge. "
    else:
        words += "no network diverges. "
    if last:
        moved = text.percent(last[-1].drift)
        words += f"The kernel of the last width {settings.widths[-1]} network moved by {moved}."
    return Answer(fate(progress), words)


def _decades(progress) -> Answer | None:
    found = regime(progress)
    if not np.isfinite(found.needed):
        return None
    power = float(np.log10(found.needed))
    return Answer(
        power,
        f"The fitted line meets λ_min at 10 to the power {power:.1f}, an extrapolation from widths "
        f"{progress.settings.widths[0]} to {found.widest}.",
    )
