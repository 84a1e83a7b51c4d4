"""Time the core beside slower routes to the same numbers, and check that the numbers agree.

    .venv/bin/python benchmarks/core.py

All figures of one row come from one run on one machine; quote the ratios, not the milliseconds.
"""

import platform
import time

import jax
import jax.numpy as jnp
import numpy as np

import jntk_viz as jv

REPEATS = 7


def median_ms(function):
    """First call (with compilation) and median of the next ones in milliseconds; the result."""
    times = []
    for _ in range(1 + REPEATS):
        start = time.perf_counter()
        result = jax.block_until_ready(function())
        times.append(1e3 * (time.perf_counter() - start))
    return times[0], float(np.median(times[1:])), np.asarray(result)


def row(what, ours, other, other_name, tolerance):
    first, warm, result = ours
    _, other_warm, expected = other
    difference = np.abs(result - expected).max() / np.abs(expected).max()
    verdict = "agree" if difference < tolerance else "DISAGREE"
    print(
        f"{what:46s} {first:8.0f} {warm:9.2f}   {other_name:26s} {other_warm:9.2f}"
        f"   {other_warm / warm:7.1f}×   {verdict} to {difference:.0e}"
    )


def unit_rows(n, d0):
    return jv.normalize(np.random.default_rng(0).normal(size=(n, d0)))


def limiting(n):
    x = unit_rows(n, 4)
    ours = median_ms(lambda: jv.jntk(x, depth=3))
    copy = median_ms(lambda: ours[2].copy())
    row(f"limiting JNTK, N={n}, d0=4, L=3, float64", ours, copy, "copy of the result", 1e-15)


def finite(n, d0, width, depth):
    mlp, x = jv.MLP(d0, width, depth), unit_rows(n, d0)
    params = mlp.init(jax.random.key(0))

    @jax.jit
    def by_jacrev(params, x):
        jacobian = jax.jacrev(lambda p: mlp.value_and_jacobian(p, x))(params)
        return sum(jnp.tensordot(j, j, axes=((2, 3), (2, 3))) for j in jacobian)

    points = jnp.asarray(x, jnp.float32)
    ours = median_ms(lambda: jv.finite_jntk(mlp, params, x))
    other = median_ms(lambda: by_jacrev(params, points))
    what = f"finite JNTK, N={n}, d0={d0}, d={width}, L={depth}, float32"
    row(what, ours, other, "jacrev over parameters", 1e-4)


def operator(n, d0):
    x = unit_rows(n, d0)
    dense = jv.jntk(x, depth=2).reshape(n * (1 + d0), -1)
    product = jv.JNTKOperator(x, depth=2)
    v = np.random.default_rng(1).normal(size=len(dense))
    row(
        f"product with Θ, N={n}, d0={d0}, float64",
        median_ms(lambda: product.mv(v)),
        median_ms(lambda: dense @ v),
        "dense product",
        1e-12,
    )


if __name__ == "__main__":
    device = jax.devices()[0]
    print(f"{platform.machine()}, {device.device_kind}, JAX {jax.__version__}")
    print(f"{'':46s} first ms   warm ms   {'beside it':26s}   warm ms      ratio")
    limiting(256)
    limiting(1000)
    finite(32, 4, 256, 2)
    finite(64, 4, 512, 2)
    operator(400, 20)
