"""Deeper: what depth does to two inputs, to slopes and to the Jacobian NTK, before any training."""

from jntk_viz.pages.depth.page import app

if __name__.startswith("bokeh"):  # true only where Panel serves the file
    app().servable()
