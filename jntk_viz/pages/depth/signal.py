"""Two inputs on their way through the layers: limit and finite networks.

The limit is the library's recursion, walked once; what a network of depth l would give is read off
at layer l on the way. Finite networks are drawn with the library's scales.
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jntk_viz.correlations import correlations
from jntk_viz.engine.results import kept
from jntk_viz.layers import input_state, layer
from jntk_viz.mlp import MLP
from jntk_viz.pages.depth.state import LAYERS, Network


class Signal(NamedTuple):
    """Two inputs followed through the layers; `reached` are known, the rest is NaN.

    variance: (D,), Q of the pre-activations of layers 1 … D;  correlation: (1+D,), of the inputs
    and of the pre-activations at both;  slope: (D,), E |J|² of a network of depth 1 … D, κ = 1.
    refused: why the library goes no further, or empty.
    """

    variance: np.ndarray
    correlation: np.ndarray
    slope: np.ndarray
    refused: str = ""

    @property
    def reached(self) -> int:
        return int(np.isfinite(self.variance).sum())


def two_inputs(theta: float) -> np.ndarray:
    """(2, 2): two points of the unit circle at an angle of `theta` degrees."""
    angle = np.radians(theta)
    return np.array([[1.0, 0.0], [np.cos(angle), np.sin(angle)]])


@kept
def limit(network: Network, theta: float, depth: int) -> Signal:
    """The limit of infinite width up to `depth`, or as deep as the library goes.

    At one point x of R² the kernel of the Jacobians has the trace d0 F_c + F_cc + 4 F_cq + 4 F_qq',
    from ∂_α ∂'_β F(|x|², |x'|², ⟨x, x'⟩); that is E |J|².
    """
    depth_known, refused = deepest(network, depth)
    variance, slope = np.full((2, depth), np.nan)
    correlation = np.full(depth + 1, np.nan)
    start = correlations(two_inputs(theta), None)
    correlation[0] = start.rho[0, 1]
    if depth_known:
        architecture = network.of_depth(depth_known)
        state = input_state(start, architecture)
        for i, rule in enumerate(architecture.rules()):
            variance[i], correlation[i + 1] = rule.variance, state.correlation.rho[0, 1]
            output = rule._replace(skip=0.0, gain=1.0, bias=0.0, after=rule.moment)
            f = layer(state, output, architecture, False).sigma
            slope[i] = (2 * f.c + f.cc + 4 * f.cq + 4 * f.qq)[0, 0]
            state = layer(state, rule, architecture, False)
    return Signal(variance, correlation, slope, refused)


def deepest(network: Network, depth: int) -> tuple[int, str]:
    """The largest depth up to `depth` that the library accepts, and its words on the next."""
    low, high, words = 0, depth + 1, ""
    while high - low > 1:
        middle = depth if high > depth else (low + high) // 2
        try:
            network.of_depth(middle).rules()
            low = middle
        except ValueError as error:
            high, words = middle, str(error)
    return low, words


@kept
def finite(network: Network, theta: float, width: int, seed: int, i: int) -> Signal:
    """The same of one random network: averages over the neurons of each layer.

    The slope is the mean of |J|² over the weights of the output layer.
    """
    mlp = MLP(2, width, LAYERS, **network._asdict())
    keys = jax.random.split(jax.random.fold_in(jax.random.key(seed), i), len(mlp.shapes))
    drawn = Drawn(
        float(mlp.residual is not None),
        jnp.array(mlp.scales[:-1]),
        jnp.array(mlp.bias_scales),
        keys[:LAYERS],
        keys[LAYERS + 1 :] if mlp.bias_std else keys[:LAYERS],  # times zero
    )
    found = _through(mlp.activation, width, drawn, jnp.asarray(two_inputs(theta), jnp.float32))
    variance, correlation, slope = (np.asarray(values, float) for values in found)
    return Signal(variance, np.append(np.cos(np.radians(theta)), correlation), slope)


class Drawn(NamedTuple):
    """A finite network as `MLP.init` draws it: weight of the skips, and by layer (L,) each the
    scales of weights and biases, and the keys of both."""

    skip: float
    scales: jax.Array
    bias_scales: jax.Array
    keys: jax.Array
    bias_keys: jax.Array


@partial(jax.jit, static_argnums=(0, 1))
def _through(activation, width: int, drawn: Drawn, x):
    """(variance, correlation, slope), each (L,). Compiled once for an activation and a width.

    Carried are g at both inputs and the derivatives of g in the two coordinates of the first, as
    columns (d, 4); no more than one layer's weights are held at a time.
    """
    slope_of = activation.derivative(1)
    normal = jax.random.normal

    def behind(product, scale, bias_scale, bias_key):
        return (scale * product).at[:, :2].add(bias_scale * normal(bias_key, (width, 1)))

    def measured(g):
        values, tangents = activation(g[:, :2]), slope_of(g[:, :1]) * g[:, 2:]
        one, other = (v / jnp.linalg.norm(v / v_max) / v_max for v, v_max in _with_size(g))
        slope = jnp.sum(jnp.mean(tangents**2, axis=0))
        found = jnp.mean(g[:, 0] ** 2), jnp.sum(one * other), slope
        return jnp.concatenate([values, tangents], axis=1), found

    def step(g, given):
        key, *rest = given
        h, found = measured(g)
        return drawn.skip * g + behind(normal(key, (width, width)) @ h, *rest), found

    columns = jnp.concatenate([x.T, jnp.eye(2)], axis=1)
    rest = drawn.scales, drawn.bias_scales, drawn.bias_keys
    g = behind(normal(drawn.keys[0], (width, 2)) @ columns, *(values[0] for values in rest))
    later = (drawn.keys[1:], *(values[1:] for values in rest))
    g, found = jax.lax.scan(step, g, later)
    return tuple(jnp.append(a, b) for a, b in zip(found, measured(g)[1], strict=True))


def _with_size(g):
    """g at either input with its largest entry, so that squares stay within float32."""
    return [(g[:, k], jnp.max(jnp.abs(g[:, k]))) for k in (0, 1)]
