"""Where steps run: on threads of this process, or on the workers of a Dask cluster.

`runner()` is the one of this process; a command chooses another by `use` when it starts.
"""

import hashlib
import itertools
import os
import sys
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass
from queue import PriorityQueue
from typing import Any

from cachetools.func import ttl_cache

import jntk_viz
from jntk_viz.engine import sources
from jntk_viz.engine.results import RESULTS, owners_of
from jntk_viz.engine.steps import Step
from jntk_viz.machine import cores

BEHIND = 5  # of Linux's nice levels: on one core the other thread gets three times as much
PATIENT = 4.0  # seconds of computing after which whoever asks is served in the order of asking
SECONDS_TO_END = 2.0  # that a runner waits for steps under way when it is closed
SECONDS_KNOWN = 1.0  # for which a list of the cluster's workers is not asked for again


class SchedulerLost(ConnectionError):
    """The scheduler has ended, or cannot be reached any more."""


def step_back() -> None:
    """Lower the priority of the calling thread, and of those that it starts from now on.

    So the thread that answers visitors comes first. Only on Linux: elsewhere it would be the whole
    process.
    """
    if sys.platform == "linux":
        me = threading.get_native_id()
        level = os.getpriority(os.PRIO_PROCESS, me)
        os.setpriority(os.PRIO_PROCESS, me, min(level + BEHIND, 19))


@dataclass
class Run:
    """A step that has been asked for: `used` is the least that any of those who ask has had."""

    future: Future
    used: float
    asking: int = 1


class Runner:
    """What threads and a cluster have in common: who asks for an equal step shares its run."""

    places: int  # how many steps run at once

    def __init__(self):
        self._runs: dict[tuple, Run] = {}
        self._lock = threading.Lock()

    def submit(self, step: Step, used: float = 0.0) -> Future:
        """The result to come.

        - `used`: seconds that have been computed for this visitor since a control was last moved.
          Who has had least goes first, so that a first picture does not wait for long runs. A step
          that several ask for goes where the one goes who has had least.
        """
        used = min(used, PATIENT)
        with self._lock:
            run = self._runs.get(step.key)
            sooner = run is not None and used < run.used
            if run is not None:
                run.asking, run.used = run.asking + 1, min(used, run.used)
        if run is None:
            run = Run(self._begin(step, used), used)
            with self._lock:
                self._runs[step.key] = run
            run.future.add_done_callback(lambda _: self._ended(step.key, run))
        elif sooner:
            self._hasten(step, used, run.future)
        return run.future

    def leave(self, step: Step) -> bool:
        """No longer ask for a step; false where it has begun, and goes on.

        One that has not begun never does once all who asked for it have left.
        """
        with self._lock:
            run = self._runs.get(step.key)
            if run is None or not _waits(run.future):
                return False
            run.asking -= 1
            if run.asking:
                return True
            del self._runs[step.key]
        run.future.cancel()
        return True

    @property
    def asked(self) -> int:
        """How many steps are asked for, running or waiting."""
        return len(self._runs)

    def forget(self, owner: str) -> None:
        """Drop a visitor's table and all that was computed of it, and nothing else."""
        sources.forget(owner)

    def _begin(self, step: Step, used: float) -> Future:
        raise NotImplementedError

    def _hasten(self, step: Step, used: float, future: Future) -> None:
        """Let a step that may be waiting go before those of who has `used` more."""

    def _ended(self, key: tuple, run: Run) -> None:
        with self._lock:
            if self._runs.get(key) is run:  # not another one, since all had left this
                del self._runs[key]


class Threads(Runner):
    """Steps on `places` threads of this process (default: one for each core).

    A step that waits for the network takes no place.
    """

    def __init__(self, places: int | None = None):
        super().__init__()
        self.places, self._closed = places or cores(), False
        self._queue: PriorityQueue[tuple] = PriorityQueue()
        self._count = itertools.count()
        # Daemons: at the end of the process nobody waits for a step that takes minutes.
        self._threads = [
            threading.Thread(target=self._work, daemon=True) for _ in range(self.places)
        ]
        for thread in self._threads:
            thread.start()

    def _begin(self, step: Step, used: float) -> Future:
        if self._closed:
            raise RuntimeError("this runner is closed and begins nothing more")
        future: Future = Future()
        if step.waits:
            future.set_running_or_notify_cancel()
            threading.Thread(target=_run, args=(step, future), daemon=True).start()
        else:
            self._hasten(step, used, future)
        return future

    def _hasten(self, step: Step, used: float, future: Future) -> None:
        self._queue.put((used, next(self._count), step, future))

    def _work(self) -> None:
        step_back()
        while True:
            *_, step, future = self._queue.get()
            if self._closed:
                return
            with self._lock:
                # One that was hastened is in the queue twice; one that all have left is cancelled.
                if not _waits(future):
                    continue
                future.set_running_or_notify_cancel()
            _run(step, future)

    def close(self) -> None:
        """Begin nothing more; wait a moment for steps under way, which are mostly short."""
        self._closed = True
        for _ in self._threads:
            self._queue.put((-1.0, next(self._count), None, None))  # wakes one
        for thread in self._threads:
            thread.join(SECONDS_TO_END)


def _waits(future: Future) -> bool:
    return not (future.running() or future.done())


def _run(step: Step, future: Future) -> None:
    try:
        future.set_result(step.run())
    except BaseException as error:  # noqa: BLE001 - whoever waits for the result gets it
        future.set_exception(error)


class Cluster(Runner):
    """Steps on the workers of a Dask `client`, their results kept in this process as well.

    Dask repeats the step of a worker that died. Steps of one chain prefer one worker, which has the
    chain's state; elsewhere the chain would begin anew.
    """

    def __init__(self, client):
        super().__init__()
        self.client = client
        self._threads = ttl_cache(ttl=SECONDS_KNOWN)(client.nthreads)  # worker -> steps at once

    @property
    def places(self) -> int:  # type: ignore[override]  # workers come and go
        return max(1, sum(self._threads().values()))

    def _begin(self, step: Step, used: float) -> Future:
        own = {name: sources.table(name) for name in owners_of(step.arguments)}
        asked = self.client.submit(
            run_there, step, own, jntk_viz.__version__,
            key=name_of(step), priority=-used, **self._place(step),
        )  # fmt: skip
        future: Future = Future()
        future.set_running_or_notify_cancel()
        asked.add_done_callback(lambda ended: self._deliver(step, ended, future))
        return future

    def _place(self, step: Step) -> dict[str, Any]:
        workers = sorted(self._threads())
        if step.chain is None or not workers:
            return {}
        chosen = int(name_of(Step(*step.chain))[-8:], 16) % len(workers)
        return {"workers": [workers[chosen]], "allow_other_workers": True}

    def _deliver(self, step: Step, ended, future: Future) -> None:
        if ended.status == "error":
            future.set_exception(ended.exception().with_traceback(ended.traceback()))
        elif ended.status != "finished":
            future.set_exception(SchedulerLost("the Dask scheduler has gone; start it again"))
        else:
            value = ended.result()
            RESULTS.put(step.function, step.arguments, value)
            future.set_result(value)
        for owner in owners_of(step.arguments):
            if not sources.known(owner):  # gone while the step was under way
                self.forget(owner)

    def forget(self, owner: str) -> None:
        super().forget(owner)
        self.client.run(forget_there, owner, wait=False)

    def close(self) -> None:
        """Leave the cluster; workers that it has started end with it."""
        self.client.close()


def run_there(step: Step, own: dict[str, sources.Kept], version: str) -> Any:
    """On a worker: make visitors' tables known, and run the step.

    Raises:
        RuntimeError: where another version of the package is installed than `version`.
    """
    if jntk_viz.__version__ != version:
        raise RuntimeError(
            f"a worker has jntk_viz {jntk_viz.__version__}, this run is of {version}; "
            "install the same version on the whole cluster"
        )
    for name, table in own.items():
        sources.keep(name, table)
    return step.run()


async def forget_there(owner: str) -> None:
    """On a worker: drop a visitor's table (a coroutine, which Dask does not wait for)."""
    sources.forget(owner)


def name_of(step: Step) -> str:
    """The same name for equal steps, in whatever process."""
    told = repr((step.function.__module__, step.function.__qualname__, step.arguments))
    return f"{step.function.__name__}-{hashlib.sha256(told.encode()).hexdigest()[:32]}"


_chosen: list[Runner] = []


def runner() -> Runner:
    """The one that this process uses: threads, unless a command has chosen another."""
    if not _chosen:
        _chosen.append(Threads())
    return _chosen[-1]


@contextmanager
def use(chosen: Runner) -> Iterator[None]:
    """Meanwhile this process uses another one."""
    before = _chosen[:]
    _chosen[:] = [chosen]
    try:
        yield
    finally:
        _chosen[:] = before


def results(steps: Iterable[Step]) -> Iterator[tuple[Step, Future]]:
    """Each step with its future as soon as it has ended; at once as many as there are places.

    Who does not ask for the next one has cancelled the rest.
    """
    here, waiting = runner(), iter(steps)
    running: dict[Future, Step] = {}
    while True:
        for step in itertools.islice(waiting, max(0, here.places - len(running))):
            running[here.submit(step)] = step
        if not running:
            return
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            yield running.pop(future), future
