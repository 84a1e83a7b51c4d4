"""What every page offers, in a real browser: presets, prediction, presentation, undo."""

import re

import pytest
from on_page import wait_until
from playwright.sync_api import expect
from screen import words_on_screen
from telling import TELLING

from jntk_viz import frame
from jntk_viz.drawing.figures import COVERED, DRAW
from jntk_viz.frame.address import query_of
from jntk_viz.frame.presets import load_presets, settings

pytestmark = pytest.mark.slow
NAMES = [entry.name for entry in frame.pages()]
HEADLINE = "[aria-live=polite]"
expect.set_options(timeout=120_000)  # a busy machine is no failure
FIGURES = "[...Bokeh.documents[0].all_models].filter(m => m.type == 'Figure')"


def expected_query(state_type, preset):
    state = state_type()
    state.param.update(**settings(preset, state))
    return query_of(state)


def presets_of(name, state_types):
    presets, problems = load_presets(name, state_types[name]())
    assert not problems
    return presets


@pytest.mark.parametrize("name", NAMES)
def test_stepping_through_the_presets_sets_what_they_say(name, watch_page, state_types):
    presets = presets_of(name, state_types)
    assert 4 <= len(presets) <= 8
    page = watch_page(f"{name}?preset={presets[0].name}")
    for i, preset in enumerate(presets):
        expect(page.get_by_label("Preset", exact=True)).to_have_value(preset.name)
        wanted = f"?{expected_query(state_types[name], preset)}&preset={preset.name}"
        page.wait_for_function(f"() => location.search == {wanted!r}")
        if preset.say:
            expect(page.get_by_role("heading", name=preset.say)).to_be_visible()
        if i + 1 < len(presets):
            page.get_by_role("button", name="Next preset").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_label("Preset", exact=True)).to_have_value(presets[-2].name)


def told(page, name, preset):
    """Visible texts that would tell the answer, but for the question and what can be answered."""
    question = preset.predict

    def is_asked(words):  # two spaces are left in a question where a symbol in it is marked
        parts = words.split("  ")
        return words in question.options or all(part in question.question for part in parts)

    words = [w for w in words_on_screen(page) if not is_asked(w)]
    return [text for text in words if re.search(TELLING[name][preset.name], text)]


def commit(page, question):
    """Make some guess of the kind that is asked for."""
    if question.kind == "choice":
        page.get_by_role("button", name=question.options[0], exact=True).click()
        return
    if question.kind == "order":
        for option in question.options:
            page.get_by_role("button", name=option, exact=True).click()
    if question.kind == "sketch":
        page.wait_for_function(f"() => {FIGURES}.some(f => f.title.text == {DRAW!r})")
        x, y, width, height = standing_still(page)
        for part in range(10):
            page.mouse.move(x + (0.25 + 0.06 * part) * width, y + (0.5 - 0.02 * part) * height)
            if part == 0:
                page.mouse.down()
            page.wait_for_timeout(30)  # a hand is slower than a program
        page.mouse.up()
        page.wait_for_timeout(300)
    page.get_by_role("button", name="Commit").click()


def standing_still(page):
    """Where the picture to draw into is, once the page's layout is at rest."""
    place = f"""() => {{
      const drawn = {FIGURES}.find(f => f.title.text == {DRAW!r})
      const r = Bokeh.index.find_one_by_id(drawn.id).el.getBoundingClientRect()
      return [r.x, r.y, r.width, r.height]
    }}"""
    before = None
    while before != (now := page.evaluate(place)):
        before = now
        page.wait_for_timeout(500)
    return now


@pytest.mark.parametrize("name", NAMES)
def test_a_guess_is_committed_before_the_result_is_shown(name, watch_page, state_types):
    asked = [p for p in presets_of(name, state_types) if p.predict]
    assert len({p.predict.kind for p in asked}) >= 2
    page = watch_page(f"{name}?preset={asked[0].name}&predict=true")
    for preset in asked:
        page.get_by_label("Preset", exact=True).select_option(preset.name)
        question = preset.predict
        expect(page.get_by_text(question.question)).to_be_visible()
        expect(page.locator(HEADLINE).first).to_be_hidden()
        assert told(page, name, preset) == []
        commit(page, question)
        said = page.get_by_text(re.compile("You (said|put)|your line|Your line"))
        expect(said).to_be_visible(timeout=120_000)
        expect(page.locator(HEADLINE).first).to_be_visible()
        covers = [COVERED, DRAW]
        page.wait_for_function(f"() => !{FIGURES}.some(f => {covers}.includes(f.title.text))")
    page.get_by_role("button", name="Predict first").click()
    expect(page.get_by_text(asked[-1].predict.question)).to_be_hidden()


@pytest.mark.parametrize("name", NAMES)
def test_presentation_is_large_has_few_controls_and_answers_to_the_keyboard(
    name, watch_page, state_types
):
    presets = presets_of(name, state_types)
    page = watch_page(f"{name}?preset={presets[0].name}")
    size = f"parseFloat({FIGURES}[0].below[0].axis_label_text_font_size)"
    small = page.evaluate(size)
    page.get_by_role("button", name="Present", exact=True).click()
    page.wait_for_function(f"() => {size} > 1.25 * {small}")
    page.wait_for_function("() => location.search.includes('present=true')")
    for _ in range(150):  # the drawer glides away, slowly on a busy machine
        if 1 <= visible_controls(page) <= 3:
            break
        page.wait_for_timeout(200)
    assert 1 <= visible_controls(page) <= 3
    for name in ("Open drawer", "Formulas", "Save as a file"):
        expect(page.get_by_role("button", name=name)).to_be_hidden()
    expect(page.get_by_role("navigation", name="Pages")).to_be_hidden()
    # One picture, or two that belong together.
    wait_until(page, lambda: 1 <= len(heights(page)) <= 2 and min(heights(page)) > 0.5)
    page.keyboard.press("PageDown")
    expect(page.get_by_label("Preset", exact=True)).to_have_value(presets[1].name)
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_label("Preset", exact=True)).to_have_value(presets[0].name)
    assert bottom_of_the_plots(page) <= 720
    page.keyboard.press("Escape")
    page.wait_for_function(f"() => {size} == {small}")
    page.wait_for_function("() => !location.search.includes('present')")


def heights(page):
    """Of the pictures that are seen, as shares of the window's."""
    boxes = [box.bounding_box() for box in page.locator(".bk-Figure").all() if box.is_visible()]
    return [box["height"] / 720 for box in boxes]


def test_notes_open_in_a_window_of_their_own_and_lead_on(watch_page, state_types):
    first, second, *_ = presets_of("full_rank", state_types)
    page = watch_page(f"full_rank?preset={first.name}")
    page.keyboard.press("n")  # not before something is presented
    page.get_by_role("button", name="Present", exact=True).click()
    expect(page.get_by_role("button", name="End presentation")).to_be_visible()
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Speaker’s notes").click()
    notes = opened.value
    expect(notes.get_by_role("heading", name=first.title)).to_be_visible()
    expect(notes.get_by_role("timer")).to_have_text(re.compile(r"00:0\d"))
    assert len(page.context.pages) == 2
    notes.keyboard.press("ArrowRight")
    expect(page.get_by_label("Preset", exact=True)).to_have_value(second.name)
    expect(notes.get_by_role("heading", name=second.title)).to_be_visible()
    expect(notes.get_by_text(second.predict.explain.split(".")[0])).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("navigation", name="Pages")).to_be_visible()
    wait_until(page, notes.is_closed)


def visible_controls(page):
    """How many sliders and menus of the settings lie inside the window."""
    inside = """found => found.filter(e => {
      const r = e.getBoundingClientRect()
      return r.width && r.x >= 0 && r.x < 1280 && e.ariaLabel != "Preset"
    }).length"""
    roles = ("slider", "combobox", "switch", "checkbox")
    return sum(page.get_by_role(role).evaluate_all(inside) for role in roles)


def bottom_of_the_plots(page):
    return page.evaluate(
        f"""() => Math.max(...{FIGURES}.map(m => Bokeh.index.find_one_by_id(m.id)).filter(v => v)
          .map(v => v.el.getBoundingClientRect().bottom))"""
    )


TABLE = "height,girth,shade,kind\n" + "".join(
    f"{(7 * i) % 13},{(5 * i) % 11},{(3 * i * i) % 17},{'oak' if i % 2 else 'elm'}\n"
    for i in range(1, 61)
)


@pytest.mark.parametrize("name", ["gp_convergence", "jntk_constancy", "robust_training"])
def test_a_table_of_ones_own(name, watch_page, tmp_path):
    page = watch_page(name)
    page.get_by_role("button", name="Your own data").click()
    bad, good = tmp_path / "bad.csv", tmp_path / "trees.csv"
    bad.write_text(TABLE.replace("\n12,", "\ntall,", 1), encoding="utf-8")
    good.write_text(TABLE, encoding="utf-8")
    chooser = page.locator("input[type=file]")
    chooser.set_input_files(bad)
    expect(page.get_by_text("expected a finite number")).to_be_visible()
    if name == "gp_convergence":  # one page shows that the dialog mends what it can
        rows = TABLE.partition("\n")[2]
        good.write_text(rows + rows.split("\n")[0].rpartition(",")[0] + ",ash\n", encoding="utf-8")
        chooser.set_input_files(good)
        page.get_by_label("This file has no header").check()
        expect(page.get_by_text("61 rows, 4 columns")).to_be_visible()
        expect(page.get_by_text("There are 3 classes")).to_be_visible()
        page.get_by_role("combobox", name="Class +1").click()
        page.get_by_role("menuitem", name="ash (1 row").click()
        expect(page.get_by_text("ash is +1, all others")).to_be_visible()
    else:
        chooser.set_input_files(good)
        expect(page.get_by_text("60 rows, 4 columns")).to_be_visible()
        expect(page.get_by_text("✓ trees.csv")).to_be_visible()
    expect(page.get_by_text("N(1+d₀) =")).to_be_visible()
    page.get_by_role("button", name="Use this table").click()
    page.wait_for_function("() => location.search.includes('data=own-')")
    own = page.url.split("/")[-1]
    expect(page.get_by_role("combobox", name="Data set")).to_contain_text("trees.csv")
    other = watch_page(own)  # somebody else, with the same link
    expect(other.get_by_role("alert").first).to_contain_text("data=own-")
