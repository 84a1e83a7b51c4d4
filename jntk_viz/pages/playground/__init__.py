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
        "As the training time runs to ∞, the slopes of the right network, which has the penalty, "
        "call all 24 points safe, yet its boundary enters more than half of their rings.",
        move=("t", float("inf")),
    ),
)
