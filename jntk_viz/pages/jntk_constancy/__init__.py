"""The page “The kernel that stays put”."""

from jntk_viz.frame.registry import Page, Stop

PAGE = Page(
    order=2,
    title="The kernel that stays put",
    short="Constant kernel",
    card="One row of the kernel at width 16 (blue) and 512 (orange), and its limit (dashed).",
    stop=Stop(
        "jntk_constancy?points=8&widest=256&networks=1&steps=100&moment=0",
        "Train three widths at once",
        "While three networks train, the kernel of the narrowest (width 16) moves by 33 %, that of "
        "the widest (256) by 5.2 %; at infinite width it would not move at all.",
        move=("moment", 25),
    ),
)
