"""The page “Eigenfeatures: learned first, or fragile?”."""

from jntk_viz.frame.registry import Page, Stop

PAGE = Page(
    order=4,
    title="Eigenfeatures: learned first, or fragile?",
    short="Eigenfeatures",
    card=(
        "Accuracy (→) and robustness (↑) of each feature of the kernel, with (orange) and without "
        "(blue) the penalty; none can lie above the line."
    ),
    stop=Stop(
        "eigenfeatures?data=circle&depth=2",
        "Take the kernel apart into features",
        "Every dot is one feature. How far below the diagonal it lies is what an attack costs; "
        "select a dot to see the function it stands for.",
    ),
)
