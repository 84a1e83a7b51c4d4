"""Solutions to lesson 4. Each name is that of the notebook's own cell."""

import numpy as np

import jntk_viz as jv
from jntk_viz.lessons.problems import eight_points


def my_loss(f, J, y, lam):
    return np.mean((f - y) ** 2 + lam * np.sum(J**2, axis=1)) / 2


def my_velocity(theta, u, y, lam):
    error = u.copy()
    error[:, 0] -= y
    error[:, 1:] *= lam
    return -np.tensordot(theta, error, axes=2) / len(y)


# |1 - ηe/N| < 1 for every eigenvalue, so η < 2N/e_max.
_root = np.sqrt(np.tile([1, 0.1, 0.1], 8))
_theta = jv.jntk(eight_points()[0], depth=2, activation="gelu").reshape(24, 24)
my_rate = 2 * 8 / np.linalg.eigvalsh(_root[:, None] * _theta * _root)[-1]
