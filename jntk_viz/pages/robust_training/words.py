"""The words of the robust-training page: sentences about what is on screen."""

import numpy as np

from jntk_viz.drawing.theme import escape
from jntk_viz.frame.numbers import number, percent, signed, stop, superscript
from jntk_viz.frame.robustness import FRAGILE
from jntk_viz.frame.words import ONE_FUNCTION, coinciding, correlation, small, with_interval
from jntk_viz.pages.robust_training import predictor, stopping, study
from jntk_viz.pages.robust_training.state import SOURCES

QUESTION = "Does a Jacobian penalty make a network robust, or stopping in time?"


def span(values) -> str:
    """One percentage, or the smallest and the largest."""
    low, high = percent(np.min(values)), percent(np.max(values))
    return low if low == high else f"{low} to {high}"


def headline(state, found) -> str:
    """The sentences about the visible tab, from what is known (`plan.Found`)."""
    details = DETAILS[state.view](state, found)
    return about_place(state, found) + small(searched(state, found), limit(found.whole), *details)


def about_place(state, found) -> str:
    """Accuracies at the chosen λ and t, beside standard training."""
    whole, at = found.whole, state.at
    now, standard = study.row(whole, state.lam), study.row(whole, 0.0)
    t, lam = stop(state.t), stop(state.lam)
    who = "Standard training (λ = 0)" if state.lam == 0 else f"λ = {lam}"
    if np.isnan(now.clean[at]):
        return f"<b>{who} at t = {t}: {_nothing(state, found)}</b>."
    first = (
        f"<b>{who} at t = {t}: {percent(now.clean[at])} clean, {percent(now.robust[at])} robust "
        f"at ε = {state.epsilon:g}</b>"
    )
    if state.lam > 0:
        first += (
            f"; standard training: {percent(standard.clean[at])} and {percent(standard.robust[at])}"
        )
    return f"{first}."


def searched(state, found) -> str:
    """Robust accuracy against an attack that searches, where it is known."""
    if state.t not in found.pgd:
        return ""
    return f"Under an attacker's search (PGD) {percent(found.pgd[state.t])} are robust."


def _nothing(state, found) -> str:
    """Why there is no predictor."""
    path = found.solutions[state.lam].paths[state.speed]
    if path.steps[state.at] == 0:
        return f"no step has been taken yet, since η = {number(path.learning_rate, 3)}"
    return f"diverged, because η is {state.rate:g} times 2N/eₘₐₓ"


def limit(whole) -> str:
    """Where training ends: at one place for every λ > 0, up to rounding."""
    clean, robust = (v[1:, -1][np.isfinite(v[1:, -1])] for v in (whole.clean, whole.robust))
    if not clean.size:
        return ""
    ends = span(clean), span(robust)
    if "to" in "".join(ends):
        return (
            f"At t = ∞ every λ &gt; 0 would end at the same place; rounding makes it {ends[0]} "
            f"clean, {ends[1]} robust."
        )
    return f"At t = ∞ every λ &gt; 0 ends at the same {ends[0]} and {ends[1]}."


def about_data(state, prepared) -> str:
    n, d0 = prepared.train.x.shape
    words = (
        f"{escape(SOURCES[state.data].label)}: {n} training, {len(prepared.test.y)} test "
        f"points in R{superscript(d0)}."
    )
    if prepared.basis is not None:
        words += f" Slopes perpendicular to the {n}-dimensional span of the training points stay 0."
    return f"{words} {coinciding(prepared.train.x, prepared.test.x)}".rstrip()


def about_stopping(state, found) -> str:
    """Is it λ, or stopping? The four robust accuracies and what they differ by.

    - `found`: `stopping.Comparison`, None while it is not known.
    """
    if found is None:
        return "Choosing the stopping times …"
    rows = [f"standard training: {_stopped_and_end(found, stopping.STANDARD)}"]
    if state.lam > 0:
        rows.append(f"λ = {stop(state.lam)}: {_stopped_and_end(found, 1)}")
        gains = ", ".join(
            f"{when} {points(difference)}"
            for when, difference in zip(("stopped", "at t = ∞"), found.by_lam, strict=True)
            if difference is not None
        )
        rows.append(f"λ minus standard: {gains} points")
    elif found.by_stopping[stopping.STANDARD] is not None:
        rows.append(f"stopped minus t = ∞: {points(found.by_stopping[stopping.STANDARD])} points")
    return (
        f"<b>Is it λ, or stopping?</b> Robust: {'; '.join(rows)} (95 %, {found.points} test "
        f"points). Times: {stopping.FOLDS}-fold cross-validation in the training part."
    )


def _stopped_and_end(found, row) -> str:
    robust, end = found.robust[row]
    ending = "no t = ∞" if np.isnan(end) else f"{percent(end)} at t = ∞"
    return f"{percent(robust)} stopped at t = {stop(found.times[row])}, {ending}"


def points(difference) -> str:
    """A difference of accuracies in percentage points, with its interval."""

    def written(share) -> str:
        whole = signed(100 * share, 0)
        # What is less than half a point keeps its sign, and a digit that bears it out.
        return signed(100 * share, 1) if whole == "−0" else whole

    return with_interval(written, difference)


def about_rate(state, solution) -> str:
    """Sentence on gradient descent at the chosen learning rate."""
    if state.training == "flow":
        return ""
    path = solution.paths[state.speed]
    steps = f"{path.steps[state.at]:,.0f}" if np.isfinite(path.steps[state.at]) else "∞"
    words = (
        f"Descent: {steps} steps of η = {number(path.learning_rate, 3)}, {state.rate:g} times "
        "2N/eₘₐₓ."
    )
    count = predictor.diverging(solution, state.speed)
    if count:
        words += (
            f" {count} of {len(solution.eigenvalues)} modes diverge; what is left of the largest "
            f"is multiplied by {signed(1 - 2 * state.speed)} in every step."
        )
    return words


def about_floor(solution) -> str:
    total = len(solution.eigenvalues) + solution.unresolved
    return (
        f"{solution.unresolved} of {total} directions lie below the noise floor "
        f"{number(solution.noise_floor)}."
    )


def about_modes(state, prepared, solution) -> str:
    """Sentence on how far the modes have been learned."""
    half, less, _ = predictor.learned_modes(solution, state.at, state.speed)
    floor = about_floor(solution)
    if half + less == 0:
        return floor
    learned = solution.paths[state.speed].learned[state.at]
    target = float(np.sum(solution.share * np.clip(learned, 0, 1)))
    front = ""
    if np.isfinite(state.t) and state.training == "flow":
        front = f" (e above 0.69 N/t = {number(np.log(2) * len(prepared.train.y) / state.t)})"
    return (
        f"{half} of {len(solution.eigenvalues)} modes are learned at least half{front}; weighted "
        f"by their part of the target, {percent(target)} is learned. {floor}"
    )


def about_point(state, prepared, solution) -> str:
    """The followed test point: its output and margin."""
    point = state.point % len(prepared.test.y)
    reach, label = solution.paths[state.speed].reach, prepared.test.y[point]
    right, margin = reach.clean[state.at, point], reach.margin(**state.attack)[state.at, point]
    if np.isnan(right):
        return ""
    verdict = "robust" if margin > 0 else "not robust" if right > 0 else "wrong even unchanged"
    if np.ndim(label):
        return (
            f"Test point {point} ({escape(prepared.test.classes[np.argmax(label)])}): lead of "
            f"its class {signed(right)}, under attack {signed(margin)}: {verdict}."
        )
    return (
        f"Test point {point} (y = {signed(label, 0)}): f = {signed(label * right)}, "
        f"y f − ε‖PJ‖ = {signed(margin)}, {verdict}."
    )


SLICE_TITLES = {
    "principal": "f on the first principal directions, a and b",
    "classes": "f from class −1 to class +1 (→)",
    "point": "f around the test point; → the other class; ring: ε (L2)",
}
WINNER_TITLES = {
    "principal": "The winning class on the first principal directions, a and b",
    "classes": "The winning class on the plane of the class means",
    "point": "The winning class around the test point; → another class; ring: ε (L2)",
    "flat": "The winning class in each direction of the plane",
}


def gallery_title(test) -> str:
    """Title of the digits; the Jacobian of several outputs is that of a lead."""
    slope = "input Jacobian" if test.y.ndim == 1 else "Jacobian of the lead lost first"
    return f"Test digits, {slope} and attack (red +, blue −)"


def beside_digits(found) -> dict:
    """Two words beside each row of digits: what f says of it, and of the changed one."""
    if found.before.ndim == 2:
        before, after = (np.argmax(f, axis=1) for f in (found.before, found.after))
        return {
            "left": [f"{d} read as {f}" for d, f in zip(found.label, before, strict=True)],
            "right": [f"→ {d} read as {f}" for d, f in zip(found.label, after, strict=True)],
        }
    names = ["8" if label > 0 else "3" for label in found.label]
    left = [f"{name}: f = {signed(f)}" for name, f in zip(names, found.before, strict=True)]
    flips = [
        "flips" if before * after <= 0 else "keeps sign"
        for before, after in zip(found.before, found.after, strict=True)
    ]
    right = [f"→ {signed(f)}, {word}" for f, word in zip(found.after, flips, strict=True)]
    return {"left": left, "right": right}


def feature_title(lam, scores) -> str:
    name = "Standard training, λ = 0" if lam == 0 else f"λ = {stop(lam)}"
    words = f"{name}\nrank correlation {correlation(scores.correlation)}"
    return words + "; colour: log₁₀ e" * (lam > 0)


def claim(state, standard, regularised, several=False) -> str:
    """The paper's claim about eigenfeatures, beside what is measured here.

    It is about two classes; of several classes only what is measured.
    """
    here = f"rank correlation {correlation(standard.correlation)} for λ = 0"
    fragile = f"{standard.fragile}"
    if state.lam > 0:
        here += f", {correlation(regularised.correlation)} for λ = {stop(state.lam)}"
        fragile += f" and {regularised.fragile}"
    if several:
        return f"<b>Measured here</b>: {here}. {ONE_FUNCTION}"
    return (
        "The paper (GeLU, 11 layers): with λ &gt; 0 high test accuracy implies robustness. "
        f"<b>Measured here</b>: {here}; {fragile} "
        f"accurate (≥ {percent(FRAGILE[0])}) yet fragile (≤ {percent(FRAGILE[1])}). "
        "Part of such a correlation is forced, since robust accuracy cannot exceed accuracy. Null "
        "model and intervals: <a href='eigenfeatures'>the eigenfeatures page</a>."
    )


def _map_details(state, found) -> list[str]:
    return [
        about_data(state, found.prepared),
        about_stopping(state, found.comparison),
        about_rate(state, found.solutions[state.lam]),
    ]


def _predictor_details(state, found) -> list[str]:
    prepared, solution = found.prepared, found.solutions[state.lam]
    on_circle = predictor.picture_of(state.data) == "circle"
    return [
        about_modes(state, prepared, solution),
        about_rate(state, solution),
        "" if on_circle else about_point(state, prepared, solution),
        coinciding(prepared.train.x, prepared.test.x),
    ]


def _feature_details(state, found) -> list[str]:
    standard, regularised = (
        study.scores(found.solutions[lam], **state.attack) for lam in (0.0, state.lam)
    )
    return [
        claim(state, standard, regularised, several=found.prepared.test.y.ndim == 2),
        about_floor(found.solutions[state.lam]),
        about_data(state, found.prepared),
    ]


DETAILS = {"map": _map_details, "predictor": _predictor_details, "features": _feature_details}
