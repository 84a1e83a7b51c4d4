"""The page on depth in a real browser: a click in the diagram, sliders, both views."""

import re

import pytest
from on_page import press, wait_for, wait_until

from jntk_viz.pages.depth import phases
from jntk_viz.pages.depth.state import BIAS_STDS, WEIGHT_STDS

pytestmark = pytest.mark.slow
# Where a place of the diagram lies in the window.
PLACE = """([x, y]) => {
  const figure = [...Bokeh.documents[0].all_models]
    .find(m => m.type == "Figure" && m.title.text.startsWith("Depth scale"))
  const view = Bokeh.index.find_one_by_id(figure.id)
  const box = view.el.getBoundingClientRect()
  return [box.x + view.frame.bbox.left + view.frame.x_scale.compute(x) - view.frame.bbox.left,
          box.y + view.frame.y_scale.compute(y)]
}"""


# From the end of the headline, which may get another line, to the pictures.
DISTANCE = """() => {
  const grid = Bokeh.index.find_one_by_id(
    [...Bokeh.documents[0].all_models].find(m => m.type == "Figure").id).el
  const each = function*(root) {
    for (const e of root.querySelectorAll("*")) {
      yield e
      if (e.shadowRoot) yield* each(e.shadowRoot)
    }
  }
  const line = [...each(document)].find(e => e.ariaLive == "polite" && e.getClientRects().length)
  return grid.getBoundingClientRect().top - line.getBoundingClientRect().bottom
}"""


def test_pictures_stay_where_they_are_while_progress_comes_and_goes(watch_page):
    page = watch_page("depth?width=32&activation=tanh&weight_std=1.93")
    cancel = page.get_by_role("button", name="Cancel")
    cancel.wait_for()
    while_computing = page.evaluate(DISTANCE)
    cancel.wait_for(state="hidden", timeout=180_000)
    wait_until(page, lambda: abs(page.evaluate(DISTANCE) - while_computing) < 1, 20)


def test_a_click_in_the_diagram_moves_there_and_the_address_follows(watch_page):
    page = watch_page("depth?width=32")
    wait_for(page, "chaos, inputs become strangers")
    page.get_by_role("button", name="Cancel").wait_for(state="hidden", timeout=180_000)
    last = []

    def at_rest():  # a headline that takes another line moves the pictures
        last.append(page.evaluate(PLACE, [0.5, 0.7]))
        return last[-2:-1] == last[-1:]

    wait_until(page, at_rest, 20)
    page.mouse.click(*last[-1])
    said = wait_for(page, "order, inputs become one")
    weight, bias = map(float, re.search(r"σ_w = ([\d.]+), σ_b = ([\d.]+)", said).groups())
    assert weight == pytest.approx(0.5, abs=0.02 * (WEIGHT_STDS[1] - WEIGHT_STDS[0]))
    assert bias == pytest.approx(0.7, abs=0.02 * (BIAS_STDS[1] - BIAS_STDS[0]))
    assert f"χ₁ = {phases.here('erf', weight, bias).chi:.3g}" in said
    page.wait_for_url(re.compile(f"weight_std={weight:g}"))


def test_sliders_and_views(watch_page):
    page = watch_page("depth?width=32&theta=90")
    wait_for(page, "chaos")
    page.get_by_role("slider", name="Skips").first.press("ArrowRight")
    wait_for(page, r"skips α = 0\.1: correlation 0\.00 →")
    page.get_by_role("button", name="Jacobian NTK").click()
    wait_for(page, r"condition is .*, with skips α = 0\.1", seconds=120)
    assert page.get_by_role("slider", name="Width d").first.is_hidden()
    page.get_by_role("button", name="Training").click()
    wait_for(page, r"steps?; with skips α = 0\.1 \d+ % after .*ε = 0\.3 ", seconds=180)
    press(page, "Perturbation", "ArrowRight")
    wait_for(page, r"steps?; with skips α = 0\.1 \d+ % after .*ε = 0\.31 ", seconds=180)
    assert page.get_by_role("slider", name="Angle").first.is_hidden()
