"""Activations by their Hermite coefficients.

An activation enters the infinite-width theory only through Gaussian expectations
E[φ⁽ⁱ⁾(u) φ⁽ʲ⁾(v)]. With φ = Σ a_k h_k in orthonormal Hermite polynomials, every one of them is a
power series in the correlation of u and v, so the vector a is all that the kernels need to know.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import jax
import jax.numpy as jnp
import numpy as np
from numpy.polynomial.chebyshev import poly2cheb

_GRID = np.linspace(-13.0, 13.0, 8193)  # the Gaussian weight is 1e-37 at its ends
_MOST_TERMS = 2048
_TAIL = 1e-17  # relative weight Σ k³ a_k² of the terms left out


@dataclass(frozen=True)
class Activation:
    """An activation φ, scaled so that E[φ(z)²] = 1 for z ~ N(0, 1).

    `fn` is any elementwise function written in JAX; calling the object gives the normalised φ.
    What it may be used for follows from measured properties, not from its name: see `smooth`,
    `homogeneous`, `odd` and `even`.

    Args:
        name: shown in menus and messages.
        fn: the unscaled activation, array -> array of the same shape.

    Raises:
        ValueError: where `fn` is not elementwise, not finite, or zero almost everywhere.
    """

    name: str
    fn: Callable = field(repr=False)

    def __call__(self, z):
        return self.scale * self.fn(z)

    @cached_property
    def _samples(self) -> np.ndarray:
        """`fn` on the quadrature grid, float64."""
        with jax.enable_x64(True), jax.ensure_compile_time_eval():
            values = np.asarray(jax.jit(self.fn)(_GRID))  # in one piece: a third of the time
        if values.shape != _GRID.shape or not np.isfinite(values).all():
            raise ValueError(
                f"`fn` of activation {self.name!r} must map an array to a finite real array of the "
                f"same shape; on {_GRID.size} points in [-13, 13] it gave shape {values.shape}, "
                f"{np.count_nonzero(~np.isfinite(values))} of the values not finite. "
                "Give an elementwise JAX function that is defined on the whole line."
            )
        return values

    @cached_property
    def scale(self) -> float:
        """1/√E[fn(z)²]."""
        second_moment = float(np.sum(self._samples**2 * _gaussian_weights()))
        if second_moment < 1e-24:
            raise ValueError(
                f"`fn` of activation {self.name!r} must not vanish; E[fn(z)²] is "
                f"{second_moment:.1e}. Give a function that is not zero."
            )
        return second_moment**-0.5

    @cached_property
    def hermite(self) -> np.ndarray:
        """Coefficients a_0, a_1, … of the normalised φ, as many as float64 can resolve."""
        coefficients = _hermite_coefficients(self.scale * self._samples)
        return coefficients[: _terms_needed(coefficients)]

    @cached_property
    def smooth(self) -> bool:
        """Whether the paper's assumption (φ, φ', φ'' Lipschitz) can be met: the coefficients fall
        to rounding within 2048 terms. A kink or a jump in a derivative makes them fall like a
        power, and they never do."""
        return self.hermite.size < _MOST_TERMS - 2

    @cached_property
    def homogeneous(self) -> bool:
        """Whether φ(cz) = cφ(z) for c > 0, as for ReLU; then ⟨x, J⟩ = f for every network."""
        slope = np.where(_GRID >= 0, *self.slopes)
        return _close(self.scale * self._samples, slope * _GRID)

    @property
    def slopes(self) -> tuple[float, float]:
        """Slopes of the normalised φ from 0 to 1 and from -1 to 0."""
        right, left = np.interp([1.0, -1.0], _GRID, self.scale * self._samples)
        return float(right), float(-left)

    @cached_property
    def odd(self) -> bool:
        """Whether φ(-z) = -φ(z); then f(-x) = -f(x) for every network."""
        return _close(self._samples, -self._samples[::-1])

    @cached_property
    def even(self) -> bool:
        """Whether φ(-z) = φ(z); then f(-x) = f(x) for every network."""
        return _close(self._samples, self._samples[::-1])

    @cached_property
    def variance_slope(self) -> float:
        """E φ'² + E φφ'', by which a layer multiplies the slope of the variance in |x|²."""
        if self.homogeneous:
            return 1.0
        return float(self.series[1].sum() + self.series[4].sum())  # G'(1) + H(1)

    def derivative(self, order: int) -> Callable:
        """The elementwise function φ⁽ᵒʳᵈᵉʳ⁾ of the normalised φ, by forward differentiation."""
        if order == 0:
            return self
        lower = self.derivative(order - 1)
        return lambda z: jax.jvp(lower, (z,), (jnp.ones_like(z),))[1]

    @cached_property
    def series(self) -> np.ndarray:
        """Seven expectations as functions of the correlation ρ, in Chebyshev polynomials.

        Shape (7, terms), `terms` a multiple of 16 so that activations share compiled code.

        With G(ρ) = E φ(u)φ(v) and H(ρ) = E φ''(u)φ(v), the rows are G, G', G'', G''', H, H', H'',
        that is E φφ, φ'φ', φ''φ'', φ'''φ''', φ''φ, φ'''φ', φ''''φ'': a derivative in ρ puts one
        derivative on each factor (Price's theorem). E φ⁽ⁱ⁾φ⁽ʲ⁾ = Σ_k b_k c_k ρᵏ with
        b_k = a_{k+i} √((k+i)!/k!), and c_k likewise with j. The change from powers to Chebyshev
        polynomials only adds numbers of one sign where b_k c_k ≥ 0, so it is stable, and it
        needs far fewer terms: 70 instead of 322 for tanh.
        """
        orders = [(0, 0), (1, 1), (2, 2), (3, 3), (2, 0), (3, 1), (4, 2)]
        shifted = [_differentiate(self.hermite, order) for order in range(5)]
        rows = np.zeros((len(orders), self.hermite.size))
        for row, (i, j) in zip(rows, orders, strict=True):
            converted = poly2cheb(shifted[i] * shifted[j])  # trailing zeros come back trimmed
            row[: converted.size] = converted
        relative = np.abs(rows) / np.abs(rows).sum(axis=1, keepdims=True)
        terms = np.flatnonzero((relative > 1e-17).any(axis=0))[-1] + 1
        padded = 16 * -(-terms // 16)
        return np.pad(rows, [(0, 0), (0, max(0, padded - rows.shape[1]))])[:, :padded]


def get_activation(activation) -> Activation:
    """Look up an activation by name; an `Activation` is returned as it is."""
    if isinstance(activation, Activation):
        return activation
    if isinstance(activation, str) and activation in ACTIVATIONS:
        return ACTIVATIONS[activation]
    raise ValueError(
        f"`activation` must be one of {', '.join(sorted(ACTIVATIONS))} or an Activation; got "
        f"{activation!r}. For another function use Activation(name, fn)."
    )


def _gaussian_weights() -> np.ndarray:
    step = _GRID[1] - _GRID[0]
    return step * np.exp(-(_GRID**2) / 2) / np.sqrt(2 * np.pi)


def _hermite_coefficients(samples: np.ndarray) -> np.ndarray:
    """a_k = E[φ(z) h_k(z)] by the trapezoid rule, which is exact to rounding for smooth φ.

    The recursion runs on h_k √pdf, which stays of order one where h_k alone overflows.
    """
    root_weight = np.sqrt(_gaussian_weights())
    projected = samples * root_weight
    previous, current = np.zeros_like(_GRID), root_weight
    coefficients = np.empty(_MOST_TERMS)
    for k in range(_MOST_TERMS):
        coefficients[k] = projected @ current
        previous, current = current, (_GRID * current - np.sqrt(k) * previous) / np.sqrt(k + 1)
    return coefficients


def _terms_needed(coefficients: np.ndarray) -> int:
    """Terms to keep so that Σ k³ a_k², the slowest series in use, is right to rounding."""
    weight = np.arange(1, coefficients.size + 1) ** 3.0 * coefficients**2
    tail = np.cumsum(weight[::-1])[::-1]
    resolved = np.flatnonzero(tail < _TAIL * tail[0])
    return int(resolved[0]) if resolved.size else coefficients.size


def _differentiate(coefficients: np.ndarray, order: int) -> np.ndarray:
    """Hermite coefficients of φ⁽ᵒʳᵈᵉʳ⁾, padded with zeros to the same length."""
    for _ in range(order):
        k = np.arange(1, coefficients.size)
        coefficients = np.append(coefficients[1:] * np.sqrt(k), 0.0)
    return coefficients


def _close(a: np.ndarray, b: np.ndarray) -> bool:
    return bool(np.max(np.abs(a - b)) <= 1e-12 * np.max(np.abs(a)))


ACTIVATIONS = {
    activation.name: activation
    for activation in (
        Activation("erf", jax.scipy.special.erf),
        Activation("gelu", lambda z: jax.nn.gelu(z, approximate=False)),
        Activation("tanh", jnp.tanh),
        Activation("silu", jax.nn.silu),
        Activation("sin", jnp.sin),
        Activation("softplus", jax.nn.softplus),
        Activation("relu", jax.nn.relu),
    )
}
