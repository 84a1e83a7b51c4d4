"""Stills of pages stand in until the pages are live, and show what these show."""

import html
import io
import re
from itertools import product
from urllib.request import urlopen

import numpy as np
import pytest
from on_page import wait_for
from PIL import Image
from playwright.sync_api import expect

from jntk_viz import frame
from jntk_viz.frame import stills

SCHEMES = ("light", "dark")
ENTRIES = pytest.mark.parametrize("entry", frame.pages(), ids=lambda entry: entry.name)
# What the page says and how many of its pictures are blank, once the still has gone.
WATCH = """
() => {
  const all = root => [...root.querySelectorAll("*")].flatMap(
    e => [e, ...(e.shadowRoot ? all(e.shadowRoot) : [])])
  const blank = canvas => {
    const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
    return new Uint32Array(data.buffer).every((value, _, each) => value == each[0])
  }
  new MutationObserver((_, observer) => {
    if (document.getElementById("still")) return
    observer.disconnect()
    const parts = all(document)
    const said = parts.filter(e => e.ariaLive == "polite").map(e => e.innerText).join(" ")
    const seen = parts.filter(e => e.localName == "canvas" && e.width && e.offsetParent)
    // A picture has a canvas for its curves and others, for what is drawn over them.
    const pictures = [...Map.groupBy(seen, canvas => canvas.getRootNode()).values()]
    window.__when_gone = [said, pictures.filter(p => p.every(blank)).length, pictures.length]
  }).observe(document.body, {childList: true})
}
"""


def text_of(url):
    with urlopen(url, timeout=120) as page:
        return page.read().decode()


@ENTRIES
def test_a_page_has_all_of_its_stills_or_none(entry):
    folder = stills.FOLDER / entry.name / "stills"
    expected = {
        stills.path(entry.name, width, scheme): (width - stills.SIDEBAR, height - stills.BAR)
        for (width, height), scheme in product(stills.SIZES.items(), SCHEMES)
    }
    found = set(folder.glob("*"))
    assert found in (set(), set(expected))
    assert bool(stills.html(entry.name, 9)) == bool(found)
    for file in found:
        with Image.open(file) as picture:
            assert picture.size == expected[file]
        assert file.stat().st_size < 100_000


def test_a_page_without_stills_mentions_none():
    assert stills.html("start", 9) == ""


@ENTRIES
def test_only_an_address_without_settings_has_a_still(entry, server):
    has = bool(stills.html(entry.name, 9))
    for query, bare in (("", True), ("?dark=true", True), ("?preset=", False), ("?tour=1", False)):
        text = text_of(f"{server}/{entry.name}{query}")
        assert ('id="still"' in text) == (has and bare)
        if has and bare:
            look = text.index('<div id="first-look">')
            assert look < text.index('id="still"') < text.index("js/bokeh.min.js")


def test_a_still_is_fetched_from_below_the_pages_and_kept(server):
    text = text_of(f"{server}/robust_training")
    address = html.unescape(re.search('data-files="([^"]+)"', text).group(1))
    address = address.replace("WIDTH", "1280").replace("SCHEME", "dark")
    assert not address.startswith(("/", "http"))  # also behind a proxy's prefix
    with urlopen(f"{server}/{address}", timeout=60) as answer:
        assert answer.read() == stills.path("robust_training", 1280, "dark").read_bytes()
        assert answer.headers["Content-Type"] == "image/webp"
        assert "max-age=" in answer.headers["Cache-Control"]


@pytest.fixture
def opened(chromium, server):
    """Open a page whose scripts stay away, or come, and see what is asked for of its stills."""
    contexts = []

    def open_page(path, *, scripts, width=1280, **options):
        size = {"width": width, "height": 720}
        context = chromium.new_context(viewport=size, reduced_motion="reduce", **options)
        contexts.append(context)
        page = context.new_page()
        page.fetched = []
        page.on("response", lambda r: "/stills/" in r.url and page.fetched.append(r))
        if not scripts:
            page.route("**/*.js*", lambda route: route.abort())
        page.goto(f"{server}/{path}", timeout=120_000)
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.parametrize(
    ("width", "scheme", "file"),
    [(1280, "light", "1280-light"), (1440, "dark", "1280-dark"), (1920, "light", "1920-light")],
)
def test_the_one_that_is_needed_is_shown_without_scripts(width, scheme, file, opened):
    page = opened("robust_training", scripts=False, width=width, color_scheme=scheme)
    expect(page.locator("#still.here")).to_be_visible()
    (response,) = page.fetched
    assert f"/{file}.webp" in response.url
    assert response.status == 200
    # Where there is one line of text at the least: the colours of paper and ink, far apart.
    box = {"x": 294, "y": 60, "width": 600, "height": 30}
    with Image.open(io.BytesIO(page.screenshot(clip=box))) as shown:
        grey = np.asarray(shown.convert("L"))
    assert np.ptp(grey) > 150
    assert (np.median(grey) > 200) == (scheme == "light")


def test_a_narrow_window_has_none(opened):
    page = opened("robust_training", scripts=False, width=1024)
    expect(page.get_by_role("heading")).to_be_visible()
    expect(page.locator("#still")).to_have_count(0)
    assert not page.fetched


def test_it_goes_when_the_page_is_live(opened):
    # Once before: the first visitor of all may wait longer than a still does.
    wait_for(opened("full_rank", scripts=True), r"\d")
    page = opened("full_rank", scripts=True)
    expect(page.locator("#still.here")).to_have_count(1)
    page.evaluate(WATCH)
    expect(page.locator("#still")).to_have_count(0, timeout=60_000)
    # Then there is a sentence with numbers, and every picture has been painted.
    said, blank, pictures = page.evaluate("window.__when_gone")
    assert re.search(r"\d", said)
    assert "…" not in said
    assert blank == 0
    assert pictures >= 2


@pytest.mark.parametrize("touch", ["pointerdown", "keydown", "wheel"])
def test_it_goes_at_the_first_touch(touch, opened):
    page = opened("full_rank", scripts=False)
    expect(page.locator("#still.here")).to_be_visible()
    if touch == "pointerdown":
        page.mouse.click(600, 400)
    elif touch == "keydown":
        page.keyboard.press("Tab")
    else:
        page.mouse.wheel(0, 10)
    expect(page.locator("#still")).to_have_count(0)


def test_an_error_of_the_loader_is_not_covered(opened):
    page = opened("full_rank", scripts=False)
    expect(page.locator("#still.here")).to_be_visible()
    page.evaluate("showError('Resources could not be loaded.')")
    expect(page.locator("#still")).to_be_hidden()
    expect(page.get_by_text("Resources could not be loaded.")).to_be_visible()


@pytest.mark.slow
@pytest.mark.parametrize("scheme", SCHEMES)
@ENTRIES
def test_the_page_still_looks_like_its_still(entry, scheme, watch_page):
    if not stills.html(entry.name, 9):
        pytest.skip("has no stills")
    for width, height in stills.SIZES.items():
        size = {"width": width, "height": height}
        page = watch_page(entry.name, viewport=size, color_scheme=scheme)
        expect(page.locator("#still")).to_have_count(0, timeout=60_000)
        page.get_by_role("button", name="Cancel").wait_for(state="hidden")
        page.wait_for_timeout(1_000)
        area = {"x": stills.SIDEBAR, "y": stills.BAR}
        area |= {"width": width - stills.SIDEBAR, "height": height - stills.BAR}
        file = stills.path(entry.name, width, scheme)
        with Image.open(io.BytesIO(page.screenshot(clip=area))) as now, Image.open(file) as still:
            now, still = (np.asarray(each.convert("L"), float) / 255 for each in (now, still))
        # Lossless stills differ by less than 0.0002, lossy ones by 0.008; two pixels lower all that
        # is below the headline differ by 0.018 or more. One other digit is not noticed.
        assert np.abs(now - still).mean() < 0.01, (
            f"{file.name} of {entry.name} is no longer what the page shows. Make it anew: "
            f"python tools/screenshots.py --stills --page {entry.name}"
        )
