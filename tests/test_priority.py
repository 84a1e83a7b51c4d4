"""Threads that compute stand back; the one that answers does not."""

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from jntk_viz.engine.jobs import THREADS
from jntk_viz.engine.priority import BEHIND, step_back


def level():
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


def level_of_a_thread():
    """Of one that the calling thread starts."""
    found = []
    thread = threading.Thread(target=lambda: found.append(level()))
    thread.start()
    thread.join()
    return found[0]


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no level of their own")
def test_threads_of_pages_stand_behind_and_so_do_those_they_start():
    ours = level()
    wanted = min(ours + BEHIND, 19)
    assert THREADS.submit(level).result() == wanted
    assert THREADS.submit(level_of_a_thread).result() == wanted
    assert level() == ours
    assert level_of_a_thread() == ours


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no level of their own")
def test_the_level_has_an_end():
    with ThreadPoolExecutor(1) as pool:
        for _ in range(6):
            pool.submit(step_back).result()
        assert pool.submit(level).result() == 19
