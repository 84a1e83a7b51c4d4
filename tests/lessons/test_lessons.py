"""The lessons: exercises, their hints and solutions, and everything a reader can set going."""

import json
import re
import time

import jax.numpy as jnp
import lesson_run
import numpy as np
import pytest
from bokeh.models import Axis
from lesson_run import LESSONS, NOTEBOOKS, exercises, solution_file

import jntk_viz as jv
from jntk_viz.frame.predictions import verdict
from jntk_viz.lessons import EXERCISES, Exercise, check, closest
from jntk_viz.lessons.checking import all_close
from jntk_viz.lessons.closed_forms import closed_form
from jntk_viz.lessons.netsor import Limit, Program, limit_block, network_program
from jntk_viz.lessons.static import markdown
from jntk_viz.lessons.widgets import Answer, Knobs, Prediction, after
from jntk_viz.pages.gp_convergence.pictures import density

_NAME = re.compile(r"(?!σ_[wb](?![a-z]))\w_\w")  # as programs spell what has an index; σ_w all do
NUMBERS = [e for e in EXERCISES.values() if isinstance(e, Exercise) and not e.signature]
WITH_MISTAKES = [(e, m) for e in EXERCISES.values() for m in e.mistakes]

# What the predictions of a lesson measure, in their order.
ANSWERS = {
    "00": ["a half"],
    "01": ["a quarter", 0.187],
    "02": ["beside 180°, not at it"],
    "03": ["it grows"],
    "04": ["16 times less", "to a quarter"],
    "10": [0.78, "about the same"],
}


def name_of(value):
    return value.stem


@pytest.mark.parametrize("lesson", LESSONS, ids=name_of)
def test_lesson_works_with_its_solutions_and_gives_no_answer_away(lesson):
    """Stubs ask for an answer, solutions pass, knobs reach every stop, predictions are answered.

    Before that, after *Run all* and before any click, no source, output or picture on screen has
    the spoilers that are declared with each prediction.
    """
    start = time.process_time()  # not the clock: the machine may be busy with other things
    outcome = lesson_run.run(lesson)
    assert time.process_time() - start < 90
    assert {n: f.status for n, f in outcome.stubs.items()} == dict.fromkeys(outcome.stubs, "todo")
    assert [str(f) for f in outcome.solved.values() if not f.passed] == []
    assert outcome.knobs
    assert outcome.predictions
    answers = ANSWERS.get(lesson.stem[:2], [None] * len(outcome.predictions))
    for prediction, answer in zip(outcome.predictions, answers, strict=True):
        assert "You said" in prediction.said.value, prediction.question.question
        if answer is not None:
            expected = verdict(prediction.question, prediction.guess, answer)
            assert expected in prediction.said.value
    assert all(p.spoilers for p in outcome.predictions)
    told = [
        (seen.place, spoiler)
        for prediction in outcome.predictions
        for spoiler in prediction.spoilers
        for seen in outcome.screen
        if seen.shows(spoiler)
    ]
    assert told == []
    labels = [[axis.axis_label for axis in figure.select(Axis)] for figure in outcome.figures]
    assert labels
    assert all(all(of_one) and len(of_one) >= 2 for of_one in labels), labels
    assert all(len(set(of_one)) > 1 for of_one in labels), labels  # x and y are not the same thing
    assert [label for of_one in labels for label in of_one if _NAME.search(label)] == []


@pytest.mark.parametrize("lesson", LESSONS, ids=name_of)
def test_sources_that_hold_answers_are_hidden(lesson):
    for cell in lesson_run.code_cells(lesson):
        source = "".join(cell["source"])
        if "Prediction(" in source or re.search(r"\bafter\(", source):
            assert lesson_run.hidden(cell), source


@pytest.mark.parametrize(
    ("words", "spoiler", "shown"),
    [
        ("falls as **one over**\nthe width", "One over the width", True),
        ("error 0.58 here", 0.5789, True),
        ("error 0.6 here", 0.5789, False),  # one digit: too many things are 0.6
        ("slope −0.50", -0.5, True),
        ("1.6e-03", 1.62e-3, True),
        ("width 128", 0.128, False),
    ],
)
def test_spoilers_are_recognised(words, spoiler, shown):
    assert lesson_run.Seen("cell", words).shows(spoiler) == shown


def test_plotted_numbers_are_recognised():
    seen = lesson_run.Seen("cell", "", [np.array([1.0, 0.5789])])
    assert seen.shows(0.5790)
    assert not seen.shows(0.585)


def test_every_exercise_stands_in_its_lesson_and_has_a_solution():
    asked = {name: lesson for lesson in LESSONS for name in exercises(lesson)}
    assert set(asked) == set(EXERCISES)
    for name, lesson in asked.items():
        assert lesson.stem.startswith(f"{int(name[:-1]):02d}_")
        assert solution_file(lesson).is_file()


@pytest.mark.parametrize(
    ("exercise", "mistake"), WITH_MISTAKES, ids=lambda v: getattr(v, "name", "")
)
def test_typical_wrong_answer_gets_its_own_hint(exercise, mistake):
    answer = mistake.answer if exercise.signature else mistake.answer()
    feedback = exercise.check(answer)
    assert (feedback.status, feedback.message) == ("hint", mistake.hint)


@pytest.mark.parametrize(
    "exercise", [e for e in EXERCISES.values() if isinstance(e, Exercise) and e.signature],
    ids=lambda e: e.name,
)  # fmt: skip
def test_with_other_cases_the_truth_passes_and_mistakes_are_told_apart(exercise):
    seed = 2026
    truth = exercise.values(exercise.truth, seed)
    assert exercise.judge(truth, seed).passed
    seen = [truth]
    for mistake in exercise.mistakes:
        values = exercise.values(mistake.answer, seed)
        assert not any(all_close(values, other, exercise._near) for other in seen), mistake.hint
        seen.append(values)
    assert exercise.judge(seen[1], seed).message == exercise.mistakes[0].hint
    of_the_lesson = exercise.values(exercise.truth)
    assert not exercise.judge(of_the_lesson, seed).passed, "the lesson's numbers, written down"


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=lambda e: e.name)
def test_hints_say_more_than_wrong_and_no_name_of_a_program_without_its_marks(exercise):
    for hint in [m.hint for m in exercise.mistakes]:
        assert len(hint.split()) >= 3
        assert "wrong" not in hint.split()[:2]
        assert not _NAME.search(re.sub("`[^`]*`", "", hint)), hint


def right_kernel(x1, x2, kappa):
    return kappa**2 * np.arcsin(2 * (x1 @ x2.T) / 3) / np.arcsin(2 / 3)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (right_kernel(np.eye(2), np.eye(2), 1.0), "function itself"),
        (lambda x1, x2: 1, "raised TypeError"),
        (lambda x1, x2, kappa: x1 @ x2, "is different from 2). It was called"),
        (lambda x1, x2, kappa: None, "return its result"),
        (lambda x1, x2, kappa: "0.5", "returns a str"),
        (lambda x1, x2, kappa: right_kernel(x1, x2, kappa) * np.nan, "not finite"),
        (lambda x1, x2, kappa: -right_kernel(x1, x2, kappa), "opposite sign"),
        (lambda x1, x2, kappa: 3 * right_kernel(x1, x2, kappa), "3 times as large"),
        (lambda x1, x2, kappa: right_kernel(x1, x2, kappa)[0], "shape should be (3, 4)"),
        (lambda x1, x2, kappa: right_kernel(x1, x2, kappa) + 0.1, "agree with an independent"),
    ],
)
def test_unforeseen_answers_get_a_diagnosis(answer, words):
    feedback = check("1b", answer)
    assert not feedback.passed
    assert words in feedback.message


def test_answers_in_single_precision_pass():
    assert check("1b", lambda *a: right_kernel(*a).astype(np.float32)).passed


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("seven", "finite number"),
        (np.nan, "finite number"),
        (3, "too small"),
        (1e9, "factor of more"),
        (99_000, "Nearly"),
    ],
)
def test_numbers_get_a_direction(answer, words):
    assert words in check("3c", answer).message


@pytest.mark.parametrize("exercise", NUMBERS, ids=lambda e: e.name)
def test_numbers_rounded_to_three_digits_pass(exercise):
    assert exercise.check(float(f"{exercise.truth():.3g}")).passed


@pytest.mark.parametrize(("name", "answer"), [("4c", 1.69), ("5c", 480), ("3c", 1.02e5)])
def test_numbers_as_people_round_them_pass(name, answer):
    assert check(name, answer).passed


def test_a_number_that_was_rounded_too_early_is_no_product_of_two_mistakes():
    one, _, _, _, other = EXERCISES["10a"].mistakes
    truth = check_truth("10a")
    chance = one.answer() * other.answer() / truth
    assert abs(chance / truth - 1) < 0.05
    assert "Nearly" in check("10a", chance).message


def test_a_width_is_no_number_to_be_rounded():
    assert "One neuron too few" in check("1c", check_truth("1c") - 1).message
    assert not check("1c", check_truth("1c") + 1).passed


def check_truth(name):
    return EXERCISES[name].truth()


def without_kappa_and_scale(v, w, x, phi, kappa):
    return phi(x @ w.T) @ v


def ntk_without_scale_and_angle(v, w, x1, x2, kappa):
    h1, h2 = np.tanh(x1 @ w.T), np.tanh(x2 @ w.T)
    return kappa**2 * (h1 @ h2.T + ((1 - h1**2) * v**2) @ (1 - h2**2).T)


@pytest.mark.parametrize(
    ("name", "answer", "hints"),
    [
        ("1a", without_kappa_and_scale, ["is not scaled", "κ is missing"]),
        ("3a", ntk_without_scale_and_angle, ["x·x' is missing", "1/d is missing"]),
        ("3b", lambda rho, kappa: np.arcsin(2 * rho / 3) / np.arcsin(2 / 3), ["κ is", "This is Σ"]),
        ("4c", lambda: check_truth("4c") / 16, ["1/N", "not up to 1"]),
    ],
)
def test_two_known_mistakes_at_once_are_both_named(name, answer, hints):
    message = check(name, answer if EXERCISES[name].signature else answer()).message
    assert message.startswith("Two things at once.")
    assert [hint for hint in hints if hint not in message] == []


@pytest.mark.parametrize("answer", [lambda v, w, *_: v @ w @ w, lambda *_: np.zeros(9)])
def test_messages_say_what_a_function_was_called_with(answer):
    told = "It was called with v of shape (5,), w of shape (5, 2), x of shape (3, 2), phi tanh, "
    assert told + "kappa = 1." in check("1a", answer).message


def test_diagnosis_says_how_many_are_right_and_helps_with_the_first_wrong_one():
    right = EXERCISES["7d"].truth
    swapped = right | {"A": right["B"], "B": right["A"]}
    assert check("7d", right).passed
    assert check("7d", swapped).message.startswith("3 of 5 are right. A:")
    assert "none of the causes" in check("7d", right | {"A": "bad luck"}).message
    assert check("7d", dict.fromkeys(right, ...)).status == "todo"


@pytest.mark.parametrize(
    ("fn", "words"),
    [
        (lambda z: abs(z), "not smooth"),
        (lambda z: jnp.sin(z), "not resolved"),
        (lambda z: z**2, "Mind: `activation` 'mine' or one of its first two derivatives grows"),
        (lambda z: np.linalg.norm(z), "raised"),
    ],
)
def test_search_for_an_activation_gives_hints(fn, words):
    assert words in check("9a", fn).message


def layer_by_layer(F, theta, T, T_dot, weight_std, bias_std, alpha):
    """The right rule with the branch's scale drawn together, as one array."""
    weight, bias = (alpha * weight_std) ** 2, (alpha * bias_std) ** 2
    own = weight * T(F) + bias
    return np.stack([F + own, theta * (1 + weight * T_dot(F)) + own])


def layer_entry_by_entry(F, theta, T, T_dot, weight_std, bias_std, alpha):
    """The right rule pair by pair, in lists, with the gradients of the layer first."""
    F_next, theta_next = F.tolist(), theta.tolist()
    for i, j in np.ndindex(*F.shape):
        pair = F[np.ix_([i, j], [i, j])]
        new = weight_std**2 * T(pair)[0, 1] + bias_std**2
        F_next[i][j] += alpha**2 * new
        theta_next[i][j] *= 1 + (alpha * weight_std) ** 2 * T_dot(pair)[0, 1]
        theta_next[i][j] += alpha**2 * new
    return F_next, theta_next


def layer_in_jax(F, theta, T, T_dot, weight_std, bias_std, alpha):
    return tuple(
        jnp.asarray(k) for k in layer_by_layer(F, theta, T, T_dot, weight_std, bias_std, alpha)
    )


@pytest.mark.parametrize("rule", [layer_by_layer, layer_entry_by_entry, layer_in_jax])
def test_layer_rules_of_another_form_pass(rule):
    assert check("10c", rule).passed


def forgets_alpha(F, theta, T, T_dot, weight_std, bias_std, alpha):
    own = weight_std**2 * T(F) + bias_std**2
    return F + own, theta + own + weight_std**2 * theta * T_dot(F)


def forgets_biases(F, theta, T, T_dot, weight_std, bias_std, alpha):
    own = (alpha * weight_std) ** 2 * T(F)
    return F + own, theta + own + (alpha * weight_std) ** 2 * theta * T_dot(F)


def takes_theta_for_F(F, theta, T, T_dot, weight_std, bias_std, alpha):
    own = alpha**2 * (weight_std**2 * T(theta) + bias_std**2)
    return F + own, theta + own + (alpha * weight_std) ** 2 * theta * T_dot(theta)


def normalises(F, theta, T, T_dot, weight_std, bias_std, alpha):
    F_next, theta_next = layer_by_layer(F, theta, T, T_dot, weight_std, bias_std, alpha)
    root = np.sqrt(np.diag(F_next))
    return F_next / root[:, None] / root, theta_next


def expands_at_variance_one(F, theta, T, T_dot, weight_std, bias_std, alpha):
    rho = F / F.diagonal()[:, None] ** 0.5 / F.diagonal() ** 0.5
    own = alpha**2 * (weight_std**2 * T(rho) + bias_std**2)
    return F + own, theta + own + (alpha * weight_std) ** 2 * theta * T_dot(rho)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (forgets_alpha, "α is missing"),
        (forgets_biases, "σ_b is missing"),
        (takes_theta_for_F, "covariance is F. Θ is"),
        (normalises, "not brought back to one"),
        (expands_at_variance_one, "taken at variance one"),
        (lambda F, theta, T, *_: F + T(F), "Return the pair"),
        (lambda F, theta, *_: (F[:1], theta[:1]), "Return the pair"),
        (lambda F, theta: (F, theta), "It was called with F and theta of shape (15, 15), weight"),
        (lambda F, theta, *_: (np.log(-F * F), theta), "not finite"),
        (lambda *a: (layer_by_layer(*a)[0], 1.01 * layer_by_layer(*a)[1]), "so look at theta"),
        (lambda *a: (1.01 * layer_by_layer(*a)[0], layer_by_layer(*a)[1]), "depth 2 is off: its"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value")
def test_layer_rules_that_are_off_get_their_own_message(rule, words):
    feedback = check("10c", rule)
    assert feedback.status == "hint"
    assert words in feedback.message


def test_layer_rule_with_right_values_and_wrong_slopes_is_told_so():
    """A rule that keeps the variances of the neighbours those of the inputs."""

    def rule(F, theta, *rest):
        block = len(F) // 3
        F_next, theta_next = layer_by_layer(F, theta, *rest)
        variance = F_next.diagonal()
        return F_next + np.diag(np.repeat(variance[::block], block) - variance), theta_next

    assert "values agree, slopes do not" in check("10c", rule).message


def test_closed_forms_know_two_activations():
    with pytest.raises(ValueError, match="`activation` must be one of erf, gelu; got 'tanh'"):
        closed_form("tanh")


def test_code_that_is_to_be_mended_is_no_attempt_until_it_is_changed():
    def first_bug_mended(f, J, y, lam):
        return np.mean((f - y) ** 2 + lam * np.mean(J**2, axis=1)) / 2

    assert "mend them first" in check("4a", EXERCISES["4a"].given).message
    assert "second symptom" in check("4a", first_bug_mended).message


def test_unknown_exercise_is_named():
    with pytest.raises(ValueError, match="`name` must be one of 1a"):
        check("10z", 1)


def test_closest_goes_by_ratio():
    assert closest(0.3, {"a half": 0.5, "a quarter": 0.25}) == "a quarter"


def test_feedback_displays_itself_and_escapes_what_a_student_wrote():
    shown = check("1a", "<b>x</b>")._repr_html_()
    assert 'role="status"' in shown
    assert "<b>x" not in shown


# Widgets


def gaussian(width):
    return {"values": np.linspace(-1, 1, 50) * width, "deviation": 1.0}


def test_knob_feeds_the_figure_that_is_already_there():
    knobs = Knobs(density, gaussian, width=[1, 2], words=lambda s, a: f"width {s['width']}")
    figure = knobs.plots[0].figure
    source = figure.renderers[0].data_source
    before = np.array(source.data["top"])
    knobs.sliders["width"].value = 2
    assert knobs.plots[0].figure is figure
    assert not np.array_equal(before, source.data["top"])
    assert "width 2" in knobs.children[-1].value


def test_prediction_measures_nothing_before_a_guess_and_takes_only_one():
    asked = []

    def reveal(guess):
        asked.append(guess)
        if isinstance(guess, float):
            return Answer(0.5, "as $a_i * b_i < 1$")
        return "half", density(**gaussian(1))

    prediction = Prediction("How much?", reveal, choices=["half", "all"], explain="So it is.")
    assert not asked
    assert len(prediction.children) == 3
    later = prediction.after("It is **half**.", lambda: asked.append("picture") or "more")
    both = after(prediction, second := Prediction("And?", reveal, low=0, high=1), show=["Both."])
    assert "half" not in later.children[0].value
    prediction.inputs[1].click()
    prediction.inputs[0].click()
    assert asked == ["all", "picture"]
    assert "It is <strong>half</strong>." in later.children[0].value
    assert "more" in later.children[1].value
    assert "Both" not in both.children[0].value
    second.commit(0.5)
    assert "Both" in both.children[0].value
    assert "You said “all”; it is “half”. So it is." in prediction.said.value
    assert len(prediction.children) == 4
    assert "$a_i * b_i &lt; 1$" in second.said.value


def test_formulas_of_answers_may_break_across_lines():
    html = markdown("so $a\\,\n> b_1 * c_2 * d$ holds, and $x$.\n\nOne $, another $.")
    assert "$a\\,\n&gt; b_1 * c_2 * d$" in html
    assert "One $, another $." in html
    assert "blockquote" not in html


def test_prediction_of_a_number_says_what_failed():
    def reveal(guess):
        raise ValueError("no data")

    prediction = Prediction("How much?", reveal, low=0, high=10, step=1)
    with pytest.raises(ValueError, match="no data"):
        prediction.commit(3)
    assert "Measuring failed: no data" in prediction.said.value


def test_what_comes_after_a_prediction_says_what_failed():
    prediction = Prediction("How much?", lambda guess: (1, None), low=0, high=10, step=1)
    later = prediction.after(lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        prediction.commit(3)
    assert "Measuring failed: division by zero" in later.children[0].value


# Tensor programs: the interpreter of lesson 8 against the library


@pytest.mark.parametrize("activation", ["erf", "gelu"])
def test_program_has_the_covariances_of_the_library(activation):
    x = np.array([[1.0, 0.0], [-0.28, 0.96]])
    limit = Limit(network_program(x, jv.ACTIVATIONS[activation]))
    for letter, depth in (("g2", 1), ("h2", 2)):
        for one, other in ((0, 0), (0, 1), (1, 0)):
            expected = jv.jacobian_nngp(x, depth=depth, activation=activation)[one, :, other, :]
            assert limit_block(limit, letter, one, other, 2) == pytest.approx(expected, abs=2e-5)


def test_program_at_a_width_is_a_network_with_its_jacobian():
    """h2 and its derivatives are those of a finite network, by difference quotients."""
    x, eps = np.array([[0.6, 0.8]]), 1e-3
    moved = [np.array([[0.6 + s * eps, 0.8]]) for s in (1, -1)]
    activation = jv.ACTIVATIONS["erf"]
    up, down = (network_program(m, activation).run(50, seed=3)["h2_0"] for m in moved)
    slope = network_program(x, activation).run(50, seed=3)["h2_0_1"]
    assert slope == pytest.approx((up - down) / (2 * eps), abs=2e-3)


def test_program_refuses_what_is_no_line():
    program = Program()
    program.input("g", "W", [1.0])
    program.nonlin("h", np.tanh, "g")
    with pytest.raises(ValueError, match="`variables` of 'k' must be G-variables"):
        program.nonlin("k", np.tanh, "h")
    with pytest.raises(ValueError, match="`name` must be new"):
        program.input("g", "W", [1.0])


# Files


@pytest.mark.parametrize("lesson", LESSONS, ids=name_of)
def test_cells_are_short_enough_to_be_read(lesson):
    longest = max(lesson_run.cells(lesson, "code"), key=lambda source: source.count("\n"))
    assert longest.count("\n") < 25, longest


@pytest.mark.parametrize("lesson", LESSONS, ids=name_of)
def test_lesson_says_what_it_is_for_what_it_needs_and_where_to_read_more(lesson):
    first, *_, last = lesson_run.cells(lesson, "markdown")
    said = " ".join(first.split())
    assert re.search(r"\*\*Question\.\*\* .*\?", said)
    assert "**After this lesson you can** " in said
    assert re.search(r"Time: (about 45|ten) minutes", said)
    assert lesson.stem.startswith("00") or "You need: lesson" in said or "theorem; NumPy" in said
    assert "**Read more**" in last
    assert len(re.findall(r"^- ", last, re.MULTILINE)) >= 3
    assert "arxiv.org/abs/2312.03386" in last + "".join(lesson_run.cells(lesson, "markdown")[1])
    assert lesson == LESSONS[-1] or "**Next" in last


@pytest.mark.parametrize("lesson", LESSONS, ids=name_of)
def test_every_cell_has_its_place_on_the_slides(lesson):
    cells = json.loads(lesson.read_text(encoding="utf-8"))["cells"]
    types = [cell["metadata"].get("slideshow", {}).get("slide_type") for cell in cells]
    assert types[0] == "slide"
    assert None not in types


def test_guide_for_lecturers_names_lessons_and_pages_that_exist():
    guide = (NOTEBOOKS / "README.md").read_text(encoding="utf-8")
    assert [lesson.name for lesson in LESSONS if lesson.name not in guide] == []
