"""Does the JNTK stay put while a network trains? Networks of three widths beside their limit.

Every network is trained by gradient descent on the Jacobian-regularised loss. At steps spread
logarithmically its JNTK Θ_t is compared with Θ_0, where it started, and with the limiting Θ, and
its outputs with the linear differential equation that the limit obeys, solved from the same
initial function and with the same learning rate.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import NamedTuple

import jax
import numpy as np
import param

from jntk_viz.activations import ACTIVATIONS
from jntk_viz.datasets import dataset_available, load_dataset, train_test_split
from jntk_viz.dynamics import LinearDynamics
from jntk_viz.finite import finite_jntk
from jntk_viz.kernels import jacobian_nngp, jntk
from jntk_viz.mlp import MLP
from jntk_viz.spectrum import SmallestEigenvalue, gram_smallest_eigenvalue
from jntk_viz.studies.rates import PowerLaw, power_law
from jntk_viz.training import output_loss_parts, training_chunks

MOMENTS = 25  # steps at which everything is measured
TEST_POINTS = 20
MOST_ROWS = 700  # N(1+d0): beyond it the kernel of a network takes too long to be watched
EMIT_SECONDS = 0.3  # between two partial results
CHUNK_SECONDS = 0.08  # training stops this often to see whether it should go on
SETUP_SHARE = 0.3  # of the progress bar, for compiling the networks
DIVERGED = 1e6  # times the initial loss

# Menu entry and options of the loader.
SOURCES = {
    "iris": ("Iris", {}),
    "wine": ("Wine", {}),
    "breast_cancer": ("Breast cancer, 6 components", {"n_components": 6}),
    "circle": ("Circle", {"n": 63}),
    "sphere": ("Sphere in R⁴", {"n": 64}),
    "algerian_forest_fires": ("Algerian forest fires", {}),
    "banknote": ("Banknotes", {}),
    "sonar": ("Sonar", {}),
}
QUANTITIES = ("drift", "to_limit", "deviation")


def source_labels() -> dict[str, str]:
    """Menu entry → data set, saying which of them have to be downloaded first."""
    return {
        label + ("" if dataset_available(name) else " (download)"): name
        for name, (label, _) in SOURCES.items()
    }


class JNTKConstancyState(param.Parameterized):
    """Everything that the page shows follows from these values."""

    data = param.Selector(default="iris", objects=list(SOURCES), label="Data set")
    points = param.Integer(
        20,
        bounds=(4, 32),
        step=4,
        label="Points N",
        doc="Training points; up to 20 others are tested.",
    )
    widest = param.Selector(
        default=512,
        objects=[128, 256, 512, 1024, 2048],
        label="Widest network",
        doc="The other two are 4 and 16 times narrower. Doubling it takes about 5 times as long.",
    )
    networks = param.Integer(3, bounds=(1, 5), label="Networks", doc="How many of each width.")
    depth = param.Integer(2, bounds=(1, 4), label="Depth L", doc="Number of hidden layers.")
    activation = param.Selector(
        default="gelu",
        objects=[name for name, activation in ACTIVATIONS.items() if activation.smooth],
        label="Activation φ",
        doc="Smooth ones only: the Jacobian NTK contains φ'', which ReLU does not have.",
    )
    lam = param.Selector(
        default=0.1,
        objects=[0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0],
        label="Regulariser λ",
        doc="Weight of the squared input Jacobian in the loss; 0 is standard training.",
    )
    kappa = param.Selector(
        default=1.0,
        objects=[0.1, 0.25, 0.5, 1.0, 2.0, 4.0],
        label="Scale κ",
        doc="Output scale: multiplies the network; smaller, and the weights have to move further.",
    )
    rate = param.Selector(
        default=0.25,
        objects=[0.05, 0.1, 0.25, 0.5, 0.75, 0.95, 1.05, 1.5, 2.0],
        label="Learning rate ÷ limit",
        doc="The stability limit is 2N/e_max, with e_max the limiting kernel's largest eigenvalue.",
    )
    steps = param.Selector(default=300, objects=[30, 100, 300, 1000, 3000], label="Training steps")
    seed = param.Integer(0, bounds=(0, 9999), doc="Seed of the weights.")
    followed = param.Selector(
        default="widest",
        objects=["narrowest", "middle", "widest"],
        label="Outputs shown of the",
        doc="Whose first network is drawn beside the linear equation.",
    )

    @property
    def widths(self) -> tuple[int, int, int]:
        return self.widest // 16, self.widest // 4, self.widest

    @property
    def kernel(self) -> dict:
        """Keywords of the limiting kernels."""
        return {"depth": self.depth, "activation": self.activation, "kappa": self.kappa}

    def snapshot(self) -> "JNTKConstancyState":
        """A copy that stays as it is, for work beside which the reader changes the settings."""
        values = self.param.values()
        return type(self)(**{k: v for k, v in values.items() if k != "name"})


class Problem(NamedTuple):
    """The data and everything that is known without training a network.

    x: (N, d0), y: (N,), x_test: (m, d0). theta: (N, 1+d0, N, 1+d0), cross_gram: (m, 1+d0, N, 1+d0).
    dynamics: the linear equation of the limit, to be followed with `learning_rate`.
    """

    x: np.ndarray
    y: np.ndarray
    x_test: np.ndarray
    theta: np.ndarray
    cross_gram: np.ndarray
    dynamics: LinearDynamics
    learning_rate: float
    smallest: SmallestEigenvalue


class Record(NamedTuple):
    """One network at one step; a network that has `diverged` has no numbers.

    drift: ‖Θ_t - Θ_0‖/‖Θ_0‖, to_limit: ‖Θ_t - Θ‖/‖Θ‖ (Frobenius, on the training points),
    deviation: ‖u_t - u_t^ODE‖/‖u_t^ODE‖ at the test points, u being (f, J).
    fit, jacobian: the parts of the loss. outputs, ode_outputs: u_t and u_t^ODE, (m, 1+d0).
    """

    width: int
    network: int
    step: int
    drift: float = np.nan
    to_limit: float = np.nan
    deviation: float = np.nan
    fit: float = np.nan
    jacobian: float = np.nan
    outputs: np.ndarray | None = None
    ode_outputs: np.ndarray | None = None

    @property
    def diverged(self) -> bool:
        return self.outputs is None


class LossBand(NamedTuple):
    """10 %, 50 % and 90 % quantiles over infinitely wide networks of both parts of the loss.

    steps: (T,), from 1 on. fit, jacobian: (3, T).
    """

    steps: np.ndarray
    fit: np.ndarray
    jacobian: np.ndarray


class Summary(NamedTuple):
    """All networks at the last step that all of them have reached.

    errors: quantity → (widths, errors), one for each network. laws: quantity → their PowerLaw.
    diverged: width → step, of the networks that were lost.
    """

    step: int
    errors: dict[str, tuple[np.ndarray, np.ndarray]]
    laws: dict[str, PowerLaw]
    diverged: dict[int, int]

    def median(self, quantity: str, width: int) -> float:
        """Over the networks of one width; NaN if there is none yet."""
        widths, errors = self.errors[quantity]
        return float(np.median(errors[widths == width])) if width in widths else np.nan


class Progress(NamedTuple):
    """A run so far: all that a page draws."""

    settings: JNTKConstancyState
    problem: Problem
    band: LossBand
    records: list[Record]


def prepare(state: JNTKConstancyState) -> Problem:
    """Load the data and compute the limiting kernel and its linear dynamics.

    Raises ValueError, naming the remedy, for data that cannot be had.
    """
    _, options = SOURCES[state.data]
    dataset = load_dataset(state.data, **options)
    rows, d0 = dataset.x.shape
    points = min(state.points, max(4, MOST_ROWS // (1 + d0)))
    # Always the same split: the seed draws weights, so that the limit stays what it is.
    train, test = train_test_split(dataset, test_fraction=1 - points / rows, seed=0)
    x, x_test = train.x, test.x[:TEST_POINTS]
    theta = jntk(x, **state.kernel)
    dynamics = LinearDynamics(theta, train.y, lam=state.lam)
    return Problem(
        x,
        train.y,
        x_test,
        theta,
        jntk(x_test, x, **state.kernel),
        dynamics,
        state.rate * dynamics.stable_learning_rate,
        gram_smallest_eigenvalue(theta),
    )


def watch(settings: JNTKConstancyState, job) -> Progress:
    """The whole experiment, for running in the background of a page.

    job.progress(fraction, text) is called throughout and may raise to stop; job.emit(Progress)
    about three times a second, first of all before any network is trained.
    """
    job.progress(0, "Computing the limiting kernel")
    problem = prepare(settings)
    job.progress(0, "Solving the linear equation")
    band, records = infinite_width_losses(settings, problem), []
    job.emit(Progress(settings, problem, band, []))
    shown = -np.inf
    for record in run(settings, problem, job.progress):
        records.append(record)
        if time.monotonic() - shown > EMIT_SECONDS:
            job.emit(Progress(settings, problem, band, list(records)))
            shown = time.monotonic()
    return Progress(settings, problem, band, records)


def record_steps(steps: int) -> np.ndarray:
    """0 and up to 25 steps from 1 to `steps`, spread logarithmically."""
    return np.unique(np.append(0, np.geomspace(1, steps, MOMENTS).round())).astype(int)


def infinite_width_losses(state: JNTKConstancyState, problem: Problem, draws=60) -> LossBand:
    """Both parts of the loss of infinitely wide networks, from `draws` random initial functions.

    Initial functions (f, J) on the training points are drawn from the limiting Gaussian process;
    each then follows the linear equation, without any network.
    """
    covariance = jacobian_nngp(problem.x, **state.kernel)
    shape = covariance.shape[:2]
    values, vectors = np.linalg.eigh(covariance.reshape(2 * (shape[0] * shape[1],)))
    root = vectors * np.sqrt(np.maximum(values, 0))
    normal = np.random.default_rng(state.seed).standard_normal((draws, len(values)))
    steps, eta = record_steps(state.steps)[1:], problem.learning_rate
    with np.errstate(over="ignore", invalid="ignore"):  # past the stability limit
        outputs = [
            [problem.dynamics.train(k * eta, learning_rate=eta, initial=u0) for k in steps]
            for u0 in (normal @ root.T).reshape(draws, *shape)
        ]
        parts = output_loss_parts(np.array(outputs), problem.y)
    return LossBand(steps, *(np.quantile(part, (0.1, 0.5, 0.9), axis=0) for part in parts))


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
        n, p, t = len(self.problem.x), self.problem, self.step * self.problem.learning_rate
        outputs, theta = self._outputs(), self._theta()
        fit, jacobian = map(float, output_loss_parts(outputs[:n], p.y))
        loss = fit + self.state.lam * jacobian
        first = sum(output_loss_parts(self.start[:n], p.y))
        self.diverged = not (loss < DIVERGED * first and np.isfinite(theta).all())
        if self.diverged:
            return Record(self.width, self.network, self.step)
        with np.errstate(over="ignore", invalid="ignore"):  # past the stability limit
            ode = p.dynamics.predict(
                p.cross_gram, t, learning_rate=p.learning_rate,
                initial=self.start[:n], initial_test=self.start[n:],
            )  # fmt: skip
            deviation = _relative(outputs[n:], ode)
        return Record(
            self.width, self.network, self.step,
            _relative(theta, self.theta_start), _relative(theta, p.theta), deviation,
            fit, jacobian, outputs[n:], ode,
        )  # fmt: skip


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
    for step in record_steps(state.steps)[1:]:
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


def lines(records: list[Record], widths, quantity: str) -> list[tuple[np.ndarray, np.ndarray]]:
    """For each width (steps, values) of one quantity, networks separated by NaN.

    Step 0 is left out: the axis of steps is logarithmic.
    """
    result = []
    for width in widths:
        curve: list[tuple[float, float]] = []
        of_width = [r for r in records if r.width == width and r.step and not r.diverged]
        for number in sorted({r.network for r in of_width}):
            curve += [(r.step, getattr(r, quantity)) for r in of_width if r.network == number]
            curve.append((np.nan, np.nan))
        steps, values = np.array(curve, dtype=float).reshape(-1, 2).T
        result.append((steps, values))
    return result


def trajectories(records: list[Record], width: int, points=3) -> dict[str, tuple]:
    """f and J_1 at the first test points over the steps, of the first network of a width.

    Keys "f", "f_ode", "jacobian", "jacobian_ode", each (steps, values), points separated by NaN.
    """
    own = [r for r in records if r.width == width and r.network == 0 and r.step and not r.diverged]
    steps = np.array([r.step for r in own] + [np.nan])
    result = {}
    for name, index, count in (("f", 0, points), ("jacobian", 1, 1)):
        for suffix, which in (("", "outputs"), ("_ode", "ode_outputs")):
            values = np.array([getattr(r, which)[:count, index] for r in own]).reshape(-1, count)
            gap = np.full((1, count), np.nan)
            result[name + suffix] = np.tile(steps, count), np.vstack([values, gap]).T.ravel()
    return result


def final_errors(records: list[Record]) -> Summary:
    """Errors of all networks at the last step that all of them have reached, and their slopes.

    Networks that diverged are left out and named.
    """
    latest = {(r.width, r.network): r for r in records}
    diverged = {r.width: r.step for r in records if r.diverged}
    alive = [key for key, r in latest.items() if not r.diverged]
    step = min((latest[key].step for key in alive), default=0)
    at_step = [r for r in records if r.step == step and (r.width, r.network) in alive]
    errors, laws = {}, {}
    for quantity in QUANTITIES:
        pairs = [(r.width, getattr(r, quantity)) for r in at_step]
        pairs = [(w, e) for w, e in pairs if np.isfinite(e) and e > 0]
        widths, values = np.array(pairs, dtype=float).reshape(-1, 2).T
        errors[quantity] = widths, values
        if len(np.unique(widths)) > 1:
            laws[quantity] = power_law(widths, values)
    return Summary(step, errors, laws, diverged)
