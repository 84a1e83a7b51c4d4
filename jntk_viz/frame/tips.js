// The sentence of a marked word or symbol, shown while it is pointed at, has the focus or is
// tapped. One box for the whole page: words stand in shadow roots, which would cut boxes of theirs.
function showTips() {
  if (document.getElementById("jntk-tip")) return
  const tip = document.createElement("div")
  tip.id = "jntk-tip"
  tip.setAttribute("role", "tooltip")
  tip.hidden = true
  tip.style.cssText = `position: fixed; z-index: 3000; padding: 6px 10px; border-radius: 4px;
    box-sizing: border-box; width: max-content; max-width: min(360px, calc(100vw - 24px));
    background: var(--ink, #1b1b1b); color: var(--paper, #ffffff); pointer-events: none;
    font: 400 15px/1.35 Roboto, Helvetica, Arial, sans-serif;`
  document.body.append(tip)

  const hide = () => { tip.hidden = true }
  const show = mark => {
    if (mark.title) {  // the browser's own box would come as well
      mark.setAttribute("aria-description", mark.title)
      mark.removeAttribute("title")
    }
    tip.textContent = mark.getAttribute("aria-description") ?? mark.getAttribute("aria-label")
    tip.hidden = false
    const box = mark.getBoundingClientRect()
    const room = document.documentElement.clientWidth - tip.offsetWidth - 12
    const above = box.y - tip.offsetHeight - 8
    tip.style.left = `${Math.max(12, Math.min(box.x + (box.width - tip.offsetWidth) / 2, room))}px`
    tip.style.top = `${above > 60 ? above : box.bottom + 8}px`  // not over the title bar
  }
  const mark = event => event.composedPath().find(
    e => e.matches?.("abbr[tabindex], .jntk-sym[tabindex]"))
  const follow = event => { mark(event) ? show(mark(event)) : hide() }
  // Not "pointerout": words that are replaced while they are pointed at send none.
  document.addEventListener("pointerover", event => {
    if (event.pointerType != "touch") follow(event)
  })
  for (const name of ["focusin", "click"]) document.addEventListener(name, follow)
  document.addEventListener("focusout", hide)
  document.addEventListener("keydown", event => { if (event.key == "Escape") hide() })
  document.addEventListener("scroll", hide, true)
}
