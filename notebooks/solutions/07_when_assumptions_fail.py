"""Solutions to lesson 7. Each name is that of the notebook's own cell."""

import numpy as np

import jntk_viz as jv

# Four pairs x, -x. Each has f(x) + f(-x) = 0 and J_α(x) - J_α(-x) = 0 for α = 1, 2.
my_count = 4 * (1 + 2)


def _smallest(degrees):
    angle = np.deg2rad([0, degrees])
    x = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return np.linalg.eigvalsh(jv.jntk(x, depth=2, activation="gelu").reshape(6, 6))[0]


# The slope on logarithmic axes, where angles are small but λ_min is still resolved.
my_power = round(np.log(_smallest(3.0) / _smallest(1.5)) / np.log(2))

# 1 - ηe/N with ηe/N = 2 · 1.2.
my_factor = abs(1 - 2 * 1.2)

my_diagnosis = {"A": "odd", "B": "ReLU", "C": "step", "D": "parallel", "E": "float32"}
