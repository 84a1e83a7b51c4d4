"""What a reader is told about an exception."""

from jntk_viz.device import out_of_memory


def error_text(error):
    """Our own words; the remedy where memory was not enough; or type and words of others."""
    if isinstance(error, ValueError):
        return str(error)
    return out_of_memory(error) or f"{type(error).__name__}: {error}"
