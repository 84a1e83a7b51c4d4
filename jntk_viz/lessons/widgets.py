"""Controls of the lessons, as ipywidgets: knobs over a picture, and predictions.

ipywidgets work wherever notebooks do (JupyterLab, Notebook 7, VS Code, Colab, Voilà); the pictures
between them are Bokeh figures that jupyter_bokeh keeps in step with Python.
"""

import sys
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import holoviews as hv
import ipywidgets as w
from jupyter_bokeh import BokehModel

from jntk_viz.drawing.live import LivePlot
from jntk_viz.drawing.theme import ACCENT, escape
from jntk_viz.frame.predictions import verdict
from jntk_viz.frame.presets import Question
from jntk_viz.lessons import static as lesson_static

_FULL = {"width": "100%", "max_width": "860px"}
_TEXT = "font-size: 110%; line-height: 1.4"


def _words(text: str) -> str:
    return f'<div style="{_TEXT}">{text}</div>'


def figure_widget(figure, height: int) -> BokehModel:
    """A Bokeh figure as a widget of the width it is given and `height` pixels."""
    figure.update(sizing_mode="stretch_width", height=height, min_height=height)
    # In a Colab notebook every cell is a page of its own, which has to load Bokeh for itself.
    if "google.colab" in sys.modules:
        hv.extension("bokeh", logo=False)
    return BokehModel(figure, layout=w.Layout(**_FULL), combine_events=True)


def _slider(name: str, values, slow: bool) -> w.SelectionSlider:
    options = [(v if isinstance(v, str) else f"{v:g}", v) for v in values]
    return w.SelectionSlider(
        options=options,
        description=lesson_static.SIGNS.get(name, name),
        continuous_update=not slow,
        style={"description_width": "initial"},
        layout=w.Layout(width="420px"),
    )


class Knobs(w.VBox):
    """Sliders, and pictures that follow them in place.

        Knobs(pictures.density, draws, width=[8, 32, 128, 512])

    Args:
        view: a function from arrays to a HoloViews element, or several of them in a tuple; as for
            `LivePlot`, every call has to return the same elements.
        compute: settings -> the view's keyword arguments (a tuple of such for several views). What
            it has returned for a setting is kept.
        words: settings and these arguments (of the first view) -> a sentence shown below.
        height: of the pictures, in pixels.
        slow: follow a slider when it is released, not while it moves.
        knobs: name=values of one slider; it starts at the first value.
    """

    def __init__(
        self,
        view: Callable | tuple[Callable, ...],
        compute: Callable[..., Any],
        *,
        words: Callable[..., str] | None = None,
        height: int = 340,
        slow: bool = False,
        **knobs,
    ):
        self._several = isinstance(view, tuple)
        self.compute = lru_cache(maxsize=None)(compute)
        self.words = words
        self.sliders = {name: _slider(name, values, slow) for name, values in knobs.items()}
        first = self._arguments()
        views = view if isinstance(view, tuple) else (view,)
        self.plots = [LivePlot(v, **data) for v, data in zip(views, first, strict=True)]
        self._line = w.HTML(self._sentence(first[0]))
        figures = [figure_widget(plot.figure, height) for plot in self.plots]
        for slider in self.sliders.values():
            slider.observe(self._redraw, "value")
        row = w.HBox(figures, layout=w.Layout(**_FULL)) if self._several else figures[0]
        super().__init__(
            [w.HBox(list(self.sliders.values()), layout=w.Layout(flex_flow="row wrap")),
             row, self._line]
        )  # fmt: skip

    @property
    def settings(self) -> dict:
        """Where the sliders stand."""
        return {name: slider.value for name, slider in self.sliders.items()}

    def _arguments(self) -> tuple[Mapping, ...]:
        found = self.compute(**self.settings)
        return found if self._several else (found,)

    def _sentence(self, arguments) -> str:
        return _words(self.words(self.settings, arguments)) if self.words else ""

    def _repr_mimebundle_(self, **options):
        figures = [plot.figure for plot in self.plots]
        static = lesson_static.knobs(self.sliders, figures, self._line.value)
        return super()._repr_mimebundle_(**options) | {"text/html": static}

    def _redraw(self, _):
        arguments = self._arguments()
        for plot, data in zip(self.plots, arguments, strict=True):
            plot.update(**data)
        self._line.value = self._sentence(arguments[0])


class Picture(w.VBox):
    """A picture without controls. `show` makes it.

    What HoloViews itself would display waits for scripts of Panel that are on another host.
    """

    def __init__(self, element, height: int):
        self.figure = hv.renderer("bokeh").get_plot(element).state
        super().__init__([figure_widget(self.figure, height)])

    def _repr_mimebundle_(self, **options):
        static = lesson_static.knobs({}, [self.figure], "")
        return super()._repr_mimebundle_(**options) | {"text/html": static}


def show(element, height: int = 320) -> Picture:
    """A HoloViews element as a lesson displays it: as wide as the page, `height` pixels high."""
    return Picture(element, height)


class Prediction(w.VBox):
    """A question; the answer is measured and drawn only after the reader has committed a guess.

        Prediction("Four times the width makes the error …", reveal,
                   choices=["a quarter", "half", "about the same"])

    Args:
        question: one sentence.
        reveal: guess -> (answer, picture); the answer is one of the choices or a number, the
            picture a HoloViews element that shows both if it can, or None.
        choices: the options, for a choice; the reader's click commits.
        low, high, step, unit: of the slider, for a number.
        explain: a sentence said with the answer.
        height: of the picture, in pixels.
    """

    def __init__(
        self, question: str, reveal: Callable, *, choices=None, low=0.0, high=1.0, step=0.05,
        unit="", explain="", height=320,
    ):  # fmt: skip
        kind = "choice" if choices else "number"
        self.question = Question(
            question, kind, "", tuple(choices or ()), explain=explain,
            low=low, high=high, step=step, unit=unit,
        )  # fmt: skip
        self.reveal, self.height, self.guess = reveal, height, None
        self._asked = w.HTML(
            _words(f'<b style="color: {ACCENT}">Predict first.</b> {escape(question)}'),
            layout=w.Layout(**_FULL),
        )
        self.said = w.HTML("", layout=w.Layout(**_FULL))
        self.said.add_class("jntk-verdict")
        self.inputs = self._buttons() if choices else self._number()
        row = w.HBox(self.inputs, layout=w.Layout(flex_flow="row wrap"))
        self._figure, self._shown = None, [self._asked, row, self.said]
        super().__init__(self._shown)

    def _buttons(self):
        buttons = [w.Button(description=c, layout=w.Layout(width="auto"))
                   for c in self.question.options]  # fmt: skip
        for button in buttons:
            button.on_click(lambda clicked: self.commit(clicked.description))
        return buttons

    def _number(self):
        q = self.question
        slider = w.FloatSlider(
            value=(q.low + q.high) / 2, min=q.low, max=q.high, step=q.step,
            description=f"Your guess{f' ({q.unit})' if q.unit else ''}",
            style={"description_width": "initial"}, layout=w.Layout(width="420px"),
        )  # fmt: skip
        button = w.Button(description="Commit", button_style="primary")
        button.on_click(lambda _: self.commit(slider.value))
        return [slider, button]

    def _repr_mimebundle_(self, **options):
        static = lesson_static.prediction(
            self._asked.value, self.question, self.said.value, self._figure
        )
        return super()._repr_mimebundle_(**options) | {"text/html": static}

    def commit(self, guess) -> None:
        """Take the guess, then measure and show both."""
        if self.guess is not None:
            return
        self.guess = guess
        for item in self.inputs:
            item.disabled = True
        self.said.value = _words("Committed. Measuring …")
        try:
            answer, picture = self.reveal(guess)
        except Exception as error:
            self.said.value = _words(
                f"Measuring failed: {escape(error)}. Run the cells above again."
            )
            raise
        sentence = verdict(self.question, guess, answer)
        self.said.value = _words(f"{escape(sentence)} {escape(self.question.explain)}")
        if picture is not None:
            self._figure = hv.renderer("bokeh").get_plot(picture).state
            self._shown = [*self._shown, figure_widget(self._figure, self.height)]
            self.children = self._shown


__all__ = ["Knobs", "Picture", "Prediction", "figure_widget", "show"]
