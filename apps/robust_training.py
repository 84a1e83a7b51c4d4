"""Robust training in closed form: λ and time t against accuracy, robustness and the predictor."""

from jntk_viz.pages.robust_training.page import app

if __name__.startswith("bokeh"):  # true only where Panel serves the file
    app().servable()
