"""Robust training in closed form: λ and time t against accuracy, robustness and the predictor."""

import panel as pn

from jntk_viz import frame
from jntk_viz.drawing import axes
from jntk_viz.frame.robustness import LAMBDAS
from jntk_viz.frame.settings import data_names
from jntk_viz.pages.robust_training import words as text
from jntk_viz.pages.robust_training.answers import answers
from jntk_viz.pages.robust_training.formulas import FORMULAS
from jntk_viz.pages.robust_training.plan import found_of, plan
from jntk_viz.pages.robust_training.predictor import picture_of
from jntk_viz.pages.robust_training.predictor_pictures import nearest_place
from jntk_viz.pages.robust_training.script import script
from jntk_viz.pages.robust_training.state import SOURCES, TIMES, RobustTrainingState
from jntk_viz.pages.robust_training.tabs import Pictures

CONTROLS = (  # in pairs where they are small
    ("data",), ("depth", "activation"), ("lam",), ("t",), ("epsilon",), ("norm", "shown"),
    ("training", "rate"), ("plane", "point"),
)  # fmt: skip


class RobustTraining(frame.Content):
    """Three views: the map over (λ, t), the predictor itself, its eigenfeatures."""

    name = "robust_training"
    question = text.QUESTION
    slow = ("depth", "data", "activation")
    formulas = FORMULAS
    sources = SOURCES
    script = staticmethod(script)

    def __init__(self):
        self.state = RobustTrainingState()
        self.state.param.data.objects = data_names(SOURCES)
        self.pictures = Pictures(self.state)
        self.plots = self.pictures.plots
        taps = {
            self.pictures.map: self.go_to_place, self.pictures.accuracy: self.go_to_time,
            self.pictures.jacobian: self.go_to_time, self.pictures.slice: self.follow_point,
        }  # fmt: skip
        for plot, tapped in taps.items():
            plot.when_drawn(lambda figure, tapped=tapped: figure.on_event("tap", tapped))

    def go_to_time(self, event):
        """Move the reader to the time that was clicked on."""
        self.state.t = axes.nearest(TIMES, event.x, axes.time_position)

    def go_to_place(self, event):
        """Move the reader to the place of the map that was clicked on."""
        self.state.param.update(
            t=axes.nearest(TIMES, event.x, axes.time_position),
            lam=axes.nearest(LAMBDAS, event.y, axes.lam_position),
        )

    def follow_point(self, event):
        """Follow the test point that is drawn nearest to the click on the slice."""
        places = self.pictures.slice.data["test"]
        if len(places):
            self.state.point = nearest_place(places, (event.x, event.y))

    def plan(self, known):
        return plan(self.state, known)

    def draw(self, known):
        found = found_of(self.state, known)
        if found is not None:
            self.pictures.draw(found)

    def say(self, known):
        found = found_of(self.state, known)
        return None if found is None else text.headline(self.state, found)

    def controls(self):
        """The widgets; those that have no use in the view are put away."""
        names = [name for pair in CONTROLS for name in pair]
        made = frame.controls_for(self.state, *names, slow=self.slow)
        self.widgets = dict(zip(names, made, strict=True))
        self.state.param.watch(self.put_away, ["view", "training", "data"])
        self.put_away()
        return [pn.Row(*(self.widgets[name] for name in pair), margin=0) for pair in CONTROLS]

    def put_away(self, *_):
        s, picture = self.state, picture_of(self.state.data)
        shown = {
            "rate": s.training == "descent",
            "plane": s.view == "predictor" and picture == "slice",
            "point": s.view == "predictor" and picture != "circle",
            "shown": s.view == "map",
        }
        for name, visible in shown.items():
            self.widgets[name].visible = visible

    def body(self):
        return self.pictures.body()

    def answers(self):
        return answers(self.state)


def app():
    """The page; its state is in the address."""
    return frame.show(RobustTraining())
