"""Words of the playground: one sentence, three numbers for each network, and how to read it."""

import math

from jntk_viz.drawing.html import line_sample
from jntk_viz.drawing.theme import ACCENT, FONT, INK, MUTED, css
from jntk_viz.frame.numbers import number, percent, stop
from jntk_viz.pages.playground.pictures import BROKEN, FEARED, SAFE
from jntk_viz.pages.playground.point_pictures import CLASSES
from jntk_viz.pages.playground.points import MOST

QUESTION = "What does training do to a classifier, and what does the penalty change?"
STANDARD, PENALISED = "Without the penalty", "With the penalty λ = {}"

NUMBERS_CSS = css(f"""
dl {{ display: flex; justify-content: space-around; margin: 0 auto; max-width: 430px;
  font: 400 14px/1.2 {FONT}; color: {MUTED}; }}
dl div {{ display: flex; flex-direction: column-reverse; text-align: center; }}
dd {{ margin: 0; font: 500 24px/1.15 {FONT}; color: {INK}; }} dt {{ color: {MUTED}; }}
""")
LEGEND_CSS = css(f"""
:host {{ overflow-y: auto; }}
div {{ font: 400 14px/1.35 {FONT}; color: {INK}; }} p {{ margin: 4px 0; }}
summary {{ cursor: pointer; color: {ACCENT}; font-weight: 500; }}
summary:focus-visible {{ outline: 2px solid {ACCENT}; }}
""")


def headline(t: float, epsilon: float, standard, penalised) -> str:
    """One sentence of at most 25 words on the picture as it is."""
    n = len(standard.margin)
    fooled, fewer = (
        f"<b>{int((network.margin <= 0).sum())}</b>" for network in (standard, penalised)
    )
    if t == 0:
        return "Before training both networks say 0 everywhere. Press Play."
    if math.isinf(t):
        safe = int((penalised.first_order > 0).sum())
        called = f"all {n}" if safe == n else f"{safe} of {n}"
        return (
            f"The slopes call {called} points safe, yet the boundary enters {fewer} of their rings "
            f"({fooled} without the penalty)."
        )
    return (
        f"At t = {stop(t)} an attack of size {epsilon:g} fools {fooled} of {n} points without the "
        f"penalty and {fewer} with it."
    )


def numbers(network) -> str:
    """Accuracy, robust accuracy and the largest slope of one network."""
    shown = {
        "accuracy": percent(network.accuracy),
        "robust": percent(network.robust),
        "largest slope": number(network.slope, 2),
    }
    parts = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in shown.items())
    return f"<dl>{parts}</dl>"


def _dot(name: str) -> str:
    return (
        f'<span style="display:inline-block;width:11px;height:11px;border-radius:50%;'
        f'background:{CLASSES[name]};margin:0 4px 0 8px"></span>{name}'
    )


LEGEND = css(
    "<div>"
    + "".join(map(_dot, CLASSES))
    + f"&emsp;{line_sample(SAFE, 'solid', 2)}safe"
    + f"&emsp;{line_sample(BROKEN)}an attack crosses the boundary"
    + f"&emsp;{line_sample(FEARED, 'dashed', 3)}only the slope fears it"
    + "<details><summary>More</summary>"
    "<p>The globe is every input of length 1 with three numbers, seen from the front and from "
    "behind; equal areas are equal. Colour is the output f of an infinitely wide network; the "
    "black line is f = 0, where its answer changes. Both networks learn the same points for the "
    "same time t; one pays λ|J|² for its slope J at each point.</p>"
    "<p>The ring around a point holds what a change of size ε can make of it. The arrow leads to "
    "the worst place that a search inside the ring (projected gradient descent) has found. "
    "“Robust” is the share of points without a red ring. “Largest slope” is that of f anywhere on "
    "the globe.</p>"
    "<p>Click to add a point, drag it to move it, tap it and press Backspace to delete it; at "
    f"most {MOST}. The buttons under the sliders do the same.</p></details></div>"
)
OUTSIDE = "That was outside the globe. Click inside one of the two discs."
TOO_MANY = f"There are {MOST} points, the most that find room. Delete one first."
ONE_CLASS = "Both classes are needed. Add a point of the other class before you delete this one."
NONE_CHOSEN = "Choose a point first: tap it, or take its number."
