"""A course from a small notebook: run once, then looked at in Chromium, from a file, offline."""

import re

import pytest
from lesson_of_the_test import TINY, code, save, text

from jntk_viz.cli import main
from jntk_viz.course import (
    CourseError,
    building,
    contents,
    exercises,
    recording,
    running,
    write_course,
)
from jntk_viz.lessons import EXERCISES, check
from jntk_viz.lessons.widgets import Prediction

NUMBERS = [name for name, e in EXERCISES.items() if exercises.kind(e) == "number"]
READY = "() => document.documentElement.dataset.ready"


@pytest.fixture(scope="module")
def notebooks(tmp_path_factory):
    """A folder with a sound lesson, and a damaged file."""
    folder = tmp_path_factory.mktemp("notebooks")
    save(folder / "01_tiny.ipynb", TINY)
    (folder / "02_damaged.ipynb").write_text('{"cells": [')
    return folder


@pytest.fixture(scope="module")
def built(notebooks, tmp_path_factory):
    """The course of these notebooks, what became of it, and what was said meanwhile."""
    out, lines = tmp_path_factory.mktemp("course"), []
    course = write_course(out, progress=lines.append, notebooks=notebooks)
    return out, course, lines


@pytest.fixture
def open_file(chromium, built):
    """Open a file of the course with the network cut; anything untoward fails the test."""
    out, _, _ = built
    contexts, problems = [], []

    def open_it(name, ready=READY, **options):
        options = {"viewport": {"width": 1280, "height": 720}, **options}
        context = chromium.new_context(offline=True, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
        page.on("request", lambda request: problems.append(request.url)
                if not request.url.startswith(("file:", "data:", "blob:")) else None)  # fmt: skip
        page.goto((out / name).as_uri())
        page.wait_for_function(ready, timeout=60_000)
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert problems == []


def drawn(page, number=0):
    """A film once its pictures are there."""
    film = page.locator(".film").nth(number)
    film.scroll_into_view_if_needed()
    page.wait_for_function(
        "n => document.querySelectorAll('.film')[n].dataset.drawn", arg=number, timeout=60_000
    )
    page.wait_for_timeout(300)  # BokehJS paints in a later frame
    return film


def test_a_damaged_notebook_costs_its_own_page_only(built):
    out, course, lines = built
    assert course.written == ["01_tiny"]
    assert list(course.failed) == ["02_damaged"]
    assert "cannot be read as a notebook" in course.failed["02_damaged"]
    assert not (out / "02_damaged.html").exists()
    index = course.index.read_text()
    assert 'href="01_tiny.html"' in index
    assert 'href="02_damaged.html"' not in index
    assert re.search(r"01_tiny: .* MB, .* \(1 of 2; 1 to go, about .*\)", lines[0])
    assert "FAILED" in lines[1]


def test_what_is_there_is_not_run_again(built, notebooks, capsys, monkeypatch):
    out, _, _ = built

    def no_kernel(*_):
        raise AssertionError("it was run again")

    monkeypatch.setattr(building, "run", no_kernel)
    command = ["course", str(out), "1", "--from", str(notebooks), "--quiet"]
    assert main(command) == 0
    assert "0 lessons written, 1 unchanged, 0 failed" in capsys.readouterr().out
    # Another version of the package, another text of the notebook: run again.
    monkeypatch.setattr(building, "version", lambda _: "9.9")
    with pytest.raises(AssertionError, match="run again"):
        main(command)
    monkeypatch.undo()
    monkeypatch.setattr(building, "run", no_kernel)
    (out / "01_tiny.slides.html").rename(out / "away")
    with pytest.raises(AssertionError, match="run again"):
        main(command)
    (out / "away").rename(out / "01_tiny.slides.html")


def test_the_exit_code_says_that_a_lesson_failed(tmp_path, notebooks, capsys, monkeypatch):
    monkeypatch.setattr(running, "START", "pass")  # a kernel that need not import anything
    save(tmp_path / "01_raises.ipynb", [text("# Raises"), code("x = 1 / 0"), code("x")])
    hidden = {recording.MIME: {"kind": "failed", "reason": "KeyError: 'a'"}}
    save(tmp_path / "02_hides.ipynb", [code(f"display({hidden}, raw=True)"), code("x = 1")])
    assert main(["course", str(tmp_path / "out"), "--from", str(tmp_path), "--quiet"]) == 1
    said = capsys.readouterr()
    assert "01_raises has no new page: cell 2 (“x = 1 / 0”): ZeroDivisionError" in said.err
    assert "02_hides has no new page: cell 1 (“display(" in said.err
    assert "KeyError: 'a'" in said.err
    assert "2 failed" in said.out
    assert "Raises" in (tmp_path / "out" / "index.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "`OUT` is missing"),
        (["FILE"], "`OUT` must be a folder or a name for a new one"),
        (["OUT", "--from", "OUT/nothing"], "`--from` must name a folder with notebooks"),
        (["OUT", "12"], "`LESSON` must be a number or name of a lesson; got '12'. There are 00_"),
        (["OUT", "--data", "OUT/nothing"], "`--data` must name an existing folder"),
    ],
)
def test_bad_input_says_what_to_do(arguments, words, tmp_path, capsys):
    file = tmp_path / "file"
    file.write_text("")
    places = {"FILE": str(file), "OUT": str(tmp_path), "OUT/nothing": str(tmp_path / "nothing")}
    assert main(["course", *(places.get(a, a) for a in arguments)]) == 2
    assert words in capsys.readouterr().err


def test_lessons_are_chosen_by_number_and_name(capsys):
    everything = building.found_lessons(None)
    chosen = building.chosen_lessons(everything, ["10", "1", "03_tangent_kernels"])
    assert [n.stem[:2] for n in chosen] == ["01", "03", "10"]
    assert main(["course", "--list"]) == 0
    assert "04_kernel_stays_put  (4. Why the kernel stays put)" in capsys.readouterr().out
    with pytest.raises(CourseError, match="got 'tangent'"):
        building.chosen_lessons(everything, ["tangent"])


def test_a_part_of_a_course_leads_to_no_page_that_is_missing(tmp_path):
    for name in ("01_one", "02_two", "03_three"):
        save(tmp_path / f"{name}.ipynb", [text(f"# {name}")])
    out = tmp_path / "out"
    write_course(out, ["1", "3"], notebooks=tmp_path)
    first = (out / "01_one.html").read_text(encoding="utf-8")
    assert "03_three.html" in first
    assert "02_two.html" not in first
    assert write_course(out, notebooks=tmp_path).unchanged == []  # the second is in between now
    assert "02_two.html" in (out / "01_one.html").read_text(encoding="utf-8")


def test_start_page_has_title_question_and_minutes(built):
    _, course, _ = built
    index = course.index.read_text()
    assert "1. Tiny" in index
    assert "How steep is <i>f</i> for each <i>λ</i>?" in index
    assert "About five minutes." in index
    for notebook in building.found_lessons(None):
        one = contents.entry(notebook)
        assert one.question.endswith(("?", "."))
        assert "minutes" in one.minutes or "weeks" in one.minutes


def test_knobs_change_the_picture_by_mouse_key_and_menu(open_file):
    page = open_file("01_tiny.html")
    film = drawn(page)
    first = film.locator(".figure").screenshot()
    slider = film.locator("input")
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert film.locator("output").inner_text() == "2"
    assert slider.get_attribute("aria-valuetext") == "2"
    assert film.locator(".said").inner_text() == "Steepness 2, up"
    page.wait_for_timeout(300)
    steeper = film.locator(".figure").screenshot()
    assert steeper != first
    film.locator("select").select_option("down")
    assert film.locator(".said").inner_text() == "Steepness 2, down"
    page.wait_for_timeout(300)
    assert film.locator(".figure").screenshot() not in (first, steeper)
    film.locator("select").select_option("up")
    page.keyboard.press("Home")
    slider.fill("0")
    page.wait_for_timeout(300)
    assert film.locator(".figure").screenshot() == first


def test_a_guess_comes_before_the_answer(open_file, built):
    source = (built[0] / "01_tiny.html").read_text()
    for secret in ("THIS WAS MEASURED", "afterwards only", "AXIS OF THE ANSWER"):
        assert secret not in source
    page = open_file("01_tiny.html", has_touch=True)
    form = page.locator("form.prediction").first
    assert page.locator(".after").inner_text() == "More appears here after your guesses."
    form.get_by_role("button", name="half as steep").tap()
    form.locator(".verdict").get_by_text("THIS WAS MEASURED").wait_for()
    verdict = form.locator(".verdict").inner_text()
    assert verdict.startswith("You said “half as steep”; it is “twice as steep”.")
    assert form.locator(".verdict mjx-container").count() == 1
    assert form.locator("[aria-pressed=true]").inner_text() == "half as steep"
    assert form.get_by_role("button", name="twice").is_disabled()
    assert form.locator(".film").count() == 1
    assert page.locator(".after").inner_text() == "More appears here after your guesses."

    number = page.locator("form.prediction").nth(1)
    number.locator("input").fill("3")
    assert number.locator("output").inner_text() == "0.75"
    number.get_by_role("button", name="Commit").tap()
    number.locator(".verdict").get_by_text("You said 0.75 m; measured 0.25 m.").wait_for()
    # A picture that shows the guess is that of this guess.
    assert page.evaluate("() => committed.size") == 2
    assert drawn(page, 2).locator(".figure").get_attribute("aria-label") == "guess 0.75"
    after = page.locator(".after")
    after.get_by_text("afterwards only").wait_for()
    assert after.locator(".film input").count() == 1


def test_numbers_and_causes_are_checked_in_the_page(open_file, built):
    source = (built[0] / "01_tiny.html").read_text()
    mistake = EXERCISES["3c"].mistakes[0]
    assert EXERCISES["3c"].remark not in source
    assert mistake.hint not in source
    page = open_file("01_tiny.html")
    form = page.locator("form.exercise[data-kind=number]")
    said = form.locator(".feedback")

    def answer(text):
        form.locator("input").fill(text)
        form.locator("input").press("Enter")
        page.wait_for_timeout(100)
        return said.inner_text()

    truth = EXERCISES["3c"].truth()
    assert answer("") == "Your turn. Write your number, then check it."
    assert answer("many") == "Not yet. One finite number is asked for; this is “many”."
    assert answer(f"{mistake.answer():.3f}") == f"Not yet. {mistake.hint}"
    assert answer(str(truth * 1e4)).endswith("is too large by a factor of more than 10000.")
    assert answer(str(truth)) == f"Right. {EXERCISES['3c'].remark}"

    form = page.locator("form.exercise[data-kind=choices]")
    said = form.locator(".feedback")
    form.get_by_role("button").click()
    said.get_by_text("Choose a cause for each").wait_for()
    right = EXERCISES["7d"].truth
    for select in form.locator("select").all():
        select.select_option(right[select.get_attribute("name")])
    form.get_by_role("button").click()
    said.get_by_text(EXERCISES["7d"].remark).wait_for()
    form.locator("select").first.select_option("ReLU")
    form.get_by_role("button").click()
    said.get_by_text("4 of 5 are right. A: exact zeros").wait_for()


def test_functions_are_for_the_notebook(open_file, built, notebooks):
    page = open_file("01_tiny.html")
    exercise = page.locator("div.exercise")
    assert "def my_network(v, w, x, phi, kappa):" in exercise.inner_text()
    link = exercise.locator("a")
    assert link.get_attribute("href") == "01_tiny.ipynb"
    assert (built[0] / "01_tiny.ipynb").read_text() == (notebooks / "01_tiny.ipynb").read_text()


def test_formulas_are_set_code_that_holds_answers_is_out_and_solutions_are_folded(open_file):
    page = open_file("01_tiny.html")
    assert page.locator("main mjx-container svg").count() >= 3
    formula = page.locator("main mjx-container[display=true] svg")
    assert formula.first.get_attribute("aria-label") == r"\frac{1}{\sqrt{d}}"
    text = page.locator("main").inner_text()
    assert "$" not in text
    assert "def reveal" not in text
    assert not page.get_by_text("the whole solution").is_visible()
    page.get_by_text("Solution", exact=True).click()
    assert page.get_by_text("the whole solution").is_visible()
    assert page.locator("a[href='02_damaged.html']").count() == 1  # the text's, no "Next"


def test_page_fits_a_phone_and_the_dark(open_file):
    page = open_file("01_tiny.html", viewport={"width": 360, "height": 740}, color_scheme="dark")
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    wide = """() => [...document.querySelectorAll("pre, table, mjx-container[display]")]
      .filter(e => e.scrollWidth > e.clientWidth).map(e => e.tabIndex)"""
    page.evaluate("() => document.querySelector('pre').append('x'.repeat(500))")
    page.wait_for_function(f"() => ({wide})().length > 0 && ({wide})().every(i => i == 0)")
    film = drawn(page)
    colour = "() => getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(colour) == "rgb(18, 18, 18)"
    ink = """e => {
      const title = [...e.pictures.film.doc.roots()[0].title]
      const colour = title.find(property => property.attr == "text_color").get_value()
      return colour?.value ?? colour
    }"""
    assert film.evaluate(ink) == "#ececec"
    page.get_by_role("button", name="Light").click()
    assert page.evaluate(colour) == "rgb(255, 255, 255)"
    assert film.evaluate(ink) == "#1b1b1b"


def test_slides_are_alive_and_need_no_network(open_file):
    page = open_file("01_tiny.slides.html", "() => window.slidesReady")
    assert page.evaluate("() => Reveal.getTotalSlides()") == 3
    page.keyboard.press("ArrowRight")
    film = drawn(page)
    film.locator("input").fill("1")
    assert film.locator(".said").inner_text() == "Steepness 2, up"
    page.locator("section.present form.prediction button").first.click()
    page.locator("section.present .verdict").first.get_by_text("You said").wait_for()


def test_a_phone_shows_the_whole_width_of_a_handout(open_file):
    size = {"width": 360, "height": 740}
    page = open_file("01_tiny.handout.html", viewport=size, is_mobile=True, has_touch=True)
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("() => visualViewport.width") >= 650  # all of it, and not a part


def test_handout_leaves_answers_for_the_last_pages_and_solutions_out(open_file):
    page = open_file("01_tiny.handout.html")
    page.emulate_media(media="print")
    text = page.locator("main").inner_text()
    before, _, found = text.partition("What was found")
    assert "☐ half as steep" in before
    assert "My guess: ______________ m" in before
    assert "my_network" in before
    assert "THIS WAS MEASURED" not in before
    assert "Answer: twice as steep." in found
    assert "afterwards only" in found
    assert "whole solution" not in page.content()
    assert EXERCISES["3c"].remark not in text
    assert page.locator(".film").count() == page.locator(".film .bk-Figure").count() == 4
    pages = page.pdf(prefer_css_page_size=True).count(b"/MediaBox [0 0 594.95996 841.91998]")
    assert 2 <= pages <= 6


@pytest.mark.parametrize("name", NUMBERS)
def test_the_page_judges_numbers_as_the_notebook_does(name):
    exercise = EXERCISES[name]
    rules = exercise.rules()
    truth = rules[0][0]
    for answer in (truth, rules[1][0], rules[-1][0], 1.02 * truth, 1e3 * truth):
        said = check(name, answer)
        fits = [
            (status, message)
            for value, near, status, message in rules
            if abs(answer - value) <= near * abs(value)
        ]
        if fits:
            assert (said.status, said.message) == fits[0]
        else:
            assert " is too " in said.message


def test_a_reveal_that_does_not_look_at_the_guess_is_called_once():
    def looks(guess):
        return guess

    assert recording._reads_its_argument(looks)
    assert not recording._reads_its_argument(lambda guess: 1)
    assert recording._reads_its_argument(lambda guess: [guess for _ in range(2)])
    assert recording._reads_its_argument(print)


def test_a_control_that_fails_is_told():
    found = recording.Recording().displayed(Prediction("?", lambda guess: 1 / 0, choices=["a"]))
    assert found[recording.MIME]["reason"] == "ZeroDivisionError: division by zero"
    found = recording.Recording().displayed("text")
    assert "shows a str" in found[recording.MIME]["reason"]
    with pytest.raises(ValueError, match="each knob needs a value"):
        recording.film([], [])
