"""The studies of trained networks: what they measure, what they conclude from planted tables."""

import json

import jax
import numpy as np
import pandas as pd
import pytest

import jntk_viz as jv
from jntk_viz.datasets import download
from jntk_viz.reproduction import real_data, real_data_claims, training_ode
from jntk_viz.reproduction.jntk_drift import JNTKDrift
from jntk_viz.reproduction.jntk_drift_claims import ratio_to_smallest
from jntk_viz.reproduction.points import BUNDLED, MAIN, PAPER
from jntk_viz.reproduction.real_data import RealData
from jntk_viz.reproduction.study import FAILS, HOLDS, OPEN
from jntk_viz.reproduction.training_ode import TrainingODE
from jntk_viz.reproduction.widths import checkpoints, some_points

STUDIES = (JNTKDrift(), TrainingODE(), RealData())
WIDTHS = (64, 128, 256, 512, 1024)


@pytest.fixture(scope="module")
def without_uci(tmp_path_factory):
    """No UCI file in a folder or the cache, and no network."""

    def no_network(*args, **options):
        raise OSError("no network in this test")

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(download.DATA_DIR_VARIABLE, str(tmp_path_factory.mktemp("empty")))
        cache = tmp_path_factory.mktemp("cache")
        patch.setattr(download, "cache_folder", lambda: cache)
        patch.setattr(download.pooch, "HTTPDownloader", no_network)
        yield


@pytest.fixture(scope="module")
def tiny(without_uci):
    """Study name → the table of its tiny scale, run where the UCI files are missing."""
    return {study.name: _table(study, study.tasks("tiny")) for study in STUDIES}


def _table(study, tasks):
    return pd.DataFrame([row for task in tasks for row in study.run(**task)])


def _bundled(study):
    return next(task for task in study.tasks("tiny") if task["dataset"] == "iris")


def _verdicts(study, table):
    return [claim.verdict for claim in study.claims(table)]


@pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.name)
def test_tiny_run_measures_what_the_columns_describe(study, tiny):
    table = tiny[study.name]
    assert set(table.columns) == set(study.columns)
    found = table[table.dataset == "iris"]
    numbers = found.select_dtypes("number")
    assert numbers.notna().all(axis=None)
    assert np.isfinite(numbers.drop(columns="time", errors="ignore")).all(axis=None)  # t = ∞
    assert (found.note == "").all()


@pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.name)
def test_a_task_gives_the_same_rows_again(study, without_uci):
    task = _bundled(study)
    assert study.run(**task) == study.run(**json.loads(json.dumps(task)))


@pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.name)
@pytest.mark.parametrize("scale", ["tiny", "laptop", "paper"])
def test_tasks_are_different_json_and_cover_the_main_data(study, scale):
    tasks = study.tasks(scale)
    written = [json.dumps(task, sort_keys=True) for task in tasks]
    assert len(set(written)) == len(tasks)
    assert [json.loads(text) for text in written] == tasks
    assert {MAIN, "iris"} <= {task["dataset"] for task in tasks}


@pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.name)
def test_missing_data_leave_claims_open_with_the_remedy(study, tiny):
    table = tiny[study.name]
    missing = table[table.dataset == MAIN]
    assert missing.note.str.contains(download.DATA_DIR_VARIABLE).all()
    claims = study.claims(table)
    of_paper = [claim for claim in claims if download.DATA_DIR_VARIABLE in claim.measured]
    assert of_paper
    assert {claim.verdict for claim in of_paper} == {OPEN}
    assert any("iris" in claim.measured for claim in claims)


@pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.name)
def test_empty_and_partial_tables_are_open(study, tiny):
    table = tiny[study.name]
    everything = table.reindex(columns=list(study.columns))
    missing = everything[everything.dataset == MAIN].astype(object)
    for rows in (pd.DataFrame(), everything.iloc[:0], missing, everything.iloc[-1:]):
        assert set(_verdicts(study, rows)) == {OPEN}
        study.charts(rows)


@pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.name)
def test_charts_hold_finite_curves(study, tiny):
    charts = study.charts(tiny[study.name])
    assert charts
    for chart in charts:
        assert chart.curves, chart.title
        for curve in chart.curves:
            assert len(curve.x) == len(curve.y) > 0, (chart.title, curve.label)
            assert np.isfinite(np.asarray(curve.y, float)).all(), (chart.title, curve.label)
            if chart.log_y:
                assert (np.asarray(curve.y) > 0).all(), (chart.title, curve.label)


def test_drift_is_the_distance_of_the_kernels(without_uci):
    task = _bundled(STUDIES[0])
    rows = STUDIES[0].run(**task)
    data, _ = some_points("iris", task["points"])
    limit = jv.jntk(data.x, depth=task["depth"], kappa=0.1)
    mlp = jv.MLP(4, task["width"], task["depth"], kappa=0.1)
    params = mlp.init(jax.random.key(task["seed"], impl="rbg"))
    start = np.asarray(jv.finite_jntk(mlp, params, data.x), float)
    size = limit.shape[0] * limit.shape[1]
    difference = (start - limit).reshape(size, size)
    assert rows[0]["to_limit"] == pytest.approx(np.linalg.norm(difference, 2), rel=1e-5)
    assert rows[0]["to_limit_max"] == pytest.approx(np.abs(difference).max(), rel=1e-5)
    assert rows[0]["drift"] == 0
    # θ after one step, by the gradient of the loss itself.
    gradient = jax.grad(lambda p: jv.robust_loss(mlp, p, data.x, data.y, lam=0.01))(params)
    moved = [p - g for p, g in zip(params, gradient, strict=True)]
    after = np.asarray(jv.finite_jntk(mlp, moved, data.x), float)
    expected = np.linalg.norm((after - start).reshape(size, size), 2)
    assert rows[1]["step"] == 1
    assert rows[1]["drift"] == pytest.approx(expected, rel=1e-2)
    smallest = np.linalg.eigvalsh(limit.reshape(size, size))[0]
    assert abs(rows[0]["smallest"] - smallest) < rows[0]["noise_floor"]


def test_networks_are_compared_with_descent_on_the_linear_equation(without_uci):
    """The closed form against taking its steps one by one."""
    task = _bundled(STUDIES[1])
    last = STUDIES[1].run(**task)[-1]
    training, others = some_points("iris", task["points"])
    x = np.concatenate([training.x, others.x[: task["points"]]])
    n, depth, kappa = task["points"], task["depth"], task["kappa"]
    mlp = jv.MLP(4, task["width"], depth, kappa=kappa)
    params = mlp.init(jax.random.key(task["seed"], impl="rbg"))
    eta = training_ode.PROGRESS / kappa**2
    theta = jv.jntk(x, training.x, depth=depth, kappa=kappa)
    u = np.asarray(mlp.value_and_jacobian(params, x), float)
    weight = np.array([1.0] + 4 * [training_ode.LAM])
    target = np.column_stack([training.y, np.zeros((n, 4))])
    for _ in range(task["steps"]):
        u = u - eta / n * np.tensordot(theta, weight * (u[:n] - target), axes=2)
    run = jv.train(
        mlp, params, training.x, training.y, lam=training_ode.LAM, learning_rate=eta,
        steps=task["steps"],
    )  # fmt: skip
    square = (np.asarray(mlp.value_and_jacobian(run.params, x), float) - u) ** 2
    for part, rows in {"train": square[:n], "test": square[n:]}.items():
        assert last[f"output_{part}"] == pytest.approx(rows[:, 0].mean() ** 0.5, rel=1e-3)
        assert last[f"jacobian_{part}"] == pytest.approx(rows[:, 1:].sum(1).mean() ** 0.5, rel=1e-3)


def test_checkpoints_end_at_the_last_step():
    assert checkpoints(300) == [0, 1, 3, 10, 30, 100, 300]
    assert checkpoints(0) == [0]


@pytest.mark.parametrize("name", ["iris", "breast_cancer"])
def test_parts_share_no_point(name):
    parts = real_data.split(name, seed=1)
    rows = [{tuple(row) for row in part.x.round(12)} for part in parts]
    assert sum(map(len, rows)) == len(set.union(*rows))
    assert min(len(part.y) for part in parts) > 20


def test_choice_is_made_by_validation_and_reported_on_test_points(tiny):
    table = tiny["real_data"]
    own = table[(table.dataset == "iris") & (table.width == 0)]
    robust = own[own.training == "robust"]
    assert set(robust.lam) == {0.1}
    assert set(own[own.training == "standard"].lam) == {0.0}
    chosen = own[(own.training == "robust") & (own.criterion == "clean")].iloc[0]
    parts = real_data.split("iris", seed=0)
    kernel = {"depth": 1, "kappa": real_data.KAPPA}
    dynamics = jv.RobustDynamics(parts.train.x, parts.train.y, **kernel, lam=0.1)
    unit = len(parts.train.y) / dynamics.eigenvalues[-1]

    def clean(part, time):
        return np.mean(part.y * dynamics.predict(part.x, time * unit)[:, 0] > 0)

    scores = {time: clean(parts.validation, time) for time in real_data.TIMES}
    assert chosen.validation_clean == scores[chosen.time] == max(scores.values())
    assert chosen.clean == clean(parts.test, chosen.time)
    assert (own.robust <= own.clean).all()
    assert (own.robust <= own.validation_robust.max() + 0.5).all()
    assert np.isinf(own[own.criterion == "end"].time).all()
    assert np.isfinite(own[own.criterion != "end"].time).all()
    # The end is the kernel regressor, whatever λ.
    end = own[(own.training == "robust") & (own.criterion == "end")].iloc[0]
    regressor = jv.RobustDynamics(parts.train.x, parts.train.y, **kernel, lam=1.0)
    outputs = regressor.predict(parts.test.x, np.inf)
    assert end.clean == np.mean(parts.test.y * outputs[:, 0] > 0)


# Planted tables


def _drift(slope, *, smallest=1e-6, noise=1e-12, widths=(*WIDTHS, 8192), scatter=0.02, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "dataset": MAIN, "depth": 2, "width": width, "seed": network, "steps": 10, "step": step,
            **{
                name: width**slope * np.exp(scatter * rng.normal())
                for name in ("to_limit", "drift", "to_limit_weighted")
            },
            "smallest": smallest, "noise_floor": noise,
            "smallest_weighted": smallest, "noise_floor_weighted": noise, "note": "",
        }
        for width in widths for network in range(5) for step in (0, 10)
    )  # fmt: skip


def test_planted_drift():
    study = STUDIES[0]
    assert _verdicts(study, _drift(-0.5)) == [HOLDS, HOLDS, HOLDS]
    assert _verdicts(study, _drift(0.3))[:2] == [FAILS, FAILS]
    assert _verdicts(study, _drift(0.0, scatter=0.3))[:2] == [OPEN, OPEN]
    # Nearer to the limit than λ_min at width 8192: the theorem's regime is reached.
    assert _verdicts(study, _drift(-0.5, smallest=1.0))[2] == FAILS
    # No network of the paper's width.
    assert _verdicts(study, _drift(-0.5, widths=WIDTHS))[2] == OPEN
    # λ_min may be anything up to its noise floor, which the distance is below.
    assert _verdicts(study, _drift(-0.5, smallest=1e-9, noise=1.0))[2] == OPEN


def test_ratio_allows_for_the_noise_floor():
    rows = _drift(0.0, smallest=1e-3, noise=1e-2, widths=(64,))
    ratio = ratio_to_smallest(rows)
    assert ratio.value == pytest.approx(1e3, rel=0.1)
    assert 80 < ratio.low < 100
    assert ratio.high == np.inf


def _ode(slope, scatter=0.02, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "dataset": MAIN, "kappa": kappa, "depth": 2, "width": width, "seed": network,
            "step": step,
            **{
                part: step * width**slope * np.exp(scatter * rng.normal())
                for part in ("output_train", "output_test", "jacobian_train", "jacobian_test")
            },
            "loss": 0.1, "ode_loss": 0.1, "note": "",
        }
        for kappa in (0.1, 1.0) for width in WIDTHS for network in range(5) for step in (0, 10)
    )  # fmt: skip


def test_planted_differences_from_the_equation():
    study = STUDIES[1]
    assert _verdicts(study, _ode(-0.5)) == [HOLDS, HOLDS, HOLDS]
    assert _verdicts(study, _ode(0.2)) == [FAILS, FAILS, FAILS]
    assert _verdicts(study, _ode(-1.0)) == [HOLDS, HOLDS, FAILS]
    assert _verdicts(study, _ode(0.0, scatter=0.5))[:2] == [OPEN, OPEN]


def test_a_diverged_network_is_left_out_of_the_fit():
    table = _ode(-0.5)
    table.loc[(table.width == 64) & (table.seed == 0), "output_test"] = np.inf
    assert _verdicts(STUDIES[1], table) == [HOLDS, HOLDS, HOLDS]


def _chosen(*, robust=0.0, clean=0.0, jacobian=1.0, networks=0.0, splits=5, scatter=0.002, seed=0):
    """Robust training gains `robust` and `clean`; networks `networks` less than the kernel."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "dataset": name, "depth": 2, "width": width, "seed": split,
            "epsilon": 0.3, "norm": "l2", "training": training, "criterion": criterion,
            "clean": 0.8 + clean * gains + scatter * rng.normal(),
            "robust": 0.5 + (robust - networks * (width > 0)) * gains + scatter * rng.normal(),
            "first_order": 0.6, "jacobian": jacobian if gains else 1.0, "note": "",
        }
        for name in (*PAPER, *BUNDLED) for width in (0, 64) for split in range(splits)
        for criterion in ("robust", "clean")
        for training, gains in (("standard", 0), ("robust", 1))
    )  # fmt: skip


def test_planted_gains():
    study = STUDIES[2]
    better = _chosen(robust=0.05, jacobian=0.5)
    assert _verdicts(study, better) == [HOLDS] * 6
    worse = _chosen(robust=-0.05, clean=-0.1, jacobian=2.0, networks=0.2)
    assert _verdicts(study, worse) == [FAILS] * 6
    unsure = _verdicts(study, _chosen(clean=-0.01, scatter=0.1))
    assert unsure[:4] == [OPEN] * 4
    # A difference of nothing at all is no gain.
    assert _verdicts(study, _chosen(scatter=0.0))[:2] == [FAILS, FAILS]
    # Too few splits for an interval.
    assert set(_verdicts(study, _chosen(robust=0.05, jacobian=0.5, splits=2))) == {OPEN}


def test_claims_about_all_data_wait_for_all_of_them():
    table = _chosen(robust=0.05, jacobian=0.5)
    part = _verdicts(STUDIES[2], table[table.dataset != "sonar"])
    assert part == [OPEN, HOLDS, OPEN, HOLDS, OPEN, OPEN]


def test_gains_are_paired_by_split():
    table = _chosen(robust=0.05, scatter=0.0)
    table["robust"] += 0.1 * table.seed  # hard and easy splits, for both trainings alike
    found = real_data_claims.pooled(real_data_claims.gains(table), "robust", PAPER)
    assert found.mean.low == pytest.approx(0.05)
    assert found.mean.high == pytest.approx(0.05)


def test_other_attacks_are_told_but_do_not_decide():
    weak, strong = _chosen(robust=-0.055), _chosen(robust=0.05)
    table = pd.concat([strong, weak.assign(epsilon=0.1)])
    claim = STUDIES[2].claims(table)[0]
    assert claim.verdict == HOLDS
    assert "ε = 0.1, l2: −5." in claim.measured
