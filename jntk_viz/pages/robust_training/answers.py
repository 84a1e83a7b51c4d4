"""What is measured on the robust-training page where a reader had to predict it."""

import numpy as np

from jntk_viz.frame.parts import Answer
from jntk_viz.pages.robust_training import predictor, study
from jntk_viz.pages.robust_training.pictures import time_position
from jntk_viz.pages.robust_training.words import percent

SAME = "all the same"
STANDARD, STOPPED, ENDED = (
    "standard training, to the end", "with λ, stopped at its best", "with λ, to the end",
)  # fmt: skip


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
        f"It was {percent(np.nanmax(robust))} at its best and ends at {percent(robust[-1])}.",
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


def order(state, whole, found):
    """Standard training to the end, λ at its best and at its end, most robust first."""
    if state.lam == 0:
        return None
    robust, standard = study.row(whole, state.lam).robust, study.row(whole, 0.0).robust
    if np.isnan([robust[-1], standard[-1]]).any():
        return None
    values = {STANDARD: standard[-1], STOPPED: np.nanmax(robust), ENDED: robust[-1]}
    ranked = tuple(sorted(values, key=lambda name: -values[name]))
    return Answer(ranked, ", ".join(f"{name}: {percent(values[name])}" for name in ranked) + ".")


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
    "order": order,
    "diverging": diverging,
    "correlation": correlation,
}
