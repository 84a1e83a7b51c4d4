"""A class at once: sixty visitors of a real server, and whether it holds.

    python benchmarks/load.py                                   # half an hour
    python benchmarks/load.py --sessions 12 --seconds 60        # a short run
    python benchmarks/load.py --cores 1 --capacity              # what one core carries

`make load` calls it. Visitors come by Bokeh's websocket protocol (`bokeh_client`), a few of them
in Chromium; each moves a control every few seconds, a third of them start training runs. The table
goes to the screen and to FOLDER/DATE-load.md. Visitors run on the same machine as the server; the
processor time that they took is in the table. Browsers, which else have machines of their own, get
what the server leaves.
"""

import argparse
import asyncio
import contextlib
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import psutil
from bokeh_client import Session
from measure import Row
from pages import BROWSER_FLAGS, READY, Server, family, find_browser, percentile
from playwright.async_api import async_playwright
from run import write
from visitors import crowd, cycles, places

from jntk_viz.frame import pages

MEDIAN_MS, LATE_MS, CANCEL_S, KEPT_MB = 400, 1500, 1.0, 2.0
EXPIRY_S = 36  # Bokeh forgets a session 15 s after it was closed, and looks every 17 s
WARM_SECONDS = 30  # that one visitor of each page stays before the class comes
AHEAD = re.compile(r"pages of each address are ready")
WARM_CYCLES = 18  # before memory is measured: imports, compiled code, caches
NAMES = [entry.name for entry in pages()]


class Report:
    """Rows of the table, printed as they come."""

    def __init__(self):
        self.rows = []

    def add(self, section, what, value, unit, target=None, note="", at_least=False):
        row = Row(section, what, value, unit, target, at_least, note)
        self.rows.append(row.as_dict())
        shown = "–" if value is None else f"{value:.3g}"
        bound = "" if target is None else f"{'≥' if at_least else '≤'} {target:g}"
        print(f"{what:66s} {shown:>7s} {unit:5s} {bound:8s} {row.verdict:7s} {note}", flush=True)


def problems(log):
    """Lines of a server's log that speak of something wrong."""
    return [
        line for line in log.splitlines() if re.search("Traceback|ERROR|Exception|Error:", line)
    ]


# ---- a class


def made_ahead(report, server, each):
    """Wait until the pages are made that the class is going to open."""
    start, before = time.monotonic(), server.megabytes()
    while not AHEAD.search(server.log()):
        if time.monotonic() - start > 1200:
            raise RuntimeError(f"pages were not made ahead; the log:\n{server.log()}")
        time.sleep(0.5)
    section = "Pages made ahead"
    count = each * len(NAMES)
    note = f"{each} of each address"
    report.add(section, "pages", count, "", note=note)
    report.add(section, "time for one", (time.monotonic() - start) / count, "s")
    report.add(section, "memory of one", (server.megabytes() - before) / count, "MB")


def updates(report, section, what, times):
    if not times:
        report.add(section, f"{what}: none were made", None, "ms")
        return
    milliseconds = [1000 * each for each in times]
    note = f"{len(times)} moves, the slowest {max(milliseconds):.0f} ms"
    report.add(section, f"{what}, median", statistics.median(milliseconds), "ms", MEDIAN_MS, note)
    report.add(section, f"{what}, 95 %", percentile(milliseconds, 95), "ms", LATE_MS)


def runs(report, section, notes):
    started = [run for run in notes.runs if run.shown is not None]
    if not started:
        report.add(section, "training runs", 0, "", 1, at_least=True)
        return
    finished = [run for run in started if run.ended]
    positions = sum(bool(run.positions) for run in started)
    note = f"{len(finished)} finished, {positions} of them said how many were before them"
    report.add(section, "training runs started", len(started), "", 1, note, at_least=True)
    shown = [1000 * run.shown for run in started]
    report.add(section, "until a run says something, median", statistics.median(shown), "ms")
    waits = [run.waited for run in finished]
    if waits:
        report.add(
            section, "a finished run waited, median", statistics.median(waits), "s",
            note=f"longest {max(waits):.0f} s",
        )  # fmt: skip
    shares = [computed / wanted for computed, wanted in notes.shares.values() if wanted > 20]
    if len(shares) > 1:
        note = f"from {min(shares):.0%} to {max(shares):.0%} of the time that they wanted"
        spread = max(shares) / max(min(shares), 1e-9)
        report.add(section, "longest share of the machine ÷ shortest", spread, "×", note=note)


class Used(NamedTuple):
    """Processor seconds of the server and of the visitors so far."""

    server: float
    visitors: float

    @classmethod
    def now(cls, server):
        return cls(seconds_of(family(server.process.pid)), seconds_of([psutil.Process()]))


def seconds_of(processes):
    used = 0.0
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            used += sum(process.cpu_times()[:2])
    return used


async def a_class(report, section, server, sessions, seconds, browsers):
    """Let the class come and write down how it was."""
    before, start, seen = Used.now(server), time.monotonic(), len(server.log())
    watching = asyncio.create_task(in_browsers(server, browsers, seconds))
    notes = await crowd(server.url, sessions, seconds)
    broken, browsing = await watching
    took, after = time.monotonic() - start, Used.now(server)
    wrong = problems(server.log()[seen:])
    note = "; ".join([*notes.failed, *broken][:3])
    failed = len(notes.failed) + len(broken)
    report.add(section, f"failed sessions of {sessions + browsers}", failed, "", 0, note)
    report.add(section, "errors in the log", len(wrong), "", 0, "; ".join(wrong[:3]))
    report.add(section, "opening a page, median", statistics.median(notes.opened), "s",
               note=f"slowest {max(notes.opened):.1f} s")  # fmt: skip
    updates(report, section, "analytic update", notes.settings)
    if notes.arriving:
        late = 1000 * percentile(notes.arriving, 95)
        report.add(
            section, "analytic update while others still come, median",
            1000 * statistics.median(notes.arriving), "ms", note=f"95 % {late:.0f} ms",
        )  # fmt: skip
    updates(report, section, "another depth or kernel", notes.kernels)
    runs(report, section, notes)
    load = (after.server - before.server) / took
    own = (after.visitors - before.visitors) / took
    note = f"by the visitors {own:.2g}, by the browsers {browsing / took:.2g}"
    report.add(section, "cores used by the server", load, "", note=note)
    report.add(section, "memory of the server", server.megabytes(), "MB")
    return notes


async def in_browsers(server, count, seconds):
    """Some of the class in Chromium, moving a slider by its keys; returns what went wrong, and the
    processor seconds of the browser."""
    if not count:
        return [], 0.0
    url, wrong, until = server.url, [], time.monotonic() + seconds
    ours = {os.getpid(), *(each.pid for each in family(server.process.pid))}
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=find_browser(), args=BROWSER_FLAGS
        )

        def processes():
            return [each for each in family(os.getpid()) if each.pid not in ours]

        for process in processes():  # what they start later is as low
            process.nice(19)

        async def visit(name):
            page = await browser.new_page(viewport={"width": 1280, "height": 720})
            page.on("pageerror", lambda error: wrong.append(f"Chromium, {name}: {error}"))
            page.on(
                "console",
                lambda said: said.type == "error" and wrong.append(f"{said.text} {said.location}"),
            )
            try:
                await page.goto(f"{url}/{name}", timeout=120_000)
                slider = page.get_by_role("slider").first
                await slider.wait_for(timeout=120_000)
                key = "ArrowRight"
                while time.monotonic() < until:
                    await slider.press(key, timeout=60_000)
                    key = "ArrowLeft" if key == "ArrowRight" else "ArrowRight"
                    await asyncio.sleep(4)
            except Exception as error:  # noqa: BLE001 - counted as a failed session
                wrong.append(f"Chromium, {name}: {error}")

        chosen = ["robust_training", "gp_convergence", "full_rank"][:count]
        await asyncio.gather(*(visit(name) for name in chosen))
        used = seconds_of(processes())
        await browser.close()
    return wrong, used


# ---- closed pages


async def cancelled_after(server, times=5):
    """Seconds from closing a page to the end of its work, seen by the server's processor time.

    The end is followed by half a second without work. What comes later is not the page's: Bokeh
    takes closed sessions apart 15 to 32 s after.
    """
    process = psutil.Process(server.process.pid)
    found = []
    for number in range(times):
        server.settle()
        session = await Session(f"{server.url}/jntk_constancy?widest=2048&seed={number + 1}").open()
        deadline = time.monotonic() + 60
        while not session.status.startswith("Step"):
            if time.monotonic() > deadline:
                raise RuntimeError(f"no training began; the page says {session.status!r}")
            await asyncio.sleep(0.05)
        await session.close()
        closed = ended = time.monotonic()
        while time.monotonic() - ended < 0.5:
            before = sum(process.cpu_times()[:2])
            await asyncio.sleep(0.1)
            if sum(process.cpu_times()[:2]) - before > 0.03:
                ended = time.monotonic()
        found.append(ended - closed)
    return found


def kept(megabytes, addresses, count):
    """(MB kept for each closed page, what failed) over `count` pages opened and closed."""
    failed = asyncio.run(cycles(addresses, WARM_CYCLES))
    time.sleep(EXPIRY_S)
    before = megabytes()
    failed += asyncio.run(cycles(addresses, count))
    time.sleep(EXPIRY_S)
    return (megabytes() - before) / count, failed


def memory(report, server, count):
    """Memory that closed pages leave behind, with a bare Panel page beside them."""
    section = "Closed pages"
    with BareServer() as bare:
        whole = psutil.Process(bare.pid)
        least, _ = kept(lambda: whole.memory_info().rss / 1e6, [f"{bare.url}/page"], count)
    addresses = [f"{server.url}/{name}" for name in NAMES]
    ours, failed = kept(server.megabytes, addresses, count)
    note = f"{count} pages opened and closed; a bare Panel page keeps {least:.2g} MB"
    report.add(section, "memory kept for each closed page", ours, "MB", KEPT_MB, note)
    report.add(section, "pages that did not open", len(failed), "", 0, "; ".join(failed[:3]))


class BareServer:
    """The server of `bare_page.py`; `url`, `pid`."""

    def __enter__(self):
        command = [sys.executable, "-u", Path(__file__).with_name("bare_page.py")]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.url, self.pid = READY.search(self.process.stdout.readline())[1], self.process.pid
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)


def closed(report, server, cycles):
    """What is left of pages when they have been closed: work, and memory."""
    found = asyncio.run(cancelled_after(server))
    report.add(
        "Closed pages", "until the work of a closed page ends, slowest", max(found), "s", CANCEL_S,
        note="each: " + ", ".join(f"{each:.2g}" for each in found),
    )  # fmt: skip
    if cycles:
        memory(report, server, cycles)


# ---- everything


@contextlib.contextmanager
def warm(folder, cores, *options):
    """A server of which every page was opened once and left in peace: compiling is not measured."""
    with Server(folder, cores, *options) as server:
        asyncio.run(crowd(server.url, len(NAMES), WARM_SECONDS))
        server.settle()
        yield server


def capacity(report, server, seconds=60):
    """How many visitors are served within the targets: more and more until they are not."""
    for sessions in (5, 10, 15, 20, 30, 45, 60):
        section = f"{sessions} visitors"
        notes = asyncio.run(a_class(report, section, server, sessions, seconds, 0))
        times = [1000 * each for each in notes.settings]
        if statistics.median(times) > MEDIAN_MS or percentile(times, 95) > LATE_MS:
            break


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--sessions", type=int, default=60)
    add("--seconds", type=int, default=600, help="0 leaves the class out")
    add("--browsers", type=int, default=3, help="visitors in Chromium, at most 3")
    add("--cycles", type=int, default=300, help="pages opened and closed; 0 leaves memory out")
    add("--workers", type=int, help="processes that compute (default: threads of the server)")
    add("--ready", action=argparse.BooleanOptionalAction, default=True,
        help="let the server make everybody's page before the class comes")  # fmt: skip
    add("--cores", type=int, help="cores that the server may use (default: all)")
    add("--cache", type=Path, help="cache folder of a server that was used before (default: empty)")
    add("--capacity", action="store_true", help="how many visitors are served, instead")
    add("--out", type=Path, default=Path(__file__).parent / "results")
    add("--json", type=Path, help="the rows as a file as well")
    arguments = parser.parse_args()
    report = Report()
    cores = None if arguments.cores is None else range(arguments.cores)
    workers = ["--workers", str(arguments.workers)] if arguments.workers else []
    options = ["--no-warm", *workers]
    pages = Counter(page for page, _ in places(arguments.sessions))
    ahead = max(pages.values()) if arguments.ready else 1
    ready = ["--ready", str(ahead), *(f"--ready-at={name}" for name in NAMES)] if ahead > 1 else []
    with tempfile.TemporaryDirectory() as empty:
        folder = arguments.cache or empty
        if arguments.seconds or arguments.capacity:
            with warm(folder, cores, *options, *ready) as server:
                if ahead > 1:
                    made_ahead(report, server, ahead)
                if arguments.capacity:
                    capacity(report, server)
                else:
                    section = f"{arguments.sessions} visitors"
                    asyncio.run(a_class(report, section, server, arguments.sessions,
                                        arguments.seconds, arguments.browsers))  # fmt: skip
        if not arguments.capacity:
            # Another server, which makes no pages ahead: it would go on with that whenever no page
            # is open, and what it takes for it would count as work, and memory, of closed pages.
            with warm(folder, cores, *options) as server:
                closed(report, server, arguments.cycles)
    used = "all cores" if arguments.cores is None else f"{arguments.cores} core(s)"
    made = (
        f"Made by `make load`: the server on {used} with "
        f"{arguments.workers or 'no'} worker processes, "
        f"{arguments.seconds} s, {arguments.browsers} of the visitors in Chromium. "
        "The visitors ran on the same machine, Chromium at the lowest priority. "
        "Compiled code was kept from earlier runs: "
        f"{'yes' if arguments.cache else 'none'}."
    )
    if arguments.json:
        arguments.json.write_text(json.dumps(report.rows, indent=1, ensure_ascii=False), "utf-8")
    write(report.rows, "Load", [made], arguments.out, "load")


if __name__ == "__main__":
    main()
