"""The numbers behind a picture as CSV."""

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from jntk_viz.datasets.tables import is_number


def csv_text(data: Mapping[str, Any], *, title: str = "", settings: Mapping[str, Any] = {}) -> str:
    """Arrays as columns under their names; titles, settings and single numbers as # comments.

    A vector is one column. Of an array with more axes the first runs down the rows, the others give
    one column each: `errors[3]`, `covariance[0][3][1]`. Shorter columns end in empty cells; NaN is
    written as nan.

    - `data`: a view's keyword arguments: arrays, numbers, words, and tuples, dicts and named tuples
      of these. What is None is left out.
    """
    singles: dict[str, Any] = {}
    columns: dict[str, np.ndarray] = {}
    for name, value in data.items():
        for key, part in _parts(name, value):
            if np.ndim(part) == 0:
                singles[key] = part
            else:
                columns |= _columns(key, np.asarray(part))
    text = io.StringIO()
    said = {"picture": title} if title else {}
    for key, value in {**said, **settings, **singles}.items():
        text.write(f"# {key} = {' '.join(str(value).split())}\n")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    length = max((len(column) for column in columns.values()), default=0)
    for i in range(length):
        writer.writerow([_cell(column, i) for column in columns.values()])
    return text.getvalue()


def _parts(name: str, value) -> Iterator[tuple[str, Any]]:
    """Arrays and single values in nested arguments, with the path to each as its name."""
    if value is None:
        return
    if isinstance(value, tuple) and (fields := getattr(value, "_fields", ())):
        value = dict(zip(fields, value, strict=True))
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from _parts(f"{name}.{key}", part)
    elif isinstance(value, list | tuple) and not _is_column(value):
        for i, part in enumerate(value):
            yield from _parts(f"{name}[{i}]", part)
    elif hasattr(value, "__array__") or isinstance(value, list | tuple | str | int | float):
        yield name, value


def _is_column(values) -> bool:
    """Does a list hold nothing but numbers and words?"""
    return all(isinstance(v, str | int | float | np.generic) for v in values)


def _columns(name: str, array: np.ndarray) -> dict[str, np.ndarray]:
    if array.ndim == 1:
        return {name: array}
    indices = np.ndindex(*array.shape[1:])
    return {name + "".join(f"[{i}]" for i in at): array[(slice(None), *at)] for at in indices}


def _cell(column: np.ndarray, i: int) -> str:
    if i >= len(column):
        return ""
    value = column[i]
    if isinstance(value, np.floating):
        return repr(float(value))
    text = str(value)
    # A spreadsheet would take such words for a formula and run it.
    return f"'{text}" if text.startswith(_FORMULA) and not is_number(text) else text


_FORMULA = ("=", "+", "-", "@", "\t", "\r")
