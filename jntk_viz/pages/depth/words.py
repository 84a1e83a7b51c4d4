"""The words of the page on depth: sentences about what is on screen."""

import numpy as np

from jntk_viz.drawing.theme import escape
from jntk_viz.frame.numbers import decimals, number, percent, signed, stop
from jntk_viz.frame.robustness import paired_difference
from jntk_viz.frame.settings import activation_name
from jntk_viz.frame.words import small, with_interval
from jntk_viz.pages.depth import training
from jntk_viz.pages.depth.kernel import DEPTHS, ends
from jntk_viz.pages.depth.phases import VARIANCES
from jntk_viz.pages.depth.state import COMPARED, LAYERS

QUESTION = "What does depth do to a signal, to its slopes, and to robust training?"
EDGE = float(LAYERS)  # layers; with a depth scale beyond, the pictures show the edge


def phase(point) -> str:
    """Order, chaos, the edge between them, or no fixed point."""
    if np.isnan(point.variance):
        return "no fixed point"
    if point.scale >= EDGE:
        return "the edge of chaos"
    return "order" if point.chi < 1 else "chaos"


def _name(state) -> str:
    return (
        f"{activation_name(state.activation)}, σ_w = {state.weight_std:g}, σ_b = {state.bias_std:g}"
    )


def signal_headline(state, found) -> str | None:
    """Phase, and what becomes of the two inputs and of |J|²."""
    if found is None or found.point is None or not found.whole:
        return None
    limit, point = found.limit, found.point
    if not limit.reached:
        return f"{_name(state)}: <b>refused</b>." + small(escape(limit.refused))
    last = limit.correlation[limit.reached]
    start = limit.correlation[0]
    went = f"correlation {decimals(start)} → <b>{decimals(last)}</b> after {limit.reached} layers"
    if state.skips:
        if found.plain is None:
            return None
        first = (
            f"{_name(state)}, skips α = {stop(state.skips)}: {went}, |J|² times "
            f"<b>{_growth(limit)}</b>{_instead(limit, found.plain)}."
        )
    else:
        scale = f"depth scale ξ = {number(point.scale, 2)}"
        tells = {
            "order": f"<b>order</b>, inputs become one, {scale}",
            "chaos": f"<b>chaos</b>, inputs become strangers, {scale}",
            "the edge of chaos": "<b>the edge of chaos</b>, the signal goes deep",
            "no fixed point": "<b>the variance never settles</b>",
        }
        first = f"{_name(state)}: {tells[phase(point)]}; {went}."
    return first + small(
        _fixed(state, point), _slopes(state, limit), _finite(state, found), _stopped(limit)
    )


def _growth(limit) -> str:
    return number(limit.slope[limit.reached - 1] / limit.slope[0], 2)


def _instead(limit, plain) -> str:
    """The plain network's growth of |J|², for comparison, if it is as deep."""
    return f" instead of {_growth(plain)}" if plain.reached == limit.reached else ""


def _fixed(state, point) -> str:
    name = "The plain network with these scales" if state.skips else "It"
    if np.isnan(point.variance):
        return (
            f"{name} has no fixed point of the variance up to Q = {VARIANCES[-1]:g}: "
            f"{activation_name(state.activation)} is unbounded."
        )
    edge = "" if np.isfinite(point.scale) else ", at which ξ is infinite"
    words = (
        f"{name} tends to variance Q* = {number(point.variance)} and correlation "
        f"c* = {decimals(point.correlation)}, with χ₁ = {number(point.chi, 3)}{edge}."
    )
    if state.skips:
        words += " With skips the variance grows layer by layer, and nothing is exponential."
    return words


def _slopes(state, limit) -> str:
    return (
        f"Mean squared slope |J|²: {number(limit.slope[0])} at depth 1, times {_growth(limit)} by "
        f"depth {limit.reached}."
    )


def _finite(state, found) -> str:
    if not found.networks:
        return ""
    last = found.limit.reached
    off = [abs(one.correlation[last] - found.limit.correlation[last]) for one in found.networks]
    return (
        f"{len(off)} random networks of width {state.width} are up to {number(max(off), 2)} off "
        "that correlation."
    )


def _stopped(limit) -> str:
    if not limit.refused:
        return ""
    return f"The limit ends at layer {limit.reached}: {escape(limit.refused)}"


def kernel_headline(state, known) -> str | None:
    """λ_min and condition at the largest known depth, plain and with skips."""
    plain, residual = state.pair
    found = [[known(ends, network, depth) for depth in DEPTHS] for network in (plain, residual)]
    if found[0][-1] is None or found[1][-1] is None:
        return None
    first = f"{_name(state)}: at depth {DEPTHS[-1]} the JNTK's condition is "
    alpha = f"skips α = {stop(state.skips or COMPARED)}"
    first += f"<b>{_condition(found[0][-1])}</b>, with {alpha} <b>{_condition(found[1][-1])}</b>."
    return first + small(
        _resolved("Plain", found[0]),
        _resolved("With skips", found[1]),
        "20 inputs of iris, 100 eigenvalues. Dotted: what rounding in float64 may produce; ▽: λₘᵢₙ "
        "below it.",
    )


def _condition(found) -> str:
    if found.refused:
        return "unknown"
    return number(found.condition, 2) if found.resolved else "beyond float64"


def _resolved(name, found) -> str:
    """The depths at which λ_min is numerically resolved, and its value at both ends."""
    known = [(depth, one) for depth, one in zip(DEPTHS, found, strict=True) if not one.refused]
    if not known:
        return f"{name}: {escape(found[0].refused)}"
    seen = [(depth, one) for depth, one in known if one.resolved]
    if not seen:
        words = f"{name}: λₘᵢₙ lies below the noise floor at every depth."
    else:
        (a, first), (b, last) = seen[0], seen[-1]
        words = (
            f"{name}: λₘᵢₙ = {number(first.smallest, 2)} at depth {a}, {number(last.smallest, 2)} "
            f"at depth {b}"
        )
        words += ", lost in rounding beyond." if b < known[-1][0] else "."
    refused = next((one.refused for one in found if one.refused), "")
    return f"{words} {escape(refused)}".strip()


def training_headline(state, found) -> str | None:
    """Best robust accuracy and its time at the last depth, plain and with skips."""
    if not found.whole:
        return None
    plain, residual = found.plain[-1], found.residual[-1]
    alpha = stop(state.skips or COMPARED)
    first = (
        f"{_name(state)}, depth {training.DEPTHS[-1]}: best robust accuracy {_reached(plain)}; "
        f"with skips α = {alpha} {_reached(residual)}."
    )
    return first + small(
        _compared(plain, residual),
        _by_depth(found.plain),
        f"Robust: a search by gradients finds no change of size ε = {state.epsilon:g} (L2) that "
        f"flips the flower. λ = {stop(state.lam)}; {_ends(state)}",
        "Each of iris' 100 flowers is tested once, while half are trained on and another quarter "
        f"chooses the time; bars: 95 % of the points (left), range of {training.FOLDS} trainings "
        "(right). A step is one of descent at half of the largest stable rate.",
    )


def _reached(one) -> str:
    """“<b>86 %</b> after 30 steps”."""
    if one.refused:
        return "<b>unknown</b>"
    return f"<b>{percent(np.mean(one.best))}</b> after {_steps(one)}"


def _steps(one) -> str:
    count = number(one.steps, 1)
    return f"{count} step" if count == "1" else f"{count} steps"


def _points(difference) -> str:
    return with_interval(lambda share: signed(100 * share, 0), difference)


def _compared(plain, residual) -> str:
    """The two networks at the last depth, best with best and end with end."""
    refused = plain.refused or residual.refused
    if refused:
        return escape(refused)
    best = paired_difference(residual.best, plain.best)
    clear = "" if best.clear else ", no clear difference"
    return (
        f"Skips minus plain, in points: best {_points(best)}{clear}; at t = ∞ "
        f"{_points(paired_difference(residual.end, plain.end))}."
    )


def _by_depth(found) -> str:
    """The plain network at the last depth beside depth 1."""
    if found[-1].refused or found[0].refused:
        return ""
    change = paired_difference(found[-1].best, found[0].best)
    return (
        f"Plain, depth {training.DEPTHS[-1]} minus depth {training.DEPTHS[0]}: best "
        f"{_points(change)}; {_steps(found[0])} → {_steps(found[-1])}."
    )


def _ends(state) -> str:
    return "at t = ∞ its value does not matter." if state.lam else "standard training."
