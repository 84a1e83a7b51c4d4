"""A question bank for learning platforms: `jntk-viz questions OUT/`.

bank        questions with options, answers and feedback, from pages and lessons
gift        as text in Moodle's GIFT
qti         as a package of IMS QTI 2.1
command     `jntk-viz questions`
"""

from typing import NamedTuple


class Item(NamedTuple):
    """One question of the bank, in plain text.

    Attributes:
        name: unique, of letters, digits, "-" and "_".
        category: where it comes from: the page's title, or the lesson's.
        question: what is asked.
        kind: "choice", "number", "order" (options in the right order), or "match".
        options: of a choice; of an order, in the order that is right.
        answer: the right option; a number; empty for an order; for a match, name -> partner.
        tolerance: by how much a number may be off.
        feedback: said with the answer.
        hints: for a match: said where the partner of this name is wrong.
    """

    name: str
    category: str
    question: str
    kind: str
    options: tuple[str, ...] = ()
    answer: str | float | dict[str, str] = ""
    tolerance: float = 0.0
    feedback: str = ""
    hints: dict[str, str] = {}  # noqa: RUF012 - read only
