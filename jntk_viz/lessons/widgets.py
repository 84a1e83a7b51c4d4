"""Controls of the lessons, as ipywidgets: knobs over a picture, and predictions.

ipywidgets work wherever notebooks do (JupyterLab, Notebook 7, VS Code, Colab, Voilà); the pictures
between them are Bokeh figures that jupyter_bokeh keeps in step with Python.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import holoviews as hv
import ipywidgets as w
from jupyter_bokeh import BokehModel

from jntk_viz.drawing.live import LivePlot
from jntk_viz.drawing.theme import ACCENT, escape
from jntk_viz.frame.numbers import stop
from jntk_viz.frame.predictions import verdict
from jntk_viz.frame.presets import Question
from jntk_viz.lessons import static as lesson_static

_FULL = {"width": "100%", "max_width": "860px"}
_TEXT = "font-size: 110%; line-height: 1.4"


def _words(text: str) -> str:
    return f'<div style="{_TEXT}">{text}</div>'


def _failed(error: Exception) -> str:
    return _words(f"Measuring failed: {escape(error)}. Run the cells above again.")


def figure_widget(figure, height: int) -> BokehModel:
    """A Bokeh figure as a widget of the width it is given and `height` pixels."""
    figure.update(sizing_mode="stretch_width", height=height, min_height=height)
    # In a Colab notebook every cell is a page of its own, which has to load Bokeh for itself.
    if "google.colab" in sys.modules:
        hv.extension("bokeh", logo=False)
    return BokehModel(figure, layout=w.Layout(**_FULL), combine_events=True)


def _slider(name: str, values, slow: bool) -> w.SelectionSlider:
    options = [(v if isinstance(v, str) else stop(v), v) for v in values]
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
        first = self._arguments(self.settings)
        views = view if isinstance(view, tuple) else (view,)
        self.plots = [LivePlot(v, **data) for v, data in zip(views, first, strict=True)]
        self._line = w.HTML(self._sentence(self.settings, first[0]))
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

    def _arguments(self, settings: Mapping) -> tuple[Mapping, ...]:
        found = self.compute(**settings)
        return found if self._several else (found,)

    def _sentence(self, settings: Mapping, arguments: Mapping) -> str:
        return _words(self.words(settings, arguments)) if self.words else ""

    def _repr_mimebundle_(self, **options):
        figures = [plot.figure for plot in self.plots]
        static = lesson_static.knobs(self.sliders, figures, self._line.value)
        return super()._repr_mimebundle_(**options) | {"text/html": static}

    def draw(self, settings: Mapping) -> str:
        """Draw the pictures for these settings; returns the sentence that belongs below them."""
        arguments = self._arguments(settings)
        for plot, data in zip(self.plots, arguments, strict=True):
            plot.update(**data)
        return self._sentence(settings, arguments[0])

    def _redraw(self, _):
        self._line.value = self.draw(self.settings)


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


class Answer(NamedTuple):
    """The answer to a prediction, as its `reveal` may return it.

    Attributes:
        value: one of the choices, or a number.
        text: Markdown, with the numbers that were measured.
        shown: what is shown below it, as the parts of `after`.
    """

    value: Any
    text: str = ""
    shown: tuple = ()


class Prediction(w.VBox):
    """A question; its answer is measured, written and drawn only after a guess is committed.

        kurtosis = Prediction("Four times the width makes the kurtosis …", reveal,
                              choices=["a quarter", "half", "about the same"],
                              spoilers=["one over the width", "3(E φ⁴ − 1)/d", 0.251])

    Nothing is computed before: numbers, text and pictures that show the answer go into `reveal`,
    and what follows further down in the lesson goes into `after`. Both stand in cells whose source
    is hidden.

    Args:
        question: one sentence.
        reveal: guess -> (value, picture) or an `Answer`; the value is one of the choices or a
            number, the picture a HoloViews element that shows guess and answer if it can, or None.
        choices: the options, for a choice; the reader's click commits.
        low, high, step, unit: of the slider, for a number.
        explain: Markdown said with the answer.
        height: of the picture, in pixels.
        spoilers: what would give the answer away: words (in any case), or numbers (printed to two
            digits or more, or plotted). The tests run the lesson and find none of it on screen
            before the guess, this question's own choices excepted.
    """

    def __init__(
        self, question: str, reveal: Callable, *, choices=None, low=0.0, high=1.0, step=0.05,
        unit="", explain="", height=320, spoilers: Sequence[str | float] = (),
    ):  # fmt: skip
        kind = "choice" if choices else "number"
        self.question = Question(
            question, kind, "", tuple(choices or ()), explain=explain,
            low=low, high=high, step=step, unit=unit,
        )  # fmt: skip
        self.reveal, self.height, self.guess = reveal, height, None
        self.spoilers, self._waiting = tuple(spoilers), []
        self._asked = w.HTML(
            _words(f'<b style="color: {ACCENT}">Predict first.</b> {escape(question)}'),
            layout=w.Layout(**_FULL),
        )
        self.said = w.HTMLMath("", layout=w.Layout(**_FULL))
        self.said.add_class("jntk-verdict")
        self.inputs = self._buttons() if choices else self._number()
        row = w.HBox(self.inputs, layout=w.Layout(flex_flow="row wrap"))
        self.found: list = []  # the pictures and widgets of the answer
        self._shown = [self._asked, row, self.said]
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
        figures = [part.figure for part in self.found if isinstance(part, Picture)]
        static = lesson_static.prediction(
            self._asked.value, self.question, self.said.value, figures
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
            answer = self.measured(guess)
        except Exception as error:
            self.said.value = _failed(error)
            raise
        self.said.value = self.verdict(guess, answer)
        self.found = self.pictures(answer)
        self._shown = [*self._shown, *self.found]
        self.children = self._shown
        for show_it in self._waiting:
            show_it()

    def measured(self, guess) -> Answer:
        """What `reveal` finds for this guess, whether or not one has been committed."""
        answer = self.reveal(guess)
        if isinstance(answer, Answer):
            return answer
        value, picture = answer
        return Answer(value, shown=() if picture is None else (picture,))

    def verdict(self, guess, answer: Answer) -> str:
        """HTML: how the guess compares with the answer, and what is said with it."""
        return self.told(verdict(self.question, guess, answer.value), answer)

    def told(self, sentence: str, answer: Answer) -> str:
        """HTML: a sentence about the answer, and what is said with it."""
        texts = [f"{escape(sentence)} {self.question.explain}", answer.text]
        return _words(lesson_static.markdown("\n\n".join(filter(None, texts))))

    def pictures(self, answer: Answer) -> list[w.Widget]:
        """What is shown below the verdict."""
        return parts(answer.shown, self.height)

    def after(self, *parts, height=320) -> "Afterwards":
        """What a later cell shows once the guess is committed; see `after`."""
        return Afterwards((self,), parts, height)

    def when_committed(self, call: Callable[[], None]) -> None:
        """Call a function once the answer is shown, at once if it is already."""
        if self.guess is None:
            self._waiting.append(call)
        else:
            call()


def after(*predictions: Prediction, show: Sequence, height=320) -> "Afterwards":
    """What a lesson shows only after guesses have been committed, also after *Run all*.

        after(weights, kernel, show=["**Remember.** The weights hardly move …", picture])

    Args:
        predictions: those that have to be committed first.
        show: in order: text in Markdown, HoloViews elements, widgets such as `Knobs`, or functions
            without arguments that return one of these or a list of them. Functions are called
            after the last commit, so that nothing is computed for a reader who has not guessed.
        height: of pictures, in pixels.
    """
    return Afterwards(predictions, show, height)


class Afterwards(w.VBox):
    """A place that fills once its predictions are committed. `after` makes it."""

    def __init__(self, predictions: Sequence[Prediction], parts: Sequence, height: int):
        self.predictions, self._left = tuple(predictions), len(predictions)
        self._parts, self._height = tuple(parts), height
        self._note = w.HTML(
            _words("<i>More appears here after your guess.</i>"), layout=w.Layout(**_FULL)
        )
        super().__init__([self._note])
        for prediction in predictions:
            prediction.when_committed(self._one_more)

    def _one_more(self):
        self._left -= 1
        if self._left:
            return
        try:
            self.children = self.made()
        except Exception as error:
            self._note.value = _failed(error)
            raise

    def made(self) -> list[w.Widget]:
        """What is shown, computed now."""
        return parts(self._parts, self._height)

    def _repr_mimebundle_(self, **options):
        texts = [lesson_static.markdown(part) for part in self._parts if isinstance(part, str)]
        return super()._repr_mimebundle_(**options) | {"text/html": lesson_static.afterwards(texts)}


def parts(part, height: int) -> list[w.Widget]:
    """Widgets for one part of what is shown after a guess, or for several."""
    if isinstance(part, str):
        return [w.HTMLMath(_words(lesson_static.markdown(part)), layout=w.Layout(**_FULL))]
    if isinstance(part, w.Widget):
        return [part]
    if isinstance(part, list | tuple):
        return [widget for one in part for widget in parts(one, height)]
    if isinstance(part, hv.core.Dimensioned):
        return [show(part, height)]
    return parts(part(), height)


__all__ = [
    "Afterwards",
    "Answer",
    "Knobs",
    "Picture",
    "Prediction",
    "after",
    "figure_widget",
    "show",
]
