"""What readers of the full-rank page are asked to predict, and what is measured."""

import numpy as np

from jntk_viz.frame.parts import Answer
from jntk_viz.pages.full_rank import pair as pairs
from jntk_viz.pages.full_rank import study
from jntk_viz.pages.full_rank import time as times
from jntk_viz.pages.full_rank.words import KERNELS, number

ORDERED = ("gelu", "erf", "sin", "softplus")
ANTIPODAL = ("gelu", "silu", "erf", "softplus")


def order_of_activations(state, found):
    """Which of ORDERED has the largest λ_min at the greatest depth, which the next largest …"""
    deepest = study.DEPTHS[-1]
    if found.problem != state.problem:
        return None
    known = [found.spectra.get((name, deepest)) for name in ORDERED]
    if None in known:
        return None
    values = np.array([spectrum.smallest.value for spectrum in known])
    largest = np.argsort(values)[::-1]
    words = ", ".join(
        f"{study.label(ORDERED[i])} "
        + (number(values[i]) if known[i].smallest.resolved else "below the noise floor")
        for i in largest
    )
    return Answer(
        tuple(study.label(ORDERED[i]) for i in largest), f"λ_min at depth {deepest}: {words}."
    )


def count_of_nulls(state, found):
    """How many eigenvalues lie below the float64 floor."""
    spectrum = found.spectra.get((state.activation, state.depth))
    if found.problem != state.problem or spectrum is None:
        return None
    total = spectrum.eigenvalues.size
    return Answer(
        float(total - spectrum.rank),
        f"{spectrum.rank} of {total} eigenvalues are numerically resolved in float64.",
    )


def power_of_angle(state, found, key):
    """The power of θ by which λ_min of two close points falls."""
    if found is None or found.key != key or found.sweep.small is None:
        return None
    law = found.sweep.small
    return Answer(
        law.slope,
        f"{KERNELS[state.kernel]}: λ_min ∝ θ^{law.slope:.2f} below {pairs.NEAR:g}°.",
    )


def antipodal_activation(state):
    """Which of ANTIPODAL has a singular JNTK on two antipodal points."""
    whole = {name: pairs.pair(180.0, "jntk", name, state.depth).spectrum for name in ANTIPODAL}
    lost = [name for name in ANTIPODAL if whole[name].rank < whole[name].eigenvalues.size]
    ranks = ", ".join(f"{study.label(name)} {whole[name].rank}" for name in ANTIPODAL)
    return Answer(
        " and ".join(map(study.label, lost)) or "none",
        f"Resolved eigenvalues out of 6 at depth {state.depth}: {ranks}.",
    )


def slowest_mode(state, training):
    """The time of the slowest mode against the depth or the angle."""
    if training is None or training.key != times.training_key(state):
        return None
    if len(training.modes) < len(times.places(state.case)):
        return None
    axis = times.axis(training, state.case)
    known = np.isfinite(axis.slowest)
    x, y = np.array(axis.places, float)[known], axis.slowest[known]
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
