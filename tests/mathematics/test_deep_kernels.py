"""Kernels of networks up to a thousand layers deep, of points that nearly coincide.

Compared with closed forms of three activations off the sphere, in as many digits as the depth asks
for, differentiated numerically; of the others with E φ'² by quadrature in 30 digits.
"""

import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import unit_rows, worst

import jntk_viz as jv
from jntk_viz.architecture import Architecture
from jntk_viz.correlations import Correlation, correlations
from jntk_viz.kernels import kernel_scalars
from jntk_viz.layers import composed_layers
from jntk_viz.panels import panels

SMOOTH = [name for name, activation in jv.ACTIVATIONS.items() if activation.smooth]
BUMP = jv.Activation("bump", lambda z: jnp.exp(-50 * z**2))


def erf_layer(q, p, c):
    """E φφ and E φ'φ' of the unscaled activation at variances q, p and covariance c."""
    inner = (1 + 2 * q) * (1 + 2 * p)
    return 2 / mp.pi * mp.asin(2 * c / mp.sqrt(inner)), 4 / mp.pi / mp.sqrt(inner - 4 * c**2)


def sin_layer(q, p, c):
    envelope = mp.exp(-(q + p) / 2)
    return envelope * mp.sinh(c), envelope * mp.cosh(c)


def bump_layer(q, p, c):
    inner = (1 + 100 * q) * (1 + 100 * p) - (100 * c) ** 2
    return inner**-0.5, 10000 * c * inner**-1.5


CLOSED = {"erf": erf_layer, "sin": sin_layer, "bump": bump_layer}


def closed_kernels(layer, depth, q, p, c, *, weight_std=1, bias_std=0, residual=None):
    """Σ and Θ at squared norms q, p and inner product c, by the plain recursion."""
    scale = 1 / layer(mp.mpf(1), mp.mpf(1), mp.mpf(1))[0]
    weight, bias = mp.mpf(weight_std) ** 2, mp.mpf(bias_std) ** 2
    skip, alpha = (0, 1) if residual is None else (1, mp.mpf(residual) ** 2)
    same = p == q
    q, p, c = (weight * s + bias for s in (q, p, c))
    theta = c
    for index in range(depth):
        value, dot = layer(q, p, c)
        moments = [scale * s for s in (layer(q, q, q)[0], layer(p, p, p)[0], value)]
        moments.append(moments[2] + theta * scale * dot)
        if index == depth - 1:
            return moments[2:]
        mixed = zip((q, p, c, theta), moments, strict=True)
        q, p, c, theta = (skip * old + alpha * (weight * t + bias) for old, t in mixed)
        p = q if same else p
    raise AssertionError


def closed_scalars(name, depth, c, digits, **network):
    """The six numbers of both kernels by central differences, (6, 2), to 30 digits of each."""
    with mp.workdps(digits):
        h, one = mp.mpf(10) ** (-digits // 3), mp.mpf(1)

        def f(dq=0, dp=0, dc=0):
            point = one + dq * h, one + dp * h, c + dc * h
            return np.array(closed_kernels(CLOSED[name], depth, *point, **network))

        here, up, down = f(), f(dc=1), f(dc=-1)
        signs = [(1, 1), (1, -1), (-1, 1), (-1, -1)]
        return [
            here,
            (up - down) / (2 * h),
            (f(dq=1) - f(dq=-1)) / (2 * h),
            (up - 2 * here + down) / h**2,
            sum(i * j * f(dq=i, dc=j) for i, j in signs) / (4 * h**2),
            sum(i * j * f(dq=i, dp=j) for i, j in signs) / (4 * h**2),
        ]


def exact_cosine(x, y):
    """⟨x, y⟩/(|x||y|) of floating-point rows, with all digits."""
    x, y = ([mp.mpf(float(entry)) for entry in row] for row in (x, y))
    dot = lambda a, b: mp.fsum(s * t for s, t in zip(a, b, strict=True))  # noqa: E731
    return dot(x, y) / mp.sqrt(dot(x, x) * dot(y, y))


def pair(angle, sign):
    """Two unit vectors in R³ at this angle, or the second beside the antipode of the first."""
    x, t = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 2)))[0].T
    return np.stack([x, sign * (np.cos(angle) * x + np.sin(angle) * t)])


@pytest.mark.parametrize(
    ("name", "depth", "angle", "sign"),
    [
        (name, depth, angle, sign)
        for name, depth in [("erf", 30), ("sin", 60), ("bump", 3)]
        for angle, sign in [(0.0, 1), (1e-9, 1), (3e-7, -1), (1e-3, 1), (0.0, -1), (1.0, 1)]
    ]
    + [("sin", 150, 1e-9, 1)],
)
def test_six_numbers_of_deep_networks(name, depth, angle, sign):
    """Each to its own relative precision, given the floating-point points."""
    x = pair(angle, sign)
    digits = 90 + depth
    with mp.workdps(digits):
        expected = closed_scalars(name, depth, exact_cosine(*x), digits)
    options = {"depth": depth, "activation": BUMP if name == "bump" else name}
    for kernel in (False, True):
        got = kernel_scalars(x[:1], x[1:], **options, jntk=kernel)
        for number, rights in zip(got, expected, strict=True):
            right = rights[int(kernel)]
            error = abs(number[0, 0] - right)
            assert error <= 3e-15 * (20 + depth) * abs(right) + mp.mpf(10) ** -30


@pytest.mark.parametrize(
    ("name", "depth", "network"),
    [
        ("erf", 3, {"weight_std": 10.0, "bias_std": 0.3}),
        ("erf", 30, {"weight_std": 1.5, "bias_std": 0.3}),
        ("erf", 15, {"weight_std": 1.2, "residual": 0.7}),
        ("sin", 25, {"weight_std": 1.3, "bias_std": 0.2, "residual": 0.5}),
    ],
)
@pytest.mark.parametrize(("angle", "sign"), [(0.0, 1), (1e-9, 1), (3e-7, -1), (1.0, 1)])
def test_six_numbers_of_deep_networks_with_biases_and_skips(name, depth, network, angle, sign):
    """Near c = ±1 too, which biases move; to rounding of the largest, as some cross zero."""
    x = pair(angle, sign)
    with mp.workdps(90 + depth):
        expected = closed_scalars(name, depth, exact_cosine(*x), 90 + depth, **network)
    for kernel in (False, True):
        options = {"depth": depth, "activation": name, **network, "jntk": kernel}
        got = np.array(kernel_scalars(x[:1], x[1:], **options))[:, 0, 0]
        right = np.array([float(rights[int(kernel)]) for rights in expected])
        assert np.all(np.abs(got - right) <= 3e-15 * (20 + depth) * np.abs(right) + 1e-14)


def slope_second_moment(name):
    """χ = E φ'²/E φ², by quadrature in 30 digits."""
    phi, dphi = {
        "erf": (mp.erf, lambda z: 2 / mp.sqrt(mp.pi) * mp.exp(-(z**2))),
        "gelu": (lambda z: z * mp.ncdf(z), lambda z: mp.ncdf(z) + z * mp.npdf(z)),
        "tanh": (mp.tanh, lambda z: mp.sech(z) ** 2),
        "silu": (
            lambda z: z / (1 + mp.exp(-z)),
            lambda z: 1 / (1 + mp.exp(-z)) + z / (2 + mp.exp(z) + mp.exp(-z)),
        ),
        "sin": (mp.sin, mp.cos),
        "softplus": (lambda z: mp.log(1 + mp.exp(z)), lambda z: 1 / (1 + mp.exp(-z))),
    }[name]
    with mp.workdps(30):
        panels = [-14, -7, -3, 0, 3, 7, 14]
        moment = lambda f: mp.quad(lambda z: f(z) ** 2 * mp.npdf(z), panels)  # noqa: E731
        return moment(dphi) / moment(phi)


@pytest.mark.parametrize("name", SMOOTH)
def test_of_one_point_the_ntk_is_a_geometric_sum(name):
    """Θ_L = 1 + χ Θ_(L-1); at antipodal points the same with the sign of odd φ."""
    x, chi = np.array([[1.0, 0.0], [0.6, 0.8]]), slope_second_moment(name)
    points = np.concatenate([x, -x])
    for depth in (1, 100, 800 if name == "sin" else 1000):  # sin leaves float64 at 842
        theta = sum(chi**layer for layer in range(depth + 1))
        nngp = jv.jacobian_nngp(points, depth=depth, activation=name)[:, 0, :, 0]
        ntk = jv.jntk(points, depth=depth, activation=name)[:, 0, :, 0]
        rounding = 1e-15 * (2 + depth)  # of χ, which is right to 4e-16, to the power L
        assert np.allclose(np.diag(ntk), float(theta), rtol=rounding, atol=0)
        assert (np.diag(nngp) == 1).all()
        if jv.ACTIVATIONS[name].odd:
            assert np.allclose(np.diag(ntk[2:]), -float(theta), rtol=rounding, atol=0)
            assert (np.diag(nngp[2:]) == -1).all()


@pytest.mark.parametrize("name", [*SMOOTH, "relu"])
def test_panels_and_operators_at_any_depth(name):
    """Semidefinite, symmetric, without NaN: equal, antipodal, parallel points at random depths."""
    near = 10.0 ** -np.arange(3, 10)

    @settings(max_examples=3, deadline=None)
    @given(st.sampled_from([1, 20, 100, 400, 800]), st.integers(0, 2**32 - 1))
    def holds(depth, seed):
        rng = np.random.default_rng(seed)
        x = unit_rows(rng, 3, 3)
        x = np.concatenate([x, -x[:1], x[:1], x[1] + rng.choice(near) * unit_rows(rng, 1, 3)])
        x /= np.linalg.norm(x, axis=1, keepdims=True)
        options = {"depth": depth, "activation": name}
        gram = jv.jacobian_nngp(x, **options)
        assert np.isfinite(gram).all()
        corner = 1e-7 if name == "relu" else 1e-13  # slopes of ReLU at the angle θ: eps/θ
        assert worst(gram, gram.transpose(2, 3, 0, 1)) < corner
        values = np.linalg.eigvalsh(gram[:, 0, :, 0])
        assert values[0] > -1e-12 * values[-1]
        assert gram[0, 0, 4, 0] == gram[0, 0, 0, 0]  # equal points stay equal
        if name == "relu":
            return
        value, floor = jv.smallest_eigenvalue(x, **options, kernel="ntk")
        assert value > -100 * floor
        product = jv.JNTKOperator(x, **options, lam=0.0).mv(np.eye(1, 24)[0])
        assert worst(product.reshape(6, 4)[:, 0], jv.jntk(x, **options)[:, 0, 0, 0]) < 1e-12

    holds()


@pytest.mark.parametrize("name", ["gelu", "tanh", BUMP])
@pytest.mark.parametrize("depth", [1, 4, 25])
def test_panels_are_all_the_layers(name, depth):
    """At cosines on both sides, down to 1 - |c| = 1e-20, relative to what is there."""
    activation = jv.get_activation(name)
    gap = np.append(10.0 ** np.linspace(-20, -0.01, 60), 0)
    cosines = Correlation(np.append(1 - gap, gap - 1), np.append(gap, gap))
    network = Architecture(depth, activation)
    summed, bound = panels(network, True)(cosines)
    layered = np.stack(composed_layers(cosines, network, True))
    largest = np.abs(layered).max(axis=1, keepdims=True)
    # Functions that cross zero, as the derivatives in q do, lose digits there.
    assert np.all(np.abs(summed - layered) < 1e-12 * np.abs(layered) + 1e-15 * largest)
    assert np.abs(summed).max() <= bound * (1 + 1e-12)


def test_a_function_without_a_short_series_is_computed_layer_by_layer(monkeypatch):
    monkeypatch.setattr("jntk_viz.panels._shortened", lambda series, tolerance: None)
    x = unit_rows(15, 3, 2)
    sharp = jv.Activation("cosine", lambda z: jnp.cos(2.5 * z))
    found = jv.jntk(x, depth=2, activation=sharp)
    monkeypatch.undo()
    again = jv.Activation("cosine", lambda z: jnp.cos(2.5 * z))
    assert worst(found, jv.jntk(x, depth=2, activation=again)) < 1e-13


@pytest.mark.parametrize("name", ["erf", "tanh"])
def test_derivatives_beyond_float64_are_told_with_the_depth(name):
    x = np.array([[1.0, 0.0], [0.6, 0.8]])
    for call in (jv.jntk, jv.jacobian_nngp, jv.JNTKOperator, jv.smallest_eigenvalue):
        with pytest.raises(ValueError, match=r"`depth` 3000 .* range of float64 .* at depth") as e:
            call(x, depth=3000, activation=name)
    if name == "erf":
        depth = int(str(e.value).rsplit("depth=", 1)[1].split()[0])
        assert np.isfinite(jv.jntk(x, depth=depth, activation=name)).all()
        with pytest.raises(ValueError, match=f"at depth {depth + 1}"):
            jv.jntk(x, depth=depth + 1, activation=name)


def test_too_large_for_single_precision_or_for_a_weight():
    x = np.array([[1.0, 0.0], [0.6, 0.8]])
    with pytest.raises(ValueError, match="`dtype` float32 cannot hold this kernel"):
        jv.smallest_eigenvalue(x, depth=300, activation="erf", dtype=np.float32)
    with pytest.raises(ValueError, match=r"`lam` 1e\+100 times the kernel"):
        jv.JNTKOperator(x, depth=900, activation="erf", lam=1e100)
    with pytest.raises(ValueError, match=r"`lam` 1e\+100 times `gram`"):
        jv.LinearDynamics(1e250 * np.ones((1, 2, 1, 2)), [1.0], lam=1e100)


def test_cosines_of_nearby_points_keep_their_distance():
    for angle in (1e-12, 1e-9, 1e-4, 0.1):
        for sign in (1, -1):
            x = pair(angle, sign)
            with mp.workdps(60):
                right = 1 - abs(exact_cosine(*x))
            rho, gap = correlations(x[:1], x[1:])
            assert abs(gap[0, 0] - right) < 1e-14 * right
            assert np.sign(rho[0, 0]) == sign
            assert (correlations(x, None).gap.diagonal() == 0).all()


@pytest.mark.parametrize("name", ["gelu", "erf", "relu"])
def test_kernels_differentiated_by_jax(name):
    """Against fourth-order differences of the NumPy kernel; orthogonal and antipodal points too."""
    kernel = jv.jacobian_nngp if name == "relu" else jv.jntk
    x = np.concatenate([unit_rows(0, 2, 3), np.eye(3)[:2]])
    if name != "relu":  # whose kernel has a corner there
        x[1] = -x[0]
    rng, h = np.random.default_rng(1), 1e-3
    weight = rng.normal(size=(4, 4, 4, 4))
    turn = rng.normal(size=x.shape)
    turn -= np.sum(turn * x, axis=1, keepdims=True) * x

    def total(x):
        return (weight * kernel(x, depth=3, activation=name)).sum()

    def moved(s):
        y = x + s * turn
        return total(y / np.linalg.norm(y, axis=1, keepdims=True))

    expected = (moved(-2 * h) - 8 * moved(-h) + 8 * moved(h) - moved(2 * h)) / (12 * h)
    with jax.enable_x64(True):
        slope = np.asarray(jax.grad(total)(jnp.asarray(x)))
        value = jax.jit(lambda x: kernel(x, depth=3, activation=name))(jnp.asarray(x))
        assert worst(value, kernel(x, depth=3, activation=name)) < 1e-13
    assert np.sum(slope * turn) == pytest.approx(expected, rel=1e-7)
    assert np.abs(np.sum(slope * x, axis=1)).max() < 1e-12 * np.abs(slope).max()  # on the sphere


def test_kernels_inside_other_transformations():
    x = unit_rows(2, 4, 3)
    assert np.isfinite(jax.grad(lambda z: jv.jntk(z, depth=1).sum())(x)).all()
    both = jax.vmap(lambda z: jv.jntk(z, x, depth=2))(jnp.stack([x, x[::-1]]))
    assert worst(both[1], jv.jntk(x[::-1], x, depth=2)) < 1e-5  # float32 unless told otherwise
    slope = jax.grad(lambda k: jv.jntk(x, depth=2, kappa=k)[0, 0, 0, 0])(1.5)
    assert slope == pytest.approx(3 * jv.jntk(x, depth=2)[0, 0, 0, 0], rel=1e-5)
    with pytest.raises(ValueError, match=r"`x` must .*transformed by JAX.*use jntk"):
        jax.jit(lambda z: jv.smallest_eigenvalue(z, depth=1).value)(x)
    with pytest.raises(ValueError, match=r"`depth` must .*static_argnames"):
        jax.jit(lambda depth: jv.jntk(x, depth=depth))(2)
    with pytest.raises(ValueError, match="`x1` must be of shape"):
        jax.vmap(lambda z: jv.jntk(z, depth=1))(x)
