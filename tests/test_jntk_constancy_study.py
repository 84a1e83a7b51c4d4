"""The constancy study: what it measures, and what its pictures and sentences show."""

import jax
import numpy as np
import pytest

from jntk_viz import MLP, LinearDynamics, finite_jntk, jacobian_nngp, jntk, train
from jntk_viz.studies import jntk_constancy as study
from jntk_viz.studies.jntk_constancy import JNTKConstancyState
from jntk_viz.training import output_loss_parts

SMALL = {"points": 8, "widest": 128, "networks": 2, "depth": 1, "steps": 30}
norm = np.linalg.norm


class Page:
    """What a page offers the work: it notes what it is told, and may stop it."""

    def __init__(self, stop_at=np.inf):
        self.told, self.emitted, self.stop_at = [], [], stop_at

    def progress(self, fraction, text=""):
        self.told.append((fraction, text))
        if fraction >= self.stop_at:
            raise InterruptedError

    def emit(self, progress):
        self.emitted.append(progress)


@pytest.fixture(scope="module")
def page():
    return Page()


@pytest.fixture(scope="module")
def done(page):
    return study.watch(JNTKConstancyState(**SMALL), page)


def test_networks_are_trained_in_step(done):
    moments = study.record_steps(30)
    assert moments[0] == 0
    assert moments[-1] == 30
    everyone = [(width, network) for width in (8, 32, 128) for network in (0, 1)]
    expected = [(width, network, step) for step in moments for width, network in everyone]
    assert [(r.width, r.network, r.step) for r in done.records] == expected


@pytest.mark.parametrize("record", [-1, -6], ids=["wide", "narrow"])
def test_a_record_holds_what_the_library_gives_for_the_same_run(done, record):
    record, problem, settings = done.records[record], done.problem, done.settings
    mlp = MLP(problem.x.shape[1], record.width, **settings.kernel)
    key = jax.random.key(settings.seed, impl="rbg")
    for number in (record.width, record.network):
        key = jax.random.fold_in(key, number)
    start = mlp.init(key)
    run = train(
        mlp, start, problem.x, problem.y, lam=settings.lam, learning_rate=problem.learning_rate,
        steps=record.step, record_at=[0, record.step], x_eval=problem.x_test,
    )  # fmt: skip
    first, last = (np.asarray(finite_jntk(mlp, p, problem.x)) for p in (start, run.params))
    limit = jntk(problem.x, **settings.kernel)
    ode = LinearDynamics(limit, problem.y, lam=settings.lam).predict(
        jntk(problem.x_test, problem.x, **settings.kernel), run.times[-1],
        learning_rate=problem.learning_rate,
        initial=run.outputs[0], initial_test=run.outputs_eval[0],
    )  # fmt: skip
    end = run.outputs_eval[-1]
    assert record.drift == pytest.approx(norm(last - first) / norm(first), rel=1e-3)
    assert record.to_limit == pytest.approx(norm(last - limit) / norm(limit), rel=1e-3)
    assert record.deviation == pytest.approx(norm(end - ode) / norm(ode), rel=1e-3)
    assert record.fit == pytest.approx(run.fit[-1], rel=1e-3)
    assert record.jacobian == pytest.approx(run.jacobian[-1], rel=1e-3)
    np.testing.assert_allclose(record.outputs, end, atol=1e-4)


def test_errors_fall_like_one_over_the_root_of_the_width():
    state = JNTKConstancyState(widest=1024, networks=5, depth=1, steps=100)
    summary = study.final_errors(list(study.run(state)))
    assert summary.step == 100
    for quantity in ("to_limit", "deviation"):
        assert -0.65 < summary.laws[quantity].slope < -0.35, quantity
    # The drift is bounded by the same rate and falls faster.
    assert summary.laws["drift"].slope < -0.35
    assert (
        summary.median("drift", 1024) < summary.median("drift", 256) < summary.median("drift", 64)
    )


def test_the_loss_band_is_that_of_explicit_descent_from_random_initial_functions(done):
    settings, problem = done.settings, done.problem
    band = study.infinite_width_losses(settings, problem, draws=500)
    n, block = problem.x.shape[0], 1 + problem.x.shape[1]
    covariance = jacobian_nngp(problem.x, **settings.kernel).reshape(2 * (n * block,))
    rng = np.random.default_rng(7)
    u = rng.multivariate_normal(np.zeros(n * block), covariance, 500, method="eigh")
    weight = np.tile([1.0, *[settings.lam] * (block - 1)], n)
    aim = np.zeros((n, block))
    aim[:, 0] = problem.y
    theta = jntk(problem.x, **settings.kernel).reshape(covariance.shape)
    for _ in range(30):
        u = u - problem.learning_rate / n * (u - aim.ravel()) * weight @ theta
    parts = output_loss_parts(u.reshape(-1, n, block), problem.y)
    for found, part in zip((band.fit, band.jacobian), parts, strict=True):
        assert band.steps[-1] == 30
        np.testing.assert_allclose(found[:, -1], np.quantile(part, (0.1, 0.5, 0.9)), rtol=0.2)


def test_partial_results_come_first_without_networks_and_progress_only_grows(done, page):
    assert page.emitted[0].records == []
    assert len(page.emitted) > 1
    fractions = [fraction for fraction, _ in page.told]
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1)


def test_the_run_stops_where_it_is_told_to():
    page = Page(stop_at=0.5)
    with pytest.raises(InterruptedError):
        study.watch(JNTKConstancyState(**SMALL), page)
    assert 0.5 <= page.told[-1][0] < 0.9


def test_past_the_stability_limit_networks_diverge_without_a_nan_in_the_pictures():
    records = list(study.run(JNTKConstancyState(**SMALL | {"rate": 2.0, "lam": 0.0, "steps": 300})))
    summary = study.final_errors(records)
    assert summary.diverged
    for quantity in ("drift", "fit"):
        for steps, values in study.lines(records, (8, 32, 128), quantity):
            assert np.isfinite(values[np.isfinite(steps)]).all()


def test_the_learning_rate_is_the_chosen_share_of_the_limit(done):
    limit = 2 * len(done.problem.x) / done.problem.dynamics.eigenvalues[-1]
    assert done.problem.learning_rate == pytest.approx(0.25 * limit)


def test_many_columns_get_fewer_points(monkeypatch):
    monkeypatch.setattr(study, "MOST_ROWS", 70)
    assert len(study.prepare(JNTKConstancyState(data="wine", points=20)).x) == 70 // 14


def test_relu_is_not_offered():
    with pytest.raises(ValueError, match="relu"):
        JNTKConstancyState(activation="relu")


def test_the_seed_draws_other_weights_and_the_same_data(done):
    other = study.watch(JNTKConstancyState(**SMALL, seed=1), Page())
    np.testing.assert_array_equal(other.problem.theta, done.problem.theta)
    assert other.records[-1].to_limit != done.records[-1].to_limit


@pytest.fixture(scope="module")
def pictures(done):
    from jntk_viz import views
    from jntk_viz.views.jntk_constancy import Pictures

    views.use_theme()
    return Pictures()


def drawn(plot):
    """All (x, y) points of the curves of a plot that are drawn."""
    sources = [r.data_source.data for r in plot.figure.renderers]
    points = [list(data.values())[:2] for data in sources]
    return [np.array(p) for p in points if len(p[0])]


def test_the_pictures_show_the_records(done, pictures):
    pictures.show(done._replace(records=[]), 2)
    assert drawn(pictures.drift) == []
    assert len(drawn(pictures.loss)) == 4  # two bands, two medians: known without a network
    pictures.show(done, 2)
    wide = drawn(pictures.drift)[2]
    own = [r for r in done.records if (r.width, r.network) == (128, 1) and r.step]
    np.testing.assert_allclose(wide[:, -len(own) - 1 : -1], [[r.step for r in own],
                                                             [r.drift for r in own]])  # fmt: skip
    assert pictures.drift.figure.x_range.end == 30


def test_axes_grow_and_never_shrink_within_a_run(done, pictures):
    far = done.records[-1]._replace(drift=50.0)
    pictures.show(done._replace(records=[*done.records[:-1], far]), 2)
    top = pictures.drift.figure.y_range.end
    assert top > 50
    pictures.show(done, 2)
    assert pictures.drift.figure.y_range.end == top


def test_the_followed_width_is_drawn_in_its_colour_beside_the_equation(done, pictures):
    pictures.show(done, 0)
    assert "width 8" in pictures.outputs.figure.title.text
    network, entry, ode, ode_entry = drawn(pictures.outputs)
    first = next(r for r in done.records if r.width == 8 and r.step)
    assert network[1, 0] == pytest.approx(first.outputs[0, 0])
    assert ode[1, 0] == pytest.approx(first.ode_outputs[0, 0])
    assert entry[1, 0] == pytest.approx(first.outputs[0, 1])
    assert ode_entry[1, 0] == pytest.approx(first.ode_outputs[0, 1])


def test_the_sentences_say_what_was_measured(done):
    from jntk_viz.views import jntk_constancy_text as text

    summary = study.final_errors(done.records)
    words = text.headline_text(summary, done.settings)
    assert "After <b>30</b> steps" in words
    wide = np.median([r.drift for r in done.records if (r.width, r.step) == (128, 30)])
    assert f"<b>{text.percent(wide)}</b>" in words
    assert f"{summary.laws['to_limit'].slope:.2f}".replace("-", "−") in words
    details = text.details(done.settings, done.problem)
    assert f"{done.problem.learning_rate:.3g}" in details
    assert "numerically resolved" in details
    lost = text.headline_text(summary._replace(diverged={8: 12}), done.settings)
    assert "Networks of width <b>8 diverged</b> by step 12" in lost
