"""Cases of the breakdown page about signals, kernels and arithmetic."""

import jax.numpy as jnp
import numpy as np

from jntk_viz.activations import Activation, get_activation
from jntk_viz.engine.results import kept
from jntk_viz.finite import finite_jntk, forward_jets
from jntk_viz.kernels import jntk
from jntk_viz.mlp import MLP
from jntk_viz.pages.breakdown.case import (
    CURED,
    HEALTHY,
    ILL,
    NO_NETWORK,
    Axis,
    Case,
    Chart,
    Run,
    Series,
    circle_points,
    eight_points,
    extent,
    moment,
    network,
    spread,
    weights,
)
from jntk_viz.pages.breakdown.state import KNOBS

# --- Deep networks whose layers do not keep the variance -----------------------------------------

DEEP_LAYERS, DEEP_WIDTH = 30, 256


def layer_theory(factor: float) -> tuple[np.ndarray, np.ndarray]:
    """Variance of a pre-activation and E Σ_α(∂g/∂x_α)², layer by layer; each (30,).

    q_{l+1} = c E φ(√q_l z)² and s_{l+1} = c E φ'(√q_l z)² s_l from q_1 = |x|² = 1, s_1 = d0 = 2.
    For ReLU the expectations are q_l and 1, so that both grow like c^{l−1}.
    """
    growth = factor ** np.arange(DEEP_LAYERS)
    return growth, 2 * growth


def measure_deep(factor, role, seed, i, width) -> tuple[np.ndarray, np.ndarray]:
    """The same of one network, over its neurons and eight inputs: hidden weights times √c."""
    mlp = network(width, DEEP_LAYERS, "relu")
    first, *hidden, last = weights(mlp, seed, role, i)
    params = [first, *[factor**0.5 * w for w in hidden], last]
    g, _ = forward_jets(mlp, params, jnp.asarray(eight_points()[0], first.dtype))
    jets = np.asarray(g, dtype=np.float64)  # (30, 8, 1+d0, width)
    return (jets[:, :, 0] ** 2).mean((1, 2)), (jets[:, :, 1:] ** 2).sum(2).mean((1, 2))


def run_deep(factor, role, variances, slopes) -> Run:
    variances, slopes = variances[:, -1], slopes[:, -1]
    q, s = layer_theory(factor)
    layers, severity = np.arange(1, DEEP_LAYERS + 1), extent(variances[:, -1])
    return Run(
        spread(layers, variances),
        Series(layers, q),
        severity,
        float(q[-1]),
        spread(layers, slopes),
        Series(layers, s),
        {
            "variance_at_layer_30": severity[0],
            "expected_variance_at_layer_30": float(q[-1]),
            "growth_per_layer": float((severity[0] / np.median(variances, axis=0)[0]) ** (1 / 29)),
            "squared_jacobian_at_layer_30": float(np.median(slopes, axis=0)[-1]),
            "expected_squared_jacobian_at_layer_30": float(s[-1]),
        },
    )


_LAYERS = Axis("layer", (0, 31))
DEEP = Case(
    KNOBS["deep"],
    charts=(
        Chart("Variance of neurons", _LAYERS, Axis("variance", (1e-12, 1e12), True)),
        Chart(
            "Variance at layer 30",
            Axis("E φ² of a layer", (0.2, 2.5), True),
            Axis("variance", (1e-20, 1e14), True),
            points=True,
        ),
        Chart(
            "Squared input Jacobian",
            _LAYERS,
            Axis("|∂g/∂x|²", (1e-12, 1e12), True),
        ),
    ),
    widths=(DEEP_WIDTH,),
    measure=measure_deep,
    run=run_deep,
    expected=lambda factor: float(layer_theory(factor)[0][-1]),
    dense=tuple(np.geomspace(0.2, 2.5, 12).round(4).tolist()),
    cure_resets=True,
)


# --- Inputs off the sphere -----------------------------------------------------------------------

SPHERE_WIDTHS, SPHERE_RADII = (16, 64, 256, 1024, 4096), (0.5, 0.75, 1.0, 1.5, 2.0, 3.0)
SPHERE_WIDTH_OF_F = 1024  # of the networks whose variance of f is drawn


@kept
def limit_off_sphere(radius: float) -> np.ndarray:
    """The JNTK's limit for one hidden layer and inputs r x, |x| = 1; (N, 1+d0, N, 1+d0).

    With one layer a network fed with r x is one with the activation z ↦ φ(r z) fed with x, whose
    derivatives in x are r times those in r x. `Activation` scales it to unit variance: undo that.
    """
    phi = get_activation("gelu")
    stretched = Activation(f"gelu({radius:g} z)", lambda z: phi(radius * z))
    weight = np.array([1.0, 1 / radius, 1 / radius])
    gram = jntk(eight_points()[0], depth=1, activation=stretched) / stretched.scale**2
    return gram * weight[:, None, None] * weight


def sphere_bias(radius: float) -> float:
    """‖Θ_r − Θ_1‖/‖Θ_1‖: what no width removes."""
    on = limit_off_sphere(1.0)
    return float(np.linalg.norm(limit_off_sphere(radius) - on) / np.linalg.norm(on))


def measure_sphere(radius, role, seed, i, width) -> tuple:
    """Of one network fed with r x: two distances of its kernel, and the variance of f at each |x|.

    The distances are those from the limits at x and at r x, over the norm of the former. The
    variance of f is that at SPHERE_WIDTH_OF_F, NaN for other widths.
    """
    mlp, (x, _) = network(width, 1, "gelu"), eight_points()
    params = weights(mlp, seed, role, i)
    theta = np.asarray(finite_jntk(mlp, params, radius * x), dtype=np.float64)
    on, off = limit_off_sphere(1.0), limit_off_sphere(radius)
    norm, variances = np.linalg.norm, np.full(len(SPHERE_RADII), np.nan)
    if width == SPHERE_WIDTH_OF_F:
        fed = SPHERE_RADII if role == ILL else np.ones(len(SPHERE_RADII))  # the others normalise
        variances = np.array([variance_of_f(mlp, params, r * x) for r in fed])
    return float(norm(theta - on) / norm(on)), float(norm(theta - off) / norm(on)), variances


def variance_of_f(mlp: MLP, params, x) -> float:
    """Mean of φ² over the neurons of a network with one hidden layer."""
    first = params[0]
    return float((np.asarray(mlp.activation(jnp.asarray(x, first.dtype) @ first.T)) ** 2).mean())


def run_sphere(radius, role, errors, noise, variances) -> Run:
    widths, bias = np.array(SPHERE_WIDTHS, float), sphere_bias(radius)
    # The constant of the random part c/√d is fitted, its exponent and the bias are theory.
    constant = np.exp(np.mean(np.log(noise * np.sqrt(widths))))
    severity = extent(errors[:, -1])
    grid = np.linspace(0.45, 3.1, 25) if role == ILL else np.array([0.45, 3.1])
    at_width = SPHERE_WIDTHS.index(SPHERE_WIDTH_OF_F)
    return Run(
        spread(widths, errors),
        Series(widths, np.hypot(bias, constant / np.sqrt(widths))),
        severity,
        float(np.hypot(bias, constant / np.sqrt(widths[-1]))),
        spread(np.array(SPHERE_RADII), variances[:, at_width]),
        Series(grid, np.array([moment("gelu", r * r if role == ILL else 1.0) for r in grid])),
        {
            "error_at_width_4096": severity[0],
            "bias_that_remains": bias,
            "variance_of_f": moment("gelu", radius * radius),
        },
    )


SPHERE = Case(
    KNOBS["sphere"],
    charts=(
        Chart(
            "Distance from the limit",
            Axis("width", (11, 6000), True, tuple((w, str(w)) for w in SPHERE_WIDTHS)),
            Axis("distance ÷ size of the limit", (0.01, 10), True),
            points=True,
        ),
        Chart(
            "Distance at width 4096",
            Axis("norm of the inputs |x|", (0.9, 3.1)),
            Axis("distance ÷ size of the limit", (0.01, 10), True),
            points=True,
        ),
        Chart(
            "Variance of the output",
            Axis("norm of the input |x|", (0.4, 3.1)),
            Axis("variance of f", (0.1, 20), True),
            points=True,
        ),
    ),
    widths=SPHERE_WIDTHS,
    measure=measure_sphere,
    run=run_sphere,
    expected=sphere_bias,
    dense=(1.0, 1.1, 1.2, 1.5, 2.0, 2.5, 3.0),
    cure_resets=True,
)


# --- float32 -------------------------------------------------------------------------------------

FLOAT_LAM, FLOAT_TIMES = 0.1, tuple(np.geomspace(1, 1e8, 25).tolist())
MOST_POINTS = int(max(KNOBS["float32"].stops))
FLOAT_DEPTH, FLOAT_DEEP = 2, 8
_EPS32, _EPS64 = float(np.finfo(np.float32).eps), float(np.finfo(np.float64).eps)


class _Problem:
    """n points on the circle, their weighted JNTK Θ_λ, and the cross kernel to 40 test points."""

    def __init__(self, n: int, depth: int):
        angle = 360 * np.arange(n) / n
        # Filled up to one size, which JAX compiles once.
        x = circle_points(np.resize(angle, MOST_POINTS) + 3)
        test = circle_points(9 * np.arange(40) + 1.7)
        self.y = np.where(np.cos(np.radians(2 * angle)) > 1e-9, 1.0, -1.0)
        gram = jntk(x, depth=depth)[:n, :, :n].reshape(3 * n, 3 * n)
        self.n, self.root = n, np.sqrt(np.tile([1.0, FLOAT_LAM, FLOAT_LAM], n))
        self.matrix = self.root[:, None] * gram * self.root
        self.cross = jntk(test, x, depth=depth)[:, :, :n].reshape(120, 3 * n) * self.root
        self.target = np.column_stack([self.y, 0 * self.y, 0 * self.y]).ravel()

    def predict(self, dtype, order=None):
        """(f, J) at the test points at all times, (T, 120), in the arithmetic of `dtype`.

        Θ_λ⁻¹(1 − exp(−Θ_λ t/N)) by eigenvectors. order: of the rows, which changes nothing but the
        rounding.
        """
        order = np.arange(3 * self.n) if order is None else order
        matrix, cross, target = (
            a.astype(dtype)
            for a in (
                self.matrix[np.ix_(order, order)], self.cross[:, order], self.target[order],
            )
        )  # fmt: skip
        e, vectors = np.linalg.eigh(matrix)
        projected = vectors.T @ target
        result = []
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            for t in FLOAT_TIMES:
                learned = -np.expm1(-e * dtype(t / self.n)) / e
                result.append(cross @ (vectors @ (learned * projected)))
        return np.array(result, dtype=np.float64)

    def first_order(self) -> np.ndarray:
        """Change of the prediction by rounding the entries to float32, by perturbation theory.

        g(A + E) − g(A) ≈ V (L ∘ VᵀEV) Vᵀ with the divided differences L of
        g(e) = (1 − exp(−e t/N))/e (Daleckii and Krein).
        """
        e, v = np.linalg.eigh(self.matrix)
        noise = v.T @ (self.matrix.astype(np.float32) - self.matrix) @ v
        gap = e[:, None] - e
        close = np.abs(gap) <= 1e-9 * (np.abs(e[:, None]) + np.abs(e))
        moved = []
        for t in FLOAT_TIMES:
            s = np.maximum(e, 1e-18) * t / self.n
            g = -np.expm1(-s) / s * t / self.n
            slope = (t / self.n) ** 2 * _slope(s)
            with np.errstate(divide="ignore", invalid="ignore"):
                table = np.where(close, slope, (g[:, None] - g) / gap)
            moved.append(self.cross @ (v @ ((table * noise) @ (v.T @ self.target))))
        return np.array(moved)


def _slope(s):
    """Derivative of (1 − exp(−s))/s."""
    small = s < 1e-4
    safe = np.where(small, 1.0, s)
    return np.where(small, -0.5 + s / 3, (np.exp(-safe) * (1 + safe) - 1) / safe**2)


@kept
def problem(n: int, depth: int) -> _Problem:
    return _Problem(n, depth)


def problem_of(n: int, role: str) -> _Problem:
    """The cure is a deeper network."""
    return problem(n, FLOAT_DEEP if role == CURED else FLOAT_DEPTH)


def expected_errors(n: int, role: str) -> np.ndarray:
    """Relative error of the prediction at all times, by perturbation theory."""
    p, eps = problem_of(n, role), _EPS64 if role == HEALTHY else _EPS32
    size = np.linalg.norm(p.predict(np.float64), axis=1)
    return np.linalg.norm(p.first_order(), axis=1) / size * eps / _EPS32 + eps


def measure_float32(n, role, seed, i, width) -> tuple:
    """Relative error of the prediction at all times against float64, and the eigenvalues.

    The points are computed with in another order: float64 has no other to be compared with.
    """
    p, dtype = problem_of(n, role), np.float64 if role == HEALTHY else np.float32
    exact, order = p.predict(np.float64), np.random.default_rng(seed).permutation(3 * n)
    error = np.linalg.norm(p.predict(dtype, order) - exact, axis=1)
    found = np.linalg.eigvalsh(p.matrix.astype(dtype))[::-1]
    return error / np.linalg.norm(exact, axis=1), found


def run_float32(n, role, measured, found) -> Run:
    measured, found = measured[0, 0], found[0, 0]
    theory = expected_errors(n, role)
    exact = np.linalg.eigvalsh(problem_of(n, role).matrix)[::-1]
    floor32 = 3 * n * _EPS32 * exact[0]
    times = np.array(FLOAT_TIMES)
    number = np.arange(1, 3 * n + 1)
    return Run(
        Series(times, np.where(np.isfinite(measured), measured, np.nan)),
        Series(times, theory),
        (float(measured[-1]),) * 3,
        float(theory[-1]),
        Series(number, np.abs(found)),
        Series(number, exact),
        {
            "error_at_late_times": float(measured[-1]),
            "expected_error_at_late_times": float(theory[-1]),
            "smallest_eigenvalue": float(exact[-1]),
            "float32_noise_floor": float(floor32),
            "float64_noise_floor": float(floor32 * _EPS64 / _EPS32),
            "unresolved_in_float32": int(np.sum(exact < floor32)),
        },
        (
            ("noise floor of float32", float(floor32)),
            ("noise floor of float64", float(floor32 * _EPS64 / _EPS32)),
        ),
    )


FLOAT32 = Case(
    KNOBS["float32"],
    charts=(
        Chart(
            "Error of the prediction",
            Axis("time t", (1, 1e8), True),
            Axis("relative error", (1e-17, 1e4), True),
        ),
        Chart(
            "Error at t = 10⁸",
            Axis("points N on the circle", (7, 29)),
            Axis("relative error", (1e-17, 1e4), True),
            points=True,
        ),
        Chart(
            "Spectrum of the kernel",
            Axis("eigenvalue, largest first", (0, 86)),
            Axis("|eᵢ|", (1e-14, 1e3), True),
            points=True,
        ),
    ),
    widths=NO_NETWORK,
    measure=measure_float32,
    run=run_float32,
    expected=lambda n: float(expected_errors(int(n), ILL)[-1]),
    dense=KNOBS["float32"].stops,
    own_healthy=True,
)
