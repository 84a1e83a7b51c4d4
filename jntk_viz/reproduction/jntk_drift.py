"""Study 3: how far the JNTK of a finite network is from its limit during robust training."""

from functools import lru_cache
from typing import NamedTuple

import jax
import numpy as np
import pandas as pd
import scipy.stats

from jntk_viz.finite import finite_jntk
from jntk_viz.kernels import jntk
from jntk_viz.mlp import MLP
from jntk_viz.reproduction.intervals import UNKNOWN, Estimate
from jntk_viz.reproduction.points import MAIN, STAND_IN, missing, unavailable
from jntk_viz.reproduction.study import OPEN, Chart, Claim, Column, Curve, Row, Scale, Study, judge
from jntk_viz.reproduction.widths import Falling, checkpoints, falling, largest, some_points
from jntk_viz.spectrum import SmallestEigenvalue, gram_smallest_eigenvalue
from jntk_viz.studies.jntk_constancy_training import operator_norm
from jntk_viz.training import train

ACTIVATION, LAM, KAPPA, RATE = "gelu", 0.01, 0.1, 1.0  # of the paper's Figure 3
PAPER_WIDTH = 8192  # at which the paper still saw no drift below λ_min
_NETWORK = ["depth", "width", "seed"]
_SOURCE = "Theorem 4.5, Figure 3 (paper, as summarised)"
_DEFINITIONS = (
    "Distances on the training points, of the kernels with κ²: largest absolute eigenvalue of the "
    "difference (operator norm, which Weyl's inequality compares with λ_min), Frobenius norm and "
    "largest entry; also with Θ_λ = Λ^½ΘΛ^½ in place of Θ."
)


class Limit(NamedTuple):
    """What is known without a network: points, labels, Θ and λ_min of Θ and of Θ_λ."""

    x: np.ndarray
    y: np.ndarray
    theta: np.ndarray
    smallest: SmallestEigenvalue
    weighted_smallest: SmallestEigenvalue


class JNTKDrift(Study):
    """Networks of many widths under robust training, their JNTK beside the limit and λ_min."""

    name = "jntk_drift"
    title = "The JNTK during robust training"
    source = "Figure 3, Theorem 4.5"
    question = (
        "Does the JNTK of a wide network stay near its limit while the network is trained, and "
        "near enough for the theorem, that is, nearer than the limit's smallest eigenvalue?"
    )
    columns = {
        "dataset": Column("data set"),
        "points": Column("training points N; empty: all rows of the data set"),
        "depth": Column("hidden layers L"),
        "width": Column("neurons d of each hidden layer"),
        "seed": Column("of the weights"),
        "steps": Column("gradient descent steps of learning rate 1; 0: measured at the start only"),
        "step": Column("steps taken when this row was measured"),
        "fit": Column("mean (f - y)²/2 on the training points"),
        "jacobian": Column("mean |J|²/2 on the training points"),
        "to_limit": Column("‖Θ_t - κ²Θ‖, operator norm"),
        "to_limit_frobenius": Column("‖Θ_t - κ²Θ‖, Frobenius norm"),
        "to_limit_max": Column("largest entry of |Θ_t - κ²Θ|"),
        "to_limit_weighted": Column("‖Λ^½(Θ_t - κ²Θ)Λ^½‖, operator norm"),
        "drift": Column("‖Θ_t - Θ_0‖, operator norm: from the network's own start"),
        "smallest": Column("λ_min of κ²Θ on the training points"),
        "noise_floor": Column("n · eps · λ_max: λ_min is not resolved below it"),
        "smallest_weighted": Column("λ_min of κ²Λ^½ΘΛ^½"),
        "noise_floor_weighted": Column("noise floor of smallest_weighted"),
        "note": Column("why nothing was measured, and the remedy; else empty"),
    }

    def tasks(self, scale: Scale) -> list[dict]:
        """Each width once, then again; a few of the paper's width, which need no training."""
        if scale == "tiny":
            sizes = (6, [1], [16, 32], [0, 1], 10)
            return _tasks(MAIN, *sizes) + _tasks(STAND_IN, *sizes)
        if scale == "laptop":
            widths, seeds = [64, 128, 256, 512, 1024], range(5)
            first = _tasks(MAIN, 48, [2], widths, seeds[:1], 300)
            start = _tasks(MAIN, 48, [2], [PAPER_WIDTH], [0, 1], 0)
            again = _tasks(MAIN, 48, [2], widths, seeds[1:], 300)
            return [*first, *start, *_tasks(STAND_IN, 48, [2], widths[:-1], seeds, 300), *again]
        widths = [2**k for k in range(6, 14)]
        seeds, steps = range(10), 10_000
        return [
            *_tasks(MAIN, None, [2, 1, 3], widths, seeds, steps),
            *_tasks(STAND_IN, None, [2], widths, seeds, steps),
        ]

    def run(self, *, dataset, points, depth, width, seed, steps) -> list[Row]:
        """One network: a row for each checkpoint."""
        task = {
            "dataset": dataset, "points": points, "depth": depth,
            "width": width, "seed": seed, "steps": steps,
        }  # fmt: skip
        if note := unavailable(dataset):
            return [{**task, "note": note}]
        limit = limiting_kernel(dataset, points, depth)
        mlp = MLP(limit.x.shape[1], width, depth, ACTIVATION, KAPPA)
        # The generator "rbg" compiles in a third of the time.
        params = mlp.init(jax.random.key(seed, impl="rbg"))
        taken, weights = [0], [params]
        fit = jacobian = [np.nan]
        if steps:
            run = train(
                mlp, params, limit.x, limit.y, lam=LAM, learning_rate=RATE, steps=steps,
                record_at=checkpoints(steps), keep_params=True,
            )  # fmt: skip
            taken, weights, fit, jacobian = run.steps, run.checkpoints, run.fit, run.jacobian
        start, rows = None, []
        for i, step in enumerate(taken):
            theta = np.asarray(finite_jntk(mlp, weights[i], limit.x), dtype=np.float64)
            start = theta if start is None else start
            rows.append(
                {
                    **task, "step": int(step), "fit": float(fit[i]), "jacobian": float(jacobian[i]),
                    **_distances(theta, start, limit), "note": "",
                }
            )  # fmt: skip
        return rows

    def claims(self, table: pd.DataFrame) -> list[Claim]:
        near = _falls(
            table, "to_limit",
            "The JNTK of a network comes as near to its limit as one likes, during the whole of "
            "robust training, if only the network is wide enough.",
            "The largest distance to the limit during training",
        )  # fmt: skip
        constant = _falls(
            table, "drift",
            "The wider the network, the less its JNTK moves while it is trained; in the limit it "
            "is constant.",
            "The largest distance to the kernel at the start",
        )  # fmt: skip
        return [near, constant, _regime(table)]

    def charts(self, table: pd.DataFrame) -> list[Chart]:
        charts = []
        for name in (MAIN, STAND_IN):
            rows = _measured(table, name)
            if rows.empty:
                continue
            depth = int(rows.depth.iloc[0])
            rows = rows[rows.depth == depth]
            charts += [_over_time(rows, name, depth), _over_width(rows, name, depth)]
        return charts


def _tasks(dataset, points, depths, widths, seeds, steps) -> list[dict]:
    return [
        {
            "dataset": dataset, "points": points, "depth": depth,
            "width": width, "seed": seed, "steps": steps,
        }
        for seed in seeds for depth in depths for width in widths
    ]  # fmt: skip


@lru_cache(maxsize=4)
def limiting_kernel(dataset: str, points: int | None, depth: int) -> Limit:
    """The same for all networks of a depth."""
    data, _ = some_points(dataset, points)
    theta = jntk(data.x, depth=depth, activation=ACTIVATION, kappa=KAPPA)
    weighted = gram_smallest_eigenvalue(_weighted(theta))
    return Limit(data.x, data.y, theta, gram_smallest_eigenvalue(theta), weighted)


def _weighted(theta):
    """Λ^½ Θ Λ^½."""
    root = np.append(1.0, np.full(theta.shape[1] - 1, LAM**0.5))
    return root[:, None, None] * theta * root


def _distances(theta, start, limit: Limit) -> dict[str, float]:
    known = {
        "smallest": limit.smallest.value,
        "noise_floor": limit.smallest.noise_floor,
        "smallest_weighted": limit.weighted_smallest.value,
        "noise_floor_weighted": limit.weighted_smallest.noise_floor,
    }
    names = ("to_limit", "to_limit_frobenius", "to_limit_max", "to_limit_weighted", "drift")
    if not np.isfinite(theta).all():  # the network has diverged
        return {**dict.fromkeys(names, np.inf), **known}
    difference = theta - limit.theta
    distances = (
        operator_norm(difference),
        float(np.linalg.norm(difference)),
        float(np.abs(difference).max()),
        operator_norm(_weighted(difference)),
        0.0 if theta is start else operator_norm(theta - start),
    )
    return {**dict(zip(names, distances, strict=True)), **known}


def _measured(table: pd.DataFrame, dataset: str) -> pd.DataFrame:
    """The rows of a data set that hold numbers."""
    if "to_limit" not in table:
        return pd.DataFrame(columns=list(JNTKDrift.columns))
    return table[(table.dataset == dataset) & table.to_limit.notna()]


def _trained(table: pd.DataFrame, dataset: str) -> pd.DataFrame:
    rows = _measured(table, dataset)
    return rows[rows.steps > 0]


def _falls(table, quantity, statement, subject) -> Claim:
    """Whether the supremum over the training falls with the width, at every depth."""
    found = {
        name: falling(largest(_trained(table, name), quantity, _NETWORK), quantity)
        for name in (MAIN, STAND_IN)
    }
    told = [f"{name}: {law}" for name, law in found.items() if law.laws]
    measured = f"{subject} falls as {'; '.join(told)}; 95 % intervals over the weights." * bool(
        told
    )
    slope = found[MAIN].slope
    return Claim(
        statement, _SOURCE, _told(measured, missing(table, [MAIN])),
        judge(slope.low, slope.high, at_most=-1e-9), *slope, _DEFINITIONS,
    )  # fmt: skip


def _told(measured: str, why_not: str) -> str:
    """What was measured, after the reason why the paper's own data were not used."""
    return (
        " ".join(filter(None, [why_not and f"{why_not}.", measured])) or "Not enough measured yet."
    )


def ratio_to_smallest(rows: pd.DataFrame, quantity="to_limit", smallest="smallest") -> Estimate:
    """Largest distance during training over λ_min, of networks of one width and depth.

    Geometric mean and Student's 95 % interval on logarithms over the networks, widened by what
    rounding leaves open: λ_min lies within its noise floor of what was computed.
    """
    sup = largest(rows, quantity, _NETWORK)[quantity].to_numpy(float)
    if len(sup) == 0:
        return UNKNOWN
    value, noise = rows[smallest].iloc[0], rows[smallest.replace("smallest", "noise_floor")].iloc[0]
    centre = np.log(sup).mean()
    half = np.nan
    if len(sup) > 1:
        half = scipy.stats.t.ppf(0.975, len(sup) - 1) * np.log(sup).std(ddof=1) / len(sup) ** 0.5
    with np.errstate(divide="ignore"):
        ends = np.exp([centre, centre - half, centre + half]) / np.maximum(
            [value, value + noise, value - noise], 0.0
        )
    return Estimate(*map(float, ends))


def _regime(table: pd.DataFrame) -> Claim:
    """Whether the drift exceeds λ_min even at the paper's largest width."""
    told, decides = [], UNKNOWN
    for name in (MAIN, STAND_IN):
        rows = _measured(table, name)
        if rows.empty:
            continue
        rows = rows[rows.width == rows.width.max()]
        by_depth = {int(depth): own for depth, own in rows.groupby("depth")}
        ratios = {depth: ratio_to_smallest(own) for depth, own in by_depth.items()}
        told += [_ratio_told(name, depth, by_depth[depth], r) for depth, r in ratios.items()]
        if name == MAIN and rows.width.max() >= PAPER_WIDTH:
            # The claim is about all depths: the one nearest to the theorem's regime decides.
            decides = min(ratios.values(), key=lambda ratio: ratio.value)
    law = falling(largest(_trained(table, MAIN), "to_limit", _NETWORK), "to_limit")
    why_not = missing(table, [MAIN])
    return Claim(
        f"The theorem's regime, a JNTK nearer to its limit than λ_min, is out of reach: not even "
        f"networks of width {PAPER_WIDTH} get there.",
        _SOURCE, _told(" ".join([*told, *_needed(table, law)]), why_not),
        judge(decides.low, decides.high, at_least=1.0), *decides,
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
    rows = _trained(table, MAIN)
    told = []
    for depth, fit in law.laws.items():
        smallest = rows[rows.depth == depth].smallest.iloc[0]
        if fit.high < 0 and smallest > 0:
            decades = (np.log(smallest) - fit.intercept) / fit.slope / np.log(10)
            told.append(
                f"The line through the trained widths (L = {depth}) would meet λ_min near width "
                f"10^{decades:.0f}, an extrapolation."
            )
    return told


def _over_time(rows: pd.DataFrame, name: str, depth: int) -> Chart:
    late = rows[rows.step > 0]
    curves = []
    for width, own in late.groupby("width"):
        steps, middle, low, high = _spread(own, "step")
        curves.append(Curve(f"width {width:.0f}", steps, middle, low, high))
    steps = np.unique(late.step) if len(late) else np.array([1, 10])
    curves += _levels(rows, steps)
    return Chart(
        f"JNTK during robust training, {name}, L = {depth}",
        "step of gradient descent",
        "distance to the limit, operator norm",
        curves,
        "Median and range over the networks of each width. Dashed: the limit's λ_min, below which "
        "the theorem wants the distance to stay, and the noise floor of float64, below which λ_min "
        "could not be told from rounding.",
        log_x=True,
        log_y=True,
    )


def _over_width(rows: pd.DataFrame, name: str, depth: int) -> Chart:
    start = rows[rows.step == 0]
    widths, middle, low, high = _spread(start, "width")
    curves = [Curve("at the start", widths, middle, low, high, "points")]
    sup = largest(rows[rows.steps > 0], "to_limit", _NETWORK)
    if len(sup):
        trained, middle, low, high = _spread(sup, "width")
        curves.append(Curve("largest during training", trained, middle, low, high, "points"))
        for law in falling(sup, "to_limit").laws.values():
            curves.append(Curve(f"fit, width^{law.slope:.2f}", widths, law(widths)))
    first = start[start.width == start.width.min()].to_limit.median()
    theory = first * np.sqrt(widths[0] / widths)
    curves.append(Curve("width^-1/2 from the narrowest start", widths, theory, style="dashed"))
    return Chart(
        f"JNTK against width, {name}, L = {depth}",
        "width",
        "distance to the limit, operator norm",
        [*curves, *_levels(rows, widths)],
        "Points: median and range over the networks of each width. The theorem's regime begins "
        "where they lie below the limit's λ_min (dashed, beside its noise floor).",
        log_x=True,
        log_y=True,
    )


def _levels(rows: pd.DataFrame, x) -> list[Curve]:
    """λ_min, where it is positive, and its noise floor as horizontal lines."""
    first, ends = rows.iloc[0], np.array([np.min(x), np.max(x)])
    levels = {"λ_min of the limit": first.smallest, "its noise floor": first.noise_floor}
    return [
        Curve(label, ends, np.full(2, float(level)), style="dashed")
        for label, level in levels.items()
        if level > 0
    ]


def _spread(rows: pd.DataFrame, by: str):
    """Values of `by`, and median, least and largest distance to the limit at each."""
    groups = rows.groupby(by).to_limit
    return (
        np.array(sorted(groups.groups), dtype=float),
        *(getattr(groups, statistic)().to_numpy(float) for statistic in ("median", "min", "max")),
    )
