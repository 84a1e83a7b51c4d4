"""The label column of a table: its classes, and which of them become −1 and +1."""

from collections import Counter

import numpy as np

from .dataset import one_against_rest
from .layout import Table
from .tables import TableError, is_missing, is_number, listed, shortened, shown, to_number

MOST_CLASSES = 20  # a column of more values is not one of classes


def count_classes(table: Table, label: str) -> dict[str, int]:
    """How many rows have each value of a column, in the order of the values.

    Missing cells are not counted. Of two values the first becomes −1 and the last +1. Numbers are
    written as short as possible, so that `load_csv` takes the keys as `positive` and `classes`.
    """
    position = table.names.index(label)
    cells = [row.cells[position] for row in table.rows]
    cells = [cell for cell in cells if not is_missing(cell)]
    numeric = all(map(is_number, cells))
    counts = Counter(_value(cell, numeric) for cell in cells)
    return {_plain(value): counts[value] for value in sorted(counts)}


class Labels:
    """The values of a label column, all of them present.

    values: one a row, numbers if all are numbers (1 and 1.0 are one class), otherwise strings.
    classes: the different ones in order.
    """

    def __init__(self, table: Table, label: str, source: str):
        position = table.names.index(label)
        self.label, self.column = label, f"column {shown(label)}"
        self.source, self.lines = source, [row.line for row in table.rows]
        self.cells = [row.cells[position] for row in table.rows]
        for line, cell in zip(self.lines, self.cells, strict=True):
            if is_missing(cell):
                came = f"{shown(cell)}, which means missing" if cell else "empty"
                raise ValueError(
                    f"{source}, line {line}, {self.column}: expected a label; the cell is {came}. "
                    "Fill it or remove the row."
                )
        self.numeric = all(map(is_number, self.cells))
        self.values = [_value(cell, self.numeric) for cell in self.cells]
        self.classes = sorted(set(self.values))

    def signs(self, classes, positive) -> tuple[np.ndarray, str, tuple[str, ...]]:
        """−1, +1, or 0 for rows left out, shape (n,), what they mean, and the classes' names.

        Of all classes (n, C). classes, positive: as `load_csv` takes them.
        """
        if len(self.classes) < 2:
            raise ValueError(
                f"{self.source}, {self.column}: expected two values, one for each class; all rows "
                f"have {shown(self.cells[0])}. Add rows of the other class."
            )
        if isinstance(classes, str) and classes == "all" and "all" not in self.classes:
            return self._each(positive)
        if np.isscalar(classes):
            return self._one_against_the_rest(self._find(classes, "classes"), positive)
        minus, plus = self._default_pair() if classes is None else self._pair(classes)
        if positive is not None and self._find(positive, "positive", [minus, plus]) == minus:
            minus, plus = plus, minus
        y = np.array([float(v == plus) - float(v == minus) for v in self.values])
        meaning = f"{_written(minus)} is −1, {_written(plus)} is +1"
        if others := [_written(v) for v in self.classes if v not in (minus, plus)]:
            count = int(np.sum(y == 0))
            rows = "row" if count == 1 else "rows"
            meaning += f", {count} {rows} of {listed(others, 4)} left out"
        return y, meaning, (_written(minus), _written(plus))

    def _each(self, positive) -> tuple[np.ndarray, str, tuple[str, ...]]:
        if positive is not None:
            raise ValueError(
                f'`positive` must be left out with classes="all", because every class is +1 in '
                f"its own column; got {positive!r}."
            )
        if len(self.classes) > MOST_CLASSES:
            raise ValueError(
                f"{self.source}, {self.column}: expected at most {MOST_CLASSES} classes; there are "
                f"{len(self.classes)} different values ({_some(self.classes)}). Choose the column "
                "that holds the classes."
            )
        names = tuple(map(_written, self.classes))
        members = np.array([self.classes.index(value) for value in self.values])
        meaning = f"a column for each of {listed(names, 4)}, +1 in its rows and −1 in the others"
        return one_against_rest(members, len(names)), meaning, names

    def _one_against_the_rest(self, one, positive) -> tuple[np.ndarray, str, tuple[str, ...]]:
        if positive is not None and self._find(positive, "positive") != one:
            raise ValueError(
                f"`positive` must be {_quoted(one)} or left out, because `classes` names one class "
                f"and that becomes +1; got {positive!r}."
            )
        y = np.array([1.0 if value == one else -1.0 for value in self.values])
        rest = listed((_written(value) for value in self.classes if value != one), 4)
        return y, f"{_written(one)} is +1, all others ({rest}) are −1", ("rest", _written(one))

    def _pair(self, classes) -> list:
        chosen = [self._find(value, "classes") for value in np.ravel(np.array(classes, object))]
        if len(chosen) != 2 or chosen[0] == chosen[1]:
            first, last = _quoted(self.classes[0]), _quoted(self.classes[-1])
            raise ValueError(
                f"`classes` must be two different values of {shown(self.label)}, or one of them "
                f"against all others; got {classes!r}. Pass for instance classes=({first}, {last})."
            )
        return chosen

    def _default_pair(self) -> list:
        """Both classes; where there are more, an error at the first row of a third one."""
        if len(self.classes) == 2:
            return self.classes
        first = list(dict.fromkeys(self.values))
        row = self.values.index(first[2])
        problem = (
            f"{self.source}, line {self.lines[row]}, {self.column}: expected one of two values, "
            f"{_written(first[0])} and {_written(first[1])}; got {shown(self.cells[row])}."
        )
        if len({str(value).casefold() for value in self.classes}) < len(self.classes):
            raise ValueError(
                f"{problem} Some differ in upper and lower case only ({_some(self.classes)}): "
                "write them alike."
            )
        if len(self.classes) > MOST_CLASSES:
            raise ValueError(
                f"{problem} The column has {len(self.classes)} different values: choose the column "
                "that holds the classes."
            )
        there = f"{problem} There are {len(self.classes)} classes ({_some(self.classes)}):"
        two, one = ", ".join(map(_quoted, first[:2])), _quoted(first[0])
        raise TableError(
            there,
            f"pass classes=({two}) for two of them, or classes={one} for one against the rest.",
            "choose two of them below, or one against the rest.",
        )

    def _find(self, wanted, argument: str, among: list | None = None):
        """The class that a user means by a string or a number."""
        among = among or self.classes
        text = str(wanted).strip()
        if not self.numeric or is_number(text):
            value = _value(text, self.numeric)
            if value in among:
                return value
        known = " and ".join(map(_quoted, among)) if len(among) == 2 else _some(among)
        raise ValueError(
            f"`{argument}` must be one of the {'two ' * (len(among) == 2)}values of "
            f"{self.label!r}, {known}; got {wanted!r}."
        )


def _value(cell: str, numeric: bool):
    return to_number(cell, "", 0, "") if numeric else cell


def _plain(value) -> str:
    """A class as `load_csv` takes it: a number so that it is read back as the same one."""
    return repr(value).removesuffix(".0") if isinstance(value, float) else value


def _written(value) -> str:
    return f"{value:g}" if isinstance(value, float) else shortened(value)


def _quoted(value) -> str:
    return _plain(value) if isinstance(value, float) else repr(shortened(value))


def _some(values) -> str:
    return listed(map(_quoted, values), 4)
