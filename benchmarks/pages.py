"""Time the pages as a reader feels them: in a real Chromium, from a control's event to the pixels.

    .venv/bin/python benchmarks/pages.py                      # everything, an hour and a half
    .venv/bin/python benchmarks/pages.py --json pages.json --cores 2 --pages robust_training

It starts its own server with an empty cache folder, on all cores and again on one core (the Binder
case, which may take twice as long; there only the first tab of each page is moved). Every control
is found on the page itself. `probe.js` says how an event and the frame that shows its effect are
stamped. Quote figures of one run only.
"""

import argparse
import contextlib
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import psutil
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from browser import BROWSER_FLAGS, READY, find_browser  # noqa: E402

from jntk_viz.frame import pages  # noqa: E402

NAMES = [entry.name for entry in pages()]
PROBE = Path(__file__).with_name("probe.js").read_text(encoding="utf-8")
WINDOW = {"width": 1280, "height": 720}
READY_S, USEFUL_S, SERVER_MB, PAGE_MB = 8.0, 2.5, 700, 40
DRAG_MEDIAN_MS, DRAG_95_MS = 120, 300  # analytic quantities
FIRST_PICTURE_MS, PROGRESS_MS, CANCEL_MS = 500, 200, 500  # finite networks
STALL_MS = 1000  # nothing may stand still longer, compilation included
OPEN_PAGES = 8
STEPS = 8  # of a slider, there and back
FINITE_STEPS, SHAPE_STEPS = 4, 6
DRAGGED, KEY_REPEAT_S = 30, 0.033  # steps of a fast drag, and the pause between two of them
WARM_S = 60  # the first minute after the start

# What needs finite networks; everything else is analytic. `*` stands for all other controls.
FINITE = {
    "gp_convergence": {"Width d", "Networks", "Draw again"},
    "jntk_constancy": {
        "Data set", "Points N", "Networks", "Activation", "Depth L", "Scale κ", "Widest network",
        "Regulariser λ", "Learning rate ÷ limit", "Training steps", "Draw again",
    },
    "breakdown": {"*"},
    "playground": {"Width d"},
}  # fmt: skip
# (page, tab) -> what moves a number of the headline there, and no picture.
SENTENCE = {
    ("robust_training", "Predictor"): {"Perturbation ε"},
    ("robust_training", "Eigenfeatures"): {"Training time t"},
}
# A change of these changes the shapes of arrays, or the code that is compiled.
SHAPES = re.compile("Depth|Width|Widest|Activation|Points N|Networks|Data set|Case")
# Buttons that change the picture, and how the tabs are found.
TABS = ".MuiToggleButton-root"
BUTTONS = ("Draw again", "Dark", "Present", "Next preset")


# ---- rows


class Row(NamedTuple):
    """One line of the table, as the JSON file holds it."""

    section: str
    what: str
    value: float | None
    unit: str
    target: float | None
    verdict: str
    note: str


class Table:
    """Prints rows as they come and keeps them. `factor`: how much longer things may take.

    - `file`: where they are written as well, each at once, so that a run cut short leaves some.
    """

    def __init__(self, file=None):
        self.file, self.rows, self.where, self.factor = file, [], "", 1.0

    def add(self, what, value, unit, target=None, note="", scaled=True):
        """Add a measured value that should be at most `target` (times the factor of the case)."""
        if target is not None and scaled:
            target *= self.factor
        verdict = ""
        if target is not None:
            verdict = "met" if value is not None and value <= target else "missed"
        value = None if value is None else round(float(value), 3 if unit == "s" else 1)
        self.rows.append(Row("pages", f"{self.where}: {what}", value, unit, target, verdict, note))
        shown = "–" if value is None else f"{value:g}"
        aim = "" if target is None else f"≤ {target:g}"
        print(f"{self.where:8s} {what:64s} {shown:>8s} {unit:5s} {aim:8s} {verdict:7s} {note}",
              flush=True)  # fmt: skip
        if self.file:
            rows = [row._asdict() for row in self.rows]
            text = json.dumps(rows, indent=1, ensure_ascii=False) + "\n"
            Path(self.file).write_text(text, "utf-8")


# ---- server and browser


def family(pid):
    """A process and what it has started."""
    first = psutil.Process(pid)
    return [first, *first.children(recursive=True)]


class Server:
    """`jntk-viz serve` on the given cores (None: all), with a cache folder of its own."""

    def __init__(self, folder, cores, *options):
        self.log_path = Path(folder) / "log.txt"
        environment = {k: v for k, v in os.environ.items() if not k.startswith("JAX_")}
        environment |= {
            "XDG_CACHE_HOME": str(folder), "JAX_LOG_COMPILES": "1", "PYTHONPATH": str(ROOT),
        }  # fmt: skip
        command = [sys.executable, "-u", "-m", "jntk_viz", "serve", "--no-show", "--port", "0"]
        command += options
        if cores is not None:
            command = ["taskset", "-c", ",".join(map(str, cores)), *command]
        self.started = time.perf_counter()
        with self.log_path.open("w") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=subprocess.STDOUT, env=environment
            )
        self.url = self._ready()
        self.seconds = time.perf_counter() - self.started

    def _ready(self):
        while time.perf_counter() - self.started < 120 and self.process.poll() is None:
            if match := READY.search(self.log()):
                return match[1]
            time.sleep(0.02)
        raise RuntimeError(f"the server did not start; its log:\n{self.log()}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)

    def log(self):
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    def megabytes(self):
        """Resident memory of the server and what it has started."""
        return sum(p.memory_info().rss for p in family(self.process.pid)) / 1e6

    def processor_seconds(self):
        """Processor time so far of the server and what it has started."""
        times = [process.cpu_times() for process in family(self.process.pid)]
        return sum(t.user + t.system for t in times)

    def compiled(self, seen=0):
        """(seconds, name) of what XLA has compiled, after `seen` characters of the log."""
        found = re.findall(r"XLA compilation of (\S+) in ([\d.]+) sec", self.log()[seen:])
        return sorted(((float(s), name) for name, s in found), reverse=True)

    def settle(self, seconds=60):
        """Wait until the server has nothing to do, so that work begun earlier is not counted."""
        process = psutil.Process(self.process.pid)
        deadline = time.perf_counter() + seconds
        while process.cpu_percent(0.5) > 15 and time.perf_counter() < deadline:
            pass


@contextlib.contextmanager
def opened(browser, url):
    """A page in a fresh browser profile, with the probe in it."""
    context = browser.new_context(viewport=WINDOW, reduced_motion="reduce")  # no film
    context.add_init_script(PROBE)
    page = context.new_page()
    page.set_default_timeout(8_000)
    try:
        page.goto(url, timeout=90_000)
        yield page
    finally:
        context.close()


def useful_after(page):
    """Seconds from the start of the navigation to the first picture and a headline with numbers."""
    page.wait_for_function("() => window.probe?.useful", timeout=60_000)
    return page.evaluate("probe.useful") / 1000


def settled(page, pause=600, timeout=20_000):
    page.evaluate("([pause, timeout]) => probe.quiet(pause, timeout)", [pause, timeout])


# ---- controls


class Control(NamedTuple):
    """One control of a page, as assistive technology finds it. `kind`: slider, select, …"""

    kind: str
    label: str


def visible(locator):
    return [one for one in locator.all() if one.is_visible()]


LABEL = """e => e.getAttribute("aria-label")
  || (e.getAttribute("aria-labelledby") ?? "").split(" ").map(
       id => e.getRootNode().getElementById(id)?.innerText).find(text => text)
  || e.labels?.[0]?.innerText || e.innerText"""


def controls_of(page):
    """The controls that are seen: sliders, selects and switches of the drawer, tabs, buttons, and
    pictures that take a click."""
    found = []
    for kind, role in (("slider", "slider"), ("select", "combobox"), ("switch", "switch")):
        for one in visible(page.get_by_role(role)):
            if one.evaluate("e => e.localName") != "select":  # the menu of presets
                found.append(Control(kind, one.evaluate(LABEL).strip()))
    found += [Control("click", name) for name in page.evaluate(f"Object.keys({CLICKABLE})")]
    found += [Control("tab", one.inner_text()) for one in visible(page.locator(TABS))]
    # Last: a preset opens the tab that it is made for.
    found += [Control("button", name) for name in BUTTONS if button(page, name).count()]
    return found


def button(page, label):
    return page.get_by_role("button", name=label, exact=True)


# Title of every picture on screen that tells the server of clicks -> box of its frame.
CLICKABLE = """Object.fromEntries(
  [...Bokeh.documents[0].all_models]
    .filter(m => m.type == "Figure" && m.subscribed_events.has("tap"))
    .map(m => Bokeh.index.find_one_by_id(m.id))
    .filter(view => view?.el.getBoundingClientRect().width > 0)
    .map(view => {
      const { x, y } = view.el.getBoundingClientRect()
      const { left, top, width, height } = view.frame.bbox
      return [view.model.title.text.trim() || view.model.yaxis?.[0]?.axis_label || view.model.id,
              { x: x + left, y: y + top, width, height }]
    }))"""


def actions(page, control, steps):
    """Functions that each move the control by one step; the last brings it back where it was."""
    return {
        "slider": slide, "select": choose, "switch": toggle, "tab": tab, "button": press,
        "click": click,
    }[control.kind](page, control.label, steps)  # fmt: skip


def slide(page, label, steps):
    slider = page.get_by_role("slider", name=label, exact=True)
    low, high, now = (float(slider.get_attribute(name)) for name in ("min", "max", "aria-valuenow"))
    step = float(slider.get_attribute("step") or 1)
    up = min(round((high - now) / step), steps // 2)
    down = min(round((now - low) / step), steps // 2)
    keys = ["ArrowRight"] * up + ["ArrowLeft"] * (up + down) + ["ArrowRight"] * down
    slider.focus()
    return [lambda key=key: page.keyboard.press(key) for key in keys]


def choose(page, label, steps):
    # The accessible name of a select ends with what is chosen.
    select = page.get_by_role("combobox", name=re.compile(rf"^{re.escape(label)}(?!\w)"))
    now = select.inner_text().strip()
    select.click()
    shown = page.get_by_role("menuitem")
    shown.first.wait_for()
    options = [o.inner_text().strip() for o in visible(shown)]
    page.keyboard.press("Escape")
    shown.first.wait_for(state="hidden")
    others = [o for o in options if o != now][:steps]

    def pick(option):
        select.click()
        page.get_by_role("menuitem", name=option, exact=True).click()

    return [lambda option=option: pick(option) for option in [*others, now]]


def toggle(page, label, steps):
    switch = page.get_by_role("switch", name=label) if label else page.get_by_role("switch")
    return [lambda: switch.first.click()] * 4


def tab(page, label, steps):
    tabs = page.locator(TABS)
    here = page.locator(".MuiToggleButton-root.Mui-selected").inner_text()
    other = label if label != here else next(t for t in tabs.all_inner_texts() if t != here)
    go = lambda name: tabs.get_by_text(name, exact=True).click()  # noqa: E731
    return [lambda name=name: go(name) for name in (other, here) * 2]


def press(page, label, steps):
    back = {"Present": "End presentation"}.get(label, label)
    return [lambda name=name: button(page, name).click() for name in (label, back) * 2]


def click(page, label, steps):
    """Clicks along the diagonal of a picture, as a reader who moves its cursor there."""

    def at(part):
        boxes = page.evaluate(f"({CLICKABLE})")
        box = boxes.get(label) or next(iter(boxes.values()))  # titles change with what is shown
        page.mouse.move(box["x"] + part * box["width"], box["y"] + (1 - part) * box["height"])
        time.sleep(0.32)  # not a double click, and what hovering shows is there
        page.mouse.down()
        page.mouse.up()

    return [lambda part=(i + 1) / (steps + 2): at(part) for i in range(steps)]


# ---- what is measured of one control


def latencies(page, control, kind="picture", steps=STEPS, timeout=3000, pause=0.03):
    """Milliseconds from each event to the frame that shows it; None where nothing was seen."""
    found = []
    for act in actions(page, control, steps):
        page.evaluate("probe.reset()")
        act()
        found.append(page.evaluate("([k, t]) => probe.shown(k, t)", [kind, timeout]))
        time.sleep(pause)
    return found


def is_finite(name, control):
    finite = FINITE.get(name, set())
    return control.label in finite or ("*" in finite and control.kind not in ("tab", "button"))


def measure_control(table, server, page, name, control, place):
    """Rows of one control: a closed-loop drag, each step as soon as the last one is seen."""
    where = f"{place}: " if place else ""
    what = f"{name}, {where}{control.label or 'switch'} ({control.kind})"
    finite = is_finite(name, control)
    said = control.label in SENTENCE.get((name, place), ())
    with skipped(table, what):
        steps = FINITE_STEPS if finite else STEPS
        times = latencies(page, control, "words" if said else "picture", steps=steps)
        settled(page)
        known = [t for t in times if t is not None]
        changed = "the headline" if said else "a picture"
        note = f"{len(known)} of {len(times)} steps changed {changed}"
        if not known:
            table.add(what, None, "ms", note=note)
        elif finite:
            table.add(f"{what}, first picture", max(known), "ms", FIRST_PICTURE_MS,
                      f"slowest; median {statistics.median(known):.0f}; {note}")  # fmt: skip
        else:
            dragged = control.kind in ("slider", "select", "switch", "click")
            table.add(f"{what}, median", statistics.median(known), "ms",
                      DRAG_MEDIAN_MS if dragged else STALL_MS, note)  # fmt: skip
            if control.kind == "slider":
                table.add(f"{what}, 95 %", percentile(known, 95), "ms", DRAG_95_MS)


def percentile(values, q):
    return statistics.quantiles([*values, values[0]], n=100, method="inclusive")[q - 1]


@contextlib.contextmanager
def skipped(table, what):
    """A control that cannot be moved is a row of the table, not the end of the run."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - whatever it is, the table says so
        table.add(what, None, "ms", 0, f"not measured: {str(error).splitlines()[0][:90]}")


# ---- the sections


def check_method(table, page):
    """A change made by the page itself, with and without a known wait, has to come out as that."""
    page.evaluate(
        """() => {
          const figure = [...Bokeh.documents[0].all_models].find(
            m => m.type == "Figure" && Bokeh.index.find_one_by_id(m.id))
          let by = 1
          window.addEventListener("keydown", event => {
            if (event.key != "F2" && event.key != "F4") return
            const change = () => {
              const range = figure.y_range
              range.setv({ start: range.start + (by = -by) * 1e-3 })
              probe.changed("picture")
            }
            event.key == "F2" ? change() : setTimeout(change, 200)
          })
        }"""
    )
    found = {}
    for key in ("F2", "F4"):
        times = []
        for _ in range(15):
            page.evaluate("probe.reset()")
            page.keyboard.press(key)
            times.append(page.evaluate("probe.shown('picture', 3000)"))
        found[key] = statistics.median(times)
    table.add("method: an axis moved by the page itself", found["F2"], "ms", 60, scaled=False)
    table.add("method: the same 200 ms later, less these 200 ms", found["F4"] - 200, "ms", 60,
              scaled=False)  # fmt: skip


def measure_start(table, browser, folder, cores, names):
    """Time to ready; and each page as the first one after a start."""
    for i, name in enumerate(names):
        with Server(folder, cores) as server:
            if i == 0:
                note = "cache folder filled"
                table.add("server ready after its start", server.seconds, "s", READY_S, note)
                table.add("server, no page yet", server.megabytes(), "MB", SERVER_MB, scaled=False)
            with opened(browser, f"{server.url}/{name}") as page:
                table.add(f"{name}: useful, first page after the start", useful_after(page), "s",
                          USEFUL_S)  # fmt: skip


def measure_opening(table, browser, server, names):
    """Pages opened later."""
    for name in names:
        times = []
        for _ in range(4):
            with opened(browser, f"{server.url}/{name}") as page:
                times.append(useful_after(page))
                settled(page)
        table.add(f"{name or 'landing page'}: useful after opening", statistics.median(times[1:]),
                  "s", USEFUL_S, f"the time before: {times[0]:.1f} s")  # fmt: skip


def measure_memory(table, browser, server, names):
    """Resident memory with pages open, and what each of them adds."""
    server.settle()
    sizes = [server.megabytes()]
    with contextlib.ExitStack() as stack:
        for i in range(OPEN_PAGES):
            page = stack.enter_context(opened(browser, f"{server.url}/{names[i % len(names)]}"))
            useful_after(page)
            settled(page)
            server.settle()
            sizes.append(server.megabytes())
    growth = statistics.linear_regression(range(len(sizes)), sizes).slope
    table.add(f"server with {OPEN_PAGES} pages open", sizes[-1], "MB", SERVER_MB, scaled=False)
    table.add("each open page adds", growth, "MB", PAGE_MB, scaled=False,
              note=f"slope; {sizes[0]:.0f} MB before, each page opened earlier")  # fmt: skip


def measure_controls(table, browser, server, name, brief):
    """Every control of a page, in every tab in which it is seen; those of finite networks, which
    train the same ones for every tab, in the first alone. `brief`: nothing but the first tab.
    """
    with opened(browser, f"{server.url}/{name}") as page:
        useful_after(page)
        settled(page, 1500)
        server.settle()
        tabs = page.locator(TABS).all_inner_texts() or [None]
    for place in tabs[:1] if brief else tabs:
        with opened(browser, f"{server.url}/{name}") as page:
            useful_after(page)
            if place:
                page.locator(TABS).get_by_text(place, exact=True).click()
            settled(page, 1500)
            server.settle()
            for control in controls_of(page):
                again = control.kind in ("tab", "button") or is_finite(name, control)
                if place == tabs[0] or not again:
                    measure_control(table, server, page, name, control, place)
        # What a drag of shapes began in the background is not to disturb the next tab.
        server.settle()


def measure_long_work(table, browser, server, name):
    """Work with finite networks: how soon its progress is seen, and how soon it can be stopped."""
    with opened(browser, f"{server.url}/{name}") as page:
        useful_after(page)
        settled(page, 1500)
        server.settle()
        first = latencies(page, Control("button", "Draw again"), "progress", pause=1.5)
        known = [t for t in first if t is not None]
        table.add(f"{name}: progress after Draw again", max(known, default=None), "ms", PROGRESS_MS,
                  f"slowest of {len(known)}")  # fmt: skip
        stops, cancel = [], button(page, "Cancel")
        for _ in range(4):
            button(page, "Draw again").click()
            with contextlib.suppress(Exception):  # done before it could be cancelled
                cancel.click(timeout=3000)
                cancel.wait_for(state="hidden", timeout=5000)
                stops.append(page.evaluate("performance.now() - probe.event"))
            settled(page, 500)
        table.add(f"{name}: stopped after Cancel", max(stops, default=None), "ms", CANCEL_MS,
                  f"slowest of {len(stops)}")  # fmt: skip


def measure_fast_drag(table, browser, server, name):
    """A slider held down: what is still shown after the last step, and when the page is at rest."""
    with opened(browser, f"{server.url}/{name}") as page:
        useful_after(page)
        settled(page, 1500)
        server.settle()
        for control in [c for c in controls_of(page) if c.kind == "slider"]:
            with skipped(table, f"{name}, {control.label}: fast drag"):
                fast_drag(table, server, page, name, control)


def fast_drag(table, server, page, name, control):
    steps = slide(page, control.label, 2 * DRAGGED)
    page.evaluate("probe.reset()")
    start = time.perf_counter()
    for step in (steps * DRAGGED)[:DRAGGED]:
        step()
        time.sleep(max(0.0, KEY_REPEAT_S - (time.perf_counter() - start)))
        start = time.perf_counter()
    settled(page, 1500)
    seen, last = page.evaluate(
        "[probe.seen.filter(one => one.kind == 'picture').map(one => one.at), probe.event]"
    )
    after = [at - last for at in seen if at > last]
    server.settle()
    note = f"{len(seen) - len(after)} pictures while dragging, {len(after)} after it"
    finite = is_finite(name, control)
    table.add(f"{name}, {control.label}: at rest after {DRAGGED} quick steps",
              max(after, default=0.0), "ms", None if finite else DRAG_95_MS, note)  # fmt: skip


def measure_shapes(table, browser, server, name):
    """Walk what changes shapes: nothing may stand still because something is compiled."""
    with opened(browser, f"{server.url}/{name}") as page:
        useful_after(page)
        settled(page, 1500)
        for control in [c for c in controls_of(page) if SHAPES.search(c.label)]:
            if control.kind not in ("slider", "select"):
                continue
            what = f"{name}, {control.label}: longest wait for a new shape"
            with skipped(table, what):
                seen = len(server.log())
                times = latencies(page, control, steps=SHAPE_STEPS, timeout=10_000, pause=0.3)
                settled(page)
                worst = max((t for t in times if t is not None), default=None)
                slowest = server.compiled(seen)[:1]
                note = "".join(f"longest compilation {s:.1f} s, {f}" for s, f in slowest)
                table.add(what, worst, "ms", STALL_MS, note)


def measure(table, browser, names, cores, sections):
    """All sections on the given cores."""
    with tempfile.TemporaryDirectory() as folder:
        with Server(folder, cores) as server:
            table.add(
                "server ready after its start", server.seconds, "s", READY_S, "first start ever"
            )
            time.sleep(max(0.0, WARM_S - server.seconds))
            server.settle()
            if "shapes" in sections:
                for name in names:
                    measure_shapes(table, browser, server, name)
            if "open" in sections:
                measure_opening(table, browser, server, ["", *names])
            if "controls" in sections:
                with opened(browser, f"{server.url}/robust_training") as page:
                    useful_after(page)
                    settled(page, 1500)
                    check_method(table, page)
                for name in names:
                    measure_controls(table, browser, server, name, brief=cores is not None)
            drawn = [n for n in names if {"Draw again", "*"} & FINITE.get(n, set())]
            for name in drawn if "work" in sections else []:
                measure_long_work(table, browser, server, name)
            for name in names if "drag" in sections else []:
                measure_fast_drag(table, browser, server, name)
            if "memory" in sections:
                measure_memory(table, browser, server, names)
        if "start" in sections:
            measure_start(table, browser, folder, cores, ["", *names])


SECTIONS = ("start", "open", "controls", "work", "drag", "shapes", "memory")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", metavar="FILE", help="write the rows to this file")
    parser.add_argument("--cores", choices=["2", "1", "both"], default="both")
    parser.add_argument("--pages", nargs="+", choices=NAMES, default=NAMES, metavar="PAGE")
    parser.add_argument("--sections", nargs="+", choices=SECTIONS, default=SECTIONS)
    wanted = parser.parse_args()
    table = Table(wanted.json)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=BROWSER_FLAGS)
        for where, factor, cores in (("2 cores", 1.0, None), ("1 core", 2.0, [0])):
            if wanted.cores in (where[0], "both"):
                table.where, table.factor = where, factor
                measure(table, browser, wanted.pages, cores, wanted.sections)
        browser.close()
    missed = sum(row.verdict == "missed" for row in table.rows)
    judged = sum(bool(row.verdict) for row in table.rows)
    print(f"{judged - missed} of {judged} met")


if __name__ == "__main__":
    main()
