"""A wide residual network, trained with the regulariser, beside its closed form.

    python benchmarks/trained_residual.py [--widths 128 512 2048] [--depth 8] [--seeds 1]

Prints, for each width, how far (f, J) at test points is from the linear dynamics of the limiting
JNTK, started from the same network, relative to what the closed form says was learned. The error
should fall as 1/√width.
"""

import argparse
import time

import jax
import numpy as np
from measure import unit_rows

import jntk_viz as jv

NETWORK = {"activation": "gelu", "kappa": 0.5, "bias_std": 0.3, "residual": 0.5}
LAM, STEPS, POINTS, D0 = 0.1, 40, 12, 4


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--widths", type=int, nargs="+", default=[128, 512, 2048])
    parser.add_argument("--depth", type=int, default=8)
    parser.add_argument("--seeds", type=int, default=1)
    wanted = parser.parse_args()
    network = {"depth": wanted.depth, **NETWORK}
    every = unit_rows(POINTS + 8, D0)
    x, x_test = every[:POINTS], every[POINTS:]
    y = np.where(x[:, 0] > 0, 1.0, -1.0)
    dynamics = jv.RobustDynamics(x, y, lam=LAM, **network)
    cross = jv.jntk(x_test, x, **network)
    eta = 0.1 * dynamics.linear.stable_learning_rate
    for width in wanted.widths:
        mlp = jv.MLP(D0, width, **network)
        for seed in range(wanted.seeds):
            start = time.perf_counter()
            run = jv.train(
                mlp, mlp.init(jax.random.key(seed)), x, y, lam=LAM, learning_rate=eta,
                steps=STEPS, record_at=[0, STEPS], x_eval=x_test,
            )  # fmt: skip
            before, after = run.outputs_eval
            closed = dynamics.linear.predict(
                cross, run.times[-1], learning_rate=eta, initial=run.outputs[0], initial_test=before
            )
            error = np.linalg.norm(after - closed) / np.linalg.norm(closed - before)
            took = time.perf_counter() - start
            print(
                f"width {width:5d}, seed {seed}: loss {run.loss[0]:.3f} to {run.loss[-1]:.3f}, "
                f"error {100 * error:.1f} % ({took:.0f} s)",
                flush=True,
            )


if __name__ == "__main__":
    main()
