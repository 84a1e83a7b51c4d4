"""Steps of the robust-training page in their order, and what is known of their results."""

from typing import Any, NamedTuple

import numpy as np

from jntk_viz.engine.sources import available
from jntk_viz.engine.steps import Step
from jntk_viz.frame.numbers import stop
from jntk_viz.frame.robustness import LAMBDAS
from jntk_viz.pages.robust_training import predictor, stopping, study
from jntk_viz.pages.robust_training.state import SOURCES, TIMES, RobustTrainingState

# The times at which the searching attack is tried beside the one that the reader has chosen.
PGD_TIMES = (1.0, 1e2, 1e4, 1e6, 1e8, np.inf)


class Found(NamedTuple):
    """Results known for the state as it is; of its λ and of λ = 0 there is always a solution.

    solutions: λ → `study.Solution`. whole: curves over (λ, t). pgd: t → accuracy under PGD.
    comparison: of λ and λ = 0, stopped and at the end. picture: the result of `picture_step`.
    comparison and picture are None while they are not known.
    """

    prepared: study.Prepared
    solutions: dict
    whole: study.Curves
    pgd: dict
    comparison: stopping.Comparison | None
    picture: Any


def chosen(state: RobustTrainingState) -> tuple[float, ...]:
    """The λ on screen: the reader's, and 0 beside it."""
    return tuple(dict.fromkeys((state.lam, 0.0)))


def plan(state: RobustTrainingState, known) -> list[Step]:
    """All steps; those that need the kernel or the solution on screen once that is known."""
    problem, source = state.problem, SOURCES[state.data]
    says = f"{source.label}: kernel of {source.train} training points"
    reading = Step(study.prepare, (problem,), says, waits=not available(state.data))
    prepared = known.of(reading.key)
    if prepared is None:
        return [reading]
    near = sorted(LAMBDAS, key=lambda lam: abs(LAMBDAS.index(lam) - LAMBDAS.index(state.lam)))
    shown = [_solution(state, lam, prepared) for lam in chosen(state)]
    glances = [
        _glance(state, lam)
        for lam, whole in zip(chosen(state), shown, strict=True)
        if not known.has(whole.key)
    ]
    others = [_solution(state, lam, prepared) for lam in near if lam not in chosen(state)]
    picture = picture_step(state, prepared)
    searches = [_search(state, t) for t in searched(state)]
    first = [step for step in (picture, searches.pop(0)) if step]
    if not all(known.has(step.key) for step in glances):  # which an attack needs
        first, searches = [], []
    stops = [
        Step(stopping.left_out, arguments, f"stopping time at λ = {stop(lam)}")
        for lam in chosen(state)
        for arguments in held_out(state, lam)
    ]
    steps = [reading, *glances, *first, *stops, *shown, *others, *searches]
    return list({step.key: step for step in steps}.values())


def searched(state: RobustTrainingState) -> tuple[float, ...]:
    """The times at which the searching attack is tried, the reader's first."""
    return tuple(dict.fromkeys((state.t, *PGD_TIMES)))


def held_out(state: RobustTrainingState, lam: float) -> list[tuple]:
    """The arguments of `stopping.left_out` for each fold."""
    return [(state.problem, lam, state.speed, fold) for fold in range(stopping.FOLDS)]


def _solution(state: RobustTrainingState, lam: float, prepared: study.Prepared) -> Step:
    arguments = study.solved(state.problem, lam, state.speed, prepared.train.y)
    return Step(study.solve, arguments, f"eigenvalues at λ = {stop(lam)}")


def _glance(state: RobustTrainingState, lam: float) -> Step:
    """Step that solves the path on screen alone, which is seen first."""
    arguments = state.problem, lam, state.speed
    return Step(study.solve, arguments, f"eigenvalues at λ = {stop(lam)}")


def _search(state: RobustTrainingState, t: float) -> Step:
    arguments = state.problem, state.lam, t, state.epsilon, state.norm, state.speed
    return Step(study.pgd_accuracy, arguments, f"PGD attack at t = {stop(t)}")


def picture_step(state: RobustTrainingState, prepared: study.Prepared) -> Step | None:
    """Step that the left half of the predictor's tab needs besides the solutions; else None."""
    if state.view != "predictor":
        return None
    problem = state.problem
    kind = predictor.picture_of(state.data)
    if kind == "circle":
        return Step(predictor.circle_rows, (problem,), "kernel on the circle")
    if kind in ("slice", "winners"):
        key = predictor.slice_key(state.plane, state.point, len(prepared.test.y))
        return Step(predictor.cut, (problem, *key), "slice of the sphere")
    arguments = state.lam, state.t, state.epsilon, state.norm, state.speed, state.point
    return Step(predictor.digits, (problem, *arguments), "attack on digits")


def found_of(state: RobustTrainingState, known) -> Found | None:
    """Results known for the state; None while its λ or λ = 0 is not."""
    prepared = known(study.prepare, state.problem)
    if prepared is None:
        return None
    every = {
        lam: known.of(_solution(state, lam, prepared).key) or known.of(_glance(state, lam).key)
        for lam in LAMBDAS
    }
    solutions = {lam: solution for lam, solution in every.items() if solution is not None}
    if not {*chosen(state)} <= {*solutions}:
        return None
    accuracies = {t: known.of(_search(state, t).key) for t in searched(state)}
    step = picture_step(state, prepared)
    return Found(
        prepared,
        solutions,
        study.lambda_time_map(solutions, **state.attack, rate=state.speed),
        {t: accuracies[t] for t in TIMES if accuracies.get(t) is not None},
        _comparison(state, known, solutions),
        step and known.of(step.key),
    )


def _comparison(state, known, solutions) -> stopping.Comparison | None:
    held = []
    for lam in (0.0, state.lam):
        parts = [known(stopping.left_out, *arguments) for arguments in held_out(state, lam)]
        if any(part is None for part in parts):
            return None
        held.append(stopping.joined(parts))
    return stopping.compare(
        solutions[0.0], solutions[state.lam], held, **state.attack, speed=state.speed
    )
