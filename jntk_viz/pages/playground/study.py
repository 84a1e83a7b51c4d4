"""Two trainings on the reader's points, with the penalty and without, seen on the whole globe.

Kernels depend on neither λ nor t. They are kept for each point, so that moving one of forty costs
one column; λ then costs eigenvectors, and t a product.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
from scipy.interpolate import make_interp_spline

from jntk_viz import LinearDynamics, accuracy, first_order_margin, jntk
from jntk_viz.attacks import tangent_jacobian, worst_points
from jntk_viz.engine.results import kept
from jntk_viz.engine.steps import Step
from jntk_viz.pages.playground.globe import HALF, SIDE, to_sphere
from jntk_viz.pages.playground.points import read_points
from jntk_viz.pages.playground.prior import draw_of
from jntk_viz.pages.playground.state import Kernel, PlaygroundState
from jntk_viz.pages.playground.surface import SEEN, Outputs, seen, surface

SEARCH = {"steps": 6, "restarts": 2, "seed": 0}  # of the attack


@kept
def column(place: tuple[float, float], depth: int, activation: str) -> np.ndarray:
    """Θ between the points `seen` and one training point: (SEEN·4, 4)."""
    theta = jntk(seen(), to_sphere([place]), depth=depth, activation=activation)
    return theta[:, :, 0].reshape(-1, 4)


@kept
def gram(places: tuple, depth: int, activation: str) -> np.ndarray:
    """Θ on the training points, (N, 4, N, 4)."""
    return jntk(to_sphere(places), depth=depth, activation=activation)


def _places(kernel: Kernel) -> tuple:
    return tuple(map(tuple, read_points(kernel.points).places.tolist()))


@kept
def dynamics(kernel: Kernel, lam: float) -> LinearDynamics:
    """Training with the penalty λ in the limit of infinite width, at every time."""
    known = gram(_places(kernel), kernel.depth, kernel.activation)
    return LinearDynamics(known, read_points(kernel.points).y, lam=lam)


def start_at_zero(n: int) -> Outputs:
    """Of a network that says 0 everywhere; `n`: number of the reader's points."""
    return Outputs(np.zeros((SEEN, 4)), np.zeros((n, 4)))


def limit(kernel: Kernel, lam: float, t: float, start: Outputs) -> Outputs:
    """The infinitely wide network trained with the penalty λ until t from the function `start`."""
    motion = dynamics(kernel, lam)
    c = motion.coefficients(t, initial=start.points)
    learned = np.zeros(4 * SEEN)
    for place, weights in zip(_places(kernel), c, strict=True):
        learned += column(place, kernel.depth, kernel.activation) @ weights
    return Outputs(
        start.seen + learned.reshape(SEEN, 4),
        start.points + np.tensordot(motion.gram, c, axes=2),
    )


class Trained(NamedTuple):
    """One network at one time.

    field: (2, SIDE, SIDE), f at the places of front and back. margin, first_order: (N,), the
    smallest margin y f that an attack of size ε finds, and the one that the slope at the point
    predicts. worst: (N, 3), where the attack ends. clean: (N,) margins without attack. slopes: PJ
    at the points `seen`, (SEEN, 3).
    """

    field: np.ndarray
    clean: np.ndarray
    margin: np.ndarray
    first_order: np.ndarray
    worst: np.ndarray
    slopes: np.ndarray

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

    @property
    def slope(self) -> float:
        """The largest slope found on the globe."""
        return float(np.linalg.norm(self.slopes, axis=1).max())


def attacked(points, outputs: Outputs, epsilon: float) -> Trained:
    """A network with these outputs, attacked by ε at each of the reader's `points`."""
    f, x, y = surface(outputs.seen), points.x, points.y
    margin, worst = worst_points(f, x, y, epsilon=epsilon, **SEARCH)
    return Trained(
        f.field,
        y * outputs.points[:, 0],
        margin,
        first_order_margin(outputs.points, x, y, epsilon=epsilon),
        worst,
        tangent_jacobian(outputs.seen, seen()),
    )


def first_outputs(kernel: Kernel, draw: int | None) -> Outputs:
    """Of infinitely wide networks before training: a draw by its seed, or 0 for None."""
    if draw is None:
        return start_at_zero(len(read_points(kernel.points).y))
    return draw_of(kernel, draw)


@kept
def trained(kernel: Kernel, lam: float, t: float, epsilon: float, draw: int | None) -> Trained:
    """The network trained with the penalty λ until t, and attacked by ε at every training point."""
    outputs = limit(kernel, lam, t, first_outputs(kernel, draw))
    return attacked(read_points(kernel.points), outputs, epsilon)


@kept
def pair(
    kernel: Kernel, lam: float, t: float, epsilon: float, draw: int | None
) -> tuple[Trained, Trained]:
    """The networks trained without the penalty and with it."""
    without, with_penalty = (trained(kernel, each, t, epsilon, draw) for each in (0.0, lam))
    return without, with_penalty


def arguments_of(state: PlaygroundState) -> tuple:
    """Arguments of `pair` for these settings."""
    return state.kernel, state.lam, state.t, state.epsilon, state.drawn


def both(state: PlaygroundState) -> Step:
    """The two infinitely wide networks: a few milliseconds where the points have not moved."""
    return Step(pair, arguments_of(state), "Training and attacking")


FINE = 121  # places of a hemisphere in each direction at which f is drawn
_DRAWN = 0.996  # radius up to which it is: corners of the last squares end under the rim's line


@cache
def _spline() -> np.ndarray:
    """The cubic spline through SIDE values, taken at FINE places: (FINE, SIDE)."""
    side = np.linspace(-HALF, HALF, SIDE)
    return make_interp_spline(side, np.eye(SIDE))(np.linspace(-HALF, HALF, FINE))


def drawn(field: np.ndarray) -> np.ndarray:
    """f by cubic splines where it is drawn, (2, FINE, FINE), NaN outside the discs."""
    fine = _spline() @ field @ _spline().T
    side = np.linspace(-HALF, HALF, FINE)
    return np.where(np.hypot(side, side[:, None]) <= _DRAWN, fine, np.nan)
