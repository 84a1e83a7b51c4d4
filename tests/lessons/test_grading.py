"""Submitted notebooks, graded: what they give counts, not what they say of themselves."""

import csv
import re
from base64 import b64encode
from io import BytesIO

import nbformat
import numpy as np
import pytest
from lesson_run import LESSONS, solution_file

from jntk_viz.cli import main
from jntk_viz.lessons import EXERCISES, NotPassed, check, grading
from jntk_viz.lessons.grading import Limits, grade

LESSON = next(lesson for lesson in LESSONS if lesson.stem.startswith("01"))
SOLUTIONS = solution_file(LESSON).read_text(encoding="utf-8")
BEGIN = "from jntk_viz.lessons import check"
KAPPA = """
import numpy as np
def forgets_to_square(x1, x2, kappa):
    return kappa * np.arcsin(2 / 3 * (x1 @ x2.T)) / np.arcsin(2 / 3)
check("1b", forgets_to_square)
"""


def save(path, *cells):
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(
        nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells]), path
    )


def solved():
    """The sources of the lesson's code cells, each exercise with its solution."""
    cells = []
    for cell in nbformat.read(LESSON, as_version=4).cells:
        if cell.cell_type == "code":
            checks = re.search(r'^check\("\w+", \w+\)', cell.source, re.MULTILINE)
            cells.append(f"{SOLUTIONS}\n{checks[0]}" if checks else cell.source)
    return cells


def verdicts(rows):
    return {row.exercise: row.verdict for row in rows}


def test_answers_are_tried_and_tricks_gain_nothing(tmp_path):
    folder, other, outside = tmp_path / "all", "all/berta.ipynb", tmp_path / "outside"
    outside.write_text("mine")
    tricks = f"""
import os, socket, subprocess
from pathlib import Path
def tries(act):
    try:
        act()
    except PermissionError as error:
        return "not allowed"
    return "done"
done = [tries(act) for act in (
    lambda: Path({str(tmp_path / other)!r}).read_text(),
    lambda: Path({str(outside)!r}).write_text("yours"),
    lambda: os.remove({str(outside)!r}),
    lambda: subprocess.run(["true"]),
    lambda: os.system("true"),
    lambda: socket.create_connection(("127.0.0.1", 9)),
    lambda: Path("own").write_text("allowed"),
)]
assert done == ["not allowed"] * 6 + ["done"], done
"""
    cheats = """
import jntk_viz.lessons.checking as checking
from jntk_viz.lessons import Feedback
checking.Exercise.judge = checking.Exercise.check = lambda *_, **__: Feedback("passed", "Right!")
check("1c", 3)
"""
    passed = 'assert check("1a", my_network).passed'
    save(folder / "anna.ipynb", BEGIN, KAPPA, tricks, f"{SOLUTIONS}\n{passed}", cheats, "1 / 0")
    save(folder / "berta.ipynb", "x = 1")
    (folder / "carla.ipynb").write_text("{")
    anna, berta, carla = grade(folder, seed=3)
    assert verdicts(anna) == {"1a": "right", "1b": "wrong", "1c": "wrong"}
    assert "it needs κ²" in anna[1].hint
    assert [row.attempts for row in anna] == [1, 1, 1]
    assert outside.read_text() == "mine"
    assert [row.verdict for row in berta + carla] == ["no exercises", "unreadable"]


def test_a_notebook_over_its_memory_is_ended_and_keeps_what_it_had(tmp_path):
    greedy = "a = [np.ones(2**27) for _ in range(40)]"
    save(tmp_path / "greedy.ipynb", BEGIN, KAPPA, greedy, 'check("1c", 3)')
    (rows,) = grade(tmp_path, limits=Limits(300, 1500))
    assert verdicts(rows) == {"1a": "stopped", "1b": "wrong", "1c": "stopped"}
    assert "more than 1500 MB" in rows[0].hint


def npy(array, **options):
    buffer = BytesIO()
    np.save(buffer, array, **options)
    return b64encode(buffer.getvalue()).decode()


@pytest.mark.parametrize(
    "message",
    [
        {"said": ["passed", "Right."]},
        {"said": ["passed"]},
        {"values": [npy(np.array([object()], dtype=object), allow_pickle=True)] * 2},
        {"values": [npy(np.array(["a"]))] * 2},
        {"values": [npy(np.ones((3, 4)))]},
        {"values": "x"},
        {},
    ],
)
def test_what_a_submission_forges_is_no_verdict(message):
    with pytest.raises((ValueError, TypeError, KeyError)):
        grading._judged(EXERCISES["1b"], message, seed=3)


def test_lines_that_are_no_messages_do_not_stop_the_grading():
    heard = grading._Heard()
    for line in (b"\xff", b"[]", b"3", b'{"exercise": "no such"}', b'{"exercise": ["1a"]}'):
        grading._hear(line, heard, seed=1)
    assert heard.attempts == []
    assert "cannot be read" in heard.error


def test_a_renamed_lesson_is_known_by_its_checks_and_an_emptied_one_by_its_name():
    assert grading.exercises_of("anna.ipynb", ["check('3b', f)"]) == ["3a", "3b", "3c"]
    assert grading.exercises_of("03_tangent_kernels.ipynb", []) == ["3a", "3b", "3c"]
    assert grading.exercises_of("99_other.ipynb", ['check("hash")']) == []


def test_the_table_holds_no_formula(tmp_path):
    rows = [grading.Row("=cmd.ipynb", "1a", "wrong", "two\nlines")]
    grading.write_table(rows, tmp_path / "t.csv")
    _, row = csv.reader((tmp_path / "t.csv").open(encoding="utf-8"))
    assert row == ["'=cmd.ipynb", "1a", "wrong", "two lines", "0"]


def test_checks_raise_where_a_cell_that_raises_gets_no_marks(monkeypatch):
    monkeypatch.setenv("JNTK_VIZ_GRADE", "1")
    with pytest.raises(NotPassed, match="Not yet"):
        check("1c", 3)
    with pytest.raises(NotPassed, match="Your turn"):
        check("1c", ...)
    assert check("1c", EXERCISES["1c"].truth()).passed


def test_a_folder_without_notebooks_says_so(tmp_path, capsys):
    assert main(["grade", str(tmp_path)]) == 2
    assert "has none" in capsys.readouterr().err


@pytest.mark.slow
def test_a_class_of_ten(tmp_path, capsys):
    """The whole first lesson: right, wrong, empty, in a loop, with cells deleted, renamed, …"""
    cells, folder = solved(), tmp_path / "class"
    at = {name: i for i, c in enumerate(cells) for name in ("1a", "1b") if f'check("{name}"' in c}
    empty = [c.source for c in nbformat.read(LESSON, 4).cells if c.cell_type == "code"]
    wrong = [*cells]
    wrong[at["1b"]] = KAPPA
    loop = [*cells]
    loop.insert(at["1b"], "import time\nwhile True:\n    time.sleep(0.01)")
    save(folder / "right" / LESSON.name, *cells)
    save(folder / "wrong" / LESSON.name, *wrong)
    save(folder / "empty" / LESSON.name, *empty)
    save(folder / "loop" / LESSON.name, *loop)
    save(folder / "deleted" / LESSON.name, *cells[: at["1b"]])
    save(folder / "anna_final(3).ipynb", *cells)
    save(folder / "output" / LESSON.name, *cells, "print('x' * 10**8)")
    save(folder / "leaves" / LESSON.name, *cells[: at["1b"]], "import os\nos._exit(0)")
    save(folder / "foreign.ipynb", "x = 1")
    table = tmp_path / "grades.csv"
    assert main(["grade", str(folder), "--out", str(table), "--seconds", "120"]) == 0
    found = {}
    for row in csv.DictReader(table.open(encoding="utf-8")):
        found.setdefault(row["file"].partition("/")[0], []).append(row["verdict"])
    assert found == {
        "right": ["right"] * 3,
        "wrong": ["right", "wrong", "right"],
        "empty": ["not done"] * 3,
        "loop": ["right", "stopped", "stopped"],
        "deleted": ["right", "not handed in", "not handed in"],
        "anna_final(3).ipynb": ["right"] * 3,
        "output": ["right"] * 3,
        "leaves": ["right", "stopped", "stopped"],
        "foreign.ipynb": ["no exercises"],
    }
    assert "right/01_random_networks.ipynb: 3 right" in capsys.readouterr().out
