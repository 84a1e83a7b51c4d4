"""Answers to what readers of the breakdown page are asked to predict."""

import numpy as np

from jntk_viz.frame.numbers import decimals, number
from jntk_viz.frame.parts import Answer
from jntk_viz.pages.breakdown.case import ILL
from jntk_viz.pages.breakdown.study import outcome_of
from jntk_viz.pages.breakdown.training import plateau_cures

_FALLS = {"an eighth of it": 1 / 8, "half of it": 1 / 2, "almost the same": 1.0}
_EXPONENTS = {"-1": -1.0, "-1/2": -0.5, "0": 0.0}


def answer(key: str, state, known) -> Answer | None:
    """Answer measured on the patient; None while it is not known, or in another case."""
    case, told = ANSWERS[key]
    ill = outcome_of(state.setting, known).runs.get(ILL)
    return told(state.setting.value, ill) if ill and state.case == case else None


def _treatment(angle, ill) -> Answer:
    """Which treatment leaves the slowest direction the fewest steps."""
    steps = plateau_cures(ill.numbers)
    told = "; ".join(f"{name}: {number(value)} steps" for name, value in steps.items())
    return Answer(min(steps, key=steps.__getitem__), f"The slowest direction needs, with {told}.")


def _jacobian_end(lam, ill) -> Answer:
    first, *_, last = ill.course.y
    ratio = last / first
    value = "larger" if ratio > 1.1 else "smaller" if ratio < 0.9 else "about the same"
    return Answer(value, f"½ mean |J|² goes from {number(first)} to {number(last)}.")


def _powers_of_ten(factor, ill) -> Answer:
    value = float(np.log10(ill.numbers["variance_at_layer_30"]))
    return Answer(
        value,
        f"Measured 10^{decimals(value)}; theory 29 · log₁₀ {factor:g} = "
        f"{decimals(29 * np.log10(factor))}.",
    )


def _exponent(a, ill) -> Answer:
    slope = ill.numbers["slope"]
    value = min(_EXPONENTS, key=lambda option: abs(_EXPONENTS[option] - slope))
    return Answer(value, f"Measured {number(slope)} over widths from 64 to 4096.")


def _levels(radius, ill) -> Answer:
    errors, widths = ill.course.y, ill.course.x
    ratio = errors[-1] / errors[1]
    value = min(_FALLS, key=lambda option: abs(np.log(_FALLS[option] / ratio)))
    return Answer(
        value,
        f"{number(errors[1])} at width {widths[1]:g}, {number(errors[-1])} at {widths[-1]:g}: "
        f"×{ratio:.2f}.",
    )


def _growth(share, ill) -> Answer:
    measured, theory = ill.numbers["growth_factor"], ill.numbers["expected_growth_factor"]
    return Answer(
        measured, f"Measured {number(measured, 3)}; theory |1 − 2·{share:g}| = {number(theory, 3)}."
    )


def _floors(points, ill) -> Answer:
    sizes = {
        "noise floor of float64": ill.numbers["float64_noise_floor"],
        "smallest eigenvalue": ill.numbers["smallest_eigenvalue"],
        "noise floor of float32": ill.numbers["float32_noise_floor"],
    }
    order = tuple(sorted(sizes, key=sizes.__getitem__))
    return Answer(order, "; ".join(f"{name} {number(sizes[name])}" for name in order) + ".")


def _entry(beta, ill) -> Answer:
    relu, smooth, sharp = (
        ill.numbers[name]
        for name in ("jacobian_entry", "expected_entry_of_gelu", "expected_entry_at_16")
    )
    value = "below GeLU's" if relu < smooth else "above β = 16" if relu > sharp else "between them"
    return Answer(value, f"GeLU {number(smooth)}, β = 16 {number(sharp)}, autodiff {number(relu)}.")


ANSWERS = {  # key -> case, function of the knob's value and the patient's run
    "treatment": ("plateau", _treatment),
    "jacobian_end": ("jacobian", _jacobian_end),
    "powers_of_ten": ("deep", _powers_of_ten),
    "exponent": ("power", _exponent),
    "levels": ("sphere", _levels),
    "growth": ("rate", _growth),
    "floors": ("float32", _floors),
    "entry": ("kink", _entry),
}
