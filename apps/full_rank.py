"""Is the kernel full rank? λ_min against depth and angle, and what it costs in training time."""

import numpy as np
import panel as pn

from jntk_viz import views
from jntk_viz.studies import full_rank as study
from jntk_viz.studies import full_rank_pair as pairs
from jntk_viz.studies import full_rank_time as times
from jntk_viz.studies.full_rank_script import script
from jntk_viz.views import full_rank as pictures
from jntk_viz.views import full_rank_answers as answers
from jntk_viz.views import full_rank_text as text
from jntk_viz.views.shared_results import RESULTS

CONTROLS = {  # setting -> the views in which it acts
    "data": ("depth", "time by depth"),
    "points": ("depth", "time by depth"),
    "activation": ("depth", "angle", "time by depth", "time by angle"),
    "kernel": ("depth", "angle"),
    "depth": ("depth", "angle", "time by depth", "time by angle"),
    "threshold": ("depth",),
    "theta": ("angle", "time by angle"),
    "case": ("time by depth", "time by angle"),
    "lam": ("time by depth", "time by angle"),
    "t": ("time by depth", "time by angle"),
}
NAMES = [study.label(name) for name in study.ACTIVATIONS]
UNKNOWN = np.full(len(study.DEPTHS), np.nan)
NONE = np.array([])


class FullRank:
    """What is known so far, and the pictures of the three views."""

    def __init__(self):
        self.state = s = study.FullRankState()
        s.param.data.objects = study.source_labels()
        self.headline = views.Headline()
        self.notice, self.job = views.Notice(), views.LatestWins()
        self.found = study.Found(s.problem, {}, {})
        self.two = self.training = None
        self.started = False
        self.make_depth_pictures()
        self.make_angle_pictures()
        self.make_time_pictures()
        self.controls = views.controls_for(s, *CONTROLS)
        s.param.watch(self.notice.guarded(self.changed), ["view", "seed", *CONTROLS])
        self.job.param.watch(self.failed, "error")
        self.redraw()

    def make_depth_pictures(self):
        table, s = np.tile(UNKNOWN, (len(NAMES), 1)), self.state
        ratio = study.EPS_RATIO
        self.by_depth = views.LivePlot(
            pictures.smallest_by_depth, depths=study.DEPTHS, smallest=table, below=table,
            names=NAMES, chosen=0, noise=UNKNOWN, single=UNKNOWN, depth=s.depth,
            threshold=s.threshold, ratio=ratio,
        )  # fmt: skip
        never = np.full(len(NAMES), np.nan)
        self.first = views.LivePlot(
            pictures.first_depths, names=NAMES, double=never, above=never, single=never,
            depth=s.depth, min_height=150,
        )  # fmt: skip
        self.spectrum = views.LivePlot(
            pictures.spectrum, eigenvalues=NONE, noise=np.nan, ratio=ratio, min_height=150
        )

    def make_angle_pictures(self):
        empty = np.full(len(pairs.ANGLES), np.nan)
        self.by_angle = views.LivePlot(
            pictures.smallest_by_angle, angles=pairs.ANGLES, smallest=empty, values=empty,
            noise=empty, fits=(NONE, NONE), theta=self.state.theta, here=np.nan,
            ratio=study.EPS_RATIO,
        )  # fmt: skip
        self.circle = views.LivePlot(pictures.two_points, theta=self.state.theta, min_height=150)
        # Round in whatever room there is: borders at the sides as wide as the title is high.
        square = {"aspect-ratio": "1", "max-width": "100%", "margin": "0 auto"}
        self.circle.pane.param.update(sizing_mode="stretch_height", styles=square)
        self.lost = views.LivePlot(pictures.combination, vectors=np.zeros((0, 6)), min_height=150)

    def make_time_pictures(self):
        ticks = np.array(study.TIMES)
        self.left = views.LivePlot(
            pictures.residuals, times=ticks, modes=np.full((1, ticks.size), np.nan),
            slowest=NONE, loss=NONE, t=self.state.t,
        )  # fmt: skip
        self.mode_times = views.LivePlot(
            pictures.mode_times, times=NONE, t=self.state.t, bound=np.nan, min_height=150
        )
        self.slowest = views.LivePlot(
            pictures.slowest_times, x=study.DEPTHS, slowest=UNKNOWN, loss=UNKNOWN,
            fastest=UNKNOWN, bound=UNKNOWN, here=1.0, min_height=150,
        )  # fmt: skip

    # ---- what to compute

    def start(self):
        """Begin to compute: the page stands in the browser."""
        self.started = True
        self.changed()

    def changed(self, *_):
        self.redraw()
        if not self.started:
            return
        if self.complete():
            self.job.cancel()
            self.job.error = ""
        else:
            self.explore()

    def explore(self):
        s = self.state
        explore, show, wanted = {
            "depth": (study.explore, self.show_depths, (s.problem, s.activation, s.depth)),
            "angle": (pairs.explore, self.show_angles, (self.pair_key(), s.theta)),
            "time": (times.explore, self.show_times, (times.training_key(s), times.place(s))),
        }[s.view]
        work = RESULTS.shared(
            ("full_rank", s.view, *wanted), lambda job: explore(job, *wanted), keep=False
        )
        self.job.submit(work, done=show, partial=show)

    def pair_key(self):
        s = self.state
        return s.kernel, s.activation, s.depth

    def complete(self):
        """Whether the view on screen lacks nothing, or can never be had."""
        s = self.state
        if s.view == "depth":
            return self.found.problem == s.problem and self.found.whole(s.activation, s.depth)
        if study.refusal(s.kernel if s.view == "angle" else "jntk", s.activation):
            return True
        if s.view == "angle":
            known = self.two
            return (
                bool(known)
                and known.key == self.pair_key()
                and len(known.pairs) == len(study.THETAS)
            )
        known = self.training
        return (
            bool(known)
            and known.key == times.training_key(s)
            and len(known.modes) == len(times.places(s.case))
        )

    def show_depths(self, found):
        if found.problem == self.found.problem:
            found = found._replace(
                spectra=self.found.spectra | found.spectra,
                single=self.found.single | found.single,
            )
        self.found = found
        self.redraw()

    def show_angles(self, found):
        self.two = found
        self.redraw()

    def show_times(self, found):
        self.training = found
        self.redraw()

    def failed(self, event):
        if event.new:
            self.headline.set("No result. The pictures still show the previous setting.")

    # ---- what to show

    def redraw(self):
        """Bring the view on screen to the state, as far as it is known."""
        s = self.state
        view = f"time by {s.case}" if s.view == "time" else s.view
        with pn.io.hold():
            for control, acts in zip(self.controls, CONTROLS.values(), strict=True):
                control.visible = view in acts
            {"depth": self.draw_depths, "angle": self.draw_angles, "time": self.draw_times}[
                s.view
            ]()

    def draw_depths(self):
        s, found = self.state, self.found
        if found.problem != s.problem:
            self.headline.set(text.working())
            return
        chosen = s.activation
        # A refused one has no floors: those of another stand for it, they differ little.
        reference = study.compared(s.problem, chosen)[0]
        self.by_depth.update(
            smallest=np.array([found.smallest(name) for name in study.ACTIVATIONS]),
            below=np.array([found.unresolved(name) for name in study.ACTIVATIONS]),
            chosen=[*study.ACTIVATIONS].index(chosen), noise=found.noise(reference),
            single=found.in_single(chosen), depth=s.depth, threshold=s.threshold,
        )  # fmt: skip
        self.by_depth.set(title=f"Smallest eigenvalue of the {text.KERNELS[s.kernel]}")
        firsts = [study.first_depths(found, name, s.threshold) for name in study.ACTIVATIONS]
        double, above, single = zip(*map(text.first_marks, firsts), strict=True)
        self.first.update(double=double, above=above, single=single, depth=s.depth)
        known = found.spectra.get((chosen, s.depth))
        self.spectrum.update(
            eigenvalues=NONE if known is None else known.eigenvalues,
            noise=np.nan if known is None else known.noise_floor,
        )
        if known is not None:
            self.spectrum.set(
                xlim=(0, 1.05 * known.eigenvalues.size),
                title=f"All eigenvalues: {text.rank(known)}",
            )
        self.headline.set(text.depth_headline(s, found))

    def draw_angles(self):
        s = self.state
        found = self.two if self.two and self.two.key == self.pair_key() else None
        self.circle.update(theta=s.theta)
        refused = study.refusal(s.kernel, s.activation)
        if found or refused:
            pair = found and found.pairs.get(s.theta)
            blank = np.full(len(pairs.ANGLES), np.nan)
            here = pair.spectrum.smallest if pair else None
            self.by_angle.update(
                smallest=found.sweep.smallest if found else blank,
                values=found.sweep.values if found else blank,
                noise=found.sweep.noise if found else blank,
                fits=pairs.fitted_lines(found.sweep) if found else (NONE, NONE),
                theta=s.theta, here=here.value if here and here.resolved else np.nan,
            )  # fmt: skip
            self.by_angle.set(title=f"λ_min of the {text.KERNELS[s.kernel]} of two points")
            self.lost.update(vectors=pairs.spread(pair.combination) if pair else np.zeros((0, 6)))
            if pair:
                self.lost.set(title=text.combination_title(pair))
        self.headline.set(text.angle_headline(s, found))

    def draw_times(self):
        s = self.state
        training = self.training
        if not training or training.key != times.training_key(s):
            training = None
        here = times.place(s)
        if training:
            self.draw_modes(training.modes.get(here))
            self.draw_slowest(training, here)
        elif study.refusal("jntk", s.activation):
            self.draw_modes(None)
        self.headline.set(text.time_headline(s, training, here))

    def draw_modes(self, modes):
        if modes is None:
            nothing = np.full((1, len(study.TIMES)), np.nan)
            self.left.update(modes=nothing, slowest=NONE, loss=NONE, t=self.state.t)
            self.mode_times.update(times=NONE, t=self.state.t, bound=np.nan)
            return
        self.left.update(
            modes=modes.residuals, slowest=modes.residuals[-1], loss=modes.loss, t=self.state.t
        )
        self.mode_times.update(times=modes.times, t=self.state.t, bound=modes.bound)
        self.mode_times.set(xlim=(0, 1.05 * (modes.times.size + modes.unresolved) + 0.5))

    def draw_slowest(self, training, here):
        axis = times.axis(training, self.state.case)
        by_angle = self.state.case == "angle"
        place = pictures.angle_position if by_angle else np.asarray
        self.slowest.update(
            x=place(np.array(axis.places, float)), slowest=axis.slowest, loss=axis.loss,
            fastest=axis.fastest, bound=axis.bound, here=float(place(here)),
        )  # fmt: skip
        pictures.set_ticks(self.slowest, pictures.ANGLE_TICKS if by_angle else pictures.DEPTH_TICKS)
        self.slowest.set(
            xlim=pictures.ANGLE_LIMITS if by_angle else (0.5, 12.5),
            xlabel="angle θ between the two inputs" if by_angle else "depth L",
        )

    # ---- what readers may be asked

    def answers(self):
        return {
            "order": lambda: answers.order_of_activations(self.state, self.found),
            "nulls": lambda: answers.count_of_nulls(self.state, self.found),
            "power": lambda: answers.power_of_angle(self.state, self.two, self.pair_key()),
            "antipodal": lambda: answers.antipodal_activation(self.state),
            "factor": lambda: answers.factor_of_time(self.state),
            "slowest": lambda: answers.slowest_mode(self.state, self.training),
        }


def app():
    views.use_theme()
    it = FullRank()
    body = views.tabbed(
        it.state, "view",
        depth=views.plot_grid(
            *5 * [7 * "a" + 5 * "b"], *4 * [7 * "a" + 5 * "c"],
            a=it.by_depth, b=it.first, c=it.spectrum, min_height=370,
        ),
        angle=views.plot_grid("aaaaabbb", "aaaaaccc", a=it.by_angle, b=it.circle, c=it.lost,
                              min_height=370),
        time=views.plot_grid("aaaaabbb", "cccccbbb", a=it.left, b=it.mode_times, c=it.slowest,
                             min_height=370),
    )  # fmt: skip
    return views.page(
        "Is the kernel full rank?",
        text.QUESTION,
        name="full_rank",
        state=it.state,
        controls=it.controls,
        body=body,
        headline=it.headline,
        notice=it.notice,
        job=it.job,
        formulas=views.formulas(*text.FORMULAS),
        start=it.start,
        plots={
            "depths": it.by_depth, "first": it.first, "spectrum": it.spectrum,
            "angles": it.by_angle, "points": it.circle, "lost": it.lost,
            "left": it.left, "modes": it.mode_times, "slowest": it.slowest,
        },
        script=script,
        sources=study.SOURCES,
        answers=it.answers(),
    )  # fmt: skip


if __name__.startswith("bokeh"):
    app().servable()
