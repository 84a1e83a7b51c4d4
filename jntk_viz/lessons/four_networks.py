"""Four networks without their names, for exercise 10b to recognise."""

from jntk_viz.pages.depth.signal import Signal, limit
from jntk_viz.pages.depth.state import LAYERS, Network

_SETTINGS = {
    "A": (1.3, 0.3, None),
    "B": (1.5, 0.0, 0.2),
    "C": (0.7, 0.3, None),
    "D": (0.7195, 0.1, None),
}  # σ_w, σ_b, α


def four_networks(degrees: float) -> dict[str, Signal]:
    """Correlation of two inputs at this angle and E |J|² of the erf networks A to D, layer by
    layer."""
    return {
        name: limit(Network("erf", *settings), degrees, LAYERS)
        for name, settings in _SETTINGS.items()
    }
