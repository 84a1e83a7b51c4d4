"""What the rows of study 7 say of Assumption 4.4."""

import numpy as np
import pandas as pd

from jntk_viz.rates import power_law
from jntk_viz.reproduction.intervals import UNKNOWN, Estimate, share_interval, slope_of
from jntk_viz.reproduction.points import MAIN, STAND_IN, missing, select
from jntk_viz.reproduction.study import Claim, judge

PAIR = "pair"
PAPER_DEPTHS = {"gelu": 11, "erf": 6}  # from which on the paper reports a positive λ_min
FIGURE = 244  # points of the Algerian data
NEAR = 10.0  # degrees: power laws are fitted below
_ASSUMPTION = "Assumption 4.4"
_WHY = {
    "jntk": "four numbers, values and slopes along the circle, fix a cubic; what distinguishes it "
    "from a flatter one is of the order θ³, its variance θ⁶.",
    "ntk": "f(x) − f(x') is of the order θ, its variance θ².",
}
_FLOOR = "Resolved: λ_min above the noise floor n · eps · λ_max of the arithmetic. "


def claims(table: pd.DataFrame) -> list[Claim]:
    known = measured(table)
    gap = missing(table)
    return [
        *(_from_depth(known, name, depth, gap) for name, depth in PAPER_DEPTHS.items()),
        _threshold(known, gap),
        _always_positive(known),
        _grows(known),
        _single(known),
        *(_angle(known, kernel, power) for kernel, power in (("jntk", 6), ("ntk", 2))),
    ]


def measured(table: pd.DataFrame) -> pd.DataFrame:
    """The rows with a λ_min, each case once, whichever task it comes from."""
    if "smallest" not in table:
        return pd.DataFrame()
    cases = ["dataset", "points", "seed", "activation", "depth", "kernel", "precision", "angle"]
    return table[table.smallest.notna()].drop_duplicates(cases)


def figure(known: pd.DataFrame, activation: str, precision="float64") -> pd.DataFrame:
    """The paper's curve: JNTK on all points of the Algerian data, by depth."""
    return by_depth(
        select(
            known, dataset=MAIN, points=FIGURE, kernel="jntk", activation=activation,
            precision=precision, seed=0,
        )
    )  # fmt: skip


def by_depth(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.set_index("depth").sort_index() if len(rows) else rows


def _from_depth(known, name, depth, gap) -> Claim:
    """Whether λ_min is positive only from the paper's depth on."""
    curve = figure(known, name)
    first = min((L for L, row in curve.iterrows() if row.resolved), default=np.nan)
    # One shallower depth suffices to refute; to confirm, both sides of the paper's are needed.
    decided = first < depth or {depth - 1, depth} <= set(curve.index)
    end = float(first) if decided else np.nan
    values = ", ".join(f"{L}: {row.smallest:.1e}" for L, row in curve.iterrows())
    measured = (
        f"In float64 λ_min is resolved from depth {first} on ({min(curve.index)} being the "
        f"shallowest measured). λ_min by depth {values}; highest floor "
        f"{curve.noise_floor.max():.0e}."
        if np.isfinite(first)
        else _not_measured(known, name, gap)
    )
    return Claim(
        f"λ_min of the JNTK is positive only from depth {depth} on for {name} "
        "(Algerian forest fires).",
        f"Figure 6, {_ASSUMPTION}",
        measured,
        judge(end, end, at_least=depth, at_most=depth),
        *Estimate(first, end, end).numbers,
        definitions=f"{_FLOOR}244 points, month and 10 weather columns. A threshold instead of the "
        "floor is another claim below.",
    )


def _not_measured(known, name, gap) -> str:
    reason = f" ({gap})" if gap else ""
    stand_in = by_depth(
        select(known, dataset=STAND_IN, kernel="jntk", activation=name, precision="float64", seed=0)
    )
    if stand_in.empty:
        return f"Not measured on {MAIN}{reason}."
    values = ", ".join(f"{L}: {row.smallest:.1e}" for L, row in stand_in.iterrows())
    return f"Not measured on {MAIN}{reason}. In its place {STAND_IN}, λ_min by depth {values}."


def _threshold(known, gap) -> Claim:
    """The thresholds on λ_min above which both of the paper's depths are the first."""
    ends = []
    for name, depth in PAPER_DEPTHS.items():
        curve = figure(known, name)
        if not {depth - 1, depth} <= set(curve.index):
            ends.append((np.nan, np.nan))
            continue
        # The first depth above a threshold is the paper's if all shallower ones lie below it.
        ends.append((curve.smallest[curve.index < depth].max(), curve.smallest[depth]))
    low, high = max(a for a, _ in ends), min(b for _, b in ends)
    if np.isnan(ends).any():
        low = high = np.nan
    room = float(np.log10(high / low)) if low > 0 and high > 0 else np.nan
    return Claim(
        "One threshold on λ_min explains both depths: 11 for gelu and 6 for erf.",
        f"Figure 6, {_ASSUMPTION}; the threshold is ours, the paper names none",
        f"Every threshold from {low:.2g} to {high:.2g} gives 11 and 6: {room:.2f} decades."
        if room > 0
        else _not_measured(known, "gelu", gap)
        if np.isnan(room)
        else f"None: it would have to be above {low:.2g} and below {high:.2g}.",
        judge(room, room, at_least=0),
        *Estimate(room, room, room).numbers,
        definitions="Decades between the largest λ_min at a shallower depth and the smallest at "
        "the paper's depths; negative if there is no such threshold.",
    )


def _always_positive(known) -> Claim:
    """Whether λ_min > 0 in every case that was computed, as far as float64 can tell."""
    cases = select(known, kernel="jntk", precision="float64")
    cases = cases[cases.dataset != PAIR] if len(cases) else cases
    if cases.empty:
        value, share, null = 0, UNKNOWN, 0
    else:
        exact = cases["null"] > 0
        value, null = int((cases.resolved.astype(bool) & ~exact).sum()), int(exact.sum())
        # What is not resolved may be positive or not; only an exact null direction settles it.
        share = Estimate(value / len(cases), value / len(cases), 1 - null / len(cases))
    by_data = (
        cases.assign(resolved=cases.resolved.astype(float))
        .groupby("dataset", sort=False)
        .resolved.mean()
        if len(cases)
        else pd.Series(dtype=float)
    )
    each = ", ".join(f"{name} {value:.0%}" for name, value in by_data.items())
    return Claim(
        "The JNTK of different inputs is positive definite.",
        _ASSUMPTION,
        f"Resolved in float64 in {value} of {len(cases)} cases of data set, activation and depth "
        f"({each}); {null} have an exact null direction."
        if len(cases)
        else "Not measured yet.",
        judge(share.low, share.high, at_least=1),
        *share.numbers,
        definitions=f"{_FLOOR}The interval runs from what is resolved to all that has no exact "
        "null direction: arithmetic cannot decide what lies between. Equal inputs are taken once; "
        "six smooth activations, ReLU having no JNTK.",
    )


def _grows(known) -> Claim:
    """Whether λ_min is larger at every greater depth."""
    steps, where, by_name = [], [], {}
    cases = select(known, kernel="jntk", precision="float64")
    cases = cases[(cases.dataset != PAIR) & cases.resolved.astype(bool)] if len(cases) else cases
    if len(cases):
        for (data, name, *_), group in cases.groupby(["dataset", "activation", "points", "seed"]):
            values = by_depth(group).smallest
            ratios = np.log10(values.to_numpy()[1:] / values.to_numpy()[:-1])
            steps += ratios.tolist()
            where += [(data, name, depth) for depth in values.index[1:]]
            by_name.setdefault(name, []).extend(ratios > 0)
    positive = int(np.sum(np.array(steps) > 0))
    share = share_interval(positive, len(steps))
    each = ", ".join(f"{name} {np.mean(rises):.0%}" for name, rises in by_name.items())
    worst = where[int(np.argmin(steps))] if steps else None
    told = (
        f"λ_min rises in {positive} of {len(steps)} steps of depth ({each}); least (a factor of "
        f"{10 ** min(steps):.3g}) for {worst[1]} on {worst[0]} up to depth {worst[2]}."
        if worst
        else "Not measured yet."
    )
    return Claim(
        "The deeper the network, the larger λ_min of its JNTK.",
        "Figure 6, read as a trend",
        told,
        judge(share.low, share.high, at_least=0.95),
        *share.numbers,
        definitions="Share of the steps between neighbouring depths that were measured and "
        "resolved in float64, over all data sets and activations; holds from 95 % on. Where "
        "E φ'² < 1, as for softplus, depth draws all inputs together. "
        "Clopper–Pearson interval, as if the steps were independent.",
    )


def _single(known) -> Claim:
    """Whether single precision can tell that λ_min > 0 at the paper's depths."""
    cases = select(known, kernel="jntk", precision="float32")
    cases = cases[cases.dataset != PAIR] if len(cases) else cases
    resolved = int(cases.resolved.astype(bool).sum()) if len(cases) else 0
    share = share_interval(resolved, len(cases))
    wrong = int(((cases.smallest <= 0) & (cases["null"] == 0)).sum()) if len(cases) else 0
    return Claim(
        "Single precision, in which networks are trained, can tell that λ_min is positive.",
        f"{_ASSUMPTION}, beyond the paper",
        f"In float32 λ_min is resolved in {resolved} of {len(cases)} cases of data set, activation "
        f"and depth; it comes out negative or zero in {wrong} without an exact null direction."
        if len(cases)
        else "Not measured yet.",
        judge(share.low, share.high, at_least=0.5),
        *share.numbers,
        definitions=f"{_FLOOR}Holds if it does in most of the cases. The matrix is made in "
        "float64, rounded to float32 and diagonalised there. Clopper–Pearson interval.",
    )


def _angle(known, kernel, power) -> Claim:
    """How λ_min of two points falls with the angle between them."""
    pairs = select(known, dataset=PAIR, kernel=kernel, precision="float64")
    laws = angle_laws(pairs)
    slopes = [law.slope for law in laws.values()]
    low = min((law.low for law in laws.values()), default=np.nan)
    high = max((law.high for law in laws.values()), default=np.nan)
    slope = float(np.mean(slopes)) if slopes else np.nan
    each = ", ".join(
        f"{name}, depth {depth}: {slope_of(law)}" for (name, depth), law in laws.items()
    )
    return Claim(
        f"λ_min of the {kernel.upper()} falls as the power {power} of the smallest angle θ between "
        "inputs.",
        f"{_ASSUMPTION}, beyond the paper",
        f"Exponent for two points on the circle {each}." if laws else "Not measured yet.",
        judge(low, high, at_least=power - 0.5, at_most=power + 0.5),
        *Estimate(slope, low, high).numbers,
        definitions=f"Expected: {_WHY[kernel]} Fitted below {NEAR:g}° where λ_min is resolved; the "
        "widest of the regressions' intervals.",
    )


def angle_laws(pairs: pd.DataFrame) -> dict:
    """(activation, depth) → power law in the angle, fitted where at least four points allow."""
    laws = {}
    if pairs.empty:
        return laws
    near = pairs[(pairs.angle <= NEAR) & pairs.resolved.astype(bool)]
    for key, group in near.groupby(["activation", "depth"]):
        if len(group) >= 4:
            laws[key] = power_law(group.angle, group.smallest)
    return laws
