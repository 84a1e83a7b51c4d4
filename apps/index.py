"""The landing page: what this is, a live picture and a link for each page, where to go next."""

from jntk_viz.pages.start.page import app

if __name__.startswith("bokeh"):  # true only where Panel serves the file
    app().servable()
