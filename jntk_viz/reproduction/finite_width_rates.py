"""How fast do finite networks come to their limits, and where is it not 1/√width?"""

import numpy as np
import pandas as pd

from jntk_viz.activations import ACTIVATIONS
from jntk_viz.finite import finite_jacobian_nngp, finite_jntk
from jntk_viz.mlp import MLP
from jntk_viz.rates import PowerLaw
from jntk_viz.reproduction import initialisation as shared
from jntk_viz.reproduction.intervals import slope_of
from jntk_viz.reproduction.study import (
    FAILS,
    HOLDS,
    LAW,
    OPEN,
    Chart,
    Claim,
    Column,
    Curve,
    Row,
    Scale,
    Study,
    Task,
    judge,
)

KERNELS = {"nngp": "Jacobian NNGP", "jntk": "JNTK"}
EXPONENT, TOLERANCE = -0.5, 0.1


class FiniteWidthRates(Study):
    """Exponents of the relative error of one network's kernel, for each depth and activation.

    The error is that of single networks, as in `nngp_convergence` and `jntk_initialisation`: the
    covariance that the hidden layers of one network leave to (f, J), and its JNTK.
    """

    name = "finite_width_rates"
    title = "Rates of convergence in the width"
    source = "after Theorems 3.1 and 4.3"
    question = "How fast do both kernels of a finite network come to their limits?"
    columns = (
        {"kernel": Column('"nngp" for the Jacobian NNGP kernel, "jntk" for the JNTK')}
        | shared.PARAMETERS
        | {"repeats": Column("how many networks the task draws", "networks")}
        | shared.ERRORS
    )

    def tasks(self, scale: Scale) -> list[Task]:
        points, activations, depths, widths, repeats = {
            "tiny": (8, ("erf",), (1,), (16, 32, 64), 2),
            "laptop": (32, ("gelu", "erf", "tanh", "softplus"), (1, 2, 4), (64, 256, 1024), 20),
            "paper": (
                64,
                tuple(ACTIVATIONS),
                (1, 2, 3, 4, 6, 8),
                tuple(4**k for k in range(3, 7)),
                40,
            ),
        }[scale]
        return [
            {
                "kernel": kernel,
                "points": points,
                "activation": activation,
                "depth": depth,
                "width": width,
                "repeats": repeats,
            }
            for activation in activations
            for depth in depths
            for kernel in KERNELS
            for width in widths
            if kernel == "nngp" or ACTIVATIONS[activation].smooth
        ]

    def run(self, *, kernel, points, activation, depth, width, repeats) -> list[Row]:
        x, mlp = shared.covering(points), MLP(4, width, depth, activation)
        of_limit = shared.limit(kernel, points, depth, activation)

        def found(key):
            if kernel == "nngp":
                return finite_jacobian_nngp(mlp, key, x, n_networks=1)
            return finite_jntk(mlp, mlp.init(key), x)

        return [
            {
                "repeat": repeat,
                **shared.errors(found(shared.key_of(repeat, depth, width)), of_limit),
            }
            for repeat in range(repeats)
        ]

    def cost(self, task: Task) -> float:
        """Compiling is most of it."""
        per_network = task["depth"] * (task["width"] / 1024) ** 2 * task["points"] / 256
        return 0.5 + 0.1 * task["repeats"] * per_network

    def claims(self, table: pd.DataFrame) -> list[Claim]:
        return [
            _rate_claim(table[table.kernel == kernel], column, f"{name}, {norm}")
            for kernel, name in KERNELS.items()
            for column, norm in shared.NORMS.items()
        ]

    def charts(self, table: pd.DataFrame) -> list[Chart]:
        return [
            _exponents(table[table.kernel == kernel], column, f"{name}, {norm}")
            for kernel, name in KERNELS.items()
            for column, norm in shared.NORMS.items()
        ] + [_errors(table[table.kernel == kernel], name) for kernel, name in KERNELS.items()]


def exponents(table: pd.DataFrame, column: str) -> dict[tuple[str, int], PowerLaw]:
    """(activation, depth) → how the error falls, where there are widths enough."""
    found = {}
    for activation, group in table.groupby("activation", sort=False):
        for depth, one in shared.laws(group, column).items():
            found[activation, depth] = one
    return found


def _rate_claim(table, column, what) -> Claim:
    """HOLDS if every interval lies within the tolerance of −1/2, FAILS if one lies outside."""
    statement = (
        f"The error of one network falls as 1/√width at every depth and activation ({what}); "
        f"exponent within {TOLERANCE} of −1/2."
    )
    source = "expected of an average over neurons; the theorems name no exponent"
    found = exponents(table, column)
    if not found:
        return Claim(statement, source, "Fewer than three widths measured.", OPEN)
    verdicts = {
        at: judge(one.low, one.high, EXPONENT - TOLERANCE, EXPONENT + TOLERANCE)
        for at, one in found.items()
    }
    deviating = [at for at, verdict in verdicts.items() if verdict == FAILS]
    undecided = [at for at, verdict in verdicts.items() if verdict == OPEN]
    furthest = max(found, key=lambda at: abs(found[at].slope - EXPONENT))
    excluded = [at for at, one in found.items() if not one.low <= EXPONENT <= one.high]
    measured = (
        f"{len(found)} combinations of activation and depth, widths {table.width.min()} to "
        f"{table.width.max()}. Furthest from −1/2: {_named(furthest)} with "
        f"{slope_of(found[furthest])}. Exponent outside the tolerance: "
        f"{_listed(found, deviating)}. Not decided: {_listed(found, undecided)}. The interval "
        f"leaves out −1/2 itself in {len(excluded)} of {len(found)}, where chance alone gives "
        f"about {0.05 * len(found):.1f}. Intervals: {_interval(table)}, each by itself."
    )
    verdict = FAILS if deviating else OPEN if undecided else HOLDS
    decisive = found[furthest]
    return Claim(
        statement, source, measured, verdict, decisive.slope, decisive.low, decisive.high,
        "Least squares on logarithms over all widths; relative errors over all blocks of (f, J).",
    )  # fmt: skip


def _interval(table) -> str:
    groups = [shared.interval_of_laws(group) for _, group in table.groupby("activation")]
    return " or ".join(dict.fromkeys(groups)) or "none yet"


def _named(at) -> str:
    return f"{at[0]}, depth {at[1]}"


def _listed(found, some) -> str:
    return "; ".join(f"{_named(at)}: {slope_of(found[at])}" for at in some) or "none"


def _exponents(table, column, what) -> Chart:
    found, curves = exponents(table, column), []
    names = list(dict.fromkeys(activation for activation, _ in found))
    for i, name in enumerate(names):
        own = {depth: one for (activation, depth), one in found.items() if activation == name}
        # Side by side, so that the intervals do not cover one another.
        depths = np.array(list(own), float) + 0.08 * (i - (len(names) - 1) / 2)
        slopes, lows, highs = np.array([one[:3] for one in own.values()]).T
        curves.append(Curve(name, depths, slopes, lows, highs, style="points"))
    if found:
        ends = np.array([min(d for _, d in found) - 0.3, max(d for _, d in found) + 0.3])
        curves.append(Curve("−1/2", ends, np.full(2, EXPONENT), style="dashed", group=LAW))
    return Chart(
        f"Exponent of the error: {what}",
        "depth L",
        "exponent of the width",
        curves,
        f"Fitted over all widths; bars: {_interval(table)}.",
    )


def _errors(table, name) -> Chart:
    curves = []
    deepest = table[table.depth == table.depth.max()]
    depth = "" if deepest.empty else f", depth {deepest.depth.iloc[0]}"
    for activation, group in deepest.groupby("activation", sort=False):
        curves.append(shared.mean_curve(activation, group, "width", "frobenius_error"))
    return shared.errors_by_width(
        f"Error of one network: {name}{depth}",
        curves,
        f"Mean over the repeats; the band is its interval ({shared.INTERVAL}).",
    )
