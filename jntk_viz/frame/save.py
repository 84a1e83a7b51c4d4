"""Pictures, their numbers and the program behind them as files on the reader's machine."""

import re
import unicodedata
from pathlib import Path

import panel as pn
import panel_material_ui as pmui
import param
from panel.custom import JSComponent
from panel.models.esm import ESMEvent

from jntk_viz.drawing.html import Words
from jntk_viz.drawing.tables import csv_text
from jntk_viz.drawing.theme import FONT, INK
from jntk_viz.frame.presets import setting_names

SHARPNESS = 2  # pixels of a PNG per pixel on an ordinary screen
WHOLE = "The whole view"
# Width and height in pixels; None follows from the other, or both from the screen.
SIZES = {
    "As on the screen": [None, None],
    "Slide, 1920 × 1080": [1920, 1080],
    "Paper, 180 mm wide": [2126, None],  # at 300 dots per inch
}


class Saver(JSComponent):
    """The invisible piece that hands texts to the browser as downloads."""

    figures = param.Dict({}, doc="Menu entry -> [id of the figure, name of its file].")
    page = param.String(doc="The page's name, with which files begin.")
    words = param.Dict({}, doc="heading: a text; sentence, legend: HTML. What is seen now.")
    sizes = param.Dict(SIZES, constant=True)
    font = param.String(FONT, constant=True)

    _esm = """
    export function render({ model }) {
      model.on("msg:custom", ({ name, type, text }) => {
        const link = document.createElement("a")
        link.href = URL.createObjectURL(new Blob([text], { type }))
        link.download = name
        link.click()
        setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
      })
      return document.createElement("span")
    }
    """

    def save(self, name: str, text: str, kind: str) -> None:
        """Have the browser download `text` as a file."""
        file = {"name": name, "type": f"{kind};charset=utf-8", "text": text}
        self._send_event(ESMEvent, data=file)


_SAVED = """
const saved = (blob, name) => {
  const link = document.createElement("a")
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
  status.text = "Saved " + link.download
}
"""
# BokehJS draws a figure anew into a canvas or as SVG, with whatever it shows now. The samples in a
# legend are small canvases of their own, as sharp as those of the page: so the page is painted
# for a moment with as many pixels as the file has.
_COMMON = """
const view_of = id => {
  const view = Bokeh.index.find_one_by_id(id)
  return view != null && view.el.getClientRects().length > 0 ? view : null
}
const painted = (views, value) => {
  Object.defineProperty(window, "devicePixelRatio", {value, configurable: true, writable: true})
  for (const view of views) {
    view.invalidate_painters()
    view.paint()
  }
}
const exported = (views, scale) => {
  const ratio = window.devicePixelRatio
  try {
    painted(views, "KIND" == "png" ? scale : 1)
    return views.map(view => view.export("KIND", "KIND" == "png").to_blob())
  } finally {
    painted(views, ratio)
  }
}
const save = (made, name) => made.then(blob => {
  const link = document.createElement("a")
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
  status.text = "Saved " + name
}).catch(error => {
  status.text = `The picture could not be made: ${error}`
  throw error
})
"""
_ONE = """
const [id, name] = saver.data.figures[select.data.value] ?? []
const view = view_of(id)
if (view == null) {
  status.text = "This picture is not on the page now: choose its tab first."
  return
}
const scale = Math.max(window.devicePixelRatio, SHARPNESS)
save(exported([view], scale)[0], name + ".KIND")
"""
_VIEW = (Path(__file__).parent / "save_view.js").read_text(encoding="utf-8")


def export_dialog(page_title, plots, state, script=None, seen=None, words=None):
    """A closed dialog that saves a picture as PNG or SVG, its numbers as CSV, and the program.

    - `plots`: key -> `LivePlot`; the menu shows their titles, files are named by the keys.
    - `state`: its settings stand in the head of the CSV.
    - `script`: function of the state, returns a Python program; without it there is no button.
    - `seen`: function that returns the `LivePlot`s that are on the screen now, which the menu then
      offers; without it all. The others may still show earlier settings.
    - `words`: function that returns what is to be read beside the pictures, as `Saver.words`.

    Open it by `dialog.open = True`. Pictures are made in the browser, with what they show now.
    """
    page = slug(page_title)
    saver = Saver(page=page, width=0, height=0, margin=0)
    titles: dict[str, str] = {}
    select = pmui.Select(label="Picture", options=[], sizing_mode="stretch_width", margin=(8, 0))
    size = pmui.Select(
        label="Size", options=list(SIZES), visible=False, sizing_mode="stretch_width", margin=(8, 0)
    )
    status = Words(
        "", styles={"font": f"400 14px {FONT}", "color": INK}, margin=(4, 0), min_height=22
    )

    def refresh(*_):
        chosen = titles.get(select.value)
        shown = list(plots.values() if seen is None else seen())
        titles.clear()
        titles.update(menu({key: plot for key, plot in plots.items() if plot in shown}))
        saver.figures = {
            title: [plots[key].figure.id, f"{page}-{slug(key)}"]
            for title, key in titles.items()
            if plots[key].drawn
        }
        saver.words = words() if words else {}
        whole = [WHOLE] if len(titles) > 1 else []
        again = [title for title, key in titles.items() if key == chosen]
        if select.value == WHOLE:
            again = whole
        options = [*titles, *whole]
        select.param.update(options=options, value=next(iter([*again, *options]), None))
        status.object = ""

    def save_numbers(_):
        key = titles[select.value]
        settings = {name: getattr(state, name) for name in setting_names(state)}
        head = {"page": page_title, **settings}
        text = csv_text(plots[key].data, title=select.value, settings=head)
        save(f"{page}-{slug(key)}.csv", text, "text/csv")

    def save_script(_):
        save(f"{page.replace('-', '_')}.py", script(state), "text/x-python")

    def save(name, text, kind):
        saver.save(name, text, kind)
        status.object = f"<span role=status>Saved {name}</span>"

    given = {"saver": saver, "select": select, "size": size, "status": status}
    buttons = [_picture_button(kind, given) for kind in ("png", "svg")]
    buttons.append(numbers := _button("Numbers (CSV)", save_numbers))

    def follow(event):
        size.visible, numbers.visible = event.new == WHOLE, event.new != WHOLE

    select.param.watch(follow, "value")
    if script is not None:
        buttons.append(_button("Python script", save_script))
    dialog = pmui.Dialog(
        select, size, pn.FlexBox(*buttons), status, saver,
        title="Save as a file", title_variant="h6", show_close_button=True, close_on_click=True,
        width_option="sm", sizing_mode="stretch_width",
    )  # fmt: skip
    dialog.param.watch(lambda event: event.new and refresh(), "open")
    return dialog


def _button(label, on_click=None):
    button = pmui.Button(label=label, variant="outlined", margin=(4, 8, 4, 0))
    if on_click is not None:
        button.on_click(on_click)
    return button


def _picture_button(kind, given):
    button = _button(f"Picture ({kind.upper()})")
    code = f"{_COMMON}if (select.data.value == '{WHOLE}') {{\n{_VIEW}}} else {{{_ONE}}}"
    code = code.replace("KIND", kind).replace("SHARPNESS", str(SHARPNESS))
    button.js_on_click(args=given, code=code)
    return button


def menu(plots):
    """Menu entry -> key: the titles of the figures; equal ones are told apart by their keys."""
    names = {key: " ".join((plot.title or "").split()) or key for key, plot in plots.items()}
    shown = list(names.values())
    return {
        title if shown.count(title) == 1 else f"{title} ({key})": key
        for key, title in names.items()
    }


def slug(text):
    """Words of a title as part of a file name: small letters, digits, hyphens."""
    plain = unicodedata.normalize("NFKD", str(text)).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall("[a-z0-9]+", plain))[:48].strip("-") or "jntk-viz"
