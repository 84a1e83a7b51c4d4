"""What a page shows in a real browser: words, pictures, and whether all of it is inside the window.

Words and pictures of a page lie in nested shadow roots, which the functions below walk through.
"""

import re

from on_page import headline, wait_until

_EACH = """
function* each(root) {
  for (const element of root.querySelectorAll("*")) {
    yield element
    if (element.shadowRoot) yield* each(element.shadowRoot)
  }
}
const own = e => [...e.childNodes].filter(n => n.nodeType == 3).map(n => n.data).join("").trim()
const seen = e => e.checkVisibility({visibilityProperty: true, opacityProperty: true})
const figures = [...Bokeh.documents[0].all_models].filter(m => m.type == "Figure")
const views = figures.map(m => Bokeh.index.find_one(m)).filter(v => v?.el.getClientRects().length)
"""

_OUTSIDE = """() => {
  EACH
  const found = [], name = e => own(e) || e.ariaLabel || e.localName
  const fold = [...each(document)].find(e => e.localName == "button" && own(e) == FOLD
    || e.localName == "button" && [...e.querySelectorAll("*")].some(c => own(c) == FOLD))
  const floor = fold?.getClientRects().length ? fold.getBoundingClientRect().top : innerHeight
  for (const e of each(document)) {
    const box = e.getBoundingClientRect()
    const holds = own(e) || ["button", "input", "select", "canvas"].includes(e.localName)
    if (!holds || ["script", "style", "title", "option", "noscript"].includes(e.localName)) continue
    if (!seen(e) || box.width < 2 || box.height < 2 || box.right < -1000) continue
    if (e.closest("svg, [role=tooltip]") || box.right < 1) continue
    if (box.left < -1 || box.right > innerWidth + 1)
      found.push(`${name(e)}: from ${Math.round(box.left)} to ${Math.round(box.right)}`)
  }
  for (const view of views) {
    const box = view.el.getBoundingClientRect()
    if (box.bottom > floor + 1)
      found.push(`${view.model.title.text}: bottom at ${Math.round(box.bottom)}`)
  }
  // A text that is higher than its place lies under what comes next, or is cut.
  for (const e of each(document)) {
    if (!e.matches(".bk-panel-models-markup-HTML") || !seen(e)) continue
    const words = e.shadowRoot.querySelector(".bk-clearfix")
    const low = words?.getBoundingClientRect().bottom - e.getBoundingClientRect().bottom
    if (low > 3 && getComputedStyle(e).overflowY == "visible")
      found.push(`${words.innerText.slice(0, 40)}: ${Math.round(low)} too high`)
  }
  return found
}"""

_EMPTY = """() => {
  EACH
  const rows = renderer => {
    const data = renderer.data_source?.data
    const columns = data instanceof Map ? [...data.values()] : Object.values(data ?? {})
    return Math.max(0, ...columns.map(column => [...column].filter(
      v => typeof v == "string" || Number.isFinite(v) || v?.length).length))
  }
  // One or two rows are the marks of where the reader stands.
  const drawn = r => r.visible && (rows(r) > 2 || r.glyph?.type.includes("Image"))
  return views.map(v => v.model).filter(m => !m.renderers.some(drawn)).map(m => m.title.text)
}"""

_CUT = """() => {
  EACH
  const pen = document.createElement("canvas").getContext("2d")
  const cut = ({model: {title}, el, frame}) => {
    pen.font = `${title.text_font_style} ${title.text_font_size} ${title.text_font}`
    const widest = Math.max(...title.text.split("\\n").map(line => pen.measureText(line).width))
    return frame.bbox.left + widest > el.clientWidth + 1
  }
  return views.filter(cut).map(v => v.model.title.text)
}"""

_WORDS = """(inWindow) => {
  EACH
  const words = []
  const left = box => inWindow && (box.bottom <= 0 || box.top >= innerHeight
    || box.right <= 0 || box.left >= innerWidth || box.width < 2 || box.height < 2)
  for (const e of each(document)) {
    if (e.closest("header, nav, [role=tooltip]") || !seen(e)) continue
    if (left(e.getBoundingClientRect())) continue
    if (["script", "style", "title"].includes(e.localName)) continue
    if (e.localName == "option" && !e.selected) continue
    if (e.localName == "details" && !e.open) continue  // its own words are behind *More*
    if (own(e)) words.push(own(e))
  }
  for (const {model, el} of views) {
    if (left(el.getBoundingClientRect())) continue
    words.push(model.title.text)
    for (const axis of [...model.below, ...model.left]) words.push(axis.axis_label ?? "")
  }
  return words
}"""
FOLD = "Formulas and symbols"  # the bar below the pictures


def _script(text):
    values = {"EACH": _EACH, "FOLD": f'"{FOLD}"'}
    for name, value in values.items():
        text = re.sub(rf"\b{name}\b", lambda _, value=value: value, text)
    return text


def outside(page):
    """What is not wholly inside the window, or lies under the bar below the pictures."""
    return page.evaluate(_script(_OUTSIDE))


def empty_axes(page):
    """Titles of the visible pictures in which nothing is drawn."""
    return page.evaluate(_script(_EMPTY))


def cut_titles(page):
    """Titles of the visible pictures that are wider than their picture, which cuts them off."""
    return page.evaluate(_script(_CUT))


def words_on_screen(page):
    """All texts that are visible, those of pictures too, but not the navigation."""
    return page.evaluate(_script(_WORDS), False)


def words_in_the_window(page):
    """Those of them that a reader sees without scrolling."""
    return page.evaluate(_script(_WORDS), True)


def settled(page, seconds=240):
    """Wait until the page says what it shows, and has drawn all pictures or computes no more."""
    unfinished = re.compile("[Cc]omputing …|Measuring …|drawing random|Preparing")

    def done():
        if unfinished.search(headline(page)):
            return False
        return page.get_by_role("button", name="Cancel").count() == 0 or not empty_axes(page)

    wait_until(page, done, seconds, "not settled")
