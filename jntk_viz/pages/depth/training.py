"""Robust training against depth: the best robust accuracy, when it is reached, and the end.

Each of iris' flowers is tested once: of FOLDS parts one is held back for the test, the next chooses
λ and the stopping time, and the others are trained on. Robust is a point for which a search by
projected gradients finds no change of size ε that flips it. The first-order attack would mislead
here: in chaos slopes change within ε, and it calls points fragile that no search can flip.
"""

from typing import NamedTuple

import numpy as np
import scipy.stats

from jntk_viz.attacks import pgd_margin
from jntk_viz.datasets import Dataset, load_dataset
from jntk_viz.dynamics import KernelPredictor, LinearDynamics
from jntk_viz.engine.results import kept
from jntk_viz.frame.robustness import folds
from jntk_viz.kernels import jntk
from jntk_viz.pages.depth.state import Network

DEPTHS = (1, 3, 8, 20, 40)
FOLDS = 4
# In units of N/e_max, in which gradient descent takes one step at half of its largest stable rate.
# Beyond the last finite one even the slowest mode above the noise floor has been learned.
TIMES = (*(10.0**k for k in range(14)), np.inf)
SEARCH = {"steps": 5, "restarts": 0}


class Trained(NamedTuple):
    """Training of one network, judged at every flower while that is in the test part.

    best, end, clean: (n,) booleans, right under attack at the chosen time and at t = ∞, and right
    unchanged at the chosen time.  times: (FOLDS,), chosen, in N/e_max.  lams: (FOLDS,), chosen.
    refused: why the library refuses this depth, or empty; then there are no points.
    """

    best: np.ndarray
    end: np.ndarray
    clean: np.ndarray
    times: np.ndarray
    lams: np.ndarray
    refused: str = ""

    @property
    def steps(self) -> float:
        """Geometric mean of the chosen times."""
        return float(np.exp(np.mean(np.log(self.times)))) if len(self.times) else np.nan


@kept
def gram(data: str, network: Network, depth: int) -> np.ndarray:
    """The Jacobian NTK of a whole data set."""
    return jntk(load_dataset(data).x, depth=depth, **network._asdict())


@kept
def trained(
    data: str, network: Network, depth: int, lams: tuple[float, ...], epsilon: float, seed: int
) -> Trained:
    """`judged` on a whole data set; says why where the library refuses this depth."""
    try:
        whole = gram(data, network, depth)
    except ValueError as error:
        none, nothing = np.zeros(0, bool), np.zeros(0)
        return Trained(none, none, none, nothing, nothing, str(error))
    return judged(load_dataset(data), whole, network, depth, lams, epsilon, seed)


def judged(
    dataset: Dataset, whole, network: Network, depth: int, lams, epsilon: float, seed: int
) -> Trained:
    """Choose among `lams` and finite TIMES by one part of the data, test on another, by turns.

    Chosen is what is most robust on the validation part; accuracy breaks ties, then the earlier
    time, then the smaller λ. The end, t = ∞, is that of the chosen λ.

    - `whole`: (n, 1+d0, n, 1+d0), the network's JNTK.
    """
    fold = folds(dataset.y, FOLDS, seed)
    right, chosen = np.zeros((3, len(fold)), bool), []
    for k in range(FOLDS):
        test, validation = fold == k, fold == (k + 1) % FOLDS
        used = ~test & ~validation
        under, found = Under(dataset.x[used], network, depth, epsilon), []
        for lam in sorted(lams):
            dynamics = LinearDynamics(whole[used][:, :, used], dataset.y[used], lam=lam)
            unit = dynamics.n / dynamics.eigenvalues[-1]
            coefficients = np.stack([dynamics.coefficients(t * unit) for t in TIMES])
            robust, clean = under.attack(coefficients[:-1], part(dataset, validation))
            scores = zip(robust.mean(axis=1), clean.mean(axis=1), strict=True)
            i, score = max(enumerate(scores), key=lambda scored: (*scored[1], -scored[0]))
            found.append(((*score, -i, -lam), coefficients[[i, -1]]))
        (*_, place, lam), both = max(found, key=lambda one: one[0])
        robust, clean = under.attack(both, part(dataset, test))
        right[:, test] = robust[0], robust[1], clean[0]
        chosen.append((TIMES[-place], -lam))
    return Trained(*right, *np.array(chosen).T)


def part(dataset: Dataset, wanted: np.ndarray) -> Dataset:
    """The points of a data set that are `wanted`, (n,) booleans."""
    return dataset._replace(x=dataset.x[wanted], y=dataset.y[wanted])


class Under(NamedTuple):
    """Predictors of one network trained on x, under an attack of size ε (L2)."""

    x: np.ndarray
    network: Network
    depth: int
    epsilon: float

    def attack(self, coefficients, points: Dataset) -> tuple[np.ndarray, np.ndarray]:
        """Points that each predictor has right under attack, and unchanged: (k, m) each.

        All predictors are asked at once, since most of a call is spent on the kernel.

        - `coefficients`: (k, N, 1+d0).
        """
        k, m = len(coefficients), len(points.y)
        columns = np.moveaxis(coefficients, 0, -1)
        kernel = self.network._asdict() | {"depth": self.depth, "kappa": 1.0}
        every = KernelPredictor(self.x, columns, **kernel)
        own = np.repeat(np.arange(k), m)  # the predictor that each row is for; again per restart

        def predictor(x):
            return every(x)[np.arange(len(x)), :, np.resize(own, len(x))]

        x, y = np.tile(points.x, (k, 1)), np.tile(points.y, k)
        worst = pgd_margin(predictor, x, y, epsilon=self.epsilon, **SEARCH)
        return (worst > 0).reshape(k, m), (y * predictor(x)[:, 0] > 0).reshape(k, m)


def interval(right) -> tuple[float, float, float]:
    """The share of points that are right, and its 95 % interval (Wilson)."""
    count, total = int(np.sum(right)), len(right)
    ends = scipy.stats.binomtest(count, total).proportion_ci(method="wilson")
    return count / total, float(ends.low), float(ends.high)


class Course(NamedTuple):
    """Over DEPTHS, NaN where not known: robust accuracy at the chosen time, its interval, that at
    the end; the mean of the chosen times, the earliest and the latest."""

    best: np.ndarray
    low: np.ndarray
    high: np.ndarray
    end: np.ndarray
    steps: np.ndarray
    first: np.ndarray
    last: np.ndarray


def course(found: list[Trained | None]) -> Course:
    """The numbers of one network, as far as they are known."""
    rows = [
        [np.nan] * len(Course._fields)
        if one is None or one.refused
        else [*interval(one.best), one.end.mean(), one.steps, one.times.min(), one.times.max()]
        for one in found
    ]
    return Course(*np.array(rows, float).T)
