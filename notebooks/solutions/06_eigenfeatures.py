"""Solutions to lesson 6. Each name is that of the notebook's own cell."""

import numpy as np


def my_feature(k_new, e, v, root, target):
    return k_new @ (root * v) * (v @ (root * target)) / e


def my_margin(f, J, x, y, epsilon):
    along = np.sum(J * x, axis=1)
    tangent = J - along[:, None] * x
    return y * f - epsilon * np.sqrt(np.sum(tangent**2, axis=1))
