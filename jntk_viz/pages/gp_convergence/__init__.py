"""The page “Random networks become a Gaussian process”."""

from jntk_viz.frame.registry import Page, Stop

PAGE = Page(
    order=1,
    title="Random networks become a Gaussian process",
    short="Gaussian process",
    card=("Twelve random networks on the circle (orange) in the limiting band (blue)."),
    stop=Stop(
        "gp_convergence?width=8",
        "Widen a random network",
        "Slide the width from 8 to 1024. The orange samples settle into the black limit, slopes "
        "later than values, and the error halves with every fourfold width.",
    ),
)
