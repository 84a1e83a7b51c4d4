"""What a reader and the log are told about an exception."""

from jntk_viz.datasets import DatasetUnavailable
from jntk_viz.device import out_of_memory


def error_text(error):
    """Our own words; the remedy where memory was not enough; or type and words of others."""
    if isinstance(error, ValueError):
        return str(error)
    return out_of_memory(error) or f"{type(error).__name__}: {error}"


def log_failure(log, what, error):
    """Log an exception with its traceback; data that cannot be had are no fault of the program."""
    if isinstance(error, DatasetUnavailable):
        log.warning("%s: %s", what, error)
    else:
        log.error(what, exc_info=error)
