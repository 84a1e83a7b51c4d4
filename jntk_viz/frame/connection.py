"""Notice that a page has lost its server, and the way back with the same settings."""

import param
from panel.custom import JSComponent

from jntk_viz.drawing.theme import ACCENT, FONT, INK, TINTS, css

LOST = (
    "The connection to the server is lost, so controls have no effect. This page tries again every "
    "few seconds and comes back with the same settings; your own table has to be chosen anew."
)
AGAIN_AND_AGAIN = (
    "The connection to the server is lost again and again. This page no longer tries by itself."
)
BACK = "Connected again, with the same settings. What was being computed has started anew."

_STYLE = css(f"""
  position: fixed; z-index: 2000; top: 56px; left: 50%; transform: translateX(-50%);
  box-sizing: border-box; width: max-content; max-width: min(640px, calc(100vw - 24px));
  display: flex; gap: 12px; align-items: center; padding: 10px 14px; border-radius: 6px;
  font: 400 15px/1.4 {FONT}; color: {INK}; box-shadow: 0 2px 10px #0006;
""")
_LOOKS = {
    name: css(_STYLE + f"background: {tint}; border: 2px solid {edge};")
    for name, tint, edge in (
        ("lost", TINTS["error"][0], TINTS["error-edge"][0]),
        ("back", TINTS["hover"][0], ACCENT),
    )
}
_BUTTON = css(f"""
  flex: none; padding: 6px 12px; border: 1px solid {INK}; border-radius: 4px; cursor: pointer;
  font: 500 15px {FONT}; color: {INK}; background: transparent;
""")

# The page is loaded anew instead of joining its old session: that one may have ended, a new server
# does not know it, and Bokeh would make another with the settings of the page's first address.
_WATCH = """
const KEY = "jntk_viz: times when the page was loaded anew"
const MOST = 3, WITHIN = 120_000  // reloads in so many ms; more are a loop that helps nobody
const ASLEEP = 60_000, ANSWER = 30_000  // ms

export function render({ model, view }) {
  const bokeh = [...document.scripts].find(script => /static\\/js\\/bokeh/.test(script.src))
  const bar = document.createElement("div"), words = document.createElement("span")
  const button = document.createElement("button")
  button.textContent = "Reload now"
  button.style.cssText = model.looks.button
  button.onclick = () => location.reload()

  const show = (look, role, text, ...others) => {
    bar.style.cssText = model.looks[look]
    bar.setAttribute("role", role)
    bar.replaceChildren(words, ...others)
    document.body.append(bar)
    words.textContent = text  // after the bar is there: screen readers announce changes
  }

  // A strict browser has no storage.
  const storage = use => { try { return use(sessionStorage) } catch { return null } }
  const reloads = () => {
    const times = JSON.parse(storage(s => s.getItem(KEY)) ?? "[]")
    return times.filter(time => Math.abs(Date.now() - time) < WITHIN)
  }
  const reload = () => {
    storage(s => s.setItem(KEY, JSON.stringify([...reloads(), Date.now()])))
    location.reload()
  }

  // A file, which costs the server nothing: the page itself would open a session.
  const reachable = async () => {
    try {
      const options = {method: "HEAD", cache: "no-store", signal: AbortSignal.timeout(5000)}
      return (await fetch(bokeh.src, options)).ok
    } catch {
      return false
    }
  }

  let lost = false
  const on_lost = async () => {
    if (lost) return
    lost = true
    if (reloads().length >= MOST) {
      show("lost", "alert", model.words.again, button)
      return
    }
    show("lost", "alert", model.words.lost, button)
    for (let pause = 1000; ; pause = Math.min(1.5 * pause, 8000)) {
      // At random, so that not all pages of a class come in the same moment.
      await new Promise(resolve => setTimeout(resolve, pause * (0.7 + 0.6 * Math.random())))
      if (await reachable()) {
        reload()
        return
      }
    }
  }
  view.model.document.on_event("connection_lost", on_lost)

  // A machine that has slept may hold a connection of which only the other side knows the end.
  let heard = 0, ticked = Date.now()
  model.on("answers", () => { heard = performance.now() })
  const ask = () => {
    if (lost) return
    const asked = performance.now()
    model.send_msg("Are you there?")
    setTimeout(() => { if (heard < asked) on_lost() }, ANSWER)
  }
  const tick = () => {
    if (Math.abs(Date.now() - ticked) > ASLEEP) ask()
    ticked = Date.now()
  }
  const clock = setInterval(tick, 5000)
  const shown = event => { if (event.persisted) location.reload() }  // by the Back button
  addEventListener("pageshow", shown)
  addEventListener("online", ask)
  model.on("remove", () => {
    clearInterval(clock)
    removeEventListener("pageshow", shown)
    removeEventListener("online", ask)
    bar.remove()
  })

  const [navigation] = performance.getEntriesByType("navigation")
  const last = Math.max(...reloads())
  if (navigation?.type == "reload" && last > performance.timeOrigin - 10_000) {
    show("back", "status", model.words.back)
    setTimeout(() => { if (!lost) bar.remove() }, 8000)
  }
  return document.createElement("span")
}
"""


class Connection(JSComponent):
    """The invisible piece of a page that notices when its server has gone. Put it into every page.

    It says so in a bar above the page and asks, in pauses that grow to some eight seconds, for a
    file of the server's; once that is answered it loads the page's address, which holds the
    settings, anew. After three times within two minutes it leaves that to the reader.
    """

    words = param.Dict({"lost": LOST, "again": AGAIN_AND_AGAIN, "back": BACK}, constant=True)
    looks = param.Dict({**_LOOKS, "button": _BUTTON}, constant=True)

    answers = param.Integer(0, doc="How often the server was asked whether it is there.")

    _esm = _WATCH

    def _handle_msg(self, _):
        self.answers += 1
