"""Where the pages' data come from: named data sets, and tables that visitors upload.

A visitor's table is kept in this process only, under a name that nobody else can guess, until
`forget` is called at the end of the session. No file is written.
"""

import secrets
import threading
from typing import NamedTuple

from jntk_viz.datasets import Dataset, dataset_available, load_dataset
from jntk_viz.datasets.tables import shortened
from jntk_viz.engine.results import OWN, RESULTS


class Kept(NamedTuple):
    """A visitor's table: the file's name, what was read from it, and how (for `load_csv`)."""

    file: str
    dataset: Dataset
    options: dict


# Behind the name of a data set: all its classes. "iris_all" is iris with classes="all".
ALL_CLASSES = "_all"

_own: dict[str, Kept] = {}
_lock = threading.Lock()


class Sources(dict):
    """Data set -> how one study uses it; a visitor's table gets an entry made by `own`.

    - `own`: function (label, dataset) -> entry;  `points`: function (entry, dataset) -> how many
      points the study computes the kernel of.
    - `all_classes`: can the study use tables with a column of labels for each class?
    """

    def __init__(self, entries, *, own, points, all_classes=False):
        super().__init__(entries)
        self.own_entry, self.points, self.all_classes = own, points, all_classes

    def __missing__(self, name):
        mine = table(name)
        return self.own_entry(shortened(mine.file), mine.dataset)


def load(name: str, **options) -> Dataset:
    """`load_dataset`, or a visitor's table by the name that `register` gave."""
    if name.startswith(OWN):
        return table(name).dataset
    return load_dataset(named(name), **_options(name, options))


def named(name: str) -> str:
    """The data set of the library behind a name: "iris" behind "iris" and "iris_all"."""
    return name.removesuffix(ALL_CLASSES)


def _options(name: str, options: dict) -> dict:
    return options | ({"classes": "all"} if name.endswith(ALL_CLASSES) else {})


def loading(name: str, options: dict) -> str:
    """Python by public names that loads what `load` does; a visitor's table from its own file."""
    function = "load_dataset"
    if name.startswith(OWN):
        function, (name, _, options) = "load_csv", table(name)
    else:
        name, options = named(name), _options(name, options)
    arguments = [repr(name), *(f"{key}={value!r}" for key, value in options.items())]
    return f"jv.{function}({', '.join(arguments)})"


def available(name: str) -> bool:
    """Whether a data set is there without the network."""
    return name.startswith(OWN) or dataset_available(named(name))


def menu(sources: Sources, label_of) -> dict[str, str]:
    """Menu entry → data set, saying which of them have to be downloaded first."""
    return {
        label_of(entry) + ("" if dataset_available(named(name)) else " (download)"): name
        for name, entry in sources.items()
    }


def register(file: str, dataset: Dataset, **options) -> str:
    """Keep a visitor's table and return the name by which `load` finds it.

    - `file`: its name;  `options`: how `load_csv` has read it, for the program that is exported.
    """
    name = OWN + secrets.token_hex(16)
    keep(name, Kept(file, dataset, options))
    return name


def keep(name: str, table: Kept) -> None:
    """Make a visitor's table known to this process under its name."""
    with _lock:
        _own[name] = table
    RESULTS.admit(name)


def forget(name: str) -> None:
    """Drop a visitor's table and all that was computed of it, and nothing else."""
    with _lock:
        _own.pop(name, None)
    RESULTS.forget(name)


def known(name: str) -> bool:
    """Is a visitor's table there?"""
    with _lock:
        return name in _own


def table(name: str) -> Kept:
    """A visitor's table. Raises ValueError for one that is not known here, saying why."""
    with _lock:
        if name not in _own:
            raise ValueError(
                f"`data` = {name!r} is a table that was uploaded in another session, or long ago; "
                "tables are kept for one session only. Upload it again, or choose another data set."
            )
        return _own[name]
