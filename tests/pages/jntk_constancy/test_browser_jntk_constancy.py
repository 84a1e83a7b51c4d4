"""The constancy page in a real browser: it trains while one watches and answers to its controls."""

import re

import pytest
from on_page import HEADLINE, choose, headline, right, wait_until
from planned import run_plan

import jntk_viz as jv
from jntk_viz.frame.numbers import number, percent
from jntk_viz.pages.jntk_constancy import training
from jntk_viz.pages.jntk_constancy.state import JNTKConstancyState

PAGE = "jntk_constancy"
TINY = "points=8&widest=128&networks=1&depth=1&steps=30"
LONG = "points=8&widest=512&networks=1&depth=2&steps=3000"
# Title → how many numbers its curves have, and a sum that changes with any of them.
PICTURES = """() => Object.fromEntries(
  [...Bokeh.documents[0].all_models].filter(m => m.type == "Figure").map(figure => {
    const columns = figure.renderers.map(r => r.data_source.data).map(
      d => d instanceof Map ? [...d.values()] : Object.values(d))
    // 1e30 belongs to the line at the moment; an image is an array within its column.
    const shown = columns.filter(c => !c.some(v => [...v].includes(1e30))).flat()
    const numbers = shown.flatMap(c => [...c].flatMap(v => v?.BYTES_PER_ELEMENT ? [...v] : [v]))
      .filter(Number.isFinite)
    const axes = [figure.x_range.end, figure.y_range.start, figure.y_range.end]
    return [figure.title.text.split(", ")[0], [numbers.length, ...axes,
            numbers.reduce((sum, v, i) => sum + v * (1 + i % 7), 0)]]
  }))"""
DRIFT, LOSS = "Kernel: distance from its start", "Loss: fit (solid)"
THETA, DIFFERENCE, REGIME = "Θₜ", "Θₜ − Θ", "In the theorem's regime?"
VIEWS = {
    "Training": {DRIFT, LOSS, "Kernel: distance from its limit", "Errors against width"},
    "Outputs": {"f", "∂f/∂x₁", "All outputs", "Distance from the\nlinear equation"},
    "Kernel": {THETA, "Limit Θ", DIFFERENCE, REGIME},
}


def pictures(page):
    return page.evaluate(PICTURES)


def drawn(page, title):
    """How many numbers a picture is drawn from."""
    return pictures(page)[title][0]


def steps_done(page):
    """The step that the headline speaks of; 0 before there is one."""
    words = page.locator(HEADLINE).text_content()
    found = re.search(r"After (\d+) steps", words) or re.search(r"At step (\d+)", words)
    return int(found[1]) if found else 0


def trained(page, steps=30):
    wait_until(page, lambda: steps_done(page) == steps)
    page.get_by_role("button", name="Cancel").wait_for(state="hidden")


def test_training_starts_by_itself_pauses_resumes_and_is_cancelled(watch_page):
    page = watch_page(f"{PAGE}?{LONG}")
    wait_until(page, lambda: drawn(page, LOSS) > 0)  # the limit, before any network is trained
    assert drawn(page, DRIFT) == 0
    wait_until(page, lambda: steps_done(page) >= 5)
    first = drawn(page, DRIFT)
    wait_until(page, lambda: drawn(page, DRIFT) > first)

    page.get_by_role("button", name="Pause").click()
    page.get_by_text("(paused)").wait_for()
    page.wait_for_timeout(800)  # what was under way when the button was pressed arrives
    paused = drawn(page, DRIFT)
    page.wait_for_timeout(1500)
    assert drawn(page, DRIFT) == paused

    page.get_by_role("button", name="Resume").click()
    wait_until(page, lambda: drawn(page, DRIFT) > paused)

    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Cancel").wait_for(state="hidden", timeout=10_000)
    kept = drawn(page, DRIFT)
    assert kept > paused
    page.wait_for_timeout(1000)
    assert drawn(page, DRIFT) == kept
    assert 0 < steps_done(page) < 3000


def changed_by(page, action, until=lambda: True):
    """Do something and wait for other pictures and another headline."""
    before, said = pictures(page), page.locator(HEADLINE).text_content()
    action()
    wait_until(
        page,
        lambda: (
            pictures(page) != before and page.locator(HEADLINE).text_content() != said and until()
        ),
    )


@pytest.mark.slow
def test_controls_of_the_training_change_the_pictures_and_the_headline(watch_page):
    page = watch_page(f"{PAGE}?{TINY}")
    trained(page)
    changed_by(page, lambda: right(page, "Regulariser λ"))
    trained(page)
    changed_by(page, lambda: right(page, "Learning rate"))
    trained(page)
    changed_by(page, lambda: right(page, "Networks"))
    trained(page)
    changed_by(page, lambda: page.get_by_role("button", name="Draw again").click())
    trained(page)
    changed_by(page, lambda: right(page, "Training steps"), lambda: steps_done(page) == 100)


def look_at(page, view):
    page.get_by_role("button", name=view, exact=True).click()
    page.wait_for_function(f"() => location.search.includes('view={view.lower()}')")


def changed(page, before):
    """Titles of the pictures that are no longer as they were."""
    after = pictures(page)
    return {title for title in after if after[title] != before.get(title)}


@pytest.mark.slow
def test_what_looks_at_the_recorded_training_does_not_train_again(watch_page):
    page = watch_page(f"{PAGE}?{TINY}&view=kernel")
    trained(page)
    requested = page.evaluate(RUNS)
    assert drawn(page, DRIFT) == 0  # what is not seen is not drawn

    before = pictures(page)
    page.get_by_role("slider", name="Moment of training").press("Home")
    wait_until(page, lambda: "At step 0" in page.locator(HEADLINE).text_content(), 20)
    wait_until(page, lambda: THETA in changed(page, before), 20)
    assert changed(page, before) <= {THETA, DIFFERENCE, REGIME}
    page.wait_for_function("() => location.search.includes('moment=0')")

    before, said = pictures(page), page.locator(HEADLINE).text_content()
    choose(page, "Difference from", "start")
    wait_until(page, lambda: changed(page, before) == {"Θₜ − Θ₀"}, 20)
    assert page.locator(HEADLINE).text_content() == said

    before = pictures(page)
    choose(page, "Network Whose", "narrowest")
    wait_until(page, lambda: "width 8 kernel" in page.locator(HEADLINE).text_content(), 20)
    assert changed(page, before) <= {THETA, "Θₜ − Θ₀"}

    look_at(page, "Outputs")
    wait_until(page, lambda: "one width 8 network" in page.locator(HEADLINE).text_content(), 20)
    assert page.get_by_role("combobox", name="Difference from").count() == 0
    look_at(page, "Training")
    wait_until(page, lambda: drawn(page, DRIFT) > 0, 20)
    assert page.get_by_role("combobox", name="Network Whose").count() == 0
    assert page.evaluate(RUNS) == requested


# Names of all buttons that are there while a training runs.
RUNS = """() => [...Bokeh.documents[0].all_models].filter(m => m.label == "Cancel" && m.visible)
  .length"""


@pytest.mark.slow
def test_the_training_plays_from_its_start_to_its_end(watch_page):
    page = watch_page(f"{PAGE}?{TINY}&view=kernel&moment=18")
    wait_until(page, lambda: steps_done(page) == 18)
    page.get_by_role("button", name="Cancel").wait_for(state="hidden")
    page.get_by_role("button", name="▶ Play").click()
    page.get_by_role("button", name="■ Stop").wait_for()
    wait_until(page, lambda: steps_done(page) == 30, 60)
    page.get_by_role("button", name="▶ Play").wait_for()
    page.wait_for_function("() => location.search.includes('moment=25')")


def test_numbers_on_the_page_are_those_of_the_library(watch_page):
    page = watch_page(f"{PAGE}?{TINY}&view=kernel")
    trained(page)
    state = JNTKConstancyState(points=8, widest=128, networks=1, depth=1, steps=30)
    known, _ = run_plan(training.plan, state)
    problem, records = training.progress_of(state, known)[1::2]
    words = headline(page).replace("\n", " ")
    last = records[-1]
    assert f"is {percent(last.to_limit)} away from its limit" in words
    assert f"has moved by {percent(last.drift)}" in words
    largest = max(r.operator for r in records if r.width == 128)
    assert f"= {largest:.2g}" in words
    assert number(jv.smallest_eigenvalue(problem.x, **state.settings.kernel).value) in words


@pytest.mark.slow
def test_a_link_shows_the_same_view_and_moment(watch_page):
    page = watch_page(f"{PAGE}?{TINY}&view=outputs&moment=10&followed=middle&networks=2")
    wait_until(page, lambda: "At step 10" in page.locator(HEADLINE).text_content())
    page.get_by_role("button", name="Cancel").wait_for(state="hidden")
    said, seen = page.locator(HEADLINE).text_content(), pictures(page)
    other = watch_page(page.url.partition("//")[2].partition("/")[2])
    wait_until(other, lambda: other.locator(HEADLINE).text_content() == said)
    other.get_by_role("button", name="Cancel").wait_for(state="hidden")
    again = pictures(other)
    for title in VIEWS["Outputs"]:
        assert again[title] == pytest.approx(seen[title], rel=1e-5)


@pytest.mark.slow
def test_controls_of_the_limit_change_it_before_any_training(watch_page):
    """Each change supersedes the training that the one before had started."""
    page = watch_page(f"{PAGE}?{TINY}")
    wait_until(page, lambda: drawn(page, LOSS) > 0)
    changed_by(page, lambda: right(page, "Points N"))
    changed_by(page, lambda: right(page, "Depth L"))
    changed_by(page, lambda: right(page, "Scale κ"))
    changed_by(page, lambda: right(page, "Widest network"))
    changed_by(page, lambda: choose(page, "Activation φ", "erf"))
    changed_by(page, lambda: choose(page, "Data set", "Circle"))
    for setting in ("data=circle", "points=10", "depth=2", "kappa=2", "widest=256"):
        assert setting in page.url
    page.get_by_role("button", name="Cancel").click()


@pytest.mark.slow
def test_a_learning_rate_that_is_too_large_is_said_in_words(watch_page):
    page = watch_page(f"{PAGE}?{TINY.replace('steps=30', 'steps=300')}&rate=2&lam=0")
    page.get_by_text("diverged").wait_for(timeout=120_000)
    assert "nan" not in page.locator(HEADLINE).text_content().lower()


@pytest.mark.slow
@pytest.mark.parametrize("view", ["training", "outputs", "kernel"])
def test_everything_fits_a_projector(watch_page, view):
    page = watch_page(f"{PAGE}?{TINY}&view={view}")
    trained(page)
    for role in ("slider", "combobox", "button"):
        for widget in page.get_by_role(role).all():
            box = widget.bounding_box()
            assert box is None or box["y"] + box["height"] <= 720, widget.inner_text()
    heights = page.evaluate(FIGURES)
    assert len(heights) == {"training": 4, "outputs": 6, "kernel": 4}[view]
    assert all(top >= 0 and bottom <= 720 for top, bottom in heights)


FIGURES = """() => {
  const found = [], look = root => { for (const e of root.querySelectorAll("*")) {
    const box = e.getBoundingClientRect()
    if (e.classList.contains("bk-Figure") && box.height) found.push([box.top, box.bottom])
    if (e.shadowRoot) look(e.shadowRoot) } }
  look(document)
  return found
}"""
