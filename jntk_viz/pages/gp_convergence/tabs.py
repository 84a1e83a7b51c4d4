"""The three tabs of the Gaussian-process page: each brings its pictures and words to the state."""

import numpy as np
import panel as pn
import panel_material_ui as pmui
from panel.io.state import set_curdoc

from jntk_viz.drawing.html import Words
from jntk_viz.drawing.live import LivePlot, update_all
from jntk_viz.frame.parts import plot_grid
from jntk_viz.pages.gp_convergence import function_pictures as gp_functions
from jntk_viz.pages.gp_convergence import pictures, statistics, study
from jntk_viz.pages.gp_convergence import words as text

HEIGHT = 400  # the least, in pixels; what a window of 1280×720 leaves


def _note():
    return Words(**text.NOTE_STYLE)


class _Tab:
    """What the tabs share: a picture is drawn only when what it shows has changed."""

    def __init__(self):
        self.note, self.drawn = _note(), {}

    def outdated(self, picture, *key):
        """Whether a picture has to be drawn because it shows something else than `key`."""
        old, self.drawn[picture] = self.drawn.get(picture), key
        return old != key


class Functions(_Tab):
    """Networks as functions on the circle, and their slopes; a click observes."""

    def __init__(self, state):
        super().__init__()
        start = self._arrays(state, study.on_circle(state))
        self.value = LivePlot(gp_functions.functions, **start[0])
        self.slope = LivePlot(
            gp_functions.functions, ylabel="slope df/dθ = J·τ, per radian", **start[1]
        )
        self.plots = {"functions": self.value, "slopes": self.slope}

    def grid(self):
        rows = [*11 * [12 * "v" + 9 * "s"], *2 * [21 * "n"]]
        return plot_grid(*rows, min_height=HEIGHT, v=self.value, s=self.slope, n=self.note)

    def on_tap(self, observe):
        """observe(angle, value, kind) is called for each click in a picture."""
        for plot, kind in ((self.value, "v"), (self.slope, "s")):
            plot.when_drawn(_listen(observe, kind))

    def ready(self, state):
        return study.on_circle(state).networks is not None

    def draw(self, state):
        """Bring both pictures to the state; returns the headline."""
        circle = study.on_circle(state)
        f, slope = self._arrays(state, circle)
        update_all((self.value, f), (self.slope, slope))
        for plot, prior, title in zip(
            self.plots.values(), circle.prior, text.functions_titles(state), strict=True
        ):
            plot.set(ylim=gp_functions.limits(prior), title=title)
        self.note.object = text.functions_note(state, circle)
        return text.functions_headline(state, circle, self._wider(state))

    def _wider(self, state):
        """Distance from the limit at four times the width, or at a quarter of it."""
        width = 4 * state.width if 4 * state.width in study.WIDTHS else state.width // 4
        if state.observed:
            return None
        distance = study.on_circle(state, width).distance
        return None if distance is None else (width, distance)

    def _arrays(self, state, circle):
        """Arguments of both pictures."""
        nothing = np.empty((0, study.gp_circle.POINTS))
        networks = np.empty((0, *circle.mean.shape)) if circle.networks is None else circle.networks
        ends = circle.ends if state.ends else np.empty((0, *circle.mean.shape))
        seen = {kind: _columns(o for o in state.observations if o.kind == kind) for kind in "vs"}
        return [
            {
                "networks": networks[..., i],
                "slopes": networks[..., 1] if i == 0 else nothing,
                "ends": ends[..., i],
                "mean": circle.mean[:, i],
                "deviation": circle.deviation[:, i],
                "prior": circle.prior[i],
                "seen": seen["vs"[i]],
                "tangents": seen["s"] if i == 0 else ([], []),
                "angle": state.angle,
                "level": state.level,
            }
            for i in (0, 1)
        ]


def _columns(observations):
    pairs = [(o.angle, o.value) for o in observations]
    return [a for a, _ in pairs], [v for _, v in pairs]


def _listen(observe, kind):
    def listen(figure):
        def tapped(event):
            # Bokeh's own events, unlike Panel's, do not say which page they came from.
            with set_curdoc(figure.document):
                observe(event.x, event.y, kind)

        figure.on_event("tap", tapped)

    return listen


class Densities(_Tab):
    """Output and slope at one input: histograms, quantiles, and both together."""

    def __init__(self, state):
        super().__init__()
        limit = study.limit(state)
        pair = limit.pair(state.point, limit.feature(state.alpha))
        nothing = {key: [] for key in statistics.Quantiles._fields}
        deviations = np.sqrt(np.diag(pair))
        low = {"min_height": 110}  # two of them lie on top of one another
        self.densities = [
            LivePlot(pictures.density, values=[], deviation=d, **low) for d in deviations
        ]
        self.quantiles = [
            LivePlot(pictures.quantile_lines, deviation=d, **low, **nothing) for d in deviations
        ]
        self.cloud = LivePlot(pictures.cloud, pairs=np.empty((0, 2)), covariance=pair)
        self.plots = {
            "output": self.densities[0],
            "slope": self.densities[1],
            "output_quantiles": self.quantiles[0],
            "slope_quantiles": self.quantiles[1],
            "cloud": self.cloud,
        }
        self.note.object = text.DENSITIES_NOTE

    def grid(self):
        rows = [*5 * ["aaaaqqqqccccc"], *5 * ["bbbbrrrrccccc"], 13 * "n"]
        (a, b), (q, r) = self.densities, self.quantiles
        return plot_grid(*rows, min_height=HEIGHT, a=a, b=b, q=q, r=r, c=self.cloud, n=self.note)

    def ready(self, state):
        return len(self._found(state).draws) == state.networks

    def _found(self, state):
        return study.known(state.problem, state.width, state.networks)

    def draw(self, state):
        found, limit = self._found(state), study.limit(state)
        shown = (state.problem, state.width, state.kappa, len(found.draws))
        if self.outdated("all", *shown, state.point, state.alpha):
            self._draw(state, found, limit)
        return text.densities_headline(state, found, limit)

    def _draw(self, state, found, limit):
        pair = limit.pair(state.point, limit.feature(state.alpha))
        pairs = study.pairs(state, found)
        value, slope, feature = text.names(state, limit)
        labels = (value, f"{slope} = ∂f/∂x, x = {feature}")
        for i, (density, quantiles) in enumerate(zip(self.densities, self.quantiles, strict=True)):
            deviation, name = pair[i, i] ** 0.5, (value, slope)[i]
            density.update(
                values=pairs[:, i], deviation=deviation, remark=text.kurtosis_remark(pairs[:, i])
            )
            xlim, ylim = pictures.density_limits(deviation)
            title = f"{('Output', 'Slope')[i]} {name}"
            density.set(xlim=xlim, ylim=ylim, xlabel=labels[i], title=title)
            lines = statistics.quantiles(pairs[:, i], deviation)
            quantiles.update(deviation=deviation, **lines._asdict())
            quantiles.set(xlim=xlim, ylim=xlim, title=f"Quantiles of {name}")
        self.cloud.update(pairs=pairs, covariance=pair)
        xlim, ylim = pictures.cloud_limits(pair)
        self.cloud.set(xlim=xlim, ylim=ylim, xlabel=value, ylabel=slope, title=text.CLOUD_TITLE)


class Covariance(_Tab):
    """The covariance of one network beside the limit, and its error against the width."""

    def __init__(self, state):
        super().__init__()
        maps = {"covariance": np.zeros_like(study.limit(state).covariance), "scale": 1.0}
        low = maps | {"min_height": 110}
        self.finite = LivePlot(pictures.heat_map, **low)
        self.limit = LivePlot(pictures.heat_map, title="Limit", **low)
        self.difference = LivePlot(pictures.heat_map, colorbar=True, title="Difference", **low)
        self.errors = LivePlot(
            pictures.errors_by_width,
            widths=study.WIDTHS,
            errors=np.full((len(study.WIDTHS), study.REPEATS), np.nan),
            width=state.width,
        )
        self.plots = {
            "errors": self.errors,
            "finite": self.finite,
            "limit": self.limit,
            "difference": self.difference,
        }

    def grid(self):
        rows = [*6 * [14 * "e" + 9 * "h" + 9 * "l"], *6 * [14 * "e" + 11 * "d" + 7 * "n"]]
        return plot_grid(
            *rows,
            min_height=HEIGHT,
            e=self.errors,
            h=self.finite,
            l=self.limit,
            d=self.difference,
            n=self.note,
        )

    def _found(self, state):
        return study.known(state.problem, state.width, state.networks)

    def ready(self, state):
        found = self._found(state)
        return found.single is not None and np.isfinite(found.errors).all()

    def draw(self, state):
        found, limit = self._found(state), study.limit(state)
        law = study.law(found)
        measured = int(np.isfinite(found.errors).sum())
        self._draw_maps(state, found, limit)
        if self.outdated("errors", state.problem, state.width, measured):
            self.errors.update(errors=found.errors, width=state.width, fitted=law)
        drawn = (state.problem, state.width, state.kappa, len(found.draws))
        if self.outdated("note", *drawn, state.networks):
            self.note.object = text.note(state, found, limit)
        return text.headline(state, found, law)

    def _draw_maps(self, state, found, limit):
        scale = float(np.abs(limit.covariance).max())
        if self.outdated("limit", state.data, state.depth, state.activation, state.kappa):
            self._draw_map(self.limit, limit.covariance, scale)
        finite = study.finite_covariance(found, state.heat, state.kappa)
        ensemble = (state.problem, state.width, state.kappa)
        shown = finite is not None if state.heat == "one" else len(found.draws)
        if self.outdated("maps", state.heat, *ensemble, shown):
            if finite is None:
                finite = np.full_like(limit.covariance, np.nan)
            self._draw_map(self.finite, finite, scale)
            self._draw_map(self.difference, finite - limit.covariance, scale)
            self.finite.set(title=text.heat_title(state, found))

    def _draw_map(self, plot, covariance, scale):
        plot.update(covariance=covariance, scale=scale)
        plot.set(clim=(-scale, scale))
        pictures.set_block_ticks(plot.figure, covariance.shape[1] - 1)


class Widener:
    """A button that widens the networks step by step, each time the last step has been drawn."""

    LABELS = ("▶ Widen", "■ Stop")
    PAUSE = 1200  # milliseconds: long enough to see what has changed

    def __init__(self, state, ready):
        self.state, self.ready, self.clock = state, ready, None
        self.button = pmui.Button(
            label=self.LABELS[0], size="small", variant="outlined", margin=(10, 6), width=86
        )
        self.button.on_click(lambda _: self.stop() if self.clock else self.start())

    def start(self):
        if self.state.width == study.WIDTHS[-1]:
            self.state.width = study.WIDTHS[0]
        self.clock = pn.state.add_periodic_callback(self.step, period=self.PAUSE)
        self.button.label = self.LABELS[1]

    def stop(self):
        if self.clock is not None:
            self.clock.stop()
        self.clock = None
        self.button.label = self.LABELS[0]

    def step(self):
        """Go on to the next width, unless the present one is still being computed."""
        if not self.ready():
            return
        wider = study.WIDTHS[study.WIDTHS.index(self.state.width) + 1 :]
        if wider:
            self.state.width = wider[0]
        if len(wider) < 2:
            self.stop()


__all__ = ["Covariance", "Densities", "Functions", "Widener"]
