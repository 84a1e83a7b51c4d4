"""The playground without a browser: geometry, training, attack, editing, words."""

import contextlib
import io
import re
from types import SimpleNamespace
from unittest import mock

import numpy as np
import pytest

from jntk_viz import RobustDynamics, first_order_margin, frame, normalize, pgd_margin
from jntk_viz.attacks import worst_points
from jntk_viz.frame import address, controls
from jntk_viz.frame.presets import load_presets, settings
from jntk_viz.pages.playground import globe, study, words
from jntk_viz.pages.playground.examples import EXAMPLES, example
from jntk_viz.pages.playground.page import app
from jntk_viz.pages.playground.pictures import arrows
from jntk_viz.pages.playground.points import MOST, Points, read_points, write_points
from jntk_viz.pages.playground.script import script
from jntk_viz.pages.playground.state import TIMES, PlaygroundState

KERNEL = PlaygroundState(example="caps", depth=2).kernel


def uniform(n, seed=0):
    return normalize(np.random.default_rng(seed).normal(size=(n, 3)))


@pytest.fixture
def page():
    frame.use_theme()
    made = app()
    for plot in made.plots.values():
        assert plot.figure
    return made


# ---- the globe


def test_places_and_points_of_the_sphere_are_inverse_to_each_other():
    x = uniform(500)
    places = globe.to_plane(x)
    assert globe.inside(places, 1e-12).all()
    np.testing.assert_allclose(globe.to_sphere(places), x, atol=1e-12)


def test_equal_areas_are_equal_on_both_discs():
    """Of points that are uniform on the sphere r² of each half lie within r of a disc's centre."""
    places = globe.to_plane(uniform(40_000))
    for half in (places[:, 0] < 0, places[:, 0] > 0):
        radius = np.hypot(np.abs(places[half, 0]) - globe.BACK, places[half, 1])
        for r in (0.3, 0.6, 0.9):
            share = np.mean(radius <= r)
            assert share == pytest.approx(r**2, abs=4 * 0.5 / np.sqrt(half.sum()))


def test_the_discs_touch_where_the_sphere_is_the_same():
    right_of_front, left_of_back = globe.to_sphere([[globe.FRONT + 1, 0], [globe.BACK - 1, 0]])
    np.testing.assert_allclose(right_of_front, left_of_back, atol=1e-12)


def test_caps_hold_what_a_change_of_size_epsilon_can_make():
    x, epsilon = uniform(3), 0.3
    rings = globe.caps(x, epsilon)
    np.testing.assert_allclose(np.linalg.norm(rings, axis=2), 1)
    cosine = np.einsum("nki,ni->nk", rings, x)
    np.testing.assert_allclose(np.arccos(cosine), np.arcsin(epsilon))
    delta = epsilon * normalize(np.random.default_rng(1).normal(size=(4000, 3)))
    reached = normalize(x[:1] + delta)
    assert (reached @ x[0]).min() == pytest.approx(cosine[0].min(), abs=1e-4)
    assert (reached @ x[0]).min() >= cosine[0].min() - 1e-12


def test_paths_are_interrupted_at_the_rim_and_only_there():
    front = normalize(np.array([[0.0, 0.0, 1.0], [0.1, 0.0, 1.0], [0.2, 0.0, 1.0]]))
    x, _ = globe.paths(front[None])
    assert np.isnan(x).sum() == 1  # at its end
    across = normalize(np.array([[1.0, 0.0, 0.2], [1.0, 0.0, 0.1], [1.0, 0.0, -0.1]]))
    x, _ = globe.paths(across[None])
    kept = x[~np.isnan(x)]
    assert (kept < 0).any()
    assert (kept > 0).any()
    jumps = np.abs(np.diff(x))
    assert np.nanmax(jumps) < 0.2, "a line from one disc to the other"


def test_arrows_lead_to_where_the_attack_ends():
    x, end = uniform(5), normalize(uniform(5) + 0.2 * uniform(5, 1))
    path = arrows(x, end)
    np.testing.assert_allclose(path[:, 0], x, atol=1e-12)
    np.testing.assert_allclose(path[:, 6], end, atol=1e-12)
    assert len(arrows(x, x)) == 0


# ---- points and their text


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_fit_into_an_address_and_come_back(name):
    for seed in (0, 1, 9999):
        text = example(name, seed)
        points = read_points(text)
        assert write_points(points) == text
        assert len(points.y) <= MOST
        assert len(text) == 4 * len(points.y)
        x, y = EXAMPLES[name][1](seed)
        assert np.abs(points.x - x).max() < 0.003
        np.testing.assert_array_equal(points.y, y)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("abc", "must be 4 letters"),
        ("!" * 4, "must be 4 letters"),
        ("AAAA" * 41, "at most 40"),
        ("AAAA", "outside"),
        (write_points(Points(np.array([[-1.0, 0.1], [1.0, 0.2]]), np.ones(2))), "both classes"),
    ],
)
def test_texts_that_hold_no_points_are_refused_in_words(text, what):
    with pytest.raises(ValueError, match=what):
        read_points(text)
    state = PlaygroundState()
    (said,) = address.read_query(state, {"points": text})
    assert what in said
    assert state.points == ""


# ---- training and attack


def test_the_field_is_the_robust_dynamics_of_the_library():
    points = read_points(KERNEL.points)
    for lam, t in ((0.0, 10.0), (0.1, 1000.0), (0.1, np.inf)):
        network = study.trained(KERNEL, lam, t, 0.2, None)
        kernel = {"depth": KERNEL.depth, "activation": KERNEL.activation}
        dynamics = RobustDynamics(points.x, points.y, lam=lam, **kernel)
        x = globe.to_sphere(globe.places())
        expected = dynamics.predict(x[::37], t)[:, 0]
        scale = np.abs(expected).max()
        np.testing.assert_allclose(network.field.ravel()[::37], expected, atol=1e-4 * scale)
        f = dynamics.predictor(t)
        np.testing.assert_allclose(network.clean, points.y * f(points.x)[:, 0], atol=1e-6 * scale)
        margin = pgd_margin(f, points.x, points.y, epsilon=0.2, **study.SEARCH)
        if np.isfinite(t):  # where slopes are zero the search goes wherever rounding leads it
            np.testing.assert_allclose(network.margin, margin, atol=3e-4 * scale)
        found = points.y * f(network.worst)[:, 0]
        np.testing.assert_allclose(network.margin, found, atol=3e-4 * scale)
        order = first_order_margin(f(points.x), points.x, points.y, epsilon=0.2)
        np.testing.assert_allclose(network.first_order, order, atol=1e-5 * scale)


def test_what_is_drawn_between_the_computed_places_is_f():
    network = study.trained(KERNEL, 0.1, 1000.0, 0.2, None)
    points = read_points(KERNEL.points)
    drawn = study.drawn(network.field)
    side = np.linspace(-globe.HALF, globe.HALF, study.FINE)
    rows, columns = (part[::53] for part in np.nonzero(np.isfinite(drawn[1])))
    x = globe.to_sphere(np.column_stack([globe.BACK + side[columns], side[rows]]))
    kernel = {"depth": KERNEL.depth, "activation": KERNEL.activation}
    exact = RobustDynamics(points.x, points.y, lam=0.1, **kernel).predict(x, 1000.0)[:, 0]
    np.testing.assert_allclose(drawn[1][rows, columns], exact, atol=2e-3)


def test_the_attack_ends_within_the_cap_and_finds_what_a_grid_finds():
    points, epsilon = read_points(KERNEL.points), 0.25
    network = study.trained(KERNEL, 0.0, 1000.0, epsilon, None)
    angle = np.arccos(np.clip(np.sum(network.worst * points.x, axis=1), -1, 1))
    assert angle.max() <= np.arcsin(epsilon) + 1e-9
    dynamics = RobustDynamics(points.x, points.y, lam=0.0, depth=2)
    f = dynamics.predictor(1000.0)
    np.testing.assert_allclose(points.y * f(network.worst)[:, 0], network.margin, atol=3e-4)
    best = np.full(len(points.y), np.inf)
    for size in np.linspace(0, epsilon, 8):
        rings = globe.caps(points.x, size)
        values = f(rings.reshape(-1, 3))[:, 0].reshape(rings.shape[:2])
        best = np.minimum(best, (points.y[:, None] * values).min(axis=1))
    np.testing.assert_allclose(network.margin, best, atol=0.03)


def test_many_starts_are_followed_together_or_in_parts_with_the_same_result(monkeypatch):
    points = read_points(KERNEL.points)
    f = RobustDynamics(points.x, points.y, lam=0.1, depth=2).predictor(100.0)
    search = {"epsilon": 0.3, "steps": 5, "restarts": 3}
    together = worst_points(f, points.x, points.y, **search)
    monkeypatch.setattr("jntk_viz.attacks._TOGETHER", 1)
    for one, other in zip(together, worst_points(f, points.x, points.y, **search), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-9)


def test_at_infinity_the_slope_calls_all_safe_while_the_boundary_is_in_their_caps():
    presets, problems = load_presets("playground", PlaygroundState())
    assert not problems
    (preset,) = [preset for preset in presets if preset.name == "infinity"]
    state = PlaygroundState(**settings(preset, PlaygroundState()))
    assert np.isinf(state.t)
    _, penalised = study.pair(*study.arguments_of(state))
    assert penalised.called_robust == 1
    assert penalised.accuracy == 1
    assert penalised.robust < 0.5


def test_the_first_preset_shows_what_it_says():
    presets, _ = load_presets("playground", PlaygroundState())
    state = PlaygroundState(**settings(presets[0], PlaygroundState()))
    standard, penalised = study.pair(*study.arguments_of(state))
    assert standard.accuracy == penalised.accuracy == 1
    assert penalised.robust > standard.robust + 0.3
    assert penalised.slope < standard.slope


def test_the_script_prints_the_numbers_of_the_page():
    state = PlaygroundState(example="caps", depth=2, t=100.0, lam=0.5)
    standard, penalised = study.pair(*study.arguments_of(state))
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(script(state), "script", "exec"), {})
    said = dict(re.findall(r"(\w+) = (\S+)", printed.getvalue()))
    for name, network in (("standard", standard), ("penalised", penalised)):
        assert float(said[f"{name}_accuracy"]) == network.accuracy
        assert float(said[f"{name}_robust"]) == network.robust
        assert float(said[f"{name}_called_robust"]) == network.called_robust
        assert float(said[f"{name}_largest_slope"]) == pytest.approx(network.slope, rel=1e-3)


# ---- the page


def test_the_headline_has_at_most_25_words_in_every_preset_and_at_every_kind_of_time(page):
    for preset in page.presets:
        page.guide.choose(preset.name)
        for t in (0.0, 3.15) if page.state.finite else (0.0, 3.15, 1e8, np.inf):
            page.state.t = t
            text = re.sub("<[^>]+>", "", page.headline.pane.object)
            assert 5 < len(text.split()) <= 25, text


def places(page):
    return page.content.board.source.data


def test_a_click_adds_a_point_of_the_chosen_class(page):
    board, n = page.content.board, len(places(page)["x"])
    page.content.editing.new.value = "−1"
    assert [tool.default_overrides for tool in board.tools] == [{"class": "−1"}] * len(board.tools)
    assert len(board.tools) == 2
    data = {name: list(column) for name, column in places(page).items()}
    data["x"].append(-0.9)
    data["y"].append(0.11)
    data["class"].append("−1")
    board.source.data = data
    points = read_points(page.state.points)
    assert len(points.y) == n + 1
    np.testing.assert_allclose(points.places[-1], [-0.9, 0.11], atol=1e-3)
    assert points.y[-1] == -1
    opened = PlaygroundState()
    query = dict(part.split("=") for part in address.query_of(page.state).split("&"))
    assert not address.read_query(opened, query)
    assert opened.points == page.state.points


def test_a_drag_is_followed_without_writing_to_what_the_browser_moves(page):
    source = page.content.board.source
    data = {name: list(column) for name, column in source.data.items()}
    data["x"][0] -= 0.01
    with mock.patch.object(page.content.board, "put") as put:
        source.data = data
    put.assert_not_called()
    moved = read_points(page.state.points).places[0]
    assert moved[0] == pytest.approx(data["x"][0], abs=1e-3)
    data = {name: list(column) for name, column in source.data.items()}
    data["y"][0] = 3.0  # over the rim: it stays on the globe
    source.data = data
    assert globe.inside(read_points(page.state.points).places, 1e-9).all()
    assert abs(source.data["y"][0]) <= 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda p: Points(np.vstack([p.places, [0.0, -0.99]]), np.append(p.y, 1)), words.OUTSIDE),
        (
            lambda p: Points(np.resize(p.places, (MOST + 1, 2)), np.resize(p.y, MOST + 1)),
            words.TOO_MANY,
        ),
        (lambda p: Points(p.places[p.y > 0], p.y[p.y > 0]), words.ONE_CLASS),
    ],
)
def test_what_cannot_be_is_said_gently_and_nothing_is_lost(page, change, said):
    before, text = page.content.board.points, page.state.text
    page.content.editing.take(change(before))
    assert said in page.job.notice.pane.object
    assert page.job.notice.kind == "info"
    assert page.state.text == text
    assert write_points(page.content.board.points) == text
    page.content.editing.turn()
    assert page.job.notice.pane.object == ""


def test_buttons_do_what_the_pictures_do(page):
    editing, n = page.content.editing, len(read_points(page.state.text).y)
    editing.add()
    added = read_points(page.state.text)
    assert len(added.y) == n + 1
    assert editing.which.value == n
    x = added.x[-1]
    assert (added.x[:-1] @ x).max() < np.cos(np.radians(12)), "where there is room"
    editing.move(0, 1)
    moved = read_points(page.state.text).x[-1]
    assert np.degrees(np.arccos(moved @ x)) == pytest.approx(4, abs=0.2)
    assert moved[1] > x[1]
    editing.turn()
    assert read_points(page.state.text).y[-1] == -added.y[-1]
    page.content.board.source.selected.indices = [0]
    editing.delete()
    assert len(read_points(page.state.text).y) == n
    editing.start_over()
    assert page.state.text == example("stripes", 0)
    assert len(places(page)["x"]) == n


def test_menu_and_pictures_choose_the_same_point(page):
    board, editing = page.content.board, page.content.editing
    assert board.chosen == []  # a page that opens has no ring
    before = read_points(page.state.text)
    board.choose([2])  # as a tap does
    assert editing.which.value == 2
    editing.which.value = 3
    assert board.chosen == [3]
    editing.turn()
    changed = read_points(page.state.text).y != before.y
    assert np.flatnonzero(changed).tolist() == [3]
    board.choose([1, 4])
    assert editing.which.value == 4
    editing.turn()
    changed = read_points(page.state.text).y != before.y
    assert np.flatnonzero(changed).tolist() == [1, 3, 4]
    assert board.chosen == [1, 4]


def test_what_a_button_acts_on_gets_the_ring(page):
    page.content.editing.move(0, 1)
    assert page.content.board.chosen == [page.content.editing.which.value] == [0]


def test_a_point_moves_over_the_rim(page):
    points = read_points(page.state.text)
    start = np.array([[globe.FRONT + 0.99, 0.02]])
    page.content.editing.take(points._replace(places=np.vstack([start, points.places[1:]])))
    page.content.editing.which.value = 0
    page.content.editing.move(1, 0)
    place = read_points(page.state.text).places[0]
    assert globe.BACK - 1 <= place[0] < globe.BACK - 0.9


# ---- Play


def test_play_goes_to_infinity_and_back_in_time_whatever_a_picture_takes(monkeypatch):
    clock, calls = SimpleNamespace(now=0.0), []
    monkeypatch.setattr(controls.time, "monotonic", lambda: clock.now)
    stopped = []
    monkeypatch.setattr(
        controls.pn.state, "add_periodic_callback",
        lambda function, period: (
            calls.append(function) or SimpleNamespace(stop=lambda: stopped.append(1))
        ),
    )  # fmt: skip
    state = PlaygroundState(t=TIMES[0])
    button = controls.play_through(state, "t", 12)
    button.clicks += 1
    (advance,) = calls
    for seconds, t in ((0.0, 0.0), (6.0, TIMES[91]), (12.0, np.inf), (18.0, TIMES[91])):
        clock.now = seconds
        advance()
        assert state.t == t
        assert not stopped
    clock.now = 31.0
    advance()
    assert state.t == 0
    assert stopped
    assert button.label == "▶ Play"
    state.t = 1000.0
    clock.now = 40.0
    button.clicks += 1
    calls[1]()
    assert state.t == 1000.0, "it begins where the reader is"
    button.clicks += 1
    assert len(stopped) == 2
