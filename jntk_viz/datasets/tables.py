"""Reading text tables so that every complaint names the file, the line and the column."""

import csv
import io
import math
from typing import NamedTuple


class Record(NamedTuple):
    """One row of a table: the line where it begins, counted from 1, and its stripped cells."""

    line: int
    cells: list[str]


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
    where = f"{source}, line {line}, column {column!r}: expected a finite number"
    if not cell:
        raise ValueError(f"{where}; the cell is empty. Fill it or remove the row.")
    if is_number(cell.replace(",", ".")):
        raise ValueError(f"{where}; got {cell!r}. Write it with a decimal point.")
    raise ValueError(f"{where}; got {cell!r}. Correct the cell or remove the row or column.")


def check_width(record: Record, columns: list[str], source: str) -> None:
    """Every row must have one cell for each column."""
    cells = record.cells
    if len(cells) == len(columns):
        return
    where = f"{source}, line {record.line}: expected {len(columns)} cells; got {len(cells)}, "
    if len(cells) < len(columns):
        raise ValueError(
            f"{where}the row ends before column {columns[len(cells)]!r}. Complete or remove it."
        )
    raise ValueError(
        f"{where}the first beyond the last column {columns[-1]!r} is {cells[len(columns)]!r}. "
        "Look for a separator too many."
    )
