"""The small pictures of the landing page."""

import holoviews as hv
import numpy as np

from jntk_viz.views import elements as el
from jntk_viz.views.live import join_curves
from jntk_viz.views.theme import BLUE, INK, MUTED, ORANGE, SAMPLE, SKY

_BARE = {
    "xaxis": None, "yaxis": None, "toolbar": None, "show_grid": False, "show_legend": False,
    "backend_opts": {"plot.outline_line_color": None},
}  # fmt: skip


def random_functions(angle, functions, band):
    """Functions of random networks over the limiting band of two standard deviations."""
    zero = np.zeros(len(band))
    shade = el.Spread((angle, zero, band)).opts(color=SKY, line_color=None)
    lines = el.Curve(join_curves(angle, functions)).opts(color=SAMPLE, line_width=1.5)
    return (shade * lines).opts(**_BARE, ylim=(-2.6, 2.6), xlim=(-np.pi, np.pi))


def kernel_rows(angle, narrow, wide, limit):
    """One row of the kernel: scattered for narrow networks, on the limit for wide ones."""
    scattered = el.Curve(join_curves(angle, narrow)).opts(color=SKY, line_width=1.5)
    close = el.Curve(join_curves(angle, wide)).opts(color=SAMPLE, line_width=1.5)
    exact = el.Curve((angle, limit)).opts(color=INK, line_width=2.5, line_dash="dashed")
    return (scattered * close * exact).opts(**_BARE, ylim=(-1, 5), xlim=(-np.pi, np.pi))


def robust_accuracy(time, standard, regularised):
    """Robust accuracy against time, with the regulariser and without: each rises and falls."""
    plain = el.Curve((time, standard)).opts(color=INK, line_dash="dashed")
    robust = el.Curve((time, regularised)).opts(color=ORANGE)
    return (plain * robust).opts(**_BARE, logx=True, ylim=(0.45, 1.0), xlim=(0.1, 1e7))


def feature_scatter(accuracy, robustness, regularised_accuracy, regularised_robustness):
    """Eigenfeatures by accuracy and robust accuracy; on the line an attack changes nothing."""
    line = el.Curve(([0, 1], [0, 1])).opts(color=MUTED, line_width=1.5, line_dash="dashed")
    dots = {"size": 6, "alpha": 0.8}
    robust = el.Scatter((regularised_accuracy, regularised_robustness)).opts(color=ORANGE, **dots)
    plain = el.Scatter((accuracy, robustness)).opts(color=BLUE, **dots)
    return (line * robust * plain).opts(**_BARE, xlim=(0.1, 1), ylim=(-0.03, 1))


def smallest_eigenvalues(depth, values, floor):
    """The smallest eigenvalue against depth, two activations, over what float32 cannot resolve."""
    lowest = np.full(len(depth), 1e-8)
    noise = el.Area((depth, floor, lowest), vdims=["floor", "lowest"])
    noise = noise.opts(color=MUTED, alpha=0.25, line_color=None)
    lines = [
        el.Curve((depth, row)).opts(color=colour, line_width=2.5)
        for row, colour in zip(values, (BLUE, ORANGE), strict=True)
    ]
    return el.Overlay([noise, *lines]).opts(
        hv.opts.Overlay(**_BARE, logy=True, xlim=(1, 12), ylim=(1e-7, 10))
    )


def losses(step, stable, diverging):
    """Training error against the step, with a learning rate below the limit and one above it."""
    shown = np.minimum(diverging, 10)  # what follows lies far outside
    good = el.Curve((step, stable)).opts(color=BLUE)
    bad = el.Curve((step, shown)).opts(color=ORANGE)
    return (good * bad).opts(**_BARE, xlim=(0, 60), ylim=(0, 1.6))


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
    feature_scatter: {
        "accuracy": [],
        "robustness": [],
        "regularised_accuracy": [],
        "regularised_robustness": [],
    },
    smallest_eigenvalues: {"depth": [], "values": np.zeros((2, 0)), "floor": []},
    losses: {"step": [], "stable": [], "diverging": np.zeros(0)},
}
PICTURES = {
    "gp_convergence": random_functions,
    "jntk_constancy": kernel_rows,
    "robust_training": robust_accuracy,
    "eigenfeatures": feature_scatter,
    "full_rank": smallest_eigenvalues,
    "breakdown": losses,
}
