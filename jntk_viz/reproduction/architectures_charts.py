"""λ_min, robust accuracy and errors of finite networks, by architecture."""

import numpy as np
import pandas as pd

from jntk_viz.reproduction import initialisation as shared
from jntk_viz.reproduction.architectures_claims import KERNELS, beside_plain, over_data, trainings
from jntk_viz.reproduction.intervals import mean_interval
from jntk_viz.reproduction.study import LAW, Chart, Curve


def charts(table: pd.DataFrame) -> list[Chart]:
    found = []
    rows = trainings(table)
    if len(rows):
        found.append(_smallest(rows))
    if any(len(beside_plain(rows, name)) for name in set(rows.architecture) - {"plain"}):
        found.append(_robust(rows))
    for kernel in KERNELS:
        column = f"{kernel}_error"
        if column in table and table[column].notna().any():
            found.append(_errors(table[table[column].notna()], kernel))
    return found


def _smallest(rows) -> Chart:
    curves = []
    for name, own in rows.groupby("architecture", sort=False):
        seen = own[own.smallest > own.noise_floor]
        depths = sorted(set(seen.depth))
        logs = [
            over_data(one, np.log10(one.smallest.astype(float)))[0]
            for one in (seen[seen.depth == depth] for depth in depths)
        ]
        if depths:
            value, low, high = 10 ** np.array(logs, float).T
            curves.append(Curve(name, np.array(depths, float), value, low, high))
    return Chart(
        "Smallest eigenvalue of the JNTK by architecture",
        "depth L",
        "λ_min",
        curves,
        "Geometric mean over data sets and splits in which it is resolved; band: 95 % over data "
        "sets.",
        log_y=True,
    )


def _robust(rows) -> Chart:
    curves = []
    for name in dict.fromkeys(rows.architecture):
        both = beside_plain(rows, name)
        if name == "plain" or both.empty:
            continue
        groups = [group for _, group in both.groupby("dataset", sort=False)]
        plain = np.array([group.best_robust_0.astype(float).mean() for group in groups])
        own = [mean_interval(group.best_robust - group.best_robust_0) for group in groups]
        value, low, high = np.array(own, float).T
        curves.append(Curve(name, plain, plain + value, plain + low, plain + high, "points"))
    ends = np.array([0.0, 1.0])
    curves.append(Curve("equal", ends, ends, style="dashed", group=LAW))
    return Chart(
        "Best robust accuracy: other architectures against the plain network",
        "robust accuracy of the plain network",
        "robust accuracy",
        curves,
        "One point for each data set and architecture, λ > 0, λ and time chosen on validation "
        "points; bars: 95 % of the paired difference over splits and depths.",
    )


def _errors(rows, kernel) -> Chart:
    curves = [
        shared.mean_curve(name, own, "width", f"{kernel}_error")
        for name, own in rows.groupby("architecture", sort=False)
    ]
    return shared.errors_by_width(
        f"Error of one network by architecture: {KERNELS[kernel]}",
        curves,
        f"Mean over data sets, depths and networks; band: {shared.INTERVAL}.",
    )
