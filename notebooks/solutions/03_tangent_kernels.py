"""Solutions to lesson 3. Each name is that of the notebook's own cell."""

import numpy as np


def my_ntk(v, w, x1, x2, kappa):
    """∂f/∂v_i = κ/√d tanh(w_i·x) and ∂f/∂w_i = κ/√d v_i tanh'(w_i·x) x, summed over i."""
    h1, h2 = np.tanh(x1 @ w.T), np.tanh(x2 @ w.T)
    last = h1 @ h2.T
    first = ((1 - h1**2) * v) @ ((1 - h2**2) * v).T * (x1 @ x2.T)
    return kappa**2 / len(v) * (last + first)


def my_limit_ntk(rho, kappa):
    sigma = np.arcsin(2 * rho / 3)
    sigma_dot = (2 / 3) / np.sqrt(1 - (2 * rho / 3) ** 2)
    return kappa**2 * (sigma + rho * sigma_dot) / np.arcsin(2 / 3)


# The error falls as d^(-1/2): twenty times smaller takes a width 20² = 400 times as large.
my_width = 256 * 20**2
