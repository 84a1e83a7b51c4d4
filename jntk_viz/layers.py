"""What one layer does to the six numbers of a limiting kernel, and all layers of a network.

Every limiting kernel is a function F(q, q', c) of q = |x|², q' = |x'|², c = ⟨x, x'⟩. Its value and
five derivatives at q = q' = 1 give the whole block of covariances between (f, J)(x) and
(f, J)(x'). The functions here take NumPy arrays or JAX arrays, whichever they are given.

Source: Kim & Yang (ICML 2024), Theorems 3.1 and 4.3; the six-number form is derived in the
docstrings.
"""

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from .activations import PowerSeries
from .architecture import Architecture, LayerRule
from .correlations import Correlation, from_gaps, namespace


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
    """G = E φ(u)φ(v), H = E φ''(u)φ(v) and their derivatives in cov(u, v)."""

    g: np.ndarray
    g1: np.ndarray
    g2: np.ndarray
    g3: np.ndarray
    h: np.ndarray
    h1: np.ndarray
    h2: np.ndarray


class State(NamedTuple):
    """What goes from layer to layer.

    correlation: of a layer's pre-activations; sigma, theta: the six numbers of both kernels, before
    division by the variance Q(1); q_slope: Q'(1), Q(q) being the variance of a neuron at a point
    with |x|² = q.
    """

    correlation: Correlation
    sigma: Scalars
    theta: Scalars
    q_slope: np.ndarray


def composed_layers(correlation: Correlation, network: Architecture, jntk: bool) -> Scalars:
    """The six numbers after all layers at cosines of any shape, of the NNGP kernel or the NTK.

    They may leave the range of float64: what does is infinite or NaN, without a warning.

    Raises:
        ValueError: where a variance leaves the range in which φ(√Q z) can be expanded.
    """
    rules = network.rules()
    start = input_state(correlation, network)
    if namespace(correlation.gap) is not jnp:
        end = start
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            for rule in rules:
                end = layer(end, rule, network, jntk)
    elif network.standard:
        one = lambda _, state: layer(state, rules[0], network, jntk)  # noqa: E731
        end = jax.lax.fori_loop(0, network.depth, one, start)  # compiled once, however deep
    else:
        stacked = jax.tree.map(lambda leaf: jnp.asarray(leaf, start.q_slope.dtype), _stacked(rules))
        step = lambda state, rule: (layer(state, rule, network, jntk), None)  # noqa: E731
        end = jax.lax.scan(step, start, stacked)[0]
    return end.theta if jntk else end.sigma


def _stacked(rules: list[LayerRule]) -> LayerRule:
    """The rules of all layers as one, of arrays whose first axis is the layer."""
    terms = max((r.series.rows.shape[1] for r in rules if r.series is not None), default=0)

    def stack(*leaves):
        padded = [np.pad(a, [(0, 0), (0, terms - a.shape[1])]) if np.ndim(a) else a for a in leaves]
        return np.stack(padded)

    return jax.tree.map(stack, *rules)


def input_state(correlation: Correlation, network: Architecture) -> State:
    """The kernel of the first pre-activations, F = σ_w² c + σ_b²."""
    xp = namespace(correlation.gap)
    zero, one = xp.zeros_like(correlation.gap), xp.ones_like(correlation.gap)
    q_slope = xp.ones((), correlation.gap.dtype)
    scalars = Scalars(correlation.rho, one, zero, zero, zero, zero)
    if not network.standard:
        weight, bias = network.weight_std**2, network.bias_std**2
        correlation = _mixture(correlation, weight, None, 0.0, bias, weight + bias)
        scalars = Scalars((weight + bias) * correlation.rho, weight * one, zero, zero, zero, zero)
        q_slope = weight * q_slope
    return State(correlation, scalars, scalars, q_slope)


def layer(state: State, rule: LayerRule, network: Architecture, jntk: bool) -> State:
    """One φ and the affine map behind it, for the NNGP kernel, and for the NTK if `jntk`.

    F⁺ = skip · F + gain · T(Q(q), Q(q'), F) + bias;  Θ⁺ = skip · Θ + gain · (T + Θ Ṫ) + bias.
    """
    if rule.series is not None:
        after, e = smooth_expectations(rule.series, state.correlation)
    else:
        slopes = network.activation.slopes
        after, e = homogeneous_expectations(slopes, state.correlation, rule.variance)
    theta = ntk_layer(state.theta, state.sigma, state.q_slope, e) if jntk else state.theta
    sigma = nngp_layer(state.sigma, state.q_slope, e)
    q_slope = state.q_slope * rule.slope
    if network.standard:
        return State(after, sigma, theta, q_slope)
    skipped = rule.skip * rule.variance
    after = _mixture(
        state.correlation, skipped, after, rule.gain * rule.moment, rule.bias, rule.after
    )
    sigma = _affine(rule, state.sigma, sigma)._replace(value=rule.after * after.rho)
    theta = _affine(rule, state.theta, theta) if jntk else theta
    return State(after, sigma, theta, rule.skip * state.q_slope + rule.gain * q_slope)


def _mixture(
    first: Correlation, skip, second: Correlation | None, gain, bias, total
) -> Correlation:
    """The correlation (skip · ρ₁ + gain · ρ₂ + bias)/total, where skip + gain + bias = total.

    All shares have one sign, so that 1 ∓ ρ keep their relative precision: 1 - ρ does not see the
    bias, which is the same at both points, and is zero where both parts' are.
    """
    parts = [(skip, first)] + ([] if second is None else [(gain, second)])
    above = sum(share * part.above for share, part in parts) / total
    below = (sum(share * part.below for share, part in parts) + 2 * bias) / total
    return from_gaps(below, above, (sum(share * part.rho for share, part in parts) + bias) / total)


def _affine(rule: LayerRule, before: Scalars, t: Scalars) -> Scalars:
    mixed = Scalars(*(rule.skip * f + rule.gain * g for f, g in zip(before, t, strict=True)))
    return mixed._replace(value=mixed.value + rule.bias)


def nngp_layer(sigma: Scalars, q_slope, e: Expectations) -> Scalars:
    """T(Q(q), Q(q'), F(q, q', c)) with T = E φφ, the NNGP kernel behind φ.

    `q_slope` is Q'(1): σ_w² before the first layer, and multiplied by `LayerRule.slope` by each φ.
    `e` holds the expectations at the correlation of F and its variance.
    """
    return _compose(_layer_map(e.g, e.g1, e.g2, e.h, e.h1), sigma, q_slope)


def ntk_layer(theta: Scalars, sigma: Scalars, q_slope, e: Expectations) -> Scalars:
    """The NTK behind φ: T + Θ · Ṫ with Ṫ = E φ'φ'; arguments as in `nngp_layer`."""
    dot = _compose(_layer_map(e.g1, e.g2, e.g3, e.h1, e.h2), sigma, q_slope)
    next_sigma, product = nngp_layer(sigma, q_slope, e), _product(theta, dot)
    return Scalars(*(a + b for a, b in zip(next_sigma, product, strict=True)))


def smooth_expectations(
    series: PowerSeries, correlation: Correlation
) -> tuple[Correlation, Expectations]:
    """The correlation G(ρ)/E φ² behind φ, and all expectations, of a smooth activation.

    E φ² - G(ρ) = Σ a_k² (1 - ρᵏ) is summed as such, and E φ² + G(ρ) at negative ρ, so that neither
    loses digits near zero: all terms have one sign. Fixed points of G at ±1 are met exactly.
    """
    rho, gap = correlation
    xp = namespace(gap)
    even_gap, odd_gap, *powers = power_sums(series.rows, correlation)
    even_gap, odd_gap = gap * even_gap, gap * odd_gap  # Σ a_k² (1 - |ρ|ᵏ)
    negative = rho < 0
    above = even_gap + xp.where(negative, 2 * series.odd - odd_gap, odd_gap)
    below = xp.where(negative, odd_gap + (2 * series.even - even_gap), 2 * series.total - above)
    sign = xp.where(negative, -1.0, 1.0)
    g, *others = (even + sign * odd for even, odd in zip(powers[:7], powers[7:], strict=True))
    if isinstance(series.total, float) and series.total == 1:
        after = from_gaps(below, above, g)
        return after, Expectations(after.rho, *others)
    after = from_gaps(below / series.total, above / series.total, g / series.total)
    return after, Expectations(series.total * after.rho, *others)


def homogeneous_expectations(
    slopes, correlation: Correlation, variance=1.0
) -> tuple[Correlation, Expectations]:
    """The same for φ(z) = p z for z > 0 and m z for z < 0 with p² + m² = 2, ReLU being (√2, 0).

    Arc-cosine formulas of Cho & Saul (NeurIPS 2009), in the angle θ from the nearer of ±1. Of
    degree one, T satisfies Euler's equation, so that H = G - ρG'. At ρ = ±1, G'' is infinite, but
    it multiplies a block of size 1 - ρ² and is dropped, as it is where that is rounding error.
    """
    right, left = slopes
    less, more = (right - left) ** 2 / 2, (right + left) ** 2 / 2  # 1 - pm, 1 + pm
    rho, gap = correlation
    xp = namespace(gap)
    apart = gap > 0
    some = xp.where(apart, gap, 1.0)  # the root's slope at zero would make derivatives NaN
    angle = xp.where(apart, 2 * xp.arcsin(xp.sqrt(some / 2)), 0.0)
    sine = xp.where(apart, xp.sqrt(some * (2 - some)), 0.0)
    bend = less / np.pi * _sine_less_cosine(angle, sine, 1 - gap)
    negative = rho < 0
    above = xp.where(negative, more - right * left * gap - bend, gap - bend)
    below = xp.where(negative, less + right * left * gap + bend, 2 - above)
    after = from_gaps(below, above, xp.where(negative, right * left * rho, rho) + bend)
    turned = less / np.pi * angle
    g1 = xp.where(negative, right * left + turned, 1 - turned)
    # What G'' multiplies is the difference of numbers of order one, and of size 1 - ρ².
    known = gap > 4 * xp.finfo(gap.dtype).eps
    g2 = xp.where(known, less / np.pi / xp.where(known, sine, 1.0), 0.0)
    nothing = xp.full_like(gap, np.nan)  # third derivatives: only an NTK would ask for them
    e = Expectations(after.rho, g1, g2, nothing, less / np.pi * sine, -rho * g2, nothing)
    if isinstance(variance, float) and variance == 1:
        return after, e
    return after, e._replace(g=variance * e.g, g2=g2 / variance, h1=e.h1 / variance)


def _sine_less_cosine(angle, sine, cosine):
    """sin θ - θ cos θ, of small θ by its Taylor series Σ (-1)ᵏ (2k+2) θ^(2k+3)/(2k+3)!."""
    taylor = 0.0
    for k in range(8, -1, -1):
        taylor = taylor * -(angle**2) + (2 * k + 2) / math.factorial(2 * k + 3)
    return namespace(angle).where(angle < 0.7, angle**3 * taylor, sine - angle * cosine)


_CHUNK = 64  # powers at a time; JAX's compiled loop takes more
_JAX_CHUNK = 512


def power_sums(rows, correlation: Correlation):
    """Σ_k rows[:, k] |ρ|ᵏ, shape (len(rows), *ρ.shape), each to its own relative precision."""
    gap = correlation.gap
    if namespace(gap) is jnp:
        return _jax_power_sums(jnp.asarray(rows, gap.dtype), correlation)
    log = correlation.log_radius().ravel()
    total = np.zeros((len(rows), gap.size))
    for first in range(0, rows.shape[1], _CHUNK):
        powers = np.arange(first, min(first + _CHUNK, rows.shape[1]))
        alive = np.flatnonzero(log * first > -45)  # the others have no share left: 3e-20
        if not alive.size:
            break
        total[:, alive] += rows[:, powers] @ np.exp(np.multiply.outer(powers, log[alive]))
    # Whose products over the layers a different order of summation in each would tell apart.
    total[:, log == 0] = rows.sum(axis=1, keepdims=True)
    return total.reshape(len(rows), *gap.shape)


@jax.custom_jvp
def _jax_power_sums(rows, correlation: Correlation):
    log = correlation.log_radius()
    count = -(-rows.shape[1] // _JAX_CHUNK)
    padded = jnp.pad(rows, [(0, 0), (0, count * _JAX_CHUNK - rows.shape[1])])
    chunks = padded.reshape(len(rows), count, _JAX_CHUNK).swapaxes(0, 1)
    powers = jnp.arange(_JAX_CHUNK, dtype=log.dtype).reshape(-1, *[1] * log.ndim)

    def add(total, chunk):
        first, rows = chunk
        values = jnp.exp((first + powers) * log)
        return total + jnp.tensordot(rows, values, axes=1, precision="highest"), None

    zero = jnp.zeros((len(rows), *log.shape), log.dtype)
    firsts = _JAX_CHUNK * jnp.arange(count, dtype=log.dtype)
    return jax.lax.scan(add, zero, (firsts, chunks))[0]


@_jax_power_sums.defjvp
def _differentiated_power_sums(primals, tangents):
    """Another sum of powers, times d|ρ| = -d gap; `rows` are constants."""
    rows, correlation = primals
    slopes = rows[:, 1:] * jnp.arange(1, rows.shape[1], dtype=rows.dtype)
    slopes = jnp.pad(slopes, [(0, 0), (0, 1)])
    slope = _jax_power_sums(slopes, correlation)
    return _jax_power_sums(rows, correlation), -slope * tangents[1].gap


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
