"""The tour inside the pages: one sentence a step, and one control that moves by itself.

Each page's package holds its stop (`registry.Stop`). A step is a link: the settings of the stop and
`tour=`, its number. Opened at just these settings, the page moves the stop's control once from
where it is to where the sentence wants it, unless the reader takes over before.
"""

import time
from typing import Any

import numpy as np
import panel as pn
import param
from panel.custom import JSComponent

from jntk_viz.drawing.html import unbroken
from jntk_viz.drawing.theme import ACCENT, FONT, INK, LINE, PAPER, PHONE, TINTS, css, set_class
from jntk_viz.frame.address import query_of, read_query
from jntk_viz.frame.presets import setting_names
from jntk_viz.frame.registry import Page, pages

_MOST = 24  # places at which a control rests on its way
_SECONDS = 7.0  # for the whole way, where what is shown comes at once
_LEAST = 0.3  # seconds between two places
_LONGEST = 20.0  # seconds for the whole way: where drawing takes longer, places are passed over
_READING = 2.0  # seconds before it begins
_RING = css(f"""
:host(.ringed) {{ outline: 2px solid {ACCENT}; outline-offset: 1px; border-radius: 6px;
  background: {TINTS["hover"][0]}; }}
""")


def steps() -> list[Page]:
    """The pages that have a stop, in the order of the tour; the first one is step 1."""
    return [page for page in pages() if page.stop is not None]


def link(step: int) -> str:
    """The address of a step, counted from 1."""
    stop: Any = steps()[step - 1].stop
    return f"{stop.link}&tour={step}"


def way(state: param.Parameterized, name: str, end) -> list:
    """The values by which a setting goes from where it is to `end`, which is the last of them."""
    parameter, now = state.param[name], getattr(state, name)
    if isinstance(parameter, param.Selector):
        every = list(parameter.get_range().values())
    elif isinstance(parameter, param.Integer):
        every = list(range(parameter.bounds[0], parameter.bounds[1] + 1))
    else:
        digits = len(f"{parameter.step:g}".partition(".")[2])
        return [round(float(v), digits) for v in np.linspace(now, end, _MOST + 1)[1:]]
    first, last = every.index(now), every.index(end)
    there = every[first + 1 : last + 1] if first < last else every[last:first][::-1]
    step = -(-len(there) // _MOST) or 1  # evenly, the last one among them
    return there[::-1][::step][::-1]


class Strip(JSComponent):
    """One line: which step this is, its sentence, and ways on, back and out."""

    number = param.Integer(0, doc="Of the step, from 1.")
    count = param.Integer(0, doc="Of all steps.")
    words = param.String("", doc="What to look at.")
    back = param.String("", doc="Address of the step before; empty at the first.")
    next = param.String("", doc="Address of the next step.")

    _stylesheets = (
        css(f"""
    nav {{ display: flex; align-items: center; gap: 8px 14px; padding: 5px 12px;
      font: 400 16px/1.3 {FONT}; color: {INK}; background: {TINTS["hover"][0]};
      border-left: 4px solid {ACCENT}; border-radius: 4px; }}
    p {{ flex: 1; margin: 0; }} span {{ white-space: nowrap; font-weight: 500; color: {ACCENT}; }}
    a, button {{ font: 500 15px/1 {FONT}; padding: 8px 12px; border-radius: 4px; cursor: pointer;
      white-space: nowrap; text-decoration: none; border: 1px solid {LINE};
      background: {PAPER}; color: {ACCENT}; }}
    a.next {{ background: {ACCENT}; color: {PAPER}; border-color: {ACCENT}; }}
    a:focus-visible, button:focus-visible {{ outline: 2px solid {ACCENT}; outline-offset: 2px; }}
    {PHONE} {{ nav {{ flex-wrap: wrap; }} p {{ flex: 1 0 100%; order: -1; }} }}
    """),
    )
    _esm = """
    export function render({ model }) {
      const element = (name, text, more = {}) =>
        Object.assign(document.createElement(name), {textContent: text, ...more})
      const strip = element("nav", "")
      strip.setAttribute("aria-label", "Tour")
      strip.append(element("span", `${model.number} of ${model.count}`), element("p", model.words))
      if (model.back) strip.append(element("a", "Back", {href: model.back}))
      const last = model.number == model.count
      strip.append(element("a", last ? "Finish" : "Next", {href: model.next, className: "next"}))
      if (!last) strip.append(element("button", "End", {onclick: () => model.send_msg("end")}))
      // The reader takes over by the first touch of anything else.
      const touches = ["pointerdown", "keydown", "change"]
      const touched = (event) => {
        if (event.composedPath().includes(strip)) return
        for (const each of touches) window.removeEventListener(each, touched, true)
        model.send_msg("touched")
      }
      for (const each of touches) window.addEventListener(each, touched, true)
      model.on("remove", () => {
        for (const each of touches) window.removeEventListener(each, touched, true)
      })
      return strip
    }
    """

    def __init__(self, handlers, **params):
        super().__init__(**params)
        self._handlers = handlers

    def _handle_msg(self, key):
        self._handlers[key]()


class Tour:
    """The strip of a page, and the control that moves.

    - `content`: of the page, its controls made;  `guide`: its `tour` is the step, 0 for none.

    `strip`: hidden while the guide is at no step.
    """

    def __init__(self, content, guide):
        self._content, self._guide, self._player, self._left = content, guide, None, []
        self._waited, self._moving = 0.0, False
        self._places, self._begun = 0, 0.0  # of the whole way; when it began
        every = steps()
        names = [page.name for page in every]
        self.number = names.index(content.name) + 1 if content.name in names else 0
        self.stop: Any = every[self.number - 1].stop if self.number else None
        guide.param.tour.objects = sorted({0, self.number})
        handlers = {"end": lambda: guide.param.update(tour=0), "touched": self.leave}
        self.strip = Strip(
            handlers, number=self.number, count=len(every), visible=False,
            words=unbroken(self.stop.see) if self.stop else "",
            back=link(self.number - 1) if self.number > 1 else "",
            next=link(self.number + 1) if self.number < len(every) else "./",
            sizing_mode="stretch_width", margin=(2, 4),
        )  # fmt: skip
        guide.param.watch(self._show, "tour")
        content.state.param.watch(self._changed, setting_names(content.state))

    @property
    def _widget(self):
        return self.stop and self._content.widgets.get(self.stop.move[0])

    def ring(self, widget):
        """Mark a control as the one that moves, while the page stands at its step."""
        if _RING not in widget.stylesheets:
            widget.stylesheets = [*widget.stylesheets, _RING]
        set_class(widget, "ringed", bool(self._guide.tour))

    def _show(self, *_):
        on = bool(self._guide.tour)
        self.strip.visible, self._guide.bar.visible = on, not on and bool(self._guide.presets)
        if self._widget is not None:
            self.ring(self._widget)
        if not on:
            self.leave()

    def begin(self):
        """Let the control move, where the page stands as the step opens."""
        if not (self._guide.tour and self._at_start()):
            return
        self._left = way(self._content.state, *self.stop.move)
        self._places = len(self._left)
        period = max(_LEAST, _SECONDS / len(self._left))
        self._waited = 0.0
        self._player = pn.state.add_periodic_callback(
            lambda: self._move(period), period=round(1000 * period)
        )

    def _at_start(self):
        state = self._content.state
        there = type(state)()
        read_query(there, self.stop.settings)
        return query_of(there) == query_of(state)

    def _move(self, period):
        if self._content.controller.running:
            return  # what is to be seen is yet to come
        self._waited += period
        if self._waited < _READING:
            return
        now = time.monotonic()
        if len(self._left) == self._places:
            self._begun = now
        due = int((now - self._begun) / _LONGEST * self._places)
        late = min(due + len(self._left) - self._places, len(self._left) - 1)
        del self._left[: max(late, 0)]
        self._moving = True
        try:
            setattr(self._content.state, self.stop.move[0], self._left.pop(0))
        finally:
            self._moving = False
        if not self._left:
            self.leave()

    def _changed(self, *_):
        if not self._moving:
            self.leave()

    def leave(self):
        """Leave the control to the reader."""
        if self._player is not None:
            self._player.stop()
            self._player = None
