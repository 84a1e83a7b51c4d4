"""What every study of the reproduction has: tasks, the rows they measure, claims, charts.

A study holds no state. `tasks` names independent pieces of work, `run` measures one of them
anywhere (another process, another machine), and everything shown is computed from the table of all
rows, so that a run that was cut off goes on and a part of the rows already says something.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import pandas as pd

LAW = "law"  # the group of curves that are no measurement but a rate to compare with
Scale = Literal["tiny", "laptop", "paper"]  # tiny: seconds, for tests
Task = dict[str, Any]  # what `run` takes, as JSON holds it: numbers, strings, booleans, None
Row = dict[str, Any]

HOLDS, FAILS, OPEN = "holds", "does not hold", "not reached at this scale"


class Column(NamedTuple):
    """One column of a study's table: what it means, and its unit ("" for a pure number)."""

    meaning: str
    unit: str = ""


class Claim(NamedTuple):
    """A sentence of the paper beside what was measured."""

    statement: str  # the paper's sentence, paraphrased
    source: str  # "Theorem 3.1"
    measured: str  # a sentence with the numbers
    verdict: str  # HOLDS, FAILS or OPEN
    value: float | None = None  # the number that decides, with its 95 % interval
    low: float | None = None
    high: float | None = None
    definitions: str = ""  # which definitions were tried, where the paper leaves them open


class Curve(NamedTuple):
    """One line of a chart; `low` and `high` bound a band around it."""

    label: str
    x: Any
    y: Any
    low: Any = None
    high: Any = None
    style: Literal["line", "dashed", "points"] = "line"
    group: str = ""  # curves of one group share a colour


class Chart(NamedTuple):
    """Curves on the same axes, without any plotting library: `views` draws them."""

    title: str
    x_label: str
    y_label: str
    curves: list[Curve]
    caption: str
    log_x: bool = False
    log_y: bool = False


class Heatmap(NamedTuple):
    """A quantity over a grid, `values[i, j]` at (`x[j]`, `y[i]`)."""

    title: str
    x_label: str
    y_label: str
    x: Any
    y: Any
    values: Any
    value_label: str
    caption: str
    log_x: bool = False
    log_y: bool = False


class Study(ABC):
    """One experiment of the paper."""

    name: str  # as on the command line, and of its files
    title: str
    source: str  # "Figure 1, Theorem 3.1"
    question: str  # in the reader's words
    columns: dict[str, Column]  # of its table, the task's parameters included
    version: int = 1  # raise it when the same task would give other numbers: old rows are set aside

    @abstractmethod
    def tasks(self, scale: Scale) -> list[Task]:
        """Independent pieces of work, what says most first: a part of them is useful, too."""

    @abstractmethod
    def run(self, *_: Any, **task: Any) -> list[Row]:
        """The rows of one task, given by name; the same task gives the same rows, wherever it runs.

        What the rows do not say of the task's parameters is added to them.
        """

    def cost(self, task: Task) -> float:
        """How long a task takes, compared with others of this study; for the estimate."""
        return 1.0

    @abstractmethod
    def claims(self, table: pd.DataFrame) -> list[Claim]:
        """What the rows there are say; OPEN where they do not suffice, an empty table included."""

    @abstractmethod
    def charts(self, table: pd.DataFrame) -> Sequence[Chart | Heatmap]:
        """The study's pictures, as far as the rows allow."""


def judge(low: float, high: float, at_least=-float("inf"), at_most=float("inf")) -> str:
    """Whether a claim that a number lies in [at_least, at_most] is borne out by its interval.

    HOLDS if the whole interval lies inside, FAILS if the whole lies outside, else OPEN. An interval
    with a NaN decides nothing.
    """
    if at_least <= low and high <= at_most:
        return HOLDS
    if high < at_least or low > at_most:
        return FAILS
    return OPEN
