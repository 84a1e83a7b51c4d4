"""The numbers of the constancy page as a program of public names."""

from jntk_viz.engine.sources import loading
from jntk_viz.pages.jntk_constancy.state import MOST_ROWS, SOURCES, JNTKConstancyState
from jntk_viz.pages.jntk_constancy.study import TEST_POINTS
from jntk_viz.pages.jntk_constancy.training import DIVERGED

_PROGRAM = '''\
"""How far the Jacobian NTK of networks of three widths moves in training, and from its limit."""

import itertools

import jax
import numpy as np

import jntk_viz as jv

kernel = {kernel!r}
lam, seed = {lam!r}, {seed!r}
widths, networks = {widths!r}, {networks!r}
moments = {moments!r}  # steps at which the kernels are compared

{load}
rows, d0 = data.x.shape
points = min({points!r}, rows - 2, max(2, {most_rows!r} // (1 + d0)))
train, test = jv.train_test_split(data, test_fraction=1 - points / rows, seed=0)
x, y, x_test = train.x, train.y, test.x[:{test_points!r}]

theta, cross = jv.jntk(x, **kernel), jv.jntk(x_test, x, **kernel)  # infinitely wide
dynamics = jv.LinearDynamics(theta, y, lam=lam)
learning_rate = {rate!r} * dynamics.stable_learning_rate
smallest = jv.smallest_eigenvalue(x, **kernel)
print("learning_rate =", learning_rate)
print("smallest_eigenvalue =", smallest.value)
print("noise_floor =", smallest.noise_floor)


def jntk_of(mlp, params):
    return np.asarray(jv.finite_jntk(mlp, params, x), dtype=float)


def distance(a, b):
    """Relative, Frobenius."""
    return float(np.linalg.norm(a - b) / np.linalg.norm(b))


def width_error(finite):
    """Operator norm."""
    size = len(x) * (1 + d0)
    return float(np.abs(np.linalg.eigvalsh((finite - theta).reshape(size, size))).max())


def measure(width, number):
    """drift, distance to the limit, largest width error, distance from the ODE at test points."""
    mlp = jv.MLP(d0, width, **kernel)
    key = jax.random.key(seed, impl="rbg")
    for part in (width, number):
        key = jax.random.fold_in(key, part)
    params = mlp.init(key)
    start = jntk_of(mlp, params)
    u0, v0 = (np.asarray(mlp.value_and_jacobian(params, z), float) for z in (x, x_test))
    finite, largest = start, width_error(start)
    first = float(jv.robust_loss(mlp, params, x, y, lam=lam))
    for before, after in itertools.pairwise(moments):
        run = jv.train(
            mlp, params, x, y, lam=lam, learning_rate=learning_rate, steps=after - before,
            record_at=[after - before],
        )
        params = run.params
        if not run.loss[-1] < {diverged:g} * first:
            return None  # diverged
        finite = jntk_of(mlp, params)
        largest = max(largest, width_error(finite))
    ode = dynamics.predict(
        cross, moments[-1] * learning_rate, learning_rate=learning_rate,
        initial=u0, initial_test=v0,
    )
    outputs = np.asarray(mlp.value_and_jacobian(params, x_test), float)
    return distance(finite, start), distance(finite, theta), largest, distance(outputs, ode)


names = ("drift", "to_limit", "width_error", "deviation")
found = {{name: ([], []) for name in names}}
for width in widths:
    results = [measure(width, number) for number in range(networks)]
    results = [r for r in results if r is not None]
    for name, values in zip(names, zip(*results)):
        print(f"{{name}}_{{width}} =", float(np.median(values)))
        found[name][0].extend([width] * len(values))
        found[name][1].extend(values)

for name, (at, values) in found.items():
    if len(set(at)) > 1 and min(values) > 0 and np.isfinite(values).all():
        slope, intercept = np.polyfit(np.log(at), np.log(values), 1)
        print(f"slope_{{name}} =", float(slope))
        if name == "width_error" and smallest.value > smallest.noise_floor and slope < 0:
            # An extrapolation of the fitted line to where it meets the smallest eigenvalue.
            print("width_needed =", float(np.exp((np.log(smallest.value) - intercept) / slope)))
'''


def script(state: JNTKConstancyState) -> str:
    """A program that trains the same networks up to the moment shown and prints what it finds."""
    load = f"data = {loading(state.data, SOURCES[state.data].options)}"
    return _PROGRAM.format(
        kernel=state.settings.kernel,
        lam=state.lam,
        seed=state.seed,
        widths=state.settings.widths,
        networks=state.networks,
        moments=state.settings.moments[: state.moment + 1].tolist(),
        load=load,
        points=state.points,
        most_rows=MOST_ROWS,
        test_points=TEST_POINTS,
        rate=state.rate,
        diverged=DIVERGED,
    )
