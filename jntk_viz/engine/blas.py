"""One BLAS thread for steps that factorise many small matrices.

With several threads OpenBLAS spends most of its time waiting: a network of width 1024 on the
circle takes 24 ms on one thread of a busy machine and 1 to 3 s on two. A server sets one thread
for all that it does; this is for scripts, exports and notebooks.
"""

import functools
import threading
from collections.abc import Callable
from typing import Any

from threadpoolctl import ThreadpoolController

_lock = threading.Lock()
_limited: list[Any] = []  # the limit in force, once for each function that runs under it


def one_thread(function: Callable) -> Callable:
    """The function, with one BLAS thread while it runs; several may run at the same time."""

    @functools.wraps(function)
    def wrapper(*arguments):
        with _lock:
            _limited.append(
                _limited[0] if _limited else _controller().limit(limits=1, user_api="blas")
            )
        try:
            return function(*arguments)
        finally:
            with _lock:
                limit = _limited.pop()
                if not _limited:
                    limit.restore_original_limits()

    return wrapper


@functools.cache
def _controller() -> ThreadpoolController:
    """What finds the libraries that are loaded, which takes some milliseconds."""
    return ThreadpoolController()
