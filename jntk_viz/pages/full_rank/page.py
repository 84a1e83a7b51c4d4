"""Is the kernel full rank? λ_min against depth and angle, and what it costs in training time."""

import numpy as np

from jntk_viz import frame
from jntk_viz.frame.settings import activation_name
from jntk_viz.pages.full_rank import answers, pictures, study
from jntk_viz.pages.full_rank import pair as pairs
from jntk_viz.pages.full_rank import time as times
from jntk_viz.pages.full_rank import words as text
from jntk_viz.pages.full_rank.formulas import FORMULAS
from jntk_viz.pages.full_rank.script import script
from jntk_viz.pages.full_rank.state import DEPTHS, SOURCES, TIMES, FullRankState

NAMES = [activation_name(name) for name in study.ACTIVATIONS]
UNKNOWN = np.full(len(DEPTHS), np.nan)
NONE = np.array([])


class FullRank(frame.Content):
    """Three views: against depth, against the angle of two points, and the time of training."""

    name = "full_rank"
    question = text.QUESTION
    views = {  # noqa: RUF012 - read only
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
    rows = tuple(views)
    formulas = FORMULAS
    sources = SOURCES
    script = staticmethod(script)

    def __init__(self):
        super().__init__(FullRankState())
        self.make_depth_pictures()
        self.make_angle_pictures()
        self.make_time_pictures()
        self.plots = {
            "depths": self.by_depth, "first": self.first, "spectrum": self.spectrum,
            "angles": self.by_angle, "points": self.circle, "lost": self.lost,
            "left": self.left, "modes": self.mode_times, "slowest": self.slowest,
        }  # fmt: skip

    def make_depth_pictures(self):
        table, s = np.tile(UNKNOWN, (len(NAMES), 1)), self.state
        ratio = study.EPS_RATIO
        self.by_depth = frame.LivePlot(
            pictures.smallest_by_depth, depths=DEPTHS, smallest=table, below=table,
            names=NAMES, chosen=0, noise=UNKNOWN, single=UNKNOWN, depth=s.depth,
            threshold=s.threshold, ratio=ratio,
        )  # fmt: skip
        never = np.full(len(NAMES), np.nan)
        self.first = frame.LivePlot(
            pictures.first_depths, names=NAMES, double=never, above=never, single=never,
            depth=s.depth, min_height=150,
        )  # fmt: skip
        self.spectrum = frame.LivePlot(
            pictures.spectrum, eigenvalues=NONE, noise=np.nan, ratio=ratio, min_height=150
        )

    def make_angle_pictures(self):
        empty = np.full(len(pairs.ANGLES), np.nan)
        self.by_angle = frame.LivePlot(
            pictures.smallest_by_angle, angles=pairs.ANGLES, smallest=empty, values=empty,
            noise=empty, fits=(NONE, NONE), theta=self.state.theta, here=np.nan,
            ratio=study.EPS_RATIO,
        )  # fmt: skip
        self.circle = frame.LivePlot(pictures.two_points, theta=self.state.theta, min_height=150)
        # Round in whatever room there is: borders at the sides as wide as the title is high.
        square = {"aspect-ratio": "1", "max-width": "100%", "margin": "0 auto"}
        self.circle.pane.param.update(sizing_mode="stretch_height", styles=square)
        self.lost = frame.LivePlot(pictures.combination, vectors=np.zeros((0, 6)), min_height=150)

    def make_time_pictures(self):
        ticks = np.array(TIMES)
        self.left = frame.LivePlot(
            pictures.residuals, times=ticks, modes=np.full((1, ticks.size), np.nan),
            slowest=NONE, loss=NONE, t=self.state.t,
        )  # fmt: skip
        self.mode_times = frame.LivePlot(
            pictures.mode_times, times=NONE, t=self.state.t, bound=np.nan, min_height=150
        )
        self.slowest = frame.LivePlot(
            pictures.slowest_times, x=DEPTHS, slowest=UNKNOWN, loss=UNKNOWN,
            fastest=UNKNOWN, bound=UNKNOWN, here=1.0, min_height=150,
        )  # fmt: skip

    def acts(self, name):
        view = f"time by {self.state.case}" if self.state.view == "time" else self.state.view
        return view in self.views[name]

    def body(self):
        low = {"min_height": 370}
        return frame.tabbed(
            self.state,
            "view",
            depth=frame.plot_grid(
                *5 * [7 * "a" + 5 * "b"], *4 * [7 * "a" + 5 * "c"],
                a=self.by_depth, b=self.first, c=self.spectrum, **low,
            ),
            angle=frame.plot_grid(
                "aaaaabbb", "aaaaaccc", a=self.by_angle, b=self.circle, c=self.lost, **low
            ),
            time=frame.plot_grid(
                "aaaaabbb", "cccccbbb", a=self.left, b=self.mode_times, c=self.slowest, **low
            ),
        )  # fmt: skip

    def plan(self, known):
        plans = {"depth": study.plan, "angle": pairs.plan, "time": times.plan}
        return plans[self.state.view](self.state, known)

    def draw(self, known):
        draw = {"depth": self.draw_depths, "angle": self.draw_angles, "time": self.draw_times}
        draw[self.state.view](known)

    def say(self, known):
        s = self.state
        if s.view == "depth":
            if not known.has(study.reading(s.problem).key):
                return None
            return text.depth_headline(s, study.found_of(s.problem, known))
        if s.view == "angle":
            return text.angle_headline(s, pairs.found_of(s, known))
        return text.time_headline(s, times.found_of(s, known), times.place(s))

    def draw_depths(self, known):
        s = self.state
        if not known.has(study.reading(s.problem).key):
            return
        found = study.found_of(s.problem, known)
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
        here = found.spectra.get((chosen, s.depth))
        self.spectrum.update(
            eigenvalues=NONE if here is None else here.eigenvalues,
            noise=np.nan if here is None else here.noise_floor,
        )
        if here is not None:
            self.spectrum.set(
                xlim=(0, 1.05 * here.eigenvalues.size),
                title=f"Eigenvalues above the noise floor:\n{text.rank(here)}",
            )

    def draw_angles(self, known):
        s = self.state
        found = pairs.found_of(s, known)
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
            self.by_angle.set(title=f"λₘᵢₙ of the {text.KERNELS[s.kernel]} of two points")
            self.lost.update(vectors=pairs.spread(pair.combination) if pair else np.zeros((0, 6)))
            if pair:
                self.lost.set(title=text.combination_title(pair))

    def draw_times(self, known):
        s = self.state
        modes, here = times.found_of(s, known), times.place(s)
        if modes:
            self.draw_modes(modes.get(here))
            self.draw_slowest(modes, here)
        elif study.refusal("jntk", s.activation):
            self.draw_modes(None)

    def draw_modes(self, modes):
        if modes is None:
            nothing = np.full((1, len(TIMES)), np.nan)
            self.left.update(modes=nothing, slowest=NONE, loss=NONE, t=self.state.t)
            self.mode_times.update(times=NONE, t=self.state.t, bound=np.nan)
            return
        self.left.update(
            modes=modes.residuals, slowest=modes.residuals[-1], loss=modes.loss, t=self.state.t
        )
        self.mode_times.update(times=modes.times, t=self.state.t, bound=modes.bound)
        self.mode_times.set(xlim=(0, 1.05 * (modes.times.size + modes.unresolved) + 0.5))

    def draw_slowest(self, known, here):
        axis = times.axis(known, self.state.case)
        by_angle = self.state.case == "angle"
        place = pictures.angle_position if by_angle else np.asarray
        self.slowest.update(
            x=place(np.array(axis.places, float)), slowest=axis.slowest, loss=axis.loss,
            fastest=axis.fastest, bound=axis.bound, here=float(place(here)),
        )  # fmt: skip
        pictures.set_ticks(self.slowest, pictures.ANGLE_TICKS if by_angle else pictures.DEPTH_TICKS)
        self.slowest.set(
            xlim=pictures.ANGLE_LIMITS if by_angle else (0.5, DEPTHS[-1] + 0.5),
            xlabel="angle θ between the two inputs" if by_angle else "depth L",
        )

    def answers(self):
        return {
            "order": lambda known: answers.order_of_activations(self.state, known),
            "nulls": lambda known: answers.count_of_nulls(self.state, known),
            "power": lambda known: answers.power_of_angle(self.state, known),
            "antipodal": lambda known: answers.antipodal_activation(self.state),
            "factor": lambda known: answers.factor_of_time(self.state),
            "slowest": lambda known: answers.slowest_mode(self.state, known),
        }


def app():
    """The page; its state is in the address."""
    return frame.show(FullRank())
