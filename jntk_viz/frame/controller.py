"""Driver of every page: it asks for steps, shows what is known, and tells how far it is.

The newest setting wins: after each step the page is asked anew what it wants. Cancelling is not
asking for the next step, and so is a closed page; what has been computed by then is kept.
"""

import asyncio
import logging
import math
import time
import weakref
from collections.abc import Callable
from contextlib import suppress

import panel as pn
import param
from panel.io.state import set_curdoc

from jntk_viz.engine.runners import runner
from jntk_viz.engine.steps import Step
from jntk_viz.frame.content import Content, Known
from jntk_viz.frame.parts import Headline, Notice, error_text, log_failure
from jntk_viz.frame.presets import setting_names

_log = logging.getLogger(__name__)
_GLANCE = 0.06  # seconds after which a page says that it computes; less would only flash
_POLL = 0.04  # seconds between two looks at a step that runs
_REST = 0.15  # seconds between two pictures while steps run: the browser has to paint them all
_MANY = 4  # pages that compute; where there are more, each draws less often
_SAY_AGAIN = 0.1  # seconds between two reports of how far it is, for each page that computes …
_SAY_LATEST = 1.0  # … but no more than this
_FIRST = "Computing …"
_COMPUTING = f"{_FIRST} the pictures still show the previous setting."
_NOTHING = "No result. The pictures still show the previous setting."


class Controller(param.Parameterized):
    """Keeps one page's pictures and words at its state.

        controller = Controller(content)
        controller.start()       # the page stands in the browser

    Steps run beside the page where an event loop runs; in a script, an export or a test without
    one, all of them have run when a change returns. An exception of the page or of a step ends up
    in `error` and in the log, and the page goes on.
    """

    running = param.Boolean(False, doc="Is something wanted that is not known yet?")
    noticeable = param.Boolean(False, doc="Has that been so long enough to be spoken of?")
    paused = param.Boolean(False, doc="Has the reader asked to wait with the next step?")
    fraction = param.Number(0.0, bounds=(0, 1), doc="Share of the steps whose results are known.")
    text = param.String("", doc="What the running step says of itself.")
    error = param.String("", doc="Message of the last exception; empty after the next change.")
    seconds_left = param.Number(
        None, allow_None=True, doc="Extrapolated from the time spent so far."
    )

    def __init__(self, content: Content):
        super().__init__()
        self.content, self.known = content, Known()
        content.controller = self
        self.headline, self.notice = Headline(), Notice()
        self._closed: Callable[[], bool] = lambda: False
        self._started = self._stopped = self._away = False
        self._runner: asyncio.Task | None = None
        self._asked: dict[asyncio.Future, Step] = {}  # steps that have been asked for
        self._woken: asyncio.Event | None = None
        self._seen = asyncio.Event()  # no picture is due
        self._began = self._used = 0.0  # when it began; seconds of computing since the last change
        self._turned = False  # has there been a change since steps were asked for?
        self._news = False  # has a result come that is not drawn yet?
        self._told = False  # has it ever been said what the pictures show?
        self._drawn_at = self._said_at = -math.inf
        names = setting_names(content.state)
        content.state.param.watch(self.changed, names)
        self.param.watch(lambda event: self.notice.set(event.new, "error"), "error")
        self.param.watch(lambda _: self._wake(), "paused")
        self._watch_browser()

    def _watch_browser(self) -> None:
        """Stop when the page is closed, go on when the browser comes back to the session."""
        page = pn.state.curdoc
        if page and page.session_context:
            context = page.session_context
            # Bokeh empties the models of a destroyed session before it tells of it; nothing may be
            # drawn into them (their ranges, for one, are of another type then).
            weak = weakref.ref(context)  # nothing of a closed page may be kept
            self._closed = lambda: (held := weak()) is None or held.destroyed
            pn.state.on_session_destroyed(lambda _: self.cancel())
            page.on_event("connection_lost", lambda _: self._lost(context))
            page.on_event("client_reconnected", lambda _: self._back())

    def _lost(self, context) -> None:
        # Otherwise it came back before the old connection was lost.
        if context.session.connection_count <= 1:
            self._away = self._turned = True
            self._wake()

    def _back(self) -> None:
        if self._away:
            self._away = False
            self._go()

    @property
    def asked(self) -> int:
        """Number of steps under way for this page."""
        return len(self._asked)

    @property
    def at_rest(self) -> bool:
        """Is nothing being computed, and nothing about to be?"""
        return self._runner is None or self._runner.done()

    # ---- what is asked from outside

    def start(self) -> None:
        """Begin to compute: the page stands in the browser."""
        self._started = True
        self.changed()

    def changed(self, *_) -> None:
        """Show what is known of the state at once, and have the rest computed."""
        self._stopped, self._turned, self._used = False, True, 0.0
        self.error = ""
        try:
            self.show()
            self._drawn_at = -math.inf  # the first result that is new is shown at once
            if self._started:
                self._go()
        except Exception as error:  # noqa: BLE001 - whatever it is, the reader has to see it
            self._fail(error)

    def again(self) -> None:
        """Compute anew what the page shows, although it is known."""
        for step in self.plan():
            step.function.forget(*step.arguments)
        self.known.let_go([])
        self.changed()

    def cancel(self) -> None:
        """Ask for no further step until the next change; what has been shown stays."""
        self._stopped = self._turned = True
        self.paused = False
        self._wake()

    def plan(self) -> list[Step]:
        """All steps that the page wants, those with known results among them."""
        return self.content.plan(self.known)

    def show(self) -> None:
        """Bring pictures and words to what is known, unless the page has been closed."""
        if self._closed():
            return
        with pn.io.hold():
            self.content.draw(self.known)
            said = self.content.say(self.known)
            waiting = _COMPUTING if self._told else _FIRST
            self.headline.set(said or (_NOTHING if self.error else waiting))
            self._told = self._told or said is not None
        self._drawn_at = time.monotonic()

    # ---- the work

    def _go(self) -> None:
        if not self._missing()[0]:
            return
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            self._run_here()
            return
        if self.at_rest:
            # A task inherits the page by Panel's context variable, which Bokeh's own callbacks
            # (timeouts, taps) do not set.
            with set_curdoc(pn.state.curdoc):
                self._runner = asyncio.create_task(self._run())

    def _missing(self) -> tuple[list[Step], float]:
        """The steps without a known result, the most wanted first, and the share of the others."""
        if self._stopped or self._away:
            return [], self.fraction
        plan = self.plan()
        self.known.let_go(plan)
        missing = [step for step in plan if not self.known.has(step.key)]
        return missing, 1 - len(missing) / max(len(plan), 1)

    def _run_here(self) -> None:
        self.param.update(running=True, noticeable=True, fraction=0.0, text="")
        try:
            while (found := self._missing())[0]:
                (step, *_), fraction = found
                self.param.update(fraction=fraction, text=step.says)
                self.known.hold(step.key, runner().submit(step).result())
            self.show()
        except Exception as error:  # noqa: BLE001 - as on the event loop
            self._fail(error)
        finally:
            self.param.update(running=False, noticeable=False)

    async def _run(self) -> None:
        self._began, self._woken, self._seen = time.monotonic(), asyncio.Event(), asyncio.Event()
        self._seen.set()
        self._locked(self._say, running=True, fraction=0.0, text="", seconds_left=None)
        asked = self._asked = {}
        try:
            while True:
                self._turned = False
                missing, fraction = self._missing()
                if self.paused and not asked:
                    await self._woken.wait()
                    self._woken.clear()
                    continue
                if not self.paused:
                    self._ask(missing, asked)
                if not asked:
                    break
                await self._results(asked, fraction)
        except Exception as error:  # noqa: BLE001 - whatever it is, the reader has to see it
            self._stopped = True
            self._fail(error)
        finally:
            self._locked(self._end)

    def _ask(self, missing: list[Step], asked: dict) -> None:
        """Ask for the next step; for as many as there are places where nobody else computes."""
        here = runner()
        for step in missing:
            alone = here.asked <= len(asked)
            if len(asked) >= (here.places if alone else 1):
                return
            if not any(step.key == other.key or step.follows(other) for other in asked.values()):
                asked[asyncio.wrap_future(here.submit(step, self._used))] = step

    def _leave(self, asked: dict) -> bool:
        """After a change, leave the steps that have not begun; whether there were any.

        What is still wanted of them is asked for anew, and now goes before those of long runs.
        """
        if not self._turned:
            return False
        left = [future for future, step in asked.items() if runner().leave(step)]
        for future in left:
            del asked[future]
        return bool(left)

    async def _results(self, asked: dict, fraction: float) -> None:
        """Wait for the next result or another setting, and tell meanwhile how far the page is."""
        began, done = time.monotonic(), set()
        says = next(iter(asked.values())).says
        while not done:
            done, _ = await asyncio.wait(asked, timeout=_POLL, return_when=asyncio.FIRST_COMPLETED)
            self._report(says, fraction)
            self._show_soon()
            if not done and self._leave(asked):
                return
        self._used += time.monotonic() - began
        for future in done:
            step = asked.pop(future)
            if future.exception() is None:
                self.known.hold(step.key, future.result())
                self._news = True
            elif step.key in {other.key for other in self.plan()}:  # else nobody wants it any more
                raise future.exception()
        self._show_soon()
        # A picture that is due goes first: the next step would share the processor with it.
        with suppress(TimeoutError):
            await asyncio.wait_for(self._seen.wait(), _REST)

    def _report(self, says: str, fraction: float) -> None:
        now = time.monotonic()
        elapsed, noticeable = now - self._began, now - self._began > _GLANCE
        left = elapsed * (1 / fraction - 1) if fraction > 0.02 and elapsed > 1 else None
        said = {
            "fraction": fraction, "text": says, "noticeable": noticeable,
            "seconds_left": left and round(left),
        }  # fmt: skip
        if noticeable == self.noticeable:
            # Each update of a page costs the event loop some milliseconds, and there are many.
            if now - self._said_at < min(_SAY_AGAIN * runner().asked, _SAY_LATEST):
                return
            if all(getattr(self, name) == new for name, new in said.items()):
                return
        self._said_at = now
        self._locked(self._say, **said)

    def _show_soon(self) -> None:
        """Draw what is new, unless the page has just drawn: then a little later."""
        rest = _REST * max(1, runner().asked / _MANY)
        if self._news and self._seen.is_set() and time.monotonic() - self._drawn_at > rest:
            self._news = False
            self._seen.clear()
            self._locked(self._show_now)

    def _show_now(self) -> None:
        try:
            self.show()
        finally:
            self._seen.set()

    def _end(self) -> None:
        """The last picture, and no more progress."""
        try:
            self.show()
        finally:
            self._say(running=False, noticeable=False, paused=False, seconds_left=None)

    def _say(self, **state) -> None:
        """Set parameters; what of it is to be seen on the page goes there as one message."""
        if self._closed():
            return
        with pn.io.hold():
            self.param.update(**state)

    def _wake(self) -> None:
        if self._woken is not None:
            self._woken.set()

    def _locked(self, function: Callable, **arguments) -> None:
        """Call under the document's lock where there is a page, at once where there is none."""

        def guarded():
            try:
                function(**arguments)
            except Exception as error:  # noqa: BLE001 - whatever it is, the reader has to see it
                self._fail(error)

        pn.state.execute(guarded, schedule=True)

    def _fail(self, error: Exception) -> None:
        log_failure(_log, "background work failed", error)
        message = error_text(error)

        def tell():
            if self._closed():
                return
            self.error = message
            self.headline.set(_NOTHING)

        pn.state.execute(tell, schedule=True)
