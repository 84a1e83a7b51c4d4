"""The same kernels by neural-tangents 0.6.5, in its own environment (Python 3.11, jax 0.4.30).

    .venv-neural-tangents/bin/python benchmarks/peer.py PROBLEMS.npz RESULTS.npz

Called by `core.py`, which makes the inputs and reads kernels and times. For the limiting JNTK, JAX
differentiates `kernel_fn`; for the finite one, `empirical_ntk_fn` is given x ↦ (f, J).
"""

import sys
import time

import jax

jax.config.update("jax_enable_x64", True)

import jax.numpy as jnp  # noqa: E402
import neural_tangents as nt  # noqa: E402
import numpy as np  # noqa: E402
from neural_tangents import stax  # noqa: E402


def limiting_jntk(depth, in_size, scale):
    """All blocks ∂_α ∂'_β of the NTK of `stax`'s GeLU network, (n, n, 1+d0, 1+d0)."""
    hidden = [stax.Dense(1, W_std=in_size**0.5), stax.Gelu()]
    for _ in range(depth - 1):
        hidden += [stax.Dense(1, W_std=scale), stax.Gelu()]
    _, _, kernel_fn = stax.serial(*hidden, stax.Dense(1, W_std=scale))

    def kernel(x, y):
        return kernel_fn(x[None], y[None], "ntk")[0, 0]

    def block(x, y):
        dx, dy = jax.grad(kernel, 0)(x, y), jax.grad(kernel, 1)(x, y)
        dxy = jax.jacfwd(jax.grad(kernel, 0), 1)(x, y)
        return jnp.block([[kernel(x, y), dy[None, :]], [dx[:, None], dxy]])

    return jax.jit(jax.vmap(jax.vmap(block, (None, 0)), (0, None)))


def finite_jntk(scale, implementation):
    def network(params, x):
        h = jax.nn.gelu(params[0] @ x, approximate=False) * scale
        for weights in params[1:-1]:
            h = jax.nn.gelu(weights @ h / len(h) ** 0.5, approximate=False) * scale
        return (params[-1] @ h)[0] / len(h) ** 0.5

    def value_and_jacobian(params, x):
        def one(x):
            value, jacobian = jax.value_and_grad(network, 1)(params, x)
            return jnp.append(value, jacobian)

        return jax.vmap(one)(x)

    return jax.jit(
        nt.empirical_ntk_fn(
            value_and_jacobian,
            trace_axes=(),
            vmap_axes=0,
            implementation=implementation,
        )
    )


def timed(function, repeats):
    """The result, seconds of the first call with compilation, and of the next ones."""
    times = []
    for _ in range(1 + repeats):
        start = time.perf_counter()
        result = jax.block_until_ready(function())
        times.append(time.perf_counter() - start)
    return np.asarray(result), times


def main(problems, results):
    given = np.load(problems)
    scale = float(given["scale"])
    found = {}
    x = jnp.asarray(given["limiting_x"])
    kernel = limiting_jntk(int(given["limiting_depth"]), x.shape[1], scale)
    blocks, found["limiting_times"] = timed(lambda: kernel(x, x), 5)
    found["limiting"] = blocks.transpose(0, 2, 1, 3)

    x = jnp.asarray(given["finite_x"], jnp.float32)
    params = [jnp.asarray(given[f"finite_w{i}"], jnp.float32) for i in range(3)]
    # Its third implementation, by structured derivatives, needs an older JAX and fails on 0.4.30.
    for name in ("JACOBIAN_CONTRACTION", "NTK_VECTOR_PRODUCTS"):
        kernel = finite_jntk(scale, nt.NtkImplementation[name])
        blocks, found[f"finite_times_{name}"] = timed(lambda k=kernel: k(x, None, params), 3)
        print(f"neural-tangents, {name}: {found[f'finite_times_{name}'][1:]} s", flush=True)
        found["finite"] = blocks.transpose(0, 2, 1, 3)
    np.savez(results, **found)


if __name__ == "__main__":
    main(*sys.argv[1:])
