"""The words of the robust-training page: sentences about what is on screen, and its formulas."""

import numpy as np

from jntk_viz.studies import robust_training as study
from jntk_viz.views.parts import Formula
from jntk_viz.views.theme import FONT, INK

FORMULAS = (
    Formula(
        r"\text{loss} = \frac{1}{2N}\sum_{i=1}^{N}\Big[(f(x_i)-y_i)^2"
        r" + \lambda\sum_{\alpha=1}^{d_0} J(f)(x_i)_\alpha^2\Big]",
        "Robust training: fit the labels and keep the input Jacobian small.",
        {
            r"f(x)": "the network's output at the input x, a point of the unit sphere",
            r"J(f)(x)_\alpha": "∂f/∂x_α, the input Jacobian (not the gradient in the weights)",
            r"y_i = \pm 1": "label of the training point x_i",
            r"\lambda": "weight of the Jacobian regulariser; 0 is standard training",
            r"N,\; d_0": "number of training points and of input coordinates",
        },
    ),
    Formula(
        r"u(x,t) = \Theta(x,X)\,\Lambda^{1/2} V\,\frac{1-e^{-et/N}}{e}\,V^\top\Lambda^{1/2}u^*,"
        r"\qquad \Theta_\lambda=\Lambda^{1/2}\Theta\Lambda^{1/2} = V\,\mathrm{diag}(e)\,V^\top",
        "An infinitely wide network under gradient flow, in closed form at every time. As t → ∞ "
        "the bracket becomes 1/e and λ cancels: for every λ > 0 the predictor interpolates the "
        "labels and has zero Jacobian at the training points. λ acts through the time it takes.",
        {
            r"u = (f, J)": "output and input Jacobian together, started from zero",
            r"u^* = (y, 0)": "what training aims at: the labels, and no slope",
            r"\Theta": "the limiting Jacobian Neural Tangent Kernel on the training points X",
            r"\Lambda": "diag(1, λ, …, λ): output gets weight 1, Jacobian entries weight λ",
            r"e,\; V": "eigenvalues and eigenvectors; directions of small e are learned late",
            r"t": "training time; time t of the flow is t/η steps of size η",
        },
    ),
    Formula(
        r"\text{clean: } y f(x) > 0, \qquad \text{robust: } y f(x) - \varepsilon\,"
        r"\lVert P_x J(x)\rVert_* > 0",
        "A test point counts as robust, to first order, if no change of size ε flips a linear "
        "model of f at x. PGD follows the slope downhill inside the ε-ball instead and finds more.",
        {
            r"\varepsilon": "size of the change; inputs have norm 1",
            r"P_x": "projection on the sphere's tangent space: only such changes count",
            r"\lVert\cdot\rVert_*": "dual norm: ℓ2 for an L2 change, ℓ1 for an L∞ change",
        },
    ),
    Formula(
        r"f_i(x) = \Theta_\lambda(x,X)\, v_i\, \frac{v_i^\top \Lambda^{1/2} u^*}{e_i},"
        r"\qquad \sum_i f_i = f(\cdot, t=\infty)",
        "Eigenfeatures (Tsilivis & Kempe, NeurIPS 2022): what one eigenvector contributes. Each "
        "dot is one of them as a classifier of its own, attacked on its own. Eigenvalues below "
        "the noise floor, number of rows × 2.2e-16 × largest eigenvalue, are rounding error; "
        "their directions are left out.",
        {
            r"e_i,\; v_i": "an eigenvalue of Θ_λ and its eigenvector",
            r"\text{accuracy}": "how often sign f_i is right on the test points",
            r"\text{robustness}": "the same, each point changed by ε against f_i",
        },
    ),
)


_SMALL = "font-size: 14px; line-height: 1.3; margin: 2px 0 0"
LABEL_STYLE = {"margin": (4, 0), "styles": {"font": f"500 14px {FONT}", "color": INK}}


def percent(value) -> str:
    return f"{100 * value:.0f} %"


def span(values) -> str:
    """One percentage, or the smallest and the largest."""
    low, high = percent(np.min(values)), percent(np.max(values))
    return low if low == high else f"{low} to {high}"


def correlation(scores) -> str:
    return "undefined" if np.isnan(scores.correlation) else f"{scores.correlation:.2f}"


def headline(state, whole, searched) -> str:
    """What the chosen λ and t give, beside standard training, and where every λ > 0 ends.

    - `whole`: `Curves` over (λ, t);  `searched`: PGD-robust accuracy here, None while unknown.
    """
    at = study.TIMES.index(state.t)
    now, standard = study.row(whole, state.lam), study.row(whole, 0.0)
    t, lam = study.power_label(state.t), study.power_label(state.lam)
    pgd = "" if searched is None else f" ({percent(searched)} if PGD searches)"
    words = (
        f"{percent(now.clean[at])} clean, {percent(now.robust[at])} robust "
        f"at ε = {state.epsilon:g}{pgd}"
    )
    if state.lam == 0:
        first = f"<b>Standard training (λ = 0) at t = {t}: {words}</b>."
    else:
        first = (
            f"<b>λ = {lam} at t = {t}: {words}</b>; standard training at the same time: "
            f"{percent(standard.clean[at])} and {percent(standard.robust[at])}."
        )
    return f"{first} {limit(whole)}"


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


def detail(state, whole, prepared, solution, standard_scores, scores) -> str:
    """Smaller sentences: the data, robust overfitting, the paper's claim and what is measured."""
    robust = study.row(whole, state.lam).robust
    best, end = np.max(robust[:-1]), robust[-1]
    until = study.ridge(robust[None])[0]
    data = (
        f"{study.SOURCES[state.data].label}: {len(prepared.train.y)} training, "
        f"{len(prepared.test.y)} test points in R{superscript(prepared.train.x.shape[1])}."
    )
    if best > end:
        story = (
            f"Robust overfitting: robust accuracy is best ({percent(best)}) until "
            f"t = {study.power_label(until)}, then falls to {percent(end)} at t = ∞."
        )
    else:
        story = f"No robust overfitting here: robust accuracy is best ({percent(best)}) at t = ∞."
    total = len(solution.eigenvalues) + solution.unresolved
    return f"<p style='{_SMALL}'>{data} {story}<br>{claim(state, standard_scores, scores)} " + (
        f"{solution.unresolved} of {total} directions lie below the noise floor.</p>"
    )


def claim(state, standard, regularised) -> str:
    """What the paper says about eigenfeatures, and what is measured here."""
    here = f"rank correlation {correlation(standard)} for λ = 0"
    fragile = f"{standard.fragile}"
    if state.lam > 0:
        here += f", {correlation(regularised)} for λ = {study.power_label(state.lam)}"
        fragile += f" and {regularised.fragile}"
    return (
        "The paper (GeLU, 11 layers) finds accurate eigenfeatures robust with λ &gt; 0, hardly any "
        f"link with λ = 0, and none accurate yet fragile. Measured here: {here}; {fragile} "
        f"accurate (≥ {percent(study.FRAGILE[0])}) yet fragile (≤ {percent(study.FRAGILE[1])})."
    )


def superscript(number) -> str:
    return str(number).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
