"""Activations by their Hermite coefficients.

An activation enters the infinite-width theory only through Gaussian expectations
E[φ⁽ⁱ⁾(u) φ⁽ʲ⁾(v)]. With φ = Σ a_k h_k in orthonormal Hermite polynomials, every one of them is a
power series in the correlation of u and v, so the vector a is all that the kernels need to know.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from cachetools import LRUCache, cached
from scipy import special

_HALF = 4096  # points of the quadrature grid on either side of zero
_STEP = 13 / _HALF  # exact in binary; the Gaussian weight is 1e-37 at the ends
_GRID = _STEP * np.arange(-_HALF, _HALF + 1)
_STAGES = (512, 2048, 16384)  # terms tried; the grid resolves the oscillations of them all
_TAIL = 1e-17  # relative weight Σ k³ a_k² of the terms left out

# Where growth is looked for: four neighbours each of points from 1 to 2·10⁸ on both sides.
_SPACING = 40 * _STEP
_SCALES = 10.0 ** np.arange(9)
_FAR = np.array([-1.0, 1.0])[:, None, None, None] * (_SCALES[:, None] * np.linspace(1, 2, 16))[
    ..., None
] + _SPACING * np.arange(4)


class PowerSeries(NamedTuple):
    """Expectations at correlation ρ = ±r as sums of powers of r, all coefficients ≥ 0 or E φ''φ's.

    even, odd: Σ a_k² over the even and the odd k; total: both together, E φ².
    rows: (16, K). The first two are Σ_{j<k} a_k² rʲ over even and over odd k, so that (1 - r) times
        them is Σ a_k² (1 - rᵏ). Then the even powers in the seven of `layers.Expectations`, and
        their odd powers, which change sign with ρ.
    """

    even: float
    odd: float
    total: float
    rows: np.ndarray

    @property
    def variance_slope(self) -> float:
        """E φ'² + E φφ'', the derivative of E φ² in the variance: G'(1) + H(1)."""
        even, odd = self.rows[2:].sum(axis=1).reshape(2, 7)
        return float((even + odd)[[1, 4]].sum())


@dataclass(frozen=True)
class Activation:
    """An activation φ, scaled so that E[φ(z)²] = 1 for z ~ N(0, 1).

    `fn` is any elementwise function written in JAX; calling the object gives the normalised φ.
    What it may be used for follows from measured properties, not from its name: see `smooth`,
    `homogeneous`, `odd` and `even`.

    Args:
        name: shown in menus and messages.
        fn: the unscaled activation, array -> array of the same shape.
        values: the same function in NumPy, if there is one: numbers alone then need no compiling.

    Raises:
        ValueError: where `fn` cannot be traced by JAX, is not elementwise, not real, not finite on
            [-13, 13], or zero almost everywhere.
    """

    name: str
    fn: Callable = field(repr=False)
    values: Callable | None = field(default=None, repr=False)

    def __post_init__(self):
        """Trace `fn` once, which shows what is not written in JAX without computing anything."""
        with jax.enable_x64(True):
            try:
                given = jax.ShapeDtypeStruct((7,), jnp.float64)
                found = jax.eval_shape(lambda z: self.fn(z), given)  # a ufunc is not traced
            except (TypeError, ValueError, AttributeError, IndexError) as error:
                raise ValueError(
                    f"`fn` of activation {self.name!r} must be an elementwise function of a JAX "
                    f"array; tracing it failed ({type(error).__name__}: "
                    f"{str(error).splitlines()[0]}). Write it with jax.numpy instead of NumPy or "
                    "math, and jnp.where(condition, a, b) instead of a Python `if`."
                ) from error
        came = getattr(found, "shape", type(found).__name__)
        if came != given.shape:
            raise ValueError(
                f"`fn` of activation {self.name!r} must map an array to an array of the same "
                f"shape; given shape {given.shape} it returned {came}. Give an elementwise "
                "function."
            )
        if not jnp.issubdtype(found.dtype, jnp.floating):
            raise ValueError(
                f"`fn` of activation {self.name!r} must return real floating-point numbers; got "
                f"{found.dtype}. Take jnp.real of complex values, multiply whole ones by 1.0."
            )

    def __call__(self, z):
        return self.scale * self.fn(z)

    @cached_property
    def _values(self) -> np.ndarray:
        """`fn` on the quadrature grid and on the points far out, float64."""
        return _values_at(self, np.append(_GRID, _FAR))

    @cached_property
    def _samples(self) -> np.ndarray:
        """`fn` on the quadrature grid, float64."""
        values = self._values[: _GRID.size]
        if not np.isfinite(values).all():
            raise ValueError(
                f"`fn` of activation {self.name!r} must be finite on the whole line; on "
                f"{_GRID.size} points in [-13, 13] {np.count_nonzero(~np.isfinite(values))} of its "
                f"values were not, the first at z = {_GRID[~np.isfinite(values)][0]:g}. Give a "
                "function that is defined everywhere."
            )
        return values

    @cached_property
    def scale(self) -> float:
        """1/√E[fn(z)²]."""
        with np.errstate(over="ignore"):
            density = self._samples**2 * _gaussian_weights()
            second_moment = float(np.sum(density))
        at_ends = density[[0, -1]].max()  # beyond which more would come
        if not (second_moment >= 1e-24 and at_ends <= 1e-14 * second_moment < np.inf):
            raise ValueError(
                f"`fn` of activation {self.name!r} must neither vanish nor grow like exp(z²/4); "
                f"E[fn(z)²] is {second_moment:.1e}. Give a function that is not zero and of a "
                "moderate size."
            )
        return second_moment**-0.5

    @cached_property
    def hermite(self) -> np.ndarray:
        """Coefficients a_0, a_1, … of the normalised φ, as many as float64 can resolve.

        Of an odd or even function those of the other parity are zero, not rounding error: the
        kernel of antipodal points depends on it.
        """
        stages = _STAGES[:1] if self.homogeneous else _STAGES  # a kink is known to need them all
        coefficients = _hermite_coefficients(self.scale * self._samples, stages)
        if self.odd or self.even:
            coefficients[int(self.even) :: 2] = 0.0
        return coefficients / np.sqrt(np.sum(coefficients**2))

    @cached_property
    def smooth(self) -> bool:
        """Whether the Hermite coefficients fall to rounding, as those of a smooth function do,
        within 16384 terms. A kink or a jump in a derivative makes them fall like a power, and they
        never do. Growth is another matter: see `lipschitz`."""
        return self.hermite.size < _STAGES[0] or (
            not self.homogeneous and self.hermite.size < _STAGES[-1]
        )

    @cached_property
    def lipschitz(self) -> bool:
        """Whether φ, φ' and φ'' look Lipschitz far out, as the paper assumes: no difference
        quotient of theirs grows from z = 1 to 2·10⁸ beyond what it is on [-13, 13]."""
        near = self._samples[:: round(_SPACING / _STEP)]
        far = self._values[_GRID.size :].reshape(_FAR.shape)
        for order in (1, 2, 3):
            with np.errstate(over="ignore", invalid="ignore"):
                bulk = np.abs(np.diff(near, order)).max()
                sizes = np.abs(np.diff(far, order)).max(axis=(0, 2, 3))
            known = sizes[np.isfinite(sizes)]  # naive formulas overflow far out
            # An x-th difference of values as large as these has this much rounding error.
            floor = 8 * np.finfo(float).eps * np.abs(far[:, np.isfinite(sizes)]).max(initial=0.0)
            if known.size > 1 and known[-1] > max(1.1 * known[-2], 4 * bulk, floor):
                return False
        return True

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
        return 1.0 if self.homogeneous else self.power_series.variance_slope

    def derivative(self, order: int) -> Callable:
        """The elementwise function φ⁽ᵒʳᵈᵉʳ⁾ of the normalised φ, by forward differentiation."""
        if order == 0:
            return self
        lower = self.derivative(order - 1)
        return lambda z: jax.jvp(lower, (z,), (jnp.ones_like(z),))[1]

    @cached_property
    def power_series(self) -> PowerSeries:
        """Expectations over two standard normals as functions of their correlation ρ."""
        return _power_series(self.hermite, 1.0, 1.0)

    def series_at(self, variance: float) -> PowerSeries | None:
        """The same of two normals of this variance; None where too many terms are needed."""
        if variance == 1:
            return self.power_series
        coefficients = _hermite_at(self, variance)
        if coefficients is None:
            return None
        return _power_series(coefficients, float(np.sum(coefficients**2)), variance)


def _values_at(activation: Activation, points: np.ndarray) -> np.ndarray:
    """`fn` at points, float64."""
    if activation.values is not None:
        return activation.values(points)
    with jax.enable_x64(True), jax.ensure_compile_time_eval():
        # In one piece: a third of the time.
        return np.asarray(jax.jit(activation.fn)(points), dtype=np.float64)


_FEW, _MANY = 128, 65536  # terms tried first, and last, at other variances than one
_KEPT_BYTES = 2**26  # of the coefficients of all activations and variances


def _size(coefficients: np.ndarray | None) -> int:
    return 64 if coefficients is None else coefficients.nbytes


@cached(LRUCache(_KEPT_BYTES, getsizeof=_size), lock=Lock())
def _hermite_at(activation: Activation, variance: float) -> np.ndarray | None:
    """Coefficients of φ(√Q z), whose squares add up to E φ²; None if they do not fall."""
    points = np.append(variance**0.5 * _GRID, _FAR)  # of the shape compiled for `_values`
    with np.errstate(all="ignore"):
        samples = activation.scale * _values_at(activation, points)[: _GRID.size]
        density = samples**2 * _gaussian_weights()
    if not density[[0, -1]].max() <= 1e-14 * density.sum() < np.inf:
        return None
    coefficients = _hermite_coefficients(samples, (_FEW, *_STAGES, _MANY))
    if activation.odd or activation.even:
        coefficients[int(activation.even) :: 2] = 0.0
    return coefficients if coefficients.size < _MANY else None


def _power_series(hermite: np.ndarray, total: float, variance: float) -> PowerSeries:
    """Expectations over two normals of this variance as functions of their correlation ρ.

    With G(ρ) = E φ(u)φ(v) and H(ρ) = E φ''(u)φ(v) at variance one, the derivatives of both in ρ are
    E φ'φ', φ''φ'', φ'''φ''' and φ'''φ', φ''''φ'': each puts one derivative on each factor
    (Price's theorem). E φ⁽ⁱ⁾φ⁽ʲ⁾ = Σ_k b_k c_k ρᵏ with b_k = a_{k+i} √((k+i)!/k!), and c_k
    likewise with j. At variance Q the coefficients a are those of φ(√Q z), each derivative of which
    is √Q times as large.

    Args:
        hermite: (K,), a. total: Σ a_k². variance: Q.
    """
    shifted = [_differentiate(hermite, order) for order in range(5)]
    orders = [(0, 0), (1, 1), (2, 2), (3, 3), (2, 0), (3, 1), (4, 2)]
    powers = np.stack([shifted[i] * shifted[j] for i, j in orders])
    if variance != 1:
        powers /= variance ** (np.sum(orders, axis=1) / 2)[:, None]
    even = np.arange(hermite.size) % 2 == 0
    weights = hermite**2 * np.stack([even, ~even])
    beyond = np.zeros_like(weights)  # Σ_{k>j} a_k²
    beyond[:, :-1] = weights[:, :0:-1].cumsum(axis=1)[:, ::-1]
    rows = np.concatenate([beyond, powers * even, powers * ~even])
    totals = weights.sum(axis=1)
    return PowerSeries(float(totals[0]), float(totals[1]), total, rows)


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
    return _STEP * np.exp(-(_GRID**2) / 2) / np.sqrt(2 * np.pi)


def _hermite_coefficients(samples: np.ndarray, stages=_STAGES) -> np.ndarray:
    """a_k = E[φ(z) h_k(z)] by the trapezoid rule, which is exact to rounding for smooth φ.

    The recursion runs on h_k √pdf, which stays of order one where h_k alone overflows, and on
    z ≥ 0, where the even part of φ gives the even coefficients and the odd part the others. It
    ends where the terms left out are rounding error, or with all terms that are tried.
    """
    z = _GRID[_HALF:]
    root_weight = np.sqrt(_gaussian_weights()[_HALF:])
    twice = np.where(z > 0, 1.0, 0.5)  # z = 0 is there once
    right, left = samples[_HALF:], samples[_HALF::-1]
    parts = [twice * root_weight * (right + left), twice * root_weight * (right - left)]
    previous, current = np.zeros_like(z), root_weight
    coefficients = np.empty(stages[-1])
    for first, last in zip((0, *stages), stages, strict=False):
        for k in range(first, last):
            coefficients[k] = parts[k % 2] @ current
            previous *= -np.sqrt(k)
            previous += z * current
            previous /= np.sqrt(k + 1)
            previous, current = current, previous
        terms = _terms_needed(coefficients[:last])
        if terms <= 0.75 * last:  # what lies beyond the last is less than what is left out
            return coefficients[:terms]
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
        Activation("erf", jax.scipy.special.erf, special.erf),
        Activation(
            "gelu", lambda z: jax.nn.gelu(z, approximate=False), lambda z: z * special.ndtr(z)
        ),
        Activation("tanh", jnp.tanh, np.tanh),
        Activation("silu", jax.nn.silu, lambda z: z * special.expit(z)),
        Activation("sin", jnp.sin, np.sin),
        Activation("softplus", jax.nn.softplus, lambda z: np.logaddexp(z, 0.0)),
        Activation("relu", jax.nn.relu, lambda z: np.maximum(z, 0.0)),
    )
}
