"""Write a course lesson by lesson; what is there already and still true is not made again."""

import hashlib
import os
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from jntk_viz.course import CourseError, contents
from jntk_viz.course.lesson import Place, handout, page, slides
from jntk_viz.course.running import BrokenLesson, run
from jntk_viz.export.progress import duration
from jntk_viz.folders import own_lessons
from jntk_viz.whole_files import write_whole_text

TITLE = "Wide networks, their slopes, and robustness"
_STAMP = re.compile(r'<meta name="jntk-course" content="(\w+)">')


@dataclass
class Course:
    """What became of each lesson, by name; of those that failed, why. index: the start page."""

    index: Path
    written: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def finished(self) -> int:
        return len(self.written) + len(self.unchanged) + len(self.failed)


def found_lessons(folder: Path | None) -> list[Path]:
    """The notebooks of a course, in order; by default the package's."""
    place = own_lessons() if folder is None else folder
    notebooks = sorted(place.glob("*.ipynb")) if place.is_dir() else []
    if not notebooks:
        raise CourseError(
            f"`--from` must name a folder with notebooks (*.ipynb); {str(place)!r} has none. "
            "Without it the lessons of jntk_viz are taken."
        )
    return notebooks


def chosen_lessons(notebooks: Sequence[Path], asked: Sequence[str] | None) -> list[Path]:
    """Those that were asked for by number or name; all where nothing was."""
    if not asked:
        return list(notebooks)
    chosen = []
    for name in asked:
        fitting = [n for n in notebooks if n.stem == name.removesuffix(".ipynb")]
        if name.isdecimal():
            number = re.compile(rf"0*{int(name)}(?!\d)")
            fitting = fitting or [n for n in notebooks if number.match(n.stem)]
        if not fitting:
            known = ", ".join(n.stem for n in notebooks)
            raise CourseError(
                f"`LESSON` must be a number or name of a lesson; got {name!r}. There are {known}"
            )
        chosen += fitting
    return [n for n in notebooks if n in chosen]


def build(
    out: Path,
    lessons: Sequence[str] | None,
    progress: Callable[[str], None] | None,
    *,
    notebooks: Path | None,
    again: bool,
    home: str = "",
) -> Course:
    """See `write_course`."""
    everything = found_lessons(notebooks)
    chosen = chosen_lessons(everything, lessons)
    out = out.expanduser()
    _make(out)
    entries = [contents.entry(notebook) for notebook in everything]
    # A page leads to its neighbours among these; the others would be dead links.
    members = [
        notebook
        for notebook, entry in zip(everything, entries, strict=True)
        if (entry.sound and notebook in chosen) or (out / f"{entry.name}.html").is_file()
    ]
    course, seconds = Course(out / "index.html"), []
    tell = progress or (lambda line: None)
    for notebook in chosen:
        begun = time.monotonic()
        place = _place(notebook, members, contents.entry(notebook).title)
        if not again and _is_there(out, place):
            course.unchanged.append(place.name)
            done = "unchanged"
        else:
            done = _written(out, notebook, place, course)
            seconds.append(time.monotonic() - begun)
        tell(f"{place.name}: {done}{_remaining(course.finished, len(chosen), seconds)}")
        # At once: who stops here has a course of what is finished.
        there = {one.name for one in entries if (out / f"{one.name}.html").is_file()}
        write_whole_text(course.index, contents.start_page(TITLE, entries, there, home))
    return course


def _written(out: Path, notebook: Path, place: Place, course: Course) -> str:
    """Run a lesson and write its files; in words what came of it."""
    begun = time.monotonic()
    try:
        lesson = run(notebook)
    except BrokenLesson as error:
        course.failed[place.name] = str(error)
        return f"FAILED, {error}"
    try:
        write_whole_text(out / f"{place.name}.slides.html", slides(lesson, place))
        write_whole_text(out / f"{place.name}.handout.html", handout(lesson, place))
        write_whole_text(out / notebook.name, notebook.read_text(encoding="utf-8"))
        # Last: where the page has the right stamp, the others are there, too.
        text = page(lesson, place)
        write_whole_text(out / f"{place.name}.html", text)
    except OSError as error:
        raise CourseError(f"`OUT` {out} cannot be written: {error.strerror or error}") from error
    course.written.append(place.name)
    return f"{len(text.encode()) / 1e6:.1f} MB, {duration(time.monotonic() - begun)}"


def _remaining(finished: int, total: int, seconds: list[float]) -> str:
    left = total - finished
    if not left:
        return ""
    estimate = f", about {duration(left * sum(seconds) / len(seconds))}" if seconds else ""
    return f" ({finished} of {total}; {left} to go{estimate})"


def _make(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CourseError(
            f"`OUT` must be a folder or a name for a new one; {str(out)!r} cannot be made one: "
            f"{error.strerror or error}. Name another."
        ) from error
    if not os.access(out, os.W_OK):
        raise CourseError(f"`OUT` must be a folder to write to; {str(out)!r} is not. Name another.")


def _place(notebook: Path, members: list[Path], title: str) -> Place:
    before = max((n.stem for n in members if n.name < notebook.name), default=None)
    after = min((n.stem for n in members if n.name > notebook.name), default=None)
    made_of = [version("jntk-viz").encode(), notebook.read_bytes(), f"{before} {after}".encode()]
    stamp = hashlib.sha256(b"\0".join(made_of)).hexdigest()[:32]
    return Place(notebook.stem, title, stamp, before, after)


def _is_there(out: Path, place: Place) -> bool:
    """Whether all files of a lesson are there, made from this notebook by this version."""
    names = (f"{place.name}.slides.html", f"{place.name}.handout.html", f"{place.name}.ipynb")
    file = out / f"{place.name}.html"
    if not file.is_file() or not all((out / name).is_file() for name in names):
        return False
    with file.open(encoding="utf-8") as text:
        found = _STAMP.search(text.read(2000))
    return found is not None and found[1] == place.stamp
