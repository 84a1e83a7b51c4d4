"""A case of the breakdown page: the kink of ReLU, for which there is no Jacobian NTK."""

from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np

from jntk_viz.activations import Activation, get_activation
from jntk_viz.mlp import MLP
from jntk_viz.pages.breakdown.case import (
    CURED,
    NETWORKS,
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
    weights_key,
)
from jntk_viz.training import output_loss_parts


def _nothing():
    pass


KINK_WIDTHS, KINK_STEPS, KINK_LAM, KINK_ETA = (64, 1024, 16384), 10, 0.1, 0.7
KINK_END = 64.0  # where ReLU, the limit of infinite sharpness, is drawn


@lru_cache(maxsize=16)
def sharp(beta: float) -> Activation:
    """gelu(βz)/β scaled to unit variance: GeLU for β = 1, ReLU for β = ∞."""
    if np.isinf(beta):
        return get_activation("relu")
    if beta == 1:
        return get_activation("gelu")
    gelu = jax.nn.gelu
    return Activation(f"gelu({beta:g}z)/{beta:g}", lambda z: gelu(beta * z, approximate=False))


@lru_cache(maxsize=64)
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


@lru_cache(maxsize=64)
def _kink_network(beta: float, width: int) -> MLP:
    return MLP(2, width, 1, sharp(beta))


@lru_cache(maxsize=256)
def kink_entry(beta: float, seed: int, role: str, i: int) -> float:
    """Mean of Θ_αα(x, x) of one network of the largest width, by automatic differentiation."""
    mlp = _kink_network(beta, KINK_WIDTHS[-1])
    params = mlp.init(weights_key(seed, role, i, mlp.width))
    theta = autodiff_kernel(mlp, params, eight_points()[0])
    return float(np.mean([theta[j, a, j, a] for j in range(8) for a in (1, 2)]))


@lru_cache(maxsize=256)
def kink_training(beta: float, width: int, seed: int, role: str, i: int):
    """Jacobian part of the loss, of a network and by its own kernel, and how far they end apart."""
    mlp, (x, y) = _kink_network(beta, width), eight_points()
    record, phases = tuple(moments(KINK_STEPS).tolist()), (Phase(KINK_STEPS, KINK_LAM, KINK_ETA),)
    outputs, first, _ = trained(mlp, eight_points, phases, seed, role, i, record)
    linear = linear_course(autodiff_kernel(mlp, first, x), y, phases, record, outputs[0])
    parts = [output_loss_parts(u, y)[1] for u in (outputs, linear)]
    error, size = outputs[-1, :, 1:] - linear[-1, :, 1:], linear[-1, :, 1:]
    return *parts, float(np.linalg.norm(error) / np.linalg.norm(size))


def kink(beta, role, seed, tick=_nothing, networks=NETWORKS) -> Run:
    beta = 1.0 if role == CURED else beta
    parts, theory, errors = [], [], []
    for i in range(networks):
        row = []
        for width in KINK_WIDTHS:
            tick()
            part, linear, error = kink_training(beta, width, seed, role, i)
            row.append(error)
        parts.append(part)
        theory.append(linear)
        errors.append(row)
    severity = kink_severity(beta, role, seed, tick, networks)
    widths, middle = np.array(KINK_WIDTHS, float), np.median(errors, axis=0)
    # Theory gives the exponent, not the height: flips of neurons do not die out for ReLU.
    slope, typical = 0.0 if np.isinf(beta) else -1.0, np.exp(np.log(errors).mean())
    record = moments(KINK_STEPS)
    return Run(
        spread(record, parts),
        Series(record.astype(float), np.median(theory, axis=0)),
        severity,
        jacobian_entry(beta),
        spread(widths, errors),
        Series(widths, typical * (widths / np.exp(np.log(widths).mean())) ** slope),
        {
            "jacobian_entry": severity[0],
            "expected_jacobian_entry": jacobian_entry(beta),
            "error_narrowest": float(middle[0]),
            "error_widest": float(middle[-1]),
        },
    )


def kink_severity(beta, role, seed, tick=_nothing, networks=NETWORKS) -> tuple[float, float, float]:
    entries = []
    for i in range(networks):
        tick()
        entries.append(kink_entry(beta, seed, role, i))
    return extent(entries)


KINK = Case(
    "kink",
    (1.0, 2.0, 4.0, 8.0, 16.0, np.inf),
    1.0,
    (
        Chart(
            "Jacobian part of the loss",
            Axis("step", (1, 10), True),
            Axis("½ mean |J|²", (0.1, 3), True),
        ),
        Chart(
            "Jacobian entry of the kernel",
            Axis(
                "sharpness β of the kink", (0.8, 90), True,
                (*((float(b), str(b)) for b in (1, 2, 4, 8, 16)), (KINK_END, "∞ (ReLU)")),
            ),
            Axis("Θ_αα", (1, 30), True),
            points=True,
        ),
        Chart(
            "J: distance from its theory",
            Axis("width", (45, 25000), True, tuple((w, str(w)) for w in KINK_WIDTHS)),
            Axis("‖J − linear‖ / ‖linear‖", (1e-4, 3), True),
            points=True,
        ),
    ),
    kink,
    jacobian_entry,
    tuple(np.geomspace(0.8, 32, 12).round(4).tolist()),
    lambda beta: KINK_END if np.isinf(beta) else float(beta),
    kink_severity,
)  # fmt: skip
