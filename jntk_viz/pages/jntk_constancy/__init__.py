"""The page “The kernel that stays put”."""

from jntk_viz.frame.registry import Page, Stop

PAGE = Page(
    order=2,
    title="The kernel that stays put",
    short="Constant kernel",
    card="One row of the kernel at width 16 (blue) and 512 (orange), and its limit (dashed).",
    stop=Stop(
        "jntk_constancy?widest=512",
        "Train three widths at once",
        "The widest kernel moves least and lies closest to its limit. At infinite width it would "
        "not move at all, and training would be a linear equation.",
    ),
)
