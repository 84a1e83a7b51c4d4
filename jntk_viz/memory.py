"""Keep the memory of a server that runs for days within bounds.

Most of what such a server holds is there to be quick: every new depth, width or number of points
has JAX compile and keep code for arrays of these shapes, and the C library keeps what threads have
freed for the next time. Both are given back once they have grown much.
"""

import ctypes
import gc
import sys

import psutil

from jntk_viz.idle import had_work

MOST_MB = 1000  # beyond which memory is given back …
_GROWN_MB = 200  # … once it has grown by so much since the last time
_LOOK = 5.0  # seconds between two looks
_M_ARENA_MAX = -8  # of `mallopt`, in malloc.h


def use_few_arenas() -> None:
    """Let the threads of this process share two heaps, with glibc; call it before there are any.

    Eight heaps for each core, its default, keep what is free in one of them from all others.
    """
    library = _c_library()
    if hasattr(library, "mallopt"):
        library.mallopt(_M_ARENA_MAX, 2)


def resident_mb() -> float:
    """Resident memory of this process in MB."""
    return psutil.Process().memory_info().rss / 1e6


def give_back() -> None:
    """Forget compiled code, and return to the system what is free.

    The code is compiled again, or read from the cache folder, when it is next needed.
    """
    import jax

    gc.collect()
    jax.clear_caches()
    library = _c_library()
    if hasattr(library, "malloc_trim"):
        library.malloc_trim(0)


class Keeper:
    """`await keeper.run()` on the server's event loop; `keeper.stop()` ends it.

    Memory is given back while nobody computes, which costs the next visitor a second at most;
    beyond twice `most_mb` also while somebody does.
    """

    def __init__(self, most_mb: float = MOST_MB):
        self.most_mb, self.stopped = most_mb, False
        self._left = 0.0  # MB after memory was last given back

    async def run(self) -> None:
        while not self.stopped:
            idle = not await had_work(_LOOK)
            if self.is_much(resident_mb(), idle):
                give_back()
                self._left = resident_mb()

    def is_much(self, megabytes: float, idle: bool) -> bool:
        """Whether it is time to give memory back."""
        bound = self.most_mb if idle else 2 * self.most_mb
        return megabytes > max(bound, self._left + _GROWN_MB)

    def stop(self) -> None:
        self.stopped = True


def _c_library():
    """The C library where it may be glibc; None elsewhere."""
    return ctypes.CDLL(None) if sys.platform == "linux" else None
