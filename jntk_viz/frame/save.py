"""Pictures, their numbers and the program behind them as files on the reader's machine."""

import re
import unicodedata

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


class Saver(JSComponent):
    """The invisible piece that hands texts to the browser as downloads."""

    figures = param.Dict({}, doc="Menu entry -> [id of the figure, name of its file].")

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


# BokehJS draws the figure anew into a canvas or as SVG, with whatever it shows now. On a screen of
# low resolution the canvas is made as large as a sharp one needs.
_PICTURE = """
const [id, name] = saver.data.figures[select.data.value] ?? []
const view = Bokeh.index.find_one_by_id(id)
if (view == null || view.el.getClientRects().length == 0) {
  status.text = "This picture is not on the page now: choose its tab first."
  return
}
const ratio = window.devicePixelRatio
const sharper = value => Object.defineProperty(
  window, "devicePixelRatio", {value, configurable: true, writable: true})
let layer
try {
  if ("KIND" == "png") sharper(Math.max(ratio, SHARPNESS))
  layer = view.export("KIND", "KIND" == "png")
} finally {
  sharper(ratio)
}
layer.to_blob().catch(error => {
  status.text = `The picture could not be made: ${error}`
  throw error
}).then(blob => {
  const link = document.createElement("a")
  link.href = URL.createObjectURL(blob)
  link.download = name + ".KIND"
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
  status.text = "Saved " + link.download
})
"""


def export_dialog(page_title, plots, state, script=None, seen=None):
    """A closed dialog that saves a picture as PNG or SVG, its numbers as CSV, and the program.

    - `plots`: key -> `LivePlot`; the menu shows their titles, files are named by the keys.
    - `state`: its settings stand in the head of the CSV.
    - `script`: function of the state, returns a Python program; without it there is no button.
    - `seen`: function that returns the `LivePlot`s that are on the screen now, which the menu then
      offers; without it all. The others may still show earlier settings.

    Open it by `dialog.open = True`. Pictures are made in the browser, with what they show now.
    """
    saver, page = Saver(width=0, height=0, margin=0), slug(page_title)
    titles: dict[str, str] = {}
    select = pmui.Select(label="Picture", options=[], sizing_mode="stretch_width", margin=(8, 0))
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
        again = [title for title, key in titles.items() if key == chosen]
        select.param.update(options=list(titles), value=next(iter(again or titles), None))
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

    buttons = [_picture_button(kind, saver, select, status) for kind in ("png", "svg")]
    buttons.append(_button("Numbers (CSV)", save_numbers))
    if script is not None:
        buttons.append(_button("Python script", save_script))
    dialog = pmui.Dialog(
        select, pn.FlexBox(*buttons), status, saver,
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


def _picture_button(kind, saver, select, status):
    button = _button(f"Picture ({kind.upper()})")
    code = _PICTURE.replace("KIND", kind).replace("SHARPNESS", str(SHARPNESS))
    button.js_on_click(args={"saver": saver, "select": select, "status": status}, code=code)
    return button


def menu(plots):
    """Menu entry -> key: the titles of the figures; equal ones are told apart by their keys."""
    names = {key: (plot.title or "").strip() or key for key, plot in plots.items()}
    shown = list(names.values())
    return {
        title if shown.count(title) == 1 else f"{title} ({key})": key
        for key, title in names.items()
    }


def slug(text):
    """Words of a title as part of a file name: small letters, digits, hyphens."""
    plain = unicodedata.normalize("NFKD", str(text)).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall("[a-z0-9]+", plain))[:48].strip("-") or "jntk-viz"
