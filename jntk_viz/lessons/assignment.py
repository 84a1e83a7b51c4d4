"""Lessons in the forms that nbgrader and Otter-Grader take: answers marked, solved and tested.

Both tools make the student's version themselves and take the solutions out of it. A test is
`lessons.require`, which raises where an answer is not right; the cell that checks with hints stays
beside it.
"""

import ast
import re
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_raw_cell

from jntk_viz.whole_files import write_whole_text

TOOLS = ("nbgrader", "otter")
# An exercise's cell: the code that the student completes, then the line that checks it.
_EXERCISE = re.compile(
    r'(?P<stub>.*?)\s*^check\("(?P<name>\w+)", (?P<answer>\w+)\)\s*\Z', re.M | re.S
)
_NBGRADER_CONFIG = '''\
"""For nbgrader. What the student replaces are the dots: a solution leaves nothing in its place."""

c = get_config()  # noqa: F821 - nbgrader runs this file
c.CourseDirectory.course_id = "jntk_viz"
c.ClearSolutions.code_stub = {"python": ""}
c.ExecutePreprocessor.timeout = 300
'''


def write_assignment(lesson: Path, out: Path, tool: str, points: float = 1) -> Path:
    """Write one lesson for `tool` and return the file.

    lesson: a notebook, with its solutions in solutions/NAME.py beside it.
    tool: "nbgrader" (OUT is a course folder, with nbgrader_config.py and source/NAME/NAME.ipynb) or
        "otter" (OUT/NAME.ipynb, for `otter assign`).
    points: of each exercise.

    Raises:
        ValueError: where the lesson has no exercises, or no solutions.
    """
    notebook = nbformat.read(lesson, as_version=4)
    if not any(_exercise(cell) for cell in notebook.cells):
        raise ValueError(
            f"`{lesson}` must have exercises: cells that end with check(…). It has none."
        )
    solutions = lesson.parent / "solutions" / f"{lesson.stem}.py"
    if not solutions.is_file():
        raise ValueError(f"`{lesson}` must have solutions beside it; there is no {solutions}.")
    mark = {"nbgrader": _for_nbgrader, "otter": _for_otter}[tool]
    notebook.cells = mark(notebook.cells, solutions.read_text(encoding="utf-8"), points)
    if tool == "nbgrader":
        config = out / "nbgrader_config.py"
        if not config.exists():  # the lecturer's own settings stay
            write_whole_text(config, _NBGRADER_CONFIG)
        out = out / "source" / lesson.stem
    file = out / lesson.name
    write_whole_text(file, nbformat.writes(notebook))
    return file


def solution_of(name: str, source: str) -> str:
    """The statements of a solutions file that the top-level name `name` needs, in their order."""
    lines, tree = source.splitlines(), ast.parse(source)
    needed, kept = {name}, []
    for statement in reversed(tree.body):
        if isinstance(statement, ast.Import | ast.ImportFrom):
            made = {alias.asname or alias.name.partition(".")[0] for alias in statement.names}
        elif isinstance(statement, ast.FunctionDef):
            made = {statement.name}
        else:
            stored = (n for n in ast.walk(statement) if isinstance(n, ast.Name))
            made = {n.id for n in stored if isinstance(n.ctx, ast.Store)}
        if made & needed:
            needed |= {n.id for n in ast.walk(statement) if isinstance(n, ast.Name)}
            kept.append("\n".join(lines[statement.lineno - 1 : statement.end_lineno]))
    return "\n".join(reversed(kept))


def _exercise(cell: NotebookNode) -> re.Match | None:
    return _EXERCISE.match(cell.source) if cell.cell_type == "code" else None


def _for_nbgrader(cells: list[NotebookNode], solutions: str, points: float) -> list[NotebookNode]:
    marked = []
    for cell in cells:
        found = _exercise(cell)
        if found is None:
            marked.append(cell)
            continue
        name, answer = found["name"], found["answer"]
        cell.source = (
            f"{found['stub']}\n\n\n### BEGIN SOLUTION\n{solution_of(answer, solutions)}\n"
            "### END SOLUTION"
        )
        cell.metadata["nbgrader"] = _about(name, solution=True)
        test = new_code_cell(
            f'check("{name}", {answer})\n### BEGIN HIDDEN TESTS\n'
            f'from jntk_viz.lessons import require\n\nrequire("{name}", {answer})\n'
            "### END HIDDEN TESTS"
        )
        test.metadata["nbgrader"] = {**_about(name, solution=False), "points": points}
        marked += [cell, test]
    return marked


def _about(exercise: str, *, solution: bool) -> dict:
    """nbgrader's metadata, schema 3: a cell that the student writes, or one that gives points."""
    return {
        "schema_version": 3,
        "grade_id": exercise if solution else f"test-{exercise}",
        "solution": solution,
        "grade": not solution,
        "locked": not solution,
        "task": False,
    }


def _for_otter(cells: list[NotebookNode], solutions: str, points: float) -> list[NotebookNode]:
    marked = [new_raw_cell("# ASSIGNMENT CONFIG\nexport_cell: true\ngenerate: true")]
    for cell in cells:
        found = _exercise(cell)
        if found is None:
            marked.append(cell)
            continue
        name, answer = found["name"], found["answer"]
        cell.source = (
            f"{found['stub']}\n\n\n# BEGIN SOLUTION NO PROMPT\n{solution_of(answer, solutions)}\n"
            f'# END SOLUTION\ncheck("{name}", {answer})'
        )
        # The result gets a name: Otter compares what a test displays, and a message is for readers.
        test = f'from jntk_viz.lessons import require\n\nverdict = require("{name}", {answer})'
        marked += [
            new_raw_cell(f"# BEGIN QUESTION\nname: exercise_{name}\npoints: {points:g}"),
            new_raw_cell("# BEGIN SOLUTION"),
            cell,
            new_raw_cell("# END SOLUTION"),
            new_raw_cell("# BEGIN TESTS"),
            new_code_cell(test),
            new_raw_cell("# END TESTS"),
            new_raw_cell("# END QUESTION"),
        ]
    return marked
