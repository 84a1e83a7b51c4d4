"""Random networks as functions on the unit circle, their slopes, and the functions they become.

On the circle x(θ) = (cos θ, sin θ) a network has the value f(x) and the tangential slope
df/dθ = J(x)·τ, τ = (-sin θ, cos θ). Given the hidden layers of one network both are Gaussian with
a covariance K_d of its own, so f_d = K_d^½ z is an exact draw for a standard normal z. With the
same z at every width, each function turns into K^½ z, a draw of the limit: it settles in view.

Observations condition the networks exactly as they condition the limit: hidden layers are drawn
again in proportion to how well they explain what was seen, and the last layer is conditioned.
"""

from functools import lru_cache
from itertools import takewhile
from typing import NamedTuple

import jax
import numpy as np

from jntk_viz.activations import ACTIVATIONS
from jntk_viz.engine.results import kept
from jntk_viz.finite import finite_jacobian_nngp
from jntk_viz.kernels import jacobian_nngp
from jntk_viz.mlp import MLP
from jntk_viz.pages.gp_convergence.one_at_a_time import computing
from jntk_viz.pages.gp_convergence.posterior import STEP, Posterior, condition, evidence, root

ANGLES = np.arange(0, 360, STEP)
POINTS = len(ANGLES)
LINES = 8  # functions that are drawn
POOL = 32  # networks whose hidden layers compete when something has been observed
_THETA = np.deg2rad(ANGLES)
CIRCLE = np.column_stack([np.cos(_THETA), np.sin(_THETA)])
TANGENT = np.column_stack([-np.sin(_THETA), np.cos(_THETA)])


class Ensemble(NamedTuple):
    """What the networks on the circle depend on besides their width, at κ = 1."""

    depth: int
    activation: str
    seed: int


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


@lru_cache(maxsize=64)
def limit_on_circle(depth: int, activation: str) -> np.ndarray:
    """The limiting covariance of (f, J·τ) at κ = 1, (2n, 2n)."""
    return along_circle(jacobian_nngp(CIRCLE, depth=depth, activation=activation))


class Network(NamedTuple):
    """What one network makes of (f, J·τ), κ = 1: its covariance (2n, 2n) and the root of it."""

    covariance: np.ndarray
    root: np.ndarray


@kept
def network(ensemble: Ensemble, width: int, member: int) -> Network:
    """Network number `member` of a width.

    The covariance is finite_jacobian_nngp of one network with the key fold_in(fold_in(key(seed),
    width), 1000 + member), in float64.
    """
    mlp = MLP(2, width, ensemble.depth, ACTIVATIONS[ensemble.activation])
    key = jax.random.fold_in(jax.random.key(ensemble.seed), width)
    key = jax.random.fold_in(key, 1000 + member)
    own = finite_jacobian_nngp(mlp, key, CIRCLE, n_networks=1, dtype=np.float64)
    covariance = along_circle(np.asarray(own))
    return Network(covariance, root(covariance))


def known_networks(ensemble: Ensemble, width: int, most: int = POOL) -> list[Network]:
    """The first networks of a width, at most so many, as far as they have been computed."""
    found = (network.known(ensemble, width, member) for member in range(most))
    return list(takewhile(lambda one: one is not None, found))


@lru_cache(maxsize=64)
def _limit_root(depth, activation):
    return root(limit_on_circle(depth, activation))


@lru_cache(maxsize=64)
def _normals(seed):
    """(LINES, 2n) standard normal numbers of the functions, (LINES, 8) of the observations."""
    rng = np.random.default_rng(seed)
    return rng.standard_normal((LINES, 2 * POINTS)), rng.standard_normal((LINES, 8))


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
    """What is known of the functions. Arrays (…, n, 2) hold f and its slope at ANGLES.

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
        gap = self.networks[..., 0] - self.ends[..., 0]
        return float(np.sqrt(np.mean(gap**2)) / self.prior[0])


def _members(ensemble, width, observed) -> list[Network]:
    """The networks computed so far that take part: a multiple of LINES."""
    known = known_networks(ensemble, width, POOL if observed else LINES)
    return known[: len(known) // LINES * LINES]


def on_circle(ensemble: Ensemble, width: int, kappa: float, observations, noise: float) -> OnCircle:
    """The limit given the observations, and the functions, as far as they have been computed."""
    limit = kappa**2 * limit_on_circle(ensemble.depth, ensemble.activation)
    rows = rows_of(observations)
    values = np.array([o.value for o in observations])
    z, e = _normals(ensemble.seed)
    errors = noise * e[:, : len(rows)]
    posterior = condition(limit, rows, values, noise)
    ends = kappa * z @ _limit_root(ensemble.depth, ensemble.activation)
    ends = _update(ends, posterior, rows, values, errors)
    members = _members(ensemble, width, len(rows) > 0)
    networks, effective = None, 0.0
    if members:
        own = kappa**2 * np.array([each.covariance for each in members])
        weights = evidence(own, limit, rows, values, noise)
        effective = 1 / float(np.sum(weights**2))
        lines = np.empty((LINES, 2 * POINTS))
        for line, member in enumerate(chosen(weights)):
            free = kappa * members[member].root @ z[line]
            given = condition(own[member], rows, values, noise)
            lines[line] = _update(free, given, rows, values, errors[line])
        networks = lines.reshape(LINES, POINTS, 2)
    deviation = np.sqrt(np.maximum(np.diag(posterior.covariance), 0))
    return OnCircle(
        posterior=posterior,
        mean=posterior.mean.reshape(POINTS, 2),
        deviation=deviation.reshape(POINTS, 2),
        prior=np.sqrt(np.diag(limit)[:2]),
        networks=networks,
        ends=ends.reshape(LINES, POINTS, 2),
        members=len(members),
        effective=effective,
    )


def draw_networks(job, ensemble: Ensemble, width: int, widths, observed: bool) -> None:
    """Compute what `on_circle` needs: first for `width`, then for the other widths as well.

    job.emit(width) whenever there is something new to be seen. What is known costs nothing.
    """
    steps = [(width, POOL if observed else LINES), *((w, LINES) for w in widths)]
    for i, (w, members) in enumerate(steps):
        for member in range(len(known_networks(ensemble, w, members)), members):
            fraction = (i + member / members) / len(steps)
            job.progress(fraction, f"functions of networks of width {w}")
            with computing():
                network(ensemble, w, member)
            if (member + 1) % LINES == 0:
                job.emit(w)
