"""Questions as text in GIFT, which Moodle imports."""

import re
from collections.abc import Iterable
from itertools import groupby

from jntk_viz.questions import Item

_SPECIAL = re.compile(r"([~=#{}:\\])")


def gift(items: Iterable[Item]) -> str:
    """All questions, by category; of those with formulas Moodle's filter sets the TeX."""
    parts = []
    for category, found in groupby(items, key=lambda item: item.category):
        parts.append(f"$CATEGORY: jntk_viz/{category.replace('/', '-')}\n")
        parts += [_question(item) for item in found]
    return "\n".join(parts)


def _question(item: Item) -> str:
    lines = "\n".join(f"    {line}" for line in _answers(item))
    return f"::{_escaped(item.name)}:: {_escaped(item.question)} {{{_first(item)}\n{lines}\n}}\n"


def _first(item: Item) -> str:
    return "#" if item.kind == "number" else ""


def _answers(item: Item) -> list[str]:
    said = f"####{_escaped(item.feedback)}" if item.feedback else ""
    if item.kind == "choice":
        lines = [f"{'=' if o == item.answer else '~'}{_escaped(o)}" for o in item.options]
    elif item.kind == "number":
        lines = [f"={item.answer:.6g}:{item.tolerance:.6g}"]
    elif item.kind == "order":
        lines = [f"={_escaped(o)} -> {place}" for place, o in enumerate(item.options, 1)]
    else:
        pairs = item.answer.items() if isinstance(item.answer, dict) else ()
        lines = [f"={_escaped(name)} -> {_escaped(partner)}" for name, partner in pairs]
    return [*lines, said] if said else lines


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)
