"""Threads that compute go after the one that answers, where there are few cores."""

import os
import sys
import threading

BEHIND = 5  # of Linux's nice levels: on one core the other thread gets three times as much


def step_back() -> None:
    """Let the calling thread, and those that it starts from now on, go after the others.

    Only on Linux: elsewhere it would be the whole process.
    """
    if sys.platform == "linux":
        me = threading.get_native_id()
        level = os.getpriority(os.PRIO_PROCESS, me)
        os.setpriority(os.PRIO_PROCESS, me, min(level + BEHIND, 19))
