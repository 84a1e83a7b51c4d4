"""Study 9: standard against robust training on real data, for the kernel and finite networks."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import numpy as np
import pandas as pd

from jntk_viz.activations import get_activation
from jntk_viz.attacks import accuracy, pgd_margin
from jntk_viz.datasets import Dataset, load_dataset, train_test_split
from jntk_viz.dynamics import KrylovDynamics, RobustDynamics
from jntk_viz.mlp import MLP
from jntk_viz.reproduction import real_data_charts, real_data_claims
from jntk_viz.reproduction.lam_time import attacked
from jntk_viz.reproduction.points import BUNDLED, OPTIONS, PAPER, unavailable
from jntk_viz.reproduction.study import Claim, Column, Row, Scale, Study, Task
from jntk_viz.training import train

ACTIVATION, KAPPA = "gelu", 0.1
LAMS = (0.1, 0.01, 1.0, 0.001, 10.0)  # λ > 0 that robust training may choose from
INFINITE = 0  # the width of the kernel predictor
# Times in units of N/e_max, e_max being the largest eigenvalue of Θ_λ: the same grid for every λ.
TIMES = (1, 2, 5, 10, 20, 50, 100, 200, 1000, 10_000)
STEP = 0.5  # of gradient descent, in the same unit: a quarter of what the limit's stability allows
# Where there are more rows N(1+d0) the kernel is projected (`KrylovDynamics`) to this many steps.
MOST_ROWS, KRYLOV = 1300, 100
RESOLVED = 0.01  # relative residual of the projection above which a time is not used
TRAIN = {"iris": 40}  # training points, 60 of the other data sets; half of the rest validates
MOST_TESTED = 100
QUICK_SEARCH = {"steps": 3, "restarts": 0}  # to choose among all λ and times
COLUMNS = {
    "dataset": Column("data set"),
    "depth": Column("hidden layers L"),
    "width": Column("neurons of each hidden layer; 0: the kernel predictor of the limit"),
    "seed": Column("of the split into training, validation and test points, and of the weights"),
    "lams": Column("how many λ > 0 robust training chooses from: first of 0.1, 0.01, 1, 0.001, 10"),
    "steps": Column("gradient descent steps of a network; 0 for the kernel"),
    "epsilon": Column("size ε of the attack", "norm of an input"),
    "norm": Column("norm of the attack: l2 or linf"),
    "training": Column("standard (λ = 0) or robust (λ > 0)"),
    "criterion": Column(
        "what λ and the time were chosen by on the validation points; end: λ by robust accuracy, "
        "the time is the last (inf, or 10⁴ where the kernel was projected; a network's last step)"
    ),
    "lam": Column("λ chosen"),
    "time": Column("time chosen", "N/e_max"),
    "points": Column("test points"),
    "clean": Column("share of test points classified correctly"),
    "robust": Column("share still correct after the worst attack that projected descent finds"),
    "first_order": Column("share still correct after the worst attack on a linear model of f"),
    "jacobian": Column("median over the test points of |J| tangent to the sphere", "label"),
    "validation_clean": Column("share of validation points classified correctly"),
    "validation_robust": Column("share still correct after a search of three steps"),
    "note": Column("why nothing was measured, and the remedy; else empty"),
}


class Parts(NamedTuple):
    train: Dataset
    validation: Dataset
    test: Dataset


class Candidate(NamedTuple):
    """A predictor that may be chosen: x (m, d0) -> (f, J) (m, 1+d0), at one λ and time."""

    lam: float
    time: float
    predictor: Callable


class RealData(Study):
    """λ and the stopping time chosen by validation, accuracy and robustness on test points."""

    name = "real_data"
    title = "Standard against robust training on real data"
    source = "Sections 1 and 5; beyond the paper"
    question = (
        "Does training with the Jacobian regulariser pay, in robust accuracy on points never seen, "
        "and how much accuracy does it cost, for the kernel and for finite networks?"
    )
    columns = COLUMNS
    version = 2  # rows of predictors trained to the end

    def tasks(self, scale: Scale) -> list[dict]:
        """The kernel on every data set and split first, then networks, the widest last."""
        names = (*PAPER[:1], *BUNDLED, *PAPER[1:])
        if scale == "tiny":
            lams = 1
            return [_task(name, 0, 0, lams, depth=1) for name in ("iris", PAPER[0])] + [
                _task("iris", 16, 0, lams, steps=20, depth=1)
            ]
        if scale == "laptop":
            lams = 3
            kernel = [_task(name, INFINITE, s, lams) for s in range(5) for name in names]
            networks = [
                _task(name, width, s, lams, steps=400)
                for s in range(5) for width in (64, 256) for name in names
            ]  # fmt: skip
            return kernel + networks
        lams = len(LAMS)
        return [
            _task(name, width, s, lams, steps=2000 * bool(width), epsilon=epsilon, norm=norm)
            for epsilon, norm in ((0.3, "l2"), (0.1, "l2"), (0.1, "linf"), (0.03, "linf"))
            for width in (INFINITE, 64, 256, 1024, 4096)
            for s in range(20)
            for name in names
        ]

    def cost(self, task: Task) -> float:
        """The kernel has its eigenvalues to find, a network its steps to take."""
        if task["width"] == INFINITE:
            return 1.0
        return 0.3 + 0.8 * (task["width"] / 256) ** 2 * task["steps"] / 400

    def run(self, *_: Any, **task: Any) -> list[Row]:
        """Both trainings, stopped by both criteria and at the end: six rows."""
        if note := unavailable(task["dataset"]):
            return [{**task, "note": note}]
        return [{**task, **row, "note": ""} for row in measure(**task)]

    def claims(self, table: pd.DataFrame) -> list[Claim]:
        return real_data_claims.claims(table)

    def charts(self, table: pd.DataFrame) -> list:
        return real_data_charts.charts(table)


def _task(name, width, seed, lams, *, steps=0, epsilon=0.3, norm="l2", depth=2) -> dict:
    return {
        "dataset": name, "depth": depth, "width": width, "seed": seed,
        "lams": lams, "steps": steps, "epsilon": epsilon, "norm": norm,
    }  # fmt: skip


def measure(*, dataset, depth, width, seed, lams, steps, epsilon, norm) -> list[Row]:
    """Choose by validation and test: standard and robust training, by each criterion.

    The time is one of TIMES, except by the criterion "end".
    """
    parts, attack = split(dataset, seed), {"epsilon": epsilon, "norm": norm}
    rows = []
    for training, choice in {"standard": [0.0], "robust": sorted(LAMS[:lams])}.items():
        found = list(_candidates(parts.train, depth, width, seed, choice, steps))
        scores = [_validate(candidate, parts.validation, attack) for candidate in found]
        last = {candidate.lam: i for i, candidate in enumerate(found)}
        stopped = [i for i, candidate in enumerate(found) if np.isfinite(candidate.time)]
        for criterion, order, among in (
            ("robust", (1, 0), stopped),
            ("clean", (0, 1), stopped),
            ("end", (1, 0), list(last.values())),
        ):
            # The other criterion breaks ties; of equal candidates the first, stopped early.
            best = max(among, key=lambda i: (*(scores[i][k] for k in order), -i))
            rows.append(
                {
                    "training": training,
                    "criterion": criterion,
                    "lam": found[best].lam,
                    "time": found[best].time,
                    **_test(found[best], parts.test, attack, seed),
                    "validation_clean": scores[best][0],
                    "validation_robust": scores[best][1],
                }
            )
    return rows


def split(name: str, seed: int) -> Parts:
    """Training points, and two halves of the others to choose by and to report on."""
    dataset = load_dataset(name, **OPTIONS.get(name, {}))
    fraction = 1 - TRAIN.get(name, 60) / len(dataset.y)
    training, others = train_test_split(dataset, test_fraction=fraction, seed=seed)
    validation, test = train_test_split(others, test_fraction=0.5, seed=seed)
    few = [p._replace(x=p.x[:MOST_TESTED], y=p.y[:MOST_TESTED]) for p in (validation, test)]
    return Parts(training, *few)


def _candidates(training, depth, width, seed, lams, steps) -> Iterator[Candidate]:
    """Predictors at every λ and every time, early ones first, the end last."""
    n, d0 = training.x.shape
    kernel = {"depth": depth, "activation": get_activation(ACTIVATION), "kappa": KAPPA}
    krylov = None if width == INFINITE and n * (1 + d0) <= MOST_ROWS else KRYLOV
    for lam in lams:
        dynamics = RobustDynamics(training.x, training.y, **kernel, lam=lam, krylov=krylov)
        unit = n / float(dynamics.eigenvalues[-1])
        if width == INFINITE:
            for time in (*TIMES, np.inf):
                if _resolved(dynamics.linear, time * unit):
                    yield Candidate(lam, float(time), dynamics.predictor(time * unit))
            continue
        mlp = MLP(d0, width, **kernel)
        # The generator "rbg" compiles in a third of the time.
        params = mlp.init(jax.random.key(seed, impl="rbg"))
        at = [round(time / STEP) for time in TIMES if time / STEP <= steps]
        run = train(
            mlp, params, training.x, training.y, lam=lam, learning_rate=STEP * unit,
            steps=steps, record_at=at, keep_params=True,
        )  # fmt: skip
        for step, weights in zip(run.steps, run.checkpoints or [], strict=True):
            yield Candidate(lam, float(step) * STEP, _network_predictor(mlp, weights))


def _resolved(linear, t) -> bool:
    """Whether what is learned by time t is known: always, unless the kernel was projected."""
    return not isinstance(linear, KrylovDynamics) or linear.residual(t) < RESOLVED


def _network_predictor(mlp: MLP, params) -> Callable:
    return lambda x: np.asarray(mlp.value_and_jacobian(params, x), dtype=float)


def _validate(candidate: Candidate, part: Dataset, attack: dict) -> tuple[float, float]:
    """Accuracy, clean and under a short search; both zero for a network that has diverged.

    Not the first-order bound, which is blind to curvature: it would choose predictors whose
    Jacobian is small at the points and large beside them.
    """
    outputs = candidate.predictor(part.x)
    if not np.isfinite(outputs).all():
        return 0.0, 0.0
    searched = pgd_margin(candidate.predictor, part.x, part.y, **attack, **QUICK_SEARCH)
    return accuracy(part.y * outputs[:, 0]), accuracy(searched)


def _test(candidate: Candidate, part: Dataset, attack: dict, seed: int) -> dict[str, float]:
    """What is reported of the one predictor that was chosen."""
    outputs = candidate.predictor(part.x)
    found = attacked(candidate.predictor, outputs, part.x, part.y, **attack, seed=seed)
    return {"robust": found.pop("searched"), **found}
