import math
import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import integrate, stats

from jntk_viz import ACTIVATIONS, Activation, jacobian_nngp, jntk
from jntk_viz.correlations import from_cosine
from jntk_viz.layers import homogeneous_expectations, smooth_expectations

SMOOTH = [name for name, activation in ACTIVATIONS.items() if activation.smooth]


_NODES = np.linspace(-9, 9, 181)
_WEIGHTS = np.exp(-(_NODES**2) / 2) / np.sqrt(2 * np.pi) * (_NODES[1] - _NODES[0])


def expectation(f, g, rho):
    """E f(u) g(v) over two normals of correlation rho, on a product grid: exact for smooth f, g."""
    u = _NODES[:, None]
    v = rho * u + np.sqrt(1 - rho**2) * _NODES
    return float(_WEIGHTS @ (f(u) * g(v)) @ _WEIGHTS)


def angular_expectation(f, g, rho, degree):
    """The same for f(u) g(v) homogeneous of a degree: E r^degree times the mean over the angle."""
    angle = (np.arange(400_000) + 0.5) * 2 * np.pi / 400_000
    u = np.cos(angle)
    v = rho * u + np.sqrt(1 - rho**2) * np.sin(angle)
    return {0: 1.0, 2: 2.0}[degree] * float(np.mean(f(u) * g(v)))


def test_every_name_promised_is_there():
    assert set(ACTIVATIONS) >= {"erf", "gelu", "tanh", "silu", "sin", "softplus", "relu"}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_both_forms_are_the_same_function(name):
    activation = ACTIVATIONS[name]
    z = np.concatenate([-np.logspace(2, -8, 60), [0.0], np.logspace(-8, 2, 60)])
    with jax.enable_x64(True):
        expected = np.asarray(activation.fn(jnp.asarray(z)))
    assert np.allclose(activation.values(z), expected, rtol=1e-13, atol=1e-16)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_second_moment_is_one(name):
    phi = ACTIVATIONS[name]
    with jax.enable_x64(True):
        moment = integrate.quad(
            lambda z: float(phi(z)) ** 2 * stats.norm.pdf(z), -12, 12, points=[0]
        )
    assert moment[0] == pytest.approx(1, abs=1e-8)


@pytest.mark.parametrize("name", SMOOTH)
def test_hermite_series_reproduces_the_function(name):
    """φ(z) = Σ a_k h_k(z) where the Gaussian has its mass."""
    phi = ACTIVATIONS[name]
    z = np.linspace(-2, 2, 9)
    k = np.arange(phi.hermite.size)
    orthonormal = phi.hermite / np.exp(0.5 * np.cumsum(np.log(np.maximum(k, 1))))
    series = np.polynomial.hermite_e.hermeval(z, orthonormal[:120])
    with jax.enable_x64(True):
        assert np.allclose(series, phi(jnp.asarray(z)), atol=1e-5)
    assert np.sum(phi.hermite**2) == pytest.approx(1, abs=1e-14)


def test_expectations_by_quadrature():
    """G, G', H and H'' of a function without any symmetry."""
    phi = Activation("shifted tanh", lambda z: jnp.tanh(z + 0.5))
    t = lambda z: np.tanh(z + 0.5) * phi.scale  # noqa: E731
    d1 = lambda z: phi.scale / np.cosh(z + 0.5) ** 2  # noqa: E731
    d2 = lambda z: -2 * phi.scale * np.tanh(z + 0.5) / np.cosh(z + 0.5) ** 2  # noqa: E731
    for rho in (-0.7, 0.3):
        e = smooth_expectations(phi.power_series, from_cosine(np.asarray(rho)))[1]
        assert float(e.g) == pytest.approx(expectation(t, t, rho), abs=1e-11)
        assert float(e.g1) == pytest.approx(expectation(d1, d1, rho), abs=1e-8)
        assert float(e.g2) == pytest.approx(expectation(d2, d2, rho), abs=1e-8)
        assert float(e.h) == pytest.approx(expectation(d2, t, rho), abs=1e-8)


@pytest.mark.parametrize("name", SMOOTH)
def test_series_are_derivatives_of_each_other(name):
    series, rho, h = ACTIVATIONS[name].power_series, np.array([-0.95, -0.2, 0.4, 0.95]), 1e-5
    low, here, high = (smooth_expectations(series, from_cosine(rho + s))[1] for s in (-h, 0, h))
    for lower, upper in (("g", "g1"), ("g1", "g2"), ("g2", "g3"), ("h", "h1"), ("h1", "h2")):
        slope = (getattr(high, lower) - getattr(low, lower)) / (2 * h)
        assert np.allclose(slope, getattr(here, upper), rtol=1e-7, atol=1e-8)


def test_arc_cosine_formulas_by_quadrature():
    """A leaky ReLU: two slopes, both signs of the correlation."""
    right, left = 1.3, -((2 - 1.3**2) ** 0.5)  # E φ² = 1
    for rho in (-0.6, 0.5):
        f = lambda z: np.where(z > 0, right * z, left * z)  # noqa: E731
        d = lambda z: np.where(z > 0, right, left)  # noqa: E731
        e = homogeneous_expectations((right, left), from_cosine(np.asarray(rho)))[1]
        assert float(e.g) == pytest.approx(angular_expectation(f, f, rho, 2), abs=1e-8)
        assert float(e.g1) == pytest.approx(angular_expectation(d, d, rho, 0), abs=1e-4)


@pytest.mark.parametrize(
    ("fn", "properties"),
    [
        (jax.nn.relu, "homogeneous"),
        (jnp.abs, "homogeneous even"),
        (jax.nn.elu, ""),
        (lambda z: jax.nn.leaky_relu(z, 0.2), "homogeneous"),
        (jnp.sin, "smooth odd"),
        (jnp.cos, "smooth even"),
        (jax.nn.silu, "smooth"),
        (lambda z: z, "smooth odd homogeneous"),
        (lambda z: z**3 - 2 * z**2, "smooth"),
    ],
)
def test_properties_are_measured(fn, properties):
    phi = Activation("given", fn)
    found = {p for p in ("smooth", "odd", "even", "homogeneous") if getattr(phi, p)}
    assert found == set(properties.split())


def test_derivatives_agree_with_differences():
    phi, z, h = ACTIVATIONS["gelu"], jnp.linspace(-3, 3, 7), 1e-4
    with jax.enable_x64(True):
        z = jnp.asarray(z, jnp.float64)
        for order in (1, 2):
            lower = phi.derivative(order - 1)
            slope = (lower(z + h) - lower(z - h)) / (2 * h)
            assert np.allclose(phi.derivative(order)(z), slope, atol=1e-7)


@pytest.mark.parametrize(
    ("fn", "said"),
    [
        (lambda z: 1 / z, "must be finite on the whole line"),
        (lambda z: 0.0 * z, "must neither vanish"),
        (lambda z: jnp.exp(z**2), "must neither vanish nor grow"),
        (lambda z: z[:3], r"given shape \(7,\) it returned \(3,\)"),
        (lambda z: 1.0, "elementwise"),
        (lambda z: z + 1j, "got complex128"),
        (lambda z: z > 0, "got bool"),
        (np.tanh, "Write it with jax.numpy"),
        (lambda z: np.tanh(z), "Write it with jax.numpy"),
        (lambda z: z if z > 0 else 0 * z, "jnp.where"),
        (math.tanh, "Write it with jax.numpy"),
        (None, "Write it with jax.numpy"),
    ],
)
def test_unusable_functions_are_refused(fn, said):
    with pytest.raises(ValueError, match=f"`fn` of activation 'odd one' .*{said}"):
        Activation("odd one", fn).scale  # noqa: B018


SHARP = {
    "tanh(3z)": lambda z, m: m.tanh(3 * z),
    "tanh(5z)": lambda z, m: m.tanh(5 * z),
    "softplus(10z)/10": lambda z, m: m.log1p(m.exp(-10 * abs(z))) / 10 + (abs(z) + z) / 2,
    "z sigmoid(10z)": lambda z, m: z / (1 + m.exp(-10 * z)),
    "root": lambda z, m: m.sqrt(z**2 + 0.1),
}


@pytest.mark.parametrize("name", SHARP)
def test_sharp_but_smooth_activations(name):
    """E φφ, E φ'φ' and E φ''φ by quadrature on a grid finer than the sharpest derivative."""
    phi = Activation(name, lambda z: SHARP[name](z, jnp))
    assert phi.smooth
    assert phi.lipschitz
    z = np.linspace(-9, 9, 451)
    weights = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) * (z[1] - z[0])
    with jax.enable_x64(True):
        at = lambda order, z: np.asarray(phi.derivative(order)(jnp.asarray(z)))  # noqa: E731
        if name == "softplus(10z)/10":  # written with |z|, whose derivatives JAX gets wrong at zero
            smooth = Activation(name, lambda z: jnp.logaddexp(10 * z, 0.0) / 10)
            at = lambda order, z: np.asarray(smooth.derivative(order)(jnp.asarray(z)))  # noqa: E731
        for rho in (-0.7, 0.3, 0.999):
            v = rho * z[:, None] + np.sqrt(1 - rho**2) * z
            mean = lambda f: f @ weights  # noqa: E731
            e = smooth_expectations(phi.power_series, from_cosine(np.asarray(rho)))[1]
            value, slope = mean(at(0, v)), mean(at(1, v))
            for got, expected in [
                (e.g, weights @ (at(0, z) * value)),
                (e.g1, weights @ (at(1, z) * slope)),
                (e.h, weights @ (at(2, z) * value)),
            ]:
                assert float(got) == pytest.approx(expected, rel=1e-10, abs=1e-10)


@pytest.mark.parametrize("power", [1, 2, 3])
def test_growth_is_warned_of_and_the_formulas_still_hold(power):
    """Of z² and z³ the kernel is a polynomial in the cosine; no other warning is given."""
    phi = Activation("power", lambda z: z**power)
    x = np.array([[1.0, 0.0], [0.6, 0.8]])
    g = {1: lambda c: c, 2: lambda c: (1 + 2 * c**2) / 3, 3: lambda c: (9 * c + 6 * c**3) / 15}
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always")
        value = jacobian_nngp(x, depth=2, activation=phi)[0, 0, 1, 0]
        jntk(x, depth=2, activation=phi)
    assert value == pytest.approx(g[power](g[power](0.6)), abs=1e-14)
    assert [w.category for w in given] == [UserWarning] * (0 if power == 1 else 2)
    assert all("not Lipschitz" in str(w.message) for w in given)


def test_which_functions_grow():
    grows = [jnp.exp, lambda z: z * jnp.abs(z) ** 0.5, lambda z: z**2 * jax.nn.sigmoid(z)]
    bounded = [
        jnp.cos, jnp.arctan, lambda z: jnp.log(1 + jnp.exp(z)), lambda z: jnp.sqrt(z**2 + 1000)
    ]  # fmt: skip
    assert not any(Activation("given", fn).lipschitz for fn in grows)
    assert all(Activation("given", fn).lipschitz for fn in bounded)
    assert all(phi.lipschitz for phi in ACTIVATIONS.values())


def test_what_cannot_be_resolved_is_told_with_the_terms_tried():
    sharp = Activation("sharp", lambda z: jnp.tanh(10 * z))
    with pytest.raises(ValueError, match=r"'sharp', of which 16,384 Hermite coefficients") as error:
        jacobian_nngp(np.eye(2), depth=1, activation=sharp)
    assert "does not exist" not in str(error.value)
    with pytest.raises(ValueError, match="second derivative does not exist at 0"):
        jntk(np.eye(2), depth=1, activation="relu")


def test_a_constant_is_a_kernel_of_ones():
    gram = jntk(np.eye(2), depth=3, activation=Activation("constant", lambda z: 0 * z + 2))
    assert np.array_equal(gram[:, 0, :, 0], np.ones((2, 2)))
    assert not gram[:, 1:].any()
