"""What the rows of study 5 say of robust training in the limit, and of stopping before it.

Robust overfitting: L. Rice, E. Wong, J. Z. Kolter, Overfitting in adversarially robust deep
learning, ICML 2020 (networks, adversarial training); S. Fu, D. Wang, Theoretical Analysis of Robust
Overfitting for Wide DNNs: An NTK Approach, ICLR 2024; Y. Hou, J. Peng, Y. Yang, Adversarial
Robustness of NTK Neural Networks, arXiv 2604.25965 (gradient flow stopped early attains the minimax
rate of adversarial regression, the minimum-norm interpolant is fragile).
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from jntk_viz.reproduction.intervals import UNKNOWN, Estimate, mean_interval
from jntk_viz.reproduction.points import MAIN, STAND_IN, missing, select
from jntk_viz.reproduction.study import Claim, judge

SMALL = 0.01  # of a relative distance; and one point in a hundred of an accuracy
REFERENCE = {"depth": 2, "epsilon": 0.3, "norm": "l2"}
RUN = ["dataset", "depth", "activation", "seed", "train", "epsilon", "norm"]
RICE = "Rice, Wong & Kolter (ICML 2020)"
_ATTACK = (
    "Robust accuracy: share of test points that no change of size ε = 0.3 (L2, inputs have norm 1) "
    "found by projected gradient descent turns wrong; GeLU, 2 hidden layers. More robust: by 0.01 "
    "at least. "
)
_CHOICE = (
    "Stopped: at the λ and t with the best robust accuracy on validation points, among those whose "
    "clean accuracy there is within 0.02 of the best; training and test points have no part in the "
    "choice. All numbers are of the test points, neither trained on nor chosen by. "
)


class Comparison(NamedTuple):
    """A difference of robust accuracies: `name` is its column in `per_split`."""

    name: str
    statement: str
    source: str
    difference: str


COMPARISONS = (
    Comparison(
        "regressor",
        "At t = ∞, the kernel regressor of robust training (λ > 0) is more robust than that of "
        "standard training",
        "Regressor of Theorem 4.6; the comparison is ours",
        "λ > 0 minus λ = 0, both at t = ∞",
    ),
    Comparison(
        "stopped",
        "With early stopping, the Jacobian regulariser makes the predictor more robust, at no loss "
        "of accuracy",
        "Purpose of the regulariser; the comparison is ours",
        "λ > 0 minus λ = 0, both stopped",
    ),
    Comparison(
        "overfitting",
        "Robust overfitting: with the regulariser, training to t = ∞ loses robust accuracy that "
        "the predictor had when stopped",
        f"Ours; {RICE} for networks, Fu & Wang (ICLR 2024) for kernels of adversarial training",
        "stopped minus t = ∞, both at the λ > 0 chosen",
    ),
    Comparison(
        "standard_overfitting",
        "Standard training (λ = 0) overfits in the same way: stopping alone makes it more robust",
        "Ours; Hou, Peng & Yang (arXiv 2604.25965) for the NTK",
        "stopped minus t = ∞, both at λ = 0",
    ),
    Comparison(
        "stopping_or_lam",
        "Early stopping alone gives a more robust predictor than the regulariser alone",
        "Ours",
        "λ = 0 stopped minus λ > 0 at t = ∞",
    ),
)


def claims(table: pd.DataFrame) -> list[Claim]:
    known = table[table["t"].notna()] if "t" in table else pd.DataFrame(columns=[*RUN, "lam", "t"])
    splits = per_split(known)
    gap = missing(table)
    return [
        _limit(
            known,
            "distance",
            "λ drops out as t → ∞: every λ > 0 leads to the same kernel regressor",
            "largest relative distance on test points, over all λ > 0, of f at t = ∞ from "
            "Θ(x, X)Θ(X, X)⁻¹(y, 0), which is solved for without λ:",
        ),
        _limit(
            known,
            "fit",
            "The kernel regressor of robust training interpolates the labels and has zero Jacobian "
            "at every training point",
            "largest root mean square of f − y and of |J| on the training points at t = ∞:",
        ),
        *(claim for comparison in COMPARISONS for claim in _compare(splits, comparison, gap)),
        _jacobian(splits),
    ]


FOUR = ("standard_stopped", "standard_end", "robust_stopped", "robust_end")
DIFFERENCES = (*(comparison.name for comparison in COMPARISONS), "stopped_anyhow")
OTHERS = ("clean", "stopped_clean", "jacobian")


def per_split(known: pd.DataFrame) -> pd.DataFrame:
    """Robust accuracies on the test half with and without λ, stopped and at t = ∞, by split.

    Columns, NaN where a λ has not been measured: FOUR robust accuracies; their DIFFERENCES
    (stopped_anyhow: chosen whatever the clean accuracy); clean and stopped_clean, clean accuracy
    with λ minus that without, at t = ∞ and stopped; jacobian, the logarithm of the ratio at t = ∞.
    """
    rows = []
    for run, group in known.groupby(RUN, sort=False):
        standard, robust = group[group.lam == 0], group[group.lam > 0]
        stopped = [_stopped(part, 0.02) for part in (standard, robust)]
        anyhow = [_stopped(part, np.inf) for part in (standard, robust)]
        ends = [_end(standard), _end(robust[robust.lam == stopped[1]["lam"]])]
        four = [at["searched"] for at in (stopped[0], ends[0], stopped[1], ends[1])]
        differences = [
            four[3] - four[1],
            four[2] - four[0],
            four[2] - four[3],
            four[0] - four[1],
            four[0] - four[3],
            anyhow[1]["searched"] - anyhow[0]["searched"],
        ]
        others = [
            ends[1]["clean"] - ends[0]["clean"],
            stopped[1]["clean"] - stopped[0]["clean"],
            np.log(ends[1]["jacobian"] / ends[0]["jacobian"]),
        ]
        rows.append([*run, *four, *differences, *others])
    return pd.DataFrame(rows, columns=[*RUN, *FOUR, *DIFFERENCES, *OTHERS])


_NOTHING = dict.fromkeys(("lam", "searched", "clean", "jacobian"), np.nan)


def _end(group) -> dict:
    """The test half at t = ∞, of rows at one λ."""
    end = group[np.isinf(group.t) & (group.part == "test")]
    return _NOTHING if end.empty else end.iloc[0].to_dict()


def _stopped(group, tolerance) -> dict:
    """The test half at the λ and t that are most robust on the validation half."""
    finite = group[np.isfinite(group.t)]
    seen = finite[finite.part == "validation"]
    if seen.empty:
        return _NOTHING
    seen = seen[seen.clean >= seen.clean.max() - tolerance]
    chosen = seen.loc[seen.searched.idxmax()]
    at = (finite.part == "test") & (finite.lam == chosen.lam) & (finite.t == chosen.t)
    return finite[at].iloc[0].to_dict() if at.any() else _NOTHING


def _limit(known, quantity, statement, how) -> Claim:
    """A number that is zero in exact arithmetic, where the kernel is resolved."""
    end = known[(known.lam > 0) & np.isinf(known.t.astype(float))] if len(known) else known
    exact = end[end.unresolved == 0] if len(end) else end
    if quantity == "fit" and len(exact):
        values = exact[["train_error", "train_jacobian"]].max(axis=1)
    else:
        values = exact["distance"].dropna() if len(exact) else pd.Series(dtype=float)
    several = exact.loc[values.index].groupby(RUN).lam.nunique().max() if len(values) else 0
    enough = several > 1 or (quantity == "fit" and several == 1)
    worst = float(values.max()) if enough else np.nan
    runs = exact.loc[values.index].groupby([*RUN, "lam"]).ngroups if len(values) else 0
    left_out = sorted(set(end.dataset) - set(exact.dataset)) if len(end) else []
    note = (
        f" Left out, Θ_λ not being resolved in float64: {', '.join(left_out)}." if left_out else ""
    )
    measured = (
        f"The {how} {worst:.1e}, over {runs} runs.{note}"
        if enough
        else f"Not enough runs with a resolved Θ_λ yet.{note}"
    )
    return Claim(
        statement, "Section 4, Theorem 4.6", measured, judge(worst, worst, at_most=SMALL),
        *Estimate(worst, worst, worst).numbers,
        definitions="Everything is computed, not drawn: the interval is the number itself.",
    )  # fmt: skip


def _compare(splits, comparison: Comparison, gap) -> list[Claim]:
    """Whether a difference of robust accuracies exceeds SMALL: on the paper's data, on all."""
    name = comparison.name
    chosen = _reference(splits)
    own = chosen[(chosen.dataset == MAIN) & chosen[name].notna()]
    every = chosen[chosen[name].notna()]
    if own.empty:
        stand_in = every[every.dataset == STAND_IN]
        told = (
            f"Not measured on {MAIN}{f' ({gap})' if gap else ''}. In its place {STAND_IN}, "
            f"{comparison.difference}: {mean_interval(stand_in[name]).signed}. {_levels(stand_in)}"
        )
    else:
        told = (
            f"{comparison.difference}: {mean_interval(own[name]).signed}, over {len(own)} random "
            f"splits. {_levels(own)}{_cost(own, name)}"
        )
    decides = mean_interval(own[name])
    by_data = every.groupby("dataset")[name].mean()
    pooled = mean_interval(by_data) if len(by_data) > 1 else UNKNOWN
    levels = every.groupby("dataset")[[*FOUR, "clean", "stopped_clean"]].mean()
    return [
        Claim(
            f"{comparison.statement} (Algerian forest fires).", comparison.source, told.strip(),
            judge(decides.low, decides.high, at_least=SMALL), *decides.numbers,
            definitions=f"{_ATTACK}{_CHOICE}Student's interval over random splits of the data."
            f"{_others(splits, name)}",
        ),
        Claim(
            f"{comparison.statement} (all data sets).", comparison.source,
            f"{comparison.difference}: {pooled.signed}, over {len(by_data)} data sets, each the "
            f"mean of its random splits ({_by_data(every, name)}). {_levels(levels)}"
            f"{_cost(levels, name)}".strip(),
            judge(pooled.low, pooled.high, at_least=SMALL), *pooled.numbers,
            definitions=f"{_ATTACK}{_CHOICE}Student's interval over data sets; those of single "
            f"data sets over their splits.{_anyhow(every) if name == 'stopped' else ''}",
        ),
    ]  # fmt: skip


def _levels(rows) -> str:
    """The four robust accuracies behind a difference."""
    if rows[list(FOUR)].dropna().empty:
        return ""
    means = [f"{rows[name].mean():.2f}" for name in FOUR]
    return (
        f"Robust accuracy: λ = 0 stopped {means[0]}, at t = ∞ {means[1]}; λ > 0 stopped "
        f"{means[2]}, at t = ∞ {means[3]}."
    )


def _cost(rows, name) -> str:
    """What λ > 0 changes in clean accuracy, where a comparison is of λ."""
    column = {"regressor": "clean", "stopped": "stopped_clean"}.get(name)
    if column is None or rows[column].dropna().empty:
        return ""
    return f" Clean accuracy changes by {mean_interval(rows[column]).signed}."


def _anyhow(rows) -> str:
    return f" Chosen whatever the clean accuracy: {_by_data(rows, 'stopped_anyhow')}."


def _jacobian(splits) -> Claim:
    by_data = _reference(splits).groupby("dataset")["jacobian"].mean().dropna()
    ratio = mean_interval(by_data) if len(by_data) > 1 else UNKNOWN
    each = ", ".join(f"{name} {np.exp(value):.2f}" for name, value in by_data.items())
    value, low, high = np.exp(ratio)
    return Claim(
        "The regulariser makes the Jacobian small away from the training points, too.",
        "Purpose of the regulariser; the comparison is ours",
        f"Median |J| at test points, λ > 0 over λ = 0, at t = ∞: {value:.2f} "
        f"[{low:.2f}, {high:.2f}], geometric mean over {len(by_data)} data sets ({each})."
        if len(by_data)
        else "Not measured yet.",
        judge(low, high, at_most=1 - SMALL),
        *Estimate(value, low, high).numbers,
        definitions="|J| tangent to the sphere; Student's interval of its logarithm.",
    )


def _reference(splits):
    return select(splits, **REFERENCE)


def _by_data(rows, name) -> str:
    """Every data set's difference with its interval over splits."""
    each = rows.groupby("dataset", sort=False)[name]
    return ", ".join(f"{data} {mean_interval(own).signed}" for data, own in each) or "nothing yet"


def _others(splits, name) -> str:
    """The same number for other depths and attacks, where they were measured."""
    main = splits[(splits.dataset == MAIN) & splits[name].notna()]
    told = [
        f"{norm} ε = {epsilon:g}, depth {depth}: {mean_interval(group[name]).signed}"
        for (depth, epsilon, norm), group in main.groupby(["depth", "epsilon", "norm"])
        if {"depth": depth, "epsilon": epsilon, "norm": norm} != REFERENCE
    ]
    return f" Also tried: {'; '.join(told)}." if told else ""
