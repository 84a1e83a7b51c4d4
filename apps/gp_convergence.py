"""Random networks become a Gaussian process, and so do their slopes."""

import numpy as np
import panel as pn

from jntk_viz import views
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
        s.param.watch(self.notice.guarded(self.changed), [*CONTROLS, "seed"])
        self.redraw()

    def changed(self, *events):
        """Show theory, and what is known of the networks, at once; draw what is missing."""
        self.redraw()
        if {e.name for e in events} - {"kappa", "point", "alpha", "heat"}:
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

    def redraw(self, found=None):
        """Bring every picture and the words to the state."""
        s = self.state
        self.found = found or study.known(s.problem, s.width, s.networks)
        limit = study.limit(s)
        with pn.io.hold():
            self.draw_marginals(limit)
            self.draw_maps(limit)
            errors = self.found.errors
            law = study.fit_slope(errors) if np.isfinite(errors).all() else None
            self.errors.update(errors=errors, width=s.width, fitted=law)
            self.errors.set(title=text.error_title(law))
            self.headline.set(text.headline(s, self.found, law))
            self.note.object = text.note(s, self.found, limit)

    def draw_marginals(self, limit):
        s = self.state
        alpha = limit.feature(s.alpha)
        pair = limit.pair(s.point, alpha)
        pairs = s.kappa * self.found.draws[:, s.point - 1][:, [0, alpha]]
        names = text.names(s, limit)
        for i, plot in enumerate((self.value, self.slope)):
            deviation = pair[i, i] ** 0.5
            plot.update(values=pairs[:, i], deviation=deviation)
            xlim, ylim = pictures.density_limits(deviation)
            title = text.density_title(names[i], pairs[:, i])
            plot.set(xlim=xlim, ylim=ylim, xlabel=names[i], title=title)
        self.cloud.update(pairs=pairs, covariance=pair)
        xlim, ylim = pictures.cloud_limits(pair)
        self.cloud.set(
            xlim=xlim, ylim=ylim, xlabel=names[0], ylabel=names[1], title=text.CLOUD_TITLE
        )

    def draw_maps(self, limit):
        s = self.state
        finite = study.finite_covariance(self.found, s.heat, s.kappa)
        scale = float(np.abs(limit.covariance).max())
        if finite is None:
            finite = difference = np.full_like(limit.covariance, np.nan)
        else:
            difference = finite - limit.covariance
        for plot, covariance in (
            (self.finite, finite),
            (self.limit, limit.covariance),
            (self.difference, difference),
        ):
            plot.update(covariance=covariance, scale=scale)
            plot.set(clim=(-scale, scale))
            pictures.set_block_ticks(plot.figure, limit.x.shape[1])
        self.finite.set(title=text.heat_title(s, self.found))


def app():
    views.use_theme()
    it = GPConvergence()
    controls = views.controls_for(it.state, *CONTROLS)
    widgets = dict(zip(CONTROLS, controls, strict=True))
    widgets["data"].options = study.source_labels()

    def fit_alpha(*_):
        widgets["alpha"].end = study.limit(it.state).x.shape[1]

    it.state.param.watch(it.notice.guarded(fit_alpha), "data")
    fit_alpha()
    body = views.plot_grid(
        *5 * ["aaaaaaaabbbbbbbbcccccccc"], *5 * ["hhhhhhllllllddddddeeeeee"], 24 * "n",
        a=it.value, b=it.slope, c=it.cloud,
        h=it.finite, l=it.limit, d=it.difference, e=it.errors, n=it.note,
    )  # fmt: skip
    return views.page(
        "Random networks become a Gaussian process",
        text.QUESTION,
        name="gp_convergence",
        state=it.state,
        controls=controls,
        body=body,
        headline=it.headline,
        notice=it.notice,
        job=it.job,
        formulas=views.formulas(*text.FORMULAS),
        start=it.explore,
    )


if __name__.startswith("bokeh"):
    app().servable()
