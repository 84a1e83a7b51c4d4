"""The words of the constancy page: what is on screen, the legend, and the formulas."""

import numpy as np

from jntk_viz.drawing.html import line_sample
from jntk_viz.drawing.theme import BLUE, ORANGE, PURPLE, THEORY
from jntk_viz.frame.parts import Formula

WIDTH_COLOURS = (ORANGE, PURPLE, BLUE)
THICKNESS = (1.6, 2.6, 3.8)

FORMULAS = (
    Formula(
        r"\mathrm{loss}(\theta)=\frac{1}{2N}\sum_{i=1}^{N}\Big[(f(x_i)-y_i)^2"
        r"+\lambda\sum_{\alpha=1}^{d_0}J(f)(x_i)_\alpha^2\Big],\qquad\theta'=-\nabla_\theta\,\mathrm{loss}",
        "What is minimised: the fit and the Jacobian part, drawn without their factors 1 and λ. "
        "The theory follows the gradient flow on the right; here it is gradient descent, and the "
        "linear equation is solved with the same steps, so that the step size makes no difference.",
        {
            r"f(x_i),\;y_i": "output of the network at training point i, and its label, −1 or +1",
            r"J(f)(x)_\alpha=\partial f/\partial x_\alpha": "input Jacobian: how the output "
            "answers to the input. It is not the parameter gradient ∂_θ",
            r"\lambda,\;N,\;d_0": "weight of the regulariser; number of points, of columns",
        },
    ),
    Formula(
        r"\Theta_{d,\theta}(x,x')_{\alpha\beta}=\big\langle\partial_\theta f_\alpha(x),\,"
        r"\partial_\theta f_\beta(x')\big\rangle,\qquad f_0=f,\;f_\alpha=J(f)_\alpha",
        "The Jacobian NTK of one network of width d. It contains second derivatives of the "
        "activation: ReLU has a kink there, its kernel would grow with the width without limit, "
        "and so it is not offered.",
        {
            r"\partial_\theta": "parameter gradient: how the output answers to all weights θ",
            r"\Theta_t,\;\Theta": "this kernel on the training points after t steps, and its limit",
            r"\lVert\cdot\rVert_F": "Frobenius norm, of all distances drawn relative to "
            "another norm: root of the sum of all squared entries",
        },
    ),
    Formula(
        r"\sup_{t}\lVert\Theta_t-\Theta\rVert=O(d^{-1/2})",
        "Constancy: if the smallest eigenvalue of the limiting kernel is positive, a wide enough "
        "network keeps, with high probability, a kernel within order 1/√d of the limit for the "
        "whole of the training (Kim and Yang, ICML 2024, Section 4).",
        {r"d": "width: neurons in each hidden layer"},
    ),
    Formula(
        r"\lambda_{\min}(\Theta_t)\ge\lambda_{\min}(\Theta)-\lVert\Theta_t-\Theta\rVert_{op}",
        "Why wide enough means what it does: the proof needs every kernel of the training to keep "
        "a positive smallest eigenvalue, and this is certain once the width error is below that "
        "of the limit (Weyl's inequality). It is sufficient, not necessary: networks follow the "
        "linear equation long before. An eigenvalue below its noise floor cannot be told from 0.",
        {
            r"\lambda_{\min}": "smallest eigenvalue of the kernel on the training points",
            r"\lVert\cdot\rVert_{op}": "operator norm, the largest absolute eigenvalue: it is "
            "what eigenvalues can change by",
            r"n\,\varepsilon\,\lambda_{\max}": "noise floor: what rounding alone would produce, "
            "with n rows and ε = 2.2e−16",
        },
    ),
    Formula(
        r"u'=-\tfrac{1}{N}\,\Theta\,\Lambda\,(u-u^*),\qquad u=(f,J),\;u^*=(y,0),\;"
        r"\Lambda=\mathrm{diag}(1,\lambda,\dots,\lambda)",
        "With a constant kernel, training is this linear equation, solved in closed form. It is "
        "started from the network's own initial outputs; descent is stable below 2N/e_max.",
        {r"e_{\max}": "largest eigenvalue of Λ^½ Θ Λ^½ on the training points"},
    ),
)


def legend(settings) -> str:
    """One line of HTML that says what the colours are."""
    each = f", {settings.networks} networks each" if settings.networks > 1 else ""
    parts = [
        f"{line_sample(colour, thickness=thickness)}width {width}"
        for width, colour, thickness in zip(settings.widths, WIDTH_COLOURS, THICKNESS, strict=True)
    ]
    limit = "infinitely wide, in closed form (grey: 80 % of such networks)"
    return "&emsp;".join(parts) + each + f"&emsp;{line_sample(THEORY, thickness=2)}{limit}"


def percent(fraction: float) -> str:
    """0.032 → 3.2 %, 0.41 → 41 %."""
    return f"{100 * fraction:.2g} %" if fraction < 0.995 else f"{100 * fraction:.0f} %"


def scientific(value: float) -> str:
    """5.8e-06 → 5.8e−6."""
    mantissa, _, exponent = f"{value:.1e}".partition("e")
    return f"{mantissa}e{int(exponent)}".replace("-", "−")


def width_text(width: float) -> str:
    """66,000 or, from a million on, a power of ten, as HTML; infinity in words."""
    if not np.isfinite(width):
        return "no width at all"
    if width < 1e6:
        return f"{float(f'{width:.2g}'):,.0f}"
    return f"10<sup>{np.log10(width):.0f}</sup>"


def lost_text(summary, settings) -> str:
    """Which networks diverged, and why; empty if none has."""
    if not summary.diverged:
        return ""
    widths = " and ".join(map(str, sorted(summary.diverged)))
    return (
        f"Networks of width <b>{widths} diverged</b> by step {max(summary.diverged.values())}: "
        f"the learning rate is {settings.rate:g} × the stability limit."
    )


PREPARING = "Preparing the networks; black and grey are known without training any."


def training_text(summary, settings) -> str:
    """How far the kernels have moved, in one or two sentences of HTML."""
    narrow, _, wide = settings.widths
    lost = lost_text(summary, settings)
    at_start = summary.step == 0
    quantity = "to_limit" if at_start else "drift"
    moved = {width: summary.median(quantity, width) for width in (narrow, wide)}
    if not np.isfinite(list(moved.values())).all():
        return lost or PREPARING
    if at_start:
        return (
            f"Before training, the width <b>{wide}</b> kernel is <b>{percent(moved[wide])}</b> "
            f"away from its limit, the width <b>{narrow}</b> kernel "
            f"<b>{percent(moved[narrow])}</b>. {lost}"
        )
    law = summary.laws["to_limit"]
    interval = ""
    if np.isfinite(law.low):
        interval = f" (95 %: {law.low:.2f} to {law.high:.2f})"
    words = (
        f"After <b>{summary.step}</b> steps the width <b>{wide}</b> kernel has moved by "
        f"<b>{percent(moved[wide])}</b>, the width <b>{narrow}</b> kernel by "
        f"<b>{percent(moved[narrow])}</b>. Distance to the limit: slope "
        f"<b>{law.slope:.2f}</b> in width{interval}, theorem −½."
    )
    return f"{words.replace('-', '−')} {lost}"


def outputs_text(summary, settings, record, other) -> str:
    """How far the followed network is from the equation; `other` is that of another width."""
    if record is None:
        return lost_text(summary, settings) or PREPARING
    if not np.isfinite(record.deviation) or record.deviation_train > OFF:
        return (
            f"By step <b>{record.step}</b> the linear equation has exploded, the learning rate "
            f"being {settings.rate:g} × its stability limit; the width <b>{record.width}</b> "
            f"network, whose kernel can change, has a loss of "
            f"{record.fit + settings.lam * record.jacobian:.2g}."
            if settings.rate > 1
            else f"At step <b>{record.step}</b> the width <b>{record.width}</b> network is far "
            "from the linear equation."
        )
    words = (
        f"At step <b>{record.step}</b> the values and slopes of one width <b>{record.width}</b> "
        f"network are <b>{percent(record.deviation)}</b> away from the linear equation at test "
        f"points, {percent(record.deviation_train)} at training points"
    )
    if other is not None and np.isfinite(other.deviation):
        words += f"; of one width <b>{other.width}</b> network {percent(other.deviation)}"
    return words + "."


OFF = 0.9  # of the equation's own size: the network no longer follows


def kernel_text(summary, settings, record, regime) -> str:
    """Where the followed kernel is, and whether the theorem's regime is reached."""
    if record is None:
        return lost_text(summary, settings) or PREPARING
    words = (
        f"At step <b>{record.step}</b> the width <b>{record.width}</b> kernel is "
        f"<b>{percent(record.to_limit)}</b> away from its limit and has moved by "
        f"<b>{percent(record.drift)}</b>. "
    )
    return words + regime_text(regime)


def regime_text(regime) -> str:
    """The verdict at the widest network."""
    smallest = regime.smallest
    if not np.isfinite(regime.error):
        return ""
    if not smallest.resolved:
        return (
            f"The theorem's regime <b>cannot be judged</b>: λ<sub>min</sub> = "
            f"{scientific(smallest.value)} is below its noise floor."
        )
    if regime.reached:
        return (
            f"The theorem's regime <b>is reached</b> at width {regime.widest}: ‖Θₜ − Θ‖ stays "
            f"below {regime.error:.2g}, and λ<sub>min</sub> = {smallest.value:.2g}."
        )
    factor = regime.error / smallest.value
    times = f"{factor:.2g}" if factor < 100 else width_text(factor)
    return (
        f"The theorem's regime is <b>not reached</b> at width {regime.widest}: "
        f"‖Θₜ − Θ‖ = {regime.error:.2g} is {times} × λ<sub>min</sub>."
    )


def extrapolation_text(regime) -> str:
    """At which width the error would fall below λ_min, and how little that is known."""
    law, smallest = regime.law, regime.smallest
    levels = (
        f"λ<sub>min</sub> = {scientific(smallest.value)}, noise floor "
        f"{scientific(smallest.noise_floor)}. "
    )
    if law is None or not smallest.resolved:
        return levels + "No width can be named" + ("." if law else " yet.")
    if not np.isfinite(regime.needed):
        return levels + "The width error does not fall with the width here."
    slope = f"{law.slope:.2f}".replace("-", "−")
    if regime.needed <= regime.widest:
        return levels + f"The fitted line, slope {slope}, falls below it within the picture."
    bounds = ""
    if np.isfinite(regime.low):
        upper = f"to {width_text(regime.high)}" if np.isfinite(regime.high) else "without end"
        bounds = f" (95 %: {width_text(regime.low)} {upper})"
    return levels + (
        f"By the slope {slope} the error would fall below λ<sub>min</sub> near width "
        f"<b>{width_text(regime.needed)}</b>{bounds}: an extrapolation."
    )


NO_DETAILS = '<div style="font-size: 15px">&nbsp;<br>&nbsp;</div>'


def sentence(words: str) -> str:
    """The headline in the room of two lines, so that the pictures do not jump."""
    return f'<div style="min-height: 2.7em">{words}</div>'


def details(settings, notes: str) -> str:
    """The legend and one more line of HTML."""
    lines = f"{legend(settings)}<br><span class=aside>{notes}</span>"
    return f'<div style="font-size: 15px; line-height: 1.4">{lines}</div>'


def rate_notes(settings, problem) -> str:
    """How many points there are and how fast they are trained."""
    limit = problem.dynamics.stable_learning_rate
    fewer = len(problem.x) < settings.points
    points = f"{len(problem.x)} points, as many as {problem.x.shape[1]} columns allow here. "
    return (
        f"{points if fewer else ''}"
        f"Learning rate {problem.learning_rate:.3g} = {settings.rate:g} × the stability limit "
        f"2N/e<sub>max</sub> = {limit:.3g}, e<sub>max</sub> being the largest eigenvalue of "
        "Λ^½ΘΛ^½."
    ).replace("e-", "e−")


def outputs_notes() -> str:
    """How to read the pictures of the outputs."""
    return (
        "Black: the linear equation from the network's own start. Distances from it: dashed at "
        "training points. Rings: training points."
    )
