"""The command `jntk-viz reproduce`. What it needs is imported when it runs."""

import argparse
import shlex
import sys
from contextlib import closing
from pathlib import Path

from jntk_viz import folders
from jntk_viz.compiled_code import keep_compiled_code
from jntk_viz.device import check_device
from jntk_viz.engine.options import add_options, check_options, steps_run, tls_files

EXAMPLES = """\
examples:
  jntk-viz reproduce --list
  jntk-viz reproduce                                  all studies, under half an hour on two cores
  jntk-viz reproduce --study nngp_convergence
  jntk-viz reproduce --scale paper --scheduler tcp://10.0.0.1:8786

Each finished task is kept in DIR/SCALE: after Ctrl-C, or a lost machine, the same command goes on
where it was. DIR/SCALE/report.html shows what there is; the numbers lie beside it as Parquet files.
`--scale paper` is the full grid: hours on a GPU, or a Dask cluster that has jntk_viz installed.
"""


class CannotReproduce(ValueError):
    """Nothing can be run as asked; the message says why and what to do."""


def add_reproduce_parser(commands) -> None:
    summary = "run the paper's experiments and say which of its claims hold"
    parser = commands.add_parser(
        "reproduce",
        help=summary,
        description=f"{summary.capitalize()}.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        "--study",
        action="append",
        default=[],
        metavar="NAME",
        help="only this one; can be given repeatedly, `--list` names them",
    )
    add(
        "--scale",
        choices=("tiny", "laptop", "paper"),
        default="laptop",
        help="how much is computed; tiny only tries whether everything runs (default: laptop)",
    )
    add(
        "--out",
        type=Path,
        default=Path("reproduction"),
        metavar="DIR",
        help="where results are kept (default: reproduction, here)",
    )
    add("--data", type=Path, metavar="DIR", help="folder with the UCI files, as JNTK_VIZ_DATA")
    add("--list", action="store_true", help="say what the studies ask, and how much is left")
    add("--report-only", action="store_true", help="write the report of what there is")
    add("--quiet", action="store_true", help="no progress on stderr")
    add_options(parser)
    parser.set_defaults(command=run, presets=None)


def run(arguments) -> int:
    """0: all was computed. 1: a task or a conclusion failed. 2: cannot be run. 130: Ctrl-C."""
    folders.use_folders(arguments)
    check_options(arguments)
    try:
        studies, others = opened(arguments)
        if arguments.list:
            return show_list(studies)
        return reproduce(arguments, studies, others)
    except CannotReproduce as error:
        print(f"jntk-viz: {error}", file=sys.stderr)
    except OSError as error:  # a file in the folder's place, a full disk
        print(
            f"jntk-viz: results cannot be kept in {arguments.out} ({error}). What is there stays. "
            "Make room, or name another folder with `--out`, and start again",
            file=sys.stderr,
        )
    return 2


def opened(arguments) -> tuple[list, list]:
    """The files of the studies that were asked for, and those of the others."""
    from jntk_viz.reproduction.catalogue import chosen
    from jntk_viz.reproduction.store import StudyFiles

    try:
        names = [study.name for study in chosen(arguments.study)]
    except ValueError as error:
        raise CannotReproduce(str(error)) from error
    folder = arguments.out / arguments.scale
    files = [StudyFiles(folder, study, arguments.scale) for study in chosen([])]
    wanted = [study for study in files if study.study.name in names]
    for study in wanted:
        for name in study.rejected:
            print(f"{folder / name} is damaged; its task is done again.", file=sys.stderr)
        if study.aside:
            print(
                f"{study.study.name}: {study.aside} finished tasks are of another version or are "
                "no longer asked for; they lie aside.",
                file=sys.stderr,
            )
    return wanted, [study for study in files if study not in wanted]


def show_list(studies) -> int:
    for files in studies:
        left, total = len(files.left), len(files.tasks)
        print(f"{files.study.name}  ({files.study.source}; {left} of {total} tasks left)")
        print(f"    {files.study.question}")
    return 0


def reproduce(arguments, studies, others) -> int:
    """Compute what is left of `studies`; report them and what there is of the others."""
    from jntk_viz.reproduction.result import conclude, write_claims

    keep_compiled_code()
    check_device()
    folder = arguments.out / arguments.scale
    folder.mkdir(parents=True, exist_ok=True)
    stopped = "" if arguments.report_only else compute(arguments, studies)
    shown = in_order([*studies, *(files for files in others if files.started)])
    names = [] if len(shown) == len(studies) + len(others) else [f.study.name for f in shown]
    results = [conclude(files, command_of(arguments, names)) for files in shown]
    write_claims(folder, results)

    from jntk_viz.reproduction.report import write_report

    written = write_report(folder / "report.html", results)
    print(f"Report: {written}")
    left = sum(len(files.left) for files in studies)
    if left:
        again = command_of(arguments, arguments.study, places=True)
        print(f"{stopped}{left} tasks are left; what is finished is kept. Go on: {again}")
    for result in results:
        for failure in result.failures:
            print(f"failed: {result.study.name} {failure['task']}: {failure['message']}")
        if result.problem:
            print(f"no conclusion of {result.study.name}:\n{result.problem}")
    if stopped:
        return 130 if "Stopped" in stopped else 1
    return 0 if all(result.sound for result in results) else 1


def compute(arguments, studies) -> str:
    """Do what is left. Returns why it ended early, or nothing."""
    from jntk_viz.reproduction.progress import Progress
    from jntk_viz.reproduction.runner import interleaved, run_all

    work = interleaved(studies)
    if not work:
        return ""
    progress = Progress(work, quiet=arguments.quiet)
    progress.show("starting")
    try:
        with steps_run(arguments), closing(run_all(work)) as arriving:
            for ended in arriving:
                keep(ended, progress)
    except KeyboardInterrupt:
        return "\nStopped. "
    except OSError as error:  # the scheduler is lost, the disk full
        return f"Ended early: {error}. "
    return ""


def keep(ended, progress) -> None:
    """Store what a task has measured, or why it failed."""
    files, task, measured = ended.files, ended.task, ended.measured
    message, details = ended.message, ended.details
    if measured is not None:
        try:
            files.save(task, measured)
        except ValueError as error:  # rows that the study does not explain
            measured, message, details = None, str(error), str(error)
    if measured is None:
        files.save_failure(task, message, details)
    progress.done(files, task, measured and measured.origin["seconds"])


def in_order(studies) -> list:
    """Studies in the order of the register."""
    from jntk_viz.reproduction.catalogue import STUDIES

    return sorted(studies, key=lambda files: STUDIES.index(type(files.study)))


def command_of(arguments, names: list[str], places: bool = False) -> str:
    """The command line that computes these studies (all, if none is named) at this scale.

    With `places` also where to: folders and addresses do not go into what is published.
    """
    words = ["jntk-viz", "reproduce"]
    for name in names:
        words += ["--study", name]
    words += ["--scale", arguments.scale]
    if places:
        words += ["--out", str(arguments.out)]
        given = {"scheduler": arguments.scheduler, "workers": arguments.workers}
        given |= {"runs": arguments.runs}
        given |= {f"tls-{kind}": file for kind, file in tls_files(arguments).items()}
        words += [part for k, v in given.items() if v for part in (f"--{k}", str(v))]
    return shlex.join(words)
