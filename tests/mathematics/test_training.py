"""Training of finite networks: the loss, both methods, what is recorded, and the way to the ODE."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from oracles import unit_rows, worst

from jntk_viz import (
    MLP,
    LinearDynamics,
    finite_jntk,
    jntk,
    loss_parts,
    robust_loss,
    train,
    training_chunks,
)

X = unit_rows(0, 6, 3)
Y = np.array([1.0, -1, 1, 1, -1, -1])


def test_loss_by_definition():
    mlp = MLP(3, 20, 2)
    params = mlp.init(jax.random.key(0), jnp.float64)
    u = np.asarray(mlp.value_and_jacobian(params, X))
    expected = ((u[:, 0] - Y) ** 2 + 0.3 * (u[:, 1:] ** 2).sum(1)).sum() / (2 * len(X))
    assert float(robust_loss(mlp, params, X, Y, lam=0.3)) == pytest.approx(expected, rel=1e-13)
    fit, jacobian = loss_parts(mlp, params, X, Y)
    assert float(fit + 0.3 * jacobian) == pytest.approx(expected, rel=1e-6)


def test_one_step_is_gradient_descent():
    mlp = MLP(3, 20, 2)
    params = mlp.init(jax.random.key(0), jnp.float64)
    with jax.enable_x64(True):
        gradient = jax.grad(lambda p: robust_loss(mlp, p, X, Y, lam=0.2))(params)
        expected = [p - 0.1 * g for p, g in zip(params, gradient, strict=True)]
    trajectory = train(mlp, params, X, Y, lam=0.2, learning_rate=0.1, steps=1)
    for got, want in zip(trajectory.params, expected, strict=True):
        assert worst(got, want) < 1e-14


def test_descent_with_small_steps_follows_the_flow():
    mlp = MLP(3, 24, 2)
    params = mlp.init(jax.random.key(0), jnp.float64)
    flow = train(mlp, params, X, Y, lam=0.1, learning_rate=0.1, steps=20, method="gradient_flow")
    gaps = []
    for refine in (2, 4, 8):
        descent = train(mlp, params, X, Y, lam=0.1, learning_rate=0.1 / refine, steps=20 * refine)
        assert descent.times[-1] == pytest.approx(flow.times[-1])
        gaps.append(np.linalg.norm(descent.outputs[-1] - flow.outputs[-1]))
    assert gaps[1] / gaps[0] == pytest.approx(0.5, abs=0.1)  # first order in the step
    assert gaps[2] / gaps[1] == pytest.approx(0.5, abs=0.1)


def test_what_is_recorded():
    mlp, seen = MLP(3, 16, 1), []
    params = mlp.init(jax.random.key(0))
    run = train(
        mlp, params, X, Y, lam=0.5, learning_rate=0.2, steps=30, record_at=[0, 5, 30],
        x_eval=X[:2], keep_params=True, on_record=seen.append,
    )  # fmt: skip
    assert seen == [0, 5, 30]
    assert run.outputs.shape == (3, 6, 4)
    assert run.outputs_eval.shape == (3, 2, 4)
    assert np.allclose(run.times, [0, 1, 6])
    for i, checkpoint in enumerate(run.checkpoints):
        assert np.allclose(run.outputs[i], mlp.value_and_jacobian(checkpoint, X))
        assert run.loss[i] == pytest.approx(
            float(robust_loss(mlp, checkpoint, X, Y, lam=0.5)), rel=1e-5
        )
    assert run.loss[-1] < run.loss[0]
    assert not run.diverged


def test_chunks_take_the_same_steps():
    mlp = MLP(3, 16, 2)
    params = mlp.init(jax.random.key(0))
    options = {"lam": 0.1, "learning_rate": 0.3, "steps": 25}
    chunks = list(training_chunks(mlp, params, X, Y, chunk=10, **options))
    assert [step for step, _ in chunks] == [0, 10, 20, 25]
    whole = train(mlp, params, X, Y, **options)
    for a, b in zip(chunks[-1][1], whole.params, strict=True):
        assert worst(a, b) < 1e-5


def test_too_large_a_step_is_reported_not_raised():
    mlp = MLP(3, 32, 2)
    run = train(mlp, mlp.init(jax.random.key(0)), X, Y, lam=1.0, learning_rate=1e3, steps=60)
    assert run.diverged


def test_first_moments_follow_the_linear_ode_of_the_finite_kernel():
    """To first order in time u' = -(1/N) Θ_d Λ (u - u*), with the network's own kernel: the signs,
    the 1/N and the λ of the dynamics."""
    mlp = MLP(3, 40, 2)
    params = mlp.init(jax.random.key(0), jnp.float64)
    eta = 1e-5
    run = train(mlp, params, X, Y, lam=0.4, learning_rate=eta, steps=1)
    dynamics = LinearDynamics(finite_jntk(mlp, params, X), Y, lam=0.4)
    predicted = dynamics.train(eta, initial=run.outputs[0]) - run.outputs[0]
    assert worst(run.outputs[-1] - run.outputs[0], predicted) < 1e-3


def test_trained_networks_approach_the_ode_as_one_over_root_width():
    """(f, J) at test points after training, against the limiting dynamics from the same start."""
    widths, options = [64, 128, 256, 512, 1024], {"lam": 0.1, "learning_rate": 0.5, "steps": 60}
    x_test = unit_rows(1, 5, 3)
    dynamics = LinearDynamics(jntk(X, depth=2, kappa=0.5), Y, lam=0.1)
    cross = jntk(x_test, X, depth=2, kappa=0.5)

    def error(width, seed):
        mlp = MLP(3, width, 2, kappa=0.5)
        run = train(
            mlp, mlp.init(jax.random.key(seed)), X, Y, record_at=[0, 60], x_eval=x_test, **options
        )
        start, end = run.outputs_eval
        linear = dynamics.predict(
            cross, run.times[-1], learning_rate=0.5, initial=run.outputs[0], initial_test=start
        )
        return np.linalg.norm(end - linear) / np.linalg.norm(linear)

    errors = [[error(width, seed) for seed in range(6)] for width in widths]
    slope = np.polyfit(np.log(widths), np.log(errors).mean(axis=1), 1)[0]
    assert -0.65 < slope < -0.35
