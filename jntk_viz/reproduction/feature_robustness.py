"""Study 6: are accurate eigenfeatures robust, with the Jacobian regulariser and without?"""

import numpy as np
import pandas as pd
import scipy.stats

from jntk_viz.attacks import accuracy, pgd_margin
from jntk_viz.dynamics import KernelPredictor
from jntk_viz.pages.eigenfeatures import links, study
from jntk_viz.reproduction import feature_robustness_charts, feature_robustness_claims, points
from jntk_viz.reproduction.study import Claim, Column, Row, Study, Task
from jntk_viz.survival import survival_rates

ATTACKS = (
    ("l2", 0.1), ("l2", 0.05), ("l2", 0.2), ("l2", 0.3), ("linf", 0.01), ("linf", 0.03),
    ("linf", 0.1),
)  # fmt: skip
BAR = 0.8  # a feature is accurate from there on, and fragile if half of that is left
SEARCH = {"steps": 10, "restarts": 1}
DRAWN = 100  # leading features of the first split that the table holds one by one
NAMES = (points.MAIN, "iris", "banknote", "sonar", "wine", "breast_cancer", "digits", "circle")


_COLUMNS = {
    "dataset": Column("data set"),
    "depth": Column("hidden layers L"),
    "activation": Column("activation φ"),
    "seed": Column("seed of the split into training and test points"),
    "lam": Column("weight λ of the Jacobian regulariser; 0 is standard training"),
    "searched": Column("how many leading features the searching attack is tried on"),
    "row": Column("'summary' of all features, or one 'feature'"),
    "norm": Column("norm of the attack: l2 or linf"),
    "epsilon": Column("size ε of the attack", "norm of an input"),
    "attack": Column("first_order (a linear model of f_i), or search (projected gradients)"),
    "counted": Column("which features: all resolved ones, or the leading N or so"),
    "measure": Column(
        "accuracy: shares of test points with y f_i > 0, and with y f_i > 0 under attack; "
        "margin: means of y f_i and of its worst value, over the root mean square of f_i"
    ),
    "features": Column("how many are counted"),
    "unresolved": Column("directions left out, their eigenvalue being rounding error"),
    "rho": Column("Spearman's rank correlation of accuracy and robustness over features"),
    "rho_low": Column("lower end of its 95 % bootstrap interval over features"),
    "rho_high": Column("upper end"),
    "null": Column("mean of ρ with survival rates (robust over accuracy) shuffled among features"),
    "null_low": Column("2.5 % quantile of ρ over the shuffles"),
    "null_high": Column("97.5 % quantile"),
    "survival_rho": Column("Spearman's ρ of accuracy and survival rate; 0 is expected of shuffled"),
    "majority": Column("accuracy of naming the more frequent label of the test points"),
    **{
        f"{name}_{bar}": Column(f"features right on {share} of the points{meaning}")
        for bar, share, half in (
            ("80", f"at least {BAR:.0%}", f"{BAR / 2:.0%}"),
            ("majority", "more than the share of the majority class", "half of that share"),
        )
        for name, meaning in (
            ("accurate", ""),
            ("robust", ", and on at least half under attack"),
            ("fragile", f", but on at most {half} under attack"),
        )
    },
    "rank": Column("of a single feature, by eigenvalue, 1 the largest"),
    "eigenvalue": Column("e_i of Θ_λ"),
    "usefulness": Column("accuracy of a single feature on the test points"),
    "robustness": Column("its accuracy under the attack"),
    "note": Column("why a data set could not be had; empty otherwise"),
}


class FeatureRobustness(Study):
    """Accuracy and robustness of every eigenfeature, and how they go together."""

    name = "feature_robustness"
    title = "Eigenfeatures: accurate and robust?"
    source = "Figures 4 and 5"
    question = "Does the regulariser make accurate features robust, and are they fragile without?"
    columns = _COLUMNS
    version = 2  # 1 had no null model, and a bar of 60 % in place of the majority class

    def tasks(self, scale) -> list[Task]:
        if scale == "tiny":
            return [_task("circle", lam, depth=3, searched=2) for lam in (0.0, 0.1)]
        if scale == "laptop":
            pair = (0.0, 0.1)
            three = (*pair, 0.01)  # the only λ that the paper is known to name
            return [
                *(
                    _task(points.MAIN, lam, seed=seed, searched=10)
                    for seed in (0, 1)
                    for lam in three
                ),
                *(_task(name, lam) for name in NAMES[1:] for lam in pair),
                *(_task(points.MAIN, lam, seed=seed) for seed in (2, 3, 4) for lam in three),
                *(_task(points.MAIN, lam, depth=depth) for depth in (2, 5) for lam in pair),
                _task(points.MAIN, 1.0),
                *(_task(name, lam, seed=1) for name in NAMES[1:] for lam in pair),
                *(_task(name, lam, seed=2) for name in NAMES[1:] for lam in pair),
            ]
        return [
            _task(name, lam, seed=seed, depth=depth, searched=25 * (seed < 3))
            for seed in range(5)
            for depth in (11, 8, 5, 2, 1)
            for name in NAMES
            for lam in (0.0, 0.01, 0.1, 1.0)
        ]

    def run(self, **task) -> list[Row]:
        return [{**task, **row} for row in measure(**task)]

    def cost(self, task) -> float:
        count = study.SOURCES[task["dataset"]].train
        rows = count * (1 + min(points.FEATURES[task["dataset"]], count) * (task["lam"] > 0))
        return 0.3 + (rows / 1000) ** 3 + task["searched"] / 20

    def claims(self, table: pd.DataFrame) -> list[Claim]:
        return feature_robustness_claims.claims(table)

    def charts(self, table: pd.DataFrame) -> list:
        return feature_robustness_charts.charts(table)


def _task(dataset, lam, *, seed=0, depth=11, searched=0) -> Task:
    return {
        "dataset": dataset, "depth": depth, "activation": "gelu", "seed": seed, "lam": lam,
        "searched": searched,
    }  # fmt: skip


def measure(*, dataset, depth, activation, seed, lam, searched) -> list[Row]:
    """The rows of one split and λ."""
    if note := points.unavailable(dataset):
        return [{"row": "summary", "note": note}]
    problem = study.Problem(dataset, depth, activation, seed)
    found = study.spectrum(problem, lam)
    shared = {"unresolved": found.unresolved, "note": ""}
    rows = []
    for norm, epsilon in ATTACKS:
        attack = {"norm": norm, "epsilon": epsilon, "attack": "first_order"}
        for counted in ("all", "leading"):
            for measure, scores in _measures(found, epsilon, norm, counted).items():
                summary = _summary(scores, measure, problem)
                rows.append({**shared, **attack, "counted": counted, **summary})
    if searched:
        rows += _by_search(problem, lam, found, shared, searched)
    return rows + (_single(found, shared) if seed == 0 else [])


def _measures(found, epsilon, norm, counted) -> dict[str, study.Scores]:
    """Accuracy and robustness by both definitions; `margin` is that of Ilyas et al. (2019)."""
    shares = study.scores(found, epsilon=epsilon, norm=norm, counted=counted)
    clean = found.features.clean[shares.ranks]
    size = np.sqrt(np.mean(clean**2, axis=-1))
    size = np.where(size > 0, size, 1.0)
    useful, robust = (
        np.mean(margin, axis=-1) / size
        for margin in (clean, found.features.margin(epsilon, norm)[shares.ranks])
    )
    return {"accuracy": shares, "margin": study.Scores(useful, robust, shares.ranks)}


def _summary(scores: study.Scores, measure, problem: study.Problem) -> Row:
    useful, robust = scores.usefulness, scores.robustness
    row = {"row": "summary", "measure": measure, "features": len(useful)}
    if measure == "margin":  # no shares to be counted, no ties to make resampling cheap
        return row | {"rho": _spearman(useful, robust)}
    rho, null, _ = links.link(scores, problem.seed)
    row |= {"rho": rho.value, "rho_low": rho.low, "rho_high": rho.high}
    row |= {"null": null.value, "null_low": null.low, "null_high": null.high}
    row["survival_rho"] = _spearman(useful, survival_rates(useful, robust))
    row["majority"] = majority = study.majority_share(problem)
    for name, accurate, half in (
        ("80", useful >= BAR, BAR / 2),
        ("majority", useful > majority, majority / 2),
    ):
        row[f"accurate_{name}"] = int(accurate.sum())
        row[f"robust_{name}"] = int((accurate & (robust >= 0.5)).sum())
        row[f"fragile_{name}"] = int((accurate & (robust <= half)).sum())
    return row


def _spearman(a, b) -> float:
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return float("nan")
    return float(scipy.stats.spearmanr(a, b).statistic)


def _by_search(problem, lam, found, shared, count) -> list[Row]:
    """The leading features attacked by projected gradients, beside the first-order attack."""
    prepared = study.prepare(problem)
    linear = study.diagonalise(problem, lam)
    (norm, epsilon), *_ = ATTACKS
    searched = [
        accuracy(
            pgd_margin(
                KernelPredictor(prepared.train.x, c, kappa=1.0, **prepared.kernel),
                prepared.test.x,
                prepared.test.y,
                epsilon=epsilon,
                norm=norm,
                seed=problem.seed,
                **SEARCH,
            )
        )
        for c in study.coefficients(problem, linear)[:count]
    ]
    first_order = study.scores(found, epsilon=epsilon, norm=norm).robustness[: len(searched)]
    rows = []
    for attack, robustness in (("search", searched), ("first_order", first_order)):
        scores = study.scores(found, epsilon=epsilon, norm=norm, searched=robustness)
        rows.append(
            {
                **shared, "norm": norm, "epsilon": epsilon, "attack": attack,
                "counted": f"first {count}", **_summary(scores, "accuracy", problem),
            }
        )  # fmt: skip
    return rows


def _single(found, shared) -> list[Row]:
    (norm, epsilon), *_ = ATTACKS
    scores = study.scores(found, epsilon=epsilon, norm=norm)
    return [
        {
            **shared, "row": "feature", "norm": norm, "epsilon": epsilon, "attack": "first_order",
            "measure": "accuracy", "rank": i + 1, "eigenvalue": float(found.eigenvalues[i]),
            "usefulness": float(scores.usefulness[i]), "robustness": float(scores.robustness[i]),
        }
        for i in range(min(DRAWN, len(scores.ranks)))
    ]  # fmt: skip
