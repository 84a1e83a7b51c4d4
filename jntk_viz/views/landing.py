"""The small pictures of the landing page."""

import holoviews as hv
import numpy as np

from jntk_viz.views.live import join_curves
from jntk_viz.views.theme import INK, ORANGE, SAMPLE, SKY

_BARE = {"xaxis": None, "yaxis": None, "toolbar": None, "show_grid": False, "show_legend": False}


def random_functions(angle, functions, band):
    """Functions of random networks over the limiting band of two standard deviations."""
    zero = np.zeros(len(band))
    shade = hv.Spread((angle, zero, band)).opts(color=SKY, line_color=None)
    lines = hv.Curve(join_curves(angle, functions)).opts(color=SAMPLE, line_width=1.5)
    return (shade * lines).opts(**_BARE, ylim=(-3.2, 3.2), xlim=(-np.pi, np.pi))


def kernel_rows(angle, narrow, wide, limit):
    """One row of the kernel: scattered for narrow networks, on the limit for wide ones."""
    scattered = hv.Curve(join_curves(angle, narrow)).opts(color=SKY, line_width=1.5)
    close = hv.Curve(join_curves(angle, wide)).opts(color=SAMPLE, line_width=1.5)
    exact = hv.Curve((angle, limit)).opts(color=INK, line_width=2.5, line_dash="dashed")
    return (scattered * close * exact).opts(**_BARE, ylim=(-1, 5), xlim=(-np.pi, np.pi))


def robust_accuracy(time, standard, regularised):
    """Robust accuracy against time: with the regulariser it rises, then falls below standard."""
    plain = hv.Curve((time, standard)).opts(color=INK)
    robust = hv.Curve((time, regularised)).opts(color=ORANGE)
    return (plain * robust).opts(**_BARE, logx=True, ylim=(0.45, 1.0), xlim=(0.1, 1e7))


# What each picture is drawn from before its numbers arrive.
EMPTY = {
    random_functions: {"angle": [], "functions": np.zeros((0, 0)), "band": []},
    kernel_rows: {
        "angle": [],
        "narrow": np.zeros((0, 0)),
        "wide": np.zeros((0, 0)),
        "limit": [],
    },
    robust_accuracy: {"time": [], "standard": [], "regularised": []},
}
PICTURES = {
    "gp_convergence": random_functions,
    "jntk_constancy": kernel_rows,
    "robust_training": robust_accuracy,
}
