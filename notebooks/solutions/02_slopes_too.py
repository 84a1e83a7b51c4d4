"""Solutions to lesson 2. Each name is that of the notebook's own cell."""

import numpy as np

from jntk_viz.pages.gp_convergence.circle import ANGLES, limit_on_circle


def my_value_slope(x1, x2):
    """The chain rule on arcsin(s), s = 2c/√((1+2q)(1+2q')), at q = q' = 1.

    ∂s/∂x'_β = (2/3) x_β - (4/9) c x'_β: the second term comes from q' = |x'|² under the root.
    """
    c = (x1 @ x2.T)[:, :, None]
    inner = (2 / 3) * x1[:, None, :] - (4 / 9) * c * x2[None, :, :]
    return inner / np.sqrt(1 - (2 * c / 3) ** 2) / np.arcsin(2 / 3)


def my_posterior_mean(k_new, k_seen, values):
    return k_new @ np.linalg.solve(k_seen, values)


# var(slope | value) = var(slope) - cov²/var(value).
_limit = limit_on_circle(2, "gelu")
_value, _slope = 2 * list(ANGLES).index(40), 2 * list(ANGLES).index(0) + 1
_share = _limit[_slope, _value] ** 2 / (_limit[_slope, _slope] * _limit[_value, _value])
my_fraction = np.sqrt(1 - _share)
