"""How times grow with the size of the problem: fitted exponents beside the expected ones.

    python benchmarks/growth.py [--json FILE]

The expected ones are those of the operation counts. Measured ones are smaller where fixed costs
still count, larger where the data leave the processor's cache.
"""

import argparse
import json
from functools import partial
from pathlib import Path

import jax
import numpy as np
from measure import Row, exponent, in_turn, unit_rows

import jntk_viz as jv

row = partial(Row, "growth")


def limiting(n=256, d0=4, depth=3):
    x = unit_rows(n, d0)
    return lambda: jv.jntk(x, depth=depth)


def finite(n=32, d0=4, d=512, depth=3):
    mlp, x = jv.MLP(d0, d, depth), unit_rows(n, d0)
    params = mlp.init(jax.random.key(0))
    return lambda: jv.finite_jntk(mlp, params, x)


def monte_carlo(n=16, d0=4, d=2048, networks=8):
    mlp, x = jv.MLP(d0, d, 3), unit_rows(n, d0)
    return lambda: jv.finite_jacobian_nngp(mlp, jax.random.key(0), x, n_networks=networks)


def operator(n=800, d0=64):
    product = jv.JNTKOperator(unit_rows(n, d0), depth=2)
    v = np.ones(product.shape[0])
    return lambda: product.mv(v)


# What, the problem, its size, the values of it, and the exponent of the operation count.
FAMILIES = [
    ("limiting JNTK", limiting, "n", "N", (128, 256, 512, 1024), 2),
    ("limiting JNTK, N=256", limiting, "d0", "1+d0", (7, 15, 31), 2),
    ("limiting JNTK, N=256", limiting, "depth", "L", (2, 4, 8, 16), 0),
    ("finite JNTK, d=512", finite, "n", "N", (64, 128, 256), 2),
    ("finite JNTK, N=32", finite, "d", "d", (1024, 2048, 4096), 2),
    ("finite JNTK, N=32, d=512", finite, "depth", "L", (2, 4, 8), 1),
    ("Monte Carlo, 16 points", monte_carlo, "d", "d", (1024, 2048, 4096, 8192), 1),
    ("Monte Carlo, 16 points", monte_carlo, "networks", "networks", (8, 16, 32, 64), 1),
    ("JNTK operator, d0=64", operator, "n", "N", (400, 800, 1600), 2),
    ("JNTK operator, N=800", operator, "d0", "d0", (32, 64, 128), 1),
]


def measure(what, problem, argument, symbol, sizes, expected):
    times = in_turn(*(problem(**{argument: size}) for size in sizes), repeats=5)
    medians = [np.median(t) for t in times]
    counted = [1 + s for s in sizes] if symbol == "1+d0" else sizes
    slope, half = exponent(counted, medians)
    shown = ", ".join(f"{1e3 * t:.3g}" for t in medians)
    note = f"expected {expected}; ± {half:.2f}; {shown} ms at {', '.join(map(str, counted))}"
    return row(f"{what}: exponent in {symbol}", slope, "", note=note)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="write the rows here as well")
    wanted = parser.parse_args()
    rows = []
    for family in FAMILIES:
        found = measure(*family)
        rows.append(found.as_dict())
        print(f"{found.value:6.2f}  {found.what}\n{'':8s}{found.note}", flush=True)
    if wanted.json:
        wanted.json.write_text(json.dumps(rows))


if __name__ == "__main__":
    main()
