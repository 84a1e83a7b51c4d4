"""Heavy work beside a page that stays responsive: one run at a time, the newest setting wins."""

import asyncio
import contextvars
import logging
import math
import time
from contextlib import contextmanager

import panel as pn
import param
from panel.io.state import set_curdoc

from jntk_viz.engine.jobs import THREADS, UNFINISHED, Cancelled, Job, waiting_words
from jntk_viz.engine.turns import MACHINE, Turn
from jntk_viz.frame.failures import error_text, log_failure

_log = logging.getLogger(__name__)
_GLANCE = 0.06  # seconds after which a page says that it computes; less would only flash
_BRIEF = 0.25  # seconds that a page which is being opened may spend on what is known already
_POLL = 0.04  # seconds between two looks at the running work
_POLL_WAITING = 0.12  # the same while it waits for its turn, when there is little to see
_SAY_AGAIN = 0.1  # seconds between two reports of how far it is, for each page that computes …
_SAY_LATEST = 1.0  # … but no more than this
_REST = 0.15  # seconds between two partial results of a page: its browser has to paint them all
_SHARE = 3  # times as long as a page draws a partial result, the others are left in peace after it


def after_pause(function, seconds=0.3, first=False):
    """`function` to be called once, with the last arguments, when calls have paused for `seconds`.

    - `first`: a call that comes after a pause passes at once, so that a single step of a control
      does not wait; those of a drag that follow it do.

    Without a served page there is nobody dragging, so it is called at once.
    """
    waiting = []
    last = -math.inf

    def call(*args):
        nonlocal last
        earlier, last = last, time.monotonic()
        doc = pn.state.curdoc
        if doc is None or not doc.session_context or (first and last - earlier > seconds):
            function(*args)
            return
        for handle in waiting:
            doc.remove_timeout_callback(handle)

        def run():
            waiting.clear()
            function(*args)

        waiting[:] = [doc.add_timeout_callback(run, int(1000 * seconds))]

    return call


class _Draws:
    """Leaves the event loop time for controls while many pages draw partial results, in turn."""

    def __init__(self):
        self._next = -math.inf
        self._waiting: dict[Job, None] = {}  # in the order in which they came

    def allowed(self, job):
        self._waiting[job] = None
        self._waiting = {each: None for each in self._waiting if each in UNFINISHED}
        if time.monotonic() < self._next or job is not next(iter(self._waiting), job):
            return False
        self._waiting.pop(job, None)
        return True

    @contextmanager
    def timed(self):
        start = time.monotonic()
        yield
        now = time.monotonic()
        # One page alone may draw as fast as it can.
        self._next = now + (now - start) * min(len(UNFINISHED) - 1, _SHARE)


_draws = _Draws()


class LatestWins(param.Parameterized):
    """Runs `work(job)` in a thread; a new `submit` cancels what runs and waits until it stopped.

        job = LatestWins()
        def work(job):
            for step, params in training_chunks(...):   # chunks of at most 100 ms
                job.progress(step / steps, f"step {step}")   # raises Cancelled when superseded
                job.emit(measure(params))                    # partial result, shown while running
            return result
        job.submit(work, done=show, partial=show_partial)

    `done` and `partial` are called with the value on the event loop, holding the page's lock, and
    never for work that was superseded. An exception in any of the three ends up in `error` (and in
    the log), and the page goes on. Pages take turns at the machine (`turns`). Work ends when the
    page is closed, and begins again if the browser comes back to the session. Without a running
    event loop (scripts, static export) `submit` does the work before it returns.
    """

    running = param.Boolean(False, doc="Is work under way?")
    noticeable = param.Boolean(False, doc="Has it been under way long enough to be spoken of?")
    paused = param.Boolean(False, doc="Is the running work asked to wait?")
    fraction = param.Number(0.0, bounds=(0, 1), doc="How far the running work is.")
    text = param.String("", doc="What the running work says about itself.")
    error = param.String("", doc="Message of the last exception; empty after the next start.")
    seconds_left = param.Number(
        None, allow_None=True, doc="Extrapolated from the time spent so far."
    )

    def __init__(self):
        super().__init__()
        self._job = self._next = self._runner = None
        self._brief, self._turn, self._left = False, Turn(MACHINE), None
        self._said_at = self._drawn_at = -math.inf
        page = pn.state.curdoc
        if page and page.session_context:
            context = page.session_context
            pn.state.on_session_destroyed(lambda _: self.cancel())
            page.on_event("connection_lost", lambda _: self._page_closed(context))
            page.on_event("client_reconnected", lambda _: self._page_is_back())

    def submit(self, work, done=None, partial=None):
        """Start `work(job)`, superseding what runs."""
        if self._brief:
            self._run_briefly(Job(work, done, partial))
            return
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            self._run_here(Job(work, done, partial))
            return
        job = Job(work, done, partial, self._turn)
        self._left = None
        self._stop_current()
        self._next, self.paused = job, False
        if self._runner is None or self._runner.done():
            # A task inherits the page by Panel's context variable, which Bokeh's own callbacks
            # (timeouts, taps) do not set.
            with set_curdoc(pn.state.curdoc):
                self._runner = asyncio.create_task(self._run())

    @contextmanager
    def briefly(self):
        """Meanwhile `submit` does the work at once, and stops it after a quarter of a second.

        For a page that is being opened: what an earlier visitor has had computed is then in it
        from the start. The same work has to be submitted again afterwards.
        """
        self._brief = True
        try:
            yield
        finally:
            self._brief = False

    def cancel(self):
        """Stop the running work and forget what waits; what has been shown stays."""
        self._next = self._left = None
        self._stop_current()

    @property
    def current(self):
        """The `Job` that runs, if any."""
        return self._job

    def _stop_current(self):
        if self._job is not None:
            self._job.cancel()

    def _page_closed(self, context):
        """Stop at once; the session lives on for a while, in case only the network has failed."""
        if context.session.connection_count > 1:  # it came back before the old one was lost
            return
        unfinished = self._next or (self.running and self._job)
        self.cancel()
        self._left = unfinished

    def _page_is_back(self):
        if self._left:
            job = self._left
            self.submit(job.work, job.done, job.partial)

    @param.depends("paused", watch=True)
    def _pause_or_resume(self):
        if self._job is not None:
            self._job.paused = self.paused

    async def _run(self):
        start = time.monotonic()
        while self._next is not None:
            job, self._job, self._next = self._next, self._next, None
            self._drawn_at = -math.inf  # the first picture of new work is shown at once
            self._show(self._say, running=True, fraction=0.0, text="", error="", seconds_left=None)
            context = contextvars.copy_context()
            UNFINISHED.add(job)
            thread = asyncio.get_running_loop().run_in_executor(THREADS, context.run, job.run)
            while not thread.done():
                ahead = job.ahead
                await asyncio.wait({thread}, timeout=_POLL if ahead is None else _POLL_WAITING)
                self._look(job, time.monotonic() - start > _GLANCE)
            UNFINISHED.discard(job)
            self._finish(job, thread)
        self._job = None
        self._show(self._say, running=False, noticeable=False, paused=False, seconds_left=None)

    def _look(self, job, noticeable):
        """Show progress and the latest partial result, unless the page still draws the last."""
        if job.showing or job.cancelled.is_set():
            return
        elapsed = time.monotonic() - job.began if job.began else 0.0
        left = elapsed * (1 / job.fraction - 1) if job.fraction > 0.02 and elapsed > 1 else None
        ahead = job.ahead
        text = job.text if ahead is None else waiting_words(ahead)
        # That the page computes is seen before a picture takes the browser's time.
        drawable = (
            job.partial
            and job.has_news
            and noticeable == self.noticeable
            and time.monotonic() - self._drawn_at > _REST
            and _draws.allowed(job)
        )
        latest = job.take() if drawable else None
        said = {
            "fraction": round(job.fraction, 2), "text": text, "seconds_left": left and round(left),
            "noticeable": noticeable,
        }  # fmt: skip
        # Each update of a page costs the event loop some milliseconds, and there are many pages.
        if latest is None and noticeable == self.noticeable:
            since = time.monotonic() - self._said_at
            if since < min(_SAY_AGAIN * len(UNFINISHED), _SAY_LATEST):
                return
            if all(getattr(self, name) == new for name, new in said.items()):
                return
        self._said_at = time.monotonic()
        job.showing = True

        def show():
            job.showing = False
            if job.cancelled.is_set():
                return
            self._say(**said)
            if latest is not None:
                with _draws.timed():
                    job.partial(*latest)
                self._drawn_at = time.monotonic()

        self._show(show)

    def _finish(self, job, thread):
        error = thread.exception()
        if isinstance(error, Cancelled) or job.cancelled.is_set():
            return
        if error is not None:
            self._fail(error)
        else:
            self._show(self._deliver, job=job, value=thread.result())

    def _deliver(self, job, value):
        """The last partial result, then the final one."""
        if job.cancelled.is_set():
            return
        self._say(fraction=job.fraction, text=job.text)
        latest = job.take()
        if job.partial is not None and latest is not None:
            job.partial(*latest)
        if job.done is not None:
            job.done(value)

    def _say(self, **state):
        """Set parameters; what of it is to be seen on the page goes there as one message."""
        with pn.io.hold():
            self.param.update(**state)

    def _show(self, function, **arguments):
        """Call under the document's lock where there is a page, at once where there is none."""

        def guarded():
            try:
                function(**arguments)
            except Exception as error:  # noqa: BLE001 - whatever it is, the reader has to see it
                self._fail(error)

        pn.state.execute(guarded, schedule=True)

    def _fail(self, error):
        log_failure(_log, "background work failed", error)
        message = error_text(error)
        pn.state.execute(lambda: self.param.update(error=message), schedule=True)

    def _run_briefly(self, job):
        job.deadline = time.monotonic() + _BRIEF
        try:
            job.done and job.done(job.work(job))
        except Cancelled:
            latest = job.take()
            if job.partial is not None and latest is not None:
                job.partial(*latest)

    def _run_here(self, job):
        self.param.update(running=True, noticeable=True, fraction=0.0, text="", error="")
        try:
            self._deliver(job, job.work(job))
        except Exception as error:  # noqa: BLE001 - as on the event loop
            self._fail(error)
        finally:
            self.param.update(running=False, noticeable=False)
