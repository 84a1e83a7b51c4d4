"""Compute the next states of an export while one is drawn."""

import asyncio
import itertools
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, wait
from typing import Any

from jntk_viz.engine.runners import runner
from jntk_viz.frame.content import Content, Known

AHEAD = 2  # states under way for each place of the engine: more would fill the store of results


def computed_ahead(content: Content, states: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Each state once its steps are computed; those of the next ones are begun by then.

    - `content`: of the page, for its `plan` alone: another one than is drawn.
    - `states`: values of all settings that change.

    An error of a step is not told here: the page meets it when it comes to that state.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    waiting, coming = iter(states), deque[tuple[dict[str, Any], Future]]()
    try:
        while True:
            for values in itertools.islice(waiting, AHEAD * runner().places - len(coming)):
                done = asyncio.run_coroutine_threadsafe(_compute(content, values), loop)
                coming.append((values, done))
            if not coming:
                return
            values, done = coming.popleft()
            wait([done])
            yield values
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


async def _compute(content: Content, values: dict[str, Any]) -> None:
    known = Known()
    while True:
        content.state.param.update(**values)  # others have been planned meanwhile
        missing = (step for step in content.plan(known) if not known.has(step.key))
        step = next(missing, None)
        if step is None:
            return
        known.hold(step.key, await asyncio.wrap_future(runner().submit(step)))
