"""The tasks of all studies as steps of the engine; what they have measured as it arrives."""

import time
import traceback
from collections.abc import Generator
from typing import NamedTuple

from jntk_viz.device import out_of_memory
from jntk_viz.engine.results import kept
from jntk_viz.engine.runners import SchedulerLost, results
from jntk_viz.engine.steps import Step
from jntk_viz.machine import here
from jntk_viz.reproduction.store import Measured, StudyFiles
from jntk_viz.reproduction.study import Study, Task


class Finished(NamedTuple):
    """One task that has ended: what it has measured, or why it failed."""

    files: StudyFiles
    task: Task
    measured: Measured | None
    message: str = ""
    details: str = ""


def measure(study: Study, task: Task) -> Measured:
    """Run one task here."""
    start = time.perf_counter()
    rows = study.run(**task)
    return Measured(rows, {**here(), "seconds": round(time.perf_counter() - start, 4)})


@kept
def measured(study: type[Study], task: tuple) -> Measured:
    """Run one task, given by the items of its dictionary, wherever the engine does."""
    return measure(study(), dict(task))


def interleaved(studies: list[StudyFiles]) -> list[tuple[StudyFiles, Task]]:
    """What is left to do, so that at any moment about the same share of each study is done.

    The first task of every study comes before any second one.
    """
    placed = [
        (i / len(files.tasks), number, i, files, task)
        for number, files in enumerate(studies)
        for i, task in enumerate(files.tasks)
        if not files.finished(task)
    ]
    return [(files, task) for *_, files, task in sorted(placed, key=lambda item: item[:3])]


def run_all(work: list[tuple[StudyFiles, Task]]) -> Generator[Finished, None, None]:
    """Each task as soon as it has ended, in whatever order; a failure is a result, too.

    Closing the iterator leaves the rest undone. On a cluster Dask repeats the task of a worker that
    died, on another one; a task that is there when several workers die is taken for the culprit and
    fails.

    Raises:
        SchedulerLost: where the scheduler has gone. What had arrived by then is valid.
    """
    tasks = {
        Step(measured, (type(files.study), tuple(task.items()))): (files, task)
        for files, task in work
    }
    for step, future in results(tasks):
        files, task = tasks[step]
        error = future.exception()
        if isinstance(error, SchedulerLost):
            raise error
        if error is None:
            yield Finished(files, task, future.result())
        else:
            details = "".join(traceback.format_exception(error))
            yield Finished(files, task, None, _message(error), details)
        measured.forget(*step.arguments)  # it is in a file now


def _message(error: BaseException) -> str:
    return out_of_memory(error) or f"{type(error).__name__}: {error}".rstrip(": ")
