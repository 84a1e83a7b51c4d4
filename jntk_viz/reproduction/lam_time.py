"""Study 5: what λ and the training time t do to the kernel predictor, attacked by a search."""

import numpy as np
import pandas as pd
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from jntk_viz.activations import get_activation
from jntk_viz.attacks import accuracy, first_order_margin, pgd_margin, tangent_jacobian
from jntk_viz.datasets import load_dataset, train_test_split
from jntk_viz.dynamics import KernelPredictor, LinearDynamics
from jntk_viz.kernels import jntk
from jntk_viz.reproduction import lam_time_charts, lam_time_claims, points
from jntk_viz.reproduction.study import Claim, Column, Row, Study, Task

TIMES = (*(digit * 10.0**k for k in range(4) for digit in (1, 3)), 1e4, 1e5, 1e6, 1e8, np.inf)
SPLITS = range(5)
OPTIONS = points.OPTIONS | {"circle": {"n": 63, "frequency": 2}}
# Training points: N(1+d0) rows have to be diagonalised at each λ.
TRAIN = {
    points.MAIN: 122, "iris": 50, "banknote": 200, "wine": 65, "breast_cancer": 100, "circle": 31,
    "digits": 28, "sonar": 30, "sphere": 128,
}  # fmt: skip
LARGER = {"sonar": 104, "digits": 60}  # at the scale of the paper
MOST_TESTED = 200
# Ten steps from two starts left what twenty from five did, at 18 pairs (λ, t) of the Algerian data.
SEARCH = {"steps": 10, "restarts": 1}


_COLUMNS = {
    "dataset": Column("data set"),
    "depth": Column("hidden layers L"),
    "activation": Column("activation φ"),
    "seed": Column("seed of the split into training and test points"),
    "lam": Column("weight λ of the Jacobian regulariser; 0 is standard training"),
    "train": Column("training points N"),
    "epsilon": Column("size ε of the attack", "norm of an input"),
    "norm": Column("norm of the attack: l2 or linf"),
    "t": Column("time of the gradient flow; inf is the kernel regressor", "1/learning rate"),
    "part": Column("half of the points not trained on: validation (chooses λ and t) or test"),
    "points": Column("how many points that half has"),
    "clean": Column("share of them classified correctly"),
    "first_order": Column("share still correct after the worst attack on a linear model of f"),
    "searched": Column("share still correct after the worst attack found by projected descent"),
    "jacobian": Column("median over them of |J|, tangent to the sphere", "1/norm of an input"),
    "distance": Column("|f − kernel regressor|/|kernel regressor| over them"),
    "train_error": Column("root mean square of f − y on the training points"),
    "train_jacobian": Column("root mean square of |J| on the training points, all of J"),
    "unresolved": Column("eigenvalues of Θ_λ below rounding error, of N(1+d0)"),
    "note": Column("why a data set could not be had; empty otherwise"),
}  # fmt: skip


class LamTime(Study):
    """Accuracy, robust accuracy and Jacobian of the kernel predictor at every λ and t."""

    name = "lam_time"
    title = "Kernel regression and the (λ, t) map"
    source = "Section 4, Theorem 4.6"
    question = (
        "What makes the predictor robust, the Jacobian regulariser (λ) or early stopping (t)? Each "
        "with and without the other."
    )
    columns = _COLUMNS
    version = 2  # times between the powers of ten

    def tasks(self, scale) -> list[Task]:
        names = [name for name in TRAIN if name != "sphere"]
        if scale == "tiny":
            return [_task("iris", lam, train=16) for lam in (0.0, 0.1)]
        if scale == "laptop":
            pair, others = (0.0, 0.1), (0.01, 1.0)
            return [
                *(_task(name, lam, seed=seed) for seed in SPLITS for name in names for lam in pair),
                *(_task(points.MAIN, lam, seed=seed) for seed in SPLITS for lam in others),
                *(_task(name, 0.01) for name in names if name != points.MAIN),
            ]
        changes: list[dict] = [{"norm": "l2", "epsilon": 0.1}, {"norm": "linf", "epsilon": 0.1},
                  {"norm": "linf", "epsilon": 0.03}, {"depth": 5}, {"depth": 11}]  # fmt: skip
        return [
            _task(name, lam, seed=seed, train=LARGER.get(name), **change)
            for change in ({}, *changes)
            for seed in range(5)
            for name in TRAIN
            for lam in (0.0, *(10.0**k for k in range(-3, 2)))
        ]

    def run(self, **task) -> list[Row]:
        return [{**task, **row} for row in measure(**task)]

    def cost(self, task) -> float:
        rows = task["train"] * (1 + points.FEATURES[task["dataset"]] * (task["lam"] > 0))
        return 0.5 + (rows / 1000) ** 3

    def claims(self, table: pd.DataFrame) -> list[Claim]:
        return lam_time_claims.claims(table)

    def charts(self, table: pd.DataFrame) -> list:
        return lam_time_charts.charts(table)


def _task(dataset, lam, *, seed=0, train=None, epsilon=0.3, norm="l2", depth=2) -> Task:
    return {
        "dataset": dataset, "depth": depth, "activation": "gelu", "seed": seed, "lam": lam,
        "train": train or TRAIN[dataset], "epsilon": epsilon, "norm": norm,
    }  # fmt: skip


def measure(*, dataset, depth, activation, seed, lam, train, epsilon, norm) -> list[Row]:
    """The rows of one split and λ: every time, both halves of the test points."""
    if note := points.unavailable(dataset):
        return [{"note": note}]
    whole = load_dataset(dataset, **OPTIONS.get(dataset, {}))
    learned, held_out = train_test_split(whole, test_fraction=1 - train / len(whole.y), seed=seed)
    kernel = {"depth": depth, "activation": get_activation(activation)}
    dynamics = LinearDynamics(jntk(learned.x, **kernel), learned.y, lam=lam)

    def predictor(coefficients):
        return KernelPredictor(learned.x, coefficients, kappa=1.0, **kernel)

    halves = {
        part: (held_out.x[first:MOST_TESTED:2], held_out.y[first:MOST_TESTED:2])
        for part, first in (("validation", 0), ("test", 1))
    }
    limit, wanted = regressor_coefficients(dynamics), {}
    if limit is not None:
        wanted = {part: predictor(limit)(x)[:, 0] for part, (x, _) in halves.items()}
    target = np.column_stack([learned.y, np.zeros_like(learned.x)])
    rows = []
    for t in TIMES:
        f, error = predictor(dynamics.coefficients(t)), dynamics.train(t) - target
        shared = {
            "t": t,
            "train_error": _rms(error[:, 0]),
            "train_jacobian": _rms(np.linalg.norm(error[:, 1:], axis=1)),
            "unresolved": int(np.sum(dynamics.eigenvalues <= dynamics.noise_floor)),
            "note": "",
        }
        for part, (x, y) in halves.items():
            outputs, distance = f(x), np.nan
            found = attacked(f, outputs, x, y, epsilon=epsilon, norm=norm, seed=seed)
            if limit is not None:
                distance = _rms(outputs[:, 0] - wanted[part]) / _rms(wanted[part])
            rows.append({**shared, "part": part, **found, "distance": distance})
    return rows


def attacked(predictor, outputs, x, y, *, epsilon, norm, seed) -> Row:
    """Accuracy of a predictor x -> (f, J), whose `outputs` at `x` are known, and under attack."""
    attack = {"epsilon": epsilon, "norm": norm}
    return {
        "points": len(y),
        "clean": accuracy(y * outputs[:, 0]),
        "first_order": accuracy(first_order_margin(outputs, x, y, **attack)),
        "searched": accuracy(pgd_margin(predictor, x, y, **attack, **SEARCH, seed=seed)),
        "jacobian": float(np.median(np.linalg.norm(tangent_jacobian(outputs, x), axis=1))),
    }


def regressor_coefficients(dynamics: LinearDynamics) -> np.ndarray | None:
    """Θ(X, X)⁻¹ (y, 0), (N, 1+d0): the limit that Theorem 4.6 gives, in which λ does not occur.

    None where Θ(X, X) is not positive definite in float64.
    """
    size = dynamics.n * dynamics.block
    target = np.zeros((dynamics.n, dynamics.block))
    target[:, 0] = dynamics.y
    try:
        factor = cho_factor(dynamics.gram.reshape(size, size), lower=True)
    except LinAlgError:
        return None
    return cho_solve(factor, target.ravel()).reshape(target.shape)


def _rms(values) -> float:
    return float(np.sqrt(np.mean(np.square(values))))
