"""Cases of the breakdown page in which networks are trained."""

from typing import NamedTuple

import numpy as np

from jntk_viz.dynamics import LinearDynamics
from jntk_viz.engine.results import kept
from jntk_viz.finite import finite_jntk
from jntk_viz.kernels import jacobian_nngp, jntk
from jntk_viz.pages.breakdown.case import (
    CURED,
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
    limit_on_circle,
    linear_course,
    loss_of,
    moments,
    network,
    spread,
    steps_per_mode,
    trained,
    weights,
)
from jntk_viz.pages.breakdown.state import KNOBS
from jntk_viz.rates import power_law
from jntk_viz.training import output_loss_parts

# --- Loss plateau: two nearly parallel inputs with opposite labels, standard training ------------

PLATEAU_STEPS, PLATEAU_WIDTH, PLATEAU_SHARE = 1000, 256, 0.35
PLATEAU_RECORD = moments(PLATEAU_STEPS)
SHALLOW, DEEP = 2, 8


def twins(angle: float, both: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Five points on the circle; the first two, `angle` apart, disagree. Or without the second."""
    degrees, y = 10 + np.array([0, angle, 50, 90, 130]), np.array([1.0, -1, -1, 1, 1])
    if not both:
        degrees, y = np.delete(degrees, 1), np.delete(y, 1)
    return circle_points(degrees), y


class PlateauTheory(NamedTuple):
    """The limit's dynamics, the descent, its expected loss at the end, and N/(η eᵢ)."""

    dynamics: LinearDynamics
    phase: Phase
    loss: float
    steps: np.ndarray


@kept
def plateau_theory(angle: float, both: bool, depth: int) -> PlateauTheory:
    """Training on the twins by the limiting kernel."""
    x, y = twins(angle, both)
    kernel = {"depth": depth, "activation": "erf"}
    dynamics = LinearDynamics(jntk(x, **kernel), y, lam=0)
    phase = Phase(PLATEAU_STEPS, 0.0, PLATEAU_SHARE * dynamics.stable_learning_rate)
    loss, _ = expected_loss_parts(dynamics.gram, jacobian_nngp(x, **kernel), y, phase)
    steps = steps_per_mode(dynamics.eigenvalues, dynamics.n, phase.rate)
    return PlateauTheory(dynamics, phase, loss, steps)


def plateau_level(angle: float) -> float:
    """(v·y)²/(2N) of the slowest eigendirection v: the loss that is left until it is learned."""
    dynamics = plateau_theory(angle, True, SHALLOW).dynamics
    return float((dynamics.eigenvectors[:, 0] @ dynamics.target) ** 2 / (2 * dynamics.n))


def slowest(angle: float, *, depth: int = SHALLOW, both: bool = True) -> float:
    """Steps that the slowest eigendirection needs, by the limiting kernel."""
    return float(plateau_theory(angle, both, depth).steps[-1])


def measure_plateau(angle, role, seed, i, width) -> tuple:
    """Loss of a network and by theory, and how many steps each of its own directions needs."""
    x, y = twins(angle, role != CURED)
    theory = plateau_theory(angle, role != CURED, SHALLOW)
    mlp, phases = network(width, SHALLOW, "erf"), (theory.phase,)
    first = weights(mlp, seed, role, i)
    outputs, _ = trained(mlp, first, x, y, phases, PLATEAU_RECORD)
    course = linear_course(theory.dynamics.gram, y, phases, PLATEAU_RECORD, outputs[0])
    own = np.asarray(finite_jntk(mlp, first, x), dtype=np.float64)[:, 0, :, 0]
    modes = steps_per_mode(np.linalg.eigvalsh(own), len(x), theory.phase.rate)
    return loss_of(outputs, y, 0.0), loss_of(course, y, 0.0), modes


def run_plateau(angle, role, losses, by_theory, modes) -> Run:
    losses, theory = losses[:, -1], plateau_theory(angle, role != CURED, SHALLOW)
    number = np.arange(1, len(theory.steps) + 1)
    severity = extent(losses[:, -1])
    return Run(
        spread(PLATEAU_RECORD, losses),
        Series(np.array(PLATEAU_RECORD, float), np.median(by_theory[:, -1], axis=0)),
        severity,
        theory.loss,
        spread(number, modes[:, -1]),
        Series(number, theory.steps),
        {
            "plateau_level": plateau_level(angle),
            "steps_of_slowest_mode": float(theory.steps[-1]),
            "steps_with_8_layers": slowest(angle, depth=DEEP),
            "steps_without_twin": slowest(angle, both=False),
            "loss_at_end": severity[0],
            "expected_loss_at_end": theory.loss,
        },
    )


def plateau_cures(numbers: dict[str, float]) -> dict[str, float]:
    """Treatment → steps that the slowest eigendirection then needs, from the patient's numbers.

    The limiting kernel does not depend on the width, and N/(η e) is proportional to 1/η.
    """
    return {
        "twice the width": numbers["steps_of_slowest_mode"],
        "twice the learning rate": numbers["steps_of_slowest_mode"] / 2,
        "eight layers": numbers["steps_with_8_layers"],
        "dropping one of the two inputs": numbers["steps_without_twin"],
    }


PLATEAU = Case(
    KNOBS["plateau"],
    charts=(
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
    widths=(PLATEAU_WIDTH,),
    measure=measure_plateau,
    run=run_plateau,
    expected=lambda angle: plateau_theory(angle, True, SHALLOW).loss,
    dense=tuple(np.geomspace(1, 35, 30).round(4).tolist()),
)


# --- Jacobian norm that does not fall: λ too small for the time ----------------------------------

JACOBIAN_STEPS, JACOBIAN_WIDTH, JACOBIAN_RATE, JACOBIAN_CURE = 1000, 1024, 0.3, 100
JACOBIAN_RECORD = moments(JACOBIAN_STEPS)
ENOUGH = KNOBS["jacobian"].healthy  # λ of the healthy networks


def jacobian_expected(lam: float) -> float:
    """The Jacobian part of the loss at the end, of infinitely wide networks."""
    theta, covariance = limit_on_circle()
    phase = Phase(JACOBIAN_STEPS, lam, JACOBIAN_RATE)
    return expected_loss_parts(theta, covariance, eight_points()[1], phase)[1]


def measure_jacobian(lam, role, seed, i, width) -> tuple:
    """Both parts of the loss of a network and by theory."""
    phases: tuple[Phase, ...] = (Phase(JACOBIAN_STEPS, lam, JACOBIAN_RATE),)
    if role == CURED:
        phases = (Phase(JACOBIAN_CURE, lam, JACOBIAN_RATE), phases[0]._replace(lam=ENOUGH))
    (x, y), mlp = eight_points(), network(width, 1, "gelu")
    first = weights(mlp, seed, role, i)
    outputs, _ = trained(mlp, first, x, y, phases, JACOBIAN_RECORD)
    course = linear_course(limit_on_circle()[0], y, phases, JACOBIAN_RECORD, outputs[0])
    return *output_loss_parts(outputs, y), *output_loss_parts(course, y)


def run_jacobian(lam, role, *parts) -> Run:
    fits, jacobians, fit_by_theory, jacobian_by_theory = (part[:, -1] for part in parts)
    steps, by_theory = np.array(JACOBIAN_RECORD, float), np.median(jacobian_by_theory, axis=0)
    severity = extent(jacobians[:, -1])
    expected = jacobian_expected(lam) if role != CURED else float(by_theory[-1])
    return Run(
        spread(steps, jacobians),
        Series(steps, by_theory),
        severity,
        expected,
        spread(steps, fits),
        Series(steps, np.median(fit_by_theory, axis=0)),
        {
            "jacobian_part_at_end": severity[0],
            "expected_jacobian_part_at_end": expected,
            "fit_part_at_end": float(np.median(fits, axis=0)[-1]),
        },
    )


JACOBIAN = Case(
    KNOBS["jacobian"],
    charts=(
        Chart(
            "Jacobian loss",
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
    widths=(JACOBIAN_WIDTH,),
    measure=measure_jacobian,
    run=run_jacobian,
    expected=jacobian_expected,
    dense=tuple(np.geomspace(7e-4, 1.4, 30).round(6).tolist()),
)


# --- Learning rate past 2N/e_max -----------------------------------------------------------------

RATE_STEPS, RATE_WIDTH, RATE_CURE, RATE_LAM = 40, 2048, 6, 0.1
RATE_RECORD = range(RATE_STEPS + 1)
RATE_MEASURED = 3  # steps over which the growth is measured, before the kernel gives way
SAFE = KNOBS["rate"].healthy


@kept
def own_dynamics(width: int, seed: int, role: str, i: int) -> LinearDynamics:
    """The linear equation with the kernel that the network has at the start."""
    (x, y), mlp = eight_points(), network(width, 1, "gelu")
    theta = finite_jntk(mlp, weights(mlp, seed, role, i), x)
    return LinearDynamics(np.asarray(theta), y, lam=RATE_LAM)


def growth(share: float) -> float:
    """|1 − ηe_max/N|: by what a step at a share of 2N/e_max multiplies the fastest direction."""
    return abs(1 - 2 * share)


def measure_rate(share, role, seed, i, width) -> tuple:
    """Losses of a network and by its own kernel, growth of the fastest direction and of each.

    share: of the network's own limit 2N/e_max.
    """
    (x, y), mlp = eight_points(), network(width, 1, "gelu")
    dynamics = own_dynamics(width, seed, role, i)
    eta = share * dynamics.stable_learning_rate
    phases: tuple[Phase, ...] = (Phase(RATE_STEPS, RATE_LAM, eta),)
    if role == CURED:
        safe = phases[0]._replace(rate=SAFE * dynamics.stable_learning_rate)
        phases = (Phase(RATE_CURE, RATE_LAM, eta), safe)
    outputs, _ = trained(mlp, weights(mlp, seed, role, i), x, y, phases, RATE_RECORD)
    course = linear_course(dynamics.gram, y, phases, RATE_RECORD, outputs[0])
    root = np.sqrt(np.tile([1.0, RATE_LAM, RATE_LAM], len(y)))
    top = (root * outputs.reshape(len(outputs), -1) - dynamics.target) @ dynamics.eigenvectors
    factor = np.abs(top[RATE_MEASURED, -1] / top[0, -1]) ** (1 / RATE_MEASURED)
    each = np.abs(1 - phases[-1].rate * dynamics.eigenvalues / len(y))[::-1]
    return loss_of(outputs, y, RATE_LAM), loss_of(course, y, RATE_LAM), factor, each


def run_rate(share, role, losses, by_theory, factors, multipliers) -> Run:
    losses, severity = losses[:, -1], extent(factors)
    middle = np.median(losses, axis=0)
    limits = LinearDynamics(limit_on_circle()[0], eight_points()[1], lam=RATE_LAM)
    last = SAFE if role == CURED else share
    wide = np.abs(1 - last * 2 * limits.eigenvalues / limits.eigenvalues[-1])[::-1]
    number = np.arange(1, len(wide) + 1)
    return Run(
        spread(RATE_RECORD, losses),
        Series(np.array(RATE_RECORD, float), np.median(by_theory[:, -1], axis=0)),
        severity,
        growth(share),
        spread(number, multipliers[:, -1]),
        Series(number, wide),
        {
            "growth_factor": severity[0],
            "expected_growth_factor": growth(share),
            "limit_2N_over_e_max": limits.stable_learning_rate,
            "largest_loss": float(np.nanmax(middle)),
            "loss_at_end": float(middle[-1]),
        },
    )


RATE = Case(
    KNOBS["rate"],
    charts=(
        Chart("Loss during training", Axis("step", (0, 40)), Axis("loss", (0.03, 3e4), True)),
        Chart(
            "Growth of the fastest",
            Axis("learning rate ÷ (2N / eₘₐₓ)", (0.4, 1.6)),
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
    widths=(RATE_WIDTH,),
    measure=measure_rate,
    run=run_rate,
    expected=growth,
    dense=tuple(np.linspace(0.4, 1.6, 25).round(4).tolist()),
)


# --- Wrong normalisation: output divided by d^a --------------------------------------------------

POWER_WIDTHS, POWER_STEPS, POWER_LAM, POWER_SHARE = (64, 256, 1024, 4096), 30, 0.1, 0.25
POWER_RECORD = moments(POWER_STEPS)


def measure_power(a, role, seed, i, width) -> tuple:
    """‖Θ_t − Θ_0‖/‖Θ_0‖ of f = W²h/dᵃ trained for 30 steps, its losses, and those by theory.

    That network is κf₁ with κ = d^(½−a). Its descent with learning rate η on the labels y moves
    the weights as descent of f₁ with rate κ²η on the labels y/κ does, and both have the same drift;
    κ²η is the same share of the stability limit for every a and d.
    """
    kappa = width ** (0.5 - a)
    theta, _ = limit_on_circle()
    (x, y), mlp = eight_points(), network(width, 1, "gelu")
    eta = POWER_SHARE * LinearDynamics(theta, y, lam=POWER_LAM).stable_learning_rate
    phases = (Phase(POWER_STEPS, POWER_LAM, eta),)
    first = weights(mlp, seed, role, i)
    outputs, last = trained(mlp, first, x, y / kappa, phases, POWER_RECORD)
    before, after = (np.asarray(finite_jntk(mlp, p, x), np.float64) for p in (first, last))
    course = linear_course(theta, y / kappa, phases, POWER_RECORD, outputs[0])
    losses = (loss_of(kappa * u, y, POWER_LAM) for u in (outputs, course))
    return float(np.linalg.norm(after - before) / np.linalg.norm(before)), *losses


def exponent(a: float) -> float:
    """The power of the width with which the kernel drifts, by counting powers."""
    return 2 * (a - 1)


def run_power(a, role, moved, losses, by_theory) -> Run:
    widths, expected = np.array(POWER_WIDTHS, float), exponent(a)
    law = power_law(np.tile(POWER_WIDTHS, len(moved)), moved.ravel())
    middle = np.exp(np.log(moved).mean())  # the theory gives the slope, not the height
    return Run(
        spread(POWER_RECORD, losses[:, -1]),
        Series(np.array(POWER_RECORD, float), np.median(by_theory[:, -1], axis=0)),
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
    KNOBS["power"],
    charts=(
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
            "Kernel movement",
            Axis("width d", (45, 6000), True, tuple((w, str(w)) for w in POWER_WIDTHS)),
            Axis("‖Θₜ − Θ₀‖ / ‖Θ₀‖", (3e-4, 10), True),
            points=True,
        ),
    ),
    widths=POWER_WIDTHS,
    measure=measure_power,
    run=run_power,
    expected=exponent,
    dense=(0.5, 1.0),
    cure_resets=True,
)
