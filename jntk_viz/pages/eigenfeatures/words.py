"""The words of the eigenfeatures page: sentences about what is on screen, and its formulas."""

import numpy as np

from jntk_viz.frame.coinciding import coinciding
from jntk_viz.frame.parts import Answer, Formula
from jntk_viz.pages.eigenfeatures import study
from jntk_viz.pages.robust_training.study import FRAGILE, power_label
from jntk_viz.pages.robust_training.words import percent, superscript

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
        r"\rho = \mathrm{corr}\big(\mathrm{rank}(a_i), \mathrm{rank}(r_i)\big), \qquad"
        r"\rho_0 = \mathrm{E}_\pi\,\mathrm{corr}\big(\mathrm{rank}(a_i),"
        r"\mathrm{rank}(a_i s_{\pi(i)})\big), \quad s_i = r_i/a_i",
        "Spearman's rank correlation over the features; ties get their mean rank. The interval "
        f"holds the middle 95 % of {study.DRAWS} bootstrap resamples of the features. It says how "
        "much ρ depends on which features there are, not how it varies with the data. No attack "
        "makes a wrong answer right, so r cannot exceed a and the two correlate whatever the "
        f"features are. The null model, {study.SHUFFLES} random permutations π of the survival "
        "rates among the features, has this and nothing else: ρ − ρ₀ is what is linked beyond it.",
        {
            r"\rho": "rank correlation: 1 if accuracy and robustness order the features alike",
            r"a_i,\; r_i,\; s_i": "accuracy, robust accuracy, and the rate at which right answers "
            "survive the attack",
            r"\text{useful}": "right more often than naming the more frequent label always is "
            "(Tsilivis & Kempe, NeurIPS 2022); dotted line",
            r"\text{fragile}": f"right on at least {percent(FRAGILE[0])} of the test points, but "
            f"on at most {percent(FRAGILE[1])} under attack",
        },
    ),
)

_SMALL = "font-size: 14px; line-height: 1.3; margin: 2px 0 0"
_CLAIM = (
    "The paper (GeLU, 11 layers): with λ &gt; 0 high test accuracy implies robustness, with λ = 0 "
    "the two are hardly linked, and no accurate feature is fragile."
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
    """What the difference of the two links beyond the null model says."""
    change, low, high = gap
    if np.isnan(change):
        return "no comparison, because one of them is undefined"
    words = f"{signed(change)} [{signed(low)}, {signed(high)}]"
    if low > 0:
        return f"a stronger link with λ, by {words}"
    return f"a weaker link with λ, by {words}" if high < 0 else f"no clear difference, {words}"


def scatter_headline(state, links) -> str:
    """The rank correlations of both trainings, and what is forced."""
    rhos, nulls = [link.rho for link in links], [number(link.null.value) for link in links]
    return (
        f"Rank correlation of accuracy and robustness: <b>{interval(rhos[0])}</b> with λ = 0, "
        f"<b>{interval(rhos[1])}</b> with λ = {power_label(state.lam)}. Survival rates shuffled "
        f"among the features already give {nulls[0]} and {nulls[1]}."
    )


def beyond(link) -> str:
    """+0.10 [−0.05, +0.21], the part of ρ that the null model does not give."""
    if np.isnan(link.excess.value):
        return "undefined"
    value, low, high = (signed(part) for part in link.excess[:3])
    return f"{value} [{low}, {high}]"


def claim(state, measured, links, gap) -> str:
    """The paper's claim beside what is measured."""
    lam = power_label(state.lam)
    return (
        f"{_CLAIM} Here, beyond shuffled rates: {beyond(links[0])} with λ = 0, {beyond(links[1])} "
        f"with λ = {lam}: {verdict(gap)}. {useful(state.problem, measured, lam)} "
        f"{accurate(measured, lam)}"
    )


def useful(problem, measured, lam) -> str:
    """How many features beat the majority class, and how many of these an attack breaks."""
    bar = study.majority_share(problem)
    every = [len(scores.ranks) for scores in measured]
    count, lost = ([getattr(s, name)(bar) for s in measured] for name in ("useful", "lost"))
    return (
        f"More accurate than the majority class ({percent(bar)}): {count[0]} of {every[0]} "
        f"features with λ = 0, {count[1]} of {every[1]} with λ = {lam}; robust on less than half "
        f"of the points: {lost[0]} and {lost[1]} of these."
    )


def accurate(measured, lam) -> str:
    """How many features are accurate, and how many of these fragile, in a sentence."""
    at = [
        f"{many(s.accurate)} with λ = {value}"
        for s, value in zip(measured, ("0", lam), strict=True)
    ]
    fragile = [s.fragile for s in measured]
    if not any(s.accurate for s in measured):
        return f"None is {percent(FRAGILE[0])} accurate."
    each = "none is" if not any(fragile) else f"{many(fragile[0])} and {many(fragile[1])} are"
    return (
        f"At least {percent(FRAGILE[0])} accurate: {at[0]}, {at[1]}; {each} fragile "
        f"(at most {percent(FRAGILE[1])} robust)."
    )


def many(count: int) -> str:
    return str(count) if count else "none"


def detail(state, prepared, spectrum, measured, links, gap) -> str:
    """Smaller sentences: the claim, the data, what was left out."""
    d0 = prepared.train.x.shape[1]
    data = (
        f"{len(prepared.train.y)} training, {len(prepared.test.y)} test points in "
        f"R{superscript(d0)}"
    )
    if spectrum.unresolved:
        data += f"; {spectrum.unresolved} directions unresolved"
    data = f"{data}. {coinciding(prepared.train.x, prepared.test.x)}".rstrip()
    words = claim(state, measured, links, gap)
    return f"<p class=aside style='{_SMALL}'>{words} {data}</p>"


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
    return (
        f"Rank correlation, {norm_label(state)}: {words[0]} to {words[1]}{zero}. Survival rates "
        f"shuffled: {number(np.nanmin(sweep.null))} to {number(np.nanmax(sweep.null))}."
    )


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


def scatter_title(lam, measured, link) -> str:
    words = (
        f"λ = {power_label(lam)}: {len(measured.ranks)} features, ρ = {number(link.rho.value)}, "
        f"shuffled {number(link.null.value)}"
    )
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


def contrast(state, links, gap) -> Answer:
    """Whether accuracy and robustness are linked more, beyond the null, with the regulariser."""
    _, low, high = gap
    option = STRONGER[0] if low > 0 else STRONGER[1] if high < 0 else STRONGER[2]
    rhos, nulls = [interval(link.rho) for link in links], [link.null.value for link in links]
    return Answer(
        option,
        f"Rank correlation {rhos[0]} with λ = 0 and {rhos[1]} with λ = {power_label(state.lam)}; "
        f"shuffled survival rates already give {number(nulls[0])} and {number(nulls[1])}. "
        f"What exceeds them: {verdict(gap)}.",
    )


def correlation(state, links) -> Answer:
    """The rank correlation of standard training."""
    rho, null = links[0].rho, links[0].null
    return Answer(
        rho.value,
        f"With λ = 0 the rank correlation is {interval(rho)}, of which shuffled survival rates "
        f"give {number(null.value)}.",
    )


def fragile(state, measured) -> Answer:
    """How many features are accurate yet fragile, with the regulariser."""
    found = measured[1]
    return Answer(
        float(found.fragile),
        f"Of {len(found.ranks)} features with λ = {power_label(state.lam)}, {found.accurate} are "
        f"accurate, and {found.fragile} of these fragile.",
    )


def order(state, spectra) -> Answer:
    """Three λ, the one of strongest link beyond the null model first."""
    found = {
        lam: study.link(
            study.scores(s, epsilon=state.epsilon, norm=state.norm, counted=state.counted),
            state.seed,
        )
        for lam, s in spectra.items()
    }
    ranked = sorted(found, key=lambda lam: -np.nan_to_num(found[lam].excess.value, nan=-2))
    words = ", ".join(
        f"{beyond(found[lam])} at λ = {power_label(lam)} (ρ = {number(found[lam].rho.value)})"
        for lam in ranked
    )
    return Answer(
        tuple(f"λ = {power_label(lam)}" for lam in ranked),
        f"Measured, beyond what shuffled survival rates give: {words}.",
    )


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
