"""Run a lesson in this process, with its solutions, its knobs moved and its predictions committed.

`make test` also runs the notebooks as they are, in kernels; here the parts that only a reader would
set going are reached.
"""

import ast
import importlib.util
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

import jntk_viz.lessons as lessons
from jntk_viz.lessons.widgets import Knobs, Prediction

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
LESSONS = sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
_CHECK = re.compile(r'^check\("(\w+)", (\w+)\)$', re.MULTILINE)


def solution_file(lesson: Path) -> Path:
    return NOTEBOOKS / "solutions" / f"{lesson.stem}.py"


def cells(lesson: Path, kind: str) -> list[str]:
    found = json.loads(lesson.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in found if cell["cell_type"] == kind]


def exercises(lesson: Path) -> dict[str, str]:
    """Name of the exercise -> name of the answer, as the cells of the lesson have them."""
    return {n: answer for source in cells(lesson, "code") for n, answer in _CHECK.findall(source)}


@dataclass
class Outcome:
    """What a run left behind."""

    names: dict
    stubs: dict[str, lessons.Feedback] = field(default_factory=dict)
    solved: dict[str, lessons.Feedback] = field(default_factory=dict)
    knobs: list[Knobs] = field(default_factory=list)
    predictions: list[Prediction] = field(default_factory=list)


def load_solutions(lesson: Path):
    spec = importlib.util.spec_from_file_location(f"solutions_{lesson.stem}", solution_file(lesson))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(lesson: Path, follow=True) -> Outcome:
    """Run all code cells; `follow`: do what a reader does with each knob and prediction."""
    solutions = load_solutions(lesson) if exercises(lesson) else None
    outcome = Outcome({"__name__": "__main__"})
    for source in cells(lesson, "code"):
        shown = _execute(source, outcome.names)
        for name, answer in _CHECK.findall(source):
            outcome.stubs[name] = shown
            solution = getattr(solutions, answer)
            outcome.solved[name] = lessons.check(name, solution)
            outcome.names[answer] = solution  # later cells may use it
        if isinstance(shown, Knobs):
            outcome.knobs.append(shown)
        if isinstance(shown, Prediction):
            outcome.predictions.append(shown)
        if follow:
            _follow(shown)
    return outcome


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
