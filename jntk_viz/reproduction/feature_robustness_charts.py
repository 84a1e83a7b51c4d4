"""Pictures of study 6."""

import pandas as pd

from jntk_viz.reproduction.feature_robustness_claims import (
    LAM,
    REFERENCE,
    correlations,
    summaries,
)
from jntk_viz.reproduction.intervals import mean_interval
from jntk_viz.reproduction.points import MAIN, select
from jntk_viz.reproduction.study import LAW, Chart, Curve


def charts(table: pd.DataFrame) -> list[Chart]:
    rhos = correlations(table)
    if rhos.empty:
        return []
    data = MAIN if (rhos.dataset == MAIN).any() else rhos.dataset.iloc[0]
    found = [
        _scatter(table, data),
        *(_against_epsilon(rhos[rhos.dataset == data], data, norm) for norm in ("l2", "linf")),
        _data_sets(table),
    ]
    return [chart for chart in found if chart is not None]


def _scatter(table, data) -> Chart | None:
    rows = table[(table.row == "feature") & (table.dataset == data)]
    rows = rows[(rows.depth == rows.depth.max()) & rows.lam.isin([0.0, LAM])]
    rows = rows.drop_duplicates(["lam", "rank"])
    if rows.empty:
        return None
    return Chart(
        "Each feature: accuracy against robustness",
        "accuracy on the test points",
        "accuracy under attack",
        [
            *(
                Curve(f"λ = {lam:g}", group.usefulness, group.robustness, style="points")
                for lam, group in rows.groupby("lam")
            ),
            Curve("as without attack", [0, 1], [0, 1], style="dashed", group=LAW),
        ],
        f"{data}, GeLU, {rows.depth.max()} layers, one split, its leading "
        f"{rows['rank'].max():.0f} features; L2 attack of ε = {REFERENCE['epsilon']:g} on a linear "
        "model of each. "
        "No feature can lie above the dashed line. Accurate but fragile: bottom right.",
    )


def _against_epsilon(rhos, data, norm) -> Chart | None:
    rows = rhos[(rhos.norm == norm) & (rhos.attack == "first_order") & (rhos.measure == "accuracy")]
    rows = rows[(rows.depth == rows.depth.max()) & rows.lam.isin([0.0, LAM])]
    curves = []
    for (lam, counted), group in rows[rows.counted.isin(["all", "leading"])].groupby(
        ["lam", "counted"]
    ):
        by_size = [(size, mean_interval(part.rho)) for size, part in group.groupby("epsilon")]
        curves.append(
            Curve(
                f"λ = {lam:g}, {counted} features",
                [size for size, _ in by_size],
                [rho.value for _, rho in by_size],
                [rho.low for _, rho in by_size],
                [rho.high for _, rho in by_size],
                style="line" if counted == "all" else "dashed",
                group=f"λ = {lam:g}",
            )
        )
    if not curves:
        return None
    name = {"l2": "L2", "linf": "L∞"}[norm]
    return Chart(
        f"Rank correlation against the size of the attack, {name}",
        "ε, inputs having norm 1",
        "Spearman's ρ of accuracy and robustness",
        curves,
        f"{data}, GeLU, {rows.depth.max()} layers, mean over {rows.seed.nunique()} splits with "
        "Student's 95 % band. Solid: all resolved features; dashed: as many as training points.",
        log_x=True,
    )


def _data_sets(table) -> Chart | None:
    rows = select(summaries(table), **REFERENCE)
    rows = rows[(rows.seed == 0) & rows.lam.isin([0.0, LAM])]
    wide = rows.drop_duplicates(["dataset", "lam"]).pivot(
        index="dataset", columns="lam", values=["rho", "rho_low", "rho_high"]
    )
    wide = wide.dropna(subset=[("rho", lam) for lam in (0.0, LAM) if ("rho", lam) in wide])
    if len(set(rows.lam)) < 2 or wide.empty:
        return None
    return Chart(
        "Every data set: the link with the regulariser against that without",
        "Spearman's ρ, λ = 0",
        f"Spearman's ρ, λ = {LAM}",
        [
            *(
                Curve(
                    name,
                    [row["rho", 0.0]],
                    [row["rho", LAM]],
                    [row["rho_low", LAM]],
                    [row["rho_high", LAM]],
                    style="points",
                )
                for name, row in wide.iterrows()
            ),
            Curve("equal", [0, 1], [0, 1], style="dashed", group=LAW),
        ],
        "GeLU, 11 layers, first split, L2 attack of ε = 0.1; bars: 95 % bootstrap over features. "
        "The paper expects every point far above the dashed line.",
    )
