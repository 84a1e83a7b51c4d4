"""Arithmetic at its ends: float32, angles down to 1e-12, depth 30, all sizes of λ and t."""

import jax
import numpy as np
import pytest
from conftest import slow_if
from oracles import unit_rows, worst

import jntk_viz as jv
from jntk_viz.spectrum import gram_spectrum

SMOOTH = [name for name, activation in jv.ACTIVATIONS.items() if activation.smooth]
KERNELS = [(jv.jntk, name) for name in SMOOTH]
KERNELS += [(jv.jacobian_nngp, name) for name in jv.ACTIVATIONS]
ANGLES = 10.0 ** -np.arange(2, 13)
LAMBDAS = (0.0, 1e-12, 1e-6, 1e-3, 1.0, 1e3, 1e6)
TIMES = (0.0, 1e-300, 1e-12, 1e-3, 1.0, 1e3, 1e9, 1e100, 1e300, np.inf)
X, Y = unit_rows(0, 6, 3), np.array([1.0, -1, 1, -1, 1, 1])


def beside(angles, sign=1):
    """Points on the circle at these angles from (1, 0), or from its antipode."""
    return sign * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def corner(name):
    """What rounding of a cosine may change: of a kernel with a corner, eps/angle, at most 1e-8."""
    return 0.0 if jv.ACTIVATIONS[name].smooth else 1e-7


@pytest.mark.parametrize(("kernel", "name"), KERNELS)
@pytest.mark.parametrize("sign", [1, -1], ids=["parallel", "antipodal"])
def test_nearly_parallel_and_antipodal_points(kernel, name, sign):
    """The block of two points goes to that of coinciding ones at least as fast as the angle."""
    pole = beside(np.zeros(1))
    limit = kernel(pole, beside(np.zeros(1), sign), depth=3, activation=name)[0, :, 0]
    blocks = kernel(pole, beside(ANGLES, sign), depth=3, activation=name)[0].transpose(1, 0, 2)
    assert np.isfinite(blocks).all()
    away = np.abs(blocks - limit).max(axis=(1, 2))
    assert np.all(away < 60 * ANGLES * np.abs(limit).max() + 1e-14)
    if sign > 0 or jv.ACTIVATIONS[name].odd:  # F(c) = Σ a_k cᵏ, a_k ≥ 0, k odd in the latter case
        values = kernel(pole, beside(np.append(ANGLES[::-1], 0.1), sign), depth=3, activation=name)
        steps = np.diff(sign * values[0, 0, :, 0])  # values fall as points part
        assert np.all(steps <= 1e-14 * np.abs(limit).max())
    gram = kernel(np.concatenate([pole, beside(ANGLES, sign)]), depth=3, activation=name)
    spectrum = gram_spectrum(gram)
    assert spectrum.eigenvalues[0] >= -max(spectrum.noise_floor, corner(name))
    assert not spectrum.smallest.resolved  # eleven points within a hundredth


@pytest.mark.parametrize(("kernel", "name"), KERNELS)
def test_depth_30(kernel, name):
    """Finite in both precisions, and semidefinite to rounding: of the terms that a block is the sum
    of, which at this depth are up to fifty times as large as what is left of them."""
    x = np.concatenate([X, -X[:1], X[1:2], beside(ANGLES[:2]) @ np.eye(2, 3)])
    gram = kernel(x, depth=30, activation=name)
    assert np.isfinite(gram.astype(np.float32)).all()
    assert worst(gram, gram.transpose(2, 3, 0, 1)) < 1e-14
    spectrum = gram_spectrum(gram)
    assert spectrum.eigenvalues[0] >= -max(100 * spectrum.noise_floor, corner(name))
    single = gram_spectrum(gram.astype(np.float32))
    assert abs(single.eigenvalues[-1] / spectrum.eigenvalues[-1] - 1) < 1e-5
    assert abs(single.eigenvalues[0] - spectrum.eigenvalues[0]) < single.noise_floor


def loss(outputs, lam):
    return ((outputs[:, 0] - Y) ** 2 + lam * (outputs[:, 1:] ** 2).sum(axis=1)).mean() / 2


@pytest.mark.parametrize("lam", LAMBDAS)
@pytest.mark.parametrize("descends", [False, True], ids=["flow", "descent"])
def test_training_for_any_time_and_weight(lam, descends):
    """Finite throughout; the loss falls from that of zero, and at the end f = y."""
    dynamics = jv.RobustDynamics(X, Y, depth=3, lam=lam)
    eta = 0.5 * dynamics.linear.stable_learning_rate if descends else None
    courses = [dynamics.linear.train(t, learning_rate=eta) for t in TIMES]
    assert np.isfinite(courses).all()
    assert not courses[0].any()
    losses = np.array([loss(course, lam) for course in courses])
    assert losses[0] == 0.5
    assert np.all(np.diff(losses) <= 1e-9 * losses[:-1] + 1e-12)
    learned = np.array([dynamics.linear.learned(t, learning_rate=eta) for t in TIMES])
    assert np.all(np.diff(learned, axis=0) >= 0)
    assert np.all((learned >= 0) & (learned <= 1))
    np.testing.assert_array_equal(courses[-1], courses[-2])  # t = 1e300 is as good as infinite
    # Directions below the noise floor stay; with λ = 1e6 that floor is a part in 1e8 of the labels.
    np.testing.assert_allclose(courses[-1][:, 0], Y, atol=1e-6)
    values = dynamics.predict(unit_rows(1, 5, 3), np.inf, learning_rate=eta)
    assert np.isfinite(values).all()


@pytest.mark.parametrize("lam", LAMBDAS)
def test_krylov_iteration_agrees_over_the_whole_range(lam):
    whole = jv.RobustDynamics(X, Y, depth=3, lam=lam)
    krylov = jv.RobustDynamics(X, Y, depth=3, lam=lam, krylov=24)
    for t in TIMES[:7]:
        expected = whole.predict(X, t)
        assert np.abs(krylov.predict(X, t) - expected).max() < 1e-6
        assert np.isfinite(krylov.linear.residual(t))


def test_steps_beyond_all_integers():
    """More steps than 64 bits can count, and more than a float can: the limit, or a message."""
    linear = jv.RobustDynamics(X, Y, depth=2, lam=0.1).linear
    end = linear.train(np.inf)
    tiny = 1e-30 * linear.stable_learning_rate
    np.testing.assert_allclose(linear.train(1e20, learning_rate=tiny)[:, 0], Y, atol=1e-9)
    np.testing.assert_allclose(linear.train(1e300, learning_rate=tiny), end, atol=1e-12)
    too_large = 1.1 * linear.stable_learning_rate
    with pytest.raises(ValueError, match="`learning_rate` must be below 2N/e_max"):
        linear.train(np.inf, learning_rate=too_large)


@pytest.mark.parametrize("kappa", [1e-300, 1e-170, 1e170, 1e300])
@pytest.mark.parametrize(
    "call",
    [
        lambda kappa: jv.jntk(X, depth=2, kappa=kappa),
        lambda kappa: jv.RobustDynamics(X, Y, depth=2, kappa=kappa, lam=0.1),
        lambda kappa: jv.MLP(3, 8, 2, kappa=kappa),
    ],
)
def test_output_scales_whose_square_is_no_number(call, kappa):
    with pytest.raises(ValueError, match="`kappa` must"):
        call(kappa)


@pytest.mark.parametrize("kappa", [1e-60, 1e60])
def test_large_and_small_output_scales_only_rescale(kappa):
    gram = jv.jntk(X, depth=2, kappa=kappa)
    assert worst(gram / kappa**2, jv.jntk(X, depth=2)) < 1e-13
    dynamics = jv.RobustDynamics(X, Y, depth=2, kappa=kappa, lam=0.1)
    plain = jv.RobustDynamics(X, Y, depth=2, lam=0.1)
    np.testing.assert_allclose(dynamics.predict(X, 3 / kappa**2), plain.predict(X, 3.0), atol=1e-10)


@pytest.mark.parametrize("epsilon", [0.0, 1e-300, 1e-12, 1.0, 1e12, 1e300])
@pytest.mark.parametrize("lam", [0.0, 1e-12, 1e6])
def test_eigenfeatures_at_the_ends(epsilon, lam):
    found = jv.eigenfeatures(X, Y, X, Y, depth=2, lam=lam, epsilon=epsilon)
    assert np.isfinite(found.values).all()
    assert np.isfinite(found.eigenvalues).all()
    assert np.all((found.robustness >= 0) & (found.robustness <= found.usefulness))
    assert epsilon > 0 or np.array_equal(found.robustness, found.usefulness)


NETWORKS = [
    *(slow_if(depth == 1 and name != "gelu", name, depth) for name in SMOOTH for depth in (1, 4)),
    ("gelu", 8),
]


@pytest.mark.parametrize(("name", "depth"), NETWORKS)
def test_float32_agrees_with_float64_wherever_they_meet(name, depth):
    """Outputs, slopes, kernel, loss and its gradient of one network with the same weights."""
    mlp = jv.MLP(3, 32, depth, name)
    single = mlp.init(jax.random.key(0))
    with jax.enable_x64(True):
        double = [np.asarray(p, dtype=np.float64) + jax.numpy.zeros(()) for p in single]
    assert single[0].dtype == np.float32
    assert double[0].dtype == np.float64
    x = np.concatenate([X, -X[:1], X[:1], X[:1] + 1e-6])
    y = np.append(Y, [1.0, -1.0, 1.0])
    close = 4e-6 * (1 + depth)  # some roundings a layer
    for of in (
        lambda p: mlp.value_and_jacobian(p, x),
        lambda p: jv.finite_jntk(mlp, p, x),
        lambda p: jv.robust_loss(mlp, p, x, y, lam=0.1),
    ):
        low, high = np.asarray(of(single)), np.asarray(of(double))
        assert low.dtype == np.float32
        assert high.dtype == np.float64
        assert np.isfinite(low).all()
        assert worst(low, high) < close
    runs = [jv.train(mlp, p, x, y, lam=0.1, learning_rate=0.02, steps=20) for p in (single, double)]
    assert worst(runs[0].outputs, runs[1].outputs) < 10 * close


@pytest.mark.parametrize("name", ["gelu", "erf", "relu"])
def test_float32_draws_have_the_covariance_of_float64(name):
    """The same random numbers in other precision are other draws: their averages agree."""
    mlp = jv.MLP(3, 64, 2, name)
    grams = [
        np.asarray(jv.finite_jacobian_nngp(mlp, jax.random.key(1), X, n_networks=400, dtype=dtype))
        for dtype in (np.float32, np.float64)
    ]
    assert grams[0].dtype == np.float32
    assert worst(*grams) < 0.1


@pytest.mark.parametrize("kernel", ["jntk", "ntk", "jacobian_nngp"])
@pytest.mark.parametrize("angle", ANGLES)
def test_both_precisions_know_what_they_can_resolve(kernel, angle):
    """A twin at this angle: where an eigenvalue is called resolved, it is right to its floor."""
    x = np.concatenate([beside(np.array([0.0, angle])), beside(np.array([2.0]))])
    options = {"depth": 2, "kernel": kernel}
    double = jv.smallest_eigenvalue(x, **options)
    single = jv.smallest_eigenvalue(x, **options, dtype=np.float32)
    assert single.noise_floor > 1e8 * double.noise_floor
    assert abs(single.value - double.value) <= single.noise_floor
    assert double.resolved or not single.resolved
    if angle < 1e-7:  # λ_min is of the order of the angle's square
        assert not double.resolved
