"""Shared by all tests: a server of the real apps, a real browser, and pages under watch."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

# Compiled JAX code is shared by the test processes, their servers and the next run. JAX reads this
# when it is first imported.
os.environ.setdefault(
    "JAX_COMPILATION_CACHE_DIR", str(Path(__file__).parents[1] / ".pytest_cache" / "jax")
)
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")

import jax
import pytest
from browser import BROWSER_FLAGS, READY, REMEDY, find_browser
from hypothesis import settings

# The same inputs in every run, however slow the machine is.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")

START_SECONDS = 180


def slow_if(slow, *values):
    """Parameters of a test that `make test` tries, or if `slow` only `make test-pages`."""
    return pytest.param(*values, marks=[pytest.mark.slow] * slow)


@pytest.fixture(autouse=True)
def unchanged_jax_switches():
    """Neither the library nor a test may leave one of JAX's global switches changed."""
    before = dict(jax.config.values)
    yield
    assert dict(jax.config.values) == before


@pytest.fixture(autouse=True, scope="module")
def forget_compiled_code():
    """Unload what a module has compiled.

    Each compiled function holds several memory maps, and Linux ends a process that has 65,530.
    """
    yield
    jax.clear_caches()


@pytest.fixture(scope="session")
def browser_path():
    """The browser that `make test` found or installed."""
    path = find_browser()
    assert path, f"no browser for the page tests. {REMEDY}"
    return path


@pytest.fixture(scope="module")
def chromium(browser_path):
    """A headless Chromium under Playwright's control, shared by the tests of one module.

    Not by a whole process: while Playwright runs, so does an event loop in this thread, and tests
    of background work that expect none would meet it.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=BROWSER_FLAGS)
        yield browser
        browser.close()


class RunningServer:
    """`python -m jntk_viz serve` in a process of its own; `url` has no slash at its end."""

    def __init__(self, log_path, *options, environment=None):
        self.log_path = log_path
        # -P: the installed package, not whatever lies in the current folder.
        python = [sys.executable, "-P", "-u", "-m"]
        command = [*python, "jntk_viz", "serve", "--no-show", "--no-warm", "--port", "0"]
        with log_path.open("w") as log:
            self.process = subprocess.Popen(
                [*command, *options],
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
            )
        self.url = None

    def __enter__(self):
        self.url = self.wait_for(READY).group(1)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def log(self):
        return self.log_path.read_text(encoding="utf-8")

    def wait_for(self, pattern):
        """Wait until the log matches `pattern`; fail with the log if the server dies before."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if match := re.search(pattern, self.log()):
                return match
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        pytest.fail(f"the server did not get to {pattern!r}; its log:\n{self.log()}")


@pytest.fixture(scope="session")
def running_server(tmp_path_factory):
    """One server of all apps for each test process."""
    with RunningServer(tmp_path_factory.mktemp("server") / "log.txt") as server:
        yield server


@pytest.fixture(scope="session")
def state_types():
    """Page -> the class of its settings, as its study defines it."""
    import importlib

    import param

    from jntk_viz import frame

    def state_type(name):
        module = importlib.import_module(f"jntk_viz.pages.{name}.state")
        (found,) = (
            value
            for value in vars(module).values()
            if isinstance(value, type)
            and issubclass(value, param.Parameterized)
            and value.__module__ == module.__name__
        )
        return found

    return {entry.name: state_type(entry.name) for entry in frame.pages()}


@pytest.fixture(scope="session")
def server(running_server):
    """Base URL of the running server, without a slash at its end."""
    return running_server.url


class Watch:
    """What went wrong in a page: console errors, uncaught exceptions, requests to other hosts."""

    def __init__(self, page):
        self.problems = []
        page.on("console", self.on_console)
        page.on("pageerror", lambda error: self.problems.append(f"uncaught: {error}"))
        page.on("request", lambda request: self.on_request(request.url))
        page.on("websocket", lambda socket: self.on_request(socket.url))

    def on_console(self, message):
        if message.type == "error":
            self.problems.append(f"console: {message.text} {message.location.get('url', '')}")

    def on_request(self, url):
        address = urlsplit(url)
        local = address.hostname in ("127.0.0.1", "localhost")
        if address.scheme in ("http", "https", "ws", "wss") and not local:
            self.problems.append(f"request to another host: {url}")


@pytest.fixture
def watch_page(chromium, running_server):
    """Open a page of the server, wait until it stands, and fail the test on anything untoward.

    `watch_page("gp_convergence?depth=3", viewport={"width": 390, "height": 844})` returns the
    Playwright page, in a fresh browser profile. At the end of the test these fail it: an error in
    the browser's console, a request to any host but this one, an error in the server's log.
    """
    seen = len(running_server.log())
    contexts, watches = [], []

    def open_page(path="", *, viewport=None, **context_options):
        size = viewport or {"width": 1280, "height": 720}
        # Nothing plays by itself, which in a browser without a GPU takes a whole core; tests of
        # what does pass reduced_motion="no-preference".
        options = {"reduced_motion": "reduce", **context_options}
        context = chromium.new_context(viewport=size, **options)
        context.set_default_timeout(120_000)  # a busy machine is no failure
        contexts.append(context)
        page = context.new_page()
        watches.append(Watch(page))
        page.goto(f"{running_server.url}/{path}", timeout=120_000)
        page.wait_for_function("() => window.Bokeh?.documents[0]?.is_idle")
        return page

    yield open_page
    for context in contexts:
        context.close()
    problems = [problem for watch in watches for problem in watch.problems]
    log = running_server.log()[seen:]
    if "Traceback" in log or "ERROR" in log:
        problems.append(f"server log: {log}")
    assert not problems, "\n".join(problems)
