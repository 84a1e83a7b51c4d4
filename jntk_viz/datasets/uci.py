"""Three tables of the UCI repository (CC BY 4.0); the project itself holds no copy of them."""

from typing import NamedTuple

import numpy as np

from .dataset import Dataset, standardized_dataset
from .download import UCIFile, obtain
from .layout import read_rows
from .tables import Record, check_width, is_number, to_number

_WEATHER = ("Temperature", "RH", "Ws", "Rain", "FFMC", "DMC", "DC", "ISI", "BUI", "FWI")
_FIRE_HEADER = ["day", "month", "year", *_WEATHER, "Classes"]
_FIRE_LABELS = {"not fire": -1.0, "fire": 1.0, "0": -1.0, "1": 1.0}
_BANKNOTE_NAMES = ("variance", "skewness", "curtosis", "entropy")
_SONAR_NAMES = tuple(f"band {i + 1}" for i in range(60))


class UCITable(NamedTuple):
    """A table as it stands in the file: features, labels, and which rows had to be repaired."""

    x: np.ndarray
    y: np.ndarray
    repaired: np.ndarray


def algerian_forest_fires(
    data_dir=None, download: bool = True, drop_malformed: bool = False
) -> Dataset:
    """Forest fires in two regions of Algeria, June to September 2012, 244×11 (the paper's data).

    Features are the month, four weather readings and six indices of the fire-weather system; day
    and year (always 2012) are left out. No fire is −1, fire +1.

    data_dir: folder with Algerian_forest_fires_dataset_UPDATE.csv, looked into first.
    download: False never touches the network.
    drop_malformed: one row of the file has lost a comma (it reads "14.6 9"). By default the two
        numbers are put apart again; True leaves the row out, and 243 remain.
    """
    table, note = obtain(FILES["algerian_forest_fires"], parse_fires, data_dir, download)
    keep = ~table.repaired if drop_malformed else np.full(len(table.y), True)
    done = "left out" if drop_malformed else "repaired"
    count = int(table.repaired.sum())
    rows = "rows" if count > 1 else "row"
    repaired = f", {count} {rows} with a lost comma {done}" if count else ""
    return standardized_dataset(
        table.x[keep],
        table.y[keep],
        ("month", *_WEATHER),
        f"Algerian forest fires (Abid 2019, UCI 547, CC BY 4.0{note}): not fire is −1, fire +1; "
        f"day and year left out{repaired}",
        ("not fire", "fire"),
    )


def banknote(data_dir=None, download: bool = True) -> Dataset:
    """Banknotes, 1372×4: wavelet statistics of photographs, class 0 (−1) against class 1 (+1).

    UCI does not say which of the two classes is the forged one.

    data_dir: folder with data_banknote_authentication.txt, looked into first.
    download: False never touches the network.
    """
    table, note = obtain(FILES["banknote"], parse_banknote, data_dir, download)
    return standardized_dataset(
        table.x,
        table.y,
        _BANKNOTE_NAMES,
        f"Banknote authentication (Lohweg 2012, UCI 267, CC BY 4.0{note}): class 0 is −1, "
        "class 1 is +1",
        ("class 0", "class 1"),
    )


def sonar(data_dir=None, download: bool = True) -> Dataset:
    """Sonar echoes, 208×60: energy in 60 frequency bands, rock (−1) against metal cylinder (+1).

    data_dir: folder with sonar.all-data, looked into first.
    download: False never touches the network.
    """
    table, note = obtain(FILES["sonar"], parse_sonar, data_dir, download)
    return standardized_dataset(
        table.x,
        table.y,
        _SONAR_NAMES,
        f"Sonar, mines against rocks (Sejnowski and Gorman 1988, UCI 151, CC BY 4.0{note}): rock "
        "is −1, mine (a metal cylinder) +1",
        ("rock", "mine"),
    )


def parse_banknote(text: str, source: str) -> UCITable:
    return _parse_plain(text, source, _BANKNOTE_NAMES, {"0": -1.0, "1": 1.0})


def parse_sonar(text: str, source: str) -> UCITable:
    return _parse_plain(text, source, _SONAR_NAMES, {"R": -1.0, "M": 1.0})


def parse_fires(text: str, source: str) -> UCITable:
    """Two tables, one under the other, each with a title and a header line of its own."""
    x, y, repaired = [], [], []
    header_seen = False
    records, _ = read_rows(text, source)
    for record, below in zip(records, [*records[1:], None], strict=True):
        if record.cells[0] == "day":
            _check_header(record, source)
            header_seen = True
            continue
        if below is not None and below.cells[0] == "day":  # the title of the next table
            continue
        if not header_seen:
            raise ValueError(
                f"{source}, line {record.line}: expected the header 'day,month,year,…' above the "
                f"first row; got {record.cells[0]!r}. Take the file as it comes from UCI."
            )
        whole = _put_apart(record)
        check_width(whole, _FIRE_HEADER, source)
        numbers = [
            to_number(cell, source, record.line, name)
            for cell, name in zip(whole.cells[:-1], _FIRE_HEADER, strict=False)
        ]
        x.append([numbers[1], *numbers[3:]])
        y.append(_label(whole.cells[-1], _FIRE_LABELS, source, record.line, "Classes"))
        repaired.append(whole is not record)
    return _table(x, y, repaired, source)


def _check_header(record: Record, source: str) -> None:
    if record.cells != _FIRE_HEADER:
        raise ValueError(
            f"{source}, line {record.line}: expected the columns {', '.join(_FIRE_HEADER)}; got "
            f"{', '.join(record.cells)}. Take the file as it comes from UCI."
        )


def _put_apart(record: Record) -> Record:
    """Repair a row where one cell holds two numbers because their comma was lost.

    What follows in such a row stands one column too far left, and an empty cell fills it up.
    """
    cells = [cell for cell in record.cells if cell]
    double = [i for i, cell in enumerate(cells) if _two_numbers(cell)]
    if len(cells) != len(_FIRE_HEADER) - 1 or len(double) != 1:
        return record
    i = double[0]
    return Record(record.line, [*cells[:i], *cells[i].split(), *cells[i + 1 :]])


def _two_numbers(cell: str) -> bool:
    parts = cell.split()
    return len(parts) == 2 and all(map(is_number, parts))


def _parse_plain(text: str, source: str, names: tuple[str, ...], labels: dict) -> UCITable:
    """Rows of numbers with the label last and no header."""
    x, y = [], []
    for record in read_rows(text, source)[0]:
        check_width(record, [*names, "class"], source)
        *cells, label = record.cells
        x.append([to_number(c, source, record.line, n) for c, n in zip(cells, names, strict=True)])
        y.append(_label(label, labels, source, record.line, "class"))
    return _table(x, y, [False] * len(y), source)


def _label(cell: str, labels: dict[str, float], source: str, line: int, column: str) -> float:
    if cell not in labels:
        raise ValueError(
            f"{source}, line {line}, column {column!r}: expected one of "
            f"{', '.join(map(repr, labels))}; got {cell!r}. Correct the cell or remove the row."
        )
    return labels[cell]


def _table(x: list, y: list, repaired: list, source: str) -> UCITable:
    if set(y) != {-1.0, 1.0}:
        raise ValueError(
            f"{source}: expected rows of both classes; got {len(y)} rows of {len(set(y))} classes. "
            "Take the whole file from UCI."
        )
    return UCITable(np.array(x), np.array(y), np.array(repaired))


FILES = {
    "algerian_forest_fires": UCIFile(
        name="algerian_forest_fires",
        file="Algerian_forest_fires_dataset_UPDATE.csv",
        location="547/algerian+forest+fires+dataset",
        fingerprint="4bfb4b8c3258b7e7d8a5c96928cca57b1d4507dcea40d5710a05ee8a5f9e3e75",
    ),
    "banknote": UCIFile(
        name="banknote",
        file="data_banknote_authentication.txt",
        location="267/banknote+authentication",
        fingerprint="a410ff15dcec8dcd47edb74e0bfa3162d8d69347e328f4328b00d0abbddb1942",
    ),
    "sonar": UCIFile(
        name="sonar",
        file="sonar.all-data",
        location="151/connectionist+bench+sonar+mines+vs+rocks",
        fingerprint="6cc93c7e96f4dde720a60f1dd2f0cb3a5e4b394a9fc96add5397e38b4dfc78ae",
    ),
}
