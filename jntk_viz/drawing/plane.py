"""Pictures of a plane: one scale in both directions, and the lines on which a function is zero."""

import numpy as np
from bokeh.models import CustomJS
from bokeh.plotting.contour import contour_data

_NOTHING = np.array([])


def zero_contour(x, y, field):
    """The lines f = 0 as (x, y), separated by NaN; empty where there are none.

    - `x`, `y`: (n,), (m,), where the columns and rows of `field` (m, n) are; NaN for no value.
    """
    if not np.isfinite(field).any():
        return _NOTHING, _NOTHING
    line = contour_data(x, y, field, levels=[0.0], want_fill=False).line_data
    if line is None or line.xs[0] is None:
        return _NOTHING, _NOTHING
    return np.asarray(line.xs[0], float), np.asarray(line.ys[0], float)


def keep_square(plot, xlim, ylim):
    """One unit to the right is as long as one upwards, whatever room the picture is given."""
    code = """
    const w = figure.inner_width, h = figure.inner_height
    if (!(w > 0 && h > 0)) return
    const unit = Math.max((x1 - x0) / w, (y1 - y0) / h)
    const x = (x0 + x1) / 2, y = (y0 + y1) / 2
    figure.x_range.setv({start: x - unit * w / 2, end: x + unit * w / 2})
    figure.y_range.setv({start: y - unit * h / 2, end: y + unit * h / 2})
    """
    limits = {"x0": xlim[0], "x1": xlim[1], "y0": ylim[0], "y1": ylim[1]}

    def keep(figure):
        callback = CustomJS(args={"figure": figure, **limits}, code=code)
        figure.js_on_change("inner_width", callback)
        figure.js_on_change("inner_height", callback)

    plot.when_drawn(keep)
