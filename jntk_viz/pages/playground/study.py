"""Two trainings on the reader's points, with the penalty and without, seen on the whole globe.

Kernels depend on neither λ nor t. They are kept for each point, so that moving one of forty costs
one column; λ then costs eigenvectors, and t a product.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
from scipy.interpolate import make_interp_spline

from jntk_viz import LinearDynamics, accuracy, first_order_margin, jntk, load_dataset
from jntk_viz.activations import get_activation
from jntk_viz.attacks import tangent_jacobian, worst_points
from jntk_viz.dynamics import KernelPredictor
from jntk_viz.engine.results import kept
from jntk_viz.engine.steps import Step
from jntk_viz.pages.playground.globe import BACK, FRONT, to_sphere
from jntk_viz.pages.playground.points import read_points
from jntk_viz.pages.playground.state import Kernel, PlaygroundState

SIDE = 50  # places of a hemisphere in each direction at which f is computed
HALF = 1.05  # half the side of a square around a disc that they cover
SPREAD = 500  # points all over the globe among which the largest slope is sought
SEARCH = {"steps": 6, "restarts": 2, "seed": 0}  # of the attack


def places() -> np.ndarray:
    """Places at which f is computed, (2·SIDE², 2): the front by rows from below, then the back."""
    side = np.linspace(-HALF, HALF, SIDE)
    across, up = (part.ravel() for part in np.meshgrid(side, side))
    # In the corners of the squares, which nobody sees, the sphere would end.
    shrunk = np.minimum(1, 1.15 / np.maximum(np.hypot(across, up), 1e-9))
    across, up = shrunk * across, shrunk * up
    return np.concatenate([np.column_stack([centre + across, up]) for centre in (FRONT, BACK)])


@kept
def globe() -> tuple[np.ndarray, np.ndarray]:
    """Points of unit norm: at `places`, and SPREAD ones that cover the globe evenly."""
    return to_sphere(places()), load_dataset("sphere", n=SPREAD, d0=3).x


@kept
def column(place: tuple[float, float], depth: int, activation: str):
    """Θ between the globe and one training point: (2·SIDE², 4) rows of f, (SPREAD·4, 4)."""
    x, spread = globe()
    point = to_sphere([place])
    values, outputs = (jntk(z, point, depth=depth, activation=activation) for z in (x, spread))
    return values[:, 0, 0], outputs[:, :, 0].reshape(-1, 4)


@kept
def gram(places: tuple, depth: int, activation: str) -> np.ndarray:
    """Θ on the training points, (N, 4, N, 4)."""
    return jntk(to_sphere(places), depth=depth, activation=activation)


@kept
def dynamics(kernel: Kernel, lam: float) -> LinearDynamics:
    """Training with the penalty λ in the limit of infinite width, at every time."""
    places, y = read_points(kernel.points)
    known = gram(tuple(map(tuple, places.tolist())), kernel.depth, kernel.activation)
    return LinearDynamics(known, y, lam=lam)


class Trained(NamedTuple):
    """One network at one time.

    field: (2, SIDE, SIDE), f at the places of front and back. margin, first_order: (N,), the
    smallest margin y f that an attack of size ε finds, and the one that the slope at the point
    predicts. worst: (N, 3), where the attack ends. clean: (N,) margins without attack. slope: the
    largest |PJ| found on the globe.
    """

    field: np.ndarray
    clean: np.ndarray
    margin: np.ndarray
    first_order: np.ndarray
    worst: np.ndarray
    slope: float

    @property
    def accuracy(self) -> float:
        """Share of the training points on the right side."""
        return accuracy(self.clean)

    @property
    def robust(self) -> float:
        """Share that stays there whatever the attack tries."""
        return accuracy(self.margin)

    @property
    def called_robust(self) -> float:
        """Share that the slope at the point calls robust: to first order."""
        return accuracy(self.first_order)


def on_globe(kernel: Kernel, coefficients) -> tuple[np.ndarray, np.ndarray]:
    """f at `places`, (2, SIDE, SIDE), and f and J at the points all over the globe, (SPREAD, 4)."""
    field, outputs = np.zeros(2 * SIDE**2), np.zeros(4 * SPREAD)
    places = read_points(kernel.points).places.tolist()
    for place, c in zip(places, coefficients, strict=True):
        values, others = column(tuple(place), kernel.depth, kernel.activation)
        field += values @ c
        outputs += others @ c
    return field.reshape(2, SIDE, SIDE), outputs.reshape(SPREAD, 4)


@kept
def trained(kernel: Kernel, lam: float, t: float, epsilon: float) -> Trained:
    """The network trained with the penalty λ until t, and attacked by ε at every training point."""
    points, motion = read_points(kernel.points), dynamics(kernel, lam)
    coefficients = motion.coefficients(t)
    field, outputs = on_globe(kernel, coefficients)
    slopes = tangent_jacobian(outputs, globe()[1])
    at_points = np.tensordot(motion.gram, coefficients, axes=2)
    network = kernel.depth, get_activation(kernel.activation), 1.0
    predictor = KernelPredictor(points.x, coefficients, *network)
    margin, worst = worst_points(predictor, points.x, points.y, epsilon=epsilon, **SEARCH)
    return Trained(
        field,
        points.y * at_points[:, 0],
        margin,
        first_order_margin(at_points, points.x, points.y, epsilon=epsilon),
        worst,
        float(np.linalg.norm(slopes, axis=1).max()),
    )


@kept
def pair(kernel: Kernel, lam: float, t: float, epsilon: float) -> tuple[Trained, Trained]:
    """The networks trained without the penalty and with it."""
    return trained(kernel, 0.0, t, epsilon), trained(kernel, lam, t, epsilon)


def arguments_of(state: PlaygroundState) -> tuple:
    """Arguments of `pair` for these settings."""
    return state.kernel, state.lam, state.t, state.epsilon


def plan(state: PlaygroundState) -> list[Step]:
    """One step: what depends on the points is kept, so that λ and t take a few milliseconds."""
    return [Step(pair, arguments_of(state), "Training and attacking")]


FINE = 121  # places of a hemisphere in each direction at which f is drawn


@cache
def _spline() -> np.ndarray:
    """The cubic spline through SIDE values, taken at FINE places: (FINE, SIDE)."""
    side = np.linspace(-HALF, HALF, SIDE)
    return make_interp_spline(side, np.eye(SIDE))(np.linspace(-HALF, HALF, FINE))


def drawn(field: np.ndarray) -> np.ndarray:
    """f by cubic splines where it is drawn, (2, FINE, FINE), NaN outside the discs."""
    fine = _spline() @ field @ _spline().T
    side = np.linspace(-HALF, HALF, FINE)
    return np.where(np.hypot(side, side[:, None]) <= 1.004, fine, np.nan)
