"""The words of the constancy page: what is on screen, the legend, and the formulas."""

import numpy as np

from jntk_viz.views.parts import Formula
from jntk_viz.views.theme import BLUE, ORANGE, PURPLE, THEORY

WIDTH_COLOURS = (ORANGE, PURPLE, BLUE)
THICKNESS = (1.6, 2.6, 3.8)
BAND = "#9a9a9a"

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
            r"\lVert\cdot\rVert": "Frobenius norm: root of the sum of all squared entries",
        },
    ),
    Formula(
        r"\sup_{t}\lVert\Theta_t-\Theta\rVert=O(d^{-1/2})",
        "Constancy: if the smallest eigenvalue of the limiting kernel is positive, a wide enough "
        "network keeps, with high probability, a kernel within order 1/√d of the limit for the "
        "whole of the training (Kim and Yang, ICML 2024, Section 4). The smallest eigenvalue is "
        "shown beside what rounding alone would produce, its noise floor.",
        {r"d": "width: neurons in each hidden layer"},
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

    def dash(colour, thickness):
        return (
            f'<span style="display:inline-block;width:26px;border-top:{thickness}px solid {colour};'
            'vertical-align:middle;margin:0 6px 2px 0"></span>'
        )

    each = f", {settings.networks} networks each" if settings.networks > 1 else ""
    parts = [
        f"{dash(colour, thickness)}width {width}"
        for width, colour, thickness in zip(settings.widths, WIDTH_COLOURS, THICKNESS, strict=True)
    ]
    limit = f"&emsp;{dash(THEORY, 2)}infinitely wide, in closed form (grey: 80 % of such networks)"
    return "&emsp;".join(parts) + each + limit


def percent(fraction: float) -> str:
    """0.032 → 3.2 %, 0.41 → 41 %."""
    return f"{100 * fraction:.2g} %" if fraction < 0.995 else f"{100 * fraction:.0f} %"


def headline_text(summary, settings) -> str:
    """What the pictures show now, in one or two sentences of HTML."""
    narrow, _, wide = settings.widths
    lost = ""
    if summary.diverged:
        widths = " and ".join(map(str, sorted(summary.diverged)))
        lost = (
            f"Networks of width <b>{widths} diverged</b> by step {max(summary.diverged.values())}: "
            f"the learning rate is {settings.rate:g} × the stability limit."
        )
    at_start = summary.step == 0
    quantity = "to_limit" if at_start else "drift"
    moved = {width: summary.median(quantity, width) for width in (narrow, wide)}
    if not np.isfinite(list(moved.values())).all():
        return lost or "Preparing the networks; black and grey are known without training any."
    if at_start:
        return (
            f"Before training, the width <b>{wide}</b> kernel is <b>{percent(moved[wide])}</b> "
            f"away from its limit, the width <b>{narrow}</b> kernel "
            f"<b>{percent(moved[narrow])}</b>. {lost}"
        )
    law = summary.laws["to_limit"]
    words = (
        f"After <b>{summary.step}</b> steps the width-<b>{wide}</b> kernel has moved by "
        f"<b>{percent(moved[wide])}</b>, the width-<b>{narrow}</b> kernel by "
        f"<b>{percent(moved[narrow])}</b>. Distance to the limit: slope "
        f"<b>{law.slope:.2f}</b> in width (95 %: {law.low:.2f} to {law.high:.2f}), theorem −½."
    ).replace("width-", "width ")
    return f"{words.replace('-', '−')} {lost}"


NO_DETAILS = '<div style="font-size: 15px">&nbsp;<br>&nbsp;</div>'


def sentence(words: str) -> str:
    """The headline in the room of two lines, so that the pictures do not jump."""
    return f'<div style="min-height: 2.7em">{words}</div>'


def details(settings, problem) -> str:
    """The legend, the learning rate and the smallest eigenvalue, in two lines of HTML."""
    smallest, limit = problem.smallest, problem.dynamics.stable_learning_rate
    verdict = "numerically resolved" if smallest.resolved else "not numerically resolved"
    fewer = len(problem.x) < settings.points
    points = f"{len(problem.x)} points, as many as {problem.x.shape[1]} columns allow here. "
    notes = (
        f"{points if fewer else ''}"
        f"Learning rate {problem.learning_rate:.3g}, stability limit 2N/e<sub>max</sub> = "
        f"{limit:.3g}. Smallest eigenvalue of the limiting kernel {smallest.value:.1e}, noise "
        f"floor {smallest.noise_floor:.1e}: {verdict}."
    ).replace("e-", "e−")
    return f'<div style="font-size: 15px">{legend(settings)}<br>{notes}</div>'
