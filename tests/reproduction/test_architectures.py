"""The study of other architectures: what it measures, and what it makes of it."""

import numpy as np
import pandas as pd
import pytest

from jntk_viz import jntk, load_dataset
from jntk_viz.reproduction import architectures, architectures_claims
from jntk_viz.reproduction.architectures import ARCHITECTURES, Architectures
from jntk_viz.reproduction.points import BUNDLED, PAPER
from jntk_viz.reproduction.study import FAILS, HOLDS, OPEN

STUDY = Architectures()
NAMES = (*PAPER, *BUNDLED)
NETWORKS = {"plain": {}, "residual": {"residual": 0.5}, "biases": {"bias_std": 0.5}}
NETWORKS["biases, residual"] = NETWORKS["biases"] | NETWORKS["residual"]


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_each_architecture_is_the_one_that_it_is_called(name):
    task = next(t for t in STUDY.tasks("laptop") if t["architecture"] == name and t["points"])
    task |= {"dataset": "iris", "points": 24}
    (row,) = STUDY.run(**task)
    x = np.unique(architectures.drawn_points("iris", 24, task["seed"]).x, axis=0)
    whole = jntk(x, depth=task["depth"], activation="gelu", **NETWORKS[name])
    size = whole.shape[0] * whole.shape[1]
    found = np.linalg.eigvalsh(whole.reshape(size, size))
    floor = size * np.finfo(float).eps * found[-1]
    assert row["noise_floor"] == pytest.approx(floor, rel=1e-6)
    assert row["smallest"] == pytest.approx(found[0], rel=1e-6, abs=floor)
    assert 0.5 < row["best_robust"] <= row["clean_robust"] <= 1
    assert row["steps_robust"] >= 1


@pytest.mark.parametrize(("name", "columns"), [("iris", 4), ("digits", 6)])
def test_points_are_few_of_unit_norm_and_of_both_classes(name, columns):
    drawn, other = (architectures.drawn_points(name, 40, seed) for seed in (0, 1))
    assert drawn.x.shape == (40, columns)
    assert np.linalg.norm(drawn.x, axis=1) == pytest.approx(np.ones(40))
    assert abs(np.mean(drawn.y)) < 0.2
    assert not np.array_equal(drawn.x, other.x)
    whole = architectures.drawn_points(name, 10_000, 0)
    assert len(whole.y) == len(load_dataset(name).y)


def test_networks_come_to_the_kernels_of_their_own_architecture():
    """Compared with those of another one they would not."""
    task = next(t for t in STUDY.tasks("laptop") if t["width"] == 1024) | {"dataset": "iris"}
    rows = STUDY.run(**task | {"architecture": "biases, residual", "repeats": 3})
    assert [row["repeat"] for row in rows] == [0, 1, 2]
    assert max(row["jntk_error"] for row in rows) < 0.25
    assert max(row["nngp_error"] for row in rows) < 0.35


def planted(*, smallest=10.0, robust=0.05, end=-0.2, standard=-0.03, slope=-0.5, scatter=0.002):
    """Other architectures have `smallest` times the λ_min of the plain one, and `robust` more
    robust accuracy; all gain `end` by training to the end and `standard` by λ = 0; errors fall as
    width^slope."""
    rng = np.random.default_rng(0)

    def noise():
        return scatter * rng.normal()

    trained = [
        {
            "dataset": name, "architecture": architecture, "activation": "gelu", "depth": depth,
            "seed": seed, "points": 80, "width": 0, "repeats": 0, "noise_floor": 1e-12,
            "smallest": 1e-3 * (smallest if other else 1) * np.exp(noise()),
            "best_robust": 0.7 + seed / 50 + robust * other + noise(),
            "end_robust": 0.7 + seed / 50 + robust * other + end + noise(),
            "best_standard": 0.7 + seed / 50 + robust * other + standard + noise(),
            "end_standard": 0.4, "clean_robust": 0.9, "clean_standard": 0.9,
            "steps_robust": 10.0, "steps_standard": 10.0, "note": "",
        }
        for name in NAMES for architecture in ARCHITECTURES for depth in (2, 8)
        for seed in range(3) for other in [architecture != "plain"]
    ]  # fmt: skip
    drawn = [
        {
            "dataset": name, "architecture": architecture, "activation": "gelu", "depth": 2,
            "seed": 0, "points": 0, "width": width, "repeats": 5, "repeat": repeat, "note": "",
            "nngp_error": width**slope * np.exp(noise()),
            "jntk_error": width**slope * np.exp(noise()),
        }
        for name in NAMES for architecture in ARCHITECTURES for width in (64, 256, 1024)
        for repeat in range(5)
    ]  # fmt: skip
    return pd.DataFrame(trained + drawn)


def verdicts(table):
    """Of λ_min, of raising it, of robustness, of stopping, of the regulariser, of the rates."""
    found = [claim.verdict for claim in STUDY.claims(table)]
    assert len(found) == 16
    parts = np.split(np.array(found), [1, 3, 6, 10, 14])
    return [set(part) for part in parts]


def test_planted_claims():
    assert verdicts(planted()) == [{HOLDS}] * 6
    worse = planted(smallest=0.1, robust=-0.05, end=0.1, standard=0.05, slope=-0.2)
    assert verdicts(worse) == [{HOLDS}, *[{FAILS}] * 5]
    unsure = verdicts(planted(smallest=1, robust=0, end=0, standard=0, scatter=0.2))
    assert unsure[1:5] == [{OPEN}] * 4
    # A difference of nothing at all is no gain.
    assert verdicts(planted(robust=0, scatter=0))[2] == {FAILS}


def test_an_eigenvalue_in_the_noise_is_neither_positive_nor_compared():
    table = planted()
    hidden = (table.dataset == "iris") & (table.points > 0)
    table.loc[hidden, "smallest"] = 1e-14
    claims = STUDY.claims(table)
    assert claims[0].verdict == OPEN
    assert "not on iris" in claims[0].measured
    assert claims[1].value == pytest.approx(1, abs=0.01)  # a power of ten, by the other data sets


def test_lower_at_one_depth_is_not_higher_at_every_depth():
    table = planted()
    shallow = (table.depth == 2) & (table.architecture == "residual")
    table.loc[shallow, "smallest"] *= 1e-2
    residual, biases = STUDY.claims(table)[1:3]
    assert (residual.verdict, biases.verdict) == (FAILS, HOLDS)
    assert residual.value == pytest.approx(-1, abs=0.01)


def test_gains_are_paired_by_split_and_weigh_data_sets_alike():
    rows = architectures_claims.beside_plain(planted(scatter=0), "residual")
    gain, each = architectures_claims.over_data(rows, rows.best_robust - rows.best_robust_0)
    # Easy and hard splits are so for both networks.
    assert np.array([gain, *each.values()]) == pytest.approx(np.full((1 + len(NAMES), 3), 0.05))
    assert set(each) == set(NAMES)
    more = pd.concat([planted(scatter=0), planted(robust=0.5).query("dataset == 'iris'")])
    rows = architectures_claims.beside_plain(more.drop_duplicates(
        ["dataset", "architecture", "depth", "seed", "width", "repeat"], keep="last"
    ), "residual")  # fmt: skip
    gain, _ = architectures_claims.over_data(rows, rows.best_robust - rows.best_robust_0)
    assert gain.value == pytest.approx((6 * 0.05 + 0.5) / 7, abs=1e-3)


def test_a_missing_file_is_told():
    table = planted()
    gone = {"dataset": "sonar", "architecture": "plain", "points": 80, "note": "get sonar.data"}
    table = pd.concat([table[table.dataset != "sonar"], pd.DataFrame([gone])])
    claims = STUDY.claims(table)
    assert all("get sonar.data" in claim.measured for claim in claims)
    assert all("ours" in claim.source.lower() for claim in claims)


def test_charts_show_every_architecture():
    charts = STUDY.charts(planted())
    assert len(charts) == 4
    for chart in charts:
        assert set(ARCHITECTURES) - {"plain"} <= {curve.label for curve in chart.curves}
        assert all(np.isfinite(np.asarray(curve.y, float)).all() for curve in chart.curves)
