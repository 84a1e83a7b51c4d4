"""Run a notebook in a kernel of its own, with its controls recorded."""

import re
from pathlib import Path

import nbformat
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbconvert.preprocessors import ExecutePreprocessor

from jntk_viz.course.recording import START
from jntk_viz.export.slides import keep_on_paper

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class BrokenLesson(Exception):
    """A notebook that does not run to its end; the message says in which cell and why."""


def run(notebook: Path, seconds: int = 600) -> nbformat.NotebookNode:
    """A lesson with its outputs; those of controls are parts (`recording.MIME`).

    - `seconds`: for one cell, all states of its controls included.

    Raises:
        BrokenLesson: if it cannot be read, or one of its cells fails.
    """
    try:
        lesson = nbformat.read(notebook, as_version=4)
    except Exception as error:  # damaged files make nbformat raise errors of many kinds
        raise BrokenLesson(f"it cannot be read as a notebook: {error!s:.200}") from error
    lesson.cells.insert(0, nbformat.v4.new_code_cell(START))
    runner = ExecutePreprocessor(
        timeout=seconds, store_widget_state=False, extra_arguments=["--log-level=ERROR"]
    )
    try:
        runner.preprocess(lesson, {"metadata": {"path": str(notebook.parent)}})
    except CellExecutionError as error:
        raise BrokenLesson(_told(lesson, f"{error.ename}: {error.evalue}")) from error
    except CellTimeoutError as error:
        raise BrokenLesson(_told(lesson, f"it took more than {seconds} s")) from error
    except DeadKernelError as error:
        raise BrokenLesson(_told(lesson, "the kernel died, perhaps for want of memory")) from error
    # IPython lets a cell pass whose result fails to display, and shows the error.
    for cell in lesson.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                raise BrokenLesson(_of_cell(lesson, cell, f"{output.ename}: {output.evalue}"))
    del lesson.cells[0]
    lesson.metadata.pop("widgets", None)
    keep_on_paper(lesson)
    return lesson


def _told(lesson, reason: str) -> str:
    """The reason with the cell that was run last."""
    ran = [c for c in lesson.cells if c.cell_type == "code" and "execution_count" in c]
    begun = [c for c in ran if c.execution_count or c.outputs]
    return _of_cell(lesson, begun[-1] if begun else lesson.cells[0], reason)


def _of_cell(lesson, cell, reason: str) -> str:
    first = cell.source.strip().partition("\n")[0]
    place = lesson.cells.index(cell)  # the inserted one makes it count from 1
    return f"cell {place} (“{first:.60}”): {_COLOURS.sub('', reason).strip():.300}"
