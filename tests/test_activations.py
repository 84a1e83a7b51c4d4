import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import integrate, stats

from jntk_viz import ACTIVATIONS, Activation
from jntk_viz.kernels import homogeneous_expectations, smooth_expectations

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
        e = smooth_expectations(phi.series, rho)
        assert float(e.g) == pytest.approx(expectation(t, t, rho), abs=1e-11)
        assert float(e.g1) == pytest.approx(expectation(d1, d1, rho), abs=1e-8)
        assert float(e.g2) == pytest.approx(expectation(d2, d2, rho), abs=1e-8)
        assert float(e.h) == pytest.approx(expectation(d2, t, rho), abs=1e-8)


@pytest.mark.parametrize("name", SMOOTH)
def test_series_are_derivatives_of_each_other(name):
    series, rho, h = ACTIVATIONS[name].series, np.array([-0.95, -0.2, 0.4, 0.95]), 1e-5
    low, here, high = (smooth_expectations(series, rho + s) for s in (-h, 0, h))
    for lower, upper in (("g", "g1"), ("g1", "g2"), ("g2", "g3"), ("h", "h1"), ("h1", "h2")):
        slope = (getattr(high, lower) - getattr(low, lower)) / (2 * h)
        assert np.allclose(slope, getattr(here, upper), rtol=1e-7, atol=1e-8)


def test_arc_cosine_formulas_by_quadrature():
    """A leaky ReLU: two slopes, both signs of the correlation."""
    for rho in (-0.6, 0.5):
        f = lambda z: np.where(z > 0, 1.3 * z, -0.4 * z)  # noqa: E731
        d = lambda z: np.where(z > 0, 1.3, -0.4)  # noqa: E731
        e = homogeneous_expectations((1.3, -0.4), np.asarray(rho))
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


@pytest.mark.parametrize("fn", [lambda z: 1 / z, lambda z: 0.0 * z, lambda z: z[:3]])
def test_unusable_functions_are_refused(fn):
    with pytest.raises(ValueError, match="`fn` of activation 'odd one'"):
        Activation("odd one", fn).scale  # noqa: B018
