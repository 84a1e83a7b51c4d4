"""Early stopping, its time chosen without the test points, and the four accuracies that judge it.

A training that is stopped at its best must not be compared with another's end, and no time may be
chosen by the points that are reported on. Here times are chosen by cross-validation within the
training part, for training with λ and for standard training alike (`held_out`, `stopping_time`);
the test points then say how robust both are, stopped and at the end (`compare`).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from jntk_viz.dynamics import LinearDynamics
from jntk_viz.engine.results import kept
from jntk_viz.frame.robustness import (
    Difference,
    Leads,
    Problem,
    Reach,
    folds,
    outcomes,
    paired_difference,
)
from jntk_viz.pages.robust_training.state import FLOW, TIMES
from jntk_viz.pages.robust_training.study import Solution, combined, prepare, progress

FOLDS = 3
STANDARD, REGULARISED = 0, 1  # rows of `Comparison.robust`
STOPPED, END = 0, 1  # its columns


class Comparison(NamedTuple):
    """Robust accuracy with and without λ, each stopped and at t = ∞, on one set of test points.

    lam: λ of the regularised training. times: (2,), stopping times of λ = 0 and λ.
    robust, clean: (2, 2), rows STANDARD and REGULARISED, columns STOPPED and END, NaN where there
        is no predictor.
    by_lam: λ minus standard, both stopped and both at the end. by_stopping: stopped minus end,
        without λ and with it; `Difference`s of robust accuracies, None where there is none.
    points: number of test points.
    """

    lam: float
    times: tuple[float, float]
    robust: np.ndarray
    clean: np.ndarray
    by_lam: tuple
    by_stopping: tuple
    points: int


@kept
def left_out(problem: Problem, lam: float, speed: float, fold: int) -> Reach | Leads:
    """`Reach` at the points of one fold of the training part, after training on the others.

    (T, points of the fold); NaN where training has diverged or not yet begun. Their kernel is part
    of the whole training part's.
    """
    prepared = prepare(problem)
    out = folds(prepared.train.y, FOLDS, problem.seed) == fold
    used = ~out
    dynamics = LinearDynamics(prepared.gram[used][:, :, used], prepared.train.y[used], lam=lam)
    _, _, learned, known = progress(dynamics, speed)
    directions, weights = dynamics.feature_directions()
    at_points = np.tensordot(directions, prepared.gram[out][:, :, used], axes=([1, 2], [2, 3]))
    outputs = combined(learned, weights, at_points)
    points = prepared.train._replace(x=prepared.train.x[out], y=prepared.train.y[out])
    # Slopes across the span of the training points are zero in the kernel: lifting loses nothing.
    found = outcomes(points, prepared.lift(outputs))
    for part in found:
        part[..., ~known, :] = np.nan
    return found


def held_out(problem: Problem, lam: float, speed: float = FLOW) -> Reach | Leads:
    """`Reach` at every training point, of training without its fold, (T, N) in order of folds."""
    return joined([left_out(problem, lam, speed, fold) for fold in range(FOLDS)])


def joined(parts: list) -> Reach | Leads:
    """`left_out` of all folds, one after the other."""
    return type(parts[0])(*(np.concatenate(same, axis=-1) for same in zip(*parts, strict=True)))


def stopping_time(held: Reach | Leads, *, epsilon: float, norm: str = "l2") -> int | None:
    """Place in TIMES of the finite time with the best first-order robust accuracy, None for none.

    Clean accuracy breaks ties; of equal times the first.
    """
    margin = held.margin(epsilon, norm)
    known = np.isfinite(margin).all(axis=1) & np.isfinite(TIMES)
    if not known.any():
        return None
    robust, clean = (np.mean(part > 0, axis=1) for part in (margin, held.clean))
    return max(np.flatnonzero(known).tolist(), key=lambda i: (robust[i], clean[i], -i))


def compare(
    standard: Solution, regularised: Solution, held: Sequence[Reach | Leads], *, epsilon, norm="l2",
    speed=FLOW,
) -> Comparison | None:  # fmt: skip
    """The four accuracies of λ = 0 and one λ > 0; None where a training has no time to stop at.

    - `held`: `held_out` of both.
    """
    found = [one.paths[speed].reach for one in (standard, regularised)]
    places = [stopping_time(one, epsilon=epsilon, norm=norm) for one in held]
    at = [(place, len(TIMES) - 1) for place in places if place is not None]
    if len(at) < len(places):
        return None
    margins = [one.margin(epsilon, norm) for one in found]
    robust = [[margin[i] for i in own] for margin, own in zip(margins, at, strict=True)]
    clean = [[one.clean[i] for i in own] for one, own in zip(found, at, strict=True)]
    return Comparison(
        regularised.lam,
        (TIMES[at[STANDARD][STOPPED]], TIMES[at[REGULARISED][STOPPED]]),
        np.array([[_share(m) for m in row] for row in robust]),
        np.array([[_share(m) for m in row] for row in clean]),
        tuple(_minus(robust[REGULARISED][i], robust[STANDARD][i]) for i in (STOPPED, END)),
        tuple(_minus(row[STOPPED], row[END]) for row in robust),
        margins[0].shape[1],
    )


def _share(margins) -> float:
    return float(np.mean(margins > 0)) if np.isfinite(margins).all() else float("nan")


def _minus(margins, others) -> Difference | None:
    if not (np.isfinite(margins).all() and np.isfinite(others).all()):
        return None
    return paired_difference(margins > 0, others > 0)
