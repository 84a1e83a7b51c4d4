"""Speaker's notes of a presentation, in a window of their own: the key n opens it."""

import param
from panel.custom import JSComponent

from jntk_viz.drawing.theme import ACCENT, FONT, INK, LINE, escape

_LOOK = f"""
body {{ font: 400 20px/1.4 {FONT}; color: {INK}; margin: 24px; max-width: 40em; }}
h1 {{ font: 500 26px/1.25 {FONT}; margin: 0 0 8px; }} h2 {{ font: 500 16px/1.3 {FONT};
  color: {ACCENT}; margin: 18px 0 2px; }} p {{ margin: 4px 0; }}
header, footer {{ color: {ACCENT}; font-weight: 500; display: flex; gap: 2em; }}
footer {{ border-top: 1px solid {LINE}; margin-top: 22px; padding-top: 8px; }}
summary {{ display: none; }} details {{ margin-top: 6px; }}
"""


def notes(guide, said: str) -> str:
    """What a lecturer wants to know of the preset that is presented, as HTML.

    - `guide`: the page's `Guide`;  `said`: the page's headline with its small print, as HTML.

    Unlike the page it tells the answer of a prediction from the beginning.
    """
    preset, names = guide.current, [each.name for each in guide.presets]
    if preset is None:
        return f"<h1>No preset yet</h1><p>→ goes to the first of {len(names)}.</p>"
    place = names.index(preset.name)
    following = guide.presets[(place + 1) % len(names)]
    question = preset.predict
    labels = [guide.state.param[name].label for name in preset.controls]
    return "".join([
        f"<header>{place + 1} of {len(names)}</header><h1>{escape(preset.title)}</h1>",
        f"<p>{escape(preset.say)}</p>",
        _part("Move", escape(", ".join(labels))),
        _part("Ask", question and escape(question.question)),
        _part("Because", question and escape(question.explain)),
        _part("On screen", said.replace("<details", "<details open")),
        _part("Next", escape(following.title)),
    ])  # fmt: skip


def _part(heading, words):
    return f"<h2>{heading}</h2><p>{words}</p>" if words else ""


class Notes(JSComponent):
    """The invisible piece of a page that opens the window and keeps it at what is presented.

    Keys pressed in that window do what they do on the page; it tells the time since it was opened.
    """

    words = param.String("", doc="The notes as HTML, our own: what readers wrote is escaped.")
    presenting = param.Boolean(False, doc="Does the key open the window?")

    _esm = """
    export function render({ model }) {
      let notes = null, begun = 0, clock = null
      const write = () => {
        if (!notes || notes.closed) return
        notes.document.querySelector("main").innerHTML = model.words
      }
      const tick = () => {
        if (!notes || notes.closed) return clearInterval(clock)
        const seconds = Math.floor((Date.now() - begun) / 1000)
        const two = (n) => String(n).padStart(2, "0")
        notes.document.querySelector("footer").textContent =
          `${two(Math.floor(seconds / 60))}:${two(seconds % 60)}`
      }
      const open = () => {
        if (notes && !notes.closed) return notes.focus()
        notes = window.open("", "jntk_viz notes", "popup,width=720,height=620")
        if (!notes) return  // the browser has asked the reader whether it may
        notes.document.title = "Notes"
        notes.document.head.innerHTML = `<style>${LOOK}</style>`
        notes.document.body.innerHTML = "<main></main><footer role=timer></footer>"
        notes.addEventListener("keydown", ({key}) =>
          window.dispatchEvent(new KeyboardEvent("keydown", {key})))
        begun = Date.now()
        clock = setInterval(tick, 1000)
        write()
        tick()
      }
      const press = (event) => {
        if (!model.presenting || event.ctrlKey || event.altKey || event.metaKey) return
        if (event.key == "n" && !event.composedPath()[0].matches?.("input, textarea")) open()
      }
      window.addEventListener("keydown", press)
      model.on("words", write)
      model.on("presenting", () => { if (!model.presenting) notes?.close() })
      window.addEventListener("pagehide", () => notes?.close())
      model.on("remove", () => window.removeEventListener("keydown", press))
      return document.createElement("span")
    }
    """.replace("${LOOK}", _LOOK.replace("\n", " "))

    def __init__(self, guide, headline):
        super().__init__(width=0, height=0, margin=0, presenting=guide.present)

        def write(*_):
            self.presenting = guide.present
            if guide.present:
                self.words = notes(guide, headline.object)

        guide.param.watch(write, ["present", "preset"])
        headline.param.watch(write, "object")
        write()
