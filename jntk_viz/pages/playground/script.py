"""A short program that reproduces the numbers of the playground."""

import math

from jntk_viz.pages.playground.network import HALVED, MIDPOINT
from jntk_viz.pages.playground.points import read_points
from jntk_viz.pages.playground.prior import KNOWN, NOISE
from jntk_viz.pages.playground.state import TIMES, PlaygroundState
from jntk_viz.pages.playground.study import SEARCH
from jntk_viz.pages.playground.surface import SEEN

_POINTS = '''"""The playground: two networks trained on the same points of the sphere."""

import numpy as np

import jntk_viz as jv

x = jv.normalize(np.array({x}))
y = np.array({y})
kernel = {{"depth": {depth}, "activation": {activation!r}}}


def lattice(n):
    k = np.arange(n) + 0.5
    z, turn = 1 - 2 * k / n, np.pi * (1 + 5**0.5) * k
    across = np.sqrt(1 - z**2)
    return np.column_stack([across * np.cos(turn), across * np.sin(turn), z])


globe = lattice({seen})


def report(name, f):
    margin = jv.pgd_margin(f, x, y, epsilon={epsilon!r}, {search})
    called = jv.first_order_margin(f(x), x, y, epsilon={epsilon!r})
    slopes = f(globe)[:, 1:]
    slopes = slopes - np.sum(slopes * globe, axis=1, keepdims=True) * globe
    print(f"{{name}}_accuracy = {{jv.accuracy(y * f(x)[:, 0])!r}}")
    print(f"{{name}}_robust = {{jv.accuracy(margin)!r}}")
    print(f"{{name}}_called_robust = {{jv.accuracy(called)!r}}")
    print(f"{{name}}_largest_slope = {{float(np.linalg.norm(slopes, axis=1).max())!r}}")


def limit(lam, t, start):
    dynamics = jv.LinearDynamics(jv.jntk(x, **kernel), y, lam=lam)
    c = dynamics.coefficients(t, initial=start(x))
    return lambda z: start(z) + np.tensordot(jv.jntk(z, x, **kernel), c, axes=2)


def zero(z):
    return np.zeros((len(z), 4))
'''

_DRAW = """
e, v = np.linalg.eigh(jv.jacobian_nngp(lattice({known}), **kernel).reshape(2 * [4 * {known}]))
v, e = v[:, e > {noise} * e[-1]], e[e > {noise} * e[-1]]
weights = v @ (np.random.default_rng({draw}).standard_normal(len(e)) / np.sqrt(e))


def random(z):
    across = jv.jacobian_nngp(z, lattice({known}), **kernel)
    return (across.reshape(4 * len(z), -1) @ weights).reshape(-1, 4)
"""

_INFINITE = """
report("standard", limit(0.0, {t}, {start}))
report("penalised", limit({lam!r}, {t}, {start}))
"""

_FINITE = '''
import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402

times = {times}
mlp = jv.MLP(3, {width}, **kernel)
key = jax.random.fold_in(jax.random.key({draw}, impl="rbg"), {width})
first = mlp.init(key, dtype="float64")


def network(params):
    return lambda z: np.asarray(mlp.value_and_jacobian(params, z), float)


less = {less}


def change(at, u, h):
    """Of the weights in the time h, with the derivatives at the weights `at`."""
    dynamics = jv.LinearDynamics(np.asarray(jv.finite_jntk(mlp, at, x)), y, lam={lam!r})
    with jax.enable_x64(True):
        c = jnp.asarray(dynamics.coefficients(h, initial=u))
        inputs = jnp.asarray(x)
        return jax.vjp(lambda p: mlp.value_and_jacobian(p, inputs), at)[1](c)[0]


def add(params, step):
    with jax.enable_x64(True):
        return jax.tree.map(jnp.add, params, step)


def loss(params):
    u = network(params)(x) - less(x)
    return np.mean((u[:, 0] - y) ** 2) + {lam!r} * np.mean(np.sum(u[:, 1:] ** 2, axis=1))


def advance(params, h, halve={halved}):
    u = network(params)(x) - less(x)
    middle = add(params, change(params, u, h / 2)) if {width} <= {midpoint} else params
    new = add(params, change(middle, u, h))
    if loss(new) <= loss(params):
        return new
    for _ in range(2 if halve and np.isfinite(h) else 0):
        params = advance(params, h / 2, halve - 1)
    return params


params = first
for h in np.diff(times):
    params = advance(params, h)
now, beside = network(params), limit({lam!r}, times[-1], {start})
report("network", lambda z: now(z) - less(z))
report("limit", beside)
apart = (now(globe) - less(globe) - beside(globe))[:, 0]
print(f"rms = {{float(np.sqrt(np.mean(apart**2)))!r}}")
print(f"most = {{float(np.abs(apart).max())!r}}")
'''


def script(state: PlaygroundState) -> str:
    """Python that uses public names only and prints the page's numbers as `name = value`."""
    points, centred = read_points(state.text), state.start == "zero"
    rows = ",\n".join(f"    {[round(v, 6) for v in row]}" for row in points.x.tolist())
    times = [_number(t) for t in TIMES[: TIMES.index(state.t) + 1]]
    start = "zero" if centred else "network(first)" if state.finite else "random"
    text = _POINTS
    text += _FINITE if state.finite else ("" if centred else _DRAW) + _INFINITE
    return text.format(
        x=f"[\n{rows},\n]", y=points.y.tolist(), seen=SEEN, lam=state.lam, depth=state.depth,
        activation=state.activation, t=times[-1], epsilon=state.epsilon, width=state.width,
        draw=state.draw, known=KNOWN, noise=NOISE, times=f"[{', '.join(times)}]", start=start,
        less="network(first)" if centred else "zero", midpoint=MIDPOINT, halved=HALVED,
        search=", ".join(f"{name}={value}" for name, value in SEARCH.items()),
    )  # fmt: skip


def _number(t: float) -> str:
    return "np.inf" if math.isinf(t) else repr(t)
