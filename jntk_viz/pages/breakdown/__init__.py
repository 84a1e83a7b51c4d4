"""The page “When it breaks”."""

from jntk_viz.frame.registry import Page, Stop

PAGE = Page(
    order=6,
    title="When it breaks",
    short="Breakdown",
    card="Training error at learning rates of 0.5 (blue) and 1.1 (orange) times the limit.",
    stop=Stop(
        "breakdown?case=rate",
        "Break it",
        "At a learning rate past its limit the error grows step by step, as the linear equation "
        "says; then the network's kernel gives way and the error falls again. The other cases show"
        " how each assumption of the theory looks when it fails.",
    ),
)
