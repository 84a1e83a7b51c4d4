"""Pictures of study 5."""

import numpy as np
import pandas as pd

from jntk_viz.reproduction.lam_time_claims import REFERENCE
from jntk_viz.reproduction.points import MAIN, select
from jntk_viz.reproduction.study import Chart, Curve, Heatmap


def charts(table: pd.DataFrame) -> list[Chart | Heatmap]:
    if "t" not in table or table["t"].notna().sum() == 0:
        return []
    known = select(table[table["t"].notna()], **REFERENCE)
    if known.empty:
        return []
    data = MAIN if (known.dataset == MAIN).any() else known.dataset.iloc[0]
    known = known[known.dataset == data]
    # Means of different λ are comparable where they are over the same splits.
    lams = known.groupby("seed").lam.nunique()
    known = known[known.seed.isin(lams.index[lams == lams.max()])]
    count = known.seed.nunique()
    shown = f"{data}, GeLU, 2 hidden layers, mean over {count} random split{'s' * (count > 1)}"
    means = (
        known.groupby(["lam", "t"])[["clean", "first_order", "searched", "jacobian", "distance"]]
        .mean()
        .reset_index()
    )
    finite = means[np.isfinite(means.t)]
    return [
        _accuracy(finite, means, shown),
        _distance(finite, shown),
        *_maps(means, shown),
    ]


def _accuracy(finite, means, shown) -> Chart:
    curves = []
    for lam, group in finite.groupby("lam"):
        curves += [
            Curve(
                f"λ = {lam:g}, first order", group.t, group.first_order, style="dashed",
                group=f"λ = {lam:g}",
            ),
            Curve(
                f"λ = {lam:g}, searched", group.t, group.searched, style="points",
                group=f"λ = {lam:g}",
            ),
        ]  # fmt: skip
    ends = ", ".join(
        f"{row.searched:.2f} (λ = {row.lam:g})" for row in means[np.isinf(means.t)].itertuples()
    )
    return Chart(
        "Robust accuracy over training time",
        "time t of the gradient flow",
        "robust accuracy",
        curves,
        f"{shown}. Dashed: what a linear model of f at each test point predicts for the worst "
        f"L2 change of size {REFERENCE['epsilon']}. Dots: what a search by projected gradients "
        f"leaves. At t = ∞ the search leaves {ends}.",
        log_x=True,
    )


def _distance(finite, shown) -> Chart:
    known = finite[finite.distance > 0]
    return Chart(
        "λ drops out: distance from the kernel regressor",
        "time t of the gradient flow",
        "relative distance on test points",
        [Curve(f"λ = {lam:g}", g.t, g.distance) for lam, g in known.groupby("lam")],
        f"{shown}. The regressor Θ(x, X)Θ(X, X)⁻¹(y, 0) contains no λ. Every λ > 0 reaches it, "
        "the smaller the later; λ = 0 has another limit.",
        log_x=True,
        log_y=True,
    )


def _maps(means, shown) -> list[Heatmap]:
    quantities = {
        "searched": ("Robust accuracy, λ against t", "robust accuracy (search)"),
        "clean": ("Clean accuracy, λ against t", "accuracy"),
        "jacobian": ("Size of the Jacobian, λ against t", "median |J| at test points"),
    }
    maps = []
    for name, (title, label) in quantities.items():
        grid = means.pivot(index="lam", columns="t", values=name)
        if len(grid) < 2:
            continue
        maps.append(
            Heatmap(
                title, "time t", "regulariser λ", grid.columns.to_numpy(), grid.index.to_numpy(),
                grid.to_numpy(), label, f"{shown}. Lowest row: standard training; last column: "
                "the kernel regressor, the same for every λ > 0.",
            )
        )  # fmt: skip
    return maps
