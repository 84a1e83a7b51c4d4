"""The state of a page in its address: every state is a link."""

import json
import numbers
from urllib.parse import urlencode

import panel as pn
import param
from panel.custom import JSComponent

from jntk_viz.datasets.tables import shortened
from jntk_viz.frame.controls import after_pause
from jntk_viz.frame.parts import Notice
from jntk_viz.frame.presets import setting_names

_KINDS = {param.Integer: "an integer", param.Number: "a number", param.Boolean: "true or false"}
MOST_NAMED = 5  # of what was ignored; the others are counted


def parse(parameter, text):
    """Turn the text of one query key into a value of the parameter's kind.

    Raises `ValueError` for text that is no such value; bounds are left to the parameter.
    """
    if isinstance(parameter, param.Selector):
        for value in parameter.get_range().values():
            if _text(value) == text:
                return value
        raise ValueError("is none of " + ", ".join(map(_text, parameter.get_range().values())))
    try:
        if isinstance(parameter, param.Boolean):
            return {"true": True, "false": False}[text.lower()]
        if isinstance(parameter, param.Integer):
            return int(text)
        if isinstance(parameter, param.Number):
            return float(text)
        return text if isinstance(parameter, param.String) else json.loads(text)
    except (ValueError, KeyError, RecursionError):  # the last from brackets nested too deeply
        raise ValueError(f"is not {_KINDS.get(type(parameter), 'such a value')}") from None


def _text(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return value
    if isinstance(value, numbers.Real):
        return f"{value:.12g}"
    return json.dumps(value)


def query_of(state, reading=None):
    """The query string that reproduces `state`: all its parameters, changed or not.

    - `reading`: another Parameterized, such as a `Guide`, whose changed parameters follow.
    """
    values = {name: getattr(state, name) for name in setting_names(state)}
    if reading is not None:
        names = setting_names(reading)
        own = {name: getattr(reading, name) for name in names}
        values |= {n: value for n, value in own.items() if value != reading.param[n].default}
    return urlencode({name: _text(value) for name, value in values.items()})


def arguments_of_page():
    """The query of the page that is being opened, a dict name -> text; the last of each name."""
    return {k: v[-1].decode(errors="replace") for k, v in pn.state.session_args.items()}


def is_bare():
    """Does the address of the page that is being opened say no more than its colours?"""
    return set(arguments_of_page()) <= {"dark"}


def repeated():
    """Names that the query of the page says more than once, in sentences as of `read_query`."""
    return [
        f"{shortened(name)}: given {len(values)} times, the last one counts"
        for name, values in pn.state.session_args.items()
        if len(values) > 1
    ]


def listed(ignored):
    """At most `MOST_NAMED` of the sentences of `read_query` as one, the others counted."""
    more = len(ignored) - MOST_NAMED
    return "; ".join([*ignored[:MOST_NAMED], *([f"and {more} more"] if more > 0 else [])])


def read_query(state, arguments):
    """Set `state` from an address and return what was ignored, as short readable sentences.

    - `arguments`: dict name -> text, as from `arguments_of_page`.
    """
    known, ignored = setting_names(state), []
    for name, text in arguments.items():
        if name == "token":  # a notebook server's own key, not a setting
            continue
        if name not in known:
            ignored.append(f"{shortened(name)}: no such setting")
            continue
        try:
            setattr(state, name, parse(state.param[name], text))
        except (ValueError, TypeError) as error:
            # Of "Number parameter 'State.lam' must be at most 1, not 9." the second half.
            reason = str(error).partition(f"{name}' ")[2] or str(error)
            ignored.append(f"{name}={shortened(text)}: {shortened(reason.rstrip('.'), 160)}")
    return ignored


def read(state, guide, problems):
    """Bring settings and guide to the address of the page that is being opened.

    Returns a `Notice` of what was not understood, until the settings change. `problems`: sentences
    about the files of presets, said there as well.
    """
    given = arguments_of_page()
    given.pop("token", None)  # a notebook server's own key, not a setting
    asked = len(given)
    dark = given.pop("dark", "")  # for `Scheme`
    reading = {name: given.pop(name) for name in setting_names(guide) if name in given}
    ignored = []
    if dark not in ("", "true", "false"):
        ignored.append(f"dark={shortened(dark)}: is not true or false")
    # Drawn once, when all is read: on the way there are states that nobody has asked for.
    with param.parameterized.batch_call_watchers(state):
        if "preset" in reading:
            try:
                guide.choose(reading.pop("preset"))
            except ValueError as error:
                ignored.append(str(error))
        ignored += read_query(state, given)
    ignored += read_query(guide, reading)
    others = len(ignored) < asked
    ignored = repeated() + ignored
    said, warning = [], Notice()
    if ignored:
        rest = "Everything else in it is followed" if others else "The defaults are shown"
        said.append(f"Ignored in the address: {listed(ignored)}. {rest}.")
    if problems:
        said.append("Presets: " + "; ".join(problems) + ".")
    if said:
        warning.set(" ".join(said))
        state.param.watch(lambda *_: warning.set(""), setting_names(state))
    return warning


class Browser(JSComponent):
    """The one invisible piece of a page that talks to the browser window.

    `keys`: functions called while `presenting` for "next", "previous" and "leave".
    """

    query = param.String("", doc="Written to the address bar; makes no history entry.")
    shown = param.Boolean(False, doc="Has a browser drawn this?")
    presenting = param.Boolean(False, doc="Do arrow keys step through the presets?")
    more = param.Boolean(False, doc="Has the reader opened the small print last touched?")

    _esm = """
    export function render({ model, view }) {
      const write = () => {
        if (model.query) window.history.replaceState(null, "", "?" + model.query)
      }
      model.on("query", write)
      write()
      model.shown = true
      // What moves by itself begins only where the reader has not begun to do something.
      const touch = () => { document.documentElement.dataset.touched = "" }
      for (const each of ["pointerdown", "keydown", "change"])
        window.addEventListener(each, touch, {capture: true, once: true})
      const keys = {
        ArrowRight: "next", PageDown: "next", ArrowLeft: "previous", PageUp: "previous",
        Escape: "leave",
      }
      // An arrow that moves a slider or a caret is not meant for the presets.
      const busy = () => {
        let element = document.activeElement
        while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement
        return element?.matches("input, select, textarea, [role=slider], [role=combobox]")
      }
      const press = (event) => {
        if (!model.presenting || event.ctrlKey || event.altKey || event.metaKey) return
        if (event.key == "f" && !busy()) document.documentElement.requestFullscreen()
        const key = keys[event.key]
        if (!key || (event.key.startsWith("Arrow") && busy())) return
        event.preventDefault()
        model.send_msg(key)
      }
      window.addEventListener("keydown", press)
      // New words come closed or open as the server writes them, so it has to know. A key presses
      // a summary by a click; it opens after that.
      const more = (event) => {
        const summary = event.composedPath().find(each => each.localName == "summary")
        const details = summary?.parentElement
        if (details?.matches("details.aside")) model.more = !details.open
      }
      window.addEventListener("click", more)
      // Words above the pictures that take another line make these less high. Bokeh does not always
      // lay them out anew, and their axis labels then lie over what is below.
      const heights = new Map(), widths = new Map(), columns = new Map()
      // A legend that is wider than its picture gets fewer columns, until there is room again.
      const narrow = (figure) => {
        const room = figure.inner_width, wider = room > (widths.get(figure) ?? room)
        widths.set(figure, room)
        for (const legend of figure.center) {
          if (legend.type != "Legend" || !legend.visible) continue
          if (!columns.has(legend)) columns.set(legend, legend.ncols)
          if (wider) legend.setv({ncols: columns.get(legend)}, {sync: false})
          const width = Bokeh.index.find_one(legend)?.el.offsetWidth
          if (room && width > room && legend.ncols > 1)
            legend.setv({ncols: legend.ncols - 1}, {sync: false})
        }
      }
      const fit = () => view.model.document?.all_models.forEach(figure => {
        const shown = figure.type == "Figure" && Bokeh.index.find_one(figure)
        if (!shown) return
        if (shown.el.clientHeight) narrow(figure)
        const height = shown.el.clientHeight, before = heights.get(figure)
        if (before && height && before != height) shown.invalidate_layout()
        heights.set(figure, height)
      })
      const clock = setInterval(fit, 250)
      model.on("remove", () => {
        clearInterval(clock)
        window.removeEventListener("keydown", press)
        window.removeEventListener("click", more)
      })
      return document.createElement("span")
    }
    """

    def __init__(self, keys=None, **params):
        super().__init__(**params)
        self._keys = keys or {}

    def _handle_msg(self, key):
        self._keys[key]()


class Window(JSComponent):
    """An invisible piece that knows how wide the window is.

    What follows it in the browser, by `jslink`, is tied to it. `Browser` is told of every setting,
    and each time Bokeh walks through all that is tied to that: the page.
    """

    wide = param.Boolean(True, doc="Is there room for the drawer beside the pictures?")

    _esm = """
    export function render({ model }) {
      // A projector of 1280 pixels at 150 % has 853.
      model.wide = window.innerWidth >= 960
      return document.createElement("span")
    }
    """


def follow(browser, state, reading):
    """Keep the address bar equal to `state` and `reading`, written once the reader pauses."""

    def write(*_):
        browser.query = query_of(state, reading)

    for parameters in (state, reading):
        parameters.param.watch(after_pause(write), setting_names(parameters))
    write()
