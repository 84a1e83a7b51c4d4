"""A page that loses its server says so, and comes back with the same settings."""

import socket

import pytest
from conftest import RunningServer

from jntk_viz.frame import connection

RUN = "jntk_constancy?points=8&widest=128&networks=1&depth=1&steps=3000&kappa=2"
PLAIN = "index?dark=true"
READY = "() => window.Bokeh?.documents[0]?.is_idle"
PATIENCE = 31_000  # milliseconds, a little more than `connection` waits for an answer

PHONE = {
    "viewport": {"width": 390, "height": 844},
    "user_agent": "Mozilla/5.0 (Linux; Android 14) Chrome/140.0 Mobile Safari/537.36",
}


def open_page(chromium, url, setup=None, **options):
    context = chromium.new_context(reduced_motion="reduce", **options)
    context.set_default_timeout(120_000)
    page = context.new_page()
    if setup:
        setup(page)
    page.goto(url, timeout=180_000)
    page.wait_for_function(READY)
    return page


def said(page, words):
    """Wait for the bar that begins with these words."""
    page.get_by_role("alert" if words != connection.BACK else "status").filter(
        has_text=words
    ).wait_for()


def marked(page):
    """Whether the page is still the one that `page.evaluate("window.mark = 1")` has marked."""
    return page.evaluate("window.mark") == 1


def test_server_killed_during_training(chromium, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    with RunningServer(tmp_path / "first.txt", "--port", port) as first:
        page = open_page(chromium, f"{first.url}/{RUN}", **PHONE)
        # Before the drawer has ever been open, the address holds the settings.
        page.wait_for_function("() => location.search.includes('activation=')")
        page.get_by_role("button", name="Open drawer").click()
        page.get_by_role("slider", name="Depth L").press("ArrowRight")  # not in its first address
        page.wait_for_function("() => location.search.includes('depth=2')")
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Cancel").wait_for()
        settings = page.url
        page.evaluate("window.mark = 1")
        first.process.kill()
        first.process.wait()
        said(page, connection.LOST)
        page.wait_for_timeout(3000)
        assert marked(page), "it was loaded anew from a server that is not there"
        said(page, connection.LOST)
    with RunningServer(tmp_path / "second.txt", "--port", port) as second:
        said(page, connection.BACK)
        page.wait_for_function(READY)
        page.get_by_role("button", name="Cancel").wait_for()  # it trains
        assert page.url == settings
        page.get_by_role("button", name="Open drawer").click()
        assert page.get_by_role("slider", name="Depth L").get_attribute("aria-valuenow") == "2"
        page.get_by_role("status").filter(has_text=connection.BACK).wait_for(state="detached")
        page.context.close()
        assert "Traceback" not in second.log()


class Network:
    """What lies between a page and its server, where a test can pull the plug."""

    def __init__(self, page):
        self.plugged, self.silent, self.sockets, self.answers = True, False, [], 0
        page.route_web_socket("**/ws**", self.join)
        page.route("**/bokeh.min.js*", self.fetch)

    def join(self, near):
        far = near.connect_to_server()
        near.on_message(lambda message: None if self.silent else far.send(message))

        def answer(message):
            if not self.silent:
                self.answers += "answers" in str(message)
                near.send(message)

        far.on_message(answer)
        self.sockets.append((near, far))

    def fetch(self, route):
        route.continue_() if self.plugged else route.abort()

    def cut(self):
        for end in self.sockets.pop():
            end.close()


@pytest.fixture
def cuttable(chromium, server):
    """A page behind a `Network`."""
    contexts = []

    def make(path, clock=False):
        def setup(page):
            page.network = Network(page)
            if clock:
                page.clock.install()

        page = open_page(chromium, f"{server}/{path}", setup)
        contexts.append(page.context)
        page.evaluate("window.mark = 1")
        return page

    yield make
    for context in contexts:
        context.close()


def test_a_closed_lid_and_a_network_that_fails_again_and_again(cuttable):
    page = cuttable(PLAIN)
    page.network.plugged = False
    page.network.cut()
    said(page, connection.LOST)
    page.wait_for_timeout(2000)
    assert marked(page)
    page.network.plugged = True
    said(page, connection.BACK)
    page.wait_for_function(READY)
    assert "dark=true" in page.url

    for _ in range(2):
        page.evaluate("window.mark = 1")
        page.network.cut()
        page.wait_for_function("() => !window.mark")
        page.wait_for_function(READY)
    page.evaluate("window.mark = 1")
    page.network.cut()
    said(page, connection.AGAIN_AND_AGAIN)
    page.wait_for_timeout(3000)
    assert marked(page), "an endless loop of reloads"
    page.get_by_role("button", name="Reload now").click()
    page.wait_for_function(READY)
    page.get_by_role("link", name="Breakdown").first.wait_for()


def test_a_connection_that_nobody_has_closed_is_found_out(cuttable):
    """As after a sleep in which only the server has given the connection up."""
    page = cuttable(PLAIN, clock=True)
    page.network.answers = 0  # the page itself has a first one
    page.evaluate("dispatchEvent(new Event('online'))")
    while not page.network.answers:
        page.wait_for_timeout(50)
    page.wait_for_timeout(300)  # on its way to the page
    page.clock.fast_forward(PATIENCE)
    assert page.get_by_role("alert").count() == 0, "the server has answered"
    assert marked(page)
    page.network.silent = True
    page.evaluate("dispatchEvent(new Event('online'))")
    page.clock.fast_forward(PATIENCE)
    said(page, connection.LOST)
    page.network.silent = False
    page.wait_for_function("() => !window.mark")  # loaded anew
    page.wait_for_function(READY)


def test_a_page_that_the_back_button_shows_again_is_loaded_anew(cuttable):
    """Browsers keep the page that was left, but not its connection."""
    page = cuttable(PLAIN)
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    page.wait_for_function("() => !window.mark")
    page.wait_for_function(READY)
    assert "dark=true" in page.url
