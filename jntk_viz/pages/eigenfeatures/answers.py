"""Answers to what readers of the eigenfeatures page are asked to predict."""

import numpy as np

from jntk_viz.frame.numbers import stop
from jntk_viz.frame.parts import Answer, answers_once
from jntk_viz.frame.words import correlation
from jntk_viz.pages.eigenfeatures import links, study
from jntk_viz.pages.eigenfeatures.state import ORDERED
from jntk_viz.pages.eigenfeatures.steps import pair_of, spectra_of
from jntk_viz.pages.eigenfeatures.words import beyond, interval, verdict

STRONGER = ("Stronger with λ", "Weaker with λ", "No clear difference")
EARLY = ("More robust", "Less robust", "Neither")


def answers(state) -> dict:
    """Key → function of what is known."""
    both = {"contrast": _contrast, "correlation": _correlation, "fragile": _fragile,
            "early": _early}  # fmt: skip
    return answers_once(pair_of, state, both) | {"order": lambda known: _order(state, known)}


def _contrast(state, pair) -> Answer:
    """Are accuracy and robustness linked more, beyond the null model, with the regulariser?"""
    _, low, high = pair.gap
    option = STRONGER[0] if low > 0 else STRONGER[1] if high < 0 else STRONGER[2]
    rhos = [interval(link.rho) for link in pair.links]
    nulls = [correlation(link.null.value) for link in pair.links]
    return Answer(
        option,
        f"Rank correlation {rhos[0]} with λ = 0 and {rhos[1]} with λ = {stop(state.lam)}; "
        f"shuffled survival rates already give {nulls[0]} and {nulls[1]}. "
        f"What exceeds them: {verdict(pair.gap)}.",
    )


def _correlation(state, pair) -> Answer:
    """The rank correlation of standard training."""
    rho, null = pair.links[0].rho, pair.links[0].null
    return Answer(
        rho.value,
        f"With λ = 0 the rank correlation is {interval(rho)}, of which shuffled survival rates "
        f"give {correlation(null.value)}.",
    )


def _fragile(state, pair) -> Answer:
    """Number of features that are accurate yet fragile, with the regulariser."""
    found = pair.scores[1]
    return Answer(
        float(found.fragile),
        f"Of {len(found.ranks)} features with λ = {stop(state.lam)}, {found.accurate} are "
        f"accurate, and {found.fragile} of these fragile.",
    )


def _order(state, known) -> Answer | None:
    """Three λ, the one of strongest link beyond the null model first."""
    spectra = spectra_of(state, known, ORDERED)
    if len(spectra) < len(ORDERED):
        return None
    found = {
        lam: links.measure(state.problem, spectrum, **state.size, counted=state.counted).link
        for lam, spectrum in spectra.items()
    }
    ranked = sorted(found, key=lambda lam: -np.nan_to_num(found[lam].excess.value, nan=-2))
    words = ", ".join(
        f"{beyond(found[lam])} at λ = {stop(lam)} (ρ = {correlation(found[lam].rho.value)})"
        for lam in ranked
    )
    return Answer(
        tuple(f"λ = {stop(lam)}" for lam in ranked),
        f"Measured, beyond what shuffled survival rates give: {words}.",
    )


def _early(state, pair) -> Answer:
    """Is what is learned first robust, with the regulariser?"""
    link = study.early_link(pair.spectra[1], pair.scores[1])
    option = EARLY[2] if np.isnan(link) or abs(link) < 0.2 else EARLY[0 if link > 0 else 1]
    return Answer(
        option,
        f"With λ = {stop(state.lam)} eigenvalue and robustness have rank correlation "
        f"{correlation(link)}.",
    )
