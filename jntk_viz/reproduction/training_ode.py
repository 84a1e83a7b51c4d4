"""Study 4: outputs and Jacobians of trained networks beside the linear equation of the limit."""

from functools import lru_cache
from typing import Any, NamedTuple

import jax
import numpy as np
import pandas as pd

from jntk_viz.activations import get_activation
from jntk_viz.dynamics import LinearDynamics
from jntk_viz.kernels import jntk
from jntk_viz.mlp import MLP
from jntk_viz.reproduction import training_ode_charts, training_ode_claims
from jntk_viz.reproduction.points import MAIN, STAND_IN, unavailable
from jntk_viz.reproduction.study import Claim, Column, Row, Scale, Study, Task
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
    """What all networks of a depth and κ share.

    theta: (N + m, 1+d0, N, 1+d0), Θ between training and then test points, and training points.
    """

    x: np.ndarray
    y: np.ndarray
    x_test: np.ndarray
    linear: LinearDynamics
    theta: np.ndarray


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

    def cost(self, task: Task) -> float:
        """Training grows with the square of the width."""
        return 0.02 + (task["width"] / 1024) ** 2 * task["steps"] / 300

    def run(self, *_: Any, **task: Any) -> list[Row]:
        """One network: a row for each checkpoint."""
        if note := unavailable(task["dataset"]):
            return [{**task, "note": note}]
        return [{**task, **row, "note": ""} for row in measure(**task)]

    def claims(self, table: pd.DataFrame) -> list[Claim]:
        return training_ode_claims.claims(table)

    def charts(self, table: pd.DataFrame) -> list:
        return training_ode_charts.charts(table)


def _tasks(dataset, points, depths, kappas, widths, seeds, steps) -> list[dict]:
    return [
        {
            "dataset": dataset, "points": points, "depth": depth, "kappa": kappa,
            "width": width, "seed": seed, "steps": steps,
        }
        for seed in seeds for depth in depths for kappa in kappas for width in widths
    ]  # fmt: skip


def measure(*, dataset, points, depth, kappa, width, seed, steps) -> list[Row]:
    """Train one network and compare it with the closed form at each checkpoint."""
    setting, eta = shared_setting(dataset, points, depth, kappa), PROGRESS / kappa**2
    mlp = MLP(setting.x.shape[1], width, depth, get_activation(ACTIVATION), kappa)
    # The generator "rbg" compiles in a third of the time.
    params = mlp.init(jax.random.key(seed, impl="rbg"))
    run = train(
        mlp, params, setting.x, setting.y, lam=LAM, learning_rate=eta, steps=steps,
        record_at=checkpoints(steps), x_eval=setting.x_test,
    )  # fmt: skip
    outputs = np.concatenate([run.outputs, run.outputs_eval], axis=1).astype(np.float64)
    n, rows = len(setting.x), []
    for i, step in enumerate(run.steps):
        # Gradient descent in closed form, (1 - ηe/N)^k in each eigendirection.
        c = setting.linear.coefficients(step * eta, learning_rate=eta, initial=outputs[0, :n])
        ode = outputs[0] + np.tensordot(setting.theta, c, axes=2)
        fit, jacobian = output_loss_parts(ode[:n], setting.y)
        rows.append(
            {
                "step": int(step),
                **_differences(outputs[i, :n] - ode[:n], "train"),
                **_differences(outputs[i, n:] - ode[n:], "test"),
                "loss": _finite(run.loss[i]),
                "ode_loss": float(fit + LAM * jacobian),
            }
        )
    return rows


@lru_cache(maxsize=4)
def shared_setting(dataset: str, points: int, depth: int, kappa: float) -> Setting:
    """The points, the limit's equation on them and the kernel that carries it to test points."""
    training, others = some_points(dataset, points)
    x = np.concatenate([training.x, others.x[:points]])
    theta = jntk(x, training.x, depth=depth, activation=ACTIVATION, kappa=kappa)
    linear = LinearDynamics(theta[:points], training.y, lam=LAM)
    return Setting(training.x, training.y, x[points:], linear, theta)


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
