"""The page “When it breaks”."""

from jntk_viz.frame.registry import Page, Stop

PAGE = Page(
    order=6,
    title="When it breaks",
    short="Breakdown",
    card="Training error at learning rates of 0.5 (blue) and 1.1 (orange) times the limit.",
    stop=Stop(
        "breakdown?case=rate&rate=0.5",
        "Break it",
        "At 1.5 times the largest stable learning rate the fastest part of the error is multiplied "
        "by 1.96 at every step, until the network's kernel gives way and the error falls again.",
        move=("rate", 1.5),
    ),
)
