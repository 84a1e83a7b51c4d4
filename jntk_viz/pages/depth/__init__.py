"""The page “Deeper”."""

from jntk_viz.frame.registry import Page, Stop

PAGE = Page(
    order=7,
    title="Deeper",
    short="Deeper",
    card="Correlation of two inputs against depth: order (blue) makes them one, chaos (orange) "
    "drives them apart, the edge (black) keeps them.",
    stop=Stop(
        "depth?preset=edge",
        "Go deeper, before any training",
        "Click in the diagram. Left of the line any two inputs become one, right of it neighbours "
        "become strangers; only near the line does a signal pass through many layers.",
    ),
)
