"""The steps that the page asks for, and what is known of their results."""

from typing import NamedTuple

from jntk_viz.engine.sources import available
from jntk_viz.engine.steps import Step
from jntk_viz.frame.numbers import stop
from jntk_viz.frame.robustness import LAMBDAS, Problem
from jntk_viz.pages.eigenfeatures import closeup, links, study
from jntk_viz.pages.eigenfeatures.state import PGD_FEATURES, SOURCES, EigenfeaturesState


def plan(state: EigenfeaturesState, known) -> list[Step]:
    """Both trainings, the features up close and the search of an attack, then other λ.

    Of the other λ the neighbours, to which the reader may go next; for the rank correlation, all.
    """
    problem, first = state.problem, reading(state.problem)
    if not known.has(first.key):
        return [first]
    screen = [step for lam in (state.lam, 0.0) for step in solving(problem, lam)]
    pair = pair_of(state, known)
    closeups, searches = _closeups(state, known, pair), _searches(state, pair)
    return [first, *screen, *closeups, *searches, *_elsewhere(state, known)]


def reading(problem: Problem) -> Step:
    """The first step of all: the data."""
    label = SOURCES[problem.data].label
    return Step(study.prepare, (problem,), f"{label}: reading", not available(problem.data))


def solving(problem: Problem, lam: float) -> list[Step]:
    """The features of one λ; the last step's result is their `Spectrum`."""
    count = study.step_count(problem, lam)
    says = f"eigenvalues at λ = {stop(lam)}"
    return [Step(study.solve, (k, problem, lam), says) for k in range(count)]


def _closeups(state, known, pair) -> list[Step]:
    if pair is None or state.view != "scatter":
        return []
    says, steps = "the feature up close", []
    for lam, index in zip(state.lams, pair.chosen, strict=True):
        first = Step(closeup.feature, (state.problem, lam, index), says)
        steps.append(first)
        if closeup.kind_of(state.data) == "images" and known.has(first.key):
            steps.append(Step(closeup.attack, attack_key(state, lam, index), says))
    return steps


def attack_key(state, lam: float, index: int) -> tuple:
    """Arguments of `closeup.attack` for the digit that is shown."""
    return state.problem, lam, index, state.example - 1, state.epsilon, state.norm


def _searches(state, pair) -> list[Step]:
    if pair is None or state.attack != "pgd":
        return []
    return [
        Step(
            study.pgd_robustness,
            (state.problem, lam, index, state.epsilon, state.norm),
            f"PGD attack on feature {index + 1} of {PGD_FEATURES}",
        )
        for index in range(PGD_FEATURES)
        for lam, spectrum in zip(state.lams, pair.spectra, strict=True)
        if index < len(spectrum.eigenvalues)
    ]


def _elsewhere(state, known) -> list[Step]:
    at, steps = LAMBDAS.index(state.lam), []
    near = sorted(LAMBDAS[1:], key=lambda lam: abs(LAMBDAS.index(lam) - at))[1:]
    if state.view != "correlation":
        beside = [lam for lam in near if abs(LAMBDAS.index(lam) - at) == 1]
        return [step for lam in beside for step in solving(state.problem, lam)]
    found = spectra_of(state, known)
    for lam in (state.lam, 0.0, *near):
        steps += [] if lam in state.lams else solving(state.problem, lam)
        if lam in found:
            says = f"rank correlation at λ = {stop(lam)}"
            steps.append(Step(links.row, row_key(state, lam), says))
    return steps


def row_key(state, lam: float) -> tuple:
    """Arguments of `links.row`."""
    return state.problem, lam, state.epsilon, state.counted


def rows_of(state: EigenfeaturesState, known) -> dict | None:
    """λ → `links.row` as far as known; None while they are computed anew for every λ at once."""
    rows = {lam: known(links.row, *row_key(state, lam)) for lam in LAMBDAS}
    rows = {lam: row for lam, row in rows.items() if row is not None}
    waiting = len(rows) < len(LAMBDAS) == len(spectra_of(state, known))
    return None if waiting or not rows else rows


def spectra_of(state: EigenfeaturesState, known, lams=LAMBDAS) -> dict:
    """λ → `Spectrum`, as far as known."""
    problem = state.problem
    if known(study.prepare, problem) is None:
        return {}
    found = {lam: known(*_last(solving(problem, lam))) for lam in lams}
    return {lam: spectrum for lam, spectrum in found.items() if spectrum is not None}


def _last(steps: list[Step]) -> tuple:
    return steps[-1].function, *steps[-1].arguments


class Pair(NamedTuple):
    """Standard training and that with λ, in this order.

    chosen: index of the feature that is shown up close. gap: `difference` of the two excesses.
    """

    spectra: list
    scores: list
    links: list
    chosen: list
    gap: tuple[float, float, float]


def pair_of(state: EigenfeaturesState, known) -> Pair | None:
    """Both trainings on screen; None while one of them is not known."""
    found = spectra_of(state, known, state.lams)
    if not {*state.lams} <= found.keys():
        return None
    spectra = [found[lam] for lam in state.lams]
    measured = [
        links.measure(
            state.problem, spectrum, **state.size, counted=state.counted,
            searched=searched(state, known, spectrum),
        )
        for spectrum in spectra
    ]  # fmt: skip
    wanted = (state.standard, state.regularised)
    return Pair(
        spectra,
        [each.scores for each in measured],
        [each.link for each in measured],
        [min(no, len(s.eigenvalues)) - 1 for no, s in zip(wanted, spectra, strict=True)],
        links.difference(*(each.link.excess for each in measured)),
    )


def searched(state: EigenfeaturesState, known, spectrum) -> tuple | None:
    """Robustness of the leading features, as far as the search has come; None without one."""
    if state.attack != "pgd":
        return None
    found: list[float] = []
    for index in range(min(PGD_FEATURES, len(spectrum.eigenvalues))):
        key = (state.problem, spectrum.lam, index, state.epsilon, state.norm)
        robust = known(study.pgd_robustness, *key)
        if robust is None:
            break
        found.append(robust)
    return tuple(found)
