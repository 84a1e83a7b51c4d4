"""The library beside neural-tangents, plain JAX, and the least that the machine could need.

    python benchmarks/core.py [--json FILE] [--neural-tangents PYTHON]

Every comparison checks the numbers, too, and stops where they disagree. PYTHON is an interpreter
with neural-tangents 0.6.5; `make bench` makes one in .venv-neural-tangents.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from measure import Row, difference, in_turn, milliseconds, ratio, seconds, unit_rows

import jntk_viz as jv
from jntk_viz.activations import _hermite_at
from jntk_viz.finite import forward_jets, gram
from jntk_viz.panels import panels
from jntk_viz.training import _descend

SECTION = "core"
row = partial(Row, SECTION)


def check(result, expected, tolerance, what):
    worst = difference(result, expected)
    if not worst < tolerance:
        sys.exit(f"{what}: the two differ by {worst:.0e} of the largest entry")
    return f"agree to {worst:.0e}"


def in_a_new_process(name):
    """What the function `name` of this file prints as JSON in a process of its own."""
    command = [sys.executable, __file__, "--only", name]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def peak_mb():
    """Most memory this process has held. (On Linux ru_maxrss counts that of the parent, too.)"""
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# --- limiting kernels -----------------------------------------------------------------------------

LIMITING = "limiting JNTK, N=256, d0=4, L=3, float64"


def first_call():
    """Seconds of the first call of `jntk` after the import, compilation included."""
    x = unit_rows(256, 4)
    return seconds(lambda: jv.jntk(x, depth=3))


def copy_of(result):
    with jax.enable_x64(True):
        device_array = jax.device_put(result)
        return lambda: jnp.copy(device_array)


def limiting(peer):
    x = unit_rows(256, 4)
    result = jv.jntk(x, depth=3)
    ours, copy = in_turn(lambda: jv.jntk(x, depth=3), copy_of(result), repeats=15)
    if peer is not None:
        agreement = check(result, peer["limiting"], 1e-10, LIMITING)
        first, *warm = peer["limiting_times"]
        mine = in_a_new_process("first_call")
        note = f"{first:.1f} s against {mine:.2f} s"
        yield row(f"{LIMITING}, first call: neural-tangents / this", first / mine, "×", 40, True,
                  note)  # fmt: skip
        note = f"{milliseconds(warm)} against {milliseconds(ours)}; {agreement}"
        times = np.median(warm) / np.median(ours)
        yield row(f"{LIMITING}, warm: neural-tangents / this", times, "×", 20, True, note)
    note = f"{milliseconds(ours)}; device copy {milliseconds(copy)}"
    yield row(f"{LIMITING}, warm: this / copy of the result", ratio(ours, copy), "×", 6, note=note)

    x = unit_rows(1000, 4)
    result = jv.jntk(x, depth=3)
    ours, copy, numpy_copy = in_turn(lambda: jv.jntk(x, depth=3), copy_of(result), result.copy)
    note = f"{milliseconds(ours)}; device copy {milliseconds(copy)}, " + (
        f"NumPy copy {milliseconds(numpy_copy)}"
    )
    what = "limiting JNTK, N=1000, d0=4, L=3, float64, warm: this / copy of the result"
    yield row(what, ratio(ours, copy), "×", 4, note=note)


def other_networks(_):
    """A network with biases and skips beside the paper's: once known, and each first kernel."""
    x, residual = unit_rows(256, 4), {"weight_std": 1.2, "bias_std": 0.3, "residual": 0.5}
    plain, mixed = (partial(jv.jntk, x, depth=3, **options) for options in ({}, residual))

    def first(kernel):
        def call():
            panels.cache_clear()
            _hermite_at.cache.clear()
            return kernel()

        return call

    paper, other = in_turn(plain, mixed, repeats=25)
    note = f"{milliseconds(other)} against {milliseconds(paper)}"
    what = f"{LIMITING}: biases and skips / the plain network"
    yield row(f"{what}, warm", ratio(other, paper), "×", 1.2, note=note)
    paper, other = in_turn(first(plain), first(mixed), repeats=9)
    note = f"{milliseconds(other)} against {milliseconds(paper)}; nothing known of either kernel"
    yield row(f"{what}, first kernel", ratio(other, paper), "×", note=note)


# --- finite networks ------------------------------------------------------------------------------


def by_jacrev(mlp, params, x):
    jacobian = jax.jacrev(lambda p: mlp.value_and_jacobian(p, x))(params)
    return sum(jnp.tensordot(j, j, axes=((2, 3), (2, 3))) for j in jacobian)


def product_rate(size=4096):
    """A function that multiplies two float32 matrices, and its operations."""
    a = jax.random.normal(jax.random.key(0), (size, size))
    multiply = jax.jit(jnp.matmul)
    return lambda: multiply(a, a), 2 * size**3


def finite_problem():
    mlp = jv.MLP(4, 512, 2)
    return mlp, mlp.init(jax.random.key(0)), unit_rows(64, 4)


def finite(peer):
    mlp, params, x = finite_problem()
    ours = lambda: jv.finite_jntk(mlp, params, x)  # noqa: E731
    plain = jax.jit(by_jacrev, static_argnums=0)
    points = jnp.asarray(x, jnp.float32)
    what = "finite JNTK, N=64, d0=4, d=512, L=2, float32"
    agreement = check(ours(), plain(mlp, params, points), 1e-4, what)
    mine, reverse = in_turn(ours, lambda: plain(mlp, params, points), repeats=3)
    (mine,) = in_turn(ours, repeats=25)
    note = f"{milliseconds(reverse)} against {milliseconds(mine)}; {agreement}"
    yield row(f"{what}: jacrev over parameters / this", np.median(reverse) / np.median(mine), "×",
              note=note)  # fmt: skip
    if peer is not None:
        variants = [name for name in peer if name.startswith("finite_times_")]
        best = min(variants, key=lambda name: np.median(peer[name][1:]))
        warm = peer[best][1:]
        agreement = check(ours(), peer["finite"], 1e-4, what)
        note = f"{milliseconds(warm)} ({best[13:].lower()}) against {milliseconds(mine)}; " + (
            agreement
        )
        times = np.median(warm) / np.median(mine)
        yield row(f"{what}: best of neural-tangents / this", times, "×", 100, True, note)

    mlp, x = jv.MLP(4, 4096, 3), unit_rows(256, 4)
    params = mlp.init(jax.random.key(0))
    multiply, operations = product_rate()
    mine, product = in_turn(lambda: jv.finite_jntk(mlp, params, x), multiply, repeats=3)
    rows, d = 256 * 5, 4096
    # Two hidden products forward and two backward; Gram matrices of h¹ h² h³ and b¹ b² b³.
    needed = 2 * rows * d * d * 4 + 2 * rows * rows * d * 6
    share = 100 * np.median(product / operations * needed / mine)
    note = f"{needed / 1e9:.0f} GF in {milliseconds(mine)}; {1e-9 * operations / np.median(product):.0f} GF/s"  # noqa: E501
    what = "finite JNTK, N=256, d0=4, d=4096, L=3, float32: share of the matrix-product rate"
    yield row(what, share, "%", 60, True, note)


def training_step(_):
    n, d0, d = 224, 11, 1024
    mlp, x = jv.MLP(d0, d, 3), jnp.asarray(unit_rows(n, d0), jnp.float32)
    params, y = mlp.init(jax.random.key(0)), jnp.sign(x[:, 0])
    a, w = jnp.ones((n, d)), jnp.ones((d, d))
    multiply = jax.jit(jnp.matmul)
    steps = lambda count: lambda: _descend(mlp, params, x, y, 0.1, 1.0, count)  # noqa: E731
    one, eleven, product = in_turn(steps(1), steps(11), lambda: multiply(a, w), repeats=9)
    step = (eleven - one) / 10
    # f and J need two products forward and two back; each has two adjoints in the gradient.
    note = f"{milliseconds(step)}; one n×d by d×d product {milliseconds(product)}"
    what = "robust training step, N=224, d0=11, d=1024, L=3, float32: this / its 12 products"
    yield row(what, ratio(step, 12 * product), "×", 1.5, note=note)


# --- Monte Carlo ----------------------------------------------------------------------------------

MONTE_CARLO = "Monte Carlo Jacobian NNGP, 64 points in R⁴, L=3, float32"


@partial(jax.jit, static_argnums=(0, 3))
def by_weights(mlp, key, x, n_networks):
    def one(key):
        hidden = forward_jets(mlp, mlp.init(key), x)[1][-1]
        return gram(hidden, hidden)

    return mlp.scales[-1] ** 2 * jax.lax.map(one, jax.random.split(key, n_networks)).mean(axis=0)


def monte_carlo(_):
    x = unit_rows(64, 4)
    points, key = jnp.asarray(x, jnp.float32), jax.random.key(0)
    limit = jv.jacobian_nngp(x, depth=3)
    for width, count, target in ((1024, 16, 1.5), (8192, 2, 12)):
        mlp = jv.MLP(4, width, 3)
        drawn = lambda: jv.finite_jacobian_nngp(mlp, key, x, n_networks=count)  # noqa: B023, E731
        weights = lambda: by_weights(mlp, key, points, count)  # noqa: B023, E731
        for route in (drawn, weights):  # both are near the limit, one as the other
            check(route(), limit, 1.0, MONTE_CARLO)
        mine, other = in_turn(drawn, weights, repeats=5)
        note = f"{milliseconds(other / count)} against {milliseconds(mine / count)} a network"
        what = f"{MONTE_CARLO}, d={width}: drawing the weights / this"
        yield row(what, ratio(other, mine), "×", target, True, note)
    few, many = in_a_new_process("memory_of_4"), in_a_new_process("memory_of_64")
    note = f"{few:.0f} MB with 4 networks, {many:.0f} MB with 64"
    yield row(f"{MONTE_CARLO}, d=1024: peak memory, 64 networks / 4", many / few, "×", 1.1,
              note=note)  # fmt: skip


def memory_of(n_networks):
    mlp = jv.MLP(4, 1024, 3)
    jv.finite_jacobian_nngp(
        mlp, jax.random.key(0), unit_rows(64, 4), n_networks=n_networks
    ).block_until_ready()
    return peak_mb()


# --- several classes ------------------------------------------------------------------------------


def classes(_):
    """All that `RobustDynamics` does, from points and labels to a prediction, beside two classes.

    The points are the same: the first column alone, and all columns. One eigendecomposition serves
    all, which is most of the work.
    """
    for name, few in (("iris", 90), ("digits", 30)):
        data = jv.load_dataset(name, classes="all")
        train, test = jv.train_test_split(data, test_fraction=1 - few / len(data.x))
        x, y, others = train.x, train.y, test.x[:100]
        fit = lambda y: jv.RobustDynamics(x, y, depth=2, lam=0.1).predict(others, 100.0)  # noqa: B023, E731
        agreement = check(fit(y)[..., 0], fit(y[:, 0]), 1e-12, f"{name}, all classes")
        several, two = in_turn(lambda: fit(y), lambda: fit(y[:, 0]), repeats=9)  # noqa: B023
        note = f"{milliseconds(several)} against {milliseconds(two)}; {agreement}"
        what = f"robust training in closed form, {few} points of {name}: {y.shape[1]} classes / two"
        yield row(what, ratio(several, two), "×", 1.2, note=note)


# --- products with the JNTK, and Krylov methods ---------------------------------------------------


def digits():
    """All 1,797 digits of 8×8 pixels; the label says whether the digit is 5 or more."""
    from sklearn.datasets import load_digits

    data = load_digits()
    return jv.normalize(data.data), np.where(data.target >= 5, 1.0, -1.0)


def operator(_):
    x, _y = digits()
    product = jv.JNTKOperator(x, depth=2, lam=0.1)
    v = np.random.default_rng(1).normal(size=product.shape[0])
    some = jv.JNTKOperator(x[:40], depth=2, lam=0.1)
    weight = np.append(1.0, np.full(64, 0.1**0.5))
    dense = (weight[:, None, None] * jv.jntk(x[:40], depth=2) * weight).reshape(some.shape)
    agreement = check(some.mv(v[: 40 * 65]), dense @ v[: 40 * 65], 1e-12, "JNTK operator")
    with jax.enable_x64(True):
        scalars, points, _ = product.arguments
        narrow = jnp.asarray(v.reshape(-1, 65)[:, 1:])

        @jax.jit
        def products(c, cq, cc, points, narrow):
            """Four n×n by n×d0 products or as large ones: with F_c, F_cq, F_cc, and x vᵀ."""
            return c @ narrow, cq @ narrow, cc @ points, points @ narrow.T

        def needed():
            return products(scalars.c, scalars.cq, scalars.cc, points, narrow)

        mine, four = in_turn(lambda: product.mv(v), needed, repeats=9)
    note = f"{milliseconds(mine)}; {agreement}"
    what = "JNTK operator, digits N=1,797, d0=64: one product / its dense n×n by n×d0 products"
    yield row(what, ratio(mine, four), "×", 3, note=note)

    found = in_a_new_process("krylov")
    what = "digits, Krylov: solution at t=10,000 and leading 50 eigenfeatures, whole"
    note = f"200 products; residual {found['residual']:.0e}; eigenpairs {found['pairs']:.0e}"
    yield row(what, found["seconds"], "s", 300, note=note)
    yield row(f"{what}: peak memory", found["mb"], "MB", 1500)


def krylov():
    x, y = digits()
    found = {}

    def whole():
        dynamics = jv.RobustDynamics(x, y, depth=2, lam=0.1, krylov=200)
        dynamics.predict(x[:200], 1e4)
        found["residual"] = dynamics.linear.residual(1e4)
        features = dynamics_features(dynamics, x[:200], y[:200])
        found["pairs"] = float(features.residuals.max())

    return {"seconds": seconds(whole), "mb": peak_mb(), **found}


def dynamics_features(dynamics, x, y):
    from jntk_viz.eigenfeatures import dynamics_eigenfeatures

    return dynamics_eigenfeatures(dynamics, x, y, epsilon=0.1, count=50)


ONLY = {
    "first_call": first_call,
    "krylov": krylov,
    "memory_of_4": partial(memory_of, 4),
    "memory_of_64": partial(memory_of, 64),
}


def ask_neural_tangents(python):
    """Its kernels and times for our problems."""
    mlp, params, x = finite_problem()
    weights = {f"finite_w{i}": np.asarray(w) for i, w in enumerate(params)}
    given = {"scale": mlp.activation.scale, "limiting_depth": 3, "limiting_x": unit_rows(256, 4)}
    with tempfile.TemporaryDirectory() as folder:
        problems, results = Path(folder) / "problems.npz", Path(folder) / "results.npz"
        np.savez(problems, finite_x=x, **given, **weights)
        script = Path(__file__).with_name("peer.py")
        subprocess.run([python, script, problems, results], check=True)
        return dict(np.load(results))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="write the rows here as well")
    parser.add_argument("--neural-tangents", metavar="PYTHON", help="its Python interpreter")
    parser.add_argument("--only", choices=ONLY, help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.only:
        print(json.dumps(ONLY[wanted.only]()))
        return
    peer = ask_neural_tangents(wanted.neural_tangents) if wanted.neural_tangents else None
    rows = []
    for group in (limiting, other_networks, finite, training_step, classes, monte_carlo, operator):
        for found in group(peer):
            rows.append(found.as_dict())
            print(
                f"{found.value:10.3g} {found.unit:2s} {found.verdict:7s} {found.what}", flush=True
            )
            print(f"{'':22s} {found.note}", flush=True)
    if wanted.json:
        wanted.json.write_text(json.dumps(rows))


if __name__ == "__main__":
    main()
