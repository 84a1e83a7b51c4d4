"""Open every page once after the server has started, before a visitor waits for what that takes.

Imports, compiled code and the numbers of the default settings are then at hand: the first visitor
meets the page that later ones do. Visitors come first: a page is opened once the server has been
left alone for a moment, and its steps wait for those of visitors, as all steps do that come from
who has had much already. `python -m jntk_viz.server.warm` opens the pages without a server, for an
image of which the compiled code is to be a part.
"""

import asyncio
import logging
import runpy
import time

import panel as pn

from jntk_viz.compiled_code import keep_compiled_code
from jntk_viz.folders import app_files, app_routes, apps_folder
from jntk_viz.frame.guide import live_plots
from jntk_viz.server.idle import left_alone

_log = logging.getLogger(__name__)
_OPENING = 10.0  # seconds that a page may take until it stands in the visitor's browser
_CALM = 1.0  # seconds without work before a page is opened
_LONGEST = 30.0  # seconds to wait for that: a visitor's run may take for ever
_LOOK = 0.2


class Warmer:
    """`await warmer.run()` on the server's event loop.

    - `files`: the apps, in the order in which they are to be opened.
    """

    def __init__(self, files):
        self.files, self.visited = list(files), float("-inf")
        pn.state.on_session_created(self._visit)

    def _visit(self, _):
        self.visited = time.monotonic()

    async def run(self):
        for file in self.files:
            while time.monotonic() < self.visited + _OPENING:
                await asyncio.sleep(_LOOK)
            await left_alone(_CALM, _LONGEST)
            try:
                await self._open(file)
            except Exception as error:  # noqa: BLE001 - a visitor will see it on the page
                _log.warning("%s could not be opened beforehand: %s", file.stem, error)

    async def _open(self, file):
        """Do what opening the page does: build it, compute what it shows, draw its first tab."""
        page = _app(file)()
        while page.job is not None and page.job.running:
            await asyncio.sleep(_LOOK)
        body = page.body
        for plot in live_plots(getattr(body, "grid", body)) if body is not None else []:
            await left_alone(_LOOK, _LONGEST)
            plot.figure  # noqa: B018 - drawn by being asked for


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
