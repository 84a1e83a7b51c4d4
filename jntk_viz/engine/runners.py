"""Where steps run: on threads of this process, or on the workers of a Dask cluster.

`runner()` is the one of this process; a server chooses another by `use` when it starts.
"""

import hashlib
import heapq
import itertools
import os
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from jntk_viz.engine import sources
from jntk_viz.engine.results import RESULTS, owners_of
from jntk_viz.engine.steps import Step
from jntk_viz.machine import cores

BEHIND = 5  # of Linux's nice levels: on one core the other thread gets three times as much
PATIENT = 4.0  # seconds of computing after which whoever asks is served in the order of asking


def step_back() -> None:
    """Lower the priority of the calling thread, and of those that it starts from now on.

    So the thread that answers visitors comes first. Only on Linux: elsewhere it would be the whole
    process.
    """
    if sys.platform == "linux":
        me = threading.get_native_id()
        level = os.getpriority(os.PRIO_PROCESS, me)
        os.setpriority(os.PRIO_PROCESS, me, min(level + BEHIND, 19))


class Runner:
    """What threads and a cluster have in common: who asks for an equal step shares its run."""

    def __init__(self):
        self._running: dict[tuple, Future] = {}
        self._lock = threading.Lock()

    def submit(self, step: Step, used: float = 0.0) -> Future:
        """The result to come.

        - `used`: seconds that have been computed for this visitor since a control was last moved.
          Who has had least goes first, so that a first picture does not wait for long runs.
        """
        with self._lock:
            future = self._running.get(step.key)
        if future is not None:
            return future
        future = self._begin(step, min(used, PATIENT))
        with self._lock:
            self._running[step.key] = future
        future.add_done_callback(lambda _: self._ended(step.key))
        return future

    @property
    def asked(self) -> int:
        """How many steps are asked for, running or waiting."""
        return len(self._running)

    @property
    def places(self) -> int:
        """How many steps run at once."""
        raise NotImplementedError

    def _begin(self, step: Step, used: float) -> Future:
        raise NotImplementedError

    def _ended(self, key: tuple) -> None:
        with self._lock:
            self._running.pop(key, None)


class Threads(Runner):
    """Steps on `places` threads of this process (default: one for each core).

    A step that waits for the network takes no place.
    """

    def __init__(self, places: int | None = None):
        super().__init__()
        self._places = places or cores()
        self._pool = ThreadPoolExecutor(self._places, "steps", initializer=step_back)
        self._fetching = ThreadPoolExecutor(8, "fetching")
        self._queue: list[tuple] = []  # a heap
        self._count = itertools.count()

    @property
    def places(self) -> int:
        return self._places

    def _begin(self, step: Step, used: float) -> Future:
        if step.waits:
            return self._fetching.submit(step.run)
        future: Future = Future()
        with self._lock:
            heapq.heappush(self._queue, (used, next(self._count), step, future))
        self._pool.submit(self._run_first)
        return future

    def _run_first(self) -> None:
        with self._lock:
            *_, step, future = heapq.heappop(self._queue)
        if not future.set_running_or_notify_cancel():
            return
        try:
            future.set_result(step.run())
        except BaseException as error:  # noqa: BLE001 - whoever waits for the result gets it
            future.set_exception(error)

    def close(self) -> None:
        """Begin nothing more; nobody waits for what runs."""
        for pool in (self._pool, self._fetching):
            pool.shutdown(wait=False, cancel_futures=True)


class Cluster(Runner):
    """Steps on the workers of a Dask `client`, their results kept in this process as well.

    Dask repeats the step of a worker that died. Steps of one chain prefer one worker, which has the
    chain's state; elsewhere the chain would begin anew.
    """

    def __init__(self, client):
        super().__init__()
        self.client = client

    @property
    def places(self) -> int:
        return max(1, sum(self.client.nthreads().values()))

    def _begin(self, step: Step, used: float) -> Future:
        own = {name: sources.table(name) for name in owners_of(step.arguments)}
        asked = self.client.submit(
            run_there, step, own, key=name_of(step), priority=-used, **self._place(step)
        )
        future: Future = Future()
        future.set_running_or_notify_cancel()
        asked.add_done_callback(lambda ended: self._deliver(step, ended, future))
        return future

    def _place(self, step: Step) -> dict[str, Any]:
        workers = sorted(self.client.scheduler_info()["workers"])
        if step.chain is None or not workers:
            return {}
        chosen = int(name_of(Step(*step.chain))[-8:], 16) % len(workers)
        return {"workers": [workers[chosen]], "allow_other_workers": True}

    def _deliver(self, step: Step, ended, future: Future) -> None:
        if ended.status == "error":
            future.set_exception(ended.exception())
        elif ended.status != "finished":
            future.set_exception(ConnectionError("the Dask scheduler has gone; start it again"))
        else:
            value = ended.result()
            RESULTS.put(step.function, step.arguments, value)
            future.set_result(value)

    def close(self) -> None:
        """Leave the cluster; workers that it has started end with it."""
        self.client.close()


def run_there(step: Step, own: dict[str, sources.Kept]) -> Any:
    """On a worker: make visitors' tables known, and run the step."""
    for name, table in own.items():
        sources.keep(name, table)
    return step.run()


def name_of(step: Step) -> str:
    """The same name for equal steps, in whatever process."""
    told = repr((step.function.__module__, step.function.__qualname__, step.arguments))
    return f"{step.function.__name__}-{hashlib.sha256(told.encode()).hexdigest()[:32]}"


_chosen: list[Runner] = []


def runner() -> Runner:
    """The one that this process uses: threads, unless a server has chosen another."""
    if not _chosen:
        _chosen.append(Threads())
    return _chosen[-1]


def use(chosen: Runner) -> None:
    """Let this process use another one from now on."""
    _chosen[:] = [chosen]
