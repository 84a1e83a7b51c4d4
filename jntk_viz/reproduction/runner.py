"""The tasks of all studies on a Dask cluster, or in this process; results as they arrive."""

import logging
import time
import traceback
from collections.abc import Generator
from contextlib import contextmanager
from typing import NamedTuple

import jntk_viz
from jntk_viz.device import out_of_memory
from jntk_viz.machine import cores, here
from jntk_viz.reproduction.store import Measured, StudyFiles, task_key
from jntk_viz.reproduction.study import Study, Task

SECONDS_TO_CONNECT = 20


class NoScheduler(Exception):
    """No scheduler answers at the address that was given."""


class Finished(NamedTuple):
    """One task that has ended: what it has measured, or why it failed."""

    files: StudyFiles
    task: Task
    measured: Measured | None
    message: str = ""
    details: str = ""


def measure(study: Study, task: Task, version: str) -> Measured:
    """Run one task wherever this is called.

    Raises:
        RuntimeError: where another version of the package is installed than `version`.
    """
    if jntk_viz.__version__ != version:
        raise RuntimeError(
            f"a worker has jntk_viz {jntk_viz.__version__}, this run is of {version}; "
            "install the same version on the whole cluster"
        )
    start = time.perf_counter()
    rows = study.run(**task)
    return Measured(rows, {**here(), "seconds": round(time.perf_counter() - start, 4)})


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


@contextmanager
def cluster(address: str | None = None):
    """A Dask client: of the scheduler at `address`, or of threads of this process.

    In this process a task runs on every core, and BLAS on one core in each; no port is opened and
    no other process started. Interrupted tasks are left behind: they cannot be stopped, and nobody
    waits for them.

    Raises:
        NoScheduler: where none answers at `address`.
    """
    from dask.distributed import Client, LocalCluster
    from threadpoolctl import threadpool_limits

    for name in ("distributed", "distributed.worker", "distributed.scheduler"):
        logging.getLogger(name).setLevel(logging.ERROR)
    logging.getLogger("tornado.application").addFilter(_is_not_of_an_interrupted_call)
    if address is not None:
        try:
            client = Client(address, timeout=SECONDS_TO_CONNECT)
        except (OSError, ValueError) as error:  # nobody there; not an address
            raise NoScheduler(str(error)) from error
        with client:
            yield client
        return
    local = LocalCluster(
        n_workers=1,
        threads_per_worker=cores(),
        processes=False,
        dashboard_address=None,
        memory_limit=0,
    )
    client = Client(local)
    with threadpool_limits(1):
        try:
            yield client
        except KeyboardInterrupt:
            local.shutdown_on_close = False  # else Dask closes it when this process ends
            raise
    client.close()
    local.close()


def _is_not_of_an_interrupted_call(record: logging.LogRecord) -> bool:
    """Whether the record is not Dask's NameError on cancelling a call that had not begun yet.

    `distributed.utils.sync` does so when Ctrl-C comes within a moment of the call; nothing is lost.
    """
    return "sync.<locals>.cancel" not in record.getMessage()


def run_all(work: list[tuple[StudyFiles, Task]], client) -> Generator[Finished, None, None]:
    """Each task as soon as it has ended, in whatever order; a failure is a result, too.

    Dask repeats the task of a worker that died, on another one; a task that is there when several
    workers die is taken for the culprit and fails. Closing the iterator cancels what is left.

    Raises:
        ConnectionError: where the scheduler is lost. What had arrived by then is valid.
    """
    from dask.distributed import as_completed

    todo = {}
    for i, (files, task) in enumerate(work):
        key = f"{files.study.name}-{task_key(files.study, task)}"
        future = client.submit(
            measure, files.study, task, jntk_viz.__version__, key=key, pure=False, priority=-i
        )
        todo[future] = files, task
    try:
        for future in as_completed(list(todo)):
            files, task = todo.pop(future)
            if future.status == "finished":
                yield Finished(files, task, future.result())
            elif future.status == "error":
                error = future.exception()
                told = traceback.format_exception(type(error), error, future.traceback())
                yield Finished(files, task, None, _message(error), "".join(told))
            else:
                raise ConnectionError("the scheduler has gone")
            future.release()
    finally:
        client.cancel(list(todo), force=True)


def _message(error: BaseException) -> str:
    return out_of_memory(error) or f"{type(error).__name__}: {error}".rstrip(": ")
