"""Stills: pictures of what pages show by default, seen until the page itself is there.

They lie beside the page that they belong to and are made by `tools/screenshots.py --stills`; a page
without any does without. What is seen is the main area, below the title bar and to the right of the
controls, all of it: sentence, buttons and pictures, with the work done. A page whose results are
not known yet may compute for seconds under it, and arrives at the same numbers: all that is random
at an address without settings is drawn from seeds (`tests/frame/test_stills.py` compares).
"""

import functools
import hashlib
from pathlib import Path

import param
from panel.custom import JSComponent

import jntk_viz.pages
from jntk_viz.drawing.theme import DARK, PAPER
from jntk_viz.frame.first_look import BAR, NARROW, SIDEBAR

SIZES = {1280: 720, 1920: 1080}  # the windows that there are stills of
FOLDER = Path(jntk_viz.pages.__file__).parent
PATTERN = r"/([a-z_0-9]+/stills/[0-9]+-[a-z]+\.webp)"  # of their addresses
_WIDER = 1600  # pixels of a window that shows the wider one
_LONGEST = 30_000  # ms; the loader gives up then, too
# Pixels, as the frame lays a page out: the row of the question, at whose right end the buttons are;
# with sentence, presets and tabs; the formulas; the least height of the main area.
_ROW, _TOP, _FOOT, _LEAST = 45, 142, 56, min(SIZES.values()) - BAR
_BUTTON, _MARGIN = 36, 13  # of the buttons: the width of one, and what is beside them
# Where the window has another size, what is above the pictures keeps its own, and they are
# stretched into the room that they will have.
_CSS = f"""
#still {{ position: fixed; inset: {BAR}px 0 0 {SIDEBAR}px; z-index: 1000; overflow: hidden;
  pointer-events: none; }}
#still div {{ position: absolute; inset: 0; min-height: {_LEAST}px; }}
#still i {{ position: absolute; left: 0; right: 0; background: var(--still) no-repeat; }}
#still i:nth-child(1) {{ top: 0; height: {_ROW}px; right: var(--buttons);
  max-width: calc(var(--width) - var(--buttons)); }}
#still i:nth-child(2) {{ top: 0; height: {_ROW}px; left: auto; width: var(--buttons);
  background-position: right top; }}
#still i:nth-child(3) {{ top: {_ROW}px; height: {_TOP - _ROW}px;
  background-position: 0 -{_ROW}px; }}
#still i:nth-child(4) {{ top: {_TOP}px; bottom: {_FOOT}px;
  background-position: 0 {_TOP / (_TOP + _FOOT):.4%};
  background-size: 100% calc(100% * var(--share)); }}
#still i:nth-child(5) {{ bottom: 0; height: {_FOOT}px; background-position: left bottom;
  background-size: 100% var(--height); }}
#still.here {{ background: {PAPER}; }}
[data-theme=dark] #still.here {{ background: {DARK[PAPER]}; }}
#loader.error ~ #still {{ display: none; }}
"""
_NUMBERS = {
    "NARROW": NARROW, "WIDER": _WIDER, "SIZES": SIZES, "BAR": BAR, "SIDEBAR": SIDEBAR,
    "TOP": _TOP, "FOOT": _FOOT, "LONGEST": _LONGEST,
}  # fmt: skip
# `first_look` has said by now whether the page is light or dark.
_SCRIPT = """
{
  const NUMBERS
  const still = document.getElementById("still"), drop = () => still.remove()
  if (innerWidth <= NARROW) drop()
  else {
    const width = innerWidth < WIDER ? 1280 : 1920, height = SIZES[width] - BAR
    const picture = new Image()
    picture.fetchPriority = "high"  // before the scripts
    picture.onload = () => still.classList.add("here")
    picture.src = still.dataset.files
      .replace("WIDTH", width).replace("SCHEME", document.documentElement.dataset.theme)
    const look = {still: `url("${picture.src}")`, width: `${width - SIDEBAR}px`,
                  height: `${height}px`, share: height / (height - TOP - FOOT)}
    for (const [name, value] of Object.entries(look)) still.style.setProperty(`--${name}`, value)
    for (const touch of ["pointerdown", "keydown", "wheel"])
      addEventListener(touch, drop, {capture: true, once: true})
    setTimeout(drop, LONGEST)
  }
}
""".replace("NUMBERS", ", ".join(f"{name} = {value}" for name, value in _NUMBERS.items()))
# What has come with `done` is painted by then, if the browser has nothing else to do: Material's
# components take a while to become dark.
_PAINTED = 150  # ms
_WORKING = 5_000  # ms for which a page that stands may go on computing under its still


def path(name: str, width: int, scheme: str) -> Path:
    """Path of a page's still for a window of this width; `scheme`: light or dark."""
    return FOLDER / name / "stills" / f"{width}-{scheme}.webp"


@functools.cache
def html(name: str, buttons: int) -> str:
    """HTML by which a served page shows its still; empty if one of them is missing.

    - `buttons`: how many there are beside the question.
    """
    files = [path(name, width, scheme) for width in SIZES for scheme in ("light", "dark")]
    if not all(file.is_file() for file in files):
        return ""
    version = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:8]
    return (
        f"<style>{_CSS}</style>"
        f'<div id="still" aria-hidden="true" style="--buttons: {_BUTTON * buttons + _MARGIN}px" '
        f'data-files="{name}/stills/WIDTH-SCHEME.webp?v={version}"><div>{5 * "<i></i>"}</div></div>'
        f"<script>{_SCRIPT}</script>"
    )


class Live(JSComponent):
    """The invisible piece of a page that takes its still away once what is below it is painted."""

    done = param.Boolean(False, doc="Has the page drawn all that its settings ask for?")

    _esm = """
    export function render({ model, view }) {
      const page = view.model.document
      const drop = () => document.getElementById("still")?.remove()
      const rest = window.requestIdleCallback ?? setTimeout  // Safari has none
      model.on("done", () => setTimeout(() => rest(drop, {timeout: 1000}), PAINTED))
      page.on_event("document_ready", () => setTimeout(drop, WORKING))
      page.on_event("connection_lost", drop)
      return document.createElement("span")
    }
    """.replace("PAINTED", str(_PAINTED)).replace("WORKING", str(_WORKING))
