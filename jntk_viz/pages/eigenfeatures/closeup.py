"""One eigenfeature up close: a function on the circle, weights over columns, attacked digits."""

from typing import NamedTuple

import numpy as np

from jntk_viz.attacks import tangent_jacobian
from jntk_viz.engine.results import kept
from jntk_viz.frame.robustness import Problem
from jntk_viz.pages.eigenfeatures.state import SOURCES
from jntk_viz.pages.eigenfeatures.study import predictor, prepare

_ANGLES = np.linspace(0, 360, 361)
_RING = np.stack([np.cos(np.radians(_ANGLES)), np.sin(np.radians(_ANGLES))], axis=1)


def kind_of(data: str) -> str:
    """Picture of a data set's features: on the "circle", as "images" or by "columns"."""
    return {"circle": "circle", "digits": "images"}.get(data, "columns")


class Feature(NamedTuple):
    """One feature at the test points, and on the circle where they lie on one.

    outputs: (m, 1+d0), (f, J) at the test points. ring: (361,), f at each degree, or empty.
    """

    outputs: np.ndarray
    ring: np.ndarray


@kept
def feature(problem: Problem, lam: float, index: int) -> Feature:
    """The feature of rank `index`, from 0."""
    function = predictor(problem, lam, index)
    ring = function(_RING)[:, 0] if kind_of(problem.data) == "circle" else np.array([])
    return Feature(function(prepare(problem).test.x), ring)


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


def on_circle(problem: Problem, shown: Feature, margin: np.ndarray) -> OnCircle:
    """A feature of points in the plane; between data points the nearest one gives the label.

    margin: (m,), y f after the first-order attack.
    """
    prepared = prepare(problem)
    known = np.concatenate([prepared.train.x, prepared.test.x])
    labels = np.concatenate([prepared.train.y, prepared.test.y])
    x, y = prepared.test.x, prepared.test.y
    values = shown.outputs[:, 0]
    scale = np.abs(shown.ring).max()
    return OnCircle(
        _ANGLES,
        shown.ring / scale,
        labels[np.argmax(_RING @ known.T, axis=1)],
        np.degrees(np.arctan2(x[:, 1], x[:, 0])) % 360,
        values / scale,
        np.where(y * values <= 0, 2, np.where(margin > 0, 0, 1)),
    )


class Attack(NamedTuple):
    """A first-order attack on one digit: x → (x + δ)/|x + δ|, f at both, and both as images.

    digit, attacked: (64,), grey values; white is 0 and black 16.
    """

    delta: np.ndarray
    y: float
    before: float
    after: float
    digit: np.ndarray
    attacked: np.ndarray


@kept
def attack(problem: Problem, lam: float, index: int, row: int, epsilon: float, norm: str) -> Attack:
    """The worst δ of size ε for a linear model of the feature at test image `row`."""
    outputs, test = feature(problem, lam, index).outputs, prepare(problem).test
    x, y = test.x[row], float(test.y[row])
    delta = worst_step(outputs[row], x, y, epsilon, norm)
    there = (x + delta) / np.linalg.norm(x + delta)
    after = float(predictor(problem, lam, index)(there[None])[0, 0])
    mean, norms = _grey_values(problem)
    images = mean + norms[row] * x, mean + norms[row] * there
    return Attack(delta, y, float(outputs[row, 0]), after, *images)


def worst_step(output, x, y: float, epsilon: float, norm: str) -> np.ndarray:
    """δ = -y ε PJ/|PJ| for L2 and -y ε sign PJ for L∞, from (f, J) at x."""
    slope = tangent_jacobian(output[None], x[None])[0]
    length = np.linalg.norm(slope)
    step = np.sign(slope) if norm == "linf" else slope / (length if length > 0 else 1.0)
    return -y * epsilon * step


@kept
def _grey_values(problem: Problem) -> tuple[np.ndarray, np.ndarray]:
    """Mean image (64,) and the test rows' norms, which turn a row of digits back into an image.

    grey = mean + norm · x.
    """
    from sklearn.datasets import load_digits

    table = load_digits()
    images = table.data[np.isin(table.target, SOURCES["digits"].options["classes"])]
    mean = images.mean(axis=0)
    norms = np.linalg.norm(images - mean, axis=1)
    cosine = prepare(problem).test.x @ ((images - mean) / norms[:, None]).T
    return mean, norms[np.argmax(cosine, axis=1)]


def digit_images(problem: Problem, shown: Feature, of: Attack) -> tuple[np.ndarray, ...]:
    """Four images (64,) of one feature and one digit.

    Mean tangent Jacobian over the test points, the digit, its perturbation and the digit attacked;
    grey values from 0 to 16, signed ones in units of their largest entry.
    """
    tangent = tangent_jacobian(shown.outputs, prepare(problem).test.x).mean(axis=0)
    return _scaled(tangent), of.digit, _scaled(of.delta), of.attacked


def _scaled(values):
    return values / max(float(np.abs(values).max()), 1e-300)
