"""The reproduction's three studies of kernels: what they measure, and what they make of it."""

import json
from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from jntk_viz import (
    RobustDynamics,
    eigenfeatures,
    jntk,
    load_dataset,
    survival_null,
    train_test_split,
)
from jntk_viz.datasets import download
from jntk_viz.pages.eigenfeatures import study as features_study
from jntk_viz.reproduction import full_rank, lam_time, points
from jntk_viz.reproduction.feature_robustness import FeatureRobustness
from jntk_viz.reproduction.full_rank import FullRank
from jntk_viz.reproduction.intervals import mean_interval, share_interval
from jntk_viz.reproduction.lam_time import LamTime
from jntk_viz.reproduction.points import MAIN
from jntk_viz.reproduction.study import FAILS, HOLDS, OPEN, Chart, Heatmap

STUDIES = [LamTime(), FeatureRobustness(), FullRank()]
ALL = pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.name)


@pytest.fixture(scope="module")
def tables():
    """Every study at its smallest scale."""
    return {
        study.name: pd.DataFrame([row for task in study.tasks("tiny") for row in study.run(**task)])
        for study in STUDIES
    }


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """No folder named, an empty cache, no way to the internet."""
    monkeypatch.delenv("JNTK_VIZ_DATA", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(download, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setattr(download, "UCI", "http://127.0.0.1:9")
    points._try_download.cache_clear()
    yield
    points._try_download.cache_clear()


def claim(study, table, *words):
    """The one claim whose statement contains all of the words."""
    return the_one(study.claims(table), words)


def the_one(claims, words):
    found = [c for c in claims if all(word in c.statement for word in words)]
    assert len(found) == 1, [c.statement for c in found]
    return found[0]


# ---- what all of them have


@ALL
def test_every_column_is_explained_and_occurs(study, tables):
    assert set(tables[study.name].columns) == set(study.columns)


@ALL
def test_pictures_show_numbers_and_say_of_what(study, tables):
    charts = study.charts(tables[study.name])
    assert charts
    for chart in charts:
        assert isinstance(chart, Chart | Heatmap)
        assert chart.caption
        for curve in getattr(chart, "curves", []):
            assert len(curve.x) == len(curve.y) > 0
            assert np.isfinite(np.asarray(curve.y, float)).any()


@ALL
def test_claims_of_a_part_of_the_rows(study, tables):
    table = tables[study.name]
    for count in (0, 1, 3, len(table) // 2):
        part = table.head(count)
        assert all(c.verdict in (HOLDS, FAILS, OPEN) for c in study.claims(part))
        study.charts(part)


@ALL
@pytest.mark.parametrize("columns", [[], None])
def test_nothing_measured_leaves_everything_open(study, columns):
    empty = pd.DataFrame(columns=list(study.columns) if columns is None else columns)
    claims = study.claims(empty)
    assert claims
    assert {c.verdict for c in claims} == {OPEN}
    assert all(c.statement and c.source and c.measured for c in claims)
    assert study.charts(empty) == []


@ALL
def test_a_task_gives_the_same_rows_again(study):
    task = study.tasks("tiny")[-1]
    first = study.run(**json.loads(json.dumps(task)))
    for kept in (features_study.prepare, features_study.diagonalise, features_study.solve):
        kept.cache_clear()
    again = study.run(**task)
    pd.testing.assert_frame_equal(pd.DataFrame(first), pd.DataFrame(again), check_exact=True)


@ALL
@pytest.mark.parametrize("scale", ["tiny", "laptop", "paper"])
def test_tasks_are_plain_different_and_need_no_data(study, scale, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("data were loaded")

    for module in (lam_time, full_rank, points):
        monkeypatch.setattr(module, "load_dataset", refuse)
    monkeypatch.setattr(features_study, "prepare", refuse)
    tasks = [json.dumps(task, sort_keys=True) for task in study.tasks(scale)]
    assert len(set(tasks)) == len(tasks) > 1
    assert all(set(task) <= set(study.columns) for task in study.tasks(scale))


@ALL
def test_a_missing_file_is_told_and_leaves_its_claims_open(study, nowhere, tmp_path, tables):
    task = next(task for task in study.tasks("laptop") if task["dataset"] == MAIN)
    rows = study.run(**task)
    assert len(rows) == 1
    assert rows[0].items() >= task.items()
    assert "JNTK_VIZ_DATA" in rows[0]["note"]
    assert str(tmp_path) not in rows[0]["note"]
    table = pd.concat([pd.DataFrame(rows), tables[study.name]])
    about = [c for c in study.claims(table) if rows[0]["note"] in c.measured]
    assert about
    assert {c.verdict for c in about} == {OPEN}
    assert study.charts(table)


# ---- the numbers


def test_the_regressor_is_the_predictor_at_the_end(tables):
    data = load_dataset("iris")
    train, test = train_test_split(data, test_fraction=0.84, seed=0)
    table = tables["lam_time"]
    end = table[np.isinf(table.t) & (table.lam == 0.1) & (table.part == "test")].iloc[0]
    outputs = RobustDynamics(train.x, train.y, depth=2, lam=10.0).predict(test.x[1::2], np.inf)
    assert end.clean == np.mean(test.y[1::2] * outputs[:, 0] > 0)
    tangent = outputs[:, 1:] - np.sum(outputs[:, 1:] * test.x[1::2], 1)[:, None] * test.x[1::2]
    assert end.jacobian == pytest.approx(np.median(np.linalg.norm(tangent, axis=1)), rel=1e-4)
    assert end.distance < 1e-4
    assert end.train_error < 1e-6
    early = table[(table.t == 1) & (table.lam == 0.1) & (table.part == "test")].iloc[0]
    assert early.distance > 0.1


def test_a_search_leaves_no_more_than_there_was(tables):
    known = tables["lam_time"]
    assert (known.searched <= known.clean).all()
    assert (known.searched < known.clean).any()


def test_feature_rows_equal_the_library():
    row = {"dataset": "circle", "depth": 3, "activation": "gelu", "seed": 0, "lam": 0.1}
    table = pd.DataFrame(FeatureRobustness().run(**row, searched=2))
    prepared = features_study.prepare(features_study.Problem("circle", 3, "gelu", 0))
    found = eigenfeatures(
        *prepared.train[:2], *prepared.test[:2], depth=3, lam=0.1, epsilon=0.03, norm="linf"
    )
    chosen = (table.norm == "linf") & (table.epsilon == 0.03) & (table.counted == "all")
    summary = table[chosen & (table.measure == "accuracy")].iloc[0]
    expected = scipy.stats.spearmanr(found.usefulness, found.robustness).statistic
    assert summary.rho == pytest.approx(expected)
    assert summary.rho_low < summary.rho < summary.rho_high
    null = survival_null(found.usefulness, found.robustness)
    assert (summary["null"], summary.null_low) == pytest.approx(null[:2])
    rates = found.robustness / found.usefulness
    assert summary.survival_rho == pytest.approx(scipy.stats.spearmanr(found.usefulness, rates)[0])
    labels = prepared.test.y
    assert summary.majority == max(np.mean(labels > 0), np.mean(labels < 0))
    accurate = found.usefulness > summary.majority
    assert summary.accurate_majority == accurate.sum() > 0
    assert summary.fragile_majority == (accurate & (found.robustness <= summary.majority / 2)).sum()
    assert summary.robust_majority == (accurate & (found.robustness >= 0.5)).sum()
    assert set(table[table.counted == "first 2"].attack) == {"search", "first_order"}
    single = table[table.row == "feature"]
    np.testing.assert_allclose(single.eigenvalue, found.eigenvalues[: len(single)], rtol=1e-9)


def test_smallest_eigenvalues_equal_those_of_the_matrix(tables):
    table = tables["full_rank"]
    x = full_rank._inputs("iris", 12, 0)
    gram = jntk(x, depth=2, activation="erf")
    for kernel, block in (("jntk", slice(None)), ("ntk", slice(1))):
        part = gram[:, block, :, block]
        size = part.shape[0] * part.shape[1]
        for precision in ("float64", "float32"):
            eigenvalues = np.linalg.eigvalsh(part.reshape(size, size).astype(precision))
            row = table[
                (table.activation == "erf")
                & (table.depth == 2)
                & (table.kernel == kernel)
                & (table.precision == precision)
                & (table.dataset == "iris")
            ].iloc[0]
            assert row.smallest == eigenvalues[0]
            assert row["rows"] == size
            floor = size * np.finfo(precision).eps * eigenvalues[-1]
            assert row.noise_floor == pytest.approx(floor)
            assert row.resolved == (eigenvalues[0] > floor)


def test_ntk_of_relu_is_that_of_the_arc_cosine_formulas():
    x = full_rank._inputs("iris", 8, 0)
    c = theta = np.clip(x @ x.T, -1, 1)
    for _ in range(3):
        angle = np.arccos(np.clip(c, -1, 1))
        slope = (np.pi - angle) / np.pi
        c = np.sin(angle) / np.pi + c * slope
        theta = c + theta * slope
    np.testing.assert_allclose(full_rank.ntk_values(x, "relu", 3)[:, 0, :, 0], theta, atol=1e-7)


def test_relu_has_an_ntk_and_no_jntk(tables):
    table = tables["full_rank"]
    assert set(table[table.activation == "relu"].kernel) == {"ntk"}
    assert set(table[table.activation == "gelu"].kernel) == {"ntk", "jntk"}


# ---- intervals


def test_mean_interval_is_students():
    values = [1.0, 2.0, 4.0, np.nan]
    expected = scipy.stats.ttest_1samp(values[:3], 0).confidence_interval(0.95)
    found = mean_interval(values)
    assert found.value == pytest.approx(7 / 3)
    assert (found.low, found.high) == pytest.approx(tuple(expected))
    assert found.signed.startswith("+2.33 [−")
    assert np.isnan(mean_interval([3.0]).low)
    assert mean_interval([]).numbers == (None, None, None)


def test_share_interval_knows_that_nothing_seen_is_not_nothing_there():
    none = share_interval(0, 20)
    assert none.low == 0
    assert none.high == pytest.approx(1 - 0.025 ** (1 / 20))
    assert share_interval(0, 0).numbers == (None, None, None)


# ---- planted tables: λ and t


class Planted(NamedTuple):
    """Robust accuracies of one training: at t = 1, at t = 1000, at the end."""

    early: float
    late: float
    end: float


STANDARD, REGULARISED = Planted(0.5, 0.5, 0.4), Planted(0.5, 0.7, 0.3)
FLAT = Planted(0.5, 0.6, 0.6)  # no harm in training to the end


def lam_time_table(
    standard=STANDARD,
    regularised=REGULARISED,
    *,
    datasets=(MAIN, "iris", "wine"),
    seeds=5,
    distance=1e-6,
    fit=1e-9,
    jacobian=0.5,
    unresolved=0,
):
    rows = []
    for dataset in datasets:
        for seed in range(seeds):
            for lam, values in ((0.0, standard), (0.1, regularised), (0.01, regularised)):
                for t, value in zip((1.0, 1e3, np.inf), values, strict=True):
                    for part in ("validation", "test"):
                        rows.append(
                            {
                                "dataset": dataset,
                                "depth": 2,
                                "activation": "gelu",
                                "seed": seed,
                                "lam": lam,
                                "train": 100,
                                "epsilon": 0.3,
                                "norm": "l2",
                                "t": t,
                                "part": part,
                                "points": 50,
                                "clean": 0.9,
                                "first_order": value,
                                "searched": value + 0.002 * seed,
                                "jacobian": jacobian if lam else 1.0,
                                "distance": distance,
                                "train_error": fit,
                                "train_jacobian": fit,
                                "unresolved": unresolved,
                                "note": "",
                            }
                        )
    return pd.DataFrame(rows)


@cache
def lam_time_claims(regularised_alone, **planted):
    """All claims about a planted table, or about one of its trainings; many tests read one each."""
    table = lam_time_table(**planted)
    if regularised_alone is not None:
        table = table[(table.lam > 0) == regularised_alone]
    return LamTime().claims(table)


@pytest.mark.parametrize(
    ("words", "holds", "fails"),
    [
        (("λ drops out",), {}, {"distance": 0.2}),
        (("interpolates",), {}, {"fit": 0.1}),
        *(
            (("At t = ∞", "more robust", data), {"regularised": Planted(0.5, 0.6, 0.6)}, {})
            for data in ("Algerian", "all data")
        ),
        *(
            (("at no loss", data), {}, {"regularised": Planted(0.3, 0.4, 0.3)})
            for data in ("Algerian", "all data")
        ),
        *(
            (("with the regulariser, training to", data), {}, {"regularised": FLAT})
            for data in ("Algerian", "all data")
        ),
        *(
            (("overfits in the same way", data), {}, {"standard": FLAT})
            for data in ("Algerian", "all data")
        ),
        *(
            (("than the regulariser alone", data), {}, {"regularised": Planted(0.5, 0.7, 0.6)})
            for data in ("Algerian", "all data")
        ),
        (("Jacobian small",), {}, {"jacobian": 1.3}),
    ],
)
def test_planted_claims_about_lam_and_time(words, holds, fails):
    assert the_one(lam_time_claims(None, **holds), words).verdict == HOLDS
    assert the_one(lam_time_claims(None, **fails), words).verdict == FAILS
    # One training alone decides nothing that is said of the other, or of both.
    half = lam_time_claims("overfits in the same way" in words, **holds)
    assert the_one(half, words).verdict == OPEN


def test_one_split_or_an_unresolved_kernel_decides_nothing():
    study = LamTime()
    once = lam_time_table(seeds=1)
    assert claim(study, once, "at no loss", "Algerian").verdict == OPEN
    unresolved = claim(study, lam_time_table(unresolved=3), "λ drops out")
    assert unresolved.verdict == OPEN
    assert "Left out" in unresolved.measured
    one_lam = lam_time_table()
    assert claim(study, one_lam[one_lam.lam != 0.01], "λ drops out").verdict == OPEN


def test_stopping_times_are_chosen_on_other_points_than_those_that_count():
    table = lam_time_table(regularised=Planted(0.5, 0.7, 0.3))
    fooled = table.copy()
    # On the validation half t = 1 looks best; the test half would have preferred t = 1000.
    seen = (fooled.lam > 0) & (fooled.part == "validation") & (fooled.t == 1)
    fooled.loc[seen, "searched"] = 0.95
    found = claim(LamTime(), fooled, "at no loss", "Algerian")
    assert found.value == pytest.approx(0.0)
    assert found.verdict == FAILS


def test_all_four_accuracies_are_of_the_test_half():
    """End and best are compared on the same points, neither of them those that were chosen by."""
    table = lam_time_table()
    table.loc[(table.part == "validation") & np.isinf(table.t), "searched"] = 0.9
    same = lam_time_table()
    for words in ("At t = ∞", "with the regulariser, training to", "overfits in the same way"):
        found, expected = (claim(LamTime(), t, words, "Algerian") for t in (table, same))
        assert found.value == pytest.approx(expected.value)
        assert found.measured == expected.measured
    assert "λ = 0 stopped 0.50, at t = ∞ 0.40; λ > 0 stopped 0.70, at t = ∞ 0.30" in found.measured


def test_robustness_at_the_price_of_accuracy_does_not_count():
    table = lam_time_table(regularised=Planted(0.9, 0.5, 0.3))
    table.loc[(table.lam > 0) & (table.t == 1), "clean"] = 0.6
    assert claim(LamTime(), table, "at no loss", "Algerian").value == pytest.approx(0.0)


# ---- planted tables: eigenfeatures


def feature_table(
    standard=0.0,
    regularised=0.4,
    *,
    null=0.4,
    accurate=50,
    fragile=0,
    robust=50,
    datasets=(MAIN, "iris", "wine"),
    seeds=5,
):
    return pd.DataFrame(
        {
            "dataset": dataset,
            "depth": 11,
            "activation": "gelu",
            "seed": seed,
            "lam": lam,
            "searched": 0,
            "row": "summary",
            "norm": "l2",
            "epsilon": 0.1,
            "attack": "first_order",
            "counted": "all",
            "measure": "accuracy",
            "features": 100,
            "unresolved": 0,
            "rho": null + excess + 0.01 * seed,
            "rho_low": null + excess - 0.1,
            "rho_high": null + excess + 0.1,
            "null": null,
            "null_low": null - 0.05,
            "null_high": null + 0.05,
            "survival_rho": excess,
            "majority": 0.56,
            "accurate_80": accurate,
            "fragile_80": fragile,
            "robust_80": robust,
            "accurate_majority": accurate,
            "fragile_majority": fragile,
            "robust_majority": robust,
            "note": "",
        }
        for dataset in datasets
        for seed in range(seeds)
        for lam, excess in ((0.0, standard), (0.1, regularised))
    )


@pytest.mark.parametrize(
    ("words", "fails", "undecided"),
    [
        (("are the robust ones",), {"regularised": 0.0}, {"seeds": 1}),
        (("almost no link",), {"standard": 0.4}, {"seeds": 1}),
        (("link stronger", "Algerian"), {"standard": 0.4}, {"seeds": 1}),
        (("link stronger", "all data"), {"standard": 0.4}, {"datasets": (MAIN,)}),
        (("No eigenfeature", "with the"), {"fragile": 10}, {"accurate": 1, "robust": 1}),
        (("No eigenfeature", "standard"), {"fragile": 10}, {"accurate": 0, "robust": 0}),
        (("implies robustness",), {"robust": 10}, {"accurate": 0, "robust": 0}),
    ],
)
def test_planted_claims_about_features(words, fails, undecided):
    study = FeatureRobustness()
    assert claim(study, feature_table(), *words).verdict == HOLDS
    assert claim(study, feature_table(**fails), *words).verdict == FAILS
    assert claim(study, feature_table(**undecided), *words).verdict == OPEN


def test_a_correlation_that_shuffled_survival_rates_give_too_is_no_link():
    forced = feature_table(standard=0.0, regularised=0.0, null=0.7)
    assert forced.rho.min() >= 0.7
    assert claim(FeatureRobustness(), forced, "are the robust ones").verdict == FAILS
    assert claim(FeatureRobustness(), forced, "almost no link").verdict == HOLDS


def test_the_lambda_that_the_paper_names_is_told_beside_the_other():
    named = feature_table(regularised=0.25)
    named = named[named.lam > 0].assign(lam=0.01)
    table = pd.concat([feature_table(), named])
    told = claim(FeatureRobustness(), table, "are the robust ones").measured
    assert "λ = 0.01: ρ 0.67 [" in told
    assert "excess +0.27 [" in told


def test_other_definitions_are_told_beside_the_verdict():
    other = feature_table(standard=0.5).assign(norm="linf", epsilon=0.03)
    table = pd.concat([feature_table(), other])
    told = claim(FeatureRobustness(), table, "almost no link")
    assert told.verdict == HOLDS
    assert "linf ε = 0.03 +0.52 of ρ = 0.92" in told.definitions


# ---- planted tables: full rank


def rank_rows(values, *, floor=1e-10, null=0, **shared):
    """Rows of one curve; `values`: λ_min at depths 1, 2, … ."""
    base = {
        "dataset": MAIN,
        "points": 244,
        "seed": 0,
        "activation": "gelu",
        "shallowest": 1,
        "deepest": 12,
        "kernel": "jntk",
        "precision": "float64",
        "rows": 2928,
        "largest": 1e3,
        "angle": 5.0,
        "note": "",
    }
    return [
        base
        | {"depth": depth, "smallest": value, "noise_floor": floor, "resolved": value > floor}
        | {"null": null}
        | shared
        for depth, value in enumerate(values, 1)
    ]


RISING = 10.0 ** np.arange(-9, 3)  # at depths 1 to 12
LATE = np.where(np.arange(1, 13) < 11, -1e-12, 1e-3)  # positive from depth 11 on
EARLY = np.where(np.arange(1, 13) < 6, -1e-12, 1e-3)


def rank_table(gelu=RISING, erf=RISING, **more):
    return pd.DataFrame(rank_rows(gelu, **more) + rank_rows(erf, activation="erf", **more))


@pytest.mark.parametrize(
    ("words", "holds", "fails", "undecided"),
    [
        (("from depth 11",), rank_table(LATE), rank_table(), rank_table(LATE).query("depth > 10")),
        (("from depth 6",), rank_table(erf=EARLY), rank_table(), rank_table().query("depth > 5")),
        (
            ("One threshold",),
            rank_table(10.0 ** (np.arange(12) - 14), 10.0 ** (np.arange(12) - 9)),
            rank_table(),
            rank_table().query("depth != 10"),
        ),
        (("positive definite",), rank_table(), rank_table(null=1), rank_table(LATE)),
        (
            ("deeper the network",),
            rank_table(seed=0).pipe(lambda t: pd.concat([t.assign(seed=i) for i in range(9)])),
            rank_table(RISING[::-1], RISING[::-1]),
            rank_table().query("depth < 4"),
        ),
        (
            ("Single precision",),
            rank_table(precision="float32"),
            rank_table(LATE - 1, EARLY - 1, precision="float32"),
            rank_table(LATE, EARLY, precision="float32"),
        ),
    ],
)
def test_planted_claims_about_full_rank(words, holds, fails, undecided):
    study = FullRank()
    assert claim(study, holds, *words).verdict == HOLDS
    assert claim(study, fails, *words).verdict == FAILS
    assert claim(study, undecided, *words).verdict == OPEN


@pytest.mark.parametrize(("kernel", "power"), [("jntk", 6), ("ntk", 2)])
def test_planted_powers_of_the_angle(kernel, power):
    def table(exponent, count=20):
        angles = np.geomspace(0.5, 9, count)
        values = 1e-3 * angles**exponent * (1 + 0.01 * np.sin(np.arange(count)))
        rows = rank_rows(values, dataset="pair", points=2, kernel=kernel)
        return pd.DataFrame(rows).assign(angle=angles, depth=2)

    study = FullRank()
    words = (f"of the {kernel.upper()} falls",)
    assert claim(study, table(power), *words).verdict == HOLDS
    assert claim(study, table(power + 2), *words).verdict == FAILS
    assert claim(study, table(power, count=3), *words).verdict == OPEN


def test_thresholds_that_explain_the_paper_are_named():
    gelu = [2.5e-9, 4.7e-8, 2.8e-7, 1.1e-6, 3.6e-6, 9.9e-6, 2.4e-5, 5.3e-5, 1.1e-4, 2.2e-4, 4.1e-4]
    erf = [4.8e-8, 8.1e-7, 6.4e-6, 3.5e-5, 1.5e-4, 5.9e-4]
    found = claim(FullRank(), rank_table(gelu, erf), "One threshold")
    assert found.verdict == HOLDS
    assert "from 0.00022 to 0.00041" in found.measured
