"""What the chosen predictors say: does the regulariser pay, and what does it cost?"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from jntk_viz.reproduction.intervals import UNKNOWN, Estimate
from jntk_viz.reproduction.points import BUNDLED, PAPER, missing, select
from jntk_viz.reproduction.study import Claim, judge
from jntk_viz.reproduction.widths import told

SPLIT = ["dataset", "depth", "width", "seed", "epsilon", "norm", "criterion"]
QUANTITIES = ("clean", "robust", "first_order", "log_jacobian")
REFERENCE = {"epsilon": 0.3, "norm": "l2"}  # the attack that the claims speak of
ENOUGH = 5  # splits; resampling fewer understates the spread
KEPT = 0.01  # of accuracy may be lost for "no loss"
_RESAMPLES = 2000
_SOURCE = "Abstract, Section 1 (paper, as summarised)"
_DEFINITIONS = (
    "Standard: λ = 0. Robust: λ > 0. Both are stopped: λ and the time of either are those with the "
    "best accuracy under attack on validation points; the numbers are of other points. At the end: "
    "at the last time (t = ∞ for a kernel that is diagonalised, 10⁴ N/e_max for one that is "
    "projected, the last step of a network), λ chosen in the same way. Attack: "
    "projected gradient descent within ε = 0.3 (L2, inputs have norm 1). 95 % intervals by "
    "bootstrap over random splits, paired (rather too short where there are only five); data sets "
    "weigh the same. Columns are standardised over all rows, before the split."
)


class Pooled(NamedTuple):
    """One quantity by data set, and the mean of all."""

    by_data: dict[str, Estimate]
    mean: Estimate

    def __str__(self):
        """+3.00 [+1.00, +5.00] (iris +2.00 [+0.50, +4.00], …), in percentage points."""
        each = ", ".join(f"{name} {_in_points(own)}" for name, own in self.by_data.items())
        return f"{_in_points(self.mean)} ({each})"


def _in_points(share: Estimate) -> str:
    """A difference of accuracies in percentage points."""
    return Estimate(*(100 * number for number in share)).signed


def gains(table: pd.DataFrame, criterion="robust", attack=REFERENCE) -> pd.DataFrame:
    """Robust minus standard training, one row for each split, under one attack.

    Columns: dataset, depth, width, seed, and the differences of clean, robust, first_order, and of
    log_jacobian, the natural logarithm of |J|.
    """
    columns = [*SPLIT, *QUANTITIES]
    if "training" not in table:
        return pd.DataFrame(columns=columns)
    rows = select(table[table.training.notna()], criterion=criterion, **attack)
    rows = rows.assign(log_jacobian=np.log(rows.jacobian.astype(float).clip(lower=1e-300)))
    standard, robust = (
        rows[rows.training == kind].set_index(SPLIT)[list(QUANTITIES)]
        for kind in ("standard", "robust")
    )
    return (robust - standard).dropna().reset_index()


def pooled(paired: pd.DataFrame, quantity: str, names, width=0) -> Pooled:
    """The mean over the data sets `names` that were measured, at one width."""
    drawn, by_data, centres = [], {}, []
    rng = np.random.default_rng(0)
    for name in names:
        values = paired.loc[(paired.dataset == name) & (paired.width == width), quantity]
        values = values.to_numpy(float)
        if not len(values):
            continue
        centres.append(float(values.mean()))
        means = np.full(_RESAMPLES, np.nan)
        if len(values) >= ENOUGH:
            means = rng.choice(values, (_RESAMPLES, len(values))).mean(axis=1)
        drawn.append(means)
        by_data[name] = _interval(centres[-1], means)
    if not by_data:
        return Pooled({}, UNKNOWN)
    return Pooled(by_data, _interval(float(np.mean(centres)), np.mean(drawn, axis=0)))


def _interval(centre, means) -> Estimate:
    low, high = np.quantile(means, (0.025, 0.975))
    return Estimate(centre, float(low), float(high))


def claims(table: pd.DataFrame) -> list[Claim]:
    paired = gains(table)
    groups = {"the paper's data sets": PAPER, "the data sets bundled with scikit-learn": BUNDLED}
    return [
        *(_pays(table, paired, where, names) for where, names in groups.items()),
        *(_costs(table, paired, where, names) for where, names in groups.items()),
        _jacobian(table, paired),
        _networks(table, paired),
    ]


def _pays(table, paired, where, names) -> Claim:
    found = pooled(paired, "robust", names)
    anyhow = pooled(gains(table, "clean"), "robust", names)
    first = pooled(paired, "first_order", names)
    sentence = (
        f"Kernel predictor, robust accuracy with λ > 0 minus that with λ = 0, in percentage "
        f"points, both stopped: {found}. The four accuracies: {levels(table, names)}. "
        f"The first-order bound would say {_in_points(first.mean)}. Both trainings stopped by "
        f"clean accuracy instead: {_in_points(anyhow.mean)}."
    )
    for attack in _other_attacks(table):
        told_of = pooled(gains(table, attack=attack), "robust", names).mean
        sentence += f" ε = {attack['epsilon']:g}, {attack['norm']}: {_in_points(told_of)}."
    return _claim(
        f"Training with the Jacobian regulariser gives more robust predictors ({where}).",
        found, names, table, sentence, at_least=1e-9,
    )  # fmt: skip


def levels(table: pd.DataFrame, names, width=0) -> str:
    """Accuracy under attack with and without λ, stopped and at the end: means over data sets."""
    if "training" not in table:
        return "not measured"
    rows = select(table[table.dataset.isin(names)], width=width, **REFERENCE)
    by_data = rows.groupby(["training", "criterion", "dataset"])["robust"].mean()
    means = by_data.groupby(["training", "criterion"]).mean()
    four = [(kind, time) for kind in ("standard", "robust") for time in ("robust", "end")]
    if not set(four) <= set(means.index):
        return "not measured"
    standard, standard_end, robust, robust_end = (f"{100 * means[key]:.1f}" for key in four)
    return (
        f"λ = 0 stopped {standard} %, at the end {standard_end} %, λ > 0 stopped {robust} %, at "
        f"the end {robust_end} %"
    )


def _other_attacks(table: pd.DataFrame) -> list[dict]:
    """Attacks that were measured besides the reference."""
    if "norm" not in table:
        return []
    attacks = table[["epsilon", "norm"]].dropna().drop_duplicates().to_dict("records")
    return [attack for attack in attacks if attack != REFERENCE]


def _costs(table, paired, where, names) -> Claim:
    found = pooled(paired, "clean", names)
    sentence = (
        "Kernel predictor, test accuracy with λ > 0 minus that with λ = 0, in percentage points, "
        f"both stopped: {found}."
    )
    return _claim(
        f"It costs no accuracy, that is, at most {KEPT:g} ({where}).",
        found, names, table, sentence, at_least=-KEPT,
    )  # fmt: skip


def _jacobian(table, paired) -> Claim:
    names = (*PAPER, *BUNDLED)
    found = pooled(paired, "log_jacobian", names)
    ratio = Estimate(*(float(np.exp(number)) for number in found.mean))
    each = ", ".join(f"{name} {np.exp(own.value):.2f}" for name, own in found.by_data.items())
    sentence = (
        f"Kernel predictor, median |J| tangent to the sphere on test points, λ > 0 over λ = 0, "
        f"both stopped: {ratio}, geometric mean of {each}."
    )
    return _claim(
        "The regulariser makes the input Jacobian smaller, on points never seen too.",
        found, names, table, sentence, at_most=-1e-9,
    )  # fmt: skip


def _networks(table, paired) -> Claim:
    names = (*PAPER, *BUNDLED)
    widths = sorted(int(width) for width in paired.width.unique() if width)
    by_width = {width: pooled(paired, "robust", names, width) for width in widths}
    cost = {width: pooled(paired, "clean", names, width).mean for width in widths}
    sentence = "; ".join(
        f"width {width}: robust accuracy {found}, accuracy {_in_points(cost[width])}, the "
        f"four robust accuracies {levels(table, names, width)}"
        for width, found in by_width.items()
    )
    widest = Pooled({}, UNKNOWN)
    if widths:
        widest = by_width[widths[-1]]
        difference = pooled(_against_kernel(paired, widths[-1]), "robust", names, widths[-1])
        sentence = (
            f"Finite networks, λ > 0 minus λ = 0, in percentage points, both stopped: {sentence}. "
            f"Gain at width "
            f"{widths[-1]} minus that of the kernel on the same splits: {difference}."
        )
    return _claim(
        "Finite networks, too, become more robust by the regulariser (at the widest width).",
        widest, names, table, sentence, at_least=1e-9,
    )  # fmt: skip


def _against_kernel(paired: pd.DataFrame, width: int) -> pd.DataFrame:
    """The gains of networks minus those of the kernel, split by split."""
    keys = [key for key in SPLIT if key != "width"]
    network, kernel = (
        paired[paired.width == wanted].set_index(keys)[list(QUANTITIES)] for wanted in (width, 0)
    )
    return (network - kernel).dropna().reset_index().assign(width=width)


def _claim(statement, found: Pooled, names, table, sentence, **bounds) -> Claim:
    """OPEN where a data set of `names` could not be had or has not been measured yet."""
    absent = [name for name in names if name not in found.by_data]
    if found.by_data and absent:
        sentence += f" Not measured: {', '.join(absent)}."
    decides = UNKNOWN if absent else found.mean
    return Claim(
        statement, _SOURCE, told(sentence if found.by_data else "", missing(table, names)),
        judge(decides.low, decides.high, **bounds), *found.mean.numbers, _DEFINITIONS,
    )  # fmt: skip
