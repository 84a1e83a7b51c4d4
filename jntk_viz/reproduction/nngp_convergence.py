"""Do the output and the input Jacobian of random networks become one Gaussian process?"""

import jax
import numpy as np
import pandas as pd

from jntk_viz.finite import finite_jacobian_nngp
from jntk_viz.mlp import MLP
from jntk_viz.pages.gp_convergence.statistics import sampling_noise
from jntk_viz.reproduction import initialisation as shared
from jntk_viz.reproduction.nngp_claims import charts, claims
from jntk_viz.reproduction.study import Chart, Claim, Column, Row, Scale, Study, Task


class NNGPConvergence(Study):
    """The covariance of (f, J) over random networks, against the Jacobian NNGP kernel κ²Σ.

    Given its hidden layers, (f, J) of a network is Gaussian with a covariance K that depends on
    them. If K → Σ in probability as the width grows, then (f, J) tends to the Gaussian process of
    covariance Σ. The row of one network measures ‖K − Σ‖. The mean of n such K estimates the
    covariance over all networks of this width, E K, as the paper's Monte Carlo does with fewer
    tricks, and has two errors that must not be confused:

    - the noise of the estimate, of order 1/√n at any width, the infinite one included;
    - the bias E K − Σ, which only the width can lower.

    Two independent halves A and B of the n networks separate them, exactly:

        ‖(A+B)/2 − Σ‖² = ⟨A−Σ, B−Σ⟩ + ‖A−B‖²/4

    The first term is an unbiased estimate of ‖E K − Σ‖² (it may be negative), the second one of the
    noise squared.
    """

    name = "nngp_convergence"
    title = "Convergence to the Jacobian NNGP"
    source = "Figure 1, Theorem 3.1"
    question = (
        "Do a random network and its input Jacobian become one Gaussian process, and how wide must "
        "the network be?"
    )
    columns = (
        shared.PARAMETERS
        | {
            "most_networks": Column("how many networks the task draws", "networks"),
            "networks": Column("how many of them this row averages over", "networks"),
        }
        | shared.ERRORS
        | {
            "bias_squared": Column("unbiased estimate of ‖E K − Σ‖²/‖Σ‖², Frobenius norm"),
            "noise": Column("‖A − B‖/2 over ‖Σ‖ for the two halves: the noise of this row's mean"),
            "plain_noise": Column("root mean square noise of second moments of as many (f, J)"),
        }
    )

    def tasks(self, scale: Scale) -> list[Task]:
        # As many neurons in all at each width: the same work, about the same noise. Below the
        # paper's widths, which begin at 2⁶, the bias stands out of it.
        points, exponents, depths, repeats, neurons = {
            "tiny": (8, (4, 5, 6), (1, 2), 2, 2**9),
            "laptop": (256, range(4, 11), (1, 2, 3), 10, 2**13),
            "paper": (256, range(4, 14), (1, 2, 3), 10, 2**26),
        }[scale]
        return [
            {
                "points": points,
                "activation": "gelu",
                "depth": depth,
                "width": 2**exponent,
                "repeat": repeat,
                "most_networks": neurons // 2**exponent,
            }
            for repeat in range(repeats)
            for exponent in exponents
            for depth in depths
        ]

    def run(self, *, points, activation, depth, width, repeat, most_networks) -> list[Row]:
        mlp = MLP(4, width, depth, activation)
        key = shared.key_of(repeat, depth, width)
        of_limit = shared.limit("nngp", points, depth, activation)
        norm = np.linalg.norm(of_limit)

        def mean_of(count, part):
            key_of_part = jax.random.fold_in(key, part)
            found = finite_jacobian_nngp(
                mlp, key_of_part, shared.covering(points), n_networks=count
            )
            return np.asarray(found, np.float64)

        def row(count, mean, bias_squared, noise):
            return {
                "networks": count,
                **shared.errors(mean, of_limit),
                "bias_squared": bias_squared,
                "noise": noise,
                "plain_noise": sampling_noise(of_limit, count),
            }

        mean, count = mean_of(1, 0), 1
        rows = [row(1, mean, np.nan, np.nan)]
        while count < most_networks:
            other = mean_of(count, count)
            bias_squared = float(np.vdot(mean - of_limit, other - of_limit) / norm**2)
            noise = float(np.linalg.norm(mean - other) / 2 / norm)
            mean, count = (mean + other) / 2, 2 * count
            rows.append(row(count, mean, bias_squared, noise))
        return rows

    def cost(self, task: Task) -> float:
        width = task["width"]
        return task["most_networks"] * (5 + task["depth"]) * (width + 64) / 2**16

    def claims(self, table: pd.DataFrame) -> list[Claim]:
        return claims(table, self.source)

    def charts(self, table: pd.DataFrame) -> list[Chart]:
        return charts(table)
