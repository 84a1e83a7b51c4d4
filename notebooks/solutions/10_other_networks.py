"""Solutions to lesson 10. Each name is that of the notebook's own cell."""

import numpy as np

from jntk_viz.lessons.closed_forms import closed_form

T, T_dot = closed_form("erf")


def _edge(bias_std):
    """σ_w² = 1/E φ'² makes χ₁ one; the Q that is left unchanged is Q = σ_w² E φ² + σ_b²."""
    variances = np.linspace(0.5, 3.0, 25_001)
    square = np.array([T(np.array([[q]]))[0, 0] for q in variances])
    gain = 1 / np.array([T_dot(np.array([[q]]))[0, 0] for q in variances])
    unchanged = np.argmin(np.abs(gain * square + bias_std**2 - variances))
    return gain[unchanged] ** 0.5


my_edge = _edge(0.6)

# A: a straight line that rises, chaos. C: one that falls, order. D: |J|² stays and the inputs
# approach one another slowly, the edge. B: |J|² grows ever more slowly, skips.
my_networks = {"A": "chaos", "B": "skips", "C": "order", "D": "edge"}


def my_layer(F, theta, T, T_dot, weight_std, bias_std, alpha):
    """Independent parts add their covariances; old gradients pass by the skip and by the layer."""
    new = weight_std**2 * T(F) + bias_std**2
    back = weight_std**2 * theta * T_dot(F)
    return F + alpha**2 * new, theta + alpha**2 * (new + back)
