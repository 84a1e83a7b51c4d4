"""The robust-training page with all classes, against the library, without a browser."""

import html
import io

import numpy as np
import panel_material_ui as pmui
import planned
import pytest
from planned import run_plan
from programs import run_program

from jntk_viz import (
    RobustDynamics,
    accuracy,
    eigenfeatures,
    first_order_margin,
    frame,
    load_csv,
    load_dataset,
    pgd_margin,
    train_test_split,
)
from jntk_viz.attacks import clean_margin
from jntk_viz.engine import sources
from jntk_viz.frame.own_data import _OwnData
from jntk_viz.frame.registry import pages, part_of
from jntk_viz.frame.robustness import Problem, Source
from jntk_viz.pages.robust_training import plan, predictor, stopping, study
from jntk_viz.pages.robust_training import predictor_pictures as shapes
from jntk_viz.pages.robust_training.page import RobustTraining
from jntk_viz.pages.robust_training.script import script
from jntk_viz.pages.robust_training.state import FLOW, SOURCES, TIMES, RobustTrainingState

IRIS = Problem("iris_all", 2, "gelu", 0)
AT = TIMES.index(1e3)


@pytest.fixture(scope="module", autouse=True)
def theme():
    frame.use_theme()


@pytest.fixture(scope="module")
def parts():
    """Training and test part as the public names give them."""
    return train_test_split(load_dataset("iris", classes="all"), seed=0)


@pytest.fixture(scope="module")
def dynamics(parts):
    return RobustDynamics(parts[0].x, parts[0].y, lam=0.1, **IRIS.kernel)


@pytest.fixture(scope="module")
def solution():
    return study.solve(IRIS, 0.1, FLOW)


@pytest.fixture
def few_digits(monkeypatch):
    """Twelve digits to train on, fewer than coordinates."""
    monkeypatch.setitem(SOURCES, "digits_all", Source("Digits", {}, 12, 20))
    yield Problem("digits_all", 1, "erf", 0)
    for cached in (study.prepare, study.solve, predictor.digits):
        cached.cache_clear()


def started(**settings):
    return planned.started(RobustTraining(), **settings)


def said(page):
    return page.controller.headline.pane.object


# --- what is computed -----------------------------------------------------------------------------


def test_curves_equal_the_library(parts, dynamics, solution):
    _, test = parts
    for t in (1.0, 1e3, 1e6):
        at, outputs = TIMES.index(t), dynamics.predict(test.x, t)
        for norm in ("l2", "linf"):
            margin = first_order_margin(outputs, test.x, test.y, epsilon=0.3, norm=norm)
            found = solution.paths[FLOW].reach.margin(0.3, norm)[at]
            np.testing.assert_allclose(found, margin, atol=1e-6)
            curves = study.curves(solution, epsilon=0.3, norm=norm)
            assert curves.robust[at] == accuracy(margin)
        right = outputs[:, 0].argmax(axis=1) == test.y.argmax(axis=1)
        assert curves.clean[at] == np.mean(right)
        tangent = outputs[:, 1:] - test.x[..., None] * np.einsum(
            "mdc,md->mc", outputs[:, 1:], test.x
        )[:, None]  # fmt: skip
        expected = np.median(np.linalg.norm(tangent, axis=(1, 2)))  # Frobenius, over outputs
        assert curves.jacobian[at] == pytest.approx(expected, rel=1e-6)


def test_each_class_is_what_a_single_output_gives(parts, solution):
    train, _ = parts
    for c in range(3):
        alone = RobustDynamics(train.x, train.y[:, c], lam=0.1, **IRIS.kernel)
        coefficients = solution.paths[FLOW].coefficients[AT, ..., c]
        np.testing.assert_allclose(coefficients, alone.linear.coefficients(1e3), atol=1e-8)


def test_search_and_features_are_those_of_the_library(parts, dynamics, solution):
    train, test = parts
    found = study.pgd_accuracy(IRIS, 0.1, 1e3, 0.3, "l2", FLOW)
    assert found == accuracy(pgd_margin(dynamics.predictor(1e3), test.x, test.y, epsilon=0.3))
    features = eigenfeatures(
        train.x, train.y, test.x, test.y, lam=0.1, epsilon=0.3, norm="linf", **IRIS.kernel
    )
    scores = study.scores(solution, epsilon=0.3, norm="linf")
    large = features.eigenvalues > 1e-5 * features.eigenvalues[0]
    assert large.sum() > 50
    np.testing.assert_array_equal(scores.usefulness[large], features.usefulness[large])
    np.testing.assert_array_equal(scores.robustness[large], features.robustness[large])
    assert solution.share.sum() == pytest.approx(1, abs=1e-6)


def test_the_span_of_few_points_is_enough(few_digits):
    prepared, solution = study.prepare(few_digits), study.solve(few_digits, 0.5, FLOW)
    assert prepared.gram.shape == (12, 13, 12, 13)
    train, test = prepared.train, prepared.test
    dynamics = RobustDynamics(train.x, train.y, lam=0.5, **few_digits.kernel)
    path = solution.paths[FLOW]
    margin = first_order_margin(dynamics.predict(test.x, 1e3), test.x, test.y, epsilon=0.1)
    np.testing.assert_allclose(path.reach.margin(0.1, "l2")[AT], margin, atol=1e-8)
    lifted = prepared.lift(path.coefficients[AT])
    np.testing.assert_allclose(lifted, dynamics.linear.coefficients(1e3), atol=1e-7)


def test_descent_is_solved_when_it_is_asked_for(parts, dynamics):
    """Paths of several classes are large: the flow's is kept, and one of descent at a time."""
    _, test = parts
    assert [*study.solve(IRIS, 0.1, FLOW).paths] == [FLOW]
    state = RobustTrainingState(data="iris_all", training="descent", rate=0.9)
    known, steps = run_plan(plan.plan, state, most=4)
    assert [step.arguments for step in steps[1:3]] == [(IRIS, 0.1, 0.9), (IRIS, 0.0, 0.9)]
    assert steps[3].function is study.pgd_accuracy
    found = plan.found_of(state, known)
    path = found.solutions[0.1].paths[0.9]
    eta = 0.9 * dynamics.linear.stable_learning_rate
    outputs = dynamics.predict(test.x, 1e3, learning_rate=eta)
    margin = first_order_margin(outputs, test.x, test.y, epsilon=0.3)
    np.testing.assert_allclose(path.reach.margin(0.3, "l2")[AT], margin, atol=1e-6)
    unstable = study.solve(IRIS, 0.1, 1.1).paths[1.1]
    assert np.isnan(unstable.reach.clean[-1]).all()
    assert np.isfinite(unstable.reach.clean[AT - 9]).all()


def test_folds_hold_each_class_in_equal_shares(parts):
    train, _ = parts
    fold = stopping.folds(train.y, stopping.FOLDS, seed=0)
    counts = [np.bincount(fold[train.y.argmax(axis=1) == c], minlength=3) for c in range(3)]
    assert np.ptp(counts) <= 1
    held = stopping.held_out(IRIS, 0.1)
    assert held.clean.shape == (len(TIMES), len(train.y))


# --- the predictor --------------------------------------------------------------------------------


@pytest.mark.parametrize("plane", RobustTrainingState.param.plane.get_range().values())
def test_the_slice_shows_the_largest_output(dynamics, solution, parts, plane):
    cut = predictor.cut(IRIS, plane, 3)
    np.testing.assert_allclose(cut.axes @ cut.axes.T, np.eye(3), atol=1e-12)
    found = cut.winners(solution.paths[FLOW].coefficients[AT])
    side = np.linspace(-1, 1, predictor.GRID)
    for i, j in ((30, 17), (10, 20), (22, 40)):
        s, r = side[j], side[i]
        x = s * cut.axes[0] + r * cut.axes[1] + np.sqrt(1 - s**2 - r**2) * cut.axes[2]
        f = dynamics.predict(x[None], 1e3)[0, 0]
        assert found.number[i, j] == f.argmax()
        assert found.lead[i, j] == pytest.approx(np.diff(np.sort(f)[-2:])[0], abs=1e-8)
        for c in range(3):
            others = np.delete(f, c).max()
            assert found.ahead[c, i, j] == pytest.approx(f[c] - others, abs=1e-8)
    assert np.isnan(found.number[0, 0])
    train, test = parts
    if plane == "classes":  # the three means lie in the plane of a and b, up to a shift along c
        means = np.stack([train.x[train.y[:, c] > 0].mean(axis=0) for c in range(3)])
        np.testing.assert_allclose(np.ptp(means @ cut.axes[2]), 0, atol=1e-9)
    if plane == "point":
        others = train.y.argmax(axis=1) != test.y[3].argmax()
        place = cut.train[others][np.argmax(train.x[others] @ test.x[3])]
        assert place[0] > 0
        assert place[1] == pytest.approx(0, abs=1e-12)


def test_colour_names_and_edges_belong_to_the_class():
    number = np.where(np.arange(21) < 8, 0.0, 2.0) * np.ones((21, 1))
    lead, ahead = np.full((21, 21), 0.2), np.full((3, 21, 21), -1.0)
    ahead[0], ahead[2] = 7.5 - np.arange(21), np.arange(21) - 7.5
    none = np.zeros((0, 2))
    drawn = [*shapes.winner_field(
        number, lead, ahead, ("a", "b", "c"), none, np.zeros(0), np.array([[0.5, 0.0]]),
        np.array([2]), np.array([False]), np.full(2, np.nan), np.nan,
    )]  # fmt: skip
    image, edges, dots, legend = drawn[0], drawn[2].array(), drawn[4].array(), drawn[8].array()
    values = image.dimension_values(2, flat=False)
    np.testing.assert_array_equal(np.unique(np.floor(values)), [0, 2])
    palette = [colour[:7] for colour in shapes._REGIONS]
    per_class = len(palette) // shapes.MOST_CLASSES
    for value in np.unique(values):
        assert palette[int(value * per_class)] == shapes._COLOURS[int(value)]
    np.testing.assert_allclose(np.unique(edges[np.isfinite(edges[:, 0]), 0]), [-0.25], atol=1e-9)
    assert dots[0, 2] == legend[2, 2]
    texts = drawn[10].dimension_values(2)
    assert [*texts] == ["a", "c"]  # b wins nowhere


@pytest.mark.parametrize(("norm", "epsilon"), [("l2", 0.3), ("linf", 0.05)])
def test_digits_are_read_as_the_class_that_the_attack_reaches(few_digits, norm, epsilon):
    found = predictor.digits(few_digits, 0.1, 1e3, epsilon, norm, FLOW, 3)
    prepared = study.prepare(few_digits)
    x, y = prepared.test.x[found.numbers], prepared.test.y[found.numbers]
    np.testing.assert_array_equal(found.label, y.argmax(axis=1))
    dynamics = RobustDynamics(prepared.train.x, prepared.train.y, lam=0.1, **few_digits.kernel)
    outputs = dynamics.predict(x, 1e3)
    np.testing.assert_allclose(found.before, outputs[:, 0], atol=1e-7)
    delta = found.change.reshape(len(x), -1)
    size = np.linalg.norm(delta, axis=1) if norm == "l2" else np.abs(delta).max(axis=1)
    np.testing.assert_allclose(size, epsilon)
    # What the linear model says there is what no change of that size can fall below.
    tangent = delta - np.sum(delta * x, axis=1, keepdims=True) * x
    linear = outputs[:, 0] + np.einsum("mdc,md->mc", outputs[:, 1:], tangent)
    expected = first_order_margin(outputs, x, y, epsilon=epsilon, norm=norm)
    if norm == "l2":
        np.testing.assert_allclose(clean_margin(linear, y), expected, atol=1e-6)
    attacked = (x + delta) / np.linalg.norm(x + delta, axis=1, keepdims=True)
    after = dynamics.predictor(1e3)(attacked)[:, 0]
    np.testing.assert_allclose(found.after, after, atol=1e-7)
    assert np.all(clean_margin(after, y) < clean_margin(outputs[:, 0], y))


# --- the page -------------------------------------------------------------------------------------


def test_the_page_says_and_draws_what_the_library_computes(parts, dynamics):
    _, test = parts
    page = started(data="iris_all")
    outputs = dynamics.predict(test.x, 1e3)
    clean = accuracy(clean_margin(outputs[:, 0], test.y))
    robust = accuracy(first_order_margin(outputs, test.x, test.y, epsilon=0.3))
    assert f"{100 * clean:.0f} % clean, {100 * robust:.0f} % robust at ε = 0.3" in said(page)
    assert page.accuracy.data["robust"][AT] == robust
    assert "Is it λ, or stopping" in said(page)
    page.state.view = "predictor"
    assert page.controller.error == ""
    assert page.winners.data["names"] == ["setosa", "versicolor", "virginica"]
    assert np.isfinite(page.winners.data["number"]).any()
    name = test.classes[test.y[0].argmax()]
    assert f"Test point 0 ({name}): lead of its class" in said(page)
    visible = [kind for kind, cells in page._left.items() if all(c.visible for c in cells)]
    assert visible == ["winners"]
    x, y = page.winners.data["test"][7]
    page.follow_point(type("Tap", (), {"x": x, "y": y}))
    assert page.state.point == 7
    before = page.winners.data["number"]
    page.state.param.update(t=1e6, lam=0.0)
    assert not np.array_equal(before, page.winners.data["number"], equal_nan=True)
    page.state.param.update(training="descent", rate=1.1, t=1e3)
    assert "diverged" in said(page)
    assert np.isnan(page.winners.data["number"]).all()
    page.state.param.update(training="flow", view="features")
    assert "right on the points of two classes at most" in said(page)
    assert page.controller.error == ""


def test_the_page_reads_attacked_digits(few_digits):
    page = started(data="digits_all", depth=1, activation="erf", view="predictor")
    shown = predictor.digits(few_digits, 0.1, 1e3, 0.3, "l2", FLOW, 0)
    expected = [
        f"→ {d} read as {f.argmax()}" for d, f in zip(shown.label, shown.after, strict=True)
    ]
    assert page.digits.data["right"] == expected
    assert page.digits.title.startswith("Test digits, Jacobian of the lead")


@pytest.mark.parametrize(
    "settings",
    [
        {"data": "iris_all", "view": "features", "norm": "linf", "epsilon": 0.1},
        {"data": "wine_all", "depth": 1, "training": "descent", "rate": 1.1, "t": 10.0},
    ],
)
def test_the_script_prints_the_page_s_numbers(settings):
    state = RobustTrainingState(**settings)
    program = script(state)
    assert "classes='all'" in program
    printed = {name: float(text) for name, text in run_program(program).items()}
    for name, lam in (("", state.lam), ("standard_", 0.0)):
        labels = study.prepare(state.problem).train.y
        found = study.solve(*study.solved(state.problem, lam, state.speed, labels))
        curves = study.curves(found, epsilon=state.epsilon, norm=state.norm, rate=state.speed)
        for key, values in zip(("clean", "robust", "median_jacobian"), curves, strict=True):
            assert printed[f"{name}{key}"] == pytest.approx(values[state.at], 1e-4, nan_ok=True)
        if state.view == "features":
            rho = study.scores(found, epsilon=state.epsilon, norm=state.norm).correlation
            assert printed[f"{name}rank_correlation"] == pytest.approx(rho, abs=0.02)


def test_only_a_page_that_can_use_all_classes_offers_them():
    offering = set()
    for page in pages():
        table = getattr(part_of(page.name, "state"), "SOURCES", None) if page.order else None
        if not isinstance(table, sources.Sources):
            continue
        named = [key for key in table if key.endswith(sources.ALL_CLASSES)]
        assert bool(named) == table.all_classes
        for key in named:
            dataset = sources.load(key)
            assert f"all {dataset.y.shape[1]} classes" in table[key].label
        offering |= {page.name} if named else set()
    assert offering == {"robust_training", "eigenfeatures"}


# --- one's own table ------------------------------------------------------------------------------


def trees(kinds, columns=3, rows=24):
    names = ",".join(f"c{i}" for i in range(columns))
    rng = np.random.default_rng(0)
    lines = [
        ",".join(f"{v:.3f}" for v in rng.normal(size=columns)) + f",{kinds[i % len(kinds)]}"
        for i in range(rows)
    ]
    return "\n".join([f"{names},kind", *lines, ""])


@pytest.fixture
def own():
    state = RobustTrainingState()
    state.param.data.objects = {source.label: name for name, source in SOURCES.items()}
    it = _OwnData(state, SOURCES, pmui.Dialog())
    yield it
    it._forget()


def upload(own, text):
    own.file._handle_msg({"name": "trees.csv", "data": text.encode()})
    return html.unescape(own.notice.pane.object) if own.notice.pane.visible else ""


def test_all_classes_of_a_table_are_taken_unless_others_are_chosen(own):
    text = trees(["ash", "elm", "oak"])
    assert upload(own, text) == ""
    assert "all 3 classes" in own.classes.plus.options
    assert own.classes.plus.label == "Classes"
    assert not own.classes.minus.visible
    assert not own.classes.swap.visible
    assert "a column for each of ash, elm, oak" in own.cost.object
    own.classes.plus.value = "oak"
    assert own.classes.plus.label == "Class +1"
    assert own.classes.minus.visible
    assert "oak is +1, all others (ash, elm) are −1" in own.cost.object
    own.classes.plus.value = own.classes.plus.options["all 3 classes"]
    own.use.clicks += 1
    name = own._state.data
    assert "classes='all'" in sources.loading(name, {})
    expected = load_csv(io.StringIO(text), label="kind", classes="all")
    np.testing.assert_array_equal(sources.load(name).y, expected.y)
    assert predictor.picture_of(name) == "winners"
    assert SOURCES[name].train == 12


def test_two_classes_and_a_class_named_all_are_as_before(own):
    assert upload(own, trees(["elm", "oak"])) == ""
    assert (own.classes.minus.value, own.classes.plus.value) == ("elm", "oak")
    assert "There are 3 classes" in upload(own, trees(["all", "elm", "oak"]))
    assert own.classes.plus.value is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (trees(["oak"]), "expected two values"),
        (trees([f"n{i}" for i in range(24)]), "24 different values: choose the column"),
        (trees(["ash", "elm"]) + "1,2,3,oak\n", "got one row of 'oak'"),
    ],
)
def test_tables_that_do_not_do_are_refused_with_the_reason(own, text, words):
    assert words in upload(own, text)
    assert not own.use.visible


def test_a_class_that_is_too_rare_to_be_trained_on_is_said(own):
    upload(own, trees(["ash", "elm"], rows=3000) + "1,2,3,oak\n2,1,3,oak\n")
    own.use.clicks += 1
    with pytest.raises(ValueError, match=r"`table` must have more rows of 'oak'.*of 3002 rows"):
        study.prepare(Problem(own._state.data, 1, "erf", 0))


def test_a_table_of_two_columns_shows_its_sectors(own):
    upload(own, trees(["ash", "elm", "oak"], columns=2))
    own.use.clicks += 1
    problem = Problem(own._state.data, 1, "erf", 0)
    prepared, cut = study.prepare(problem), predictor.cut(problem, "principal", 0)
    found = cut.winners(study.solve(problem, 0.1, FLOW).paths[FLOW].coefficients[AT])
    middle = predictor.GRID // 2
    assert np.isnan(found.number[middle, middle])
    np.testing.assert_array_equal(found.number[middle, -9:-1], found.number[middle, -1])
    dynamics = RobustDynamics(prepared.train.x, prepared.train.y, lam=0.1, **problem.kernel)
    f = dynamics.predict(np.array([[1.0, 0.0]]), 1e3)[0, 0]
    assert found.number[middle, -1] == f.argmax()
    np.testing.assert_allclose(cut.test, prepared.test.x)
