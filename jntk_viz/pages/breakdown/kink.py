"""A case of the breakdown page: the kink of ReLU, for which there is no Jacobian NTK."""

import jax
import jax.numpy as jnp
import numpy as np

from jntk_viz.activations import Activation, get_activation
from jntk_viz.engine.results import kept
from jntk_viz.mlp import MLP
from jntk_viz.pages.breakdown.case import (
    Axis,
    Case,
    Chart,
    Phase,
    Run,
    Series,
    eight_points,
    extent,
    linear_course,
    moments,
    spread,
    trained,
    weights,
)
from jntk_viz.pages.breakdown.state import KNOBS
from jntk_viz.training import output_loss_parts

KINK_WIDTHS, KINK_STEPS, KINK_LAM, KINK_ETA = (64, 1024, 16384), 10, 0.1, 0.7
KINK_RECORD = moments(KINK_STEPS)
KINK_END = 64.0  # where ReLU, the limit of infinite sharpness, is drawn


@kept
def sharp(beta: float) -> Activation:
    """gelu(βz)/β scaled to unit variance: GeLU for β = 1, ReLU for β = ∞.

    Kept, so that JAX knows it again and compiles it once.
    """
    if np.isinf(beta):
        return get_activation("relu")
    if beta == 1:
        return get_activation("gelu")
    gelu = jax.nn.gelu
    return Activation(f"gelu({beta:g}z)/{beta:g}", lambda z: gelu(beta * z, approximate=False))


@kept
def jacobian_entry(beta: float) -> float:
    """Limit of the mean of Θ_αα(x, x), α = 1, 2, for one hidden layer; ∞ for ReLU.

    (E φ'²(g² + 1) + E φ''²(g² + 1) + 2 E φ''φ'g + 2 E φ'²)/2 with g ~ N(0, 1), from
    J_α = Σ_i w_i φ'(g_i) W_iα/√d differentiated in w and W, |W_i|² = g_i² + (the rest).
    """
    if np.isinf(beta):
        return np.inf
    z = np.linspace(-10, 10, 8001)
    with jax.enable_x64(True):
        d1, d2 = (np.asarray(sharp(beta).derivative(k)(jnp.asarray(z))) for k in (1, 2))
    terms = (d1**2 + d2**2) * (z**2 + 1) + 2 * d2 * d1 * z + 2 * d1**2
    weight = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) * (z[1] - z[0])
    return float(np.sum(terms * weight) / 2)


def autodiff_kernel(mlp: MLP, params, x) -> np.ndarray:
    """⟨∂_θ(f, J)(x), ∂_θ(f, J)(x')⟩ by automatic differentiation, which also answers for ReLU.

    Where φ'' does not exist it is taken as 0: the number is finite and wrong.
    """
    rows = len(x) * (1 + mlp.in_size)
    gradients = jax.jacrev(lambda p: mlp.value_and_jacobian(p, x))(params)
    flat = np.concatenate([np.asarray(g, float).reshape(rows, -1) for g in gradients], axis=1)
    return (flat @ flat.T).reshape(len(x), 1 + mlp.in_size, len(x), 1 + mlp.in_size)


def kink_entry(beta: float, role: str, seed: int, i: int) -> float:
    """Mean of Θ_αα(x, x) of one network of the largest width, by automatic differentiation."""
    mlp = MLP(2, KINK_WIDTHS[-1], 1, sharp(beta))
    return mean_entry(autodiff_kernel(mlp, weights(mlp, seed, role, i), eight_points()[0]))


def mean_entry(theta: np.ndarray) -> float:
    """Mean of Θ_αα(x, x), α = 1, 2."""
    return float(np.mean([theta[j, a, j, a] for j in range(8) for a in (1, 2)]))


def measure_kink(beta, role, seed, i, width) -> tuple:
    """Jacobian part of the loss of a network and by its kernel, how far they end apart, Θ_αα."""
    mlp, (x, y) = MLP(2, width, 1, sharp(beta)), eight_points()
    phases, first = (Phase(KINK_STEPS, KINK_LAM, KINK_ETA),), weights(mlp, seed, role, i)
    theta = autodiff_kernel(mlp, first, x)
    outputs, _ = trained(mlp, first, x, y, phases, KINK_RECORD)
    linear = linear_course(theta, y, phases, KINK_RECORD, outputs[0])
    parts = [output_loss_parts(u, y)[1] for u in (outputs, linear)]
    error, size = outputs[-1, :, 1:] - linear[-1, :, 1:], linear[-1, :, 1:]
    return *parts, float(np.linalg.norm(error) / np.linalg.norm(size)), mean_entry(theta)


def run_kink(beta, role, parts, by_theory, errors, entries) -> Run:
    severity = extent(entries[:, -1])
    widths, middle = np.array(KINK_WIDTHS, float), np.median(errors, axis=0)
    # Theory gives the exponent, not the height: flips of neurons do not die out for ReLU.
    slope, typical = 0.0 if np.isinf(beta) else -1.0, np.exp(np.log(errors).mean())
    return Run(
        spread(KINK_RECORD, parts[:, -1]),
        Series(np.array(KINK_RECORD, float), np.median(by_theory[:, -1], axis=0)),
        severity,
        jacobian_entry(beta),
        spread(widths, errors),
        Series(widths, typical * (widths / np.exp(np.log(widths).mean())) ** slope),
        {
            "jacobian_entry": severity[0],
            "expected_jacobian_entry": jacobian_entry(beta),
            "expected_entry_of_gelu": jacobian_entry(1.0),
            "expected_entry_at_16": jacobian_entry(16.0),
            "error_narrowest": float(middle[0]),
            "error_widest": float(middle[-1]),
        },
    )


KINK = Case(
    KNOBS["kink"],
    charts=(
        Chart(
            "Jacobian loss",
            Axis("step", (1, 10), True),
            Axis("½ mean |J|²", (0.1, 3), True),
        ),
        Chart(
            "Jacobian entry of Θ",
            Axis(
                "sharpness β of the kink", (0.8, 90), True,
                (*((float(b), str(b)) for b in (1, 2, 4, 8, 16)), (KINK_END, "∞ (ReLU)")),
            ),
            Axis("mean of Θ over slopes", (1, 30), True),
            points=True,
        ),
        Chart(
            "J: off its theory",
            Axis("width", (45, 25000), True, tuple((w, str(w)) for w in KINK_WIDTHS)),
            Axis("‖J − linear‖ / ‖linear‖", (1e-4, 3), True),
            points=True,
        ),
    ),
    widths=KINK_WIDTHS,
    measure=measure_kink,
    run=run_kink,
    expected=jacobian_entry,
    dense=tuple(np.geomspace(0.8, 32, 12).round(4).tolist()),
    position=lambda beta: KINK_END if np.isinf(beta) else float(beta),
    quick=kink_entry,
    cure_resets=True,
)  # fmt: skip
