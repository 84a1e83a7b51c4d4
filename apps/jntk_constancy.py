"""The kernel that stays put: networks of three widths in training, beside their infinite width."""

from jntk_viz.pages.jntk_constancy.page import app

if __name__.startswith("bokeh"):  # true only where Panel serves the file
    app().servable()
