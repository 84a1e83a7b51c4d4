"""Deeper: what depth does to two inputs, to slopes, to the Jacobian NTK and to robust training."""

from jntk_viz.pages.depth.page import app

if __name__.startswith("bokeh"):  # true only where Panel serves the file
    app().servable()
