"""Inside a lesson's kernel: a control displays all of its states instead of itself.

Each control becomes a *part*, a dictionary: text, a film (pictures in several states), a
prediction with an answer to every guess, or what is shown after predictions. `fragments` makes
HTML of parts.
"""

import dis
import json
from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any

import ipywidgets as w
import numpy as np
from IPython.core.getipython import get_ipython

from jntk_viz.export.capture import Recorder, dark_colours, indexed
from jntk_viz.export.html import figure_place
from jntk_viz.export.payload import Arrays, pack
from jntk_viz.frame.numbers import number, stop
from jntk_viz.lessons.static import SIGNS
from jntk_viz.lessons.widgets import Afterwards, Knobs, Picture, Prediction

MIME = "application/vnd.jntk-viz.part+json"
START = "from jntk_viz.course import recording\n\nrecording.start()"  # the first cell of a run


def start() -> None:
    """From now on the lesson's controls display their parts."""
    shell = get_ipython()
    if shell is None:
        raise RuntimeError("`recording.start` belongs into a notebook's kernel; there is none here")
    recording = Recording()
    formatter = shell.display_formatter.mimebundle_formatter
    for kind in (Knobs, Picture, Prediction, Afterwards):
        formatter.for_type(kind, lambda shown: {MIME: recording.part(shown)})


class Recording:
    """What the controls of one lesson show; predictions are numbered as they appear."""

    def __init__(self):
        self._predictions: list[Prediction] = []

    def part(self, shown: w.Widget) -> dict[str, Any]:
        """The part that a control becomes, everything in it computed now."""
        if isinstance(shown, Knobs):
            return _knobs(shown)
        if isinstance(shown, Picture):
            return film([shown.figure], [""])
        if isinstance(shown, Prediction):
            return self._prediction(shown)
        if isinstance(shown, Afterwards):
            waits = [self._number(one) for one in shown.predictions]
            return {"kind": "after", "waits": waits, "parts": self._parts(shown.made())}
        if isinstance(shown, w.HTML | w.HTMLMath):
            return {"kind": "text", "html": shown.value}
        raise TypeError(f"a lesson shows a {type(shown).__name__}, of which no states are known")

    def _parts(self, several: Iterable[w.Widget]) -> list[dict]:
        return [self.part(one) for one in several]

    def _number(self, prediction: Prediction) -> int:
        if prediction not in self._predictions:
            self._predictions.append(prediction)
        return self._predictions.index(prediction)

    def _prediction(self, shown: Prediction) -> dict[str, Any]:
        question = shown.question
        guesses = question.options if question.kind == "choice" else _steps(question)
        # Measuring can take seconds: where the guess is not looked at, once is enough.
        alike = not _reads_its_argument(shown.reveal)
        measured = [shown.measured(guess) for guess in guesses[: 1 if alike else None]]
        answers = measured * len(guesses) if alike else measured
        return {
            "kind": "prediction",
            "number": self._number(shown),
            "question": question.question,
            "choice": question.kind == "choice",
            "unit": question.unit,
            "guesses": [g if isinstance(g, str) else stop(g) for g in guesses],
            "verdicts": [shown.verdict(g, a) for g, a in zip(guesses, answers, strict=True)],
            "found": shown.told(_answer(question, measured[0].value), measured[0]),
            "shown": [self._parts(shown.pictures(answer)) for answer in measured],
        }


def _knobs(knobs: Knobs) -> dict[str, Any]:
    sliders = knobs.sliders
    stops = product(*([value for _, value in s.options] for s in sliders.values()))
    sentences = (knobs.draw(dict(zip(sliders, values, strict=True))) for values in stops)
    controls = [
        {
            "label": SIGNS.get(name, name),
            "words": [label for label, _ in slider.options],
            "ordered": not any(isinstance(value, str) for _, value in slider.options),
        }
        for name, slider in sliders.items()
    ]
    return film([plot.figure for plot in knobs.plots], sentences, controls)


def film(figures: Sequence, sentences: Iterable[str], controls: Sequence[dict] = ()) -> dict:
    """Pictures in all states, the last control changing fastest.

    - `sentences`: brings the figures from one state to the next as it is iterated over.
    """
    for figure in figures:
        if figure.document is not None:  # that of its widget, which is not displayed
            figure.document.remove_root(figure)
    arrays, looks, texts = Arrays(), [], []
    recorder = None
    for sentence in sentences:
        recorder = recorder or Recorder(figures, arrays)
        looks.append(recorder.look())
        texts.append(sentence)
    if recorder is None:
        raise ValueError("a control of the lesson has no states: each knob needs a value")
    keys, values, rows = indexed(looks, recorder)
    header = {
        "document": recorder.document,
        "roots": {figure.id: figure_place(figure) for figure in figures},
        "keys": keys,
        "values": values,
        "states": [
            {"values": row, "text": text} for row, text in zip(rows, texts, strict=True)
        ],
        "dark": dark_colours(figures, [json.dumps([recorder.document, values])]),
    }  # fmt: skip
    places = [
        {"place": figure_place(f), "height": f.height, "title": f.title.text} for f in figures
    ]
    return {
        "kind": "film", "packed": pack(header, arrays.blocks), "figures": places,
        "controls": list(controls), "text": texts[0],
    }  # fmt: skip


def _answer(question, value) -> str:
    """The answer for whom has not guessed, as on paper."""
    told = value if isinstance(value, str) else f"{number(value, 3)} {question.unit}".strip()
    return f"Answer: {told}."


def _steps(question) -> list[float]:
    """The numbers at which the slider of a question stops."""
    count = round((question.high - question.low) / question.step)
    return [round(float(v), 10) for v in np.linspace(question.low, question.high, count + 1)]


def _reads_its_argument(function) -> bool:
    """Whether the code of a function uses its first argument at all; if in doubt, yes."""
    code = getattr(function, "__code__", None)
    if code is None or not code.co_argcount:
        return True
    name = code.co_varnames[0]
    # One instruction may load two names at a time, as from Python 3.13 on.
    return any(name in _names(instruction.argval) for instruction in dis.get_instructions(code))


def _names(value) -> tuple:
    return value if isinstance(value, tuple) else (value,)
