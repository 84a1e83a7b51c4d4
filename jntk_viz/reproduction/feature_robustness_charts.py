"""Pictures of study 6."""

import pandas as pd

from jntk_viz.reproduction.feature_robustness_claims import (
    LAM,
    NAMED,
    REFERENCE,
    correlations,
    summaries,
)
from jntk_viz.reproduction.intervals import mean_interval
from jntk_viz.reproduction.points import MAIN, select
from jntk_viz.reproduction.study import LAW, Chart, Curve

_EXCESS = {"excess": "rho", "least": "rho_low", "most": "rho_high"}  # less the null model's mean


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
        "No feature can lie above the dashed line, so the two scores correlate whatever the "
        "features are. Accurate but fragile: bottom right.",
    )


def _against_epsilon(rhos, data, norm) -> Chart | None:
    rows = rhos[(rhos.norm == norm) & (rhos.attack == "first_order") & (rhos.counted == "all")]
    rows = rows[(rows.measure == "accuracy") & rows.lam.isin([0.0, NAMED, LAM])]
    rows = rows[rows.depth == rows.depth.max()]
    curves = []
    for lam, group in rows.groupby("lam"):
        for value, words in (("rho", ""), ("null", ", shuffled")):
            by_size = [
                (size, mean_interval(part[value])) for size, part in group.groupby("epsilon")
            ]
            curves.append(
                Curve(
                    f"λ = {lam:g}{words}",
                    [size for size, _ in by_size],
                    [rho.value for _, rho in by_size],
                    [rho.low for _, rho in by_size],
                    [rho.high for _, rho in by_size],
                    style="dashed" if words else "line",
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
        "Student's 95 % band. Solid: measured; dashed: the null model, survival rates shuffled "
        "among the features. Only what lies above it is a link.",
        log_x=True,
    )


def _data_sets(table) -> Chart | None:
    rows = select(summaries(table), **REFERENCE)
    rows = rows[(rows.seed == 0) & rows.lam.isin([0.0, LAM])]
    rows = rows.assign(**{name: rows[column] - rows["null"] for name, column in _EXCESS.items()})
    wide = rows.drop_duplicates(["dataset", "lam"]).pivot(
        index="dataset", columns="lam", values=list(_EXCESS)
    )
    wide = wide.dropna(subset=[("excess", lam) for lam in (0.0, LAM) if ("excess", lam) in wide])
    if len(set(rows.lam)) < 2 or wide.empty:
        return None
    return Chart(
        "Every data set: the link beyond the null model, with the regulariser and without",
        "ρ minus null, λ = 0",
        f"ρ minus null, λ = {LAM}",
        [
            *(
                Curve(
                    name,
                    [row["excess", 0.0]],
                    [row["excess", LAM]],
                    [row["least", LAM]],
                    [row["most", LAM]],
                    style="points",
                )
                for name, row in wide.iterrows()
            ),
            Curve("equal", [0, 0.5], [0, 0.5], style="dashed", group=LAW),
        ],
        "GeLU, 11 layers, first split, L2 attack of ε = 0.1; bars: 95 % bootstrap of ρ over "
        "features. The paper would have every point far above the dashed line.",
    )
