"""The Gaussian-process page in a real browser: it fills by itself and answers to every control."""

import re

import pytest

from jntk_viz.studies import gp_convergence as study

PAGE = "gp_convergence"
QUICK = "depth=1&activation=erf&networks=250&width=32"
HEADLINE = "[aria-live=polite]"
# Key of a picture → a sum that changes with any of its numbers, its ranges, its words.
PICTURES = """() => {
  const numbers = v => v == null || typeof v == "string" ? [] :
    typeof v == "number" ? (Number.isFinite(v) ? [v] : []) : [...v].flatMap(numbers)
  const figures = [...Bokeh.documents[0].all_models].filter(m => m.type == "Figure")
  return Object.fromEntries(figures.map(figure => {
    const data = figure.renderers.map(r => r.data_source.data)
    const columns = data.flatMap(d => d instanceof Map ? [...d.values()] : Object.values(d))
    const flat = columns.flatMap(numbers)
    const sum = flat.reduce((total, v, i) => total + v * (1 + i % 97), 0)
    return [figure.title.text.split(" ")[0],
            {count: flat.length, sum, x: [figure.x_range.start, figure.x_range.end],
             y: [figure.y_range.start, figure.y_range.end], title: figure.title.text}]
  }))}"""
OUTPUT, SLOPE, CLOUD, MAP, LIMIT, DIFFERENCE, ERROR = (
    "Output", "Slope", "Both", "One", "Limit", "Difference", "Error",
)  # fmt: skip


def pictures(page):
    return page.evaluate(PICTURES)


def said(page):
    return page.locator(HEADLINE).inner_text().replace("\N{NO-BREAK SPACE}", " ")


def wait_until(page, condition, seconds=90):
    for _ in range(10 * seconds):
        if condition():
            return
        page.wait_for_timeout(100)
    pytest.fail(f"not within {seconds} s; the page says: {said(page)}")


def finished(page):
    wait_until(page, lambda: "theory" in said(page))
    page.get_by_role("button", name="Cancel").wait_for(state="hidden")


def right(page, name):
    """Move a slider by one stop."""
    page.get_by_role("slider", name=name).first.press("ArrowRight")


def choose(page, name, option):
    page.get_by_role("combobox", name=name).click()
    page.get_by_role("menuitem", name=option, exact=True).click()


@pytest.fixture
def page(watch_page):
    page = watch_page(f"{PAGE}?{QUICK}")
    finished(page)
    return page


def test_the_page_says_the_librarys_numbers_and_fits_a_projector(page):
    assert set(pictures(page)) == {OUTPUT, SLOPE, CLOUD, MAP, LIMIT, DIFFERENCE, ERROR}
    state = study.GPConvergenceState(depth=1, activation="erf", networks=250, width=32)
    errors = study.width_errors(state.problem)
    law = study.fit_slope(errors)
    at = {w: f"{100 * sorted(e)[7]:.0f}" for w, e in zip(study.WIDTHS, errors, strict=True)}
    words = said(page)
    pattern = r"off by (\d+) %; at four times the width, 128, by (\d+) %"
    off, wider = re.search(pattern, words).groups()
    # The median lies between the 8th and the 9th of 16.
    assert abs(int(off) - int(at[32])) <= 3
    assert abs(int(wider) - int(at[128])) <= 2
    assert f"width{law.slope:.2g}".replace("-", "−") in words
    assert f"{law.low:.2f} to {law.high:.2f}".replace("-", "−") in words

    for box in page.locator(".bk-Figure").all():  # all on one screen
        place = box.bounding_box()
        assert min(place["width"], place["height"]) > 150
        assert min(place["x"], place["y"]) >= 0
        assert place["x"] + place["width"] <= 1280
        assert place["y"] + place["height"] <= 720
    assert page.get_by_role("button", name="Formulas").bounding_box()["y"] < 720

    def axes():
        return {key: (v["x"], v["y"]) for key, v in pictures(page).items()}

    before, drawn = axes(), pictures(page)[OUTPUT]["sum"]
    right(page, "Width d")
    wait_until(page, lambda: pictures(page)[OUTPUT]["sum"] != drawn)
    finished(page)
    assert axes() == before


NETWORKS = {OUTPUT, SLOPE, CLOUD, MAP, DIFFERENCE, ERROR}
EVERYTHING = NETWORKS | {LIMIT}


def test_every_control_changes_what_it_should_and_nothing_else(page):
    def changed_by(action, expected, headline):
        before, words, address = pictures(page), said(page), page.url
        action()

        def done():
            after = pictures(page)
            changed = {key for key in after if after[key] != before.get(key)}
            return changed == expected and (said(page) != words) == headline

        wait_until(page, done)
        wait_until(page, lambda: page.url != address)

    # All widths are known by now: these need no more than some draws.
    changed_by(lambda: right(page, "Output scale κ"), EVERYTHING - {ERROR}, False)
    changed_by(lambda: right(page, "Input x"), {OUTPUT, SLOPE, CLOUD}, False)
    changed_by(lambda: right(page, "Slope along feature α"), {SLOPE, CLOUD}, False)
    changed_by(lambda: right(page, "Random networks"), {OUTPUT, SLOPE, CLOUD}, False)
    finished(page)
    changed_by(lambda: right(page, "Width d"), NETWORKS, True)
    finished(page)

    before = pictures(page)
    choose(page, "Covariance shown", "over all networks drawn")
    wait_until(page, lambda: "500" in pictures(page))  # the map's title begins with their number
    after = pictures(page)
    changed = {key for key in before if after.get(key) != before[key]}
    assert changed == {MAP, DIFFERENCE}
    choose(page, "Covariance shown", "of one network")
    wait_until(page, lambda: pictures(page) == before)

    # These start anew; the pictures fill one after the other.
    changed_by(lambda: right(page, "Depth L"), EVERYTHING, True)
    changed_by(lambda: choose(page, "Activation φ", "relu"), EVERYTHING, True)
    changed_by(page.get_by_role("button", name="Draw again").click, NETWORKS, True)
    changed_by(lambda: choose(page, "Data set", "Circle"), EVERYTHING, True)


def test_a_phone_gets_one_column(watch_page):
    page = watch_page(f"{PAGE}?{QUICK}", viewport={"width": 390, "height": 800})
    finished(page)
    boxes = [box.bounding_box() for box in page.locator(".bk-Figure").all()]
    assert len(boxes) == 7
    assert all(b["x"] >= 0 and b["x"] + b["width"] <= 390 and b["height"] > 200 for b in boxes)
    assert sorted(b["y"] for b in boxes) == [b["y"] for b in boxes]
