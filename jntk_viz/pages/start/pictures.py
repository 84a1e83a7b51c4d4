"""The picture of the landing page that plays."""

from bokeh.models import Image

from jntk_viz.drawing.film import Film
from jntk_viz.drawing.html import Words
from jntk_viz.drawing.theme import FONT, INK, css

_TIME = css(f"div {{ font: 500 17px/1.3 {FONT}; color: {INK}; }}")
_PACE = 300  # milliseconds from one picture to the next


class Opening(Film):
    """Plays the pictures of a card's `film` in the figure of its `picture`.

    - `card`: of the picture;  `time`: says which time is seen.
    """

    def __init__(self, plot, card):
        self.time = Words(width=120, margin=(8, 6), stylesheets=[_TIME])
        drawn = [r for r in plot.figure.renderers if hasattr(r, "glyph")]
        image = next(r for r in drawn if isinstance(r.glyph, Image))
        edge = drawn[drawn.index(image) + 2]  # above the rims of the discs
        columns = [(image.data_source, "image")]
        columns += [(edge.data_source, edge.glyph.x), (edge.data_source, edge.glyph.y)]
        super().__init__(columns, [self.time], pace=_PACE, lowest=card.LOWEST, steps=card.STEPS)

    def show_card(self, film):
        self.show([film[key] for key in ("image", "x", "y", "label")])
