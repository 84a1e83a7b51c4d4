"""When it breaks: eight ways for wide networks and their theory to fail, each with its cure."""

from functools import partial

from jntk_viz import frame
from jntk_viz.pages.breakdown import answers, study
from jntk_viz.pages.breakdown.formulas import FORMULAS
from jntk_viz.pages.breakdown.pictures import Pictures
from jntk_viz.pages.breakdown.script import script
from jntk_viz.pages.breakdown.state import KNOBS, BreakdownState
from jntk_viz.pages.breakdown.words import headline

_KNOBS = [knob.name for knob in KNOBS.values()]


class Breakdown(frame.Content):
    """Eight cases in one place: three pictures, whose axes fit the case, and a card of words."""

    name = "breakdown"
    question = "What does it look like when wide-network theory fails, and what helps?"
    rows = ("case", *_KNOBS, ("networks", "cure"))
    slow = (*_KNOBS, "networks")
    formulas = FORMULAS
    script = staticmethod(script)

    def __init__(self):
        super().__init__(BreakdownState())
        self.pictures = Pictures()
        self.plots = self.pictures.plots

    def acts(self, name):
        """Of the knobs that of the case alone; the number of networks where there are any."""
        case = self.state.case
        if name == "networks":
            return study.CASES[case].of_networks
        return name not in _KNOBS or name == KNOBS[case].name

    def body(self):
        return self.pictures.grid()

    def plan(self, known):
        return study.plan(self.state, known)

    def draw(self, known):
        self.pictures.show(study.outcome_of(self.state.setting, known))

    def say(self, known):
        return headline(study.outcome_of(self.state.setting, known))

    def answers(self):
        return {key: partial(answers.answer, key, self.state) for key in answers.ANSWERS}


def app():
    """The page; its state is in the address."""
    return frame.show(Breakdown())
