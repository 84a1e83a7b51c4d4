"""Kernels of finite networks: the JNTK of one network, the covariance of (f, J) over many.

Both carry *jets*: a value together with its derivatives in the d0 input directions, stacked on an
axis of length 1+d0.
"""

from functools import partial

import jax
import jax.numpy as jnp

from ._validation import check_count, check_fits, check_in_size, check_matrix
from .mlp import MLP, float_precision, precision_of


def input_jets(x) -> jax.Array:
    """Jets of the inputs: x itself and the unit vectors; (n, 1+d0, d0)."""
    n, d0 = x.shape
    unit = jnp.broadcast_to(jnp.eye(d0, dtype=x.dtype), (n, d0, d0))
    return jnp.concatenate([x[:, None], unit], axis=1)


def activate(phi, dphi, g) -> jax.Array:
    """Jets of φ(g): φ(g_0), then φ'(g_0) g_α."""
    return jnp.concatenate([phi(g[:, :1]), dphi(g[:, :1]) * g[:, 1:]], axis=1)


def forward_jets(mlp: MLP, params, x):
    """Jets of g¹ … gᴸ and of h⁰ … hᴸ, lists of (n, 1+d0, width)."""
    phi, dphi = mlp.activation, mlp.activation.derivative(1)
    g, h = [], [input_jets(x)]
    for weights, scale in zip(params[:-1], mlp.scales[:-1], strict=True):
        g.append(scale * h[-1] @ weights.T)
        h.append(activate(phi, dphi, g[-1]))
    return g, h


def backward_jets(mlp: MLP, params, g):
    """Jets of bˡ = ∂f/∂(Wˡhˡ⁻¹) for l = 1 … L+1, a list of (n, 1+d0, rows of Wˡ)."""
    dphi, ddphi = mlp.activation.derivative(1), mlp.activation.derivative(2)
    last = jnp.zeros_like(g[0][:, :, :1]).at[:, 0].set(mlp.scales[-1])
    b = [last]
    for weights, g_l, scale in zip(params[:0:-1], g[::-1], mlp.scales[-2::-1], strict=True):
        up, slope = b[-1] @ weights, activate(dphi, ddphi, g_l)
        product = jnp.concatenate(
            [up[:, :1] * slope[:, :1], up[:, 1:] * slope[:, :1] + up[:, :1] * slope[:, 1:]], axis=1
        )
        b.append(scale * product)
    return b[::-1]


def finite_jntk(mlp: MLP, params, x1, x2=None) -> jax.Array:
    """The JNTK of one network: Θ_αβ(x, x') = ⟨∂_θ(f, J)_α(x), ∂_θ(f, J)_β(x')⟩.

    No parameter gradient is formed. For each layer ∂f/∂Wˡ = bˡ ⊗ hˡ⁻¹, so with B and H the Gram
    matrices of their jets the product rule gives

        Θ_αβ += B_αβ H_00 + B_α0 H_0β + B_0β H_α0 + B_00 H_αβ

    in O(L n(1+d0) d² + L n²(1+d0)² d), all of it matrix products.

    Args:
        params: as from `mlp.init`; float64 weights give a float64 kernel.
        x1: (n1, d0). x2: (n2, d0), or `x1` if left out.

    Returns:
        (n1, 1+d0, n2, 1+d0).

    Raises:
        ValueError: for ReLU-like activations, whose φ'' does not exist, and for inputs or
        parameters
            of the wrong shape.
    """
    _check_smooth_network(mlp)
    with precision_of(params):
        x1 = mlp.check_inputs(params, x1, "x1")
        x2 = x1 if x2 is None else mlp.check_inputs(params, x2, "x2")
        check_fits(
            (len(x1), 1 + mlp.in_size, len(x2), 1 + mlp.in_size),
            "x1",
            "Use fewer points.",
            x1.dtype.itemsize,
        )
        return _finite_jntk(mlp, params, x1, x2)


def _check_smooth_network(mlp: MLP) -> None:
    if not mlp.activation.smooth:
        raise ValueError(
            f"`mlp` must have a smooth activation; got {mlp.activation.name!r}. The Jacobian NTK "
            "contains φ'', which does not exist at a kink: automatic differentiation returns a "
            "finite but wrong number, and the true diagonal diverges with the width. Use gelu, "
            "silu or softplus."
        )


@partial(jax.jit, static_argnums=0)
@jax.default_matmul_precision("highest")
def _finite_jntk(mlp: MLP, params, x1, x2):
    # The four terms count the value index twice in each argument.
    weight = jnp.ones(1 + mlp.in_size, x1.dtype).at[0].set(0.5)
    theta = 0.0
    for (b1, h1), (b2, h2) in zip(*(_layer_jets(mlp, params, x) for x in (x1, x2)), strict=True):
        b, h = gram(b1, b2), gram(h1, h2)
        theta += (
            b * h[:, :1, :, :1]
            + b[:, :, :, :1] * h[:, :1]
            + b[:, :1] * h[:, :, :, :1]
            + b[:, :1, :, :1] * h
        )
    return weight[:, None, None] * theta * weight


def _layer_jets(mlp: MLP, params, x):
    """Pairs (bˡ, hˡ⁻¹) for l = 1 … L+1."""
    g, h = forward_jets(mlp, params, x)
    return list(zip(backward_jets(mlp, params, g), h, strict=True))


def gram(jets1, jets2) -> jax.Array:
    """Inner products over the last axis: (n1, 1+d0, n2, 1+d0)."""
    return jnp.tensordot(jets1, jets2, axes=(2, 2))


def finite_jacobian_nngp(mlp: MLP, key, x, *, n_networks, dtype=None) -> jax.Array:
    """Covariance of (f, J) over random networks of this width, by Monte Carlo.

    The mean over networks of κ²/d ⟨hᴸ_α(x), hᴸ_β(x')⟩, the covariance given all layers but the
    last: integrating that one out lowers the variance. Memory does not depend on `n_networks`.

    Args:
        key: a JAX random key.
        x: (n, d0).
        n_networks: how many networks to average over.
        dtype: as for `MLP.init`.

    Returns:
        (n, 1+d0, n, 1+d0).

    Raises:
        ValueError: naming the argument, what was expected, what came and the remedy.
    """
    x, n_networks = _check_monte_carlo(mlp, x, n_networks)
    with float_precision(dtype):
        return _mean_covariance(mlp, key, jnp.asarray(x, dtype or float), n_networks)


def sample_value_and_jacobian(mlp: MLP, key, x, *, n_networks, dtype=None) -> jax.Array:
    """Draws of (f, J) at the points x, each of another random network of this width.

    Exact in distribution at any width, although no hidden weight matrix is drawn where that can be
    avoided (see `random_features`). Arguments as for `finite_jacobian_nngp`.

    Returns:
        (n_networks, n, 1+d0).
    """
    x, n_networks = _check_monte_carlo(mlp, x, n_networks)
    with float_precision(dtype):
        return _draws(mlp, jax.random.split(key, n_networks), jnp.asarray(x, dtype or float))


def random_features(mlp: MLP, key, x) -> jax.Array:
    """Jets of hᴸ of one random network, (n, 1+d0, d), drawn layer by layer.

    Given the m × d jets H of hˡ⁻¹ at m = n(1+d0) indices, the columns of the next pre-activation
    jets are independent Gaussians of covariance HHᵀ/d, exactly, because Wˡ is Gaussian and
    independent of H. With Hᵀ = QR they are the columns of RᵀZ/√d for a normal m × d matrix Z: no d
    × d weights. QR does not mind a singular HHᵀ. Where d ≤ m, weights are fewer numbers than Z and
    are drawn.
    """
    phi, dphi = mlp.activation, mlp.activation.derivative(1)
    jets, d = input_jets(x), mlp.width
    rows = jets.shape[0] * jets.shape[1]
    for layer, layer_key in enumerate(jax.random.split(key, mlp.depth)):
        flat = jets.reshape(rows, -1)
        if layer == 0:
            g = flat @ jax.random.normal(layer_key, (mlp.in_size, d), x.dtype)
        elif d <= rows:
            g = flat @ jax.random.normal(layer_key, (d, d), x.dtype) / d**0.5
        else:
            factor = jnp.linalg.qr(flat.T, mode="r")
            g = factor.T @ jax.random.normal(layer_key, (rows, d), x.dtype) / d**0.5
        jets = activate(phi, dphi, g.reshape(*jets.shape[:2], d))
    return jets


def _check_monte_carlo(mlp: MLP, x, n_networks):
    x = check_matrix(x, "x")
    check_in_size(x, "x", mlp.in_size)
    n, d0 = x.shape
    check_fits((n, 1 + d0, n, 1 + d0), "x", "Use fewer points.")
    return x, check_count(n_networks, "n_networks")


def _networks_at_once(mlp: MLP, x) -> int:
    """Enough networks to keep the processor busy, few enough to stay in its cache."""
    return max(1, 2**18 // (x.shape[0] * (1 + mlp.in_size) * mlp.width))


@partial(jax.jit, static_argnums=0)
@jax.default_matmul_precision("highest")
def _mean_covariance(mlp: MLP, key, x, n_networks):
    batch = _networks_at_once(mlp, x)

    def one(index):
        jets = random_features(mlp, jax.random.fold_in(key, index), x)
        return (index < n_networks) * gram(jets, jets)

    def add_batch(i, total):
        return total + jax.vmap(one)(i * batch + jnp.arange(batch)).sum(axis=0)

    shape = (len(x), 1 + mlp.in_size)
    total = jax.lax.fori_loop(
        0, -(-n_networks // batch), add_batch, jnp.zeros(shape + shape, x.dtype)
    )
    return mlp.scales[-1] ** 2 * total / n_networks


@partial(jax.jit, static_argnums=0)
@jax.default_matmul_precision("highest")
def _draws(mlp: MLP, keys, x):
    def one(key):
        hidden, last = jax.random.split(key)
        weights = jax.random.normal(last, (mlp.width,), x.dtype)
        return mlp.scales[-1] * random_features(mlp, hidden, x) @ weights

    return jax.lax.map(one, keys, batch_size=_networks_at_once(mlp, x))
