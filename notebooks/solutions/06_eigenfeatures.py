"""Solutions to lesson 6. Each name is that of the notebook's own cell."""

import numpy as np


def my_null(accuracy, robustness, order):
    # What moves is the rate at which right answers survive, so that robust stays below accurate.
    survival = robustness / accuracy
    return accuracy * survival[order]


def my_margin(f, J, x, y, epsilon):
    along = np.sum(J * x, axis=1)
    tangent = J - along[:, None] * x
    return y * f - epsilon * np.sqrt(np.sum(tangent**2, axis=1))
