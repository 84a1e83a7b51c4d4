"""Progress of an export on stderr, with an estimate of the time left."""

import sys
import time


class Progress:
    """One line that is written anew on a terminal; every tenth of the work elsewhere."""

    def __init__(self, title: str, quiet: bool = False, stream=None):
        self.title, self.quiet = title, quiet
        self.stream = stream or sys.stderr
        self.total = self.count = 0
        self.seconds, self._slowest = 0.0, (0.0, "")

    def begin(self, total: int) -> None:
        self.total, self.count = total, 0
        self._start = self._last = time.monotonic()
        states = "1 state" if total == 1 else f"{total} states"
        self._say(f"{self.title}: computing {states} …", last=False)

    def done(self, what: str) -> None:
        """One more state is recorded."""
        now = time.monotonic()
        self.count += 1
        took, self._last, self.seconds = now - self._last, now, now - self._start
        self._slowest = max(self._slowest, (took, what))
        left = self.seconds / self.count * (self.total - self.count)
        words = f"{self.title}: {self.count} of {self.total} ({what})"
        if left >= 1:
            words += f", about {duration(left)} left"
        self._say(words, last=self.count == self.total)

    @property
    def slowest(self) -> str:
        took, what = self._slowest
        return f"slowest {what}: {took:.1f} s"

    def _say(self, words: str, last: bool) -> None:
        if self.quiet:
            return
        if self.stream.isatty():
            print(f"\r\033[K{words}", end="\n" if last else "", file=self.stream, flush=True)
        elif last or self.count % max(1, self.total // 10) == 0:
            print(words, file=self.stream, flush=True)


def duration(seconds: float) -> str:
    """12 s, 3 min, 1.5 h."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
