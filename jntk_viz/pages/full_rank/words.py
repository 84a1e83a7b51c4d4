"""The words of the full-rank page: sentences about what is on screen, and its formulas."""

import numpy as np

from jntk_viz.drawing.theme import escape
from jntk_viz.frame.numbers import number, stop
from jntk_viz.frame.settings import activation_name
from jntk_viz.frame.words import small
from jntk_viz.pages.full_rank import study
from jntk_viz.pages.full_rank.pictures import ENTRIES, NEVER
from jntk_viz.pages.full_rank.state import SOURCES, TIMES

QUESTION = "Is the kernel full rank, and can arithmetic tell?"
KERNELS = {"jntk": "JNTK", "ntk": "NTK", "jacobian_nngp": "Jacobian NNGP"}
VALUES = {"jntk": "NTK", "ntk": "NTK", "jacobian_nngp": "NNGP"}  # of the values alone


def refused(kernel, activation, words) -> str:
    """Sentence that a kernel does not exist, with the library's reason."""
    reason = words.partition("whose ")[2].partition(" Use ")[0]
    return f"<b>{activation_name(activation)} has no {KERNELS[kernel]}</b>: its {escape(reason)}"


# ---- against depth


def depth_headline(state, found) -> str | None:
    """Verdict on λ_min: resolved here, in both precisions? From which depth on?"""
    refusal = study.refusal(state.kernel, state.activation)
    if refusal:
        return refused(state.kernel, state.activation, refusal) + small(
            "The pictures show the other activations. ReLU has a Jacobian NNGP: choose that kernel."
        )
    spectrum = found.spectra.get((state.activation, state.depth))
    if spectrum is None:
        return None
    smallest = spectrum.smallest
    double, single = study.floors(smallest)
    name = f"{activation_name(state.activation)} at depth {state.depth}"
    if smallest.resolved:
        first = (
            f"{name}: λₘᵢₙ = <b>{number(smallest.value)}</b>, {number(smallest.value / double)} "
            f"times the float64 floor {number(double)}: <b>numerically resolved</b>"
        )
    else:
        first = (
            f"{name}: λₘᵢₙ lies below the float64 noise floor <b>{number(double)}</b>: <b>not "
            "numerically resolved</b>"
        )
    if not smallest.resolved:
        also = "nor in float32"
    else:
        also = "in float32 too" if smallest.value > single else "not in float32"
    return f"{first}, {also}." + small(
        _matrix(state, found),
        _from_depth(state, found),
        _in_float32(state, found),
        _paper(state, found),
    )


def rank(spectrum) -> str:
    """Number of eigenvalues that each precision can resolve."""
    total = spectrum.eigenvalues.size
    single = int(np.sum(spectrum.eigenvalues > spectrum.noise_floor * study.EPS_RATIO))
    return f"float64 {spectrum.rank}, float32 {single} of {total}"


def _matrix(state, found) -> str:
    given = study.points_of(found.problem)
    spectrum = found.spectra[state.activation, state.depth]
    total = spectrum.eigenvalues.size
    left = f" ({given.repeated} repeated left out)" if given.repeated else ""
    lost = total - spectrum.rank
    source = escape(SOURCES[state.data].label)
    words = f"{source}, {len(given.y)} points{left}: {total} eigenvalues"
    if not lost:
        return f"{words}, all resolved in float64."
    nulls = study.null_count(found.problem, state.activation, state.depth)
    exact = f", {nulls} of them zero exactly by symmetry" if nulls else ""
    return f"{words}, {lost} below the float64 floor{exact}."


def _from_depth(state, found) -> str:
    first = study.first_depths(found, state.activation, state.threshold)
    if first is None:
        return ""

    def since(depth):
        return "at no depth" if np.isnan(depth) else f"from depth {depth:.0f} on"

    single = study.floors(found.spectra[state.activation, state.depth].smallest)[1]
    return (
        f"λₘᵢₙ is resolved {since(first.double)} in float64, {since(first.single)} in float32 "
        f"(floor here {number(single)}), "
        f"and above the threshold {stop(state.threshold)} {since(first.above)}."
    )


def first_marks(first) -> tuple:
    """(double, above, single) of a `First` as a table has them: a depth, "never", or NaN."""
    if first is None:  # not known, or refused
        return (np.nan,) * 3
    values = (first.double, first.above, first.single)
    return tuple(NEVER if np.isnan(depth) else int(depth) for depth in values)


def _in_float32(state, found) -> str:
    single = found.single.get((state.activation, state.depth))
    return "" if single is None else f"Computed in float32 (×) it is {number(single.value)}."


def _paper(state, found) -> str:
    if state.data != "algerian_forest_fires" or state.kernel != "jntk":
        return ""
    claim = "The paper reports a positive λₘᵢₙ only from depth 11 (GeLU) and 6 (erf) on"
    firsts = [study.first_depths(found, name, state.threshold) for name in study.PAPER]
    known = [first.above for first in firsts if first]
    if len(known) < len(firsts):
        return f"{claim}."
    above = ["none" if np.isnan(depth) else f"{depth:.0f}" for depth in known]
    return f"{claim}; a threshold of {stop(state.threshold)} gives {above[0]} and {above[1]}."


# ---- against the angle


def angle_headline(state, found) -> str | None:
    """λ_min of two points at this angle, how it falls, and which combination is lost."""
    refusal = study.refusal(state.kernel, state.activation)
    if refusal:
        return refused(state.kernel, state.activation, refusal) + small(
            "It has a Jacobian NNGP: choose that kernel."
        )
    pair = found and found.pairs.get(state.theta)
    if pair is None:
        return None
    smallest = pair.spectrum.smallest
    name = f"{activation_name(state.activation)}, depth {state.depth}, θ = {state.theta:g}°"
    if pair.exact:
        many = "1 combination vanishes" if pair.exact == 1 else f"{pair.exact} combinations vanish"
        words = f"{name}: <b>{many} exactly</b>: {equations(pair)}."
        return words + small(
            f"So it is for every network; the {KERNELS[state.kernel]} has them as null directions: "
            f"|K v| is {number(pair.residual)} of λₘₐₓ here. "
            f"{pair.spectrum.rank} of {pair.spectrum.eigenvalues.size} eigenvalues are numerically "
            "resolved.",
            _laws(state, found.sweep),
        )
    floor = f"the float64 noise floor {number(smallest.noise_floor)}"
    words = (
        f"{name}: λₘᵢₙ = <b>{number(smallest.value)}</b>, above {floor}: <b>numerically "
        "resolved</b>."
        if smallest.resolved
        else f"{name}: λₘᵢₙ lies below {floor}: <b>not numerically resolved</b>."
    )
    return words + small(_laws(state, found.sweep), _lost(state))


def _laws(state, sweep) -> str:
    if sweep.small is None:
        return ""
    power = sweep.small.slope
    words = (
        f"Towards θ = 0, λₘᵢₙ ∝ θ{_power(power)}: halving the angle divides it by {2**power:.0f}"
    )
    if state.kernel != "ntk":
        words += f"; for the values alone ({VALUES[state.kernel]}) it is θ²"
    if sweep.opposite is None:
        return f"{words}. Towards 180° it does not fall."
    return f"{words}. Towards 180° it falls as (180° − θ){_power(sweep.opposite.slope)}."


def _power(exponent) -> str:
    return f"<sup style='line-height: 0'>{exponent:.2f}</sup>"


def _lost(state) -> str:
    if state.kernel == "ntk" or state.theta > 20:
        return ""
    return (
        "Nearly lost: the slopes already tell by how much the values differ, "
        "f(x′) − f(x) ≈ θ/2 · (J⊥(x) + J⊥(x′))."
    )


def equations(pair) -> str:
    """The exact null directions as equations."""
    return "; ".join(equation(row) for row in pair.combination)


def equation(row) -> str:
    """f(x) + f(x′) = 0 from its weights over f, J∥, J⊥ of x and of x′."""
    names = ENTRIES if len(row) == len(ENTRIES) else ENTRIES[::3]
    terms = [(w / np.max(np.abs(row)), name) for w, name in zip(row, names, strict=True)]
    words = ""
    for weight, name in terms:
        if abs(weight) < 1e-9:
            continue
        size = "" if abs(abs(weight) - 1) < 1e-9 else f"{abs(weight):.2g} "
        sign = ("−" if weight < 0 else "") if not words else (" − " if weight < 0 else " + ")
        words += f"{sign}{size}{name}"
    return f"{words} = 0"


def combination_title(pair) -> str:
    if pair.exact:
        return f"Exact null direction{'s' if pair.exact > 1 else ''} ({pair.exact})"
    return "Nearly lost: v of λₘᵢₙ"


# ---- training time


def time_headline(state, known, here) -> str | None:
    """Times of the slowest mode and of the loss, and what has been learned by t."""
    refusal = study.refusal("jntk", state.activation)
    if refusal:
        return refused("jntk", state.activation, refusal) + small("Without it nothing is trained.")
    modes = known.get(here)
    if modes is None:
        return None
    where = f"depth {state.depth}"
    if state.case == "angle":
        where += f", θ = {state.theta:g}°"
    total = modes.times.size + modes.unresolved
    name = f"{activation_name(state.activation)}, {where}, λ = {state.lam:g}"
    if modes.unresolved:
        many = "1 mode lies" if modes.unresolved == 1 else f"{modes.unresolved} modes lie"
        first = (
            f"{name}: {many} below the noise floor and need{'s' if modes.unresolved == 1 else ''} "
            f"<b>more than t = {number(modes.bound)}</b>"
        )
    else:
        first = (
            f"{name}: the slowest of {total} modes falls to 1 % at <b>t = {number(modes.slowest)}"
            "</b>"
        )
    reached = (
        f"the loss {'falls to 1 % ' if modes.unresolved else ''}at "
        f"t = <b>{number(modes.loss_time)}</b>"
        if np.isfinite(modes.loss_time)
        else "the others do not bring the loss to 1 %"
    )
    joint = "; " if modes.unresolved else ", "
    unknown = "How much more float64 cannot tell." if modes.unresolved else ""
    return f"{first}{joint}{reached}." + small(unknown, _by_now(state, modes, total), _steps(modes))


def _by_now(state, modes, total) -> str:
    learned = int(np.sum(modes.times <= state.t))
    left = modes.loss[TIMES.index(state.t)]
    return (
        f"At t = {stop(state.t)}: {learned} of {total} modes learned, "
        f"{number(100 * left)} % of the loss left."
    )


def _steps(modes) -> str:
    words = (
        f"For the slowest {'resolved ' if modes.unresolved else ''}mode gradient descent takes "
        f"{number(modes.steps)} steps of just below its largest stable size 2N/eₘₐₓ."
    )
    if modes.loss_time < 1e-2 * modes.times[-1]:
        words += " The labels hardly use the slow modes: the loss falls long before."
    return words
