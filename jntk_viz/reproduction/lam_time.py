"""Study 5: what λ and the training time t do to the kernel predictor, attacked by a search."""

import numpy as np
import pandas as pd
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from jntk_viz.attacks import accuracy, first_order_margin, pgd_margin, tangent_jacobian
from jntk_viz.datasets import load_dataset, train_test_split
from jntk_viz.dynamics import KernelPredictor, RobustDynamics
from jntk_viz.reproduction import lam_time_claims, lam_time_charts, points
from jntk_viz.reproduction.study import Claim, Column, Row, Study, Task

TIMES = (*(10.0**k for k in range(9)), np.inf)
OPTIONS: dict[str, dict] = {"breast_cancer": {"n_components": 6}, "circle": {"n": 63, "frequency": 2}}
# Training points: N(1+d0) rows have to be diagonalised at each λ.
TRAIN = {
    "algerian_forest_fires": 122, "banknote": 200, "sonar": 30, "iris": 50, "wine": 65,
    "breast_cancer": 100, "digits": 28, "circle": 31, "sphere": 128,
}  # fmt: skip
MOST_TESTED = 200
# Ten steps from two starts found what twenty steps from five did, on every data set tried.
SEARCH = {"steps": 10, "restarts": 1}


class LamTime(Study):
    """Accuracy, robust accuracy and Jacobian of the kernel predictor at every λ and t."""

    name = "lam_time"
    title = "Kernel regression and the (λ, t) map"
    source = "Section 4, Theorem 4.6"
    question = "Does the Jacobian regulariser make the limit robust, and does λ or t decide it?"
    columns = {
        "dataset": Column("data set"),
        "depth": Column("hidden layers L"),
        "activation": Column("activation φ"),
        "seed": Column("seed of the split into training and test points"),
        "lam": Column("weight λ of the Jacobian regulariser; 0 is standard training"),
        "train": Column("training points N"),
        "epsilon": Column("size ε of the attack", "norm of an input"),
        "norm": Column("norm of the attack: l2 or linf"),
        "t": Column("time of the gradient flow; inf is the kernel regressor", "1/learning rate"),
        "part": Column("which half of the test points: validation (to choose λ and t) or test"),
        "points": Column("how many points that half has"),
        "clean": Column("share of them classified correctly"),
        "first_order": Column("share still correct after the worst attack on a linear model of f"),
        "searched": Column("share still correct after the worst attack that projected descent finds"),
        "jacobian": Column("median over them of |J|, tangent to the sphere", "1/norm of an input"),
        "distance": Column("|f − kernel regressor|/|kernel regressor| over them"),
        "train_error": Column("root mean square of f − y on the training points"),
        "train_jacobian": Column("root mean square of |J| on the training points, all of J"),
        "unresolved": Column("eigenvalues of Θ_λ below rounding error, of N(1+d0)"),
        "note": Column("why a data set could not be had; empty otherwise"),
    }  # fmt: skip

    def tasks(self, scale) -> list[Task]:
        if scale == "tiny":
            return [_task("iris", lam, train=16) for lam in (0.0, 0.1)]
        wide = scale == "paper"
        lams = (0.0, *(10.0**k for k in range(-3, 2))) if wide else (0.0, 0.1, 0.01, 1.0)
        seeds = range(20) if wide else range(5)
        names = (points.MAIN, "iris", "banknote", "wine", "breast_cancer", "circle", "digits", "sonar")
        first = [_task(name, lam) for name in names for lam in lams[: None if wide else 3]]
        again = [_task(points.MAIN, lam, seed=seed) for seed in seeds[1:] for lam in lams[:2]]
        small = [
            _task(name, lam, seed=seed)
            for seed in seeds[1:]
            for name in ("iris", "circle")
            for lam in lams[:2]
        ]
        return first + again + small if not wide else self._paper(names, lams, seeds)

    def _paper(self, names, lams, seeds):
        attacks = (("l2", 0.3), ("l2", 0.1), ("linf", 0.1), ("linf", 0.03))
        return [
            _task(name, lam, seed=seed, norm=norm, epsilon=epsilon, depth=depth, train=train)
            for seed in seeds
            for norm, epsilon in attacks
            for depth in (2, 5, 11)
            for name in (*names, "sphere")
            for train in [{"sonar": 104, "digits": 60}.get(name, TRAIN[name])]
            for lam in lams
        ]

    def run(self, *, dataset, depth, activation, seed, lam, train, epsilon, norm) -> list[Row]:
        task = dict(
            dataset=dataset, depth=depth, activation=activation, seed=seed, lam=lam, train=train,
            epsilon=epsilon, norm=norm,
        )  # fmt: skip
        if note := points.unavailable(dataset):
            return [{**task, "note": note}]
        whole = load_dataset(dataset, **OPTIONS.get(dataset, {}))
        learned, held_out = train_test_split(
            whole, test_fraction=1 - train / len(whole.y), seed=seed
        )
        dynamics = RobustDynamics(
            learned.x, learned.y, depth=depth, activation=activation, lam=lam
        )
        regressor = kernel_regressor(dynamics)
        halves = {
            "validation": (held_out.x[:MOST_TESTED:2], held_out.y[:MOST_TESTED:2]),
            "test": (held_out.x[1:MOST_TESTED:2], held_out.y[1:MOST_TESTED:2]),
        }
        limit = {part: regressor(x)[:, 0] if regressor else np.nan for part, (x, _) in halves.items()}
        rows = []
        for t in TIMES:
            predictor = dynamics.predictor(t)
            error = dynamics.linear.train(t) - np.column_stack(
                [learned.y, np.zeros_like(learned.x)]
            )
            shared = {
                **task,
                "t": t,
                "train_error": _rms(error[:, 0]),
                "train_jacobian": _rms(np.linalg.norm(error[:, 1:], axis=1)),
                "unresolved": int(np.sum(dynamics.eigenvalues <= dynamics.linear.noise_floor)),
                "note": "",
            }
            for part, (x, y) in halves.items():
                outputs = predictor(x)
                attack = {"epsilon": epsilon, "norm": norm}
                rows.append(
                    {
                        **shared,
                        "part": part,
                        "points": len(y),
                        "clean": accuracy(y * outputs[:, 0]),
                        "first_order": accuracy(first_order_margin(outputs, x, y, **attack)),
                        "searched": accuracy(
                            pgd_margin(predictor, x, y, **attack, **SEARCH, seed=seed)
                        ),
                        "jacobian": float(
                            np.median(np.linalg.norm(tangent_jacobian(outputs, x), axis=1))
                        ),
                        "distance": _rms(outputs[:, 0] - limit[part]) / _rms(limit[part]),
                    }
                )
        return rows

    def claims(self, table: pd.DataFrame) -> list[Claim]:
        return lam_time_claims.claims(table)

    def charts(self, table: pd.DataFrame) -> list:
        return lam_time_charts.charts(table)


def _task(dataset, lam, *, seed=0, train=None, epsilon=0.3, norm="l2", depth=2) -> Task:
    return {
        "dataset": dataset, "depth": depth, "activation": "gelu", "seed": seed, "lam": lam,
        "train": train or TRAIN[dataset], "epsilon": epsilon, "norm": norm,
    }  # fmt: skip


def kernel_regressor(dynamics: RobustDynamics) -> KernelPredictor | None:
    """Θ(x, X) Θ(X, X)⁻¹ (y, 0), the limit that Theorem 4.6 gives: λ does not occur in it.

    None where Θ(X, X) is not positive definite in float64.
    """
    gram = dynamics.linear.gram
    size = gram.shape[0] * gram.shape[1]
    target = np.zeros(gram.shape[:2])
    target[:, 0] = dynamics.linear.y
    try:
        factor = cho_factor(gram.reshape(size, size), lower=True)
    except LinAlgError:
        return None
    coefficients = cho_solve(factor, target.ravel()).reshape(target.shape)
    return KernelPredictor(dynamics.x, coefficients, **dynamics.kernel)


def _rms(values) -> float:
    return float(np.sqrt(np.mean(np.square(values))))
