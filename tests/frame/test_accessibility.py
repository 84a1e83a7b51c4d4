"""Every page by keyboard, by screen reader, in light and dark: axe-core in a real browser."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from jntk_viz import frame
from jntk_viz.drawing import theme
from jntk_viz.frame import tour
from jntk_viz.frame.glossary import GLOSSARY

pytestmark = pytest.mark.slow
# "" is the landing page.
PAGES = ["", *(entry.name for entry in frame.pages())]
# Findings that fail a page. "moderate" and "minor" are advice: Material gives the heading of a
# fold the level 3, which follows the page's level 1.
SEVERE = {"serious", "critical"}
# (rule, part of the element's HTML) of what Panel, Bokeh or Material make unavoidable. Each entry
# needs a reason; none is needed at present.
UNAVOIDABLE: tuple[tuple[str, str], ...] = ()
MODELS = "[...Bokeh.documents[0].all_models]"
TITLES = f"{MODELS}.filter(m => m.type == 'Title').map(m => m.text_color.toLowerCase())"


def findings(page):
    """Severe findings of axe-core on what is visible now, one line each."""
    for _ in range(4):
        # Material fades colours in, half-way they have no contrast; names are given a moment later.
        page.wait_for_timeout(700)
        found = _severe(Axe().run(page).response["violations"])
        if not found:
            break
    return found


def _severe(violations):
    return [
        f"{rule['id']} ({rule['impact']}): {node['html'][:200]} {why}"
        for rule in violations
        if rule["impact"] in SEVERE
        for node in rule["nodes"]
        for why in [[check["message"] for check in node["any"]][:1]]
        if not any(rule["id"] == r and part in node["html"] for r, part in UNAVOIDABLE)
    ]


def wait_for_scheme(page, dark):
    """Until the pictures have the colours of the scheme."""
    colour = (theme.DARK[theme.INK] if dark else theme.INK).lower()
    page.wait_for_function(
        f"() => document.documentElement.dataset.theme == '{'dark' if dark else 'light'}'"
        f" && {TITLES}.every(c => c == '{colour}')"
    )


@pytest.mark.parametrize("name", [*PAGES, tour.link(6)], ids=lambda name: name or "landing")
def test_axe_finds_nothing_serious(name, watch_page):
    page = watch_page(name)
    wait_for_scheme(page, dark=False)
    assert findings(page) == [], "light"
    page.emulate_media(color_scheme="dark")
    wait_for_scheme(page, dark=True)
    assert findings(page) == [], "dark"
    if name:
        page.get_by_role("button", name="Formulas").click()
        page.locator(".jntk-sym").first.wait_for()
        page.wait_for_timeout(1500)  # it scrolls there
        assert findings(page) == [], "formulas, dark"
    # The drawer that was open beside the page now lies over it.
    page.set_viewport_size({"width": 360, "height": 740})
    assert findings(page) == [], "drawer of a phone, dark"
    page.keyboard.press("Escape")
    assert findings(page) == [], "phone, dark"
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.emulate_media(color_scheme="light")
    wait_for_scheme(page, dark=False)
    assert findings(page) == [], "phone, light"


@pytest.mark.parametrize("name", PAGES, ids=lambda name: name or "landing")
def test_pictures_and_controls_have_names(name, watch_page):
    page = watch_page(name)
    figures = page.get_by_role("figure")
    shown = page.evaluate(f"{MODELS}.filter(m => m.type == 'Figure').length")
    figures.first.wait_for()
    assert figures.count() == shown
    names = [figures.nth(i).get_attribute("aria-label") for i in range(shown)]
    assert all(name and name != "Picture" for name in names), names
    for role in ("slider", "combobox", "button", "switch"):
        for control in page.get_by_role(role).all():
            described = control.aria_snapshot().splitlines()[0]
            assert re.search(f'{role} "[^"]+"', described), described


def test_symbols_are_explained_on_hover_and_by_keyboard(watch_page):
    page = watch_page("gp_convergence")
    page.get_by_role("button", name="Formulas").click()
    symbols, tip = page.locator(".jntk-sym"), tip_of(page)
    symbols.first.wait_for()
    page.wait_for_timeout(1500)  # the page scrolls to the section
    phi = page.locator(".jntk-sym[aria-label^='activation']").first
    phi.hover()
    tip.wait_for(state="visible")
    assert tip.inner_text() == phi.get_attribute("aria-label")
    page.mouse.move(640, 20)
    tip.wait_for(state="hidden")
    symbols.first.focus()
    page.keyboard.press("Tab")  # to the second x
    tip.wait_for(state="visible")
    assert tip.inner_text() == symbols.first.get_attribute("aria-label")
    for _ in range(2):
        page.keyboard.press("Tab")
    assert tip.is_visible()
    assert tip.inner_text() != symbols.first.get_attribute("aria-label")
    page.keyboard.press("Escape")
    tip.wait_for(state="hidden")


def tip_of(page):
    return page.locator("#jntk-tip")


def wait_for_terms(page):
    """The words marked in the headline, once it says something."""
    page.wait_for_function(f"() => {MODELS}.some(m => String(m.text).includes('resolved'))")
    return page.locator("[aria-live=polite] abbr")


def test_words_explain_themselves_when_pointed_at_and_focused(watch_page):
    page = watch_page("full_rank?points=10")
    terms, tip = wait_for_terms(page), tip_of(page)
    page.get_by_role("button", name="Cancel").wait_for(state="hidden")
    terms.first.hover()
    tip.wait_for(state="visible")
    assert tip.inner_text() == GLOSSARY["GeLU"]
    page.mouse.move(640, 600)
    tip.wait_for(state="hidden")
    terms.first.focus()
    page.keyboard.press("Tab")
    tip.wait_for(state="visible")
    assert tip.inner_text() == GLOSSARY["λₘᵢₙ"]
    assert terms.nth(1).get_attribute("aria-description") == GLOSSARY["λₘᵢₙ"]
    page.keyboard.press("Escape")
    tip.wait_for(state="hidden")


def test_words_explain_themselves_when_tapped_inside_a_phone_s_window(watch_page):
    phone = {"width": 360, "height": 740}
    page = watch_page("full_rank?points=10", viewport=phone, has_touch=True, is_mobile=True)
    terms, tip = wait_for_terms(page), tip_of(page)
    page.get_by_role("button", name="Cancel").wait_for(state="hidden")
    for term in (terms.first, terms.nth(1)):
        term.tap()
        tip.wait_for(state="visible")
        box = tip.bounding_box()
        assert 0 <= box["x"] < box["x"] + box["width"] <= 360
        assert 0 <= box["y"] < box["y"] + box["height"] <= 740
    page.touchscreen.tap(180, 700)
    tip.wait_for(state="hidden")


def test_the_scheme_follows_the_browser_an_address_and_the_reader(watch_page):
    page = watch_page("", color_scheme="dark")
    wait_for_scheme(page, dark=True)
    page.emulate_media(color_scheme="light")
    wait_for_scheme(page, dark=False)
    scheme = f"{MODELS}.find(m => m.class_name == 'Scheme')"
    page.evaluate(f"{scheme}.data.dark = true")
    wait_for_scheme(page, dark=True)
    page.goto(page.url)  # the reader's choice is remembered
    page.wait_for_function("() => window.Bokeh?.documents[0]?.is_idle")
    wait_for_scheme(page, dark=True)
    page.goto(page.url.split("?")[0] + "?dark=false")
    page.wait_for_function("() => window.Bokeh?.documents[0]?.is_idle")
    wait_for_scheme(page, dark=False)


def test_colour_maps_stay_dark_while_numbers_come_in(watch_page):
    page = watch_page("robust_training", color_scheme="dark")
    wait_for_scheme(page, dark=True)
    page.get_by_role("button", name="Cancel").wait_for(state="hidden", timeout=120_000)
    page.get_by_role("slider").nth(2).press("ArrowRight")
    page.wait_for_timeout(3000)
    mappers = f"{MODELS}.filter(m => m.type == 'LinearColorMapper')"
    assert "#ffffff" not in page.evaluate(f"{mappers}.map(m => m.nan_color)")
