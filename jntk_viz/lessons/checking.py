"""Exercises that check themselves: an answer against an independent computation, and hints.

An exercise knows the truth, inputs to try an answer on, and the wrong answers that people give:
each of those is a complete answer of its own, so that an attempt that behaves like one of them is
recognised and gets that mistake's hint.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from jntk_viz.frame.numbers import number, percent

from .feedback import HINT, PASSED, TODO, Feedback

_NEAR = 2e-3  # relative to the largest entry; float32 answers pass, no known mistake does
_THREE_DIGITS = 5e-3  # the most by which rounding to three digits changes a number
_NEARLY = 0.05  # a number as near as this was rounded too early, or read off a plot
_ROUNDED = "Nearly: within 5 %. Give three digits, and round only at the end."


@dataclass(frozen=True)
class Mistake:
    """A typical wrong answer: what it computes, and the hint for whoever gives it.

    Attributes:
        hint: what to look at; it does not give the solution away.
        answer: as a student would hand it in: a function, or for a number a function without
            arguments.
    """

    hint: str
    answer: Callable


@dataclass(frozen=True)
class Exercise:
    """A question with a function or a number as its answer.

    Attributes:
        name: number of the lesson and a letter, "1a".
        signature: how a function is called, "my_kernel(x1, x2, kappa)"; "" where a number is asked.
        truth: what a right answer returns; computed otherwise than the solution does.
        cases: argument tuples a function is tried on, made from a seed: 0 in the lessons.
        mistakes: typical wrong answers.
        remark: said when it is right.
        unit: said beside numbers.
        given: the faulty function that the lesson hands out, where the exercise is to mend it;
            what behaves like it is "not done yet".
        near: how much an answer may be off, relative to its largest entry; None: 0.5 % for a
            number, so that one rounded to three digits passes, and 0.2 % for a function.
    """

    name: str
    signature: str
    truth: Callable
    mistakes: tuple[Mistake, ...]
    remark: str
    cases: Callable[[int], list[tuple]] = lambda seed: [()]
    unit: str = ""
    given: Callable | None = None
    near: float | None = None
    judged_where_run = False

    def check(self, answer) -> Feedback:
        """Compare an answer with the truth."""
        found = self.attempt(answer)
        return found if isinstance(found, Feedback) else self.judge(found)

    def attempt(self, answer, seed: int = 0) -> list[np.ndarray] | Feedback:
        """What an answer gives for all cases; or what to say where it gives no numbers."""
        if answer is None or answer is Ellipsis:
            return Feedback(TODO, f"Replace the … with your {self._kind}, then run the cell again.")
        if self.signature and not callable(answer):
            return Feedback(
                HINT,
                f"Hand in the function itself, check(…, {self._function}), without calling it.",
            )
        if not self.signature:
            given = _as_array(answer)
            if given is None or given.shape != () or not np.isfinite(given):
                return Feedback(HINT, f"One finite number is asked for; this is {answer!r:.60}.")
            return [given]
        values = []
        for case in self.cases(seed):
            value = self._try(answer, case)
            if isinstance(value, Feedback):
                return value
            values.append(value)
        return values

    @property
    def _kind(self) -> str:
        return "code" if self.signature else "number"

    @property
    def _function(self) -> str:
        return self.signature.partition("(")[0]

    @property
    def _near(self) -> float:
        return self.near or (_NEAR if self.signature else _THREE_DIGITS)

    def _try(self, answer, case) -> "np.ndarray | Feedback":
        """What the function returns for one case, or why that cannot be compared."""
        try:
            value = answer(*case)
        except Exception as error:  # noqa: BLE001 - whatever a student's function raises is told
            return Feedback(
                HINT,
                f"Called as {self.signature}, your function raised {raised(error)} "
                f"{self._called_with(case)}",
            )
        if value is None or value is Ellipsis:
            todo = "Replace the … with your code; the function has to return its result."
            return Feedback(TODO, todo)
        array = _as_array(value)
        if array is None:
            return Feedback(
                HINT,
                f"Your function returns a {type(value).__name__}; numbers are needed, as an array.",
            )
        if not np.isfinite(array).all():
            return Feedback(
                HINT,
                "Some of your numbers are not finite. Look for a division by zero, or a square "
                "root or arcsine of something out of range.",
            )
        return array

    def _called_with(self, case) -> str:
        """The arguments of one trial: shapes of arrays, values of numbers."""
        names = self.signature.partition("(")[2].rstrip(")").split(", ")
        told = [f"{name} {_brief(value)}" for name, value in zip(names, case, strict=True)]
        return f"It was called with {', '.join(told)}."

    def judge(self, values: list[np.ndarray], seed: int = 0) -> Feedback:
        """Compare what an attempt with the same seed has given with the truth and the mistakes."""
        truths = self.values(self.truth, seed)
        if all_close(values, truths, self._near):
            return Feedback(PASSED, self.remark)
        if self.given is not None and all_close(values, self.values(self.given, seed), self._near):
            return Feedback(TODO, "This computes what the lines above computed: mend them first.")
        wrong = [(m.hint, self.values(m.answer, seed)) for m in self.mistakes]
        for hint, result in wrong:
            if all_close(values, result, self._near):
                return Feedback(HINT, hint)
        # A number that is nearly right was rounded; by chance it may be two mistakes' product, too.
        nearly = not self.signature and all_close(values, truths, _NEARLY)
        for (one, first), (other, second) in [] if nearly else combinations(wrong, 2):
            if any(all_close(values, v, self._near) for v in _both(first, second, truths)):
                return Feedback(HINT, f"Two things at once. First: {one} Second: {other}")
        return Feedback(HINT, self._describe(values, truths, self.cases(seed)))

    def rules(self) -> list[tuple[float, float, str, str]]:
        """For a number, what `judge` tries in this order: (value, near, status, message).

        An answer that is off by at most `near` · |value| gets the message of the first such rule.
        """
        truth = float(self.truth())
        wrong = [(m.hint, float(m.answer())) for m in self.mistakes]
        found = [(truth, self._near, PASSED, self.remark)]
        found += [(value, self._near, HINT, hint) for hint, value in wrong]
        found.append((truth, _NEARLY, HINT, _ROUNDED))
        for (one, first), (other, second) in combinations(wrong, 2):
            for (both,) in _both(*([np.asarray(v)] for v in (first, second, truth))):
                message = f"Two things at once. First: {one} Second: {other}"
                found.append((float(both), self._near, HINT, message))
        return found

    def values(self, answer: Callable, seed: int = 0) -> list[np.ndarray]:
        """What a function returns for all cases, as arrays."""
        return [np.asarray(answer(*case), float) for case in self.cases(seed)]

    def _describe(self, values, truths, cases) -> str:
        """How an answer that no known mistake explains differs from the truth."""
        for value, truth, case in zip(values, truths, cases, strict=True):
            if value.shape != truth.shape:
                swapped = value.size == truth.size and value.ndim == truth.ndim
                why = ": two axes seem to be swapped" if swapped else ""
                return (
                    f"The shape should be {truth.shape}, yours is {value.shape}{why}. "
                    f"{self._called_with(case)}"
                )
        if all(v.ndim >= 2 for v in values) and all_close([v.T for v in values], truths, _NEAR):
            return "The axes are in the opposite order: this is the transpose of what is asked for."
        ratio = _common_ratio(values, truths)
        if ratio is not None:
            if abs(ratio + 1) < _NEAR:
                return "Everything has the opposite sign."
            return (
                f"Everything is {number(ratio, 3)} times as large as it should be: a constant "
                "factor is missing, or one too many."
            )
        if not self.signature:
            return _describe_number(float(values[0]), float(truths[0]), self.unit)
        return _describe_worst(values, truths)


@dataclass(frozen=True)
class Diagnosis:
    """Symptoms to be matched with causes: the answer is a dictionary.

    truth: symptom -> cause. hints: symptom -> what to look at.
    """

    name: str
    truth: dict
    hints: dict
    remark: str
    signature = "a dictionary"
    mistakes: tuple[Mistake, ...] = ()
    judged_where_run = False

    @staticmethod
    def cases(seed: int) -> list[tuple]:
        return [()]

    def check(self, answer) -> Feedback:
        found = self.attempt(answer)
        return found if isinstance(found, Feedback) else self.judge(found)

    def attempt(self, answer, seed: int = 0) -> dict[str, str] | Feedback:
        """The dictionary, where it is one of causes."""
        if answer is None or answer is Ellipsis:
            return Feedback(TODO, "Fill in the dictionary, then run the cell again.")
        if not isinstance(answer, dict) or set(answer) != set(self.truth):
            return Feedback(HINT, f"A dictionary with the keys {', '.join(self.truth)} is needed.")
        if any(cause in (None, ...) for cause in answer.values()):
            return Feedback(TODO, "Replace every … by the name of a cause.")
        unknown = [c for c in answer.values() if c not in self.truth.values()]
        if unknown:
            causes = ", ".join(sorted(self.truth.values()))
            return Feedback(HINT, f"{unknown[0]!r:.60} is none of the causes: {causes}.")
        return answer

    def judge(self, answer: dict[str, str], seed: int = 0) -> Feedback:
        """How many symptoms have their cause, and what to look at for the first that has not."""
        wrong = [symptom for symptom in self.truth if answer[symptom] != self.truth[symptom]]
        if not wrong:
            return Feedback(PASSED, self.remark)
        right = len(self.truth) - len(wrong)
        return Feedback(HINT, f"{right} of {len(self.truth)} are right. {self.hints[wrong[0]]}")


def _describe_number(value: float, truth: float, unit: str) -> str:
    if abs(value - truth) <= _NEARLY * abs(truth):
        return _ROUNDED
    direction, told = "too large" if value > truth else "too small", number(value, 3) + unit
    if value * truth > 0:
        decades = abs(np.log10(value / truth))
        if decades > 1:
            return f"{told} is {direction} by a factor of more than {10 ** int(decades)}."
    return f"{told} is {direction}. Check each factor of the formula once more."


def _describe_worst(values, truths) -> str:
    gaps = [np.max(np.abs(v - t)) for v, t in zip(values, truths, strict=True)]
    case = int(np.argmax(gaps))
    value, truth = values[case], truths[case]
    where = np.unravel_index(int(np.argmax(np.abs(value - truth))), truth.shape)
    right = np.mean([np.isclose(v, t, rtol=_NEAR, atol=_NEAR * np.abs(t).max()).mean()
                     for v, t in zip(values, truths, strict=True)])  # fmt: skip
    place = f"entry {tuple(map(int, where))}" if truth.shape else "the result"
    return (
        f"{percent(right)} of the numbers agree with an independent computation. In trial "
        f"{case + 1} {place} is {number(value[where], 4)} where {number(truth[where], 4)} is right."
    )


def raised(error: Exception) -> str:
    """ValueError: what it says, with a full stop."""
    return f"{type(error).__name__}: {str(error).strip().rstrip('.')}."


def _as_array(value) -> np.ndarray | None:
    try:
        array = np.asarray(value)
        return array.astype(float) if array.dtype.kind in "fiub" else None
    except (TypeError, ValueError):
        return None


def _brief(value) -> str:
    """An argument in a few characters: (5, 2) for an array, 0.5, tanh."""
    if callable(value):
        return getattr(value, "__name__", type(value).__name__)
    if np.ndim(value):
        return f"of shape {np.shape(value)}"
    return f"= {value:g}" if isinstance(value, int | float) else f"= {value!r:.30}"


def _both(first, second, truths) -> list[list[np.ndarray]]:
    """What two mistakes make together: factors multiply, and what terms are off by adds up."""
    cases = list(zip(first, second, truths, strict=True))
    if any(a.shape != t.shape or b.shape != t.shape for a, b, t in cases):
        return []
    together = []
    if all(np.all(t != 0) for t in truths):
        together.append([a * b / t for a, b, t in cases])
    if sum(t.size for t in truths) > 1:  # one number is a sum of two others too easily
        together.append([a + b - t for a, b, t in cases])
    return together


def all_close(values, truths, near: float) -> bool:
    """Whether all arrays agree, relative to the largest entry of each."""
    return all(
        v.shape == t.shape
        and np.max(np.abs(v - t), initial=0) <= near * np.max(np.abs(t), initial=0)
        for v, t in zip(values, truths, strict=True)
    )


def _common_ratio(values, truths) -> float | None:
    """c where values = c · truths throughout, else None."""
    if len(np.concatenate([t.ravel() for t in truths])) < 2:
        return None
    v, t = (np.concatenate([a.ravel() for a in arrays]) for arrays in (values, truths))
    square = float(t @ t)
    ratio = float(v @ t) / square if square else 0.0
    return ratio if ratio and np.abs(v - ratio * t).max() <= _NEAR * np.abs(v).max() else None
