"""Open every page once after the server has started, before a visitor waits for what that takes.

Imports, compiled code and the numbers of the default settings are then at hand: the first visitor
meets the page that later ones do. Visitors come first: while one opens a page, waits for what it
shows, or moves its controls, this waits. `python -m jntk_viz.server.warm` opens the pages without a
server, for an image of which the compiled code is to be a part.
"""

import asyncio
import logging
import runpy
import time

import panel as pn

from jntk_viz.compiled_code import keep_compiled_code
from jntk_viz.engine.runners import runner
from jntk_viz.folders import app_files, app_routes, apps_folder
from jntk_viz.frame.guide import live_plots
from jntk_viz.server.pace import PACE

_log = logging.getLogger(__name__)
_OPENING = 15.0  # seconds that a page may take until it stands in the visitor's browser
_PAUSE = 3.0  # seconds without the move of a control, after which a visitor is taken to look only
_LONGEST = 30.0  # the same while the page computes: a run may take for ever
_LOOK = 0.2


class Warmer:
    """`await warmer.run()` on the server's event loop; `warmer.stop()` ends it.

    - `files`: the apps, in the order in which they are to be opened.
    """

    def __init__(self, files):
        self.files, self.job, self.stopped = list(files), None, False
        self.visited = float("-inf")
        pn.state.on_session_created(self._visit)

    def _visit(self, _):
        self.visited = time.monotonic()

    @property
    def waiting(self):
        """Whether a visitor has just come or done something, or waits for what the page shows."""
        now, asked = time.monotonic(), PACE.asked
        opening = asked < self.visited  # nothing has come from the browser yet
        if now < (self.visited + _OPENING if opening else asked + _PAUSE):
            return True
        mine = self.job.asked if self.job else 0
        since = now - max(self.visited, asked)
        return since < _LONGEST and runner().asked > mine

    def stop(self):
        self.stopped = True
        if self.job is not None:
            self.job.cancel()

    async def run(self):
        for file in self.files:
            if not await self._free():
                return
            try:
                await self._open(file)
            except Exception as error:  # noqa: BLE001 - a visitor will see it on the page
                _log.warning("%s could not be opened beforehand: %s", file.stem, error)

    async def _free(self):
        """Wait until no visitor needs the machine; whether to go on then."""
        while self.waiting and not self.stopped:
            await asyncio.sleep(_LOOK)
        return not self.stopped

    async def _open(self, file):
        """Do what opening the page does: build it, compute what it shows, draw its first tab."""
        page = _app(file)()
        self.job = page.job
        while self.job is not None and self.job.running and not self.stopped:
            if self.job.paused != self.waiting:
                self.job.paused = self.waiting
            await asyncio.sleep(_LOOK)
        body = page.body
        for plot in live_plots(getattr(body, "grid", body)) if body is not None else []:
            if not await self._free():
                return
            plot.figure  # noqa: B018 - drawn by being asked for
            await asyncio.sleep(_LOOK)


def import_apps(files):
    """Import what the apps import, so that the first visitor does not wait for it."""
    for file in files:
        try:
            _app(file)
        except Exception as error:  # noqa: BLE001 - a visitor will see it on the page
            _log.warning("%s could not be imported beforehand: %s", file.stem, error)


def _app(file):
    """The function `app` of a page's file."""
    return runpy.run_path(str(file))["app"]


if __name__ == "__main__":
    keep_compiled_code()
    asyncio.run(Warmer(app_files(app_routes(apps_folder()))).run())
