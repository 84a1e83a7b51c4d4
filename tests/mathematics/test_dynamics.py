"""The closed-form dynamics: against a numerical ODE solver, and its limits."""

import jax
import numpy as np
import pytest
from oracles import unit_rows, worst
from scipy.integrate import solve_ivp

from jntk_viz import MLP, LinearDynamics, RobustDynamics, finite_jntk, jntk

X, X_TEST = unit_rows(0, 6, 3), unit_rows(1, 4, 3)
Y = np.array([1.0, -1, 1, 1, -1, -1])
KERNEL = {"depth": 2, "activation": "erf", "kappa": 1.3}


@pytest.mark.parametrize("lam", [0.0, 0.05, 2.0])
@pytest.mark.parametrize("started", [False, True])
def test_against_a_numerical_solver(lam, started):
    """u' = -(1/N) Θ Λ (u - u*) integrated by DOP853, on training and test points together."""
    gram, cross = jntk(X, **KERNEL), jntk(X_TEST, X, **KERNEL)
    rng = np.random.default_rng(2)
    initial = rng.normal(size=(6, 4)) if started else np.zeros((6, 4))
    initial_test = rng.normal(size=(4, 4)) if started else np.zeros((4, 4))
    weight, target = np.array([1, lam, lam, lam]), np.append(Y[:, None], np.zeros((6, 3)), axis=1)

    def velocity(_, state):
        residual = weight * (state[:24].reshape(6, 4) - target)
        return -np.concatenate(
            [np.tensordot(k, residual, axes=2).ravel() / 6 for k in (gram, cross)]
        )

    start = np.concatenate([initial.ravel(), initial_test.ravel()])
    solution = solve_ivp(velocity, (0, 7), start, method="DOP853", rtol=1e-11, atol=1e-12)
    train, test = solution.y[:24, -1].reshape(6, 4), solution.y[24:, -1].reshape(4, 4)
    dynamics = LinearDynamics(gram, Y, lam=lam)
    assert worst(dynamics.train(7, initial=initial), train) < 1e-8
    moved = dynamics.predict(cross, 7, initial=initial, initial_test=initial_test)
    assert worst(moved, test) < 1e-8
    if not started:
        assert worst(RobustDynamics(X, Y, lam=lam, **KERNEL).predict(X_TEST, 7), test) < 1e-8


def test_gradient_descent_step_by_step():
    gram = jntk(X, **KERNEL)
    dynamics = LinearDynamics(gram, Y, lam=0.3)
    eta = 0.9 * dynamics.stable_learning_rate
    u, target = np.zeros((6, 4)), np.append(Y[:, None], np.zeros((6, 3)), axis=1)
    for _ in range(25):
        u = u - eta / 6 * np.tensordot(gram, np.array([1, 0.3, 0.3, 0.3]) * (u - target), axes=2)
    assert worst(dynamics.train(25 * eta, learning_rate=eta), u) < 1e-10


def test_descent_past_the_stability_limit():
    dynamics = RobustDynamics(X, Y, lam=0.3, **KERNEL)
    eta = 1.05 * dynamics.linear.stable_learning_rate
    near, far = (np.abs(dynamics.predict(X, k * eta, learning_rate=eta)).max() for k in (50, 400))
    assert far > 100 * near
    with pytest.raises(ValueError, match=r"`learning_rate` must be below 2N/e_max"):
        dynamics.predict(X, np.inf, learning_rate=eta)


def test_starts_at_zero_and_approaches_infinity():
    dynamics = RobustDynamics(X, Y, lam=0.3, **KERNEL)
    assert np.array_equal(dynamics.predict(X_TEST, 0), np.zeros((4, 4)))
    slowest = 6 / dynamics.eigenvalues[0]
    assert worst(dynamics.predict(X_TEST, 40 * slowest), dynamics.predict(X_TEST, np.inf)) < 1e-9


def test_infinite_time_interpolates_with_zero_jacobian_whatever_lambda():
    ends = [RobustDynamics(X, Y, lam=lam, **KERNEL) for lam in (1e-3, 0.1, 10.0)]
    for dynamics in ends:
        u = dynamics.predict(X, np.inf)
        assert np.allclose(u[:, 0], Y, atol=1e-7)
        assert np.abs(u[:, 1:]).max() < 1e-6
    predictions = [dynamics.predict(X_TEST, np.inf) for dynamics in ends]
    assert worst(predictions[0], predictions[1]) < 1e-6
    assert worst(predictions[2], predictions[1]) < 1e-6


def test_without_regulariser_it_is_ntk_regression():
    dynamics = RobustDynamics(X, Y, lam=0, **KERNEL)
    gram, cross = jntk(X, **KERNEL)[:, 0, :, 0], jntk(X_TEST, X, **KERNEL)[:, :, :, 0]
    assert worst(dynamics.predict(X_TEST, np.inf), cross @ np.linalg.solve(gram, Y)) < 1e-9
    assert dynamics.eigenvalues.shape == (6,)
    small = RobustDynamics(X, Y, lam=1e-14, **KERNEL).predict(X_TEST, 30.0)
    assert worst(dynamics.predict(X_TEST, 30.0), small) < 1e-9  # continuous in λ at finite time


def test_fit_improves_with_time_and_jacobian_shrinks_with_lambda():
    times = np.geomspace(1e-2, 1e6, 30)
    errors = [
        np.linalg.norm(LinearDynamics(jntk(X, **KERNEL), Y, lam=0.2).train(t)[:, 0] - Y)
        for t in times
    ]
    assert errors[-1] < 1e-2 * errors[0]
    sizes = [
        np.abs(RobustDynamics(X, Y, lam=lam, **KERNEL).predict(X, 5.0)[:, 1:]).mean()
        for lam in (0, 0.1, 1, 10)
    ]
    assert np.all(np.diff(sizes) < 0)


def test_coinciding_points_leave_unresolved_directions_still():
    """A repeated row makes Θ_λ singular; the prediction stays finite and interpolates."""
    x, y = np.concatenate([X, X[:1]]), np.append(Y, Y[0])
    dynamics = RobustDynamics(x, y, lam=0.5, **KERNEL)
    assert np.sum(dynamics.eigenvalues <= dynamics.linear.noise_floor) >= 1
    assert np.allclose(dynamics.predict(x, np.inf)[:, 0], y, atol=1e-6)


def test_finite_kernels_can_be_used():
    mlp = MLP(3, 50, 2)
    gram = finite_jntk(mlp, mlp.init(jax.random.key(0), np.float64), X)
    assert np.allclose(LinearDynamics(gram, Y, lam=0.1).train(np.inf)[:, 0], Y, atol=1e-5)


def test_real_targets_belong_to_linear_dynamics():
    y = np.linspace(-1, 1, 6)
    assert np.allclose(
        LinearDynamics(jntk(X, **KERNEL), y, lam=0.1).train(np.inf)[:, 0], y, atol=1e-6
    )
    with pytest.raises(ValueError, match=r"`y` must take the two values .* LinearDynamics"):
        RobustDynamics(X, y, lam=0.1, **KERNEL)
