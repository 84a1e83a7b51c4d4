"""A piece of long work: whether it has to stop, how far it is, when it may compute."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from jntk_viz.engine.priority import step_back
from jntk_viz.engine.turns import Turn

# Work that waits for its turn has a thread already: one for each page that wants something.
THREADS = ThreadPoolExecutor(1000, thread_name_prefix="page-work", initializer=step_back)
UNFINISHED: set["Job"] = set()
_here = threading.local()  # `job`: whose work this thread does


class Cancelled(Exception):
    """Raised inside the work when a newer setting, or the reader, has stopped it."""


class Job:
    """What the work sees of the page: whether to stop, where to leave progress and results.

    - `turn`: the page's place in the line for the machine; None: the work need not wait. Neither
      need work that has the attribute `computed_elsewhere`: it waits for that of another job.
    """

    def __init__(self, work, done=None, partial=None, turn: Turn | None = None):
        self.work, self.done, self.partial, self.turn = work, done, partial, turn
        self.cancelled = threading.Event()
        self._go = threading.Event()
        self._go.set()
        self.fraction, self.text = 0.0, ""
        self.deadline = float("inf")  # of `time.monotonic`
        self.began: float | None = None  # when it had its first turn
        # The job that does this one's work, where several pages share it.
        self.follows: Job | None = None
        self._latest: tuple[Any] | None = None  # (value,) not shown yet
        self.showing = False

    def run(self):
        """Do the work, when it is this page's turn."""
        elsewhere = getattr(self.work, "computed_elsewhere", False)
        try:
            _here.job = self
            if self.turn and not elsewhere and not self.turn.take(self.cancelled.is_set):
                raise Cancelled
            self.began = time.monotonic()
            return self.work(self)
        finally:
            _here.job = None
            if self.turn:
                self.turn.give_back()

    def progress(self, fraction, text=""):
        """Say how far the work is (0..1); raise `Cancelled` to make it stop.

        Waits while the work is paused, and while it is the turn of others.
        """
        self.fraction, self.text = min(max(float(fraction), 0.0), 1.0), text
        if not self._go.is_set():
            with self.aside():
                while not self._go.wait(0.5) and not self.cancelled.is_set():
                    pass
        elif self.turn:
            self.turn.offer(self.cancelled.is_set)
        if self.cancelled.is_set() or time.monotonic() > self.deadline:
            raise Cancelled

    @contextmanager
    def aside(self):
        """Let others compute meanwhile."""
        if self.turn:
            self.turn.give_back()
        yield  # after an exception there is nothing left to compute
        if self.turn:
            self.turn.take(self.cancelled.is_set, fresh=False)

    def cancel(self):
        """Make the work stop at its next `progress`, also if it is paused or waits there."""
        self.cancelled.set()
        self._go.set()
        if self.turn:
            self.turn.wake()

    @property
    def paused(self):
        return not self._go.is_set()

    @paused.setter
    def paused(self, paused):
        if paused and not self.cancelled.is_set():
            self._go.clear()
        else:
            self._go.set()

    @property
    def ahead(self):
        """How many pages go before this one; None if it is not waiting for its turn."""
        turn = (self.follows or self).turn
        return turn.ahead if turn and not self.paused else None

    def emit(self, value):
        """Hand over a partial result; if they come faster than the page draws, the latest wins."""
        self._latest = (value,)

    @property
    def has_news(self):
        """Whether there is a partial result that has not been taken."""
        return self._latest is not None

    def take(self):
        latest, self._latest = self._latest, None
        return latest


def stop_all():
    """Cancel the work of all pages: the process is about to end."""
    for job in list(UNFINISHED):
        job.cancel()


def waiting_words(ahead):
    """What a page says while `ahead` others go before it."""
    return f"Waiting: {ahead} before you" if ahead else "Waiting: you are next"
