"""Grade a folder of submitted lessons: run each again, on fresh inputs, and write a table.

Every notebook runs in a process of its own (`submission`), with limits on time and memory and
without network. It hands over what its answers give; they are judged here, so that a notebook that
calls itself right, or changes the checker, gains nothing.
"""

import csv
import json
import os
import re
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from base64 import b64decode
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import nbformat
import numpy as np
import psutil

from jntk_viz.lessons.exercises import EXERCISES
from jntk_viz.lessons.feedback import HINT, PASSED, TODO, Feedback

RIGHT, WRONG, UNDONE = "right", "wrong", "not done"
MISSING, STOPPED, UNREADABLE, FOREIGN = "not handed in", "stopped", "unreadable", "no exercises"
_VERDICTS = {PASSED: RIGHT, HINT: WRONG, TODO: UNDONE}
_BEST_FIRST = (RIGHT, WRONG, UNDONE)
_MOST_SENT = 50_000_000  # bytes; the answers to a lesson have a few thousand
_LARGEST = 50_000_000  # bytes of a notebook, pictures in it included
_EVERY = 0.2  # seconds between looks at time and memory


class Row(NamedTuple):
    """A line of the table. attempts: how often the notebook checked an answer to the exercise."""

    file: str
    exercise: str
    verdict: str
    hint: str
    attempts: int = 0


class Limits(NamedTuple):
    """seconds, megabytes: of one notebook, its start (about 5 s and 300 MB) included."""

    seconds: float = 300
    megabytes: float = 3000


@dataclass
class _Heard:
    """What a submission has sent: its attempts, its first error, how it ended."""

    attempts: list[tuple[str, Feedback]] = field(default_factory=list)
    error: str = ""
    ended: bool = False
    stopped: str = ""


def grade(
    folder: Path, *, limits: Limits | None = None, seed: int = 1, jobs: int = 1
) -> Iterator[list[Row]]:
    """The rows of each notebook in `folder` and below, in the order of their paths.

    seed: of the inputs that functions are tried on, 1 or more; the lessons use 0.
    Raises ValueError where there is no notebook.
    """
    found = [
        path for path in sorted(folder.rglob("*.ipynb")) if ".ipynb_checkpoints" not in path.parts
    ]
    if not found:
        raise ValueError(f"`folder` must hold notebooks (*.ipynb); {folder} has none.")
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(lambda path: _grade_one(path, folder, limits or Limits(), seed), found)


def _grade_one(path: Path, folder: Path, limits: Limits, seed: int) -> list[Row]:
    name = path.relative_to(folder).as_posix()
    try:
        cells = _code_cells(path)
    except Exception as error:  # noqa: BLE001 - whatever a file holds costs its own row only
        return [Row(name, "", UNREADABLE, f"No notebook: {type(error).__name__}. Ask for it anew.")]
    expected = exercises_of(path.name, cells)
    if not expected:
        return [Row(name, "", FOREIGN, "No cell checks an exercise of this course.")]
    heard = _run(cells, folder, limits, seed)
    return [_row(name, exercise, heard) for exercise in expected]


def _code_cells(path: Path) -> list[str]:
    if path.stat().st_size > _LARGEST:
        raise ValueError("too large")
    notebook = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
    return [str(cell.source) for cell in notebook.cells if cell.cell_type == "code"]


def exercises_of(name: str, cells: list[str]) -> list[str]:
    """The exercises of the lessons that a notebook is by its file's name or by its checks."""
    checked = {e for cell in cells for e in re.findall(r"check\(\s*[\"'](\w+)[\"']", cell)}
    lessons = {lesson_of(exercise) for exercise in checked & set(EXERCISES)}
    if number := re.match(r"(\d\d)_", name):
        lessons.add(int(number[1]))
    return [exercise for exercise in EXERCISES if lesson_of(exercise) in lessons]


def lesson_of(exercise: str) -> int:
    """3 for "3a"."""
    return int(exercise[:-1])


def _row(name: str, exercise: str, heard: _Heard) -> Row:
    """The best of the attempts; where there is none, why."""
    tried = [feedback for attempted, feedback in heard.attempts if attempted == exercise]
    if tried:
        best = min(tried, key=lambda feedback: _BEST_FIRST.index(_VERDICTS[feedback.status]))
        hint = "" if best.passed else best.message
        return Row(name, exercise, _VERDICTS[best.status], hint, len(tried))
    if heard.stopped:
        return Row(name, exercise, STOPPED, heard.stopped)
    why = f" The first error was {heard.error}" if heard.error else ""
    return Row(name, exercise, MISSING, f"No cell has checked it.{why}")


def _run(cells: list[str], folder: Path, limits: Limits, seed: int) -> _Heard:
    """Run a submission in an empty folder; what it had sent counts even if it has to be ended."""
    own = Path(tempfile.mkdtemp(prefix="jntk-viz-grade-"))
    (own / "cells.json").write_text(json.dumps(cells), encoding="utf-8")
    reading, writing = os.pipe()
    command = [sys.executable, "-P", "-m", "jntk_viz.lessons.submission"]
    environment = {
        **{name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ},
        "HOME": str(own), "IPYTHONDIR": str(own), "TMPDIR": str(own), "MPLBACKEND": "agg",
        "JAX_PLATFORMS": "cpu", "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip
    try:
        with subprocess.Popen(
            [*without_network(), *command, str(own), str(folder), str(seed), str(writing)],
            cwd=own, env=environment, pass_fds=[writing], start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        ) as process:  # fmt: skip
            os.close(writing)
            heard = _listen(process, reading, limits, seed)
            _end(process)
        return heard
    finally:
        os.close(reading)
        shutil.rmtree(own, ignore_errors=True)


@cache
def without_network() -> tuple[str, ...]:
    """Words before a command that take the network from it, where the system lets us."""
    words = ("unshare", "--map-root-user", "--net")
    try:
        subprocess.run([*words, "true"], check=True, capture_output=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        return ()
    return words


def _listen(process, reading: int, limits: Limits, seed: int) -> _Heard:
    """What the process sends until it says that it has ended, or must be."""
    heard, rest, received, begun = _Heard(), b"", 0, time.monotonic()
    os.set_blocking(reading, False)
    with selectors.DefaultSelector() as selector:
        selector.register(reading, selectors.EVENT_READ)
        while not heard.ended:
            if selector.select(_EVERY):
                chunk = os.read(reading, 1 << 16)
                received += len(chunk)
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    _hear(line, heard, seed)
                if not chunk:
                    heard.stopped = heard.stopped or "The notebook ended its own process."
                    break
            heard.stopped = _over(process, limits, received, time.monotonic() - begun)
            if heard.stopped:
                break
    return heard


def _over(process, limits: Limits, received: int, seconds: float) -> str:
    """Which limit is passed, in words for the table; empty for none."""
    if seconds > limits.seconds:
        return f"It ran for more than {limits.seconds:g} s."
    if received > _MOST_SENT:
        return "Its answers are too large."
    if _megabytes(process.pid) > limits.megabytes:
        return f"It took more than {limits.megabytes:g} MB of memory."
    return ""


def _megabytes(pid: int) -> float:
    total = 0.0
    for one in _family(pid):
        try:
            total += one.memory_info().rss / 1e6
        except psutil.NoSuchProcess:  # it has just ended
            continue
    return total


def _family(pid: int) -> list[psutil.Process]:
    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _end(process) -> None:
    """End the process and all that it has started."""
    for one in _family(process.pid):
        try:
            one.send_signal(signal.SIGKILL)
        except psutil.NoSuchProcess:
            continue
    process.kill()


def _hear(line: bytes, heard: _Heard, seed: int) -> None:
    """Take a message of the submission; of what cannot be read nothing counts."""
    try:
        message = json.loads(line)
        if "exercise" in message:
            name = message["exercise"]
            heard.attempts.append((name, _judged(EXERCISES[name], message, seed)))
        heard.error = heard.error or str(message.get("error", ""))
        heard.ended = heard.ended or message.get("end") is True
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        heard.error = heard.error or f"an answer that cannot be read ({type(error).__name__})."


def _judged(exercise, message: dict, seed: int) -> Feedback:
    """The verdict on an attempt; "passed" is never taken from a submission that could be judged."""
    if "said" in message:
        status, words = message["said"]
        if status not in (HINT, TODO) and not (status == PASSED and exercise.judged_where_run):
            raise ValueError(f"a submission cannot say {status!r}")
        return Feedback(status, str(words))
    if "causes" in message:
        return exercise.judge(dict(message["causes"]), seed)
    values = [np.load(BytesIO(b64decode(v)), allow_pickle=False) for v in message["values"]]
    if any(v.dtype != float or not np.isfinite(v).all() for v in values):
        raise ValueError("numbers are needed")
    if len(values) != len(exercise.cases(seed)):
        raise ValueError("an answer for each case is needed")
    return exercise.judge(values, seed)


def write_table(rows: list[Row], path: Path) -> None:
    """Write the CSV. What a spreadsheet would take for a formula gets an apostrophe in front."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(Row._fields)
        writer.writerows([[_plain(str(value)) for value in row] for row in rows])


def _plain(text: str) -> str:
    line = " ".join(text.split())
    return f"'{line}" if line.startswith(("=", "+", "-", "@")) else line


def summary(rows: list[Row]) -> str:
    """A notebook's rows in one line for the terminal."""
    counts = Counter(row.verdict for row in rows)
    named = [f"{count} {verdict}" for verdict, count in counts.items() if rows[0].exercise]
    return f"{rows[0].file}: {', '.join(named) or rows[0].verdict}"
