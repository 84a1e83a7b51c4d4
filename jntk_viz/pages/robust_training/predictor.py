"""The predictor itself: on the circle, on a slice of the sphere, on images, and mode by mode.

Kernels between the drawn points and the training points do not depend on λ and t; they are kept, so
that on the circle and on a slice a slider costs one product.
"""

from functools import cache
from typing import NamedTuple

import numpy as np

from jntk_viz.attacks import first_order_margin, tangent_jacobian, weakest_lead
from jntk_viz.datasets import normalize
from jntk_viz.dynamics import KernelPredictor
from jntk_viz.engine.results import kept
from jntk_viz.engine.sources import ALL_CLASSES, OWN, load, named
from jntk_viz.frame.robustness import Problem, class_numbers
from jntk_viz.pages.robust_training.state import TIMES
from jntk_viz.pages.robust_training.study import Prepared, Solution, prepare, solution_with

GRID = 45  # points of a slice in each direction
ANGLES = np.linspace(0, 2 * np.pi, 361)
SHOWN_DIGITS = 4


def picture_of(data: str) -> str:
    """Picture of a data set's predictor: on the "circle", on a "slice", or by its "digits".

    Of several classes a slice shows which of them has the largest output: its "winners".
    """
    if data in ("circle", "digits"):
        return data
    if data.endswith(ALL_CLASSES):
        return "digits" if named(data) == "digits" else "winners"
    if not data.startswith(OWN):
        return "slice"
    own = load(data)
    return "winners" if own.y.ndim == 2 else "circle" if is_flat(data) else "slice"


def is_flat(data: str) -> bool:
    """Has a visitor's table only two columns, so that its inputs lie on the unit circle?"""
    return data.startswith(OWN) and load(data).x.shape[1] == 2


class OnCircle(NamedTuple):
    """A predictor on the unit circle: f and its slope df/dθ = ⟨J, (-sin θ, cos θ)⟩, (361,) each.

    reach: (361,), ε times the dual norm of the tangent Jacobian. Of the test points: angle, f and
    first-order margin at ε, (m,) each.
    """

    f: np.ndarray
    slope: np.ndarray
    reach: np.ndarray
    test_angle: np.ndarray
    test_f: np.ndarray
    margin: np.ndarray


@kept
def circle_rows(problem: Problem) -> np.ndarray:
    """Θ between every degree of the circle and the training points, (361, 3, N, 3)."""
    x = normalize(np.column_stack([np.cos(ANGLES), np.sin(ANGLES)]))
    return prepare(problem).rows(x)


def angles(x) -> np.ndarray:
    """The angles of points on the circle, 0 to 2π."""
    return np.arctan2(x[:, 1], x[:, 0]) % (2 * np.pi)


def on_circle(prepared: Prepared, rows, coefficients, *, epsilon: float, norm: str) -> OnCircle:
    """The predictor with coefficients (N, 3) at every degree and at the test points.

    - `rows`: `circle_rows` of the problem.
    """
    outputs = np.tensordot(rows, coefficients, axes=2)
    slope = outputs[:, 2] * np.cos(ANGLES) - outputs[:, 1] * np.sin(ANGLES)
    u = np.tensordot(prepared.cross_gram, coefficients, axes=2)
    x, y = prepared.test.x, prepared.test.y
    margin = first_order_margin(u, x, y, epsilon=epsilon, norm=norm)
    here, one = normalize(np.column_stack([np.cos(ANGLES), np.sin(ANGLES)])), np.ones(len(ANGLES))
    reach = outputs[:, 0] - first_order_margin(outputs, here, one, epsilon=epsilon, norm=norm)
    return OnCircle(outputs[:, 0], slope, reach, angles(x), u[:, 0], margin)


class Slice(NamedTuple):
    """A two-dimensional slice of the sphere, seen along its middle: half of a great sphere.

    axes: (3, d0), orthonormal: right a, up b, and towards the reader c. A place (s, r) of the unit
    disc is the input s a + r b + √(1 - s² - r²) c; a point x lies at (⟨x, a⟩, ⟨x, b⟩). In the
    plane, d0 = 2, there is no c, and a place is the input on the rim in its direction.
    inside: (GRID, GRID), where the disc is. rows: (number inside, N(1+r)), f there is rows @ c(t).
    train, test: (·, 2), places of the points.
    """

    axes: np.ndarray
    inside: np.ndarray
    rows: np.ndarray
    train: np.ndarray
    test: np.ndarray

    def field(self, coefficients) -> np.ndarray:
        """f on the grid, row by row from below, NaN outside the disc; `coefficients`: (N, 1+r)."""
        values = np.full((GRID, GRID), np.nan)
        values[self.inside] = self.rows @ np.ravel(coefficients)
        return values

    def winners(self, coefficients) -> "Winners":
        """The largest of several outputs on the grid; `coefficients`: (N, 1+r, C)."""
        outputs = np.stack([self.field(column) for column in np.moveaxis(coefficients, -1, 0)])
        known = np.isfinite(outputs).all(axis=0)
        second, first = np.sort(outputs, axis=0)[-2:]
        return Winners(
            np.where(known, np.argmax(outputs, axis=0), np.nan),
            first - second,
            np.where(outputs == first, first - second, outputs - first),
        )


class Winners(NamedTuple):
    """Which class has the largest output on a slice, (GRID, GRID), NaN outside the disc.

    number: of that class. lead: of its output over the second largest. ahead: (C, GRID, GRID), each
    output minus the largest other one, so that a class's region ends where it is zero.
    """

    number: np.ndarray
    lead: np.ndarray
    ahead: np.ndarray


def slice_key(plane: str, point: int, count: int) -> tuple[str, int]:
    """Key of a slice: only one around a point depends on the point."""
    return plane, point % count if plane == "point" else 0


@kept
def cut(problem: Problem, plane: str, point: int) -> Slice:
    """One slice through the sphere where a problem lives.

    "principal": a, b, c are the first three principal directions of the training points.
    "classes": a leads from the mean of class -1 to that of +1, b and c are principal directions; of
        several classes a and b are the principal directions of their means.
    "point": c is the test point, a leads to the nearest training point of another class.
    """
    prepared = prepare(problem)
    axes = plane_axes(prepared, plane, point)
    side = np.linspace(-1, 1, GRID)
    s, r = np.meshgrid(side, side)
    radius = np.hypot(s, r)
    inside = (radius <= 1) & ((radius > 0) | (len(axes) == 3))
    third = np.sqrt(1 - radius[inside] ** 2)
    x = normalize(np.column_stack([s[inside], r[inside], third])[:, : len(axes)] @ axes)
    # In pieces, because a block of all slopes is large, and only the row of f is kept.
    pieces = np.array_split(x, 1 + len(x) * prepared.train.x.size * x.shape[1] // 5_000_000)
    rows = [prepared.rows(piece)[:, 0].reshape(len(piece), -1) for piece in pieces]
    places = (part.x @ axes[:2].T for part in (prepared.train, prepared.test))
    return Slice(axes, inside, np.concatenate(rows), *places)


def plane_axes(prepared: Prepared, plane: str, point: int) -> np.ndarray:
    """The three axes of a slice, (3, d0), orthonormal; those of the plane if d0 = 2."""
    x, y = prepared.train.x, class_numbers(prepared.train.y)
    if x.shape[1] == 2:
        return np.eye(2)
    principal = _principal(x)
    if plane == "principal":
        wanted = principal
    elif plane == "classes":
        means = np.stack([x[y == number].mean(axis=0) for number in np.unique(y)])
        # Of two the only direction there is, from the first to the second.
        between = means[1:] - means[0] if len(means) == 2 else _principal(means)
        wanted = np.vstack([between, principal])
    else:
        here = prepared.test.x[point]
        others = x[y != class_numbers(prepared.test.y)[point]]
        nearest = others[np.argmax(others @ here)]
        wanted = np.vstack([here, nearest, principal])
    axes = _orthonormal(wanted)
    return axes[[1, 2, 0]] if plane == "point" else axes


def _principal(points) -> np.ndarray:
    """The principal directions of points, as rows."""
    return np.linalg.svd(points - points.mean(axis=0))[2]


def _orthonormal(rows) -> np.ndarray:
    """The first three directions that the rows bring in, by Gram and Schmidt."""
    axes: list[np.ndarray] = []
    for row in rows:
        rest = row - sum((row @ axis * axis for axis in axes), np.zeros_like(row))
        if np.linalg.norm(rest) > 1e-8:
            axes.append(rest / np.linalg.norm(rest))
    return np.stack(axes[:3])


class Digits(NamedTuple):
    """Some test digits and the change of size ε that a linear model fears most, 8×8 images each.

    image, attacked: (k, 8, 8), grey values 0 to 16. jacobian: (k, 8, 8), the tangent input Jacobian
    PJ; of ten classes that of the lead which is lost first, P(J_y - J_k). change: (k, 8, 8), δ with
    |δ| = ε, in units of the inputs' norm. label: (k,), y, or the digit where there are ten classes;
    before, after: (k,) or (k, C), f without and with the change. numbers: (k,), which test points.
    """

    image: np.ndarray
    jacobian: np.ndarray
    change: np.ndarray
    attacked: np.ndarray
    label: np.ndarray
    before: np.ndarray
    after: np.ndarray
    numbers: np.ndarray


@cache
def _grey_values(chosen: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Origin of the unit rows of some digits: mean image, lengths, unit rows."""
    from sklearn.datasets import load_digits

    table = load_digits()
    images = table.data[np.isin(table.target, chosen)]
    mean = images.mean(axis=0)
    length = np.linalg.norm(images - mean, axis=1)
    return mean, length, (images - mean) / length[:, None]


def change(outputs, x, y, *, epsilon: float, norm: str) -> np.ndarray:
    """The δ with |δ| = ε that lowers the margin most to first order: -ε PJ/|PJ|, or -ε sign PJ.

    J is that of y f; of several classes that of f_y - f_k, for the k that such a change favours.
    """
    lead, _ = weakest_lead(outputs, y, x, epsilon, norm)
    direction = -tangent_jacobian(lead, x)
    if norm == "linf":
        return epsilon * np.sign(direction)
    length = np.linalg.norm(direction, axis=1, keepdims=True)
    return epsilon * np.divide(direction, length, where=length > 0, out=np.zeros_like(direction))


@kept
def digits(
    problem: Problem, lam: float, t: float, epsilon: float, norm: str, speed: float, point: int
) -> Digits:
    """SHOWN_DIGITS test digits from number `point` on, attacked against the predictor at time t."""
    prepared = prepare(problem)
    solution = solution_with(problem, lam, speed, prepared.test.y)
    coefficients = solution.paths[speed].coefficients[TIMES.index(t)]
    coefficients = np.nan_to_num(coefficients)  # nothing has been learned: nothing is seen
    numbers = (point + np.arange(SHOWN_DIGITS)) % len(prepared.test.y)
    x, y = prepared.test.x[numbers], prepared.test.y[numbers]
    outputs = np.tensordot(prepared.cross_gram[numbers], coefficients, axes=2)
    delta = change(outputs, x, y, epsilon=epsilon, norm=norm)
    lead, _ = weakest_lead(outputs, y, x, epsilon, norm)
    attacked = normalize(x + delta)
    predictor = KernelPredictor(
        prepared.train.x, prepared.lift(coefficients), kappa=1.0, **prepared.kernel
    )
    several = y.ndim == 2
    mean, length, rows = _grey_values(tuple(map(int, prepared.test.classes)))
    length = length[np.argmax(x @ rows.T, axis=1), None]
    square = (len(x), 8, 8)
    return Digits(
        (mean + length * x).reshape(square),
        tangent_jacobian(lead if several else outputs, x).reshape(square),
        delta.reshape(square),
        (mean + length * attacked).reshape(square),
        class_numbers(y) if several else y,
        outputs[:, 0],
        predictor(attacked)[:, 0],
        numbers,
    )


def learned_modes(solution: Solution, t_index: int, speed: float) -> tuple[int, int, int]:
    """Numbers of resolved modes that are learned at least half, that are less, and that diverge.

    Of descent those with e > 2N/η diverge: each step multiplies what is left by 1 - ηe/N < -1.
    """
    learned = solution.paths[speed].learned[t_index]
    known = np.isfinite(learned)
    half = int(np.sum(learned[known] >= 0.5))
    return half, int(np.sum(known)) - half, diverging(solution, speed)


def diverging(solution: Solution, speed: float) -> int:
    """Number of modes that diverge; `speed` is the learning rate as a fraction of 2N/e_max."""
    return int(np.sum(solution.eigenvalues * speed > solution.eigenvalues[0]))
