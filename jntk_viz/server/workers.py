"""Several processes that serve the pages together, and end with the one that started them."""

import os
import signal
import sys

from jntk_viz.folders import CannotServe


class Workers:
    """Make one and `take_signals` before the processes part; each calls `join` afterwards.

    Tornado's first process waits for the others and replaces one that dies. It would leave them
    behind when it is ended itself; so each of them watches a pipe whose other end only the first
    one holds, and which its end closes, however that came.
    """

    def __init__(self):
        if sys.platform == "win32":
            raise CannotServe(
                "`--workers` needs a system whose processes can part in two; Windows has no such "
                "thing. Start several servers with `--port` behind a reverse proxy instead"
            )
        self._write: int | None
        self._read, self._write = os.pipe()

    def take_signals(self):
        """In the first process, let Ctrl-C and SIGTERM end the others; then it ends itself."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._end)

    def _end(self, *_):
        write, self._write = self._write, None
        if write is not None:
            os.close(write)

    def join(self, loop):
        """Let this process end with the first one. `loop`: its tornado `IOLoop`."""
        self._end()  # this copy

        def stop():
            loop.asyncio_loop.remove_reader(self._read)
            loop.stop()

        loop.asyncio_loop.add_reader(self._read, stop)
