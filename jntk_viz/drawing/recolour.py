"""A page in the reader's colours: light or dark, and a name for everything on it.

    scheme = Scheme()                       # invisible; put it anywhere into the page
    follow(scheme, lambda: figures)         # pictures are recoloured whenever `scheme.dark` changes

The browser's preference is followed until the reader chooses (`scheme.dark = True`); the choice is
kept in the browser. `?dark=true` and `?dark=false` in an address come before both.
"""

import colorsys
import json
import re
from weakref import WeakKeyDictionary

import panel as pn
import param
from bokeh.colors import named
from bokeh.core.property.vectorization import Value
from bokeh.models import ColorMapper, Model, Plot
from panel.custom import JSComponent

from jntk_viz.drawing.theme import DARK, PAPER, dark_css

KEPT = "jntk_viz theme"  # where a browser keeps the choice of light or dark
_READABLE = 4.5  # contrast that WCAG AA asks of text


def _channels(colour):
    """#rrggbb or a CSS name as three numbers from 0 to 1; None for what has transparency."""
    if not isinstance(colour, str):
        return None
    if hasattr(named, colour.lower()):
        colour = getattr(named, colour.lower()).to_hex()
    if not re.fullmatch("#[0-9a-fA-F]{6}", colour):
        return None
    return tuple(int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))


def _hex(channels):
    return "#" + "".join(f"{round(255 * min(max(c, 0.0), 1.0)):02x}" for c in channels)


def luminance(colour):
    """Relative luminance of a colour, after WCAG 2."""
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _channels(colour)
    ]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    """Contrast of two colours after WCAG 2, from 1 to 21."""
    low, high = sorted(luminance(c) for c in (one, other))
    return (high + 0.05) / (low + 0.05)


_NAMED = {light.lower(): dark for light, dark in DARK.items()}


def dark_of(colour):
    """Counterpart on a dark page of a colour on a light one.

    Colours of the theme have their counterpart in `theme.DARK`; other greys change places with
    their opposites, pale tints become deep ones, and hues too dark to be seen get lighter. What
    is no colour (None, a colour with transparency) is returned as it is.
    """
    channels = _channels(colour)
    if channels is None:
        return colour
    if colour.lower() in _NAMED:
        return _NAMED[colour.lower()]
    hue, light, saturation = colorsys.rgb_to_hls(*channels)
    if max(channels) - min(channels) < 0.02:
        return _hex([0.93 - 0.86 * light] * 3)
    if contrast(_hex(channels), PAPER) < 1.25:
        return _hex(colorsys.hls_to_rgb(hue, 1.08 - light, saturation))
    found = _hex(channels)
    while contrast(found, DARK[PAPER]) < _READABLE and light < 0.95:
        light += 0.02
        found = _hex(colorsys.hls_to_rgb(hue, light, saturation))
    return found


def dark_palette(palette):
    """A palette on dark paper: one with a white middle gets a dark one, others stay.

    Between the same hues the lightness is turned round, so that zero is the colour of the paper
    and large values of either sign stand out.
    """
    channels = [_channels(colour) for colour in palette]
    if len(channels) < 3 or None in channels:
        return list(palette)
    middle, ends = channels[len(channels) // 2], (channels[0], channels[-1])
    if min(middle) < 0.9 or any(min(end) > 0.6 for end in ends):
        return list(palette)
    turned = []
    for colour in channels:
        hue, light, saturation = colorsys.rgb_to_hls(*colour)
        turned.append(_hex(colorsys.hls_to_rgb(hue, 0.07 + 0.78 * (1 - light), saturation)))
    return turned


class Recolouring:
    """Gives Bokeh figures the colours of a dark page, or their own back.

    Lines, fills, text, axes, grids, legends, colour bars and colour mappers are looked through.
    A colour or a palette that is set later, by a page or by HoloViews when it writes new numbers,
    becomes dark as well.
    """

    def __init__(self):
        # model -> {property: (light, dark)} of what is dark now, to find the way back.
        self._changed: WeakKeyDictionary[Model, dict] = WeakKeyDictionary()
        self._guarded: WeakKeyDictionary[Model, set[str]] = WeakKeyDictionary()

    def set(self, figures, dark: bool) -> None:
        """Make figures dark or light; doing so again changes nothing."""
        models = {model for figure in figures for model in figure.references()}
        with pn.io.hold():
            for model in models:
                changes = self._to_dark(model) if dark else self._to_light(model)
                if isinstance(model, Plot):
                    # Material paints these in the browser as well, with the same two colours.
                    paper = DARK[PAPER] if dark else PAPER
                    changes |= {"background_fill_color": paper, "border_fill_color": paper}
                if changes:
                    model.update(**changes)

    def _to_dark(self, model) -> dict:
        """Changes that make a model dark that is light, or has become so in part."""
        known = self._changed.setdefault(model, {})
        changes = {}
        for name, value in _colours(model):
            if name in known and known[name][1] == value:
                continue
            replacement = _dark_value(value)
            if replacement != value:
                known[name] = (value, replacement)
                changes[name] = replacement
        self._guard(model, changes)
        return changes

    def _to_light(self, model) -> dict:
        known = self._changed.pop(model, {})
        return {
            name: known[name][0]
            for name, value in _colours(model)
            if name in known and known[name][1] == value
        }

    def _guard(self, model, names) -> None:
        """Keep properties dark when they are set to another colour."""
        unguarded = set(names) - self._guarded.setdefault(model, set())

        def darken():
            if model in self._changed:
                model.update(**self._to_dark(model))

        def keep(attr, old, new):
            known = self._changed.get(model, {})
            value = _fixed(new)
            if attr not in known or value is None or value == known[attr][1]:
                return
            document = model.document
            if document is None or not document.session_context:
                darken()
            else:
                # Bokeh sends what is set now before the change that it is telling us about.
                document.add_next_tick_callback(darken)

        for name in unguarded:
            model.on_change(name, keep)
        self._guarded[model] |= unguarded


def _fixed(value):
    """A fixed colour as Bokeh stores it, a palette as a list; None for colours from data."""
    value = value.value if isinstance(value, Value) else value
    if isinstance(value, tuple) and len(value) in (3, 4) and value[3:] in ((), (1,), (1.0,)):
        value = _hex([channel / 255 for channel in value[:3]])
    return value if isinstance(value, str | list) else None


def _colours(model):
    """(property, value) of the fixed colours and the palette of a model."""
    for name, stored in model.properties_with_values(include_defaults=True).items():
        if name == "palette" and isinstance(model, ColorMapper):
            yield name, list(stored)
        elif name.endswith("color") and "hatch" not in name:
            if isinstance(model, Plot) and "fill" in name:
                continue
            value = _fixed(stored)
            if isinstance(value, str):
                yield name, value


def _dark_value(value):
    return dark_palette(value) if isinstance(value, list) else dark_of(value)


def name_figure(figure, name=""):
    """Give a figure a name for screen readers: its title and axes, kept up to date.

    - `name`: what to call it instead, where it has neither.
    """

    def rename(attr, old, new):
        figure.html_attributes = {"role": "figure", "aria-label": name or figure_name(figure)}

    rename("text", None, None)
    if not name:
        figure.title.on_change("text", rename)
        for axis in [*figure.xaxis[:1], *figure.yaxis[:1]]:
            axis.on_change("axis_label", rename)


def figure_name(figure):
    """Title and axes of a figure in words."""
    title = ", ".join((figure.title.text or "").strip().split("\n"))
    labels = [
        label.strip()
        for axes in (figure.yaxis, figure.xaxis)
        for label in [(axes[0].axis_label if axes else "") or ""]
        if isinstance(label, str)
    ]
    axes = " against ".join(label for label in labels if label)
    return ": ".join(part for part in (title, axes) if part) or "Picture"


class Scheme(JSComponent):
    """The invisible piece of a page that knows whether it is dark. See the top of this module.

    It also names, for screen readers, what Material leaves without a role or a name.
    """

    dark = param.Boolean(False, doc="Is the page dark?")
    asked = param.String("", doc="What the address says: true, false or nothing.")

    _esm = """
    const KEY = "KEPT"
    // A page from a file, or a strict browser, has no storage.
    const storage = use => { try { return use(window.localStorage) } catch { return null } }

    export function render({ model }) {
      const root = document.documentElement
      const style = document.createElement("style")
      style.textContent = CSS
      document.head.append(style)

      const media = window.matchMedia("(prefers-color-scheme: dark)")
      // A page rewrites its address; then the server says what it was.
      const asked = model.asked || new URLSearchParams(window.location.search).get("dark")
      const chosen = () => storage(s => s.getItem(KEY))
      // Material's components follow this attribute.
      const apply = () => { root.dataset.theme = model.dark ? "dark" : "light" }
      if (["true", "false"].includes(asked)) model.dark = asked == "true"
      else model.dark = chosen() ? chosen() == "dark" : media.matches
      apply()
      model.on("dark", () => {
        apply()
        storage(s => model.dark == media.matches
          ? s.removeItem(KEY) : s.setItem(KEY, root.dataset.theme))
      })
      media.addEventListener("change", () => { if (!chosen()) model.dark = media.matches })

      // At most twice a second: pages that train change all the time.
      let waiting = null
      const later = () => {
        waiting ??= setTimeout(() => { waiting = null; mend(document) }, 500)
      }
      for (const wait of [0, 1000, 3000]) setTimeout(() => mend(document), wait)
      for (const one of Bokeh.documents) one.on_change(later)
      return document.createElement("span")
    }

    function mend(root) {
      for (const element of root.querySelectorAll("*")) {
        if (element.shadowRoot) mend(element.shadowRoot)
        // The explanation of a control, which Material gives to an element without a role.
        if (element.localName == "span" && element.hasAttribute("aria-label")
            && !element.hasAttribute("role")) element.setAttribute("role", "img")
        // The drawer of a phone.
        if (element.getAttribute("role") == "dialog" && !element.hasAttribute("aria-label")
            && !element.hasAttribute("aria-labelledby"))
          element.setAttribute("aria-label", "Settings and pages")
        // Material's page keeps room below its title bar by an empty heading.
        if (element.localName == "h5" && !element.innerText.trim())
          element.setAttribute("role", "presentation")
      }
    }
    """.replace("CSS\n", json.dumps(dark_css()) + "\n").replace("KEPT", KEPT)

    def __init__(self, **params):
        # Panel has read `?theme=` already.
        params.setdefault("dark", pn.config.theme == "dark")
        super().__init__(width=0, height=0, margin=0, **params)
        self.recolouring = Recolouring()

    def colour(self, figure) -> None:
        """Give a figure that has just been drawn the page's colours."""
        if self.dark:
            self.recolouring.set([figure], True)


def follow(scheme, figures):
    """Recolour `figures()` whenever `scheme.dark` changes, and now if it is dark."""

    def show():
        scheme.recolouring.set(figures(), scheme.dark)

    # The browser says what it prefers while it still draws the page, and what is sent to it
    # before it has done so is lost.
    scheme.param.watch(lambda _: pn.state.onload(show), "dark")
    if scheme.dark:
        show()
