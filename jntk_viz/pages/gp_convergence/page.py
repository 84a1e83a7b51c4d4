"""Random networks become a Gaussian process, and so do their slopes."""

from typing import Any

import panel as pn
import panel_material_ui as pmui

from jntk_viz import frame
from jntk_viz.engine import sources
from jntk_viz.frame.player import play_button, shown_in
from jntk_viz.frame.settings import data_names
from jntk_viz.pages.gp_convergence import answers, study, tabs
from jntk_viz.pages.gp_convergence import words as text
from jntk_viz.pages.gp_convergence.formulas import FORMULAS
from jntk_viz.pages.gp_convergence.script import script
from jntk_viz.pages.gp_convergence.state import SOURCES, GPConvergenceState

PERIOD = 1200  # milliseconds between two widths: long enough to see what has changed


class GPConvergence(frame.Content):
    """Three tabs: functions on the circle, their distribution, and their covariance."""

    name = "gp_convergence"
    question = text.QUESTION
    formulas = FORMULAS
    sources = SOURCES
    script = staticmethod(script)

    def __init__(self):
        self.state = GPConvergenceState()
        self.state.param.data.objects = data_names(SOURCES)
        self.tabs: dict[str, Any] = {
            "functions": tabs.Functions(),
            "densities": tabs.Densities(),
            "covariance": tabs.Covariance(),
        }
        self.plots = {key: plot for tab in self.tabs.values() for key, plot in tab.plots.items()}
        self.state.param.watch(self.show_own_data, "data")

    def show_own_data(self, event):
        """Go to where the table just brought along is seen."""
        if event.new.startswith(sources.OWN) and self.state.view == "functions":
            self.state.view = "densities"

    def controls(self):
        """The settings that act on every tab, and those of the tab that is seen."""
        s = self.state
        width, depth, activation, kappa = frame.controls_for(
            s, "width", "depth", "activation", "kappa"
        )
        angle, level, noise, ends = frame.controls_for(s, "angle", "level", "noise", "ends")
        data, networks, point, self.alpha, heat = frame.controls_for(
            s, "data", "networks", "point", "alpha", "heat"
        )
        functions, both, densities = (
            pn.Column(*part, margin=0)
            for part in (
                (angle, level, self.buttons(), noise, ends), (data, networks), (point, self.alpha),
            )
        )  # fmt: skip
        shown_in(s, functions, "functions")
        shown_in(s, both, "densities", "covariance")
        shown_in(s, densities, "densities")
        shown_in(s, heat, "covariance")
        widen = play_button(
            s, "width", "▶ Widen", PERIOD, lambda: study.complete(s, self.controller.known)
        )
        widen.param.update(margin=(10, 6), width=86)
        # After the slider has followed.
        s.param.watch(self.offer_features, ["view", "data", "alpha"], precedence=1)
        top = pn.Row(width, widen, margin=0, sizing_mode="stretch_width")
        return [top, depth, activation, kappa, both, functions, densities, heat]

    def buttons(self):
        """Do what a click in a picture does, for those who do not point."""
        s, look = self.state, {"size": "small", "variant": "outlined", "margin": (2, 3)}
        guarded = self.controller.notice.guarded
        value = pmui.Button(label="Observe value", **look)
        slope = pmui.Button(label="Slope", **look)
        clear = pmui.Button(label="Clear", **look)
        value.on_click(guarded(lambda _: study.observe(s, "v")))
        slope.on_click(guarded(lambda _: study.observe(s, "s")))
        clear.on_click(lambda _: s.param.update(observed=""))
        return pn.FlexBox(value, slope, clear, margin=(0, 6))

    def observe_at(self, angle, value, kind):
        """Observe where the reader has clicked, who may be drawing a guess there instead."""
        circle = study.on_circle(self.state, self.controller.known)
        if circle is not None and not self.guide.prediction.asking:
            study.observe_at(self.state, angle, value, kind, circle.prior["vs".index(kind)])

    def body(self):
        self.tabs["functions"].on_tap(self.controller.notice.guarded(self.observe_at))
        return frame.tabbed(
            self.state, "view", **{name: tab.grid() for name, tab in self.tabs.items()}
        )

    def plan(self, known):
        return study.plan(self.state, known)

    def draw(self, known):
        self.offer_features()
        self.tabs[self.state.view].draw(self.state, known)

    def offer_features(self, *_):
        """Let the slope be taken along features that the data set has, once that is known."""
        points = self.controller.known(study.points, self.state.data)
        # While the slider has yet to follow the state, each would correct the other for ever.
        in_step = self.alpha.value == self.state.alpha
        if self.state.view == "densities" and points is not None and in_step:
            self.alpha.end = points.x.shape[1]
            self.state.alpha = min(self.state.alpha, self.alpha.end)

    def say(self, known):
        return self.tabs[self.state.view].say(self.state, known)

    def answers(self):
        return {
            "slope": lambda known: answers.slope(self.state, known),
            "tails": lambda known: answers.tails(self.state, known),
            "narrower": lambda known: answers.narrower(self.state, known),
            "mean": lambda known: answers.mean(self.state, known),
        }


def app():
    """The page; its state is in the address."""
    return frame.show(GPConvergence())
