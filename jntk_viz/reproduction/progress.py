"""How far the studies are and how long the rest will take, on a terminal or in a log."""

import shutil
import sys
import time

from jntk_viz.export.progress import duration
from jntk_viz.reproduction.store import StudyFiles
from jntk_viz.reproduction.study import Task

_BAR = 24
_SECONDS_BETWEEN_LINES = 30  # where the output is no terminal


class Progress:
    """One line that is written anew on a terminal; elsewhere a line now and then.

    The rest is estimated from the finished tasks: a study's seconds for each unit of `Study.cost`,
    in this run, times the cost that is left, divided by how many tasks run at a time. A study of
    which nothing has finished is taken to be like the average of the others.
    """

    def __init__(self, work: list[tuple[StudyFiles, Task]], stream=None, quiet: bool = False):
        self.stream, self.quiet = stream or sys.stderr, quiet
        self.total, self.count, self.failed = len(work), 0, 0
        self._left: dict[str, float] = {}  # cost of what is not yet finished
        self._spent: dict[str, tuple[float, float]] = {}  # seconds, cost of what is
        for files, task in work:
            name = files.study.name
            self._left[name] = self._left.get(name, 0.0) + files.study.cost(task)
        self._start = time.monotonic()
        self._last_line = -float("inf")

    def done(self, files: StudyFiles, task: Task, seconds: float | None) -> None:
        """One more task has ended; `seconds` is None if it failed."""
        name, cost = files.study.name, files.study.cost(task)
        self.count += 1
        self._left[name] -= cost
        if seconds is None:
            self.failed += 1
        else:
            before = self._spent.get(name, (0.0, 0.0))
            self._spent[name] = before[0] + seconds, before[1] + cost
        self.show(name)

    def seconds_left(self) -> float:
        """NaN before anything has finished."""
        spent = sum(seconds for seconds, _ in self._spent.values())
        elapsed = time.monotonic() - self._start
        if not spent or not elapsed:
            return float("nan")
        rates = {name: seconds / cost for name, (seconds, cost) in self._spent.items() if cost}
        average = sum(rates.values()) / len(rates)
        work = sum(rates.get(name, average) * cost for name, cost in self._left.items())
        at_a_time = max(1.0, spent / elapsed)
        return work / at_a_time

    def show(self, what: str = "") -> None:
        if self.quiet:
            return
        last = self.count == self.total
        words = f"{self.count} of {self.total} tasks"
        if self.failed:
            words += f", {self.failed} failed"
        if not last and (left := self.seconds_left()) == left:
            words += f", about {duration(left)} left"
        if self.stream.isatty():
            share = self.count / self.total if self.total else 1.0
            full = round(_BAR * share)
            line = f"[{'█' * full}{'·' * (_BAR - full)}] {share:4.0%}  {words}  {what}"
            line = line[: shutil.get_terminal_size().columns - 1]
            print(f"\r\033[K{line}", end="\n" if last else "", file=self.stream, flush=True)
        elif last or time.monotonic() - self._last_line >= _SECONDS_BETWEEN_LINES:
            self._last_line = time.monotonic()
            print(words, file=self.stream, flush=True)
