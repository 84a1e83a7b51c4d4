"""Trained networks beside the linear equation, over time and width."""

import numpy as np
import pandas as pd

from jntk_viz.reproduction.points import MAIN, STAND_IN
from jntk_viz.reproduction.study import LAW, Chart, Curve
from jntk_viz.reproduction.training_ode_claims import NETWORK, PARTS, differences
from jntk_viz.reproduction.widths import largest, spread

_LABELS = {
    "output_train": "outputs, training points",
    "output_test": "outputs, test points",
    "jacobian_train": "Jacobians, training points",
    "jacobian_test": "Jacobians, test points",
}


def charts(table: pd.DataFrame) -> list[Chart]:
    found = []
    for name in (MAIN, STAND_IN):
        rows = differences(table, name)
        for (kappa, depth), own in rows.groupby(["kappa", "depth"]):
            where = f"{name}, κ = {kappa:g}, L = {depth:.0f}"
            found += [_losses(own, where), _over_time(own, where), _over_width(own, where)]
    return found


def _losses(rows: pd.DataFrame, where: str) -> Chart:
    curves = []
    for width, own in rows[rows.step > 0].groupby("width"):
        mean = own.groupby("step")[["loss", "ode_loss"]].mean()
        steps, name = mean.index.to_numpy(), f"width {width:.0f}"
        curves.append(Curve(name, steps, mean.loss.to_numpy(), style="points", group=name))
        equation = mean.ode_loss.to_numpy()
        curves.append(Curve(f"equation, {name}", steps, equation, style="dashed", group=name))
    return Chart(
        f"Loss of networks and of the equation, {where}",
        "step of gradient descent",
        "loss, with the regulariser",
        curves,
        "Points: means over the networks of each width; dashed: the linear equation of the limit, "
        "started from the same initial functions.",
        log_x=True,
    )


def _over_time(rows: pd.DataFrame, where: str) -> Chart:
    curves = []
    for width, own in rows[rows.step > 0].groupby("width"):
        steps, middle, low, high = spread(own, "step", "all")
        curves.append(Curve(f"width {width:.0f}", steps, middle, low, high))
    return Chart(
        f"Networks against the equation, {where}",
        "step of gradient descent",
        "‖(f, J) - (f, J)^ODE‖, root mean square",
        curves,
        "Outputs and Jacobians, training and test points together; median and range over the "
        "networks of each width. The equation's own error is zero by definition.",
        log_x=True,
        log_y=True,
    )


def _over_width(rows: pd.DataFrame, where: str) -> Chart:
    curves = []
    for part in PARTS:
        widths, middle, low, high = spread(largest(rows, part, NETWORK), "width", part)
        curves.append(Curve(_LABELS[part], widths, middle, low, high, "points"))
        if part.endswith("test"):
            theory = middle[0] * np.sqrt(widths[0] / widths)
            curves.append(
                Curve(f"width^−1/2, {_LABELS[part]}", widths, theory, style="dashed", group=LAW)
            )
    return Chart(
        f"Networks against the equation by width, {where}",
        "width",
        "largest difference during training, root mean square",
        curves,
        "Points: median and range over the networks. Dashed: width^-1/2 through the narrowest "
        "networks.",
        log_x=True,
        log_y=True,
    )
