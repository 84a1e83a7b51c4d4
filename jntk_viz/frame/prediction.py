"""Prediction mode: the reader commits a guess before the result is shown."""

from collections.abc import Callable
from typing import Any

import panel as pn
import panel_material_ui as pmui
from bokeh.models import LogScale

from jntk_viz.drawing.figures import COVERED, DRAW, Sketch
from jntk_viz.drawing.html import Words
from jntk_viz.drawing.theme import ACCENT, FONT, INK, css, escape, set_class
from jntk_viz.frame.class_guesses import STYLE, bars, shared_guesses
from jntk_viz.frame.glossary import Prose
from jntk_viz.frame.predictions import verdict

_CSS = css(f"""
div {{ font: 400 18px/1.35 {FONT}; color: {INK}; }}
b {{ color: {ACCENT}; }}
""")
_POLL = 300  # milliseconds between two looks whether the answer has been computed
_LOOK = 2000  # milliseconds between two looks at what the class has guessed


class Prediction:
    """A question in place of the headline, with covered pictures, until the guess is committed.

    - `plots`: key -> `LivePlot`;  `answers`: key -> function that returns an `Answer` or None.
    - `hidden`: panes that would give the answer away, such as the headline.

    `changed`, a function without arguments, is called when a question is asked, answered or taken
    back; `asking` says whether one waits for its guess. Beside the answer stands what those readers
    have guessed who let their guess count; a sketched line does not.
    """

    def __init__(self, plots, answers, hidden):
        self._plots, self._answers, self._hidden = plots, answers, hidden
        self.question: Any = None  # the `Question` that is asked now
        self._sketch: Any = None
        self._input: list = []
        self._waiting: Any = None
        self._looking: Any = None
        self._guesses, self._counted = shared_guesses(), set()
        self._committed_guess: Any = None
        self.committed, self._sketches = False, {}
        self.changed: Callable[[], None] = lambda: None
        style = {"stylesheets": [_CSS], "sizing_mode": "stretch_width", "margin": (0, 4)}
        self._asked, self._said = Prose(**style), Prose(visible=False, **style)
        self._commit = pmui.Button(label="Commit", variant="contained", margin=(4, 4))
        self._commit.on_click(lambda _: self.commit())
        self._row = pn.FlexBox(align_items="center", margin=(0, 4))
        self._count = pmui.Button(label="Count my guess", variant="outlined", margin=(4, 4))
        self._count.on_click(lambda _: self._add())
        self._class = Words(stylesheets=[_CSS, STYLE], margin=0)
        self._together = pn.FlexBox(
            self._count, self._class, align_items="center", margin=(0, 4), visible=False
        )
        self.pane = pn.Column(
            self._asked, self._row, self._said, self._together,
            sizing_mode="stretch_width", margin=0, visible=False,
            stylesheets=[":host { flex: none !important; height: auto !important; }"],
        )  # fmt: skip

    @property
    def asking(self) -> bool:
        """Is a guess waited for?"""
        return self.question is not None and not self.committed

    def ask(self, question):
        """Show a question and cover its pictures; None ends the prediction."""
        self._end()
        if question is not None:
            self._ask(question)
        self.changed()

    def _ask(self, question):
        self.question = question
        self._cover(True)
        if question.kind == "sketch":
            key = question.hide[0]
            if key not in self._sketches:
                self._sketches[key] = Sketch(self._plots[key].figure)
            self._sketch = self._sketches[key]
            self._sketch.begin()
        self._input = self._inputs(question)
        # A choice is committed by the click on it.
        self._row[:] = self._input if question.kind == "choice" else [*self._input, self._commit]
        self._row.visible = True
        self._asked.object = f"<div><b>Predict:</b> {escape(question.question)}</div>"
        self._said.param.update(object="", visible=False)
        self.pane.visible = True
        for pane in self._hidden:
            pane.visible = False

    def _inputs(self, question):
        if question.kind == "choice":
            return [self._choice(option) for option in question.options]
        if question.kind == "number":
            middle = (question.low + question.high) / 2
            slider = pmui.FloatSlider(
                label=f"Your guess{f' ({question.unit})' if question.unit else ''}",
                start=question.low, end=question.high, step=question.step, value=middle, width=320,
            )  # fmt: skip
            self._guess = lambda: slider.value
            return [slider]
        if question.kind == "order":
            return self._order_inputs(question)
        self._guess = self._sketch.curve
        return [Words("<div>Draw your curve into the picture.</div>", stylesheets=[_CSS])]

    def _choice(self, option):
        button = pmui.Button(label=option, variant="outlined", margin=(4, 4))

        def choose(_):
            self._guess = lambda: option
            self.commit()

        button.on_click(choose)
        return button

    def _order_inputs(self, question):
        chosen = []
        buttons = {
            option: pmui.Button(label=option, variant="outlined", margin=(4, 4))
            for option in question.options
        }

        def click(option):
            chosen.remove(option) if option in chosen else chosen.append(option)
            for name, button in buttons.items():
                place = f"{chosen.index(name) + 1}. " if name in chosen else ""
                button.label = place + name

        for option, button in buttons.items():
            button.on_click(lambda _, option=option: click(option))
        self._guess = lambda: tuple(chosen) if len(chosen) == len(buttons) else None
        return list(buttons.values())

    def commit(self):
        """Take the guess and show what is measured, as soon as it is."""
        guess = self._guess()
        if guess is None:
            how = {"sketch": "Draw a line into the picture first.",
                   "order": "Click all of them, in your order."}  # fmt: skip
            self._say(how[self.question.kind])
            return
        self.committed, self._row.visible = True, False
        if self._sketch is not None:
            self._sketch.finish()
        self._cover(False)
        for pane in self._hidden:
            pane.visible = True
            set_class(pane, "brief", True)
        self.changed()
        if not self._reveal(guess):
            self._say("Committed. Measuring …")
            self._waiting = self._every(_POLL, lambda: self._reveal(guess))
        if self.question.kind != "sketch":
            self._committed_guess = guess
            self._count.visible = self.question not in self._counted
            self._together.visible = True
            self._look()
            self._looking = self._every(_LOOK, self._look)

    @staticmethod
    def _every(milliseconds, look):
        """A repeated look, where there is a visitor's session; None in a test or an export."""
        if pn.state.curdoc and pn.state.curdoc.session_context:
            return pn.state.add_periodic_callback(look, period=milliseconds)
        return None

    def _add(self):
        """Let the guess count, once for each question."""
        if self.question not in self._counted:
            self._counted.add(self.question)
            self._guesses.add(self.question, self._committed_guess)
        self._count.visible = False
        self._look()

    def _look(self):
        line = bars(self.question, self._guesses.of(self.question))
        if line != self._class.object:
            self._class.object = line

    def _reveal(self, guess):
        answer = self._answers[self.question.answer]()
        if answer is None:
            return False
        self._stop_waiting()
        words = verdict(self.question, guess, answer.value, **self._log_axes())
        self._say(" ".join(filter(None, [words, answer.text, self.question.explain])))
        return True

    def _log_axes(self):
        if self.question.kind != "sketch":
            return {}
        figure = self._plots[self.question.hide[0]].figure
        return {
            "log_x": isinstance(figure.x_scale, LogScale),
            "log_y": isinstance(figure.y_scale, LogScale),
        }

    def _say(self, words):
        text = f'<div role="status">{escape(words)}</div>'
        self._said.param.update(object=text, visible=True)

    def _cover(self, covered):
        for i, key in enumerate(self.question.hide):
            drawn = self.question.kind == "sketch" and i == 0
            self._plots[key].cover(covered, DRAW if drawn else COVERED)

    def _stop_waiting(self):
        if self._waiting is not None:
            self._waiting.stop()
            self._waiting = None

    def _end(self):
        self._stop_waiting()
        if self._looking is not None:
            self._looking.stop()
            self._looking = None
        self._together.visible = False
        if self.question is not None:
            self._cover(False)
        if self._sketch is not None:
            self._sketch.remove()
        for pane in self._hidden:
            pane.visible = True
            set_class(pane, "brief", False)
        self.pane.visible, self.committed = False, False
        self.question = self._sketch = None
