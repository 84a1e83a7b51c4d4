"""The page “Is the kernel full rank?”."""

from jntk_viz.frame.registry import Page, Stop

PAGE = Page(
    order=5,
    title="Is the kernel full rank?",
    short="Full rank",
    card="Smallest eigenvalue against depth: GeLU (blue), erf (orange); grey is lost in float32.",
    stop=Stop(
        "full_rank?depth=1",
        "Ask whether the kernel is invertible",
        "At depth 1 the smallest eigenvalue drowns in the rounding of float64 (grey); at depth 12 "
        "it is 18,000 times as large as that, and float32 would still lose it.",
        move=("depth", 12),
    ),
)
