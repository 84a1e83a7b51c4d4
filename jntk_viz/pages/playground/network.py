"""Networks of finite width that train on the reader's points, each beside its limit.

The gradient flow θ' = -∂loss/∂θ is followed from one of `TIMES` to the next. With u = (f, J) on the
training points, Θ = ∂u/∂θ (∂u/∂θ)ᵀ and c from `LinearDynamics`, which solves
u' = -(1/N) Θ Λ (u - u*) in closed form for a fixed Θ,

    θ(t + h) = θ(t) + (∂u/∂θ)ᵀ c(h).

That is exact where ∂u/∂θ stays what it is, as in the limit, so steps may grow as t does. Of
networks so narrow that it does not stay, Θ and ∂u/∂θ are taken in the middle of the step (the
exponential midpoint rule, of second order). Where the loss would grow, which it never does along
the flow, the step is halved, and at last left out: that happens to networks with fewer weights than
there are outputs and slopes to be learned.
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jntk_viz import MLP, LinearDynamics, finite_jntk
from jntk_viz.engine.results import kept
from jntk_viz.engine.steps import chained
from jntk_viz.pages.playground.points import MOST, Points, read_points
from jntk_viz.pages.playground.state import TIMES, Kernel
from jntk_viz.pages.playground.study import Trained, attacked, limit, start_at_zero
from jntk_viz.pages.playground.surface import Outputs, seen, unpacked
from jntk_viz.training import output_loss_parts

MIDPOINT = 64  # the widest networks of which the middle of the step is taken
HALVED = 3  # times at most


class Moment(NamedTuple):
    """A network at one of `TIMES`, and the infinitely wide one that began as it did.

    Both as `Outputs.packed`.
    """

    network: bytes
    limit: bytes


class _State(NamedTuple):
    """A network under training. start: its outputs before, in double precision.

    u: (f, J) on the training points, (N, 4), less what is subtracted; theta: (N, 4, N, 4).
    """

    mlp: MLP
    params: list
    start: Outputs
    u: np.ndarray
    theta: np.ndarray


@partial(jax.jit, static_argnums=0)
def _tangent(mlp: MLP, params, x):
    return mlp.value_and_jacobian(params, x), finite_jntk(mlp, params, x)


@partial(jax.jit, static_argnums=0)
def _moved(mlp: MLP, params, at, x, c):
    """θ + (∂u/∂θ)ᵀ c, with the derivative at the parameters `at`."""
    _, pullback = jax.vjp(lambda p: mlp.value_and_jacobian(p, x), at)
    return jax.tree.map(jnp.add, params, pullback(c)[0])


def _padded(rows) -> np.ndarray:
    """As many rows as there can be points: so the number of points does not compile anew."""
    return np.resize(rows, (MOST, *rows.shape[1:]))


def _linear(mlp: MLP, params, points: Points):
    """(f, J) on the training points and Θ, in double precision."""
    with jax.enable_x64(True):
        found = _tangent(mlp, params, jnp.asarray(_padded(points.x)))
    u, theta = (np.asarray(part, float) for part in found)
    n = len(points.y)
    return u[:n], theta[:n, :, :n]


def _step(mlp: MLP, params, at, theta, u, h: float, lam: float, points: Points) -> list:
    """θ after the time h, with Θ and ∂u/∂θ of the parameters `at`."""
    c = np.zeros((MOST, 4))
    c[: len(u)] = LinearDynamics(theta, points.y, lam=lam).coefficients(h, initial=u)
    with jax.enable_x64(True):
        return _moved(mlp, params, at, jnp.asarray(_padded(points.x)), jnp.asarray(c))


def _begin(kernel: Kernel, lam: float, width: int, draw: int, centred: bool) -> _State:
    mlp, points = MLP(3, width, **kernel.network), read_points(kernel.points)
    # The generator "rbg" compiles three times faster than JAX's default one.
    key = jax.random.fold_in(jax.random.key(draw, impl="rbg"), width)
    params = mlp.init(key, dtype="float64")
    u, theta = _linear(mlp, params, points)
    start = Outputs(_seen(mlp, params), u)
    return _State(mlp, params, start, u - u if centred else u, theta)


def _seen(mlp: MLP, params) -> np.ndarray:
    """(f, J) at the points `seen`, for the eye: in single precision, twice as fast."""
    single = [np.asarray(p, np.float32) for p in params]
    return np.asarray(mlp.value_and_jacobian(single, seen()), float)


@chained(_begin)
def train(state: _State, k: int, kernel: Kernel, lam: float, width: int, draw: int, centred: bool):
    """Train the network until the k-th of `TIMES`; what is shown is a `Moment`.

    - `draw`: seed of its weights;  `centred`: subtract what it says before training, so that it
      begins at 0 as its limit does.
    """
    points = read_points(kernel.points)
    less = state.start.points if centred else np.zeros_like(state.u)
    if k:
        state = _advance(state, TIMES[k] - TIMES[k - 1], lam, points, less, HALVED)
    now = _seen(state.mlp, state.params)
    if centred:
        now, begun = now - state.start.seen, start_at_zero(len(points.y))
    else:
        begun = state.start
    network = Outputs(now, state.u)
    return state, Moment(network.packed(), limit(kernel, lam, TIMES[k], begun).packed())


def _advance(state: _State, h: float, lam: float, points: Points, less, halve: int) -> _State:
    mlp, params, _, u, theta = state
    rest = (lam, points)
    if mlp.width <= MIDPOINT:
        middle = _step(mlp, params, params, theta, u, h / 2, *rest)
        new = _step(mlp, params, middle, _linear(mlp, middle, points)[1], u, h, *rest)
    else:
        new = _step(mlp, params, params, theta, u, h, *rest)
    after, theta = _linear(mlp, new, points)
    after = after - less
    if _loss(after, points.y, lam) <= _loss(u, points.y, lam):
        return state._replace(params=new, u=after, theta=theta)
    for _ in range(2 if halve and np.isfinite(h) else 0):
        state = _advance(state, h / 2, lam, points, less, halve - 1)
    return state


def _loss(u, y, lam: float) -> float:
    fit, jacobian = output_loss_parts(u, y)
    return fit + lam * jacobian


class Compared(NamedTuple):
    """A network and its limit, and how far apart: rms and most of |f - f_∞| over the globe."""

    network: Trained
    limit: Trained
    rms: float
    most: float


@kept
def compared(points: str, network: bytes, limit: bytes, epsilon: float) -> Compared:
    """A `Moment`, attacked by ε."""
    now, beside = unpacked(network), unpacked(limit)
    apart, read = now.seen[:, 0] - beside.seen[:, 0], read_points(points)
    return Compared(
        attacked(read, now, epsilon),
        attacked(read, beside, epsilon),
        float(np.sqrt(np.mean(apart**2))),
        float(np.abs(apart).max()),
    )
