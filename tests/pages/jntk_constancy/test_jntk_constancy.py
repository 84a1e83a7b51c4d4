"""The constancy study: what it measures, and what its pictures and sentences show."""

import jax
import numpy as np
import pytest
from planned import run_plan
from programs import run_program

from jntk_viz import MLP, LinearDynamics, finite_jntk, jacobian_nngp, jntk, train
from jntk_viz.datasets import Dataset
from jntk_viz.drawing.theme import use_theme
from jntk_viz.engine import sources
from jntk_viz.frame.blocks import by_block
from jntk_viz.frame.numbers import percent
from jntk_viz.pages.jntk_constancy import curve_pictures, measures, study, training
from jntk_viz.pages.jntk_constancy import state as state_module
from jntk_viz.pages.jntk_constancy.answers import answers
from jntk_viz.pages.jntk_constancy.script import script
from jntk_viz.pages.jntk_constancy.state import MOMENTS, SOURCES, JNTKConstancyState, record_steps
from jntk_viz.rates import PowerLaw
from jntk_viz.training import output_loss_parts

SMALL = {"points": 8, "widest": 128, "networks": 2, "depth": 1, "steps": 30}
norm = np.linalg.norm


def trained(**settings):
    """A run of these settings to its end."""
    state = JNTKConstancyState(**settings)
    return training.progress_of(state, run_plan(training.plan, state)[0])


@pytest.fixture(scope="module")
def done():
    return trained(**SMALL)


def test_all_settings_at_their_ends_are_refused_before_anything_is_trained():
    """Each of them alone is allowed."""
    largest = {"widest": 2048, "networks": 5, "depth": 4, "steps": 3000, "points": 32}
    for name, value in largest.items():
        training.check_effort(JNTKConstancyState(**{name: value}).settings, 20)
    state = JNTKConstancyState(**largest)
    known, steps = run_plan(training.plan, state, most=1)
    assert steps == [study.reading(state.settings)]
    with pytest.raises(ValueError, match=r"as long as a page may compute\. Choose fewer `steps`"):
        training.plan(state, known)


def test_networks_are_trained_in_step(done):
    moments = record_steps(30)
    assert moments[0] == 0
    assert moments[-1] == 30
    everyone = [(width, network) for width in (8, 32, 128) for network in (0, 1)]
    expected = [(width, network, step) for step in moments for width, network in everyone]
    assert [(r.width, r.network, r.step) for r in done.records] == expected


@pytest.mark.parametrize("record", [-2, -6], ids=["wide", "narrow"])
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
    on_train = LinearDynamics(limit, problem.y, lam=settings.lam).train(
        run.times[-1], learning_rate=problem.learning_rate, initial=run.outputs[0]
    )
    off = norm(run.outputs[-1] - on_train) / norm(on_train)
    assert record.deviation_train == pytest.approx(off, rel=1e-3)
    rows = limit.shape[0] * limit.shape[1]
    assert record.operator == pytest.approx(norm((last - limit).reshape(rows, rows), 2), rel=1e-3)
    assert record.fit == pytest.approx(run.fit[-1], rel=1e-3)
    assert record.jacobian == pytest.approx(run.jacobian[-1], rel=1e-3)
    kept, n = record.snapshot, len(problem.x)
    np.testing.assert_allclose(kept.outputs[n:], end, atol=1e-4)
    np.testing.assert_allclose(kept.outputs[:n], run.outputs[-1], atol=1e-4)
    np.testing.assert_allclose(kept.ode[n:], ode, atol=1e-4)
    np.testing.assert_allclose(kept.ode[:n], on_train, atol=1e-4)
    k = len(kept.kernel)
    np.testing.assert_allclose(kept.kernel, last[:k, :, :k], atol=1e-3)


def test_errors_fall_like_one_over_the_root_of_the_width():
    summary = measures.errors_at(trained(widest=1024, networks=5, depth=1, steps=100).records)
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
    band = study.infinite_width_losses(settings, 500)
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


def test_a_run_is_known_from_the_limit_on_and_grows_in_step():
    state = JNTKConstancyState(**SMALL, seed=3)
    assert training.progress_of(state, run_plan(training.plan, state, most=1)[0]) is None
    known, _ = run_plan(training.plan, state, most=2)
    assert training.progress_of(state, known).records == []
    known, _ = run_plan(training.plan, state, most=2 + 7)
    records = training.progress_of(state, known).records
    assert [(r.width, r.network, r.step) for r in records[-2:]] == [(128, 1, 0), (8, 0, 1)]


def test_long_ways_are_cut_into_chunks_that_end_at_every_moment():
    settings = JNTKConstancyState(widest=2048, steps=3000, points=32).settings
    ends = training.stops(settings, 2048)
    assert ends[0] == 0
    assert set(settings.moments.tolist()) <= set(ends)
    effort = np.diff(ends) * training.weights(settings, 2048) * 32
    assert (np.diff(ends) > 0).all()
    assert effort.max() < 2 * training.EFFORT
    assert len(training.stops(settings, 128)) < 60


def test_chunks_do_not_change_the_numbers(done, monkeypatch):
    monkeypatch.setattr(training, "EFFORT", 3e4)
    training.stops.cache_clear()
    training.chunks_of.cache_clear()
    training.train_on.cache_clear()
    again = trained(**SMALL)
    training.stops.cache_clear()
    training.chunks_of.cache_clear()
    training.train_on.cache_clear()
    assert [r.step for r in again.records] == [r.step for r in done.records]
    for one, other in zip(again.records, done.records, strict=True):
        assert one.drift == pytest.approx(other.drift, rel=1e-4, abs=1e-7)
        assert one.deviation == pytest.approx(other.deviation, rel=1e-3, abs=1e-6)


def test_past_the_stability_limit_networks_diverge_without_a_nan_in_the_pictures():
    records = trained(**SMALL | {"rate": 2.0, "lam": 0.0, "steps": 300}).records
    summary = measures.errors_at(records)
    assert summary.diverged
    for quantity in ("drift", "fit"):
        for steps, values in measures.lines(records, (8, 32, 128), quantity):
            assert np.isfinite(values[np.isfinite(steps)]).all()


def test_the_learning_rate_is_the_chosen_share_of_the_limit(done):
    limit = 2 * len(done.problem.x) / done.problem.dynamics.eigenvalues[-1]
    assert done.problem.learning_rate == pytest.approx(0.25 * limit)


def test_a_table_with_a_class_of_one_row_is_refused_in_our_words():
    table = Dataset(np.eye(3), np.array([1.0, 1.0, -1.0]), ("a", "b", "c"), "mine", ("elm", "oak"))
    with pytest.raises(ValueError, match="got one row of 'elm'"):
        SOURCES.own_entry("mine.csv", table)


def test_many_columns_get_fewer_points(monkeypatch):
    monkeypatch.setattr(state_module, "MOST_ROWS", 70)
    settings = JNTKConstancyState(data="wine", points=20, lam=0.003).settings
    assert len(study.prepare(settings).x) == 70 // 14
    study._prepared.cache_clear()


def test_relu_is_not_offered():
    with pytest.raises(ValueError, match="relu"):
        JNTKConstancyState(activation="relu")


def test_the_seed_draws_other_weights_and_the_same_data(done):
    other = trained(**SMALL, seed=1)
    np.testing.assert_array_equal(other.problem.theta, done.problem.theta)
    assert other.records[-1].to_limit != done.records[-1].to_limit


@pytest.mark.parametrize("steps", [30, 100, 300, 1000, 3000])
def test_moments_are_as_many_for_every_length_of_the_training(steps):
    moments = record_steps(steps)
    assert len(moments) == MOMENTS + 1
    assert moments[0] == 0
    assert moments[-1] == steps
    assert (np.diff(moments) > 0).all()


def test_what_is_kept_of_the_kernels_is_bounded(done):
    kept = [r.snapshot for r in done.records if r.snapshot is not None]
    assert {r.network for r in done.records if r.snapshot is not None} == {0}
    assert kept[0].kernel.dtype == np.float32
    assert kept[0].kernel.shape[0] * kept[0].kernel.shape[1] <= training.KEPT_ROWS
    for d0 in (2, 4, 13, 60):
        points = training.kept_points(d0, 32)
        assert 2 <= points <= 32
        assert points * (1 + d0) <= max(training.KEPT_ROWS, 2 * (1 + d0))


def test_the_operator_norm_by_iteration_is_that_of_all_singular_values():
    a = np.random.default_rng(0).normal(size=(240, 240))
    symmetric = (a + a.T).reshape(60, 4, 60, 4)
    assert training.operator_norm(symmetric) == pytest.approx(norm(a + a.T, 2), rel=1e-4)
    assert training.operator_norm(0 * symmetric) == 0
    small = symmetric[:5, :, :5]
    assert training.operator_norm(small) == pytest.approx(norm(small.reshape(20, 20), 2))


def test_blocks_of_a_kernel_come_value_first():
    kernel = np.arange(2 * 3 * 2 * 3.0).reshape(2, 3, 2, 3)
    matrix = by_block(kernel)
    assert matrix[0, 1] == kernel[0, 0, 1, 0]  # f with f
    assert matrix[1, 2] == kernel[1, 0, 0, 1]  # f with J_1 of the first point
    assert matrix[4, 3] == kernel[0, 2, 1, 1]  # J_2 with J_1


def fake(done, value, error_of):
    """A run whose width errors are given and whose λ_min is `value`."""
    smallest = done.problem.smallest._replace(value=value, noise_floor=1e-9)
    records = [r._replace(operator=error_of(r.width)) for r in done.records]
    return done._replace(problem=done.problem._replace(smallest=smallest), records=records)


def test_the_regime_is_extrapolated_along_the_fitted_line(done):
    found = measures.regime(fake(done, 0.01, lambda width: 3 / width**0.5))
    assert not found.reached
    assert found.widest == 128
    assert found.error == pytest.approx(3 / 128**0.5)
    assert found.needed == pytest.approx(300**2, rel=1e-6)  # where 3/√d = 0.01
    assert measures.regime(fake(done, 0.3, lambda width: 3 / width**0.5)).reached
    flat = measures.regime(fake(done, 0.01, lambda width: width / 8))
    assert flat.needed == np.inf


def test_no_width_is_named_where_the_smallest_eigenvalue_is_not_resolved(done):
    from jntk_viz.pages.jntk_constancy import words as text

    found = measures.regime(fake(done, 1e-10, lambda width: 3 / width**0.5))
    assert not found.reached
    assert np.isnan(found.needed)
    assert "cannot be judged" in text.regime_text(found)[0]
    assert "No width can be named" in text.extrapolation_text(found)


def test_the_regime_takes_the_largest_error_until_a_moment(done):
    at_start, whole = measures.regime(done, 0), measures.regime(done)
    first = [r.operator for r in done.records if r.step == 0]
    assert sorted(at_start.errors) == pytest.approx(sorted(first))
    own = [r.operator for r in done.records if (r.width, r.network) == (8, 0)]
    assert max(own) in whole.errors
    assert (np.sort(whole.errors) >= np.sort(at_start.errors)).all()


def test_a_moment_before_the_end_gives_the_errors_of_that_step(done):
    step = int(record_steps(30)[10])
    summary = measures.errors_at(done.records, step)
    assert summary.step == step
    wide = [r.drift for r in done.records if (r.width, r.step) == (128, step)]
    assert summary.median("drift", 128) == pytest.approx(np.median(wide))


@pytest.mark.parametrize("moment", [MOMENTS, 7])
def test_the_program_prints_the_numbers_of_the_page(done, moment):
    state = JNTKConstancyState(**SMALL, moment=moment)
    settings = state.settings
    numbers = {name: float(value) for name, value in run_program(script(state)).items()}
    at = state.shown_step
    summary, found = measures.errors_at(done.records, at), measures.regime(done, at)
    assert numbers["learning_rate"] == pytest.approx(done.problem.learning_rate)
    assert numbers["smallest_eigenvalue"] == pytest.approx(found.smallest.value)
    assert numbers["noise_floor"] == pytest.approx(found.smallest.noise_floor)
    for quantity in measures.QUANTITIES:
        for width in settings.widths:
            expected = summary.median(quantity, width)
            assert numbers[f"{quantity}_{width}"] == pytest.approx(expected, rel=1e-3)
        expected = summary.laws[quantity].slope
        assert numbers[f"slope_{quantity}"] == pytest.approx(expected, rel=1e-2)
    assert numbers["width_error_128"] == pytest.approx(found.error, rel=1e-3)
    assert np.log(numbers["width_needed"]) == pytest.approx(np.log(found.needed), rel=1e-2)


def test_the_program_of_a_readers_own_table_loads_its_file():
    state = JNTKConstancyState()
    dataset = sources.load("circle", n=9)
    name = sources.register("mine.csv", dataset, label="kind")
    try:
        state.param.data.objects = {"mine": name}
        state.data = name
        assert "data = jv.load_csv('mine.csv', label='kind')" in script(state)
        assert len(study.prepare(state.settings).x) == 7  # some have to be left for the test
    finally:
        sources.forget(name)


@pytest.fixture(scope="module")
def pictures():
    from jntk_viz import frame
    from jntk_viz.pages.jntk_constancy.page import JNTKConstancy

    frame.use_theme()
    page = JNTKConstancy()
    page.state.param.update(**SMALL)
    return page


@pytest.fixture
def look(pictures):
    """Set what is looked at, and draw a run; back to the default afterwards."""

    def set_state(run, **values):
        pictures.state.param.update(**values)
        pictures.draw_run(run)

    yield set_state
    pictures.state.param.update(view="training", moment=25, followed="widest", against="limit")


def drawn(plot):
    """All (x, y) points of the glyphs of a plot that are drawn, but for the line at the moment."""
    sources = [r.data_source.data for r in plot.figure.renderers]
    sources = [data for data in sources if 1e30 not in list(data.values())[1]]
    points = [list(data.values())[:2] for data in sources]
    return [np.array(p) for p in points if len(p) == 2 and len(p[0])]


def image(plot):
    """The numbers of a heat map, top row first."""
    [found] = [
        r.data_source.data["image"][0]
        for r in plot.figure.renderers
        if "image" in r.data_source.data
    ]
    return np.flipud(found)


def test_the_pictures_show_the_records(done, pictures, look):
    pictures.draw_run(done._replace(records=[]))
    assert drawn(pictures.drift) == []
    assert len(drawn(pictures.loss)) == 4  # two bands, two medians: known without a network
    pictures.draw_run(done)
    wide = drawn(pictures.drift)[2]
    own = [r for r in done.records if (r.width, r.network) == (128, 1) and r.step]
    np.testing.assert_allclose(wide[:, -len(own) - 1 : -1], [[r.step for r in own],
                                                             [r.drift for r in own]])  # fmt: skip
    assert pictures.drift.figure.x_range.end == 30


def test_axes_hold_all_that_is_known_of_a_run(done, pictures, look):
    far = done.records[-1]._replace(drift=50.0)
    pictures.draw_run(done._replace(records=[*done.records[:-1], far]))
    assert pictures.drift.figure.y_range.end > 50
    pictures.draw_run(done)
    top = pictures.drift.figure.y_range.end
    assert max(r.drift for r in done.records) < top < 50


def test_axes_stay_while_one_looks_back(done, pictures, look):
    pictures.draw_run(done)
    for view in ("training", "outputs", "kernel"):
        look(done, view=view, moment=25)
        figures = [p.figure for p in pictures.plots.values()]
        before = [(f.x_range.start, f.x_range.end, f.y_range.start, f.y_range.end) for f in figures]
        for moment in (0, 5, 20):
            look(done, moment=moment)
            after = [
                (f.x_range.start, f.x_range.end, f.y_range.start, f.y_range.end) for f in figures
            ]
            assert after == before


def test_the_followed_width_is_drawn_beside_the_equation(done, pictures, look):
    look(done, view="outputs", followed="narrowest")
    first = next(r for r in done.records if r.width == 8 and r.step)
    n = len(done.problem.x)
    for (kind, column), plot in pictures.curves.items():
        row = 0 if kind == "training" else n
        network, ode = drawn(plot)
        assert network[1, 0] == pytest.approx(first.snapshot.outputs[row, column])
        assert ode[1, 0] == pytest.approx(first.snapshot.ode[row, column])
    _, train, test = drawn(pictures.parity)
    last = measures.at_moment(done.records, 8, 30).snapshot
    np.testing.assert_allclose(train, [last.ode[:n].ravel(), last.outputs[:n].ravel()])
    np.testing.assert_allclose(test, [last.ode[n:].ravel(), last.outputs[n:].ravel()])


def test_the_heat_maps_are_kernel_limit_and_difference_on_one_scale(done, pictures, look):
    look(done, view="kernel", followed="middle", moment=12)
    record = measures.at_moment(done.records, 32, int(record_steps(30)[12]))
    k = len(record.snapshot.kernel)
    order = np.argsort(done.problem.y[:k], kind="stable")
    limit = by_block(done.problem.theta[:k, :, :k][order][:, :, order])
    theta = by_block(record.snapshot.kernel[order][:, :, order])
    np.testing.assert_allclose(image(pictures.theta), theta, rtol=1e-5)
    np.testing.assert_allclose(image(pictures.limit), limit, rtol=1e-5)
    np.testing.assert_allclose(image(pictures.difference), theta - limit, rtol=1e-4, atol=1e-5)
    look(done, against="start")
    start = next(r for r in done.records if (r.width, r.network) == (32, 0)).snapshot.kernel
    start = by_block(start[order][:, :, order])
    np.testing.assert_allclose(image(pictures.difference), theta - start, rtol=1e-4, atol=1e-5)
    mappers = [m for p in (pictures.theta, pictures.limit, pictures.difference)
               for m in p._colour_mappers()]  # fmt: skip
    assert {(m.low, m.high) for m in mappers} == {(-abs(limit).max(), abs(limit).max())}


def test_the_sentences_say_what_was_measured(done):
    from jntk_viz.pages.jntk_constancy import words as text

    summary = measures.errors_at(done.records)
    words = " ".join(text.training_text(summary, done.settings))
    assert "After <b>30</b> steps" in words
    wide = np.median([r.drift for r in done.records if (r.width, r.step) == (128, 30)])
    assert f"<b>{percent(wide)}</b>" in words
    assert f"{summary.laws['to_limit'].slope:.2f}".replace("-", "−") in words
    assert f"{done.problem.learning_rate:.3g}" in text.rate_notes(done.settings, done.problem)
    lost, _ = text.training_text(summary._replace(diverged={8: 12}), done.settings)
    assert "Networks of width <b>8 diverged</b> by step 12" in lost
    record, found = measures.at_moment(done.records, 128, 30), measures.regime(done)
    words = " ".join(text.kernel_text(summary, done.settings, record, found))
    assert percent(record.to_limit) in words
    assert "<b>not reached</b>. At width 128" in words
    assert f"{found.error:.2g}" in words
    assert "an extrapolation" in text.extrapolation_text(found)
    words, _ = text.outputs_text(summary, done.settings, record, None)
    assert percent(record.deviation) in words


def test_answers_are_known_when_the_training_is_over_and_not_before(done):
    state = JNTKConstancyState(**SMALL)
    asked, known = answers(state), run_plan(training.plan, state)[0]
    last = training.plan(state, known)[-1]
    early = lambda function, *arguments: (  # noqa: E731 - as `Known`, without the last record
        None if (function, arguments) == last.key else known(function, *arguments)
    )
    early.of = known.of
    assert all(answer(early) is None for answer in asked.values())
    found = {key: answer(known) for key, answer in asked.items()}
    summary = measures.errors_at(done.records)
    assert found["order"].value == ("8", "32", "128")
    assert found["slope"].value == summary.laws["to_limit"].slope
    assert found["kappa"].value == pytest.approx(100 * summary.median("drift", 128))
    assert found["fate"].value == "both stay finite"
    assert 10 ** found["regime"].value == pytest.approx(measures.regime(done).needed)
    steps, values = found["jacobian"].value
    own = [r for r in done.records if (r.width, r.network) == (128, 0) and r.step]
    np.testing.assert_allclose(values, [r.jacobian for r in own])
    np.testing.assert_allclose(steps, [r.step for r in own])


def test_past_the_stability_limit_networks_can_outlive_the_equation():
    run = trained(**SMALL | {"rate": 1.5, "steps": 100, "depth": 2})
    assert measures.fate(run) == "only the equation diverges"
    assert run.records[-1].deviation > 0.9


@pytest.mark.parametrize(
    ("limits", "places"),
    [
        ((0.05, 2.0), [0.1, 0.3, 1.0]),
        ((0.003, 1215.0), [0.01, 0.1, 1.0, 10.0, 100.0, 1000.0]),
        ((1e-9, 1e9), [1e-8, 1e-4, 1.0, 1e4, 1e8]),
    ],
)
def test_ticks_of_a_logarithmic_axis_have_room(limits, places):
    ticks = curve_pictures.log_ticks(*limits)
    np.testing.assert_allclose([place for place, _ in ticks], places)
    assert len(ticks) <= 7
    assert all(limits[0] <= place <= limits[1] for place, _ in ticks)


def test_no_label_of_a_slope_lies_above_all_that_is_shown():
    law = PowerLaw(0.0, -0.1, 0.1, 0.0)
    widths = np.array([16.0, 64.0, 256.0])
    fits = [(widths, np.full(3, value)) for value in (0.9, 1.0, 1.1)]
    _, y, words = curve_pictures._slope_labels(fits, [law] * 3, top=1.1)
    assert max(y) == pytest.approx(1.1)
    assert min(np.array(y[1:]) / y[:-1]) >= 2.59
    assert len(words) == 3


def test_fitted_lines_and_the_guide_span_the_widths_that_are_shown_and_no_others():
    use_theme()
    shown = np.array([16.0, 64.0]), np.array([0.4, 0.2])  # the widest is still in training
    law = PowerLaw(-0.5, -0.6, -0.4, 0.0)
    picture = curve_pictures.width_errors([shown] * 3, [law] * 3, (16, 64, 256))
    lines = [part.dimension_values(0) for part in picture if type(part).__name__ == "Curve"]
    assert len(lines) == 4
    for line in lines:
        np.testing.assert_array_equal(line, [16, 64])
