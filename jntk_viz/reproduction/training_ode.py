"""Study 4: outputs and Jacobians of trained networks beside the linear equation of the limit."""

from functools import lru_cache
from typing import NamedTuple

import jax
import numpy as np
import pandas as pd

from jntk_viz.dynamics import LinearDynamics, RobustDynamics
from jntk_viz.kernels import jntk
from jntk_viz.mlp import MLP
from jntk_viz.reproduction import training_ode_charts, training_ode_claims
from jntk_viz.reproduction.points import MAIN, STAND_IN, unavailable
from jntk_viz.reproduction.study import Chart, Claim, Column, Row, Scale, Study
from jntk_viz.reproduction.widths import checkpoints, some_points
from jntk_viz.training import output_loss_parts, train

ACTIVATION, LAM = "gelu", 0.01
PROGRESS = 0.01  # κ² times the learning rate: the same linear equation whatever κ is
COLUMNS = {
    "dataset": Column("data set"),
    "points": Column("training points N; as many others are tested"),
    "depth": Column("hidden layers L"),
    "kappa": Column("output scale κ; the learning rate is 0.01/κ²"),
    "width": Column("neurons d of each hidden layer"),
    "seed": Column("of the weights"),
    "steps": Column("gradient descent steps"),
    "step": Column("steps taken when this row was measured"),
    "output_train": Column("root mean square of f - f^ODE, training points", "label"),
    "output_test": Column("root mean square of f - f^ODE, test points", "label"),
    "jacobian_train": Column("root mean square of |J - J^ODE|, training points", "label/norm of x"),
    "jacobian_test": Column("root mean square of |J - J^ODE|, test points", "label/norm of x"),
    "loss": Column("1/(2N) Σ (f - y)² + λ|J|² of the network"),
    "ode_loss": Column("the same of the linear equation"),
    "note": Column("why nothing was measured, and the remedy; else empty"),
}


class Setting(NamedTuple):
    """What all networks of a depth and κ share; cross_gram is Θ between test and training."""

    x: np.ndarray
    y: np.ndarray
    x_test: np.ndarray
    linear: LinearDynamics
    cross_gram: np.ndarray


class TrainingODE(Study):
    """Each network's gradient descent beside the closed-form descent from its own start."""

    name = "training_ode"
    title = "Training against the linear equation"
    source = "Theorem 4.5 and after"
    question = (
        "Do the outputs and Jacobians of a wide network follow the closed-form solution of the "
        "infinite-width limit while it is trained, at training and at test points, and how fast "
        "does the difference fall with the width?"
    )
    columns = COLUMNS

    def tasks(self, scale: Scale) -> list[dict]:
        """Each width once, the paper's κ first, then again with other weights."""
        if scale == "tiny":
            sizes = (6, [1], [0.1], [16, 32], [0, 1], 10)
            return _tasks(MAIN, *sizes) + _tasks(STAND_IN, *sizes)
        if scale == "laptop":
            widths, seeds = [64, 128, 256, 512, 1024], range(5)
            return [
                *_tasks(MAIN, 24, [2], [0.1, 1.0], widths, seeds[:1], 300),
                *_tasks(STAND_IN, 24, [2], [0.1, 1.0], widths[:-1], seeds, 300),
                *_tasks(MAIN, 24, [2], [0.1, 1.0], widths, seeds[1:], 300),
            ]
        widths, seeds, steps = [2**k for k in range(6, 14)], range(10), 10_000
        return [
            *_tasks(MAIN, 122, [2, 1, 3], [0.1, 1.0], widths, seeds, steps),
            *_tasks(STAND_IN, 50, [2], [0.1, 1.0], widths, seeds, steps),
        ]

    def run(self, *, dataset, points, depth, kappa, width, seed, steps) -> list[Row]:
        """One network: a row for each checkpoint."""
        task = {
            "dataset": dataset, "points": points, "depth": depth, "kappa": kappa,
            "width": width, "seed": seed, "steps": steps,
        }  # fmt: skip
        if note := unavailable(dataset):
            return [{**task, "note": note}]
        setting, eta = shared_setting(dataset, points, depth, kappa), PROGRESS / kappa**2
        mlp = MLP(setting.x.shape[1], width, depth, ACTIVATION, kappa)
        # The generator "rbg" compiles in a third of the time.
        params = mlp.init(jax.random.key(seed, impl="rbg"))
        run = train(
            mlp, params, setting.x, setting.y, lam=LAM, learning_rate=eta, steps=steps,
            record_at=checkpoints(steps), x_eval=setting.x_test,
        )  # fmt: skip
        start, start_test = (
            np.asarray(run.outputs[0], float),
            np.asarray(run.outputs_eval[0], float),
        )
        rows = []
        for i, step in enumerate(run.steps):
            # Gradient descent in closed form, (1 - ηe/N)^k in each eigendirection.
            how = {"learning_rate": eta, "initial": start}
            ode = setting.linear.train(step * eta, **how)
            ode_test = setting.linear.predict(
                setting.cross_gram, step * eta, **how, initial_test=start_test
            )
            fit, jacobian = output_loss_parts(ode, setting.y)
            rows.append(
                {
                    **task,
                    "step": int(step),
                    **_differences(run.outputs[i] - ode, "train"),
                    **_differences(run.outputs_eval[i] - ode_test, "test"),
                    "loss": _finite(run.loss[i]),
                    "ode_loss": float(fit + LAM * jacobian),
                    "note": "",
                }
            )
        return rows

    def claims(self, table: pd.DataFrame) -> list[Claim]:
        return training_ode_claims.claims(table)

    def charts(self, table: pd.DataFrame) -> list[Chart]:
        return training_ode_charts.charts(table)


def _tasks(dataset, points, depths, kappas, widths, seeds, steps) -> list[dict]:
    return [
        {
            "dataset": dataset, "points": points, "depth": depth, "kappa": kappa,
            "width": width, "seed": seed, "steps": steps,
        }
        for seed in seeds for depth in depths for kappa in kappas for width in widths
    ]  # fmt: skip


@lru_cache(maxsize=4)
def shared_setting(dataset: str, points: int, depth: int, kappa: float) -> Setting:
    """The points, the limit's equation on them and the kernel that carries it to test points."""
    training, others = some_points(dataset, points)
    x_test = others.x[:points]
    kernel = {"depth": depth, "activation": ACTIVATION, "kappa": kappa}
    dynamics = RobustDynamics(training.x, training.y, **kernel, lam=LAM)
    return Setting(
        training.x, training.y, x_test, dynamics.linear, jntk(x_test, training.x, **kernel)
    )


def _differences(difference: np.ndarray, part: str) -> dict[str, float]:
    """Root mean square over the points of both parts of (f, J) - (f, J)^ODE, (n, 1+d0)."""
    square = np.square(difference.astype(float))
    return {
        f"output_{part}": _finite(np.sqrt(square[:, 0].mean())),
        f"jacobian_{part}": _finite(np.sqrt(square[:, 1:].sum(axis=1).mean())),
    }


def _finite(number) -> float:
    """inf for a network that has diverged: NaN means that nothing was measured."""
    return float(number) if np.isfinite(number) else np.inf
