"""Pictures of random networks beside their limiting Gaussian process."""

import numpy as np
from bokeh.core.properties import value

from jntk_viz.drawing import elements as el
from jntk_viz.drawing.theme import FONT, INK, MUTED, ORANGE, SAMPLE, THEORY
from jntk_viz.frame.numbers import decimals

REACH = 4.2  # axes of densities and cloud end this many standard deviations from zero
_OWN_ELLIPSE = "#ffb27d"  # light orange, seen on the cloud and on the limiting ellipse
BINS = np.linspace(-REACH, REACH, 43)
_GRID = np.linspace(-REACH, REACH, 141)
_CIRCLE = np.stack([f(np.linspace(0, 2 * np.pi, 97)) for f in (np.cos, np.sin)])
ERROR_LIMITS = (0.02, 4)
_PERCENT = [(0.03, "3 %"), (0.1, "10 %"), (0.3, "30 %"), (1, "100 %"), (3, "300 %")]


def _page_font(plot, _element):
    # As an option, a name with commas would be taken for that of a column.
    plot.handles["glyph"].text_font = value(FONT)


_REMARK = {
    "text_align": "left",
    "text_baseline": "top",
    "text_font_size": "13px",
    "text_color": INK,
    "hooks": [_page_font],
}


def density_limits(deviation):
    """xlim and ylim of `density`: multiples of what the limit says, so that they seldom move.

    Above the curves there is room for the remark.
    """
    return (-REACH * deviation, REACH * deviation), (0, 0.95 / deviation)


def density(values, deviation, remark=""):
    """Histogram of (k,) values over random networks, and the limiting N(0, deviation²).

    remark: text in the upper left corner.
    """
    counts, edges = np.histogram(values, BINS * deviation)
    heights = counts / (max(len(values), 1) * np.diff(edges))
    gaussian = np.exp(-(_GRID**2) / 2) / np.sqrt(2 * np.pi) / deviation
    xlim, ylim = density_limits(deviation)
    bars = el.Histogram((edges, heights)).opts(fill_color=SAMPLE, line_color=None, alpha=0.55)
    curve = el.Curve((_GRID * deviation, gaussian)).opts(color=THEORY)
    words = el.Labels(([0.97 * xlim[0]], [0.96 * ylim[1]], [remark])).opts(**_REMARK)
    return (bars * curve * words).opts(
        xlim=xlim, ylim=ylim, xlabel="", ylabel="density", yticks=3, show_legend=False
    )


def quantile_lines(limit, sample, low, high, deviation):
    """Quantiles of networks against those of the limit, over the band of exactly Gaussian draws.

    limit, sample, low, high: (q,), as in `statistics.Quantiles`. deviation: of the limit.
    """
    ends = REACH * deviation * np.array([-1, 1])
    elements = [
        el.Area((limit, low, high), vdims=["y", "y2"]).opts(
            color=THEORY, alpha=0.22, line_color=None
        ),
        el.Curve((ends, ends)).opts(color=THEORY, line_width=1.5),
        el.Scatter((limit, sample)).opts(color=SAMPLE, size=5, line_color=None),
    ]
    return el.Overlay(elements).opts(
        xlim=tuple(ends), ylim=tuple(ends), xlabel="quantile of the limit",
        ylabel="of the networks", xticks=5, yticks=5, show_legend=False,
    )  # fmt: skip


def ellipses(covariance, radii=(1, 2)):
    """Contours at `radii` standard deviations of a centred Gaussian, separated by NaN: (m, 2)."""
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0))
    gap = np.full((1, 2), np.nan)
    return np.concatenate([part for r in radii for part in (r * (root @ _CIRCLE).T, gap)])


def cloud_limits(covariance):
    """xlim and ylim of `cloud`."""
    x, y = REACH * np.sqrt(np.diag(covariance))
    return (-x, x), (-y, y)


def cloud(pairs, covariance):
    """(k, 2) values of f and J of random networks, with their ellipses and the limiting ones.

    covariance: (2, 2), the limiting one. Ellipses lie at one and two standard deviations, those of
    the networks are the thin ones.
    """
    xlim, ylim = cloud_limits(covariance)
    own = pairs.T @ pairs / len(pairs) if len(pairs) else np.zeros((2, 2))
    points = el.Scatter((pairs[:, 0], pairs[:, 1])).opts(
        color=SAMPLE, size=3.5, alpha=0.4, line_color=None
    )
    limiting = el.Curve(ellipses(covariance)).opts(color=THEORY, line_width=3)
    empirical = el.Curve(ellipses(own)).opts(color=_OWN_ELLIPSE, line_width=1.5)
    return (points * limiting * empirical).opts(xlim=xlim, ylim=ylim, xlabel="", ylabel="")


def errors_by_width(widths, errors, width, fitted=None, fit_from=64):
    """Relative errors (w, r) of r networks of each width, NaN where unknown, on log–log axes.

    Median, band from the 10 % to the 90 % quantile, the fitted `PowerLaw` (drawn from the width
    `fit_from` on), a dashed line of slope -1/2 above it, and a ring at the width in use.
    """
    widths = np.asarray(widths, float)
    known = np.isfinite(errors).all(axis=1)
    x, y = widths[known], errors[known]
    low, middle, high = np.quantile(y, [0.1, 0.5, 0.9], axis=1) if len(y) else np.empty((3, 0))
    here = x == width
    ends = np.geomspace(fit_from, widths[-1], 3) if fitted else np.array([])
    line = fitted(ends) if fitted else ends
    half = 2.1 * line[1] * (ends / ends[1]) ** -0.5 if fitted else ends
    words = [fit_words(fitted), "slope −½"] if fitted else ["", ""]
    left = el.Labels(([7.2], [ERROR_LIMITS[0] * 1.12], words[:1]))
    right = el.Labels((ends[1:2], half[1:2] * 1.12, words[1:] if fitted else []))
    elements = [
        el.Area((x, low, high), vdims=["y", "y2"]).opts(color=SAMPLE, alpha=0.3, line_color=None),
        el.Curve((ends, half)).opts(color=MUTED, line_dash="dashed", line_width=2),
        el.Curve((ends, line)).opts(color=THEORY, line_width=2),
        el.Scatter((x, middle)).opts(color=ORANGE, size=7, line_color=None),
        el.Scatter((x[here], middle[here])).opts(
            fill_color=None, line_color=INK, line_width=2.5, size=15
        ),
        left.opts(**_REMARK | {"text_baseline": "bottom"}),
        right.opts(**_REMARK | {"text_baseline": "bottom"}),
    ]
    return el.Overlay(elements).opts(
        logx=True, logy=True, xlim=(6.5, 1300), ylim=ERROR_LIMITS, xlabel="width d", ylabel="",
        xticks=[(w, str(int(w))) for w in widths[::2]], yticks=_PERCENT, show_legend=False,
        title="Error of one network’s covariance",
    )  # fmt: skip


DISTANCE_LIMITS = (0.02, 3)
_SIGMAS = [(v, f"{v:g}") for v in (0.03, 0.1, 0.3, 1)]


def distances_by_width(widths, distances, width, distance):
    """Distances (w,) of functions from their limit, NaN where unknown, on log–log axes.

    The dashed line has slope -1/2 and runs through the middle of them; the ring is at `width`,
    `distance`.
    """
    x, y = np.asarray(widths, float), np.asarray(distances, float)
    known = np.isfinite(y)
    level = np.exp(np.mean(np.log(y[known]) + np.log(x[known]) / 2)) if known.any() else np.nan
    place = 2.2 * x[0]
    elements = [
        el.Curve((x, level * x**-0.5)).opts(color=MUTED, line_dash="dashed", line_width=2),
        el.Scatter((x[known], y[known])).opts(color=ORANGE, size=7, line_color=None),
        el.Scatter(([width], [distance])).opts(
            fill_color=None, line_color=INK, line_width=2.5, size=15
        ),
        el.Labels(([place], [1.5 * level * place**-0.5], ["slope −½"])).opts(
            **_REMARK | {"text_baseline": "bottom"}
        ),
    ]
    return el.Overlay(elements).opts(
        logx=True, logy=True, xlim=(6, 1400), ylim=DISTANCE_LIMITS, xlabel="width d", ylabel="",
        xticks=[(w, str(int(w))) for w in widths[::3]], yticks=_SIGMAS, show_legend=False,
        title="Distance from the\nlimit, in σ",
    )  # fmt: skip


def fit_words(law):
    """The fitted slope and its interval, in two lines."""
    slope, low, high = (decimals(value) for value in (law.slope, law.low, law.high))
    return f"fitted slope {slope}\n95 %: {low} to {high}"
