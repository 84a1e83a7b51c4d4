"""The landing page and what all pages share, in a real browser."""

from itertools import pairwise

import pytest

from jntk_viz import frame
from jntk_viz.drawing import theme

PHONE = {"width": 390, "height": 800}
SMALL_PHONE = {"width": 360, "height": 740}
NAMES = [entry.name for entry in frame.pages()]
MODELS = "[...Bokeh.documents[0].all_models]"
MAIN = (
    "[...document.querySelectorAll('body *')]"
    ".map(e => e.shadowRoot?.querySelector('.main-content')).find(e => e)"
)


def all_sources_filled(page):
    page.wait_for_function(
        f"""() => {{
          const columns = data => data instanceof Map ? [...data.values()] : Object.values(data)
          const filled = source => columns(source.data).some(column => column.length)
          const sources = {MODELS}.filter(m => m.type == "ColumnDataSource")
          return sources.length && sources.every(filled)
        }}""",
        timeout=120_000,
    )


def settled_history(page):
    """Entries in the browser's history once the page has written its address."""
    page.wait_for_function("() => location.search.includes('seed=')")
    return page.evaluate("history.length")


def test_landing_page_draws_its_pictures_and_leads_to_every_page(watch_page):
    page = watch_page("")
    all_sources_filled(page)
    first, *others = frame.pages()
    assert (
        page.get_by_role("link", name="Move the dots yourself").get_attribute("href") == first.name
    )
    cards = page.get_by_role("heading", level=2).get_by_role("link")
    for entry in others:
        assert cards.get_by_text(entry.title).get_attribute("href") == entry.name
    boxes = [page.get_by_role("figure", name=e.card).bounding_box() for e in (first, *others)]
    assert boxes[0]["y"] + boxes[0]["height"] <= 400  # and cards below it on the first screen
    assert boxes[1]["y"] + boxes[1]["height"] <= 720
    assert len({box["y"] for box in boxes[1:]}) == 2
    assert page.evaluate(f"{MAIN}.scrollWidth <= {MAIN}.clientWidth")
    page.get_by_role("link", name=frame.pages()[-1].title).click()
    page.wait_for_url(f"**/{frame.pages()[-1].name}*")


def test_pictures_fit_again_when_the_headline_takes_more_lines(watch_page):
    page = watch_page("gp_convergence?width=32")
    settled_history(page)
    # What lies below the frame of the first picture: the numbers of its axis and the label.
    below = f"""() => {{
      const {{el, frame}} = Bokeh.index.find_one({MODELS}.find(m => m.type == "Figure"))
      return el.clientHeight - frame.bbox.bottom
    }}"""
    page.wait_for_function(f"() => {MODELS}.some(m => String(m.text).includes('At width'))")
    page.wait_for_timeout(1500)  # it is laid out after it is said
    room = page.evaluate(below)
    for words in ("more words " * 20, ""):
        page.evaluate(
            f"""words => {{
              const headline = {MODELS}.find(m => String(m.text).includes("At width"))
              headline.text = headline.text.replace(/(more words )*At width/, words + "At width")
            }}""",
            words,
        )
        page.wait_for_timeout(1500)
        page.wait_for_function(f"room => Math.abs(({below})() - room) <= 2", arg=room)


def test_landing_page_on_a_phone(watch_page):
    page = watch_page("index", viewport=SMALL_PHONE)  # its other address
    assert page.evaluate("document.documentElement.scrollWidth") <= SMALL_PHONE["width"]
    assert page.evaluate(f"{MAIN}.scrollWidth <= {MAIN}.clientWidth")
    tops = [page.get_by_role("link", name=e.title).bounding_box()["y"] for e in frame.pages()[1:]]
    assert min(b - a for a, b in pairwise(tops)) > 150  # below each other


ANDROID = "Mozilla/5.0 (Linux; Android 13) AppleWebKit/537.36 Chrome/120 Mobile Safari/537.36"


def test_a_phone_keeps_two_controls_in_sight_and_has_a_menu_of_all_pages(watch_page):
    page = watch_page("full_rank", viewport=SMALL_PHONE, user_agent=ANDROID)
    settled_history(page)
    sliders = page.locator(".phone-sheet").get_by_role("slider")
    sliders.first.wait_for()
    page.locator(".bk-Figure").last.scroll_into_view_if_needed()
    box = page.locator(".phone-sheet").bounding_box()
    assert box["y"] + box["height"] == SMALL_PHONE["height"]
    assert box["height"] < 100
    assert (box["x"], box["width"]) == (0, SMALL_PHONE["width"])
    sliders.first.press("ArrowRight")
    page.wait_for_function("() => location.search.includes('depth=3')")
    menu = watch_page("", viewport=SMALL_PHONE)
    menu.locator("summary", has_text="Pages").click()
    menu.get_by_role("navigation", name="Pages").get_by_role("link", name="Full rank").click()
    menu.wait_for_url("**/full_rank*")


def bottom_of_the_plots(page):
    return page.evaluate(
        f"""() => Math.max(...{MODELS}.filter(m => m.type == "Figure").map(m =>
          Bokeh.index.find_one_by_id(m.id).el.getBoundingClientRect().bottom))"""
    )


# Each page is opened by some test; these look closer, at all of them in `make test-pages`.
SOME = [
    NAMES[0],
    NAMES[2],
    *(pytest.param(n, marks=pytest.mark.slow) for n in (NAMES[1], *NAMES[3:])),
]


@pytest.mark.parametrize("name", SOME)
def test_every_page_fits_a_projector_is_a_link_and_shows_its_formulas(name, watch_page):
    page = watch_page(name)
    entries = settled_history(page)
    assert bottom_of_the_plots(page) <= 720
    colours = page.evaluate(
        f"() => [...new Set({MODELS}.filter(m => m.axis_label).map(m => m.major_label_text_color))]"
    )
    assert colours == [theme.INK], "not the look of our own pictures"
    start = page.url
    page.get_by_role("button", name="Draw again").click()
    page.wait_for_function(f"() => location.href != {start!r}")
    link = page.url
    assert page.evaluate("history.length") == entries
    page.get_by_role("button", name="Reset", exact=True).click()
    page.wait_for_function(f"() => location.href == {start!r}")
    page.get_by_role("button", name="Formulas").click()
    page.locator("mjx-container").last.wait_for(state="visible")
    page.wait_for_function(f"() => {MAIN}.scrollTop > 0")
    again = watch_page(link.split("/")[-1])  # a fresh browser profile
    settled_history(again)
    assert again.url == link


@pytest.mark.parametrize("name", SOME)
def test_every_page_on_a_phone_and_with_garbage_in_its_address(name, watch_page):
    page = watch_page(f"{name}?nonsense=1&seed=x", viewport=PHONE)
    page.get_by_role("button", name="Open drawer").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    message = page.get_by_role("alert").inner_text()
    assert "nonsense: no such setting" in message
    assert "seed=x: is not an integer" in message
    settled_history(page)
    assert "nonsense" not in page.url
    page.get_by_role("button", name="Open drawer").click()
    page.get_by_role("link", name="Start").wait_for()
