"""A page that computes squares: a small `Content` for tests of what drives pages."""

import threading
from collections.abc import Callable

import holoviews as hv
import param

from jntk_viz import frame
from jntk_viz.engine.results import kept
from jntk_viz.engine.steps import Step

BEGUN: list[tuple] = []  # (n, part) of all steps that a thread has begun …
COMPUTED: list[tuple] = []  # … and of those that have run
GATES: dict[int, threading.Event] = {}  # n -> what its steps wait for
FAULTS: dict[int, Exception] = {}  # n -> what its steps raise
WORK: dict[int, Callable] = {}  # n -> what its steps do first


@kept
def square(n, part):
    BEGUN.append((n, part))
    if n in GATES:
        assert GATES[n].wait(10)
    if n in WORK:
        WORK[n]()
    if n in FAULTS:
        raise FAULTS[n]
    COMPUTED.append((n, part))
    return n * n


class Settings(param.Parameterized):
    n = param.Integer(1, bounds=(0, 99))
    parts = param.Integer(3)
    shown = param.String("")


class Squares(frame.Content):
    """Wants the square of n in several parts; `drawn` notes (n, parts known) at each drawing."""

    question = "?"

    def __init__(self, **settings):
        self.state, self.drawn = Settings(**settings), []
        self.plot = frame.LivePlot(lambda y: hv.Curve(y), y=[0.0, 0.0])
        self.plots = {"a": self.plot}

    def keys(self):
        return [(self.state.n, part) for part in range(self.state.parts)]

    def plan(self, known):
        if self.state.n == 13:
            raise ValueError("`n` must not be 13")
        return [Step(square, key, f"part {key[1]}") for key in self.keys()]

    def draw(self, known):
        values = [known(square, *key) for key in self.keys()]
        self.drawn.append((self.state.n, sum(value is not None for value in values)))
        self.plot.update(y=[value or 0.0 for value in values])

    def say(self, known):
        value = known(square, self.state.n, 0)
        return None if value is None else f"the square is {value}"

    def controls(self):
        return frame.controls_for(self.state, "n")

    def body(self):
        return frame.plot_grid("a", a=self.plot)
