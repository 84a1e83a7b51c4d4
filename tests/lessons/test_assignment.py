"""Lessons for nbgrader and Otter-Grader: what each tool makes of them, and the points it gives."""

import csv
import json
import os
import re
import site
import subprocess
import sys
import venv
from pathlib import Path

import nbformat
import numpy as np
import pytest
from lesson_run import LESSONS, exercises, load_solutions, solution_file

from jntk_viz.cli import main
from jntk_viz.lessons import NotPassed, check, require
from jntk_viz.lessons.assignment import solution_of, write_assignment

LESSON = next(lesson for lesson in LESSONS if lesson.stem.startswith("01"))
ROOT = Path(__file__).parents[2]
WRONG = """
import numpy as np
def my_kernel(x1, x2, kappa):
    return kappa * np.arcsin(2 / 3 * (x1 @ x2.T)) / np.arcsin(2 / 3)
"""
LOOP = "import time\nwhile True:\n    time.sleep(0.01)"


@pytest.mark.parametrize("lesson", [x for x in LESSONS if exercises(x)], ids=lambda x: x.stem[:2])
def test_each_solution_stands_by_itself(lesson):
    """What is cut out of the solutions' file for one exercise needs nothing else of it."""
    whole, source = load_solutions(lesson), solution_file(lesson).read_text(encoding="utf-8")
    for answer in exercises(lesson).values():
        names = {}
        exec(solution_of(answer, source), names)
        if not callable(names[answer]):
            assert names[answer] == getattr(whole, answer)
        for other in exercises(lesson).values():
            assert other == answer or other not in names


def test_graders_try_functions_on_other_inputs_than_the_lesson():
    right = load_solutions(LESSON).my_kernel
    assert require("1b", right).passed
    seen = {}

    def remembers(x1, x2, kappa):
        seen.setdefault("points", []).append(x1)
        return right(x1, x2, kappa)

    require("1b", remembers)
    check("1b", remembers)
    first, second = seen["points"][0], seen["points"][len(seen["points"]) // 2]
    assert not np.array_equal(first, second)
    with pytest.raises(NotPassed, match="κ"):
        require("1b", lambda x1, x2, kappa: right(x1, x2, kappa) / kappa)


@pytest.mark.parametrize("tool", ["nbgrader", "otter"])
def test_the_lecturers_file_is_the_lesson_with_marks(tool, tmp_path):
    file = write_assignment(LESSON, tmp_path, tool, points=2)
    notebook, lesson = nbformat.read(file, 4), nbformat.read(LESSON, 4)
    nbformat.validate(notebook)
    markdown = [c.source for c in notebook.cells if c.cell_type == "markdown"]
    assert markdown == [c.source for c in lesson.cells if c.cell_type == "markdown"]
    sources = "\n".join(c.source for c in notebook.cells)
    for name, answer in exercises(LESSON).items():
        assert sources.count(f'check("{name}", {answer})') == 1
        assert sources.count(f'require("{name}", {answer})') == 1
    if tool == "nbgrader":
        points = [
            c.metadata.nbgrader.get("points") for c in notebook.cells if "nbgrader" in c.metadata
        ]
        assert points == [None, 2] * 3


def test_what_cannot_be_assigned_is_said(tmp_path, capsys):
    lesson = LESSON.parent / "00_start_here.ipynb"
    assert main(["assign", "--for", "otter", "--out", str(tmp_path), str(lesson)]) == 2
    assert "must have exercises" in capsys.readouterr().err
    alone = tmp_path / LESSON.name
    alone.write_text(LESSON.read_text(encoding="utf-8"), encoding="utf-8")
    assert main(["assign", "--for", "otter", str(alone)]) == 2
    assert "must have solutions" in capsys.readouterr().err
    assert main(["assign", "--for", "nbgrader", str(tmp_path / "none.ipynb")]) == 2
    assert "is no file" in capsys.readouterr().err


def tool_from_pypi(name, folder):
    """A virtual environment with one tool of PyPI, which also finds this project and its packages.

    Returns a function that runs one of its commands.
    """
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", name]
    installed = subprocess.run(pip, capture_output=True, text=True, timeout=560)
    if installed.returncode:
        pytest.skip(f"{name} could not be installed: {installed.stderr[-300:]}")
    (packages,) = (folder / "lib").glob("python3*/site-packages")
    (packages / "jntk.pth").write_text("\n".join([str(ROOT), *site.getsitepackages()]))
    path = os.pathsep.join([str(folder / "bin"), os.environ["PATH"]])

    def run(*command, cwd):
        result = subprocess.run(
            command, cwd=cwd, env={**os.environ, "PATH": path}, capture_output=True, text=True,
            timeout=500, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout + result.stderr

    return run


def submissions(student, tool):
    """Name -> notebook: the student's version of the lesson, worked on in five ways."""
    solutions = solution_file(LESSON).read_text(encoding="utf-8")

    def worked_on(change):
        notebook = nbformat.read(student, as_version=4)
        for cell in list(notebook.cells):
            answer = re.search(r"^(?:def )?(my_\w+)\b.*\.\.\.", cell.source, re.M | re.S)
            if cell.cell_type == "code" and answer:
                change(notebook, cell, answer[1])
        return notebook

    def solve(notebook, cell, answer):
        # Otter's cell has the check below the answer; nbgrader's stands in a cell of its own.
        checked = "\n".join(re.findall(r"^check\(.*\)$", cell.source, re.M))
        cell.source = f"{solution_of(answer, solutions)}\n{checked}"

    def err(notebook, cell, answer):
        solve(notebook, cell, answer)
        if answer == "my_kernel":
            cell.source = WRONG

    def loop(notebook, cell, answer):
        solve(notebook, cell, answer)
        if answer == "my_kernel":
            cell.source = LOOP

    def delete(notebook, cell, answer):
        solve(notebook, cell, answer)
        if answer == "my_kernel":
            notebook.cells.remove(cell)

    ways = {"right": solve, "wrong": err, "empty": lambda *_: None, "deleted": delete}
    if tool == "nbgrader":  # `otter run` knows no limit of time for a cell
        ways["loop"] = loop
    return {name: worked_on(change) for name, change in ways.items()}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the tools are tried on Unix")
@pytest.mark.timeout(1800)
def test_nbgrader_gives_points_for_right_answers_only(tmp_path):
    run = tool_from_pypi("nbgrader==0.9.6", tmp_path / "tool")
    course = tmp_path / "course"
    write_assignment(LESSON, course, "nbgrader")
    config = course / "nbgrader_config.py"
    config.write_text(config.read_text().replace("timeout = 300", "timeout = 60"))
    run("nbgrader", "generate_assignment", LESSON.stem, cwd=course)
    student = course / "release" / LESSON.stem / LESSON.name
    text = student.read_text(encoding="utf-8")
    assert "arcsin(2 * (x1" not in text
    assert "require" not in text
    for name, notebook in submissions(student, "nbgrader").items():
        file = course / "submitted" / name / LESSON.stem / LESSON.name
        file.parent.mkdir(parents=True)
        nbformat.write(notebook, file)
    run("nbgrader", "autograde", LESSON.stem, cwd=course)
    run("nbgrader", "export", cwd=course)
    with (course / "grades.csv").open(encoding="utf-8") as table:
        found = {row["student_id"]: float(row["score"]) for row in csv.DictReader(table)}
    # The loop is interrupted after a minute, and the exercise behind it is judged as well.
    assert found == {"right": 3, "wrong": 2, "empty": 0, "deleted": 2, "loop": 2}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the tools are tried on Unix")
@pytest.mark.timeout(1800)
def test_otter_gives_points_for_right_answers_only(tmp_path):
    run = tool_from_pypi("otter-grader==7.0.0", tmp_path / "tool")
    write_assignment(LESSON, tmp_path, "otter")
    run("otter", "assign", LESSON.name, "dist", "--no-pdfs", cwd=tmp_path)
    student = tmp_path / "dist" / "student" / LESSON.name
    assert "arcsin(2 * (x1" not in student.read_text(encoding="utf-8")
    (grader,) = (tmp_path / "dist" / "autograder").glob("*.zip")
    found = {}
    for name, notebook in submissions(student, "otter").items():
        folder = tmp_path / name
        folder.mkdir()
        nbformat.write(notebook, folder / LESSON.name)
        run("otter", "run", "-a", str(grader), LESSON.name, cwd=folder)
        tests = json.loads((folder / "results.json").read_text())["tests"]
        found[name] = sum(test.get("score") or 0 for test in tests)
    assert found == {"right": 3, "wrong": 2, "empty": 0, "deleted": 2}
