"""Answers to what readers of the constancy page are asked to predict."""

import numpy as np

from jntk_viz.frame.numbers import decimals, number, percent
from jntk_viz.frame.parts import Answer, answers_once
from jntk_viz.pages.jntk_constancy.measures import errors_at, fate, finished, lines, regime
from jntk_viz.pages.jntk_constancy.training import progress_of


def answers(state) -> dict:
    """Key -> function of what is known; each answer is known when the training is over."""
    return answers_once(_finished, state, {
        "order": _order, "slope": _slope, "jacobian": _jacobian_curve, "kappa": _drift_percent,
        "fate": _fate, "regime": _decades,
    })  # fmt: skip


def _finished(state, known):
    progress = progress_of(state, known)
    return progress if finished(progress) else None


def _order(state, progress) -> Answer:
    summary, widths = errors_at(progress.records), progress.settings.widths
    drift = {w: summary.median("drift", w) for w in widths}
    ordered = sorted(widths, key=lambda w: -np.nan_to_num(drift[w], nan=np.inf))
    told = ", ".join(f"width {w} by {percent(drift[w])}" for w in ordered)
    return Answer(tuple(map(str, ordered)), f"The kernels have moved: {told}.")


def _slope(state, progress) -> Answer | None:
    law = errors_at(progress.records).laws.get("to_limit")
    if law is None:
        return None
    slope, low, high = map(decimals, (law.slope, law.low, law.high))
    return Answer(law.slope, f"Fitted slope {slope}, 95 % from {low} to {high}; theorem −½.")


def _jacobian_curve(state, progress) -> Answer:
    steps, values = lines([r for r in progress.records if r.network == 0],
                          progress.settings.widths, "jacobian")[-1]  # fmt: skip
    kept = np.isfinite(steps)
    steps, values = steps[kept], values[kept]
    words = "The widest network has diverged."
    if steps.size:
        words = (
            f"The Jacobian part of the width {progress.settings.widths[-1]} network goes from "
            f"{number(values[0])} to {number(values[-1])} at λ = {progress.settings.lam:g}."
        )
    return Answer((steps, values), words)


def _drift_percent(state, progress) -> Answer | None:
    wide = progress.settings.widths[-1]
    drift = errors_at(progress.records).median("drift", wide)
    if not np.isfinite(drift):
        return None
    return Answer(
        100 * drift,
        f"At κ = {progress.settings.kappa:g} the width {wide} kernel has moved by "
        f"{percent(drift)}.",
    )


def _fate(state, progress) -> Answer:
    summary, settings = errors_at(progress.records), progress.settings
    last = [r for r in progress.records if r.width == settings.widths[-1] and not r.diverged]
    words = f"At {settings.rate:g} × the stability limit "
    if summary.diverged:
        lost = " and ".join(map(str, sorted(summary.diverged)))
        words += f"networks of width {lost} diverge. "
    else:
        words += "no network diverges. "
    if last:
        moved = percent(last[-1].drift)
        words += f"The kernel of the last width {settings.widths[-1]} network moved by {moved}."
    return Answer(fate(progress), words)


def _decades(state, progress) -> Answer | None:
    found = regime(progress)
    if not np.isfinite(found.needed):
        return None
    power = float(np.log10(found.needed))
    return Answer(
        power,
        f"The fitted line meets λₘᵢₙ at 10 to the power {power:.1f}, an extrapolation from widths "
        f"{progress.settings.widths[0]} to {found.widest}.",
    )
