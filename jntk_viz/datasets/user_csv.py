"""The user's own table: numeric columns and one label column with two values."""

import re
from os import PathLike
from pathlib import Path

import numpy as np

from .dataset import (
    Dataset,
    describe_repeats,
    normalize,
    principal_components,
    standardize_columns,
)
from .tables import (
    Record,
    check_width,
    decode,
    is_number,
    listed,
    read_records,
    shortened,
    shown,
    to_number,
)

_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}


def load_csv(
    path,
    *,
    label: str,
    positive=None,
    ignore=(),
    delimiter: str | None = None,
    standardize: bool = True,
    n_components: int | None = None,
) -> Dataset:
    """Read a two-class data set from a CSV file with a header row.

    The file is UTF-8 text; cells are separated by comma, semicolon or tab; every column but the
    label holds finite numbers with a decimal point. Blank lines are skipped. Nothing is evaluated.

    path: the file, or an open file (text or binary) such as io.BytesIO(upload).
    label: name of the column with the two classes, strings or numbers.
    positive: the value of the label that becomes +1; by default the larger number, or the last in
        alphabetical order.
    ignore: names of columns to leave out, such as identifiers and remarks.
    delimiter: the separator; by default the one of the three that splits the header.
    standardize: columns to mean 0 and variance 1, constant ones dropped, before the rows are scaled
        to unit norm; False only scales the rows.
    n_components: keep that many principal components of the columns, for kernels of lower input
        dimension; None keeps all columns.
    Raises ValueError that names line and column, what was expected and what stands there.
    """
    text, source = _read_text(path)
    header, rows = _read_table(text, delimiter, source)
    ignore = [ignore] if isinstance(ignore, str) else list(ignore)
    features = _feature_names(header.cells, label, ignore, source)
    positions = [(header.cells.index(name), name) for name in features]
    x = np.array(
        [[to_number(row.cells[i], source, row.line, name) for i, name in positions] for row in rows]
    )
    y, classes = _labels(rows, header.cells.index(label), label, positive, source)
    done = []
    if standardize and features:
        x, kept, dropped = standardize_columns(x, features)
        if dropped:
            done.append(f"constant columns dropped ({listed(dropped)})")
        done.append("other columns standardised" if dropped else "columns standardised")
        features = list(kept)
    if len(features) < 2:
        raise ValueError(
            f"{source}: expected at least two numeric columns that vary; got "
            f"{listed(features) or 'none'}. Constant columns are dropped, and a single number "
            "has only the directions −1 and +1."
        )
    if n_components is not None:
        x, components, share = principal_components(x, n_components)
        features = list(components)
        done.append(share)
    if not x.any(axis=1).all():
        line = rows[int(np.argmin(x.any(axis=1)))].line
        what = "equals the mean of all rows" if standardize else "is zero"
        raise ValueError(
            f"{source}, line {line}: this row {what}, so it has no direction to scale to unit "
            "norm. Remove it."
        )
    done.append("rows scaled to unit norm")
    left_out = f", left out: {listed(ignore)}" if ignore else ""
    x = normalize(x)
    return Dataset(
        x,
        y,
        tuple(features),
        f"Your table {source.removeprefix('`path` ')}: {shortened(label)} = {classes[0]} is −1, "
        f"{classes[1]} is +1{left_out}; {', '.join(done)}{describe_repeats(x)}.",
    )


def _feature_names(names: list[str], label: str, ignore: list[str], source: str) -> list[str]:
    """The columns that are neither the label nor left out."""
    for name in [label, *ignore]:
        if name not in names:
            raise ValueError(
                f"`{'label' if name == label else 'ignore'}` must name a column of the table; got "
                f"{shown(name)}, the columns are {listed(names)}."
            )
    return [name for name in names if name != label and name not in ignore]


def _read_text(path) -> tuple[str, str]:
    """The text of a file or open file, and how error messages call it."""
    if hasattr(path, "read"):
        content, name = path.read(), getattr(path, "name", "uploaded table")
    elif isinstance(path, (str, PathLike)):
        try:
            content, name = Path(path).read_bytes(), path
        except OSError as error:
            raise ValueError(
                f"`path` must be a readable file; {path} is not ({error.strerror}). "
                "Check the name and the folder."
            ) from error
    else:
        raise ValueError(
            f"`path` must be a file name or an open file; got {type(path).__name__}. "
            "Wrap bytes in io.BytesIO."
        )
    source = f"`path` ({Path(str(name)).name})"
    if isinstance(content, bytes):
        return decode(content, source), source
    return content.removeprefix("\ufeff"), source


def _read_table(text: str, delimiter: str | None, source: str) -> tuple[Record, list[Record]]:
    """The header and the rows, all of the same width."""
    if delimiter is None:
        first_line = next((line for line in text.splitlines() if line.strip()), "")
        delimiter = max(_DELIMITERS, key=re.sub('"[^"]*"', "", first_line).count)
    elif not isinstance(delimiter, str) or len(delimiter) != 1 or delimiter in '\r\n "':
        raise ValueError(
            f"`delimiter` must be one character such as ',', ';' or a tab; got {delimiter!r}."
        )
    records = read_records(text, delimiter, source)
    if not records:
        raise ValueError(f"{source}: expected a header row and rows of numbers; the file is empty.")
    header, *rows = records
    if len(header.cells) == 1:
        name = _DELIMITERS.get(delimiter, repr(delimiter))
        raise ValueError(
            f"{source}, line {header.line}: expected column names separated by comma, semicolon or "
            f"tab; split at {name} there is only one, {shown(header.cells[0])}. Pass `delimiter`."
        )
    if all(map(is_number, header.cells)):
        raise ValueError(
            f"{source}, line {header.line}: expected a header row with column names; got only "
            "numbers. Add a first line with names."
        )
    for position, cell in enumerate(header.cells):
        where = f"{source}, line {header.line}, column {position + 1}"
        if not cell:
            raise ValueError(
                f"{where}: expected a column name; the cell is empty. Name the column."
            )
        if cell in header.cells[:position]:
            raise ValueError(f"{where}: the name {shown(cell)} occurs twice. Rename one of them.")
    if not rows:
        raise ValueError(f"{source}: expected rows of numbers below the header; there are none.")
    for row in rows:
        check_width(row, header.cells, source)
    return header, rows


def _labels(rows, position: int, label: str, positive, source: str) -> tuple[np.ndarray, tuple]:
    """Labels −1 and +1, and the values (as written) that they stand for."""
    first_line: dict = {}
    numeric = all(is_number(row.cells[position]) for row in rows)
    values = []
    for row in rows:
        cell = row.cells[position]
        if not cell:
            raise ValueError(
                f"{source}, line {row.line}, column {shown(label)}: expected a label; the cell is "
                "empty. Fill it or remove the row."
            )
        values.append(float(cell) if numeric else cell)
        first_line.setdefault(values[-1], row.line)
        if len(first_line) > 2:
            raise ValueError(
                f"{source}, line {row.line}, column {shown(label)}: expected one of two values, "
                f"{' and '.join(_written(v) for v in list(first_line)[:2])}; got {shown(cell)}. "
                "Keep the rows of two classes."
            )
    if len(first_line) < 2:
        raise ValueError(
            f"{source}, column {shown(label)}: expected two values, one for each class; all "
            f"rows have {shown(str(values[0]))}. Add rows of the other class."
        )
    minus, plus = sorted(first_line)
    if positive is not None:
        wanted = float(positive) if numeric and is_number(str(positive)) else str(positive).strip()
        if wanted not in first_line:
            raise ValueError(
                f"`positive` must be one of the two values of {label!r}, {minus!r} and {plus!r}; "
                f"got {positive!r}."
            )
        minus, plus = (minus, plus) if wanted == plus else (plus, minus)
    y = np.where(np.array([value == plus for value in values]), 1.0, -1.0)
    return y, (_written(minus), _written(plus))


def _written(label) -> str:
    return f"{label:g}" if isinstance(label, float) else shortened(label)
