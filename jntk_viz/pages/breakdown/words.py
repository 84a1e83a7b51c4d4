"""The words of the breakdown page: headlines, the clinic's cards, and the formulas."""

import numpy as np

from jntk_viz.drawing.theme import ACCENT, BLUE, FONT, GREEN, INK, ORANGE
from jntk_viz.frame.parts import Answer, Formula
from jntk_viz.pages.breakdown import study
from jntk_viz.pages.breakdown.case import CURED, HEALTHY, ILL

COLOURS = {HEALTHY: BLUE, ILL: ORANGE, CURED: GREEN}
DASHES = {HEALTHY: "dashed", ILL: "solid", CURED: "dotted"}


def number(value: float, digits: int = 3) -> str:
    """0.157, 1.2·10⁻⁵, 8.3·10⁵: how a number is written in a sentence."""
    if not np.isfinite(value):
        return "∞"
    if 100 <= abs(value) < 1e5:
        return f"{value:.0f}".replace("-", "−")
    if value == 0 or 1e-3 <= abs(value) < 100:
        return f"{value:.{digits}g}".replace("-", "−")
    exponent = int(np.floor(np.log10(abs(value))))
    power = str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{value / 10**exponent:.2g}·10{power}".replace("-", "−")


CARDS = {
    "plateau": (
        "The loss falls fast, then stays level for a hundred times as long. Most points are fitted "
        "well; the residual sits on two inputs that nearly coincide and carry opposite labels.",
        "Training is a sum of directions that decay like exp(−e t/N). A network sees two inputs at "
        "angle δ as different only by order δ, so their difference has e ∝ δ². Until it is "
        "learned, f is the same at both, wrong by 1 twice: the loss waits at 2/(2N) = 1/N.",
        "Look for near-duplicates with opposite labels and drop or relabel one (the switch). A "
        "deeper network tells them apart sooner. Width does nothing; a learning rate is capped "
        "by the fastest direction.",
    ),
    "jacobian": (
        "The fit looks perfect, while the norm of the input Jacobian climbs as it would without a "
        "regulariser and then stays. Nothing in the total loss tells, because λ hides it.",
        "The Jacobian directions of the kernel have eigenvalues proportional to λ: they need times "
        "proportional to 1/λ. As t → ∞ every λ > 0 ends with a zero Jacobian at the training "
        "points; λ decides only when.",
        "A larger λ (the switch: 0.3 from step 100 on), or training 1/λ times as long. Log ½ mean "
        "|J|² apart from the loss.",
    ),
    "deep": (
        "Outputs, losses or gradients of 10⁶ or 10⁻⁶ before the first step, worse with each layer. "
        "On a logarithmic axis the size of the activations is a straight line in the layer.",
        "A layer multiplies the variance of its inputs by c = E φ(z)² (times the variance of the "
        "weights): after L layers c^L. The input Jacobian is multiplied by E φ′² in the same way.",
        "Scale φ so that E φ(z)² = 1 (the switch), as this library does with every activation, or "
        "the weights by 1/√c. For ReLU that is He's factor √2.",
    ),
    "power": (
        "Networks of every width move their kernel by as much: the drift is no smaller at width "
        "4096 than at 64, and the loss leaves the curve of the constant kernel.",
        "With the output divided by dᵃ instead of √d, every weight must move further for the same "
        "change of f. Counting powers, the drift goes like d^(−2(1−a)): 1/d for a = ½, none for "
        "a = 1. Such networks learn features; the theory of a constant kernel is not theirs.",
        "Divide by √d (the switch). If you want a = 1, do not compare with the JNTK.",
    ),
    "sphere": (
        "The distance to the limiting kernel falls at first and then levels off, however wide the "
        "network; the variance of the output differs from point to point.",
        "A nonlinear network's variance depends on |x|: E φ(|x|z)² is not 1 unless |x| = 1. The "
        "network converges, but to another kernel than the one on the sphere; the gap is a bias "
        "that no width removes. The library refuses such inputs for the limit.",
        "jv.normalize(x): rows of unit norm (the switch).",
    ),
    "rate": (
        "The loss grows by a fixed factor each step and one direction of the outputs flips its "
        "sign each time. Then it overflows, or, as here, the network gives way: the kernel shrinks "
        "until the step is stable again.",
        "A step multiplies direction i by 1 − ηeᵢ/N. Past η = 2N/e_max the fastest one exceeds 1 "
        "in size, the loss grows by its square. Only the start is linear: the network's kernel is "
        "not the one it began with afterwards.",
        "A learning rate below 2N/e_max: half of it, from step 6 on (the switch).",
    ),
    "float32": (
        "Predictions at late times change when the points are shuffled, or differ between "
        "machines. The error grows in proportion to the training time.",
        "Rounding moves every eigenvalue by about 10⁻⁷ e_max. Directions whose eigenvalue is "
        "smaller are noise to float32, and from t = N/(noise) on they are learned, with the "
        "wrong value.",
        "Compute kernels in float64 (blue), as the library does; or make the small eigenvalues "
        "larger: eight hidden layers instead of two, still in float32 (the switch).",
    ),
    "kink": (
        "Automatic differentiation returns a JNTK for ReLU without complaint, but the input "
        "Jacobian of a network does not follow it, and width hardly helps.",
        "The JNTK holds φ″. That of ReLU is a spike at zero, which autodiff takes as 0. Sharpen a "
        "smooth kink and Θ_αα grows like β without limit; at β = ∞ autodiff falls back to a small, "
        "finite number. Training flips neurons across the kink, and J jumps.",
        "A smooth activation: GeLU (the switch), SiLU, softplus.",
    ),
}


def card(name: str) -> str:
    """Recognise, explain, cure: three columns of HTML."""
    titles = ("How you recognise it", "Why", "What helps")
    columns = "".join(
        f'<section style="flex: {grow} 1 200px; min-width: 200px">'
        f'<h2 style="font: 500 16px {FONT}; margin: 0 0 2px; color: var(--accent, {ACCENT})">'
        f"{title}</h2>"
        f"<p style='margin: 0'>{words}</p></section>"
        for title, words, grow in zip(titles, CARDS[name], (10, 13, 8), strict=True)
    )
    return (
        f'<div style="display: flex; flex-wrap: wrap; gap: 8px 26px; font: 400 16px/1.4 {FONT}; '
        f'color: var(--ink, {INK}); padding: 4px">{columns}</div>'
    )


def _how(networks: int) -> str:
    if networks > 1:
        return f" (measured, {networks} networks with their spread)"
    return " (measured)"


def legend(cured: bool, networks: int = 0) -> str:
    """One line of HTML that says what the colours are."""

    def dash(colour, style="solid", thickness=4):
        return (
            f'<span style="display:inline-block;width:26px;border-top:{thickness}px {style} '
            f'{colour};vertical-align:middle;margin:0 6px 2px 0"></span>'
        )

    ink = f"var(--ink, {INK})"
    parts = [f"{dash(BLUE)}healthy", f"{dash(ORANGE)}broken"]
    if cured:
        parts.append(f"{dash(GREEN)}cured")
    return (
        "&emsp;".join(parts)
        + _how(networks)
        + f"&emsp;{dash(ink, thickness=2)}theory of the broken, {dash(ink, 'dashed', 2)}healthy"
        + (f", {dash(ink, 'dotted', 2)}cured" if cured else "")
    )


def headline(outcome) -> str:
    """What is on screen, in one or two sentences, with the legend below."""
    setting = outcome.setting
    words = "Measuring …"
    if ILL in outcome.runs:
        ill, healthy = (outcome.runs[r].numbers for r in (ILL, HEALTHY))
        cured = outcome.runs[CURED].numbers if CURED in outcome.runs else None
        words = _SENTENCES[setting.case](setting.value, ill, healthy, cured)
    return _two_parts(words, legend(setting.cure, setting.networks * (setting.case != "float32")))


def waiting() -> str:
    """In place of the headline while nothing is known of a case."""
    return _two_parts("Measuring …", legend(cured=False))


def _two_parts(words: str, below: str) -> str:
    """Two lines of words and one below, so that the pictures do not jump."""
    return f'<div style="min-height: 2.7em">{words}</div><div style="font-size: 15px">{below}</div>'


def _b(value: float, digits: int = 3) -> str:
    return f"<b>{number(value, digits)}</b>"


def _plateau(angle, ill, healthy, cured):
    if cured:
        return (
            f"Without one of the twins the loss ends at {_b(cured['loss_at_end'])} instead of "
            f"{_b(ill['loss_at_end'])}. With both and eight layers, the slowest direction would "
            f"need {_b(ill['steps_with_8_layers'])} instead of "
            f"{_b(ill['steps_of_slowest_mode'])} steps."
        )
    return (
        f"Two inputs {angle:g}° apart with opposite labels: after 1000 steps the loss is "
        f"{_b(ill['loss_at_end'])}, theory {_b(ill['expected_loss_at_end'])}. Its slowest "
        f"direction holds {_b(ill['plateau_level'])} and needs "
        f"{_b(ill['steps_of_slowest_mode'])} steps."
    )


def _jacobian(lam, ill, healthy, cured):
    words = (
        f"At λ = {lam:g}, ½ mean |J|² is {_b(ill['jacobian_part_at_end'])} after 1000 steps, "
        f"theory {_b(ill['expected_jacobian_part_at_end'])}; at λ = 0.3 it is "
        f"{_b(healthy['jacobian_part_at_end'])}."
    )
    if cured:
        return f"{words} λ = 0.3 from step 100 on: {_b(cured['jacobian_part_at_end'])}."
    return f"{words} The fit tells nothing: {_b(ill['fit_part_at_end'])}."


def _deep(factor, ill, healthy, cured):
    words = (
        f"With E φ² = {factor:g} the variance at layer 30 is {_b(ill['variance_at_layer_30'])}, "
        f"theory {factor:g}²⁹ = {_b(ill['expected_variance_at_layer_30'])}: "
        f"<b>×{number(ill['growth_per_layer'])}</b> per layer."
    )
    shown, who = (cured, "Normalised") if cured else (healthy, "Healthy")
    return f"{words} {who}: {_b(shown['variance_at_layer_30'])}."


def _power(a, ill, healthy, cured):
    words = (
        f"Output divided by d<sup>{a:g}</sup>: the drift of the kernel goes like "
        f"d<sup><b>{number(ill['slope'], 2)}</b></sup>, theory "
        f"{number(ill['expected_slope'] + 0.0)}; at width 4096 it is {_b(ill['drift_widest'])}."
    )
    shown, who = (cured, "With 1/√d again") if cured else (healthy, "With 1/√d")
    return (
        f"{words} {who}: d<sup><b>{number(shown['slope'], 2)}</b></sup> and "
        f"{_b(shown['drift_widest'])}."
    )


def _sphere(radius, ill, healthy, cured):
    words = (
        f"Inputs of norm {radius:g}: at width 4096 the kernel is {_b(ill['error_at_width_4096'])} "
        f"away from the limit on the sphere, {_b(ill['bias_that_remains'])} of it for ever."
    )
    shown, who = (cured, "Normalised") if cured else (healthy, "On the sphere")
    return f"{words} {who}: {_b(shown['error_at_width_4096'])}."


def _rate(share, ill, healthy, cured):
    words = (
        f"At {share:g} × 2N/e_max the fastest direction is multiplied by "
        f"{_b(ill['growth_factor'])} per step, theory |1 − 2·{share:g}| = "
        f"{_b(ill['expected_growth_factor'])}; the loss reaches {_b(ill['largest_loss'])}."
    )
    if cured:
        return f"{words} Half the limit from step 6 on: {_b(cured['loss_at_end'])} at the end."
    return f"{words} Wide networks: 2N/e_max = {_b(ill['limit_2N_over_e_max'])}."


def _float32(points, ill, healthy, cured):
    words = (
        f"{points} points, λ_min = {_b(ill['smallest_eigenvalue'], 2)}, noise floor of float32 "
        f"{_b(ill['float32_noise_floor'], 2)}: at t = 10⁸ the float32 prediction is wrong by "
        f"{_b(100 * ill['error_at_late_times'], 2)} %"
    )
    if cured:
        return f"{words}, with eight layers by {_b(100 * cured['error_at_late_times'], 2)} %."
    return f"{words}, float64 by {_b(100 * healthy['error_at_late_times'], 2)} %."


def _kink(beta, ill, healthy, cured):
    name = "ReLU" if np.isinf(beta) else f"β = {beta:g}"
    words = (
        f"{name}: autodiff says Θ_αα = {_b(ill['jacobian_entry'])}, the limit is "
        f"{_b(ill['expected_jacobian_entry'])}. After 10 steps at width 16384 J is "
        f"{_b(100 * ill['error_widest'], 2)} % away from its linear equation"
    )
    shown, who = (cured, "cured by GeLU") if cured else (healthy, "GeLU")
    return f"{words}, {who}: {_b(100 * shown['error_widest'], 2)} %."


_SENTENCES = {
    "plateau": _plateau,
    "jacobian": _jacobian,
    "deep": _deep,
    "power": _power,
    "sphere": _sphere,
    "rate": _rate,
    "float32": _float32,
    "kink": _kink,
}


def answers(known) -> dict:
    """Key → function without arguments: what was measured. known() is the `Outcome`, or None."""

    def of(case, make):
        def answer():
            outcome = known()
            if outcome is None or outcome.setting.case != case or ILL not in outcome.runs:
                return None
            return make(outcome, outcome.runs[ILL].numbers)

        return answer

    return {
        "treatment": of("plateau", _treatment),
        "jacobian_end": of("jacobian", _jacobian_end),
        "powers_of_ten": of("deep", _powers_of_ten),
        "exponent": of("power", _exponent),
        "levels": of("sphere", _levels),
        "growth": of("rate", _growth),
        "floors": of("float32", _floors),
        "entry": of("kink", _entry),
    }


def _treatment(outcome, numbers):
    steps = study.plateau_cures(outcome.setting.value)
    told = "; ".join(f"{name}: {number(value)} steps" for name, value in steps.items())
    return Answer(min(steps, key=steps.__getitem__), f"The slowest direction needs, with {told}.")


def _jacobian_end(outcome, numbers):
    course = outcome.runs[ILL].course.y
    ratio = course[-1] / course[0]
    value = "larger" if ratio > 1.1 else "smaller" if ratio < 0.9 else "about the same"
    return Answer(value, f"½ mean |J|² goes from {number(course[0])} to {number(course[-1])}.")


def _powers_of_ten(outcome, numbers):
    value = float(np.log10(numbers["variance_at_layer_30"]))
    return Answer(
        value,
        f"Measured 10^{value:.2f}; theory 29 · log₁₀ {outcome.setting.value:g} = "
        f"{29 * np.log10(outcome.setting.value):.2f}.",
    )


def _exponent(outcome, numbers):
    options = {"-1": -1.0, "-1/2": -0.5, "0": 0.0}
    value = min(options, key=lambda o: abs(options[o] - numbers["slope"]))
    return Answer(value, f"Measured {number(numbers['slope'], 2)} over widths from 64 to 4096.")


def _levels(outcome, numbers):
    errors = outcome.runs[ILL].course.y
    ratio = errors[-1] / errors[1]
    value = min(_FALLS, key=lambda option: abs(np.log(_FALLS[option] / ratio)))
    return Answer(
        value, f"{number(errors[1])} at width 64, {number(errors[-1])} at 4096: ×{ratio:.2f}."
    )


_FALLS = {"an eighth of it": 1 / 8, "half of it": 1 / 2, "almost the same": 1.0}


def _growth(outcome, numbers):
    return Answer(
        numbers["growth_factor"],
        f"Measured {number(numbers['growth_factor'])}; theory |1 − 2·{outcome.setting.value:g}| = "
        f"{number(numbers['expected_growth_factor'])}.",
    )


def _floors(outcome, numbers):
    floor32 = numbers["float32_noise_floor"]
    sizes = {
        "noise floor of float64": floor32 * 2.0**-29,
        "smallest eigenvalue": numbers["smallest_eigenvalue"],
        "noise floor of float32": floor32,
    }
    order = tuple(sorted(sizes, key=sizes.__getitem__))
    return Answer(order, "; ".join(f"{name} {number(sizes[name], 2)}" for name in order) + ".")


def _entry(outcome, numbers):
    smooth, relu = study.CASES["kink"].expected(1.0), numbers["jacobian_entry"]
    sharp = study.CASES["kink"].expected(16.0)
    value = "below GeLU's" if relu < smooth else "above β = 16" if relu > sharp else "between them"
    return Answer(value, f"GeLU {number(smooth)}, β = 16 {number(sharp)}, autodiff {number(relu)}.")


FORMULAS = (
    Formula(
        r"\Lambda^{1/2}(u_k-u^*)=\sum_i\Big(1-\frac{\eta e_i}{N}\Big)^{k}v_iv_i^\top"
        r"\Lambda^{1/2}(u_0-u^*),\qquad \Lambda^{1/2}\Theta\Lambda^{1/2}=\sum_i e_iv_iv_i^\top",
        "Gradient descent on a constant kernel. Small e: a plateau. e proportional to λ: a "
        "Jacobian that does not fall. ηe > 2N: growth. e below the noise floor: noise.",
        {
            r"u=(f,J),\;u^*=(y,0)": "output and input Jacobian on the training points; the aim",
            r"\Theta": "the Jacobian NTK on the training points, limiting or the network's own",
            r"\Lambda=\mathrm{diag}(1,\lambda,\dots,\lambda)": "output weighs 1, Jacobian λ",
            r"\eta,\;k,\;N": "learning rate, step, number of training points",
            r"e_i,\;v_i": "eigenvalues and eigendirections; e_max is the largest",
        },
    ),
    Formula(
        r"\operatorname{Var}g^{l}=c^{\,l-1}|x|^2,\qquad c=\mathbb{E}\,\varphi(z)^2",
        "ReLU networks whose layers multiply the variance by c; the same for the squared Jacobian.",
        {r"g^l": "input of a neuron of layer l", r"z": "a standard normal number"},
    ),
    Formula(
        r"f(x)=d^{-a}\,W^{2}\varphi(W^1x),\qquad "
        r"\frac{\lVert\Theta_t-\Theta_0\rVert}{\lVert\Theta_0\rVert}\sim d^{-2(1-a)}",
        "Power counting for the drift of the kernel, with the learning rate at the same share of "
        "the stability limit; for a = 1/2 it lies within the theorem's bound of order 1/√d.",
        {r"d": "width", r"\Theta_t": "the network's Jacobian NTK after t steps"},
    ),
    Formula(
        r"\Theta_{\alpha\alpha}(x,x)\ni\mathbb{E}\,\varphi''(g)^2|W|^2\sim\beta,\qquad "
        r"\varphi_\beta(z)\propto\mathrm{gelu}(\beta z)/\beta",
        "Why ReLU has no JNTK: the Jacobian entries contain φ″ squared.",
        {r"\beta": "sharpness of the kink", r"W": "a neuron's first-layer weights"},
    ),
)
