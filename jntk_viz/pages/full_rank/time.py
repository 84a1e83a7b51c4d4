"""Training time that small eigenvalues cost: every mode of the linear dynamics by itself."""

from typing import NamedTuple

import numpy as np

from jntk_viz.dynamics import LinearDynamics
from jntk_viz.engine.results import kept
from jntk_viz.engine.steps import Step
from jntk_viz.kernels import jntk
from jntk_viz.pages.full_rank import pair as pairs
from jntk_viz.pages.full_rank import study
from jntk_viz.pages.full_rank.state import DEPTHS, THETAS, TIMES, FullRankState, Problem

REST = 0.01  # a mode is called learned when 1 % of its residual is left
SHOWN = 40  # modes whose residuals are drawn


class Modes(NamedTuple):
    """One training in the infinite-width limit, mode by mode, the fastest first.

    eigenvalues: (k,) of Θ_λ, resolved ones. times: (k,) N ln(1/REST)/e, until REST of a mode is
    left. residuals: (m, T) at TIMES of `shown`, (m,) modes spread evenly. loss: (T,), fraction of
    the loss that is left. loss_time: when REST of the loss is left, ∞ for never.
    unresolved: modes below the noise floor; bound: the time that they need at least.
    steps: of gradient descent at the largest stable rate 2N/e_max for the slowest resolved mode.
    """

    eigenvalues: np.ndarray
    times: np.ndarray
    residuals: np.ndarray
    shown: np.ndarray
    loss: np.ndarray
    loss_time: float
    unresolved: int
    bound: float
    steps: float

    @property
    def slowest(self) -> float:
        """When REST of the slowest resolved mode is left; NaN where some mode is unresolved."""
        return np.nan if self.unresolved else float(self.times[-1])


def of_dynamics(dynamics: LinearDynamics) -> Modes:
    """`Modes` from the library's closed-form training."""
    e = dynamics.eigenvalues
    resolved = np.flatnonzero(e > dynamics.noise_floor)[::-1]
    weights = (dynamics.eigenvectors.T @ dynamics.target) ** 2
    weights = weights / weights.sum()

    def residual(t):
        return 1 - dynamics.learned(t)

    def loss(t):
        """The loss is |Λ^½ (u − u*)|²/2N, so each mode counts by its square."""
        return float(weights @ residual(t) ** 2)

    duration = dynamics.n * np.log(1 / REST)
    shown = np.unique(np.linspace(0, resolved.size - 1, SHOWN).astype(int))
    times = duration / e[resolved]
    return Modes(
        e[resolved],
        times,
        np.stack([residual(t)[resolved[shown]] for t in TIMES], axis=1),
        shown,
        np.array([loss(t) for t in TIMES]),
        _crossing(loss, times),
        e.size - resolved.size,
        duration / dynamics.noise_floor,
        float(times[-1] / dynamics.stable_learning_rate),
    )


def _crossing(loss, times) -> float:
    """When the falling `loss` reaches REST."""
    low, high = np.log(times[0]) - 5, np.log(times[-1])
    if loss(np.exp(high)) > REST:
        return np.inf
    from scipy.optimize import brentq  # 20 MB, which the process that draws can do without

    return float(np.exp(brentq(lambda s: loss(np.exp(s)) - REST, low, high)))


@kept
def by_depth(problem: Problem, activation: str, depth: int, lam: float) -> Modes:
    """Training on the points of a data set, whatever kernel the problem names: by the JNTK."""
    given = study.points_of(problem)
    matrix = jntk(given.x, depth=depth, activation=activation)
    return of_dynamics(LinearDynamics(matrix, given.y, lam=lam))


@kept
def by_angle(theta: float, activation: str, depth: int, lam: float) -> Modes:
    """Training on two points at the angle θ (degrees), labelled +1 and −1."""
    matrix = jntk(pairs.points(theta), depth=depth, activation=activation)
    return of_dynamics(LinearDynamics(matrix, [1.0, -1.0], lam=lam))


def place(state):
    """Where the reader stands on the axis of depths or angles."""
    return state.theta if state.case == "angle" else state.depth


def places(case: str) -> tuple:
    return THETAS if case == "angle" else DEPTHS


def plan(state: FullRankState, known) -> list[Step]:
    """The modes at every depth or angle, beginning with the one on screen."""
    if study.refusal("jntk", state.activation):
        return []
    here = place(state)
    near = sorted(places(state.case), key=lambda other: abs(other - here))
    where = "angle {:g}°" if state.case == "angle" else "depth {}"
    steps = []
    for other in near:
        compute, arguments = _case(state, other)
        steps.append(Step(compute, arguments, f"modes at {where.format(other)}"))
    return steps if state.case == "angle" else [study.reading(state.problem), *steps]


def _case(state: FullRankState, other) -> tuple:
    """The function that gives the modes at one place of the axis, and its arguments."""
    if state.case == "angle":
        return by_angle, (other, state.activation, state.depth, state.lam)
    problem = state.problem._replace(kernel="jntk")
    return by_depth, (problem, state.activation, other, state.lam)


def found_of(state: FullRankState, known) -> dict:
    """Place → `Modes`, as far as they are known."""
    modes = {}
    for other in places(state.case):
        compute, arguments = _case(state, other)
        if (one := known(compute, *arguments)) is not None:
            modes[other] = one
    return modes


class Axis(NamedTuple):
    """Times until REST is left, over all depths or angles; (P,) each, NaN where not known.

    slowest: of the slowest mode, where all are resolved; bound: what it needs at least elsewhere.
    """

    places: tuple
    slowest: np.ndarray
    loss: np.ndarray
    fastest: np.ndarray
    bound: np.ndarray


def axis(known: dict, case: str) -> Axis:
    """The times at every place that is known."""
    table = np.full((len(places(case)), 4), np.nan)
    for i, other in enumerate(places(case)):
        modes = known.get(other)
        if modes is not None:
            loss = modes.loss_time if np.isfinite(modes.loss_time) else np.nan
            bound = modes.bound if modes.unresolved else np.nan
            table[i] = modes.slowest, loss, modes.times[0], bound
    return Axis(places(case), *table.T)
