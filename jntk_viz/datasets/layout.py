"""Recognise how a text table is laid out: separator, header, decimal commas, unnamed columns.

One reader for `load_csv`, for the files of UCI in a user's folder and for the pages' preview. Tried
first: csv.Sniffer finds no separator below Excel's `sep=;`; clevercsv takes the blank before a
quotation mark for one, and 1.4 s for a table of 250,000 cells, for which all visitors would wait;
DuckDB finds it, in 66 MB. None of them says whether a first line is data, or what to leave out.
"""

import csv
import re
from collections import Counter
from contextlib import suppress
from itertools import islice
from typing import NamedTuple

from .tables import (
    Record,
    TableError,
    check_width,
    is_missing,
    is_number,
    iterate_records,
    listed,
    read_records,
    shown,
)

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab"}
# These stand in names and numbers as well, so they are never guessed, only offered.
UNUSUAL = {"|": "|", " ": "blanks", ":": "colon"}
_LOOKED_AT = 100  # rows, to find the separator
_TOLD = re.compile(r'\s*"?sep=(.)"?[ ,;\t]*(?=\r|\n|$)', re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"[+\-\N{MINUS SIGN}]?\d*,\d+([eE][+\-]?\d+)?")
# Every quoted cell, to stay in step, and the blanks after it, which csv does not allow.
_QUOTED = re.compile(r'("(?:[^"]|"")*+")(?: +(?=[,;|\t\r\n]|\Z))?')
_UNNAMED = re.compile(r"(Unnamed: \d+)?")  # the latter by pandas, when it reads the former
_INTEGER = re.compile(r"\d+")


class Table(NamedTuple):
    """Column names and rows of the same width; `remarks`: what was recognised or left out."""

    names: list[str]
    rows: list[Record]
    remarks: list[str]


def read_table(
    text: str, source: str, *, delimiter: str | None = None, header: bool | None = None
) -> Table:
    """Read a table of named columns.

    delimiter: the separator, None to find it;  header: whether the first line holds column names;
    None takes it for names unless it looks like data, which is then an error.
    Raises ValueError that names `source` and the line; TableError where an option would help.
    """
    return name_columns(*read_rows(text, source, delimiter), source, header)


def name_columns(
    records: list[Record], remarks: list[str], source: str, header: bool | None = None
) -> Table:
    """Make a table of rows, as `read_rows` gives them, by names from the first one or by number."""
    if header not in (None, True, False):
        raise ValueError(
            f"`header` must be True, False or None; got {header!r}. Pass header=False for a file "
            "whose first line is data."
        )
    if not records:
        raise ValueError(f"{source}: expected a header row and rows of numbers; the file is empty.")
    records = _without_unnamed(records, header is not False, remarks)
    if header is False:
        names = [f"column {i + 1}" for i in range(len(records[0].cells))]
        remarks.append("no header, columns named by their number")
        rows = records
    else:
        first, *rows = records
        names = first.cells
        if header is None:
            _check_not_data(first, rows, source)
        _check_names(first, source)
    if not rows:
        raise ValueError(f"{source}: expected rows of numbers below the header; there are none.")
    for row in rows:
        check_width(row, names, source)
    return Table(names, rows, remarks)


def read_rows(
    text: str, source: str, delimiter: str | None = None
) -> tuple[list[Record], list[str]]:
    """All rows that are not blank, the first among them, and what was recognised in them."""
    if delimiter is not None and (
        not isinstance(delimiter, str) or len(delimiter) != 1 or delimiter in '\r\n"'
    ):
        raise ValueError(
            f"`delimiter` must be one character such as ',', ';' or a tab; got {delimiter!r}."
        )
    remarks = []
    told = _TOLD.match(text)
    if told:
        text = re.sub(r"[^\r\n]", "", text[: told.end()]) + text[told.end() :]
    if '" ' in text:
        text = _QUOTED.sub(r"\1", text)
    delimiter = delimiter or (told and told[1]) or find_delimiter(text, source)
    records = read_records(text, delimiter, source)
    if _has_decimal_commas(records, delimiter):
        remarks.append("decimal commas read as decimal points")
        records = [Record(line, [_pointed(c) for c in cells]) for line, cells in records]
    return records, remarks


def find_delimiter(text: str, source: str) -> str:
    """The separator that splits header and rows alike; of several the one that leaves numbers.

    Raises TableError where only an unusual separator splits the rows.
    """
    scores = {delimiter: _score(text, delimiter) for delimiter in SEPARATORS}
    best = max(scores, key=lambda delimiter: scores[delimiter])
    if any(scores[best]):
        return best
    unusual = {delimiter: _score(text, delimiter) for delimiter in UNUSUAL}
    likely = max(unusual, key=lambda delimiter: unusual[delimiter])
    if unusual[likely][0]:
        raise TableError(
            f"{source}, line 1: expected cells separated by comma, semicolon or tab; these seem to "
            f"be separated by {UNUSUAL[likely]}.",
            f"Pass delimiter={likely!r}.",
            "Choose it as separator below.",
        )
    return best


def _score(text: str, delimiter: str) -> tuple[bool, float, float]:
    """How well a separator splits: the first row like the others? share of alike rows, of numbers.

    The first row may differ by one, for a name too few or a trailing separator.
    """
    rows: list[list[str]] = []
    with suppress(csv.Error):  # with another separator the quotation marks may be in order
        rows.extend(r.cells for r in islice(iterate_records(text, delimiter), _LOOKED_AT))
    if not rows:
        return False, 0.0, 0.0
    width, alike = Counter(map(len, rows)).most_common(1)[0]
    if width == 1:
        return False, 0.0, 0.0
    cells = [cell for row in rows[1:] for cell in row if cell]
    numbers = sum(is_number(c) or bool(_DECIMAL_COMMA.fullmatch(c)) for c in cells)
    return abs(len(rows[0]) - width) <= 1, alike / len(rows), numbers / max(len(cells), 1)


def _has_decimal_commas(records: list[Record], delimiter: str) -> bool:
    """Whether there are decimal commas, and no number with a decimal point."""
    if delimiter == ",":
        return False
    found = False
    for _, cells in records:
        for cell in cells:
            if "." in cell and is_number(cell):
                return False
            found = found or ("," in cell and bool(_DECIMAL_COMMA.fullmatch(cell)))
    return found


def _pointed(cell: str) -> str:
    return cell.replace(",", ".") if "," in cell and _DECIMAL_COMMA.fullmatch(cell) else cell


def _without_unnamed(records: list[Record], named: bool, remarks: list[str]) -> list[Record]:
    """Leave out a last column without name and cells, and a first one of row names without name.

    Separators at the ends of lines make the former, pandas and R write the latter; R gives it not
    even an empty name.
    """
    first, *rows = records
    if not rows:
        return records
    header, width = first.cells, len(first.cells)
    ends = {len(cells) - width for _, cells in rows}
    emptied = all(not cells[width:] and not "".join(cells[width - 1 :]) for _, cells in rows)
    beyond = ends == {1} and not any(cells[-1] for _, cells in rows)
    if width > 1 and _UNNAMED.fullmatch(header[-1]) and emptied and ends <= {0, -1}:
        remarks.append("empty last column left out")
        width -= 1
    elif beyond:
        remarks.append("empty last column left out")
    elif ends == {1} and named and not header[0].startswith("#") and _names_rows(rows):
        header, width = ["", *header], width + 1
    if width < len(header) or beyond:
        header = header[:width]
        rows = [Record(line, cells[:width]) for line, cells in rows]
    if named and _UNNAMED.fullmatch(header[0]) and width > 1 and _names_rows(rows):
        remarks.append("first column without name (row names) left out")
        header = header[1:]
        rows = [Record(line, cells[1:]) for line, cells in rows]
    return [Record(first.line, header), *rows]


def _names_rows(rows: list[Record]) -> bool:
    """Whether the first cells tell rows apart, as numbers or names of rows do."""
    cells = [cells[0] for _, cells in rows]
    return len(set(cells)) == len(cells) and all(
        _INTEGER.fullmatch(cell) or not is_number(cell) for cell in cells
    )


def _check_not_data(first: Record, rows: list[Record], source: str) -> None:
    """Refuse a first line of numbers and of words that occur below as well: it is a row."""
    numbers = list(map(is_number, first.cells))
    if not any(numbers):
        return
    words = [i for i, number in enumerate(numbers) if not number]
    for i in words:
        cell, below = first.cells[i], {cells[i] for _, cells in rows if len(cells) > i}
        if cell not in below and not is_missing(cell):
            return
    label = f"column {(words[-1] if words else len(numbers) - 1) + 1}"
    seen = f"numbers and {listed([first.cells[i] for i in words])}" if words else "only numbers"
    raise TableError(
        f"{source}, line {first.line}: expected a header row with column names; got {seen}, which "
        "looks like a row of data.",
        f'If the file has no header, pass header=False and for instance label="{label}"; if these '
        "are names, pass header=True.",
        "Tick 'This file has no header' below, or give the columns names with words.",
    )


def _check_names(header: Record, source: str) -> None:
    names = header.cells
    if len(names) == 1:
        raise ValueError(
            f"{source}, line {header.line}: expected column names separated by comma, semicolon or "
            f"tab; there is only one, {shown(names[0])}. Remove lines above the header, such as "
            "titles and comments, or choose another separator (`delimiter`)."
        )
    for position, cell in enumerate(names):
        where = f"{source}, line {header.line}, column {position + 1}"
        if not cell:
            raise ValueError(
                f"{where}: expected a column name; the cell is empty. Name the column."
            )
        if cell in names[:position]:
            raise ValueError(f"{where}: the name {shown(cell)} occurs twice. Rename one of them.")
