"""The training of the constancy study: networks of three widths in step, measured as they go."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import NamedTuple

import jax
import numpy as np
from scipy.sparse.linalg import eigsh

from jntk_viz.finite import finite_jntk
from jntk_viz.mlp import MLP
from jntk_viz.pages.jntk_constancy.study import (
    JNTKConstancyState,
    LossBand,
    Problem,
    infinite_width_losses,
    prepare,
)
from jntk_viz.training import output_loss_parts, training_chunks

EMIT_SECONDS = 0.3  # between two partial results
CHUNK_SECONDS = 0.08  # training stops this often to see whether it should go on
SETUP_SHARE = 0.3  # of the progress bar, for compiling the networks
DIVERGED = 1e6  # times the initial loss
# Weights · points · steps of all networks: some ten minutes on two cores, 200 times what the page
# shows first.
MOST_EFFORT = 1e12
KEPT_ROWS = 40  # of the kernels that are kept to be looked at
DENSE_ROWS = 200  # from here on the largest eigenvalue is found by iteration


class Snapshot(NamedTuple):
    """What is kept to be drawn of one network at one step, in single precision.

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

    settings: JNTKConstancyState
    problem: Problem
    band: LossBand
    records: list[Record]


def check_effort(settings: JNTKConstancyState, points: int) -> None:
    """Refuse what each setting allows, but all of them together make a matter of an hour."""
    weights = sum((settings.depth - 1) * w**2 + w for w in settings.widths)
    effort = settings.networks * settings.steps * points * weights
    if effort > MOST_EFFORT:
        raise ValueError(
            f"{settings.networks} networks of {settings.depth} layers and up to {settings.widest} "
            f"neurons, on {points} points for {settings.steps} steps: {effort / MOST_EFFORT:.1f} "
            "times as long as a page may compute. Choose fewer `steps` or `networks`, a smaller "
            "`widest` network or `depth`; the Python program under “Save as a file” has no limit."
        )


def watch(settings: JNTKConstancyState, job) -> Progress:
    """The whole experiment, for running in the background of a page.

    job.progress(fraction, text) is called throughout and may raise to stop; job.emit(Progress)
    about three times a second, first of all before any network is trained. Raises ValueError where
    it would all take too long.
    """
    job.progress(0, "Computing the limiting kernel")
    problem = prepare(settings)
    check_effort(settings, len(problem.x))
    band = infinite_width_losses(
        settings, problem, tick=lambda: job.progress(0, "Solving the linear equation")
    )
    records: list[Record] = []
    job.emit(Progress(settings, problem, band, []))
    shown = -np.inf
    for record in run(settings, problem, job.progress):
        records.append(record)
        if time.monotonic() - shown > EMIT_SECONDS:
            job.emit(Progress(settings, problem, band, list(records)))
            shown = time.monotonic()
    return Progress(settings, problem, band, records)


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
    start = np.ones(rows)  # not at random: the same run gives the same digits
    return float(
        abs(eigsh(matrix, k=1, which="LM", v0=start, tol=1e-6, return_eigenvectors=False)[0])
    )


@dataclass
class _Network:
    """One finite network under training, and what it started from."""

    state: JNTKConstancyState
    problem: Problem
    width: int
    network: int
    step: int = 0
    diverged: bool = False
    seconds_a_step: float = CHUNK_SECONDS

    def __post_init__(self):
        self.mlp = MLP(self.problem.x.shape[1], self.width, **self.state.kernel)
        # The generator "rbg" compiles three times faster than JAX's default one.
        key = jax.random.key(self.state.seed, impl="rbg")
        for number in (self.width, self.network):
            key = jax.random.fold_in(key, number)
        self.params = self.mlp.init(key)
        self.theta_start, self.start = self._theta(), self._outputs()
        self._train(1)  # compiles; thrown away

    def _theta(self) -> np.ndarray:
        return np.asarray(finite_jntk(self.mlp, self.params, self.problem.x), dtype=np.float64)

    def _outputs(self) -> np.ndarray:
        """(f, J) on the training points, then on the test points."""
        x = np.concatenate([self.problem.x, self.problem.x_test])
        return np.asarray(self.mlp.value_and_jacobian(self.params, x), dtype=np.float64)

    def _train(self, steps: int) -> list:
        p = self.problem
        chunks = training_chunks(
            self.mlp, self.params, p.x, p.y,
            lam=self.state.lam, learning_rate=p.learning_rate, steps=steps, chunk=steps,
        )  # fmt: skip
        *_, (_, params) = chunks
        return params

    def advance(self, step: int) -> Iterator[int]:
        """Train up to `step`, yielding after each short chunk how many steps it had."""
        while self.step < step:
            chunk = int(np.clip(CHUNK_SECONDS / self.seconds_a_step, 1, step - self.step))
            start = time.perf_counter()
            self.params = self._train(chunk)
            self.seconds_a_step = (time.perf_counter() - start) / chunk
            self.step += chunk
            yield chunk

    def measure(self) -> Record:
        p, n = self.problem, len(self.problem.x)
        outputs, theta = self._outputs(), self._theta()
        fit, jacobian = map(float, output_loss_parts(outputs[:n], p.y))
        loss = fit + self.state.lam * jacobian
        first_fit, first_jacobian = output_loss_parts(self.start[:n], p.y)
        first = first_fit + self.state.lam * first_jacobian
        self.diverged = not (loss < DIVERGED * first and np.isfinite(theta).all())
        if self.diverged:
            return Record(self.width, self.network, self.step)
        with np.errstate(over="ignore", invalid="ignore"):  # past the stability limit
            ode = self._linear()
            test, train = _relative(outputs[n:], ode[n:]), _relative(outputs[:n], ode[:n])
            kept = None if self.network else self._snapshot(theta, outputs, ode)
        return Record(
            self.width, self.network, self.step,
            _relative(theta, self.theta_start), _relative(theta, p.theta),
            operator_norm(theta - p.theta), test, train, fit, jacobian, kept,
        )  # fmt: skip

    def _linear(self) -> np.ndarray:
        """What the linear equation makes of this network's start; rows as in `_outputs`."""
        p, n = self.problem, len(self.problem.x)
        c = p.dynamics.coefficients(
            self.step * p.learning_rate, learning_rate=p.learning_rate, initial=self.start[:n]
        )
        moved = [np.tensordot(gram, c, axes=2) for gram in (p.theta, p.cross_gram)]
        return self.start + np.concatenate(moved)

    def _snapshot(self, theta, outputs, ode) -> Snapshot:
        k = kept_points(self.problem.x.shape[1], len(self.problem.x))
        return Snapshot(*(a.astype(np.float32) for a in (theta[:k, :, :k], outputs, ode)))


def _relative(a: np.ndarray, b: np.ndarray) -> float:
    """‖a - b‖/‖b‖."""
    return float(np.linalg.norm(a - b) / np.linalg.norm(b))


def run(
    state: JNTKConstancyState,
    problem: Problem | None = None,
    tick: Callable[[float, str], None] = lambda fraction, text: None,
) -> Iterator[Record]:
    """Train all networks and yield a `Record` of each at each moment, all of them in step.

    tick(fraction, text): called at least every tenth of a second once the networks are compiled;
        an exception in it stops the run.
    """
    problem = problem or prepare(state)
    networks = []
    for network in _prepared_networks(state, problem, tick):
        networks.append(network)
        yield network.measure()
    cost = {width: 1 + (width / 64) ** 2 for width in state.widths}
    total, done = state.steps * state.networks * sum(cost.values()), 0.0
    for step in map(int, state.moments[1:]):
        for network in networks:
            if network.diverged:
                continue
            for chunk in network.advance(step):
                done += chunk * cost[network.width]
                tick(SETUP_SHARE + (1 - SETUP_SHARE) * done / total, f"Step {step}")
            yield network.measure()


def _prepared_networks(state, problem, tick) -> Iterator[_Network]:
    """All networks, narrow ones first; two widths are compiled at a time."""
    pool = ThreadPoolExecutor(2)
    first = {w: pool.submit(_Network, state, problem, w, 0) for w in state.widths}
    try:
        for i, (width, future) in enumerate(first.items()):
            while not future.done():
                tick(SETUP_SHARE * i / len(first), f"Preparing the networks of width {width}")
                wait([future], timeout=0.1)
            yield future.result()
            for number in range(1, state.networks):
                tick(SETUP_SHARE * (i + 1) / len(first), f"Preparing the networks of width {width}")
                yield _Network(state, problem, width, number)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
