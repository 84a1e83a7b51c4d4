"""Networks with other weights, with biases and with skips: kernels, finite networks, refusals."""

import json
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import standard_network
from oracles import ARCHITECTURES, architecture_blocks, unit_rows, worst

import jntk_viz as jv
from jntk_viz.architecture import Architecture
from jntk_viz.correlations import Correlation
from jntk_viz.layers import composed_layers
from jntk_viz.panels import panels

KERNELS = [jv.jacobian_nngp, jv.jntk]
NETWORKS = {
    "weights": {"weight_std": 1.4},
    "biases": {"bias_std": 0.5},
    "ordered": {"weight_std": 0.5, "bias_std": 0.2},
    "skips": {"residual": 0.6},
    "all": {"weight_std": 1.3, "bias_std": 0.25, "residual": 0.8},
}
# Variances of GeLU grow without limit; these stay within what is resolved.
GROWING = {
    ("gelu", 12, "weights"): {"weight_std": 1.2},
    ("gelu", 12, "all"): {"weight_std": 1.3, "bias_std": 0.25, "residual": 0.4},
}
BOTH = {"weight_std": 1.3, "bias_std": 0.25, "residual": 0.8}
X, Y, X_TEST = unit_rows(14, 6, 3), np.array([1.0, -1, 1, 1, -1, -1]), unit_rows(15, 5, 3)


def test_the_papers_network_is_what_it_was_to_the_last_digit():
    """Exact on a machine that rounds as the one that wrote the values; elsewhere to rounding.

    erf's layer map has slope 1.226 at ρ = 1: forty layers make a last digit 3,400 times as large in
    the values and 10⁷ times in second derivatives, against 10⁸ in the entries that are compared.
    """
    file = Path(__file__).parents[1] / "data" / "standard_network.json"
    stored = json.loads(file.read_text())
    same = stored.pop("arithmetic") == standard_network.arithmetic()
    found = standard_network.values()
    assert found.keys() == stored.keys()
    for name, values in found.items():
        assert worst(values, stored[name]) < (1e-10 if name.endswith("erf 40") else 1e-12), name
        assert not same or np.array_equal(values, stored[name]), name


@pytest.mark.parametrize("case", ARCHITECTURES, ids=lambda c: c["activation"])
@pytest.mark.parametrize("kernel", KERNELS, ids=lambda k: k.__name__)
def test_third_party_values(case, kernel):
    """neural-tangents differentiated by JAX: a plain erf network and a residual GeLU one."""
    names = ("depth", "activation", "kappa", "weight_std", "bias_std", "residual")
    gram = kernel(case["inputs"], **{name: case[name] for name in names})
    assert worst(gram, case[kernel.__name__]) < 1e-11


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("name", ["erf", "gelu"])
@pytest.mark.parametrize("depth", [1, 3, 12])
def test_autodiff_of_closed_forms(network, name, depth):
    """Equal, antipodal and other pairs; the closed form knows covariances off the sphere only."""
    x = unit_rows(0, 3, 3)
    x = np.concatenate([x, -x[:1]])
    network = GROWING.get((name, depth, network), NETWORKS[network])
    options = {"depth": depth, "activation": name, **network}
    closed = architecture_blocks(x, x, name, depth, **network)
    for kernel, expected in zip(KERNELS, closed, strict=True):
        assert worst(kernel(x, **options), expected) < 2e-13 * depth


@pytest.mark.parametrize("network", NETWORKS)
def test_piecewise_linear_activations(network):
    """The Jacobian NNGP of ReLU against autodiff of the arc-cosine formula; no JNTK, as before."""
    x1, x2 = unit_rows(1, 3, 3), unit_rows(2, 4, 3)
    options = {"depth": 4, "activation": "relu", **NETWORKS[network]}
    expected = architecture_blocks(x1, x2, "relu", 4, **NETWORKS[network])[0]
    assert worst(jv.jacobian_nngp(x1, x2, **options), expected) < 1e-13
    with pytest.raises(ValueError, match="`activation` must be smooth"):
        jv.jntk(x1, **options)


@pytest.mark.parametrize("weight_std", [0.1, 3.0, 10.0])
def test_weak_and_strong_weights(weight_std):
    """Variances far from one: few Hermite coefficients, or thousands.

    With strong weights the closed form in float64 loses digits where points coincide: those are
    compared with more digits in `test_deep_kernels`.
    """
    x = unit_rows(3, 4, 3)
    expected = architecture_blocks(x, x, "erf", 3, weight_std=weight_std, bias_std=0.3)[1]
    found = jv.jntk(x, depth=3, activation="erf", weight_std=weight_std, bias_std=0.3)
    assert worst(found, expected) < 1e-10
    for i, j in np.argwhere(~np.eye(4, dtype=bool)):
        assert worst(found[i, :, j], expected[i, :, j]) < 1e-12


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda k: k.__name__)
def test_a_vanishing_residual_leaves_one_layer(kernel):
    """α → 0: g stays g¹, with an error of the order α²."""
    x, options = unit_rows(4, 4, 3), {"weight_std": 1.2, "bias_std": 0.4}
    one = kernel(x, depth=1, **options)
    errors = [worst(kernel(x, depth=5, residual=a, **options), one) for a in (1e-2, 1e-3, 1e-8)]
    assert 50 < errors[0] / errors[1] < 200
    assert errors[2] < 1e-13


@pytest.mark.parametrize("network", ["biases", "all"])
@pytest.mark.parametrize("depth", [2, 20])
def test_panels_are_all_the_layers(network, depth):
    """At cosines on both sides, down to 1 - |c| = 1e-20."""
    gap = np.append(10.0 ** np.linspace(-20, -0.01, 60), 0)
    cosines = Correlation(np.append(1 - gap, gap - 1), np.append(gap, gap))
    options = NETWORKS[network] if depth == 2 else {**NETWORKS[network], "residual": 0.3}
    architecture = Architecture(depth, "gelu", **options)
    summed, bound = panels(architecture, True)(cosines)
    layered = np.stack(composed_layers(cosines, architecture, True))
    largest = np.abs(layered).max(axis=1, keepdims=True)
    assert np.all(np.abs(summed - layered) < 1e-12 * np.abs(layered) + 1e-15 * largest)
    assert np.abs(summed).max() <= bound * (1 + 1e-12)


def test_equal_points_stay_equal_and_antipodes_part_with_biases():
    x = unit_rows(5, 2, 3)
    x = np.concatenate([x, x[:1], -x[:1]])
    for options in NETWORKS.values():
        gram = jv.jntk(x, depth=40, activation="erf", **options)
        assert np.array_equal(gram[0, :, 0], gram[2, :, 0])
        odd = options.get("bias_std", 0) == 0
        assert (gram[0, 0, 3, 0] == -gram[0, 0, 0, 0]) == odd  # f(-x) = -f(x)
        sign = np.append(-1.0, np.ones(3))
        assert (worst(gram[0] * sign[:, None, None], gram[3]) < 1e-12) == odd


@pytest.mark.parametrize("name", ["gelu", "relu"])
def test_inside_jax_transformations(name):
    x, turn = unit_rows(6, 3, 3), np.random.default_rng(7).normal(size=(3, 3))
    kernel = jv.jacobian_nngp if name == "relu" else jv.jntk
    options = {"depth": 4, "activation": name, **BOTH}
    turn -= np.sum(turn * x, axis=1, keepdims=True) * x
    weight = np.random.default_rng(8).normal(size=(3, 4, 3, 4))

    def total(x):
        return (weight * kernel(x, **options)).sum()

    def moved(s):
        y = x + s * turn
        return total(y / np.linalg.norm(y, axis=1, keepdims=True))

    h = 1e-3
    expected = (moved(-2 * h) - 8 * moved(-h) + 8 * moved(h) - moved(2 * h)) / (12 * h)
    with jax.enable_x64(True):
        points = jnp.asarray(x)
        compiled = jax.jit(lambda z: kernel(z, **options))(points)
        each = jax.vmap(lambda z: kernel(z, x, **options))(points[:, None])
        slope = np.asarray(jax.grad(total)(points))
    whole = kernel(x, **options)
    assert worst(compiled, whole) < 1e-12
    assert worst(each[:, 0], whole) < 1e-12
    assert np.sum(slope * turn) == pytest.approx(expected, rel=1e-7)
    with pytest.raises(ValueError, match=r"`weight_std` must .* JAX is transforming"):
        jax.grad(lambda s: jv.jntk(x, depth=2, weight_std=s).sum())(1.2)


# --- finite networks ------------------------------------------------------------------------------


def defined_network(mlp, params, x):
    """The definition, written out for one point."""
    weights, biases = params[: mlp.depth + 1], params[mlp.depth + 1 :]
    biases = biases or [jnp.zeros(mlp.width)] * mlp.depth
    g = mlp.weight_std * weights[0] @ x + mlp.bias_std * biases[0]
    for w, b in zip(weights[1:-1], biases[1:], strict=True):
        new = mlp.weight_std * w @ mlp.activation(g) / mlp.width**0.5 + mlp.bias_std * b
        g = new if mlp.residual is None else g + mlp.residual * new
    return mlp.kappa * (weights[-1] @ mlp.activation(g))[0] / mlp.width**0.5


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("depth", [1, 3])
def test_networks_and_their_jntk_by_definition(network, depth):
    """Values and Jacobians, and the JNTK by `jacrev` over all parameters, biases included."""
    mlp = jv.MLP(3, 9, depth, "gelu", kappa=0.7, **NETWORKS[network])
    params = mlp.init(jax.random.key(depth), jnp.float64)
    x1, x2 = unit_rows(9, 4, 3), unit_rows(10, 2, 3)
    assert len(params) == depth + 1 + (depth if mlp.bias_std else 0)

    def outputs(params):
        """Of all points, twice over: `jacrev` differentiates the first."""
        one = lambda x: defined_network(mlp, params, x)  # noqa: E731
        value, slope = jax.vmap(jax.value_and_grad(one))(points)
        found = jnp.concatenate([value[:, None], slope], axis=1)
        return found, found

    with jax.enable_x64(True):
        points = jnp.concatenate([x1, x2])
        slopes, expected = jax.jit(jax.jacrev(outputs, has_aux=True))(params)
        theta = sum(
            jnp.tensordot(each[:4], each[4:], axes=[list(range(2, each.ndim))] * 2)
            for each in slopes
        )
    assert worst(mlp.value_and_jacobian(params, x1), expected[:4]) < 1e-14
    assert worst(jv.finite_jntk(mlp, params, x1, x2), theta) < 1e-13
    whole = jv.finite_jntk(mlp, params, x1)
    assert worst(whole, jv.finite_jntk(mlp, params, x1, x1)) < 1e-14


@pytest.mark.parametrize("width", [5, 128])  # below and above the number of rows
def test_networks_drawn_without_weights(width):
    """Moments of draws of (f, J) against those of networks with weights and biases."""
    mlp, x, count = jv.MLP(2, width, 3, "tanh", **BOTH), unit_rows(11, 3, 2), 4000
    drawn = np.asarray(jv.sample_value_and_jacobian(mlp, jax.random.key(0), x, n_networks=count))
    one = lambda key: mlp.value_and_jacobian(mlp.init(key), x)  # noqa: E731
    other = np.asarray(jax.lax.map(one, jax.random.split(jax.random.key(1), count), batch_size=500))
    products = [np.einsum("kia,kjb->kiajb", draws, draws) for draws in (drawn, other)]
    error = np.sqrt(sum(p.var(axis=0) for p in products) / count)
    assert np.all(np.abs(products[0].mean(axis=0) - products[1].mean(axis=0)) < 5 * error)


@pytest.mark.parametrize("network", ["biases", "skips", "all"])
@pytest.mark.parametrize("name", ["gelu", "relu"])
def test_jacobian_nngp_by_monte_carlo(network, name):
    x, mlp = unit_rows(12, 4, 3), jv.MLP(3, 256, 3, name, kappa=1.5, **NETWORKS[network])
    keys = jax.random.split(jax.random.key(0), 16)
    runs = [jv.finite_jacobian_nngp(mlp, key, x, n_networks=60) for key in keys]
    mean, error = np.mean(runs, axis=0), np.std(runs, axis=0) / 4
    limit = jv.jacobian_nngp(x, depth=3, activation=name, kappa=1.5, **NETWORKS[network])
    assert np.all(np.abs(mean - limit) < 6 * error + 4 / 256 * np.abs(limit).max())
    assert worst(mean, limit) < 0.04


def test_jntk_by_monte_carlo():
    x, mlp = unit_rows(13, 4, 3), jv.MLP(3, 512, 3, kappa=0.8, **BOTH)
    draws = [jv.finite_jntk(mlp, mlp.init(jax.random.key(seed)), x) for seed in range(24)]
    mean, error = np.mean(draws, axis=0), np.std(draws, axis=0) / 24**0.5
    limit = jv.jntk(x, depth=3, kappa=0.8, **BOTH)
    assert np.all(np.abs(mean - limit) < 5 * error + 4 / 512 * np.abs(limit).max())
    assert worst(mean, limit) < 0.07


def test_trained_networks_approach_the_closed_form():
    """(f, J) at other points after training, at four times the width with half the error."""
    network = {"depth": 4, "kappa": 0.5, **BOTH, "residual": 0.5}
    dynamics, cross = jv.RobustDynamics(X, Y, lam=0.1, **network), jv.jntk(X_TEST, X, **network)
    eta = 0.2 * dynamics.linear.stable_learning_rate

    def error(width, seed):
        mlp = jv.MLP(3, width, **network)
        run = jv.train(
            mlp, mlp.init(jax.random.key(seed)), X, Y, lam=0.1, learning_rate=eta, steps=20,
            record_at=[0, 20], x_eval=X_TEST,
        )  # fmt: skip
        start, end = run.outputs_eval
        closed = dynamics.linear.predict(
            cross, run.times[-1], learning_rate=eta, initial=run.outputs[0], initial_test=start
        )
        return np.linalg.norm(end - closed) / np.linalg.norm(closed - start)

    errors = [np.log([error(width, seed) for seed in range(5)]).mean() for width in (64, 256)]
    assert 1.4 < np.exp(errors[0] - errors[1]) < 2.9
    assert np.exp(errors[1]) < 0.35


# --- everything that takes a kernel ---------------------------------------------------------------

NETWORK = {"depth": 3, "activation": "erf", "kappa": 1.2, **BOTH}


def test_operator_spectrum_dynamics_and_features_use_the_kernel():
    """All by the Gram matrix and dense linear algebra."""
    lam, t = 0.3, 4.0
    root = np.tile(np.append(1.0, np.full(3, lam**0.5)), 6)
    theta = jv.jntk(X, **NETWORK).reshape(24, 24)
    gram, cross = root[:, None] * theta * root, jv.jntk(X_TEST, X, **NETWORK).reshape(20, 24) * root
    e, v = np.linalg.eigh(gram)
    product = jv.JNTKOperator(X, lam=lam, **NETWORK).mv(np.arange(24.0))
    assert worst(product, gram @ np.arange(24.0)) < 1e-12
    assert jv.smallest_eigenvalue(X, **NETWORK).value == pytest.approx(
        np.linalg.eigvalsh(theta)[0], rel=1e-6
    )
    target = v.T @ (root * np.append(Y[:, None], np.zeros((6, 3)), axis=1).ravel())
    learned = cross @ v @ (-np.expm1(-e * t / 6) / e * target)
    for krylov in (None, 24):
        dynamics = jv.RobustDynamics(X, Y, lam=lam, krylov=krylov, **NETWORK)
        assert worst(dynamics.predict(X_TEST, t), learned.reshape(5, 4)) < 1e-7
        assert dynamics.linear.stable_learning_rate == pytest.approx(12 / e[-1], rel=1e-9)
    found = jv.eigenfeatures(X, Y, X_TEST, Y[:5], lam=lam, epsilon=0.1, **NETWORK)
    first = (cross @ v[:, -1] * target[-1] / e[-1]).reshape(5, 4)
    assert worst(found.values[:, 0], first[:, 0]) < 1e-10
    assert worst(found.feature(0)(X_TEST), first) < 1e-10


# --- bad input ------------------------------------------------------------------------------------

CALLS = [
    lambda **options: jv.jntk(X, depth=2, **options),
    lambda **options: jv.jacobian_nngp(X, depth=2, **options),
    lambda **options: jv.JNTKOperator(X, depth=2, **options),
    lambda **options: jv.RobustDynamics(X, Y, depth=2, lam=0.1, **options),
    lambda **options: jv.eigenfeatures(X, Y, X, Y, depth=2, lam=0.1, epsilon=0.1, **options),
    lambda **options: jv.smallest_eigenvalue(X, depth=2, **options),
    lambda **options: jv.MLP(3, 8, 2, **options),
]
NO_NUMBERS = [
    float("nan"),
    float("inf"),
    "1",
    True,
    [1.0],
    np.ones(1),
    np.ones(()),
    1 + 0j,
    10**400,
]


@pytest.mark.parametrize(
    ("name", "value"),
    [("weight_std", v) for v in (0, -1.0, None, *NO_NUMBERS)]
    + [("bias_std", v) for v in (-0.1, None, *NO_NUMBERS)]
    + [("residual", v) for v in (0, 0.0, -0.5, *NO_NUMBERS)],
)
def test_what_is_no_setting_of_a_network(name, value):
    for call in CALLS:
        with pytest.raises(ValueError, match=rf"(?s)`{name}` must .*; got .*Pass for instance"):
            call(**{name: value})


@pytest.mark.parametrize("one", [1, np.float32(1), np.float64(1), np.int64(1)])
def test_numbers_of_any_type(one):
    options = {"depth": 2, "bias_std": 0.5 * one, "residual": one}
    assert worst(jv.jntk(X, weight_std=one, **options), jv.jntk(X, **options)) == 0


def test_out_of_range():
    """Variances that cannot be expanded, and chaos past float64: the depth is named, and works."""
    with pytest.raises(ValueError, match=r"`weight_std` 1e\+30 .* out of range for erf"):
        jv.jntk(X, depth=1, activation="erf", weight_std=1e30)
    with pytest.raises(ValueError, match=r"`weight_std` 1e-60 .* out of range for erf"):
        jv.jntk(X, depth=1, activation="erf", weight_std=1e-60)
    for options in ({"residual": 1.0}, {"weight_std": 0.01}, {"weight_std": 2.0}):
        name = "gelu" if "residual" in options else "erf"
        with pytest.raises(ValueError, match=r"`depth` 4000 is too large .* Use at most") as e:
            jv.jntk(X, depth=4000, activation=name, **options)
        depth = int(str(e.value).rsplit("depth=", 1)[1].split()[0].strip(","))
        assert np.isfinite(jv.jntk(X, depth=depth, activation=name, **options)).all()
        with pytest.raises(ValueError, match="`depth`"):
            jv.jntk(X, depth=depth + 1, activation=name, **options)
