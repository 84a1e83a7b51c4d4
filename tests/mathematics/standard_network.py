"""Values of the network without weight scales, biases and skips, to the last digit.

    PYTHONPATH=tests python tests/mathematics/standard_network.py FILE

writes them; tests/data/standard_network.json was written by the last version that knew no others.
"""

import json
import sys

import jax
import jax.numpy as jnp
import numpy as np
from oracles import unit_rows

import jntk_viz as jv

LABELS = np.array([1.0, -1, 1, 1, -1])


def points():
    """Equal, antipodal and nearly parallel ones among them, in R²."""
    x = unit_rows(21, 2, 2)
    x = np.concatenate([x, -x[:1], x[:1], x[1:] + 1e-7])
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def values() -> dict[str, np.ndarray]:
    """Kernels by series and layer by layer, in NumPy and JAX; dynamics; a finite network."""
    x, found = points(), {}
    for name in ("erf", "gelu", "relu"):
        for depth in (1, 3, 40):
            options = {"depth": depth, "activation": name}
            found[f"nngp {name} {depth}"] = jv.jacobian_nngp(x, **options, kappa=1.3)
            if name != "relu":
                found[f"jntk {name} {depth}"] = jv.jntk(x, **options)
    with jax.enable_x64(True):
        found["traced"] = np.asarray(jax.jit(lambda z: jv.jntk(z, depth=3))(jnp.asarray(x)))
    found["dynamics"] = jv.RobustDynamics(x, LABELS, depth=2, lam=0.1).predict(x, 3.0)
    mlp = jv.MLP(2, 8, 3, kappa=0.9)
    params = mlp.init(jax.random.key(5), jnp.float64)
    found["finite jntk"] = np.asarray(jv.finite_jntk(mlp, params, x))
    run = jv.train(mlp, params, x, LABELS, lam=0.1, learning_rate=0.1, steps=10, record_at=[0, 10])
    found["trained"] = run.outputs
    draws = jv.finite_jacobian_nngp(mlp, jax.random.key(2), x, n_networks=3, dtype=jnp.float64)
    found["monte carlo"] = np.asarray(draws)
    return found


def arithmetic() -> list[float]:
    """Sums and values of exp that show how this machine rounds: their last digits differ."""
    a = np.sin(np.arange(16.0 * 64)).reshape(16, 64)
    sums = a @ np.exp(np.multiply.outer(np.arange(64.0), -np.linspace(0.001, 2, 40)))
    with jax.enable_x64(True):
        b = jnp.asarray(a)
        traced = np.asarray(jax.jit(lambda b: jnp.exp(-(b @ b.T)))(b))
    return [*sums.sum(axis=1), *np.log1p(sums[0] ** 2), *np.linalg.eigvalsh(a @ a.T), *traced[0]]


if __name__ == "__main__":
    whole = {"arithmetic": arithmetic(), **{k: v.tolist() for k, v in values().items()}}
    with open(sys.argv[1], "w") as file:
        json.dump(whole, file)
