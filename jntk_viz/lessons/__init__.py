"""The exercises of the lessons in `notebooks/`, which check themselves.

    from jntk_viz.lessons import check
    check("1a", my_network)

A check compares an answer with an independent computation. A typical wrong answer is recognised by
what it computes and gets the hint that belongs to it. The widgets of the lessons are in
`jntk_viz.lessons.widgets`; nothing here knows a notebook.
"""

import math

from .checking import Exercise, Mistake
from .exercises import EXERCISES
from .feedback import Feedback


def check(name: str, answer) -> Feedback:
    """Test an answer to an exercise; in a notebook the result displays itself.

    Args:
        name: of the exercise, such as "1a".
        answer: the function or number that is asked for; None or … is "not done yet".

    Raises:
        ValueError: where there is no exercise of that name.
    """
    if name not in EXERCISES:
        raise ValueError(
            f"`name` must be one of {', '.join(EXERCISES)}; got {name!r}. It stands above the cell."
        )
    return EXERCISES[name].check(answer)


def closest(value: float, options: dict[str, float]) -> str:
    """The option whose positive number is nearest to `value` by ratio: 0.45 is "a half"."""
    return min(options, key=lambda option: abs(math.log(value / options[option])))


__all__ = ["EXERCISES", "Exercise", "Feedback", "Mistake", "check", "closest"]
