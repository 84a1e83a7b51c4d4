"""Choosing a file, held to a size whatever the browser sends; a tick where it is a table."""

from collections.abc import Callable

import param
from panel.custom import JSComponent

from jntk_viz.datasets import uploads
from jntk_viz.drawing.theme import ACCENT, FONT, GREEN, PAPER, css

_CSS = css(f"""
div {{ display: flex; flex-wrap: wrap; gap: 4px 12px; align-items: center; }}
button {{ font: 500 15px/1.6 {FONT}; padding: 5px 16px; border: 0; border-radius: 4px;
  color: {PAPER}; background: {ACCENT}; cursor: pointer; }}
span {{ font: 400 15px/1.4 {FONT}; color: {GREEN}; overflow-wrap: anywhere; }}
""")
_CHOOSE = """
export function render({ model }) {
  const place = document.createElement("div"), input = document.createElement("input")
  const button = document.createElement("button"), said = document.createElement("span")
  input.type = "file"
  input.hidden = true
  button.textContent = model.label
  button.onclick = () => input.click()
  said.setAttribute("role", "status")
  const send = async (file) => {
    if (!file) return
    said.textContent = "…"
    const data = file.size > model.most ? null : await file.arrayBuffer()
    model.send_msg({ name: file.name, data })
  }
  input.onchange = async () => {
    await send(input.files[0])
    input.value = ""  // the same file may come again
  }
  place.ondragover = event => event.preventDefault()
  place.ondrop = event => { event.preventDefault(); send(event.dataTransfer.files[0]) }
  model.on(["files", "taken"], () => { said.textContent = model.taken && "✓ " + model.taken })
  place.append(button, input, said)
  return place
}
"""


class FileInput(JSComponent):
    """A button that takes one file of at most `uploads.MOST_BYTES`, also dropped onto it.

    Files of any kind: those that are no text are refused in words, where a browser that is told
    which kinds are wanted shows a symbol only.

    - `take`: called with the name and the bytes of a file, returns whether it is what it should be;
      the button then shows a tick.
    - `refuse`: called with the error when a file is longer than it may be.
    """

    label = param.String("Choose a CSV file", constant=True)
    most = param.Integer(uploads.MOST_BYTES, constant=True, doc="bytes")
    files = param.Integer(0, doc="How many have come.")
    taken = param.String("", doc="Name of the last one, if it was what it should be.")

    _esm = _CHOOSE
    _stylesheets = (_CSS,)

    def __init__(
        self, take: Callable[[str, bytes], bool], refuse: Callable[[ValueError], None], **params
    ):
        super().__init__(**params)
        self._take, self._refuse = take, refuse

    def _handle_msg(self, message):
        """Take a file. That the browser looks at its size first is only good manners."""
        name, data = str(message["name"]), message["data"]
        if isinstance(data, bytes) and len(data) <= uploads.MOST_BYTES:
            fits = self._take(name, data)
        else:
            fits = False
            self._refuse(uploads.too_long(len(data) if isinstance(data, bytes) else None))
        self.param.update(files=self.files + 1, taken=name if fits else "")
