"""What skips and biases change: λ_min, best and final robust accuracy, exponents of the width.

The paper asks for other architectures and says nothing of them, so every claim here is ours.
"""

import numpy as np
import pandas as pd

from jntk_viz.frame.numbers import decimals
from jntk_viz.rates import PowerLaw
from jntk_viz.reproduction import initialisation as shared
from jntk_viz.reproduction.intervals import UNKNOWN, Estimate, mean_interval, slope_of
from jntk_viz.reproduction.points import missing
from jntk_viz.reproduction.study import FAILS, HOLDS, OPEN, Claim, judge
from jntk_viz.reproduction.widths import told

KERNELS = {"nngp": "Jacobian NNGP", "jntk": "JNTK"}
TOLERANCE = 0.1  # of the exponent −1/2
_SOURCE = "Ours; the paper leaves other architectures open"
# What the plain network is compared with, and how a sentence about it begins.
OTHERS = {
    "residual": "Residual links",
    "biases": "Biases",
    "biases, residual": "Biases and residual links",
}
_CASE = ["dataset", "activation", "depth", "seed"]
_DEFINITIONS = (
    "Plain: σ_w = 1, no biases; residual: α = 0.5; biases: σ_b = 0.5. Each point is tested once: a "
    "quarter is tested on, the next one chooses the time (and λ among 0.01, 0.1 and 1), half are "
    "trained on. Robust: projected gradient descent finds no change of size ε = 0.3 (L2) that "
    "flips the point. At the end: t = ∞ with the λ chosen. Differences are paired by split. 95 % "
    "intervals: Student's t over data sets, each the mean of its splits and depths."
)


def trainings(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of trained kernels; none of a table without any."""
    if "best_robust" not in table:
        return pd.DataFrame(columns=[*_CASE, "architecture"])
    return table[table.best_robust.notna()]


def over_data(rows: pd.DataFrame, values) -> tuple[Estimate, dict[str, Estimate]]:
    """Mean over data sets with its interval, and that of each data set over splits and depths."""
    each = {
        name: mean_interval(group)
        for name, group in pd.Series(np.asarray(values, float), rows.dataset).groupby(level=0)
    }
    return mean_interval([one.value for one in each.values()]), each


def beside_plain(table: pd.DataFrame, architecture: str) -> pd.DataFrame:
    """Cases measured for the plain network and another: columns of that, and of plain as NAME_0."""
    rows = trainings(table)
    plain, other = (rows[rows.architecture == one] for one in ("plain", architecture))
    return other.merge(plain, on=_CASE, suffixes=("", "_0"))


def exponents(table: pd.DataFrame, kernel: str) -> dict[tuple[str, str, int], PowerLaw]:
    """(architecture, data set, depth) → how the error of one network falls with the width."""
    column = f"{kernel}_error"
    if column not in table:
        return {}
    measured = table[table[column].notna()]
    groups = measured.groupby(["architecture", "dataset"], sort=False)
    return {
        (*at, depth): law
        for at, group in groups
        for depth, law in shared.laws(group, column).items()
    }


def claims(table: pd.DataFrame) -> list[Claim]:
    return [
        _positive(table),
        *(_raises(table, name) for name in ("residual", "biases")),
        *(_more_robust(table, name) for name in OTHERS),
        *(_stopping(table, name) for name in ("plain", *OTHERS)),
        *(_regulariser(table, name) for name in ("plain", *OTHERS)),
        *(_rate(table, kernel) for kernel in KERNELS),
    ]


def _positive(table) -> Claim:
    statement = "The JNTK of networks with skips and biases is positive definite, too."
    rows = trainings(table)
    if rows.empty:
        return _unknown(statement, table)
    seen = rows.smallest.astype(float) > rows.noise_floor.astype(float)
    by = ", ".join(
        f"{name} {int(own.sum())} of {len(own)}"
        for name, own in seen.groupby(rows.architecture, sort=False)
    )
    hidden = ", ".join(sorted(set(rows.dataset[~seen])))
    sentence = f"λ_min is above the noise floor of float64 in {by} cases" + (
        f"; not on {hidden}, where rounding hides it." if hidden else "."
    )
    enough = set(rows.architecture) >= {"plain", "residual", "biases"}
    verdict = HOLDS if seen.all() and enough else OPEN
    return _claim(statement, UNKNOWN, verdict, sentence, table)


def _raises(table, name) -> Claim:
    """HOLDS if at every depth, FAILS if at some depth λ_min is clearly lower."""
    statement = f"{OTHERS[name]} raise λ_min of the JNTK at every depth."
    rows = beside_plain(table, name)
    if len(rows):
        known = (rows.smallest > rows.noise_floor) & (rows.smallest_0 > rows.noise_floor_0)
        rows = rows[known]
    if rows.empty:
        return _unknown(statement, table)
    rows = rows.assign(raised=np.log10((rows.smallest / rows.smallest_0).astype(float)))
    by_depth = {
        depth: over_data(group, group.raised) for depth, group in rows.groupby("depth", sort=True)
    }
    least = min((mean for mean, _ in by_depth.values()), key=lambda mean: mean.value)
    told_of = "; ".join(
        f"depth {depth} {mean.signed} ({_listed(each)})" for depth, (mean, each) in by_depth.items()
    )
    sentence = (
        "log₁₀ of λ_min over that of the plain network, on the data sets where both are resolved: "
        f"{told_of}."
    )
    verdicts = {_judged(mean) for mean, _ in by_depth.values()}
    verdict = next(one for one in (FAILS, OPEN, HOLDS) if one in verdicts)
    return _claim(statement, least, verdict, sentence, table)


def _more_robust(table, name) -> Claim:
    statement = f"{OTHERS[name]} make the best robust accuracy larger."
    rows = beside_plain(table, name)
    if rows.empty:
        return _unknown(statement, table)
    gain, each = over_data(rows, 100 * (rows.best_robust - rows.best_robust_0))
    end, _ = over_data(rows, 100 * (rows.end_robust - rows.end_robust_0))
    steps, _ = over_data(rows, np.log10(rows.steps_robust / rows.steps_robust_0))
    sentence = (
        "Robust accuracy minus that of the plain network, λ > 0, in percentage points: both "
        f"stopped {gain.signed} ({_listed(each)}), both at the end {end.signed}. log₁₀ of the "
        f"times chosen, in steps of descent: {steps.signed}."
    )
    return _claim(statement, gain, _judged(gain), sentence, table)


def _stopping(table, name) -> Claim:
    statement = f"Training to the end costs robust accuracy ({name})."
    rows = _of(table, name)
    if rows.empty:
        return _unknown(statement, table)
    lost, each = over_data(rows, 100 * (rows.best_robust - rows.end_robust))
    standard, _ = over_data(rows, 100 * (rows.best_standard - rows.end_standard))
    sentence = (
        f"λ > 0, stopped minus at t = ∞, in percentage points: {lost.signed} ({_listed(each)}); "
        f"λ = 0: {standard.signed}. {_levels(rows)}"
    )
    return _claim(statement, lost, _judged(lost), sentence, table)


def _regulariser(table, name) -> Claim:
    statement = f"λ > 0 gives more robust predictors than λ = 0, both stopped in time ({name})."
    rows = _of(table, name)
    if rows.empty:
        return _unknown(statement, table)
    gain, each = over_data(rows, 100 * (rows.best_robust - rows.best_standard))
    end, _ = over_data(rows, 100 * (rows.end_robust - rows.end_standard))
    sentence = (
        f"Robust accuracy with λ > 0 minus λ = 0, in percentage points: both stopped {gain.signed} "
        f"({_listed(each)}), both at the end {end.signed}."
    )
    return _claim(statement, gain, _judged(gain), sentence, table)


def _rate(table, kernel) -> Claim:
    statement = (
        f"The {KERNELS[kernel]} of one network comes to its limit as 1/√width, with skips and "
        f"biases, too; exponent within {TOLERANCE} of −1/2."
    )
    found = exponents(table, kernel)
    if not found:
        return _unknown(statement, table)
    verdicts = {
        at: judge(law.low, law.high, -0.5 - TOLERANCE, -0.5 + TOLERANCE)
        for at, law in found.items()
    }
    furthest = max(found, key=lambda at: abs(found[at].slope + 0.5))
    slopes: dict[str, list[float]] = {}
    for (name, *_), law in found.items():
        slopes.setdefault(name, []).append(law.slope)
    means = "; ".join(f"{name} {decimals(float(np.mean(own)))}" for name, own in slopes.items())
    outside, undecided = (
        sum(verdict == one for verdict in verdicts.values()) for one in (FAILS, OPEN)
    )
    sentence = (
        f"Mean exponents over data sets and depths, which share their networks: {means}. Of "
        f"{len(found)} exponents, each with its own interval, {outside} lie outside, {undecided} "
        f"are not decided; furthest from −1/2: {furthest[0]}, {furthest[1]}, depth {furthest[2]}: "
        f"{slope_of(found[furthest])}."
    )
    verdict = FAILS if outside else OPEN if undecided else HOLDS
    return _claim(statement, slope_of(found[furthest]), verdict, sentence, table)


def _of(table, name) -> pd.DataFrame:
    rows = trainings(table)
    return rows[rows.architecture == name]


def _judged(difference: Estimate) -> str:
    return judge(difference.low, difference.high, at_least=1e-9)


def _listed(each: dict[str, Estimate]) -> str:
    return ", ".join(f"{name} {one.signed}" for name, one in each.items())


def _levels(rows) -> str:
    """Mean robust accuracies over data sets: with λ and without, stopped and at the end."""
    four = {
        name: over_data(rows, 100 * rows[column])[0].value
        for name, column in (
            ("λ = 0 stopped", "best_standard"), ("at the end", "end_standard"),
            ("λ > 0 stopped", "best_robust"), ("at the end ", "end_robust"),
        )
    }  # fmt: skip
    return "Robust accuracy: " + ", ".join(f"{k.strip()} {v:.1f} %" for k, v in four.items()) + "."


def _unknown(statement, table) -> Claim:
    return _claim(statement, UNKNOWN, OPEN, "", table)


def _claim(statement, decides: Estimate, verdict, sentence, table) -> Claim:
    return Claim(
        statement, _SOURCE, told(sentence, missing(table)), verdict, *decides.numbers, _DEFINITIONS
    )
