"""Prediction mode: the reader commits a guess before the result is shown."""

from collections.abc import Callable
from typing import Any

import panel as pn
import panel_material_ui as pmui
from bokeh.models import LogScale

from jntk_viz.drawing.figures import COVERED, DRAW, Sketch
from jntk_viz.drawing.html import Words
from jntk_viz.drawing.theme import ACCENT, FONT, INK, css, escape, set_class
from jntk_viz.frame.glossary import Prose
from jntk_viz.frame.predictions import verdict

_CSS = css(f"""
div {{ font: 400 18px/1.35 {FONT}; color: {INK}; }}
b {{ color: {ACCENT}; }}
""")
_POLL = 300  # milliseconds between two looks whether the answer has been computed


class Prediction:
    """A question in place of the headline, with covered pictures, until the guess is committed.

    - `plots`: key -> `LivePlot`;  `answers`: key -> function that returns an `Answer` or None.
    - `hidden`: panes that would give the answer away, such as the headline.

    `changed`, a function without arguments, is called when a question is asked, answered or taken
    back; `asking` says whether one waits for its guess.
    """

    def __init__(self, plots, answers, hidden):
        self._plots, self._answers, self._hidden = plots, answers, hidden
        self.question: Any = None  # the `Question` that is asked now
        self._sketch: Any = None
        self._input: list = []
        self._waiting: Any = None
        self.committed, self._sketches = False, {}
        self.changed: Callable[[], None] = lambda: None
        style = {"stylesheets": [_CSS], "sizing_mode": "stretch_width", "margin": (0, 4)}
        self._asked, self._said = Prose(**style), Prose(visible=False, **style)
        self._commit = pmui.Button(label="Commit", variant="contained", margin=(4, 4))
        self._commit.on_click(lambda _: self.commit())
        self._row = pn.FlexBox(align_items="center", margin=(0, 4))
        self.pane = pn.Column(
            self._asked, self._row, self._said,
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
            if pn.state.curdoc and pn.state.curdoc.session_context:
                self._waiting = pn.state.add_periodic_callback(
                    lambda: self._reveal(guess), period=_POLL
                )

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
        if self.question is not None:
            self._cover(False)
        if self._sketch is not None:
            self._sketch.remove()
        for pane in self._hidden:
            pane.visible = True
            set_class(pane, "brief", False)
        self.pane.visible, self.committed = False, False
        self.question = self._sketch = None
