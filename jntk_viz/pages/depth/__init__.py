"""The page “Deeper: signals, kernels, training”."""

from jntk_viz.frame.registry import Page, Stop

PAGE = Page(
    order=7,
    title="Deeper: signals, kernels, training",
    short="Deeper",
    card="Correlation of two inputs against depth: order (blue), chaos (orange), the edge (black).",
    stop=Stop(
        "depth?preset=edge",
        "Look for the edge of chaos",
        "Before any training, click in the diagram. Left of the line any two inputs become one, "
        "right of it neighbours become strangers; only near the line does a signal pass through "
        "many layers.",
    ),
)
