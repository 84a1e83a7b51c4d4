"""The page is laid out once for all that ask at a time, and painted without asking style sheets."""

# Asks twenty times, and counts the layouts within two frames and the time of a hidden page.
COUNT = """
async () => {
  const page = Object.values(Bokeh.index.roots ?? Bokeh.index)[0].root
  const {_update_layout, measure_layout} = page
  let styles = 0, layouts = 0
  page._update_layout = function () { styles += 1; return _update_layout.call(this) }
  page.measure_layout = function () { layouts += 1; return measure_layout.call(this) }
  const parts = page.child_views.slice(0, 5)
  for (let i = 0; i < 4; i += 1) for (const part of parts) part.invalidate_layout()
  const asked = styles + layouts
  await new Promise(done => setTimeout(done, 600))
  Object.assign(page, {_update_layout, measure_layout})
  return {asked, styles, layouts, parts: parts.length}
}
"""


def test_one_layout_for_many_requests(watch_page):
    page = watch_page("full_rank")
    page.wait_for_function("() => Bokeh.documents[0]?.is_idle")
    counted = page.evaluate(COUNT)
    assert counted["parts"] == 5
    assert counted["asked"] == 0
    # What a layout changes may ask for another.
    assert 1 <= counted["styles"] <= 3
    assert 1 <= counted["layouts"] <= 5


# Paints every picture again; counts frames, and what is asked of style sheets meanwhile.
ASKED = """
async () => {
  const plots = []
  const collect = view => {
    if (view.model.type == "Figure") plots.push(view)
    for (const child of view.child_views ?? []) collect(child)
  }
  for (const root of Bokeh.index.roots) collect(root)
  const {getPropertyValue} = CSSStyleDeclaration.prototype, asked = []
  CSSStyleDeclaration.prototype.getPropertyValue = function (name) {
    if (name.startsWith("--bk-")) asked.push(name)
    return getPropertyValue.call(this, name)
  }
  const painted = plots.map(plot => new Promise(done => {
    const {_paint_primary} = plot
    plot._paint_primary = function (...which) { _paint_primary.apply(this, which); done() }
    plot.request_repaint()
  }))
  await Promise.all(painted)
  CSSStyleDeclaration.prototype.getPropertyValue = getPropertyValue
  return [painted.length, asked]
}
"""


def test_painting_asks_nothing_of_style_sheets(watch_page):
    page = watch_page("full_rank")
    painted, asked = page.evaluate(ASKED)
    assert painted >= 2
    assert asked == []
