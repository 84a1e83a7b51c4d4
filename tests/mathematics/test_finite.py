"""Finite networks, their JNTK and the covariance of random ones."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from conftest import slow_if
from oracles import unit_rows, worst

from jntk_viz import (
    MLP,
    finite_jacobian_nngp,
    finite_jntk,
    jacobian_nngp,
    jntk,
    sample_value_and_jacobian,
)
from jntk_viz.finite import random_features


def plain_network(mlp, params, x):
    """The definition of the network, written out for one point."""
    h = mlp.activation(params[0] @ x)
    for weights in params[1:-1]:
        h = mlp.activation(weights @ h / mlp.width**0.5)
    return mlp.kappa * (params[-1] @ h)[0] / mlp.width**0.5


@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
def test_value_and_jacobian_by_definition(depth, dtype):
    mlp, x = MLP(3, 17, depth, "silu", kappa=1.7), unit_rows(0, 5, 3)
    params = mlp.init(jax.random.key(1), dtype)
    got = mlp.value_and_jacobian(params, x)
    with jax.enable_x64(True):
        wide = [jnp.asarray(p, jnp.float64) for p in params]
        expected = [
            np.append(
                plain_network(mlp, wide, p), jax.grad(lambda q: plain_network(mlp, wide, q))(p)
            )
            for p in jnp.asarray(x)
        ]
    assert got.dtype == dtype
    assert worst(got, expected) < (1e-5 if dtype == jnp.float32 else 1e-14)


QUICK = [(1, "gelu"), (1, "sin"), (2, "erf"), (2, "gelu"), (3, "tanh"), (3, "sin"), (4, "gelu")]
NETWORKS = itertools.product([1, 2, 3, 4], ["gelu", "erf", "tanh", "sin"])


@pytest.mark.parametrize(
    ("depth", "activation"), [slow_if(network not in QUICK, *network) for network in NETWORKS]
)
def test_finite_jntk_against_jacrev_over_parameters(depth, activation):
    mlp = MLP(3, 12, depth, activation, kappa=0.7)
    x1, x2 = unit_rows(2, 4, 3), unit_rows(3, 2, 3)
    params = mlp.init(jax.random.key(depth), jnp.float64)
    with jax.enable_x64(True):
        by_params = jax.jit(jax.jacrev(mlp.value_and_jacobian))
        gradients = by_params(params, jnp.concatenate([x1, x2]))  # compiled once
        expected = sum(jnp.tensordot(g[:4], g[4:], axes=((2, 3), (2, 3))) for g in gradients)
    got = finite_jntk(mlp, params, x1, x2)
    assert got.dtype == jnp.float64
    assert worst(got, expected) < 1e-13
    assert worst(finite_jntk(mlp, params, x1), finite_jntk(mlp, params, x1, x1)) < 1e-14


def test_float32_is_the_default_and_agrees_with_float64():
    mlp, x = MLP(4, 64, 2), unit_rows(4, 6, 4)
    single = mlp.init(jax.random.key(0))
    with jax.enable_x64(True):
        double = [jnp.asarray(p, jnp.float64) for p in single]
    assert single[0].dtype == finite_jntk(mlp, single, x).dtype == jnp.float32
    assert worst(finite_jntk(mlp, single, x), finite_jntk(mlp, double, x)) < 1e-5


def test_first_layer_is_not_scaled_and_weights_are_standard_normal():
    mlp = MLP(5, 300, 2)
    params = mlp.init(jax.random.key(0))
    assert [p.shape for p in params] == [(300, 5), (300, 300), (1, 300)]
    assert all(abs(float(p.std()) - 1) < 0.1 for p in params)
    assert mlp.scales == [1.0, 300**-0.5, 300**-0.5]


@pytest.mark.parametrize("width", [6, 64])  # below and above the number of rows, 3 · 3
def test_random_features_have_the_distribution_of_drawn_weights(width):
    """First and second moments of the Gram matrix, drawn without and with weights, at depth 3."""
    mlp, x = MLP(2, width, 3, "tanh"), jnp.asarray(unit_rows(5, 3, 2), jnp.float32)
    keys = jax.random.split(jax.random.key(7), 1500)

    def by_gram(key):
        jets = random_features(mlp, key, x, 1)[0]
        return jnp.tensordot(jets, jets, axes=(2, 2)) / width

    def by_weights(key):
        params = mlp.init(key)
        hidden = lambda x: _last_hidden(mlp, params, x)  # noqa: E731
        value, slopes = jax.vmap(hidden)(x), jax.vmap(jax.jacfwd(hidden))(x)
        jets = jnp.concatenate([value[:, None], slopes.transpose(0, 2, 1)], axis=1)
        return jnp.tensordot(jets, jets, axes=(2, 2)) / width

    with jax.enable_x64(True):
        a = np.asarray(jax.lax.map(by_gram, keys, batch_size=500))
    b = np.asarray(jax.lax.map(by_weights, keys, batch_size=500))
    for moment in (1, 2):
        difference = (a**moment).mean(0) - (b**moment).mean(0)
        error = np.sqrt(((a**moment).var(0) + (b**moment).var(0)) / len(keys))
        assert np.all(np.abs(difference) < 5 * error + 1e-6)


def _last_hidden(mlp, params, x):
    h = mlp.activation(params[0] @ x)
    for weights in params[1:-1]:
        h = mlp.activation(weights @ h / mlp.width**0.5)
    return h


def test_sampled_functions_have_the_covariance_and_depend_on_the_key_alone():
    mlp, x = MLP(2, 512, 2, kappa=2.0), unit_rows(6, 3, 2)
    draws = sample_value_and_jacobian(mlp, jax.random.key(0), x, n_networks=6000)
    assert draws.shape == (6000, 3, 3)
    empirical = np.einsum("kia,kjb->iajb", draws, draws) / len(draws)
    assert worst(empirical, jacobian_nngp(x, depth=2, kappa=2.0)) < 0.08
    again = sample_value_and_jacobian(mlp, jax.random.key(0), x, n_networks=6000)
    assert np.array_equal(draws, again)


def test_more_networks_keep_the_first_ones():
    """So that a mean over few networks is a partial sum of the mean over many."""
    mlp, x, key = MLP(2, 1024, 2), unit_rows(7, 40, 2), jax.random.key(3)  # two networks at once
    few, many = (sample_value_and_jacobian(mlp, key, x, n_networks=n) for n in (3, 6))
    assert np.array_equal(few, many[:3])
    assert len(np.unique(np.asarray(many)[:, 0, 0])) == 6


@pytest.mark.parametrize("n_networks", [1, 2, 3])
def test_monte_carlo_is_the_mean_over_the_first_networks(n_networks):
    mlp, x, key = MLP(2, 1024, 2), unit_rows(7, 40, 2), jax.random.key(3)
    x32 = jnp.asarray(x, jnp.float32)
    with jax.enable_x64(True):
        batches = [random_features(mlp, jax.random.fold_in(key, i), x32, 2) for i in range(2)]
    jets = jnp.concatenate(batches)[:n_networks]
    expected = jnp.einsum("kiad,kjbd->iajb", jets, jets) / (1024 * n_networks)
    assert worst(finite_jacobian_nngp(mlp, key, x, n_networks=n_networks), expected) < 1e-5


def test_monte_carlo_in_float64():
    mlp, x = MLP(2, 16, 2), unit_rows(7, 2, 2)
    assert (
        finite_jacobian_nngp(mlp, jax.random.key(0), x, n_networks=2, dtype=jnp.float64).dtype
        == jnp.float64
    )


@pytest.mark.parametrize("dtype", [None, jnp.float64])
def test_exact_null_directions_survive_the_factorisation(dtype):
    """Euler's ⟨x, J⟩ = f of ReLU, and two equal points: the covariance has no full rank."""
    x = unit_rows(9, 6, 3)
    x = np.concatenate([x, x[:1]])
    options = {"n_networks": 3, "dtype": dtype}
    draws = sample_value_and_jacobian(MLP(3, 256, 4, "relu"), jax.random.key(1), x, **options)
    size = np.abs(draws).max()
    small = 5e-5 if dtype is None else 1e-13
    assert np.abs(draws[:, -1] - draws[:, 0]).max() < small * size
    euler = np.einsum("kia,ia->ki", draws[:, :, 1:], x) - draws[:, :, 0]
    assert np.abs(euler).max() < small * size


def exponent(widths, errors):
    """Least-squares slope of log error on log width, over the mean of the logs of the repeats."""
    return np.polyfit(np.log(widths), np.log(errors).mean(axis=1), 1)[0]


@pytest.mark.parametrize("depth", [1, 3])
def test_finite_jntk_approaches_its_limit_as_one_over_root_width(depth):
    x, widths = unit_rows(8, 6, 3), [64, 128, 256, 512, 1024]
    limit = jntk(x, depth=depth)

    def error(width, seed):
        mlp = MLP(3, width, depth)
        theta = finite_jntk(mlp, mlp.init(jax.random.key(seed)), x)
        return np.linalg.norm(theta - limit) / np.linalg.norm(limit)

    errors = [[error(width, seed) for seed in range(12)] for width in widths]
    assert -0.6 < exponent(widths, errors) < -0.4
