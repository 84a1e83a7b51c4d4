"""The constancy page in a real browser: it trains while one watches and answers to its controls."""

import re
import time

import pytest

PAGE = "jntk_constancy"
TINY = "points=8&widest=128&networks=1&depth=1&steps=30"
LONG = "points=8&widest=512&networks=1&depth=2&steps=3000"
HEADLINE = "[aria-live=polite]"
# Title → how many numbers its curves have, and a sum that changes with any of them.
PICTURES = """() => Object.fromEntries(
  [...Bokeh.documents[0].all_models].filter(m => m.type == "Figure").map(figure => {
    const data = figure.renderers.map(r => r.data_source.data)
    const columns = data.flatMap(d => d instanceof Map ? [...d.values()] : Object.values(d))
    const numbers = columns.flatMap(c => [...c]).filter(Number.isFinite)
    const axes = [figure.x_range.end, figure.y_range.start, figure.y_range.end]
    return [figure.title.text.split(",")[0], [numbers.length, ...axes,
            numbers.reduce((sum, v, i) => sum + v * (1 + i % 7), 0)]]
  }))"""
DRIFT, LOSS = "Kernel: distance from its start", "Loss: fit (solid)"
OUTPUTS = "f (solid)"


def pictures(page):
    return page.evaluate(PICTURES)


def drawn(page, title):
    """How many numbers a picture is drawn from."""
    return pictures(page)[title][0]


def wait_until(page, condition, seconds=90):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return
        page.wait_for_timeout(100)
    pytest.fail(f"not within {seconds} s; the page says: {page.locator(HEADLINE).inner_text()}")


def steps_done(page):
    """The step that the headline speaks of; 0 before there is one."""
    found = re.search(r"After (\d+) steps", page.locator(HEADLINE).inner_text())
    return int(found[1]) if found else 0


def trained(page, steps=30):
    wait_until(page, lambda: steps_done(page) == steps)
    page.get_by_role("button", name="Cancel").wait_for(state="hidden")


def right(page, name):
    """Move a slider by one stop."""
    page.get_by_role("slider", name=name).first.press("ArrowRight")


def choose(page, name, option):
    page.get_by_role("combobox", name=name).click()
    page.get_by_role("menuitem", name=option, exact=True).click()


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
    before, said = pictures(page), page.locator(HEADLINE).inner_text()
    action()
    wait_until(
        page,
        lambda: (
            pictures(page) != before and page.locator(HEADLINE).inner_text() != said and until()
        ),
    )


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

    before, said = pictures(page), page.locator(HEADLINE).inner_text()
    choose(page, "Outputs shown of the", "narrowest")
    wait_until(page, lambda: pictures(page) != before)
    after = pictures(page)
    assert [title for title in after if after[title] != before[title]] == [OUTPUTS]
    assert page.locator(HEADLINE).inner_text() == said


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
    for setting in ("data=circle", "points=12", "depth=2", "kappa=2", "widest=256"):
        assert setting in page.url
    page.get_by_role("button", name="Cancel").click()


def test_a_learning_rate_that_is_too_large_is_said_in_words(watch_page):
    page = watch_page(f"{PAGE}?{TINY.replace('steps=30', 'steps=300')}&rate=2&lam=0")
    page.get_by_text("diverged").wait_for(timeout=60_000)
    assert "nan" not in page.locator(HEADLINE).inner_text().lower()


def test_everything_fits_a_projector(watch_page):
    page = watch_page(f"{PAGE}?{TINY}")
    page.get_by_role("button", name="Copy link").wait_for()
    for role in ("slider", "combobox", "button"):
        for widget in page.get_by_role(role).all():
            box = widget.bounding_box()
            assert box is None or box["y"] + box["height"] <= 720, widget.inner_text()
