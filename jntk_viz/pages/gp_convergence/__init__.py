"""The page “Random networks become a Gaussian process”."""

from jntk_viz.frame.registry import Page, Stop

PAGE = Page(
    order=1,
    title="Random networks become a Gaussian process",
    short="Gaussian process",
    card="Twelve random networks on the circle (orange) in the limiting band (blue).",
    stop=Stop(
        "gp_convergence?width=8&ends=true",
        "Widen a random network",
        "Slide the width from 8 to 1024. Each orange function settles on the dashed one, which is "
        "what it becomes at infinite width; the headline says how far away it still is. The black "
        "line is the mean over all networks, zero, and the grey band two standard deviations.",
    ),
)
