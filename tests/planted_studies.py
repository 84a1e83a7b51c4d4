"""Studies made for the tests of the reproduction's frame; worker processes import this file."""

import os
import time
from pathlib import Path
from typing import ClassVar

import numpy as np

from jntk_viz.reproduction.study import Chart, Claim, Column, Curve, Heatmap, Study, judge


class Planted(Study):
    """Measures number², which is claimed to be negative (false) and positive (true)."""

    name = "planted"
    title = "A planted <study>"
    source = "nowhere"
    question = "Does the frame say what is true?"
    columns: ClassVar = {
        "number": Column("the task", "apples"),
        "square": Column("its square", "apples²"),
    }

    def tasks(self, scale):
        return [{"number": number} for number in range(1, 7)]

    def run(self, *, number):
        return [{"square": number**2}]

    def claims(self, table):
        squares = table.square.astype(float)
        low, high = (squares.min(), squares.max()) if len(table) else (np.nan, np.nan)
        interval = f"from {low} to {high} | over the tasks"
        return [
            Claim("Squares are negative.", "A", interval, judge(low, high, at_most=0), low=low),
            Claim(
                "Squares are positive.", "B", interval, judge(low, high, at_least=0), high=np.inf
            ),
        ]

    def charts(self, table):
        x, y = table.number.to_numpy(float), table.square.to_numpy(float)
        curves = [
            Curve("squares", x, y, y - 2, y + 2),
            Curve("as points", x, y / 2, y / 3, y, style="points"),
            Curve("rate", x, x, style="dashed", group="law"),
            Curve("empty", [], []),
        ]
        return [
            Chart("On logarithmic axes", "number", "square", curves, "Caption.", True, True),
            Chart("On plain axes", "number", "square", curves[:1], "Caption."),
            Heatmap(
                "Map", "t", "λ", [1, 10, np.inf], [0, 1], np.arange(6).reshape(2, 3), "v", "C."
            ),
        ]


class Second(Planted):
    """Another one of the same."""

    name = "second"


class Slow(Planted):
    """Every task notes who has begun it, then waits for its turn: see `let_begin`."""

    name = "slow"
    columns = Planted.columns | {"log": Column("file of the notes")}

    def tasks(self, scale):
        log = os.environ["PLANTED_LOG"]
        return [{"number": number, "log": log} for number in range(12)]

    def run(self, *, number, log):
        with Path(log).open("a") as notes:
            notes.write(f"{number} {os.getpid()}\n")
            notes.flush()
            end = notes.tell()
        turn = Path(log).read_bytes()[:end].count(b"\n")
        while turn > int(_gate(log).read_text() or 0):
            time.sleep(0.01)
        return [{"square": number**2}]


def _gate(log):
    return Path(f"{log}.gate")


def let_begin(log, count):
    """Let so many more of the tasks of `Slow` go on; the others that begin then wait."""
    begun = len(log.read_text().splitlines()) if log.exists() else 0
    _gate(log).write_text(str(begun + count))


class Long(Slow):
    """Its tasks take longer than anybody waits."""

    name = "long"

    def run(self, *, number, log):
        Path(log).touch()
        time.sleep(600)
        return [{"square": number**2}]


class Wordless(Planted):
    """Its second task has no word for its number, as where a data set cannot be had."""

    name = "wordless"
    columns = Planted.columns | {"word": Column("which number it is")}

    def run(self, *, number):
        word = {} if number == 2 else {"word": f"number {number}"}
        return [{"square": number**2, **word}]


class Failing(Planted):
    """Its third task fails for as long as a file is there."""

    name = "failing"

    def run(self, *, number):
        if number == 3 and Path(os.environ["PLANTED_LOG"]).exists():
            raise ArithmeticError("three is <too much>")
        return super().run(number=number)


class Unexplained(Planted):
    """Measures what its columns do not explain, and cannot conclude anything."""

    name = "unexplained"

    def run(self, *, number):
        return [{"square": 1.0, "weight": 2.0}] if number == 2 else super().run(number=number)

    def claims(self, table):
        raise LookupError("no claim")
