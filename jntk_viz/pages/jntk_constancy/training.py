"""The training of the constancy study: networks of three widths in step, measured as they go."""

from functools import lru_cache
from typing import NamedTuple

import jax
import numpy as np

from jntk_viz.engine.steps import Step, chained
from jntk_viz.finite import finite_jntk
from jntk_viz.mlp import MLP
from jntk_viz.pages.jntk_constancy import study
from jntk_viz.pages.jntk_constancy.state import Settings
from jntk_viz.pages.jntk_constancy.study import LossBand, Problem, infinite_width_losses, prepare
from jntk_viz.training import output_loss_parts, training_chunks

EFFORT = 1e8  # weights · points · steps of one chunk: about 0.15 s on one core
DIVERGED = 1e6  # times the initial loss
# Of all networks: some ten minutes on two cores, 200 times what the page shows first.
MOST_EFFORT = 1e12
KEPT_ROWS = 40  # of the kernels that are kept to be looked at
DENSE_ROWS = 200  # from here on the largest eigenvalue is found by iteration


class Snapshot(NamedTuple):
    """Parts of one network at one step that are kept to be drawn, in single precision.

    kernel: Θ_t on the first k training points, (k, 1+d0, k, 1+d0). outputs, ode: u_t = (f, J) and
    what the linear equation gives, (N + m, 1+d0), training points first.
    """

    kernel: np.ndarray
    outputs: np.ndarray
    ode: np.ndarray


class Record(NamedTuple):
    """One network at one step; a network that has `diverged` has no numbers.

    drift: ‖Θ_t - Θ_0‖/‖Θ_0‖, to_limit: ‖Θ_t - Θ‖/‖Θ‖ (Frobenius, on the training points),
    operator: ‖Θ_t - Θ‖ in the operator norm, which the theorem compares with λ_min(Θ).
    deviation, deviation_train: ‖u_t - u_t^ODE‖/‖u_t^ODE‖ at the test and at the training points,
    u being (f, J). fit, jacobian: the parts of the loss. snapshot: of the first network of a width.
    """

    width: int
    network: int
    step: int
    drift: float = np.nan
    to_limit: float = np.nan
    operator: float = np.nan
    deviation: float = np.nan
    deviation_train: float = np.nan
    fit: float = np.nan
    jacobian: float = np.nan
    snapshot: Snapshot | None = None

    @property
    def diverged(self) -> bool:
        return bool(np.isnan(self.drift))


class Progress(NamedTuple):
    """A run so far: all that a page draws."""

    settings: Settings
    problem: Problem
    band: LossBand
    records: list[Record]


def weights(settings: Settings, width: int) -> int:
    """About how many weights a network has, those of the first layer left out."""
    return (settings.depth - 1) * width**2 + width


def check_effort(settings: Settings, points: int) -> None:
    """Refuse what each setting allows, but all of them together make a matter of an hour."""
    of_all = sum(weights(settings, width) for width in settings.widths)
    effort = settings.networks * settings.steps * points * of_all
    if effort > MOST_EFFORT:
        raise ValueError(
            f"{settings.networks} networks of {settings.depth} layers and up to {settings.widest} "
            f"neurons, on {points} points for {settings.steps} steps: {effort / MOST_EFFORT:.1f} "
            "times as long as a page may compute. Choose fewer `steps` or `networks`, a smaller "
            "`widest` network or `depth`; the Python program under “Save as a file” has no limit."
        )


@lru_cache(maxsize=256)
def stops(settings: Settings, width: int) -> tuple[int, ...]:
    """The steps of training at which a chunk ends: all moments, and more where these are far apart.

    The first is 0, before any training.
    """
    chunk = max(1, int(EFFORT / (weights(settings, width) * settings.points)))
    ends = [0]
    for end in settings.moments.tolist()[1:]:
        parts = -(-(end - ends[-1]) // chunk)
        ends += np.linspace(ends[-1], end, parts + 1).round().astype(int)[1:].tolist()
    return tuple(ends)


@lru_cache(maxsize=256)
def chunks_of(settings: Settings, width: int) -> tuple[int, ...]:
    """Which of `stops` each moment is; (26,)."""
    ends = stops(settings, width)
    return tuple(ends.index(moment) for moment in settings.moments.tolist())


def kept_points(in_size: int, points: int) -> int:
    """Of how many points the kernel is kept, so that many moments need little memory."""
    return min(points, max(2, KEPT_ROWS // (1 + in_size)))


def operator_norm(difference: np.ndarray) -> float:
    """Largest absolute eigenvalue of a symmetric (N, 1+d0, N, 1+d0)."""
    rows = difference.shape[0] * difference.shape[1]
    matrix = difference.reshape(rows, rows)
    if rows < DENSE_ROWS:
        return float(np.abs(np.linalg.eigvalsh(matrix)).max())
    if not matrix.any():
        return 0.0  # the iteration has nothing to follow there
    from scipy.sparse.linalg import eigsh  # not for the process that only draws

    start = np.ones(rows)  # not at random: the same run gives the same digits
    return float(
        abs(eigsh(matrix, k=1, which="LM", v0=start, tol=1e-6, return_eigenvectors=False)[0])
    )


class _Network(NamedTuple):
    """One finite network under training, and what it started from.

    theta_start: Θ_0. start: (f, J) on the training points, then on the test points, (N + m, 1+d0).
    """

    mlp: MLP
    params: list
    step: int
    theta_start: np.ndarray
    start: np.ndarray
    diverged: bool = False


def _begin(settings: Settings, width: int, network: int) -> _Network:
    problem = prepare(settings)
    mlp = MLP(problem.x.shape[1], width, **settings.kernel)
    # The generator "rbg" compiles three times faster than JAX's default one.
    key = jax.random.key(settings.seed, impl="rbg")
    for number in (width, network):
        key = jax.random.fold_in(key, number)
    params = mlp.init(key)
    return _Network(mlp, params, 0, _theta(mlp, params, problem), _outputs(mlp, params, problem))


@chained(_begin)
def train_on(state: _Network, k: int, settings: Settings, width: int, network: int):
    """Train one network up to the k-th of its `stops`.

    Its `Record` is shown if that is one of the moments, else None.
    """
    problem, step = prepare(settings), stops(settings, width)[k]
    if state.diverged:
        return state, None
    if step > state.step:
        *_, (_, params) = training_chunks(
            state.mlp, state.params, problem.x, problem.y,
            lam=settings.lam, learning_rate=problem.learning_rate,
            steps=step - state.step, chunk=step - state.step,
        )  # fmt: skip
        state = state._replace(params=params, step=step)
    if step not in settings.moments:
        return state, None
    record = _measure(state, settings, problem, width, network)
    return state._replace(diverged=record.diverged), record


def _theta(mlp: MLP, params, problem: Problem) -> np.ndarray:
    return np.asarray(finite_jntk(mlp, params, problem.x), dtype=np.float64)


def _outputs(mlp: MLP, params, problem: Problem) -> np.ndarray:
    """(f, J) on the training points, then on the test points."""
    x = np.concatenate([problem.x, problem.x_test])
    return np.asarray(mlp.value_and_jacobian(params, x), dtype=np.float64)


def _measure(state: _Network, settings: Settings, p: Problem, width: int, network: int) -> Record:
    n, first = len(p.x), state.step == 0
    theta = state.theta_start if first else _theta(state.mlp, state.params, p)
    outputs = state.start if first else _outputs(state.mlp, state.params, p)
    fit, jacobian = map(float, output_loss_parts(outputs[:n], p.y))
    first_fit, first_jacobian = output_loss_parts(state.start[:n], p.y)
    bound = DIVERGED * (first_fit + settings.lam * first_jacobian)
    if not (fit + settings.lam * jacobian < bound and np.isfinite(theta).all()):
        return Record(width, network, state.step)
    with np.errstate(over="ignore", invalid="ignore"):  # past the stability limit
        ode = _linear(state, p)
        test, train = _relative(outputs[n:], ode[n:]), _relative(outputs[:n], ode[:n])
        kept = None if network else _snapshot(p, theta, outputs, ode)
    return Record(
        width, network, state.step,
        _relative(theta, state.theta_start), _relative(theta, p.theta),
        operator_norm(theta - p.theta), test, train, fit, jacobian, kept,
    )  # fmt: skip


def _linear(state: _Network, p: Problem) -> np.ndarray:
    """Course of the linear equation from this network's start; rows as in `_outputs`."""
    c = p.dynamics.coefficients(
        state.step * p.learning_rate, learning_rate=p.learning_rate, initial=state.start[: len(p.x)]
    )
    moved = [np.tensordot(gram, c, axes=2) for gram in (p.theta, p.cross_gram)]
    return state.start + np.concatenate(moved)


def _snapshot(p: Problem, theta, outputs, ode) -> Snapshot:
    k = kept_points(p.x.shape[1], len(p.x))
    return Snapshot(*(a.astype(np.float32) for a in (theta[:k, :, :k], outputs, ode)))


def _relative(a: np.ndarray, b: np.ndarray) -> float:
    """‖a - b‖/‖b‖."""
    return float(np.linalg.norm(a - b) / np.linalg.norm(b))


# ---- what a page asks for


def plan(state, known) -> list[Step]:
    """The limit, then all networks in step: every one up to a moment before any goes on.

    Raises ValueError where it would all take too long.
    """
    settings = state.settings
    first = study.reading(settings)
    if not known.has(first.key):
        return [first]
    check_effort(settings, len(known.of(first.key).x))
    band = Step(infinite_width_losses, (settings,), "Solving the linear equation")
    return [first, band, *_training(settings, known)]


def _training(settings: Settings, known) -> list[Step]:
    steps = []
    for i, moment in enumerate(settings.moments.tolist()):
        says = f"Step {moment}" if i else "Preparing the networks of width {}"
        for width in settings.widths:
            chunks = chunks_of(settings, width)
            some = range(chunks[i - 1] + 1 if i else 0, chunks[i] + 1)
            for network in range(settings.networks):
                if not (i and _lost(known, chunks[i - 1], settings, width, network)):
                    steps += [
                        Step(train_on, (k, settings, width, network), says.format(width))
                        for k in some
                    ]
    return steps


def _lost(known, *arguments) -> bool:
    """Is a network known to have diverged by this chunk?"""
    key = train_on, arguments
    return known.has(key) and ((record := known.of(key)) is None or record.diverged)


def progress_of(state, known) -> Progress | None:
    """The run as far as it is known; None before the limit is."""
    settings = state.settings
    problem, band = known.of(study.reading(settings).key), known(infinite_width_losses, settings)
    if problem is None or band is None:
        return None
    records = [
        known(train_on, chunks_of(settings, width)[i], settings, width, network)
        for i in range(len(settings.moments))
        for width in settings.widths
        for network in range(settings.networks)
    ]
    return Progress(settings, problem, band, [record for record in records if record is not None])
