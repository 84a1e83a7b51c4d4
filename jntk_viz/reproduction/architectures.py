"""Beyond the paper's network: skips and biases, and what they change on each data set."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from jntk_viz.datasets import Dataset, load_dataset, normalize, train_test_split
from jntk_viz.datasets.dataset import principal_components
from jntk_viz.finite import finite_jacobian_nngp, finite_jntk
from jntk_viz.kernels import jacobian_nngp, jntk
from jntk_viz.mlp import MLP
from jntk_viz.pages.depth.state import Network
from jntk_viz.pages.depth.training import judged
from jntk_viz.reproduction import architectures_charts, architectures_claims
from jntk_viz.reproduction import initialisation as shared
from jntk_viz.reproduction.points import BUNDLED, MAIN, PAPER, unavailable
from jntk_viz.reproduction.study import Chart, Claim, Column, Row, Scale, Study, Task
from jntk_viz.spectrum import gram_spectrum

# σ_w, σ_b and α of each. The plain network is the paper's; each other one changes one thing or two.
ARCHITECTURES: dict[str, tuple[float, float, float | None]] = {
    "plain": (1.0, 0.0, None),
    "residual": (1.0, 0.0, 0.5),
    "biases": (1.0, 0.5, None),
    "biases, residual": (1.0, 0.5, 0.5),
}
COMPONENTS = 6  # at most so many principal components of a data set, so that kernels stay small
EPSILON = 0.3  # of the attack
LAMS = (0.01, 0.1, 1.0)  # robust training chooses among them
FEW = 8  # points on which the kernels of finite networks are compared with the limit
COLUMNS = {
    "dataset": Column("data set; of more than 6 columns 6 principal components, of norm 1 again"),
    "architecture": Column(
        'the paper\'s network is "plain"; "residual" has skips with α = 0.5, "biases" σ_b = 0.5'
    ),
    "activation": Column("activation φ, scaled to E φ(z)² = 1"),
    "depth": Column("number L of hidden layers", "layers"),
    "seed": Column("of the points drawn and their parts to train on, choose by and test on"),
    "points": Column("points drawn: each is tested once, half are trained on; 0: no training"),
    "width": Column("neurons of each hidden layer; 0: the limit of infinite width", "neurons"),
    "repeats": Column("how many networks of this width are drawn", "networks"),
    "repeat": Column("seed of the weights"),
    "smallest": Column("λ_min of the JNTK on the points drawn, equal ones taken once"),
    "noise_floor": Column("n · eps · λ_max, below which an eigenvalue is rounding error"),
    **{
        f"{quantity}_{training}": Column(f"{meaning}, {words}", unit)
        for training, words in (("standard", "λ = 0"), ("robust", "λ > 0 chosen by validation"))
        for quantity, meaning, unit in (
            ("best", "robust accuracy, stopped at the time chosen on validation points", ""),
            ("end", "robust accuracy at t = ∞", ""),
            ("clean", "accuracy, stopped at the same time", ""),
            ("steps", "geometric mean of the times chosen", "N/e_max"),
        )
    },
    **{
        f"{kernel}_error": Column(f"Frobenius norm of ({name} − limit) over that of the limit")
        for kernel, name in (
            ("nngp", "the covariance that one network's hidden layers leave to (f, J)"),
            ("jntk", "one network's JNTK"),
        )
    },
    "note": Column("why nothing was measured, and the remedy; else empty"),
}


class Architectures(Study):
    """λ_min, robust training and rates of convergence of four architectures."""

    name = "architectures"
    title = "Other architectures: skips and biases"
    source = "open question of the paper's conclusion; ours"
    question = (
        "Does what the paper finds for plain networks hold with residual links and biases: a "
        "positive λ_min, convergence in the width, and what robust training is worth?"
    )
    columns = COLUMNS

    def tasks(self, scale: Scale) -> list[Task]:
        """A split of every data set first, then networks, then further splits."""
        names = (MAIN, *BUNDLED, *PAPER[1:])
        if scale == "tiny":
            return [
                task
                for name in list(ARCHITECTURES)[:2]
                for task in (
                    _task("iris", name, "erf", 1, points=24),
                    *(_task("iris", name, "erf", 1, width=d, repeats=2) for d in (8, 16, 32)),
                )
            ]
        activations, depths, points, seeds, widths, repeats = {
            "laptop": (("gelu",), (2, 8), 80, 3, (64, 256, 1024), 10),
            "paper": (("gelu", "erf"), (1, 2, 4, 8, 16), 160, 10, (64, 256, 1024, 4096), 40),
        }[scale]
        cases = [
            (name, architecture, activation, depth)
            for activation in activations
            for depth in depths
            for name in names
            for architecture in ARCHITECTURES
        ]
        trained = [
            [_task(*case, points=points, seed=seed) for case in cases] for seed in range(seeds)
        ]
        drawn = [_task(*case, width=width, repeats=repeats) for width in widths for case in cases]
        return [*trained[0], *drawn, *(task for more in trained[1:] for task in more)]

    def cost(self, task: Task) -> float:
        """Eigenvalues and attacks, or networks and their compilation."""
        if task["points"]:
            return (task["points"] / 80) ** 3
        return 0.3 + 0.05 * task["repeats"] * task["depth"] / 8 * (task["width"] / 1024) ** 2

    def run(self, *_, **task) -> list[Row]:
        if note := unavailable(task["dataset"]):
            return [{**task, "note": note}]
        rows = trained_rows(**task) if task["points"] else width_rows(**task)
        return [{**task, **row, "note": ""} for row in rows]

    def claims(self, table: pd.DataFrame) -> list[Claim]:
        return architectures_claims.claims(table)

    def charts(self, table: pd.DataFrame) -> Sequence[Chart]:
        return architectures_charts.charts(table)


def _task(
    dataset, architecture, activation, depth, *, points=0, seed=0, width=0, repeats=0
) -> Task:
    return {
        "dataset": dataset, "architecture": architecture, "activation": activation, "depth": depth,
        "points": points, "seed": seed, "width": width, "repeats": repeats,
    }  # fmt: skip


def network_of(architecture: str, activation: str) -> Network:
    """The settings of one of ARCHITECTURES."""
    return Network(activation, *ARCHITECTURES[architecture])


def drawn_points(name: str, count: int, seed: int) -> Dataset:
    """At most `count` points of a data set, classes in equal shares, in few coordinates."""
    dataset = load_dataset(name)
    if dataset.x.shape[1] > COMPONENTS:
        scores, names, _ = principal_components(dataset.x, COMPONENTS)
        dataset = dataset._replace(x=normalize(scores), names=names)
    if count >= len(dataset.y):
        return dataset
    return train_test_split(dataset, test_fraction=1 - count / len(dataset.y), seed=seed)[0]


def trained_rows(*, dataset, architecture, activation, depth, points, seed, **_) -> list[Row]:
    """One row: the ends of the spectrum, and training with and without λ."""
    network, data = network_of(architecture, activation), drawn_points(dataset, points, seed)
    whole = jntk(data.x, depth=depth, **network._asdict())
    different = np.unique(data.x, axis=0, return_index=True)[1]
    smallest = gram_spectrum(whole[different][:, :, different]).smallest
    row = {"smallest": smallest.value, "noise_floor": smallest.noise_floor}
    for training, lams in {"standard": (0.0,), "robust": LAMS}.items():
        found = judged(data, whole, network, depth, lams, EPSILON, seed)
        for quantity in ("best", "end", "clean"):
            row[f"{quantity}_{training}"] = float(np.mean(getattr(found, quantity)))
        row[f"steps_{training}"] = found.steps
    return [row]


def width_rows(*, dataset, architecture, activation, depth, width, repeats, **_) -> list[Row]:
    """The errors of both kernels of single networks, one row for each."""
    network, x = network_of(architecture, activation), drawn_points(dataset, FEW, 0).x
    mlp = MLP(x.shape[1], width, depth, **network._asdict())
    keywords = {"depth": depth, **network._asdict()}
    limits = {"nngp": jacobian_nngp(x, **keywords), "jntk": jntk(x, **keywords)}

    def errors(key):
        found = {
            "nngp": finite_jacobian_nngp(mlp, key, x, n_networks=1),
            "jntk": finite_jntk(mlp, mlp.init(key), x),
        }
        return {
            f"{kernel}_error": shared.errors(found[kernel], limits[kernel])["frobenius_error"]
            for kernel in limits
        }

    return [{"repeat": i, **errors(shared.key_of(i, depth, width))} for i in range(repeats)]
