"""When it breaks: eight ways for wide networks and their theory to fail, each with its cure."""

from jntk_viz.pages.breakdown.page import app

if __name__.startswith("bokeh"):  # true only where Panel serves the file
    app().servable()
