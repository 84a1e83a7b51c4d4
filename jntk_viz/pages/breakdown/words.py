"""The words of the breakdown page: headlines, the legend, and the clinic's cards."""

import numpy as np

from jntk_viz.drawing.html import line_sample
from jntk_viz.drawing.theme import ACCENT, BLUE, FONT, GREEN, INK, ORANGE
from jntk_viz.frame.numbers import number
from jntk_viz.pages.breakdown.case import CURED, HEALTHY, ILL
from jntk_viz.pages.breakdown.state import KNOBS

COLOURS = {HEALTHY: BLUE, ILL: ORANGE, CURED: GREEN}
DASHES = {HEALTHY: "dashed", ILL: "solid", CURED: "dotted"}


CARDS = {
    "plateau": (
        "The loss falls fast, then stays level for a hundred times as long. Most points are fitted "
        "well; the residual sits on two nearly equal inputs with opposite labels.",
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
        "weights): after L layers c<sup>L</sup>. The input Jacobian is multiplied by E φ′² in the "
        "same way.",
        "Scale φ so that E φ(z)² = 1 (the switch), as this library does with every activation, or "
        "the weights by 1/√c. For ReLU that is He's factor √2.",
    ),
    "power": (
        "Networks of every width move their kernel by as much: the drift is no smaller at width "
        "4096 than at 64, and the loss leaves the curve of the constant kernel.",
        "With the output divided by dᵃ instead of √d, every weight must move further for the same "
        "change of f. Counting powers, the drift goes like d<sup>−2(1−a)</sup>: 1/d for a = ½, "
        "none for a = 1. Such networks learn features; the theory of a constant kernel is not "
        "theirs.",
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
        "A step multiplies direction i by 1 − η eᵢ/N. Past η = 2N/eₘₐₓ the fastest one "
        "exceeds 1 in size, the loss grows by its square. Only the start is linear: the network's "
        "kernel is not the one it began with afterwards.",
        "A learning rate below 2N/eₘₐₓ: half of it, from step 6 on (the switch).",
    ),
    "float32": (
        "Predictions at late times change when the points are shuffled, or differ between "
        "machines. The error grows in proportion to the training time.",
        "Rounding moves every eigenvalue by about 10⁻⁷ eₘₐₓ. Directions whose "
        "eigenvalue is smaller are noise to float32, and from t = N/(noise) on they are learned, "
        "with the wrong value.",
        "Compute kernels in float64 (blue), as the library does; or make the small eigenvalues "
        "larger: eight hidden layers instead of two, still in float32 (the switch).",
    ),
    "kink": (
        "Automatic differentiation returns a JNTK for ReLU without complaint, but the input "
        "Jacobian of a network does not follow it, and width hardly helps.",
        "The JNTK holds φ″. That of ReLU is a spike at zero, which autodiff takes as 0. Sharpen a "
        "smooth kink and Θ<sub>αα</sub> grows like β without limit; at β = ∞ autodiff falls back "
        "to a small, finite number. Training flips neurons across the kink, and J jumps.",
        "A smooth activation: GeLU (the switch), SiLU, softplus.",
    ),
}


def _level(words: str) -> str:
    """Keep sub- and superscripts from pushing lines apart."""
    for name in ("sub", "sup"):
        words = words.replace(f"<{name}>", f"<{name} style='line-height: 0'>")
    return words


def card(name: str) -> str:
    """Recognise, explain, cure: three columns of HTML, of which the first is open.

    Cause and cure are a click away: time to find them first.
    """
    titles = ("How you recognise it", "Why", "What helps")
    columns = "".join(
        f'<details style="flex: {grow} 1 200px; min-width: 200px"{" open" * (title == titles[0])}>'
        f'<summary style="font: 500 16px {FONT}; margin: 0 0 2px; cursor: pointer; '
        f'color: var(--accent, {ACCENT})">{title}</summary>'
        f"<p style='margin: 0'>{words}</p></details>"
        for title, words, grow in zip(titles, CARDS[name], (10, 13, 8), strict=True)
    )
    return (
        f'<div style="display: flex; flex-wrap: wrap; gap: 8px 26px; font: 400 16px/1.4 {FONT}; '
        f'color: var(--ink, {INK}); padding: 4px">{_level(columns)}</div>'
    )


def legend(cured: bool, networks: int = 0) -> str:
    """One line of HTML that says what the colours are; how many networks, 0 for none."""
    ink = f"var(--ink, {INK})"
    theory = {role: line_sample(ink, style, 2) for role, style in DASHES.items()}
    parts = [f"{line_sample(BLUE)}healthy", f"{line_sample(ORANGE)}broken"]
    if cured:
        parts.append(f"{line_sample(GREEN)}cured")
    spread = f", {networks} networks with spread" if networks > 1 else ""
    return (
        "&emsp;".join(parts)
        + f" (measured{spread})&emsp;{theory[ILL]}theory of the broken, {theory[HEALTHY]}healthy"
        + (f", {theory[CURED]}cured" if cured else "")
    )


def headline(outcome) -> str:
    """One or two sentences about what is on screen, with the legend below.

    The sentences keep room for two lines, so that the pictures do not jump.
    """
    setting, runs, words = outcome.setting, outcome.runs, "Measuring …"
    if {HEALTHY, ILL} <= set(runs):
        cured = runs[CURED].numbers if CURED in runs else None
        said = _SENTENCES[setting.case]
        words = _level(said(setting.value, runs[ILL].numbers, runs[HEALTHY].numbers, cured))
    below = legend(setting.cure, setting.networks * outcome.case.of_networks)
    below = f'<div class=legend style="font-size: 15px">{below}</div>'
    return f'<div style="min-height: 2.7em">{words}</div>{below}'


def _b(value: float, digits: int = 3) -> str:
    return f"<b>{number(value, digits)}</b>"


def _plateau(angle, ill, healthy, cured):
    if cured:
        return (
            f"Without one of the twins the loss ends at {_b(cured['loss_at_end'])} instead of "
            f"{_b(ill['loss_at_end'])}. Eight layers would need {_b(ill['steps_with_8_layers'])} "
            f"instead of {_b(ill['steps_of_slowest_mode'])} steps."
        )
    return (
        f"Two inputs {angle:g}° apart with opposite labels: after 1000 steps the loss is "
        f"{_b(ill['loss_at_end'])}, theory {_b(ill['expected_loss_at_end'])}. Its slowest "
        f"direction holds {_b(ill['plateau_level'])} and needs "
        f"{_b(ill['steps_of_slowest_mode'])} steps."
    )


def _jacobian(lam, ill, healthy, cured):
    enough = KNOBS["jacobian"].healthy
    words = (
        f"At λ = {lam:g}, ½ mean |J|² is {_b(ill['jacobian_part_at_end'])} after 1000 steps, "
        f"theory {_b(ill['expected_jacobian_part_at_end'])}; at λ = {enough:g} it is "
        f"{_b(healthy['jacobian_part_at_end'])}."
    )
    if cured:
        return f"{words} λ = {enough:g} from step 100: {_b(cured['jacobian_part_at_end'])}."
    return f"{words} The fit tells nothing: {_b(ill['fit_part_at_end'])}."


def _deep(factor, ill, healthy, cured):
    words = (
        f"With E φ² = {factor:g} the variance at layer 30 is {_b(ill['variance_at_layer_30'])}, "
        f"theory {factor:g}²⁹ = {_b(ill['expected_variance_at_layer_30'])}: "
        f"<b>×{number(ill['growth_per_layer'], 3)}</b> per layer."
    )
    shown, who = (cured, "Normalised") if cured else (healthy, "Healthy")
    return f"{words} {who}: {_b(shown['variance_at_layer_30'])}."


def _power(a, ill, healthy, cured):
    words = (
        f"Output divided by d<sup>{a:g}</sup>: the kernel's drift goes like "
        f"d<sup><b>{number(ill['slope'])}</b></sup>, theory "
        f"{number(ill['expected_slope'], 3)}; at width 4096 it is {_b(ill['drift_widest'])}."
    )
    shown, who = (cured, "With 1/√d again") if cured else (healthy, "With 1/√d")
    return (
        f"{words} {who}: d<sup><b>{number(shown['slope'])}</b></sup> and "
        f"{_b(shown['drift_widest'])}."
    )


def _sphere(radius, ill, healthy, cured):
    words = (
        f"Inputs of norm {radius:g}: at width 4096 the kernel is {_b(ill['error_at_width_4096'])} "
        f"from the sphere's limit, {_b(ill['bias_that_remains'])} of it for ever."
    )
    shown, who = (cured, "Normalised") if cured else (healthy, "On the sphere")
    return f"{words} {who}: {_b(shown['error_at_width_4096'])}."


def _rate(share, ill, healthy, cured):
    words = (
        f"At {share:g} × 2N/eₘₐₓ the fastest direction is multiplied by "
        f"{_b(ill['growth_factor'])} per step, theory |1 − 2·{share:g}| = "
        f"{_b(ill['expected_growth_factor'])}"
    )
    if cured:
        return f"{words}. Half the limit from step 6: the loss ends at {_b(cured['loss_at_end'])}."
    return (
        f"{words}; the loss reaches {_b(ill['largest_loss'])}. Wide networks: 2N/eₘₐₓ = "
        f"{_b(ill['limit_2N_over_e_max'])}."
    )


def _float32(points, ill, healthy, cured):
    words = (
        f"{points} points, λₘᵢₙ = {_b(ill['smallest_eigenvalue'], 2)}, "
        f"noise floor of float32 {_b(ill['float32_noise_floor'], 2)}: at t = 10⁸ the float32 "
        f"prediction is wrong by {_b(100 * ill['error_at_late_times'], 2)} %"
    )
    if cured:
        return f"{words}, with eight layers by {_b(100 * cured['error_at_late_times'], 2)} %."
    return f"{words}, float64 by {_b(100 * healthy['error_at_late_times'], 2)} %."


def _kink(beta, ill, healthy, cured):
    name = "ReLU" if np.isinf(beta) else f"β = {beta:g}"
    words = (
        f"{name}: autodiff says Θ<sub>αα</sub> = {_b(ill['jacobian_entry'])}, the limit is "
        f"{_b(ill['expected_jacobian_entry'])}. After 10 steps at width 16384 J is "
        f"{_b(100 * ill['error_widest'], 2)} % off its linear equation"
    )
    shown, who = (cured, "cured") if cured else (healthy, "GeLU")
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
