"""The words of the Gaussian-process page: sentences about what is on screen."""

import numpy as np

from jntk_viz.datasets.tables import shortened
from jntk_viz.drawing.theme import FONT, INK
from jntk_viz.frame.numbers import decimals, number, percent, stop, subscript
from jntk_viz.frame.words import small
from jntk_viz.pages.gp_convergence import study
from jntk_viz.pages.gp_convergence.observations import STEP
from jntk_viz.pages.gp_convergence.state import WIDTHS
from jntk_viz.pages.gp_convergence.statistics import excess_kurtosis, relative_error, sampling_noise

QUESTION = "Random networks and their slopes: how wide is wide enough?"
CLOUD_TITLE = "Both, with 1σ and 2σ ellipses"
NOTE_STYLE = {
    "sizing_mode": "stretch_width",
    "margin": (0, 6),
    "styles": {"font": f"400 14px/1.35 {FONT}", "color": INK},
}


def names(state, limit):
    """Symbols of the output and of the slope at the chosen point, and what the slope is along."""
    i, alpha = subscript(state.point), limit.feature(state.alpha)
    return f"f(x{i})", f"J{subscript(alpha)}(x{i})", shortened(limit.names[alpha - 1], 30)


def kurtosis_remark(values):
    """The excess kurtosis of the values beside what Gaussian ones would have, give or take."""
    if len(values) == 0:
        return "drawing networks …"
    excess, error = excess_kurtosis(values)
    return f"excess kurtosis {decimals(excess)}\nif Gaussian 0 ± {decimals(2 * error)}"


def heat_title(state, found):
    if state.heat == "one":
        return f"One network, width {state.width}"
    return f"{len(found.draws)} networks"


def headline(state, found, law):
    """Distance from the limit, what a wider network would bring, and the rate."""
    where = f"At width <b>{state.width}</b> and depth <b>{state.depth}</b>"
    row = WIDTHS.index(state.width)
    if not np.isfinite(found.errors[row]).all():
        return f"{where}: drawing random networks …"
    error = study.typical_error(found)
    sentence = f"{where} the covariance of one network's f and J is off by <b>{percent(error)}</b>"
    wider = 4 * state.width
    if wider in WIDTHS and np.isfinite(found.errors[row + 2]).all():
        sentence += f", at four times the width by {percent(study.typical_error(found, wider))}"
    elif row >= 2 and np.isfinite(found.errors[row - 2]).all():
        narrower = state.width // 4
        sentence += f"; at width {narrower} it was {percent(study.typical_error(found, narrower))}"
    if law is None:
        return f"{sentence}." + small("Measuring the other widths …")
    return f"{sentence}." + small(
        f"Error ∝ width{_power(law.slope)}, 95 % interval {decimals(law.low)} to "
        f"{decimals(law.high)}; theory: width{_power(-0.5)}."
    )


def _power(exponent):
    return f"<sup style='line-height:0'>{number(exponent)}</sup>"


def note(state, found, limit):
    """Key to the heat maps, and how far the number of networks limits what can be seen."""
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
    """Tails of output and slope beside those of Gaussian draws."""
    where = f"At width <b>{state.width}</b> and depth <b>{state.depth}</b>"
    if len(found.draws) < state.networks:
        return f"{where}: drawing random networks …"
    value, slope, _ = names(state, limit)
    (f, error), (j, _) = study.kurtoses(state, found)
    sentence = (
        f"{where}: excess kurtosis of the output {value} <b>{decimals(f)}</b>, of the slope "
        f"{slope} <b>{decimals(j)}</b>"
    )
    heavy = [name for name, k in (("the output", f), ("the slope", j)) if k > 2 * error]
    tails = {
        0: "no more than Gaussian draws have",
        1: f"{heavy[0] if heavy else ''} has heavy tails",
        2: "both have heavy tails",
    }[len(heavy)]
    return f"{sentence}; {tails}." + small(
        f"Over {state.networks} networks; as many draws of the Gaussian limit give "
        f"0 ± {decimals(2 * error)}."
    )


DENSITIES_NOTE = (
    "Orange: networks; black: the limit. Exactly Gaussian draws, as many as the networks, stay in "
    "the grey band 95 % of the time at each place; heavy tails bend down on the left and up on the "
    "right. Light ellipses: the networks'."
)


def functions_headline(state, circle, wider):
    """Distance of the functions from where they end; or what is known at the angle θ.

    wider: (width, distance) of another width, or None while not known.
    """
    if not state.observed:
        where = f"At width <b>{state.width}</b> and depth <b>{state.depth}</b>"
        if circle.networks is None:
            return f"{where}: drawing random networks …"
        sentence = (
            f"{where} random functions are on average "
            f"<b>{decimals(circle.distance)}\u00a0σ</b> from their limit"
        )
        if wider is not None:
            sentence += f"; at width {wider[0]} only {decimals(wider[1])}\u00a0σ"
            if wider[0] < state.width:
                sentence = sentence.replace("only ", "it was ")
        return f"{sentence}."
    i = state.angle // STEP
    f, slope = (
        f"<b>{decimals(mean)}</b> ± {decimals(deviation)} (± {decimals(prior)} before)"
        for mean, deviation, prior in zip(
            circle.mean[i], circle.deviation[i], circle.prior, strict=True
        )
    )
    return (
        f"Given {counted(state.observations)}, the limit has at {state.angle}° f = {f} and the "
        f"slope {slope}."
    )


def counted(observations):
    """Number of values and slopes that were observed, in words."""
    words = []
    for kind, word in (("v", "value"), ("s", "slope")):
        count = sum(o.kind == kind for o in observations)
        words += [f"{count} {word}{'s' if count > 1 else ''}"] if count else []
    return " and ".join(words)


def functions_note(state, circle):
    """Key to the colours, and what has to be known about the observations."""
    words = "Orange: eight networks; ticks: slopes, drawn on the right. Grey: the limit, mean ± 2σ"
    words += ". " if not state.ends else "; blue: what the orange ones become. "
    words += "Diamond: what the buttons observe. "
    if not state.observed:
        return words + "Click left to observe a value, right a slope."
    words += "Click an observation again to remove it. "
    if circle.posterior.gap > 0.01 * circle.prior[0]:
        return words + (
            "These observations contradict one another: no function of this ensemble has them all "
            f"(off by {number(circle.posterior.gap)}). The best compromise is shown; with noise "
            "σ > 0 it would be no contradiction."
        )
    if circle.posterior.surprise > 3:
        words += (
            f"Together the observations lie {decimals(circle.posterior.surprise, 1)} σ out: the "
            "limit hardly ever does that. "
        )
    if circle.networks is None:
        return words
    noisy = f"are seen with noise σ = {stop(state.noise)} at"
    exactly = noisy if state.noise else "pass through"
    return words + (
        f"The networks {exactly} what was observed: their last layer is conditioned on it, their "
        f"hidden layers are chosen from {circle.members} by how well they explain it, which about "
        f"{decimals(circle.effective, 0)} of them do."
    )


FILM = (
    "As networks widen from 8 to 1024, each random function settles on its limit (dashed). "
    "Any key or click stops."
)


def film_title(state):
    """Title of the functions while the width grows by itself."""
    return f"f of random networks of width {state.width}"


def functions_titles(state):
    """Titles of the functions, of their slopes, and of the distances of all widths."""
    functions = "networks given observations" if state.observed else "random networks"
    distance = "before\nobserving" if state.observed else "from the\nlimit"
    return (
        f"f of {functions}",
        "Their slopes",
        f"Distance {distance}, in σ",
    )
