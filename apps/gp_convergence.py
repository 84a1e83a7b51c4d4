"""Random networks become a Gaussian process, and so do their slopes."""

import numpy as np
import panel as pn

from jntk_viz import views
from jntk_viz.datasets import dataset_available
from jntk_viz.studies import gp_convergence as study
from jntk_viz.views import gp_convergence as pictures
from jntk_viz.views import gp_convergence_text as text

CONTROLS = (
    "width", "depth", "activation", "kappa", "networks", "data", "point", "alpha", "heat",
)  # fmt: skip


class GPConvergence:
    """What has been found so far, and the seven pictures of it."""

    def __init__(self):
        self.state = s = study.GPConvergenceState()
        self.headline, self.note = views.Headline(), pn.pane.HTML(**text.NOTE_STYLE)
        self.notice, self.job = views.Notice(), views.LatestWins()
        self.found = study.known(s.problem, s.width, s.networks)
        self.drawn = {}  # picture -> what it shows
        self.started = False
        limit = study.limit(s)
        pair = limit.pair(s.point, s.alpha)
        nothing = np.empty((0, 2))
        self.value = views.LivePlot(pictures.density, values=[], deviation=pair[0, 0] ** 0.5)
        self.slope = views.LivePlot(pictures.density, values=[], deviation=pair[1, 1] ** 0.5)
        self.cloud = views.LivePlot(pictures.cloud, pairs=nothing, covariance=pair)
        maps = {"covariance": np.zeros_like(limit.covariance), "scale": 1.0}
        self.finite = views.LivePlot(pictures.heat_map, **maps)
        self.limit = views.LivePlot(pictures.heat_map, title="Limit", **maps)
        self.difference = views.LivePlot(
            pictures.heat_map, colorbar=True, title="Difference", **maps
        )
        self.errors = views.LivePlot(
            pictures.errors_by_width,
            widths=study.WIDTHS, errors=self.found.errors, width=s.width,
        )  # fmt: skip
        self.controls = views.controls_for(s, *CONTROLS)
        widgets = dict(zip(CONTROLS, self.controls, strict=True))
        widgets["data"].options = study.source_labels()
        self.alpha = widgets["alpha"]
        self.alpha.end = limit.x.shape[1]
        s.param.watch(self.notice.guarded(self.changed), [*CONTROLS, "seed"])
        self.redraw()

    def start(self):
        """Begin to draw networks: the page stands in the browser."""
        self.started = True
        self.refresh(explore=True)

    def changed(self, *events):
        self.refresh(explore=bool({e.name for e in events} - {"kappa", "point", "alpha", "heat"}))

    def refresh(self, explore):
        """Show theory, and what is known of the networks, at once; draw what is missing.

        No work begins before `start`: what is shown while a page opens does not reach it.
        """
        s = self.state
        if not dataset_available(s.data):
            self.headline.set("Fetching the data; the pictures still show the previous setting.")
            if self.started:
                fetched = lambda _: self.refresh(explore=True)  # noqa: E731
                self.job.submit(lambda job: study.points(s.data), done=fetched)
            return
        features = study.limit(s).x.shape[1]
        self.alpha.end = features
        s.alpha = min(s.alpha, features)
        self.redraw()
        if explore and self.started:
            self.explore()

    def explore(self):
        s = self.state
        wanted = s.problem, s.width, s.networks
        self.job.submit(lambda job: study.explore(job, *wanted), done=self.show, partial=self.show)

    def show(self, found):
        """Take in what the background work has found."""
        s = self.state
        if (found.problem, found.width) == (s.problem, s.width):
            self.redraw(found)

    def outdated(self, picture, *key):
        """Whether a picture has to be drawn because it shows something else than `key`."""
        old, self.drawn[picture] = self.drawn.get(picture), key
        return old != key

    def redraw(self, found=None):
        """Bring every picture and the words to the state."""
        s = self.state
        self.found = found or study.known(s.problem, s.width, s.networks)
        limit, errors = study.limit(s), self.found.errors
        measured = int(np.isfinite(errors).sum())
        law = study.fit_slope(errors) if measured == errors.size else None
        drawn = (s.problem, s.width, s.kappa, len(self.found.draws))
        with pn.io.hold():
            if self.outdated("marginals", *drawn, s.point, s.alpha):
                self.draw_marginals(limit)
            self.draw_maps(limit, drawn)
            if self.outdated("errors", s.problem, s.width, measured):
                self.errors.update(errors=errors, width=s.width, fitted=law)
            self.headline.set(text.headline(s, self.found, law))
            if self.outdated("note", *drawn, s.networks):
                self.note.object = text.note(s, self.found, limit)

    def draw_marginals(self, limit):
        s = self.state
        alpha = limit.feature(s.alpha)
        pair = limit.pair(s.point, alpha)
        pairs = s.kappa * self.found.draws[:, s.point - 1][:, [0, alpha]]
        value, slope, feature = text.names(s, limit)
        labels = (value, f"{slope} = ∂f/∂x, x = {feature}")
        titles = (f"Output {value}", f"Slope {slope}")
        for i, plot in enumerate((self.value, self.slope)):
            deviation, remark = pair[i, i] ** 0.5, text.kurtosis_remark(pairs[:, i])
            plot.update(values=pairs[:, i], deviation=deviation, remark=remark)
            xlim, ylim = pictures.density_limits(deviation)
            plot.set(xlim=xlim, ylim=ylim, xlabel=labels[i], title=titles[i])
        self.cloud.update(pairs=pairs, covariance=pair)
        xlim, ylim = pictures.cloud_limits(pair)
        self.cloud.set(xlim=xlim, ylim=ylim, xlabel=value, ylabel=slope, title=text.CLOUD_TITLE)

    def draw_maps(self, limit, drawn):
        s = self.state
        scale = float(np.abs(limit.covariance).max())
        if self.outdated("limit", s.data, s.depth, s.activation, s.kappa):
            self.draw_map(self.limit, limit.covariance, scale)
        finite = study.finite_covariance(self.found, s.heat, s.kappa)
        shown = drawn if s.heat == "all" else (s.problem, s.width, s.kappa, finite is not None)
        if self.outdated("maps", s.heat, *shown):
            if finite is None:
                finite = np.full_like(limit.covariance, np.nan)
            self.draw_map(self.finite, finite, scale)
            self.draw_map(self.difference, finite - limit.covariance, scale)
            self.finite.set(title=text.heat_title(s, self.found))

    def draw_map(self, plot, covariance, scale):
        plot.update(covariance=covariance, scale=scale)
        plot.set(clim=(-scale, scale))
        pictures.set_block_ticks(plot.figure, covariance.shape[1] - 1)


def app():
    views.use_theme()
    it = GPConvergence()
    body = views.plot_grid(
        *5 * [16 * "a" + 16 * "b" + 16 * "c"],
        *5 * [10 * "h" + 10 * "l" + 13 * "d" + 15 * "e"],
        48 * "n",
        a=it.value, b=it.slope, c=it.cloud,
        h=it.finite, l=it.limit, d=it.difference, e=it.errors, n=it.note,
    )  # fmt: skip
    return views.page(
        "Random networks become a Gaussian process",
        text.QUESTION,
        name="gp_convergence",
        state=it.state,
        controls=it.controls,
        body=body,
        headline=it.headline,
        notice=it.notice,
        job=it.job,
        formulas=views.formulas(*text.FORMULAS),
        start=it.start,
    )


if __name__.startswith("bokeh"):
    app().servable()
