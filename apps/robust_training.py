"""Robust training in closed form: λ and time against accuracy, robustness and eigenfeatures."""

import numpy as np
import panel as pn
import panel_material_ui as pmui

from jntk_viz import views
from jntk_viz.studies import robust_training as study
from jntk_viz.views import background
from jntk_viz.views import robust_training as pictures
from jntk_viz.views import robust_training_text as text

QUESTION = "When does a penalty on the input Jacobian make a network robust?"
START = {"depth": 2, "activation": "gelu", "lam": 0.1, "t": 1e3, "epsilon": 0.3, "norm": "l2"}
TRY = {
    "Robust overfitting": {**START, "t": 1e6},
    "L∞ attack": {**START, "norm": "linf", "epsilon": 0.15},
    "λ stops mattering at t = ∞": {**START, "t": np.inf},
    "The paper's depth": {**START, "depth": 11},
}
CONTROLS = ("data", "depth", "activation", "lam", "t", "epsilon", "norm", "shown")
UNKNOWN = np.full(len(study.TIMES), np.nan)
NONE = np.array([])


class RobustTraining:
    """What is known so far, and the five pictures of it."""

    def __init__(self):
        self.state = s = study.RobustTrainingState()
        self.found = study.Found(s.problem, {}, {})
        self.headline = views.Headline()
        self.notice, self.job = views.Notice(), views.LatestWins()
        low = {"min_height": 100}
        self.accuracy = views.LivePlot(
            pictures.accuracy_curves, times=study.TIMES, clean=UNKNOWN, robust=UNKNOWN,
            standard_clean=UNKNOWN, standard_robust=UNKNOWN, pgd_times=NONE, pgd=NONE, **low,
        )  # fmt: skip
        self.jacobian = views.LivePlot(
            pictures.jacobian_curves, times=study.TIMES, jacobian=UNKNOWN, standard=UNKNOWN, **low
        )
        self.map = views.LivePlot(
            pictures.lambda_time_map, lams=study.LAMBDAS, times=study.TIMES,
            values=np.tile(UNKNOWN, (len(study.LAMBDAS), 1)),
            best=np.full(len(study.LAMBDAS), np.nan), **low,
        )  # fmt: skip
        features = {"usefulness": NONE, "robustness": NONE, "eigenvalues": NONE, **low}
        self.standard = views.LivePlot(pictures.feature_scatter, **features, colorbar=False)
        self.regularised = views.LivePlot(pictures.feature_scatter, **features)
        self.drawn = {}  # picture -> what it shows
        self.cursors = [pictures.cursors(plot) for plot in (self.accuracy, self.jacobian, self.map)]
        for plot in (self.accuracy, self.jacobian, self.map):
            plot.figure.on_event("tap", self.notice.guarded(self.tapped))
        s.param.watch(self.notice.guarded(self.changed), ["seed", *CONTROLS])
        self.job.param.watch(self.failed, "error")
        self.explore_later = background.after_pause(self.explore)

    def tapped(self, event):
        """A click on a picture with a time axis moves the reader there."""
        t = pictures.nearest(study.TIMES, event.x, pictures.time_position)
        if event.model is self.map.figure:
            lam = pictures.nearest(study.LAMBDAS, event.y, pictures.lam_position)
            self.state.param.update(t=t, lam=lam)
        else:
            self.state.t = t

    def changed(self, *events):
        """Show what is known of the new state at once; look for the rest when the reader pauses."""
        if self.state.problem == self.found.problem:
            self.redraw()
        else:
            self.headline.set("Computing … the pictures still show the previous setting.")
        if {e.name for e in events} != {"shown"}:
            self.explore_later()

    def explore(self):
        s = self.state
        wanted = s.problem, s.lam, s.t, s.epsilon, s.norm
        self.job.submit(lambda job: study.explore(job, *wanted), done=self.show, partial=self.show)

    def failed(self, event):
        if event.new and self.state.problem != self.found.problem:
            self.headline.set("No result. The pictures still show the previous setting.")

    def show(self, found):
        """Take in partial or final results."""
        if found.problem == self.found.problem:
            found.solutions.update(self.found.solutions | found.solutions)
            found.pgd.update(self.found.pgd | found.pgd)
        self.found = found
        self.redraw()

    def outdated(self, picture, *key):
        """Whether a picture has to be drawn because it shows something else than `key`."""
        old, self.drawn[picture] = self.drawn.get(picture), (self.found.problem, *key)
        return old != self.drawn[picture]

    def redraw(self):
        """Bring pictures and words to what the state asks for, as far as it is known."""
        s, solutions = self.state, self.found.solutions
        attack = {"epsilon": s.epsilon, "norm": s.norm}
        known = [lam for lam in (0.0, s.lam) if lam in solutions]
        if self.outdated("whole", *attack.values(), len(solutions)):
            self.whole = study.lambda_time_map(solutions, **attack)
        if self.outdated("scores", *attack.values(), known):
            self.scores = [study.scores(solutions[lam], **attack) for lam in known]
        with pn.io.hold():
            self.draw_curves(known)
            self.draw_map()
            for spans in self.cursors:  # last, because a picture drawn anew has them at its origin
                pictures.place(spans, t=s.t, lam=s.lam)
            if len(known) == 2:
                self.draw_features()
                self.say()
            else:
                self.headline.set(f"Computing λ = {study.power_label(s.lam)} …")

    def draw_curves(self, known):
        s = self.state
        now, standard = study.row(self.whole, s.lam), study.row(self.whole, 0.0)
        keys = {t: (s.lam, t, s.epsilon, s.norm) for t in study.TIMES}
        searched = {t: self.found.pgd[key] for t, key in keys.items() if key in self.found.pgd}
        if self.outdated("accuracy", s.lam, s.epsilon, s.norm, known, [*searched]):
            self.accuracy.update(
                clean=now.clean, robust=now.robust, standard_clean=standard.clean,
                standard_robust=standard.robust, pgd_times=np.array([*searched]),
                pgd=np.array([*searched.values()]),
            )  # fmt: skip
            robust = now.robust, standard.robust, np.array([*searched.values()])
            self.accuracy.set(ylim=pictures.accuracy_limits(*robust))
        if self.outdated("jacobian", s.lam, known):
            self.jacobian.update(jacobian=now.jacobian, standard=standard.jacobian)

    def draw_map(self):
        s, whole = self.state, self.whole
        values = getattr(whole, s.shown)
        if self.outdated("map", s.shown, s.epsilon, s.norm, len(self.found.solutions)):
            self.map.update(
                values=values if s.shown == "jacobian" else 100 * values,
                best=study.ridge(whole.robust),
            )
            limits = pictures.map_limits(s.shown, values)
            self.map.set(title=pictures.MAP_TITLES[s.shown], clim=limits)
            self.jacobian.set(ylim=pictures.map_limits("jacobian", whole.jacobian))

    def draw_features(self):
        s, scores, lams = self.state, self.scores, (0.0, self.state.lam)
        eigenvalues = [self.found.solutions[lam].eigenvalues for lam in lams]
        limits = pictures.eigenvalue_limits(*eigenvalues)
        for i, plot in enumerate((self.standard, self.regularised)):
            if self.outdated(plot, lams[i], s.epsilon, s.norm):
                plot.update(
                    usefulness=scores[i].usefulness, robustness=scores[i].robustness,
                    eigenvalues=eigenvalues[i],
                )  # fmt: skip
                rho = text.correlation(scores[i])
                plot.set(title=f"λ = {study.power_label(lams[i])}: rank corr. {rho}")
            plot.set(clim=limits)

    def say(self):
        s, whole, found = self.state, self.whole, self.found
        searched = found.pgd.get((s.lam, s.t, s.epsilon, s.norm))
        known = study.prepare(found.problem), found.solutions[s.lam], *self.scores
        self.headline.set(text.headline(s, whole, searched) + text.detail(s, whole, *known))


def what_to_try(state):
    """Buttons that set a few values; the address follows, so each is a link as well."""
    label = pn.pane.HTML("What to try", **text.LABEL_STYLE)
    buttons = []
    for name, values in TRY.items():
        button = pmui.Button(label=name, size="small", variant="text", margin=0)
        button.on_click(lambda _, values=values: state.param.update(**values))
        buttons.append(button)
    return pn.Column(label, pn.FlexBox(*buttons), margin=(2, 10))


def app():
    views.use_theme()
    it = RobustTraining()
    controls = views.controls_for(it.state, *CONTROLS, slow=("depth",))
    controls[0].options = study.source_labels()
    pictures_of_it = views.plot_grid(
        *5 * ["aaaaaaaaammmmmmmmm"], *2 * ["aaaaaaaaassssrrrrr"], *4 * ["jjjjjjjjjssssrrrrr"],
        a=it.accuracy, j=it.jacobian, m=it.map, s=it.standard, r=it.regularised,
    )  # fmt: skip
    return views.page(
        "Robust training in closed form: accuracy and robustness",
        QUESTION,
        name="robust_training",
        state=it.state,
        controls=[*controls, what_to_try(it.state)],
        body=pictures_of_it,
        headline=it.headline,
        notice=it.notice,
        job=it.job,
        formulas=views.formulas(*text.FORMULAS),
        start=it.explore,
    )


if __name__.startswith("bokeh"):
    app().servable()
