"""A short program of public names that reproduces the numbers of the Gaussian-process page."""

from jntk_viz.engine.sources import loading
from jntk_viz.pages.gp_convergence import study
from jntk_viz.pages.gp_convergence.circle import LINES, rows_of
from jntk_viz.pages.gp_convergence.state import POINTS, SOURCES, WIDTHS, GPConvergenceState

_HEAD = '''"""Numbers of the page "Random networks become a Gaussian process", for one setting."""

import jax
import numpy as np

import jntk_viz as jv

width, depth, activation, kappa, seed = {width}, {depth}, "{activation}", {kappa!r}, {seed}
'''

_CIRCLE = """
# Values and slopes on the circle: row 2i is f at angle 5i degrees, row 2i + 1 is df/dθ there.
theta = np.deg2rad(np.arange(0, 360, 5))
circle = np.column_stack([np.cos(theta), np.sin(theta)])
to_pair = np.zeros((72, 2, 3))
to_pair[:, 0, 0] = 1
to_pair[:, 1, 1:] = np.column_stack([-np.sin(theta), np.cos(theta)])


def along_circle(covariance):
    pairs = np.einsum("iab,ibjc,jdc->iajd", to_pair, covariance, to_pair, optimize=True)
    return pairs.reshape(144, 144)


limit = kappa**2 * along_circle(jv.jacobian_nngp(circle, depth=depth, activation=activation))
print("f_deviation_before =", limit[0, 0] ** 0.5)
print("slope_deviation_before =", limit[1, 1] ** 0.5)
"""

_POSTERIOR = """
rows, values, noise = {rows}, np.array({values}), {noise!r}
observed = limit[np.ix_(rows, rows)] + noise**2 * np.eye(len(rows))
gain = limit[:, rows] @ np.linalg.pinv(observed, rcond=1e-10, hermitian=True)
mean, covariance = gain @ values, limit - gain @ limit[rows]
at = 2 * ({angle} // 5)
print("f_mean =", mean[at])
print("f_deviation =", max(covariance[at, at], 0) ** 0.5)
print("slope_mean =", mean[at + 1])
print("slope_deviation =", max(covariance[at + 1, at + 1], 0) ** 0.5)
"""

_DISTANCE = """

def root(covariance):
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T


z = np.random.default_rng(seed).standard_normal(({lines}, 144))
mlp = jv.MLP(2, width, depth, activation, kappa)
key = jax.random.fold_in(jax.random.key(seed), width)
gaps = []
for i in range({lines}):
    own = jv.finite_jacobian_nngp(
        mlp, jax.random.fold_in(key, 1000 + i), circle, n_networks=1, dtype=np.float64
    )
    gaps.append((root(along_circle(np.asarray(own))) - root(limit)) @ z[i])
print("distance =", np.sqrt(np.mean(np.array(gaps)[:, ::2] ** 2) / limit[0, 0]))
"""

_POINTS = """
# The 12 rows that lie farthest from one another.
data = {load}.x
rows, gap = [0], np.full(len(data), np.inf)
while len(rows) < {points}:
    gap = np.minimum(gap, np.linalg.norm(data - data[rows[-1]], axis=1))
    rows.append(int(np.argmax(gap)))
x = data[rows]
limit = jv.jacobian_nngp(x, depth=depth, activation=activation, kappa=kappa)
"""

_DENSITIES = """
mlp = jv.MLP(x.shape[1], width, depth, activation, kappa)
key = jax.random.fold_in(jax.random.key(seed), width)
networks, chunk = {networks}, {chunk}
draws = np.concatenate(
    [
        jv.sample_value_and_jacobian(mlp, jax.random.fold_in(key, 100 + c), x, n_networks=chunk)
        for c in range(-(-networks // chunk))
    ]
)[:networks]
for name, index in (("f", 0), ("J", min({alpha}, x.shape[1]))):
    square = draws[:, {point}, index].astype(float) ** 2
    print(f"{{name}}_excess_kurtosis =", np.mean(square**2) / np.mean(square) ** 2 - 3)
    print(f"{{name}}_limit_deviation =", limit[{point}, index, {point}, index] ** 0.5)
"""

_ERRORS = """
widths, repeats = {widths}, {repeats}
errors = np.empty((len(widths), repeats))
for i, d in enumerate(widths):
    mlp = jv.MLP(x.shape[1], d, depth, activation, kappa)
    key = jax.random.fold_in(jax.random.key(seed), d)
    for r in range(repeats):
        own = jv.finite_jacobian_nngp(mlp, jax.random.fold_in(key, r), x, n_networks=1)
        errors[i, r] = np.linalg.norm(own - limit) / np.linalg.norm(limit)
print("error =", np.median(errors[widths.index(width)]))
wide = np.array(widths) >= {fitted}
x_log, y_log = np.log(np.repeat(np.array(widths)[wide], repeats)), np.log(errors[wide].ravel())
print("slope =", np.polyfit(x_log, y_log, 1)[0])
"""


def script(state: GPConvergenceState) -> str:
    """The program for the tab in view; it prints `name = value` lines."""
    head = _HEAD.format(**{k: getattr(state, k) for k in _SHARED})
    if state.view == "functions":
        return head + _CIRCLE + _functions(state)
    load = loading(state.data, SOURCES[state.data].options)
    head += _POINTS.format(load=load, points=POINTS)
    if state.view == "covariance":
        return head + _ERRORS.format(widths=WIDTHS, repeats=study.REPEATS, fitted=study.FITTED)
    return head + _DENSITIES.format(
        networks=state.networks,
        chunk=study.chunk_size(state.width),
        point=state.point - 1,
        alpha=state.alpha,
    )


_SHARED = ("width", "depth", "activation", "kappa", "seed")


def _functions(state):
    if not state.observed:
        return _DISTANCE.format(lines=LINES)
    return _POSTERIOR.format(
        rows=rows_of(state.observations).tolist(),
        values=[o.value for o in state.observations],
        noise=state.noise,
        angle=state.angle,
    )
