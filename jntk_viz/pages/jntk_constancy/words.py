"""The words of the constancy page: what is on screen, the legend, and the formulas."""

import numpy as np

from jntk_viz.drawing.html import line_sample
from jntk_viz.drawing.theme import BLUE, ORANGE, PURPLE, THEORY
from jntk_viz.frame.numbers import decimals, number, percent, power_of_ten
from jntk_viz.frame.words import coinciding, small
from jntk_viz.pages.jntk_constancy.measures import at_moment, errors_at, regime

WIDTH_COLOURS = (ORANGE, PURPLE, BLUE)
THICKNESS = (1.6, 2.6, 3.8)


def legend(settings) -> str:
    """One line of HTML that says what the colours are."""
    each = f", {settings.networks} networks each" if settings.networks > 1 else ""
    parts = [
        f"{line_sample(colour, thickness=thickness)}width {width}"
        for width, colour, thickness in zip(settings.widths, WIDTH_COLOURS, THICKNESS, strict=True)
    ]
    limit = "infinitely wide, in closed form (grey: 80 % of such networks)"
    return "&emsp;".join(parts) + each + f"&emsp;{line_sample(THEORY, thickness=2)}{limit}"


def width_text(width: float) -> str:
    """66,000 or, from a million on, a power of ten; infinity in words."""
    if not np.isfinite(width):
        return "no width at all"
    if width < 1e6:
        return f"{float(f'{width:.2g}'):,.0f}"
    return power_of_ten(round(np.log10(width)))


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


def training_text(summary, settings) -> tuple[str, str]:
    """Distances that kernels have moved, or the networks that diverged; and the rest, as HTML."""
    narrow, _, wide = settings.widths
    lost = lost_text(summary, settings)
    at_start = summary.step == 0
    quantity = "to_limit" if at_start else "drift"
    moved = {width: summary.median(quantity, width) for width in (narrow, wide)}
    if not np.isfinite(list(moved.values())).all():
        return lost or PREPARING, ""
    if at_start:
        words = (
            f"Before training, the width <b>{wide}</b> kernel is <b>{percent(moved[wide])}</b> "
            f"away from its limit, the width <b>{narrow}</b> kernel "
            f"<b>{percent(moved[narrow])}</b>."
        )
        return words, lost
    words = (
        f"After <b>{summary.step}</b> steps the width <b>{wide}</b> kernel has moved by "
        f"<b>{percent(moved[wide])}</b>, the width <b>{narrow}</b> kernel by "
        f"<b>{percent(moved[narrow])}</b>."
    )
    law = summary.laws["to_limit"]
    interval = ""
    if np.isfinite(law.low):
        interval = f" (95 %: {decimals(law.low)} to {decimals(law.high)})"
    slope = (
        f"The distance to the limit falls as width to the power {decimals(law.slope)}{interval}; "
        "theorem −½."
    )
    return (lost, f"{words} {slope}") if lost else (words, slope)


def outputs_text(summary, settings, record, other) -> tuple[str, str]:
    """Distance of the followed network from the equation, `other` being that of another width; and
    what else."""
    if record is None:
        return lost_text(summary, settings) or PREPARING, ""
    if not np.isfinite(record.deviation) or record.deviation_train > OFF:
        words = (
            f"By step <b>{record.step}</b> the linear equation has exploded; the width "
            f"<b>{record.width}</b> network, whose kernel can change, has a loss of "
            f"{number(record.fit + settings.lam * record.jacobian)}."
            if settings.rate > 1
            else f"At step <b>{record.step}</b> the width <b>{record.width}</b> network is far "
            "from the linear equation."
        )
        return words, f"The learning rate is {settings.rate:g} × the equation's stability limit."
    words = (
        f"At step <b>{record.step}</b> one width <b>{record.width}</b> network is "
        f"<b>{percent(record.deviation)}</b> away from the linear equation at test points"
    )
    if other is not None and np.isfinite(other.deviation):
        words += f", one of width <b>{other.width}</b> {percent(other.deviation)}"
    return f"{words}.", (
        f"Values and slopes together; at training points {percent(record.deviation_train)}."
    )


OFF = 0.9  # of the equation's own size: the network no longer follows


def kernel_text(summary, settings, record, regime) -> tuple[str, str]:
    """Place of the followed kernel, and whether the theorem's regime is reached, and why."""
    if record is None:
        return lost_text(summary, settings) or PREPARING, ""
    words = (
        f"At step <b>{record.step}</b> the width <b>{record.width}</b> kernel is "
        f"<b>{percent(record.to_limit)}</b> away from its limit and has moved by "
        f"<b>{percent(record.drift)}</b>. "
    )
    verdict, why = regime_text(regime)
    return words + verdict, why


def regime_text(regime) -> tuple[str, str]:
    """The verdict at the widest network, and the numbers behind it."""
    smallest = regime.smallest
    if not np.isfinite(regime.error):
        return "", ""
    if not smallest.resolved:
        return (
            "The theorem's regime <b>cannot be judged</b>.",
            f"λₘᵢₙ = {number(smallest.value)} is below its noise floor.",
        )
    if regime.reached:
        return (
            "The theorem's regime <b>is reached</b>.",
            f"At width {regime.widest} ‖Θₜ − Θ‖ stays below {number(regime.error)}, and "
            f"λₘᵢₙ = {number(smallest.value)}.",
        )
    factor = regime.error / smallest.value
    times = number(factor) if factor < 100 else width_text(factor)
    return (
        "The theorem's regime is <b>not reached</b>.",
        f"At width {regime.widest} ‖Θₜ − Θ‖ = {number(regime.error)} is {times} × λₘᵢₙ.",
    )


def extrapolation_text(regime) -> str:
    """At which width the error would fall below λ_min, and how little that is known."""
    law, smallest = regime.law, regime.smallest
    levels = f"λₘᵢₙ = {number(smallest.value)}, noise floor {number(smallest.noise_floor)}. "
    if law is None or not smallest.resolved:
        return levels + "No width can be named" + ("." if law else " yet.")
    if not np.isfinite(regime.needed):
        return levels + "The width error does not fall with the width here."
    slope = decimals(law.slope)
    if regime.needed <= regime.widest:
        return levels + f"The fitted line, slope {slope}, falls below it within the picture."
    bounds = ""
    if np.isfinite(regime.low):
        upper = f"to {width_text(regime.high)}" if np.isfinite(regime.high) else "without end"
        bounds = f" (95 %: {width_text(regime.low)} {upper})"
    return levels + (
        f"By the slope {slope} the error would fall below λₘᵢₙ near width "
        f"<b>{width_text(regime.needed)}</b>{bounds}: an extrapolation."
    )


def sentence(words: str, *notes: str) -> str:
    """The headline in the room of two lines, so that the pictures do not jump."""
    return f'<div style="min-height: 2.7em">{words}{small(*notes)}</div>'


def below(settings) -> str:
    """The legend as a line of HTML."""
    return f'<div class=legend style="font-size: 15px; line-height: 1.4">{legend(settings)}</div>'


def rate_notes(settings, problem) -> str:
    """Number of points and learning rate, in words."""
    limit = problem.dynamics.stable_learning_rate
    fewer = len(problem.x) < settings.points
    points = f"{len(problem.x)} points, as many as {problem.x.shape[1]} columns allow here. "
    same = coinciding(problem.x, problem.x_test)
    return (
        f"{points if fewer else ''}{f'{same} ' if same else ''}"
        f"Learning rate {number(problem.learning_rate, 3)} = {settings.rate:g} × the stability "
        f"limit 2N/eₘₐₓ = {number(limit, 3)}, eₘₐₓ being the largest "
        "eigenvalue of √Λ Θ √Λ."
    )


def outputs_notes() -> str:
    """Key to the pictures of the outputs."""
    return (
        "Black: the linear equation from the network's own start. Distances from it: dashed at "
        "training points. Rings: training points."
    )


def headline(state, progress) -> str:
    """The sentences about the visible view, the legend, and one more line."""
    settings, problem, _, records = progress
    at, width = state.shown_step, state.width
    summary, record = errors_at(records, at), at_moment(records, width, at)
    if state.view == "training":
        words, more = training_text(summary, settings)
        notes = rate_notes(settings, problem)
    elif state.view == "outputs":
        other = settings.widths[0] if state.which else settings.widths[-1]
        words, more = outputs_text(summary, settings, record, at_moment(records, other, at))
        notes = outputs_notes()
    else:
        found = regime(progress, at)
        words, more = kernel_text(summary, settings, record, found)
        notes = f"{extrapolation_text(found)} {coinciding(problem.x)}".rstrip()
    return sentence(words, more, notes) + below(settings)
