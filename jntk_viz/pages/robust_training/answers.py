"""What is measured on the robust-training page where a reader had to predict it."""

import numpy as np

from jntk_viz.drawing.axes import time_position
from jntk_viz.frame.parts import Answer
from jntk_viz.pages.robust_training import predictor, study
from jntk_viz.pages.robust_training.words import percent, points

SAME = "all the same"
WITH, WITHOUT, UNCLEAR = "with λ, clearly", "standard training, clearly", "no clear difference"


def robust_curve(state, whole, found):
    """Robust accuracy in per cent against the time axis, as it is drawn."""
    robust = study.row(whole, state.lam).robust
    if np.isnan(robust).all():
        return None
    known = np.isfinite(robust)
    top, until = np.nanmax(robust), study.ridge(robust[None])[0]
    return Answer(
        (time_position(study.TIMES)[known], 100 * robust[known]),
        f"Robust accuracy is {percent(robust[known][0])} at first, at most {percent(top)} (last at "
        f"t = {study.power_label(until)}), {percent(robust[known][-1])} in the end.",
    )


def robust_end(state, whole, found):
    """Robust accuracy at t = ∞ in per cent."""
    robust = study.row(whole, state.lam).robust
    if np.isnan(robust[-1]):
        return None
    return Answer(
        float(100 * robust[-1]),
        f"Robust accuracy is at most {percent(np.nanmax(robust))} on the way and "
        f"{percent(robust[-1])} at t = ∞.",
    )


def best_lambda(state, whole, found):
    """Which λ > 0 is the most robust at t = ∞, if any."""
    ends = whole.robust[1:, -1]
    if np.isnan(ends).any():
        return None
    low, high = percent(ends.min()), percent(ends.max())
    best = f"λ = {study.power_label(study.LAMBDAS[1 + int(np.argmax(ends))])}"
    # Two points of a hundred is what rounding makes of equal predictors.
    return Answer(
        SAME if np.ptp(ends) <= 0.02 else best,
        f"From λ = 0.001 to 10 robust accuracy at t = ∞ is {low} to {high}.",
    )


def lam_or_stopping(state, whole, found):
    """Which is more robust if both are stopped at times chosen on held-out training points."""
    compared = found.comparison(state.lam, state.epsilon, state.norm, state.speed)
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


def diverging(state, whole, found):
    """How many modes diverge at the chosen learning rate."""
    solution = found.solutions.get(state.lam)
    if solution is None:
        return None
    count = predictor.diverging(solution, state.rate)
    return Answer(
        float(count),
        f"{count} of {len(solution.eigenvalues)} modes have e > 2N/η, the others are learned as "
        "usual; but the network is their sum.",
    )


def correlation(state, whole, found):
    """Rank correlation of accuracy and robustness over the eigenfeatures of the chosen λ."""
    solution = found.solutions.get(state.lam)
    if solution is None:
        return None
    rho = study.scores(solution, epsilon=state.epsilon, norm=state.norm).correlation
    if np.isnan(rho):
        return None
    return Answer(rho, f"Spearman's ρ is {rho:.2f} over {len(solution.eigenvalues)} features.")


ANSWERS = {
    "robust_curve": robust_curve,
    "robust_end": robust_end,
    "best_lambda": best_lambda,
    "lam_or_stopping": lam_or_stopping,
    "diverging": diverging,
    "correlation": correlation,
}
