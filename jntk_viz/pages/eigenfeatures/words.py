"""The words of the eigenfeatures page: sentences about what is on screen, and titles."""

import numpy as np

from jntk_viz.frame.numbers import number, percent, signed, stop, superscript
from jntk_viz.frame.robustness import FRAGILE, LAMBDAS
from jntk_viz.frame.words import ONE_FUNCTION, coinciding, correlation, small, with_interval
from jntk_viz.pages.eigenfeatures import study
from jntk_viz.pages.eigenfeatures.state import SOURCES

QUESTION = "Are the features that classify well also the robust ones?"
_CLAIM = (
    "The paper (GeLU, 11 layers): with λ &gt; 0 high test accuracy implies robustness, with λ = 0 "
    "the two are hardly linked, and no accurate feature is fragile."
)


def interval(rho) -> str:
    """0.79 [0.64, 0.90]."""
    return "undefined" if np.isnan(rho.value) else with_interval(correlation, rho[:3])


def beyond(link) -> str:
    """+0.10 [−0.05, +0.21], the part of ρ that the null model does not give."""
    return "undefined" if np.isnan(link.excess.value) else _change(link.excess[:3])


def _change(gap) -> str:
    return with_interval(signed, gap)


def verdict(gap) -> str:
    """Compare the two links beyond the null model by their difference and its interval."""
    change, low, high = gap
    if np.isnan(change):
        return "no comparison, because one of them is undefined"
    if low > 0:
        return f"a stronger link with λ, by {_change(gap)}"
    return f"{'a weaker link with λ, by' if high < 0 else 'no clear difference,'} {_change(gap)}"


def norm_label(state) -> str:
    return {"l2": "L2", "linf": "L∞"}[state.norm]


def attack_label(state) -> str:
    pgd = " PGD" if state.attack == "pgd" else ""
    return f"ε = {number(state.epsilon)} {norm_label(state)}{pgd}"


# ---- headlines


def scatter_headline(state, links) -> str:
    """The rank correlations of both trainings."""
    rhos = [interval(link.rho) for link in links]
    return (
        f"Rank correlation of accuracy and robustness: <b>{rhos[0]}</b> with λ = 0, "
        f"<b>{rhos[1]}</b> with λ = {stop(state.lam)}."
    )


def scatter_shuffled(links) -> str:
    """The part of both rank correlations that is forced."""
    nulls = [correlation(link.null.value) for link in links]
    return f"Survival rates shuffled among the features already give {nulls[0]} and {nulls[1]}."


def correlation_headline(state, sweep) -> str:
    """Where over λ the link is weakest and strongest, for the chosen norm."""
    if sweep is None:
        return f"Rank correlation, {norm_label(state)}: computing ε = {number(state.epsilon)} …"
    known = np.flatnonzero(np.isfinite(sweep.value))
    if not known.size:
        return "The rank correlation is undefined: all features are equally robust."
    worst, best = known[np.argmin(sweep.value[known])], known[np.argmax(sweep.value[known])]
    words = [
        f"<b>{with_interval(correlation, (part[i] for part in sweep[:3]))}</b> "
        f"at λ = {stop(LAMBDAS[i])}"
        for i in (worst, best)
    ]
    zero = 0 in known and 0 not in (worst, best)
    return (
        f"Rank correlation, {norm_label(state)}: from {words[0]} to {words[1]}"
        f"{f'; {correlation(sweep.value[0])} at λ = 0' if zero else ''}."
    )


def correlation_shuffled(sweep) -> str:
    """The rank correlation that is forced, over all λ."""
    if sweep is None or not np.isfinite(sweep.null).any():
        return ""
    least, most = (correlation(find(sweep.null)) for find in (np.nanmin, np.nanmax))
    return f"Survival rates shuffled among the features already give {least} to {most}."


def learned_headline(state, pair) -> str:
    """Is what is learned first robust?"""
    links = [
        correlation(study.early_link(spectrum, scores))
        for spectrum, scores in zip(pair.spectra, pair.scores, strict=True)
    ]
    return (
        f"Rank correlation of eigenvalue and robustness: <b>{links[0]}</b> with λ = 0, "
        f"<b>{links[1]}</b> with λ = {stop(state.lam)}."
    )


# ---- smaller sentences below


def detail(state, prepared, pair, shuffled: str = "") -> str:
    """The forced part (`shuffled`), the paper's claim beside what is measured, and the data."""
    words = claim(state, pair, study.majority_share(state.problem))
    about = about_data(prepared, pair.spectra[1].unresolved)
    several = ONE_FUNCTION if prepared.train.y.ndim == 2 else ""
    return small(shuffled, words, several, about)


def about_data(prepared, unresolved: int) -> str:
    """Number of points, and what was left out."""
    train, test = prepared.train, prepared.test
    words = f"{len(train.y)} training, {len(test.y)} test points in "
    words += f"R{superscript(train.x.shape[1])}"
    if unresolved:
        words += f"; {unresolved} directions unresolved"
    return f"{words}. {coinciding(train.x, test.x)}".rstrip()


def claim(state, pair, bar: float) -> str:
    """The paper's claim beside what is measured; `bar` is the share of the majority class."""
    lam, links = stop(state.lam), pair.links
    return (
        f"{_CLAIM} Here, beyond shuffled rates: {beyond(links[0])} with λ = 0, {beyond(links[1])} "
        f"with λ = {lam}: {verdict(pair.gap)}. {useful(pair.scores, lam, bar)} "
        f"{accurate(pair.scores, lam)}"
    )


def useful(scores, lam: str, bar: float) -> str:
    """Number of features that beat the majority class, and of those that an attack breaks."""
    every = [len(each.ranks) for each in scores]
    count, lost = ([getattr(each, name)(bar) for each in scores] for name in ("useful", "lost"))
    return (
        f"More accurate than the majority class ({percent(bar)}): {count[0]} of {every[0]} "
        f"features with λ = 0, {count[1]} of {every[1]} with λ = {lam}; robust on less than half "
        f"of the points: {lost[0]} and {lost[1]} of these."
    )


def accurate(scores, lam: str) -> str:
    """Sentence on how many features are accurate, and how many of these fragile."""
    if not any(each.accurate for each in scores):
        return f"No feature is {percent(FRAGILE[0])} accurate."
    count = [each.accurate or "none" for each in scores]
    fragile = [each.fragile or "none" for each in scores]
    some = any(each.fragile for each in scores)
    verb = f"{fragile[0]} and {fragile[1]} of these are" if some else "none of these is"
    return (
        f"At least {percent(FRAGILE[0])} accurate are {count[0]} of the features with λ = 0 and "
        f"{count[1]} of those with λ = {lam}; {verb} fragile, which is at most "
        f"{percent(FRAGILE[1])} robust."
    )


# ---- titles, of two lines from the start: a line that comes later would move the axes


def robust_label(state) -> str:
    """The axis of robustness says against what."""
    return f"robust, {attack_label(state)} (%)"


def scatter_title(lam, scores, link) -> str:
    words = (
        f"λ = {stop(lam)}: {len(scores.ranks)} features\n"
        f"ρ = {correlation(link.rho.value)}, shuffled {correlation(link.null.value)}"
    )
    return words + "; colour: log₁₀ e" * (lam > 0)


def feature_title(index, spectrum, scores, margin) -> str:
    """Which feature it is, and its numbers; the first-order attack's where no search has been."""
    robust = scores.robustness[index] if index < len(scores.robustness) else np.mean(margin > 0)
    accurate = np.mean(spectrum.features.clean[index] > 0)
    return (
        f"Feature {index + 1}: {number(100 * spectrum.share[index])} % of the target\n"
        f"{percent(accurate)} accurate, {percent(robust)} robust"
    )


def tile_words(attack) -> tuple[str, ...]:
    """Words beneath the four images."""
    digit = SOURCES["digits"].options["classes"][int(attack.y > 0)]
    unit = max(abs(attack.before), abs(attack.after), 1e-300)
    before, after = (
        f"f = {signed(value / unit)}, {'right' if attack.y * value > 0 else 'wrong'}"
        for value in (attack.before, attack.after)
    )
    return (
        "mean input\nJacobian",
        f"a digit {digit}\n{before}",
        "perturbation\nδ",
        f"attacked\n{after}",
    )


def fragile_title(state) -> str:
    return (
        f"Accurate, and fragile\nat ε = {number(state.epsilon)} {norm_label(state)} (first order)"
    )


def early_title(lam, scores) -> str:
    colour = "colour: log₁₀ share of the target" if lam > 0 else " "
    return f"λ = {stop(lam)}: {len(scores.ranks)} features\n{colour}"


def learned_title(state, spectra) -> str:
    halves = [stop(float(f"{study.half_learned(s):.1g}")) for s in spectra]
    return (
        f"How much of the target has been learned\nhalf at t ≈ {halves[0]} (λ = 0) and "
        f"{halves[1]} (λ = {stop(state.lam)})"
    )
