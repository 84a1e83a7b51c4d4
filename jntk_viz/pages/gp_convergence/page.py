"""Random networks become a Gaussian process, and so do their slopes."""

from typing import Any

import panel as pn
import panel_material_ui as pmui

from jntk_viz import frame
from jntk_viz.engine import sources
from jntk_viz.frame import address
from jntk_viz.frame.controls import play_button
from jntk_viz.pages.gp_convergence import answers, study, tabs
from jntk_viz.pages.gp_convergence import words as text
from jntk_viz.pages.gp_convergence.formulas import FORMULAS
from jntk_viz.pages.gp_convergence.opening_pictures import Opening
from jntk_viz.pages.gp_convergence.script import script
from jntk_viz.pages.gp_convergence.state import SOURCES, GPConvergenceState

PERIOD = 1200  # milliseconds between two widths: long enough to see what has changed


class GPConvergence(frame.Content):
    """Three tabs: functions on the circle, their distribution, and their covariance."""

    name = "gp_convergence"
    question = text.QUESTION
    rows = (
        ("width", "widen"), "depth", "activation", "kappa", "data", "networks",
        "angle", "level", "observe", "noise", "ends", "point", "alpha", "heat",
    )  # fmt: skip
    views = {  # noqa: RUF012 - read only
        **dict.fromkeys(("angle", "level", "observe", "noise", "ends"), ("functions",)),
        **dict.fromkeys(("data", "networks"), ("densities", "covariance")),
        **dict.fromkeys(("point", "alpha"), ("densities",)),
        "heat": ("covariance",),
    }
    formulas = FORMULAS
    sources = SOURCES
    script = staticmethod(script)

    def __init__(self):
        super().__init__(GPConvergenceState())
        self.tabs: dict[str, Any] = {
            "functions": tabs.Functions(),
            "densities": tabs.Densities(),
            "covariance": tabs.Covariance(),
        }
        self.plots = {key: plot for tab in self.tabs.values() for key, plot in tab.plots.items()}
        self.opening: Opening | None = None
        self.state.param.watch(self.show_own_data, "data")
        # After the slider has followed.
        self.state.param.watch(self.offer_features, ["view", "data", "alpha"], precedence=1)

    def acts(self, name):
        """Show the noise of observations only where there are any."""
        return super().acts(name) and (name != "noise" or bool(self.state.observed))

    def show_own_data(self, event):
        """Go to where the table just brought along is seen."""
        if event.new.startswith(sources.OWN) and self.state.view == "functions":
            self.state.view = "densities"

    def buttons(self):
        """Let the width grow; do what a click in a picture does, for those who do not point."""
        widen = play_button(
            self.state, "width", "▶ Widen", PERIOD,
            lambda: study.complete(self.state, self.controller.known),
        )  # fmt: skip
        widen.param.update(margin=(10, 6), width=86)
        return {"widen": widen, "observe": self.observe_buttons()}

    def observe_buttons(self):
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
        functions = self.tabs["functions"]
        functions.on_tap(self.controller.notice.guarded(self.observe_at))
        if pn.state.curdoc and pn.state.curdoc.session_context and address.is_bare():
            self.opening = Opening(functions, self.controller.headline.pane)
        grids = {name: tab.grid() for name, tab in self.tabs.items()}
        if self.opening is not None:
            grids["functions"].append(self.opening.film.button)
        return frame.tabbed(self.state, "view", **grids)

    def plan(self, known):
        return study.plan(self.state, known)

    def draw(self, known):
        self.offer_features()
        self.tabs[self.state.view].draw(self.state, known)
        if self.opening is not None:
            self.opening.show(self.state, known)

    def offer_features(self, *_):
        """Let the slope be taken along features that the data set has, once that is known."""
        slider = self.widgets.get("alpha")
        if slider is None or self.state.view != "densities":
            return
        points = self.controller.known(study.points, self.state.data)
        # While the slider has yet to follow the state, each would correct the other for ever.
        if points is not None and slider.value == self.state.alpha:
            slider.end = points.x.shape[1]
            self.state.alpha = min(self.state.alpha, slider.end)

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
