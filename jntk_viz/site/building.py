"""Write the site part by part; what is there already and still true is not made again."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jntk_viz.course import CourseError, write_course
from jntk_viz.export import ExportError, html
from jntk_viz.export import site as pages_of_site
from jntk_viz.export.files import known_pages
from jntk_viz.export.progress import duration
from jntk_viz.site import SiteError, documents, search

LESSONS, DOCUMENTS, REPORT = "lessons", "docs", "reproduction.html"
PARTS = ("lessons", "pages", "documents")


@dataclass(frozen=True)
class Site:
    """What has been written: the start page, all files' bytes, and what is missing and why."""

    index: Path
    count: int
    size: int
    problems: list[str]


def build_site(
    out: Path,
    *,
    pages: list[str] | None = None,
    lessons: list[str] | None = None,
    notebooks: Path | None = None,
    presets: Path | None = None,
    reference: list[str] | None = None,
    repository: str = "",
    report: Path | None = None,
    tell: Callable[[str], None] = print,
    quiet: bool = False,
) -> Site:
    """Write the whole site into the folder `out`.

    Args:
        out: made where it is missing. What an earlier run has written, from the same presets and
            notebooks by the same program, stays.
        pages, lessons, reference: names of those to write; by default all.
        notebooks: folder with other lessons than the package's.
        presets: folder with presets of the lecturer's own.
        repository: address of the project, for links to files that the site does not hold.
        report: the `report.html` of `jntk-viz reproduce`, to be shown beside the summary.
        tell: is called with a line on what is done and what remains.
        quiet: whether to keep the progress of each page off stderr.

    Raises:
        SiteError: where the folder cannot be written, or a page, a lesson or a document has no
            such name.
    """
    out = out.expanduser()
    unknown = sorted(set(pages or ()) - set(known_pages()))
    if unknown:
        known = ", ".join(known_pages())
        raise SiteError(f"`--page` must name a page; got {unknown[0]!r}. There are {known}")
    _make(out)
    problems: list[str] = []
    with _part(1, "lessons, slides and handouts", tell):
        problems += _lessons(out, lessons, notebooks, tell)
    with _part(2, "pages with all their presets", tell):
        _pages(out, pages, presets, bool(report), quiet)
    if report is not None:
        _copy(report, out / REPORT)
    with _part(3, "reference, guides and search", tell):
        beside = [*search.of_pages(out), *search.of_lessons(out, notebooks)]
        problems += documents.build_documents(
            out / DOCUMENTS, repository=repository, beside=beside, names=reference
        )
    written = [file for file in out.rglob("*") if file.is_file()]
    size = sum(file.stat().st_size for file in written)
    return Site(out / "index.html", len(written), size, problems)


@contextmanager
def _part(number: int, what: str, tell: Callable[[str], None]) -> Iterator[None]:
    begun = time.monotonic()
    tell(f"Part {number} of {len(PARTS)}: {what}")
    yield
    left = ", ".join(PARTS[number:])
    took = duration(time.monotonic() - begun)
    tell(f"Part {number} of {len(PARTS)} took {took}" + (f"; to come: {left}" if left else ""))


def _make(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SiteError(
            f"`OUT` must be a folder or a name for a new one; {str(out)!r} cannot be made one: "
            f"{error.strerror or error}. Name another."
        ) from error


def _lessons(out: Path, lessons, notebooks, tell: Callable[[str], None]) -> list[str]:
    try:
        course = write_course(
            out / LESSONS, lessons, tell, notebooks=notebooks, home="../index.html"
        )
    except CourseError as error:
        raise SiteError(str(error)) from error
    return [f"lesson {name} has no new page: {reason}" for name, reason in course.failed.items()]


def _pages(out: Path, names, presets, with_report: bool, quiet: bool) -> None:
    around = pages_of_site.Around(
        links=(
            html.Link(f"{LESSONS}/index.html", "Lessons"),
            html.Link(f"{DOCUMENTS}/index.html", "Reference"),
        ),
        words=_words(with_report),
        functions=f"{DOCUMENTS}/formulas.html",
    )
    try:
        pages_of_site.export_site(out, names=names, presets=presets, quiet=quiet, around=around)
    except ExportError as error:
        raise SiteError(str(error)) from error


def _words(with_report: bool) -> str:
    """What the start page says of the other parts, and the search over all of them."""
    results = REPORT if with_report else f"{DOCUMENTS}/reproduction.html"
    links = {
        f"{LESSONS}/index.html": "Lessons, slides, handouts",
        f"{DOCUMENTS}/teaching.html": "For lecturers",
        results: "What of the paper holds",
        f"{DOCUMENTS}/index.html": "Reference of the library",
    }
    anchors = "".join(f'<a href="{href}">{words}</a>' for href, words in links.items())
    return (
        f'<div class="parts">{anchors}<form action="{DOCUMENTS}/search.html" role="search">'
        '<input name="q" type="search" aria-label="Search pages, lessons and reference" '
        'placeholder="Search everything"><button>Search</button></form></div>\n'
    )


def _copy(report: Path, target: Path) -> None:
    try:
        shutil.copyfile(report, target)
    except OSError as error:
        raise SiteError(
            f"`--report` must be the report.html of `jntk-viz reproduce`; {report} cannot be "
            f"read: {error.strerror or error}"
        ) from error
