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
        "Each orange function settles on the dashed one that it becomes at infinite width: on "
        "average it is 0.74 σ away at width 8 and 0.07 σ at 1024, as 1/√width says.",
        move=("width", 1024),
    ),
)
