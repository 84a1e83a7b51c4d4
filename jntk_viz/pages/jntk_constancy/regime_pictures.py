"""Is the theorem's regime reached? A view of the page."""

import holoviews as hv
import numpy as np

from jntk_viz.drawing import elements as el
from jntk_viz.drawing.theme import INK, MUTED, THEORY
from jntk_viz.frame.numbers import number
from jntk_viz.pages.jntk_constancy.curve_pictures import NOTHING
from jntk_viz.pages.jntk_constancy.words import WIDTH_COLOURS


def regime_picture(regime, xlim=(20, 1e6), ylim=(1e-14, 1e2), widths=()):
    """Width error of each network and λ_min with its noise floor, on one logarithmic axis.

    regime: a `Regime`, or None. widths: of all networks, narrow to wide. The fitted line is solid
    over the widths that were trained, dashed where it is extrapolated.
    """
    points, inside, beyond = [NOTHING] * 3, NOTHING, NOTHING
    floor = smallest = crossing = np.nan
    labels: tuple = [], []
    if regime is not None:
        floor, smallest = regime.smallest.noise_floor, regime.smallest.value
        points, inside, beyond, crossing = _width_error(regime, xlim, widths)
        labels = _labels(regime, xlim)
    level = smallest if smallest > 0 else np.nan
    parts = [
        el.Area((list(xlim), [ylim[0]] * 2, [floor] * 2), vdims=["low", "high"]).opts(
            color=MUTED, alpha=0.25, line_width=0
        ),
        el.Curve((list(xlim), [level] * 2)).opts(color=THEORY, line_width=2.5),
        el.Curve(inside).opts(color=THEORY, line_width=1.8),
        el.Curve(beyond).opts(color=THEORY, line_width=1.8, line_dash="dashed"),
    ]
    parts += [
        el.Scatter(pair).opts(color=colour, size=9)
        for pair, colour in zip(points, WIDTH_COLOURS, strict=True)
    ]
    ring = ([crossing], [level]) if np.isfinite(crossing) else NOTHING
    parts.append(
        el.Scatter(ring).opts(color=INK, fill_alpha=0, line_color=INK, size=13, line_width=2)
    )
    above, below = (tuple(zip(*some, strict=True)) or ([], [], []) for some in labels)
    for text, baseline in ((above, "bottom"), (below, "top")):
        parts.append(
            el.Labels(text, vdims="text").opts(
                text_font_size="14px", text_color=INK, text_align="left", text_baseline=baseline
            )
        )
    axes = {"logx": True, "logy": True, "xlim": xlim, "ylim": ylim, "show_legend": False}
    return el.Overlay(parts).opts(
        hv.opts.Overlay(
            xlabel="width", ylabel="‖Θₜ − Θ‖ and λₘᵢₙ",
            title="In the theorem's regime?", **axes,
        )
    )  # fmt: skip


def _width_error(regime, xlim, widths):
    """Points of each width, the fitted line within and beyond them, and where it meets λ_min."""
    at = np.unique(regime.widths)
    # A width whose networks have diverged has no points, but keeps its colour.
    points = [
        (regime.widths[regime.widths == w], regime.errors[regime.widths == w]) for w in widths
    ]
    if regime.law is None:
        return points, NOTHING, NOTHING, np.nan
    inside = np.array([at[0], at[-1]], float)
    crossing = regime.needed if np.isfinite(regime.needed) else np.nan
    beyond = np.array([at[-1], max(xlim[1], at[-1])], float)
    return points, (inside, regime.law(inside)), (beyond, regime.law(beyond)), crossing


def _labels(regime, xlim):
    """(x, y, text) at the left edge: above the noise floor, and below λ_min."""
    smallest, left = regime.smallest, xlim[0] * (xlim[1] / xlim[0]) ** 0.02
    floor = (left, smallest.noise_floor, f"noise floor {number(smallest.noise_floor)}")
    if smallest.value <= 0:
        return [floor], []
    return [floor], [(left, smallest.value / 1.3, f"λₘᵢₙ {number(smallest.value)}")]


def regime_limits(regime, widths) -> tuple[tuple[float, float], tuple[float, float]]:
    """Whole decades that show all widths, the crossing if it lies below 10²⁵, and all levels."""
    far = regime.needed if np.isfinite(regime.needed) else widths[-1]
    right = 10 ** np.ceil(np.log10(np.clip(10 * far, 100 * widths[-1], 1e25)))
    levels = [regime.smallest.noise_floor, *regime.errors[regime.errors > 0]]
    if regime.smallest.value > 0:
        levels.append(regime.smallest.value)
    low = 10 ** (np.floor(np.log10(min(levels))) - 1)
    high = 10 ** (np.floor(np.log10(max(levels))) + 1.5)
    return (widths[0] / 2, float(right)), (float(low), float(high))
