"""Random networks become a Gaussian process, and so do their slopes."""

from jntk_viz.pages.gp_convergence.page import app

if __name__.startswith("bokeh"):  # true only where Panel serves the file
    app().servable()
