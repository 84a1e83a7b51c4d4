"""Every bad argument gets a ValueError that names it, what was expected, what came and a remedy."""

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import psutil
import pytest
from oracles import unit_rows
from scipy import sparse

import jntk_viz as jv

X, Y = unit_rows(0, 4, 3), np.array([1.0, -1, 1, -1])
MLP = jv.MLP(3, 8, 2)
PARAMS = MLP.init(jax.random.key(0))
KEY = jax.random.key(1)


def zero_row(x):
    x = x.copy()
    x[2] = 0
    return x


def with_nan(x):
    x = x.copy()
    x[1, 2] = np.nan
    return x


def with_infinity(x):
    x = x.copy()
    x[0, 0] = np.inf
    return x


POINTS = {
    "not unit": (2 * X, "unit norm", "normalize"),
    "zero row": (zero_row(X), "row 2 has norm 0", "removing rows"),
    "nan": (with_nan(X), "row 1, column 2 is nan", "Remove or"),
    "infinite": (with_infinity(X), "row 0, column 0 is inf", "Remove or"),
    "one dimension": (X[0], r"shape \(3,\)", "x\\[None, :\\]"),
    "three dimensions": (X[None], "shape", "x\\[None, :\\]"),
    "no rows": (X[:0], "n ≥ 1", "x\\[None, :\\]"),
    "text": ([["a", "b"]], "could not be read as numbers", "without text"),
    "ragged": ([[1.0], [1.0, 0.0]], "could not be read as numbers", "rectangular"),
}
POINTS |= {
    "sparse": (sparse.csr_array(X), "sparse", "toarray"),
    "masked": (np.ma.masked_less(X, 0), "masked, that is, missing", "fill the rows"),
    "complex": (X + 0j, "complex", r"\.real part"),
    "complex lists": ((X + 1j).tolist(), "complex", r"\.real part"),
    "complex columns": (pd.DataFrame(X + 1j), "complex", r"\.real part"),
    "dates": (np.zeros((4, 3), "M8[s]"), "dates", "plain numbers"),
    "durations": (np.zeros((4, 3), "m8[s]"), "durations", "plain numbers"),
    "table with text": (pd.DataFrame({"a": [1.0], "b": ["x"]}), "could not be read", "without"),
    "missing objects": (np.array([[None, 1.0]]), "row 0, column 0 is nan", "Remove or"),
    "nullable": (pd.DataFrame({"a": pd.array([1, None])}), "row 1, column 0 is nan", "Remove or"),
    "huge integers": ([[10**400, 0]], "could not be read as numbers", "without"),
}
TAKES_POINTS = {
    "jntk": lambda x: jv.jntk(x, depth=1),
    "jntk x2": lambda x: jv.jntk(X, x, depth=1),
    "jacobian_nngp": lambda x: jv.jacobian_nngp(x, depth=1),
    "JNTKOperator": lambda x: jv.JNTKOperator(x, depth=1),
    "RobustDynamics": lambda x: jv.RobustDynamics(x, Y, depth=1, lam=0.1),
    "predict": lambda x: jv.RobustDynamics(X, Y, depth=1, lam=0.1).predict(x, 1.0),
    "smallest_eigenvalue": lambda x: jv.smallest_eigenvalue(x, depth=1),
    "eigenfeatures": lambda x: jv.eigenfeatures(X, Y, x, Y, depth=1, lam=0.1, epsilon=0.1),
}


@pytest.mark.parametrize("call", TAKES_POINTS)
@pytest.mark.parametrize("kind", POINTS)
def test_points(call, kind):
    bad, came, remedy = POINTS[kind]
    with pytest.raises(ValueError, match=rf"`x\w*` must .*{came}.*{remedy}"):
        TAKES_POINTS[call](bad)


def test_array_kinds_that_are_right():
    """Masked arrays without masked entries, tables, objects, half precision: what they hold."""
    expected = jv.jntk(X, depth=1)
    for same in (np.ma.array(X), pd.DataFrame(X), X.astype(object), X.tolist(), jnp.asarray(X)):
        assert np.allclose(jv.jntk(same, depth=1), expected, atol=1e-6)


NO_KEYS = [0, 1.0, None, np.zeros(3, np.uint32), np.zeros(2), jax.random.split(KEY), "key"]


@pytest.mark.parametrize("key", NO_KEYS, ids=repr)
@pytest.mark.parametrize(
    "call",
    [
        MLP.init,
        lambda key: jv.finite_jacobian_nngp(MLP, key, X, n_networks=2),
        lambda key: jv.sample_value_and_jacobian(MLP, key, X, n_networks=2),
    ],
)
def test_keys(call, key):
    with pytest.raises(ValueError, match=r"`key` must be one random key .*jax\.random\.key\(0\)"):
        call(key)


def test_keys_of_both_kinds_are_taken():
    for key in (KEY, jax.random.PRNGKey(1), np.asarray(jax.random.PRNGKey(1))):
        assert all(map(np.array_equal, MLP.init(key), MLP.init(KEY)))
    assert jax.vmap(MLP.init)(jax.random.split(KEY))[0].shape == (2, 8, 3)


@pytest.mark.parametrize("kind", ["nan", "infinite", "one dimension", "text"])
@pytest.mark.parametrize(
    "call",
    [
        lambda x: jv.finite_jntk(MLP, PARAMS, x),
        lambda x: jv.finite_jacobian_nngp(MLP, KEY, x, n_networks=2),
        lambda x: MLP.value_and_jacobian(PARAMS, x),
        lambda x: jv.train(MLP, PARAMS, x, Y, lam=0.1, learning_rate=0.1, steps=1),
        lambda x: jv.robust_loss(MLP, PARAMS, x, Y, lam=0.1),
    ],
)
def test_points_of_finite_networks(call, kind):
    """Networks are defined off the sphere; everything else is refused as for the limits."""
    bad, came, remedy = POINTS[kind]
    with pytest.raises(ValueError, match=rf"`x1?` must .*{came}.*{remedy}"):
        call(bad)


MISMATCH = r"`x\w*` must have d0 = 3 columns .* got shape \(4, 2\)"
OTHER = unit_rows(1, 4, 2)


@pytest.mark.parametrize(
    "call",
    [
        lambda: jv.jntk(X, OTHER, depth=1),
        lambda: jv.jacobian_nngp(X, OTHER, depth=1),
        lambda: jv.RobustDynamics(X, Y, depth=1, lam=0.1).predict(OTHER, 1.0),
        lambda: jv.eigenfeatures(X, Y, OTHER, Y, depth=1, lam=0.1, epsilon=0.1),
        lambda: MLP.value_and_jacobian(PARAMS, OTHER),
        lambda: jv.finite_jntk(MLP, PARAMS, X, OTHER),
        lambda: jv.finite_jacobian_nngp(MLP, KEY, OTHER, n_networks=1),
        lambda: jv.train(MLP, PARAMS, OTHER, Y, lam=0, learning_rate=1, steps=1),
    ],
)
def test_mismatched_input_dimension(call):
    with pytest.raises(ValueError, match=MISMATCH):
        call()


@pytest.mark.parametrize("value", [0, -1, 1.5, "2", None, True])
@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("depth", lambda v: jv.jntk(X, depth=v)),
        ("depth", lambda v: jv.jacobian_nngp(X, depth=v)),
        ("depth", lambda v: jv.MLP(3, 8, v)),
        ("width", lambda v: jv.MLP(3, v, 2)),
        ("in_size", lambda v: jv.MLP(v, 8, 2)),
        ("n_networks", lambda v: jv.finite_jacobian_nngp(MLP, KEY, X, n_networks=v)),
        ("steps", lambda v: jv.train(MLP, PARAMS, X, Y, lam=0, learning_rate=1, steps=v)),
        ("depth", lambda v: jv.RobustDynamics(X, Y, depth=v, lam=0.1)),
    ],
)
def test_counts(name, call, value):
    with pytest.raises(ValueError, match=rf"`{name}` must be an integer of at least 1; got .*Pass"):
        call(value)


@pytest.mark.parametrize("value", [-0.1, float("nan"), "much", None, float("inf")])
@pytest.mark.parametrize(
    "call",
    [
        lambda v: jv.RobustDynamics(X, Y, depth=1, lam=v),
        lambda v: jv.JNTKOperator(X, depth=1, lam=v),
        lambda v: jv.robust_loss(MLP, PARAMS, X, Y, lam=v),
        lambda v: jv.train(MLP, PARAMS, X, Y, lam=v, learning_rate=1, steps=1),
        lambda v: jv.eigenfeatures(X, Y, X, Y, depth=1, lam=v, epsilon=0.1),
    ],
)
def test_lambda(call, value):
    with pytest.raises(ValueError, match=r"`lam` must be a number ≥ 0; got .*Pass"):
        call(value)


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
@pytest.mark.parametrize(
    "call", [lambda v: jv.jntk(X, depth=1, kappa=v), lambda v: jv.MLP(3, 8, 2, kappa=v)]
)
def test_kappa(call, value):
    with pytest.raises(ValueError, match=r"`kappa` must be a positive number; got .*Pass"):
        call(value)


@pytest.mark.parametrize("t", [-1.0, float("nan"), "soon"])
def test_time(t):
    with pytest.raises(ValueError, match=r"`t` must be a number ≥ 0, which may be inf; got"):
        jv.RobustDynamics(X, Y, depth=1, lam=0.1).predict(X, t)


@pytest.mark.parametrize("activation", ["swish", None, 3, jnp.tanh])
@pytest.mark.parametrize(
    "call",
    [
        lambda a: jv.jntk(X, depth=1, activation=a),
        lambda a: jv.jacobian_nngp(X, depth=1, activation=a),
        lambda a: jv.MLP(3, 8, 2, a),
        lambda a: jv.smallest_eigenvalue(X, depth=1, activation=a),
    ],
)
def test_unknown_activation_lists_the_known_ones(call, activation):
    with pytest.raises(
        ValueError, match=r"`activation` must be one of erf, gelu, .*tanh.*Activation\("
    ):
        call(activation)


RELU = jv.MLP(3, 8, 2, "relu")
ELU = jv.Activation("elu", jax.nn.elu)
RELU_PARAMS = RELU.init(KEY)


@pytest.mark.parametrize(
    "call",
    [
        lambda: jv.jntk(X, depth=1, activation="relu"),
        lambda: jv.JNTKOperator(X, depth=1, activation="relu"),
        lambda: jv.RobustDynamics(X, Y, depth=1, activation="relu", lam=0.1),
        lambda: jv.smallest_eigenvalue(X, depth=1, activation="relu"),
        lambda: jv.finite_jntk(RELU, RELU_PARAMS, X),
        lambda: jax.grad(lambda x: jv.jntk(x, depth=1, activation="relu").sum())(X),
    ],
)
def test_kinks_are_refused_for_the_jntk_with_the_reason(call):
    with pytest.raises(ValueError, match=r"`activation` must be smooth .*finite but wrong number"):
        call()


def test_relu_is_allowed_where_it_is_right():
    assert jv.jacobian_nngp(X, depth=2, activation="relu").shape == (4, 4, 4, 4)
    assert jv.finite_jacobian_nngp(RELU, KEY, X, n_networks=2).shape == (4, 4, 4, 4)
    for kernel in (jv.jacobian_nngp, jv.jntk):
        with pytest.raises(ValueError, match="no kernel can be trusted"):
            kernel(X, depth=2, activation=ELU)


@pytest.mark.parametrize(
    ("y", "came"),
    [
        ([0, 1, 0, 1], "got also"),
        ([1, 2, 3, -1], "got also"),
        (Y[:3], r"got shape \(3,\)"),
        (Y[:, None], r"got shape \(4, 1\)"),
        ([1, -1, np.nan, 1], "entry 2 is nan"),
        (["a", "b", "a", "b"], "could not be read"),
        (np.ma.masked_less(Y, 0), "masked, that is, missing"),
        (sparse.coo_array(Y), "sparse"),
        (Y + 0j, "complex"),
    ],
)
@pytest.mark.parametrize(
    "call",
    [
        lambda y: jv.RobustDynamics(X, y, depth=1, lam=0.1),
        lambda y: jv.eigenfeatures(X, y, X, Y, depth=1, lam=0.1, epsilon=0.1),
        lambda y: jv.eigenfeatures(X, Y, X, y, depth=1, lam=0.1, epsilon=0.1),
        lambda y: jv.pgd_margin(lambda x: x, X, y, epsilon=0.1),
    ],
)
def test_labels(call, y, came):
    with pytest.raises(ValueError, match=rf"`y\w*` must .*{came}"):
        call(y)


@pytest.mark.parametrize("y", [Y[:3], Y[:, None], [1, np.inf, 1, 1], ["a", "b", "a", "b"]])
@pytest.mark.parametrize(
    "call",
    [
        lambda y: jv.train(MLP, PARAMS, X, y, lam=0.1, learning_rate=1, steps=1),
        lambda y: jv.robust_loss(MLP, PARAMS, X, y, lam=0.1),
    ],
)
def test_targets(call, y):
    with pytest.raises(ValueError, match=r"`y` must"):
        call(y)


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"norm": "l1"}, "norm"),
        ({"attack": "strong"}, "attack"),
        ({"epsilon": -0.1}, "epsilon"),
        ({"count": 0}, "count"),
    ],
)
def test_eigenfeature_options(options, name):
    with pytest.raises(ValueError, match=f"`{name}` must"):
        jv.eigenfeatures(X, Y, X, Y, **{"depth": 1, "lam": 0.1, "epsilon": 0.1} | options)


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"method": "adam"}, "method"),
        ({"learning_rate": 0.0}, "learning_rate"),
        ({"record_at": [3, 1]}, "record_at"),
        ({"record_at": [0, 99]}, "record_at"),
        ({"record_at": [0.5]}, "record_at"),
        ({"record_at": []}, "record_at"),
        ({"x_eval": OTHER}, "x_eval"),
    ],
)
def test_training_options(options, name):
    with pytest.raises(ValueError, match=f"`{name}` must"):
        jv.train(MLP, PARAMS, X, Y, **{"lam": 0.1, "learning_rate": 1, "steps": 5} | options)


def test_parameters_of_another_network():
    with pytest.raises(ValueError, match=r"`params` must be a list of arrays of shapes .* init"):
        jv.MLP(3, 9, 2).value_and_jacobian(PARAMS, X)


def test_wrong_shapes_of_vectors_and_grams():
    with pytest.raises(ValueError, match=r"`v` must be of shape \(16,\).*ravel"):
        jv.JNTKOperator(X, depth=1).mv(np.zeros((4, 4)))
    with pytest.raises(ValueError, match=r"`gram` must be of shape .* jntk\(x"):
        jv.LinearDynamics(np.eye(4), Y, lam=0.1)


@pytest.mark.parametrize(
    ("call", "remedy"),
    [
        (lambda x: jv.jntk(x, depth=1), "JNTKOperator"),
        (lambda x: jv.jacobian_nngp(x, depth=1), "JNTKOperator"),
        (lambda x: jv.RobustDynamics(x, np.ones(40), depth=1, lam=0.1), "JNTKOperator"),
        (lambda x: jv.JNTKOperator(x, depth=1), "fewer points"),
        (lambda x: jv.finite_jntk(MLP, PARAMS, x), "fewer points"),
    ],
)
def test_too_large_for_memory(call, remedy, monkeypatch):
    """Pretend that 10 kB are free: the message gives N(1+d0), the bytes and the way out."""

    class Memory:
        available = 10_000

    monkeypatch.setattr(psutil, "virtual_memory", lambda: Memory)
    with pytest.raises(ValueError, match=rf"`x\w*` is too large: .*rows .*\(\S+ bytes\).*{remedy}"):
        call(unit_rows(0, 40, 3))


def test_the_real_memory_limit_is_met_before_anything_is_allocated():
    """All 1,797 digits would need a Gram matrix of 116,805 rows, 109 GB."""
    x = unit_rows(0, 1797, 64)
    with pytest.raises(ValueError, match=r"116,805 rows .* 109\.1 GB \(109,147,264,200 bytes\)"):
        jv.jntk(x, depth=1)
