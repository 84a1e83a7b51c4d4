"""Four networks without their names, for exercise 10b to recognise."""

from jntk_viz.pages.depth.signal import Signal, limit
from jntk_viz.pages.depth.state import Network

_SETTINGS = {
    "A": (1.3, 0.3, None),
    "B": (1.5, 0.0, 0.2),
    "C": (0.7, 0.3, None),
    "D": (0.7195, 0.1, None),
}  # σ_w, σ_b, α
_DEGREES = 60.0  # between the two inputs


def four_networks(depth: int) -> dict[str, Signal]:
    """Correlation of two inputs at 60° and E |J|², layer by layer, of the erf networks A to D."""
    return {
        name: limit(Network("erf", *settings), _DEGREES, depth)
        for name, settings in _SETTINGS.items()
    }
