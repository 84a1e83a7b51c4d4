"""Conditioning on values and slopes, and random networks as functions on the circle."""

import jax
import numpy as np
import pytest
import scipy.stats
from planned import run_plan
from programs import run_program

from jntk_viz import MLP, jacobian_nngp
from jntk_viz.frame.address import query_of, read_query
from jntk_viz.frame.presets import load_presets, read_preset, settings
from jntk_viz.pages.gp_convergence import answers, circle, study
from jntk_viz.pages.gp_convergence.observations import (
    MOST,
    Observation,
    format_observations,
    parse_observations,
    with_observation,
    without_observation,
)
from jntk_viz.pages.gp_convergence.posterior import condition, evidence, root
from jntk_viz.pages.gp_convergence.script import script
from jntk_viz.pages.gp_convergence.state import WIDTHS, Ensemble, GPConvergenceState

ENSEMBLE = Ensemble(2, "gelu", seed=5)
SEEN = parse_observations("90:1.2:v;180:0.5:s;300:-0.7:v")


def computed(state):
    """What is known once the page has computed all that it wants."""
    return run_plan(study.plan, state)[0]


def on_circle(ensemble, width, kappa=1.0, seen=(), noise=0.0, batches=1):
    limit = circle.limiting(ensemble.depth, ensemble.activation)
    networks = [circle.networks(ensemble, width, batch) for batch in range(batches)]
    return circle.on_circle(limit, networks, ensemble.seed, kappa, seen, noise)


def test_observations_are_read_and_written():
    assert parse_observations("") == ()
    text = "90:1.2:v;180:-0.05:s;0:1e-03:v"
    seen = parse_observations(text)
    assert seen[1] == Observation(180, -0.05, "s")
    assert parse_observations(format_observations(seen)) == seen
    more = with_observation(text, Observation(90, 2.0, "v"))
    assert more == "180:-0.05:s;0:0.001:v;90:2:v"  # replaces the one at the same angle
    assert without_observation(more, 180, "s") == "0:0.001:v;90:2:v"
    full = ";".join(f"{5 * i}:1:v" for i in range(MOST))
    with pytest.raises(ValueError, match="At most 8"):
        with_observation(full, Observation(200, 0.0, "s"))


@pytest.mark.parametrize(
    "text",
    [
        "90:1.2", "90:1.2:x", "91:1:v", "360:1:v", "-5:1:v", "90:nan:v", "90:1e99:v", "90:1000:v",
        "90:1:v;", "90:1:v;90:2:v", "9 0:1:v", ";".join(f"{5 * i}:1:v" for i in range(MOST + 1)),
    ],
)  # fmt: skip
def test_observations_that_cannot_be_read_are_refused(text):
    with pytest.raises(ValueError, match=r"observ|angle|seen"):
        parse_observations(text)
    state = GPConvergenceState()
    with pytest.raises(ValueError, match="Parameter 'observed'"):
        state.observed = text
    assert len(read_query(state, {"observed": text})) == 1
    assert state.observed == ""
    with pytest.raises(ValueError, match="observed"):
        read_preset({"name": "a", "set": {"observed": text}}, state)


def test_observations_stand_in_the_address():
    state = GPConvergenceState(observed="90:1.2:v;180:0:s")
    query = dict(part.split("=") for part in query_of(state).split("&"))
    assert query["observed"] == "90%3A1.2%3Av%3B180%3A0%3As"
    other = GPConvergenceState()
    assert read_query(other, {"observed": state.observed}) == []
    assert other.observed == state.observed


def test_condition_is_the_inverse_of_the_precision():
    """Independent: what is given has no place in the precision of the rest."""
    rng = np.random.default_rng(0)
    half = rng.standard_normal((7, 9))
    covariance, rows, values = half @ half.T, [2, 5], np.array([0.3, -1.1])
    rest = [0, 1, 3, 4, 6]
    precision = np.linalg.inv(covariance)
    expected = np.linalg.inv(precision[np.ix_(rest, rest)])
    mean = -expected @ precision[np.ix_(rest, rows)] @ values
    given = condition(covariance, rows, values)
    np.testing.assert_allclose(given.mean[rest], mean, rtol=1e-9)
    np.testing.assert_allclose(given.covariance[np.ix_(rest, rest)], expected, rtol=1e-9)
    np.testing.assert_allclose(given.mean[rows], values)
    np.testing.assert_allclose(given.covariance[rows], 0, atol=1e-9)
    assert given.gap < 1e-12
    distance = values @ np.linalg.solve(covariance[np.ix_(rows, rows)], values)
    assert given.surprise == pytest.approx(np.sqrt(distance / 2))
    nothing = condition(covariance, [], [])
    np.testing.assert_array_equal(nothing.covariance, covariance)


def test_noise_is_one_more_independent_variable():
    rng = np.random.default_rng(1)
    half = rng.standard_normal((4, 6))
    covariance, noise = half @ half.T, 0.3
    # The joint vector (u, u_1 + noise e): condition on its last entry, without noise.
    joint = np.block([[covariance, covariance[:, 1:2]], [covariance[1:2], np.zeros((1, 1))]])
    joint[4, 4] = covariance[1, 1] + noise**2
    expected, given = condition(joint, [4], [0.8]), condition(covariance, [1], [0.8], noise)
    np.testing.assert_allclose(given.mean, expected.mean[:4])
    np.testing.assert_allclose(given.covariance, expected.covariance[:4, :4], atol=1e-12)


def test_contradictions_are_told_and_the_rest_is_used():
    odd = circle.limit_on_circle(2, "erf")  # f(x) + f(-x) = 0
    rows = circle.rows_of(parse_observations("90:1:v;270:-1:v"))
    agreeing = condition(odd, rows, [1.0, -1.0])
    alone = condition(odd, rows[:1], [1.0])
    assert agreeing.gap < 1e-9
    np.testing.assert_allclose(agreeing.mean, alone.mean, atol=1e-9)
    opposed = condition(odd, rows, [1.0, 0.0])
    assert opposed.gap == pytest.approx(0.5)
    assert opposed.mean[rows] == pytest.approx([0.5, -0.5])
    assert condition(odd, rows, [1.0, 0.0], noise=0.1).gap < 1e-9


def test_an_observed_slope_is_the_limit_of_two_observed_values():
    """Finite differences: the same posterior from a difference of two values nearby."""
    h, depth = 1e-3, 2
    theta = np.deg2rad(np.append(circle.ANGLES, [0.0, 0.0]))
    theta[-2:] = np.pi + np.array([-h, h])
    x = np.column_stack([np.cos(theta), np.sin(theta)])
    values = jacobian_nngp(x, depth=depth)[:, 0, :, 0]
    to_difference = np.eye(74)
    to_difference[72:] = 0
    to_difference[72, [72, 73]] = [-1 / (2 * h), 1 / (2 * h)]
    joint = to_difference @ values @ to_difference.T
    expected = condition(joint[:73, :73], [18, 72], [1.2, 0.5])
    limit = circle.limit_on_circle(depth, "gelu")
    given = condition(limit, circle.rows_of(SEEN[:2]), [1.2, 0.5])
    np.testing.assert_allclose(given.mean[::2], expected.mean[:72], atol=1e-4)
    np.testing.assert_allclose(given.covariance[::2, ::2], expected.covariance[:72, :72], atol=1e-4)


def test_slopes_are_derivatives_of_values():
    limit = circle.limit_on_circle(3, "tanh")
    given = condition(limit, circle.rows_of(SEEN), [o.value for o in SEEN])
    values, slopes = given.mean.reshape(72, 2).T
    # A trigonometric polynomial through the values, differentiated exactly.
    frequency = 1j * np.fft.fftfreq(72, 1 / 72)
    derivative = np.fft.ifft(frequency * np.fft.fft(values)).real
    np.testing.assert_allclose(slopes, derivative, atol=2e-3 * np.abs(slopes).max())


def test_evidence_is_the_density_of_what_was_seen():
    rng = np.random.default_rng(2)
    half = rng.standard_normal((5, 6, 8))
    covariances = half @ half.mT
    rows, values = np.array([1, 4]), np.array([0.5, -0.3])
    density = [
        scipy.stats.multivariate_normal(cov=k[np.ix_(rows, rows)] + 0.04 * np.eye(2)).pdf(values)
        for k in covariances
    ]
    weights = evidence(covariances, covariances.mean(0), rows, values, noise=0.2)
    np.testing.assert_allclose(weights, np.array(density) / np.sum(density), rtol=1e-7)
    assert evidence(covariances, covariances[0], [], []).tolist() == [0.2] * 5


def test_chosen_members_follow_the_weights():
    np.testing.assert_array_equal(circle.chosen(np.full(8, 1 / 8)), np.arange(8))
    np.testing.assert_array_equal(circle.chosen(np.full(32, 1 / 32)), np.arange(8))
    weights = np.full(32, 0.5 / 31)
    weights[11] = 0.5
    assert np.sum(circle.chosen(weights) == 11) in (3, 4, 5)
    assert circle.chosen(np.eye(32)[31]).tolist() == [31] * 8


def test_networks_have_the_covariance_of_networks_with_weights():
    """Against networks whose weights are drawn, through their own Jacobian."""
    width, networks = 16, 3000
    mlp = MLP(2, width, 1, "erf")
    keys = jax.random.split(jax.random.key(0), networks)
    params = jax.vmap(mlp.init)(keys)
    x = circle.CIRCLE[[3, 30]]
    values = np.asarray(jax.vmap(lambda p: mlp.value_and_jacobian(p, x))(params))
    slope = np.einsum("kia,ia->ki", values[..., 1:], circle.TANGENT[[3, 30]])
    pairs = np.stack([values[..., 0], slope], axis=-1).reshape(networks, 4)
    rows = [6, 7, 60, 61]
    ensemble = Ensemble(1, "erf", 0)
    own = [circle.networks(ensemble, width, batch).matrix for batch in range(8)]
    mean = np.mean(np.concatenate(own), axis=0)[np.ix_(rows, rows)]
    np.testing.assert_allclose(pairs.T @ pairs / networks, mean, atol=0.12)


def test_the_limit_is_shown_before_there_are_networks():
    state = GPConvergenceState(width=8, seed=6, observed="90:1.2:v")
    known, _ = run_plan(study.plan, state, most=1)
    shown = study.on_circle(state, known)
    assert shown.networks is None
    assert shown.mean[18, 0] == pytest.approx(1.2)
    known, steps = run_plan(study.plan, state)
    assert study.on_circle(state, known).members == circle.POOL
    # The other widths are computed as well, so that the networks can be widened.
    assert {step.arguments[1] for step in steps[1:]} == {*WIDTHS}


def test_functions_settle_and_pass_through_what_was_seen():
    free = {w: on_circle(ENSEMBLE, w) for w in (16, 1024)}
    assert free[1024].distance < 0.4 * free[16].distance
    np.testing.assert_array_equal(free[16].ends, free[1024].ends)
    for width in (16, 1024):
        seen = on_circle(ENSEMBLE, width, 2.0, SEEN, batches=4)
        for o in SEEN:
            at = (slice(None), o.angle // 5, int(o.kind == "s"))
            np.testing.assert_allclose(seen.networks[at], o.value, atol=1e-6)
            np.testing.assert_allclose(seen.ends[at], o.value, atol=1e-6)
        assert seen.members == circle.POOL
        assert 1 <= seen.effective <= circle.POOL
    assert seen.effective > 25
    # Slopes of the drawn functions are derivatives of their values.
    f, slope = np.moveaxis(seen.networks, -1, 0)
    derivative = np.fft.ifft(1j * np.fft.fftfreq(72, 1 / 72) * np.fft.fft(f)).real
    np.testing.assert_allclose(slope, derivative, atol=0.02 * np.abs(slope).max())


def test_ends_given_observations_are_draws_of_the_posterior():
    """Mean and covariance over many seeds."""
    draws = np.concatenate(
        [
            on_circle(Ensemble(2, "gelu", seed), 8, 1.0, SEEN, 0.2, batches=0).ends
            for seed in range(500)
        ]
    ).reshape(-1, 144)
    rows = circle.rows_of(SEEN)
    given = condition(circle.limit_on_circle(2, "gelu"), rows, [o.value for o in SEEN], 0.2)
    np.testing.assert_allclose(draws.mean(0), given.mean, atol=0.07)
    np.testing.assert_allclose(np.cov(draws.T), given.covariance, atol=0.15)


def test_root():
    limit = circle.limit_on_circle(2, "erf")
    np.testing.assert_allclose(root(limit) @ root(limit), limit, atol=1e-10)


def test_pointing_observes_and_pointing_again_removes():
    state = GPConvergenceState(depth=1, activation="erf")
    study.observe_at(state, 91.7, 1.234567, "v", prior=1.0)
    assert (state.observed, state.angle, state.level) == ("90:1.23:v", 90, 1.23)
    study.observe_at(state, 359.0, -0.5, "s", prior=1.0)
    assert state.observed == "90:1.23:v;0:-0.5:s"
    study.observe_at(
        state, 88.0, 1.25, "s", prior=1.0
    )  # another kind: this is no pointing at the first
    assert state.observed.endswith("90:1.25:s")
    study.observe_at(state, 93.0, 1.3, "v", prior=1.0)
    assert state.observed == "0:-0.5:s;90:1.25:s"
    state.level = 2.0
    study.observe(state, "v")
    assert state.observed.endswith("95:2:v")


def numbers(state):
    """What the program for a state prints, as a dict."""
    return {name: float(text) for name, text in run_program(script(state)).items()}


def test_the_program_prints_the_numbers_of_the_page():
    state = GPConvergenceState(
        width=16, depth=1, activation="erf", kappa=1.5, networks=100, data="circle", seed=4
    )
    printed, shown = numbers(state), study.on_circle(state, computed(state))
    assert printed["distance"] == pytest.approx(shown.distance, rel=1e-6)
    assert printed["slope_deviation_before"] == pytest.approx(shown.prior[1])

    state.param.update(observed="90:1.2:v;180:0.5:s", angle=120, noise=0.1)
    printed, shown = numbers(state), study.on_circle(state, computed(state))
    assert printed["f_mean"] == pytest.approx(shown.mean[24, 0])
    assert printed["slope_mean"] == pytest.approx(shown.mean[24, 1])
    assert printed["f_deviation"] == pytest.approx(shown.deviation[24, 0])
    assert printed["slope_deviation"] == pytest.approx(shown.deviation[24, 1])

    state.param.update(view="densities", point=3, alpha=2)
    known = computed(state)
    found = study.found_of(state, known)
    printed, ((f, _), (slope, _)) = numbers(state), study.kurtoses(state, found)
    assert printed["f_excess_kurtosis"] == pytest.approx(f, abs=1e-4)
    assert printed["J_excess_kurtosis"] == pytest.approx(slope, abs=1e-4)
    pair = study.limit_of(state, known).pair(3, 2)
    assert printed["J_limit_deviation"] == pytest.approx(pair[1, 1] ** 0.5)

    state.view = "covariance"
    found = study.found_of(state, computed(state))
    printed = numbers(state)
    assert printed["error"] == pytest.approx(study.typical_error(found), rel=1e-4)
    assert printed["slope"] == pytest.approx(study.law(found.errors).slope, rel=1e-3)


def test_presets_ask_what_the_page_can_answer():
    state = GPConvergenceState()
    presets, _ = load_presets("gp_convergence", state)
    assert presets[0].values["view"] == "functions"
    asked = {p.name: p for p in presets if p.predict}
    assert {p.predict.kind for p in asked.values()} == {"choice", "number", "sketch"}
    measured = {}
    for name, preset in asked.items():
        state.param.update(**settings(preset, state))
        if state.view != "covariance":  # whose errors take longer; they are tested elsewhere
            measured[name] = getattr(answers, preset.predict.answer)(state, computed(state))
            if preset.predict.kind == "choice":
                assert measured[name].value in preset.predict.options
    # What the presets say in their explanations.
    assert measured["tails"].value == "the slope J"
    assert measured["deep-and-narrow"].value == "the output f"
    assert measured["observe-a-slope"].value == "on both sides of it"
    angle, mean = measured["two-values-and-a-slope"].value
    assert mean[12] == pytest.approx(1)
    assert mean[0] == mean[-1]
    assert angle[-1] == 360
    state.param.update(**settings(asked["observe-a-slope"], state))
    assert answers.narrower(state, computed(state)).value == "on both sides of it"
    state.observed = "180:1:v"
    assert answers.narrower(state, computed(state)).value == "there, at that angle"
    state.observed = ""
    assert answers.narrower(state, computed(state)).value == "nowhere"
