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
        "Every dot is one feature, further right if it is more accurate and higher if it is more "
        "robust; as the attack grows the dots fall, and none can lie above the diagonal.",
        move=("epsilon", 0.5),
    ),
)
