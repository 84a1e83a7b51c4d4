"""Reading text tables so that every complaint names the file, the line and the column."""

import csv
import io
import math
from collections.abc import Iterable
from typing import NamedTuple

MOST_SHOWN = 60  # characters of a cell or a name in a message


class Record(NamedTuple):
    """One row of a table: the line where it begins, counted from 1, and its stripped cells."""

    line: int
    cells: list[str]


def shortened(text: str, most: int = MOST_SHOWN) -> str:
    """The beginning of a text of unknown origin, for a message, without control characters.

    What does not print is escaped; among it are the characters that reverse the writing direction.
    """
    cut = text if len(text) <= most else text[: most - 1] + "…"
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in cut)


def shown(cell: str) -> str:
    """A cell as messages quote it."""
    return f"'{shortened(cell)}'"


def listed(names: Iterable[str], most: int = 12) -> str:
    """Names separated by commas, the first of many."""
    short = [shortened(name) for name in names]
    more = len(short) - most
    return ", ".join(short[:most]) + (f" and {more} more" if more > 0 else "")


def decode(raw: bytes, source: str) -> str:
    """Text of a UTF-8 file, with or without byte-order mark."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ValueError(
            f"{source}, line {line}: expected UTF-8 text; byte {raw[error.start]:#04x} is not. "
            "Save the file as 'CSV UTF-8'."
        ) from error


def read_records(text: str, delimiter: str, source: str) -> list[Record]:
    """All rows of a delimited table that are not blank."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    records, line = [], 1
    try:
        for cells in reader:
            cells = [cell.strip() for cell in cells]
            if any(cells):
                records.append(Record(line, cells))
            line = reader.line_num + 1  # a quoted cell may span several lines
    except csv.Error as error:
        raise ValueError(
            f"{source}, line {line}: not a well-formed row ({error}). "
            "Check the quotation marks on this line."
        ) from error
    return records


def is_number(cell: str) -> bool:
    """Whether a cell is a finite decimal number; 1_000, which Python would read, is not one."""
    try:
        return "_" not in cell and math.isfinite(float(cell))
    except ValueError:
        return False


def to_number(cell: str, source: str, line: int, column: str) -> float:
    """The number in a cell, or a ValueError that says where the cell is."""
    if is_number(cell):
        return float(cell)
    where = f"{source}, line {line}, column {shown(column)}: expected a finite number"
    if not cell:
        raise ValueError(f"{where}; the cell is empty. Fill it or remove the row.")
    if is_number(cell.replace(",", ".")):
        raise ValueError(f"{where}; got {shown(cell)}. Write it with a decimal point.")
    raise ValueError(f"{where}; got {shown(cell)}. Correct the cell or remove the row or column.")


def check_width(record: Record, columns: list[str], source: str) -> None:
    """Every row must have one cell for each column."""
    cells = record.cells
    if len(cells) == len(columns):
        return
    where = f"{source}, line {record.line}: expected {len(columns)} cells; got {len(cells)}, "
    if len(cells) < len(columns):
        raise ValueError(
            f"{where}the row ends before column {shown(columns[len(cells)])}. "
            "Complete or remove it."
        )
    raise ValueError(
        f"{where}the first beyond the last column {shown(columns[-1])} is "
        f"{shown(cells[len(columns)])}. Look for a separator too many."
    )
