"""The Gaussian-process study, its pictures and its words, without a browser."""

import io
from types import SimpleNamespace

import holoviews as hv
import jax
import numpy as np
import pytest
from planned import run_plan

from jntk_viz import (
    MLP,
    finite_jacobian_nngp,
    jacobian_nngp,
    load_csv,
    load_dataset,
    sample_value_and_jacobian,
)
from jntk_viz.engine import sources
from jntk_viz.engine.results import RESULTS
from jntk_viz.frame import Controller, LivePlot, blocks, use_theme
from jntk_viz.frame.content import Known
from jntk_viz.frame.numbers import decimals, percent
from jntk_viz.pages.gp_convergence import function_pictures as gp_functions
from jntk_viz.pages.gp_convergence import pictures, statistics, study
from jntk_viz.pages.gp_convergence import words as text
from jntk_viz.pages.gp_convergence.page import GPConvergence
from jntk_viz.pages.gp_convergence.state import WIDTHS, GPConvergenceState, Problem
from jntk_viz.rates import PowerLaw

PROBLEM = Problem("circle", 1, "erf", seed=3)


def state_of(problem, **others):
    return GPConvergenceState(**problem._asdict() | others)


def limit_of(state):
    """The limit, computed now."""
    study.unit_limit(state.data, state.depth, state.activation)
    return study.limit_of(state, Known())


def circle_of(state):
    """The functions on the circle, once they are computed."""
    return study.on_circle(state, run_plan(study.shown, state)[0])


def network_and_key(problem, width, kappa=1.0):
    x = study.points(problem.data).x
    key = jax.random.fold_in(jax.random.key(problem.seed), width)
    return MLP(x.shape[1], width, problem.depth, problem.activation, kappa), key, x


def test_points_are_rows_of_the_data_far_from_one_another():
    x = load_dataset("iris").x
    chosen, names = study.points("iris")
    assert chosen.shape == (12, 4)
    assert len(names) == 4
    distances = np.linalg.norm(chosen[:, None] - chosen, axis=-1)[np.triu_indices(12, 1)]
    first = np.linalg.norm(x[:12, None] - x[:12], axis=-1)[np.triu_indices(12, 1)]
    assert distances.min() > 5 * first.min()
    assert study.spread_points(np.array([[0.0], [0.1], [1.0], [0.6]]), 3).tolist() == [0, 2, 3]


def test_limit_is_the_librarys_kernel():
    state = GPConvergenceState(data="wine", depth=3, activation="relu", kappa=0.7)
    limit = limit_of(state)
    expected = jacobian_nngp(limit.x, depth=3, activation="relu", kappa=0.7)
    np.testing.assert_allclose(limit.covariance, expected, rtol=1e-12, atol=1e-15)
    pair = limit.pair(point=2, alpha=13)
    assert pair[0, 1] == limit.covariance[1, 0, 1, 13]
    assert limit.feature(20) == 13


def test_draws_are_the_librarys_whatever_is_asked_first():
    states = [state_of(PROBLEM, view="densities", width=512, networks=k) for k in (100, 250)]
    few, many = (study.found_of(state, run_plan(study.plan, state)[0]).draws for state in states)
    mlp, key, x = network_and_key(PROBLEM, 512, kappa=2.0)
    keys = [jax.random.fold_in(key, 100 + c) for c in range(4)]
    expected = [sample_value_and_jacobian(mlp, k, x, n_networks=64) for k in keys]
    assert many.shape == (250, 12, 3)
    np.testing.assert_array_equal(few, many[:100])
    np.testing.assert_allclose(2 * many, np.concatenate(expected)[:250], rtol=1e-5, atol=1e-6)


def test_width_error_is_the_librarys_and_does_not_depend_on_kappa():
    mlp, key, x = network_and_key(PROBLEM, 64, kappa=2.5)
    finite = finite_jacobian_nngp(mlp, jax.random.fold_in(key, 4), x, n_networks=1)
    limit = jacobian_nngp(x, depth=1, activation="erf", kappa=2.5)
    expected = np.linalg.norm(finite - limit) / np.linalg.norm(limit)
    assert study.errors(PROBLEM, 64, 1)[0] == pytest.approx(expected, rel=1e-4)


def test_exploring_refines_and_ends_at_minus_one_half():
    state = state_of(PROBLEM, view="covariance", width=32, networks=1000)
    known, done = run_plan(study.plan, state)
    functions = [step.function for step in done]
    measured = len(WIDTHS) * study.REPEATS // study.BATCH
    # The picture of one network, then the errors, those of the width on screen first.
    assert functions[:3] == [study.points, study.unit_limit, study.first]
    assert functions[3 : 3 + measured] == measured * [study.errors]
    assert [step.arguments[1] for step in done[3:7]] == 4 * [32]
    assert {*functions[3 + measured :]} == {study.draws}
    found = study.found_of(state, known)
    assert found.draws.shape == (1000, 12, 3)
    assert np.isfinite(found.errors).all()
    law = study.law(found.errors)
    assert -0.58 < law.slope < -0.42
    assert law.low < law.slope < law.high
    assert study.typical_error(found) == np.median(found.errors[2])
    assert study.complete(state, known)
    state.networks = 250
    assert study.found_of(state, known).draws.shape == (250, 12, 3)


def test_what_is_known_is_shown_while_the_rest_is_computed():
    RESULTS.clear()  # of other tests
    state = state_of(PROBLEM._replace(seed=4), view="densities", networks=4000)
    known, done = run_plan(study.plan, state, most=4)
    assert 0 < len(study.found_of(state, known).draws) < 4000
    assert not study.complete(state, known)
    assert done[-1].says == "256 of 4000 networks"
    state.view = "covariance"
    known, _ = run_plan(study.plan, state, most=3)
    found = study.found_of(state, known)
    assert found.single is not None
    assert study.law(found.errors) is None


def test_a_plan_begins_with_the_points(monkeypatch):
    state = state_of(PROBLEM, view="covariance", data="banknote")
    monkeypatch.setattr(study, "available", lambda name: False)
    (reading,) = study.plan(state, Known())
    assert (reading.function, reading.waits) == (study.points, True)


def test_seed_decides_everything():
    a, b = (study.errors(PROBLEM._replace(seed=seed), 16, 0) for seed in (5, 6))
    assert not np.isin(a, b).any()
    study.errors.cache_clear()
    study.first.cache_clear()
    np.testing.assert_array_equal(study.errors(PROBLEM._replace(seed=5), 16, 0), a)


def test_fit_leaves_narrow_networks_out():
    errors = 0.8 * np.array(WIDTHS, float)[:, None] ** -0.5 * np.ones(study.REPEATS)
    errors[:3] *= 7
    law = study.fit_slope(errors)
    assert law.slope == pytest.approx(-0.5)
    assert float(law(256)) == pytest.approx(0.05)


def test_sampling_noise_is_the_error_of_exact_draws():
    limit = limit_of(GPConvergenceState(data="circle")).covariance
    rng, flat = np.random.default_rng(0), limit.reshape(36, 36)
    errors = [
        statistics.relative_error(
            statistics.empirical_covariance(
                rng.multivariate_normal(np.zeros(36), flat, 50, method="eigh").reshape(50, 12, 3)
            ),
            limit,
        )
        for _ in range(300)
    ]
    assert np.mean(np.square(errors)) ** 0.5 == pytest.approx(
        statistics.sampling_noise(limit, 50), rel=0.1
    )


def test_excess_kurtosis():
    rng = np.random.default_rng(0)
    normal, error = statistics.excess_kurtosis(rng.standard_normal(40_000))
    assert abs(normal) < 3 * error
    assert statistics.excess_kurtosis(rng.laplace(size=40_000))[0] == pytest.approx(3, abs=0.5)


def test_finite_covariance_of_one_and_of_all():
    draws = np.random.default_rng(0).standard_normal((50, 2, 2))
    single = np.ones((2, 2, 2, 2))
    found = study.Found(PROBLEM, 8, draws, single, np.zeros((8, 16)))
    np.testing.assert_array_equal(study.finite_covariance(found, "one", 2.0), 4 * single)
    mean = np.mean([np.multiply.outer(u, u) for u in draws], axis=0)
    np.testing.assert_allclose(study.finite_covariance(found, "all", 3.0), 9 * mean)
    assert study.finite_covariance(found._replace(single=None), "one", 1.0) is None
    assert study.finite_covariance(found._replace(draws=draws[:0]), "all", 1.0) is None


def test_quantiles_lie_where_the_normal_ones_do():
    rng = np.random.default_rng(0)
    outside = []
    for _ in range(300):
        q = statistics.quantiles(2.0 * rng.standard_normal(400), 2.0)
        outside.append((q.sample < q.low) | (q.sample > q.high))
    # 5 % at each place, tails included: exact for every one of them.
    np.testing.assert_allclose(np.mean(outside, axis=0), 0.05, atol=0.045)
    assert np.mean(outside) == pytest.approx(0.05, abs=0.01)
    assert np.all(np.diff(q.limit) > 0)
    assert q.low[0] < q.limit[0] < q.high[0] < q.limit[5]
    assert q.sample[0] == pytest.approx(q.limit[0], abs=2.5)
    assert len(statistics.quantiles([], 1.0).limit) == 0
    heavy = statistics.quantiles(rng.standard_t(3, size=2000), 3**0.5)
    assert heavy.sample[-1] > heavy.high[-1]
    assert heavy.sample[0] < heavy.low[0]


@pytest.fixture(scope="module", autouse=True)
def theme():
    use_theme()


def leaves(overlay):
    return list(overlay.traverse(lambda e: e, [hv.Element]))


def test_density_is_normalised_and_its_axes_follow_the_limit_alone():
    values = np.random.default_rng(0).standard_normal(5000)
    bars, curve, _ = leaves(pictures.density(values, 1.0, "words"))
    edges, heights = bars.edges, bars.dimension_values(1)
    assert np.sum(heights * np.diff(edges)) == pytest.approx(1, abs=1e-3)
    x, y = curve.dimension_values(0), curve.dimension_values(1)
    assert np.trapezoid(y, x) == pytest.approx(1, abs=1e-4)
    assert np.abs(np.interp((edges[1:] + edges[:-1]) / 2, x, y) - heights).max() < 0.05
    assert pictures.density_limits(2.0) == ((-8.4, 8.4), (0, 0.475))


def test_ellipses_are_contours():
    covariance = np.array([[2.0, 0.7], [0.7, 0.5]])
    points = pictures.ellipses(covariance)
    inside = points[np.isfinite(points[:, 0])]
    radii = np.sqrt(np.sum(inside @ np.linalg.inv(covariance) * inside, axis=1))
    np.testing.assert_allclose(np.sort(radii), np.repeat([1, 2], 97), rtol=1e-9)


def test_heat_map_has_f_first_and_blocks_in_order():
    covariance = np.arange(2 * 3 * 2 * 3.0).reshape(2, 3, 2, 3)
    matrix = blocks.by_block(covariance)
    assert matrix[1, 4] == covariance[1, 0, 0, 2]  # f at point 2 against J_2 at point 1
    image = leaves(blocks.heat_map(covariance, 1.0))[0]
    assert image[0.01, 0.99] == covariance[0, 0, 0, 0]  # f–f is at the upper left
    assert image[0.99, 0.99] == matrix[0, 5]
    assert [name for _, name in blocks.block_ticks(3)] == ["f", "J₁", "J₂"]
    assert len(blocks.block_ticks(14)) <= 7


def test_pictures_take_new_numbers_in_place_also_of_another_size():
    plot = LivePlot(blocks.heat_map, kernel=np.zeros((12, 5, 12, 5)), scale=1.0)
    plot.update(kernel=np.ones((12, 3, 12, 3)))
    blocks.name_blocks(plot.figure, 3)
    assert plot.figure.renderers[0].data_source.data["image"][0].shape == (36, 36)
    assert len(plot.figure.xaxis[0].ticker.ticks) == 3

    unknown = np.full((8, 16), np.nan)
    errors = LivePlot(pictures.errors_by_width, widths=WIDTHS, errors=unknown, width=32)
    known = np.array(WIDTHS, float)[:, None] ** -0.5 * np.ones(16)
    law = PowerLaw(-0.5, -0.52, -0.48, 0.0)
    errors.update(errors=known, fitted=law, width=64)
    ring = errors.figure.renderers[4].data_source.data
    assert [list(column) for column in ring.values()] == [[64.0], [0.125]]


def test_headline_says_the_numbers():
    state = GPConvergenceState(width=32)
    errors = np.full((8, 16), np.nan)
    found = study.Found(PROBLEM, 32, np.zeros((0, 12, 3)), None, errors)
    assert "drawing" in text.headline(state, found, None)
    errors[:] = np.array(WIDTHS, float)[:, None] ** -0.5
    words = text.headline(state, found, PowerLaw(-0.5, -0.52, -0.48, 0.0))
    assert all(part in words for part in ("18 %", "8.8 %", "−0.52 to −0.48"))
    state.width = 1024
    words = text.headline(state, found._replace(width=1024), None)
    assert "3.1" in words
    assert "at width 256 it was 6.2" in words


def test_note_blames_the_number_of_networks_only_where_it_should():
    state = GPConvergenceState(data="circle", networks=100, activation="erf", depth=1)
    limit = limit_of(state)
    rng, flat = np.random.default_rng(1), limit.covariance.reshape(36, 36)
    draws = rng.multivariate_normal(np.zeros(36), flat, 100, method="eigh").reshape(100, 12, 3)
    found = study.Found(state.problem, 32, draws, None, np.zeros((8, 16)))
    assert "more networks would lower it" in text.note(state, found, limit)
    assert "the rest is the width" in text.note(state, found._replace(draws=2 * draws), limit)
    assert "Averaged" not in text.note(state, found._replace(draws=draws[:50]), limit)


def test_ticks_are_tangents():
    """Half a tick's rise over half its run in radians is the slope."""
    theta = np.deg2rad(np.arange(0, 360, 5))
    functions, slopes = np.stack([np.sin(theta)] * 3), np.stack([np.cos(theta)] * 3)
    x0, y0, x1, y1 = gp_functions.ticks(functions, slopes)
    assert len(x0) == 3 * 6
    middle = np.deg2rad((x0 + x1) / 2)
    np.testing.assert_allclose((y0 + y1) / 2, np.sin(middle), atol=1e-12)
    np.testing.assert_allclose((y1 - y0) / np.deg2rad(x1 - x0), np.cos(middle), atol=1e-12)


def test_functions_are_drawn_over_the_band_in_place():
    n = 72
    nothing, theta = np.empty((0, n)), np.deg2rad(np.arange(0, 360, 5))
    arguments = {
        "networks": nothing, "slopes": nothing, "ends": nothing, "mean": np.zeros(n),
        "deviation": np.ones(n), "prior": 1.0, "seen": ([], []), "tangents": ([], []),
        "angle": 90, "level": 1.0,
    }  # fmt: skip
    plot = LivePlot(gp_functions.functions, **arguments)
    functions = np.stack([np.sin(theta), np.cos(theta)])
    plot.update(
        networks=functions, slopes=np.roll(functions, 1), seen=([90], [0.5]), tangents=([180], [1])
    )
    _, _, lines, ends, mean, _, dots, tangents, seen, *_ = [
        {k: np.asarray(v) for k, v in r.data_source.data.items()} for r in plot.figure.renderers
    ]
    assert np.nanmax(lines["y"]) == pytest.approx(1)
    assert np.isnan(lines["y"]).sum() == 2
    assert lines["x"][72] == 360
    assert lines["y"][72] == pytest.approx(0)  # closed
    assert [len(next(iter(part.values()))) for part in (ends, dots, tangents, seen)] == [
        0,
        12,
        1,
        1,
    ]
    assert len(mean["y"]) == 73
    plot.set(ylim=gp_functions.limits(2.0))
    assert plot.figure.y_range.end == pytest.approx(6.8)


def test_words_about_functions():
    state = GPConvergenceState(depth=1, activation="erf", observed="90:1:v;270:1:v;0:0:s")
    circle = circle_of(state)
    words = text.functions_note(state, circle)
    assert "contradict" in words
    assert text.counted(state.observations) == "2 values and 1 slope"
    state.observed = "90:0.5:v"
    circle = circle_of(state)
    words = text.functions_headline(state, circle, None)
    assert "Given 1 value, the limit has at 90° f = <b>0.50</b> ± 0.00" in words
    assert "contradict" not in text.functions_note(state, circle)
    state.observed = "90:9:v"
    assert "9.0 σ out" in text.functions_note(state, circle_of(state))


def test_words_about_densities():
    state = GPConvergenceState(data="circle", networks=500, width=8)
    rng = np.random.default_rng(0)
    draws = rng.standard_normal((500, 12, 3))
    draws[:, 0, 1] = rng.laplace(size=500)
    found = study.Found(state.problem, 8, draws, None, np.zeros((8, 16)))
    words = text.densities_headline(state, found, limit_of(state))
    assert "the slope has heavy tails" in words
    state.alpha = 2
    assert "no more than Gaussian" in text.densities_headline(state, found, limit_of(state))


# ---- the page


@pytest.fixture
def page():
    """The page without a browser, with its controller, everything computed."""
    content = GPConvergence()
    content.state.param.update(depth=1, activation="erf", data="circle", networks=100)
    Controller(content)
    content.controls(), content.body()
    content.guide = SimpleNamespace(prediction=SimpleNamespace(asking=False))
    content.controller.start()
    return content


def said(page):
    assert page.controller.error == ""
    return page.controller.headline.pane.object


def test_page_says_and_draws_what_is_known(page):
    circle = circle_of(page.state)
    assert f"<b>{decimals(circle.distance)}\N{NO-BREAK SPACE}σ</b> from their limit" in said(page)
    lines = page.plots["functions"].data["networks"]
    np.testing.assert_array_equal(lines, circle.networks[..., 0])
    page.state.view = "covariance"
    errors = study.errors_of(page.state.problem, page.controller.known)
    assert f"off by <b>{percent(np.median(errors[2]))}</b>" in said(page)
    np.testing.assert_array_equal(page.plots["errors"].data["errors"], errors)
    page.state.view = "densities"
    assert "Over 100 networks" in said(page)
    assert len(page.plots["output"].data["values"]) == 100


def test_a_reader_who_draws_a_guess_does_not_observe(page):
    page.guide.prediction.asking = True
    page.observe_at(90.0, 1.0, "v")
    assert page.state.observed == ""
    page.guide.prediction.asking = False
    page.observe_at(90.0, 1.0, "v")
    assert page.state.observed == "90:1:v"
    reach = 0.15 * circle_of(page.state).prior[0]
    page.observe_at(90.0, 1.0 + 0.9 * reach, "v")
    assert page.state.observed == ""
    assert "from their limit" in said(page)


def test_slopes_are_offered_along_the_features_there_are(page):
    page.state.param.update(view="densities", alpha=9)
    assert (page.state.alpha, page.widgets["alpha"].end) == (2, 2)
    page.state.param.update(data="iris", alpha=9)
    assert (page.state.alpha, page.widgets["alpha"].end) == (4, 4)
    assert "J₄(x₁)" in said(page)


def test_a_table_of_ones_own_is_shown_where_it_matters(page):
    rng = np.random.default_rng(0)
    rows = "\n".join(",".join(map(str, row)) for row in rng.standard_normal((20, 3)).round(3))
    label = "\n".join(f"{line},{'ab'[i % 2]}" for i, line in enumerate(rows.splitlines()))
    dataset = load_csv(io.StringIO(f"u,v,w,kind\n{label}"), label="kind")
    name = sources.register("mine.csv", dataset, label="kind")
    page.state.param.data.objects = {**page.state.param.data.get_range(), "mine": name}
    page.state.data = name
    assert page.state.view == "densities"
    assert page.plots["slope"].title == "Slope J₁(x₁)"
    assert "Over 100 networks" in said(page)
    sources.forget(name)
