"""What the rows of study 5 say of robust training in the limit."""

import numpy as np
import pandas as pd

from jntk_viz.reproduction.intervals import UNKNOWN, Estimate, mean_interval
from jntk_viz.reproduction.points import MAIN, STAND_IN, missing, select
from jntk_viz.reproduction.study import Claim, judge

SMALL = 0.01  # of a relative distance; and one point in a hundred of an accuracy
REFERENCE = {"depth": 2, "epsilon": 0.3, "norm": "l2"}
RUN = ["dataset", "depth", "activation", "seed", "train", "epsilon", "norm"]
_ATTACK = (
    "Robust accuracy: share of test points that no change of size ε = 0.3 (L2, inputs have norm 1) "
    "found by projected gradient descent turns wrong; GeLU, 2 hidden layers. More robust: by 0.01 "
    "at least."
)
_CHOICE = (
    "λ and t are chosen on one half of the test points, the accuracy is that of the other half."
)


def claims(table: pd.DataFrame) -> list[Claim]:
    known = table[table["t"].notna()] if "t" in table else pd.DataFrame(columns=[*RUN, "lam", "t"])
    splits = per_split(known)
    gap = missing(table)
    comparisons = (
        (
            "regressor",
            "The kernel regressor of robust training (λ > 0, t → ∞) is more robust than that of "
            "standard training",
            "Regressor of Theorem 4.6; the comparison is ours",
            "λ > 0 minus λ = 0, both at t = ∞",
            "",
        ),
        (
            "stopped",
            "The Jacobian regulariser makes the network more robust, at no loss of accuracy",
            "Purpose of the regulariser; the comparison is ours",
            "λ > 0 minus λ = 0, each stopped at its best time",
            f"{_CHOICE} Only λ and t are admitted whose accuracy there is within 0.02 of the best. "
            f"Without that condition: {_by_data(splits, 'stopped_anyhow')}. ",
        ),
        (
            "overfitting",
            "Robust training is not to be run to the end: its robustness is lost again as t → ∞",
            "Beyond the paper; Rice et al. (ICML 2020) for finite networks",
            "λ > 0 at its best time minus the same λ at t = ∞",
            f"{_CHOICE} ",
        ),
    )
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
        *(
            claim
            for name, statement, source, what, how in comparisons
            for claim in _comparison(splits, name, statement, source, what, how, gap)
        ),
        _jacobian(splits),
    ]


def per_split(known: pd.DataFrame) -> pd.DataFrame:
    """Differences between training with λ > 0 and with λ = 0, one row for each split.

    Columns, NaN where a λ has not been measured: regressor, stopped, stopped_anyhow, overfitting
    (robust accuracies), clean, jacobian (at t = ∞; the logarithm of the ratio for the latter).
    """
    rows = []
    for run, group in known.groupby(RUN, sort=False):
        standard, regularised = group[group.lam == 0], group[group.lam > 0]
        end = [_end(part) for part in (standard, regularised)]
        best = [_best(part, 0.02) for part in (standard, regularised)]
        anyhow = [_best(part, np.inf) for part in (standard, regularised)]
        final = _end(regularised[regularised.lam == best[1]["lam"]])
        rows.append(
            dict(zip(RUN, run, strict=True))
            | {
                "regressor": end[1]["searched"] - end[0]["searched"],
                "stopped": best[1]["searched"] - best[0]["searched"],
                "stopped_anyhow": anyhow[1]["searched"] - anyhow[0]["searched"],
                "overfitting": best[1]["searched"] - final["searched"],
                "clean": end[1]["clean"] - end[0]["clean"],
                "jacobian": np.log(end[1]["jacobian"] / end[0]["jacobian"]),
            }
        )
    columns = ["regressor", "stopped", "stopped_anyhow", "overfitting", "clean", "jacobian"]
    return pd.DataFrame(rows, columns=[*RUN, *columns])


_NOTHING = dict.fromkeys(("lam", "searched", "clean", "jacobian"), np.nan)


def _end(group) -> dict:
    """What the largest λ gives at t = ∞, all test points taken together."""
    end = group[np.isinf(group.t) & (group.lam == group.lam.max())]
    if set(end.part) != {"validation", "test"}:
        return _NOTHING
    weights = end.points / end.points.sum()
    return {name: float((weights * end[name]).sum()) for name in ("searched", "clean", "jacobian")}


def _best(group, tolerance) -> dict:
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


def _comparison(splits, name, statement, source, what, how, gap) -> list[Claim]:
    """Whether a difference of robust accuracies exceeds SMALL: on the paper's data, on all."""
    chosen = _reference(splits)
    own = mean_interval(chosen.loc[chosen.dataset == MAIN, name])
    count = int(chosen.loc[chosen.dataset == MAIN, name].notna().sum())
    by_data = chosen.groupby("dataset")[name].mean().dropna()
    every = mean_interval(by_data) if len(by_data) > 1 else UNKNOWN
    stand_in = mean_interval(chosen.loc[chosen.dataset == STAND_IN, name])
    told = f"{what}: {own.signed}, over {count} random splits."
    if np.isnan(own.value):
        reason = f" ({gap})" if gap else ""
        told = (
            f"Not measured on {MAIN}{reason}. In its place {STAND_IN}, {what}: {stand_in.signed}."
        )
    cost = ""
    if name == "regressor":
        clean = mean_interval(chosen.loc[chosen.dataset == MAIN, "clean"])
        cost = f" Clean accuracy changes by {clean.signed}."
    other = _others(splits, name)
    return [
        Claim(
            f"{statement} (Algerian forest fires).", source, told + cost,
            judge(own.low, own.high, at_least=SMALL), *own.numbers,
            definitions=f"{_ATTACK} {how}Student's interval over random splits of the data.{other}",
        ),
        Claim(
            f"{statement} (all data sets).", source,
            f"{what}: {every.signed}, over {len(by_data)} data sets ({_by_data(splits, name)}).",
            judge(every.low, every.high, at_least=SMALL), *every.numbers,
            definitions=f"{_ATTACK} {how}Student's interval over data sets.",
        ),
    ]  # fmt: skip


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


def _by_data(splits, name) -> str:
    means = _reference(splits).groupby("dataset", sort=False)[name].mean().dropna()
    return ", ".join(f"{data} {value:+.2f}" for data, value in means.items()) or "nothing yet"


def _others(splits, name) -> str:
    """The same number for other depths and attacks, where they were measured."""
    main = splits[(splits.dataset == MAIN) & splits[name].notna()]
    told = [
        f"{norm} ε = {epsilon:g}, depth {depth}: {mean_interval(group[name]).signed}"
        for (depth, epsilon, norm), group in main.groupby(["depth", "epsilon", "norm"])
        if {"depth": depth, "epsilon": epsilon, "norm": norm} != REFERENCE
    ]
    return f" Also tried: {'; '.join(told)}." if told else ""
