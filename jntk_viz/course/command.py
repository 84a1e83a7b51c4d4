"""The command `jntk-viz course`. What it needs is imported when it runs."""

import argparse
import os
import sys
from pathlib import Path

from jntk_viz import folders
from jntk_viz.compiled_code import keep_compiled_code
from jntk_viz.course import CourseError, write_course

EXAMPLES = """\
examples:
  jntk-viz course public              all lessons, their slides and handouts, a start page
  jntk-viz course public 3 5          lessons 3 and 5 only
  jntk-viz course public --from mine  the notebooks in the folder `mine`
  jntk-viz course --list              which lessons there are

The files need no server, no kernel and no network: they open by a double click, and any static host
or learning platform serves them. Interrupt at will: what is written is not made again, unless its
notebook or the package's version has changed.
"""


def add_course_parser(commands) -> None:
    summary = "write the lessons as pages, slides and handouts that need no kernel"
    parser = commands.add_parser(
        "course",
        help=summary,
        description=f"{summary.capitalize()}.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("out", nargs="?", type=Path, metavar="OUT", help="folder to write to")
    add("lessons", nargs="*", metavar="LESSON", help="numbers or names (default: all)")
    add("--from", dest="notebooks", type=Path, metavar="DIR", help="folder with other notebooks")
    add("--again", action="store_true", help="also run lessons that have not changed")
    add("--list", action="store_true", help="list the lessons")
    add("--data", type=Path, metavar="DIR", help="folder with the UCI files, as JNTK_VIZ_DATA")
    add("--quiet", action="store_true", help="no progress on stderr")
    parser.set_defaults(command=run)


def run(arguments) -> int:
    """Do what the command line asks for; 1 if a lesson failed, 2 if it cannot be done."""
    try:
        if arguments.list:
            return show_list(arguments.notebooks)
        if arguments.out is None:
            raise CourseError("`OUT` is missing: name a folder to write to, `jntk-viz course OUT`")
        folders.use_folders(arguments)
        keep_compiled_code()
        # Nothing may come from another host, not even Panel's own scripts.
        os.environ.setdefault("PANEL_INLINE", "1")
        course = write_course(
            arguments.out,
            arguments.lessons,
            None if arguments.quiet else progress,
            notebooks=arguments.notebooks,
            again=arguments.again,
        )
    except CourseError as error:
        print(f"jntk-viz: {error}", file=sys.stderr)
        return 2
    for name, reason in course.failed.items():
        print(f"jntk-viz: {name} has no new page: {reason}", file=sys.stderr)
    print(
        f"{len(course.written)} lessons written, {len(course.unchanged)} unchanged, "
        f"{len(course.failed)} failed: open {course.index}"
    )
    return 1 if course.failed else 0


def progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def show_list(notebooks: Path | None) -> int:
    from jntk_viz.course.building import found_lessons
    from jntk_viz.course.contents import entry

    for notebook in found_lessons(notebooks):
        print(f"{notebook.stem}  ({entry(notebook).title})")
    return 0
