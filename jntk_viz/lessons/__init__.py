"""The exercises of the lessons in `notebooks/`, which check themselves.

    from jntk_viz.lessons import check
    check("1a", my_network)

A check compares an answer with an independent computation. A typical wrong answer is recognised by
what it computes and gets the hint that belongs to it. The widgets of the lessons are in
`jntk_viz.lessons.widgets`; nothing here knows a notebook.
"""

import math
import os

from .checking import Exercise, Mistake
from .exercises import EXERCISES
from .feedback import Feedback


class NotPassed(AssertionError):
    """An answer is not right yet; raised in graded runs only."""


def check(name: str, answer) -> Feedback:
    """Test an answer to an exercise; in a notebook the result displays itself.

    Args:
        name: of the exercise, such as "1a".
        answer: the function or number that is asked for; None or … is "not done yet".

    Raises:
        ValueError: where there is no exercise of that name.
        NotPassed: where the answer is not right and JNTK_VIZ_GRADE=1 is set: nbgrader and Otter
            give no marks to a cell that raises, and full marks to one that prints "Not yet".
    """
    if name not in EXERCISES:
        raise ValueError(
            f"`name` must be one of {', '.join(EXERCISES)}; got {name!r}. It stands above the cell."
        )
    feedback = EXERCISES[name].check(answer)
    if os.environ.get("JNTK_VIZ_GRADE") == "1" and not feedback.passed:
        raise NotPassed(str(feedback))
    return feedback


def require(name: str, answer) -> Feedback:
    """`check` for graders: functions are tried on other inputs than in the lesson.

    Raises NotPassed where the answer is not right, whatever JNTK_VIZ_GRADE says.
    """
    exercise = EXERCISES[name]
    found = exercise.attempt(answer, seed=1)
    feedback = found if isinstance(found, Feedback) else exercise.judge(found, seed=1)
    if not feedback.passed:
        raise NotPassed(str(feedback))
    return feedback


def closest(value: float, options: dict[str, float]) -> str:
    """The option whose positive number is nearest to `value` by ratio: 0.45 is "a half"."""
    return min(options, key=lambda option: abs(math.log(value / options[option])))


__all__ = [
    "EXERCISES",
    "Exercise",
    "Feedback",
    "Mistake",
    "NotPassed",
    "check",
    "closest",
    "require",
]
