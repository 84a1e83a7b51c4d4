"""Headlines, messages and cards in a real browser: what opens stays open, what is said is seen."""

import pytest
from playwright.sync_api import expect

from jntk_viz.frame import pages

pytestmark = pytest.mark.slow
expect.set_options(timeout=120_000)  # a busy machine is no failure


def test_more_stays_open_when_a_setting_changes(watch_page):
    page = watch_page("gp_convergence?view=densities&data=circle&networks=100&width=16&depth=1")
    details = page.locator("[aria-live=polite] details")
    expect(details).to_contain_text("Over 100 networks")
    assert details.get_attribute("open") is None
    page.locator("[aria-live=polite] summary").press("Enter")
    expect(page.get_by_text("Over 100 networks")).to_be_visible()
    page.wait_for_timeout(500)  # the server has been told
    page.get_by_role("slider", name="Width d").press("ArrowRight")
    expect(page.locator("[aria-live=polite]")).to_contain_text("At width 32")
    expect(page.get_by_text("Over 100 networks")).to_be_visible()


def test_that_the_link_was_copied_is_seen_within_the_window(watch_page):
    page = watch_page("gp_convergence", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy link").click()
    box = page.get_by_text("Link copied").bounding_box()
    assert 0 <= box["x"] < box["x"] + box["width"] <= 1280
    assert 0 <= box["y"] < box["y"] + box["height"] <= 720


def test_a_card_is_a_link_as_a_whole(watch_page):
    page = watch_page("")
    entry = pages()[-1]
    picture = page.get_by_role("figure", name=entry.card)
    picture.wait_for()
    picture.scroll_into_view_if_needed()
    box = picture.bounding_box()
    sentence = page.get_by_text(entry.card)
    expect(sentence).to_be_hidden()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(sentence).to_be_visible()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_url(f"**/{entry.name}*")


def test_buttons_and_title_have_room_in_a_narrow_window(watch_page):
    size = {"width": 1000, "height": 700}
    page = watch_page("jntk_constancy?steps=3000&points=8", viewport=size)
    cancel = page.get_by_role("button", name="Cancel")
    cancel.wait_for()
    for button in (page.get_by_role("button", name="Pause"), cancel):
        box = button.bounding_box()
        assert 0 <= box["x"] < box["x"] + box["width"] <= 1000
    assert page.get_by_text("The kernel that stays put").first.bounding_box()["height"] < 48
    cancel.click()


def test_the_drawer_leaves_the_room_to_the_pictures_at_150_percent(watch_page):
    page = watch_page("full_rank?points=10", viewport={"width": 853, "height": 480})
    expect(page.get_by_role("button", name="Open drawer")).to_be_visible()
