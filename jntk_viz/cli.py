"""The command `jntk-viz`: serve or export the pages, open the lessons, rerun the paper, check.

Panel and JAX are imported by the subcommand that needs them: `--help` answers at once, and
importing this module stays free of any plotting library.
"""

import argparse
import os
import sys
from importlib.metadata import version
from io import TextIOWrapper
from pathlib import Path

from jntk_viz.course.command import add_course_parser
from jntk_viz.device import DeviceUnavailable
from jntk_viz.engine.cluster import NoCluster
from jntk_viz.engine.options import add_options, positive
from jntk_viz.export.command import add_export_parser
from jntk_viz.folders import CannotServe, lessons_folder
from jntk_viz.questions.command import add_questions_parser
from jntk_viz.reproduction.command import add_reproduce_parser
from jntk_viz.server.serving import serve
from jntk_viz.site.command import add_site_parser

DESCRIPTION = """\
Infinite-width kernels of a network and its input Jacobian, computed and shown live.
"""
EXAMPLES = """\
examples:
  jntk-viz serve                      the apps on port 5006, in a browser if there is one
  jntk-viz serve --port 0             the same on any free port
  jntk-viz serve --data ~/uci         with the UCI files that lie in ~/uci
  jntk-viz export --site public       every page as files for a static host
  jntk-viz reproduce                  the paper's experiments, and which claims hold
  jntk-viz lab                        the lessons in JupyterLab
  jntk-viz slides notebooks/05*.ipynb a lesson as slides, in one file
  jntk-viz site public                pages, lessons and reference in one folder, without a server
  jntk-viz course public              the lessons as pages that need no kernel
  jntk-viz questions bank             predictions and diagnoses for Moodle and others
  jntk-viz grade submitted            a table of who solved which exercise
  jntk-viz assign --for nbgrader notebooks/01*.ipynb
                                      a lesson in the form that nbgrader takes, or Otter
  jntk-viz doctor                     is this installation sound?

`jntk-viz COMMAND --help` explains the options of one command.
"""
SERVE_EXAMPLES = """\
For a class, open the server to the local network and name the address that the class types:
  jntk-viz serve --address 0.0.0.0 --allow-websocket-origin 192.168.1.20:5006
Sixty who open one page at once need not wait for it if it is made before they come:
  jntk-viz serve --ready 60 --ready-at robust_training

Behind a reverse proxy that forwards https://example.org/jntk:
  jntk-viz serve --prefix jntk --allow-websocket-origin example.org
"""
GRADE_NOTES = """\
Each notebook runs in a process of its own and in an empty folder, without network. That stops
mistakes and ordinary tricks, not somebody who attacks the machine: for that, grade in a container.
"""
ASSIGN_NOTES = """\
These are the lecturer's files, with solutions. `nbgrader generate_assignment NAME` or `otter assign
NAME.ipynb DIR` makes the students' ones.
"""
# JupyterLab would ask the net for its newest version and for news. The reader would still be asked
# whether to fetch them: that is a default of its settings, which lie in JUPYTER_SETTINGS.
QUIET = (
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.news_url=None",
)
JUPYTER_SETTINGS = Path(__file__).parent / "jupyter"


def main(argv=None) -> int:
    """Run the command line `argv` (default: the process's own) and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        # A Windows console may know no ✓; better a question mark than a traceback.
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    parser = build_parser()
    arguments = parser.parse_args(argv)
    if arguments.command is None:
        parser.print_help()
        return 0
    try:
        return arguments.command(arguments)
    except (CannotServe, DeviceUnavailable, NoCluster) as error:
        print(f"jntk-viz: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="jntk-viz",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"jntk-viz {version('jntk-viz')}")
    parser.set_defaults(command=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    add_serve_parser(commands)
    add_export_parser(commands)
    add_reproduce_parser(commands)
    add_course_parser(commands)
    add_site_parser(commands)
    add_questions_parser(commands)
    summary = "open the lessons in JupyterLab"
    lab_parser = commands.add_parser("lab", help=summary, description=f"{summary.capitalize()}.")
    lab_parser.add_argument(
        "--folder",
        type=Path,
        default=Path("jntk-viz-lessons"),
        metavar="DIR",
        help="where an installed package puts the lessons (default: jntk-viz-lessons); a clone "
        "opens its own",
    )
    add_show_option(lab_parser)
    lab_parser.set_defaults(command=lab)
    summary = "run lessons and write their slides, which need neither kernel nor network"
    slides_parser = commands.add_parser(
        "slides", help=summary, description=f"{summary.capitalize()}."
    )
    slides_parser.add_argument("lessons", nargs="+", type=Path, metavar="NOTEBOOK")
    slides_parser.add_argument(
        "--out", type=Path, default=Path(), metavar="DIR", help="folder to write to (default: here)"
    )
    slides_parser.set_defaults(command=slides)
    add_grade_parser(commands)
    add_assign_parser(commands)
    summary = "check versions, device, precision, cache, data and kernels"
    doctor = commands.add_parser("doctor", help=summary, description=f"{summary.capitalize()}.")
    doctor.set_defaults(command=run_doctor)
    return parser


def add_serve_parser(commands) -> None:
    serve_parser = commands.add_parser(
        "serve",
        help="serve every app and the landing page",
        description="Serve every app and the landing page from this machine; Ctrl-C stops it.",
        epilog=SERVE_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = serve_parser.add_argument
    add("--port", type=port_number, default=5006, help="0 takes any free one (default: 5006)")
    add("--address", default="127.0.0.1", help="where to listen (default: 127.0.0.1, this machine)")
    add("--data", type=Path, metavar="DIR", help="folder with the UCI files, as JNTK_VIZ_DATA")
    add("--presets", type=Path, metavar="DIR", help="folder with presets, as JNTK_VIZ_PRESETS")
    add_show_option(serve_parser)
    add(
        "--warm",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="compute every page's first pictures in the background, before visitors ask for them",
    )
    add_options(serve_parser)
    add(
        "--ready",
        type=positive,
        default=1,
        metavar="N",
        help="pages of each address made before visitors ask, for a class that comes at once "
        "(default: 1; 7 MB and 2 s each)",
    )
    add(
        "--ready-at",
        action="append",
        metavar="ADDRESS",
        help="an address to make pages of, such as 'robust_training?depth=3' (default: all without "
        "settings); can be given repeatedly",
    )
    add("--prefix", default="", help="path in front of every address, for reverse proxies")
    add(
        "--allow-websocket-origin",
        action="append",
        default=[],
        metavar="HOST[:PORT]",
        help="another address that visitors may come by; can be given repeatedly",
    )
    serve_parser.set_defaults(command=serve)


def add_grade_parser(commands) -> None:
    summary = "run submitted lessons again and write a table of right, wrong and missing answers"
    grade_parser = commands.add_parser(
        "grade", help=summary, description=f"{summary.capitalize()}.", epilog=GRADE_NOTES
    )
    add = grade_parser.add_argument
    add("folder", type=Path, metavar="FOLDER", help="with the submitted notebooks, at any depth")
    add(
        "--out", type=Path, default=Path("grades.csv"), metavar="FILE", help="(default: grades.csv)"
    )
    for name, most, unit, what in (
        ("--seconds", 300, "S", "for one notebook"),
        ("--memory", 3000, "MB", "of one notebook"),
        ("--jobs", 1, "N", "notebooks at once"),
    ):
        help_ = f"{what} (default: {most})"
        add(name, type=positive, default=most, metavar=unit, help=help_)
    add("--seed", type=positive, help="of the inputs for functions (default: a new one each time)")
    grade_parser.set_defaults(command=grade)


def add_assign_parser(commands) -> None:
    summary = "write lessons in the form that nbgrader or Otter takes"
    assign_parser = commands.add_parser(
        "assign", help=summary, description=f"{summary.capitalize()}.", epilog=ASSIGN_NOTES
    )
    add = assign_parser.add_argument
    add("lessons", nargs="+", type=Path, metavar="NOTEBOOK", help="with solutions/ beside it")
    add("--for", dest="tool", choices=("nbgrader", "otter"), required=True)
    add("--out", type=Path, default=Path(), metavar="DIR", help="(default: here)")
    add("--points", type=positive, default=1, metavar="N", help="of an exercise (default: 1)")
    assign_parser.set_defaults(command=assign)


def add_show_option(parser) -> None:
    parser.add_argument(
        "--show",
        action=argparse.BooleanOptionalAction,
        default=has_display(),
        help="open a browser (default: where there is a screen)",
    )


def port_number(text: str) -> int:
    if not (text.isdecimal() and int(text) < 2**16):
        raise argparse.ArgumentTypeError(f"expected a port from 0 to 65535, got {text!r}")
    return int(text)


def has_display() -> bool:
    """Whether a browser window can appear: on Windows and macOS yes, else with X or Wayland."""
    desktop = sys.platform in ("win32", "darwin")
    return desktop or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def run_doctor(_arguments) -> int:
    from jntk_viz.doctor import examine

    return 0 if examine() else 1


def slides(arguments) -> int:
    """Write NAME.slides.html for each lesson."""
    for lesson in arguments.lessons:
        if not lesson.is_file():
            raise CannotServe(f"`{lesson}` is no file; name a notebook, as notebooks/05_….ipynb")
    from jntk_viz.export.slides import write_slides

    for lesson in arguments.lessons:
        print(write_slides(lesson, arguments.out))
    return 0


def grade(arguments) -> int:
    """Grade a folder; a line for each notebook as it is done."""
    import secrets

    from jntk_viz.lessons import grading

    seed = arguments.seed or secrets.randbelow(10**6) + 1
    network = "without network" if grading.without_network() else "with Python's sockets closed"
    print(f"Grading {arguments.folder}, {network}; seed {seed}", flush=True)
    limits, rows = grading.Limits(arguments.seconds, arguments.memory), []
    try:
        for of_one in grading.grade(
            arguments.folder, limits=limits, seed=seed, jobs=arguments.jobs
        ):
            print(grading.summary(of_one), flush=True)
            rows += of_one
            grading.write_table(rows, arguments.out)
    except ValueError as error:
        raise CannotServe(str(error)) from error
    except OSError as error:
        raise CannotServe(f"`--out` {arguments.out} cannot be written: {error.strerror}") from error
    print(arguments.out)
    return 0


def assign(arguments) -> int:
    """Write each lesson for nbgrader or Otter."""
    from jntk_viz.lessons.assignment import write_assignment

    for lesson in arguments.lessons:
        if not lesson.is_file():
            raise CannotServe(f"`{lesson}` is no file; name a notebook, as notebooks/05_….ipynb")
        try:
            print(write_assignment(lesson, arguments.out, arguments.tool, arguments.points))
        except ValueError as error:
            raise CannotServe(str(error)) from error
        except OSError as error:
            raise CannotServe(
                f"`--out` {arguments.out} cannot be written: {error.strerror}"
            ) from error
    return 0


def lab_environment() -> dict[str, str]:
    """Environment variables that keep JupyterLab and Panel off the net.

    Lecture halls are often offline: Panel's scripts come from this machine. Our settings of
    JupyterLab are put beside those of the reader and of the installation, not in their place.
    """
    places = [str(JUPYTER_SETTINGS), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    return {
        "PANEL_INLINE": os.environ.get("PANEL_INLINE", "1"),
        "JUPYTER_CONFIG_PATH": os.pathsep.join(filter(None, places)),
    }


def lab(arguments) -> int:
    """Open JupyterLab on the lessons."""
    lessons = lessons_folder(arguments.folder)
    os.environ.update(lab_environment())

    from jupyterlab.labapp import LabApp

    screen = [] if arguments.show else ["--no-browser"]
    LabApp.launch_instance([str(lessons), *QUIET, *screen])
    return 0
