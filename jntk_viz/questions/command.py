"""The command `jntk-viz questions`. What it needs is imported when it runs."""

import argparse
import os
import sys
from pathlib import Path

from jntk_viz import folders
from jntk_viz.compiled_code import keep_compiled_code
from jntk_viz.device import check_device
from jntk_viz.engine.options import add_options, check_options, steps_run
from jntk_viz.export import ExportError
from jntk_viz.whole_files import write_whole_text

NOTES = """\
Writes questions.gift.txt (Moodle: Question bank, Import, GIFT) and questions.qti.zip (IMS QTI 2.1).
The answers are computed, which takes some minutes.
"""


def add_questions_parser(commands) -> None:
    summary = "write the predictions and diagnoses as a question bank, in GIFT and QTI"
    parser = commands.add_parser(
        "questions",
        help=summary,
        description=f"{summary.capitalize()}.",
        epilog=NOTES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("out", type=Path, metavar="OUT", help="folder to write to")
    add("--page", action="append", metavar="NAME", help="only these pages and lessons")
    add("--lesson", action="append", metavar="NAME", help="only these lessons and pages")
    add("--data", type=Path, metavar="DIR", help="folder with the UCI files, as JNTK_VIZ_DATA")
    add("--quiet", action="store_true", help="no progress")
    add_options(parser)
    parser.set_defaults(command=run)


def run(arguments) -> int:
    """Do what the command line asks for; 2 if it cannot be done."""
    os.environ.setdefault("PANEL_INLINE", "1")
    check_options(arguments)
    folders.use_folders(arguments)
    keep_compiled_code()
    check_device()
    from jntk_viz.export import files
    from jntk_viz.questions import bank, gift, qti

    notebooks = {notebook.stem: notebook for notebook in bank.lessons()}
    known = files.known_pages()
    some = bool(arguments.page or arguments.lesson)
    pages = list(arguments.page or []) if some else list(known)
    lessons = list(arguments.lesson or []) if some else list(notebooks)

    def tell(line: str) -> None:
        if not arguments.quiet:
            print(line, file=sys.stderr, flush=True)

    for name in lessons:
        if name not in notebooks:
            there = ", ".join(notebooks)
            print(f"jntk-viz: there is no lesson {name!r}; there are {there}", file=sys.stderr)
            return 2
    try:
        with steps_run(arguments):
            items = files.without_loop(lambda: list(bank.of_pages(pages, tell)))
    except ExportError as error:
        print(f"jntk-viz: {error}", file=sys.stderr)
        return 2
    for name in lessons:
        tell(f"running lesson {name}")
        items += bank.of_lesson(notebooks[name])
    write_whole_text(arguments.out / "questions.gift.txt", gift.gift(items))
    qti.write_package(items, arguments.out / "questions.qti.zip")
    print(f"{len(items)} questions in {arguments.out}")
    return 0
