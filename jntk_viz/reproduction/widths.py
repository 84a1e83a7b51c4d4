"""What falls with the width of trained networks: power laws for every depth, and what they say."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from jntk_viz.datasets import Dataset, load_dataset, train_test_split
from jntk_viz.rates import PowerLaw, power_law
from jntk_viz.reproduction.intervals import UNKNOWN, Estimate, slope_of


class Falling(NamedTuple):
    """Power laws in the width, one for each depth, and the slope of the worst (nearest to 0).

    slope: its value is the largest slope; low and high bound the slopes of all depths. UNKNOWN
    without two widths. widest: of all networks.
    """

    laws: dict[int, PowerLaw]
    slope: Estimate
    widest: int

    def __str__(self):
        """width^−0.52 [−0.60, −0.44] (L = 2), …"""
        return ", ".join(f"width^{slope_of(law)} (L = {depth})" for depth, law in self.laws.items())


def measured(table: pd.DataFrame, dataset: str, quantity: str) -> pd.DataFrame:
    """Rows of a data set in which `quantity` was measured; it is inf where a network diverged."""
    if quantity not in table:
        return pd.DataFrame(columns=["dataset", "depth", "width", quantity])
    return table[(table.dataset == dataset) & table[quantity].notna()]


def told(sentence: str, why_not: str) -> str:
    """What was measured, after the reason why the paper's own data were not used."""
    return " ".join(filter(None, [why_not and f"{why_not}.", sentence])) or (
        "Not enough measured yet."
    )


def largest(rows: pd.DataFrame, quantity: str, keys: list[str]) -> pd.DataFrame:
    """The largest value of `quantity` over the checkpoints of each network named by `keys`.

    Networks that diverged (a value that is not finite) are left out.
    """
    if rows.empty:
        return pd.DataFrame(columns=[*keys, quantity])
    sup = rows.groupby(keys)[quantity].agg(lambda values: values.to_numpy(float).max())
    return sup[np.isfinite(sup.astype(float))].reset_index()


def spread(rows: pd.DataFrame, by: str, quantity: str) -> tuple[np.ndarray, ...]:
    """Values of `by`, and median, least and largest `quantity` at each, as a `Curve` has them."""
    groups = rows.groupby(by)[quantity]
    return (
        np.array(sorted(groups.groups), dtype=float),
        *(getattr(groups, statistic)().to_numpy(float) for statistic in ("median", "min", "max")),
    )


def falling(sup: pd.DataFrame, quantity: str) -> Falling:
    """How `quantity` of networks, one row each, falls with `width`, by `depth`."""
    laws = {}
    sup = sup[sup[quantity] > 0]
    for depth, own in sup.groupby("depth"):
        if own.width.nunique() > 1:
            laws[int(depth)] = power_law(own.width, own[quantity])
    if not laws:
        return Falling({}, UNKNOWN, 0)
    slopes = np.array([(law.slope, law.low, law.high) for law in laws.values()])
    slope = Estimate(*map(float, (slopes[:, 0].max(), slopes[:, 1].min(), slopes[:, 2].max())))
    return Falling(laws, slope, int(sup.width.max()))


def some_points(name: str, points: int | None) -> tuple[Dataset, Dataset]:
    """`points` of a data set to train on and the others, always the same; None takes all."""
    dataset = load_dataset(name)
    if points is None:
        return dataset, dataset._replace(x=dataset.x[:0], y=dataset.y[:0])
    return train_test_split(dataset, test_fraction=1 - points / len(dataset.y), seed=0)


def checkpoints(steps: int) -> list[int]:
    """0, 1, 3, 10, 30, … and `steps`."""
    spread = [digit * 10**k for k in range(6) for digit in (1, 3)]
    return [0, *(step for step in spread if step < steps), *([steps] if steps else [])]
