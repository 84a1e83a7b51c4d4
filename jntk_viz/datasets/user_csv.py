"""The user's own table: numeric columns and one label column."""

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
from .labels import Labels
from .layout import Table, read_table
from .tables import decode, is_missing, listed, shortened, shown, to_number


def load_csv(
    path,
    *,
    label: str,
    positive=None,
    classes=None,
    ignore=(),
    delimiter: str | None = None,
    header: bool | None = None,
    drop_missing: bool = False,
    standardize: bool = True,
    n_components: int | None = None,
) -> Dataset:
    """Read a data set of two classes, or of all, from a CSV file.

    The file is UTF-8 text; cells are separated by comma, semicolon or tab, whichever splits the
    first row and the others alike; every column but the label holds finite numbers. Decimal commas
    are read where the separator is not the comma and no number has a decimal point. A first line
    `sep=;` counts. Left out are blank lines, a first column without a name that numbers or names
    the rows (as pandas and R write it), and an empty last column; the provenance says so. No other
    row or column is lost unless an option says so. Nothing is evaluated.

    path: the file, or an open file (text or binary) such as io.BytesIO(upload).
    label: name of the column with the classes, strings or numbers. Empty, NA, NaN, null and ?
        are missing values, not classes.
    positive: the value of the label that becomes +1; by default the larger number, or the last in
        alphabetical order.
    classes: for a label of three or more values. Two of them, that of -1 and that of +1: rows of
        the others are left out. Or one, which becomes +1 against all the others. Or "all", for a
        column of labels for each class, in the order of their values: y (n, C), +1 in the column of
        the row's class and -1 in the others. (In a table with a class called "all" it is that one.)
    ignore: names of columns to leave out, such as identifiers and remarks.
    delimiter: the separator, any one character; by default it is found.
    header: False for a file without column names: the columns are then called "column 1",
        "column 2", …; True if the first line holds names though it looks like data. By default it
        holds names, and it is an error if it looks like data.
    drop_missing: True leaves out the rows with a missing value in the label or in a column that is
        used, and the provenance says how many; by default a missing value is an error.
    standardize: columns to mean 0 and variance 1, constant ones dropped, before the rows are scaled
        to unit norm; False only scales the rows.
    n_components: keep that many principal components of the columns, for kernels of lower input
        dimension; None keeps all columns.
    Raises ValueError that names line and column, what was expected, what stands there, the remedy.
    """
    text, source = _read_text(path)
    table = read_table(text, source, delimiter=delimiter, header=header)
    ignore = [ignore] if isinstance(ignore, str) else list(ignore)
    features = _feature_names(table.names, label, ignore, source)
    if drop_missing:
        table = _without_gaps(table, [label, *features], source)
    positions = [(table.names.index(name), name) for name in features]
    x = np.array(
        [
            [to_number(row.cells[i], source, row.line, name) for i, name in positions]
            for row in table.rows
        ]
    )
    y, meaning, class_names = Labels(table, label, source).signs(classes, positive)
    kept_rows = y != 0 if y.ndim == 1 else np.full(len(y), True)
    lines = [table.rows[i].line for i in np.flatnonzero(kept_rows)]
    x, y = x[kept_rows], y[kept_rows]
    done = list(table.remarks)
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
        line = lines[int(np.argmin(x.any(axis=1)))]
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
        f"Your table {source.removeprefix('`path` ')}: {shortened(label)} = {meaning}{left_out}; "
        f"{', '.join(done)}{describe_repeats(x)}.",
        class_names,
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


def rows_with_gaps(table: Table, names: list[str]) -> list[bool]:
    """For each row of a table, whether a value is missing in one of the columns."""
    positions = [table.names.index(name) for name in names]
    return [any(is_missing(row.cells[i]) for i in positions) for row in table.rows]


def _without_gaps(table: Table, names: list[str], source: str) -> Table:
    gaps = rows_with_gaps(table, names)
    if all(gaps):
        raise ValueError(
            f"{source}: expected rows without missing values; every row has one. Name columns that "
            "are mostly empty in `ignore`."
        )
    count = sum(gaps)
    left_out = f"{count} {'row' if count == 1 else 'rows'} with missing values left out"
    rows = [row for row, gap in zip(table.rows, gaps, strict=True) if not gap]
    return Table(table.names, rows, [*table.remarks, *[left_out] * (count > 0)])


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
