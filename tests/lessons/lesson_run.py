"""Run a lesson in this process, with its solutions, its knobs moved and its predictions committed.

`make test` also runs the notebooks as they are, in kernels; here the parts that only a reader would
set going are reached.
"""

import ast
import html
import importlib.util
import json
import re
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

import ipywidgets as w
import numpy as np
from bokeh.models import Axis, ColumnDataSource, LegendItem, Title
from jupyter_bokeh import BokehModel

import jntk_viz.lessons as lessons
from jntk_viz.lessons.widgets import Afterwards, Knobs, Prediction

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
LESSONS = sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
_CHECK = re.compile(r'^check\("(\w+)", (\w+)\)$', re.MULTILINE)


def solution_file(lesson: Path) -> Path:
    return NOTEBOOKS / "solutions" / f"{lesson.stem}.py"


def cells(lesson: Path, kind: str) -> list[str]:
    found = json.loads(lesson.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in found if cell["cell_type"] == kind]


def code_cells(lesson: Path) -> list[dict]:
    found = json.loads(lesson.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in found if cell["cell_type"] == "code"]


def hidden(cell: dict) -> bool:
    """The reader sees the output of a cell, not its source, in every front end."""
    about = cell["metadata"]
    return (
        about.get("jupyter", {}).get("source_hidden") is True
        and "hide-input" in about.get("tags", [])
        and about.get("cellView") == "form"
    )


def exercises(lesson: Path) -> dict[str, str]:
    """Name of the exercise -> name of the answer, as the cells of the lesson have them."""
    return {n: answer for source in cells(lesson, "code") for n, answer in _CHECK.findall(source)}


@dataclass
class Seen:
    """What one cell leaves on screen: its words, and the numbers that its pictures plot."""

    place: str
    words: str
    plotted: list[np.ndarray] = field(default_factory=list)

    def shows(self, spoiler: str | float) -> bool:
        """Words in any case and spacing; a number printed to two digits or more, or plotted."""
        if isinstance(spoiler, str):
            return _plain(spoiler) in _plain(self.words)
        numbers = _NUMBER.findall(self.words.replace("−", "-"))
        return any(_rounds_to(spoiler, number) for number in numbers) or any(
            np.any(np.isclose(column, spoiler, rtol=1e-3, atol=0)) for column in self.plotted
        )


_NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


def _plain(words: str) -> str:
    """Without the marks of Markdown, HTML and LaTeX that depend on how a thing is typed."""
    bare = re.sub(r"<[^>]*>", " ", html.unescape(words)).replace("\\,", "").replace("−", "-")
    return " ".join(re.sub(r"[*$`{}]", "", bare).lower().split())


def _rounds_to(value: float, printed: str) -> bool:
    digits = re.sub(r"e.*|[-+.]", "", printed).lstrip("0")
    if len(digits) < 2:
        return False
    decimals = len(printed.partition("e")[0].partition(".")[2])
    unit = 10.0 ** (int(printed.partition("e")[2] or 0) - decimals)
    return abs(float(printed) - value) <= 0.5 * unit * (1 + 1e-9)


@dataclass
class Outcome:
    """What a run left behind."""

    names: dict
    screen: list[Seen] = field(default_factory=list)  # after *Run all*, before any click
    stubs: dict[str, lessons.Feedback] = field(default_factory=dict)
    solved: dict[str, lessons.Feedback] = field(default_factory=dict)
    knobs: list[Knobs] = field(default_factory=list)
    predictions: list[Prediction] = field(default_factory=list)
    figures: list = field(default_factory=list)  # at the end, those of answers included


def load_solutions(lesson: Path):
    spec = importlib.util.spec_from_file_location(f"solutions_{lesson.stem}", solution_file(lesson))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(lesson: Path) -> Outcome:
    """Run all cells, look at the screen, then do what a reader does with knobs and predictions."""
    solutions = load_solutions(lesson) if exercises(lesson) else None
    outcome, displayed, later = Outcome({"__name__": "__main__"}), [], []
    for i, cell in enumerate(json.loads(lesson.read_text(encoding="utf-8"))["cells"]):
        source = "".join(cell["source"])
        # JupyterLab shows the first line of a hidden source in its place.
        visible = source.partition("\n")[0] if hidden(cell) else source
        outcome.screen.append(Seen(f"source of cell {i}", visible))
        if cell["cell_type"] != "code":
            continue
        printed = StringIO()
        with redirect_stdout(printed):
            shown = _execute(source, outcome.names)
        outcome.screen.append(_output(f"output of cell {i}", shown, printed.getvalue()))
        for name, answer in _CHECK.findall(source):
            outcome.stubs[name] = shown
            solution = getattr(solutions, answer)
            outcome.solved[name] = lessons.check(name, solution)
            outcome.names[answer] = solution  # later cells may use it
        if isinstance(shown, w.Widget):
            displayed.append(shown)
        if isinstance(shown, Knobs):
            outcome.knobs.append(shown)
        if isinstance(shown, Prediction):
            outcome.predictions.append(shown)
        if isinstance(shown, Afterwards):
            later.append(shown)
    # Late, as readers do: what a prediction measures must not be lost to names used again below.
    for shown in [*outcome.knobs, *outcome.predictions]:
        _follow(shown)
    for revealed in [k for held in outcome.predictions + later for k in held.children]:
        if isinstance(revealed, Knobs):
            _follow(revealed)
            outcome.knobs.append(revealed)
    outcome.figures += [figure for widget in displayed for figure in _figures(widget)]
    return outcome


def _figures(widget: w.Widget) -> list:
    """The Bokeh figures of a widget and of all that it holds."""
    if isinstance(widget, BokehModel):
        return [widget._model]
    return [figure for child in getattr(widget, "children", ()) for figure in _figures(child)]


def _execute(source: str, names: dict):
    """Run one cell; the value of its last line, if that is an expression."""
    tree = ast.parse(source)
    last = tree.body[-1] if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    if last is not None:
        tree.body.pop()
    exec(compile(tree, "<cell>", "exec"), names)
    return eval(compile(ast.Expression(last.value), "<cell>", "eval"), names) if last else None


def _follow(shown):
    if isinstance(shown, Knobs):
        for slider in shown.sliders.values():
            start = slider.value
            for value in (v for _, v in slider.options):
                slider.value = value
            slider.value = start
    if isinstance(shown, Prediction):
        question = shown.question
        shown.commit(question.options[0] if question.kind == "choice" else question.low)


def _output(place: str, shown, printed: str) -> Seen:
    """What one cell put out; of a prediction not its own question and choices."""
    seen = Seen(place, printed)
    if isinstance(shown, w.Widget):
        for child in shown.children[2:] if isinstance(shown, Prediction) else [shown]:
            _look(child, seen)
    elif shown is not None:
        seen.words += shown._repr_html_() if hasattr(shown, "_repr_html_") else repr(shown)
    return seen


def _look(widget: w.Widget, seen: Seen) -> None:
    """Add the words and the plotted numbers of a widget and of all that it holds."""
    if isinstance(widget, BokehModel):
        figure = widget._model
        for model in figure.select({"type": ColumnDataSource}):
            columns = map(np.asarray, model.data.values())
            seen.plotted += [c.astype(float) for c in columns if c.dtype.kind in "fiu"]
        labels = [t.text for t in figure.select({"type": Title})]
        labels += [a.axis_label for a in figure.select({"type": Axis})]
        labels += [i.label.value for i in figure.select({"type": LegendItem}) if i.label]
        seen.words += " ".join(f"{label} " for label in labels if label)
    for name in ("description", "value"):
        seen.words += f" {getattr(widget, name, '')}"
    for child in getattr(widget, "children", ()):
        _look(child, seen)
