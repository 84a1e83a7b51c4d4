"""Lines and colours of the constancy page belong to the widths that are shown, also in a run."""

import holoviews as hv
import numpy as np

from jntk_viz import frame
from jntk_viz.pages.jntk_constancy.curve_pictures import NOTHING, width_errors
from jntk_viz.pages.jntk_constancy.measures import Regime
from jntk_viz.pages.jntk_constancy.regime_pictures import _width_error
from jntk_viz.rates import power_law

WIDTHS = (32, 128, 512)
frame.use_theme()  # loads the plotting library


def test_lines_span_the_widths_that_are_shown():
    for shown in (WIDTHS, WIDTHS[:2], WIDTHS[1:]):
        widths = np.repeat(np.array(shown, float), 2)
        errors = 3 / np.sqrt(widths)
        overlay = width_errors([(widths, errors)] * 3, [power_law(widths, errors)] * 3, WIDTHS)
        lines = [part for part in overlay if type(part) is hv.Curve]
        assert len(lines) == 4
        for line in lines:
            assert line.dimension_values(0).tolist() == [shown[0], shown[-1]]
    nothing = width_errors([NOTHING] * 3, [None] * 3, WIDTHS)
    assert not any(len(part) for part in nothing)


def test_a_width_that_has_diverged_leaves_the_others_their_colours():
    widths = np.array([128.0, 512.0])
    found = Regime(widths, widths**-0.5, None, None, 512, 0.1, *[np.nan] * 3)
    points, *_ = _width_error(found, (20, 1e6), WIDTHS)
    assert [list(x) for x, _ in points] == [[], [128.0], [512.0]]
