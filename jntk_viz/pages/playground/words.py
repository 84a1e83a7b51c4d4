"""Words of the playground: one sentence, three numbers for each network, and how to read it."""

import math

from jntk_viz.drawing.html import line_sample
from jntk_viz.drawing.theme import ACCENT, FONT, INK, MUTED, PHONE, css
from jntk_viz.frame.numbers import number, percent, stop
from jntk_viz.pages.playground.pictures import BROKEN, FEARED, OTHER, SAFE
from jntk_viz.pages.playground.point_pictures import CLASSES
from jntk_viz.pages.playground.points import MOST

QUESTION = "What does training do to a classifier, and what does the penalty change?"
STANDARD, PENALISED = "Without the penalty", "With the penalty λ = {}"

NUMBERS_CSS = css(f"""
dl {{ display: flex; justify-content: space-around; margin: 0 auto; max-width: 440px;
  font: 400 14px/1.2 {FONT}; color: {MUTED}; }}
dl div {{ display: flex; flex-direction: column-reverse; text-align: center; }}
dd {{ margin: 0; font: 500 24px/1.15 {FONT}; color: {INK}; }} dt {{ color: {MUTED}; }}
dd, dt {{ white-space: nowrap; }}
{PHONE} {{ dd {{ font-size: 18px; }} dt {{ font-size: 12px; }} }}
""")
LEGEND_CSS = css(f"""
:host {{ overflow-y: auto; }}
div {{ font: 400 14px/1.35 {FONT}; color: {INK}; }} p {{ margin: 4px 0; }}
summary {{ cursor: pointer; color: {ACCENT}; font-weight: 500; }}
summary:focus-visible {{ outline: 2px solid {ACCENT}; }}
""")


def headline(state, view) -> str:
    """One sentence of at most 25 words on the pictures as they are.

    - `state`: the settings;  `view`: the `plan.View` that is drawn.
    """
    if view.compared is not None:
        return _beside_its_limit(state, view)
    standard, penalised = view.networks
    n, random = len(standard.margin), state.drawn is not None
    if view.t == 0 and random:
        return (
            "Before training: one random function, up to "
            f"<b>{number(standard.slope)}</b> steep. Press Play to train it, or Draw again."
        )
    if view.t == 0:
        return "Before training both networks say 0 everywhere. Press Play."
    fooled, fewer = (f"<b>{fooled_points(network)}</b>" for network in view.networks)
    if math.isinf(view.t):
        safe = int((penalised.first_order > 0).sum())
        called = f"all {n}" if safe == n else f"{safe} of {n}"
        return (
            f"The slopes call {called} points safe, yet the boundary enters {fewer} of their rings "
            f"({fooled} without the penalty)."
        )
    return (
        f"At t = {stop(view.t)} an attack of size {state.epsilon:g} fools {fooled} of {n} points "
        f"without the penalty and {fewer} with it."
    )


def fooled_points(network) -> int:
    """How many points an attack brings to the wrong side."""
    return int((network.margin <= 0).sum())


def _beside_its_limit(state, view) -> str:
    found = view.compared
    if view.t < state.t:
        return (
            f"Training: the network of width {state.width} is at t = {stop(view.t)} of "
            f"{stop(state.t)}, <b>{number(found.rms)}</b> (RMS) from its limit."
        )
    if view.t == 0 and state.drawn is None:
        return "Before training both networks say 0 everywhere. Press Play and watch them train."
    if view.t == 0:
        return (
            f"Before training: a random network of width {state.width}, up to "
            f"<b>{number(found.network.slope)}</b> steep. Press Play to train it, or Draw again."
        )
    fooled, limit = map(fooled_points, view.networks)
    return (
        f"At t = {stop(view.t)} width {state.width} is <b>{number(found.rms)}</b> (RMS) from its "
        f"limit; attacks fool {fooled} of {len(found.network.margin)} points, {limit} in the limit."
    )


def titles(state) -> tuple[str, str]:
    """Of the two pictures."""
    penalised = PENALISED.format(stop(state.lam)) if state.lam else STANDARD
    if not state.finite:
        return STANDARD, penalised
    with_penalty = penalised[0].lower() + penalised[1:]
    return f"Width {state.width}, {with_penalty}", f"Its limit, {with_penalty}"


def numbers(network, compared=None) -> str:
    """Accuracy, robust accuracy and the largest slope of one network.

    - `compared`: with its limit, of a network of finite width.
    """
    shown = {
        "accuracy": percent(network.accuracy),
        "robust": percent(network.robust),
        "largest slope": number(network.slope, 2),
    }
    if compared is not None:
        shown |= {"RMS from limit": number(compared.rms), "at most": number(compared.most)}
    parts = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in shown.items())
    return f"<dl>{parts}</dl>"


def _dot(name: str) -> str:
    return (
        f'<span style="display:inline-block;width:11px;height:11px;border-radius:50%;'
        f'background:{CLASSES[name]};margin:0 4px 0 8px"></span>{name}'
    )


def legend(state, view=None) -> str:
    """What colours and lines mean in the pictures that are drawn; the rest behind *More*."""
    if view is not None and bare(state, view):
        samples = ["arrows point uphill; the longer, the steeper"]
    else:
        samples = [
            f"{line_sample(SAFE, 'solid', 2)}safe",
            f"{line_sample(BROKEN)}an attack crosses the boundary",
            f"{line_sample(FEARED, 'dashed', 3)}only the slope fears it",
        ]
        if state.finite:
            samples.append(f"{line_sample(OTHER, 'dashed', 3)}boundary of the limit")
    return css(f"<div>{'&emsp;'.join([''.join(map(_dot, CLASSES)), *samples])}{_MORE}</div>")


def bare(state, view) -> bool:
    """Is it a random function that is seen, which knows nothing of the points yet?"""
    return view.t == 0 and state.drawn is not None


_MORE = (
    "<details><summary>More</summary>"
    "<p>The globe is every input of length 1 with three numbers, seen from the front and from "
    "behind; equal areas are equal. Colour is the output f of a network; the black line is f = 0, "
    "where its answer changes. Networks learn the same points for the same time t; with the "
    "penalty they pay λ|J|² for the slope J at each point.</p>"
    "<p>The ring around a point holds what a change of size ε can make of it. The arrow leads to "
    "the worst place that a search inside the ring (projected gradient descent) has found. "
    "“Robust” is the share of points without a red ring. “Largest slope” is that of f anywhere on "
    "the globe.</p>"
    "<p>At d = ∞ networks are infinitely wide and solved in closed form. A network of finite width "
    "is one random draw, trained along the gradient flow; beside it is the limit for the same "
    "start. “RMS from limit” is the root mean square of their difference over the globe, “at most” "
    "the largest. If f = 0 before training, what this network said at random is subtracted. Narrow "
    "networks differ from draw to draw: press Draw again. Their late times are approximate, since "
    "each step of training takes the kernel of its middle.</p>"
    "<p>Click to add a point, drag it to move it, tap it and press Backspace to delete it; at "
    f"most {MOST}. The buttons under the sliders do the same.</p></details>"
)
OUTSIDE = "That was outside the globe. Click inside one of the two discs."
TOO_MANY = f"There are {MOST} points, the most that find room. Delete one first."
ONE_CLASS = "Both classes are needed. Add a point of the other class before you delete this one."
NONE_CHOSEN = "Choose a point first: tap it, or take its number."
