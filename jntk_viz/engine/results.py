"""What the studies have computed, kept for everybody within one bound on its bytes.

A class asks for many settings at once. Were each function's results bounded by their number, as by
`functools.lru_cache`, either a few large ones would fill the memory, or what a page shows would
have been dropped by the time that it is drawn.
"""

import functools
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from cachetools import LRUCache

MOST_BYTES = 250_000_000
_ABSENT = object()


def bytes_of(value: Any) -> int:
    """Bytes of the arrays in a value made of tuples, lists, dictionaries and plain objects."""
    seen: dict[int, Any] = {}
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if id(item) in seen:
            continue
        seen[id(item)] = item
        if isinstance(item, dict):
            waiting += item.values()
        elif isinstance(item, (tuple, list)):
            waiting += item
        elif not (hasattr(item, "nbytes") or callable(item)) and hasattr(item, "__dict__"):
            waiting += vars(item).values()
    return sum(getattr(item, "nbytes", sys.getsizeof(item)) for item in seen.values())


_results: LRUCache = LRUCache(MOST_BYTES, getsizeof=bytes_of)
_lock = threading.RLock()


def kept(function: Callable) -> Any:
    """The function, whose results are kept; what was used longest ago goes first.

        @kept
        def gram(problem): ...

        gram(problem)        # computed, or what was kept
        gram.known(problem)  # what was kept, or None; nothing is computed

    - `function`: of hashable arguments by position. One result is handed to everybody who asks, so
      nobody may change it. `cache_clear()` drops those of this function.
    """

    def look(arguments):
        with _lock:
            return _results.get((function, arguments), _ABSENT)

    @functools.wraps(function)
    def wrapper(*arguments):
        value = look(arguments)
        if value is _ABSENT:
            value = function(*arguments)
            with _lock, suppress(ValueError):  # too large to be kept
                _results[function, arguments] = value
        return value

    def known(*arguments):
        value = look(arguments)
        return None if value is _ABSENT else value

    def cache_clear():
        with _lock:
            for key in [key for key in _results if key[0] is function]:
                del _results[key]

    wrapper.known, wrapper.cache_clear = known, cache_clear  # type: ignore[attr-defined]
    return wrapper
