"""Deeper: what depth does to two inputs, to slopes, to the Jacobian NTK and to robust training."""

from functools import partial

import numpy as np

from jntk_viz import frame
from jntk_viz.drawing.figures import show_in_legend
from jntk_viz.pages.depth import answers, pictures, study, training
from jntk_viz.pages.depth import kernel as kernels
from jntk_viz.pages.depth import words as text
from jntk_viz.pages.depth.formulas import FORMULAS
from jntk_viz.pages.depth.script import script
from jntk_viz.pages.depth.state import BIAS_STDS, LAYERS, WEIGHT_STDS, DepthState

TOP_OF_LEGEND = 1e3  # room for the legend above the curves
_NO_LINE = (np.zeros(0), np.zeros(0))
_NO_WORDS = (np.zeros(0), np.zeros(0), [])


class Deeper(frame.Content):
    """Three views: two inputs on their way through the layers, the JNTK and training by depth."""

    name = "depth"
    question = text.QUESTION
    rows = (
        "weight_std", "bias_std", "skips", "activation", "theta", "width", "lam", "epsilon",
    )  # fmt: skip
    views = {  # noqa: RUF012 - read only
        "theta": ("signal",), "width": ("signal",), "lam": ("training",), "epsilon": ("training",),
    }  # fmt: skip
    slow = ("weight_std", "bias_std", "skips", "width", "lam", "epsilon")
    formulas = FORMULAS
    script = staticmethod(script)

    def __init__(self):
        super().__init__(DepthState())
        unknown = np.full(LAYERS + 1, np.nan)
        self.correlation = frame.LivePlot(
            pictures.correlation_by_depth,
            limit=unknown,
            plain=unknown,
            networks=unknown[None],
            fixed=np.nan,
        )
        self.slope = frame.LivePlot(
            pictures.slope_by_depth,
            limit=unknown[1:],
            plain=unknown[1:],
            networks=unknown[None, 1:],
            min_height=150,
        )
        self.phases = frame.LivePlot(
            pictures.phase_diagram, scale=np.full((2, 2), np.nan), line=_NO_LINE,
            names=_NO_WORDS, outside=_NO_WORDS,
            here=(self.state.weight_std, self.state.bias_std), min_height=150,
        )  # fmt: skip
        self.phases.when_drawn(lambda figure: figure.on_event("tap", self.go_to))
        table = np.full((2, len(kernels.DEPTHS)), np.nan)
        self.smallest = frame.LivePlot(
            pictures.smallest_by_depth, smallest=table, floor=table, below=table
        )
        self.condition = frame.LivePlot(pictures.condition_by_depth, condition=table)
        table = np.full((2, len(training.DEPTHS)), np.nan)
        self.accuracy = frame.LivePlot(
            pictures.accuracy_by_depth, best=table, low=table, high=table, end=table
        )
        self.steps = frame.LivePlot(pictures.steps_by_depth, steps=table, first=table, last=table)
        self.plots = {
            "correlation": self.correlation, "phases": self.phases, "slope": self.slope,
            "smallest": self.smallest, "condition": self.condition,
            "accuracy": self.accuracy, "steps": self.steps,
        }  # fmt: skip

    def go_to(self, event):
        """Move the reader to the place of the diagram that was clicked on."""
        place = zip((event.x, event.y), (WEIGHT_STDS, BIAS_STDS), strict=True)
        weight, bias = (round(float(np.clip(at, *ends)), 2) for at, ends in place)
        self.state.param.update(weight_std=weight, bias_std=bias)

    def body(self):
        low = {"min_height": 370}
        return frame.tabbed(
            self.state,
            "view",
            signal=frame.plot_grid(
                *4 * ["aaaaaabbbbb"], *3 * ["aaaaaaccccc"],
                a=self.correlation, b=self.phases, c=self.slope, **low,
            ),
            kernel=frame.plot_grid("aaabb", a=self.smallest, b=self.condition, **low),
            training=frame.plot_grid("aaabb", a=self.accuracy, b=self.steps, **low),
        )  # fmt: skip

    def plan(self, known):
        return study.plan(self.state, known)

    def draw(self, known):
        if self.state.view == "kernel":
            self.draw_kernels(known)
        elif self.state.view == "training":
            self.draw_trainings(study.trainings_of(self.state, known))
        else:
            self.draw_signal(study.found_of(self.state, known))

    def draw_signal(self, found):
        s = self.state
        self.phases.update(here=(s.weight_std, s.bias_std))
        if found is None:
            return
        limit, point, networks = found.limit, found.point, found.networks
        unknown = np.full((1, LAYERS + 1), np.nan)
        curves = np.array([one.correlation for one in networks]) if networks else unknown
        slopes = np.array([one.slope for one in networks]) if networks else unknown[:, 1:]
        values, slope = _padded(limit)
        plain, plain_slope = _padded(found.plain)
        fixed = np.nan if point is None or s.skips else point.correlation
        self.correlation.update(limit=values, plain=plain, networks=curves, fixed=fixed)
        self.correlation.set(ylim=pictures.correlation_limits(values, plain, curves))
        for name, shown in (("without skips", bool(s.skips)), ("c*", bool(np.isfinite(fixed)))):
            self.correlation.when_drawn(partial(show_in_legend, label=name, shown=shown))
        self.slope.update(limit=slope, plain=plain_slope, networks=slopes)
        pictures.fit_decades(self.slope, slope, plain_slope, slopes)
        if found.diagram is not None:
            plane = found.diagram
            names, outside = pictures.region_names(plane)
            self.phases.update(
                scale=plane.points.scale, line=plane.line, names=names, outside=outside
            )

    def draw_kernels(self, known):
        courses = [kernels.course(network, known) for network in self.state.pair]
        smallest, floor, below, condition = (np.array(v) for v in zip(*courses, strict=True))
        self.smallest.update(smallest=smallest, floor=floor, below=below)
        pictures.fit_decades(self.smallest, smallest, floor, TOP_OF_LEGEND * smallest)
        self.condition.update(condition=condition)

    def draw_trainings(self, found):
        courses = [training.course(one) for one in found]
        best, low, high, end, steps, first, last = map(np.array, zip(*courses, strict=True))
        self.accuracy.update(best=best, low=low, high=high, end=end)
        self.accuracy.set(ylim=pictures.accuracy_limits(low, end))
        self.steps.update(steps=steps, first=first, last=last)
        pictures.fit_decades(self.steps, last, least=(0.0, 4.0))

    def say(self, known):
        if self.state.view == "training":
            return text.training_headline(self.state, study.trainings_of(self.state, known))
        if self.state.view == "kernel":
            return text.kernel_headline(self.state, known)
        return text.signal_headline(self.state, study.found_of(self.state, known))

    def answers(self):
        return {key: partial(function, self.state) for key, function in answers.ANSWERS.items()}


def _padded(limit):
    """Correlations (1+D,) and slopes (D,) of a limit, NaN beyond where it is known."""
    if limit is None:
        return np.full(LAYERS + 1, np.nan), np.full(LAYERS, np.nan)
    beyond = np.full(LAYERS - len(limit.slope), np.nan)
    return np.append(limit.correlation, beyond), np.append(limit.slope, beyond)


def app():
    """The page; its state is in the address."""
    return frame.show(Deeper())
