"""Title, links and question stand in the window before the scripts of a page are read."""

import html
from urllib.request import urlopen

import pytest
from playwright.sync_api import expect

from jntk_viz import frame


@pytest.mark.parametrize("entry", frame.pages(), ids=lambda entry: entry.name)
def test_title_and_links_come_before_the_scripts(entry, server):
    with urlopen(f"{server}/{entry.name}", timeout=120) as page:
        text = page.read().decode()
    look = text.index('<div id="first-look">')
    scripts = [text.index(name) for name in ("js/bokeh.min.js", "panel.min.js")]
    assert look < min(scripts)
    shown = html.unescape(text[look : text.index("</div>", look)])
    assert entry.title in shown
    assert all(f'href="{other.name}"' in shown for other in frame.pages())


def test_it_stands_alone_and_goes_when_the_page_is_there(chromium, server):
    question = "Is the kernel full rank, and can arithmetic tell?"
    context = chromium.new_context(viewport={"width": 1280, "height": 720}, color_scheme="dark")
    page = context.new_page()
    page.route("**/*.js*", lambda route: route.abort())
    page.goto(f"{server}/full_rank", timeout=120_000)
    expect(page.get_by_role("heading", name=question)).to_be_visible()
    expect(page.get_by_role("link", name="Breakdown")).to_be_visible()
    paper = page.locator("#first-look").evaluate("it => getComputedStyle(it).backgroundColor")
    assert paper == "rgb(18, 18, 18)"
    page.unroute("**/*.js*")
    page.goto(f"{server}/full_rank?dark=false", timeout=120_000)
    page.wait_for_function("() => window.Bokeh?.documents?.[0]?.is_idle", timeout=120_000)
    expect(page.locator("#first-look")).to_have_count(0)
    expect(page.get_by_role("heading", name=question)).to_have_count(1)
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    # The template's own words on a connection that was lost meanwhile keep nobody from the page.
    page.evaluate("showError('not established')")
    expect(page.get_by_text("not established")).to_be_visible()
    assert page.evaluate("!document.elementFromPoint(640, 360).closest('#loader')")
    context.close()
