"""The page “Deeper: signals, kernels, training”."""

from jntk_viz.frame.registry import Page, Stop

PAGE = Page(
    order=7,
    title="Deeper: signals, kernels, training",
    short="Deeper",
    card="Correlation of two inputs against depth: order (blue), chaos (orange), the edge (black).",
    stop=Stop(
        "depth?weight_std=0.5&bias_std=0.2&theta=45",
        "Look for the edge of chaos",
        "With small weights two inputs become one on their way through 40 layers (correlation 1), "
        "with large ones they become strangers (0.07); only near the edge does a signal get far.",
        move=("weight_std", 1.5),
    ),
)
