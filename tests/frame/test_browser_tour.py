"""The tour in a real browser: a strip leads from page to page, and controls move by themselves."""

from urllib.parse import parse_qsl

import pytest
from on_page import wait_until
from playwright.sync_api import expect

from jntk_viz.frame import tour
from jntk_viz.frame.address import _text

STEPS = tour.steps()
expect.set_options(timeout=120_000)  # a busy machine is no failure


def settings(page):
    return dict(parse_qsl(page.url.partition("?")[2]))


def moved(page, stop):
    """The control of the step has come to its place by itself."""
    name, end = stop.move
    wait_until(page, lambda: settings(page).get(name) == _text(end), 180)


def at(page, number):
    """The page stands at this step of the tour."""
    strip = page.get_by_role("navigation", name="Tour")
    expect(strip).to_contain_text(f"{number} of {len(STEPS)}")
    expect(strip).to_contain_text(STEPS[number - 1].stop.see)
    expect(page.get_by_role("heading", name=STEPS[number - 1].stop.do)).to_be_visible()
    return strip


def test_a_step_moves_leads_on_and_back_and_ends(watch_page):
    number = next(i for i, step in enumerate(STEPS, 1) if step.name == "full_rank")
    page = watch_page(tour.link(number))
    at(page, number)
    expect(page.get_by_label("Preset", exact=True)).to_be_hidden()  # one thing at a time
    moved(page, STEPS[number - 1].stop)
    page.get_by_role("link", name="Next").click()
    strip = at(page, number + 1)
    page.wait_for_function("() => location.search.includes('seed=')")
    page.get_by_role("slider").first.press("ArrowRight")  # the reader takes over
    strip.get_by_role("button", name="End").click()
    expect(strip).to_be_hidden()
    page.wait_for_function("() => !location.search.includes('tour=')")
    expect(page.get_by_label("Preset", exact=True)).to_be_visible()
    page.goto(page.url.rpartition("/")[0] + "/" + tour.link(number + 1))
    at(page, number + 1).get_by_role("link", name="Back").click()
    at(page, number)


@pytest.mark.slow
def test_the_whole_tour(watch_page):
    page = watch_page("")
    page.get_by_role("listitem").get_by_role("link", name=STEPS[0].stop.do).click()
    for number, step in enumerate(STEPS, 1):
        strip = at(page, number)
        moved(page, step.stop)
        shown = settings(page)
        name = step.stop.move[0]
        wanted = {k: v for k, v in step.stop.settings.items() if k != name}
        assert {key: shown.get(key) for key in wanted} == wanted
        strip.get_by_role("link", name="Finish" if number == len(STEPS) else "Next").click()
    page.get_by_role("heading", name="Watch infinitely wide networks").wait_for()
