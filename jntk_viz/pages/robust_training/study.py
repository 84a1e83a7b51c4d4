"""Robust training in closed form: the page's state, what it has found, and answers to questions.

What is computed of each λ is in `robust_solution`, the predictor's own pictures in
`robust_predictor`.
"""

from functools import lru_cache, partial
from typing import NamedTuple, Protocol

import numpy as np
import param

from jntk_viz.activations import ACTIVATIONS
from jntk_viz.attacks import accuracy, pgd_margin
from jntk_viz.dynamics import KernelPredictor
from jntk_viz.engine.sources import menu
from jntk_viz.engine.watcher import Watcher
from jntk_viz.pages.robust_training import predictor as robust_predictor
from jntk_viz.pages.robust_training import stopping as robust_stopping
from jntk_viz.pages.robust_training.solution import (
    DIVERGED,
    FLOW,
    FRAGILE,
    LAMBDAS,
    RATES,
    SOURCES,
    TIMES,
    Curves,
    Prepared,
    Problem,
    Reach,
    Scores,
    Solution,
    Source,
    curves,
    diagonalise,
    lambda_time_map,
    power_label,
    prepare,
    ridge,
    row,
    scores,
    solve,
)

__all__ = [
    "DIVERGED", "FLOW", "FRAGILE", "LAMBDAS", "PGD_TIMES", "RATES", "SOURCES", "TIMES", "Curves",
    "Found", "Prepared", "Problem", "Reach", "RobustTrainingState", "Scores", "Solution", "Source",
    "Wanted", "curves", "diagonalise", "explore", "lambda_time_map", "pgd_accuracy", "power_label",
    "prepare", "ridge", "row", "scores", "solve", "source_labels",
]  # fmt: skip

# The times at which the searching attack is tried beside the one that the reader has chosen.
PGD_TIMES = (1.0, 1e2, 1e4, 1e6, 1e8, np.inf)


def source_labels() -> dict[str, str]:
    """Menu entry → data set, saying which of them have to be downloaded first."""
    return menu(SOURCES, lambda source: source.label)


class RobustTrainingState(param.Parameterized):
    """Everything that the page shows follows from these values."""

    view = param.Selector(
        default="map",
        objects={"Map": "map", "Predictor": "predictor", "Eigenfeatures": "features"},
        label="What is shown",
    )
    data = param.Selector(default="iris", objects=list(SOURCES), label="Data set")
    depth = param.Integer(2, bounds=(1, 11), label="Depth L", doc="Number of hidden layers.")
    activation = param.Selector(
        default="gelu",
        objects=[name for name, activation in ACTIVATIONS.items() if activation.smooth],
        label="Activation",
    )
    lam = param.Selector(
        default=0.1,
        objects={power_label(lam): lam for lam in LAMBDAS},
        label="Regulariser λ",
        doc="Weight of the squared input Jacobian in the loss; 0 is standard training.",
    )
    t = param.Selector(
        default=1e3,
        objects={power_label(t): t for t in TIMES},
        label="Training time t",
        doc="Time of the gradient flow, or steps × learning rate; the last stop is t = ∞.",
    )
    epsilon = param.Number(
        0.3,
        bounds=(0, 1),
        step=0.01,
        label="Perturbation ε",
        doc="Size of the attack, in units of the inputs' norm, which is 1.",
    )
    norm = param.Selector(
        default="l2", objects={"L2": "l2", "L∞": "linf"}, label="Norm of the change"
    )
    shown = param.Selector(
        default="robust",
        objects={"Robust accuracy": "robust", "Clean accuracy": "clean", "Median |J|": "jacobian"},
        label="Colour of the map",
    )
    training = param.Selector(
        default="flow",
        objects={"Gradient flow": "flow", "Descent": "descent"},
        label="Training by",
        doc="The flow follows the gradient continuously; descent takes steps of size η.",
    )
    rate = param.Selector(
        default=0.5,
        objects={f"{rate:g}": rate for rate in RATES},
        label="η ÷ (2N/e_max)",
        doc="Learning rate as a fraction of the largest stable one; above 1 descent diverges.",
    )
    plane = param.Selector(
        default="principal",
        objects={label: name for name, label in robust_predictor.PLANES.items()},
        label="Slice of the sphere",
        doc="Which two-dimensional slice of the inputs' sphere the predictor is drawn on.",
    )
    point = param.Integer(
        0,
        bounds=(0, 499),
        label="Test point",
        doc="The one that is followed; a click on the slice chooses the nearest.",
    )
    seed = param.Integer(0, bounds=(0, 9999), doc="Seed of the split into training and test part.")

    @property
    def problem(self) -> Problem:
        return Problem(self.data, self.depth, self.activation, self.seed)

    @property
    def speed(self) -> float:
        """FLOW, or the learning rate as a fraction of 2N/e_max: which `Path` is shown."""
        return self.rate if self.training == "descent" else FLOW

    def snapshot(self) -> "Wanted":
        return Wanted(
            self.problem, self.lam, self.t, self.epsilon, self.norm, self.speed,
            self.view, self.plane, self.point,
        )  # fmt: skip


class Wanted(NamedTuple):
    """What the page asks for, as hashable numbers."""

    problem: Problem
    lam: float
    t: float
    epsilon: float
    norm: str
    speed: float
    view: str
    plane: str
    point: int

    def search(self, t=None) -> tuple[float, float, float, str, float]:
        """The key of a searching attack at the chosen or another time."""
        return self.lam, self.t if t is None else t, self.epsilon, self.norm, self.speed


def pgd_accuracy(
    problem: Problem, lam: float, t: float, epsilon: float, norm: str, speed: float, watch=None
):
    """Accuracy at time t against an attack that searches the ε-ball by projected gradients.

    None where there is no predictor: training has diverged or not yet begun. watch() is called
    many times on the way.
    """
    with Watcher(watch) as watcher:
        return _pgd_accuracy(problem, lam, t, epsilon, norm, speed, watcher)


@lru_cache(maxsize=1000)
def _pgd_accuracy(problem, lam, t, epsilon, norm, speed, watcher):
    prepared = prepare(problem)
    path = solve(problem, lam).paths[speed]
    coefficients = prepared.lift(path.coefficients[TIMES.index(t)])
    if not np.isfinite(coefficients).all():
        return None
    predictor = KernelPredictor(prepared.train.x, coefficients, kappa=1.0, **prepared.kernel)
    x, y = prepared.test.x, prepared.test.y
    return accuracy(pgd_margin(watcher.beside(predictor), x, y, epsilon=epsilon, norm=norm))


class Progress(Protocol):
    """What `explore` needs of the page that watches it."""

    def progress(self, fraction: float, text: str = "") -> None: ...
    def emit(self, value) -> None: ...


class Found(NamedTuple):
    """What is known of a problem so far.

    solutions: λ → `Solution`. pgd: `Wanted.search` → accuracy under the search. slices: (plane,
    point) → `robust_predictor.Slice`. held_out: (λ, speed) → `Reach` at training points left out.
    """

    problem: Problem
    solutions: dict
    pgd: dict
    slices: dict
    held_out: dict

    def comparison(self, lam, epsilon, norm, speed) -> "robust_stopping.Comparison | None":
        """Standard training and λ, stopped and at the end; None while it is not known."""
        keys = [(0.0, speed), (lam, speed)]
        if not ({0.0, lam} <= self.solutions.keys() and {*keys} <= self.held_out.keys()):
            return None
        return robust_stopping.compare(
            self.solutions[0.0], self.solutions[lam], tuple(self.held_out[key] for key in keys),
            epsilon=epsilon, norm=norm, speed=speed,
        )  # fmt: skip


def explore(job: Progress, wanted: Wanted) -> Found:
    """Solve every λ, beginning with the one on screen and λ = 0, and try the searching attack.

    job.emit gets a `Found` after each step. Steps that have been computed before cost nothing.
    """
    problem, lam = wanted.problem, wanted.lam
    source = SOURCES[problem.data]
    job.progress(0, f"{source.label}: kernel of {source.train} training points")
    prepared = prepare(problem)
    found = Found(problem, {}, {}, {}, {})
    steps = _steps(wanted)
    for i, (kind, value) in enumerate(steps):
        fraction = i / len(steps)
        if kind == "λ":
            job.progress(fraction, f"eigenvalues at λ = {power_label(value)}")
            found.solutions[value] = solve(problem, value)
        elif kind == "stop":
            for fold in range(robust_stopping.FOLDS):
                job.progress(fraction, f"stopping time at λ = {power_label(value)}")
                robust_stopping.left_out(problem, value, wanted.speed, fold)
            found.held_out[value, wanted.speed] = robust_stopping.held_out(
                problem, value, wanted.speed
            )
        elif kind == "slice":
            key = robust_predictor.slice_key(wanted.plane, wanted.point, len(prepared.test.y))
            job.progress(fraction, "slice of the sphere")
            found.slices[key] = robust_predictor.cut(
                problem, *key, lambda part, at=fraction: job.progress(at, f"slice: {part:.0%}")
            )
        else:
            watch = partial(job.progress, fraction, f"PGD attack at t = {power_label(value)}")
            watch()
            searched = pgd_accuracy(problem, *wanted.search(value), watch=watch)
            if searched is not None:
                found.pgd[wanted.search(value)] = searched
        if {lam, 0.0} <= found.solutions.keys():
            job.emit(Found(problem, *(dict(part) for part in found[1:])))
    return found


def _steps(wanted: Wanted) -> list[tuple]:
    """What to compute, first what is on screen."""
    lam, t = wanted.lam, wanted.t
    distance = {other: abs(LAMBDAS.index(other) - LAMBDAS.index(lam)) for other in LAMBDAS}
    others = sorted({*LAMBDAS} - {0.0, lam}, key=distance.__getitem__)
    sliced = (
        wanted.view == "predictor" and robust_predictor.picture_of(wanted.problem.data) == "slice"
    )
    return [
        *(("λ", other) for other in dict.fromkeys((lam, 0.0))),
        *([("slice", None)] if sliced else []),
        ("PGD", t),
        *(("stop", other) for other in dict.fromkeys((lam, 0.0))),
        *(("λ", other) for other in others),
        *(("PGD", other) for other in PGD_TIMES if other != t),
    ]
