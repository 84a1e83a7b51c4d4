"""Solutions to lesson 5. Each name is that of the notebook's own cell."""

import numpy as np

import jntk_viz as jv
from jntk_viz.lessons.problems import eight_points


def my_final(k_new, k_train, y, lam):
    """Regression on values and slopes; the target of the slopes is zero, and λ > 0 drops out."""
    n, block = k_train.shape[:2]
    target = np.zeros((n, block))
    target[:, 0] = y
    c = np.linalg.solve(k_train.reshape(n * block, n * block), target.ravel())
    return k_new.reshape(-1, block, n * block) @ c


def my_four(validation, test):
    """Each training's own time, chosen by the points left out; t = ∞ is no time to stop at."""
    stop = np.argmax(validation[:, :-1], axis=1)
    return np.stack([test[np.arange(2), stop], test[:, -1]], axis=1)


# 1 - exp(-e t/N) = 1/2 where t = N ln 2/e; the slowest direction has the smallest e.
_dynamics = jv.RobustDynamics(*eight_points(), depth=2, activation="gelu", lam=0.1)
my_time = 8 * np.log(2) / _dynamics.eigenvalues[0]
