"""The playground: two networks trained on points of the reader's own, on a globe."""

from jntk_viz.pages.playground.page import app

if __name__.startswith("bokeh"):  # true only where Panel serves the file
    app().servable()
