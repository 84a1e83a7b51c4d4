"""The fitted exponent of a power law and its interval."""

import numpy as np
import pytest

from jntk_viz.rates import power_law

WIDTHS = np.array([32.0, 128.0, 512.0])


def test_an_exact_power_law_is_found_exactly():
    law = power_law(WIDTHS, 3 * WIDTHS**-0.5)
    np.testing.assert_allclose([law.slope, law.low, law.high], -0.5, atol=1e-6)
    np.testing.assert_allclose(law(WIDTHS), 3 * WIDTHS**-0.5)


@pytest.mark.parametrize("repeats", [2, 20])  # residuals of the regression; resampled repeats
def test_the_interval_holds_the_true_exponent_about_95_times_in_100(repeats):
    rng = np.random.default_rng(0)
    widths = np.repeat(WIDTHS, repeats)
    held = 0
    for _ in range(100):
        errors = widths**-0.5 * np.exp(0.2 * rng.standard_normal(widths.size))
        law = power_law(widths, errors)
        assert law.low < law.slope < law.high
        held += law.low <= -0.5 <= law.high
    assert 86 <= held < 100


def test_two_single_points_give_a_slope_without_an_interval():
    law = power_law([10, 1000], [1.0, 0.1])
    assert law.slope == pytest.approx(-0.5)
    assert np.isnan(law.low)
    assert np.isnan(law.high)


@pytest.mark.parametrize(
    ("widths", "errors", "name"),
    [
        ([8, 8], [1, 1], "widths"),
        ([8, 16], [1], "widths"),
        ([0, 16], [1, 1], "widths"),
        ([8, 16], [1, 0], "errors"),
        ([8, 16], [1, np.nan], "errors"),
    ],
)
def test_bad_input_is_named(widths, errors, name):
    with pytest.raises(ValueError, match=f"`{name}`"):
        power_law(widths, errors)
