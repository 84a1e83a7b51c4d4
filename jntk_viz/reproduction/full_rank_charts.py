"""Pictures of study 7."""

import numpy as np
import pandas as pd

from jntk_viz.reproduction.full_rank_claims import (
    FIGURE,
    PAIR,
    PAPER_DEPTHS,
    angle_laws,
    by_depth,
    figure,
    measured,
)
from jntk_viz.reproduction.points import MAIN, select
from jntk_viz.reproduction.study import Chart, Curve

_LOG_FLOOR = "Points at or below zero cannot be drawn and are left out. "


def charts(table: pd.DataFrame) -> list[Chart]:
    known = measured(table)
    if known.empty:
        return []
    found = [_paper(known), *_activations(known), _data_sets(known), _angles(known)]
    return [chart for chart in found if chart is not None]


def _paper(known) -> Chart | None:
    curves = []
    for name, depth in PAPER_DEPTHS.items():
        curve = figure(known, name)
        if curve.empty:
            continue
        curves.append(Curve(name, curve.index, curve.smallest, group=name))
        if depth in curve.index:
            label, at = f"{name}: first in the paper", curve.smallest[depth]
            curves.append(Curve(label, [depth], [at], style="points", group=label))
    whole = select(known, dataset=MAIN, points=FIGURE, kernel="jntk")
    for precision in ("float64", "float32"):
        floor = select(whole, precision=precision)
        if len(floor):
            floor = floor.groupby("depth").noise_floor.max()
            label = f"noise floor of {precision}"
            curves.append(Curve(label, floor.index, floor, style="dashed", group=label))
    if not curves:
        return None
    return Chart(
        "λ_min of the JNTK against depth, as in the paper's figure",
        "hidden layers L",
        "λ_min",
        curves,
        f"{MAIN}, {FIGURE} points. Above the noise floor (dashed) λ_min is told from rounding. "
        "Single marks: the depths from which on the paper reports it to be positive.",
        log_y=True,
    )


def _activations(known) -> list[Chart]:
    """Every activation on one data set; JNTK and NTK."""
    rest = known[(known.dataset != PAIR) & (known.points != FIGURE) & (known.seed == 0)]
    if rest.empty:
        return []
    data = MAIN if (rest.dataset == MAIN).any() else rest.dataset.iloc[0]
    found = []
    for kernel in ("jntk", "ntk"):
        rows = select(rest, dataset=data, kernel=kernel, precision="float64")
        rows = rows[rows.smallest > 0]
        if rows.empty:
            continue
        curves = []
        for name, group in rows.groupby("activation", sort=False):
            group = by_depth(group)
            curves.append(Curve(name, group.index, group.smallest))
        floor = rows.groupby("depth").noise_floor.max()
        curves.append(Curve("highest noise floor", floor.index, floor, style="dashed"))
        found.append(
            Chart(
                f"λ_min of the {kernel.upper()} for every activation",
                "hidden layers L",
                "λ_min",
                curves,
                f"{data}, {rows.points.iloc[0]} points, float64. {_LOG_FLOOR}"
                + ("" if kernel == "jntk" else "The NTK is the value–value part of the JNTK."),
                log_y=True,
            )
        )
    return found


def _data_sets(known) -> Chart | None:
    """Against the smallest angle: each data set at each depth of GeLU."""
    rows = known[(known.dataset != PAIR) & (known.activation == "gelu") & (known.smallest > 0)]
    rows = rows[(rows.kernel == "jntk") & (rows.precision == "float64") & (rows.angle > 0)]
    rows = rows.assign(angle=[float(f"{angle:.2g}") for angle in rows.angle])
    depths = [depth for depth in (2, 6, 11) if (rows.depth == depth).any()]
    if not depths:
        return None
    return Chart(
        "Data sets: λ_min against the smallest angle between inputs",
        "smallest angle between two of the lines through the points (degrees)",
        "λ_min of the JNTK",
        [
            Curve(f"depth {depth}", part.angle, part.smallest, style="points")
            for depth in depths
            for part in [rows[rows.depth == depth].sort_values("angle")]
        ],
        "GeLU, float64; each dot a data set: "
        + ", ".join(f"{name} {part.angle.iloc[0]:.2g}°" for name, part in rows.groupby("dataset"))
        + ".",
        log_x=True,
        log_y=True,
    )


def _angles(known) -> Chart | None:
    """Two points on the circle, with the power laws fitted."""
    pairs = select(known, dataset=PAIR, precision="float64")
    if pairs.empty:
        return None
    depth = pairs.depth.min()
    pairs = pairs[pairs.resolved.astype(bool) & (pairs.depth == depth)]
    curves = []
    for kernel in ("jntk", "ntk"):
        rows = select(pairs, kernel=kernel)
        for (name, _), law in angle_laws(rows).items():
            part = select(rows, activation=name).sort_values("angle")
            label = f"{kernel.upper()}, {name}"
            x = np.array([part.angle.min(), 30.0])
            curves += [
                Curve(label, part.angle, part.smallest, style="points", group=label),
                Curve(f"{label}: θ^{law.slope:.2f}", x, law(x), style="dashed", group=label),
            ]
    if not curves:
        return None
    return Chart(
        "Two inputs: λ_min against the angle between them",
        "angle θ (degrees)",
        "λ_min",
        curves,
        f"Two points on the circle, depth {depth}, float64, where λ_min is resolved; dashed: power "
        "laws fitted below 10°.",
        log_x=True,
        log_y=True,
    )
