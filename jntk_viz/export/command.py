"""The command `jntk-viz export`. What it needs is imported when it runs."""

import argparse
import os
import sys
from pathlib import Path

from jntk_viz import folders
from jntk_viz.compiled_code import keep_compiled_code
from jntk_viz.device import check_device
from jntk_viz.engine.options import add_options, check_options, steps_run
from jntk_viz.export import ExportError

EXAMPLES = """\
examples:
  jntk-viz export --list
  jntk-viz export gp_convergence -o talk.html
  jntk-viz export gp_convergence --preset start --set networks=250 -o talk.html
  jntk-viz export --site public

A file needs no server and no network: it opens by a double click, and any static host serves it.
Its sliders move over states computed now: those in the preset's `sweep`, or every stop of its
`controls`. Presets of your own come from `--presets DIR`.
"""


def add_export_parser(commands) -> None:
    summary = "write pages as files that need no server and no network"
    parser = commands.add_parser(
        "export",
        help=summary,
        description=f"{summary.capitalize()}.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("page", nargs="?", metavar="PAGE", help="which page; `--list` names them")
    add("--preset", metavar="NAME", help="which of its presets (default: the first)")
    add(
        "--set",
        action="append",
        default=[],
        type=setting,
        metavar="NAME=VALUE",
        help="another setting than the preset's; can be given repeatedly",
    )
    add("-o", "--output", type=Path, metavar="FILE", help="default: PAGE-PRESET.html, here")
    add("--site", type=Path, metavar="DIR", help="write all pages, all presets and a start page")
    add("--list", action="store_true", help="list pages and presets")
    add("--presets", type=Path, metavar="DIR", help="folder with presets, as JNTK_VIZ_PRESETS")
    add("--data", type=Path, metavar="DIR", help="folder with the UCI files, as JNTK_VIZ_DATA")
    add("--quiet", action="store_true", help="no progress on stderr")
    add_options(parser)
    parser.set_defaults(command=run)


def setting(text: str) -> tuple[str, str]:
    """NAME=VALUE in two parts."""
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError(f"expected NAME=VALUE, got {text!r}")
    return name, value


def run(arguments) -> int:
    """Do what the command line asks for; 2 if it cannot be done."""
    try:
        check_usage(arguments)
        prepare(arguments)
        if arguments.list:
            return show_list()
        with steps_run(arguments):
            return export_site(arguments) if arguments.site else export_one(arguments)
    except ExportError as error:
        print(f"jntk-viz: {error}", file=sys.stderr)
        return 2


def check_usage(arguments) -> None:
    """Refuse options that do not go together."""
    check_options(arguments)
    asked = [arguments.page is not None, arguments.site is not None, arguments.list]
    if sum(asked) != 1:
        raise ExportError("name a page, or `--site DIR` for all of them, or `--list`")
    only_one = {"--preset": arguments.preset, "--set": arguments.set, "-o": arguments.output}
    for option, value in only_one.items():
        if value and arguments.page is None:
            raise ExportError(f"`{option}` belongs to a single page: `jntk-viz export PAGE …`")


def prepare(arguments) -> None:
    """Take in folders and keep what JAX compiles, as `serve` does."""
    folders.use_folders(arguments)
    keep_compiled_code()
    check_device()
    # Nothing may come from another host, not even Panel's own scripts.
    os.environ.setdefault("PANEL_INLINE", "1")


def show_list() -> int:
    from jntk_viz.export import files

    for page, title, presets in files.listed():
        print(f"{page}  ({title})")
        for preset in presets:
            print(f"    {preset.name:24}{preset.title}")
    return 0


def export_one(arguments) -> int:
    from jntk_viz.export import files

    written = files.export_page(
        arguments.page,
        arguments.preset,
        arguments.output,
        values=dict(arguments.set),
        quiet=arguments.quiet,
    )
    print(written)
    return 0


def export_site(arguments) -> int:
    from jntk_viz.export import site

    pages = site.export_site(arguments.site, quiet=arguments.quiet)
    for written in pages:
        print(written)
    size = sum(written.size for written in pages) / 1e6
    print(f"{len(pages)} pages, {size:.1f} MB: open {arguments.site / 'index.html'}")
    return 0
