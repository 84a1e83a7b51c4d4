"""Kernels of finite networks: the JNTK of one network, the covariance of (f, J) over many.

Both carry *jets*: a value together with its derivatives in the d0 input directions, stacked on an
axis of length 1+d0.
"""

import math
from collections import deque
from functools import partial

import jax
import jax.numpy as jnp

from ._validation import check_count, check_fits, check_in_size, check_key, check_matrix
from .kernels import check_smooth
from .mlp import MLP, precision_of


def input_jets(x) -> jax.Array:
    """Jets of the inputs: x itself and the unit vectors; (n, 1+d0, d0)."""
    n, d0 = x.shape
    unit = jnp.broadcast_to(jnp.eye(d0, dtype=x.dtype), (n, d0, d0))
    return jnp.concatenate([x[:, None], unit], axis=1)


def activate(phi, dphi, g) -> jax.Array:
    """Jets of φ(g), g of shape (n, 1+d0, d)."""
    return chain_rule(phi(g[:, :1]), dphi(g[:, :1]), g)


def chain_rule(value, slope, g) -> jax.Array:
    """Jets of φ(g) for g of shape (…, 1+d0, d), given φ(g_0) and φ'(g_0): φ(g_0), φ'(g_0) g_α."""
    return jnp.concatenate([value, slope * g[..., 1:, :]], axis=-2)


def forward_jets(mlp: MLP, params, x):
    """Jets of g¹ … gᴸ and of h⁰ … hᴸ, lists of (n, 1+d0, width)."""
    phi, dphi = mlp.activation, mlp.activation.derivative(1)
    g, h = [], [input_jets(x)]
    hidden = mlp.weights(params)[:-1]
    for weights, bias, scale in zip(hidden, mlp.biases(params), mlp.scales[:-1], strict=True):
        product = scale * h[-1] @ weights.T
        if mlp.bias_std:
            product = product.at[:, 0].add(bias)
        g.append(g[-1] + product if g and mlp.residual is not None else product)
        h.append(activate(phi, dphi, g[-1]))
    return g, h


def backward_jets(mlp: MLP, params, g, output=0):
    """Jets of bˡ = ∂f/∂(Wˡhˡ⁻¹) for l = 1 … L+1, a list of (n, 1+d0, rows of Wˡ).

    output: the one of several whose derivatives these are.
    """
    dphi, ddphi = mlp.activation.derivative(1), mlp.activation.derivative(2)
    last = jnp.zeros((*g[0].shape[:2], mlp.outputs), g[0].dtype)
    last = last.at[:, 0, output].set(mlp.scales[-1])
    b, to_g = [last], None  # ∂f/∂gˡ
    weights = mlp.weights(params)
    for above, g_l, scale in zip(weights[:0:-1], g[::-1], mlp.scales[-2::-1], strict=True):
        up, slope = b[-1] @ above, activate(dphi, ddphi, g_l)
        product = jnp.concatenate(
            [up[:, :1] * slope[:, :1], up[:, 1:] * slope[:, :1] + up[:, :1] * slope[:, 1:]], axis=1
        )
        to_g = product if to_g is None or mlp.residual is None else to_g + product
        b.append(scale * to_g)
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
        (n1, 1+d0, n2, 1+d0); of C > 1 outputs (n1, 1+d0, C, n2, 1+d0, C), which in the limit is
        `jntk` times the identity: outputs then learn on their own.

    Raises:
        ValueError: for ReLU-like activations, whose φ'' does not exist, and for inputs or
        parameters
            of the wrong shape.
    """
    check_smooth(mlp.activation, jntk=True)
    with precision_of(params):
        x1 = mlp.check_inputs(params, x1, "x1")
        x2 = None if x2 is None else mlp.check_inputs(params, x2, "x2")
        block = mlp.outputs * (1 + mlp.in_size)
        check_fits(
            (len(x1), block, len(x1 if x2 is None else x2), block),
            "x1",
            "Use fewer points.",
            x1.dtype.itemsize,
        )
        return _finite_jntk(mlp, params, x1, x2)


@partial(jax.jit, static_argnums=0)
@jax.default_matmul_precision("highest")
def _finite_jntk(mlp: MLP, params, x1, x2):
    """`x2` is None where it is `x1`, whose jets are then propagated once."""
    # The four terms count the value index twice in each argument.
    weight = jnp.ones(1 + mlp.in_size, x1.dtype).at[0].set(0.5)
    theta = jnp.zeros((), x1.dtype)
    jets1 = _layer_jets(mlp, params, x1)
    jets2 = jets1 if x2 is None else _layer_jets(mlp, params, x2)
    for (b1, h1), (b2, h2) in zip(jets1, jets2, strict=True):
        h = gram(h1, h2)
        if mlp.outputs == 1:
            theta += _product_rule(gram(b1, b2), h)
        else:  # the jets bˡ of each output, with those of each
            over = jax.vmap(lambda b, c, h: _product_rule(gram(b, c), h), (None, 0, None))
            theta += jax.vmap(over, (0, None, None))(b1, b2, h)
    theta = weight[:, None, None] * theta * weight
    return theta if mlp.outputs == 1 else jnp.moveaxis(theta, (0, 1), (2, 5))


def _product_rule(b, h):
    """One layer's ⟨∂_W f_α(x), ∂_W f_β(x')⟩ from the Gram matrices of its jets."""
    return (
        b * h[:, :1, :, :1]
        + b[:, :, :, :1] * h[:, :1]
        + b[:, :1] * h[:, :, :, :1]
        + b[:, :1, :, :1] * h
    )


def _layer_jets(mlp: MLP, params, x):
    """Pairs (bˡ, hˡ⁻¹) for l = 1 … L+1, biases counted among the weights; of several outputs bˡ
    has a first axis for them."""
    g, h = forward_jets(mlp, params, x)
    if mlp.bias_std:
        h[:-1] = [with_bias(mlp, layer, jets) for layer, jets in enumerate(h[:-1])]
    if mlp.outputs == 1:
        b = backward_jets(mlp, params, g)
    else:
        b = jax.vmap(lambda c: backward_jets(mlp, params, g, c))(jnp.arange(mlp.outputs))
    return list(zip(b, h, strict=True))


def with_bias(mlp: MLP, layer: int, jets) -> jax.Array:
    """Jets (…, 1+d0, d) that go into a hidden layer, and of one neuron more, whose weight is b.

    That neuron is constant: the scale of the biases over that of the weights.
    """
    constant = jnp.zeros_like(jets[..., :1])
    value = mlp.bias_scales[layer] / mlp.scales[layer]
    return jnp.concatenate([jets, constant.at[..., 0, :].set(value)], axis=-1)


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
        (n, 1+d0, n, 1+d0), that of each output if there are several: different outputs are
        uncorrelated at any width.

    Raises:
        ValueError: naming the argument, what was expected, what came and the remedy.
    """
    x, n_networks = _check_monte_carlo(mlp, key, x, n_networks, dtype)

    def gram(key, count, x, batch):
        return _sum_of_grams(random_features(mlp, key, x, batch), count)

    with jax.enable_x64(True):
        total = sum(_batches(mlp, gram, key, x, n_networks))
        return mlp.scales[-1] ** 2 * total / n_networks


def sample_value_and_jacobian(mlp: MLP, key, x, *, n_networks, dtype=None) -> jax.Array:
    """Draws of (f, J) at the points x, each of another random network of this width.

    Exact in distribution at any width, although no hidden weight matrix is drawn where that can be
    avoided (see `random_features`). Arguments as for `finite_jacobian_nngp`.

    Returns:
        (n_networks, n, 1+d0), or (n_networks, n, 1+d0, C) of C > 1 outputs.
    """
    x, n_networks = _check_monte_carlo(mlp, key, x, n_networks, dtype)

    def draw(key, _, x, batch):
        jets = random_features(mlp, key, x, batch)
        count = batch * mlp.width * mlp.outputs
        last = _normal_blocks(jax.random.fold_in(key, mlp.depth), count, x.dtype)
        return _read_out(jets, last, mlp.scales[-1], mlp.outputs)

    with jax.enable_x64(True):
        draws = list(_batches(mlp, draw, key, x, n_networks))
        return jnp.concatenate(draws)[:n_networks]


def _batches(mlp: MLP, work, key, x, n_networks):
    """`work(key, networks wanted, x, networks)` for batches of networks until there are enough.

    Several devices take batches in turn, at the same time, since JAX does not wait for results. A
    batch draws the same networks on whatever device. Call in 64-bit mode: what is drawn has the
    precision of x, but its factors need more.
    """
    batch, devices = _networks_at_once(mlp, x), jax.devices()
    places = [(device, jax.device_put(x, device)) for device in devices]
    waiting: deque[jax.Array] = deque()
    for i, first in enumerate(range(0, n_networks, batch)):
        device, x = places[i % len(devices)]
        batch_key = jax.device_put(jax.random.fold_in(key, i), device)
        waiting.append(work(batch_key, n_networks - first, x, batch))
        if len(waiting) == len(devices):
            yield jax.device_put(waiting.popleft(), devices[0])
    yield from (jax.device_put(found, devices[0]) for found in waiting)


def random_features(mlp: MLP, key, x, n_networks: int) -> jax.Array:
    """Jets of hᴸ of random networks, (n_networks, n, 1+d0, d), drawn layer by layer.

    Given the m × d jets H of hˡ⁻¹ at m = n(1+d0) indices, the columns of the next pre-activation
    jets are independent Gaussians of covariance HHᵀ/d, exactly, because Wˡ is Gaussian and
    independent of H. With a factor HHᵀ = CCᵀ (`_factor`) they are the columns of CZ/√d for a normal
    m × d matrix Z: no d × d weights. Where d ≤ m, weights are fewer numbers than Z and are drawn.

    Compiling takes far longer than computing here, so the parts are compiled one by one: random
    numbers once, φ and φ' once per activation, the products once per width, nothing per depth.
    """
    n, d0 = x.shape
    rows, before = n * (1 + d0), None
    jets = jnp.broadcast_to(input_jets(x), (n_networks, n, 1 + d0, d0))
    for layer, scale in enumerate(mlp.scales[:-1]):
        if mlp.bias_std:
            jets = with_bias(mlp, layer, jets)
        count = n_networks * min(jets.shape[-1], rows) * mlp.width
        normals = _normal_blocks(jax.random.fold_in(key, layer), count, x.dtype)
        g, centre = _pre_activations(jets, normals, scale, mlp.width, before)
        jets = _jets_from(*_activation_and_slope(mlp.activation, centre), g)
        before = g if mlp.residual is not None else None
    return jets


_BLOCK = 2**16  # random numbers drawn at a time


def _normal_blocks(key, count: int, dtype) -> list[jax.Array]:
    """At least `count` standard normal numbers, in blocks of one size, which compile once."""
    blocks = range(-(-count // _BLOCK))
    return [_normal_block(jax.random.fold_in(key, i), jnp.dtype(dtype)) for i in blocks]


@partial(jax.jit, static_argnums=1)
def _normal_block(key, dtype):
    return jax.random.normal(key, (_BLOCK,), dtype)


def _take(blocks, shape) -> jax.Array:
    return jnp.concatenate(blocks)[: math.prod(shape)].reshape(shape)


@partial(jax.jit, static_argnums=3)
@jax.default_matmul_precision("highest")
def _pre_activations(jets, normals, scale, width, before):
    """Jets of gˡ given those of hˡ⁻¹; and gˡ_0 in one row, of the same length for many widths.

    `before` are those of gˡ⁻¹ that a skip adds, None without.
    """
    networks, n, jet, inner = jets.shape
    factor = jets.reshape(networks, n * jet, inner)
    if inner > n * jet:
        factor = _factor(factor)
    g = scale * factor @ _take(normals, (networks, factor.shape[-1], width))
    g = g.reshape(networks, n, jet, width)
    g = g if before is None else before + g
    return g, g[:, :, 0].ravel()


def _factor(h):
    """C with CCᵀ = HHᵀ for wide H (…, m, d), which may be of lower rank; C is (…, m, m).

    In single precision by Cholesky in double, which takes less time than QR. What is added to the
    diagonal, so that it does not break down, is rounding error in single precision even after the
    square root.
    """
    wide = h.astype(float)  # which is double in 64-bit mode
    if wide.dtype == h.dtype:
        return jnp.linalg.qr(h.mT, mode="r").mT
    gram = wide @ wide.mT
    rows = gram.shape[-1]
    diagonal = jnp.diagonal(gram, axis1=-2, axis2=-1)
    rounding = 4 * rows * jnp.finfo(float).eps * diagonal.max(axis=-1)
    gram += rounding[..., None, None] * jnp.eye(rows)
    return jnp.linalg.cholesky(gram).astype(h.dtype)


@partial(jax.jit, static_argnums=0)
def _activation_and_slope(activation, z):
    return activation(z), activation.derivative(1)(z)


@jax.jit
def _jets_from(value, slope, g):
    networks, n, _, width = g.shape
    return chain_rule(value.reshape(networks, n, 1, width), slope.reshape(networks, n, 1, width), g)


@partial(jax.jit, static_argnums=3)
@jax.default_matmul_precision("highest")
def _read_out(jets, normals, scale, outputs):
    weights = _take(normals, (len(jets), 1, jets.shape[-1], outputs))
    read = scale * (jets @ weights)
    return read[..., 0] if outputs == 1 else read


@jax.jit
@jax.default_matmul_precision("highest")
def _sum_of_grams(jets, count):
    """Sum of the Gram matrices of the first `count` networks."""
    wanted = (jnp.arange(len(jets)) < count).astype(jets.dtype)
    return jnp.einsum("k,kiad,kjbd->iajb", wanted, jets, jets)


def _check_monte_carlo(mlp: MLP, key, x, n_networks, dtype):
    """The checked points, in JAX's default precision or that of `dtype`, and the count."""
    check_key(key)
    x = check_matrix(x, "x")
    check_in_size(x, "x", mlp.in_size)
    n, d0 = x.shape
    check_fits((n, 1 + d0, n, 1 + d0), "x", "Use fewer points.")
    dtype = dtype or jnp.zeros(()).dtype
    with jax.enable_x64(True):
        return jnp.asarray(x, dtype), check_count(n_networks, "n_networks")


def _networks_at_once(mlp: MLP, x) -> int:
    """Enough networks to keep the processor busy, few enough to stay in its cache.

    A power of two, so that widths that are powers of two share compiled code.
    """
    fitting = 2**18 // (x.shape[0] * (1 + mlp.in_size) * mlp.width)
    return 2 ** max(0, fitting.bit_length() - 1)
