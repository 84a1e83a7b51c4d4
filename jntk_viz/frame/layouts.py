"""One layout of the page for all that ask for one before the next frame.

Bokeh lays the whole page out at once whenever a part of it is drawn, resized or shown, and on a
page that opens nearly every part asks for it. Between the arrival of a page and its last picture
this takes a quarter of the browser's time: on *Robust training* 6.3 s without, 4.9 s with it (two
slow cores).
"""

from panel.custom import JSComponent


class OneLayout(JSComponent):
    """The invisible piece of a page that collects these requests. It should be its first."""

    _esm = """
    const UNSEEN = 200  // ms: a page in the background has no frames

    export function render({ view }) {
      const root = view.root, {update_layout, compute_layout} = root
      let styles = false, waiting = false
      const lay_out = () => {
        if (!waiting) return
        waiting = false
        if (styles) update_layout.call(root)
        styles = false
        compute_layout.call(root)
        document.getElementById("first-look")?.remove()
      }
      root.compute_layout = () => {
        if (waiting) return
        waiting = true
        requestAnimationFrame(lay_out)
        setTimeout(lay_out, UNSEEN)
      }
      root.invalidate_layout = () => {
        styles = true
        root.compute_layout()
      }
      return document.createElement("span")
    }
    """
