"""Study 3: how far the JNTK of a finite network is from its limit during robust training."""

from functools import lru_cache
from typing import Any, NamedTuple

import jax
import numpy as np
import pandas as pd

from jntk_viz.activations import get_activation
from jntk_viz.finite import finite_jntk
from jntk_viz.kernels import jntk
from jntk_viz.mlp import MLP
from jntk_viz.pages.jntk_constancy.training import operator_norm
from jntk_viz.reproduction import jntk_drift_charts, jntk_drift_claims
from jntk_viz.reproduction.jntk_drift_claims import PAPER_WIDTH
from jntk_viz.reproduction.points import MAIN, STAND_IN, unavailable
from jntk_viz.reproduction.study import Claim, Column, Row, Scale, Study, Task
from jntk_viz.reproduction.widths import checkpoints, some_points
from jntk_viz.spectrum import SmallestEigenvalue, gram_smallest_eigenvalue
from jntk_viz.training import train

ACTIVATION, LAM, KAPPA, RATE = "gelu", 0.01, 0.1, 1.0  # of the paper's Figure 3


COLUMNS = {
    "dataset": Column("data set"),
    "points": Column("training points N; empty: all rows of the data set"),
    "depth": Column("hidden layers L"),
    "width": Column("neurons d of each hidden layer"),
    "seed": Column("of the weights"),
    "steps": Column("gradient descent steps of learning rate 1; 0: measured at the start only"),
    "step": Column("steps taken when this row was measured"),
    "fit": Column("mean (f - y)²/2 on the training points"),
    "jacobian": Column("mean |J|²/2 on the training points"),
    "to_limit": Column("‖Θ_t - κ²Θ‖, operator norm"),
    "to_limit_frobenius": Column("‖Θ_t - κ²Θ‖, Frobenius norm"),
    "to_limit_max": Column("largest entry of |Θ_t - κ²Θ|"),
    "to_limit_weighted": Column("‖Λ^½(Θ_t - κ²Θ)Λ^½‖, operator norm"),
    "drift": Column("‖Θ_t - Θ_0‖, operator norm: from the network's own start"),
    "smallest": Column("λ_min of κ²Θ on the training points"),
    "noise_floor": Column("n · eps · λ_max: λ_min is not resolved below it"),
    "smallest_weighted": Column("λ_min of κ²Λ^½ΘΛ^½"),
    "noise_floor_weighted": Column("noise floor of smallest_weighted"),
    "note": Column("why nothing was measured, and the remedy; else empty"),
}


class Limit(NamedTuple):
    """What is known without a network: points, labels, Θ and λ_min of Θ and of Θ_λ."""

    x: np.ndarray
    y: np.ndarray
    theta: np.ndarray
    smallest: SmallestEigenvalue
    weighted_smallest: SmallestEigenvalue


class JNTKDrift(Study):
    """Networks of many widths under robust training, their JNTK beside the limit and λ_min."""

    name = "jntk_drift"
    title = "The JNTK during robust training"
    source = "Figure 3, Theorem 4.5"
    question = (
        "Does the JNTK of a wide network stay near its limit while the network is trained, and "
        "near enough for the theorem, that is, nearer than the limit's smallest eigenvalue?"
    )
    columns = COLUMNS

    def tasks(self, scale: Scale) -> list[dict]:
        """Each width once, then again; a few of the paper's width, which need no training."""
        if scale == "tiny":
            sizes = (6, [1], [16, 32], [0, 1], 10)
            return _tasks(MAIN, *sizes) + _tasks(STAND_IN, *sizes)
        if scale == "laptop":
            widths, seeds = [64, 128, 256, 512, 1024], range(5)
            first = _tasks(MAIN, 48, [2], widths, seeds[:1], 300)
            start = _tasks(MAIN, 48, [2], [PAPER_WIDTH], [0, 1], 0)
            again = _tasks(MAIN, 48, [2], widths, seeds[1:], 300)
            return [*first, *start, *_tasks(STAND_IN, 48, [2], widths[:-1], seeds, 300), *again]
        widths = [2**k for k in range(6, 14)]
        seeds, steps = range(10), 10_000
        return [
            *_tasks(MAIN, None, [2, 1, 3], widths, seeds, steps),
            *_tasks(STAND_IN, None, [2], widths, seeds, steps),
        ]

    def cost(self, task: Task) -> float:
        """Training grows with the square of the width, the kernel with the width."""
        relative = task["width"] / 1024
        return 0.02 + 0.25 * relative + relative**2 * task["steps"] / 300

    def run(self, *_: Any, **task: Any) -> list[Row]:
        """One network: a row for each checkpoint."""
        if note := unavailable(task["dataset"]):
            return [{**task, "note": note}]
        return [{**task, **row, "note": ""} for row in measure(**task)]

    def claims(self, table: pd.DataFrame) -> list[Claim]:
        return jntk_drift_claims.claims(table)

    def charts(self, table: pd.DataFrame) -> list:
        return jntk_drift_charts.charts(table)


def _tasks(dataset, points, depths, widths, seeds, steps) -> list[dict]:
    return [
        {
            "dataset": dataset, "points": points, "depth": depth,
            "width": width, "seed": seed, "steps": steps,
        }
        for seed in seeds for depth in depths for width in widths
    ]  # fmt: skip


def measure(*, dataset, points, depth, width, seed, steps) -> list[Row]:
    """Train one network and measure its kernel at each checkpoint."""
    limit = limiting_kernel(dataset, points, depth)
    mlp = MLP(limit.x.shape[1], width, depth, get_activation(ACTIVATION), KAPPA)
    # The generator "rbg" compiles in a third of the time.
    params = mlp.init(jax.random.key(seed, impl="rbg"))
    start = _theta(mlp, params, limit.x)
    if steps == 0:
        return [{"step": 0, **_distances(start, start, limit)}]
    run = train(
        mlp, params, limit.x, limit.y, lam=LAM, learning_rate=RATE, steps=steps,
        record_at=checkpoints(steps), keep_params=True,
    )  # fmt: skip
    return [
        {
            "step": int(step),
            "fit": float(fit),
            "jacobian": float(jacobian),
            **_distances(_theta(mlp, weights, limit.x), start, limit),
        }
        for step, fit, jacobian, weights in zip(
            run.steps, run.fit, run.jacobian, run.checkpoints or [], strict=True
        )
    ]


def _theta(mlp, params, x) -> np.ndarray:
    return np.asarray(finite_jntk(mlp, params, x), dtype=np.float64)


@lru_cache(maxsize=4)
def limiting_kernel(dataset: str, points: int | None, depth: int) -> Limit:
    """The same for all networks of a depth."""
    data, _ = some_points(dataset, points)
    theta = jntk(data.x, depth=depth, activation=ACTIVATION, kappa=KAPPA)
    weighted = gram_smallest_eigenvalue(_weighted(theta))
    return Limit(data.x, data.y, theta, gram_smallest_eigenvalue(theta), weighted)


def _weighted(theta):
    """Λ^½ Θ Λ^½."""
    root = np.append(1.0, np.full(theta.shape[1] - 1, LAM**0.5))
    return root[:, None, None] * theta * root


def _distances(theta, start, limit: Limit) -> dict[str, float]:
    known = {
        "smallest": limit.smallest.value,
        "noise_floor": limit.smallest.noise_floor,
        "smallest_weighted": limit.weighted_smallest.value,
        "noise_floor_weighted": limit.weighted_smallest.noise_floor,
    }
    names = ("to_limit", "to_limit_frobenius", "to_limit_max", "to_limit_weighted", "drift")
    if not np.isfinite(theta).all():  # the network has diverged
        return {**dict.fromkeys(names, np.inf), **known}
    difference = theta - limit.theta
    distances = (
        operator_norm(difference),
        float(np.linalg.norm(difference)),
        float(np.abs(difference).max()),
        operator_norm(_weighted(difference)),
        operator_norm(theta - start),
    )
    return {**dict(zip(names, distances, strict=True)), **known}
