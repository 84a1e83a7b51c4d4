"""The page on depth against closed forms, numerical derivatives, and the library's own kernels."""

import jax
import numpy as np
import pytest
from planned import run_plan
from programs import run_program

from jntk_viz import MLP, RobustDynamics, jacobian_nngp, jntk, load_dataset, pgd_margin
from jntk_viz.correlations import from_cosine
from jntk_viz.layers import input_state, layer
from jntk_viz.pages.depth import (
    answers,
    kernel,
    phases,
    pictures,
    signal,
    study,
    training,
    words,
)
from jntk_viz.pages.depth.script import script
from jntk_viz.pages.depth.state import ACTIVATIONS, LAYERS, DepthState, Network
from jntk_viz.pages.depth.study import found_of, trainings_of

SCALE = 1 / (2 / np.pi * np.arcsin(2 / 3))  # of erf², so that E φ² = 1 at variance one
PLACES = ((0.5, 0.1), (0.79, 0.2), (0.9, 0.6), (1.3, 0.0), (1.5, 1.0), (2.0, 0.3))


def erf_kernel(q, f):
    """E φ(u)φ(v) of the normalised erf at variance q and covariance f (Williams, 1996)."""
    return SCALE * 2 / np.pi * np.arcsin(2 * f / (1 + 2 * q))


def erf_slopes(q, f):
    """E φ'(u)φ'(v), likewise."""
    return SCALE * 4 / np.pi / np.sqrt((1 + 2 * q) ** 2 - 4 * f**2)


def erf_fixed_point(weight_std, bias_std):
    """Q*, χ₁, c*, ξ by iterating the closed forms."""
    gain, bias = weight_std**2, bias_std**2
    q = gain + bias
    for _ in range(3000):
        q = gain * erf_kernel(q, q) + bias
    c = 0.5
    for _ in range(20000):
        c = (gain * erf_kernel(q, c * q) + bias) / q
    return q, gain * erf_slopes(q, q), c, -1 / np.log(gain * erf_slopes(q, c * q))


@pytest.mark.parametrize("place", PLACES)
def test_fixed_points_are_those_of_the_closed_form_of_erf(place):
    found = phases.here("erf", *place)
    variance, chi, correlation, scale = erf_fixed_point(*place)
    assert found.variance == pytest.approx(variance, rel=1e-4)
    assert found.chi == pytest.approx(chi, rel=1e-4)
    assert found.correlation == pytest.approx(correlation, abs=1e-3)
    # Near the edge 1/ξ is a difference of nearly equal numbers.
    assert 1 / found.scale == pytest.approx(1 / scale, rel=1e-3, abs=1e-4)


def test_the_line_is_where_the_closed_form_has_slope_one():
    weights, biases = phases.diagram("erf").line
    for weight, bias in list(zip(weights, biases, strict=True))[40::60]:
        assert erf_fixed_point(weight, bias)[1] == pytest.approx(1, abs=2e-3)
    # Without biases it is 1/φ'(0).
    assert weights.min() == pytest.approx(1 / np.sqrt(SCALE * 4 / np.pi), rel=1e-3)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("place", [(0.6, 0.2), (0.88, 0.1)])
def test_chi_is_the_slope_of_the_correlation_map(activation, place):
    """By finite differences of the library's layer at the fixed point of the variance."""
    found = phases.here(activation, *place)
    network = Network(activation, *place, None).of_depth(60)
    rule = network.rules()[-2]
    assert rule.variance == pytest.approx(found.variance, rel=1e-3)
    # A network whose first layer has the variance Q* already: its layer is the map of correlations.
    gaps = np.array([1e-4, 2e-4])
    state = input_state(from_cosine(1 - gaps), network)
    state = state._replace(correlation=from_cosine(1 - gaps))
    behind = layer(state, rule, network, False).correlation.gap
    slope = 2 * behind[0] / gaps[0] - behind[1] / gaps[1]  # extrapolated to gap zero
    assert slope == pytest.approx(found.chi, rel=1e-3)


@pytest.mark.parametrize("place", [(0.5, 0.3), (0.9, 0.9), (1.5, 0.0), (1.6, 0.8)])
def test_the_depth_scale_is_the_decay_of_the_walk(place):
    found = phases.here("erf", *place)
    limit = signal.limit(Network("erf", *place, None), 45.0, LAYERS)
    start, stop = (12, 24) if place[1] else (25, 40)
    away = np.abs(limit.correlation - erf_fixed_point(*place)[2])
    measured = (stop - start) / np.log(away[start] / away[stop])
    assert measured == pytest.approx(found.scale, rel=0.02)


def test_there_is_no_fixed_point_where_the_variance_of_gelu_grows():
    assert np.isnan(phases.here("gelu", 1.5, 0.1).variance)
    assert np.isfinite(phases.here("gelu", 0.8, 0.1).variance)
    limit = signal.limit(Network("gelu", 2.0, 0.1, None), 20.0, LAYERS)
    assert 2 <= limit.reached < LAYERS
    assert "depth" in limit.refused
    assert np.isnan(limit.slope[limit.reached :]).all()
    shallower = signal.limit(Network("gelu", 2.0, 0.1, None), 20.0, limit.reached)
    assert not shallower.refused
    assert np.array_equal(shallower.slope, limit.slope[: limit.reached])


def test_the_papers_network_keeps_the_variance_one():
    """Also with GeLU, for which that fixed point is unstable."""
    for activation in ACTIVATIONS:
        assert phases.here(activation, 1.0, 0.0).variance == 1


@pytest.mark.parametrize("network", [
    Network("erf", 1.5, 0.05, None), Network("tanh", 0.7, 0.3, None), Network("erf", 1.5, 0.4, 0.3),
    Network("gelu", 1.0, 0.0, None), Network("gelu", 1.1, 0.2, 0.2),
])  # fmt: skip
def test_the_walk_gives_the_slopes_and_correlations_of_the_kernels(network):
    limit = signal.limit(network, 20.0, LAYERS)
    x = signal.two_inputs(20.0)
    weight, bias = network.weight_std**2, network.bias_std**2
    skip, share = (0.0, 1.0) if network.residual is None else (1.0, network.residual**2)
    covariance = weight * x @ x.T + bias
    for depth in (1, 2, 3, 4):
        whole = jacobian_nngp(x, depth=depth, **network._asdict())
        slope = np.trace(whole[0, 1:, 0, 1:])
        assert limit.slope[depth - 1] == pytest.approx(slope, rel=1e-9)
        assert limit.variance[depth - 1] == pytest.approx(covariance[0, 0], rel=1e-9)
        correlation = covariance[0, 1] / covariance[0, 0]
        assert limit.correlation[depth] == pytest.approx(correlation, rel=1e-9)
        covariance = skip * covariance + share * (weight * whole[:, 0, :, 0] + bias)


@pytest.mark.parametrize("network", [
    Network("erf", 1.5, 0.4, None), Network("tanh", 0.9, 0.0, 0.3), Network("gelu", 0.9, 0.2, 0.5)
])  # fmt: skip
def test_finite_networks_are_those_that_the_library_draws(network):
    found = signal.finite(network, 20.0, 32, 3, 1)
    mlp = MLP(2, 32, LAYERS, **network._asdict())
    params = mlp.init(jax.random.fold_in(jax.random.key(3), 1))
    x = np.asarray(signal.two_inputs(20.0), np.float32)

    def hidden(x, depth):
        """φ(g) of the layer `depth`: outputs of the network that ends there, one for a neuron."""
        shallow = MLP(2, 32, depth, **network._asdict(), kappa=32**0.5, outputs=32)
        biases = params[LAYERS + 1 :][:depth]
        return shallow([*params[:depth], np.eye(32, dtype=np.float32), *biases], x)

    for depth in (1, 2, 7):
        jacobian = jax.jacrev(lambda x, depth=depth: hidden(x[None], depth)[0])(x[0])
        slope = float(np.sum(np.asarray(jacobian) ** 2) / 32)
        assert found.slope[depth - 1] == pytest.approx(slope, rel=1e-4)
    if network.activation == "erf":  # which can be undone
        shrunk = np.asarray(hidden(x, 7), float) / np.sqrt(SCALE)
        g = np.asarray(jax.scipy.special.erfinv(shrunk))
        expected = g[0] @ g[1] / np.linalg.norm(g[0]) / np.linalg.norm(g[1])
        assert found.correlation[7] == pytest.approx(expected, abs=1e-2)


def test_wide_networks_approach_the_limit():
    network = Network("erf", 1.2, 0.3, None)
    limit = signal.limit(network, 45.0, LAYERS)

    def error(width):
        drawn = [signal.finite(network, 45.0, width, 0, i) for i in range(5)]
        return np.mean([np.abs(one.correlation - limit.correlation)[:11] for one in drawn])

    assert error(512) < 0.5 * error(32)


def test_both_ends_are_those_of_the_gram_matrix():
    network = Network("erf", 0.8, 0.2, 0.3)
    found = kernel.ends(network, 3)
    gram = jntk(kernel.inputs(), depth=3, **network._asdict())
    eigenvalues = np.linalg.eigvalsh(gram.reshape(100, 100))
    assert found.smallest == pytest.approx(eigenvalues[0], rel=1e-6)
    assert found.condition == pytest.approx(eigenvalues[-1] / eigenvalues[0], rel=1e-6)
    assert found.floor == pytest.approx(100 * np.finfo(float).eps * eigenvalues[-1])
    refused = kernel.ends(Network("gelu", 2.0, 0.1, None), LAYERS)
    assert "depth" in refused.refused
    assert not refused.resolved


def test_order_loses_the_smallest_eigenvalue_in_rounding_and_skips_keep_it():
    plain = Network("erf", 0.5, 0.2, None)
    assert not kernel.ends(plain, LAYERS).resolved
    assert kernel.ends(plain._replace(residual=0.3), LAYERS).resolved


IRIS = load_dataset("iris")


@pytest.mark.parametrize("restarts", [0, 2])
def test_predictors_attacked_at_once_are_those_attacked_alone(restarts, monkeypatch):
    monkeypatch.setattr(training, "SEARCH", {"steps": 4, "restarts": restarts})
    network, used, others = Network("tanh", 0.9, 0.3, 0.3), slice(0, None, 3), slice(1, None, 3)
    robust = RobustDynamics(IRIS.x[used], IRIS.y[used], depth=3, lam=0.1, **network._asdict())
    every = [robust.predictor(t) for t in (0.1, 10.0, np.inf)]
    points = IRIS._replace(x=IRIS.x[others], y=IRIS.y[others])
    found = training.Under(IRIS.x[used], network, 3, 0.4).attack(
        np.stack([one.coefficients for one in every]), points
    )
    for one, right, clean in zip(every, *found, strict=True):
        # Random starts are drawn for all points at once, so here they differ.
        alone = pgd_margin(one, *points[:2], epsilon=0.4, steps=4, restarts=0) > 0
        assert np.array_equal(right, alone) if restarts == 0 else (alone | ~right).all()
        assert np.array_equal(clean, points.y * one(points.x)[:, 0] > 0)
    assert 0.2 < found[0].mean() < found[1].mean() < 1


def test_no_label_of_a_test_part_has_a_part_in_the_choice(monkeypatch):
    """Flipped labels of one part leave λ and time as they were when that part is tested."""
    fold = np.arange(100) % training.FOLDS
    monkeypatch.setattr(training, "folds", lambda *_: fold)
    arguments = "iris", Network("erf", 0.79, 0.2, None), 2, (0.01, 1.0), 0.3, 12345
    before = training.trained(*arguments)
    training.trained.cache_clear()
    flipped = IRIS._replace(y=np.where(fold == 0, -IRIS.y, IRIS.y))
    monkeypatch.setattr(training, "load_dataset", lambda _: flipped)
    after = training.trained(*arguments)
    training.trained.cache_clear()
    assert after.times[0] == before.times[0]
    assert after.lams[0] == before.lams[0]
    # What was right on these points is wrong now, and what was wrong is not robust.
    assert not (after.clean & before.clean)[fold == 0].any()
    assert not np.array_equal(after.times[1:], before.times[1:])


def test_the_end_does_not_depend_on_lam_and_is_worse_than_the_best():
    network = Network("gelu", 1.0, 0.0, None)
    one, other = (training.trained("iris", network, 1, (lam,), 0.3, 0) for lam in (0.1, 1.0))
    assert np.array_equal(one.end, other.end)
    assert one.end.mean() < 0.5 < 0.8 < one.best.mean() <= one.clean.mean()
    assert set(one.lams) == {0.1}
    assert np.isfinite(one.times).all()


def test_intervals_are_wilsons():
    value, low, high = training.interval(np.arange(100) < 86)
    z = 1.959964
    for end in (low, high):  # where the score statistic is ±z
        assert abs(0.86 - end) / np.sqrt(end * (1 - end) / 100) == pytest.approx(z, rel=1e-5)
    assert low < value == 0.86 < high


def test_refused_and_unknown_depths_are_gaps():
    refused = training.trained("iris", Network("gelu", 2.0, 0.1, None), 40, (0.1,), 0.3, 0)
    assert "depth" in refused.refused
    course = training.course([None, refused])
    assert np.isnan(np.array(course)).all()
    assert pictures.accuracy_limits(course.low, course.end)[0] == 40


def state(**settings):
    return DepthState(width=32, **settings)


def told(**settings):
    s = state(**settings)
    known, _ = run_plan(study.plan, s)
    if s.view == "kernel":
        return words.kernel_headline(s, known), known, s
    if s.view == "training":
        return words.training_headline(s, trainings_of(s, known)), known, s
    return words.signal_headline(s, found_of(s, known)), known, s


@pytest.mark.parametrize(("settings", "said"), [
    ({"weight_std": 0.5, "bias_std": 0.3}, "<b>order</b>"),
    ({"weight_std": 1.5, "bias_std": 0.0}, "<b>chaos</b>"),
    ({"weight_std": 0.79, "bias_std": 0.2}, "<b>the edge of chaos</b>"),
    ({"activation": "gelu", "weight_std": 1.5}, "<b>the variance never settles</b>"),
    ({"skips": 0.2}, "skips α = 0.2"),
    ({"view": "kernel", "weight_std": 0.5, "bias_std": 0.2}, "beyond float64"),
    ({"view": "training", "weight_std": 0.5, "bias_std": 0.2}, "no clear difference"),
    ({"view": "training", "activation": "gelu", "weight_std": 2.0}, "<b>unknown</b>; with"),
])  # fmt: skip
def test_words_name_the_phase_in_at_most_25_words(settings, said):
    sentence, *_ = told(**settings)
    assert said in sentence
    first = sentence.partition("<details")[0]
    assert len([word for word in first.split() if any(map(str.isalnum, word))]) <= 25
    assert "nan" not in sentence.replace("<b>", "")


def test_answers_are_what_the_walk_says():
    _, known, s = told(weight_std=1.5, bias_std=0.0, theta=5.0)
    assert answers.last_correlation(s, known).value == pytest.approx(0, abs=0.02)
    assert answers.powers_of_slope(s, known).value == pytest.approx(8.5, abs=0.2)
    _, known, s = told(weight_std=1.5, bias_std=0.0, theta=5.0, skips=0.2)
    assert 0.5 < answers.powers_of_slope(s, known).value < 1
    _, known, s = told(weight_std=1.5, bias_std=1.0, theta=90.0)
    assert answers.effect_of_biases(s, known).value == "more alike"
    _, known, s = told(view="training", weight_std=0.5, bias_std=0.2)
    assert answers.harm_of_depth(s, known).value == "time"
    _, known, s = told(view="training", weight_std=0.79, bias_std=0.2)
    assert answers.harm_of_depth(s, known).value == "neither"


def test_the_program_prints_what_is_on_screen():
    s = state(skips=0.3, weight_std=1.2, bias_std=0.3)
    printed = run_program(script(s))
    limit = signal.limit(s.network, s.theta, LAYERS)
    for depth in (1, 5, LAYERS):
        assert float(printed[f"slope_{depth}"]) == pytest.approx(limit.slope[depth - 1], rel=1e-6)
        assert float(printed[f"correlation_{depth}"]) == pytest.approx(
            limit.correlation[depth], abs=1e-7
        )
    s = state(view="kernel", weight_std=0.5, bias_std=0.2)
    printed = run_program(script(s))
    for name, network in zip(("plain", "with_skips"), s.pair, strict=True):
        found = kernel.ends(network, 6)
        assert float(printed[f"lambda_min_{name}_6"]) == pytest.approx(found.smallest, rel=1e-6)
        assert float(printed[f"condition_{name}_6"]) == pytest.approx(found.condition, rel=1e-6)
    assert "condition_plain_40" not in printed  # lost in rounding


def test_the_program_trains_as_the_page_does(monkeypatch):
    monkeypatch.setattr(training, "DEPTHS", (1, 8))
    s = state(view="training", weight_std=0.79, bias_std=0.2, seed=3)
    known, _ = run_plan(study.plan, s)
    printed = run_program(script(s))
    for name, found in zip(("plain", "with_skips"), trainings_of(s, known), strict=True):
        for depth, one in zip(training.DEPTHS, found, strict=True):
            assert float(printed[f"best_{name}_{depth}"]) == pytest.approx(one.best.mean())
            assert float(printed[f"end_{name}_{depth}"]) == pytest.approx(one.end.mean())
            assert float(printed[f"steps_{name}_{depth}"]) == pytest.approx(one.steps)


def test_a_click_in_the_diagram_moves_the_reader_within_bounds():
    from types import SimpleNamespace

    from jntk_viz import frame
    from jntk_viz.pages.depth.page import Deeper

    frame.use_theme()
    page = Deeper()
    page.go_to(SimpleNamespace(x=0.7949, y=0.2))
    assert (page.state.weight_std, page.state.bias_std) == (0.79, 0.2)
    page.go_to(SimpleNamespace(x=9.0, y=-1.0))
    assert (page.state.weight_std, page.state.bias_std) == (2.0, 0.0)


def test_limits_hold_all_that_is_drawn():
    assert pictures.correlation_limits(np.array([0.9, -0.87]))[0] < -0.87
    low, high = pictures.decades_around(np.array([1e-9, np.nan, 3e4]))
    assert low < 1e-9
    assert high > 3e4


def test_the_legend_names_what_there_is():
    from jntk_viz import frame
    from jntk_viz.pages.depth.page import Deeper

    frame.use_theme()
    page = Deeper()
    found = study.Found(signal.limit(page.state.network, 20.0, LAYERS), None, [], None, None)
    entries = {item.label.value: item for item in page.correlation.figure.legend[0].items}

    def named():
        return {name for name, item in entries.items() if item.visible}

    page.draw_signal(found._replace(point=phases.here("erf", 1.5, 0.05)))
    assert named() == {"networks", "c*", "limit"}
    page.state.skips = 0.3
    page.draw_signal(found._replace(plain=found.limit))
    assert named() == {"networks", "without skips", "limit"}
