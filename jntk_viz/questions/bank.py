"""Questions with their answers, as the pages and the lessons compute them."""

import json
import re
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.preprocessors import ExecutePreprocessor

from jntk_viz.export import files, pages
from jntk_viz.export.progress import Progress
from jntk_viz.folders import own_lessons
from jntk_viz.frame.predictions import NEAR
from jntk_viz.frame.registry import pages as all_pages
from jntk_viz.lessons.checking import Diagnosis
from jntk_viz.lessons.exercises import EXERCISES
from jntk_viz.questions import Item
from jntk_viz.questions.asking import MIME, START

_BLOCK = re.compile(r"</?(?:p|br|div|ul|ol|li|table|tr|td|h\d)\b[^>]*>")
_TAG = re.compile(r"<[^>]+>")
_FORMULA = re.compile(r"\$+([^$]+)\$+")
_REPORT = re.compile(r"^- (\w+): (.+(?:\n  .+)*)", re.MULTILINE)


def plain(html: str) -> str:
    """HTML or Markdown as one line of plain text, with formulas as learning platforms set them."""
    text = _TAG.sub("", _BLOCK.sub(" ", html))
    text = " ".join(unescape(text).replace("**", "").split())
    return _FORMULA.sub(lambda found: rf"\({found[1]}\)", text)


def of_pages(names: list[str], tell: Callable[[str], None]) -> Iterator[Item]:
    """The predictions of pages, answered at the settings that they ask about.

    What has to be drawn into a picture is left out: no learning platform asks for it.
    """
    titles = {page.name: page.title for page in all_pages()}
    for name in names:
        app = pages.load_app(files.page_file(name))
        for preset in pages.presets_of(name, pages.open_page(app)):
            if preset.predict is None or preset.predict.kind == "sketch":
                continue
            still = preset._replace(controls=(), sweep={})
            study = pages.open_page(app)
            try:
                pages.check_preset(study.state, still)
            except pages.DataMissing as error:
                tell(f"{name}, preset {preset.name} is left out: {error}")
                continue
            film = files.record(study, still, Progress("", quiet=True))
            yield from _of_question(f"{name}-{preset.name}", titles[name], film.header["question"])
            tell(f"{name}, preset {preset.name}")


def _of_question(name: str, category: str, question: dict[str, Any]) -> Iterator[Item]:
    kind, value = question["kind"], question["value"]
    unit = f" ({question['unit']})" if question["unit"] else ""
    near = NEAR * (question["high"] - question["low"]) if kind == "number" else 0.0
    said = plain(" ".join([question["text"], question["explain"]]))
    options = tuple(value if kind == "order" else question["options"])
    answer = "" if kind == "order" else value
    asked = plain(question["question"]) + (unit if kind == "number" else "")
    yield Item(name, category, asked, kind, options, answer, near, said)


def of_lesson(notebook: Path) -> Iterator[Item]:
    """The predictions of a lesson, which is run for it, and its diagnoses."""
    lesson = nbformat.read(notebook, as_version=4)
    category = _title(lesson)
    lesson.cells.insert(0, nbformat.v4.new_code_cell(START))
    runner = ExecutePreprocessor(timeout=600, store_widget_state=False)
    runner.preprocess(lesson, {"metadata": {"path": str(notebook.parent)}})
    outputs = [out for cell in lesson.cells for out in cell.get("outputs", [])]
    asked = [out.data[MIME] for out in outputs if MIME in out.get("data", {})]
    for number, question in enumerate(asked, 1):
        yield from _of_question(f"{notebook.stem}-{number}", category, question)
    yield from _diagnoses(lesson, category)


def _title(lesson) -> str:
    text = "\n".join(cell.source for cell in lesson.cells if cell.cell_type == "markdown")
    heading = re.search(r"^# (.+)$", text, re.MULTILINE)
    return plain(heading[1]) if heading else "Lesson"


def _diagnoses(lesson, category: str) -> Iterator[Item]:
    """Symptoms to be matched with causes, where the lesson tells the symptoms in words."""
    text = "\n".join(cell.source for cell in lesson.cells)
    for name, exercise in EXERCISES.items():
        if not isinstance(exercise, Diagnosis) or f"Your turn, {name}" not in text:
            continue
        reports = text.partition(f"Your turn, {name}")[2].partition('"""')[0]
        symptoms = {key: plain(told) for key, told in _REPORT.findall(reports)}
        if set(symptoms) != set(exercise.truth):
            continue  # they are told by pictures
        yield Item(
            f"diagnosis-{name}", category, "Match each report with its cause.", "match",
            answer={symptoms[key]: cause for key, cause in exercise.truth.items()},
            feedback=exercise.remark,
            hints={symptoms[key]: hint for key, hint in exercise.hints.items()},
        )  # fmt: skip


def lessons() -> list[Path]:
    """The notebooks that have something to ask."""
    found = sorted(own_lessons().glob("*.ipynb"))
    return [f for f in found if "Prediction(" in _code(f) or "Your turn" in _code(f)]


def _code(notebook: Path) -> str:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells)
