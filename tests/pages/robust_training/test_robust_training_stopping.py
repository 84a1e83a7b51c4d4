"""Stopping times chosen without the test points, and the four accuracies compared at them."""

import itertools

import numpy as np
import pytest

from jntk_viz import RobustDynamics, accuracy, first_order_margin
from jntk_viz.frame.robustness import Problem, Source
from jntk_viz.pages.robust_training import state as settings
from jntk_viz.pages.robust_training import stopping, study
from jntk_viz.pages.robust_training import words as text

IRIS = Problem("iris", 2, "gelu", 0)
TIMES = len(settings.TIMES)


def held(clean, cost):
    """`Reach` of (T, m) margins that lose `cost` at ε = 1."""
    return study.Reach(np.asarray(clean, float), np.asarray(cost, float), np.asarray(cost, float))


def test_folds_are_a_partition_in_equal_class_shares():
    y = study.prepare(IRIS).train.y
    fold = stopping.folds(y, stopping.FOLDS, seed=0)
    for label in (-1, 1):
        counts = np.bincount(fold[y == label], minlength=stopping.FOLDS)
        assert np.ptp(counts) <= 1
    assert not np.array_equal(fold, stopping.folds(y, stopping.FOLDS, seed=1))


@pytest.mark.parametrize(("data", "few"), [("iris", False), ("digits", True)])
def test_points_left_out_are_judged_by_training_without_them(data, few, monkeypatch):
    """The library, given the other points alone; in few dimensions and in the span of few points.

    No test point has a part in it: the study's own test points are not even looked at.
    """
    if few:
        monkeypatch.setitem(settings.SOURCES, data, Source(data, {}, 12, 9))
    problem = Problem(data, 1, "erf", 3)
    train = study.prepare(problem).train
    out = stopping.folds(train.y, stopping.FOLDS, problem.seed) == 1
    dynamics = RobustDynamics(train.x[~out], train.y[~out], depth=1, activation="erf", lam=0.5)
    found = stopping.left_out(problem, 0.5, settings.FLOW, 1)
    for t in (1.0, 1e2):
        outputs = dynamics.predict(train.x[out], t)
        for norm in ("l2", "linf"):
            expected = first_order_margin(
                outputs, train.x[out], train.y[out], epsilon=0.2, norm=norm
            )
            margin = found.margin(0.2, norm)[settings.TIMES.index(t)]
            np.testing.assert_allclose(margin, expected, atol=1e-8)
    study.prepare.cache_clear()
    stopping.left_out.cache_clear()


def test_the_most_robust_time_is_chosen_then_the_most_accurate_then_the_first():
    clean, cost = np.full((TIMES, 4), 1.0), np.full((TIMES, 4), 2.0)
    cost[5:9, :3] = 0  # robust on three of four points
    clean[5, 3] = -1  # but less accurate at first
    assert stopping.stopping_time(held(clean, cost), epsilon=1.0) == 6
    cost[-1] = 0  # t = ∞ is no time to stop at
    assert stopping.stopping_time(held(clean, cost), epsilon=1.0) == 6
    clean[6] = np.nan
    assert stopping.stopping_time(held(clean, cost), epsilon=1.0) == 7
    assert stopping.stopping_time(held(clean * np.nan, cost), epsilon=1.0) is None


def test_four_accuracies_are_those_of_the_library_at_times_chosen_elsewhere():
    solutions = [study.solve(IRIS, lam) for lam in (0.0, 0.1)]
    chosen = tuple(stopping.held_out(IRIS, lam) for lam in (0.0, 0.1))
    found = stopping.compare(*solutions, chosen, epsilon=0.3)
    prepared = study.prepare(IRIS)
    x, y = prepared.test[:2]
    for i, lam in enumerate((0.0, 0.1)):
        dynamics = RobustDynamics(*prepared.train[:2], lam=lam, **prepared.kernel)
        for j, t in enumerate((found.times[i], np.inf)):
            outputs = dynamics.predict(x, t)
            margin = first_order_margin(outputs, x, y, epsilon=0.3)
            assert found.robust[i, j] == accuracy(margin)
            assert found.clean[i, j] == accuracy(y * outputs[:, 0])
    # The story of the page: stopped, the two are alike; λ alone, to the end, is the worst.
    assert not found.by_lam[stopping.STOPPED].clear
    assert found.by_lam[stopping.END].high < 0
    assert found.by_stopping[stopping.REGULARISED].low > 0
    assert found.robust[0, 0] - found.robust[1, 1] == pytest.approx(
        found.by_lam[0].value * -1 + found.by_stopping[1].value
    )
    assert stopping.held_out(IRIS, 0.1).clean.shape == (TIMES, len(prepared.train.y))


def test_a_rate_that_diverges_has_a_time_to_stop_but_no_end():
    solutions = [study.solve(IRIS, lam) for lam in (0.0, 0.1)]
    chosen = tuple(stopping.held_out(IRIS, lam, 1.1) for lam in (0.0, 0.1))
    found = stopping.compare(*solutions, chosen, epsilon=0.3, speed=1.1)
    assert np.isnan(found.robust[:, stopping.END]).all()
    assert np.isfinite(found.robust[:, stopping.STOPPED]).all()
    assert found.by_lam[stopping.END] is None
    assert found.by_stopping == (None, None)
    state = settings.RobustTrainingState(training="descent", rate=1.1)
    assert "no t = ∞" in text.about_stopping(state, found)


def test_interval_of_a_paired_difference():
    """By the covariance of multinomial counts, and by how often intervals hold the truth."""
    a = np.repeat([True, True, False, False], [30, 8, 2, 10])
    b = np.repeat([True, False, True, False], [30, 8, 2, 10])
    found = stopping.paired_difference(a, b)
    assert found.value == pytest.approx(0.12)
    p, q, n = 9 / 52, 3 / 52, 52
    deviation = np.sqrt((p * (1 - p) + q * (1 - q) + 2 * p * q) / n)
    assert found.low == pytest.approx(p - q - 1.96 * deviation, abs=1e-4)
    assert found.high == pytest.approx(p - q + 1.96 * deviation, abs=1e-4)
    assert found.clear == (found.low > 0)
    same = stopping.paired_difference(a, a)
    assert same.value == 0
    assert same.high == -same.low > 0.03  # never so sure as [0, 0]
    rng, truth = np.random.default_rng(0), 0.08
    draws = rng.choice(3, size=(2000, 50), p=[0.12, 0.04, 0.84])
    held = [
        f.low <= truth <= f.high
        for f in (stopping.paired_difference(d == 0, d == 1) for d in draws)
    ]
    assert 0.93 < np.mean(held) < 0.99


def test_the_page_says_all_four_with_intervals():
    robust = np.array([[0.92, 0.86], [0.9, 0.72]])
    gains = [stopping.Difference(v, v - 0.05, v + 0.05) for v in (-0.02, -0.14, 0.06, 0.18)]
    found = stopping.Comparison(0.1, (5.0, 200.0), robust, robust, (*gains[:2],), (*gains[2:],), 50)
    said = text.about_stopping(settings.RobustTrainingState(), found)
    for part, words in itertools.product(
        ["standard training: 92 % stopped at t = 5, 86 % at t = ∞",
         "λ = 0.1: 90 % stopped at t = 200, 72 % at t = ∞",
         "stopped −2 [−7, +3], at t = ∞ −14 [−19, −9] points (95 %, 50 test points)"], [said],
    ):  # fmt: skip
        assert part in words
    alone = text.about_stopping(settings.RobustTrainingState(lam=0.0), found)
    assert "stopped minus t = ∞: +6 [+1, +11] points" in alone
    assert "λ minus" not in alone
    assert "Choosing" in text.about_stopping(settings.RobustTrainingState(), None)
