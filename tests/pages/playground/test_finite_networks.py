"""Networks of finite width and random functions on the playground, without a browser."""

import contextlib
import io
import re

import jax
import numpy as np
import pytest

from jntk_viz import (
    MLP,
    LinearDynamics,
    finite_jntk,
    frame,
    jacobian_nngp,
    jntk,
    normalize,
    train,
)
from jntk_viz.attacks import tangent_jacobian
from jntk_viz.frame.content import Known
from jntk_viz.pages.playground import network, pictures, prior, study, words
from jntk_viz.pages.playground.page import app
from jntk_viz.pages.playground.plan import plan, view
from jntk_viz.pages.playground.points import Points, read_points, write_points
from jntk_viz.pages.playground.script import script
from jntk_viz.pages.playground.state import TIMES, PlaygroundState
from jntk_viz.pages.playground.surface import seen, surface, unpacked
from jntk_viz.training import output_loss_parts

STATE = {"example": "caps", "depth": 1, "width": 16, "t": 4.0}
KERNEL = PlaygroundState(**STATE).kernel


def moment(t, width=16, draw=0, centred=False, lam=0.1):
    """The network and its limit as `Outputs`."""
    found = network.train(TIMES.index(t), KERNEL, lam, width, draw, centred)
    return tuple(map(unpacked, found))


def complete(state):
    """What is known once all has run that the page asks for, and how many steps that took."""
    known, count = Known(), 0
    while missing := [step for step in plan(state, known) if not known.has(step.key)]:
        missing[0].run()
        count += 1
    return known, count


# ---- random functions


def test_random_functions_and_slopes_have_the_covariance_of_the_joint_process():
    x = seen()[:40]
    features = prior.features_seen(3, "gelu")[: 4 * len(x)]
    expected = jacobian_nngp(x, depth=3).reshape(2 * (4 * len(x),))
    np.testing.assert_allclose(features @ features.T, expected, atol=1e-4)
    # Elsewhere too, and jointly: the same function is seen at all places.
    points = PlaygroundState().kernel
    own = prior.features_of(*points)
    across = jacobian_nngp(read_points(points.points).x, x, depth=3).reshape(len(own), -1)
    np.testing.assert_allclose(own @ features.T, across, atol=1e-4)
    draws = [prior.draw_of(points, seed).seen for seed in (0, 1, 0)]
    np.testing.assert_array_equal(draws[0], draws[2])
    assert np.abs(draws[0] - draws[1]).max() > 0.5


def test_a_surface_has_the_values_and_slopes_of_the_function_everywhere():
    drawn = prior.draw_of(PlaygroundState().kernel, 0)
    x = read_points(PlaygroundState().text).x
    found = surface(drawn.seen)(x)
    np.testing.assert_allclose(found[:, 0], drawn.points[:, 0], atol=1e-4)
    np.testing.assert_allclose(found[:, 1:], tangent_jacobian(drawn.points, x), atol=2e-3)


def test_arrows_of_a_random_function_point_uphill():
    drawn = study.trained(KERNEL, 0.0, 0.0, 0.1, 3)
    assert len(pictures.picture_of_draw(drawn)["safe"][0]) == 0
    f, x = surface(prior.draw_of(KERNEL, 3).seen), seen()
    step = 1e-3 * drawn.slopes / np.linalg.norm(drawn.slopes, axis=1, keepdims=True)
    rises = (f(normalize(x + step)) - f(x))[:, 0] / 1e-3
    np.testing.assert_allclose(rises, np.linalg.norm(drawn.slopes, axis=1), atol=0.05)


def test_training_from_a_random_function_is_the_linear_equation_of_the_library():
    points, start = read_points(KERNEL.points), prior.draw_of(KERNEL, 5)
    found = study.limit(KERNEL, 0.1, 100.0, start)
    dynamics = LinearDynamics(jntk(points.x, depth=1), points.y, lam=0.1)
    expected = dynamics.predict(
        jntk(seen(), points.x, depth=1), 100.0, initial=start.points, initial_test=start.seen
    )
    np.testing.assert_allclose(found.seen, expected, atol=1e-8)
    at_zero = study.limit(KERNEL, 0.1, 0.0, start)
    np.testing.assert_array_equal(at_zero.seen, start.seen)


# ---- networks of finite width


def test_a_network_follows_the_gradient_flow_of_the_library():
    points = read_points(KERNEL.points)
    mlp = MLP(3, 16, depth=1)
    key = jax.random.fold_in(jax.random.key(0, impl="rbg"), 16)
    flow = train(
        mlp, mlp.init(key, dtype="float64"), points.x, points.y, lam=0.1, learning_rate=1.0,
        steps=4, method="gradient_flow", record_at=[0, 1, 4], x_eval=seen(),
    )  # fmt: skip
    for t, at_points, at_seen in zip((0.0, 1.0, 4.0), flow.outputs, flow.outputs_eval, strict=True):
        now, limit = moment(t)
        np.testing.assert_allclose(now.points, at_points, atol=2e-4)
        np.testing.assert_allclose(now.seen, at_seen, atol=2e-4)
        if t == 0:
            np.testing.assert_array_equal(now.seen, limit.seen)


def test_a_centred_network_begins_at_zero_beside_the_limit_that_does():
    now, limit = moment(0.0, centred=True)
    assert not now.seen.any()
    now, limit = moment(4.0, centred=True)
    expected = study.limit(KERNEL, 0.1, 4.0, study.start_at_zero(24))
    np.testing.assert_allclose(limit.seen, expected.seen, atol=1e-6)
    assert np.abs(now.seen - limit.seen).max() > 0.01
    # To first order it moves by its own kernel from zero, not from what it says at random.
    mlp = MLP(3, 16, depth=1)
    params = mlp.init(jax.random.fold_in(jax.random.key(0, impl="rbg"), 16), dtype="float64")
    points = read_points(KERNEL.points)
    theta = np.asarray(finite_jntk(mlp, params, points.x))
    own = LinearDynamics(theta, points.y, lam=0.1).train(0.1)
    np.testing.assert_allclose(moment(0.1, centred=True)[0].points, own, atol=3e-3)


def test_wider_networks_are_nearer_to_their_limit():
    def apart(width):
        found = [moment(4.0, width, draw, centred=True) for draw in range(3)]
        return np.sqrt(np.mean([(now.seen - limit.seen)[:, 0] ** 2 for now, limit in found]))

    assert apart(256) < apart(16) / 2  # a quarter, were it not for chance


def test_at_infinity_a_network_passes_through_the_labels_and_its_slopes_vanish():
    four = Points(np.array([[-0.7, 0.1], [-1.5, 0.3], [0.8, -0.4], [1.3, 0.5]]), np.ones(4))
    four.y[1:3] = -1
    kernel = KERNEL._replace(points=write_points(four))
    found = network.train(len(TIMES) - 1, kernel, 0.1, 16, 0, False)
    now = unpacked(found.network)
    np.testing.assert_allclose(now.points[:, 0], four.y, atol=1e-3)
    assert np.abs(now.points[:, 1:]).max() < 1e-2


def test_the_loss_never_grows_however_long_the_step_and_narrow_the_network():
    points, settings = read_points(KERNEL.points), (KERNEL, 0.1, 16, 0, False)
    state = network.train.begin(*settings)
    for h in (1e5, np.inf):
        after = network._advance(state, h, 0.1, points, np.zeros_like(state.u), network.HALVED)
        assert loss(after.u) <= loss(state.u)
        state = after


def loss(u):
    fit, jacobian = output_loss_parts(u, read_points(KERNEL.points).y)
    return fit + 0.1 * jacobian


def test_what_a_training_has_passed_is_played_again_without_training():
    state = PlaygroundState(**STATE)
    known, _ = complete(state)
    found = view(state, known)
    assert found.t == 4.0
    assert found.compared.most >= found.compared.rms > 0
    state.t = 1.0
    assert all(known.has(step.key) for step in plan(state, known) if step.function is network.train)
    _, count = complete(state)
    assert count <= 1  # the attack
    state.t = 5.0
    assert view(state, known).t == 4.0, "what has been reached is shown meanwhile"


# ---- the page


@pytest.fixture(scope="module")
def page():
    frame.use_theme()
    made = app()
    for plot in made.plots.values():
        assert plot.figure
    return made


SETTINGS = [
    {"width": 16, "t": 4.0},
    {"width": 16, "t": 4.0, "lam": 0.0},
    {"width": 16, "t": 0.0},
    {"width": 16, "t": 0.0, "start": "draw"},
    {"start": "draw", "t": 0.0},
    {"start": "draw", "t": 4.0},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_words_and_pictures_speak_of_the_network_on_screen(page, settings):
    state = page.state
    state.param.update(**{"lam": 0.1, "width": np.inf, "start": "zero", **STATE, **settings})
    if "width" not in settings:
        state.width = np.inf
    said = re.sub("<[^>]+>", "", page.headline.pane.object)
    assert 5 < len(said.split()) <= 25, said
    titles = [plot.title for plot in page.plots.values()]
    left = page.plots["standard"].data
    assert titles[0] == ("Width 16, " if state.finite else "") + (
        words.STANDARD if not state.finite else "with the penalty λ = 0.1"
        if state.lam else "without the penalty"
    )  # fmt: skip
    assert (titles[1].startswith("Its limit")) == state.finite
    bare = state.t == 0 and state.start == "draw"
    legend = page.content.legend.object
    assert ("uphill" in legend) == bare
    if bare:
        assert len(left["steps"][0])
        assert not len(left["safe"][0])
        assert not len(left["broken"][0])
    if state.finite and state.t:
        assert "limit" in said
        assert "boundary of the limit" in legend
        np.testing.assert_array_equal(left["other"], page.plots["penalised"].data["edge"])
        assert "RMS from limit" in page.content.numbers[0].object
    if not state.finite:
        assert not len(left["other"][0])
        assert "RMS" not in page.content.numbers[0].object


def test_draw_again_draws_networks_where_they_are_random_and_points_elsewhere(page):
    state = page.state
    state.param.update(**STATE | {"t": 0.0})
    for settings, name in (
        ({"width": 16}, "draw"),
        ({"width": np.inf, "start": "draw"}, "draw"),
        ({"width": np.inf, "start": "zero"}, "seed"),
    ):
        state.param.update(**settings)
        before = state.draw, state.seed
        page.toolbar._handle_msg("draw")
        changed = [now != then for now, then in zip((state.draw, state.seed), before, strict=True)]
        assert changed == [name == "draw", name == "seed"]


@pytest.mark.parametrize("settings", [SETTINGS[0] | {"t": 0.2}, SETTINGS[-1]], ids=str)
def test_the_script_prints_the_numbers_of_the_page(settings):
    state = PlaygroundState(**{**STATE, "width": np.inf, **settings})
    found = view(state, complete(state)[0])
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(script(state), "script", "exec"), {})
    said = {k: float(v) for k, v in re.findall(r"(\w+) = (\S+)", printed.getvalue())}
    names = ("network", "limit") if state.finite else ("standard", "penalised")
    for name, one in zip(names, found.networks, strict=True):
        assert said[f"{name}_accuracy"] == one.accuracy
        assert said[f"{name}_robust"] == one.robust
        assert said[f"{name}_called_robust"] == one.called_robust
        assert said[f"{name}_largest_slope"] == pytest.approx(one.slope, rel=1e-3)
    if state.finite:
        assert said["rms"] == pytest.approx(found.compared.rms, rel=1e-3)
        assert said["most"] == pytest.approx(found.compared.most, rel=1e-3)
