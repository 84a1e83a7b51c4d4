"""The kernel that stays put: networks of three widths in training, beside their infinite width."""

import panel as pn
import panel_material_ui as pmui

from jntk_viz import frame
from jntk_viz.frame.player import play_button, shown_in
from jntk_viz.frame.settings import data_names
from jntk_viz.pages.jntk_constancy import training
from jntk_viz.pages.jntk_constancy import words as text
from jntk_viz.pages.jntk_constancy.answers import answers
from jntk_viz.pages.jntk_constancy.formulas import FORMULAS
from jntk_viz.pages.jntk_constancy.script import script
from jntk_viz.pages.jntk_constancy.state import SOURCES, JNTKConstancyState, Settings
from jntk_viz.pages.jntk_constancy.tabs import Pictures


class JNTKConstancy(frame.Content):
    """Three views of one run: how far kernels move, the outputs, the kernel itself."""

    name = "jntk_constancy"
    question = "The wider the network, the less its Jacobian NTK moves while it trains"
    slow = Settings._fields
    formulas = FORMULAS
    sources = SOURCES
    script = staticmethod(script)

    def __init__(self):
        self.state = JNTKConstancyState()
        self.state.param.data.objects = data_names(SOURCES)
        self.pictures = Pictures(self.state)
        self.plots = self.pictures.plots

    def plan(self, known):
        return training.plan(self.state, known)

    def draw(self, known):
        progress = training.progress_of(self.state, known)
        if progress is not None:
            self.pictures.draw(progress)

    def say(self, known):
        progress = training.progress_of(self.state, known)
        return None if progress is None else text.headline(self.state, progress)

    def controls(self):
        """Widgets in pairs, so that all are seen at once on a projector."""
        state = self.state
        names = [name for name in Settings._fields if name != "seed"]
        data, points, networks, activation, depth, kappa, *rest = frame.controls_for(
            state, *names, slow=self.slow
        )
        moment, followed, against = frame.controls_for(state, "moment", "followed", "against")
        shown_in(state, followed, "outputs", "kernel")
        shown_in(state, against, "kernel")
        again = pmui.Button(label="Train again", size="small", variant="contained", margin=(4, 10))
        again.on_click(lambda _: self.controller.again())
        return [
            data, pn.Row(points, networks), activation, pn.Row(depth, kappa), *rest,
            moment, pn.Row(again, play_button(state, "moment")), pn.Row(followed, against),
        ]  # fmt: skip

    def body(self):
        return self.pictures.body()

    def answers(self):
        return answers(self.state)


def app():
    """The page; its state is in the address."""
    return frame.show(JNTKConstancy())
