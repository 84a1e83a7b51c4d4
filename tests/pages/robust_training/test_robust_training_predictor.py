"""The predictor's pictures against the library, and the geometry of the slice."""

import numpy as np
import pytest

from jntk_viz import RobustDynamics, first_order_margin, frame, normalize
from jntk_viz.drawing.plane import zero_contour
from jntk_viz.pages.robust_training import predictor, study
from jntk_viz.pages.robust_training import predictor_pictures as shapes
from jntk_viz.pages.robust_training.state import (
    FLOW,
    SOURCES,
    TIMES,
    Problem,
    RobustTrainingState,
    Source,
)

IRIS = Problem("iris", 2, "gelu", 0)
CIRCLE = Problem("circle", 2, "gelu", 0)
AT = TIMES.index(1e3)


@pytest.fixture(scope="module", autouse=True)
def theme():
    frame.use_theme()


def coefficients(problem, lam=0.1):
    return study.solve(problem, lam).paths[FLOW].coefficients[AT]


def dynamics(problem, lam=0.1):
    prepared = study.prepare(problem)
    return RobustDynamics(prepared.train.x, prepared.train.y, lam=lam, **prepared.kernel)


@pytest.mark.parametrize("plane", RobustTrainingState.param.plane.get_range().values())
def test_slice_shows_the_library_s_predictor(plane):
    prepared = study.prepare(IRIS)
    cut = predictor.cut(IRIS, plane, 3)
    np.testing.assert_allclose(cut.axes @ cut.axes.T, np.eye(3), atol=1e-12)
    field = cut.field(coefficients(IRIS))
    side = np.linspace(-1, 1, predictor.GRID)
    i, j = 30, 17  # upwards, to the right
    s, r = side[j], side[i]
    x = s * cut.axes[0] + r * cut.axes[1] + np.sqrt(1 - s**2 - r**2) * cut.axes[2]
    expected = dynamics(IRIS).predict(x[None], 1e3)[0, 0]
    assert field[i, j] == pytest.approx(expected, abs=1e-9)
    assert np.isnan(field[0, 0])
    np.testing.assert_allclose(cut.test, prepared.test.x @ cut.axes[:2].T)
    if plane == "point":
        np.testing.assert_allclose(cut.test[3], 0, atol=1e-12)
        others = prepared.train.y != prepared.test.y[3]
        nearest = np.argmax(prepared.train.x[others] @ prepared.test.x[3])
        place = cut.train[others][nearest]
        assert place[0] > 0
        assert place[1] == pytest.approx(0, abs=1e-12)
    if plane == "classes":
        means = [cut.train[prepared.train.y == label].mean(axis=0) for label in (-1, 1)]
        assert means[1][0] > means[0][0]
        assert means[1][1] == pytest.approx(means[0][1], abs=1e-9)


def test_slice_depends_on_the_point_only_around_it():
    assert predictor.slice_key("principal", 7, 50) == predictor.slice_key("principal", 8, 50)
    assert predictor.slice_key("point", 57, 50) == ("point", 7)


def test_reach_of_an_attack_is_the_ring():
    """What δ with |δ| ≤ ε can do to x lies within ε of x on the slice."""
    x, epsilon = np.array([0.0, 0.0, 1.0]), 0.3
    delta = np.random.default_rng(0).normal(size=(2000, 3))
    delta *= epsilon / np.linalg.norm(delta, axis=1, keepdims=True)
    places = normalize(x + delta)[:, :2]
    reached = np.linalg.norm(places, axis=1).max()
    assert 0.99 * epsilon < reached <= epsilon + 1e-12


def test_zero_line_lies_where_the_field_is_zero():
    side = np.linspace(-1, 1, 21)
    field = np.add.outer(2 * side, side) - 0.5  # f = 2y + x - ½
    x, y = zero_contour(side, side, field)
    assert len(x) > 10
    np.testing.assert_allclose(2 * y + x, 0.5, atol=1e-9)
    assert len(zero_contour(side, side, np.full((21, 21), np.nan))[0]) == 0
    assert len(zero_contour(side, side, field + 100)[0]) == 0


@pytest.mark.parametrize("norm", ["l2", "linf"])
def test_circle_shows_f_its_slope_and_what_an_attack_can_do(norm):
    prepared, rows = study.prepare(CIRCLE), predictor.circle_rows(CIRCLE)
    found = predictor.on_circle(prepared, rows, coefficients(CIRCLE), epsilon=0.2, norm=norm)
    x = normalize(np.column_stack([np.cos(predictor.ANGLES), np.sin(predictor.ANGLES)]))
    outputs = dynamics(CIRCLE).predict(x, 1e3)
    np.testing.assert_allclose(found.f, outputs[:, 0], atol=1e-8)
    numeric = np.gradient(found.f, predictor.ANGLES)
    np.testing.assert_allclose(found.slope[1:-1], numeric[1:-1], atol=0.01)
    margin = first_order_margin(outputs, x, np.ones(len(x)), epsilon=0.2, norm=norm)
    np.testing.assert_allclose(found.f - found.reach, margin, atol=1e-8)
    test = prepared.test
    again = np.column_stack([np.cos(found.test_angle), np.sin(found.test_angle)])
    np.testing.assert_allclose(again, test.x, atol=1e-12)
    np.testing.assert_allclose(
        found.test_f, np.interp(found.test_angle, predictor.ANGLES, found.f), atol=2e-3
    )


@pytest.fixture
def few_digits(monkeypatch):
    few = Source("Digits", {}, 8, 12)
    monkeypatch.setitem(SOURCES, "digits", few)
    yield Problem("digits", 1, "erf", 0)
    for cached in (study.prepare, study.solve, predictor.digits):
        cached.cache_clear()


@pytest.mark.parametrize(("norm", "epsilon"), [("l2", 0.3), ("linf", 0.05)])
def test_digits_are_changed_where_it_hurts(few_digits, norm, epsilon):
    prepared = study.prepare(few_digits)
    found = predictor.digits(few_digits, 0.5, 1e3, epsilon, norm, FLOW, 10)
    np.testing.assert_array_equal(found.numbers, [10, 11, 0, 1])
    x, y = prepared.test.x[found.numbers], prepared.test.y[found.numbers]
    lib = dynamics(few_digits, 0.5)
    outputs, delta = lib.predict(x, 1e3), found.change.reshape(4, 64)
    np.testing.assert_allclose(found.before, outputs[:, 0], atol=1e-8)
    after = lib.predict(normalize(x + delta), 1e3)[:, 0]
    np.testing.assert_allclose(found.after, after, atol=1e-8)
    size = np.linalg.norm(delta, ord=2 if norm == "l2" else np.inf, axis=1)
    np.testing.assert_allclose(size, epsilon)
    # A linear model loses exactly what the first-order margin says.
    tangent = found.jacobian.reshape(4, 64)
    lost = y * (outputs[:, 0] + np.sum(tangent * delta, axis=1))
    expected = first_order_margin(outputs, x, y, epsilon=epsilon, norm=norm)
    np.testing.assert_allclose(lost, expected, atol=1e-8)
    assert np.all(y * found.after < y * found.before)
    # Grey values are those of the original images: whole numbers from 0 to 16.
    np.testing.assert_allclose(found.image, np.round(found.image), atol=1e-9)
    assert found.image.min() >= -1e-9
    assert found.image.max() <= 16 + 1e-9


def test_gallery_puts_every_image_into_its_place():
    tiles = np.arange(64.0).reshape(1, 8, 8) * np.ones((2, 1, 1))
    picture = shapes.digit_gallery(tiles, tiles, -tiles, tiles + 100, ["a", "b"], ["c", "d"])
    grey, signed = [*picture][:2]
    sheet = grey.dimension_values(2, flat=False)[::-1]  # from above
    np.testing.assert_array_equal(sheet[1:9, 1:9], tiles[0])
    np.testing.assert_array_equal(sheet[11:19, 31:39], tiles[0] + 100)
    sheet = signed.dimension_values(2, flat=False)[::-1]
    np.testing.assert_allclose(sheet[1:9, 11:19], tiles[0] / 63)
    np.testing.assert_allclose(sheet[1:9, 21:29], -tiles[0] / 63)


def test_modes_are_counted_by_how_far_they_are_learned():
    solution = study.solve(IRIS, 0.1)
    half, less, diverging = predictor.learned_modes(solution, AT, FLOW)
    # 1 - exp(-e t/N) ≥ ½
    assert half == np.sum(solution.eigenvalues >= np.log(2) * 50 / 1e3)
    assert half + less == len(solution.eigenvalues)
    assert diverging == 0
    eta = 1.5 * 2 * 50 / solution.eigenvalues[0]
    expected = np.sum(np.abs(1 - eta * solution.eigenvalues / 50) > 1)
    assert predictor.diverging(solution, 1.5) == expected > 1
    assert solution.share.sum() == pytest.approx(1)
