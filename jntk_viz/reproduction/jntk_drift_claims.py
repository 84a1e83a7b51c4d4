"""What the JNTK's distances to its limit say of Theorem 4.5, and whether its regime is reached."""

import numpy as np
import pandas as pd

from jntk_viz.reproduction.intervals import UNKNOWN, Estimate, mean_interval
from jntk_viz.reproduction.points import MAIN, STAND_IN, missing
from jntk_viz.reproduction.study import Claim, judge
from jntk_viz.reproduction.widths import Falling, falling, largest, measured, told

PAPER_WIDTH = 8192  # the widest of the paper's Figure 3, as summarised by others
NETWORK = ["depth", "width", "seed"]
_SOURCE = "Theorem 4.5, Figure 3 (paper, as summarised)"
_DEFINITIONS = (
    "Distances on the training points, of the kernels with κ²: largest absolute eigenvalue of the "
    "difference (operator norm, which Weyl's inequality compares with λ_min), Frobenius norm and "
    "largest entry; also with Θ_λ = Λ^½ΘΛ^½ in place of Θ."
)


def claims(table: pd.DataFrame) -> list[Claim]:
    near = _falls(
        table,
        "to_limit",
        "The JNTK of a network comes as near to its limit as one likes, during the whole of "
        "robust training, if only the network is wide enough.",
        "The largest distance to the limit during training",
    )
    constant = _falls(
        table,
        "drift",
        "The wider the network, the less its JNTK moves while it is trained; in the limit it is "
        "constant.",
        "The largest distance to the kernel at the start",
    )
    return [near, constant, _regime(table)]


def trained(table: pd.DataFrame, dataset: str) -> pd.DataFrame:
    """The rows of networks that were trained, not only measured at the start."""
    rows = measured(table, dataset, "to_limit")
    return rows[rows.steps > 0] if len(rows) else rows


def _falls(table, quantity, statement, subject) -> Claim:
    """Whether the supremum over the training falls with the width, at every depth."""
    found = {
        name: falling(largest(trained(table, name), quantity, NETWORK), quantity)
        for name in (MAIN, STAND_IN)
    }
    laws = [f"{name}: {law}" for name, law in found.items() if law.laws]
    sentence = f"{subject} goes as {'; '.join(laws)}; 95 % intervals over the weights."
    slope = found[MAIN].slope
    return Claim(
        statement, _SOURCE, told(sentence if laws else "", missing(table, [MAIN])),
        judge(slope.low, slope.high, at_most=-1e-9), *slope.numbers, _DEFINITIONS,
    )  # fmt: skip


def ratio_to_smallest(rows: pd.DataFrame, quantity="to_limit", smallest="smallest") -> Estimate:
    """Largest distance during training over λ_min, of networks of one width and depth.

    Geometric mean and Student's 95 % interval on logarithms over the networks, widened by what
    rounding leaves open: λ_min lies within its noise floor of what was computed.
    """
    sup = largest(rows, quantity, NETWORK)[quantity].to_numpy(float)
    if len(sup) == 0:
        return UNKNOWN
    value, noise = rows[smallest].iloc[0], rows[smallest.replace("smallest", "noise_floor")].iloc[0]
    with np.errstate(divide="ignore"):
        ends = np.exp(mean_interval(np.log(sup))) / np.maximum(
            [value, value + noise, value - noise], 0.0
        )
    return Estimate(*map(float, ends))


def _regime(table: pd.DataFrame) -> Claim:
    """Whether the drift exceeds λ_min even at the paper's largest width."""
    sentences, decides = [], UNKNOWN
    for name in (MAIN, STAND_IN):
        rows = measured(table, name, "to_limit")
        if rows.empty:
            continue
        rows = rows[rows.width == rows.width.max()]
        by_depth = {int(depth): own for depth, own in rows.groupby("depth")}
        ratios = {depth: ratio_to_smallest(own) for depth, own in by_depth.items()}
        sentences += [_ratio_told(name, depth, by_depth[depth], r) for depth, r in ratios.items()]
        if name == MAIN and rows.width.max() >= PAPER_WIDTH:
            # The claim is about all depths: the one nearest to the theorem's regime decides.
            decides = min(ratios.values(), key=lambda ratio: ratio.value)
    law = falling(largest(trained(table, MAIN), "to_limit", NETWORK), "to_limit")
    why_not = missing(table, [MAIN])
    return Claim(
        f"The theorem's regime, a JNTK nearer to its limit than λ_min, is out of reach: not "
        f"even networks of width {PAPER_WIDTH} get there. (As others summarise the paper, this is "
        "its own observation, in max-norm.)",
        _SOURCE, told(" ".join([*sentences, *_needed(table, law)]), why_not),
        judge(decides.low, decides.high, at_least=1.0), *decides.numbers,
        _DEFINITIONS + " The distance at the start bounds the largest one from below, and that on "
        "fewer points the one on all, while λ_min on fewer points is larger: where the ratio "
        "exceeds 1 for them, it does for the whole training on all points.",
    )  # fmt: skip


def _ratio_told(name, depth, rows, ratio) -> str:
    first = rows.iloc[0]
    when = "during training" if rows.steps.max() else "at the start already"
    weighted = ratio_to_smallest(rows, "to_limit_weighted", "smallest_weighted")
    resolved = "" if first.smallest > first.noise_floor else ", which is not resolved"
    return (
        f"{name}, width {first.width:.0f}, L = {depth}: {when} the distance is {ratio.value:.2g} "
        f"[{ratio.low:.2g}, {ratio.high:.2g}] times λ_min = {first.smallest:.2g} (noise floor "
        f"{first.noise_floor:.1g}{resolved}), with Θ_λ {weighted.value:.2g} times; interval over "
        f"{rows.seed.nunique()} networks."
    )


def _needed(table, law: Falling) -> list[str]:
    """Where the fitted line would meet λ_min."""
    rows = trained(table, MAIN)
    sentences = []
    for depth, fit in law.laws.items():
        smallest = rows[rows.depth == depth].smallest.iloc[0]
        if fit.high < 0 and smallest > 0:
            decades = (np.log(smallest) - fit.intercept) / fit.slope / np.log(10)
            sentences.append(
                f"The line through the trained widths (L = {depth}) would meet λ_min near width "
                f"10^{decades:.0f}, an extrapolation."
            )
    return sentences
