"""Labelled data sets on the unit sphere: made, bundled, from UCI, or the user's own CSV."""

import inspect
from collections.abc import Callable
from typing import NamedTuple

from jntk_viz._validation import check_choice

from .bundled import breast_cancer, digits, iris, wine
from .dataset import Dataset, count_coinciding, normalize, train_test_split
from .download import DatasetUnavailable, cache_folder, find_file
from .synthetic import circle, sphere
from .uci import FILES, algerian_forest_fires, banknote, sonar
from .user_csv import load_csv

__all__ = [
    "DATASETS",
    "Dataset",
    "DatasetSource",
    "DatasetUnavailable",
    "cache_folder",
    "count_coinciding",
    "dataset_available",
    "load_csv",
    "load_dataset",
    "normalize",
    "train_test_split",
]


class DatasetSource(NamedTuple):
    """An entry of DATASETS: the function that loads it and a line for menus.

    kind: "made", "bundled" with scikit-learn, "uci" (downloaded once) or "file" (the user's own).
    """

    loader: Callable[..., Dataset]
    kind: str
    description: str

    @property
    def needs_download(self) -> bool:
        return self.kind == "uci"

    @property
    def options(self) -> tuple[str, ...]:
        """Names of the keyword arguments that load_dataset passes on."""
        return tuple(inspect.signature(self.loader).parameters)


DATASETS: dict[str, DatasetSource] = {
    "iris": DatasetSource(iris, "bundled", "Iris: versicolor or virginica, 100×4"),
    "wine": DatasetSource(wine, "bundled", "Wine: cultivar 0 or 1, 130×13"),
    "breast_cancer": DatasetSource(
        breast_cancer, "bundled", "Breast cancer: benign or malignant, 569×30"
    ),
    "digits": DatasetSource(digits, "bundled", "Handwritten digits: 3 or 8, 357×64"),
    "circle": DatasetSource(circle, "made", "Circle: equally spaced points in R²"),
    "sphere": DatasetSource(sphere, "made", "Sphere: 256 evenly covering points in R⁴"),
    "algerian_forest_fires": DatasetSource(
        algerian_forest_fires, "uci", "Algerian forest fires: fire or not, 244×11"
    ),
    "banknote": DatasetSource(banknote, "uci", "Banknotes: class 0 or 1, 1372×4"),
    "sonar": DatasetSource(sonar, "uci", "Sonar: rock or mine, 208×60"),
    "csv": DatasetSource(load_csv, "file", "Your own CSV table"),
}


def load_dataset(name: str, **options) -> Dataset:
    """Load a data set by name: unit rows x, labels y in {−1, +1}, feature names and provenance.

    Two classes by default, y of shape (n,). Iris, wine, digits and tables have more: with
    classes="all" y is (n, C), and `.classes` names the columns.

    name: a key of DATASETS.
    options: keyword arguments of its loader, listed by DATASETS[name].options; for instance
        load_dataset("digits", classes=(4, 9)), load_dataset("iris", classes="all"),
        load_dataset("sonar", data_dir="downloads"),
        load_dataset("csv", path="trees.csv", label="species").
    Raises ValueError for an unknown name or option, and DatasetUnavailable (a ValueError too) with
    the way out if a file can be had neither from a folder, nor the cache, nor the network.
    """
    source = DATASETS[check_choice(name, "name", DATASETS)]
    known = ", ".join(source.options)
    for option in options:
        if option not in source.options:
            raise ValueError(
                f"`{option}` is not an option of the data set {name!r}. Its options: {known}."
            )
    parameters = inspect.signature(source.loader).parameters.values()
    for parameter in parameters:
        if parameter.default is parameter.empty and parameter.name not in options:
            raise ValueError(
                f"`{parameter.name}` must be given for the data set {name!r}. Its options: {known}."
            )
    return source.loader(**options)


def dataset_available(name: str, data_dir=None) -> bool:
    """Whether a data set can be loaded without the network: made, bundled, in a folder or cached.

    data_dir: folder to look into, by default the one in the environment variable JNTK_VIZ_DATA.
    The user's own file, "csv", is never there by itself.
    """
    source = DATASETS[check_choice(name, "name", DATASETS)]
    if source.kind != "uci":
        return source.kind != "file"
    try:
        return find_file(FILES[name], data_dir) is not None
    except DatasetUnavailable:  # the folder named is not a folder
        return False
