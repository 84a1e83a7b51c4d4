"""The breakdown study: every broken case is really broken, by the amount that theory says."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from conftest import slow_if
from planned import run_plan
from programs import run_program

from jntk_viz import MLP, LinearDynamics, finite_jntk, frame, jntk, train
from jntk_viz.frame.content import Known
from jntk_viz.frame.numbers import number
from jntk_viz.pages.breakdown import case as common
from jntk_viz.pages.breakdown import kernels, study, training
from jntk_viz.pages.breakdown import kink as kinks
from jntk_viz.pages.breakdown.case import CURED, HEALTHY, ILL
from jntk_viz.pages.breakdown.script import script
from jntk_viz.pages.breakdown.state import KNOBS, BreakdownState
from jntk_viz.pages.breakdown.study import CASES


def outcome_of(case, **settings):
    state = BreakdownState(case=case, **settings)
    return study.outcome_of(state.setting, run_plan(study.plan, state)[0])


def run_of(case, role, value=None, **settings):
    """A run, at the knob's value that the page opens with unless another is given."""
    state = BreakdownState(case=case, **settings)
    patient = state.setting.value if value is None else value
    steps = study.run_steps(state.setting, role, patient, "")
    return [step.run() for step in steps][-1]


def numbers_of(case, role, **settings):
    return run_of(case, role, **settings).numbers


# One of the two for each case in `make test`, the other in `make test-pages`.
HALF = [
    slow_if(cure != (i % 2 == 1), case, cure)
    for i, case in enumerate(CASES)
    for cure in (False, True)
]


@pytest.mark.parametrize(("case", "cure"), HALF)
def test_the_script_prints_the_page_s_numbers(case, cure):
    networks = 5 if case == "deep" else 3
    state = BreakdownState(case=case, cure=cure, seed=3, networks=networks)
    found = run_program(script(state))
    expected = numbers_of(case, CURED if cure else ILL, seed=3, networks=networks)
    assert len(found) >= 2
    for name, value in found.items():
        # What float32 makes of null directions depends on every rounding on the way.
        rel = 0.2 if name == "error_at_late_times" else 2e-2 if case == "power" else 2e-3
        assert float(value) == pytest.approx(expected[name], rel=rel), name


def test_parts_arrive_in_order_and_the_cure_is_drawn_only_when_wanted():
    state = BreakdownState(case="sphere", networks=1)
    known, steps = run_plan(study.plan, state)
    roles = [step.arguments[3] for step in steps if step.function is study.measured]
    assert roles == sorted(roles, key=[HEALTHY, ILL].index)  # other stops are patients', too
    theory = [step.function is study.expected for step in steps].index(True)
    runs, others = steps[:theory], steps[theory + len(CASES["sphere"].dense) :]
    assert {step.arguments[2] for step in runs} == {1.0, state.radius}
    assert state.radius not in {step.arguments[2] for step in others}
    done = study.outcome_of(state.setting, known)
    assert set(done.runs) == {HEALTHY, ILL}
    assert set(done.severities) == set(KNOBS["sphere"].stops)
    assert len(done.theory.x) == len(CASES["sphere"].dense)
    state.cure = True
    wanted = study.plan(state, known)
    new = [step for step in wanted if not known.has(step.key)]
    assert {step.arguments[3] for step in new} == {CURED}
    assert {step.arguments[2] for step in new} == {1.0}  # normalised, whatever the radius was
    assert CURED in outcome_of("sphere", networks=1, cure=True).runs


def test_a_run_of_more_networks_goes_on_from_one_of_fewer():
    few, more = BreakdownState(case="deep", seed=77), BreakdownState(case="deep", seed=77)
    more.networks = 5
    three, five = (run_of("deep", ILL, seed=77, networks=n) for n in (3, 5))
    steps = [study.run_steps(s.setting, ILL, 1.6, "") for s in (few, more)]
    assert steps[1][:3] == [step._replace(says=f"{step.says[:-1]}5") for step in steps[0]]
    rows = [study.measured(k, "deep", 1.6, ILL, 77).course for k in range(5)]
    assert rows[0].y.tolist() == rows[0].low.tolist() == rows[0].high.tolist()
    np.testing.assert_array_equal(rows[2].y, three.course.y)
    np.testing.assert_array_equal(rows[4].high, five.course.high)
    assert (five.course.high >= three.course.high).all()


def test_what_is_known_of_a_knob_s_other_stops_is_drawn_at_once():
    """A patient at another stop was measured as one of the others."""
    state = BreakdownState(case="deep", networks=1)
    known, _ = run_plan(study.plan, state)
    state.factor = 0.5
    assert all(known.has(step.key) for step in study.plan(state, known))
    assert study.outcome_of(state.setting, known).runs[ILL].numbers["growth_per_layer"] < 0.7


def test_every_knob_is_a_setting_whose_stops_lie_in_the_picture():
    state = BreakdownState()
    assert list(KNOBS) == list(CASES)
    for name, case in CASES.items():
        knob = case.knob
        assert list(state.param[knob.name].get_range().values()) == list(knob.stops)
        state.case = name
        assert state.setting.value == knob.ill != knob.healthy
        assert {knob.ill, knob.healthy} <= {*knob.stops}
        low, high = case.charts[1].x.limits
        assert all(low < case.position(stop) < high for stop in knob.stops)


def test_the_plateau_lies_where_the_slow_direction_says():
    ill, cured, healthy = (numbers_of("plateau", role) for role in (ILL, CURED, HEALTHY))
    # Two of N = 5 points wrong by 1 each, since f is the same at both: 2·1²/(2·5).
    assert ill["plateau_level"] == pytest.approx(0.2, rel=0.03)
    assert 0.7 < ill["loss_at_end"] / ill["plateau_level"] < 1
    assert ill["loss_at_end"] == pytest.approx(ill["expected_loss_at_end"], rel=0.1)
    assert max(cured["loss_at_end"], healthy["loss_at_end"]) < 1e-3
    # Nearly parallel inputs differ by their angle; the kernel is quadratic in it.
    assert training.slowest(1.5) / training.slowest(3.0) == pytest.approx(4, rel=0.05)
    options = training.plateau_cures(ill)
    assert min(options, key=options.get) == "dropping one of the two inputs"


def test_the_expected_loss_is_that_of_random_functions_following_the_equation():
    theta, covariance = common.limit_on_circle()
    _, y = common.eight_points()
    phase = common.Phase(200, 0.1, 0.3)
    found = common.expected_loss_parts(theta, covariance, y, phase)
    rng = np.random.default_rng(0)
    flat = covariance.reshape(24, 24)
    u = rng.multivariate_normal(np.zeros(24), flat, 4000, method="eigh")
    aim = np.column_stack([y, 0 * y, 0 * y]).ravel()
    weight = np.tile([1, 0.1, 0.1], 8)
    for _ in range(phase.until):
        u = u - phase.rate / 8 * ((u - aim) * weight) @ theta.reshape(24, 24)
    squares = ((u - aim) ** 2).reshape(-1, 8, 3).mean(0)
    assert found[0] == pytest.approx(squares[:, 0].sum() / 16, rel=0.05)
    assert found[1] == pytest.approx(squares[:, 1:].sum() / 16, rel=0.05)


def test_the_jacobian_norm_falls_with_lambda_as_the_limit_says():
    done = outcome_of("jacobian", cure=True)
    for lam, (measured, _, _) in done.severities.items():
        assert measured == pytest.approx(CASES["jacobian"].expected(lam), rel=0.35)
    ill, cured = done.runs[ILL], done.runs[CURED]
    assert ill.course.y[-1] > ill.course.y[0]  # it even rises
    assert cured.course.y[-1] < 0.1 * ill.course.y[-1]
    same = ill.course.x < training.JACOBIAN_CURE
    np.testing.assert_allclose(cured.course.y[same], ill.course.y[same])  # until the cure
    np.testing.assert_allclose(ill.course.y, ill.course_theory.y, rtol=0.1)


@pytest.mark.parametrize("factor", [0.7, 1.3])
def test_layer_by_layer_the_variance_follows_its_power(factor):
    mlp = MLP(2, 256, 30, "relu")
    first, *hidden, _ = common.weights(mlp, 0, ILL, 0)
    h = np.asarray(common.eight_points()[0] @ np.asarray(first).T, float)
    variances = [(h**2).mean()]
    for weights in hidden:
        h = factor**0.5 * np.sqrt(2) * np.maximum(h, 0) @ np.asarray(weights, float).T / 16
        variances.append((h**2).mean())
    found, slopes = kernels.measure_deep(factor, ILL, 0, 0, 256)
    np.testing.assert_allclose(found, variances, rtol=1e-3)
    run = run_of("deep", ILL, factor)
    theory = factor ** np.arange(30)
    np.testing.assert_allclose(run.course_theory.y, theory)
    assert np.abs(np.log(run.course.y / theory)).max() < 1.2  # fluctuates as √(layers/width)
    # Of ReLU networks ⟨x, J⟩ = g, so that J is at least as large.
    assert (slopes >= 0.99 * found).all()


def test_the_deep_jacobian_is_the_derivative_of_the_network():
    mlp = MLP(2, 256, 30, "relu")
    first, *hidden, _ = common.weights(mlp, 0, ILL, 0)

    def neurons(x):
        h = first @ x
        for weights in hidden:
            h = (1.3 / 256) ** 0.5 * weights @ mlp.activation(h)
        return h

    x = jnp.asarray(common.eight_points()[0], first.dtype)
    jacobians = jax.vmap(jax.jacrev(neurons))(x)
    found = kernels.measure_deep(1.3, ILL, 0, 0, 256)[1][-1]
    assert found == pytest.approx(float((jacobians**2).sum(2).mean()), rel=1e-3)


def test_the_growth_factor_past_the_limit():
    for share in (0.9, 1.1, 1.3):
        measured = run_of("rate", ILL, share).numbers["growth_factor"]
        assert measured == pytest.approx(abs(1 - 2 * share), abs=0.04)
    done = outcome_of("rate", cure=True)
    ill, cured = done.runs[ILL], done.runs[CURED]
    assert ill.course_theory.y[-1] > 1e6
    assert ill.course.y.max() > 5 * ill.course.y[0]
    assert cured.course.y[10] < 0.3 < cured.course.y[6]
    # The linear loss grows by the square of the factor, a little less while others grow as well.
    assert 1.85 < ill.course_theory.y[30] / ill.course_theory.y[29] < 1.4**2


def test_the_drift_is_that_of_the_network_with_its_output_divided():
    """The page trains f₁ on scaled labels; here the network κ f₁ is trained as it stands."""
    power, width = 0.75, 256
    kappa = width ** (0.5 - power)
    x, y = common.eight_points()
    mlp = MLP(2, width, 1, "gelu", kappa=kappa)
    limit = LinearDynamics(jntk(x, depth=1, kappa=kappa), y, lam=0.1).stable_learning_rate
    start = common.weights(mlp, 0, ILL, 0)
    run = train(mlp, start, x, y, lam=0.1, learning_rate=0.25 * limit, steps=30, record_at=[0, 30])
    before, after = (np.asarray(finite_jntk(mlp, p, x)) for p in (start, run.params))
    distance, losses, _ = training.measure_power(power, ILL, 0, 0, width)
    assert distance == pytest.approx(
        np.linalg.norm(after - before) / np.linalg.norm(before), rel=1e-3
    )
    np.testing.assert_allclose(losses[[0, -1]], run.loss, rtol=1e-3)


def test_the_exponent_of_the_drift_follows_the_normalisation():
    done = outcome_of("power", cure=True)
    for a, (slope, _, _) in done.severities.items():
        assert slope == pytest.approx(-2 * (1 - a), abs=0.15)
    assert abs(done.runs[ILL].severity[0]) < 0.1
    assert done.runs[CURED].severity[0] < -0.8


def test_off_the_sphere_the_limit_is_that_of_very_wide_networks_fed_there():
    radius, x = 2.0, common.eight_points()[0]
    mlp = MLP(2, 65536, 1, "gelu")
    theta = np.asarray(finite_jntk(mlp, mlp.init(jax.random.key(1)), radius * x))
    found = kernels.limit_off_sphere(radius)
    assert np.linalg.norm(theta - found) < 0.02 * np.linalg.norm(found)
    np.testing.assert_allclose(kernels.limit_off_sphere(1.0), jntk(x, depth=1), rtol=1e-10)
    ill, cured = (numbers_of("sphere", role) for role in (ILL, CURED))
    assert ill["error_at_width_4096"] == pytest.approx(ill["bias_that_remains"], rel=0.05)
    assert cured["error_at_width_4096"] < 0.06
    run = run_of("sphere", ILL, radius)
    where = np.isclose(run.detail.x, radius)
    assert run.detail.y[where] == pytest.approx(kernels.moment("gelu", 4.0), rel=0.1)


def test_float32_loses_the_small_eigenvalues_and_float64_does_not():
    done = outcome_of("float32", cure=True)
    healthy, ill, cured = (done.runs[role] for role in (HEALTHY, ILL, CURED))
    assert ill.severity[0] > 0.1
    assert cured.severity[0] < 1e-2
    assert healthy.severity[0] < 1e-5
    late = ill.course.x > 1e3
    np.testing.assert_array_less(
        np.abs(np.log10(ill.course.y / ill.course_theory.y)[late]), 1.2
    )  # within a factor 15, over four powers of ten
    n = ill.numbers
    assert n["smallest_eigenvalue"] < n["float32_noise_floor"] / 1000
    assert healthy.rules[1][1] < n["smallest_eigenvalue"]


def test_first_order_theory_of_rounding_is_the_derivative():
    p = kernels.problem(12, 2)
    exact, rounded = p.predict(np.float64), kernels._Problem(12, 2)
    rounded.matrix = rounded.matrix.astype(np.float32).astype(np.float64)
    np.testing.assert_allclose(
        rounded.predict(np.float64)[:15] - exact[:15], p.first_order()[:15], rtol=0.05, atol=1e-9
    )


def test_the_jacobian_entry_grows_with_the_kink_and_autodiff_does_not_see_it():
    x = common.eight_points()[0]
    smooth = jntk(x, depth=1)
    assert kinks.jacobian_entry(1.0) == pytest.approx(
        np.mean([smooth[0, a, 0, a] for a in (1, 2)]), rel=1e-9
    )
    mlp = MLP(2, 512, 1, "gelu")
    params = mlp.init(jax.random.key(0))
    np.testing.assert_allclose(
        kinks.autodiff_kernel(mlp, params, x), finite_jntk(mlp, params, x), rtol=1e-3, atol=1e-3
    )
    # The part that grows is proportional to β.
    entry = kinks.jacobian_entry
    assert entry(64.0) - entry(32.0) == pytest.approx(2 * (entry(32.0) - entry(16.0)), rel=0.05)
    for beta in (4.0, 16.0):
        assert study.severity(2, "kink", beta, 0)[0] == pytest.approx(entry(beta), rel=0.1)
    done = outcome_of("kink", cure=True)
    ill, cured = done.runs[ILL], done.runs[CURED]
    assert ill.severity == study.severity(2, "kink", np.inf, 0)
    assert ill.severity[0] < entry(1.0)  # finite, and smaller than that of a smooth activation
    assert ill.numbers["error_widest"] > 0.2
    assert cured.numbers["error_widest"] < 2e-3


@pytest.fixture(scope="module")
def page():
    frame.use_theme()
    from jntk_viz.pages.breakdown.page import app

    made = app()
    made.start()
    return made.content


def words(page):
    return page.controller.headline.pane.object


def drawn(plot, kind):
    """(x, y) of the elements of one kind, in the order healthy, ill, cured."""
    from bokeh.models import Line, Scatter

    glyphs = {"line": Line, "mark": Scatter}[kind]
    found = [r.data_source.data for r in plot.figure.renderers if isinstance(r.glyph, glyphs)]
    return [np.array([d["x"], d["y"]]) for d in found if {"x", "y"} <= set(d)]


def test_the_pictures_show_the_runs_on_axes_that_fit_the_case(page):
    from bokeh.models import LinearScale, LogScale

    page.state.param.update(case="float32", points=24, cure=False)
    done = study.outcome_of(page.state.setting, page.controller.known)
    course, dose, detail = page.plots.values()
    assert isinstance(course.figure.x_scale, LogScale)
    assert isinstance(dose.figure.x_scale, LinearScale)
    healthy, ill, cured = drawn(dose, "mark")
    np.testing.assert_allclose(healthy, [[24], [done.runs[HEALTHY].severity[0]]])
    np.testing.assert_allclose(ill[1], [done.severities[n][0] for n in KNOBS["float32"].stops])
    assert cured.size == 0
    np.testing.assert_allclose(drawn(detail, "mark")[1][1], done.runs[ILL].detail.y)
    assert number(done.runs[ILL].numbers["smallest_eigenvalue"]) in words(page)
    page.state.param.update(case="deep", cure=True)
    assert isinstance(course.figure.x_scale, LinearScale)
    assert "Normalised" in words(page)
    assert drawn(dose, "mark")[2][0] == 1.6  # the cure, at the patient's value of the knob


def test_while_nothing_is_known_of_a_case_its_pictures_are_empty(page):
    from jntk_viz.pages.breakdown.words import headline

    page.state.param.update(case="deep", cure=False)
    assert drawn(page.plots["dose"], "mark")[1].size > 0
    empty = study.outcome_of(BreakdownState(case="sphere", seed=815).setting, Known())
    page.pictures.show(empty)
    assert page.plots["course"].title == CASES["sphere"].charts[0].title
    assert all(points.size == 0 for points in drawn(page.plots["dose"], "mark"))
    assert "Measuring" in headline(empty)
    page.draw(page.controller.known)  # as it was
    assert page.plots["course"].title == CASES["deep"].charts[0].title
    assert drawn(page.plots["dose"], "mark")[1].size > 0


def test_ticks_name_what_the_axis_shows():
    from jntk_viz.pages.breakdown.pictures import ticks_of

    for case in CASES.values():
        for axis in (axis for chart in case.charts for axis in (chart.x, chart.y)):
            ticks = ticks_of(axis)
            low, high = axis.limits
            assert 2 <= len(ticks) <= 8, axis
            assert all(low <= value * 1.001 and value * 0.999 <= high for value, _ in ticks)
            assert len({text for _, text in ticks}) == len(ticks)
            assert "−0" not in [text for _, text in ticks]


@pytest.mark.parametrize("case", ["deep", "power", "sphere", "rate", "float32", "kink"])
def test_every_preset_s_question_is_answered_by_what_is_measured(case):
    from jntk_viz.frame.presets import load_presets, settings
    from jntk_viz.pages.breakdown.answers import ANSWERS, answer

    state = BreakdownState()
    presets, problems = load_presets("breakdown", state)
    assert not problems
    assert len(presets) == len(CASES)
    assert {preset.predict.answer for preset in presets} == set(ANSWERS)
    preset = next(p for p in presets if p.values["case"] == case)
    state.param.update(**settings(preset, state))
    assert KNOBS[case].name in preset.controls
    question = preset.predict
    assert answer(question.answer, BreakdownState(case=case, seed=9999), Known()) is None
    known, _ = run_plan(study.plan, state)
    value = answer(question.answer, state, known).value
    if question.kind == "number":
        assert question.low < value < question.high
    elif question.kind == "order":
        assert sorted(value) == sorted(question.options)
    else:
        assert value in question.options
    state.case = next(name for name in CASES if name != case)
    assert answer(question.answer, state, known) is None
