"""The playground in a real browser: a point is added, dragged and deleted in the pictures."""

import pytest
from on_page import headline, wait_until

MODELS = "[...Bokeh.documents[0].all_models]"
POINTS = f"""() => {{
  const source = {MODELS}.find(m => m.type == "ColumnDataSource" && m.columns().includes("class"))
  return ["x", "y", "class"].map(name => Array.from(source.get_column(name)))
}}"""
# Where places of the plane are in the window, for the picture `number`.
PLACE = f"""([number, x, y]) => {{
  const figure = {MODELS}.filter(m => m.type == "Figure")[number]
  const view = Bokeh.index.find_one(figure)
  const {{left, top}} = view.el.getBoundingClientRect()
  return [left + view.frame.x_scale.compute(x), top + view.frame.y_scale.compute(y)]
}}"""
# A drag within one call: on a busy machine the pauses between several would make it a long press.
DRAG = """([from, steps]) => {
  let target = document.elementFromPoint(...from)
  while (target.shadowRoot) {
    const inner = target.shadowRoot.elementFromPoint(...from)
    if (!inner || inner == target) break
    target = inner
  }
  const fire = (type, k, buttons) => target.dispatchEvent(new PointerEvent(type, {
    pointerId: 1, isPrimary: true, pointerType: "mouse", buttons, bubbles: true, composed: true,
    cancelable: true, clientX: from[0] + 8 * k, clientY: from[1] + 4 * k,
  }))
  fire("pointerdown", 0, 1)
  for (let k = 1; k <= steps; k++) fire("pointermove", k, 1)
  window.release = () => fire("pointerup", steps, 0)
}"""


def settled(page, n):
    """Until the sentence is about `n` points."""
    wait_until(page, lambda: f"of {n} points" in headline(page))
    page.get_by_role("button", name="Cancel").wait_for(state="hidden")
    page.locator("#loader").wait_for(state="hidden")


def test_points_are_added_dragged_and_deleted_in_the_pictures(watch_page):
    page = watch_page("playground?example=caps&depth=1")
    settled(page, 24)
    page.mouse.click(*page.evaluate(PLACE, [0, -1.0, 0.05]))
    settled(page, 25)
    x, y, classes = page.evaluate(POINTS)
    assert classes[-1] == "+1"
    assert [x[-1], y[-1]] == pytest.approx([-1.0, 0.05], abs=0.02)
    wait_until(page, lambda: "points=" in page.url and not page.url.endswith("points="))
    before = page.url
    # The server hears of a drag before it ends, and in the other picture the point moves along.
    place = page.evaluate(PLACE, [1, x[-1], y[-1]])
    page.mouse.move(*place)
    page.evaluate(DRAG, [place, 6])
    wait_until(page, lambda: page.url != before)
    page.evaluate("release()")
    moved = page.evaluate(POINTS)
    assert moved[0][-1] > x[-1] + 0.1
    assert moved[1][-1] < y[-1] - 0.05
    settled(page, 25)
    page.mouse.click(*page.evaluate(PLACE, [0, moved[0][-1], moved[1][-1]]))
    page.keyboard.press("Backspace")
    settled(page, 24)


def test_a_click_outside_the_globe_adds_nothing_and_the_page_says_so(watch_page):
    page = watch_page("playground?example=caps&depth=1")
    settled(page, 24)
    page.mouse.click(*page.evaluate(PLACE, [0, 0.0, -0.95]))
    page.get_by_text("outside the globe").wait_for()
    assert len(page.evaluate(POINTS)[0]) == 24


def test_play_moves_the_time_and_stops(watch_page):
    page = watch_page("playground?example=twins&depth=1&t=0")
    page.locator("#loader").wait_for(state="hidden")
    wait_until(page, lambda: "Press Play" in headline(page))
    page.get_by_role("button", name="▶ Play").click()
    wait_until(page, lambda: "At t =" in headline(page))
    page.get_by_role("button", name="■ Stop").click()
    page.get_by_role("button", name="▶ Play").wait_for()


def test_a_finite_network_trains_in_sight_and_draw_again_draws_another(watch_page):
    page = watch_page("playground?example=caps&depth=1&width=16&t=4&start=draw")
    wait_until(page, lambda: "(RMS) from its limit; attacks" in headline(page))
    assert "At t = 4 width 16" in headline(page)
    said, places = headline(page), page.evaluate(POINTS)
    page.get_by_role("button", name="Draw again").click()
    wait_until(page, lambda: "draw=" in page.url and "draw=0" not in page.url)
    wait_until(page, lambda: "attacks" in headline(page) and headline(page) != said)
    assert page.evaluate(POINTS) == places
    page.get_by_role("slider", name="Training time t").focus()
    page.keyboard.press("Home")
    wait_until(page, lambda: "a random network of width 16" in headline(page))
    page.get_by_text("arrows point uphill").wait_for()


def test_points_are_added_moved_and_deleted_by_keyboard(watch_page):
    page = watch_page("playground?example=caps&depth=1")
    settled(page, 24)
    for button, n in (("Add", 25), ("Move the point: up", 25), ("Delete", 24)):
        before = page.url
        page.get_by_role("button", name=button, exact=True).focus()
        page.keyboard.press("Enter")
        wait_until(page, lambda before=before: page.url != before)
        settled(page, n)


def test_on_a_phone_a_tap_adds_a_point_and_nothing_is_cut_off(watch_page):
    page = watch_page(
        "playground?example=caps&depth=1", viewport={"width": 360, "height": 740}, has_touch=True
    )
    settled(page, 24)
    page.touchscreen.tap(*page.evaluate(PLACE, [0, -1.0, 0.05]))
    settled(page, 25)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
