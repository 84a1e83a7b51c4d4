"""Independent routes to the limiting kernels. Nothing here uses jntk_viz.kernels."""

import json
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

CASES = json.loads((Path(__file__).parent / "data" / "limiting_kernels.json").read_text())["cases"]


def unit_rows(key, n, d0):
    x = np.random.default_rng(key).normal(size=(n, d0))
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def worst(a, b):
    """Largest difference, relative to the largest entry."""
    return float(np.max(np.abs(np.asarray(a) - np.asarray(b))) / np.max(np.abs(b)))


def erf_kernels(x, y, depth):
    """NNGP and NTK of erf networks off the sphere, by Williams' (1997) closed form, for autodiff.

    erf is scaled to second moment one at unit variance, as in the library.
    """
    scale = np.pi / (2 * np.arcsin(2 / 3))
    kxx, kxy, kyy = x @ x, x @ y, y @ y
    theta = kxy
    for _ in range(depth):
        norm = jnp.sqrt((1 + 2 * kxx) * (1 + 2 * kyy))
        dot = scale * 4 / np.pi / jnp.sqrt((1 + 2 * kxx) * (1 + 2 * kyy) - 4 * kxy**2)
        kxy = scale * 2 / np.pi * jnp.arcsin(2 * kxy / norm)
        kxx, kyy = (scale * 2 / np.pi * jnp.arcsin(2 * k / (1 + 2 * k)) for k in (kxx, kyy))
        theta = kxy + theta * dot
    return kxy, theta


def autodiff_blocks(kernel, x1, x2):
    """∂_α ∂'_β of a scalar kernel of two points, all blocks, (n1, 1+d0, n2, 1+d0)."""

    def block(x, y):
        value = kernel(x, y)
        dx, dy = jax.grad(kernel, 0)(x, y), jax.grad(kernel, 1)(x, y)
        dxy = jax.jacfwd(jax.grad(kernel, 0), 1)(x, y)
        return jnp.block([[value, dy[None, :]], [dx[:, None], dxy]])

    with jax.enable_x64(True):
        rows = jax.vmap(lambda x: jax.vmap(lambda y: block(x, y))(jnp.asarray(x2)))(jnp.asarray(x1))
        return np.asarray(rows.transpose(0, 2, 1, 3))


# A product grid on which E over two normals is exact to rounding for functions analytic in a strip.
_NODES = np.linspace(-9, 9, 129)
_WEIGHTS = np.exp(-(_NODES**2) / 2) / np.sqrt(2 * np.pi) * (_NODES[1] - _NODES[0])


def quadrature_block(x, y, depth, phi, dphi, ddphi):
    """Σ^(L) and Θ^(L) blocks of one pair of points, by two-dimensional quadrature layer by layer.

    The jets (g, ∂g) of a layer at x and y are jointly Gaussian, 2(1+d0) numbers. The next
    covariance E[jet φ(g) ⊗ jet φ(g')] needs, given (g, g'), only conditional moments of the slopes.
    The JNTK follows from the product rule on Θ⁺ = Σ⁺ + Θ Ṫ. No Hermite series, nothing in ρ.
    """
    a = 1 + len(x)
    jets = np.concatenate([np.vstack([x, np.eye(len(x))]), np.vstack([y, np.eye(len(x))])])
    sigma = jets @ jets.T
    theta = sigma
    for _ in range(depth):
        next_sigma = _jet_moments(sigma, a, phi, dphi)
        dot = _jet_moments(sigma, a, dphi, ddphi)
        theta = next_sigma + _leibniz(theta, dot, a)
        sigma = next_sigma
    return sigma[:a, a:], theta[:a, a:], sigma[:a, :a], theta[:a, :a]


def _jet_moments(sigma, a, f, df):
    """E[jet f(g) ⊗ jet f(g')] over both points, (2a, 2a)."""
    values = [0, a]
    slopes = np.setdiff1d(np.arange(2 * a), values)
    inner = sigma[np.ix_(values, values)]
    e, v = np.linalg.eigh(inner)
    root = v * np.sqrt(np.maximum(e, 0))
    regress = sigma[np.ix_(slopes, values)] @ np.linalg.pinv(inner, rcond=1e-13, hermitian=True)
    rest = sigma[np.ix_(slopes, slopes)] - regress @ inner @ regress.T
    z = np.stack(np.meshgrid(_NODES, _NODES, indexing="ij")).reshape(2, -1)
    w = np.outer(_WEIGHTS, _WEIGHTS).ravel()
    g = root @ z
    mean = regress @ g
    value, slope = np.asarray(f(g)), np.asarray(df(g))
    owner = np.repeat([0, 1], a - 1)  # which point a slope index belongs to
    jets = np.empty((2 * a, w.size))
    jets[values] = value
    jets[slopes] = slope[owner] * mean
    moments = (jets * w) @ jets.T
    pair = (slope * w) @ slope.T  # E f'(g)f'(g')
    moments[np.ix_(slopes, slopes)] += pair[np.ix_(owner, owner)] * rest
    return moments


def _leibniz(p, q, a):
    """∂_α ∂'_β (P_00 Q_00) from the jets P_αβ, Q_αβ, for both points at once."""
    out = np.empty_like(p)
    for i in (0, a):
        for j in (0, a):
            u, v = p[i : i + a, j : j + a], q[i : i + a, j : j + a]
            block = np.empty_like(u)
            block[0, 0] = u[0, 0] * v[0, 0]
            block[1:, 0] = u[1:, 0] * v[0, 0] + u[0, 0] * v[1:, 0]
            block[0, 1:] = u[0, 1:] * v[0, 0] + u[0, 0] * v[0, 1:]
            block[1:, 1:] = (
                u[1:, 1:] * v[0, 0]
                + np.outer(u[1:, 0], v[0, 1:])
                + np.outer(v[1:, 0], u[0, 1:])
                + u[0, 0] * v[1:, 1:]
            )
            out[i : i + a, j : j + a] = block
    return out


ARCHITECTURES = json.loads(
    (Path(__file__).parent / "data" / "architecture_kernels.json").read_text()
)["cases"]


def erf_moment(q, p, c):
    """E erf(u) erf(v) of normals of variances q and p and covariance c (Williams 1997)."""
    return 2 / jnp.pi * jnp.arcsin(2 * c / jnp.sqrt((1 + 2 * q) * (1 + 2 * p)))


def gelu_moment(q, p, c):
    """E φ(u) φ(v) of GeLU φ(z) = zΦ(z), by parts: E uvΦΦ = qE vφΦ + cE ΦΦ + cE vΦφ and so on."""
    density = 1 / (2 * jnp.pi * jnp.sqrt((1 + q) * (1 + p) - c**2))  # E pdf(u) pdf(v)
    orthant = 1 / 4 + jnp.arcsin(c / jnp.sqrt((1 + q) * (1 + p))) / (2 * jnp.pi)  # E Φ(u) Φ(v)
    return c * orthant + density * (q * p + c**2 * (1 / (1 + q) + 1 / (1 + p) - 1))


def relu_moment(q, p, c):
    """E u₊v₊ by the arc-cosine formula (Cho & Saul 2009); at distinct directions only."""
    root = jnp.sqrt(q * p)
    angle = jnp.arccos(c / root)
    return root / (2 * jnp.pi) * (jnp.sin(angle) + (jnp.pi - angle) * c / root)


MOMENTS = {"erf": erf_moment, "gelu": gelu_moment, "relu": relu_moment}


@partial(jax.jit, static_argnames=("name", "depth"))
def _architecture_blocks(x1, x2, weight, bias, skip, alpha, name, depth):
    moment = MOMENTS[name]
    at_one = {"erf": np.arcsin(2 / 3) * 2 / np.pi, "gelu": 1 / 3 + 3**-0.5 / (2 * np.pi)}
    scale = 1 / at_one.get(name, 1 / 2)

    def own_moment(q):
        return q / 2 if name == "relu" else moment(q, q, q)

    def behind(state):
        """E φ² of both points, E φφ and the NTK behind φ."""
        q, p, c, theta = state
        t = scale * moment(q, p, c)
        dot = scale * jax.jvp(lambda c: moment(q, p, c), (c,), (jnp.ones_like(c),))[1]
        return jnp.stack([scale * own_moment(q), scale * own_moment(p), t, t + theta * dot])

    def hidden(_, state):
        return skip * state + alpha**2 * (weight**2 * behind(state) + bias**2)

    def kernels(x, y):
        covariances = jnp.stack([x @ x, y @ y, x @ y, x @ y])
        first = weight**2 * covariances + bias**2
        return behind(jax.lax.fori_loop(0, depth - 1, hidden, first))[2:]

    def by_x(x, y):
        """∂_x and the values themselves, twice over: `jacfwd` differentiates the first."""
        found = jax.jacfwd(lambda x: (kernels(x, y),) * 2, has_aux=True)(x)
        return found, found

    def block(x, y):
        (dxy, dy), (dx, value) = jax.jacfwd(partial(by_x, x), has_aux=True)(y)
        rows = jnp.concatenate([value[:, None], dy], axis=1)[:, None]
        return jnp.concatenate([rows, jnp.concatenate([dx[:, :, None], dxy], axis=2)], axis=1)

    blocks = jax.vmap(lambda x: jax.vmap(lambda y: block(x, y))(x2))(x1)
    return blocks.transpose(2, 0, 3, 1, 4)


def architecture_blocks(x1, x2, name, depth, *, weight_std=1.0, bias_std=0.0, residual=None):
    """Blocks of NNGP and NTK, (2, n1, 1+d0, n2, 1+d0), by autodiff of the plain recursion.

    Of covariances alone, in closed form: no Hermite series, no slopes, no correlations.
    """
    skip, alpha = (0.0, 1.0) if residual is None else (1.0, residual)
    with jax.enable_x64(True):
        numbers = (jnp.asarray(a, float) for a in (x1, x2, weight_std, bias_std, skip, alpha))
        return np.asarray(_architecture_blocks(*numbers, name, depth))
