// The sentence of a marked word or symbol, shown while it is pointed at, has the focus or is
// tapped. One box for the whole page: words stand in shadow roots, which would cut boxes of theirs.
function showTips() {
  if (document.getElementById("jntk-tip")) return
  const tip = document.createElement("div")
  tip.id = "jntk-tip"
  tip.setAttribute("role", "tooltip")
  tip.style.cssText = `display: none; position: fixed; z-index: 3000; padding: 6px 10px; border-radius: 4px;
    box-sizing: border-box; width: max-content; max-width: min(360px, calc(100vw - 24px));
    background: var(--ink, #1b1b1b); color: var(--paper, #ffffff); pointer-events: none;
    font: 400 15px/1.35 Roboto, Helvetica, Arial, sans-serif;`
  document.body.append(tip)

  const hide = () => { tip.style.display = "none" }
  const show = mark => {
    if (mark.title) {  // the browser's own box would come as well
      mark.setAttribute("aria-description", mark.title)
      mark.removeAttribute("title")
    }
    tip.textContent = mark.getAttribute("aria-description") ?? mark.getAttribute("aria-label")
    tip.style.display = "block"
    const box = mark.getBoundingClientRect()
    const room = document.documentElement.clientWidth - tip.offsetWidth - 12
    const above = box.y - tip.offsetHeight - 8
    tip.style.left = `${Math.max(12, Math.min(box.x + (box.width - tip.offsetWidth) / 2, room))}px`
    tip.style.top = `${above > 60 ? above : box.bottom + 8}px`  // not over the title bar
  }
  const follow = path => {
    const mark = path.find(e => e?.matches?.("abbr[tabindex], .jntk-sym[tabindex]"))
    mark ? show(mark) : hide()
  }
  const focused = () => {
    let element = document.activeElement
    while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement
    return element
  }
  // Events of leaving one element for another end at the shadow root that holds both; these do not.
  document.addEventListener("pointermove", event => {
    if (event.pointerType != "touch") follow(event.composedPath())
  }, true)
  for (const name of ["focusin", "click"])
    document.addEventListener(name, event => follow(event.composedPath()), true)
  document.addEventListener("keyup", event => { if (event.key == "Tab") follow([focused()]) }, true)
  document.addEventListener("keydown", event => { if (event.key == "Escape") hide() }, true)
  document.addEventListener("scroll", hide, true)
}
