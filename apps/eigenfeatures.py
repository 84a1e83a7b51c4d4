"""Eigenfeatures: accuracy against robustness, one feature up close, and what is learned first."""

from jntk_viz.pages.eigenfeatures.page import app

if __name__.startswith("bokeh"):  # true only where Panel serves the file
    app().servable()
