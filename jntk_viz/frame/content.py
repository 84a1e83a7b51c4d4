"""Contents of one page; the frame drives all pages in the same way.

From the event of a slider to the pixels:

1. `controls.controls_for` sets the parameter of `Content.state` (the page's `state.py`).
2. `Controller.changed` (`frame.controller`) draws at once what is known: `Content.draw` and
   `Content.say` of the page's `page.py`.
3. `Controller` asks `Content.plan` for the steps that this state wants, the most wanted first, and
   gives the first one whose result is not known to the engine's runner (`engine.runners`).
4. The step (`engine.steps`) calls a function of the page's `study.py`, which calls the mathematics;
   its result is kept (`engine.results`).
5. `Controller` draws again. `Content.draw` brings arrays to `LivePlot.update` (`drawing.live`),
   which puts them into the Bokeh data sources that the browser has.

These are the files of the way; the sentences come from the page's `words.py`, and all else that is
called is arithmetic. `undo` and the address bar follow the state beside the way.

A page in a notebook, in an exported file and in a served tab differ only in who runs the steps.
"""

from collections.abc import Callable
from typing import Any

import param

from jntk_viz.drawing.theme import use_theme
from jntk_viz.engine.results import ABSENT, RESULTS
from jntk_viz.engine.steps import Step
from jntk_viz.frame.controls import control_rows
from jntk_viz.frame.settings import data_names


class Known:
    """Results by function and arguments: those that the page holds, else those that are kept.

        known(study.solve, problem, lam)    # the result, or None while it is not known

    What the page shows stays known to it, even where the store has dropped it meanwhile.
    """

    def __init__(self):
        self._held: dict[tuple, Any] = {}

    def __call__(self, function: Callable, *arguments):
        return self.of((function, arguments))

    def of(self, key: tuple[Any, tuple]):
        """The result of a step, by its `key`; None while it is not known."""
        value = self._held.get(key, ABSENT)
        if value is ABSENT:
            value = RESULTS.get(*key, ABSENT)
            if value is ABSENT:
                return None
            self._held[key] = value
        return value

    def has(self, key: tuple[Any, tuple]) -> bool:
        """Is the result of a step known? It may be None."""
        return key in self._held or RESULTS.get(*key, ABSENT) is not ABSENT

    def hold(self, key: tuple, value) -> None:
        """Keep a result for this page."""
        self._held[key] = value

    def let_go(self, wanted: list[Step]) -> None:
        """Hold no longer what no step of `wanted` needs."""
        keys = {step.key for step in wanted}
        self._held = {key: value for key, value in self._held.items() if key in keys}


class Content:
    """A page is a subclass in its `page.py`, driven by a `Controller`.

    Attributes:
        name: of its folder and its address.
        question: the one sentence that the page answers.
        state: the settings, a `param.Parameterized` that knows no page.
        rows: of the controls, from the top: a setting or button, or several side by side.
        views: setting or button -> the values of `state.view` under which it acts; else all.
        slow: settings whose change starts heavy work: a drag reaches the state when it pauses.
        plots: key -> `LivePlot`, by which presets hide pictures and readers save them.
        large: how many pictures of a tab belong together: a presentation shows them side by side.
        formulas: `Formula`s, shown below.
        sources: the study's `Sources`, where readers may bring a table of their own.
        script: function of the state, returns a Python program that reproduces the numbers.
        widgets: setting or button -> widget, once `controls` has made them.
        controller: what drives the page, for buttons such as “Train again”; set by it.
        guide: how the page is being read, such as with a prediction to be made; set by `show`.
    """

    name = ""
    question = ""
    state: Any
    rows: tuple[str | tuple[str, ...], ...] = ()
    views: dict[str, tuple[str, ...]] = {}  # noqa: RUF012 - read only
    slow: tuple[str, ...] = ()
    plots: dict[str, Any] = {}  # noqa: RUF012 - replaced, not changed
    large = 1
    formulas: tuple = ()
    sources: Any = None
    script: Callable | None = None
    widgets: dict[str, Any] = {}  # noqa: RUF012 - replaced, not changed
    controller: Any = None
    guide: Any = None

    def __init__(self, state: param.Parameterized):
        use_theme()  # without a backend HoloViews has no options that a view could set
        self.state = state
        if self.sources is not None:
            state.param["data"].objects = data_names(self.sources)

    def plan(self, known: Known) -> list[Step]:
        """The steps that the state asks for, the most wanted first.

        Asked again after each step, so that what is wanted may depend on what is known by then.
        Steps of one list may run at the same time: list what needs the result of another step once
        that is known. (Of the steps of one chain only one runs at a time.)
        """
        raise NotImplementedError

    def draw(self, known: Known) -> None:
        """Bring the visible pictures to what is known of the state; leave them if that is nothing.

        A picture is a function of state and results, however the state was reached.
        """
        raise NotImplementedError

    def say(self, known: Known) -> str | None:
        """The headline, as HTML; None while what it is about is not known."""
        raise NotImplementedError

    def controls(self) -> list:
        """The widgets, from the top; those that do not act on what is shown are put away."""
        return control_rows(self)

    def buttons(self) -> dict[str, Any]:
        """Name -> what stands among the controls and sets no parameter by itself."""
        return {}

    def acts(self, name: str) -> bool:
        """Does a setting or a button act on what is shown now?"""
        return name not in self.views or self.state.view in self.views[name]

    def body(self):
        """The pictures, from `plot_grid` or `tabbed`."""
        raise NotImplementedError

    def answers(self) -> dict[str, Callable[[Known], Any]]:
        """Key -> function that returns what readers may have to predict, None while not known."""
        return {}
