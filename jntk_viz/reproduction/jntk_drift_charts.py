"""The JNTK's distance to its limit over time and width, with λ_min on the same axis."""

import numpy as np
import pandas as pd

from jntk_viz.reproduction.jntk_drift_claims import NETWORK
from jntk_viz.reproduction.points import MAIN, STAND_IN
from jntk_viz.reproduction.study import LAW, Chart, Curve
from jntk_viz.reproduction.widths import falling, largest, measured, spread


def charts(table: pd.DataFrame) -> list[Chart]:
    found = []
    for name in (MAIN, STAND_IN):
        rows = measured(table, name, "to_limit")
        for depth, own in rows.groupby("depth"):
            found += [_over_time(own, name, int(depth)), _over_width(own, name, int(depth))]
    return found


def _over_time(rows: pd.DataFrame, name: str, depth: int) -> Chart:
    late = rows[rows.step > 0]
    curves = []
    for width, own in late.groupby("width"):
        steps, middle, low, high = spread(own, "step", "to_limit")
        curves.append(Curve(f"width {width:.0f}", steps, middle, low, high))
    steps = np.unique(late.step) if len(late) else np.array([1, 10])
    curves += _levels(rows, steps)
    return Chart(
        f"JNTK during robust training, {name}, L = {depth}",
        "step of gradient descent",
        "distance to the limit, operator norm",
        curves,
        "Median and range over the networks of each width. Dashed: the limit's λ_min, below which "
        "the theorem wants the distance to stay, and the noise floor of float64, below which λ_min "
        "could not be told from rounding.",
        log_x=True,
        log_y=True,
    )


def _over_width(rows: pd.DataFrame, name: str, depth: int) -> Chart:
    start, widths = rows[rows.step == 0], np.unique(rows.width).astype(float)
    curves = []
    if len(start):
        begun, middle, low, high = spread(start, "width", "to_limit")
        curves.append(Curve("at the start", begun, middle, low, high, "points"))
        theory = middle[0] * np.sqrt(begun[0] / begun)
        curves.append(
            Curve("width^−1/2 from the narrowest start", begun, theory, style="dashed", group=LAW)
        )
    sup = largest(rows[rows.steps > 0], "to_limit", NETWORK)
    if len(sup):
        trained, middle, low, high = spread(sup, "width", "to_limit")
        name = "largest during training"
        curves.append(Curve(name, trained, middle, low, high, "points", name))
        for law in falling(sup, "to_limit").laws.values():
            written = f"{law.slope:.2f}".replace("-", "−")
            curves.append(Curve(f"fit, width^{written}", trained, law(trained), group=name))
    return Chart(
        f"JNTK against width, {name}, L = {depth}",
        "width",
        "distance to the limit, operator norm",
        [*curves, *_levels(rows, widths)],
        "Points: median and range over the networks of each width. The theorem's regime begins "
        "where they lie below the limit's λ_min (dashed, beside its noise floor).",
        log_x=True,
        log_y=True,
    )


def _levels(rows: pd.DataFrame, x) -> list[Curve]:
    """λ_min, where it is positive, and its noise floor as horizontal lines."""
    first, ends = rows.iloc[0], np.array([np.min(x), np.max(x)])
    levels = {"λ_min of the limit": first.smallest, "its noise floor": first.noise_floor}
    return [
        Curve(label, ends, np.full(2, float(level)), style="dashed")
        for label, level in levels.items()
        if level > 0
    ]
