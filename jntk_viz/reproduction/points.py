"""Which data sets the studies use, their rows in a table, and what to say where one is missing."""

import os
from functools import lru_cache

import numpy as np
import pandas as pd

from jntk_viz.datasets import DatasetUnavailable, dataset_available, load_dataset
from jntk_viz.datasets.download import DATA_DIR_VARIABLE
from jntk_viz.datasets.uci import FILES

MAIN = "algerian_forest_fires"  # of the paper's figures
PAPER = (MAIN, "banknote", "sonar")
BUNDLED = ("iris", "wine", "breast_cancer", "digits")
MADE = ("circle", "sphere")
# Columns d0 of each, known without loading it; of breast_cancer 6 principal components are used.
FEATURES = {
    MAIN: 11, "banknote": 4, "sonar": 60, "iris": 4, "wine": 13, "breast_cancer": 6, "digits": 64,
    "circle": 2, "sphere": 4,
}  # fmt: skip
OPTIONS: dict[str, dict] = {"breast_cancer": {"n_components": 6}}
STAND_IN = "iris"  # always there: says something where the paper's data are missing


def select(rows: pd.DataFrame, **wanted) -> pd.DataFrame:
    """Rows in which every named column has the given value; none of an empty table."""
    if rows.empty:
        return rows
    return rows[np.logical_and.reduce([rows[name] == value for name, value in wanted.items()])]


def unavailable(name: str) -> str:
    """Why a data set cannot be had here and what to do about it; empty where it can.

    A download is tried once for each process and folder named, not by every task.
    """
    if dataset_available(name):
        return ""
    return _try_download(name, os.environ.get(DATA_DIR_VARIABLE))


@lru_cache
def _try_download(name, _folder):
    try:
        load_dataset(name)
    except DatasetUnavailable:
        file = FILES[name]
        # No path of this machine: the sentence travels in tables and reports.
        return (
            f"{file.file} is not there and could not be downloaded; get it from {file.page} and "
            f"name its folder in {DATA_DIR_VARIABLE}"
        )
    return ""


def missing(table, names=PAPER) -> str:
    """What the rows of a study say about data sets that could not be had, in one sentence."""
    if "note" not in table:
        return ""
    told = table.loc[table.dataset.isin(names), "note"].dropna()
    return "; ".join(dict.fromkeys(note for note in told if note))
