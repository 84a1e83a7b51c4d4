"""The limiting kernels against routes that share no code with them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from oracles import CASES, autodiff_blocks, erf_kernels, quadrature_block, unit_rows, worst

from jntk_viz import (
    ACTIVATIONS,
    MLP,
    Activation,
    finite_jacobian_nngp,
    finite_jntk,
    jacobian_nngp,
    jntk,
)

SMOOTH = [name for name, activation in ACTIVATIONS.items() if activation.smooth]


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c['activation']}-{c['depth']}")
@pytest.mark.parametrize("kernel", [jacobian_nngp, jntk], ids=lambda k: k.__name__)
def test_third_party_values(case, kernel):
    """neural-tangents differentiated by JAX; equal, antipodal, nearly parallel pairs included."""
    gram = kernel(case["inputs"], depth=case["depth"], activation=case["activation"])
    assert worst(gram, case[kernel.__name__]) < 1e-11


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_autodiff_of_closed_form(depth):
    x1, x2 = unit_rows(0, 4, 3), unit_rows(1, 5, 3)
    options = {"depth": depth, "activation": "erf"}
    nngp = autodiff_blocks(lambda x, y: erf_kernels(x, y, depth)[0], x1, x2)
    ntk = autodiff_blocks(lambda x, y: erf_kernels(x, y, depth)[1], x1, x2)
    assert worst(jacobian_nngp(x1, x2, **options), nngp) < 1e-12
    assert worst(jntk(x1, x2, **options), ntk) < 1e-12


@pytest.mark.parametrize(("name", "depth"), [("tanh", 3), ("gelu", 2), ("softplus", 4)])
def test_quadrature(name, depth):
    """Jet quadrature: another recursion, other expectations; distinct and equal points."""
    phi = ACTIVATIONS[name]
    with jax.enable_x64(True):
        derivatives = [phi.derivative(order) for order in range(3)]
        pair = unit_rows(2, 2, 2)
        sigma, theta, sigma_diagonal, theta_diagonal = quadrature_block(*pair, depth, *derivatives)
    got = jntk(pair, depth=depth, activation=name)
    assert worst(got[0, :, 1], theta) < 1e-10
    assert worst(got[0, :, 0], theta_diagonal) < 1e-10
    got = jacobian_nngp(pair, depth=depth, activation=name)
    assert worst(got[0, :, 1], sigma) < 1e-10
    assert worst(got[0, :, 0], sigma_diagonal) < 1e-10


@pytest.mark.parametrize(
    ("kernel", "name"),
    [(k, n) for k in (jacobian_nngp, jntk) for n in SMOOTH] + [(jacobian_nngp, "relu")],
)
def test_finite_differences_along_the_sphere(kernel, name):
    """Contracted with a tangent t, the slope rows are d/ds of the value rows along a geodesic."""
    x, t = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 2)))[0].T
    y, h = unit_rows(4, 3, 3), 1e-5
    path = [np.cos(s) * x + np.sin(s) * t for s in (-h, 0.0, h)]
    before, here, after = (kernel(p[None], y, depth=2, activation=name)[0] for p in path)
    assert np.allclose(
        np.tensordot(t, here[1:], axes=1), (after[0] - before[0]) / (2 * h), atol=1e-8
    )
    transposed = kernel(y, x[None], depth=2, activation=name)[:, :, 0]
    assert np.allclose(transposed, here.transpose(1, 2, 0), atol=1e-12)


@pytest.mark.parametrize("block", ["slope-value", "value-slope", "slope-slope"])
def test_finite_differences_block_by_block(block):
    """Every direction, the radial one included, against differences of the closed-form erf NTK."""
    x, y, h = *unit_rows(5, 2, 3), 1e-4
    steps = h * np.eye(3)

    def ntk(x, y):
        with jax.enable_x64(True):
            return float(erf_kernels(jnp.asarray(x), jnp.asarray(y), 2)[1])

    got = jntk(x[None], y[None], depth=2, activation="erf")[0, :, 0]
    if block == "slope-value":
        expected = [(ntk(x + s, y) - ntk(x - s, y)) / (2 * h) for s in steps]
        assert np.allclose(got[1:, 0], expected, atol=1e-7)
    elif block == "value-slope":
        expected = [(ntk(x, y + s) - ntk(x, y - s)) / (2 * h) for s in steps]
        assert np.allclose(got[0, 1:], expected, atol=1e-7)
    else:
        signs = [(1, 1), (1, -1), (-1, 1), (-1, -1)]
        expected = [
            [sum(i * j * ntk(x + i * s, y + j * u) for i, j in signs) / (4 * h**2) for u in steps]
            for s in steps
        ]
        assert np.allclose(got[1:, 1:], expected, atol=1e-6)


@pytest.mark.parametrize("name", ["gelu", "tanh", "relu"])
def test_jacobian_nngp_by_monte_carlo(name):
    """Within six standard errors of the mean over random networks, plus the O(1/d) of width d."""
    x = unit_rows(6, 4, 3)
    mlp = MLP(3, 256, 2, name, kappa=1.5)
    keys = jax.random.split(jax.random.key(0), 16)
    runs = [finite_jacobian_nngp(mlp, key, x, n_networks=60) for key in keys]
    mean, error = np.mean(runs, axis=0), np.std(runs, axis=0) / 4
    limit = jacobian_nngp(x, depth=2, activation=name, kappa=1.5)
    assert np.all(np.abs(mean - limit) < 6 * error + 4 / 256 * np.abs(limit).max())
    assert worst(mean, limit) < 0.03


def test_jntk_by_monte_carlo():
    x = unit_rows(7, 4, 3)
    mlp = MLP(3, 1024, 2, "gelu", kappa=0.8)
    draws = [finite_jntk(mlp, mlp.init(jax.random.key(seed)), x) for seed in range(20)]
    mean, error = np.mean(draws, axis=0), np.std(draws, axis=0) / 20**0.5
    limit = jntk(x, depth=2, kappa=0.8)
    assert np.all(np.abs(mean - limit) < 5 * error + 4 / 1024 * np.abs(limit).max())
    assert worst(mean, limit) < 0.05


@pytest.mark.parametrize("kernel", [jacobian_nngp, jntk], ids=lambda k: k.__name__)
@pytest.mark.parametrize("name", SMOOTH)
@pytest.mark.parametrize("depth", [1, 6])
def test_symmetric_and_positive_semidefinite(kernel, name, depth):
    x = unit_rows(8, 9, 3)
    x = np.concatenate([x, -x[:1], x[:1] + 1e-9])  # antipodal and nearly equal points
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    gram = kernel(x, depth=depth, activation=name).reshape(44, 44)
    eigenvalues = np.linalg.eigvalsh(gram)
    assert worst(gram, gram.T) < 1e-14
    assert eigenvalues[0] > -44 * np.finfo(float).eps * eigenvalues[-1]


def test_relu_jacobian_nngp_has_euler_null_directions():
    """⟨x, J⟩ = f for every ReLU network, so each point gives one exact null direction."""
    x = unit_rows(9, 6, 3)
    euler = np.concatenate([-np.ones((6, 1)), x], axis=1)  # ⟨x, J⟩ - f at each point

    def variance(name):
        gram = jacobian_nngp(x, depth=3, activation=name)
        return np.abs(np.einsum("iajb,jb->iaj", gram, euler)).max()

    assert variance("relu") < 1e-12
    assert variance("gelu") > 1e-3


def test_leaky_relu_with_almost_equal_slopes_is_linear():
    x = unit_rows(10, 5, 3)
    leaky = Activation("leaky", lambda z: jnp.where(z > 0, z, 0.999999999 * z))
    gram = jacobian_nngp(x, depth=3, activation=leaky)
    jets = np.concatenate([x[:, None], np.broadcast_to(np.eye(3), (5, 3, 3))], axis=1)
    assert worst(gram, np.einsum("iad,jbd->iajb", jets, jets)) < 1e-8


def test_odd_activations_give_antipodal_null_directions():
    x = unit_rows(11, 1, 3)
    gram = jntk(np.concatenate([x, -x]), depth=2, activation="erf")
    assert np.allclose(gram[0, 0], -gram[1, 0], atol=1e-14)  # f(-x) = -f(x)
    assert np.allclose(gram[0, 1:], gram[1, 1:], atol=1e-14)  # and so J(-x) = J(x)


def test_kappa_scales_quadratically_and_value_block_is_the_ntk():
    x = unit_rows(12, 4, 2)
    assert worst(jntk(x, depth=2, kappa=3.0), 9 * jntk(x, depth=2)) < 1e-15
    with jax.enable_x64(True):
        ntk = [[float(erf_kernels(a, b, 2)[1]) for b in jnp.asarray(x)] for a in jnp.asarray(x)]
    assert worst(jntk(x, depth=2, activation="erf")[:, 0, :, 0], ntk) < 1e-13


def test_result_is_writable_float64_and_leaves_the_global_flag_alone():
    x = unit_rows(13, 3, 2).astype(np.float32)
    gram = jntk(x, depth=2)
    gram[0, 0, 0, 0] += 1.0
    assert gram.dtype == np.float64
    assert not jax.config.jax_enable_x64
    assert worst(jntk(x, depth=2), jntk(jnp.asarray(x), depth=2)) == 0.0


def test_two_arguments_agree_with_one():
    x = unit_rows(14, 6, 4)
    assert worst(jntk(x, x, depth=3), jntk(x, depth=3)) < 1e-14
    assert worst(jntk(x[:2], x[3:], depth=3), jntk(x, depth=3)[:2, :, 3:]) < 1e-14


def test_a_deep_kernel_by_autodiff_of_the_closed_form():
    x = unit_rows(15, 3, 2)
    expected = autodiff_blocks(lambda a, b: erf_kernels(a, b, 30)[1], x, x)
    assert worst(jntk(x, depth=30, activation="erf"), expected) < 1e-11


@pytest.mark.parametrize("kernel", [jacobian_nngp, jntk], ids=lambda k: k.__name__)
def test_large_kernels_are_written_in_slabs_of_rows(kernel):
    """23 MB in slabs of 16 MB, the second of which overlaps the first."""
    x = unit_rows(16, 131, 12)
    whole = kernel(x, depth=2)
    assert worst(whole, whole.transpose(2, 3, 0, 1)) < 1e-15
    assert worst(whole[60:75], kernel(x[60:75], x, depth=2)) < 1e-14
    assert worst(kernel(x, x[::-1], depth=2), whole[:, :, ::-1]) < 1e-14
