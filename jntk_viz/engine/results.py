"""Results of pure functions, kept for everybody within one bound on their bytes.

A class asks for many settings at once. Were each function's results bounded by their number, as by
`functools.lru_cache`, either a few large ones would fill the memory, or what a page shows would
have been dropped by the time that it is drawn.

What was computed of a table that a visitor has uploaded carries the table's name, which nobody else
can guess, among its arguments. It is kept from `admit` to `forget`, which drops it and nothing
else; a step that is still under way then leaves nothing behind.
"""

import functools
import sys
import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import suppress
from typing import Any

from cachetools import LRUCache

MOST_BYTES = 400_000_000
BESIDE_WORKERS = 50_000_000  # of a process whose workers keep as much as this one would
OWN = "own-"  # how the name of an uploaded table begins
ABSENT = object()


class Results:
    """Values by function and arguments; those that were used longest ago go first.

    - `most_bytes`: of all values together. One that is larger is not kept.

    One value is handed to everybody who asks, so nobody may change it.
    """

    def __init__(self, most_bytes: int = MOST_BYTES):
        self._owners: set[str] = set()  # names of the tables that are there
        self._lock = threading.RLock()
        self.bound(most_bytes)

    def bound(self, most_bytes: int) -> None:
        """Drop everything, and keep at most so many bytes from now on."""
        with self._lock:
            self._values: LRUCache = LRUCache(most_bytes, getsizeof=bytes_of)

    @property
    def bytes(self) -> int:
        """Bytes of all that is kept."""
        with self._lock:
            return int(self._values.currsize)

    def get(self, function: Callable, arguments: tuple, default=None) -> Any:
        """The value, or `default`; nothing is computed."""
        with self._lock:
            return self._values.get((function, arguments), default)

    def put(self, function: Callable, arguments: tuple, value) -> None:
        """Keep a value in place of an earlier one, unless it is of a table that is gone."""
        with self._lock, suppress(ValueError):  # too large to be kept
            if self._owners.issuperset(owners_of(arguments)):
                self._values[function, arguments] = value

    def pop(self, function: Callable, arguments: tuple, default=None) -> Any:
        """The value, or `default`; it is no longer kept."""
        with self._lock:
            return self._values.pop((function, arguments), default)

    def admit(self, owner: str) -> None:
        """Keep from now on what is computed of one visitor's table, by the table's name."""
        with self._lock:
            self._owners.add(owner)

    def forget(self, owner: str) -> None:
        """Drop what was computed of one visitor's table, and keep nothing more of it."""
        with self._lock:
            self._owners.discard(owner)
            self._drop(lambda function, arguments: owner in owners_of(arguments))

    def clear(self, function: Callable | None = None) -> None:
        """Drop the values of one function, or all."""
        self._drop(lambda kept_of, arguments: function in (None, kept_of))

    def _drop(self, unwanted) -> None:
        with self._lock:
            for key in [key for key in self._values if unwanted(*key)]:
                del self._values[key]


def kept(function: Callable) -> Any:
    """The function, whose results are kept.

        @kept
        def gram(problem): ...

        gram(problem)        # computed, or what was kept
        gram.known(problem)  # what was kept, or None; nothing is computed

    - `function`: pure, of a module, of hashable arguments by position that name everything the
      result depends on, seeds too. `forget(*arguments)` drops one result, `cache_clear()` all.
    """

    @functools.wraps(function)
    def wrapper(*arguments):
        value = RESULTS.get(wrapper, arguments, ABSENT)
        if value is ABSENT:
            value = function(*arguments)
            RESULTS.put(wrapper, arguments, value)
        return value

    def known(*arguments):
        return RESULTS.get(wrapper, arguments)

    def forget(*arguments):
        RESULTS.pop(wrapper, arguments)

    wrapper.known, wrapper.forget = known, forget  # type: ignore[attr-defined]
    wrapper.cache_clear = functools.partial(RESULTS.clear, wrapper)  # type: ignore[attr-defined]
    return wrapper


def owners_of(arguments: Hashable) -> Iterator[str]:
    """The names of uploaded tables among arguments, also within tuples."""
    if isinstance(arguments, str):
        if arguments.startswith(OWN):
            yield arguments
    elif isinstance(arguments, tuple):
        for item in arguments:
            yield from owners_of(item)


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


RESULTS = Results()  # of this process
