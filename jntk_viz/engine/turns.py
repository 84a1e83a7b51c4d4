"""Fair turns at the machine for the long work of all pages in one process.

Whoever has had least of the machine goes next, as in fair queueing (the scheduler of Linux up to
6.5). What a visitor has just asked for counts as if its page had had `HEAD_START` seconds less,
until it has computed for `FRESH` seconds, so that the first picture does not wait for long runs,
nor for what pages prepare in advance. Beyond that nobody gains by asking often: a page is charged
for all its work. But when it asks anew it counts as at most `MOST_DEBT` seconds ahead of the
others, or who has had much would wait a minute for a short answer.
"""

import threading
import time

from jntk_viz.machine import cores

SLICE = 0.5  # seconds by which a page may get ahead of those that wait
FRESH = 3.0  # seconds of computing for which work counts as just asked for
HEAD_START = 3.0
MOST_DEBT = 4.0  # more than the head start, so that others compute in between


class Turns:
    """`places` pages compute at once (default: one for each core); the others wait in line."""

    def __init__(self, places: int | None = None):
        self.places = cores() if places is None else places
        self._lock = threading.Lock()
        self._computing: set[Turn] = set()
        self._waiting: list[Turn] = []
        self._clock = 0.0  # the least that a page in the line has ever had; it never goes back

    @property
    def places(self) -> int:
        """How many compute at once."""
        return self._places

    @places.setter
    def places(self, places: int):
        if places < 1:
            raise ValueError(f"`places` must be at least 1; got {places}.")
        self._places = places

    def _fill(self):
        """Give free places to those that have had least, the first come among equals."""
        while self._waiting and len(self._computing) < self.places:
            chosen = min(self._waiting, key=Turn.rank)
            everyone = [*self._computing, *self._waiting]
            self._clock = max(self._clock, min(turn.now_used() for turn in everyone))
            self._waiting.remove(chosen)
            self._computing.add(chosen)
            chosen.began = time.monotonic()
            chosen.woken.set()


class Turn:
    """One page in the line; `used` are the seconds that it has computed.

    `take`, `offer` and `give_back` belong to the thread that computes.
    """

    def __init__(self, line: Turns, used=0.0):
        self._line, self.used, self.began = line, used, 0.0
        self._used_before = 0.0  # this work
        self.woken = threading.Event()

    def now_used(self) -> float:
        """Seconds, with those of the turn that it has now."""
        computing = self in self._line._computing
        return self.used + (time.monotonic() - self.began if computing else 0.0)

    def rank(self) -> float:
        """The lower, the sooner it is called."""
        used = self.now_used()
        return used - HEAD_START if used - self._used_before < FRESH else used

    def take(self, stopped=lambda: False, fresh=True) -> bool:
        """Wait for a place; False if `stopped()` meanwhile (call `wake` to have it looked at).

        - `fresh`: whether new work begins.
        """
        with self._line._lock:
            # The time that it did not want to compute is not made up for.
            self.used = max(self.used, self._line._clock)
            if fresh:
                self.used = min(self.used, self._line._clock + MOST_DEBT)
                self._used_before = self.used
            self._wait()
        return self._wait_until_called(stopped)

    def offer(self, stopped=lambda: False) -> bool:
        """Let another page go first where its turn has come, then wait as `take` does."""
        with self._line._lock:
            waiting = self._line._waiting
            if not waiting or self.rank() <= SLICE + min(turn.rank() for turn in waiting):
                return True
            self._leave()
            self._wait()
        return self._wait_until_called(stopped)

    def give_back(self):
        """Leave the place, or the line; nothing if it has neither."""
        with self._line._lock:
            self._leave()

    def wake(self):
        """Have a `take` or `offer` that waits ask again whether it has been stopped."""
        self.woken.set()

    @property
    def ahead(self) -> int | None:
        """How many go before this one; None if it does not wait."""
        with self._line._lock:
            waiting = self._line._waiting
            if self not in waiting:
                return None
            return sorted(waiting, key=Turn.rank).index(self)

    def _wait(self):
        self._line._waiting.append(self)
        self._line._fill()

    def _leave(self):
        self.used = self.now_used()
        self._line._computing.discard(self)
        if self in self._line._waiting:
            self._line._waiting.remove(self)
        self._line._fill()

    def _wait_until_called(self, stopped) -> bool:
        while True:
            self.woken.clear()  # before looking: what changes after the look wakes again
            with self._line._lock:
                if self in self._line._computing:
                    return True
                if stopped():
                    self._leave()
                    return False
            self.woken.wait()


MACHINE = Turns()  # shared by all pages of the process
