"""Does the JNTK stay put while a network trains? Networks of three widths beside their limit.

Every network is trained by gradient descent on the Jacobian-regularised loss. At steps spread
logarithmically its JNTK Θ_t is compared with Θ_0, where it started, and with the limiting Θ, and
its outputs with the linear differential equation that the limit obeys, solved from the same
initial function and with the same learning rate.

Here are the settings and what is known without a network; jntk_constancy_training trains,
jntk_constancy_measures sums up, jntk_constancy_script writes it as a program.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import param

from jntk_viz.activations import ACTIVATIONS
from jntk_viz.datasets import train_test_split
from jntk_viz.dynamics import LinearDynamics
from jntk_viz.engine import sources
from jntk_viz.kernels import jacobian_nngp, jntk
from jntk_viz.spectrum import SmallestEigenvalue, gram_smallest_eigenvalue
from jntk_viz.training import output_loss_parts

MOMENTS = 25  # steps after the start at which everything is measured
TEST_POINTS = 20
MOST_ROWS = 700  # N(1+d0): beyond it the kernel of a network takes too long to be watched

# Menu entry and options of the loader.
SOURCES = sources.Sources(
    {
        "iris": ("Iris", {}),
        "wine": ("Wine", {}),
        "breast_cancer": ("Breast cancer, 6 components", {"n_components": 6}),
        "circle": ("Circle", {"n": 63}),
        "sphere": ("Sphere in R⁴", {"n": 64}),
        "algerian_forest_fires": ("Algerian forest fires", {}),
        "banknote": ("Banknotes", {}),
        "sonar": ("Sonar", {}),
    },
    own=lambda label, dataset: (label, {}),
    points=lambda entry, dataset: most_points(dataset.x.shape[1], 32),
)
# A change of any of these starts the training again.
TRAINED = (
    "data", "points", "networks", "activation", "depth", "kappa",
    "widest", "lam", "rate", "steps", "seed",
)  # fmt: skip


def most_points(in_size: int, wanted: int) -> int:
    """As many points as are wanted, if their kernel has few enough rows."""
    return min(wanted, max(2, MOST_ROWS // (1 + in_size)))


class JNTKConstancyState(param.Parameterized):
    """Everything that the page shows follows from these values."""

    view = param.Selector(
        default="training",
        objects={"Training": "training", "Outputs": "outputs", "Kernel": "kernel"},
        label="View",
    )
    data = param.Selector(default="iris", objects=list(SOURCES), label="Data set")
    points = param.Integer(
        20,
        bounds=(2, 32),
        step=2,
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
    moment = param.Integer(
        MOMENTS,
        bounds=(0, MOMENTS),
        label="Moment",
        doc="What is shown of the training: 0 is its start, 25 its end. Nothing is trained again.",
    )
    followed = param.Selector(
        default="widest",
        objects=["narrowest", "middle", "widest"],
        label="Network",
        doc="Whose first network is drawn beside the limit.",
    )
    against = param.Selector(
        default="limit",
        objects={"limit": "limit", "start": "start"},
        label="Difference from",
        doc="From the limiting kernel, or from the network's own kernel before training.",
    )

    @property
    def widths(self) -> tuple[int, int, int]:
        return self.widest // 16, self.widest // 4, self.widest

    @property
    def width(self) -> int:
        """Of the network that is followed."""
        return self.widths[self.param.followed.objects.index(self.followed)]

    @property
    def moments(self) -> np.ndarray:
        """Steps at which everything is measured, from 0 to `steps`; (26,)."""
        return record_steps(self.steps)

    @property
    def shown_step(self) -> int:
        """The step that is looked at."""
        return int(self.moments[self.moment])

    @property
    def run_key(self) -> tuple:
        """What a run depends on."""
        return tuple(getattr(self, name) for name in TRAINED)

    @property
    def kernel(self) -> dict:
        """Keywords of the limiting kernels."""
        return {"depth": self.depth, "activation": self.activation, "kappa": self.kappa}

    def snapshot(self) -> "JNTKConstancyState":
        """A copy that stays as it is, for work beside which the reader changes the settings."""
        copy = type(self)()
        copy.param.data.objects = self.param.data.get_range()  # a visitor's table among them
        values = self.param.values()
        copy.param.update(**{k: v for k, v in values.items() if k != "name"})
        return copy


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


class LossBand(NamedTuple):
    """10 %, 50 % and 90 % quantiles over infinitely wide networks of both parts of the loss.

    steps: (T,), from 1 on. fit, jacobian: (3, T).
    """

    steps: np.ndarray
    fit: np.ndarray
    jacobian: np.ndarray


def prepare(state: JNTKConstancyState) -> Problem:
    """Load the data and compute the limiting kernel and its linear dynamics.

    Raises ValueError, naming the remedy, for data that cannot be had.
    """
    _, options = SOURCES[state.data]
    dataset = sources.load(state.data, **options)
    rows, d0 = dataset.x.shape
    points = most_points(d0, min(state.points, rows - 2))
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


def record_steps(steps: int) -> np.ndarray:
    """0 and 25 different steps from 1 to `steps` ≥ 25, spread as logarithmically as they can."""
    order = np.arange(MOMENTS)
    spread = np.geomspace(1, steps, MOMENTS).round().astype(int)
    return np.append(0, np.maximum.accumulate(spread - order) + order)


def infinite_width_losses(
    state: JNTKConstancyState, problem: Problem, draws=60, tick: Callable[[], None] = lambda: None
) -> LossBand:
    """Both parts of the loss of infinitely wide networks, from `draws` random initial functions.

    Initial functions (f, J) on the training points are drawn from the limiting Gaussian process;
    each then follows the linear equation, without any network. `tick` is called for each.
    """
    covariance = jacobian_nngp(problem.x, **state.kernel)
    shape = covariance.shape[:2]
    values, vectors = np.linalg.eigh(covariance.reshape(2 * (shape[0] * shape[1],)))
    root = vectors * np.sqrt(np.maximum(values, 0))
    normal = np.random.default_rng(state.seed).standard_normal((draws, len(values)))
    steps, eta = record_steps(state.steps)[1:], problem.learning_rate
    outputs = []
    with np.errstate(over="ignore", invalid="ignore"):  # past the stability limit
        for u0 in (normal @ root.T).reshape(draws, *shape):
            tick()
            outputs.append(
                [problem.dynamics.train(k * eta, learning_rate=eta, initial=u0) for k in steps]
            )
        parts = output_loss_parts(np.array(outputs), problem.y)
    return LossBand(steps, *(np.quantile(part, (0.1, 0.5, 0.9), axis=0) for part in parts))
