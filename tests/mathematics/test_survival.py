"""The null model of the rank correlation of accuracy and robust accuracy."""

from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest
import scipy.stats

from jntk_viz import survival, survival_null, survival_rates

# Shares of 20 test points, with ties and with features that survive nowhere or everywhere.
RIGHT = [18, 18, 12, 12, 9, 6]
LEFT = [12, 0, 8, 12, 6, 0]


def enumerated():
    """ρ of every one of the 720 permutations, in exact fractions up to the ranks."""
    accuracy = [Fraction(k, 20) for k in RIGHT]
    rates = [Fraction(left, right) for left, right in zip(LEFT, RIGHT, strict=True)]
    found = []
    for order in permutations(range(6)):
        robust = [accuracy[i] * rates[order[i]] for i in range(6)]
        values = sorted(set(robust))
        place = [values.index(r) for r in robust]  # ties without rounding
        found.append(scipy.stats.spearmanr(RIGHT, place).statistic)
    return np.array(found)


@pytest.fixture(scope="module")
def every():
    return enumerated()


def test_each_permutation_is_that_of_direct_enumeration(every):
    accuracy, robust = np.array(RIGHT) / 20, np.array(LEFT) / 20
    orders = np.array(list(permutations(range(6))))
    found = survival._shuffled(accuracy, survival_rates(accuracy, robust), orders)
    np.testing.assert_allclose(found, every, atol=1e-12)


def test_shuffles_have_the_mean_and_the_quantiles_of_all_permutations(every):
    found = survival_null(np.array(RIGHT) / 20, np.array(LEFT) / 20, shuffles=20_000)
    assert found.value == pytest.approx(every.mean(), abs=5 * every.std() / 20_000**0.5)
    assert 0.1 < every.mean() < 0.6  # forced, far from the 0 of two unrelated scores
    np.testing.assert_allclose(
        [found.low, found.high], np.quantile(every, [0.025, 0.975]), atol=1e-9
    )
    assert found.draws.shape == (20_000,)


def test_where_all_features_survive_alike_the_whole_correlation_is_forced():
    accuracy = np.random.default_rng(0).integers(10, 50, 30) / 50
    found = survival_null(accuracy, 0.5 * accuracy)
    assert (found.value, found.low, found.high) == (pytest.approx(1),) * 3


def test_what_is_drawn_from_the_null_lies_within_it_and_what_is_linked_above():
    rng = np.random.default_rng(1)
    accuracy = rng.integers(25, 50, 200) / 50
    rates = rng.uniform(size=200)
    for survives, linked in ((rates, False), (np.sort(rates)[accuracy.argsort().argsort()], True)):
        found = survival_null(accuracy, accuracy * survives)
        rho = scipy.stats.spearmanr(accuracy, accuracy * survives).statistic
        assert (rho > found.high) == linked
        assert found.low < found.value < found.high


def test_the_same_seed_gives_the_same_null():
    scores = np.linspace(0.5, 0.9, 12), np.linspace(0.1, 0.5, 12) ** 2
    one, again, other = (survival_null(*scores, seed=seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one.draws, again.draws)
    assert not np.array_equal(one.draws, other.draws)


@pytest.mark.parametrize("scores", [([0.5, 0.5], [0.1, 0.2]), ([0.5, 0.6], [0, 0]), ([0.5], [0.2])])
def test_null_is_undefined_where_nothing_varies(scores):
    assert np.isnan(survival_null(*scores)[:3]).all()


def test_rates_of_features_that_are_never_right_are_zero():
    np.testing.assert_array_equal(survival_rates([0.0, 0.5, 0.8], [0.0, 0.5, 0.2]), [0, 1, 0.25])


@pytest.mark.parametrize(
    ("scores", "words"),
    [
        (([0.5, 0.6], [0.5]), "`robustness` must hold one number for each feature, 2"),
        (([0.5, 0.6], [0.5, 0.7]), "`robustness` must be at most `usefulness`.*feature 1"),
        (([50, 60], [40, 50]), "`usefulness` must be shares"),
        (([0.5, np.nan], [0.4, 0.4]), "`usefulness` must be shares"),
        (([], []), "`usefulness` must be shares"),
        (([0.5, 0.6], "robust"), "`robustness` must be shares"),
    ],
)
def test_bad_scores_are_named(scores, words):
    with pytest.raises(ValueError, match=words):
        survival_null(*scores)


@pytest.mark.parametrize("options", [{"shuffles": 0}, {"seed": -1}, {"shuffles": 2.5}])
def test_bad_options_are_named(options):
    with pytest.raises(ValueError, match=f"`{next(iter(options))}` must be an integer"):
        survival_null([0.5, 0.6], [0.1, 0.2], **options)
