"""Is the kernel full rank? λ_min against depth and angle, and what it costs in training time."""

from jntk_viz.pages.full_rank.page import app

if __name__.startswith("bokeh"):  # true only where Panel serves the file
    app().servable()
