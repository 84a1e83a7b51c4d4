"""Robust training in closed form: λ and time t against accuracy, robustness and the predictor."""

import functools

import panel as pn

from jntk_viz import frame
from jntk_viz.drawing import axes
from jntk_viz.engine import background
from jntk_viz.engine.shared_results import RESULTS
from jntk_viz.pages.robust_training import study
from jntk_viz.pages.robust_training import words as text
from jntk_viz.pages.robust_training.answers import ANSWERS
from jntk_viz.pages.robust_training.predictor import picture_of
from jntk_viz.pages.robust_training.predictor_pictures import nearest_place
from jntk_viz.pages.robust_training.script import script
from jntk_viz.pages.robust_training.tabs import Pictures

QUESTION = "Does a Jacobian penalty make a network robust, or stopping in time?"
CONTROLS = (
    "data", "depth", "activation", "lam", "t", "epsilon", "norm", "shown", "training", "rate",
    "plane", "point",
)  # fmt: skip
# These change the picture only.
FREE = {"shown"}


class RobustTraining:
    """What is known so far, and what is drawn and said of it."""

    def __init__(self):
        self.state = s = study.RobustTrainingState()
        self.found, self.sought = study.Found(s.problem, {}, {}, {}, {}), s.problem
        self.started = False  # what is drawn before the page is in the browser may be lost
        self.headline = frame.Headline()
        self.notice, self.job = frame.Notice(), frame.LatestWins()
        self.pictures = Pictures(s)
        for plot in self.pictures.timed:
            plot.when_drawn(lambda f: f.on_event("tap", self.notice.guarded(self.tapped)))
        self.pictures.slice.when_drawn(
            lambda f: f.on_event("tap", self.notice.guarded(self.tapped_point))
        )
        s.param.watch(self.notice.guarded(self.changed), ["seed", "view", *CONTROLS])
        self.job.param.watch(self.failed, "error")
        self.explore_later = background.after_pause(self.explore)

    def tapped(self, event):
        """A click on a picture with a time axis moves the reader there."""
        t = axes.nearest(study.TIMES, event.x, axes.time_position)
        if event.model is self.pictures.map.figure:
            lam = axes.nearest(study.LAMBDAS, event.y, axes.lam_position)
            self.state.param.update(t=t, lam=lam)
        else:
            self.state.t = t

    def tapped_point(self, event):
        """A click on the slice follows the test point that is drawn nearest."""
        places = self.pictures.slice.data["test"]
        if len(places):
            self.state.point = nearest_place(places, (event.x, event.y))

    def changed(self, *events):
        """Show what is known of the new state at once; look for the rest when the reader pauses."""
        if not self.started:
            return
        if self.state.problem == self.found.problem:
            self.redraw()
        else:
            self.headline.set("Computing … the pictures still show the previous setting.")
        if self.state.problem != self.sought:
            self.explore()  # at once: there is nothing else to show
        elif not {e.name for e in events} <= FREE:
            self.explore_later()

    def explore(self):
        self.started = True
        wanted, self.sought = self.state.snapshot(), self.state.problem
        work = RESULTS.shared(
            ("robust_training", wanted), lambda job: study.explore(job, wanted), keep=False
        )
        self.job.submit(work, done=self.show, partial=self.show)

    def failed(self, event):
        if event.new and self.state.problem != self.found.problem:
            self.headline.set("No result. The pictures still show the previous setting.")

    def show(self, found):
        """Take in partial or final results."""
        if found.problem == self.found.problem:
            parts = zip(self.found[1:], found[1:], strict=True)
            found = study.Found(found.problem, *(old | new for old, new in parts))
        self.found = found
        self.redraw()

    def redraw(self):
        """Bring pictures and words to what the state asks for, as far as it is known."""
        self.pictures.know(self.found)
        self.pictures.draw()
        if {0.0, self.state.lam} <= self.found.solutions.keys():
            self.headline.set(self.pictures.say())
        else:
            self.headline.set(f"Computing λ = {study.power_label(self.state.lam)} …")

    def answers(self):
        """What readers may have to predict; None while it is not known."""

        def measured(answer):
            if self.found.problem != self.state.problem or not self.found.solutions:
                return None
            return answer(self.state, self.pictures.whole, self.found)

        return {key: functools.partial(measured, answer) for key, answer in ANSWERS.items()}


def controls(state):
    """The widgets in pairs where they are small; what has no use in a view is put away."""
    state.param.data.objects = study.source_labels()
    made = dict(zip(CONTROLS, frame.controls_for(state, *CONTROLS, slow=("depth",)), strict=True))

    def put_away(*_):
        sees = state.view == "predictor"
        made["rate"].visible = state.training == "descent"
        picture = picture_of(state.data)
        made["plane"].visible = sees and picture == "slice"
        made["point"].visible = sees and picture != "circle"
        made["shown"].visible = state.view == "map"

    state.param.watch(put_away, ["view", "training", "data"])
    put_away()
    pairs = (("data",), ("depth", "activation"), ("lam",), ("t",), ("epsilon",), ("norm", "shown"),
             ("training", "rate"), ("plane", "point"))  # fmt: skip
    return [pn.Row(*(made[name] for name in pair), margin=0) for pair in pairs], put_away


def app():
    frame.use_theme()
    it = RobustTraining()
    widgets, put_away = controls(it.state)
    page = frame.page(
        "Robust training in closed form",
        QUESTION,
        name="robust_training",
        state=it.state,
        controls=widgets,
        body=frame.tabbed(it.state, "view", **it.pictures.grids()),
        headline=it.headline,
        notice=it.notice,
        job=it.job,
        formulas=frame.formulas(*text.FORMULAS),
        start=it.explore,
        plots=it.pictures.plots(),
        script=script,
        answers=it.answers(),
        sources=study.SOURCES,
        slow=("depth", "data", "activation"),
    )
    put_away()  # the address has been read meanwhile
    return page
