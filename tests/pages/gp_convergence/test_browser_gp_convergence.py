"""The Gaussian-process page in a real browser: it fills by itself and answers to every control."""

import re

import pytest
from on_page import choose, headline, right, wait_until
from planned import run_plan

from jntk_viz.frame.numbers import decimals
from jntk_viz.pages.gp_convergence import study
from jntk_viz.pages.gp_convergence.state import WIDTHS, GPConvergenceState

PAGE = "gp_convergence"
QUICK = "depth=1&activation=erf&networks=250&width=32&data=circle"
# First words of a picture's title → sums that change with any of its numbers, ranges, words.
PICTURES = """() => {
  const numbers = v => v == null || typeof v == "string" ? [] :
    typeof v == "number" ? (Number.isFinite(v) ? [v] : []) : [...v].flatMap(numbers)
  const figures = [...Bokeh.documents[0].all_models].filter(m => m.type == "Figure")
  return Object.fromEntries(figures.map(figure => {
    const data = figure.renderers.map(r => r.data_source.data)
    const columns = data.flatMap(d => d instanceof Map ? [...d.values()] : Object.values(d))
    const flat = columns.flatMap(numbers)
    const sum = flat.reduce((total, v, i) => total + v * (1 + i % 97), 0)
    return [figure.title.text.split(/\\s/).slice(0, 2).join(" "),
            {count: flat.length, sum, x: [figure.x_range.start, figure.x_range.end],
             y: [figure.y_range.start, figure.y_range.end], title: figure.title.text}]
  }))}"""
F, SLOPES, DISTANCE, BEFORE = "f of", "Their slopes", "Distance from", "Distance before"
OUTPUT, SLOPE, CLOUD = "Output f(x₁)", "Slope J₁(x₁)", "Both, with"
MAP, LIMIT, DIFFERENCE, ERROR = "One network,", "Limit", "Difference", "Error of"


def pictures(page):
    return page.evaluate(PICTURES)


def said(page):
    return headline(page).replace("\N{NO-BREAK SPACE}", " ")


def finished(page):
    # Nothing is said before the browser has drawn the words.
    wait_until(
        page, lambda: re.search("^(?!.*(drawing|Measuring|Computing)).+", said(page), re.DOTALL)
    )
    page.get_by_role("button", name="Cancel").wait_for(state="hidden")


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def changed_by(page, action, expected, headline):
    """Wait until exactly the `expected` pictures have changed, the headline or not, the address."""
    finished(page)  # else what is drawn late counts as a change
    before, words, address = pictures(page), said(page), page.url
    action()

    def done():
        after = pictures(page)
        changed = {key for key in after if after[key] != before.get(key)}
        return changed == expected and (said(page) != words) == headline

    wait_until(page, done)
    wait_until(page, lambda: page.url != address)


def places(page):
    """The boxes of the pictures that are seen."""
    return [box.bounding_box() for box in page.locator(".bk-Figure").all() if box.is_visible()]


def fits(page, count):
    """All pictures and controls lie within the window."""
    wait_until(page, lambda: len(places(page)) == count)  # it is laid out after it is said
    for place in places(page):
        assert min(place["width"], place["height"]) > 150
        assert min(place["x"], place["y"]) >= 0
        assert place["x"] + place["width"] <= 1280
        assert place["y"] + place["height"] <= 720
    assert page.get_by_role("button", name="Formulas").bounding_box()["y"] < 700
    for slider in page.get_by_role("slider").all():
        if slider.is_visible():
            assert slider.bounding_box()["y"] < 710


def point(page, picture, x, y):
    """Click at data coordinates of a picture."""
    place = page.evaluate(
        """([start, x, y]) => {
          const figure = [...Bokeh.documents[0].all_models].find(
            m => m.type == "Figure" && m.title.text.startsWith(start))
          const find = view => view.model === figure ? view :
            [...(view.child_views ?? [])].map(find).find(v => v)
          const view = [...Bokeh.index.roots].map(find).find(v => v)
          const box = view.canvas_view.el.getBoundingClientRect()
          return [box.x + view.frame.x_scale.compute(x), box.y + view.frame.y_scale.compute(y)]
        }""",
        [picture, x, y],
    )
    page.mouse.click(*place)


@pytest.fixture
def page(watch_page):
    page = watch_page(f"{PAGE}?{QUICK}")
    finished(page)
    return page


def test_functions_are_observed_by_pointing_and_by_keys(page):
    state = GPConvergenceState(depth=1, activation="erf", width=32)
    assert set(pictures(page)) == {F, SLOPES, DISTANCE}
    fits(page, 3)
    circle = study.on_circle(state, run_plan(study.plan, state)[0])
    assert f"{decimals(circle.distance)} σ from their limit" in said(page)

    changed_by(page, lambda: point(page, F, 91, 1.2), {F, SLOPES, BEFORE}, True)
    observed = re.search(r"observed=90%3A([\d.]+)%3Av&", page.url)
    assert float(observed[1]) == pytest.approx(1.2, abs=0.05)
    changed_by(page, lambda: point(page, SLOPES, 181, 0.5), {F, SLOPES}, True)
    state.observed = (
        re.search("observed=([^&]*)", page.url)[1].replace("%3A", ":").replace("%3B", ";")
    )
    assert [(o.angle, o.kind) for o in state.observations] == [(90, "v"), (180, "s")]
    circle = study.on_circle(state, run_plan(study.shown, state)[0])
    (f, slope), (df, dslope) = circle.mean[36], circle.deviation[36]
    words = said(page).replace("−", "-")
    assert "Given 1 value and 1 slope, the limit has at 180°" in words
    assert f"f = {f:.2f} ± {df:.2f}" in words
    assert f"the slope {slope:.2f} ± {dslope:.2f}" in words

    changed_by(page, lambda: right(page, "Angle θ (degrees)"), {F, SLOPES}, True)
    changed_by(page, lambda: right(page, "Observed there"), {F, SLOPES}, False)
    changed_by(page, lambda: press(page, "Observe value"), {F, SLOPES}, True)
    assert "Given 2 values and 1 slope" in said(page)
    changed_by(page, lambda: right(page, "Noise σ of observations"), {F, SLOPES}, True)
    value, slope = state.observations
    changed_by(page, lambda: point(page, F, value.angle, value.value), {F, SLOPES}, True)
    assert "Given 1 value and 1 slope" in said(page)  # pointed at once more, it is gone
    changed_by(page, lambda: press(page, "Clear"), {F, SLOPES, DISTANCE}, True)
    assert "random functions are on average" in said(page)
    changed_by(page, lambda: press(page, "Slope"), {F, SLOPES, BEFORE}, True)
    assert "Given 1 slope" in said(page)


def test_controls_of_the_functions(page):
    changed_by(
        page, lambda: page.get_by_role("switch", name="Where they end").click(), {F, SLOPES}, False
    )
    changed_by(page, lambda: right(page, "Width d"), {F, SLOPES, DISTANCE}, True)
    changed_by(page, lambda: right(page, "Output scale κ"), {F, SLOPES}, False)
    everything = {F, SLOPES, DISTANCE}
    changed_by(page, lambda: right(page, "Depth L"), everything, True)
    changed_by(page, lambda: choose(page, "Activation φ", "ReLU"), everything, True)
    changed_by(page, lambda: press(page, "Draw again"), everything, True)
    assert page.get_by_role("slider", name="Random networks").count() == 0


TOLD = """() => {
  window.told = []
  Bokeh.documents[0].on_change(batch => {
    for (const event of batch.events ?? [batch])
      if (event.sync && ["data", "text"].includes(event.attr)) window.told.push(event.attr)
  })
}"""
FILM = "[...Bokeh.documents[0].all_models].find(m => m.data?.c0 !== undefined)"


def title(page):
    return pictures(page).get(F, {"title": ""})["title"]


def test_the_page_opens_moving_until_it_is_touched(watch_page):
    page = watch_page(PAGE, reduced_motion="no-preference")
    wait_until(page, lambda: "of width" in title(page))
    page.evaluate(TOLD)
    wait_until(page, lambda: "widen from 8 to 1024" in said(page))
    distances = pictures(page)[DISTANCE]
    wait_until(page, lambda: pictures(page)[DISTANCE] != distances)  # the ring slides
    page.keyboard.press("Shift")
    assert title(page) == "f of random networks"
    assert page.evaluate("window.told") == []  # all that while the server was not troubled
    wait_until(page, lambda: "width 32 and" in said(page))
    finished(page)
    query = page.url.partition("?")[2]
    assert "width=32&" in query
    linked = watch_page(f"{PAGE}?{query}", reduced_motion="no-preference")
    finished(linked)
    assert linked.evaluate(f"{FILM} === undefined")  # a link shows what it says
    wait_until(page, lambda: pictures(page) == pictures(linked))
    page.keyboard.press("Shift")  # and it does not begin again
    assert title(page) == "f of random networks"


def test_the_film_ends_where_the_address_says(watch_page):
    still = watch_page(PAGE)
    finished(still)
    still.wait_for_function(f"() => {FILM}")
    page = watch_page(PAGE, reduced_motion="no-preference")
    wait_until(page, lambda: "of width" in title(page))
    page.evaluate(f"{FILM}.place = 9")
    page.wait_for_function(f"() => !{FILM}.timer")
    wait_until(page, lambda: pictures(page) == pictures(still))
    assert still.evaluate(f"{FILM}.place") is None  # there it has not begun


@pytest.mark.slow
def test_widening_goes_on_by_itself_to_the_widest(watch_page):
    page = watch_page(f"{PAGE}?depth=1&activation=erf&width=256")
    finished(page)
    axes = {key: (v["x"], v["y"]) for key, v in pictures(page).items()}
    press(page, "▶ Widen")
    wait_until(page, lambda: "width 512 and" in said(page))
    wait_until(page, lambda: "width 1024 and" in said(page))
    page.get_by_role("button", name="▶ Widen", exact=True).wait_for()  # it has stopped
    assert {key: (v["x"], v["y"]) for key, v in pictures(page).items()} == axes


@pytest.mark.slow
def test_controls_of_the_densities(watch_page):
    page = watch_page(f"{PAGE}?{QUICK}&view=densities")
    finished(page)
    fits(page, 5)
    state = GPConvergenceState(
        depth=1, activation="erf", networks=250, width=32, data="circle", view="densities"
    )
    found = study.found_of(state, run_plan(study.plan, state)[0])
    (f, error), (slope, _) = study.kurtoses(state, found)
    words = said(page).replace("−", "-")
    assert f"kurtosis of the output f(x₁) {f:.2f}, of the slope J₁(x₁) {slope:.2f}" in words
    assert f"0 ± {2 * error:.2f}" in words
    five = {OUTPUT, SLOPE, CLOUD, "Quantiles of"}
    assert five <= set(pictures(page))  # both quantile plots share their first words

    def press_right(name):
        return lambda: right(page, name)

    changed_by(page, press_right("Output scale κ"), five, False)
    changed_by(page, press_right("Random networks"), five, True)
    changed_by(page, press_right("Width d"), five, True)
    changed_by(page, press_right("Slope along feature α"), {"Slope J₂(x₁)", CLOUD, "Quantiles of"},
               True)  # fmt: skip
    right(page, "Input x")
    wait_until(page, lambda: "f(x₂)" in said(page))
    assert page.get_by_role("slider", name="Angle θ").count() == 0


@pytest.mark.slow
def test_controls_of_the_covariance(watch_page):
    page = watch_page(f"{PAGE}?{QUICK}&view=covariance")
    finished(page)
    fits(page, 4)
    state = GPConvergenceState(
        depth=1, activation="erf", data="circle", width=32, view="covariance"
    )
    errors = study.errors_of(state.problem, run_plan(study.shown, state)[0])
    law = study.fit_slope(errors)
    at = {w: f"{100 * sorted(e)[7]:.0f}" for w, e in zip(WIDTHS, errors, strict=True)}
    words = said(page)
    pattern = r"off by ([\d.]+)\s%, at four times the width by ([\d.]+)\s%"
    off, wider = re.search(pattern, words).groups()
    # The median lies between the 8th and the 9th of 16.
    assert abs(float(off) - int(at[32])) <= 3
    assert abs(float(wider) - int(at[128])) <= 2
    assert f"width{law.slope:.2g}".replace("-", "−") in words
    assert f"{decimals(law.low)} to {decimals(law.high)}" in words

    everything = {MAP, LIMIT, DIFFERENCE, ERROR}
    changed_by(page, lambda: right(page, "Output scale κ"), {MAP, LIMIT, DIFFERENCE}, False)
    changed_by(page, lambda: right(page, "Width d"), {MAP, DIFFERENCE, ERROR}, True)
    finished(page)
    before = pictures(page)
    choose(page, "Covariance shown", "over all networks drawn")
    wait_until(page, lambda: "250 networks" in pictures(page))
    assert pictures(page)[LIMIT] == before[LIMIT]
    choose(page, "Covariance shown", "of one network")
    wait_until(page, lambda: pictures(page) == before)
    changed_by(page, lambda: choose(page, "Data set", "Iris"), everything, True)


@pytest.mark.slow
def test_a_link_opens_what_it_says_and_tabs_keep_apart(watch_page):
    page = watch_page(f"{PAGE}?{QUICK}&observed=45:1:v;200:0:s&angle=45")
    finished(page)
    assert "at 45° f = 1.00 ± 0.00" in said(page)
    press(page, "Densities")
    wait_until(page, lambda: "excess kurtosis" in said(page))
    finished(page)
    fits(page, 5)
    assert page.get_by_role("slider", name="Angle θ").count() == 0
    press(page, "Functions")
    wait_until(page, lambda: "at 45°" in said(page))
    fits(page, 3)
    page.wait_for_url("**view=functions**")


def test_a_phone_gets_one_column(watch_page):
    page = watch_page(f"{PAGE}?{QUICK}", viewport={"width": 390, "height": 800})
    finished(page)
    wait_until(page, lambda: len(places(page)) == 3)

    def inside(box):
        return box["x"] >= 0 and box["x"] + box["width"] <= 390 and box["height"] > 200

    wait_until(page, lambda: all(map(inside, places(page))), 10)  # it is laid out after it is said
    tops = [box["y"] for box in places(page)]
    assert tops == sorted(tops)
