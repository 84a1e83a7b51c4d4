"""Random networks become a Gaussian process, and so do their slopes."""

import panel as pn
import panel_material_ui as pmui

from jntk_viz import frame
from jntk_viz.engine import sources
from jntk_viz.engine.shared_results import RESULTS
from jntk_viz.pages.gp_convergence import study
from jntk_viz.pages.gp_convergence import tabs as gp_tabs
from jntk_viz.pages.gp_convergence import words as text
from jntk_viz.pages.gp_convergence.answers import answers
from jntk_viz.pages.gp_convergence.formulas import FORMULAS
from jntk_viz.pages.gp_convergence.script import script

EVERYWHERE = ("width", "depth", "activation", "kappa")
OWN = {
    "functions": ("angle", "level", "noise", "ends"),
    "densities": ("data", "networks", "point", "alpha"),
    "covariance": ("heat",),
}
# A change of any of these may need networks that have not been drawn yet.
EXPLORED = {"view", "width", "depth", "activation", "seed", "observed", "data", "networks"}


class GPConvergence:
    """The state, the three tabs, and the work that fills the one that is seen."""

    def __init__(self):
        self.state = s = study.GPConvergenceState()
        s.param.data.objects = study.source_labels()
        self.headline, self.notice, self.job = frame.Headline(), frame.Notice(), frame.LatestWins()
        self.tabs = {
            "functions": gp_tabs.Functions(s),
            "densities": gp_tabs.Densities(s),
            "covariance": gp_tabs.Covariance(s),
        }
        self.tabs["functions"].on_tap(self.notice.guarded(self.observe_at))
        self.started, self.guessing = False, lambda: False
        self.controls = self.make_controls()
        s.param.watch(self.notice.guarded(self.changed), study.SETTINGS)
        self.redraw()

    def make_controls(self):
        """The settings that act on every tab, and those of the tab that is seen."""
        s = self.state
        width, depth, activation, kappa = frame.controls_for(s, *EVERYWHERE)
        own = {view: frame.controls_for(s, *names) for view, names in OWN.items()}
        data, networks, point, alpha = own["densities"]
        self.shared, self.single = pn.Column(data, networks, margin=0), {}
        self.widener = gp_tabs.Widener(s, lambda: self.tab.ready(s))
        angle, level, noise, ends = own["functions"]
        self.single = {
            "functions": pn.Column(angle, level, self.buttons(), noise, ends, margin=0),
            "densities": pn.Column(point, alpha, margin=0),
            "covariance": pn.Column(*own["covariance"], margin=0),
        }
        self.show_controls()
        top = pn.Row(width, self.widener.button, margin=0, sizing_mode="stretch_width")
        return [top, depth, activation, kappa, self.shared, *self.single.values()]

    def buttons(self):
        """What a click in a picture does, for those who do not point."""
        s, look = self.state, {"size": "small", "variant": "outlined", "margin": (2, 3)}
        value = pmui.Button(label="Observe value", **look)
        slope = pmui.Button(label="Slope", **look)
        clear = pmui.Button(label="Clear", **look)
        value.on_click(self.notice.guarded(lambda _: study.observe(s, "v")))
        slope.on_click(self.notice.guarded(lambda _: study.observe(s, "s")))
        clear.on_click(lambda _: s.param.update(observed=""))
        return pn.FlexBox(value, slope, clear, margin=(0, 6))

    def show_controls(self):
        """Only settings that act on what is seen."""
        view = self.state.view
        for name, column in self.single.items():
            column.visible = name == view
        self.shared.visible = view != "functions"

    @property
    def tab(self):
        return self.tabs[self.state.view]

    def observe_at(self, angle, value, kind):
        if not self.guessing():
            study.observe_at(self.state, angle, value, kind)

    def start(self):
        """Begin to draw networks: the page stands in the browser."""
        self.started = True
        self.refresh(explore=True)

    def changed(self, *events):
        if any(e.name == "data" and e.new.startswith(sources.OWN) for e in events):
            # Where the table just brought along is seen.
            self.state.view = self.state.view.replace("functions", "densities")
        self.show_controls()
        self.refresh(explore=bool({e.name for e in events} & EXPLORED))

    def refresh(self, explore):
        """Show theory, and what is known of the networks, at once; draw what is missing.

        No work begins before `start`: what is shown while a page opens does not reach it.
        """
        s = self.state
        if s.view != "functions" and not sources.available(s.data):
            self.headline.set("Fetching the data; the pictures still show the previous setting.")
            if self.started:
                fetched = lambda _: self.refresh(explore=True)  # noqa: E731
                self.job.submit(lambda _: study.points(s.data), done=fetched)
            return
        if s.view != "functions":
            features = study.limit(s).x.shape[1]
            s.alpha = min(s.alpha, features)
            s.param.alpha.bounds = (1, features)
        self.redraw()
        if explore and self.started:
            asked = "gp_convergence", *study.asked(s)
            work = RESULTS.shared(asked, study.work(s), keep=False)
            self.job.submit(work, done=self.redraw, partial=self.redraw)

    def redraw(self, _=None):
        """Bring the pictures that are seen, and the words, to the state."""
        with pn.io.hold():
            self.headline.set(self.tab.draw(self.state))


def app():
    frame.use_theme()
    it = GPConvergence()
    grids = {name: tab.grid() for name, tab in it.tabs.items()}
    plots = {key: plot for tab in it.tabs.values() for key, plot in tab.plots.items()}
    page = frame.page(
        "Random networks become a Gaussian process",
        text.QUESTION,
        name="gp_convergence",
        state=it.state,
        controls=it.controls,
        body=frame.tabbed(it.state, "view", **grids),
        headline=it.headline,
        notice=it.notice,
        job=it.job,
        formulas=frame.formulas(*FORMULAS),
        start=it.start,
        plots=plots,
        script=script,
        answers=answers(it.state),
        sources=study.SOURCES,
    )
    # A reader who draws a guess into the picture does not mean to observe.
    prediction = page.guide.prediction
    it.guessing = lambda: prediction.question is not None and not prediction.committed
    return page
