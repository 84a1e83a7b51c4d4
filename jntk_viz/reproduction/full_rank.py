"""Study 7: the smallest eigenvalue of JNTK and NTK against depth, and what arithmetic can tell."""

import numpy as np
import pandas as pd

from jntk_viz.activations import ACTIVATIONS
from jntk_viz.architecture import Architecture
from jntk_viz.correlations import correlations
from jntk_viz.datasets import load_dataset
from jntk_viz.datasets.angles import smallest_angle
from jntk_viz.layers import composed_layers
from jntk_viz.pages.full_rank import pair, study
from jntk_viz.pages.full_rank.state import SOURCES
from jntk_viz.reproduction import full_rank_charts, full_rank_claims
from jntk_viz.reproduction.full_rank_claims import FIGURE, PAIR
from jntk_viz.reproduction.points import FEATURES, MAIN, unavailable
from jntk_viz.reproduction.study import Claim, Column, Row, Study, Task
from jntk_viz.spectrum import Spectrum, gram_spectrum

DEEPEST = 12
# About 500 rows N(1+d0) of the other data sets.
POINTS = {
    MAIN: 40, "iris": 100, "wine": 36, "breast_cancer": 72, "digits": 8, "banknote": 100,
    "sonar": 8, "circle": 63, "sphere": 100,
}  # fmt: skip
# As many as the pages allow, which for the three widest are not all there are.
MANY = {
    MAIN: 244, "iris": 100, "wine": 130, "breast_cancer": 300, "digits": 60,
    "banknote": 400, "sonar": 48, "circle": 101, "sphere": 256,
}  # fmt: skip
DRAWN = ("breast_cancer", "digits", "banknote", "sonar")  # those in which MANY is not all
ANGLES = np.geomspace(0.5, 90, 24)  # degrees


_COLUMNS = {
    "dataset": Column("data set, or 'pair' for two points at an angle on the circle"),
    "points": Column("how many points, all different"),
    "seed": Column("seed by which they were drawn"),
    "activation": Column("activation φ, scaled so that E φ(z)² = 1"),
    "shallowest": Column("first depth of the task"),
    "deepest": Column("last depth of the task"),
    "depth": Column("hidden layers L"),
    "kernel": Column("jntk (which ReLU does not have), or ntk: its value–value part"),
    "precision": Column("of the matrix and its eigenvalues; made in float64, then rounded"),
    "rows": Column("of the matrix: N(1+d0), or N for the NTK"),
    "smallest": Column("λ_min as computed, κ = 1"),
    "largest": Column("λ_max, κ = 1"),
    "noise_floor": Column("n · eps · λ_max: below it λ_min cannot be told from rounding"),
    "resolved": Column("whether λ_min is above the noise floor"),
    "angle": Column("smallest angle between the lines through two of the points", "degrees"),
    "null": Column("directions that are null for every network, by symmetry"),
    "note": Column("why a data set could not be had; empty otherwise"),
}


class FullRank(Study):
    """λ_min with its noise floor, for seven activations, all data sets, two precisions."""

    name = "full_rank"
    title = "Full rank: the smallest eigenvalue against depth"
    source = "Figure 6, Assumption 4.4"
    question = "From which depth on is the kernel invertible, and can the computer tell?"
    columns = _COLUMNS

    def tasks(self, scale) -> list[Task]:
        smooth = [name for name, activation in ACTIVATIONS.items() if activation.smooth]
        names = [*study.PAPER, *(name for name in ACTIVATIONS if name not in study.PAPER)]
        if scale == "tiny":
            pairs = [_task(PAIR, "gelu", 2, 1, 1)]
            return pairs + [_task("iris", name, 12, 1, 3) for name in ("gelu", "erf", "relu")]
        figure = [
            _task(MAIN, name, FIGURE, first, last)
            for name, first, last in (
                ("gelu", 10, 11), ("erf", 5, 6), ("gelu", 1, 1), ("erf", 1, 1), ("gelu", 8, 9),
                ("erf", 3, 4), ("gelu", 12, 12), ("erf", 8, 8), ("gelu", 5, 5),
            )
        ]  # fmt: skip
        pairs = [_task(PAIR, name, 2, depth, depth) for depth in (2, 6) for name in smooth[:2]]
        data = list(POINTS)
        if scale == "laptop":
            return figure + pairs + [
                _task(dataset, name, POINTS[dataset], 1, DEEPEST)
                for dataset in data
                for name in names
            ]  # fmt: skip
        pairs = [_task(PAIR, name, 2, d, d) for d in range(1, DEEPEST + 1) for name in smooth]
        return pairs + [
            _task(dataset, name, MANY[dataset], first, first + 3, seed=seed)
            for dataset in data
            for seed in range(3 if dataset in DRAWN else 1)
            for name in names
            for first in (9, 5, 1, 13)
        ]

    def run(self, **task) -> list[Row]:
        return [{**task, **row} for row in measure(**task)]

    def cost(self, task) -> float:
        depths = 1 + task["deepest"] - task["shallowest"]
        features = 2 if task["dataset"] == PAIR else FEATURES[task["dataset"]]
        return depths * (0.02 + 0.25 * (task["points"] * (1 + features) / 1000) ** 3)

    def claims(self, table: pd.DataFrame) -> list[Claim]:
        return full_rank_claims.claims(table)

    def charts(self, table: pd.DataFrame) -> list:
        return full_rank_charts.charts(table)


def _task(dataset, activation, count, shallowest, deepest, seed=0) -> Task:
    return {
        "dataset": dataset, "activation": activation, "points": count, "seed": seed,
        "shallowest": shallowest, "deepest": deepest,
    }  # fmt: skip


def measure(*, dataset, activation, points, seed, shallowest, deepest) -> list[Row]:
    """The rows of one data set and activation: each depth, kernel and precision."""
    depths = range(shallowest, deepest + 1)
    if dataset == PAIR:
        return [
            row
            for depth in depths
            for angle in ANGLES
            for row in _rows(pair.points(angle), activation, depth, float(angle))
        ]
    if note := unavailable(dataset):
        return [{"note": note}]
    x = _inputs(dataset, points, seed)
    angle = float(np.degrees(smallest_angle(x)))
    return [row for depth in depths for row in _rows(x, activation, depth, angle)]


def _inputs(dataset, count, seed) -> np.ndarray:
    if dataset in SOURCES:
        return study.inputs(dataset, count, seed).x
    return study.draw(load_dataset(dataset), count, seed).x


def _rows(x, name, depth, angle) -> list[Row]:
    """JNTK and NTK of one activation and depth, in both precisions."""
    if study.refusal("jntk", name):
        kernels = {"ntk": ntk_values(x, name, depth)}
    else:
        whole = study.gram(x, "jntk", name, depth)
        kernels = {"jntk": whole, "ntk": whole[:, :1, :, :1]}
    return [
        {
            "depth": depth,
            "angle": angle,
            "note": "",
            "kernel": kernel,
            "precision": precision,
            "rows": gram.shape[0] * gram.shape[1],
            "null": len(study.null_directions(x, kernel, name, depth)),
            **_numbers(gram_spectrum(gram.astype(precision))),
        }
        for kernel, gram in kernels.items()
        for precision in ("float64", "float32")
    ]


def _numbers(spectrum: Spectrum) -> Row:
    return {
        "smallest": spectrum.smallest.value,
        "largest": float(spectrum.eigenvalues[-1]),
        "noise_floor": spectrum.noise_floor,
        "resolved": bool(spectrum.smallest.resolved),
    }


def ntk_values(x, activation, depth) -> np.ndarray:
    """The NTK itself, (N, 1, N, 1), which piecewise linear activations have although no JNTK.

    Of the six numbers that the recursion carries only the value is used; the others contain third
    derivatives, and are NaN here.
    """
    scalars = composed_layers(correlations(x, None), Architecture(depth, activation), jntk=True)
    return scalars.value[:, None, :, None]
