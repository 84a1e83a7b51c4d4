"""What holds for every kernel, whatever the points, the depth and the activation.

Points are drawn at random and then made degenerate: repeated, antipodal, nearly parallel,
orthogonal.
"""

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from oracles import worst

import jntk_viz as jv
from jntk_viz.datasets.dataset import standardize_columns
from jntk_viz.kernels import kernel_scalars
from jntk_viz.spectrum import gram_spectrum

N = 6
SMOOTH = [name for name, activation in jv.ACTIVATIONS.items() if activation.smooth]
KERNELS = [(jv.jntk, name) for name in SMOOTH]
KERNELS += [(jv.jacobian_nngp, name) for name in jv.ACTIVATIONS]


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@st.composite
def points(draw, sizes=(1, 2, 3, 5)):
    """(6, d0) on the unit sphere; each row may be made degenerate relative to the first."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    d0 = draw(st.sampled_from(sizes))
    x = unit(rng.normal(size=(N, d0)))
    aside = x - (x @ x[0])[:, None] * x[0]
    aside[0] = x[0]  # which has no direction aside, and needs none
    aside = unit(aside) if d0 > 1 else x
    for i in range(1, N):
        kind = draw(
            st.sampled_from(["as it is", "repeated", "antipodal", "parallel", "orthogonal"])
        )
        if kind == "repeated":
            x[i] = x[0]
        elif kind == "antipodal":
            x[i] = -x[0]
        elif kind == "parallel" and d0 > 1:
            angle = 10.0 ** -draw(st.integers(1, 12))
            x[i] = draw(st.sampled_from([1, -1])) * (
                np.cos(angle) * x[0] + np.sin(angle) * aside[i]
            )
        elif kind == "orthogonal" and d0 > 1:
            x[i] = aside[i]
    return unit(x)


def options():
    return st.fixed_dictionaries(
        {"depth": st.sampled_from([1, 2, 3, 5, 9, 16]), "kappa": st.sampled_from([1e-3, 1.0, 7.5])}
    )


@pytest.mark.parametrize(
    ("kernel", "name"), KERNELS, ids=lambda value: getattr(value, "__name__", value)
)
def test_kernels_are_symmetric_semidefinite_and_consistent(kernel, name):
    """40 sets of points for each kernel and activation."""
    # Rounding of a cosine moves a kernel with a corner at coinciding points by eps/angle.
    corner = 0.0 if jv.ACTIVATIONS[name].smooth else 1e-7

    @settings(max_examples=40)
    @given(points(), options(), st.integers(0, 2**32 - 1))
    def holds(x, given_options, seed):
        options = given_options | {"activation": name}
        gram, rng = kernel(x, **options), np.random.default_rng(seed)
        assert np.isfinite(gram).all()
        # In R¹ nothing is tangent, and what is left of the slopes are large terms that cancel.
        terms = np.abs(kernel_scalars(x, **options, jntk=kernel is jv.jntk)).max()
        cancelled = max(1.0, terms / np.abs(gram).max())
        exact = max(corner, 1e-13 * cancelled)
        assert worst(gram, gram.transpose(2, 3, 0, 1)) < exact
        spectrum = gram_spectrum(gram)
        floor = max(spectrum.noise_floor * cancelled, corner * np.abs(gram).max())
        assert spectrum.eigenvalues[0] >= -floor
        order = rng.permutation(N)
        assert worst(kernel(x[order], **options), gram[order][:, :, order]) < 10 * exact
        first = kernel(x[:1], x, **options)
        assert np.abs(first - gram[:1]).max() < 10 * exact * np.abs(gram).max()
        turn = np.linalg.qr(rng.normal(size=(x.shape[1], x.shape[1])))[0]
        both = np.eye(1 + x.shape[1])
        both[1:, 1:] = turn
        turned = np.einsum("ab,ibjd,cd->iajc", both, gram, both)
        assert worst(kernel(unit(x @ turn.T), **options), turned) < 1000 * exact
        plain = kernel(x, **options | {"kappa": 1.0})
        assert worst(plain * options["kappa"] ** 2, gram) < exact

    holds()


@pytest.mark.parametrize("name", SMOOTH)
def test_the_blocks_are_derivatives_of_one_another_along_great_circles(name):
    """A fourth-order difference of f's row along the sphere is the slope row in that direction."""

    @settings(max_examples=15)
    @given(points(sizes=(2, 3)), options(), st.integers(0, 2**32 - 1))
    def holds(x, given_options, seed):
        options = given_options | {"activation": name}
        tangent = np.random.default_rng(seed).normal(size=x.shape[1])
        for _ in range(2):  # once is not enough where it was nearly parallel
            tangent -= (tangent @ x[0]) * x[0]
            tangent /= np.linalg.norm(tangent)
        h = 1e-3 / options["depth"]
        path = np.array([np.cos(s) * x[0] + np.sin(s) * tangent for s in h * np.arange(-2, 3)])
        rows = jv.jntk(unit(np.append(path, path[2:3], axis=0)), x, **options)
        slope = np.array([1, -8, 0, 8, -1]) @ rows[:5, 0].reshape(5, -1) / (12 * h)
        expected = np.tensordot(tangent, rows[2, 1:], axes=1).ravel()
        assert np.abs(slope - expected).max() < 1e-6 * np.abs(rows).max()

    holds()


@pytest.mark.parametrize("name", SMOOTH)
def test_the_operator_is_the_matrix_and_its_dynamics_stay_within_the_labels(name):
    """Products without the matrix; on the training points f goes from 0 to y, never beyond."""

    @settings(max_examples=15)
    @given(
        points(sizes=(2, 3)), options(), st.floats(0, 100), st.floats(0, 1e6), st.integers(0, 9999)
    )
    def holds(x, given_options, lam, t, seed):
        options = given_options | {"activation": name}
        rng = np.random.default_rng(seed)
        root = np.append(1.0, np.full(x.shape[1], lam**0.5))
        gram = jv.jntk(x, **options)
        v = rng.normal(size=(N, 1 + x.shape[1]))
        expected = root * np.tensordot(gram, root * v, axes=2)
        product = jv.JNTKOperator(x, **options, lam=lam).mv(v.ravel()).reshape(v.shape)
        assert np.abs(product - expected).max() < 1e-12 * np.abs(gram).max() * max(1, lam)
        y = rng.choice([-1.0, 1.0], N)
        dynamics = jv.RobustDynamics(x, y, **options, lam=lam)
        learned = dynamics.linear.learned(t)
        assert np.all((learned >= 0) & (learned <= 1))
        left = dynamics.linear.train(t) * root - np.pad(y[:, None], ((0, 0), (0, x.shape[1])))
        assert np.sum(left**2) <= N * (1 + 1e-6)  # the loss never exceeds that of the start

    holds()


@settings(max_examples=100)
@given(st.sampled_from(["erf", "tanh", "sin"]), points(sizes=(2, 3)), st.sampled_from([1, 2, 5]))
def test_odd_activations_give_odd_kernels(name, x, depth):
    """f(-x) = -f(x), and the slope is even."""
    gram = jv.jntk(x, depth=depth, activation=name)
    signs = np.append(-1.0, np.ones(x.shape[1]))
    assert worst(jv.jntk(-x, x, depth=depth, activation=name), signs[:, None, None] * gram) < 1e-12


def attempt(call):
    """(result, None), or (None, what the ValueError says)."""
    try:
        return call(), None
    except ValueError as error:
        return None, str(error)


NUMBERS = st.floats(allow_nan=True, allow_infinity=True) | st.sampled_from([0.0, 1.0, -1.0, 1e308])
ANYTHING = st.one_of(
    st.none(), st.booleans(), st.text(max_size=3), st.integers(-3, 40), st.floats(), st.just([1]),
    st.just({}), st.just(1j), st.just(object()), st.just(b"1"),
)  # fmt: skip
SHAPES = arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)


@settings(max_examples=400)
@given(
    st.lists(st.lists(NUMBERS | ANYTHING, max_size=3), max_size=3)
    | SHAPES.flatmap(lambda shape: arrays.arrays(float, shape, elements=NUMBERS))
    | ANYTHING
)
def test_points_that_are_none_are_refused_by_name(x):
    """400 values: either unit rows, and a finite kernel, or a ValueError that names `x1`."""
    gram, refused = attempt(lambda: jv.jntk(x, depth=1))
    if refused:
        assert refused.startswith("`x1` must")
        return
    assert np.isfinite(gram).all()
    np.testing.assert_allclose(np.linalg.norm(np.asarray(x, float), axis=1), 1, atol=1e-5)


TRIANGLE = unit(np.random.default_rng(0).normal(size=(3, 2)))
SIGNS = np.array([1.0, -1, 1])
CALLS = {
    "depth": lambda v: jv.jntk(TRIANGLE, depth=v),
    "activation": lambda v: jv.jntk(TRIANGLE, depth=1, activation=v),
    "kappa": lambda v: jv.jntk(TRIANGLE, depth=1, kappa=v),
    "lam": lambda v: jv.RobustDynamics(TRIANGLE, SIGNS, depth=1, lam=v).predict(TRIANGLE, 1.0),
    "t": lambda v: jv.RobustDynamics(TRIANGLE, SIGNS, depth=1, lam=0.1).predict(TRIANGLE, v),
    "learning_rate": lambda v: jv.RobustDynamics(TRIANGLE, SIGNS, depth=1, lam=0.1).predict(
        TRIANGLE, 1.0, learning_rate=v if v is not None else 0.0
    ),
    "y": lambda v: jv.RobustDynamics(TRIANGLE, v, depth=1, lam=0.1).predict(TRIANGLE, 1.0),
    "epsilon": lambda v: jv.first_order_margin(TRIANGLE[:, [0, 0, 1]], TRIANGLE, SIGNS, epsilon=v),
    "gram": lambda v: jv.LinearDynamics(v, SIGNS, lam=0.1).train(1.0),
    "initial": lambda v: jv.RobustDynamics(TRIANGLE, SIGNS, depth=1, lam=0.1).linear.train(
        1.0, initial=np.zeros((3, 3)) if v is None else v
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_arguments_are_taken_with_a_finite_result_or_refused_by_name(name):
    """60 values for each of ten arguments."""

    @settings(max_examples=60)
    @given(ANYTHING | NUMBERS)
    def holds(value):
        with np.errstate(over="ignore"):  # of descent past its stability limit
            result, refused = attempt(lambda: CALLS[name](value))
        assert f"`{name}`" in refused if refused else np.isfinite(result).all()

    holds()


@settings(max_examples=300)
@given(arrays.arrays(float, st.tuples(st.integers(1, 4), st.integers(1, 4)), elements=NUMBERS))
def test_rows_are_scaled_to_unit_norm_from_any_size(x):
    rows, refused = attempt(lambda: jv.normalize(x))
    if refused:
        assert refused.startswith("`x` must")
        assert not np.isfinite(x).all() or not x.any(axis=1).all()
        return
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, rtol=1e-14)
    assert np.all(np.sign(rows) * np.sign(x) >= 0)


@settings(max_examples=300)
@given(
    arrays.arrays(float, st.tuples(st.integers(2, 6), st.integers(1, 3)),
                  elements=st.floats(allow_nan=False, allow_infinity=False))
)  # fmt: skip
def test_columns_are_standardised_from_any_size(x):
    z, kept, dropped = standardize_columns(x, list("abc")[: x.shape[1]])
    assert len(kept) + len(dropped) == x.shape[1]
    assert np.isfinite(z).all()
    np.testing.assert_allclose(z.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose((z**2).mean(axis=0), 1, rtol=1e-6)


@settings(max_examples=40)
@given(
    points(sizes=(2,)),
    st.sampled_from(["gelu", "erf"]),
    st.sampled_from([1, 3]),
    st.integers(0, 99),
)
def test_the_kernel_of_one_network_is_symmetric_semidefinite_and_consistent(x, name, depth, seed):
    """In single precision, with its noise floor."""
    mlp = jv.MLP(x.shape[1], 8, depth, name)
    params = mlp.init(jax.random.key(seed))
    gram = np.asarray(jv.finite_jntk(mlp, params, x))
    assert np.isfinite(gram).all()
    assert worst(gram, gram.transpose(2, 3, 0, 1)) < 1e-5
    spectrum = gram_spectrum((gram + gram.transpose(2, 3, 0, 1)) / 2)
    assert spectrum.eigenvalues[0] >= -spectrum.noise_floor
    assert worst(jv.finite_jntk(mlp, params, x, x), gram) < 1e-5
