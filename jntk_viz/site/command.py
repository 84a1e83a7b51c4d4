"""The command `jntk-viz site`. What it needs is imported when it runs."""

import argparse
import os
import sys
from pathlib import Path

from jntk_viz import folders
from jntk_viz.compiled_code import keep_compiled_code
from jntk_viz.device import check_device
from jntk_viz.engine.options import add_options, check_options, steps_run
from jntk_viz.site import SiteError

EXAMPLES = """\
examples:
  jntk-viz site public                        everything, for any static host
  jntk-viz site public --page playground --page depth --lesson 3
  jntk-viz site public --repository https://github.com/NAME/jntk_viz

Interrupt at will: what is written is not made again, unless its preset, its notebook or this
program has changed. The documents need Sphinx: pip install 'jntk-viz[site]'.
"""


def add_site_parser(commands) -> None:
    summary = "write pages, lessons and reference as one folder that needs no server"
    parser = commands.add_parser(
        "site",
        help=summary,
        description=f"{summary.capitalize()}.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("out", type=Path, metavar="OUT", help="folder to write to")
    add("--page", action="append", metavar="NAME", help="only these pages")
    add("--lesson", action="append", metavar="LESSON", help="only these lessons")
    add("--report", type=Path, metavar="FILE", help="report.html of `jntk-viz reproduce`")
    add("--repository", default="", metavar="ADDRESS", help="of the project, to link its files")
    add("--presets", type=Path, metavar="DIR", help="folder with presets, as JNTK_VIZ_PRESETS")
    add("--data", type=Path, metavar="DIR", help="folder with the UCI files, as JNTK_VIZ_DATA")
    add("--quiet", action="store_true", help="no progress")
    add_options(parser)
    parser.set_defaults(command=run)


def run(arguments) -> int:
    """Do what the command line asks for; 1 if a part is missing, 2 if it cannot be done."""
    # Nothing may come from another host, not even Panel's own scripts.
    os.environ.setdefault("PANEL_INLINE", "1")
    check_options(arguments)
    folders.use_folders(arguments)
    keep_compiled_code()
    check_device()
    from jntk_viz.site.building import build_site

    try:
        with steps_run(arguments):
            site = build_site(
                arguments.out,
                pages=arguments.page,
                lessons=arguments.lesson,
                repository=arguments.repository,
                report=arguments.report,
                tell=_silent if arguments.quiet else _tell,
                quiet=arguments.quiet,
            )
    except SiteError as error:
        print(f"jntk-viz: {error}", file=sys.stderr)
        return 2
    for problem in site.problems:
        print(f"jntk-viz: {problem}", file=sys.stderr)
    print(f"{site.count} files, {site.size / 1e6:.1f} MB: open {site.index}")
    return 1 if site.problems else 0


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _silent(_line: str) -> None:
    """Says nothing."""
