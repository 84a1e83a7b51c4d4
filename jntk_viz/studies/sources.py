"""Where the pages' data come from: named data sets, and tables that visitors upload.

A visitor's table is kept in this process only, under a name that nobody else can guess, until
`forget` is called at the end of the session. No file is written.
"""

import io
import secrets
import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple

import numpy as np

from jntk_viz.datasets import Dataset, dataset_available, load_csv, load_dataset
from jntk_viz.datasets.labels import MOST_CLASSES, count_classes
from jntk_viz.datasets.layout import SEPARATORS, Table, name_columns, read_rows
from jntk_viz.datasets.tables import TableError, decode, is_missing, is_number, shortened

OWN = "own-"
MOST_BYTES = 2_000_000
MOST_ROWS = 5_000
MOST_COLUMNS = 200
MOST_CELLS = 250_000  # read in about half a second, for which all visitors wait
MOST_TABLES = 5  # of one visitor
PARALLEL = np.radians(0.1)  # points nearer than this make a kernel matrix all but singular


class Kept(NamedTuple):
    """A visitor's table: the file's name, what was read from it, and how (for `load_csv`)."""

    file: str
    dataset: Dataset
    options: dict


# Entered while a data set is fetched over the network: pages let others compute meanwhile.
while_fetching: Callable[[], AbstractContextManager] = nullcontext
_own: dict[str, Kept] = {}
_lock = threading.Lock()


class Sources(dict):
    """Data set -> how one study uses it; a visitor's table gets an entry made by `own`.

    - `own`: function (label, dataset) -> entry;  `points`: function (entry, dataset) -> how many
      points the study computes the kernel of.
    """

    def __init__(self, entries, *, own, points):
        super().__init__(entries)
        self.own_entry, self.points = own, points

    def __missing__(self, name):
        table = _entry(name)
        return self.own_entry(shortened(table.file), table.dataset)


def load(name: str, **options) -> Dataset:
    """`load_dataset`, or a visitor's table by the name that `register` gave."""
    if name.startswith(OWN):
        return _entry(name).dataset
    with nullcontext() if dataset_available(name) else while_fetching():
        return load_dataset(name, **options)


def loading(name: str, options: dict) -> str:
    """Python by public names that loads what `load` does; a visitor's table from its own file."""
    function = "load_dataset"
    if name.startswith(OWN):
        function, (name, _, options) = "load_csv", _entry(name)
    arguments = [repr(name), *(f"{key}={value!r}" for key, value in options.items())]
    return f"jv.{function}({', '.join(arguments)})"


def available(name: str) -> bool:
    """Whether a data set is there without the network."""
    return name.startswith(OWN) or dataset_available(name)


def menu(sources: Sources, label_of) -> dict[str, str]:
    """Menu entry → data set, saying which of them have to be downloaded first."""
    return {
        label_of(entry) + ("" if dataset_available(name) else " (download)"): name
        for name, entry in sources.items()
    }


def register(file: str, dataset: Dataset, **options) -> str:
    """Keep a visitor's table and return the name by which `load` finds it.

    - `file`: its name;  `options`: how `load_csv` has read it, for the program that is exported.
    """
    name = OWN + secrets.token_hex(8)
    with _lock:
        _own[name] = Kept(file, dataset, options)
    return name


def forget(name: str) -> None:
    """Drop a visitor's table and all that the studies have computed, its kernels among it."""
    with _lock:
        known = _own.pop(name, None)
    if known is None:
        return
    for module in [m for n, m in sys.modules.items() if n.startswith("jntk_viz.studies.")]:
        for function in list(vars(module).values()):
            if hasattr(function, "cache_clear"):
                function.cache_clear()


def _entry(name) -> Kept:
    with _lock:
        if name not in _own:
            raise ValueError(
                f"`data` = {name!r} is a table that was uploaded in another session, or long ago; "
                "tables are kept for one session only. Upload it again, or choose another data set."
            )
        return _own[name]


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


def read(content: bytes, **options) -> Dataset:
    """The uploaded table as points on the sphere; `options` are those of `load_csv`."""
    try:
        return load_csv(io.BytesIO(content), **options)
    except ValueError as error:
        words = error.on_page if isinstance(error, TableError) else str(error)
        raise ValueError(words.replace("`path` (uploaded table)", "`table`")) from error


def smallest_angle(x: np.ndarray) -> float:
    """The smallest angle between two of the lines through the points, in radians."""
    closest, i, j = -1.0, 0, 0
    for start in range(0, len(x), _AT_ONCE):  # all N² cosines would take 200 MB at 5,000 rows
        cosine = np.abs(x[start : start + _AT_ONCE] @ x.T)
        cosine[np.arange(len(cosine)), start + np.arange(len(cosine))] = 0
        row, column = np.unravel_index(np.argmax(cosine), cosine.shape)
        if cosine[row, column] > closest:
            closest, i, j = cosine[row, column], start + int(row), int(column)
    sign = float(np.sign(x[i] @ x[j])) or 1.0
    # arccos is blunt near 1.
    return float(2 * np.arcsin(min(1.0, float(np.linalg.norm(x[i] - sign * x[j])) / 2)))


_AT_ONCE = 256  # rows


class Cost(NamedTuple):
    """What a kernel of `rows` = N(1+d0) rows takes: bytes for three copies, seconds once."""

    points: int
    rows: int
    bytes: int
    seconds: float


def cost(points: int, features: int) -> Cost:
    """Estimated from one eigendecomposition timed now: the time grows with the cube of the rows."""
    rows = points * (1 + features)
    return Cost(points, rows, 3 * 8 * rows**2, _seconds_for_256() * (rows / 256) ** 3)


def _seconds_for_256() -> float:
    matrix = np.random.default_rng(0).normal(size=(256, 256))
    start = time.perf_counter()
    np.linalg.eigh(matrix @ matrix.T)
    return time.perf_counter() - start
