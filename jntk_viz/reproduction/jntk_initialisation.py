"""Is the Jacobian NTK of one random network already that of the infinite one?"""

import pandas as pd

from jntk_viz.finite import finite_jntk
from jntk_viz.mlp import MLP
from jntk_viz.reproduction import initialisation as shared
from jntk_viz.reproduction.study import Chart, Claim, Row, Scale, Study, Task

DEFINITIONS = (
    "Errors relative to the limit, over all blocks of (f, J); GeLU; one network for each repeat, "
    "nothing averaged; float32."
)


class JNTKInitialisation(Study):
    """‖Θ_d − Θ‖ over the width d, for single networks at initialisation.

    Theorem 4.3 lets it fall to zero in probability. A network's kernel is an average over its
    neurons, so that 1/√d is what one expects.
    """

    name = "jntk_initialisation"
    title = "The JNTK at initialisation"
    source = "Figure 2, Theorem 4.3"
    question = "How wide must one random network be to have the Jacobian NTK of the limit?"
    columns = shared.PARAMETERS | shared.ERRORS

    def tasks(self, scale: Scale) -> list[Task]:
        points, widths, depths, repeats = {
            "tiny": (8, (16, 32, 64), (1, 2), 2),
            "laptop": (256, tuple(2**k for k in range(6, 13)), (1, 2, 3), 10),
            "paper": (256, tuple(2**k for k in range(6, 14)), (1, 2, 3), 10),
        }[scale]
        return [
            {
                "points": points,
                "activation": "gelu",
                "depth": depth,
                "width": width,
                "repeat": repeat,
            }
            for repeat in range(repeats)
            for width in widths
            for depth in depths
        ]

    def run(self, *, points, activation, depth, width, repeat) -> list[Row]:
        mlp = MLP(4, width, depth, activation)
        params = mlp.init(shared.key_of(repeat, depth, width))
        found = finite_jntk(mlp, params, shared.covering(points))
        return [shared.errors(found, shared.limit("jntk", points, depth, activation))]

    def cost(self, task: Task) -> float:
        """Seconds on two cores, roughly: some for every task, products of d × d and n × n."""
        width = task["width"] / 1024
        return 0.1 + 0.1 * task["depth"] * (width + width**2) * task["points"] / 256

    def claims(self, table: pd.DataFrame) -> list[Claim]:
        return [
            shared.convergence_claim(
                table,
                column,
                statement="At initialisation the finite JNTK converges to the deterministic "
                f"limiting JNTK as the width grows ({norm}).",
                source=self.source,
                definitions=DEFINITIONS,
            )
            for column, norm in shared.NORMS.items()
        ]

    def charts(self, table: pd.DataFrame) -> list[Chart]:
        charts = []
        for column, norm in shared.NORMS.items():
            curves = shared.curves_by_depth(table, "width", column)
            charts.append(
                Chart(
                    f"Finite JNTK against its limit, {norm}",
                    "width d",
                    "relative error",
                    curves + shared.reference(curves, -0.5, "∝ 1/√d"),
                    f"Mean over the repeats; the band is its interval ({shared.INTERVAL}). "
                    "One network each, at initialisation.",
                    log_x=True,
                    log_y=True,
                )
            )
        return charts
