"""The lessons as a course that can be handed out: files that need no kernel and no network.

    from jntk_viz.course import write_course
    write_course(Path("public"))

Each notebook NAME.ipynb becomes NAME.html (the lesson, its knobs, predictions and exercises alive),
NAME.slides.html and NAME.handout.html (A4); index.html lists them. The parts:

    running     runs a notebook in a kernel of its own, in which
    recording   puts all states of a control in its place
    exercises   what a page has to know to check an answer
    fragments   the HTML of a control: alive, and on paper
    lesson      a notebook that has been run as page, slides and handout
    contents    title, question and minutes of a lesson; the start page
    building    all of it, lesson by lesson
    command     `jntk-viz course`
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jntk_viz.course.building import Course


class CourseError(ValueError):
    """A course cannot be written as asked; the message says why and what to do."""


def write_course(
    out: Path,
    lessons: Sequence[str] | None = None,
    progress: Callable[[str], None] | None = None,
    *,
    notebooks: Path | None = None,
    again: bool = False,
    home: str = "",
) -> "Course":
    """Write lessons as pages, slides and handouts, and index.html, into the folder `out`.

    Args:
        out: made where it is missing; files of the same names in it are replaced.
        lessons: numbers or names of notebooks, "3" or "03_tangent_kernels"; by default all.
        progress: is called with a line after each lesson, and about what remains.
        notebooks: folder with other lessons than the package's.
        again: also run lessons whose notebook and package version are unchanged.
        home: address, from `out`, of the page that index.html leads back to.

    Returns:
        which lessons were written, which were unchanged, and which failed, with the reason: a
        broken notebook costs its own page only.

    Raises:
        CourseError: for an unknown lesson, a folder without notebooks, or one that cannot be
            written.
    """
    from jntk_viz.course.building import build

    return build(out, lessons, progress, notebooks=notebooks, again=again, home=home)


__all__ = ["CourseError", "write_course"]
