"""Does the JNTK stay put while a network trains? Networks of three widths beside their limit.

Every network is trained by gradient descent on the Jacobian-regularised loss. At steps spread
logarithmically its JNTK Θ_t is compared with Θ_0, where it started, and with the limiting Θ, and
its outputs with the linear differential equation that the limit obeys, solved from the same
initial function and with the same learning rate.

Here is what is known without a network; `training` trains, `measures` sums up, `script` writes it
as a program.
"""

from typing import NamedTuple

import numpy as np

from jntk_viz.datasets import train_test_split
from jntk_viz.dynamics import LinearDynamics
from jntk_viz.engine.results import kept
from jntk_viz.engine.sources import available, load
from jntk_viz.engine.steps import Step
from jntk_viz.kernels import jacobian_nngp, jntk
from jntk_viz.pages.jntk_constancy.state import SOURCES, Settings, most_points
from jntk_viz.spectrum import SmallestEigenvalue, gram_smallest_eigenvalue
from jntk_viz.training import output_loss_parts

TEST_POINTS = 20


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


def prepare(settings: Settings) -> Problem:
    """Load the data and compute the limiting kernel and its linear dynamics.

    Raises ValueError, naming the remedy, for data that cannot be had.
    """
    return _prepared(*_limit_key(settings))


def _limit_key(settings: Settings) -> tuple:
    s = settings
    return s.data, s.points, s.activation, s.depth, s.kappa, s.lam, s.rate


@kept
def _prepared(data, points, activation, depth, kappa, lam, rate) -> Problem:
    dataset = load(data, **SOURCES[data].options)
    rows, d0 = dataset.x.shape
    points = most_points(d0, min(points, rows - 2))
    # Always the same split: the seed draws weights, so that the limit stays what it is.
    train, test = train_test_split(dataset, test_fraction=1 - points / rows, seed=0)
    x, x_test = train.x, test.x[:TEST_POINTS]
    kernel = {"depth": depth, "activation": activation, "kappa": kappa}
    theta = jntk(x, **kernel)
    dynamics = LinearDynamics(theta, train.y, lam=lam)
    return Problem(
        x,
        train.y,
        x_test,
        theta,
        jntk(x_test, x, **kernel),
        dynamics,
        rate * dynamics.stable_learning_rate,
        gram_smallest_eigenvalue(theta),
    )


@kept
def infinite_width_losses(settings: Settings, draws: int = 60) -> LossBand:
    """Both parts of the loss of infinitely wide networks, from `draws` random initial functions.

    Initial functions (f, J) on the training points are drawn from the limiting Gaussian process;
    each then follows the linear equation, without any network.
    """
    problem = prepare(settings)
    covariance = jacobian_nngp(problem.x, **settings.kernel)
    shape = covariance.shape[:2]
    values, vectors = np.linalg.eigh(covariance.reshape(2 * (shape[0] * shape[1],)))
    root = vectors * np.sqrt(np.maximum(values, 0))
    normal = np.random.default_rng(settings.seed).standard_normal((draws, len(values)))
    steps, eta = settings.moments[1:], problem.learning_rate
    with np.errstate(over="ignore", invalid="ignore"):  # past the stability limit
        outputs = [
            [problem.dynamics.train(k * eta, learning_rate=eta, initial=u0) for k in steps]
            for u0 in (normal @ root.T).reshape(draws, *shape)
        ]
        parts = output_loss_parts(np.array(outputs), problem.y)
    return LossBand(steps, *(np.quantile(part, (0.1, 0.5, 0.9), axis=0) for part in parts))


def reading(settings: Settings) -> Step:
    """The first step of all: the data and the limiting kernel."""
    waits = not available(settings.data)
    return Step(_prepared, _limit_key(settings), "Computing the limiting kernel", waits)
