"""Whether this process has anything to do."""

import asyncio
import time

_BUSY = 0.1  # share of a core


async def had_work(seconds: float) -> bool:
    """Look for so long, while the event loop goes on; whether the process had work meanwhile."""
    used = time.process_time()
    await asyncio.sleep(seconds)
    return time.process_time() - used > _BUSY * seconds
