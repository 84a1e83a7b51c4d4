"""Answers to what readers of the robust-training page are asked to predict."""

import numpy as np

from jntk_viz.drawing.axes import time_position
from jntk_viz.frame.numbers import percent, stop
from jntk_viz.frame.parts import Answer, answers_once
from jntk_viz.frame.robustness import LAMBDAS
from jntk_viz.frame.words import correlation
from jntk_viz.pages.robust_training import predictor, study
from jntk_viz.pages.robust_training.plan import found_of
from jntk_viz.pages.robust_training.state import TIMES
from jntk_viz.pages.robust_training.words import points

SAME = "all the same"
WITH, WITHOUT, UNCLEAR = "with λ, clearly", "standard training, clearly", "no clear difference"


def answers(state) -> dict:
    """Key -> function of what is known; None while λ and λ = 0 are not."""
    return answers_once(found_of, state, {
        "robust_curve": _robust_curve, "robust_end": _robust_end, "best_lambda": _best_lambda,
        "lam_or_stopping": _lam_or_stopping, "diverging": _diverging, "correlation": _correlation,
    })  # fmt: skip


def _robust_curve(state, found) -> Answer | None:
    """Robust accuracy in per cent against the time axis, as it is drawn."""
    robust = study.row(found.whole, state.lam).robust
    known = np.isfinite(robust)
    if not known.any():
        return None
    top, until = np.nanmax(robust), study.ridge(robust[None])[0]
    return Answer(
        (time_position(TIMES)[known], 100 * robust[known]),
        f"Robust accuracy is {percent(robust[known][0])} at first, at most {percent(top)} (last at "
        f"t = {stop(until)}), {percent(robust[known][-1])} in the end.",
    )


def _robust_end(state, found) -> Answer | None:
    """Robust accuracy at t = ∞ in per cent."""
    robust = study.row(found.whole, state.lam).robust
    if np.isnan(robust[-1]):
        return None
    return Answer(
        float(100 * robust[-1]),
        f"Robust accuracy is at most {percent(np.nanmax(robust))} on the way and "
        f"{percent(robust[-1])} at t = ∞.",
    )


def _best_lambda(state, found) -> Answer | None:
    """Which λ > 0 is the most robust at t = ∞, if any."""
    ends = found.whole.robust[1:, -1]
    if np.isnan(ends).any():
        return None
    low, high = percent(ends.min()), percent(ends.max())
    best = f"λ = {stop(LAMBDAS[1 + int(np.argmax(ends))])}"
    # Two points of a hundred is what rounding makes of equal predictors.
    return Answer(
        SAME if np.ptp(ends) <= 0.02 else best,
        f"From λ = {stop(LAMBDAS[1])} to {stop(LAMBDAS[-1])} robust accuracy at t = ∞ is {low} to "
        f"{high}.",
    )


def _lam_or_stopping(state, found) -> Answer | None:
    """Which is more robust if both are stopped at times chosen on held-out training points."""
    compared = found.comparison
    if state.lam == 0 or compared is None or compared.by_lam[0] is None:
        return None
    gain = compared.by_lam[0]
    value = UNCLEAR if not gain.clear else WITH if gain.value > 0 else WITHOUT
    (standard, standard_end), (regularised, end) = compared.robust
    return Answer(
        value,
        f"Stopped, standard training has {percent(standard)} and λ {percent(regularised)}; at "
        f"t = ∞ they have {percent(standard_end)} and {percent(end)}. The difference of those "
        f"that are stopped is {points(gain)} percentage points (95 % interval).",
    )


def _diverging(state, found) -> Answer:
    """Number of modes that diverge at the chosen learning rate."""
    solution = found.solutions[state.lam]
    count = predictor.diverging(solution, state.rate)
    return Answer(
        float(count),
        f"{count} of {len(solution.eigenvalues)} modes have e > 2N/η, the others are learned as "
        "usual; but the network is their sum.",
    )


def _correlation(state, found) -> Answer | None:
    """Rank correlation of accuracy and robustness over the eigenfeatures of the chosen λ."""
    solution = found.solutions[state.lam]
    rho = study.scores(solution, **state.attack).correlation
    if np.isnan(rho):
        return None
    return Answer(
        rho, f"Spearman's ρ is {correlation(rho)} over {len(solution.eigenvalues)} features."
    )
