"""What the rows of study 6 say of accurate and robust eigenfeatures.

Robust accuracy cannot exceed accuracy, so the two correlate whatever the features are. What is
judged is therefore the excess: ρ minus what shuffled survival rates give (`survival_null`).
"""

import numpy as np
import pandas as pd

from jntk_viz.reproduction.intervals import UNKNOWN, Estimate, mean_interval, share_interval
from jntk_viz.reproduction.points import MAIN, STAND_IN, missing, select
from jntk_viz.reproduction.study import Claim, judge

LAM = 0.1  # the regularised training that is judged beside λ = 0; that of the figures is not known
NAMED = 0.01  # the only λ that the paper is known to name; told beside it
LINK = 0.1  # how far ρ must exceed the null model to be a link; below it in size is "almost none"
FEW = 0.05  # a share of fragile features up to which there are "none"
GAP = 0.1  # by how much two excesses must differ to be a contrast
REFERENCE = {
    "depth": 11, "norm": "l2", "epsilon": 0.1, "attack": "first_order", "counted": "all",
    "measure": "accuracy",
}  # fmt: skip
_KEYS = list(REFERENCE)
_VALUES = ["rho", "null", "survival_rho"]
_SOURCE = "Figures 4 and 5"
_WHAT = (
    "Verdict for GeLU, 11 layers, λ = 0.1 against 0, L2 attack of ε = 0.1 on a linear model of "
    "each feature, all resolved features, accuracy under attack as robustness; Student's interval "
    "over random splits. "
)
_NULL = (
    "Accuracy under attack is at most accuracy, so ρ is positive whatever the features are. The "
    "null model shuffles the survival rates, accuracy under attack over accuracy, among the "
    "features; the excess is ρ minus its mean. "
)


def claims(table: pd.DataFrame) -> list[Claim]:
    rhos = correlations(table)
    own = rhos[rhos.dataset == MAIN]
    gap = missing(table)
    standard, regularised = (_estimate(own, lam) for lam in (0.0, LAM))
    contrast = mean_interval(difference(_reference(own)))
    named = mean_interval(difference(_reference(own), NAMED))
    splits = f"over {_reference(own).seed.nunique()} random splits of {MAIN}"
    instead = _instead(rhos, gap) if own.empty else ""
    return [
        _implied(table, gap),
        Claim(
            "With the Jacobian regulariser, accurate eigenfeatures are the robust ones (more than "
            "their accuracy forces).",
            _SOURCE,
            instead
            or f"Rank correlation ρ of accuracy and robustness, λ = {LAM}: {_told(own, LAM)}, "
            f"{splits}. λ = {NAMED}: {_told(own, NAMED)}. Excess by data set, λ = {LAM}: "
            f"{_by_data(rhos, LAM)}.",
            judge(regularised.low, regularised.high, at_least=LINK),
            *regularised.numbers,
            definitions=f"{_WHAT}{_NULL}A link: an excess of at least {LINK}. By other "
            f"definitions: {_others(own, LAM)}.",
        ),
        Claim(
            "With standard training there is almost no link between accuracy and robustness "
            "(beyond what accuracy forces).",
            _SOURCE,
            instead
            or f"λ = 0: {_told(own, 0.0)}, {splits}. Excess by data set: {_by_data(rhos, 0.0)}.",
            judge(standard.low, standard.high, at_least=-LINK, at_most=LINK),
            *standard.numbers,
            definitions=f"{_WHAT}{_NULL}Almost none: an excess between ±{LINK}. By other "
            f"definitions: {_others(own, 0.0)}.",
        ),
        Claim(
            "The regulariser makes the link stronger (Algerian forest fires).",
            _SOURCE,
            instead
            or f"Excess with λ = {LAM} minus excess with λ = 0: {contrast.signed}; with "
            f"λ = {NAMED}: {named.signed}; {splits}.",
            judge(contrast.low, contrast.high, at_least=GAP),
            *contrast.numbers,
            definitions=f"{_WHAT}{_NULL}Stronger: by at least {GAP}. By other definitions: "
            f"{_other_contrasts(own)}.",
        ),
        _everywhere(rhos),
        *(_fragile(table, lam, gap) for lam in (LAM, 0.0)),
    ]


def summaries(table: pd.DataFrame) -> pd.DataFrame:
    """The rows about all features at once, of data sets that could be had."""
    if "row" not in table or "rho" not in table:
        columns = ["dataset", "seed", "lam", *_VALUES, *_KEYS]
        return pd.DataFrame({name: pd.Series(dtype=object) for name in columns})
    return table[(table.row == "summary") & table["epsilon"].notna()]


def correlations(table: pd.DataFrame) -> pd.DataFrame:
    """ρ, null model and excess of each data set, split, λ and definition, each counted once."""
    rows = summaries(table)[["dataset", "seed", "lam", *_VALUES, *_KEYS]]
    rows = rows.drop_duplicates(["dataset", "seed", "lam", *_KEYS])
    return rows.assign(excess=rows.rho.astype(float) - rows["null"].astype(float))


def _reference(rhos, **changed) -> pd.DataFrame:
    return select(rhos, **(REFERENCE | changed))


def _estimate(rhos, lam, value="excess", **changed) -> Estimate:
    chosen = _reference(rhos, **changed)
    return mean_interval(chosen.loc[chosen.lam == lam, value])


def _told(rhos, lam) -> str:
    """What was measured, what is forced, and what is left."""
    found = {value: _estimate(rhos, lam, value) for value in (*_VALUES, "excess")}
    return (
        f"ρ {found['rho']}, shuffled survival rates give {found['null']}, excess "
        f"{found['excess'].signed} (accuracy against survival rate: {found['survival_rho'].signed})"
    )


def difference(rhos, lam=LAM) -> pd.Series:
    """Excess at λ minus excess at 0 of each split of each data set, where both were measured."""
    wide = rhos.pivot_table(
        index=["dataset", "seed"], columns="lam", values="excess", aggfunc="first"
    )
    if not {0.0, lam} <= set(wide.columns):
        return pd.Series(dtype=float)
    return (wide[lam] - wide[0.0]).dropna().astype(float)


def _by_data(rhos, lam) -> str:
    chosen = _reference(rhos)
    means = chosen[chosen.lam == lam].groupby("dataset", sort=False).excess.mean().dropna()
    told = (f"{name} {value:+.2f}".replace("-", "−") for name, value in means.items())
    return ", ".join(told) or "none yet"


def _instead(rhos, gap) -> str:
    reason = f" ({gap})" if gap else ""
    other = rhos[rhos.dataset == STAND_IN]
    return (
        f"Not measured on {MAIN}{reason}. In its place {STAND_IN}: λ = {LAM}: "
        f"{_told(other, LAM)}; λ = 0: {_told(other, 0.0)}."
    )


def _definitions(rhos) -> list[tuple[str, pd.DataFrame]]:
    """Every definition other than the reference that was tried, and its rows."""
    found = []
    for key, rows in rhos.groupby(_KEYS, sort=False):
        values = dict(zip(_KEYS, key, strict=True))
        different = [k for k in _KEYS if values[k] != REFERENCE[k]]
        # One change at a time, and the norm with its own ε.
        if different and (len(different) == 1 or set(different) == {"norm", "epsilon"}):
            found.append((_named(values, different), rows))
        elif values["counted"].startswith("first") and set(different) <= {"counted", "attack"}:
            found.append((f"{values['counted']} features, {values['attack']}", rows))
    return found


def _named(values, different) -> str:
    if "epsilon" in different or "norm" in different:
        return f"{values['norm']} ε = {values['epsilon']:g}"
    words = {
        "depth": f"{values['depth']} layers",
        "counted": f"{values['counted']} features",
        "measure": "mean margin",
        "attack": values["attack"],
    }
    return words[different[0]]


def _others(rhos, lam) -> str:
    told = [
        f"{name} {_both(rows[rows.lam == lam])}"
        for name, rows in _definitions(rhos)
        if rows.loc[rows.lam == lam, "rho"].notna().any()
    ]
    if lam:
        chosen = _reference(rhos)
        told += [
            f"λ = {other:g} {_both(chosen[chosen.lam == other])}"
            for other in sorted(set(chosen.lam) - {0.0, LAM, NAMED})
        ]
    return "; ".join(told) or "none yet"


def _both(rows) -> str:
    """+0.12 of ρ = 0.54; of margins, which have no survival rates, ρ alone."""
    rho, excess = rows.rho.mean(), rows.excess.mean()
    if np.isnan(excess):
        return f"ρ = {rho:.2f}, no null model".replace("-", "−")
    return f"{excess:+.2f} of ρ = {rho:.2f}".replace("-", "−")


def _other_contrasts(rhos) -> str:
    told = [
        f"{name} {mean_interval(change).signed}"
        for name, rows in _definitions(rhos)
        if len(change := difference(rows))
    ]
    return "; ".join(told) or "none yet"


def _everywhere(rhos) -> Claim:
    change = difference(_reference(rhos))
    by_data = change.groupby("dataset", sort=False).mean() if len(change) else change
    every = mean_interval(by_data) if len(by_data) > 1 else UNKNOWN
    each = ", ".join(f"{name} {value:+.2f}".replace("-", "−") for name, value in by_data.items())
    return Claim(
        "The regulariser makes the link stronger (all data sets).",
        _SOURCE,
        f"Excess with λ = {LAM} minus excess with λ = 0: {every.signed}, over "
        f"{len(by_data)} data sets ({each})."
        if len(by_data)
        else "Not measured yet.",
        judge(every.low, every.high, at_least=GAP),
        *every.numbers,
        definitions=f"{_WHAT}{_NULL}Here over data sets, each the mean of its splits. Stronger: "
        f"by at least {GAP}.",
    )


def _counts(table, lam) -> pd.DataFrame:
    chosen = _reference(summaries(table))
    return chosen[chosen.lam == lam].drop_duplicates(["dataset", "seed"])


def _fragile(table, lam, gap) -> Claim:
    """Whether there are features that are accurate but not robust."""
    rows = _counts(table, lam)
    own = rows[rows.dataset == MAIN]
    accurate, fragile = (_total(own, name) for name in ("accurate_80", "fragile_80"))
    share = share_interval(fragile, accurate)
    each = ", ".join(
        f"{name} {_total(part, 'fragile_80')} of {_total(part, 'accurate_80')}"
        for name, part in rows.groupby("dataset", sort=False)
    )
    tried = "; ".join(_tried(table, lam))
    reason = f" ({gap})" if gap and own.empty else ""
    return Claim(
        "No eigenfeature is accurate but fragile, "
        + ("with the Jacobian regulariser." if lam else "even with standard training."),
        _SOURCE,
        f"Fragile among accurate features, λ = {lam:g}, {own.seed.nunique()} splits of "
        f"{MAIN}{reason}: {fragile} of {accurate}, a share of {share}; by data set, all splits: "
        f"{each or 'none yet'}.",
        judge(share.low, share.high, at_most=FEW),
        *share.numbers,
        definitions=f"{_WHAT}Accurate: right on at least 80 % of the test points; fragile: on at "
        f"most 40 % under attack. None: fewer than {FEW:.0%} (Clopper–Pearson), which takes 73 "
        f"accurate features without a fragile one. On {MAIN} by other definitions: "
        f"{tried or 'none yet'}.",
    )


def _total(rows, name) -> int:
    return int(rows[name].sum()) if name in rows else 0


def _tried(table, lam) -> list[str]:
    rows = summaries(table)
    rows = rows[(rows.dataset == MAIN) & (rows.lam == lam) & (rows.measure == "accuracy")]
    rows = rows.drop_duplicates(["seed", *_KEYS])
    told = []
    for name, part in _definitions(rows):
        told.append(f"{name} {_total(part, 'fragile_80')} of {_total(part, 'accurate_80')}")
    for counted in ("all", "leading"):
        part = _reference(rows, counted=counted)
        if len(part):
            count = f"{_total(part, 'fragile_majority')} of {_total(part, 'accurate_majority')}"
            told.append(f"bars of the majority class and half of it, {counted} features {count}")
    return told


def _implied(table, gap) -> Claim:
    """High accuracy implies robustness: the share of useful features that are robust."""
    shares = {}
    for lam in (LAM, NAMED, 0.0):
        rows = _counts(table, lam)
        rows = rows[rows.get("accurate_majority", pd.Series(0, rows.index)) > 0]
        share = (
            rows["robust_majority"] / rows["accurate_majority"]
            if len(rows)
            else pd.Series(dtype=float)
        )
        shares[lam] = share.astype(float).groupby(rows.dataset).apply(list).to_dict()
    own = {lam: mean_interval(found.get(MAIN, [])) for lam, found in shares.items()}
    each = ", ".join(f"{name} {np.mean(values):.2f}" for name, values in shares[LAM].items())
    reason = f" ({gap})" if gap and MAIN not in shares[LAM] else ""
    return Claim(
        "With the Jacobian regulariser, high test accuracy implies robustness of an eigenfeature.",
        _SOURCE,
        f"Share of the useful features that are robust, {MAIN}{reason}: {own[LAM]} with "
        f"λ = {LAM}, {own[NAMED]} with λ = {NAMED}, {own[0.0]} with λ = 0; λ = {LAM} by data set: "
        f"{each or 'none yet'}.",
        judge(own[LAM].low, own[LAM].high, at_least=0.95),
        *own[LAM].numbers,
        definitions=f"{_WHAT}Useful: right more often than naming the more frequent label always "
        "is (Tsilivis & Kempe, NeurIPS 2022); robust: right on at least half of the test points "
        "under attack. Implied: for 95 % of the useful ones. By other "
        f"definitions, {MAIN}: {'; '.join(_robust_tried(table)) or 'none yet'}.",
    )


def _robust_tried(table) -> list[str]:
    """Robust among accurate features by other definitions, all splits together."""
    rows = summaries(table)
    rows = rows[(rows.dataset == MAIN) & (rows.lam == LAM) & (rows.measure == "accuracy")]
    rows = rows.drop_duplicates(["seed", *_KEYS])
    told = [
        f"{name} {_total(part, 'robust_majority')} of {_total(part, 'accurate_majority')}"
        for name, part in _definitions(rows)
    ]
    chosen = _reference(rows)
    if len(chosen):
        told.append(f"bar of 80 % {_total(chosen, 'robust_80')} of {_total(chosen, 'accurate_80')}")
    return told
