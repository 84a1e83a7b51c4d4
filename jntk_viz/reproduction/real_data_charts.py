"""What the regulariser costs and brings, by data set and by width."""

import numpy as np
import pandas as pd

from jntk_viz.reproduction.points import BUNDLED, PAPER, select
from jntk_viz.reproduction.real_data_claims import QUANTITIES, REFERENCE, gains, pooled
from jntk_viz.reproduction.study import Chart, Curve

_CHOSEN = (
    "λ and the stopping time chosen on validation points by accuracy under attack (ε = 0.3, L2); "
    "95 % intervals over random splits where there are five of them."
)


def charts(table: pd.DataFrame) -> list[Chart]:
    if gains(table).empty:
        return []
    return [
        _trade(table),
        _levels(table, "robust", "accuracy under attack"),
        _levels(table, "clean", "test accuracy"),
    ]


def _trade(table: pd.DataFrame) -> Chart:
    paired = gains(table)
    robust, clean = (
        pooled(paired, quantity, (*PAPER, *BUNDLED)).by_data for quantity in ("robust", "clean")
    )
    curves = [
        Curve(
            name,
            np.array([clean[name].value]),
            np.array([own.value]),
            np.array([own.low]),
            np.array([own.high]),
            "points",
        )
        for name, own in robust.items()
    ]
    return Chart(
        "What the regulariser costs and brings: kernel predictor",
        "change of test accuracy, λ > 0 minus λ = 0",
        "change of accuracy under attack",
        curves,
        f"One point for each data set; above 0 it pays, left of 0 it costs. {_CHOSEN}",
    )


def _levels(table: pd.DataFrame, quantity: str, label: str) -> Chart:
    """Networks by width beside the kernel, on the data sets that all of them have."""
    rows = select(table[table.training.notna()], criterion="robust", **REFERENCE)
    rows = rows.assign(log_jacobian=np.nan)[["dataset", "width", "seed", "training", *QUANTITIES]]
    known = [set(own.dataset) for _, own in rows.groupby(["width", "training"])]
    names = [name for name in (*PAPER, *BUNDLED) if all(name in own for own in known)]
    widths = sorted(int(width) for width in rows.width.unique() if width)
    curves = []
    for training, own in rows.groupby("training", sort=False):
        levels = [pooled(own, quantity, names, width).mean for width in widths]
        if levels:
            value, low, high = np.array(levels, dtype=float).T
            curves.append(
                Curve(
                    f"networks, {training}", np.array(widths), value, low, high, "points", training
                )
            )
        kernel = pooled(own, quantity, names).mean.value
        ends = np.array([widths[0], widths[-1]] if widths else [1, 2])
        curves.append(
            Curve(f"kernel, {training}", ends, np.full(2, kernel), style="dashed", group=training)
        )
    return Chart(
        f"Standard and robust training: {label} by width",
        "width",
        label,
        curves,
        f"Means over {', '.join(names) or 'no data set yet'}; dashed: the kernel predictor of the "
        f"infinite-width limit. {_CHOSEN}",
        log_x=True,
    )
