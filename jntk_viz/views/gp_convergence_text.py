"""The words of the Gaussian-process page: sentences about what is on screen, and its formulas."""

import numpy as np

from jntk_viz.studies import gp_convergence as study
from jntk_viz.views.gp_convergence import subscript
from jntk_viz.views.parts import Formula
from jntk_viz.views.theme import FONT, INK

QUESTION = "How do a random network's output and slope vary together, and how wide is wide enough?"
CLOUD_TITLE = "Both together, with 1σ and 2σ ellipses"
NOTE_STYLE = {
    "sizing_mode": "stretch_width",
    "margin": (0, 6),
    "styles": {"font": f"400 14px/1.35 {FONT}", "color": INK},
}

FORMULAS = (
    Formula(
        r"h^0 = x,\quad g^1 = W^1 x,\quad g^l = \tfrac{1}{\sqrt d}\,W^l h^{l-1},\quad "
        r"h^l = \varphi(g^l),\quad f(x) = \tfrac{\kappa}{\sqrt d}\,W^{L+1} h^L",
        "The network. Every entry of every weight matrix is drawn from N(0, 1).",
        {
            r"x": "input, a point of the unit sphere with d₀ coordinates",
            r"d,\; L": "width, that is neurons in each hidden layer; depth, that is hidden layers",
            r"\varphi": "activation, scaled so that E φ(z)² = 1 for z ~ N(0, 1)",
            r"\kappa": "output scale; it multiplies f and J alike",
        },
    ),
    Formula(
        r"(f, J) \;\xrightarrow{\;d\to\infty\;}\; \mathcal{GP},\qquad "
        r"J(x)_\alpha = \frac{\partial f(x)}{\partial x_\alpha}",
        "As the width grows, outputs and slopes at all inputs together become Gaussian.",
        {
            r"J(x)_\alpha": "input Jacobian: how the output changes with input feature α. "
            "It is not a gradient in the parameters",
            r"\mathcal{GP}": "a Gaussian process of mean zero: values and slopes at finitely "
            "many inputs are jointly normal",
        },
    ),
    Formula(
        r"\mathrm{Cov}\big(f_\alpha(x), f_\beta(x')\big) = "
        r"\kappa^2\,\partial_\alpha\,\partial'_\beta\,\Sigma^{(L)}(x, x'),"
        r"\qquad f_0=f,\; f_\alpha=J_\alpha",
        "All four kinds of blocks follow from one kernel by differentiation: f–f from the kernel "
        "itself, J–f and f–J from one derivative, J–J from two.",
        {
            r"\Sigma^{(L)}": "the NNGP kernel: covariance of f alone, infinitely wide, κ = 1",
            r"\partial_\alpha,\;\partial'_\beta": "derivative in coordinate α of x, in β of x'; "
            "no derivative for index 0",
        },
    ),
    Formula(
        r"K_d = \tfrac{\kappa^2}{d}\,\big\langle h^L_\alpha(x),\, h^L_\beta(x')\big\rangle,\qquad"
        r"\text{error} = \frac{\lVert K_d - K\rVert_F}{\lVert K\rVert_F} \sim \frac{1}{\sqrt d}",
        "The covariance that one network gives to (f, J), its hidden layers being drawn and only "
        "the last layer random. It differs from network to network, which makes f a mixture of "
        "Gaussians with heavy tails; when it stops differing, f is Gaussian.",
        {
            r"h^L_\alpha": "last hidden layer (α = 0) and its derivative in coordinate α of x",
            r"K": "the limit, κ² ∂_α ∂'_β Σ on the 12 points",
            r"\lVert\cdot\rVert_F": "root of the sum of all squared entries",
        },
    ),
)


def percent(fraction):
    """0.237 -> 24 %; below one per cent with two digits."""
    digits = ".2g" if fraction < 0.1 else ".0f"
    return f"{100 * fraction:{digits}}\N{NO-BREAK SPACE}%"


def names(state, limit):
    """Symbols of the output and of the slope at the chosen point, and what the slope is along."""
    i, alpha = subscript(state.point), limit.feature(state.alpha)
    return f"f(x{i})", f"J{subscript(alpha)}(x{i})", limit.names[alpha - 1]


def kurtosis_remark(values):
    """The excess kurtosis of the values beside what Gaussian ones would have, give or take."""
    if len(values) == 0:
        return "drawing networks …"
    excess, error = study.excess_kurtosis(values)
    return f"excess kurtosis {excess:.2f}\nif Gaussian 0 ± {2 * error:.2f}".replace("-", "−")


def heat_title(state, found):
    if state.heat == "one":
        return f"One network, width {state.width}"
    return f"{len(found.draws)} networks"


def headline(state, found, law):
    """How far from the limit, what a wider network would bring, and the rate."""
    where = f"At width <b>{state.width}</b> and depth <b>{state.depth}</b>"
    row = study.WIDTHS.index(state.width)
    if not np.isfinite(found.errors[row]).all():
        return f"{where}: drawing random networks …"
    error = study.typical_error(found)
    sentence = (
        f"{where} the covariance that one network gives to f and J is off by "
        f"<b>{percent(error)}</b>"
    )
    wider = 4 * state.width
    if wider in study.WIDTHS and np.isfinite(found.errors[row + 2]).all():
        sentence += (
            f"; at four times the width, {wider}, by {percent(study.typical_error(found, wider))}"
        )
    elif row >= 2 and np.isfinite(found.errors[row - 2]).all():
        narrower = state.width // 4
        sentence += f"; at width {narrower} it was {percent(study.typical_error(found, narrower))}"
    if law is None:
        return f"{sentence}. Measuring the other widths …"
    rate = (
        f" Error ∝ width{_power(law.slope)}, 95 % interval {law.low:.2f} to {law.high:.2f}; "
        f"theory: width{_power(-0.5)}."
    )
    return f"{sentence}.{rate.replace('-', '−')}"


def _power(exponent):
    return f"<sup style='line-height:0'>{exponent:.2g}</sup>"


def note(state, found, limit):
    """What the heat maps show, and how far the number of networks limits what can be seen."""
    order = (
        "Heat maps: f at all 12 points, then J₁ at all points, J₂ …; heavy lines part the blocks "
        "f–f, f–J, J–f, J–J. "
    )
    if len(found.draws) < state.networks:
        return order
    average = study.finite_covariance(found, "all", state.kappa)
    error = study.relative_error(average, limit.covariance)
    noise = study.sampling_noise(limit.covariance, state.networks)
    words = (
        f"Averaged over all {state.networks} networks the error is {percent(error)}, of which "
        f"drawing so few explains {percent(noise)}"
    )
    if error < 1.3 * noise:
        words += ": more networks would lower it (1/√networks), more width would not."
    else:
        words += "; the rest is the width."
    return order + words
