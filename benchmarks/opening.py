"""Time the opening of each page: the server's processor, its models, still, and live pictures.

    python benchmarks/opening.py [--json FILE] [--times 5]

One server, nothing made beforehand, everything computed once before. A visitor without a browser
opens each page so many times in turn, then Chromium with a new profile does.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
from functools import partial
from pathlib import Path

from bokeh_client import Session
from measure import Row
from pages import NAMES, Server, opened, useful_after
from playwright.sync_api import sync_playwright

from browser import BROWSER_FLAGS, find_browser  # isort: skip  (beside the tests: found by `pages`)

SECTION = "opening"
row = partial(Row, SECTION)
SERVER_S, STILL_S, LIVE_S = 0.5, 0.6, 1.5
IDLE = "() => window.Bokeh?.documents?.[0]?.is_idle"
ARRIVED = "() => performance.getEntriesByType('navigation')[0].responseStart / 1000"
NOW = "() => performance.now() / 1000"


async def visit(server, url, pause) -> tuple[float, int]:
    """(seconds of the server's processor until the page has been handed over, its models)."""
    before = server.processor_seconds()
    session = await Session(url).open()
    used = server.processor_seconds() - before
    await asyncio.sleep(pause)  # what a page computes when it stands is not of its opening
    await session.close()
    return used, session.models


def by_server(server, times):
    """Rows of each page: the median over `times` openings, pages in turn."""
    urls = {name: f"{server.url}/{name}".rstrip("/") for name in ("", *NAMES)}
    for url in urls.values():
        asyncio.run(visit(server, url, 1))
        server.settle()
    found = {name: [] for name in urls}
    for _ in range(times):
        for name, url in urls.items():
            found[name].append(asyncio.run(visit(server, url, 0.5)))
            server.settle()
    for name, each in found.items():
        used, models = zip(*each, strict=True)
        note = f"{models[-1]} models; from {min(used):.2f} to {max(used):.2f} s"
        what = f"{name or 'start page'}: server's processor time"
        yield row(what, statistics.median(used), "s", SERVER_S, note=note)


def by_browser(server, times):
    """Rows of each page: from the arrival of its HTML to its still, to live pictures, to rest."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=BROWSER_FLAGS)
        for name in NAMES:
            stills, pictures, rests = [], [], []
            for _ in range(times):
                with opened(browser, f"{server.url}/{name}") as page:
                    useful, arrived = useful_after(page), page.evaluate(ARRIVED)
                    page.wait_for_function(IDLE, timeout=60_000)
                    pictures.append(useful - arrived)
                    stills.append(page.evaluate("probe.still / 1000") - arrived)
                    rests.append(page.evaluate(NOW) - arrived)
                server.settle()
            what = f"{name}: Chromium, from the page's arrival to its"
            yield row(f"{what} still", statistics.median(stills), "s", STILL_S)
            note = f"at rest after {statistics.median(rests):.2f} s"
            yield row(f"{what} first live picture", statistics.median(pictures), "s", LIVE_S,
                      note=note)  # fmt: skip
        browser.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="write the rows here as well")
    parser.add_argument("--times", type=int, default=5)
    wanted, rows = parser.parse_args(), []
    with tempfile.TemporaryDirectory() as folder, Server(folder, None, "--no-warm") as server:
        for part in (by_server, by_browser):
            for found in part(server, wanted.times):
                rows.append(found.as_dict())
                print(f"{found.value:8.2f} {found.unit} {found.verdict:7s} {found.what}; "
                      f"{found.note}", flush=True)  # fmt: skip
                if wanted.json:
                    wanted.json.write_text(json.dumps(rows))


if __name__ == "__main__":
    main()
