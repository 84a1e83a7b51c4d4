"""The lock under which the networks of the Gaussian-process page are drawn."""

import threading
from contextlib import contextmanager
from functools import cache

from threadpoolctl import ThreadpoolController

_one_at_a_time = threading.Lock()


@cache
def _threads():
    return ThreadpoolController()


@contextmanager
def computing():
    """One visitor computes at a time: they share what is stored.

    The many small QR factorisations take one thread: with several, OpenBLAS spends most of its
    time waiting, on a busy machine a hundred times longer than computing.
    """
    with _one_at_a_time, _threads().limit(limits=1, user_api="blas"):
        yield
