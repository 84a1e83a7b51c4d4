"""A picture of the landing page that plays by itself: the browser has all its numbers.

A class may leave this page open: nothing is asked of the server while it plays.
"""

import panel_material_ui as pmui
from bokeh.models import ColumnDataSource, Image

from jntk_viz.drawing.html import Words
from jntk_viz.drawing.theme import FONT, INK, css

_TIME = css(f"div {{ font: 500 17px/1.3 {FONT}; color: {INK}; }}")
_EVERY = 300  # milliseconds from one picture to the next
# `film.place` runs from 0 to the last picture and back. Who has asked their system for less motion
# presses Play themselves.
_SHOW = """
const last = film.data.label.length - 1
const i = last - Math.abs(last - film.place)
const old = image.data.image[0]
const f = Float32Array.from(film.data.image[i], (b) => b == 255 ? NaN : b / steps + lowest)
image.data = {...image.data, image: [new old.constructor(f, old.shape)]}
edge.data = {...edge.data, [across]: film.data.x[i], [up]: film.data.y[i]}
time.text = film.data.label[i]
film.place = (film.place + 1) % (2 * last)
"""
_PLAY = f"""
const show = () => {{ {_SHOW} }}
if (film.timer) {{
  clearInterval(film.timer)
  film.timer = null
}} else {{
  film.place = film.place ?? 0
  film.timer = setInterval(show, {_EVERY})
  show()
}}
button.data.label = film.timer ? "Pause" : "Play"
"""
_BEGIN = """
if (!source.disabled && !matchMedia("(prefers-reduced-motion: reduce)").matches) {{ {} }}
"""


class Film:
    """Plays the pictures of a card's `film` in the figure of its `picture`.

    - `card`: of the picture;  `button`: Pause and Play;  `time`: says which time is seen;
    - `show`: give the browser what it plays, which then begins.
    """

    def __init__(self, plot, card):
        self.time = Words(width=120, margin=(8, 6), stylesheets=[_TIME])
        self.source = ColumnDataSource(data={"label": [], "image": [], "x": [], "y": []})
        self.button = pmui.Button(
            label="Play", size="small", variant="outlined", width=90, disabled=True
        )
        drawn = [r for r in plot.figure.renderers if hasattr(r, "glyph")]
        image = next(r for r in drawn if isinstance(r.glyph, Image))
        edge = drawn[drawn.index(image) + 2]  # above the rims of the discs
        arguments = {
            "film": self.source, "image": image.data_source, "edge": edge.data_source,
            "across": edge.glyph.x, "up": edge.glyph.y, "time": self.time,
            "button": self.button, "lowest": card.LOWEST, "steps": card.STEPS,
        }  # fmt: skip
        self.button.js_on_click(args=arguments, code=_PLAY)
        self.button.jscallback(args=arguments, disabled=_BEGIN.format(_PLAY))

    def show(self, film):
        self.source.data = film
        self.button.disabled = False
