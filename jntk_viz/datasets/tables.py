"""Reading text tables so that every complaint names the file, the line and the column."""

import csv
import io
import math
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

MOST_SHOWN = 60  # characters of a cell or a name in a message

# ZIP (a spreadsheet is one), gzip, bzip2, xz, Zstandard, the older Excel, PDF.
_PACKED = (
    *(b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd"),
    *(b"\xd0\xcf\x11\xe0", b"%PDF"),
)
# As pandas reads them, and the question mark of UCI.
_MISSING = {"", "?", "na", "n/a", "#n/a", "#na", "<na>", "nan", "-nan", "null"}


class TableError(ValueError):
    """A table that cannot be read as it is, though it can with an option.

    on_page: the message for a reader who has a dialog instead of the arguments of `load_csv`.
    """

    def __init__(self, problem: str, remedy: str, on_page: str):
        super().__init__(f"{problem} {remedy}")
        self.on_page = f"{problem} {on_page}"


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
    """Text of a UTF-8 file, with or without byte-order mark; what is no text gets its own words."""
    if raw.startswith(_PACKED):
        raise ValueError(
            f"{source} must be a text file; this one is binary (a spreadsheet or an archive, such "
            "as .xlsx or .zip). In your spreadsheet, save as 'CSV UTF-8'; unpack an archive."
        )
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in raw:
        line = 1 + (raw.count(b"\n", 0, raw.index(b"\0")) if b"\0" in raw else 0)
        raise ValueError(
            f"{source}, line {line}: expected UTF-8 text; this file is binary, or text in UTF-16 "
            "(Excel's 'Unicode text'). Save it as 'CSV UTF-8'."
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ValueError(
            f"{source}, line {line}: expected UTF-8 text; byte {raw[error.start]:#04x} is not. "
            "Save the file as 'CSV UTF-8'."
        ) from error


def iterate_records(text: str, delimiter: str) -> Iterator[Record]:
    """Rows of a delimited table that are not blank; csv.Error, with its line, if one is malformed.

    Blanks after a separator belong to no cell, so that quotation marks may follow them; with the
    blank as separator any number of them is one.
    """
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, strict=True, skipinitialspace=True
    )
    line = 1
    try:
        for cells in reader:
            cells = [cell.strip() for cell in cells]
            if any(cells):
                yield Record(line, cells)
            line = reader.line_num + 1  # a quoted cell may span several lines
    except csv.Error as error:
        raise csv.Error(f"line {line}: not a well-formed row ({error})") from error


def read_records(text: str, delimiter: str, source: str) -> list[Record]:
    """All rows of a delimited table that are not blank."""
    try:
        return list(iterate_records(text, delimiter))
    except csv.Error as error:
        raise ValueError(
            f"{source}, {error}. Check the quotation marks on this line: each is closed before the "
            "next separator, and one inside a cell is doubled."
        ) from error


def is_number(cell: str) -> bool:
    """Whether a cell is a finite decimal number; 1_000, which Python would read, is not one."""
    try:
        return "_" not in cell and math.isfinite(_number(cell))
    except ValueError:
        return False


def _number(cell: str) -> float:
    return float(cell.replace("\N{MINUS SIGN}", "-"))


def is_missing(cell: str) -> bool:
    """Whether a cell stands for a value that is not known: empty, NA, NaN, null or ?."""
    return cell.casefold() in _MISSING


def to_number(cell: str, source: str, line: int, column: str) -> float:
    """The number in a cell, or a ValueError that says where the cell is."""
    if is_number(cell):
        return _number(cell)
    where = f"{source}, line {line}, column {shown(column)}: expected a finite number"
    if not cell:
        raise ValueError(f"{where}; the cell is empty. Fill it or remove the row.")
    raise ValueError(f"{where}; got {shown(cell)}. {_remedy(cell)}")


_GROUPED = re.compile(r"[+-]?\d{1,3}(([ .',\u00a0\u202f\u2019])\d{3})+([.,]\d+)?")


def _remedy(cell: str) -> str:
    """Words for the ways of writing a number that people have and this reader has not."""
    if is_missing(cell):
        return "It is missing: fill it or remove the row."
    if is_number(cell.rstrip("%").rstrip()):
        return "Remove the percent signs."
    if _GROUPED.fullmatch(cell):
        return "Write it with a decimal point and without separators of thousands."
    if is_number(cell.replace(",", ".")):
        return "Write it with a decimal point."
    return "Correct the cell or remove the row or column."


def check_width(record: Record, columns: list[str], source: str) -> None:
    """Every row must have one cell for each column."""
    cells = record.cells
    if len(cells) == len(columns):
        return
    where = f"{source}, line {record.line}: expected {len(columns)} cells; got {len(cells)}, "
    if cells[0].startswith("#") or columns[0].startswith("#"):
        raise ValueError(f"{where}and comments (#) are not read. Remove the lines of comments.")
    if len(cells) < len(columns):
        raise ValueError(
            f"{where}the row ends before column {shown(columns[len(cells)])}. "
            "Complete or remove it."
        )
    raise ValueError(
        f"{where}the first beyond the last column {shown(columns[-1])} is "
        f"{shown(cells[len(columns)])}. Look for a separator too many."
    )
