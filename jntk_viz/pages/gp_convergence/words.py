"""The words of the Gaussian-process page: sentences about what is on screen, and its formulas."""

import numpy as np

from jntk_viz.datasets.tables import shortened
from jntk_viz.drawing.theme import FONT, INK
from jntk_viz.pages.gp_convergence import study
from jntk_viz.pages.gp_convergence.pictures import subscript
from jntk_viz.pages.gp_convergence.statistics import excess_kurtosis, relative_error, sampling_noise

QUESTION = "Random networks and their slopes: how wide is wide enough?"
CLOUD_TITLE = "Both, with 1σ and 2σ ellipses"
NOTE_STYLE = {
    "sizing_mode": "stretch_width",
    "margin": (0, 6),
    "styles": {"font": f"400 14px/1.35 {FONT}", "color": INK},
}


def percent(fraction):
    """0.237 -> 24 %; below one per cent with two digits."""
    digits = ".2g" if fraction < 0.1 else ".0f"
    return f"{100 * fraction:{digits}}\N{NO-BREAK SPACE}%"


def names(state, limit):
    """Symbols of the output and of the slope at the chosen point, and what the slope is along."""
    i, alpha = subscript(state.point), limit.feature(state.alpha)
    return f"f(x{i})", f"J{subscript(alpha)}(x{i})", shortened(limit.names[alpha - 1], 30)


def kurtosis_remark(values):
    """The excess kurtosis of the values beside what Gaussian ones would have, give or take."""
    if len(values) == 0:
        return "drawing networks …"
    excess, error = excess_kurtosis(values)
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
        f" Error ∝ width{_power(law.slope)}, 95 % interval "
        + _minus(f"{law.low:.2f} to {law.high:.2f}")
        + f"; theory: width{_power(-0.5)}."
    )
    return f"{sentence}.{rate}"


def _power(exponent):
    words = f"{exponent:.2g}".replace("-", "−")
    return f"<sup style='line-height:0'>{words}</sup>"


def note(state, found, limit):
    """What the heat maps show, and how far the number of networks limits what can be seen."""
    order = (
        "Heat maps: f at all 12 points, then J₁ at all points, J₂ …; heavy lines part the blocks "
        "f–f, f–J, J–f, J–J. "
    )
    if len(found.draws) < state.networks:
        return order
    average = study.finite_covariance(found, "all", state.kappa)
    error = relative_error(average, limit.covariance)
    noise = sampling_noise(limit.covariance, state.networks)
    words = (
        f"Averaged over all {state.networks} networks the error is {percent(error)}, of which "
        f"drawing so few explains {percent(noise)}"
    )
    if error < 1.3 * noise:
        words += ": more networks would lower it (1/√networks), more width would not."
    else:
        words += "; the rest is the width."
    return order + words


def densities_headline(state, found, limit):
    """Whether output and slope still have the tails of a mixture."""
    where = f"At width <b>{state.width}</b> and depth <b>{state.depth}</b>"
    if len(found.draws) < state.networks:
        return f"{where}: drawing random networks …"
    value, slope, _ = names(state, limit)
    (f, error), (j, _) = study.kurtoses(state, found)
    sentence = (
        f"{where}, over {state.networks} networks, the output {value} has excess kurtosis "
        f"<b>{f:.2f}</b> and the slope {slope} <b>{j:.2f}</b>"
    )
    heavy = [name for name, k in (("the output", f), ("the slope", j)) if k > 2 * error]
    if not heavy:
        return _minus(f"{sentence}: no more than Gaussian draws would, 0 ± {2 * error:.2f}.")
    tails = f"{' and '.join(heavy)} {'have' if len(heavy) > 1 else 'has'} heavier tails"
    return _minus(f"{sentence}: {tails} than the limit, whose draws give 0 ± {2 * error:.2f}.")


DENSITIES_NOTE = (
    "Points on the line have the limit's quantiles; exactly Gaussian draws, as many as the "
    "networks, stay in the grey band 95 % of the time at each place. Heavy tails bend down on the "
    "left and up on the right. Ellipses: limit black, networks light."
)


def functions_headline(state, circle, wider):
    """How far the functions are from where they end; or what is known at the angle θ.

    wider: (width, distance) of another width, or None while not known.
    """
    if not state.observed:
        where = f"At width <b>{state.width}</b> and depth <b>{state.depth}</b>"
        if circle.networks is None:
            return f"{where}: drawing random networks …"
        sentence = (
            f"{where} random functions are on average <b>{circle.distance:.2f}\u00a0σ</b> away "
            "from what they become as d → ∞"
        )
        if wider is not None:
            sentence += f"; at width {wider[0]} only {wider[1]:.2f}\u00a0σ"
            if wider[0] < state.width:
                sentence = sentence.replace("only ", "it was ")
        return f"{sentence}. Click into a picture to observe one."
    i = state.angle // study.STEP
    f, slope = np.round(circle.mean[i], 2) + 0.0  # no minus before a zero
    df, dslope = circle.deviation[i]
    prior = circle.prior
    return _minus(
        f"Given {counted(state.observations)}, the limit has at {state.angle}° "
        f"f = <b>{f:.2f}</b> ± {df:.2f} (± {prior[0]:.2f} before) and the slope "
        f"<b>{slope:.2f}</b> ± {dslope:.2f} (± {prior[1]:.2f} before)."
    )


def counted(observations):
    """How many values and slopes were observed."""
    number = {kind: sum(o.kind == kind for o in observations) for kind in "vs"}
    words = [
        f"{n} {word}{'s' if n > 1 else ''}"
        for n, word in ((number["v"], "value"), (number["s"], "slope"))
        if n
    ]
    return " and ".join(words)


def functions_note(state, circle):
    """What the colours mean, and what has to be known about the observations."""
    words = (
        f"Orange: eight networks of width {state.width}; ticks: their slopes, the heights of the "
        "dots on the right. Grey: the limit, mean ± 2σ"
    )
    words += ". " if not state.ends else "; blue: what the orange ones become. "
    if not state.observed:
        return words + (
            "Click on the left to observe a value, on the right a slope; click an observation "
            "again to remove it."
        )
    if circle.posterior.gap > 0.01 * circle.prior[0]:
        return words + (
            "These observations contradict one another: no function of this ensemble has them all "
            f"(off by {circle.posterior.gap:.2g}). The best compromise is shown; with noise σ > 0 "
            "it would be no contradiction."
        )
    if circle.posterior.surprise > 3:
        words += (
            f"Together the observations lie {circle.posterior.surprise:.1f} σ out: the limit "
            "hardly ever does that. "
        )
    if circle.networks is None:
        return words
    exactly = "pass through" if state.noise == 0 else f"are seen with noise σ = {state.noise:g} at"
    return words + (
        f"The networks {exactly} what was observed: their last layer is conditioned on it, their "
        f"hidden layers are chosen from {circle.members} by how well they explain it "
        f"({circle.effective:.0f} count)."
    )


def functions_titles(state):
    """Titles of both pictures, which also say what a click does."""
    given = " given the observations" if state.observed else ""
    return f"f of random networks{given}", "Their slopes along the circle"


def _minus(words):
    return words.replace("-", "−")
