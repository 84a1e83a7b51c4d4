"""Attacks and eigenfeatures."""

import numpy as np
import pytest
from oracles import unit_rows, worst

from jntk_viz import (
    RobustDynamics,
    accuracy,
    eigenfeatures,
    first_order_margin,
    load_dataset,
    pgd_margin,
    train_test_split,
)
from jntk_viz.attacks import tangent_jacobian

CIRCLE = load_dataset("circle", n=9, frequency=2)
DYNAMICS = RobustDynamics(CIRCLE.x, CIRCLE.y, depth=2, activation="erf", lam=0.05)
PREDICTOR = DYNAMICS.predictor(200.0)


def on_circle(angle):
    return np.stack([np.cos(angle), np.sin(angle)], axis=-1)


def brute_force(x, y, epsilon, norm):
    """The smallest margin over all points of the circle that the ball can reach."""
    angles = np.linspace(0, 2 * np.pi, 3601)
    radius, turn = np.meshgrid(np.linspace(0, 1, 40), np.linspace(0, 2 * np.pi, 401))
    square = on_circle(turn)  # its 401 directions include the corners of the square
    if norm == "linf":
        square = square / np.abs(square).max(axis=-1, keepdims=True)
    ball = (epsilon * radius[..., None] * square).reshape(-1, 2)
    values = PREDICTOR(on_circle(angles))[:, 0]
    smallest = []
    for point, label in zip(x, y, strict=True):
        reached = point + ball
        reached = np.arctan2(reached[:, 1], reached[:, 0]) % (2 * np.pi)
        smallest.append(np.min(label * np.interp(reached, angles, values)))
    return np.array(smallest)


@pytest.mark.parametrize("norm", ["l2", "linf"])
@pytest.mark.parametrize("epsilon", [0.1, 0.6])
def test_pgd_finds_the_worst_point_of_the_ball(norm, epsilon):
    x, y = on_circle(np.linspace(0.1, 6.2, 12)), np.resize([1.0, -1.0, -1.0], 12)
    searched = pgd_margin(PREDICTOR, x, y, epsilon=epsilon, norm=norm, steps=40, restarts=12)
    worst_case = brute_force(x, y, epsilon, norm)
    scale = np.abs(PREDICTOR(on_circle(np.linspace(0, 6.28, 200)))[:, 0]).max()
    assert np.all(searched > worst_case - 2e-3 * scale)  # it cannot be worse than the worst
    assert np.all(searched < worst_case + 3e-3 * scale)


@pytest.mark.parametrize("norm", ["l2", "linf"])
def test_first_order_is_the_limit_of_small_epsilon(norm):
    x, y = on_circle(np.linspace(0.3, 6, 7)), np.ones(7)
    outputs, clean = PREDICTOR(x), PREDICTOR(x)[:, 0]
    gaps = []
    for epsilon in (1e-2, 5e-3):
        linear = first_order_margin(outputs, x, y, epsilon=epsilon, norm=norm)
        searched = pgd_margin(PREDICTOR, x, y, epsilon=epsilon, norm=norm, restarts=1)
        assert np.all(searched < clean)
        gaps.append(np.abs(linear - searched).max())
    assert gaps[1] < 0.35 * gaps[0]  # the difference is of second order


def test_first_order_margin_by_hand():
    x, outputs = np.array([[1.0, 0, 0]]), np.array([[2.0, 5.0, 3.0, -4.0]])
    y = np.array([1.0])
    assert first_order_margin(outputs, x, y, epsilon=0.1) == pytest.approx(2 - 0.5)
    assert first_order_margin(outputs, x, y, epsilon=0.1, norm="linf") == pytest.approx(2 - 0.7)
    assert np.array_equal(tangent_jacobian(outputs, x), [[0, 3, -4]])


def test_attack_strength():
    """More ε, more steps or more restarts never help the classifier."""
    x, y = CIRCLE.x, CIRCLE.y
    by_epsilon = [accuracy(pgd_margin(PREDICTOR, x, y, epsilon=e)) for e in (0, 0.2, 0.5, 1.2)]
    assert by_epsilon[0] == accuracy(y * PREDICTOR(x)[:, 0]) == 1.0
    assert np.all(np.diff(by_epsilon) <= 0)
    assert by_epsilon[-1] < 0.5
    few, many = (pgd_margin(PREDICTOR, x, y, epsilon=0.4, restarts=r) for r in (0, 4))
    assert np.all(many <= few + 1e-12)  # all starts go together: other sums, other rounding


def test_eigenfeatures_add_up_to_the_predictor():
    x_test = unit_rows(0, 20, 2)
    y_test = np.sign(x_test[:, 0])
    features = eigenfeatures(
        CIRCLE.x, CIRCLE.y, x_test, y_test, depth=2, activation="erf", lam=0.05, epsilon=0.1
    )
    assert worst(features.values.sum(axis=1), DYNAMICS.predict(x_test, np.inf)[:, 0]) < 1e-7
    assert np.all(np.diff(features.eigenvalues) <= 0)
    assert features.unresolved + len(features.eigenvalues) == 27
    learned = 1 - np.exp(-features.eigenvalues * 30 / 9)
    assert worst(features.values @ learned, DYNAMICS.predict(x_test, 30.0)[:, 0]) < 1e-7


def test_usefulness_and_robustness_are_what_they_say():
    x_test = unit_rows(1, 30, 2)
    y_test = np.sign(x_test[:, 1])
    options = {"depth": 1, "activation": "gelu", "lam": 0.1, "count": 5}
    for attack in ("first_order", "pgd"):
        features = eigenfeatures(
            CIRCLE.x, CIRCLE.y, x_test, y_test, epsilon=0.2, attack=attack, **options
        )
        for i in range(5):
            f = features.feature(i)
            outputs = f(x_test)
            assert worst(outputs[:, 0], features.values[:, i]) < 1e-10
            assert features.usefulness[i] == accuracy(y_test * outputs[:, 0])
            if attack == "first_order":
                margins = first_order_margin(outputs, x_test, y_test, epsilon=0.2)
            else:
                margins = pgd_margin(f, x_test, y_test, epsilon=0.2)
            assert features.robustness[i] == accuracy(margins)
        assert np.all(features.robustness <= features.usefulness)
    none = eigenfeatures(CIRCLE.x, CIRCLE.y, x_test, y_test, epsilon=0.0, **options)
    assert np.array_equal(none.robustness, none.usefulness)


def test_standard_training_has_one_feature_per_point():
    x_test, y_test = CIRCLE.x, CIRCLE.y
    features = eigenfeatures(CIRCLE.x, CIRCLE.y, x_test, y_test, depth=2, lam=0, epsilon=0.1)
    assert len(features.eigenvalues) == 9


def test_robust_overfitting_on_real_data():
    """The story of the page: on iris the regularised predictor is most robust at intermediate times
    and ends less robust than standard training ever was."""
    train, test = train_test_split(load_dataset("iris"))
    options = {"epsilon": 0.3, "norm": "l2"}

    def robust(lam, t):
        predictor = RobustDynamics(train.x, train.y, depth=2, lam=lam).predictor(t)
        return accuracy(pgd_margin(predictor, test.x, test.y, **options))

    standard_end, best, end = robust(0.0, np.inf), robust(1.0, 100.0), robust(1.0, np.inf)
    assert best >= standard_end + 0.05
    assert end <= standard_end - 0.1
