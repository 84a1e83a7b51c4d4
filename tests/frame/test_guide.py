"""Presets, undo, prediction and presentation, without a browser."""

import holoviews as hv
import numpy as np
import panel as pn
import panel_material_ui as pmui
import param
import pytest
from small_page import page_of

from jntk_viz import frame
from jntk_viz.drawing import figures
from jntk_viz.frame import predictions, presets, toolbar
from jntk_viz.frame.address import query_of
from jntk_viz.frame.notes import notes
from jntk_viz.frame.prediction import Prediction
from jntk_viz.frame.presets import Question, load_presets, read_preset
from jntk_viz.frame.save import WHOLE, Saver

GOOD = """
- name: narrow
  title: Narrow
  say: Look at the width.
  set: {width: 16, time: "∞"}
  controls: [width]
  sweep: {width: [16, 64]}
- name: guess
  set: {lam: 0.25}
  predict:
    question: Which?
    kind: choice
    options: [up, down]
    answer: direction
    hide: [curve]
    explain: Because.
"""


class State(param.Parameterized):
    width = param.Selector(default=64, objects=[16, 64, 256])
    time = param.Selector(default=1.0, objects={"1": 1.0, "∞": float("inf")})
    lam = param.Number(0.5, bounds=(0, 1))
    seed = param.Integer(0, bounds=(0, 9999))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "page.yaml").write_text(GOOD, encoding="utf-8")
    return tmp_path


@pytest.fixture
def plot():
    view = lambda y: hv.Overlay([hv.Curve(y, label="a"), hv.Curve(y)])  # noqa: E731
    return frame.LivePlot(view, y=np.arange(4.0))


@pytest.fixture
def page(folder, plot, monkeypatch):
    monkeypatch.setenv("JNTK_VIZ_PRESETS", str(folder))
    monkeypatch.setattr(
        "jntk_viz.frame.address.arguments_of_page", lambda: {"preset": "narrow", "lam": "0.75"}
    )
    state = State()
    return page_of(
        state, frame.plot_grid("a", a=plot), name="page", rows=("lam",), plots={"curve": plot},
        words="Answer: <b>up</b>", answers={"direction": lambda: frame.Answer("up", "It is 3.")},
    )  # fmt: skip


# ----------------------------------------------------------------------------------------- presets


def test_presets_are_read_checked_and_completed(folder):
    state = State()
    found, problems = load_presets("page", state, folder)
    assert not problems
    assert [p.name for p in found] == ["narrow", "guess"]
    assert found[0].values == {"width": 16, "time": float("inf")}
    assert found[0].sweep == {"width": (16, 64)}
    assert presets.settings(found[0], state) == {
        "width": 16, "time": float("inf"), "lam": 0.5, "seed": 0,
    }  # fmt: skip
    assert found[1].predict.options == ("up", "down")
    assert state.width == 64


def test_a_page_without_presets_has_none():
    assert load_presets("no-such-page", State()) == ([], [])


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({"name": "Big"}, "`name` must be of small letters"),
        ({"name": "a", "colour": 1}, "unknown key `colour`"),
        ({"name": "a", "set": {"wide": 1}}, "`wide` is no setting of this page; it has width"),
        ({"name": "a", "set": {"width": 65}}, "`width`"),
        ({"name": "a", "set": {"lam": 2}}, "`lam` must be at most 1"),
        ({"name": "a", "controls": ["x"]}, "`x` is no setting"),
        ({"name": "a", "controls": ["width"] * 4}, "at most 3"),
        ({"name": "a", "sweep": {"lam": [0.1, 7]}}, "`lam`"),
        ({"name": "a", "predict": {"kind": "choice", "answer": "x"}}, "`predict` needs `question`"),
        ({"name": "a", "predict": {"question": "?", "kind": "x", "answer": "x"}}, "`kind` must be"),
        ({"name": "a", "predict": {"question": "?", "kind": "order", "answer": "x"}}, "two"),
        ({"name": "a", "predict": {"question": "?", "kind": "sketch", "answer": "x"}}, "`hide`"),
        ({"name": "a", "predict": {"who": 1}}, "unknown key `who` of `predict`"),
        ("text", "is no mapping"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_preset_is_said(entry, says):
    with pytest.raises(ValueError, match=says):
        read_preset(entry, State())


def test_one_bad_entry_or_file_does_not_lose_the_others(folder):
    file = folder / "page.yaml"
    file.write_text(GOOD + "\n- name: bad\n  set: {lam: 9}\n", encoding="utf-8")
    found, problems = load_presets("page", State(), folder)
    assert [p.name for p in found] == ["narrow", "guess"]
    assert len(problems) == 1
    assert problems[0].startswith("page.yaml, preset 3 bad: `lam`")
    file.write_text("- [", encoding="utf-8")
    assert load_presets("page", State(), folder)[1][0].startswith("page.yaml:")
    file.write_text("a: 1", encoding="utf-8")
    assert "list of presets" in load_presets("page", State(), folder)[1][0]


def test_a_lecturers_preset_comes_first_and_replaces_ours(folder, monkeypatch):
    ours = folder / "ours"
    ours.mkdir()
    text = GOOD.replace("title: Narrow", "title: Ours").replace("guess", "other")
    (ours / "page.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(presets, "files_of", lambda page, file: [ours / f"{page}.yaml"])
    found, _ = load_presets("page", State(), folder)
    assert [(p.name, p.title) for p in found] == [
        ("narrow", "Narrow"), ("guess", "guess"), ("other", "other"),
    ]  # fmt: skip


def test_the_address_names_a_preset_and_what_differs_from_it(page):
    assert (page.state.width, page.state.lam) == (16, 0.75)
    query = query_of(page.state, page.guide)
    assert "preset=narrow" in query
    assert "lam=0.75" in query
    assert "present" not in query


def test_stepping_goes_around(page):
    guide = page.guide
    guide.step(1)
    assert (guide.preset, page.state.lam, page.state.width) == ("guess", 0.25, 64)
    guide.step(1)
    assert guide.preset == guide.bar.value == "narrow"
    guide.step(-1)
    assert guide.preset == "guess"
    guide.bar.value = "narrow"
    assert page.state.width == 16


# -------------------------------------------------------------------------------------------- undo


def test_undo_brings_back_settings_and_preset(page, monkeypatch):
    clock = iter(range(1000))
    monkeypatch.setattr(toolbar.time, "monotonic", lambda: next(clock))
    press = page.toolbar._handle_msg
    page.state.lam = 0.1
    page.state.param.update(lam=0.2, seed=5)
    press("undo")
    assert (page.state.lam, page.state.seed) == (0.1, 0)
    press("undo")
    assert page.state.lam == 0.75
    page.guide.step(1)
    while page.toolbar.disabled_actions == []:
        press("undo")
    assert (page.guide.preset, page.state.width, page.state.lam) == ("narrow", 16, 0.75)
    press("undo")  # nothing left


def test_a_drag_is_one_change(page, monkeypatch):
    clock = iter(np.arange(0, 100, 0.1))
    monkeypatch.setattr(toolbar.time, "monotonic", lambda: next(clock))
    for lam in np.linspace(0.1, 0.9, 20):
        page.state.lam = lam
    page.toolbar._handle_msg("undo")
    assert page.state.lam == 0.75


@pytest.mark.parametrize("gap", [0.0, 10.0])
def test_each_preset_is_one_change_however_busy_the_server(gap, page, monkeypatch):
    """No time passes between two of them, or much while the first is drawn."""
    clock = iter(np.arange(0, 1000, gap) if gap else np.zeros(1000))
    monkeypatch.setattr(toolbar.time, "monotonic", lambda: next(clock))
    for _ in range(3):
        page.guide.step(1)
    assert page.guide.preset == "guess"
    for preset, lam in (("narrow", 0.5), ("guess", 0.25), ("narrow", 0.75)):
        page.toolbar._handle_msg("undo")
        assert (page.guide.preset, page.state.lam) == (preset, lam)
    assert page.toolbar.disabled_actions == ["undo"]


# -------------------------------------------------------------------------------------- prediction


def test_the_result_stays_hidden_until_a_guess_is_committed(page, plot):
    guide, prediction = page.guide, page.guide.prediction
    guide.choose("guess")
    assert guide.bar.question
    assert not prediction.pane.visible
    guide.predict = True
    assert prediction.pane.visible
    assert not page.headline.pane.visible
    assert not any(r.visible for r in plot.figure.renderers)
    plot.set(title="The answer is up")
    assert plot.figure.title.text == figures.COVERED  # kept, and the new title for later
    assert not page.headline.pane.visible
    prediction._input[1].clicks += 1
    assert "brief" in page.headline.pane.css_classes
    assert "You said “down”; it is “up”. It is 3. Because." in prediction._said.object
    assert page.headline.pane.visible
    assert all(r.visible for r in plot.figure.renderers)
    assert plot.figure.title.text == "The answer is up"
    guide.choose("narrow")  # without a question
    assert not prediction.pane.visible
    assert "brief" not in page.headline.pane.css_classes


def test_an_order_is_clicked_and_unclicked(plot):
    question = Question("Order?", "order", "a", options=("x", "y", "z"), hide=("curve",))
    answers = {"a": lambda: frame.Answer(("y", "x", "z"), "")}
    prediction = Prediction({"curve": plot}, answers, [])
    prediction.ask(question)
    x, y, z = prediction._input
    for button in (x, x, y, x):
        button.clicks += 1
    prediction.commit()
    assert "Click all" in prediction._said.object
    assert [b.label for b in (x, y, z)] == ["2. x", "1. y", "z"]
    z.clicks += 1
    prediction.commit()
    assert "right order" in prediction._said.object


def test_a_sketch_is_compared_with_the_curve(plot):
    question = Question("Sketch", "sketch", "a", hide=("curve",))
    answers = {"a": lambda: frame.Answer((np.arange(4.0), np.arange(4.0)), "")}
    prediction = Prediction({"curve": plot}, answers, [])
    prediction.ask(question)
    prediction.commit()
    assert "Draw a line" in prediction._said.object
    sketch = prediction._sketch
    assert plot.figure.toolbar.active_drag is sketch.pen
    sketch.source.data = {"xs": [[3.0, 0.0]], "ys": [[3.3, 0.3]]}
    prediction.commit()
    assert "10 % of the curve" in prediction._said.object
    assert plot.figure.toolbar.active_drag is None
    prediction.ask(None)
    assert sketch.curve() is None


def test_verdicts():
    number = Question("?", "number", "a", low=-2, high=0)
    assert predictions.verdict(number, -0.5, -0.49) == "You said −0.5; measured −0.49: close."
    assert "close" not in predictions.verdict(number, -1.5, -0.49)
    order = Question("?", "order", "a", options=("x", "y"))
    said = predictions.verdict(order, ("x", "y"), ("y", "x"))
    assert said == "You put none of them in its place. Measured: first y, then x."
    x = np.geomspace(1, 1000, 7)
    assert predictions.sketch_distance((x, 10 * x), (x, x), log_x=True, log_y=True) == (
        pytest.approx(1), pytest.approx(3),
    )  # fmt: skip
    assert np.isnan(predictions.sketch_distance(([5.0, 6.0], [1, 1]), ([0.0, 1.0], [1, 1]))[0])


# ------------------------------------------------------------------------------------ presentation


def test_presentation_enlarges_type_and_lines_and_shows_the_presets_controls(page, plot):
    axis, glyph = plot.figure.xaxis[0], plot.figure.renderers[0].glyph
    before = axis.axis_label_text_font_size, glyph.line_width
    large = f"{1.3 * float(before[0].removesuffix('px')):g}px"
    page.toolbar._handle_msg("present")
    assert axis.axis_label_text_font_size == large
    assert glyph.line_width == pytest.approx(1.3 * before[1])
    assert [w.label for row in page.guide.controls for w in row] == ["Width"]
    assert page.toolbar.pressed == ["present"]
    page.guide.choose("guess")  # enlarged once, not twice
    assert axis.axis_label_text_font_size == large
    page.toolbar._handle_msg("present")
    assert (axis.axis_label_text_font_size, glyph.line_width) == before
    assert not page.guide.controls.visible


def test_a_presentation_shows_what_the_preset_names_alone(page):
    plots = [frame.LivePlot(hv.Curve, data=np.arange(3.0)) for _ in range(3)]
    grid = frame.plot_grid("abc", **dict(zip("abc", plots, strict=True)))

    def large():
        return ["large" in (cell.css_classes or []) for cell in grid]

    grid.show_only(plots[1:2])
    assert large() == [False, True, False]
    assert "alone" in grid.css_classes  # which puts the others away
    grid.show_only(plots[1:])
    assert large() == [False, True, True]
    grid.show_only([])
    assert large() == 3 * [False]
    assert "alone" not in (grid.css_classes or [])
    page.guide.presets[:] = [p._replace(picture=("curve", "gone")) for p in page.guide.presets]
    assert page._presented() == [page.plots["curve"]]


def test_notes_tell_the_lecturer_what_the_audience_is_not_told(page):
    guide = page.guide
    guide.choose("guess")
    guide.predict = True
    said = notes(guide, "x <details class=aside>y</details>")
    for words in ("2 of 2", "Which?", "Because.", "<details open", "Next</h2><p>Narrow"):
        assert words in said
    guide.presets[:] = [p._replace(title="<b>") for p in guide.presets]
    assert "<b>" not in notes(guide, "")
    guide.choose("narrow")
    assert "Move</h2><p>Width" in notes(guide, "")


def test_a_preset_says_what_to_look_at(page):
    heading = page._heading.select(pn.pane.HTML)[0]
    assert "Look at the width." in heading.object
    page.guide.choose("guess")
    assert "Why?" in heading.object


# ------------------------------------------------------------------------------- saving and tabs


class Tabs(param.Parameterized):
    view = param.Selector(default="one", objects={"One": "one", "Two": "two"}, label="View")


def test_what_is_saved_is_what_is_seen(monkeypatch):
    saved = []
    monkeypatch.setattr(Saver, "save", lambda _, name, text, kind: saved.append((name, text)))
    state, y = Tabs(), np.arange(3.0)
    plots = {
        key: frame.LivePlot(lambda y, key=key: hv.Curve(y).opts(title=f"Picture {key}"), y=y * i)
        for i, key in enumerate("abc", 1)
    }
    one = frame.plot_grid("ab", a=plots["a"], b=plots["b"])
    body = frame.tabbed(state, "view", one=one, two=frame.plot_grid("c", c=plots["c"]))
    page = page_of(state, body, plots=plots)
    (dialog,) = [part for part in page._parts if isinstance(part, pmui.Dialog)]
    menu, _ = dialog.select(pmui.Select)
    numbers = next(b for b in dialog.select(pmui.Button) if "CSV" in b.label)
    page.toolbar._handle_msg("export")
    assert menu.options == ["Picture a", "Picture b", WHOLE]
    dialog.open = False
    state.view = "two"
    assert plots["c"].figure is not None  # as a browser that shows it
    page.toolbar._handle_msg("export")
    assert (menu.options, menu.value) == (["Picture c"], "Picture c")
    numbers.clicks += 1
    assert [name for name, _ in saved] == ["why-c.csv"]
    assert "# picture = Picture c" in saved[0][1]
    (saver,) = dialog.select(Saver)
    assert saver.figures == {"Picture c": [plots["c"].figure.id, "why-c"]}


@pytest.mark.parametrize(
    ("query", "rest"),
    [({"lam": "9"}, "The defaults are shown."),
     ({"lam": "9", "width": "16"}, "Everything else in it is followed."),
     ({"preset": "none"}, "The defaults are shown."),
     ({"preset": "narrow", "colour": "red"}, "Everything else in it is followed.")],
)  # fmt: skip
def test_what_is_ignored_does_not_take_the_rest_along(query, rest, folder, plot, monkeypatch):
    monkeypatch.setenv("JNTK_VIZ_PRESETS", str(folder))
    monkeypatch.setattr("jntk_viz.frame.address.arguments_of_page", lambda: dict(query))
    state = State()
    page = page_of(state, frame.plot_grid("a", a=plot), name="page")
    said = [pane.object for part in page._parts for pane in part.select(pn.pane.HTML)]
    (warning,) = [words for words in said if "Ignored" in str(words)]
    assert rest in warning
    assert state.width == (16 if "16" in query.values() or "narrow" in query.values() else 64)


def test_the_title_is_neutral_until_the_guess_is_in(page):
    question = Question("?", "choice", "direction", options=("up", "down"), title="Neutral")
    guide = page.guide
    guide.presets[:] = [p._replace(predict=question) if p.predict else p for p in guide.presets]
    heading = page._heading.select(pn.pane.HTML)[0]
    guide.predict = True
    assert guide.bar.options == [("narrow", "Narrow"), ("guess", "Neutral")]
    guide.choose("guess")
    assert "Neutral" in heading.object
    guide.prediction._input[0].clicks += 1
    assert guide.bar.options == [("narrow", "Narrow"), ("guess", "guess")]
    assert "Why?" in heading.object
    guide.choose("narrow")
    assert guide.bar.options[1] == ("guess", "guess")  # it has been answered
    guide.choose("guess")
    assert guide.bar.options[1] == ("guess", "Neutral")  # it is asked again
    guide.predict = False
    assert guide.bar.options[1] == ("guess", "guess")
