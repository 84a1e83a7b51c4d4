"""The robust-training study, its pictures and its page, without a browser."""

from types import SimpleNamespace

import numpy as np
import planned
import pooch
import pytest
from bokeh.models import Span
from planned import run_plan
from programs import run_program

from jntk_viz import RobustDynamics, accuracy, eigenfeatures, first_order_margin, frame
from jntk_viz.drawing import axes
from jntk_viz.engine import results
from jntk_viz.frame.content import Known
from jntk_viz.frame.presets import load_presets, settings
from jntk_viz.frame.settings import data_names
from jntk_viz.pages.robust_training import pictures, plan, predictor, stopping, study
from jntk_viz.pages.robust_training import words as text
from jntk_viz.pages.robust_training.script import script
from jntk_viz.pages.robust_training.state import (
    FLOW,
    LAMBDAS,
    RATES,
    SOURCES,
    TIMES,
    Problem,
    RobustTrainingState,
    Source,
)

IRIS = Problem("iris", 2, "gelu", 0)
FINITE = [i for i, t in enumerate(TIMES) if np.isfinite(t)]


@pytest.fixture(scope="module", autouse=True)
def theme():
    frame.use_theme()


@pytest.fixture(scope="module")
def prepared():
    return study.prepare(IRIS)


@pytest.fixture(scope="module")
def solutions():
    return {lam: study.solve(IRIS, lam) for lam in (0.0, 0.01, 0.1, 10.0)}


def _clean(solution, rate=FLOW):
    return solution.paths[rate].reach.clean


@pytest.mark.parametrize("norm", ["l2", "linf"])
@pytest.mark.parametrize(("lam", "t"), [(0.0, 50.0), (0.1, 1e3), (10.0, 2.0), (0.01, np.inf)])
def test_curves_equal_the_library(prepared, solutions, lam, t, norm):
    train, test = prepared.train, prepared.test
    outputs = RobustDynamics(train.x, train.y, lam=lam, **prepared.kernel).predict(test.x, t)
    at, solution = TIMES.index(t), solutions[lam]
    # At t = ∞ eigenvalues near 1e-10 magnify the rounding error of the kernel.
    tolerance = 1e-8 if np.isfinite(t) else 1e-3
    margin = first_order_margin(outputs, test.x, test.y, epsilon=0.3, norm=norm)
    np.testing.assert_allclose(
        solution.paths[FLOW].reach.margin(0.3, norm)[at], margin, atol=tolerance
    )
    curves = study.curves(solution, epsilon=0.3, norm=norm)
    assert curves.clean[at] == accuracy(test.y * outputs[:, 0])
    assert curves.robust[at] == accuracy(margin)


def test_median_jacobian_is_tangent_and_l2_whatever_the_attack(prepared, solutions):
    at = TIMES.index(1e3)
    x, train = prepared.test.x, prepared.train
    dynamics = RobustDynamics(train.x, train.y, lam=0.1, **prepared.kernel)
    jacobian = dynamics.predict(x, 1e3)[:, 1:]
    tangent = jacobian - np.sum(jacobian * x, axis=1, keepdims=True) * x
    expected = np.median(np.linalg.norm(tangent, axis=1))
    for norm in ("l2", "linf"):
        curves = study.curves(solutions[0.1], epsilon=0.3, norm=norm)
        assert curves.jacobian[at] == pytest.approx(expected, rel=1e-6)


def test_at_infinite_time_lambda_does_not_matter_if_it_is_positive(solutions):
    ends = [_clean(solutions[lam])[-1] for lam in (0.01, 0.1, 10.0)]
    np.testing.assert_allclose(ends[1:], [ends[0]] * 2, atol=0.02)
    assert np.abs(_clean(solutions[0.0])[-1] - ends[0]).max() > 0.3


def test_lambda_zero_is_ordinary_training(prepared, solutions):
    """The neural tangent kernel alone, without any Jacobian entry, gives the same outputs."""
    e, v = np.linalg.eigh(prepared.gram[:, 0, :, 0])
    y, t = prepared.train.y, 50.0
    learned = v @ (-np.expm1(-e * t / len(y)) / e * (v.T @ y))
    outputs = prepared.cross_gram[:, 0, :, 0] @ learned
    at = TIMES.index(t)
    np.testing.assert_allclose(_clean(solutions[0.0])[at], prepared.test.y * outputs, atol=1e-9)


def test_training_never_raises_the_regularised_loss(prepared):
    dynamics = study.diagonalise(IRIS, 0.1)
    states = [dynamics.train(t) for t in TIMES]
    losses = [
        np.mean((u[:, 0] - prepared.train.y) ** 2 + 0.1 * np.sum(u[:, 1:] ** 2, axis=1))
        for u in states
    ]
    assert np.all(np.diff(losses[:-1]) <= 1e-9)
    assert losses[-1] < 1e-3 * losses[0]


@pytest.mark.parametrize(("rate", "t"), [(0.5, 50.0), (0.9, 5.0), (1.1, 20.0), (1.5, 10.0)])
def test_descent_is_what_iteration_gives(prepared, solutions, rate, t):
    """u ← u - (η/N) Θ Λ (u - u*), step by step, as training would."""
    path, at = solutions[0.1].paths[rate], TIMES.index(t)
    n, block = prepared.gram.shape[:2]
    theta = prepared.gram.reshape(n * block, -1)
    weight = np.tile([1.0] + [0.1] * (block - 1), n)
    target = np.zeros((n, block))
    target[:, 0] = prepared.train.y
    target, u = target.ravel(), np.zeros(n * block)
    steps = round(t / path.learning_rate)
    assert steps == path.steps[at] > 1
    for _ in range(steps):
        u = u - path.learning_rate / n * theta @ (weight * (u - target))
    trained = np.tensordot(prepared.gram, path.coefficients[at], axes=2)
    scale = np.abs(u).max()
    np.testing.assert_allclose(trained.ravel(), u, atol=1e-8 * scale)


def test_steps_of_zero_and_what_has_diverged_are_not_known(solutions):
    path = solutions[0.1].paths[1.1]
    known = np.isfinite(path.reach.clean[:, 0])
    assert not known[-1]
    assert np.array_equal(np.isfinite(path.coefficients[:, 0, 0]), known)
    assert not known[path.steps == 0].any()
    overshot = np.abs(1 - (1 - 2 * 1.1) ** np.minimum(path.steps, 1000))
    np.testing.assert_array_equal(known, (path.steps > 0) & (overshot < study.DIVERGED))
    curves = study.curves(solutions[0.1], epsilon=0.3, rate=1.1)
    np.testing.assert_array_equal(np.isfinite(curves.robust), known)
    # A stable rate ends where the flow ends.
    np.testing.assert_allclose(
        _clean(solutions[0.1], 0.9)[-1], _clean(solutions[0.1])[-1], atol=1e-3
    )


def test_the_span_of_few_points_is_enough(monkeypatch):
    """7 points of R⁶⁴: slopes across their span stay zero, so the direct way gives the same."""
    few = Source("Digits", {}, 7, 9)
    monkeypatch.setitem(SOURCES, "digits", few)
    problem = Problem("digits", 2, "gelu", 1)
    prepared, solution = study.prepare(problem), study.solve(problem, 0.5)
    assert prepared.gram.shape == (7, 8, 7, 8)
    train, test = prepared.train, prepared.test
    assert len(test.y) == 9
    dynamics = RobustDynamics(train.x, train.y, lam=0.5, **prepared.kernel)
    for t in (1.0, 1e3, np.inf):
        path, at = solution.paths[FLOW], TIMES.index(t)
        outputs = dynamics.predict(test.x, t)
        for norm in ("l2", "linf"):
            margin = first_order_margin(outputs, test.x, test.y, epsilon=0.1, norm=norm)
            np.testing.assert_allclose(path.reach.margin(0.1, norm)[at], margin, atol=1e-8)
        lifted = prepared.lift(path.coefficients[at])
        np.testing.assert_allclose(lifted, dynamics.linear.coefficients(t), atol=1e-7)
    study.solve.cache_clear()
    study.prepare.cache_clear()


def test_map_holds_the_curves_and_nan_where_nothing_is_known(solutions):
    whole = study.lambda_time_map(solutions, epsilon=0.2, norm="linf")
    for lam, solution in solutions.items():
        np.testing.assert_array_equal(
            study.row(whole, lam), study.curves(solution, epsilon=0.2, norm="linf")
        )
    assert np.isnan(study.row(whole, 0.5)).all()


def test_robust_accuracy_falls_from_clean_accuracy_as_epsilon_grows(solutions):
    maps = [study.lambda_time_map(solutions, epsilon=e) for e in (0.0, 0.1, 0.3, 1.0)]
    known = np.isfinite(maps[0].clean)
    robust = np.array([m.robust[known] for m in maps])
    np.testing.assert_array_equal(robust[0], maps[0].clean[known])
    assert np.all(np.diff(robust, axis=0) <= 0)
    assert robust[-1].max() < robust[0].max()


def test_ridge_is_the_last_time_of_best_robustness():
    robust = np.full((3, len(TIMES)), np.nan)
    robust[0] = 0.5
    robust[0, [3, 7]] = 0.9
    robust[0, -1] = 1.0  # t = ∞ is not a time to stop at
    robust[1] = 0.2
    np.testing.assert_array_equal(study.ridge(robust), [TIMES[7], TIMES[FINITE[-1]], np.nan])


@pytest.mark.parametrize("lam", [0.0, 0.1])
def test_features_equal_the_library(prepared, solutions, lam):
    train, test = prepared.train, prepared.test
    expected = eigenfeatures(
        train.x, train.y, test.x, test.y, lam=lam, epsilon=0.3, norm="l2", **prepared.kernel
    )
    scores = study.scores(solutions[lam], epsilon=0.3, norm="l2")
    np.testing.assert_allclose(solutions[lam].eigenvalues, expected.eigenvalues, rtol=1e-3)
    assert solutions[lam].unresolved == expected.unresolved
    # Features of the smallest eigenvalues are themselves uncertain by rounding.
    large = expected.eigenvalues > 1e-5 * expected.eigenvalues[0]
    np.testing.assert_array_equal(scores.usefulness[large], expected.usefulness[large])
    np.testing.assert_array_equal(scores.robustness[large], expected.robustness[large])


def test_scores_count_accurate_but_fragile_features():
    clean = np.ones((4, 10))
    clean[3] = -1
    cost = np.array([0.0, 2.0, 2.0, 0.0])[:, None] * np.ones(10)
    solution = study.Solution(
        0.1, {}, np.ones(4), np.ones(4), study.Reach(clean, cost, 9 * cost), 0, 1e-12
    )
    scores = study.scores(solution, epsilon=1.0)
    assert (scores.fragile, scores.robustness.tolist()) == (2, [1, 0, 0, 0])
    assert study.scores(solution, epsilon=0.3).fragile == 0
    assert study.scores(solution, epsilon=0.3, norm="linf").fragile == 2


def test_the_search_finds_at_least_what_is_there_without_attack(solutions):
    at = TIMES.index(1e3)
    clean = study.curves(solutions[0.1], epsilon=0).clean[at]
    searched = [study.pgd_accuracy(IRIS, 0.1, 1e3, epsilon, "l2", FLOW) for epsilon in (0.0, 0.3)]
    assert searched[0] == clean
    assert searched[1] < clean


def test_one_path_is_solved_first_and_is_what_it_is_among_all():
    """Bit by bit, so that a picture does not change when the other rates are known."""
    whole, alone = study.solve(IRIS, 0.1), study.solve(IRIS, 0.1, 0.9)
    assert [*alone.paths] == [0.9]
    assert [*whole.paths] == [FLOW, *RATES]
    for ours, theirs in zip(alone.paths[0.9], whole.paths[0.9], strict=True):
        np.testing.assert_array_equal(np.array(ours), np.array(theirs))
    state = RobustTrainingState(lam=0.05, seed=17, depth=5)
    known, steps = run_plan(plan.plan, state, most=3)
    assert steps[1].arguments == (state.problem, 0.05, FLOW)
    assert [*plan.found_of(state, known).solutions[0.05].paths] == [FLOW]
    known, _ = run_plan(plan.plan, state)
    assert [*plan.found_of(state, known).solutions[0.05].paths] == [FLOW, *RATES]
    assert steps[1].key not in {step.key for step in plan.plan(state, known)}


def test_the_plan_begins_with_what_is_on_screen_and_ends_with_all():
    study.solve.cache_clear()
    state = RobustTrainingState()
    known, steps = run_plan(plan.plan, state)
    functions = [step.function for step in steps]
    assert functions[:4] == [study.prepare, study.solve, study.solve, study.pgd_accuracy]
    assert [step.arguments for step in steps[1:3]] == [(IRIS, 0.1, FLOW), (IRIS, 0.0, FLOW)]
    assert steps[3].arguments == (IRIS, 0.1, 1e3, 0.3, "l2", FLOW)
    end = plan.found_of(state, known)
    assert {*end.solutions} == {*LAMBDAS}
    assert [*end.pgd] == [t for t in TIMES if t in {1e3, *plan.PGD_TIMES}]
    assert functions.count(stopping.left_out) == 2 * stopping.FOLDS
    assert end.comparison.lam == 0.1
    assert end.picture is None
    early = plan.found_of(state, run_plan(plan.plan, state, most=3)[0])
    assert {0.1, 0.0} <= {*early.solutions}
    assert plan.found_of(state, lambda *_: None) is None
    other = RobustTrainingState(seed=9998)  # of which nothing is known, the kernel first
    assert [step.function for step in plan.plan(other, Known())] == [study.prepare]


@pytest.mark.parametrize(
    ("data", "function"),
    [("iris", predictor.cut), ("circle", predictor.circle_rows), ("digits", predictor.digits)],
)
def test_the_predictor_s_picture_is_a_step_of_its_tab_alone(data, function):
    test = SimpleNamespace(y=np.zeros(10))
    prepared = SimpleNamespace(test=test)
    state = RobustTrainingState(data=data, point=12, plane="point")
    assert plan.picture_step(state, prepared) is None
    state.view = "predictor"
    step = plan.picture_step(state, prepared)
    assert step.function is function
    if data == "iris":
        assert step.arguments == (state.problem, "point", 2)


def test_every_place_on_an_axis_is_its_own_and_is_found_again():
    for values, places in (
        (TIMES, axes.time_position),
        (LAMBDAS, axes.lam_position),
    ):
        positions = places(values)
        assert np.all(np.diff(positions) > 0)
        assert [axes.nearest(values, p, places) for p in positions] == [*values]
    gap = np.diff(axes.time_position(TIMES))
    assert gap[-1] > 2 * gap[:-1].max()
    for values, places, limits in (
        (TIMES, axes.time_position, axes.TIME_LIMITS),
        (LAMBDAS, axes.lam_position, axes.LAM_LIMITS),
    ):
        assert limits[0] < places(values).min()
        assert places(values).max() < limits[1]


def test_the_map_keeps_infinity_and_zero_apart():
    values = np.arange(len(LAMBDAS) * len(TIMES), dtype=float)
    values = values.reshape(len(LAMBDAS), -1)
    best = np.full(len(LAMBDAS), np.nan)
    best[2] = 50.0
    picture = pictures.lambda_time_map(LAMBDAS, TIMES, values, best)
    mesh, dots = [*picture][:2]
    drawn = mesh.dimension_values(2, flat=False)
    assert np.isnan(drawn[1]).all()
    assert np.isnan(drawn[:, -2]).all()
    np.testing.assert_array_equal(np.delete(np.delete(drawn, 1, 0), -2, 1), values)
    np.testing.assert_allclose(dots.array(), [[np.log10(50), np.log10(LAMBDAS[2])]])


def test_scatter_draws_large_eigenvalues_on_top():
    picture = pictures.feature_scatter(
        np.array([0.5, 1.0]), np.array([0.25, 0.75]), np.array([100.0, 1.0])
    )
    np.testing.assert_allclose([*picture][1].array(), [[100, 75, 0], [50, 25, 2]])


@pytest.fixture
def page():
    return started()


def started(**settings):
    from jntk_viz.pages.robust_training.page import RobustTraining

    return planned.started(RobustTraining(), **settings)


def said(page):
    return page.controller.headline.pane.object


def test_page_says_what_the_library_computes(page, prepared):
    train, test = prepared.train, prepared.test
    words = said(page)
    for lam, sentence in ((0.1, "λ = 0.1 at t = 10³: {} % clean, {} % robust at ε = 0.3"),
                          (0.0, "standard training: {} % and {} %")):  # fmt: skip
        outputs = RobustDynamics(train.x, train.y, lam=lam, **prepared.kernel).predict(test.x, 1e3)
        margin = first_order_margin(outputs, test.x, test.y, epsilon=0.3)
        clean, robust = (100 * accuracy(m) for m in (test.y * outputs[:, 0], margin))
        assert sentence.format(round(clean), round(robust)) in words
    for change in ({"t": np.inf}, {"lam": 0.0}, {"epsilon": 0.1}, {"norm": "linf"}):
        page.state.param.update(**change)
        assert said(page) != words
        words = said(page)
    assert not page.controller.notice.pane.visible


def test_page_draws_what_it_says(page):
    pics = page
    solutions = {lam: study.solve(IRIS, lam) for lam in LAMBDAS}
    whole = study.lambda_time_map(solutions, epsilon=0.3, norm="l2")
    np.testing.assert_array_equal(pics.accuracy.data["clean"], study.row(whole, 0.1).clean)
    np.testing.assert_array_equal(pics.map.data["values"], 100 * whole.robust)
    np.testing.assert_array_equal(pics.profile.data["end"], 100 * whole.robust[:, -1])
    page.state.param.update(shown="jacobian", lam=1.0, t=10.0)
    np.testing.assert_array_equal(pics.map.data["values"], whole.jacobian)
    np.testing.assert_array_equal(pics.accuracy.data["robust"], study.row(whole, 1.0).robust)
    at = TIMES.index(10.0)
    np.testing.assert_array_equal(pics.profile.data["now"], whole.jacobian[:, at])
    cursors = {span.dimension: span.location for span in pics.map.figure.select(Span)}
    assert cursors == {"height": 1.0, "width": 0.0}
    page.state.t = np.inf
    (cursor,) = pics.accuracy.figure.select(Span)
    assert cursor.location == axes.INFINITY


def test_a_click_moves_the_reader_and_follows_a_point(page):
    page.go_to_place(SimpleNamespace(x=0.9, y=-0.1))
    assert (page.state.t, page.state.lam) == (10.0, 1.0)
    page.go_to_time(SimpleNamespace(x=11.0, y=50))
    assert (page.state.t, page.state.lam) == (np.inf, 1.0)
    page.state.view = "predictor"
    x, y = page.slice.data["test"][7]
    page.follow_point(SimpleNamespace(x=x, y=y))
    assert page.state.point == 7
    np.testing.assert_array_equal(page.slice.data["here"], [x, y])


def test_only_settings_that_act_are_shown(page):
    def hidden():
        return {name for name, widget in page.widgets.items() if not widget.visible}

    assert hidden() == {"rate", "plane", "point"}
    page.state.param.update(view="predictor", training="descent")
    assert hidden() == {"shown"}
    page.state.data = "circle"
    assert hidden() == {"shown", "plane", "point"}


def test_only_the_visible_tab_is_drawn_and_the_others_when_chosen(page):
    pics, at = page, TIMES.index(1e3)
    assert not len(pics.spectrum.data["eigenvalues"])
    assert not len(pics.standard.data["usefulness"])
    page.state.view = "predictor"
    solution = study.solve(IRIS, 0.1)
    np.testing.assert_array_equal(pics.spectrum.data["eigenvalues"], solution.eigenvalues)
    learned = solution.paths[FLOW].learned
    np.testing.assert_array_equal(pics.learned.data["learned"], learned[at])
    assert np.isfinite(pics.slice.data["field"]).any()
    page.state.t = 1.0
    np.testing.assert_array_equal(pics.learned.data["learned"], learned[TIMES.index(1.0)])
    page.state.view = "features"
    expected = study.scores(solution, epsilon=0.3)
    np.testing.assert_array_equal(pics.regularised.data["usefulness"], expected.usefulness)
    assert f"{expected.correlation:.2f}" in pics.regularised.figure.title.text
    assert "eigenfeatures'>" in said(page)


def test_drawing_takes_what_is_known_and_computes_nothing(page, monkeypatch):
    """Where worker processes compute, the process that answers must not."""
    places = [{"view": view} for view in ("map", "predictor", "features")]
    places.append({"view": "predictor", "data": "circle"})
    words = []
    for place in places:
        page.state.param.update(**place)
        words.append(said(page))

    def refuse(*_, **__):
        raise AssertionError("computed while drawing")

    monkeypatch.setattr(results, "RESULTS", results.Results())
    monkeypatch.setattr(study, "jntk", refuse)
    with pytest.raises(AssertionError):
        study.prepare(IRIS)
    page.state.data = "iris"
    for place, expected in zip(places, words, strict=True):
        page.state.param.update(**place)
        assert page.controller.error == ""
        assert said(page) == expected


def test_descent_that_diverges_is_said_and_not_drawn(page):
    page.state.param.update(training="descent", rate=1.1)
    words = said(page)
    assert "diverged, because η is 1.1 times 2N/eₘₐₓ" in words
    assert "1 of 250 modes diverge; what is left of the largest is multiplied by −1.20" in words
    assert "no t = ∞" in words
    assert np.isnan(page.map.data["values"][:, -1]).all()
    page.state.param.update(t=0.1)
    assert "no step has been taken yet" in said(page)
    page.state.param.update(rate=0.9, t=1e3)
    assert "628 steps of η = 1.59, 0.9 times 2N/eₘₐₓ" in said(page)


def test_each_answer_is_what_is_measured(page):
    known = page.controller.known
    measured = {key: answer(known) for key, answer in page.answers().items()}
    found = plan.found_of(page.state, known)
    robust = study.row(found.whole, 0.1).robust
    x, y = measured["robust_curve"].value
    np.testing.assert_array_equal(y, 100 * robust)
    assert x[-1] == axes.time_position(np.inf)
    assert measured["robust_end"].value == 100 * robust[-1]
    assert measured["best_lambda"].value == "all the same"
    assert measured["diverging"].value == 0  # of a rate of 0.5
    assert measured["lam_or_stopping"].value == "no clear difference"
    for share in found.comparison.robust.ravel():
        assert f"{100 * share:.0f} %" in measured["lam_or_stopping"].text
    expected = study.scores(found.solutions[0.1], epsilon=0.3).correlation
    assert measured["correlation"].value == expected


def test_presets_ask_in_three_ways(page):
    presets, _ = load_presets("robust_training", page.state, folder="no such folder")
    assert len({preset.predict.kind for preset in presets if preset.predict}) >= 3
    assert {settings(preset, page.state)["seed"] for preset in presets} == {0}
    options = next(p.predict.options for p in presets if p.name == "infinity")
    assert "all the same" in options


def run(program):
    """What a program prints, as name -> number."""
    return {name: float(text) for name, text in run_program(program).items()}


@pytest.mark.parametrize(
    "settings",
    [
        {"view": "features", "norm": "linf", "epsilon": 0.1},
        {"training": "descent", "rate": 1.1, "t": 10.0},
        {"training": "descent", "rate": 1.1, "t": np.inf, "lam": 0.0},
    ],
)
def test_the_script_prints_the_page_s_numbers(settings):
    state = RobustTrainingState(**settings)
    printed = run(script(state))
    at = TIMES.index(state.t)
    for name, lam in (("", state.lam), ("standard_", 0.0)):
        solution = study.solve(state.problem, lam)
        curves = study.curves(solution, epsilon=state.epsilon, norm=state.norm, rate=state.speed)
        assert printed[f"{name}clean"] == pytest.approx(curves.clean[at], nan_ok=True)
        assert printed[f"{name}robust"] == pytest.approx(curves.robust[at], nan_ok=True)
        assert printed[f"{name}median_jacobian"] == pytest.approx(
            curves.jacobian[at], 1e-4, nan_ok=True
        )
        if state.view == "features":
            rho = study.scores(solution, epsilon=state.epsilon, norm=state.norm).correlation
            assert printed[f"{name}rank_correlation"] == pytest.approx(rho, abs=0.02)
    solution = study.solve(state.problem, state.lam)
    assert printed["largest_eigenvalue"] == pytest.approx(solution.eigenvalues[0])
    assert printed["noise_floor"] == pytest.approx(solution.noise_floor)


def test_a_data_set_that_cannot_be_had_is_said_and_the_page_goes_on(page, monkeypatch, tmp_path):
    def no_network(*_, **__):
        raise OSError("no network in this test")

    monkeypatch.setenv("JNTK_VIZ_DATA", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(pooch.HTTPDownloader, "__call__", no_network)
    page.state.data = "sonar"
    assert "JNTK_VIZ_DATA" in page.controller.error
    assert "still show the previous" in said(page)
    assert "Sonar (download)" in data_names(SOURCES)
    page.state.data = "iris"
    assert page.controller.error == ""
    assert "λ = 0.1" in said(page)


def test_rounding_is_told_where_the_limits_differ():
    clean = np.full((len(LAMBDAS), len(TIMES)), 0.9)
    whole = study.Curves(clean, clean - 0.2, clean)
    assert "ends at the same 90 % and 70 %" in text.limit(whole)
    clean[3, -1] = 0.95
    assert "rounding makes it 90 % to 95 %" in text.limit(whole)
