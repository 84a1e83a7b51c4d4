"""One eigenfeature up close: a function on the circle, weights over columns, attacked digits."""

from typing import NamedTuple

import numpy as np

from jntk_viz.attacks import tangent_jacobian
from jntk_viz.dynamics import KernelPredictor, LinearDynamics
from jntk_viz.engine.results import kept
from jntk_viz.pages.eigenfeatures.study import SOURCES, Problem, Spectrum, coefficients, prepare


class Feature(NamedTuple):
    """One feature up close.

    rank: from 0, largest eigenvalue first. outputs: (m, 1+d0), (f, J) at the test points.
    predictor: x → (f, J). margin: (m,), y f after the first-order attack.
    """

    rank: int
    eigenvalue: float
    share: float
    outputs: np.ndarray
    predictor: KernelPredictor
    margin: np.ndarray


def feature(problem: Problem, linear: LinearDynamics, found: Spectrum, index, attack) -> Feature:
    """The feature of rank `index` (from 0; the last one if there are fewer).

    attack: dict of epsilon and norm.
    """
    index = min(index, len(found.eigenvalues) - 1)
    prepared = prepare(problem)
    c = coefficients(problem, linear)[index]
    predictor = KernelPredictor(prepared.train.x, c, kappa=1.0, **prepared.kernel)
    outputs = predictor(prepared.test.x)
    return Feature(
        index,
        float(found.eigenvalues[index]),
        float(found.share[index]),
        outputs,
        predictor,
        found.features.margin(**attack)[index],
    )


def column_weights(problem: Problem, shown: Feature) -> np.ndarray:
    """Mean, 10 % and 90 % quantile over the test points of each entry of the tangent Jacobian.

    In units of the median |PJ|: (3, d0). A mean near zero with a wide range is a column that
    matters, but in opposite directions at different points.
    """
    tangent = tangent_jacobian(shown.outputs, prepare(problem).test.x)
    unit = np.median(np.linalg.norm(tangent, axis=1))
    return np.stack([tangent.mean(axis=0), *np.quantile(tangent, [0.1, 0.9], axis=0)]) / unit


class OnCircle(NamedTuple):
    """A feature over the angle in degrees, in units of its max |f|; labels; test points.

    status: 0 right and robust to first order, 1 right yet fragile, 2 wrong.
    """

    angles: np.ndarray
    function: np.ndarray
    target: np.ndarray
    points: np.ndarray
    values: np.ndarray
    status: np.ndarray


def on_circle(problem: Problem, shown: Feature) -> OnCircle:
    """A feature of points in the plane; between data points the nearest one gives the label."""
    prepared = prepare(problem)
    angles = np.linspace(0, 360, 361)
    ring = np.stack([np.cos(np.radians(angles)), np.sin(np.radians(angles))], axis=1)
    known = np.concatenate([prepared.train.x, prepared.test.x])
    labels = np.concatenate([prepared.train.y, prepared.test.y])
    x, y = prepared.test.x, prepared.test.y
    values = shown.predictor(ring)[:, 0]
    scale = np.abs(values).max()
    clean = y * shown.outputs[:, 0]
    return OnCircle(
        angles,
        values / scale,
        labels[np.argmax(ring @ known.T, axis=1)],
        np.degrees(np.arctan2(x[:, 1], x[:, 0])) % 360,
        shown.outputs[:, 0] / scale,
        np.where(clean <= 0, 2, np.where(shown.margin > 0, 0, 1)),
    )


class Attack(NamedTuple):
    """A first-order attack on one point: x → (x + δ)/|x + δ|, and f at both."""

    x: np.ndarray
    delta: np.ndarray
    attacked: np.ndarray
    y: float
    before: float
    after: float


def attack_one(problem: Problem, shown: Feature, row: int, *, epsilon, norm) -> Attack:
    """The worst δ of size ε for a linear model of the feature at test point `row`.

    δ = -y ε PJ/|PJ| for L2 and -y ε sign PJ for L∞.
    """
    test = prepare(problem).test
    x, y = test.x[row], float(test.y[row])
    slope = tangent_jacobian(shown.outputs, test.x)[row]
    length = np.linalg.norm(slope)
    step = np.sign(slope) if norm == "linf" else slope / (length if length > 0 else 1.0)
    delta = -y * epsilon * step
    attacked = (x + delta) / np.linalg.norm(x + delta)
    after = float(shown.predictor(attacked[None])[0, 0])
    return Attack(x, delta, attacked, y, float(shown.outputs[row, 0]), after)


@kept
def grey_values(problem: Problem) -> tuple[np.ndarray, np.ndarray]:
    """What turns a row of digits back into an image: the mean image (64,) and the test rows' norms.

    grey = mean + norm · x; white is 0 and black 16.
    """
    from sklearn.datasets import load_digits

    table = load_digits()
    images = table.data[np.isin(table.target, SOURCES["digits"].options["classes"])]
    mean = images.mean(axis=0)
    norms = np.linalg.norm(images - mean, axis=1)
    cosine = prepare(problem).test.x @ ((images - mean) / norms[:, None]).T
    return mean, norms[np.argmax(cosine, axis=1)]


def digit_images(problem: Problem, shown: Feature, row: int, *, epsilon, norm):
    """Four images of one feature and one digit, and the attack that they show.

    Mean tangent Jacobian over the test points, the digit, its perturbation and the digit attacked;
    grey values from 0 to 16, signed ones in units of their largest entry.
    """
    mean, norms = grey_values(problem)
    x = prepare(problem).test.x
    tangent = tangent_jacobian(shown.outputs, x).mean(axis=0)
    attack = attack_one(problem, shown, row, epsilon=epsilon, norm=norm)
    before, after = mean + norms[row] * attack.x, mean + norms[row] * attack.attacked
    return (_scaled(tangent), before, _scaled(attack.delta), after), attack


def _scaled(values):
    return values / max(float(np.abs(values).max()), 1e-300)
