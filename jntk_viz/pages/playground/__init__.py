"""The page “The playground”."""

from jntk_viz.frame.registry import Page, Stop

PAGE = Page(
    order=0,
    title="The playground on a globe",
    short="Playground",
    card="Where networks trained without and with the penalty say +1 (red) and −1 (blue).",
    stop=Stop(
        "playground?example=caps&lam=0.1&t=1000",
        "Play with it",
        "Both networks have been trained for the same time on the same points; the right one with "
        "the penalty. Drag a point, then press Play and watch what t = ∞ does to both.",
    ),
)
