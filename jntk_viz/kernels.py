"""The limiting kernels of a network and its input Jacobian.

Six numbers for each pair of points give the whole block of covariances between (f, J)(x) and
(f, J)(x'). `layers` computes them layer by layer, `panels` as series in the cosine of the points,
which costs the same however deep the network is, and `assemble` spreads them out.

Source: Kim & Yang (ICML 2024), Theorems 3.1 and 4.3.
"""

import warnings
from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from ._validation import (
    check_fits,
    check_kappa,
    check_points,
    check_traced_points,
    is_traced,
)
from .activations import Activation
from .architecture import Architecture
from .correlations import Correlation, correlations, traced_correlations
from .layers import Scalars, composed_layers, input_state, layer
from .panels import panels


def jacobian_nngp(
    x1,
    x2=None,
    *,
    depth,
    activation="gelu",
    kappa=1.0,
    weight_std=1.0,
    bias_std=0.0,
    residual=None,
) -> np.ndarray:
    """Covariance κ²Σ^(L) of the limiting joint Gaussian process of f and its input Jacobian J.

    Cov((f, J)_α(x), (f, J)_β(x')) = ∂_α ∂'_β of the NNGP kernel, index 0 meaning f itself.

    Inside `jax.grad`, `jit` and `vmap` it is computed by JAX: see `jntk`. Of piecewise linear
    activations the kernel has a corner where points coincide, across which a derivative in x1 or x2
    is taken as zero.

    Args:
        x1: (n1, d0), rows of unit norm.
        x2: (n2, d0), likewise; `x1` if left out.
        depth: L ≥ 1, the number of hidden layers.
        activation: a name in `ACTIVATIONS` or an `Activation`; piecewise linear ones are allowed.
            Their kernel has a corner where points coincide, so that the slopes of two points (or of
            one and the antipode of the other) at the angle θ are right to eps/θ, at worst 1e-8.
        kappa: κ > 0, the output scale.
        weight_std, bias_std, residual: σ_w > 0, σ_b ≥ 0 and α > 0 of other networks than the
            paper's: gˡ = gˡ⁻¹ + α (σ_w Wˡφ(gˡ⁻¹)/√d + σ_b bˡ), without the first term and with
            α = 1 where `residual` is None; see `architecture`.

    Returns:
        (n1, 1+d0, n2, 1+d0), float64 NumPy whatever JAX's flags; [:, 0, :, 0] is the NNGP kernel.

    Raises:
        ValueError: naming the argument, what was expected, what came and the remedy.
    """
    network = Architecture(depth, activation, weight_std, bias_std, residual)
    return _block_kernel(x1, x2, network, kappa, jntk=False)


def jntk(
    x1,
    x2=None,
    *,
    depth,
    activation="gelu",
    kappa=1.0,
    weight_std=1.0,
    bias_std=0.0,
    residual=None,
) -> np.ndarray:
    """The limiting Jacobian NTK κ²Θ^(L).

    The limit of ⟨∂_θ(f, J)_α(x), ∂_θ(f, J)_β(x')⟩, which is ∂_α ∂'_β of the NTK, index 0 meaning f.

    Inside `jax.grad`, `jit` and `vmap` the same recursion runs in JAX and returns a JAX array in
    the precision of the traced array, float32 unless under `jax.enable_x64(True)`. It can be
    differentiated in x1, x2 and κ. Rows are divided by their norm first, so derivatives are those
    along the sphere; what needs values (unit norm, finite, within range) is not checked.

    Args:
        x1: (n1, d0), rows of unit norm.
        x2: (n2, d0), likewise; `x1` if left out.
        depth: L ≥ 1, the number of hidden layers.
        activation: a name in `ACTIVATIONS` or a smooth `Activation`; ReLU is refused.
        kappa: κ > 0, the output scale.
        weight_std, bias_std, residual: as in `jacobian_nngp`.

    Returns:
        (n1, 1+d0, n2, 1+d0), float64 NumPy whatever JAX's flags; [:, 0, :, 0] is the ordinary NTK.

    Raises:
        ValueError: naming the argument, what was expected, what came and the remedy.
    """
    network = Architecture(depth, activation, weight_std, bias_std, residual)
    return _block_kernel(x1, x2, network, kappa, jntk=True)


def kernel_scalars(x1, x2=None, *, kappa=1.0, jntk=True, **network) -> Scalars:
    """The six numbers per pair behind `jacobian_nngp` or (`jntk=True`) `jntk`, κ² included.

    Arguments as there, `network` being those of `Architecture`. Returns `Scalars` of float64 arrays
    (n1, n2).
    """
    architecture = Architecture(**network)
    x1, x2, kappa = _check(x1, x2, architecture, kappa, jntk)
    return _scalars(correlations(x1, x2), architecture, kappa, jntk, symmetric=x2 is None)


def _check(x1, x2, network: Architecture, kappa, jntk):
    """The checked arguments; `x2` stays None, which says that the kernel is symmetric."""
    x1 = check_points(x1, "x1")
    x2 = None if x2 is None else check_points(x2, "x2", in_size=x1.shape[1])
    check_smooth(network.activation, jntk)
    return x1, x2, check_kappa(kappa)


def check_smooth(activation: Activation, jntk: bool) -> None:
    """Refuse what has no JNTK; the piecewise linear activations still have a Jacobian NNGP.

    Warn of activations that the limit theorem does not cover.
    """
    if activation.homogeneous and not (activation.smooth or not jntk):
        raise ValueError(
            f"`activation` must be smooth (φ, φ', φ'' Lipschitz) here; got {activation.name!r}, "
            "whose second derivative does not exist at 0, where it has a kink. The diagonal blocks "
            "of the Jacobian NTK grow without limit as a smooth φ is sharpened into the kink; "
            "automatic differentiation, which does not see the kink, settles at a finite but wrong "
            "number. Use gelu, silu or softplus instead; jacobian_nngp accepts piecewise linear "
            "activations."
        )
    if not activation.smooth and not activation.homogeneous:
        raise ValueError(
            f"`activation` must be smooth (φ, φ', φ'' Lipschitz) here; got {activation.name!r}, of "
            f"which {activation.hermite.size:,} Hermite coefficients, the most that are tried, do "
            "not fall to rounding error, so no kernel can be trusted. Either a derivative of φ has "
            "a jump, or φ changes too sharply, or it is not computed in float64. Use gelu, silu or "
            "softplus instead, or smooth φ: tanh(5z) is resolved, tanh(10z) is not."
        )
    if not activation.lipschitz:
        warnings.warn(
            f"`activation` {activation.name!r} or one of its first two derivatives grows faster "
            "than linearly, so it is not Lipschitz and the limit theorem does not cover it: the "
            "formulas are computed all the same, networks of finite width may be far from them. "
            "Use a Lipschitz activation, such as gelu.",
            stacklevel=4,
        )


def _block_kernel(x1, x2, network: Architecture, kappa, *, jntk):
    if is_traced(x1, x2, kappa):
        return _traced_kernel(x1, x2, network, kappa, jntk)
    x1, x2, kappa = _check(x1, x2, network, kappa, jntk)
    n2, d0 = (x1 if x2 is None else x2).shape
    check_fits(
        (n2 if len(x1) < n2 else len(x1), 1 + d0, min(len(x1), n2), 1 + d0),
        "x1",
        "Use JNTKOperator, which multiplies by this matrix without forming it, or fewer points.",
    )
    cosines = correlations(x1, x2)
    scalars = _scalars(cosines, network, kappa, jntk, symmetric=x2 is None)
    return _assemble_in_rows(scalars, x1, x1 if x2 is None else x2)


LARGEST = 1e300  # sums of a few numbers below it stay in the range of float64


def _scalars(cosines: Correlation, network: Architecture, kappa, jntk, symmetric=False) -> Scalars:
    """The six numbers at cosines (n1, n2), some rows at a time.

    Of symmetric cosines only the blocks on and above the diagonal are computed.
    """
    scalars = np.empty((len(Scalars._fields), *cosines.rho.shape))
    first, (n1, n2) = 0, cosines.rho.shape
    while first < n1:
        start = first if symmetric else 0
        most = -(-n1 // 4) if symmetric else n1  # of symmetric cosines few below the diagonal
        rows = slice(first, first + max(1, min(most, _PAIRS // (n2 - start))))
        block = Correlation(*(part[rows, start:] for part in cosines))
        six = _six(Correlation(*map(np.ravel, block)), network, kappa, jntk)
        scalars[:, rows, start:] = six.reshape(-1, *block.rho.shape)
        if symmetric:
            # Equal cosines of one block are not rounded alike by every processor's matrix product.
            square = scalars[:, rows, rows]
            scalars[:, rows, rows] = (square + square.transpose(0, 2, 1)) / 2
            scalars[:, start:, rows] = scalars[:, rows, start:].transpose(0, 2, 1)
        first = rows.stop
    return Scalars(*scalars)


_PAIRS = 2**17  # of a block, whose working copies take some 20 MB


def _six(cosines: Correlation, network: Architecture, kappa, jntk) -> np.ndarray:
    """κ² times the six numbers at flat cosines, (6, n), all of them within the range of float64."""
    # Series of very deep networks take longer to find than a few pairs do on their own.
    if network.activation.smooth and (network.depth < 32 or cosines.gap.size > 64):
        six, largest = panels(network, jntk)(cosines)
    else:
        six = np.stack(composed_layers(cosines, network, jntk))
        largest = np.abs(six).max()
    if kappa**2 * largest <= LARGEST:
        return six if kappa == 1 else kappa**2 * six
    with np.errstate(over="ignore", invalid="ignore"):
        six = kappa**2 * six
        lost = ~(np.abs(six).max(axis=0) <= LARGEST)
    if lost.any():
        pair = Correlation(*(part[lost][:1] for part in cosines))
        raise ValueError(_out_of_range(pair, network, kappa, jntk))
    return six


def _out_of_range(pair: Correlation, network: Architecture, kappa, jntk) -> str:
    """What to say of a pair of points whose numbers do not fit at this depth: where they did."""
    states = [input_state(pair, network)]  # before each layer's φ; the last rule leads to f
    fits, lost = 0, network.depth
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for rule in network.rules()[:-1]:
            states.append(layer(states[-1], rule, network, jntk))
        while lost - fits > 1:  # numbers that are lost stay lost
            middle = (fits + lost) // 2
            last = replace(network, depth=middle).rules()[-1]
            end = layer(states[middle - 1], last, network, jntk)
            six = kappa**2 * np.stack(end.theta if jntk else end.sigma)
            fits, lost = (middle, lost) if np.abs(six).max() <= LARGEST else (fits, middle)
    return (
        f"`depth` {network.depth} is too large for {network.activation.name}: derivatives of the "
        f"kernel at the cosine {pair.rho[0]:.6g} pass the range of float64 (1e308) at depth {lost}."
        f" Use at most depth={fits} with these points"
        f"{'' if kappa == 1 else ', or a smaller kappa'}."
    )


def _traced_kernel(x1, x2, network: Architecture, kappa, jntk) -> jax.Array:
    """The kernel of arrays that JAX transforms; what needs their values is not checked."""
    check_smooth(network.activation, jntk)
    x1 = check_traced_points(x1, "x1")
    x2 = x1 if x2 is None else check_traced_points(x2, "x2", in_size=x1.shape[1])
    kappa = kappa if is_traced(kappa) else check_kappa(kappa)
    return _jax_kernel(x1, x2, kappa, network, jntk)


@partial(jax.jit, static_argnames=("network", "jntk"))
def _jax_kernel(x1, x2, kappa, network: Architecture, jntk: bool) -> jax.Array:
    x1, x2 = (x / jnp.linalg.norm(x, axis=1, keepdims=True) for x in (x1, x2))
    scalars = composed_layers(traced_correlations(x1, x2), network, jntk)
    # XLA would fuse the recursion into the blocks and repeat it for every entry of them.
    scalars = jax.lax.optimization_barrier(scalars)
    return kappa**2 * assemble(scalars, x1, x2)


_BYTES = 2**24  # of one slab: larger buffers are not reused by the allocator


def _assemble_in_rows(scalars: Scalars, x1, x2) -> np.ndarray:
    """`assemble` slab by slab into one NumPy array: no second copy of a large kernel exists."""
    n1, n2, block = len(x1), len(x2), 1 + x1.shape[1]
    kernel = np.empty((n1, block, n2, block))
    slabs = -(-kernel.nbytes // _BYTES)
    rows = -(-n1 // slabs)
    with jax.enable_x64(True):
        x2 = jnp.asarray(x2)
        # All slabs have the same shape, so that one is compiled: the last begins earlier.
        for first in np.minimum(np.arange(0, n1, rows), n1 - rows):
            part = slice(first, first + rows)
            kernel[part] = assemble(Scalars(*(s[part] for s in scalars)), x1[part], x2)
    return kernel


@jax.jit
def assemble(scalars: Scalars, x1, x2) -> jax.Array:
    """∂_α ∂'_β F(|x|², |x'|², ⟨x, x'⟩) as (n1, 1+d0, n2, 1+d0), index 0 meaning no derivative.

    value–value   F
    slope–value   ∂_α F      = 2 F_q x_α + F_c x'_α
    value–slope   ∂'_β F     = 2 F_q x'_β + F_c x_β
    slope–slope   ∂_α ∂'_β F = F_c δ_αβ + 4 F_qq' x_α x'_β + 2 F_cq (x_α x_β + x'_α x'_β)
                               + F_cc x'_α x_β
    """
    f = jax.tree.map(lambda s: s[:, None, :, None], scalars)
    xa, xb = x1[:, :, None, None], x1[:, None, None, :]
    ya, yb = x2.T[None, :, :, None], x2[None, None, :, :]
    identity = jnp.eye(x1.shape[1], dtype=x1.dtype)[None, :, None, :]
    slope_slope = (
        f.c * identity + 4 * f.qq * (xa * yb) + 2 * f.cq * (xa * xb + ya * yb) + f.cc * (ya * xb)
    )
    value_rows = jnp.concatenate([f.value, 2 * f.q * yb + f.c * xb], axis=3)
    slope_rows = jnp.concatenate([2 * f.q * xa + f.c * ya, slope_slope], axis=3)
    return jnp.concatenate([value_rows, slope_rows], axis=1)
