"""What several visitors ask at the same settings is computed once, and kept within a bound.

All pages that ask share one run and see its progress; it ends when nobody wants it any more.
"""

import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import wait
from contextlib import suppress
from functools import partial
from typing import Any

from cachetools import LRUCache

from jntk_viz.engine.jobs import THREADS, Cancelled, Job
from jntk_viz.engine.results import bytes_of
from jntk_viz.engine.sources import OWN
from jntk_viz.engine.turns import MACHINE, Turn

MOST_BYTES = 200_000_000
_LOOK = 0.1  # seconds between two looks of a page at the run that it shares


class SharedResults:
    """Results by key, and the runs under way.

        job.submit(RESULTS.shared(("training", *settings), lambda job: train(settings, job)), ...)

    - `most_bytes`: of all results that are kept; those that were asked for longest ago go first.

    A key must name everything that the result depends on, seeds too. One value is handed to every
    page that asks, so nobody may change it.
    """

    def __init__(self, most_bytes: int = MOST_BYTES):
        self._lock = threading.Lock()
        self._kept: LRUCache = LRUCache(most_bytes, getsizeof=bytes_of)
        self._runs: dict[Hashable, _Run] = {}

    @property
    def bytes(self) -> int:
        """Of the results that are kept."""
        with self._lock:
            return int(self._kept.currsize)

    def shared(
        self, key: Hashable, work: Callable[[Job], Any], keep: bool = True
    ) -> Callable[[Job], Any]:
        """`work(job)` as a function of the same kind, which computes only what nobody else has.

        - `keep`: False where the study itself keeps the parts of the result. Then those share a run
          who ask while it is under way.

        Work on a table that a visitor has uploaded is shared with nobody.
        """
        if OWN in repr(key):
            return work

        def ask(job):
            with self._lock:
                if key in self._kept:
                    return self._kept[key]
                run = self._runs.get(key)
                if run is None or run.cancelled.is_set():
                    compute = partial(self._compute, key, work, keep)
                    run = self._runs[key] = _Run(compute, job)
                run.followers.add(job)
            try:
                return run.follow(job)
            finally:
                with self._lock:
                    run.leave(job)

        ask.computed_elsewhere = True  # type: ignore[attr-defined]
        return ask

    def _compute(self, key, work, keep, run):
        try:
            result = work(run)
            if keep:
                self._keep(key, result)
            return result
        finally:
            with self._lock:
                if self._runs.get(key) is run:
                    del self._runs[key]

    def _keep(self, key, result):
        with self._lock, suppress(ValueError):  # too large to be kept
            self._kept[key] = result


class _Run(Job):
    """Work for all `followers`, the jobs of pages, with a turn of its own at the machine.

    What it computes is put down to the page that asked first.
    """

    def __init__(self, work, first):
        self.turn: Turn
        super().__init__(work, turn=Turn(MACHINE, first.turn.used if first.turn else 0.0))
        self._first, self.followers = first, {first}
        self._emitted = 0
        self._future = THREADS.submit(self.run)

    def progress(self, fraction, text=""):
        self.paused = all(job.paused for job in self.followers.copy())
        super().progress(fraction, text)

    def emit(self, value):
        super().emit(value)
        self._emitted += 1

    def follow(self, job):
        """Show a page what the run has, until it is done; return its result."""
        job.follows, seen = self, 0
        while job.paused or not self._future.done():
            if job.cancelled.is_set() or time.monotonic() > job.deadline:
                raise Cancelled
            if not job.paused:
                self.paused = False
                job.fraction, job.text, job.began = self.fraction, self.text, self.began
                if self._latest is not None and self._emitted > seen:
                    seen = self._emitted
                    job.emit(self._latest[0])
            if job.paused:
                time.sleep(_LOOK)
            else:
                wait({self._future}, timeout=_LOOK)
        job.fraction, job.text = self.fraction, self.text
        return self._future.result()

    def leave(self, job):
        """Forget a page; without any the run ends."""
        if job is self._first and job.turn:
            job.turn.used = max(job.turn.used, self.turn.now_used())
        self.followers.discard(job)
        if not self.followers:
            self.cancel()


RESULTS = SharedResults()  # of all pages of the process
