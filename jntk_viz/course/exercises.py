"""What a page has to know of an exercise: how it is answered, and what to say to which answer.

The key travels compressed in the page: nobody who reads its source stumbles over an answer. Whoever
wants to unpack it can. It helps to learn; marks come from `jntk-viz grade`.
"""

import re
from typing import Any

from jntk_viz.export.payload import pack
from jntk_viz.lessons.checking import Diagnosis, Exercise

CHECK = re.compile(r'^check\("(\w+)", (\w+)\)$', re.MULTILINE)


def name_of(source: str) -> str | None:
    """The exercise that a cell checks."""
    found = CHECK.search(source)
    return found[1] if found else None


def kind(exercise) -> str:
    """How it is answered: "number", "choices" or "function"."""
    if isinstance(exercise, Diagnosis):
        return "choices"
    return "number" if isinstance(exercise, Exercise) and not exercise.signature else "function"


def number_key(exercise: Exercise) -> dict[str, Any]:
    """For a number: rules in the order of trial, and the truth for whom no rule fits."""
    return {
        "rules": [list(rule) for rule in exercise.rules()],
        "truth": float(exercise.truth()),
        "unit": exercise.unit,
    }


def choices_key(exercise: Diagnosis) -> dict[str, Any]:
    """For symptoms and causes: the right cause and the hint of each symptom."""
    return {"truth": exercise.truth, "hints": exercise.hints, "remark": exercise.remark}


def packed_key(exercise) -> str:
    """The key of an exercise that a page checks."""
    key = number_key if kind(exercise) == "number" else choices_key
    return pack(key(exercise), [])
