"""The two bars of buttons of a page: what can be done with it, such as Undo, and its presets."""

import math
import random
import time
from collections import deque
from functools import partial

import param
from panel.custom import JSComponent

from jntk_viz.drawing.theme import (
    ACCENT,
    FONT,
    INK,
    LINE,
    MUTED,
    PAPER,
    TINTS,
    css,
    in_notebook,
)
from jntk_viz.frame.presets import setting_names

_FULL = ("full", "Full screen")
_ONE_CHANGE = 0.6  # seconds: a drag of a slider is one change
# Strokes on a 24 × 24 grid.
_ICONS = {
    "undo": "M9 14 4 9l5-5 M4 9h10a6 6 0 0 1 0 12h-3",
    "reset": "M4 4v6h6 M4.5 10A8 8 0 1 1 4 14",
    "draw": "M4 4h16v16H4z M8 8h.01 M16 8h.01 M12 12h.01 M8 16h.01 M16 16h.01",
    "link": "M10 14a5 5 0 0 0 7 0l3-3a5 5 0 0 0-7-7l-1 1 "
    "M14 10a5 5 0 0 0-7 0l-3 3a5 5 0 0 0 7 7l1-1",
    "export": "M12 3v12 M7 10l5 5 5-5 M4 20h16",
    "data": "M12 21V9 M7 14l5-5 5 5 M4 4h16",
    "dark": "M20 14.5A8 8 0 1 1 9.5 4 6.5 6.5 0 0 0 20 14.5z",
    "present": "M3 5h18v11H3z M12 16v4 M8 20h8",
    "notes": "M5 4h14v16H5z M8 9h8 M8 13h8 M8 17h4",
    "full": "M4 9V4h5 M20 9V4h-5 M4 15v5h5 M20 15v5h-5",
    "previous": "M15 5l-7 7 7 7",
    "next": "M9 5l7 7-7 7",
    "play": "M8 5l11 7-11 7z",
    "pause": "M8 5v14 M16 5v14",
    "close": "M6 6l12 12 M18 6 6 18",
}
_CSS = css(f"""
:host {{ flex: none !important; }}
.bar {{ display: flex; align-items: center; gap: 2px; font: 400 15px {FONT};
  color: {INK}; }}
.bar.large {{ font-size: 18px; }}
.bar.large select {{ max-width: 270px; }}
button {{ width: 34px; height: 32px; padding: 0; border: 0; border-radius: 4px; cursor: pointer;
  background: none; color: inherit; display: grid; place-items: center; }}
button.words {{ width: auto; flex: none; white-space: nowrap; padding: 0 10px;
  border: 1px solid {LINE}; font: inherit; }}
button:hover:enabled {{ background: {TINTS["hover"][0]}; }}
button:focus-visible, select:focus-visible {{ outline: 2px solid {ACCENT}; }}
button:disabled {{ opacity: 0.45; cursor: default; }}
button[aria-pressed=true] {{ background: {ACCENT}; color: {PAPER}; }}
select {{ font: inherit; height: 32px; min-width: 0; max-width: min(330px, 55vw); color: inherit;
  padding: 0 6px; background: {PAPER}; border: 1px solid {MUTED}; border-radius: 4px; }}
svg {{ width: 20px; height: 20px; fill: none; stroke: currentColor; stroke-width: 2;
  stroke-linecap: round; stroke-linejoin: round; }}
.bar {{ position: relative; }}
.said {{ position: absolute; top: 34px; right: 0; z-index: 10; padding: 3px 10px;
  border-radius: 4px; white-space: nowrap; background: {INK}; color: {PAPER}; }}
.said:empty {{ display: none; }}
""")
# A button tells the server its key; what only a browser can do, it does by itself.
_BUTTON = """
const button = (model, icons, key, label, onclick) => {
  const element = document.createElement("button")
  element.type = "button"
  element.title = label
  element.setAttribute("aria-label", label)
  element.innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${icons[key]}"/></svg>`
  element.onclick = onclick ?? (() => model.send_msg(key))
  return element
}
"""


class _Bar(JSComponent):
    icons = param.Dict(_ICONS, constant=True)
    large = param.Boolean(False, doc="Large enough for the last row?")

    _stylesheets = (_CSS,)
    __abstract = True

    def __init__(self, handlers, **params):
        super().__init__(**params)
        self._handlers = handlers

    def _handle_msg(self, key):
        self._handlers[key]()


class Toolbar(_Bar):
    """Icon buttons for what can be done with the page as a whole.

    `handlers`: key -> function called on a click; `actions`: (key, label) pairs in order. "link"
    copies the page's address, "full" fills the screen, "notes" is the key n; they need no handler.
    """

    actions = param.List(doc="Pairs of key and label.")
    disabled_actions = param.List(doc="Keys of buttons that cannot be used now.")
    pressed = param.List(doc="Keys of switches that are on.")

    _esm = (
        _BUTTON
        + """
    export function render({ model }) {
      const bar = document.createElement("div"), said = document.createElement("span")
      bar.setAttribute("role", "toolbar")
      bar.setAttribute("aria-label", "Page")
      said.setAttribute("role", "status")
      said.className = "said"
      const full = () => document.fullscreenElement
        ? document.exitFullscreen() : document.documentElement.requestFullscreen()
      const link = async () => {
        const address = window.location.href
        // The clipboard API exists only on https and localhost; a classroom may use plain http.
        if (navigator.clipboard) { await navigator.clipboard.writeText(address) } else {
          const area = document.createElement("textarea")
          area.value = address
          document.body.append(area)
          area.select()
          document.execCommand("copy")
          area.remove()
        }
        said.textContent = "Link copied"
        const copied = buttons.link
        copied.title = "Link copied"
        setTimeout(() => { copied.title = "Copy link"; said.textContent = "" }, 2500)
      }
      const notes = () => window.dispatchEvent(new KeyboardEvent("keydown", {key: "n"}))
      const own = {link, full, notes}, buttons = {}
      const draw = () => {
        bar.className = model.large ? "bar large" : "bar"
        const shown = model.actions.map(([key, label]) => {
          buttons[key] ??= button(model, model.icons, key, label, own[key])
          if (key != "link") buttons[key].title = buttons[key].ariaLabel = label
          return buttons[key]
        })
        if (shown.some((each, i) => bar.children[i] !== each) ||
            bar.childElementCount != shown.length + 1) bar.replaceChildren(...shown, said)
        for (const [key] of model.actions) {
          buttons[key].disabled = model.disabled_actions.includes(key)
          if (model.pressed.includes(key)) buttons[key].setAttribute("aria-pressed", "true")
          else buttons[key].removeAttribute("aria-pressed")
        }
      }
      for (const name of ["actions", "disabled_actions", "pressed", "large"]) model.on(name, draw)
      draw()
      return bar
    }
    """
    )


class PresetBar(_Bar):
    """A menu of presets, buttons to step through them and to let them play, and Predict.

    `handlers`: for "previous", "next", "play" and "predict".
    """

    options = param.List(doc="Pairs of name and title.")
    value = param.String("", doc="Name of the preset in use; empty for none.")
    playing = param.Boolean(False, doc="Do the presets follow one another by themselves?")
    question = param.Boolean(False, doc="Has this preset something to predict?")
    predicting = param.Boolean(False, doc="Is the reader asked to predict?")

    _esm = (
        _BUTTON
        + """
    export function render({ model }) {
      const bar = document.createElement("div"), menu = document.createElement("select")
      bar.setAttribute("role", "group")
      bar.setAttribute("aria-label", "Presets")
      menu.setAttribute("aria-label", "Preset")
      menu.onchange = () => { model.value = menu.value }
      const previous = button(model, model.icons, "previous", "Previous preset")
      const next = button(model, model.icons, "next", "Next preset")
      const play = button(model, model.icons, "play", "Play the presets")
      const predict = button(model, model.icons, "play", "Predict first")
      predict.className = "words"
      predict.textContent = "Predict first"
      predict.onclick = () => model.send_msg("predict")
      play.onclick = () => model.send_msg("play")
      const draw = () => {
        bar.className = model.large ? "bar large" : "bar"
        const entries = [["", "Presets …"], ...model.options]
        menu.replaceChildren(...entries.map(([value, label]) => new Option(label, value)))
        menu.value = model.value
        const icon = model.playing ? "pause" : "play"
        play.querySelector("path").setAttribute("d", model.icons[icon])
        play.title = model.playing ? "Stop playing" : "Play the presets"
        play.setAttribute("aria-label", play.title)
        predict.style.display = model.question ? "" : "none"
        predict.setAttribute("aria-pressed", String(model.predicting))
      }
      const watched = ["options", "value", "playing", "question", "predicting", "large"]
      for (const name of watched) model.on(name, draw)
      draw()
      bar.append(previous, menu, next, play, predict)
      return bar
    }
    """
    )


class History(param.Parameterized):
    """The values that settings had before their last changes, at most `most` of them.

    - `names`: Parameterized -> names of the parameters that are followed.
    """

    depth = param.Integer(0, doc="How many changes can be undone.")

    def __init__(self, names, most=100):
        super().__init__()
        self._names, self._past = names, deque(maxlen=most)
        self._now, self._undoing = self._values(), False
        self._last: tuple[set, float] = set(), -math.inf  # what was changed last, and when
        for owner, watched in names.items():
            owner.param.watch(self._changed, watched)

    def _values(self):
        return {
            (o, name): getattr(o, name) for o, watched in self._names.items() for name in watched
        }

    def _changed(self, *_):
        before, self._now = self._now, self._values()
        changed = {key for key, value in self._now.items() if value != before[key]}
        if self._undoing or not changed:
            return
        (last, then), now = self._last, time.monotonic()
        self._last = changed, now
        # A drag moves one setting; what moves several at once, such as a preset, is pressed.
        if len(changed) == 1 and changed == last and now - then < _ONE_CHANGE:
            return
        self._past.append(before)
        self.depth = len(self._past)

    def undo(self):
        """Bring back the settings before the last change; nothing where there is none."""
        if not self._past:
            return
        self._undoing = True
        try:
            values = self._past.pop()
            for owner, watched in self._names.items():
                owner.param.update(**{name: values[owner, name] for name in watched})
        finally:
            self._undoing, self._last = False, (set(), -math.inf)
            self.depth = len(self._past)


def page_toolbar(state, guide, notice, dialogs, scheme):
    """Undo, Reset, Draw again (where there is a seed), Copy link, dialogs, Dark, Present, …

    - `state`: may name in `drawn_again` another setting than "seed", which “Draw again” changes.
    - `dialogs`: key of the icon -> (label, closed dialog).
    """
    names = setting_names(state)
    history = History({state: names, guide: ["preset"]})

    def drawn_again():
        return getattr(state, "drawn_again", "seed")

    handlers = {
        "undo": history.undo,
        "reset": lambda: state.param.update(**{n: state.param[n].default for n in names}),
        "draw": lambda: state.param.update(**{drawn_again(): random.randrange(10_000)}),
        "dark": lambda: scheme.param.update(dark=not scheme.dark),
        "present": lambda: guide.param.update(present=not guide.present),
    }
    actions = [("undo", "Undo"), ("reset", "Reset")]
    if "seed" in names:
        actions.append(("draw", "Draw again"))
    on_a_page = not in_notebook()  # whose address and window are not those of the page
    if on_a_page:
        actions.append(("link", "Copy link"))
    for key, (label, dialog) in dialogs.items():
        actions.append((key, label))
        handlers[key] = partial(dialog.param.update, open=True)
    if on_a_page:
        actions += [("dark", "Dark"), ("present", "Present"), _FULL]
    presenting = [("present", "End presentation"), ("notes", "Speaker’s notes"), _FULL]
    toolbar = Toolbar(
        {key: notice.guarded(handler) for key, handler in handlers.items()},
        actions=actions, disabled_actions=["undo"], margin=(0, 4), align="start",
    )  # fmt: skip

    def refresh(*_):
        toolbar.disabled_actions = [] if history.depth else ["undo"]
        on = {"dark": scheme.dark, "present": guide.present}
        toolbar.pressed = [key for key, pressed in on.items() if pressed]
        toolbar.actions = presenting if guide.present else actions

    history.param.watch(refresh, "depth")
    guide.param.watch(refresh, "present")
    scheme.param.watch(refresh, "dark")
    refresh()
    return toolbar
