"""Networks and widths spread over several devices, here four that share this processor."""

import os
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest
from oracles import unit_rows, worst

from jntk_viz import (
    MLP,
    finite_jacobian_nngp,
    finite_jntk,
    sample_value_and_jacobian,
    train,
    width_sharding,
)

MONTE_CARLO = MLP(2, 1024, 2)  # two networks of it, at 40 points, are a batch
WIDE = MLP(3, 64, 3)
X = unit_rows(0, 40, 2)
POINTS = unit_rows(1, 5, 3)
COUNTS = (1, 2, 7, 16)  # less than a batch, one, four that are not full, two rounds on four devices


def measure():
    """What one and four devices have to agree on."""
    key = jax.random.key(3)
    results = {}
    for n in COUNTS:
        results[f"nngp{n}"] = finite_jacobian_nngp(MONTE_CARLO, key, X, n_networks=n)
        results[f"draws{n}"] = sample_value_and_jacobian(MONTE_CARLO, key, X, n_networks=n)
    double = {"n_networks": 6, "dtype": np.float64}
    results["double"] = finite_jacobian_nngp(MONTE_CARLO, key, X, **double)
    params = WIDE.init(key, sharding=width_sharding(WIDE))
    assert [len(p.sharding.device_set) for p in params] == [len(jax.devices())] * 4
    assert params[1].addressable_shards[0].data.shape == (64 // len(jax.devices()), 64)
    results["jntk"] = finite_jntk(WIDE, params, POINTS)
    run = train(WIDE, params, POINTS, np.sign(POINTS[:, 0]), lam=0.1, learning_rate=0.3, steps=20)
    assert run.params[1].sharding.shard_shape((64, 64)) == (64 // len(jax.devices()), 64)
    results["outputs"] = run.outputs
    return {name: np.asarray(value) for name, value in results.items()}


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """`measure` in this process, on one device, and in another that sees four."""
    file = tmp_path_factory.mktemp("devices") / "four.npz"
    environment = {
        **os.environ,
        "XLA_FLAGS": "--xla_force_host_platform_device_count=4",
        "PYTHONPATH": os.pathsep.join(
            [str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
        ),
    }
    subprocess.run([sys.executable, __file__, str(file)], check=True, env=environment, timeout=120)
    assert len(jax.devices()) == 1
    return measure(), np.load(file)


@pytest.mark.parametrize(
    "name", [*(f"{what}{n}" for what in ("nngp", "draws") for n in COUNTS), "jntk", "outputs"]
)
def test_four_devices_find_what_one_finds(both, name):
    one, four = (found[name] for found in both)
    assert four.shape == one.shape
    assert worst(four, one) < 1e-5


def test_in_double_precision_too(both):
    one, four = (found["double"] for found in both)
    assert four.dtype == one.dtype == np.float64
    assert worst(four, one) < 1e-13


def test_a_width_that_does_not_divide_stays_whole():
    mlp = MLP(3, 7, 2)
    places = width_sharding(mlp, devices=jax.devices())
    assert [p.shard_shape(s) for p, s in zip(places, mlp.shapes, strict=True)] == mlp.shapes


if __name__ == "__main__":
    assert len(jax.devices()) == 4
    np.savez(sys.argv[1], **measure())
