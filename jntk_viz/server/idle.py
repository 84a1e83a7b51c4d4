"""Waiting until this process has nothing to do."""

import asyncio
import math
import time

_BUSY = 0.1  # share of a core
_LOOK = 0.2  # seconds between two looks


async def had_work(seconds: float) -> bool:
    """Look for so long, while the event loop goes on; whether the process had work meanwhile."""
    used = time.process_time()
    await asyncio.sleep(seconds)
    return time.process_time() - used > _BUSY * seconds


async def left_alone(seconds: float, at_most: float = math.inf) -> None:
    """Wait until the process has had no work for so long, but no longer than `at_most` seconds."""
    now = time.monotonic()
    calm_since, end = now, now + at_most
    while now < min(calm_since + seconds, end):
        worked = await had_work(_LOOK)
        now = time.monotonic()
        if worked:
            calm_since = now
