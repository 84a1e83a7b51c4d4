"""Lesson 7: recognising what went wrong."""

import numpy as np

from jntk_viz.datasets import normalize
from jntk_viz.dynamics import LinearDynamics
from jntk_viz.kernels import jntk
from jntk_viz.lessons.checking import Diagnosis, Exercise, Mistake
from jntk_viz.lessons.problems import eight_points
from jntk_viz.spectrum import gram_spectrum


def _zeros(entries=slice(None)) -> float:
    """Unresolved directions of the Jacobian NTK of erf on the eight points."""
    gram = jntk(eight_points()[0], depth=2, activation="erf")[:, entries][:, :, :, entries]
    return float(gram.shape[0] * gram.shape[1] - gram_spectrum(gram).rank)


ZEROS = Exercise(
    name="7a",
    signature="",
    truth=_zeros,
    mistakes=(
        Mistake("Those are the values: f(x) + f(−x) = 0 for each pair. What does that say about "
                "the slopes at x and −x? Differentiate it.", lambda: _zeros(slice(0, 1))),
        Mistake("Those are the slopes, J(x) − J(−x) = 0, two for each pair. The values are "
                "dependent, too.", lambda: _zeros(slice(1, None))),
        Mistake("Half of the entries follow from the other half; not all of them are zero.",
                lambda: 24.0),
    ),
    remark="Three for each of the four pairs x, −x: one for the values, two for the slopes.",
)  # fmt: skip


def _smallest(degrees: float) -> float:
    angle = np.deg2rad([0, degrees])
    x = normalize(np.stack([np.cos(angle), np.sin(angle)], axis=1))
    return float(gram_spectrum(jntk(x, depth=2)).eigenvalues[0])


ANGLE = Exercise(
    name="7b",
    signature="",
    truth=lambda: round(np.log2(_smallest(4.0) / _smallest(2.0))),
    mistakes=(
        Mistake("That is the power for values alone, the NTK. A function with both slopes given "
                "has less freedom still.", lambda: 2.0),
        Mistake("That is the power of the combination's size; the eigenvalue is its variance.",
                lambda: 3.0),
        Mistake("Measure it at two small angles: the logarithm of the eigenvalues' ratio over that "
                "of the angles' ratio.", lambda: 4.0),
        Mistake("Nearly: at larger angles the power is not reached yet. Halve the smallest ones.",
                lambda: 5.7),
        Mistake("Take the logarithm: a factor of 2⁶ for half the angle is the power 6, not 64.",
                lambda: 64.0),
    ),
    remark="6: one combination of the two values and slopes sees only the third derivative. Its "
    "size is δ³, its variance δ⁶.",
    near=0.025,  # measured slopes lie between 5.87 and 6.02
)  # fmt: skip

GROWTH = Exercise(
    name="7c",
    signature="",
    truth=lambda: _growth(),
    mistakes=(
        Mistake("That is ηe/N itself. The error is multiplied by 1 − ηe/N.", lambda: 2.4),
        Mistake("The limit is ηe/N = 2, not 1: at 1.2 times the limit it is 2.4.", lambda: 0.2),
        Mistake("That is how much too large the step is; what does it multiply the error by?",
                lambda: 1.2),
        Mistake("That is the factor of the loss, which is the square of the error.",
                lambda: 1.4**2),
        Mistake("Give the factor in size, without the sign that makes the error jump to and fro.",
                lambda: -1.4),
    ),
    remark="In ten steps that is a factor of 29.",
)  # fmt: skip


def _growth() -> float:
    """From the library's closed form: 1 - learned after two steps is the factor squared."""
    x, y = eight_points()
    dynamics = LinearDynamics(jntk(x, depth=2), y, lam=0.1)
    eta = 1.2 * dynamics.stable_learning_rate
    return float(np.sqrt(1 - dynamics.learned(2 * eta, learning_rate=eta)[-1]))


CAUSES = Diagnosis(
    name="7d",
    truth={"A": "odd", "B": "ReLU", "C": "step", "D": "parallel", "E": "float32"},
    hints={
        "A": "A: exact zeros in float64, at any depth, come from an identity that all these "
        "networks obey.",
        "B": "B: J should approach its linear equation as the width grows. Which activation lets J "
        "jump, however wide the network?",
        "C": "C: what grows by the same factor in every step comes from the step itself.",
        "D": "D: a third of the loss that stays belongs to one direction which is learned very "
        "slowly. Which two of the six inputs could be hard to tell apart?",
        "E": "E: a covariance cannot have negative eigenvalues. Ask about the arithmetic.",
    },
    remark="You can now read a broken plot.",
)

EXERCISES = (ZEROS, ANGLE, GROWTH, CAUSES)
