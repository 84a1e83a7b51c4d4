"""The state of a page in its address: every state is a link."""

import json
import numbers
from urllib.parse import urlencode

import panel as pn
import param
from panel.custom import JSComponent

from jntk_viz.studies.presets import setting_names
from jntk_viz.views.background import after_pause

_KINDS = {param.Integer: "an integer", param.Number: "a number", param.Boolean: "true or false"}


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
    except (ValueError, KeyError):
        raise ValueError(f"is not {_KINDS.get(type(parameter), 'such a value')}") from None


def _text(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return value
    if isinstance(value, numbers.Real):
        return f"{value:.12g}"
    return json.dumps(value)


def query_of(state):
    """The query string that reproduces `state`: all its parameters, changed or not."""
    return urlencode({name: _text(getattr(state, name)) for name in setting_names(state)})


def read_query(state, arguments=None):
    """Set `state` from the page's address and return what was ignored, as readable sentences.

    - `arguments`: dict name -> text; by default the query of the page that is being opened.
    """
    if arguments is None:
        arguments = {k: v[-1].decode(errors="replace") for k, v in pn.state.session_args.items()}
    known, ignored = setting_names(state), []
    for name, text in arguments.items():
        if name == "token":  # a notebook server's own key, not a setting
            continue
        if name not in known:
            ignored.append(f"{name}: no such setting")
            continue
        try:
            setattr(state, name, parse(state.param[name], text))
        except (ValueError, TypeError) as error:
            # Of "Number parameter 'State.lam' must be at most 1, not 9." the second half.
            reason = str(error).partition(f"{name}' ")[2] or str(error)
            ignored.append(f"{name}={text}: {reason.rstrip('.')}")
    return ignored


class Browser(JSComponent):
    """The one invisible piece of a page that talks to the browser window."""

    query = param.String("", doc="Written to the address bar; makes no history entry.")
    wide = param.Boolean(True, doc="Is the window wider than a phone?")
    shown = param.Boolean(False, doc="Has a browser drawn this?")

    _esm = """
    export function render({ model }) {
      const write = () => {
        if (model.query) window.history.replaceState(null, "", "?" + model.query)
      }
      model.on("query", write)
      write()
      model.wide = window.innerWidth >= 600
      model.shown = true
      return document.createElement("span")
    }
    """


def follow(state, browser):
    """Keep the address bar equal to `state`, written once the reader pauses."""

    def write(*_):
        browser.query = query_of(state)

    state.param.watch(after_pause(write), setting_names(state))
    write()
