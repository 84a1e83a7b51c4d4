"""The words of the robust-training page: sentences about what is on screen, and its formulas."""

import numpy as np

from jntk_viz.drawing.theme import escape
from jntk_viz.frame.coinciding import coinciding
from jntk_viz.frame.parts import Formula
from jntk_viz.pages.robust_training import predictor, stopping, study

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
            r"t": "training time; of descent t = ηk, steps of size η times their number k",
        },
    ),
    Formula(
        r"\text{flow: } 1-e^{-e t/N}, \qquad \text{descent: } 1-(1-\eta e/N)^{k}, \quad t=\eta k,"
        r"\qquad \text{stable for } \eta < 2N/e_{\max}",
        "The fraction of a mode that has been learned. The flow has learned what lies above "
        "e = N/t. With a step above 2N/e_max what is left of the largest mode is multiplied by "
        "a number below −1 in every step: it diverges, and nothing is drawn once a fraction "
        "exceeds a million. The modes below 2N/η are learned as usual.",
        {
            r"\eta,\; k": "learning rate and number of steps of gradient descent",
            r"e_{\max}": "the largest eigenvalue of Θ_λ, so that η depends on λ",
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
        r"t^* = \arg\max_t \frac{1}{N}\sum_{i=1}^{N} \mathbf{1}\Big[\, y_i f^{(-i)}_t(x_i) > "
        r"\varepsilon\,\lVert P J^{(-i)}_t(x_i)\rVert_* \Big]",
        "The stopping time of each training, with λ and without: the most robust on training "
        "points that were left out (threefold cross-validation); no test point has a part in it. "
        "Intervals: adjusted Wald for paired proportions (Bonett & Price 2012). Long training "
        "costs robustness in finite networks (Rice, Wong & Kolter, ICML 2020), in adversarial "
        "training of wide ones (Fu & Wang, ICLR 2024) and without any regulariser in the NTK "
        "regime, where stopping in time is optimal (Hou, Peng & Yang, arXiv 2604.25965).",
        {r"f^{(-i)}_t": "the predictor trained to time t without the third that holds point i"},
    ),
    Formula(
        r"x(s, r) = s\,a + r\,b + \sqrt{1-s^2-r^2}\;c",
        "The slice of the sphere: half of a great sphere, seen along c. Test points are drawn "
        "where they project to and marked by their own margin, not by what lies under them. Only "
        "the followed point of the slice around it lies on it: a change of size ε (L2) reaches "
        "all places within the ring of radius ε; where f = 0 crosses it, the point can be flipped.",
        {
            r"a, b, c": "orthonormal directions; principal ones, from class to class, or from the "
            "followed point to the nearest training point of the other class",
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


def percent(value) -> str:
    return "–" if np.isnan(value) else f"{100 * value:.0f} %"


def span(values) -> str:
    """One percentage, or the smallest and the largest."""
    low, high = percent(np.min(values)), percent(np.max(values))
    return low if low == high else f"{low} to {high}"


def correlation(scores) -> str:
    return "undefined" if np.isnan(scores.correlation) else f"{scores.correlation:.2f}"


def superscript(number) -> str:
    return str(number).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))


def power(value) -> str:
    """A positive number in words, without zeros that nobody reads."""
    if 0.01 <= value < 10_000:
        return f"{value:.3g}"
    exponent = int(np.floor(np.log10(value)))
    sign = "⁻" if exponent < 0 else ""
    return f"{value / 10.0**exponent:.1f}·10{sign}{superscript(abs(exponent))}"


def signed(value, digits=2) -> str:
    """With a sign in front, and a minus that is as long as a plus."""
    return f"{value:+.{digits}f}".replace("-", "−")


def headline(state, whole, searched, solution) -> str:
    """What the chosen λ and t give, beside standard training, and where every λ > 0 ends.

    - `whole`: `Curves` over (λ, t);  `searched`: PGD-robust accuracy here, None while unknown.
    """
    at = study.TIMES.index(state.t)
    now, standard = study.row(whole, state.lam), study.row(whole, 0.0)
    t, lam = study.power_label(state.t), study.power_label(state.lam)
    pgd = "" if searched is None else f" ({percent(searched)} if PGD searches)"
    who = "Standard training (λ = 0)" if state.lam == 0 else f"λ = {lam}"
    if np.isnan(now.clean[at]):
        return f"<b>{who} at t = {t}: {_nothing(solution, state, at)}</b>. {limit(whole)}"
    words = (
        f"{percent(now.clean[at])} clean, {percent(now.robust[at])} robust "
        f"at ε = {state.epsilon:g}{pgd}"
    )
    first = f"<b>{who} at t = {t}: {words}</b>"
    if state.lam > 0:
        first += (
            "; standard training at the same time: "
            f"{percent(standard.clean[at])} and {percent(standard.robust[at])}"
        )
    return f"{first}. {limit(whole)}"


def _nothing(solution, state, at) -> str:
    """Why there is no predictor."""
    path = solution.paths[state.speed]
    if path.steps[at] == 0:
        return f"no step has been taken yet, since η = {power(path.learning_rate)}"
    return f"diverged, because η is {state.rate:g} times 2N/e_max"


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


def small(*sentences) -> str:
    return f"<p class=aside style='{_SMALL}'>{' '.join(s for s in sentences if s)}</p>"


def about_data(state, prepared) -> str:
    n, d0 = prepared.train.x.shape
    words = (
        f"{escape(study.SOURCES[state.data].label)}: {n} training, {len(prepared.test.y)} test "
        f"points in R{superscript(d0)}."
    )
    if prepared.basis is not None:
        words += f" Slopes across the {n}-dimensional span of the training points stay 0."
    return f"{words} {coinciding(prepared.train.x, prepared.test.x)}".rstrip()


def about_stopping(state, found) -> str:
    """Is it λ, or stopping? The four robust accuracies and what they differ by.

    - `found`: `robust_stopping.Comparison`, None while it is not known.
    """
    if found is None:
        return "Choosing the stopping times …"
    rows = [f"standard training: {_stopped_and_end(found, stopping.STANDARD)}"]
    if state.lam > 0:
        rows.append(f"λ = {study.power_label(state.lam)}: {_stopped_and_end(found, 1)}")
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
    return f"{percent(robust)} stopped at t = {study.power_label(found.times[row])}, {ending}"


def points(difference) -> str:
    """A difference of accuracies in percentage points, with its interval."""

    def written(share) -> str:
        whole = f"{100 * share:+.0f}"
        # What is less than half a point keeps its sign, and a digit that bears it out.
        return (f"{100 * share:+.1f}" if whole == "-0" else whole).replace("-", "−")

    value, low, high = map(written, difference)
    return f"{value} [{low}, {high}]"


def about_rate(state, solution, at) -> str:
    """What gradient descent does at the chosen learning rate."""
    if state.training == "flow":
        return ""
    path = solution.paths[state.speed]
    steps = f"{path.steps[at]:,.0f}" if np.isfinite(path.steps[at]) else "∞"
    words = (
        f"Descent: {steps} steps of η = {power(path.learning_rate)}, {state.rate:g} times 2N/e_max."
    )
    count = predictor.diverging(solution, state.speed)
    if count:
        first = 1 - 2 * state.speed
        words += (
            f" {count} of {len(solution.eigenvalues)} modes diverge; what is left of the largest "
            f"is multiplied by {f'{first:.2f}'.replace('-', '−')} in every step."
        )
    return words


def about_floor(solution) -> str:
    total = len(solution.eigenvalues) + solution.unresolved
    return (
        f"{solution.unresolved} of {total} directions lie below the noise floor "
        f"{power(solution.noise_floor)}."
    )


def about_predictor(state, prepared, solution, at) -> str:
    """How far the modes have been learned."""
    half, less, _ = predictor.learned_modes(solution, at, state.speed)
    floor = about_floor(solution)
    if half + less == 0:
        return floor
    learned = solution.paths[state.speed].learned[at]
    target = float(np.sum(solution.share * np.clip(learned, 0, 1)))
    front = ""
    if np.isfinite(state.t) and state.training == "flow":
        front = f" (e above 0.69 N/t = {power(np.log(2) * len(prepared.train.y) / state.t)})"
    return (
        f"{half} of {len(solution.eigenvalues)} modes are learned at least half{front}; weighted "
        f"by their part of the target, {percent(target)} is learned. {floor}"
    )


def about_point(point, label, f, margin) -> str:
    """The followed test point, f already with its sign."""
    if np.isnan(f):
        return ""
    verdict = "robust" if margin > 0 else "not robust" if label * f > 0 else "wrong even unchanged"
    return (
        f"Test point {point} (y = {signed(label, 0)}): f = {signed(f)}, y f − ε‖PJ‖ = "
        f"{signed(margin)}, "
        f"{verdict}."
    )


SLICE_TITLES = {
    "principal": "f on the first principal directions, a and b",
    "classes": "f from class −1 to class +1 (→)",
    "point": "f around the test point; → the other class; ring: ε (L2)",
}


def beside_digits(found) -> dict:
    """Two words beside each row of digits: what f says of it, and of the changed one."""
    names = ["8" if label > 0 else "3" for label in found.label]
    left = [f"{name}: f = {signed(f)}" for name, f in zip(names, found.before, strict=True)]
    flips = [
        "flips" if before * after <= 0 else "keeps sign"
        for before, after in zip(found.before, found.after, strict=True)
    ]
    right = [f"→ {signed(f)}, {word}" for f, word in zip(found.after, flips, strict=True)]
    return {"left": left, "right": right}


def feature_title(lam, scores) -> str:
    name = "Standard training, λ = 0" if lam == 0 else f"Regularised, λ = {study.power_label(lam)}"
    return f"{name}: rank correlation {correlation(scores)}"


def claim(state, standard, regularised) -> str:
    """What the paper says about eigenfeatures, and what is measured here."""
    here = f"rank correlation {correlation(standard)} for λ = 0"
    fragile = f"{standard.fragile}"
    if state.lam > 0:
        here += f", {correlation(regularised)} for λ = {study.power_label(state.lam)}"
        fragile += f" and {regularised.fragile}"
    return (
        "The paper (GeLU, 11 layers): with λ &gt; 0 high test accuracy implies robustness. "
        f"<b>Measured here</b>: {here}; {fragile} "
        f"accurate (≥ {percent(study.FRAGILE[0])}) yet fragile (≤ {percent(study.FRAGILE[1])}). "
        "Part of such a correlation is forced, since robust accuracy cannot exceed accuracy. Null "
        "model and intervals: <a href='eigenfeatures'>the eigenfeatures page</a>."
    )
