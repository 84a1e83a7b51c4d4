"""The words of the eigenfeatures page: sentences about what is on screen, and its formulas."""

import numpy as np

from jntk_viz.studies import eigenfeatures as study
from jntk_viz.studies.robust_training import FRAGILE, power_label
from jntk_viz.views.coinciding import coinciding
from jntk_viz.views.parts import Answer, Formula
from jntk_viz.views.robust_training_text import percent, superscript

FORMULAS = (
    Formula(
        r"\Theta_\lambda = \Lambda^{1/2}\,\Theta(X,X)\,\Lambda^{1/2} = \sum_i e_i\, v_i v_i^\top,"
        r"\qquad \Lambda = \mathrm{diag}(1,\lambda,\dots,\lambda)",
        "The Jacobian NTK of an infinitely wide network on the training points, weighted as the "
        "loss weights outputs and input Jacobians. λ = 0 is standard training: N directions "
        "instead of N(1+d₀). Directions whose eigenvalue is below the noise floor, number of rows "
        "× 2.2e-16 × e₁, are unresolved and left out. So are, for N < d₀, those orthogonal to all "
        "training points, whose features vanish.",
        {
            r"\Theta": "the limiting Jacobian Neural Tangent Kernel of the pair (f, J)",
            r"X,\; N,\; d_0": "training points on the unit sphere, their number, their dimension",
            r"\lambda": "weight of the squared input Jacobian in the loss",
            r"e_i,\; v_i": "eigenvalues, largest first, and eigenvectors",
        },
    ),
    Formula(
        r"f_i(x) = \Theta(x,X)\,\Lambda^{1/2} v_i\, \frac{v_i^\top \Lambda^{1/2} u^*}{e_i},"
        r"\qquad \sum_i f_i = f(\cdot, t=\infty)",
        "Eigenfeatures (Tsilivis & Kempe, NeurIPS 2022): what one eigenvector contributes to the "
        "trained network. By time t a fraction 1 − exp(−e_i t/N) of feature i has been learned.",
        {
            r"u^* = (y, 0)": "what training aims at: the labels, and no slope",
            r"N/e_i": "the time at which feature i is learned to 63 %",
            r"(v_i^\top\Lambda^{1/2}u^*)^2/|\Lambda^{1/2}u^*|^2": "its share of the target",
        },
    ),
    Formula(
        r"\text{accurate: } y f_i(x) > 0, \qquad \text{robust: } y f_i(x) - \varepsilon\,"
        r"\lVert P_x J(f_i)(x)\rVert_* > 0",
        "Each feature as a classifier of its own, attacked on its own. To first order a point is "
        "robust if no change of size ε flips a linear model of f_i there; PGD follows the slope "
        "inside the ε-ball and can only find more.",
        {
            r"J(f_i)(x)": "∂f_i/∂x, the input Jacobian (not the gradient in the weights)",
            r"P_x": "projection on the sphere's tangent space: only such changes count",
            r"\lVert\cdot\rVert_*": "dual norm: ℓ2 for an L2 change, ℓ1 for an L∞ change",
            r"\varepsilon": "size of the change; inputs have norm 1",
        },
    ),
    Formula(
        r"\rho = \mathrm{corr}\big(\mathrm{rank}(\text{accuracy}),"
        r"\mathrm{rank}(\text{robustness})\big)",
        f"Spearman's rank correlation over the features; ties get their mean rank. The interval "
        f"holds the middle 95 % of {study.DRAWS} bootstrap resamples of the features. It says how "
        "much ρ depends on which features there are, not how it varies with the data.",
        {
            r"\rho": "rank correlation: 1 if accuracy and robustness order the features alike",
            r"\text{fragile}": f"right on at least {percent(FRAGILE[0])} of the test points, but "
            f"on at most {percent(FRAGILE[1])} under attack",
        },
    ),
)

_SMALL = "font-size: 14px; line-height: 1.3; margin: 2px 0 0"
_CLAIM = (
    "The paper (GeLU, 11 layers): accurate features are robust with λ &gt; 0, hardly linked with "
    "λ = 0, never fragile."
)


def number(value) -> str:
    return "undefined" if np.isnan(value) else f"{value:.2f}".replace("-", "−")


def signed(value) -> str:
    return number(value) if np.isnan(value) else f"{value:+.2f}".replace("-", "−")


def interval(rho) -> str:
    """0.79 [0.64, 0.90]."""
    if np.isnan(rho.value):
        return "undefined"
    return f"{number(rho.value)} [{number(rho.low)}, {number(rho.high)}]"


def attack_label(state) -> str:
    return f"ε = {state.epsilon:.2g} {norm_label(state)}{' PGD' if state.attack == 'pgd' else ''}"


def verdict(gap) -> str:
    """What the difference of the two correlations says."""
    change, low, high = gap
    if np.isnan(change):
        return "no comparison, because one of them is undefined"
    words = f"{signed(change)} [{signed(low)}, {signed(high)}]"
    if low > 0:
        return f"a stronger link with λ, by {words}"
    return f"a weaker link with λ, by {words}" if high < 0 else f"no clear difference, {words}"


def scatter_headline(state, rhos) -> str:
    """The rank correlations of both trainings."""
    return (
        f"Rank correlation of accuracy and robustness: <b>{interval(rhos[0])}</b> with λ = 0, "
        f"<b>{interval(rhos[1])}</b> with λ = {power_label(state.lam)}."
    )


def claim(state, measured, rhos, gap) -> str:
    """The paper's claim beside what is measured."""
    standard, regularised = measured
    if gap[1] > 0 and rhos[0].low > 0:
        here = f"{verdict(gap)}, but λ = 0 has one too"
    else:
        here = verdict(gap)
    return (
        f"{_CLAIM} Here: {here}. Accurate (≥ {percent(FRAGILE[0])}), of these fragile "
        f"(≤ {percent(FRAGILE[1])} robust): {standard.accurate}, {standard.fragile} with λ = 0; "
        f"{regularised.accurate}, {regularised.fragile} with λ = {power_label(state.lam)}."
    )


def detail(state, prepared, spectrum, measured, rhos, gap) -> str:
    """Smaller sentences: the claim, the data, what was left out."""
    d0 = prepared.train.x.shape[1]
    data = (
        f"{len(prepared.train.y)} training, {len(prepared.test.y)} test points in "
        f"R{superscript(d0)}"
    )
    if spectrum.unresolved:
        data += f"; {spectrum.unresolved} directions unresolved"
    data = f"{data}. {coinciding(prepared.train.x, prepared.test.x)}".rstrip()
    return f"<p class=aside style='{_SMALL}'>{claim(state, measured, rhos, gap)} {data}</p>"


def norm_label(state) -> str:
    return {"l2": "L2", "linf": "L∞"}[state.norm]


def correlation_headline(state, sweep) -> str:
    """Where over λ the link is weakest and strongest, for the chosen norm."""
    known = np.flatnonzero(np.isfinite(sweep.value))
    if not known.size:
        return "The rank correlation is undefined: all features are equally robust."
    worst, best = known[np.argmin(sweep.value[known])], known[np.argmax(sweep.value[known])]
    words = [
        f"<b>{number(sweep.value[i])} [{number(sweep.low[i])}, {number(sweep.high[i])}]</b> at "
        f"λ = {power_label(study.LAMBDAS[i])}"
        for i in (worst, best)
    ]
    zero = f"; {number(sweep.value[0])} at λ = 0" if 0 in known and 0 not in (worst, best) else ""
    return f"Rank correlation, {norm_label(state)}: {words[0]} to {words[1]}{zero}."


def learned_headline(state, spectra, measured) -> str:
    """Whether what is learned first is robust."""
    links = [study.early_link(s, m) for s, m in zip(spectra, measured, strict=True)]
    return (
        f"Rank correlation of eigenvalue and robustness: <b>{number(links[0])}</b> with λ = 0, "
        f"<b>{number(links[1])}</b> with λ = {power_label(state.lam)}."
    )


def learned_title(state, spectra) -> str:
    halves = [power_label(float(f"{study.half_learned(s):.1g}")) for s in spectra]
    return (
        f"How much of the target has been learned; half at t ≈ {halves[0]} (λ = 0) and "
        f"{halves[1]} (λ = {power_label(state.lam)})"
    )


def robust_label(state) -> str:
    """The axis of robustness says against what."""
    return f"robust, {attack_label(state)} (%)"


def scatter_title(lam, measured, rho) -> str:
    words = f"λ = {power_label(lam)}: {len(measured.ranks)} features, ρ = {interval(rho)}"
    return words + "; colour: log₁₀ e" * (lam > 0)


def feature_title(shown, found, measured) -> str:
    """Which feature it is, and its numbers."""
    first_order = float(np.mean(shown.margin > 0))
    known = shown.rank < len(measured.robustness)
    robust = measured.robustness[shown.rank] if known else first_order
    accurate = np.mean(found.features.clean[shown.rank] > 0)
    return (
        f"No. {shown.rank + 1}: {percent(accurate)} accurate, {percent(robust)} robust, "
        f"{share(shown.share)} of target"
    )


def share(value) -> str:
    return f"{100 * value:.0f} %" if value >= 0.01 else f"{100 * value:.1g} %"


def tile_words(attack) -> tuple[str, ...]:
    """What stands beneath the four images."""
    digit = study.SOURCES["digits"].options["classes"][int(attack.y > 0)]
    unit = max(abs(attack.before), abs(attack.after), 1e-300)
    before, after = signed(attack.before / unit), signed(attack.after / unit)
    aim = "right" if attack.y * attack.before > 0 else "wrong"
    end = "right" if attack.y * attack.after > 0 else "wrong"
    return (
        "mean input\nJacobian",
        f"a digit {digit}\nf = {before}, {aim}",
        "perturbation\nδ",
        f"attacked\nf = {after}, {end}",
    )


def fragile_title(state) -> str:
    return f"Accurate, and fragile at ε = {state.epsilon:.2g} {norm_label(state)} (first order)"


def early_title(lam, measured) -> str:
    words = f"λ = {power_label(lam)}: {len(measured.ranks)} features"
    return words + "; colour: log₁₀ share of the target" * (lam > 0)


STRONGER = ("Stronger with λ", "Weaker with λ", "No clear difference")


def contrast(state, rhos, gap) -> Answer:
    """Whether the link between accuracy and robustness is stronger with the regulariser."""
    _, low, high = gap
    option = STRONGER[0] if low > 0 else STRONGER[1] if high < 0 else STRONGER[2]
    return Answer(
        option,
        f"Rank correlation {interval(rhos[0])} with λ = 0 and {interval(rhos[1])} with "
        f"λ = {power_label(state.lam)}: {verdict(gap)}.",
    )


def correlation(state, rhos) -> Answer:
    """The rank correlation of standard training."""
    return Answer(rhos[0].value, f"With λ = 0 the rank correlation is {interval(rhos[0])}.")


def fragile(state, measured) -> Answer:
    """How many features are accurate yet fragile, with the regulariser."""
    found = measured[1]
    return Answer(
        float(found.fragile),
        f"Of {len(found.ranks)} features with λ = {power_label(state.lam)}, {found.accurate} are "
        f"accurate, and {found.fragile} of these fragile.",
    )


def order(state, spectra) -> Answer:
    """Three λ, the one of strongest link between accuracy and robustness first."""
    found = {
        lam: study.rank_correlation(
            study.scores(s, epsilon=state.epsilon, norm=state.norm, counted=state.counted),
            state.seed,
        )
        for lam, s in spectra.items()
    }
    ranked = sorted(found, key=lambda lam: -np.nan_to_num(found[lam].value, nan=-2))
    words = ", ".join(f"{interval(found[lam])} at λ = {power_label(lam)}" for lam in ranked)
    return Answer(tuple(f"λ = {power_label(lam)}" for lam in ranked), f"Measured: {words}.")


EARLY = ("More robust", "Less robust", "Neither")


def early_answer(state, spectra, measured) -> Answer:
    """Whether what is learned first is robust, with the regulariser."""
    link = study.early_link(spectra[1], measured[1])
    option = EARLY[2] if np.isnan(link) or abs(link) < 0.2 else EARLY[0 if link > 0 else 1]
    return Answer(
        option,
        f"With λ = {power_label(state.lam)} eigenvalue and robustness have rank correlation "
        f"{number(link)}.",
    )
