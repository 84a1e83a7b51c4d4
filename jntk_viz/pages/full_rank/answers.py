"""Answers to what readers of the full-rank page are asked to predict."""

import numpy as np

from jntk_viz.frame.numbers import number
from jntk_viz.frame.parts import Answer
from jntk_viz.frame.settings import activation_name
from jntk_viz.pages.full_rank import pair as pairs
from jntk_viz.pages.full_rank import study
from jntk_viz.pages.full_rank import time as times
from jntk_viz.pages.full_rank.state import DEPTHS
from jntk_viz.pages.full_rank.words import KERNELS

ORDERED = ("gelu", "erf", "sin", "softplus")
ANTIPODAL = ("gelu", "silu", "erf", "softplus")


def order_of_activations(state, known):
    """Which of ORDERED has the largest λ_min at the greatest depth, which the next largest …"""
    deepest = DEPTHS[-1]
    spectra = [known(study.spectrum, state.problem, name, deepest) for name in ORDERED]
    if None in spectra:
        return None
    values = np.array([spectrum.smallest.value for spectrum in spectra])
    largest = np.argsort(values)[::-1]
    words = ", ".join(
        f"{activation_name(ORDERED[i])} "
        + (number(values[i]) if spectra[i].smallest.resolved else "below the noise floor")
        for i in largest
    )
    return Answer(
        tuple(activation_name(ORDERED[i]) for i in largest), f"λₘᵢₙ at depth {deepest}: {words}."
    )


def count_of_nulls(state, known):
    """Number of eigenvalues below the float64 floor."""
    spectrum = known(study.spectrum, state.problem, state.activation, state.depth)
    if spectrum is None:
        return None
    total = spectrum.eigenvalues.size
    return Answer(
        float(total - spectrum.rank),
        f"{spectrum.rank} of {total} eigenvalues are numerically resolved in float64.",
    )


def power_of_angle(state, known):
    """The power of θ by which λ_min of two close points falls."""
    sweep = known(pairs.sweep, *pairs.pair_key(state))
    if sweep is None or sweep.small is None:
        return None
    law = sweep.small
    return Answer(
        law.slope,
        f"{KERNELS[state.kernel]}: λₘᵢₙ ∝ θ^{law.slope:.2f} below {pairs.NEAR:g}°.",
    )


def antipodal_activation(state):
    """Which of ANTIPODAL has a singular JNTK on two antipodal points."""
    whole = {name: pairs.pair(180.0, "jntk", name, state.depth).spectrum for name in ANTIPODAL}
    lost = [name for name in ANTIPODAL if whole[name].rank < whole[name].eigenvalues.size]
    ranks = ", ".join(f"{activation_name(name)} {whole[name].rank}" for name in ANTIPODAL)
    return Answer(
        " and ".join(map(activation_name, lost)) or "none",
        f"Resolved eigenvalues out of 6 at depth {state.depth}: {ranks}.",
    )


def slowest_mode(state, known):
    """The time of the slowest mode against the depth or the angle."""
    modes = times.found_of(state, known)
    if len(modes) < len(times.places(state.case)):
        return None
    axis = times.axis(modes, state.case)
    finite = np.isfinite(axis.slowest)
    x, y = np.array(axis.places, float)[finite], axis.slowest[finite]
    return Answer((x, y), f"From {number(y[0])} at {x[0]:g} to {number(y[-1])} at {x[-1]:g}.")


def factor_of_time(state):
    """The power of two by which halving the angle from 10° lengthens the slowest mode."""
    slow, fast = (
        times.by_angle(theta, state.activation, state.depth, state.lam).slowest
        for theta in (5.0, 10.0)
    )
    factor = slow / fast
    return Answer(
        f"{2 ** round(np.log2(factor))}",
        f"Measured: {number(fast)} at 10°, {number(slow)} at 5°, a factor of {factor:.0f}.",
    )
