"""Time the playground in a real Chromium: a point that is dragged, λ, t, and Play.

    .venv/bin/python benchmarks/playground.py                       # a server of its own
    .venv/bin/python benchmarks/playground.py --url http://127.0.0.1:5006 http://127.0.0.1:5007

From a move to the frame that shows its effect, median and 95 %, as `probe.js` stamps them; pictures
in a second while Play runs; and, of a server of its own, its processor time for each picture, which
says the same on a machine that is busy with other things. With several addresses they are measured
in turn, so that a busy machine is busy for all of them: compare ratios within one run.
"""

import argparse
import contextlib
import json
import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parent))

from pages import (
    BROWSER_FLAGS,
    Control,
    Server,
    button,
    find_browser,
    latencies,
    opened,
    percentile,
    settled,
    useful_after,
)

MEDIAN_MS, PICTURES = 100, 15  # what is aimed at
STEPS, PLAYED_S = 40, 10
# Take hold of the point nearest to the middle of a hemisphere and move it: one at the rim that is
# dragged outwards stays where it is. The pointer's events are made in the page, since those of a
# busy test driver come so late that they would be a long press.
PLACE = """() => {
  const models = [...Bokeh.documents[0].all_models]
  const source = models.find(m => m.type == "ColumnDataSource" && m.columns().includes("class"))
  const view = Bokeh.index.find_one(models.find(m => m.type == "Figure"))
  const { left, top } = view.el.getBoundingClientRect()
  const [x, y] = ["x", "y"].map(name => Array.from(source.get_column(name)))
  const off = x.map((v, i) => Math.hypot(Math.abs(v) - 1.05, y[i]))
  const i = off.indexOf(Math.min(...off))
  return [left + view.frame.x_scale.compute(x[i]), top + view.frame.y_scale.compute(y[i])]
}"""
HOLD = """at => {
  let target = document.elementFromPoint(...at)
  while (target.shadowRoot) {
    const inner = target.shadowRoot.elementFromPoint(...at)
    if (!inner || inner == target) break
    target = inner
  }
  window.fire = (type, dx, buttons) => target.dispatchEvent(new PointerEvent(type, {
    pointerId: 1, isPrimary: true, pointerType: "mouse", buttons, bubbles: true, composed: true,
    cancelable: true, clientX: at[0] + dx, clientY: at[1],
  }))
  fire("pointerdown", 0, 1)
  for (let k = 1; k <= 4; k++) fire("pointermove", 8 * k, 1)  // a few pixels alone are no drag
}"""
MOVE = """async dx => {
  probe.reset()
  await new Promise(resolve => setTimeout(resolve, 50))
  probe.event = performance.now()
  fire("pointermove", dx, 1)
  return probe.shown("picture", 10000)
}"""


def drag(page, steps):
    """Milliseconds of each move of a point, to and fro."""
    place = page.evaluate(PLACE)
    page.mouse.move(*place)
    page.evaluate(HOLD, place)
    settled(page)
    found = [page.evaluate(MOVE, 34 + 2 * min(k, steps - k)) for k in range(steps)]
    page.evaluate("fire('pointerup', 5, 0)")
    settled(page)
    return found


def play(page):
    """Pictures in a second while Play runs."""
    button(page, "▶ Play").click()
    page.evaluate("probe.reset()")
    page.wait_for_timeout(1000 * PLAYED_S)
    seen = page.evaluate("probe.seen.filter(one => one.kind == 'picture').map(one => one.at)")
    button(page, "■ Stop").click()
    settled(page)
    return len({round(at) for at in seen}) / PLAYED_S


def middle(values):
    """The median of what was seen."""
    return statistics.median([v for v in values if v is not None] or [float("nan")])


def processor_ms(server):
    """Processor time of a server so far; NaN of one that is not ours."""
    return float("nan") if server is None else 1000 * server.processor_seconds()


def measure(browser, url, steps, server=None):
    """Name -> values of one opened page; name -> processor time for each picture; pictures/s."""
    sections = {
        "drag of a point": lambda page: drag(page, steps),
        "λ": lambda page: latencies(page, Control("slider", "Penalty λ"), steps=steps),
        "t": lambda page: latencies(page, Control("slider", "Training time t"), steps=steps),
    }
    with opened(browser, f"{url}/playground") as page:
        useful_after(page)
        settled(page, 1500)
        found, spent = {}, {}
        for name, section in sections.items():
            before = processor_ms(server)
            found[name] = section(page)
            spent[name] = (processor_ms(server) - before) / max(1, len(found[name]))
        before = processor_ms(server)
        rate = play(page)
        spent["Play"] = (processor_ms(server) - before) / max(1, rate * PLAYED_S)
        return found, spent, rate


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", nargs="+", help="of running servers; else one is started")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--steps", type=int, default=STEPS, help="of a point and of each slider")
    parser.add_argument("--json", metavar="FILE", help="write all numbers to this file")
    wanted = parser.parse_args()
    with contextlib.ExitStack() as stack:
        browser = (
            stack.enter_context(sync_playwright())
            .chromium.launch(executable_path=find_browser(), args=BROWSER_FLAGS)
        )  # fmt: skip
        urls, server = wanted.url, None
        if not urls:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            server = stack.enter_context(Server(folder, None))
            urls = [server.url]
        times = {url: {} for url in urls}
        rates = {url: [] for url in urls}
        for _ in range(1 + wanted.rounds):  # the first one compiles
            for url in urls:
                found, spent, rate = measure(browser, url, wanted.steps, server)
                medians = [f"{name} {middle(values):.0f} ms" for name, values in found.items()]
                print(f"{url}: {', '.join(medians)}, Play {rate:.1f} pictures/s", flush=True)
                used = ", ".join(f"{name} {ms:.0f} ms" for name, ms in spent.items())
                print(f"  processor time for each picture: {used}", flush=True)
                for name, values in found.items():
                    times[url].setdefault(name, []).append(values)
                rates[url].append(rate)
        browser.close()
    for url in urls:
        print(url)
        for name, rounds in times[url].items():
            known = [v for values in rounds[1:] for v in values if v is not None]
            lost = sum(v is None for values in rounds[1:] for v in values)
            print(
                f"  {name:16s} median {statistics.median(known):6.0f} ms (aim {MEDIAN_MS}), "
                f"95 % {percentile(known, 95):6.0f} ms, {len(known)} seen, {lost} not"
            )
        print(
            f"  Play             {statistics.mean(rates[url][1:]):6.1f} pictures/s (aim {PICTURES})"
        )
    if wanted.json:
        Path(wanted.json).write_text(json.dumps({"times": times, "rates": rates}), "utf-8")


if __name__ == "__main__":
    main()
