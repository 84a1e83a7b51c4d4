"""What a class has guessed, as bars beside the answer.

A guess counts by its reader's own click, once for each question. It is kept without a name, in this
process and for three hours.
"""

import time
from collections import Counter, deque
from collections.abc import Callable, Hashable, Sequence
from threading import Lock

import panel as pn

from jntk_viz.drawing.theme import ACCENT, escape
from jntk_viz.frame.numbers import number
from jntk_viz.frame.presets import Question

KEPT_SECONDS = 3 * 3600  # longer than a lecture, shorter than until the next
MOST = 1000  # guesses at one question; older ones make room
_BINS = 5  # of a number's range
_LONGEST = 90  # pixels of the longest bar

STYLE = f"""
.group {{ display: inline-block; margin-right: 18px; white-space: nowrap; }}
.bar {{ display: inline-block; height: .7em; background: {ACCENT}; margin: 0 4px; }}
"""


class ClassGuesses:
    """The guesses of all readers of this process, by question; threads may share it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock, self._lock = clock, Lock()
        self._guesses: dict[Question, deque[tuple[float, Hashable]]] = {}

    def add(self, question: Question, guess: Hashable) -> None:
        """Count a guess: an option, a number, or all options in order."""
        with self._lock:
            self._guesses.setdefault(question, deque(maxlen=MOST)).append((self._clock(), guess))

    def of(self, question: Question) -> list:
        """The guesses at a question that still count."""
        since = self._clock() - KEPT_SECONDS
        with self._lock:
            return [guess for when, guess in self._guesses.get(question, ()) if when >= since]


def shared_guesses() -> ClassGuesses:
    """The guesses that all sessions of this process share."""
    return pn.state.as_cached("class_guesses", ClassGuesses)


def bars(question: Question, guesses: Sequence) -> str:
    """A line of HTML with a bar and a number for each group of guesses; "" where there are none."""
    if not guesses:
        return ""
    counts = Counter(_group(question, guess) for guess in guesses)
    most = max(counts.values())
    groups = " ".join(
        f'<span class="group">{escape(label)}'
        f'<span class="bar" style="width: {round(_LONGEST * counts[label] / most)}px"></span>'
        f"{counts[label]}</span>"
        for label in _groups(question)
    )
    return f"<div>{len(guesses)} {'guess' if len(guesses) == 1 else 'guesses'}: {groups}</div>"


def _groups(question: Question) -> list[str]:
    if question.kind == "number":
        return [_range(question, k) for k in range(_BINS)]
    return [_label(question, option) for option in question.options]


def _group(question: Question, guess) -> str:
    """The group that a guess belongs to; an order is grouped by what it puts first."""
    if question.kind == "number":
        share = (guess - question.low) / (question.high - question.low)
        return _range(question, min(_BINS - 1, int(_BINS * share)))
    return _label(question, guess[0] if question.kind == "order" else guess)


def _label(question: Question, option: str) -> str:
    return f"{option} first" if question.kind == "order" else option


def _range(question: Question, k: int) -> str:
    low, high = (
        question.low + (question.high - question.low) * edge / _BINS for edge in (k, k + 1)
    )
    return f"{number(low, 3)} to {number(high, 3)}"
