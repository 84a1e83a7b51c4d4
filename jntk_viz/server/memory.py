"""Keep the memory of a server that runs for days within bounds.

Most of what such a server holds is there to be quick: every new depth, width or number of points
has JAX compile and keep code for arrays of these shapes, and the C library keeps what threads have
freed for the next time. Both are given back once they have grown much.
"""

import ctypes
import gc
import math
import os
import sys
from pathlib import Path

import psutil

from jntk_viz.server.idle import had_work

MOST_MB = 1000  # beyond which memory is given back while nobody computes …
BESIDE_WORKERS_MB = 400  # … of a process whose workers compute and compile
_GROWN = 0.2  # … once it has grown by this share of that since the last time
_MOST_OF_ALL = 0.7  # share of what the process may have, beyond which it does not wait for that
# Closed pages, of some 7 MB each, are worth the collector's pause where they are more than this
# share of the open ones, and while somebody computes so many more.
_WORTH = 1 / 4
_MANY_CLOSED = 15
_LOOK = 5.0  # seconds between two looks
_CONTAINER = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def resident_mb() -> float:
    """Resident memory of this process in MB."""
    return psutil.Process().memory_info().rss / 1e6


def limit_mb() -> float:
    """Memory that this process may have in MB: the machine's, or less in a container.

    The container's limit is that of Linux's control groups, or what JupyterHub and Binder say in
    MEM_LIMIT.
    """
    limits = [psutil.virtual_memory().total]
    for said in [os.environ.get("MEM_LIMIT", ""), *map(_content, _CONTAINER)]:
        if said.strip().isdigit():  # not where it says "max"
            limits.append(int(said))
    return min(limits) / 1e6


def _content(file: str) -> str:
    try:
        return Path(file).read_text("utf-8")
    except OSError:
        return ""


def set_apart() -> None:
    """Let Python's collector pass over what there is now, and will be for long.

    It looks through everything when much is new. That takes 0.3 s for what is imported and as much
    for every ten pages, in which nobody is answered.
    """
    gc.collect()
    gc.freeze()


def collect() -> None:
    """Free what is no longer used, also of what was set apart."""
    gc.unfreeze()
    set_apart()


def give_back() -> None:
    """Forget compiled code, and return to the system what is free.

    The code is compiled again, or read from the cache folder, when it is next needed.
    """
    import jax

    collect()
    jax.clear_caches()
    # Of glibc: what threads have freed would stay with the process.
    if sys.platform == "linux" and hasattr(library := ctypes.CDLL(None), "malloc_trim"):
        library.malloc_trim(0)


class Keeper:
    """`await keeper.run()` on the server's event loop.

    Memory is given back while nobody computes, which costs the next visitor a second or two. While
    somebody does only to stay alive: with the pages of a class it takes many seconds, in which
    everybody would wait.

    Pages that were closed are freed once they are many, sooner while nobody computes. With the
    pages of a class open, to look for them takes two seconds, in which nobody is answered; so one
    or two closed ones wait for more.

    - `most_mb`: that the server keeps while nobody computes;  `limit_mb`: that it may have.
    """

    def __init__(self, most_mb: float = MOST_MB, limit_mb: float = math.inf):
        self.most_mb, self.limit_mb = most_mb, limit_mb
        self._left = 0.0  # MB after memory was last given back
        self._open = 0  # pages
        self._closed = 0  # pages since they were last freed

    async def run(self) -> None:
        while True:
            self.look(idle=not await had_work(_LOOK))

    def look(self, idle: bool) -> None:
        """Free what closed pages and too much compiled code take, if it is time to."""
        if self.is_much(resident_mb(), idle):
            give_back()
            self._left, self._closed = resident_mb(), 0
        elif self._closed > _WORTH * self._open + (0 if idle else _MANY_CLOSED):
            collect()
            self._closed = 0

    def page_opened(self, session_context) -> None:
        """Count a page that was made; for Panel's `on_session_created`."""
        self._open += 1

    def page_closed(self, session_context) -> None:
        """Count a page that was closed; for Panel's `on_session_destroyed`."""
        self._open -= 1
        self._closed += 1

    def is_much(self, megabytes: float, idle: bool) -> bool:
        """Whether it is time to give memory back."""
        bound = self.most_mb if idle else _MOST_OF_ALL * self.limit_mb
        return megabytes > max(bound, self._left + _GROWN * self.most_mb)
