"""The three tabs of the Gaussian-process page: each brings its pictures and words to the state."""

import numpy as np
from panel.io.state import set_curdoc

from jntk_viz.drawing.live import LivePlot, update_all
from jntk_viz.frame.blocks import heat_map, name_blocks
from jntk_viz.frame.glossary import Prose
from jntk_viz.frame.parts import plot_grid
from jntk_viz.pages.gp_convergence import function_pictures as gp_functions
from jntk_viz.pages.gp_convergence import pictures, statistics, study
from jntk_viz.pages.gp_convergence import words as text
from jntk_viz.pages.gp_convergence.circle import POINTS
from jntk_viz.pages.gp_convergence.state import WIDTHS

HEIGHT = 400  # the least, in pixels; what a window of 1280×720 leaves
LOW = {"min_height": 110}  # two of them lie on top of one another


class Functions:
    """Networks as functions on the circle, and their slopes; a click observes."""

    def __init__(self):
        nothing, flat = np.empty((0, POINTS)), np.zeros(POINTS)
        start = {
            "networks": nothing, "slopes": nothing, "ends": nothing, "mean": flat,
            "deviation": flat, "prior": 1.0, "seen": ([], []), "tangents": ([], []),
            "angle": 0, "level": 0.0,
        }  # fmt: skip
        self.value = LivePlot(gp_functions.functions, **start)
        self.slope = LivePlot(
            gp_functions.functions, xlabel="angle θ", ylabel="slope df/dθ = J·τ, per radian",
            **start,
        )  # fmt: skip
        self.note = Prose(**text.NOTE_STYLE)
        self.distance = LivePlot(
            pictures.distances_by_width, widths=WIDTHS, distances=np.full(len(WIDTHS), np.nan),
            width=WIDTHS[0], distance=np.nan,
        )  # fmt: skip
        self.plots = {
            "functions": self.value, "slopes": self.slope, "distances": self.distance
        }  # fmt: skip

    def grid(self):
        rows = [*11 * [11 * "v" + 8 * "s" + 6 * "d"], *2 * [25 * "n"]]
        return plot_grid(
            *rows, min_height=HEIGHT, v=self.value, s=self.slope, d=self.distance, n=self.note
        )

    def on_tap(self, observe):
        """Call `observe(angle, value, kind)` for each click in a picture."""
        for plot, kind in ((self.value, "v"), (self.slope, "s")):
            plot.when_drawn(_listen(observe, kind))

    def draw(self, state, known):
        circle = study.on_circle(state, known)
        if circle is None:
            return
        update_all(*self.pictures(state, circle, known))
        for plot, title in zip(self.plots.values(), text.functions_titles(state), strict=True):
            plot.set(title=title)
        for plot, prior in zip((self.value, self.slope), circle.prior, strict=True):
            plot.set(ylim=gp_functions.limits(prior))
        self.note.object = text.functions_note(state, circle)

    def pictures(self, state, circle, known):
        """Each plot with the arguments of its view."""
        return [
            *zip((self.value, self.slope), _arrays(state, circle), strict=True),
            (self.distance, _distances(study.distances(state, known), state.width)),
        ]

    def say(self, state, known):
        circle = study.on_circle(state, known)
        if circle is None:
            return None
        return text.functions_headline(state, circle, _wider(state, known))


def _distances(distances, width):
    """Arguments of the picture of the distances."""
    return {"distances": distances, "width": width, "distance": distances[WIDTHS.index(width)]}


def _wider(state, known):
    """Distance from the limit at four times the width, or at a quarter of it."""
    if state.observed:
        return None
    width = 4 * state.width if 4 * state.width in WIDTHS else state.width // 4
    distance = study.distances(state, known)[WIDTHS.index(width)]
    return None if np.isnan(distance) else (width, distance)


def _arrays(state, circle):
    """Arguments of both pictures of the functions."""
    nothing = np.empty((0, *circle.mean.shape))
    networks = nothing if circle.networks is None else circle.networks
    ends = circle.ends if state.ends else nothing
    seen = {kind: _columns(o for o in state.observations if o.kind == kind) for kind in "vs"}
    return [
        {
            "networks": networks[..., i],
            "slopes": networks[..., 1] if i == 0 else nothing[..., 0],
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


class Densities:
    """Output and slope at one input: histograms, quantiles, and both together."""

    def __init__(self):
        nothing = {key: [] for key in statistics.Quantiles._fields}
        self.densities = [
            LivePlot(pictures.density, values=[], deviation=1.0, **LOW) for _ in range(2)
        ]
        self.quantiles = [
            LivePlot(pictures.quantile_lines, deviation=1.0, **LOW, **nothing) for _ in range(2)
        ]
        self.cloud = LivePlot(pictures.cloud, pairs=np.empty((0, 2)), covariance=np.eye(2))
        self.note = Prose(text.DENSITIES_NOTE, **text.NOTE_STYLE)
        self.plots = {
            "output": self.densities[0],
            "slope": self.densities[1],
            "output_quantiles": self.quantiles[0],
            "slope_quantiles": self.quantiles[1],
            "cloud": self.cloud,
        }

    def grid(self):
        rows = [*6 * ["aaaaqqqqccccc"], *6 * ["bbbbrrrrccccc"], *2 * [13 * "n"]]
        (a, b), (q, r) = self.densities, self.quantiles
        return plot_grid(*rows, min_height=HEIGHT, a=a, b=b, q=q, r=r, c=self.cloud, n=self.note)

    def draw(self, state, known):
        limit = study.limit_of(state, known)
        if limit is None:
            return
        pair = limit.pair(state.point, limit.feature(state.alpha))
        pairs = study.pairs(state, study.found_of(state, known))
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

    def say(self, state, known):
        limit = study.limit_of(state, known)
        if limit is None:
            return None
        return text.densities_headline(state, study.found_of(state, known), limit)


class Covariance:
    """The covariance of one network beside the limit, and its error against the width."""

    def __init__(self):
        maps = {"kernel": np.zeros((1, 2, 1, 2)), "scale": 1.0, **LOW}
        self.finite = LivePlot(heat_map, **maps)
        self.limit = LivePlot(heat_map, title="Limit", **maps)
        self.difference = LivePlot(heat_map, colorbar=True, title="Difference", **maps)
        unknown = np.full((len(WIDTHS), study.REPEATS), np.nan)
        self.errors = LivePlot(
            pictures.errors_by_width, widths=WIDTHS, errors=unknown, width=WIDTHS[0],
            fit_from=study.FITTED,
        )  # fmt: skip
        self.note = Prose(**text.NOTE_STYLE)
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

    def draw(self, state, known):
        limit = study.limit_of(state, known)
        if limit is None:
            return
        found = study.found_of(state, known)
        finite = study.finite_covariance(found, state.heat, state.kappa)
        if finite is None:
            finite = np.full_like(limit.covariance, np.nan)
        scale = float(np.abs(limit.covariance).max())
        for plot, covariance in (
            (self.finite, finite),
            (self.limit, limit.covariance),
            (self.difference, finite - limit.covariance),
        ):
            plot.update(kernel=covariance, scale=scale)
            plot.set(clim=(-scale, scale))
            name_blocks(plot.figure, covariance.shape[1])
        self.finite.set(title=text.heat_title(state, found))
        fitted = study.law(found.errors)
        self.errors.update(errors=found.errors, width=state.width, fitted=fitted)
        self.note.object = text.note(state, found, limit)

    def say(self, state, known):
        if study.limit_of(state, known) is None:
            return None
        found = study.found_of(state, known)
        return text.headline(state, found, study.law(found.errors))
