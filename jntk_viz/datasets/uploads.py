"""Tables that visitors upload: their limits, their layout at a glance, and how they are read."""

import io
import re

from jntk_viz.datasets.dataset import Dataset
from jntk_viz.datasets.labels import MOST_CLASSES, count_classes
from jntk_viz.datasets.layout import SEPARATORS, Table, name_columns, read_rows
from jntk_viz.datasets.tables import TableError, decode, is_missing, is_number
from jntk_viz.datasets.user_csv import load_csv

MOST_BYTES = 2_000_000
MOST_ROWS = 5_000
MOST_COLUMNS = 200
MOST_CELLS = 250_000  # read in about half a second, for which all visitors wait


def look(content: bytes, *, delimiter: str | None = None, header: bool | None = None) -> Table:
    """Names and rows of an uploaded table, by the reader and the options of `load_csv`.

    What is too large or no text is refused before anything is parsed. Raises ValueError naming the
    limit, the line or the column; TableError where another `delimiter` or `header` would help.
    """
    if len(content) > MOST_BYTES:
        raise too_long(len(content))
    if not content.strip():
        raise ValueError(
            "`table` must hold a header row and rows of numbers; this file is empty. Save it again "
            "and choose it anew."
        )
    text = decode(content, "`table`")
    first = next((line for line in text.splitlines() if line.strip()), "")
    # Cells may hold line breaks, and there may be blank lines.
    lines = max(text.count("\n"), text.count("\r"))
    separators = [delimiter] if delimiter else list(SEPARATORS)
    columns = max(map(first.count, separators)) + 1
    cells = max(map(text.count, separators)) + lines
    if lines > 2 * MOST_ROWS or columns > 2 * MOST_COLUMNS or cells > 2 * MOST_CELLS:
        raise _too_large(f"about {lines}", columns, cells)
    records, remarks = read_rows(text, "`table`", delimiter)
    total, columns = len(records) - (header is not False), len(records[0].cells) if records else 0
    if total > MOST_ROWS or columns > MOST_COLUMNS or total * columns > MOST_CELLS:
        raise _too_large(total, columns, total * columns)
    return name_columns(records, remarks, "`table`", header)


def too_long(size: int | None) -> ValueError:
    """The error for a file of so many bytes, where they are known."""
    got = "" if size is None else f"; got {size / 1e6:.1f} MB"
    return ValueError(
        f"`table` must be smaller than {MOST_BYTES / 1e6:g} MB{got}. Keep a sample of the rows."
    )


def _too_large(rows, columns, cells) -> ValueError:
    return ValueError(
        f"`table` must have at most {MOST_ROWS} rows and {MOST_COLUMNS} columns, and "
        f"{MOST_CELLS:,} cells in all; got {rows} rows and {columns} columns, {cells:,} cells. "
        "Keep a sample of the rows, or fewer columns."
    )


def likely_label(table: Table) -> str:
    """The column that probably holds the classes.

    The first one with words that repeat, else the first with words, else the last one. A stray word
    among numbers does not count: it is a cell to be mended.
    """
    words = []
    for i, name in enumerate(table.names):
        cells = [row.cells[i] for row in table.rows if not is_missing(row.cells[i])]
        if 2 * sum(map(is_number, cells)) < len(cells):
            words.append(name)
    few = [
        n for n in words if len(count_classes(table, n)) <= min(MOST_CLASSES, len(table.rows) / 2)
    ]
    return [*few, *words, table.names[-1]][0]


def numbering(table: Table) -> list[str]:
    """Columns that only number the rows, in any order: integers without a gap, each one once."""
    found = []
    for i, name in enumerate(table.names):
        cells = sorted(int(c) for row in table.rows if re.fullmatch(r"\d{1,9}", c := row.cells[i]))
        whole = len(cells) == len(table.rows) > 2
        if whole and cells == list(range(cells[0], cells[0] + len(cells))):
            found.append(name)
    return found


def read(content: bytes, **options) -> Dataset:
    """The uploaded table as points on the sphere; `options` are those of `load_csv`."""
    try:
        return load_csv(io.BytesIO(content), **options)
    except ValueError as error:
        words = error.on_page if isinstance(error, TableError) else str(error)
        raise ValueError(words.replace("`path` (uploaded table)", "`table`")) from error
