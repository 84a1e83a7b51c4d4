"""Dynamics and eigenfeatures by Krylov iteration, against diagonalising the whole Gram matrix."""

import numpy as np
import pytest
from oracles import unit_rows, worst

from jntk_viz import (
    JNTKOperator,
    KrylovDynamics,
    RobustDynamics,
    eigenfeatures,
    jntk,
    load_dataset,
    train_test_split,
)

X, X_TEST = unit_rows(0, 12, 3), unit_rows(1, 5, 3)
Y = np.sign(X[:, 0])
KERNEL = {"depth": 3, "activation": "erf", "kappa": 1.3}
TIMES = (0, 0.5, 20, np.inf)


@pytest.mark.parametrize("lam", [0.0, 0.05, 2.0])
def test_all_steps_give_the_exact_solution(lam):
    """48 rows (12 for λ = 0): asking for more steps than rows ends at the invariant subspace."""
    dense = RobustDynamics(X, Y, lam=lam, **KERNEL)
    krylov = RobustDynamics(X, Y, lam=lam, krylov=60, **KERNEL)
    for t in TIMES:
        expected = dense.predict(X_TEST, t)
        assert np.abs(krylov.predict(X_TEST, t) - expected).max() < 1e-6
        assert krylov.linear.residual(t) < 1e-8
    assert len(krylov.eigenvalues) <= (12 if lam == 0 else 48)
    step = 0.5 * dense.linear.stable_learning_rate
    descent = [d.predict(X_TEST, 40 * step, learning_rate=step) for d in (krylov, dense)]
    assert worst(*descent) < 1e-6


@pytest.mark.parametrize("t", TIMES[1:])
def test_the_reported_residual_is_that_of_the_whole_matrix(t):
    """Few steps: what the coefficients give on the training set misses what has been learned."""
    lam, steps = 0.3, 3
    krylov = KrylovDynamics(JNTKOperator(X, lam=lam, **KERNEL), Y, steps=steps)
    root = np.tile([1, *[lam**0.5] * 3], 12)
    matrix = root[:, None] * jntk(X, **KERNEL).reshape(48, 48) * root
    solution = krylov.coefficients(t).ravel() / root
    q = krylov.eigenvectors
    learned = q @ (krylov.learned(t) * (q.T @ krylov.target))
    missed = np.linalg.norm(matrix @ solution - learned) / np.linalg.norm(krylov.target)
    assert krylov.residual(t) == pytest.approx(missed, rel=1e-6)
    assert missed > 1e-5
    pairs = np.linalg.norm(matrix @ q - q * krylov.eigenvalues, axis=0)
    assert krylov.residuals == pytest.approx(pairs / krylov.eigenvalues[-1], rel=1e-6, abs=1e-14)


def test_more_steps_come_closer_and_say_so():
    data = load_dataset("sphere", n=64, d0=4)
    dense = RobustDynamics(data.x, data.y, depth=2, lam=0.1).predict(data.x, 300)
    errors, residuals = [], []
    for steps in (5, 20, 80):
        krylov = RobustDynamics(data.x, data.y, depth=2, lam=0.1, krylov=steps)
        errors.append(worst(krylov.predict(data.x, 300), dense))
        residuals.append(krylov.linear.residual(300))
    assert errors == sorted(errors, reverse=True)
    assert residuals == sorted(residuals, reverse=True)
    assert errors[-1] < 1e-6


def test_leading_eigenfeatures():
    train, test = train_test_split(load_dataset("iris"))
    given = (train.x, train.y, test.x, test.y)
    options = {"depth": 3, "lam": 0.1, "epsilon": 0.1, "count": 6}
    exact = eigenfeatures(*given, **options)
    krylov = eigenfeatures(*given, krylov=60, **options)
    assert exact.residuals is None
    assert krylov.residuals.max() < 1e-12
    assert krylov.eigenvalues == pytest.approx(exact.eigenvalues, rel=1e-10)
    assert worst(krylov.values, exact.values) < 1e-7
    assert np.array_equal(krylov.usefulness, exact.usefulness)
    assert np.array_equal(krylov.robustness, exact.robustness)


def test_steps_are_checked():
    with pytest.raises(ValueError, match="`steps`"):
        RobustDynamics(X, Y, lam=0.1, krylov=0, **KERNEL)
