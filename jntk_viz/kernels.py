"""The limiting kernels of a network and its input Jacobian.

Every limiting kernel is a function F(q, q', c) of q = |x|², q' = |x'|², c = ⟨x, x'⟩. Its value and
five derivatives at q = q' = 1 give the whole block of covariances between (f, J)(x) and (f,
J)(x'). A layer maps those six numbers to six others (`nngp_layer`, `ntk_layer`), and `assemble`
spreads them out.

On the unit sphere the six are functions of the cosine c alone, and smooth ones. So the layers are
composed once, at a few hundred Chebyshev points (`composed_series`); what remains for each pair of
points is to sum six series, however deep the network is.

Source: Kim & Yang (ICML 2024), Theorems 3.1 and 4.3; the six-number form is derived in the
docstrings.
"""

from functools import lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.polynomial.chebyshev import chebval, chebvander
from scipy.fft import dct

from ._validation import check_count, check_fits, check_kappa, check_points
from .activations import Activation, get_activation


class Scalars(NamedTuple):
    """F and its derivatives ∂_c, ∂_q, ∂_c², ∂_c∂_q, ∂_q∂_q' at q = q' = 1, each of shape (n1, n2).

    F is symmetric in q and q', so ∂_q' = ∂_q and ∂_c∂_q' = ∂_c∂_q.
    """

    value: np.ndarray
    c: np.ndarray
    q: np.ndarray
    cc: np.ndarray
    cq: np.ndarray
    qq: np.ndarray


class Expectations(NamedTuple):
    """G(ρ) = E φ(u)φ(v), H(ρ) = E φ''(u)φ(v) and their derivatives in ρ = corr(u, v)."""

    g: np.ndarray
    g1: np.ndarray
    g2: np.ndarray
    g3: np.ndarray
    h: np.ndarray
    h1: np.ndarray
    h2: np.ndarray


def jacobian_nngp(x1, x2=None, *, depth, activation="gelu", kappa=1.0) -> np.ndarray:
    """Covariance κ²Σ^(L) of the limiting joint Gaussian process of f and its input Jacobian J.

    Cov((f, J)_α(x), (f, J)_β(x')) = ∂_α ∂'_β of the NNGP kernel, index 0 meaning f itself.

    Args:
        x1: (n1, d0), rows of unit norm.
        x2: (n2, d0), likewise; `x1` if left out.
        depth: L ≥ 1, the number of hidden layers.
        activation: a name in `ACTIVATIONS` or an `Activation`; piecewise linear ones are allowed.
            Their kernel has a corner where points coincide, so that the entries of two points (or
            of one and the antipode of the other) at the angle θ are right to eps/θ, at worst 1e-8.
        kappa: κ > 0, the output scale.

    Returns:
        (n1, 1+d0, n2, 1+d0), float64 NumPy whatever JAX's flags; [:, 0, :, 0] is the NNGP kernel.

    Raises:
        ValueError: naming the argument, what was expected, what came and the remedy.
    """
    return _block_kernel(x1, x2, depth, activation, kappa, jntk=False)


def jntk(x1, x2=None, *, depth, activation="gelu", kappa=1.0) -> np.ndarray:
    """The limiting Jacobian NTK κ²Θ^(L).

    The limit of ⟨∂_θ(f, J)_α(x), ∂_θ(f, J)_β(x')⟩, which is ∂_α ∂'_β of the NTK, index 0 meaning f.

    Args:
        x1: (n1, d0), rows of unit norm.
        x2: (n2, d0), likewise; `x1` if left out.
        depth: L ≥ 1, the number of hidden layers.
        activation: a name in `ACTIVATIONS` or a smooth `Activation`; ReLU is refused.
        kappa: κ > 0, the output scale.

    Returns:
        (n1, 1+d0, n2, 1+d0), float64 NumPy whatever JAX's flags; [:, 0, :, 0] is the ordinary NTK.

    Raises:
        ValueError: naming the argument, what was expected, what came and the remedy.
    """
    return _block_kernel(x1, x2, depth, activation, kappa, jntk=True)


def kernel_scalars(x1, x2=None, *, depth, activation="gelu", kappa=1.0, jntk=True) -> Scalars:
    """The six numbers per pair behind `jacobian_nngp` or (`jntk=True`) `jntk`, κ² included.

    Arguments as there. Returns `Scalars` of float64 arrays (n1, n2).
    """
    x1, x2, depth, activation, kappa = _check(x1, x2, depth, activation, kappa, jntk)
    return _scalars(_cosines(x1, x2), depth, activation, kappa, jntk, symmetric=x2 is None)


def _check(x1, x2, depth, activation, kappa, jntk):
    """The checked arguments; `x2` stays None, which says that the kernel is symmetric."""
    x1 = check_points(x1, "x1")
    x2 = None if x2 is None else check_points(x2, "x2", in_size=x1.shape[1])
    check_smooth(activation := get_activation(activation), jntk)
    return (
        x1,
        x2,
        check_count(depth, "depth"),
        activation,
        check_kappa(kappa),
    )


def check_smooth(activation: Activation, jntk: bool) -> None:
    """Refuse what has no JNTK; the piecewise linear activations still have a Jacobian NNGP."""
    if activation.smooth or (activation.homogeneous and not jntk):
        return
    raise ValueError(
        f"`activation` must be smooth (φ, φ', φ'' Lipschitz) here; got {activation.name!r}, whose "
        "second derivative does not exist everywhere. "
        + (
            "The diagonal blocks of the Jacobian NTK contain E φ''², which diverges as a smooth φ "
            "is sharpened into a kink; automatic differentiation returns a finite wrong number. "
            if jntk
            else "Its Hermite coefficients do not fall to rounding, so no kernel can be trusted. "
        )
        + "Use gelu, silu or softplus instead"
        + (
            "; jacobian_nngp accepts piecewise linear activations."
            if activation.homogeneous
            else "."
        )
    )


def _block_kernel(x1, x2, depth, activation, kappa, *, jntk):
    x1, x2, depth, activation, kappa = _check(x1, x2, depth, activation, kappa, jntk)
    n2, d0 = (x1 if x2 is None else x2).shape
    check_fits(
        (n2 if len(x1) < n2 else len(x1), 1 + d0, min(len(x1), n2), 1 + d0),
        "x1",
        "Use JNTKOperator, which multiplies by this matrix without forming it, or fewer points.",
    )
    cosines = _cosines(x1, x2)
    scalars = _scalars(cosines, depth, activation, kappa, jntk, symmetric=x2 is None)
    return _assemble_in_rows(scalars, x1, x1 if x2 is None else x2)


def _cosines(x1: np.ndarray, x2: np.ndarray | None) -> np.ndarray:
    c = x1 @ (x1 if x2 is None else x2).T
    if x2 is None:
        c = (c + c.T) / 2
    # Equal and antipodal points are recognised as such: acos turns an error of 1e-16 into 1e-8.
    parallel = np.abs(c) > 1 - 4 * np.finfo(float).eps
    return np.where(parallel, np.sign(c), c)


def _scalars(c, depth, activation, kappa, jntk, symmetric=False) -> Scalars:
    """The six numbers at cosines `c` (n1, n2), in blocks that fit the processor's cache.

    Of symmetric `c` only the blocks on and above the diagonal are computed.
    """
    series = composed_series(activation, depth, jntk)
    scalars = np.empty((len(Scalars._fields), *c.shape))
    first, (n1, n2) = 0, c.shape
    while first < n1:
        start = first if symmetric else 0
        rows = slice(first, first + max(1, _PAIRS // (n2 - start)))
        block = c[rows, start:]
        if series is None:
            six = np.stack(composed_layers(block, depth, activation, jntk))
        else:
            polynomials = chebvander(block.ravel(), series.shape[1] - 1)
            six = (series @ polynomials.T).reshape(-1, *block.shape)
        scalars[:, rows, start:] = kappa**2 * six
        if symmetric:
            # Equal cosines of one block are not rounded alike by every processor's matrix product.
            square = scalars[:, rows, rows]
            scalars[:, rows, rows] = (square + square.transpose(0, 2, 1)) / 2
            scalars[:, start:, rows] = scalars[:, rows, start:].transpose(0, 2, 1)
        first = rows.stop
    return Scalars(*scalars)


_PAIRS = 2048  # a block's; their Chebyshev polynomials fill about 1 MB


def composed_layers(c, depth: int, activation: Activation, jntk: bool) -> Scalars:
    """The six numbers after all layers, layer by layer; `c` holds cosines, any shape."""
    sigma = theta = input_scalars(c)
    for layer in range(depth):
        q_slope = activation.variance_slope**layer
        if activation.smooth:
            e = smooth_expectations(activation.series, sigma.value)
        else:
            e = homogeneous_expectations(activation.slopes, sigma.value)
        if jntk:
            theta = ntk_layer(theta, sigma, q_slope, e)
        sigma = nngp_layer(sigma, q_slope, e)
    return theta if jntk else sigma


@lru_cache(maxsize=256)
def composed_series(activation: Activation, depth: int, jntk: bool) -> np.ndarray | None:
    """Chebyshev series in the cosine of the six functions `composed_layers`, (6, terms).

    Those of a smooth activation are analytic around [-1, 1], so that interpolation converges
    geometrically: the number of terms is doubled until the last are rounding error. None where
    that does not happen, as for ReLU, or in very deep networks whose kernel is nearly a step.
    """
    if not activation.smooth:
        return None
    for terms in (64, 128, 256, 512, 1024):
        nodes = np.cos(np.pi * (np.arange(terms) + 0.5) / terms)
        series = dct(np.stack(composed_layers(nodes, depth, activation, jntk))) / terms
        series[:, 0] /= 2
        largest = np.abs(series).max(axis=1, keepdims=True)
        size = np.abs(series) / largest.clip(np.finfo(float).eps * largest.max())
        rounding = size[:, -8:].max()
        if rounding < 1e-14:
            return series[:, : np.flatnonzero((size > 2 * rounding).any(axis=0))[-1] + 1]
    return None


def input_scalars(c) -> Scalars:
    """The kernel of the inputs themselves, F = c."""
    zero = np.zeros_like(c)
    return Scalars(c, np.ones_like(c), zero, zero, zero, zero)


def nngp_layer(sigma: Scalars, q_slope, e: Expectations) -> Scalars:
    """One layer of the NNGP kernel: F⁺(q, q', c) = T(Q(q), Q(q'), F(q, q', c)) with T = E φφ.

    Q(q) is the variance of a neuron at a point with |x|² = q, so Q(1) = 1. `q_slope` is Q'(1): one
    before the first layer, multiplied by `Activation.variance_slope` by each. `e` holds the
    expectations at correlation `sigma.value`.
    """
    return _compose(_layer_map(e.g, e.g1, e.g2, e.h, e.h1), sigma, q_slope)


def ntk_layer(theta: Scalars, sigma: Scalars, q_slope, e: Expectations) -> Scalars:
    """One layer of the NTK: Θ⁺ = Σ⁺ + Θ · Ṫ with Ṫ = E φ'φ'; arguments as in `nngp_layer`."""
    dot = _compose(_layer_map(e.g1, e.g2, e.g3, e.h1, e.h2), sigma, q_slope)
    return jax.tree.map(np.add, nngp_layer(sigma, q_slope, e), _product(theta, dot))


def smooth_expectations(series, rho) -> Expectations:
    """Sum the Chebyshev `series` of an activation at correlations `rho`."""
    return Expectations(*chebval(rho, series.T))


def homogeneous_expectations(slopes, rho) -> Expectations:
    """Arc-cosine formulas for φ(z) = p z for z > 0 and m z for z < 0, ReLU being (√2, 0).

    Cho & Saul (NeurIPS 2009). Of degree one, T satisfies Euler's equation, so that H = G - ρG'.
    At ρ = ±1, G'' is infinite, but it multiplies a block of size 1 - ρ² and is dropped.
    """
    right, left = slopes
    square, angle = 1 - rho**2, np.arccos(np.clip(rho, -1, 1))
    sine = np.sqrt(np.maximum(square, 0))
    same, opposite = (right**2 + left**2) / 2, right * left
    g = (same * (sine + rho * (np.pi - angle)) - opposite * (sine - rho * angle)) / np.pi
    g1 = (same * (np.pi - angle) + opposite * angle) / np.pi
    regular = square > 1e-15
    g2 = np.where(regular, (same - opposite) / np.pi / np.where(regular, sine, 1), 0)
    nothing = np.full_like(rho, np.nan)  # third derivatives: only an NTK would ask for them
    return Expectations(g, g1, g2, nothing, g - rho * g1, -rho * g2, nothing)


def _layer_map(g, g1, g2, h, h1) -> Scalars:
    """T = E φφ and its derivatives in its own arguments Q, Q', F: T_Q = ½E φ''φ = ½H and so on."""
    return Scalars(value=g, c=g1, q=h / 2, cc=g2, cq=h1 / 2, qq=g2 / 4)


def _compose(t: Scalars, f: Scalars, s) -> Scalars:
    """Chain rule for T(Q(q), Q(q'), F(q, q', c)) with s = Q'(1)."""
    return Scalars(
        value=t.value,
        c=t.c * f.c,
        q=t.q * s + t.c * f.q,
        cc=t.cc * f.c**2 + t.c * f.cc,
        cq=(t.cq * s + t.cc * f.q) * f.c + t.c * f.cq,
        qq=t.qq * s**2 + 2 * s * t.cq * f.q + t.cc * f.q**2 + t.c * f.qq,
    )


def _product(a: Scalars, b: Scalars) -> Scalars:
    """Product rule for F = A·B."""
    return Scalars(
        value=a.value * b.value,
        c=a.c * b.value + a.value * b.c,
        q=a.q * b.value + a.value * b.q,
        cc=a.cc * b.value + 2 * a.c * b.c + a.value * b.cc,
        cq=a.cq * b.value + a.c * b.q + a.q * b.c + a.value * b.cq,
        qq=a.qq * b.value + 2 * a.q * b.q + a.value * b.qq,
    )


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
