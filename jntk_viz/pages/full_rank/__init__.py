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
        "Slide the depth. The smallest eigenvalue grows out of the grey, where rounding hides it: "
        "full rank is a matter of arithmetic before it is one of depth.",
    ),
)
