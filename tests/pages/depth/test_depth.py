"""The page on depth against closed forms, numerical derivatives, and the library's own kernels."""

import jax
import numpy as np
import pytest
from planned import run_plan
from programs import run_program

from jntk_viz import MLP, jacobian_nngp, jntk
from jntk_viz.correlations import from_cosine
from jntk_viz.layers import input_state, layer
from jntk_viz.pages.depth import answers, kernel, phases, pictures, signal, study, words
from jntk_viz.pages.depth.script import script
from jntk_viz.pages.depth.state import ACTIVATIONS, LAYERS, DepthState, Network
from jntk_viz.pages.depth.study import found_of

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


def state(**settings):
    return DepthState(width=32, **settings)


def told(**settings):
    s = state(**settings)
    known, _ = run_plan(study.plan, s)
    if s.view == "kernel":
        return words.kernel_headline(s, known), known, s
    return words.signal_headline(s, found_of(s, known)), known, s


@pytest.mark.parametrize(("settings", "said"), [
    ({"weight_std": 0.5, "bias_std": 0.3}, "<b>order</b>"),
    ({"weight_std": 1.5, "bias_std": 0.0}, "<b>chaos</b>"),
    ({"weight_std": 0.79, "bias_std": 0.2}, "<b>the edge of chaos</b>"),
    ({"activation": "gelu", "weight_std": 1.5}, "<b>the variance never settles</b>"),
    ({"skips": 0.2}, "skips α = 0.2"),
    ({"view": "kernel", "weight_std": 0.5, "bias_std": 0.2}, "beyond float64"),
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
