"""What the rows of study 6 say of accurate and robust eigenfeatures."""

import numpy as np
import pandas as pd

from jntk_viz.reproduction.intervals import UNKNOWN, Estimate, mean_interval, share_interval
from jntk_viz.reproduction.points import MAIN, STAND_IN, missing, select
from jntk_viz.reproduction.study import Claim, judge

LAM = 0.1  # the regularised training that stands beside λ = 0; the paper's λ is not known
LINK = 0.3  # a rank correlation below it in size is "almost no link"
FEW = 0.05  # a share of fragile features up to which there are "none"
GAP = 0.1  # by how much two correlations must differ to be a contrast
REFERENCE = {
    "depth": 11, "norm": "l2", "epsilon": 0.1, "attack": "first_order", "counted": "all",
    "measure": "accuracy",
}  # fmt: skip
_KEYS = list(REFERENCE)
_SOURCE = "Figures 4 and 5"
_WHAT = (
    "Verdict for GeLU, 11 layers, λ = 0.1 against 0, L2 attack of ε = 0.1 on a linear model of "
    "each feature, all resolved features, accuracy under attack as robustness; Student's interval "
    "over random splits. "
)


def claims(table: pd.DataFrame) -> list[Claim]:
    rhos = correlations(table)
    own = rhos[rhos.dataset == MAIN]
    gap = missing(table)
    standard, regularised = (_estimate(own, lam) for lam in (0.0, LAM))
    contrast = mean_interval(difference(_reference(own)))
    splits = f"over {_reference(own).seed.nunique()} random splits of {MAIN}"
    instead = _instead(rhos, gap) if own.empty else ""
    return [
        Claim(
            "With the Jacobian regulariser, accurate eigenfeatures are the robust ones.",
            _SOURCE,
            instead
            or f"Rank correlation ρ of accuracy and robustness, λ = {LAM}: {regularised}, "
            f"{splits}; data sets: {_by_data(rhos, LAM)}.",
            judge(regularised.low, regularised.high, at_least=LINK),
            *regularised.numbers,
            definitions=f"{_WHAT}A link: ρ of at least {LINK}. ρ by other definitions: "
            f"{_others(own, LAM)}.",
        ),
        Claim(
            "With standard training there is almost no link between accuracy and robustness.",
            _SOURCE,
            instead or f"ρ with λ = 0: {standard}, {splits}; data sets: {_by_data(rhos, 0.0)}.",
            judge(standard.low, standard.high, at_least=-LINK, at_most=LINK),
            *standard.numbers,
            definitions=f"{_WHAT}Almost none: ρ between ±{LINK}. ρ by other definitions: "
            f"{_others(own, 0.0)}.",
        ),
        Claim(
            "The regulariser makes the link stronger (Algerian forest fires).",
            _SOURCE,
            instead or f"ρ with λ = {LAM} minus ρ with λ = 0: {contrast.signed}, {splits}.",
            judge(contrast.low, contrast.high, at_least=GAP),
            *contrast.numbers,
            definitions=f"{_WHAT}Stronger: by at least {GAP}. By other definitions: "
            f"{_other_contrasts(own)}.",
        ),
        _everywhere(rhos),
        *(_fragile(table, lam, gap) for lam in (LAM, 0.0)),
        _implied(table, gap),
    ]


def summaries(table: pd.DataFrame) -> pd.DataFrame:
    """The rows about all features at once, of data sets that could be had."""
    if "row" not in table or "rho" not in table:
        columns = ["dataset", "seed", "lam", "rho", *_KEYS]
        return pd.DataFrame({name: pd.Series(dtype=object) for name in columns})
    return table[(table.row == "summary") & table["epsilon"].notna()]


def correlations(table: pd.DataFrame) -> pd.DataFrame:
    """ρ of each data set, split, λ and definition; a task that says the same again counts once."""
    rows = summaries(table)[["dataset", "seed", "lam", "rho", *_KEYS]]
    return rows.drop_duplicates(["dataset", "seed", "lam", *_KEYS])


def _reference(rhos, **changed) -> pd.DataFrame:
    return select(rhos, **(REFERENCE | changed))


def _estimate(rhos, lam, **changed) -> Estimate:
    chosen = _reference(rhos, **changed)
    return mean_interval(chosen.loc[chosen.lam == lam, "rho"])


def difference(rhos) -> pd.Series:
    """ρ(λ) − ρ(0) of each split of each data set, where both were measured."""
    wide = rhos.pivot_table(index=["dataset", "seed"], columns="lam", values="rho", aggfunc="first")
    if not {0.0, LAM} <= set(wide.columns):
        return pd.Series(dtype=float)
    return (wide[LAM] - wide[0.0]).dropna().astype(float)


def _by_data(rhos, lam) -> str:
    chosen = _reference(rhos)
    means = chosen[chosen.lam == lam].groupby("dataset", sort=False).rho.mean().dropna()
    return ", ".join(f"{name} {value:.2f}" for name, value in means.items()) or "none yet"


def _instead(rhos, gap) -> str:
    reason = f" ({gap})" if gap else ""
    other = rhos[rhos.dataset == STAND_IN]
    return (
        f"Not measured on {MAIN}{reason}. In its place {STAND_IN}: ρ {_estimate(other, LAM)} with "
        f"λ = {LAM}, {_estimate(other, 0.0)} with λ = 0."
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
        f"{name} {rows.loc[rows.lam == lam, 'rho'].mean():.2f}"
        for name, rows in _definitions(rhos)
        if rows.loc[rows.lam == lam, "rho"].notna().any()
    ]
    if lam:
        told += [
            f"λ = {other:g} {_estimate(rhos, other).value:.2f}"
            for other in sorted(set(_reference(rhos).lam) - {0.0, LAM})
        ]
    return "; ".join(told) or "none yet"


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
    each = ", ".join(f"{name} {value:+.2f}" for name, value in by_data.items())
    return Claim(
        "The regulariser makes the link stronger (all data sets).",
        _SOURCE,
        f"ρ with λ = {LAM} minus ρ with λ = 0: {every.signed}, over {len(by_data)} data sets "
        f"({each})."
        if len(by_data)
        else "Not measured yet.",
        judge(every.low, every.high, at_least=GAP),
        *every.numbers,
        definitions=f"{_WHAT}Here over data sets, each the mean of its splits. Stronger: by at "
        f"least {GAP}.",
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
            count = f"{_total(part, 'fragile_60')} of {_total(part, 'accurate_60')}"
            told.append(f"bars of 60 % and 30 %, {counted} features {count}")
    return told


def _implied(table, gap) -> Claim:
    """Accurate implies robust: the share of accurate features that are robust, over splits."""
    shares = {}
    for lam in (LAM, 0.0):
        rows = _counts(table, lam)
        rows = rows[rows.get("accurate_60", pd.Series(0, rows.index)) > 0]
        share = rows["robust_60"] / rows["accurate_60"] if len(rows) else pd.Series(dtype=float)
        shares[lam] = share.astype(float).groupby(rows.dataset).apply(list).to_dict()
    own = {lam: mean_interval(found.get(MAIN, [])) for lam, found in shares.items()}
    each = ", ".join(f"{name} {np.mean(values):.2f}" for name, values in shares[LAM].items())
    reason = f" ({gap})" if gap and MAIN not in shares[LAM] else ""
    return Claim(
        "With the Jacobian regulariser, an accurate eigenfeature is robust.",
        _SOURCE,
        f"Share of the accurate features that are robust, {MAIN}{reason}: {own[LAM]} with "
        f"λ = {LAM}, {own[0.0]} with λ = 0; λ = {LAM} by data set: {each or 'none yet'}.",
        judge(own[LAM].low, own[LAM].high, at_least=0.95),
        *own[LAM].numbers,
        definitions=f"{_WHAT}Accurate: right on at least 60 % of the test points; robust: on at "
        "least half of them under attack. Implied: for 95 % of the accurate ones. By other "
        f"definitions, {MAIN}: {'; '.join(_robust_tried(table)) or 'none yet'}.",
    )


def _robust_tried(table) -> list[str]:
    """Robust among accurate features by other definitions, all splits together."""
    rows = summaries(table)
    rows = rows[(rows.dataset == MAIN) & (rows.lam == LAM) & (rows.measure == "accuracy")]
    rows = rows.drop_duplicates(["seed", *_KEYS])
    told = [
        f"{name} {_total(part, 'robust_60')} of {_total(part, 'accurate_60')}"
        for name, part in _definitions(rows)
    ]
    chosen = _reference(rows)
    if len(chosen):
        told.append(f"bar of 80 % {_total(chosen, 'robust_80')} of {_total(chosen, 'accurate_80')}")
    return told
