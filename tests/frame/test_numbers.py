"""Numbers in words."""

import math

import pytest

from jntk_viz.frame import numbers


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.0, "0"), (1.9e-10, "1.9·10⁻¹⁰"), (-3.5e-7, "−3.5·10⁻⁷"), (0.0023, "0.0023"), (15.2, "15"),
     (480.3, "480"), (2e4, "2.0·10⁴"), (math.inf, "∞"), (-math.inf, "−∞"), (999.9, "1000"),
     (9999.0, "1.0·10⁴"), (math.nan, "not a number")],
)  # fmt: skip
def test_numbers_of_any_size(value, shown):
    assert numbers.number(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0"), (3e-4, "3·10⁻⁴"), (1e16, "10¹⁶"), (0.1, "0.1"), (500, "500"), (2e3, "2·10³"),
     (math.inf, "∞"), (0.001, "0.001")],
)  # fmt: skip
def test_stops_of_sliders_are_exact(value, shown):
    assert numbers.stop(value) == shown


def test_signs_shares_and_powers():
    assert numbers.signed(-0.3) == "−0.30"
    assert numbers.signed(0.125, 1) == "+0.1"
    assert numbers.percent(0.239) == "24 %"
    assert numbers.percent(-0.0125) == "−1.2 %"
    assert numbers.percent(math.nan) == "–"
    assert [numbers.percent(x) for x in (0, 0.05, 0.004123, 0.996, 1.5)] == [
        "0 %", "5 %", "0.41 %", "100 %", "150 %",
    ]  # fmt: skip
    assert [numbers.power_of_ten(k) for k in (0, 1, -12)] == ["1", "10¹", "10⁻¹²"]
    assert numbers.subscript(10) == "₁₀"
