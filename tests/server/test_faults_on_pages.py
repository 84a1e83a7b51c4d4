"""What may go wrong while pages are open in a browser: visitors, cache folder, clock."""

import os
import re
import time
import zlib
from pathlib import Path

import psutil
from conftest import RunningServer

TINY = "jntk_constancy?points=8&widest=128&networks=1&depth=1&steps=30"
LONG = "jntk_constancy?points=8&widest=512&networks=1&depth=2&steps=3000"
HEADLINE = "[aria-live=polite]"
# Where the other processes find what lies beside the tests.
PATH = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
OWN_CACHE = {"JAX_COMPILATION_CACHE_DIR": ""}


def test_browser_closed_during_a_run(watch_page, running_server):
    page = watch_page(LONG)
    page.get_by_role("button", name="Cancel").wait_for()
    before = len(running_server.log())
    page.context.close()
    process = psutil.Process(running_server.process.pid)
    deadline = time.monotonic() + 30
    while process.cpu_percent(0.5) > 20:
        assert time.monotonic() < deadline, "the training goes on for nobody"
    assert running_server.log()[before:] == ""
    watch_page("full_rank?points=10").get_by_role("slider").first.wait_for()


def test_cancelled_ten_times_in_quick_succession(watch_page):
    page = watch_page(LONG)
    again, cancel = (page.get_by_role("button", name=n) for n in ("Train again", "Cancel"))
    for pause in [0, 200] * 5:  # ms after the run has begun
        cancel.wait_for()
        page.wait_for_timeout(pause)
        cancel.click()
        cancel.wait_for(state="hidden")
        again.click()
    page.get_by_role("slider", name="Training steps").press("Home")
    page.locator(HEADLINE).get_by_text(re.compile(r"After \d+ steps")).wait_for()
    cancel.wait_for(state="hidden")
    assert page.get_by_role("alert").filter(visible=True).count() == 0


def test_a_server_whose_cache_folder_cannot_be_made(tmp_path, chromium):
    """A file lies in its place: permissions would not keep a root user out."""
    (tmp_path / "home").touch()
    environment = {**OWN_CACHE, "XDG_CACHE_HOME": str(tmp_path / "home")}
    with RunningServer(tmp_path / "log.txt", environment=environment) as server:
        page = chromium.new_page()
        page.goto(f"{server.url}/{TINY}", timeout=180_000)
        page.locator(HEADLINE).get_by_text("After 30 steps").wait_for(timeout=180_000)
        page.close()
        lines = server.log().splitlines()
    assert [line for line in lines if "compiled code cannot be kept" in line] == lines[1:2]
    assert not [line for line in lines if "Error" in line or "Warning" in line]


# A clock that is a day ahead, and is put right when a file appears. Bokeh and Tornado read it
# through `timegm`, whose `datetime` cannot be changed.
WRONG_CLOCK = """
import calendar, os, time
right, right_gm = time.time, calendar.timegm
def ahead():
    return 86_400 * (not os.path.exists(os.environ["CLOCK_IS_RIGHT"]))
time.time = lambda: right() + ahead()
calendar.timegm = lambda moment: right_gm(moment) + ahead()
"""


def test_two_servers_on_one_cache_folder_one_of_them_with_a_wrong_clock(tmp_path, chromium):
    """As of two machines that share a home folder; both compile the same at the same time."""
    (tmp_path / "sitecustomize.py").write_text(WRONG_CLOCK)
    right = tmp_path / "right"
    environment = {**OWN_CACHE, "XDG_CACHE_HOME": str(tmp_path)}
    clock = {"PYTHONPATH": f"{tmp_path}{os.pathsep}{PATH}", "CLOCK_IS_RIGHT": str(right)}
    one = RunningServer(tmp_path / "one.txt", environment=environment)
    other = RunningServer(tmp_path / "other.txt", environment=environment | clock)
    with one, other:
        pages = [chromium.new_page() for _ in range(2)]
        for page, server in zip(pages, (one, other), strict=True):
            page.goto(f"{server.url}/{TINY}", timeout=180_000, wait_until="commit")
        pages[1].get_by_role("button", name="Cancel").wait_for(timeout=180_000)
        right.touch()
        for page in pages:
            page.locator(HEADLINE).get_by_text("After 30 steps").wait_for(timeout=180_000)
            page.close()
    for server in (one, other):
        assert server.log().split("\n", 2)[2].strip() == "Stopped."
    kept = list((tmp_path / "jntk_viz/compiled").rglob("*-cache"))
    assert kept
    for file in kept:
        zlib.decompress(file.read_bytes())  # raises if any is cut off
