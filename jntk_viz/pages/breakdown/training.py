"""Cases of the breakdown page in which networks are trained."""

from functools import lru_cache

import numpy as np

from jntk_viz.dynamics import LinearDynamics
from jntk_viz.finite import finite_jntk
from jntk_viz.pages.breakdown.case import (
    CURED,
    NETWORKS,
    Axis,
    Case,
    Chart,
    Phase,
    Run,
    Series,
    circle_points,
    eight_points,
    expected_loss_parts,
    extent,
    limit,
    linear_course,
    loss_of,
    moments,
    network,
    spread,
    steps_per_mode,
    trained,
)
from jntk_viz.rates import power_law
from jntk_viz.training import output_loss_parts


def _nothing():
    pass


# --- Loss plateau: two nearly parallel inputs with opposite labels, standard training ------------

PLATEAU_STEPS, PLATEAU_WIDTH, PLATEAU_SHARE = 1000, 256, 0.35
SHALLOW, DEEP = 2, 8


@lru_cache(maxsize=32)
def twins(angle: float):
    """Function that returns five points on the circle; the first two, `angle` apart, disagree."""

    def points():
        return circle_points(10 + np.array([0, angle, 50, 90, 130])), np.array([1.0, -1, -1, 1, 1])

    return points


@lru_cache(maxsize=32)
def without_twin(angle: float):
    """The same without the second point."""

    def points():
        x, y = twins(angle)()
        return np.delete(x, 1, axis=0), np.delete(y, 1)

    return points


@lru_cache(maxsize=64)
def _plateau_theory(points, depth: int = SHALLOW):
    """Limit kernel, dynamics, the descent, and the expected loss at its end."""
    theta, covariance = limit(points, depth, "erf")
    _, y = points()
    dynamics = LinearDynamics(theta, y, lam=0)
    phase = Phase(PLATEAU_STEPS, 0.0, PLATEAU_SHARE * dynamics.stable_learning_rate)
    return theta, dynamics, phase, expected_loss_parts(theta, covariance, y, phase)[0]


def plateau_level(angle: float) -> float:
    """(v·y)²/(2N) of the slowest eigendirection v: the loss that is left until it is learned."""
    dynamics = _plateau_theory(twins(angle))[1]
    return float((dynamics.eigenvectors[:, 0] @ dynamics.target) ** 2 / (2 * dynamics.n))


def slowest(angle: float, *, depth=SHALLOW, twin=True, times_rate=1.0) -> float:
    """Steps that the slowest eigendirection needs, by the limiting kernel."""
    _, dynamics, phase, _ = _plateau_theory((twins if twin else without_twin)(angle), depth)
    return float(steps_per_mode(dynamics.eigenvalues, dynamics.n, times_rate * phase.rate)[-1])


def plateau(angle, role, seed, tick=_nothing, networks=NETWORKS) -> Run:
    points = (without_twin if role == CURED else twins)(angle)
    theta, dynamics, phase, expected = _plateau_theory(points)
    (x, y), record = points(), tuple(moments(PLATEAU_STEPS).tolist())
    mlp = network(PLATEAU_WIDTH, SHALLOW, "erf")
    losses, theory, modes = [], [], []
    for i in range(networks):
        tick()
        outputs, first, _ = trained(mlp, points, (phase,), seed, role, i, record)
        losses.append(loss_of(outputs, y, 0.0))
        course = linear_course(theta, y, (phase,), record, outputs[0])
        theory.append(loss_of(course, y, 0.0))
        own = np.asarray(finite_jntk(mlp, first, x), dtype=np.float64)[:, 0, :, 0]
        modes.append(steps_per_mode(np.linalg.eigvalsh(own), len(x), phase.rate))
    needed = steps_per_mode(dynamics.eigenvalues, len(x), phase.rate)
    number = np.arange(1, len(x) + 1)
    severity = extent(np.array(losses)[:, -1])
    return Run(
        spread(record, losses),
        Series(np.array(record, float), np.median(theory, axis=0)),
        severity,
        expected,
        spread(number, modes),
        Series(number, needed),
        {
            "plateau_level": plateau_level(angle),
            "steps_of_slowest_mode": float(needed[-1]),
            "steps_with_8_layers": slowest(angle, depth=DEEP),
            "loss_at_end": severity[0],
            "expected_loss_at_end": expected,
        },
    )


PLATEAU = Case(
    "angle",
    (25.0, 12.0, 6.0, 3.0, 1.5),
    25.0,
    (
        Chart("Loss during training", Axis("step", (1, 1000), True), Axis("loss", (1e-4, 3), True)),
        Chart(
            "Loss after 1000 steps",
            Axis("angle between the twins (degrees)", (1, 35), True),
            Axis("loss", (1e-4, 3), True),
            points=True,
        ),
        Chart(
            "Steps a direction needs",
            Axis("eigendirection, fastest first", (0.5, 5.5)),
            Axis("N / (η eᵢ)", (0.3, 3e5), True),
            points=True,
            rules=(("trained for 1000 steps", 1000.0),),
        ),
    ),
    plateau,
    lambda angle: _plateau_theory(twins(angle))[3],
    tuple(np.geomspace(1, 35, 30).round(4).tolist()),
)


# --- Jacobian norm that does not fall: λ too small for the time ----------------------------------

JACOBIAN_STEPS, JACOBIAN_WIDTH, JACOBIAN_RATE, JACOBIAN_CURE = 1000, 1024, 0.3, 100
ENOUGH = 0.3  # λ of the healthy networks


@lru_cache(maxsize=64)
def _jacobian_expected(lam: float) -> float:
    theta, covariance = limit(eight_points, 1, "gelu")
    phase = Phase(JACOBIAN_STEPS, lam, JACOBIAN_RATE)
    return expected_loss_parts(theta, covariance, eight_points()[1], phase)[1]


def jacobian(lam, role, seed, tick=_nothing, networks=NETWORKS) -> Run:
    phases: tuple[Phase, ...] = (Phase(JACOBIAN_STEPS, lam, JACOBIAN_RATE),)
    if role == CURED:
        phases = (Phase(JACOBIAN_CURE, lam, JACOBIAN_RATE), phases[0]._replace(lam=ENOUGH))
    theta, _ = limit(eight_points, 1, "gelu")
    y, record = eight_points()[1], tuple(moments(JACOBIAN_STEPS).tolist())
    mlp = network(JACOBIAN_WIDTH, 1, "gelu")
    parts, theory = [], []
    for i in range(networks):
        tick()
        outputs, _, _ = trained(mlp, eight_points, phases, seed, role, i, record)
        parts.append(output_loss_parts(outputs, y))
        course = linear_course(theta, y, phases, record, outputs[0])
        theory.append(output_loss_parts(course, y))
    (fits, jacobians), steps = np.swapaxes(parts, 0, 1), np.array(record, float)
    fit, by_theory = np.median(theory, axis=0)
    severity = extent(jacobians[:, -1])
    expected = _jacobian_expected(lam) if role != CURED else float(by_theory[-1])
    return Run(
        spread(steps, jacobians),
        Series(steps, by_theory),
        severity,
        expected,
        spread(steps, fits),
        Series(steps, fit),
        {
            "jacobian_part_at_end": severity[0],
            "expected_jacobian_part_at_end": expected,
            "fit_part_at_end": float(np.median(fits, axis=0)[-1]),
        },
    )


JACOBIAN = Case(
    "lam",
    (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0),
    ENOUGH,
    (
        Chart(
            "Jacobian part of the loss",
            Axis("step", (1, 1000), True),
            Axis("½ mean |J|²", (3e-3, 10), True),
        ),
        Chart(
            "Jacobian part at the end",
            Axis("λ", (7e-4, 1.4), True),
            Axis("½ mean |J|²", (3e-3, 10), True),
            points=True,
        ),
        Chart(
            "Fit part of the loss",
            Axis("step", (1, 1000), True),
            Axis("½ mean (f − y)²", (1e-6, 3), True),
        ),
    ),
    jacobian,
    _jacobian_expected,
    tuple(np.geomspace(7e-4, 1.4, 30).round(6).tolist()),
)


# --- Learning rate past 2N/e_max -----------------------------------------------------------------

RATE_STEPS, RATE_WIDTH, RATE_CURE, RATE_LAM = 40, 2048, 6, 0.1
RATE_MEASURED = 3  # steps over which the growth is measured, before the kernel gives way
SAFE = 0.5


@lru_cache(maxsize=64)
def _own_dynamics(seed: int, role: str, i: int) -> LinearDynamics:
    """The linear equation with the kernel that the network has at the start."""
    x, y = eight_points()
    mlp = network(RATE_WIDTH, 1, "gelu")
    _, first, _ = trained(mlp, eight_points, (Phase(1, 0.0, 1e-9),), seed, role, i, (0, 1))
    return LinearDynamics(np.asarray(finite_jntk(mlp, first, x)), y, lam=RATE_LAM)


def rate(share, role, seed, tick=_nothing, networks=NETWORKS) -> Run:
    """`share` of the network's own limit 2N/e_max."""
    y, record = eight_points()[1], tuple(range(RATE_STEPS + 1))
    mlp = network(RATE_WIDTH, 1, "gelu")
    losses, theory, factors, multipliers = [], [], [], []
    for i in range(networks):
        tick()
        dynamics = _own_dynamics(seed, role, i)
        eta = share * dynamics.stable_learning_rate
        phases: tuple[Phase, ...] = (Phase(RATE_STEPS, RATE_LAM, eta),)
        if role == CURED:
            safe = phases[0]._replace(rate=SAFE * dynamics.stable_learning_rate)
            phases = (Phase(RATE_CURE, RATE_LAM, eta), safe)
        outputs = trained(mlp, eight_points, phases, seed, role, i, record)[0]
        losses.append(loss_of(outputs, y, RATE_LAM))
        course = linear_course(dynamics.gram, y, phases, record, outputs[0])
        theory.append(loss_of(course, y, RATE_LAM))
        root = np.sqrt(np.tile([1.0, RATE_LAM, RATE_LAM], len(y)))
        top = (root * outputs.reshape(len(record), -1) - dynamics.target) @ dynamics.eigenvectors
        growth = np.abs(top[RATE_MEASURED, -1] / top[0, -1]) ** (1 / RATE_MEASURED)
        factors.append(growth)
        multipliers.append(np.abs(1 - phases[-1].rate * dynamics.eigenvalues / len(y))[::-1])
    severity = extent(factors)
    limits = LinearDynamics(limit(eight_points, 1, "gelu")[0], y, lam=RATE_LAM)
    last = SAFE if role == CURED else share
    wide = np.abs(1 - last * 2 * limits.eigenvalues / limits.eigenvalues[-1])[::-1]
    number = np.arange(1, len(wide) + 1)
    return Run(
        spread(record, losses),
        Series(np.array(record, float), np.median(theory, axis=0)),
        severity,
        abs(1 - 2 * share),
        spread(number, multipliers),
        Series(number, wide),
        {
            "growth_factor": severity[0],
            "expected_growth_factor": abs(1 - 2 * share),
            "limit_2N_over_e_max": limits.stable_learning_rate,
            "largest_loss": float(np.nanmax(np.median(losses, axis=0))),
            "loss_at_end": float(np.median(losses, axis=0)[-1]),
        },
    )


RATE = Case(
    "rate",
    (0.5, 0.9, 1.02, 1.1, 1.2, 1.3, 1.5),
    SAFE,
    (
        Chart("Loss during training", Axis("step", (0, 40)), Axis("loss", (0.03, 3e4), True)),
        Chart(
            "Growth of the fastest",
            Axis("learning rate ÷ (2N / e_max)", (0.4, 1.6)),
            Axis("factor per step", (0, 2.2)),
            points=True,
            rules=(("stable below 1", 1.0),),
        ),
        Chart(
            "Growth of every direction",
            Axis("eigendirection, largest eigenvalue first", (0, 25)),
            Axis("|1 − η eᵢ / N|", (0, 2.2)),
            points=True,
            rules=(("", 1.0),),
        ),
    ),
    rate,
    lambda share: abs(1 - 2 * share),
    tuple(np.linspace(0.4, 1.6, 25).round(4).tolist()),
)


# --- Wrong normalisation: output divided by d^a --------------------------------------------------

POWER_WIDTHS, POWER_STEPS, POWER_LAM, POWER_SHARE = (64, 256, 1024, 4096), 30, 0.1, 0.25


@lru_cache(maxsize=64)
def scaled_targets(scale: float):
    """Function that returns the eight points with targets y/κ; see `drift`."""

    def points():
        x, y = eight_points()
        return x, y / scale

    return points


@lru_cache(maxsize=512)
def drift(power: float, width: int, seed: int, role: str, i: int):
    """‖Θ_t − Θ_0‖/‖Θ_0‖ of f = W²h/d^a trained for 30 steps, and its losses at `moments`.

    That network is κf₁ with κ = d^(½−a). Its descent with learning rate η on the labels y moves
    the weights as descent of f₁ with rate κ²η on the labels y/κ does, and both have the same drift;
    κ²η is the same share of the stability limit for every a and d.
    """
    kappa = width ** (0.5 - power)
    theta, _ = limit(eight_points, 1, "gelu")
    (x, y), record = eight_points(), tuple(moments(POWER_STEPS).tolist())
    eta = POWER_SHARE * LinearDynamics(theta, y, lam=POWER_LAM).stable_learning_rate
    mlp, phase = network(width, 1, "gelu"), Phase(POWER_STEPS, POWER_LAM, eta)
    outputs, *ends = trained(mlp, scaled_targets(kappa), (phase,), seed, role, i, record)
    before, after = (np.asarray(finite_jntk(mlp, p, x), dtype=np.float64) for p in ends)
    linear = linear_course(theta, y / kappa, (phase,), record, outputs[0])
    losses = [loss_of(kappa * u, y, POWER_LAM) for u in (outputs, linear)]
    return float(np.linalg.norm(after - before) / np.linalg.norm(before)), *losses


def power(a, role, seed, tick=_nothing, networks=NETWORKS) -> Run:
    a = 0.5 if role == CURED else a
    rows, losses, theory = [], [], []
    for i in range(networks):
        row = []
        for width in POWER_WIDTHS:
            tick()
            distance, loss, linear = drift(a, width, seed, role, i)
            row.append(distance)
        rows.append(row)
        losses.append(loss)
        theory.append(linear)
    moved = np.array(rows)
    law = power_law(np.tile(POWER_WIDTHS, networks), moved.ravel())
    widths, expected = np.array(POWER_WIDTHS, float), -2 * (1 - a)
    middle = np.exp(np.log(moved).mean())  # the theory gives the slope, not the height
    record = moments(POWER_STEPS)
    return Run(
        spread(record, losses),
        Series(record.astype(float), np.median(theory, axis=0)),
        (law.slope, law.low, law.high),
        expected,
        spread(widths, moved),
        Series(widths, middle * (widths / np.exp(np.log(widths).mean())) ** expected),
        {
            "slope": law.slope,
            "expected_slope": expected,
            "drift_narrowest": float(np.median(moved[:, 0])),
            "drift_widest": float(np.median(moved[:, -1])),
        },
    )


POWER = Case(
    "power",
    (0.5, 0.625, 0.75, 0.875, 1.0),
    0.5,
    (
        Chart(
            "Loss at width 4096",
            Axis("step", (1, 30), True),
            Axis("loss", (0.05, 2), True),
        ),
        Chart(
            "Exponent of the drift",
            Axis("a, output divided by dᵃ", (0.45, 1.05)),
            Axis("fitted exponent", (-1.4, 0.4)),
            points=True,
        ),
        Chart(
            "How far the kernel moves",
            Axis("width d", (45, 6000), True, tuple((w, str(w)) for w in POWER_WIDTHS)),
            Axis("‖Θₜ − Θ₀‖ / ‖Θ₀‖", (3e-4, 10), True),
            points=True,
        ),
    ),
    power,
    lambda a: -2 * (1 - a),
    (0.5, 1.0),
)
