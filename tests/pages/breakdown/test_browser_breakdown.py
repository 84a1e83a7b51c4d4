"""The breakdown page in a real browser: its cases, knobs and cure, and the numbers it says."""

import re

import on_page
import pytest
from on_page import headline, wait_until
from programs import run_program

from jntk_viz.frame.numbers import number
from jntk_viz.pages.breakdown.script import script
from jntk_viz.pages.breakdown.state import KNOBS, BreakdownState
from jntk_viz.pages.breakdown.study import CASES
from jntk_viz.pages.breakdown.words import CARDS

pytestmark = pytest.mark.slow
PAGE = "breakdown"
# Of every figure: title, axis labels, type of scale, and a sum that changes with any number drawn.
PICTURES = """() => [...Bokeh.documents[0].all_models].filter(m => m.type == "Figure").map(f => {
    const columns = f.renderers.map(r => {
      const data = r.data_source.data
      const arrays = data instanceof Map ? [...data.values()] : Object.values(data)
      return arrays.flatMap(c => [...c]).filter(Number.isFinite)
                   .reduce((sum, v, i) => sum + Math.log(Math.abs(v) + 1e-30) * (1 + i % 7), 0)
    })
    return {title: f.title.text, columns, scales: [f.x_scale.type, f.y_scale.type],
            limits: [f.x_range.start, f.x_range.end, f.y_range.start, f.y_range.end]}
  })"""


def finished(page, words):
    """The pictures once the headline matches and nothing runs any more."""
    wait_until(page, lambda: re.search(words, headline(page)))
    page.get_by_role("button", name="Cancel").wait_for(state="hidden")
    page.wait_for_timeout(300)
    return page.evaluate(PICTURES)


def choose(page, name):
    on_page.choose(page, "What broke?", name)


SPOKEN = {
    "deep": ("variance_at_layer_30", "expected_variance_at_layer_30"),
    "sphere": ("error_at_width_4096", "bias_that_remains"),
    "rate": ("growth_factor", "expected_growth_factor", "limit_2N_over_e_max"),
}


def test_numbers_on_the_page_are_those_of_the_program(watch_page):
    page = watch_page(f"{PAGE}?case=deep")
    for case, names in SPOKEN.items():
        values = run_program(script(BreakdownState(case=case)))
        choose(page, KNOBS[case].title)
        finished(page, {"deep": "layer 30", "sphere": "for ever", "rate": "multiplied"}[case])
        for name in names:
            assert number(float(values[name]), 3) in headline(page), (name, headline(page))


def test_every_case_has_its_knob_its_axes_and_its_card(watch_page):
    page = watch_page(f"{PAGE}?case=deep")
    finished(page, "layer 30")
    labels = {name: BreakdownState.param[knob.name].label for name, knob in KNOBS.items()}
    for name in ("sphere", "rate", "float32"):
        choose(page, KNOBS[name].title)
        page.wait_for_function(f"() => location.search.includes('case={name}')")
        page.get_by_text(CARDS[name][0][:40]).wait_for()
        for other, label in labels.items():
            slider = page.get_by_role("slider", name=label)
            assert slider.first.is_visible() if other == name else slider.count() == 0
        drawn = page.evaluate(PICTURES)
        for picture, chart in zip(drawn, CASES[name].charts, strict=True):
            assert picture["title"] == chart.title
            scales = ["LogScale" if axis.log else "LinearScale" for axis in (chart.x, chart.y)]
            assert picture["scales"] == scales
            assert picture["limits"] == pytest.approx([*chart.x.limits, *chart.y.limits])


def test_knob_cure_and_seed_change_what_they_should_and_nothing_else(watch_page):
    page = watch_page(f"{PAGE}?case=sphere")
    before = finished(page, "norm 2:.*On the sphere")
    healthy, ill, cured = range(3)  # the first lines, bands, … of each figure

    def series(pictures, role):
        """Everything drawn of one role: band, line, bars, markers, theory."""
        return [[p["columns"][i] for i in (role, 5 + role, 8 + role, 11 + role)] for p in pictures]

    page.get_by_role("checkbox", name="Cure").or_(
        page.get_by_role("switch", name="Cure")
    ).first.click()
    after = finished(page, "Normalised:")
    assert series(after, healthy) == series(before, healthy)
    assert series(after, ill) == series(before, ill)
    assert series(after, cured) != series(before, cured)
    assert "cured" in headline(page)

    slider = page.get_by_role("slider", name=BreakdownState.param.radius.label).first
    slider.press("ArrowRight")
    moved = finished(page, "norm 3:")
    assert series(moved, healthy) == series(after, healthy)
    assert series(moved, ill)[0] != series(after, ill)[0]
    assert [p["limits"] for p in moved] == [p["limits"] for p in before]  # axes do not jump
    assert "radius=3" in page.url

    page.get_by_role("slider", name="Networks").first.press("ArrowRight")
    more = finished(page, "5 networks")
    assert series(more, healthy) != series(moved, healthy)
    moved = more
    page.get_by_role("button", name="Draw again").click()
    wait_until(page, lambda: series(page.evaluate(PICTURES), healthy) != series(moved, healthy))
    finished(page, "norm 3:")


def test_everything_fits_a_projector(watch_page):
    page = watch_page(f"{PAGE}?case=kink&present=true")
    page.get_by_role("button", name="End presentation").wait_for()
    page.get_by_text(CARDS["kink"][2][:20]).wait_for(state="hidden")  # one picture, few words
    for part in (*page.get_by_role("slider").all(), page.get_by_role("combobox").first):
        box = part.bounding_box()
        assert box is None or box["y"] + box["height"] <= 720
    page = watch_page(f"{PAGE}?case=plateau")
    finished(page, "slowest direction")
    bottom = page.evaluate(
        """() => Math.max(...[...Bokeh.documents[0].all_models].filter(m => m.type == "Figure")
          .map(m => Bokeh.index.find_one_by_id(m.id).el.getBoundingClientRect().bottom))"""
    )
    assert bottom <= 560  # the words are below
    page.get_by_text("Why", exact=True).click()
    card = page.get_by_text(CARDS["plateau"][1][:40]).bounding_box()
    assert card["y"] + card["height"] <= 690
