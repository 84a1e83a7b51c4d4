"""Solutions to lesson 8. Each name is that of the notebook's own cell."""

import numpy as np


def my_curvature(g, dga, dgb, ddg):
    """Product and chain rule on φ'(g) ∂_β g: φ''(g) ∂_α g ∂_β g + φ'(g) ∂_α∂_β g."""
    first = 1 - np.tanh(g) ** 2
    return -2 * np.tanh(g) * first * dga * dgb + first * ddg


def my_back_slope(g, dg, v):
    """tanh'' = -2 tanh tanh'."""
    return -2 * v * np.tanh(g) * (1 - np.tanh(g) ** 2) * dg


def _sigma(rho):
    return np.arcsin(2 * rho / 3) / np.arcsin(2 / 3)


def _sigma_dot(rho):
    return (2 / 3) / np.sqrt(1 - (2 * rho / 3) ** 2) / np.arcsin(2 / 3)


# c¹ = W²ᵀ b²/√d: E Z^b Z^b' = E v² · E φ'(g²)φ'(g²'), at the correlation Σ(0.5) of g².
my_covariance = _sigma_dot(_sigma(0.5))
