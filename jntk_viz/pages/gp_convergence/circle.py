"""Random networks as functions on the unit circle, their slopes, and the functions they become.

On the circle x(θ) = (cos θ, sin θ) a network has the value f(x) and the tangential slope
df/dθ = J(x)·τ, τ = (-sin θ, cos θ). Given the hidden layers of one network both are Gaussian with
a covariance K_d of its own, so f_d = K_d^½ z is an exact draw for a standard normal z. With the
same z at every width, each function turns into K^½ z, a draw of the limit: it settles in view.

Observations condition the networks exactly as they condition the limit: hidden layers are drawn
again in proportion to how well they explain what was seen, and the last layer is conditioned.
"""

from typing import NamedTuple

import jax
import numpy as np

from jntk_viz.activations import ACTIVATIONS
from jntk_viz.engine.results import kept
from jntk_viz.engine.steps import Step, alone
from jntk_viz.finite import finite_jacobian_nngp
from jntk_viz.kernels import jacobian_nngp
from jntk_viz.mlp import MLP
from jntk_viz.pages.gp_convergence.observations import MOST, STEP
from jntk_viz.pages.gp_convergence.posterior import Posterior, condition, evidence, root
from jntk_viz.pages.gp_convergence.state import WIDTHS, Ensemble

ANGLES = np.arange(0, 360, STEP)
POINTS = len(ANGLES)
LINES = 8  # functions that are drawn
POOL = 32  # networks whose hidden layers compete when something has been observed
_THETA = np.deg2rad(ANGLES)
CIRCLE = np.column_stack([np.cos(_THETA), np.sin(_THETA)])
TANGENT = np.column_stack([-np.sin(_THETA), np.cos(_THETA)])


def along_circle(covariance) -> np.ndarray:
    """From (f, J) at the points of the circle, (n, 3, n, 3), to (f, J·τ), (2n, 2n).

    Row 2i is f at angle i, row 2i + 1 its slope there.
    """
    to_pair = np.zeros((POINTS, 2, 3))
    to_pair[:, 0, 0] = 1
    to_pair[:, 1, 1:] = TANGENT
    pairs = np.einsum("iab,ibjc,jdc->iajd", to_pair, covariance, to_pair, optimize=True)
    return pairs.reshape(2 * POINTS, 2 * POINTS)


def rows_of(observations) -> np.ndarray:
    """Rows of the covariance that were observed."""
    return np.array([2 * (o.angle // STEP) + (o.kind == "s") for o in observations], int)


def limit_on_circle(depth: int, activation: str) -> np.ndarray:
    """The limiting covariance of (f, J·τ) at κ = 1, (2n, 2n)."""
    return along_circle(jacobian_nngp(CIRCLE, depth=depth, activation=activation))


class Covariance(NamedTuple):
    """Of (f, J·τ) at κ = 1: the matrix (2n, 2n), or one for each of several networks, and roots."""

    matrix: np.ndarray
    root: np.ndarray


@kept
def limiting(depth: int, activation: str) -> Covariance:
    """The covariance of infinitely wide networks."""
    matrix = limit_on_circle(depth, activation)
    return Covariance(matrix, root(matrix))


@kept
@alone
def networks(ensemble: Ensemble, width: int, batch: int) -> Covariance:
    """The covariances that LINES networks of a width give, each by itself.

    Network m = LINES · batch, … has finite_jacobian_nngp of one network with the key
    fold_in(fold_in(key(seed), width), 1000 + m), in float64.
    """
    mlp = MLP(2, width, ensemble.depth, ACTIVATIONS[ensemble.activation])
    key = jax.random.fold_in(jax.random.key(ensemble.seed), width)
    found = []
    for member in range(LINES * batch, LINES * (batch + 1)):
        own = jax.random.fold_in(key, 1000 + member)
        whole = finite_jacobian_nngp(mlp, own, CIRCLE, n_networks=1, dtype=np.float64)
        found.append(along_circle(np.asarray(whole)))
    return Covariance(np.array(found), np.array([root(matrix) for matrix in found]))


def steps(ensemble: Ensemble, width: int, observed: bool) -> list[Step]:
    """The steps by which `on_circle` knows the networks of a width; the limit comes first."""
    batches = POOL // LINES if observed else 1
    return [
        Step(limiting, (ensemble.depth, ensemble.activation), "the limit on the circle"),
        *(_drawing(ensemble, width, batch) for batch in range(batches)),
    ]


def other_widths(ensemble: Ensemble, width: int) -> list[Step]:
    """The steps that let the functions be widened without waiting."""
    return [_drawing(ensemble, other, 0) for other in WIDTHS if other != width]


def _drawing(ensemble: Ensemble, width: int, batch: int) -> Step:
    return Step(networks, (ensemble, width, batch), f"functions of networks of width {width}")


def _normals(seed):
    """(LINES, 2n) standard normal numbers of the functions, (LINES, MOST) of the observations."""
    rng = np.random.default_rng(seed)
    return rng.standard_normal((LINES, 2 * POINTS)), rng.standard_normal((LINES, MOST))


def chosen(weights) -> np.ndarray:
    """Which member each of the LINES functions takes its hidden layers from.

    By systematic resampling. With equal weights function i is that of member i, whatever their
    number.
    """
    each = len(weights) // LINES
    members = np.arange(len(weights)).reshape(each, LINES).T
    order = np.roll(members, each // 2, axis=1).ravel()
    places = np.arange(LINES) / LINES + (each // 2 + 0.5) / len(weights)
    index = np.searchsorted(np.cumsum(weights[order]), places)
    return order[np.minimum(index, len(weights) - 1)]


def _update(functions, posterior, rows, values, errors):
    """Draws of a Gaussian vector turned into draws of it given what was seen (Matheron's rule)."""
    if not len(rows):
        return functions
    return functions + (values + errors - functions[..., rows]) @ posterior.gain.T


class OnCircle(NamedTuple):
    """Results known for the functions. Arrays (…, n, 2) hold f and its slope at ANGLES.

    posterior: of the limit; mean and deviation: (n, 2), of it. prior: (2,), deviation of f and
    slope before anything was seen. networks: (LINES, n, 2), or None while not computed. ends: the
    same, what each becomes as the width grows. effective: how many of the `members` hidden layers
    count, (Σw)²/Σw².
    """

    posterior: Posterior
    mean: np.ndarray
    deviation: np.ndarray
    prior: np.ndarray
    networks: np.ndarray | None
    ends: np.ndarray
    members: int
    effective: float

    @property
    def distance(self) -> float | None:
        """Root mean square distance of f from what it becomes, in prior deviations of f."""
        if self.networks is None:
            return None
        return _apart(self.networks[..., 0], self.ends[..., 0], self.prior[0])


def _apart(functions, ends, deviation) -> float:
    """Root mean square distance of functions from their ends, in deviations."""
    return float(np.sqrt(np.mean((functions - ends) ** 2)) / deviation)


def distance(limit: Covariance, batch: Covariance, seed: int) -> float:
    """`OnCircle.distance` of the networks of a batch while nothing is observed."""
    z, _ = _normals(seed)
    functions = np.einsum("mij,mj->mi", batch.root, z)
    return _apart(functions[:, ::2], (z @ limit.root)[:, ::2], np.sqrt(limit.matrix[0, 0]))


def on_circle(
    limit: Covariance, batches: list[Covariance], seed: int, kappa: float, observations, noise
) -> OnCircle:
    """The limit given the observations, and the functions.

    - `limit`: from `limiting`;  `batches`: from `networks`, one or several, none while not known.
    """
    prior = kappa**2 * limit.matrix
    rows = rows_of(observations)
    values = np.array([o.value for o in observations])
    z, e = _normals(seed)
    errors = noise * e[:, : len(rows)]
    posterior = condition(prior, rows, values, noise)
    ends = _update(kappa * z @ limit.root, posterior, rows, values, errors)
    functions, effective = None, 0.0
    if batches:
        own = kappa**2 * np.concatenate([batch.matrix for batch in batches])
        roots = np.concatenate([batch.root for batch in batches])
        weights = evidence(own, prior, rows, values, noise)
        effective = 1 / float(np.sum(weights**2))
        lines = np.empty((LINES, 2 * POINTS))
        for line, member in enumerate(chosen(weights)):
            free = kappa * roots[member] @ z[line]
            given = condition(own[member], rows, values, noise)
            lines[line] = _update(free, given, rows, values, errors[line])
        functions = lines.reshape(LINES, POINTS, 2)
    deviation = np.sqrt(np.maximum(np.diag(posterior.covariance), 0))
    return OnCircle(
        posterior=posterior,
        mean=posterior.mean.reshape(POINTS, 2),
        deviation=deviation.reshape(POINTS, 2),
        prior=np.sqrt(np.diag(prior)[:2]),
        networks=functions,
        ends=ends.reshape(LINES, POINTS, 2),
        members=LINES * len(batches),
        effective=effective,
    )
