"""All that is seen as one picture, and single ones: sizes, words, and legends as on the page."""

import io
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PIL import Image

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def saved(tmp_path):
    """Save a picture of a page from its dialog: `saved(page, "The whole view", "PNG", "Slide")`."""

    def save(page, picture, kind, size=None):
        if not page.get_by_role("dialog").is_visible():
            page.get_by_role("button", name="Save as a file").click()
        for menu, entry in (("Picture", picture), ("Size", size)):
            if entry is not None:
                page.get_by_role("combobox", name=menu, exact=True).click()
                page.locator("li", has_text=entry).first.click()
        with page.expect_download() as waiting:
            page.get_by_role("button", name=kind).click()
        path = tmp_path / waiting.value.suggested_filename
        waiting.value.save_as(path)
        return path.read_bytes()

    return save


def pixels(data):
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), dtype=int)


def test_the_whole_view_is_a_slide_or_a_figure_of_a_paper(watch_page, saved):
    page = watch_page("robust_training?t=1000")
    page.locator("[aria-live=polite]", has_text="standard training").wait_for()
    shown = len(page.locator(".bk-Figure:visible").all())
    assert shown > 1
    slide = pixels(saved(page, "The whole view", "PNG", "Slide"))
    assert slide.shape == (1080, 1920, 3)
    # Every quarter of it has something to see: pictures are where they are on the page.
    for part in (slide[:540, :960], slide[:540, 960:], slide[540:, :960], slide[540:, 960:]):
        assert (part != slide[0, 0]).any(axis=2).mean() > 0.05
    assert pixels(saved(page, "The whole view", "PNG", "Paper")).shape[1] == 2126

    figure = ET.fromstring(saved(page, "The whole view", "SVG", "Paper"))
    assert figure.get("width") == "180mm"
    assert len(figure.findall(f"{SVG}svg")) == shown
    words = [text.text for text in figure.findall(f"{SVG}text")]
    assert words[0] == page.get_by_role("heading", level=1).first.inner_text()
    assert any("standard training" in text for text in words)
    assert "More" not in " ".join(words)
    assert "".join(words[words.index(next(w for w in words if w.startswith("http"))) :]) == page.url
    names = [node.get("id") for node in figure.iter() if node.get("id")]
    assert len(names) == len(set(names)), "clips of one picture would cut another"
    used = set(re.findall(r"url\(#([^)]+)\)", ET.tostring(figure, encoding="unicode")))
    assert used <= set(names)


def test_a_saved_legend_is_that_of_the_page_however_sharp_the_screen_is(watch_page, saved):
    """Bokeh draws a legend's samples for the screen and copies them: half as large in the file."""
    pages = [watch_page("robust_training?t=1000", device_scale_factor=s) for s in (1, 2)]
    for page in pages:
        page.locator("[aria-live=polite]", has_text="standard training").wait_for()

    def differing():
        one, other = (pixels(saved(page, "Test accuracy", "PNG")) for page in pages)
        return (np.abs(one - other) > 64).any(axis=2).sum() if one.shape == other.shape else np.inf

    # The attacked points of the picture may come a moment later on one of the pages.
    assert min(differing() for _ in range(4)) < 40
