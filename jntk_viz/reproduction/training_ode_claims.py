"""What the differences between trained networks and the linear equation say."""

import numpy as np
import pandas as pd

from jntk_viz.reproduction.intervals import UNKNOWN, Estimate
from jntk_viz.reproduction.points import MAIN, STAND_IN, missing
from jntk_viz.reproduction.study import Claim, judge
from jntk_viz.reproduction.widths import Falling, falling, largest, measured, told

PARTS = ("output_train", "output_test", "jacobian_train", "jacobian_test")
NETWORK = ["kappa", "depth", "width", "seed"]
RATE, TOLERANCE = -0.5, 0.1
_SOURCE = "Theorem 4.5 and after (paper, as summarised)"
_DEFINITIONS = (
    "The largest root mean square over the training, of a network trained by gradient descent "
    "against the closed-form descent (1 - ηe/N)^k from the same initial function; GeLU, λ = 0.01, "
    "κ²η = 0.01, so that the equation is the same for every κ."
)


def claims(table: pd.DataFrame) -> list[Claim]:
    return [
        _converges(
            table,
            PARTS[:2],
            "Outputs of a wide network under robust training follow the linear equation of the "
            "limit, at training points and at others.",
        ),
        _converges(
            table,
            PARTS[2:],
            "So do its input Jacobians, which the equation carries along with the outputs.",
        ),
        _rate(table),
    ]


def differences(table: pd.DataFrame, dataset: str) -> pd.DataFrame:
    """The measured rows, with `all`, the root sum of squares of the four parts."""
    rows = measured(table, dataset, PARTS[0])
    if rows.empty:
        return rows.reindex(columns=["kappa", "depth", "width", "seed", *PARTS, "all"])
    return rows.assign(all=np.sqrt(np.square(rows[list(PARTS)].astype(float)).sum(axis=1)))


def laws(table: pd.DataFrame, dataset: str, part: str) -> dict[float, Falling]:
    """κ → how the largest difference during training falls with the width."""
    rows = differences(table, dataset)
    return {
        float(kappa): found
        for kappa, own in rows.groupby("kappa")
        if (found := falling(largest(own, part, NETWORK), part)).laws
    }


def _worst(found: list[Falling]) -> Estimate:
    """The slope nearest to zero, and bounds of all."""
    if not found:
        return UNKNOWN
    values, lows, highs = zip(*(law.slope for law in found), strict=True)
    return Estimate(max(values), min(lows), max(highs))


def _converges(table, parts, statement) -> Claim:
    found = {(name, part): laws(table, name, part) for name in (MAIN, STAND_IN) for part in parts}
    slope = _worst(
        [law for (name, _), own in found.items() if name == MAIN for law in own.values()]
    )
    sentences = [
        f"{name}, {part.replace('_', ', ')}: "
        + "; ".join(f"κ = {kappa:g}: {law}" for kappa, law in own.items())
        + "."
        for (name, part), own in found.items()
        if own
    ]
    if sentences:
        sentences.insert(0, "How the difference goes with the width:")
    return Claim(
        statement, _SOURCE, told(" ".join(sentences), missing(table, [MAIN])),
        judge(slope.low, slope.high, at_most=-1e-9), *slope.numbers,
        _DEFINITIONS + " Slopes with 95 % intervals over the weights.",
    )  # fmt: skip


def _rate(table) -> Claim:
    found = {name: laws(table, name, "all") for name in (MAIN, STAND_IN)}
    slope = _worst(list(found[MAIN].values()))
    sentences = [
        f"{name}, κ = {kappa:g}: {law}; {_size(table, name, kappa)}."
        for name, own in found.items()
        for kappa, law in own.items()
    ]
    return Claim(
        f"The difference falls as width^{RATE:g} (within {TOLERANCE:g} of the exponent).",
        "Expected of finite networks; the paper states the limit, not the rate",
        told(" ".join(sentences), missing(table, [MAIN])),
        judge(slope.low, slope.high, at_least=RATE - TOLERANCE, at_most=RATE + TOLERANCE),
        *slope.numbers,
        _DEFINITIONS + " Root of the sum of squares over outputs and Jacobians, training and test "
        "points. Slopes with 95 % intervals over the weights.",
    )  # fmt: skip


def _size(table, name, kappa) -> str:
    """How large the difference is at the widest networks, in the reader's units."""
    rows = differences(table, name)
    rows = rows[rows.kappa == kappa]
    rows = rows[rows.width == rows.width.max()]
    sizes = [largest(rows, part, NETWORK)[part].astype(float).mean() for part in PARTS]
    return (
        f"at width {rows.width.max():.0f} outputs differ by {sizes[0]:.2g} at training and "
        f"{sizes[1]:.2g} at test points (labels being ±1), Jacobians by {sizes[2]:.2g} and "
        f"{sizes[3]:.2g}"
    )
