"""Five first minutes of somebody who has read no documentation, in a real Chromium.

    .venv/bin/python benchmarks/first_minutes.py pictures            # a server of its own
    .venv/bin/python benchmarks/first_minutes.py pictures --url http://127.0.0.1:5006

From the start page to a robust (λ, t); to the error that falls as 1/√width; the first again on a
phone, by touch, and with the keyboard alone; a lecturer who presents presets with notes. What a
person does takes the time of a person: pointing 1.1 s, a key or a click 0.2 s, a decision 1.35 s
(Card, Moran & Newell, The keystroke-level model, Commun. ACM 23, 1980), reading four words a
second. A table gives the seconds of each step and how many of them passed in waiting for the page;
pictures of each are saved in the folder. Then the words on every page's first screen are counted.
"""

import argparse
import contextlib
import re
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(ROOT / "tests"))
sys.path.insert(0, str(ROOT / "tests" / "frame"))

from browser import BROWSER_FLAGS, find_browser  # noqa: E402
from pages import NAMES, Server  # noqa: E402
from screen import words_in_the_window  # noqa: E402

POINT_S, KEY_S, DECIDE_S, WORDS_PER_S = 1.1, 0.2, 1.35, 4
LONGEST_MS = 400_000  # a busy machine is no failure
MOST_WORDS = 110
DESK = {"viewport": {"width": 1280, "height": 720}}
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True,
         "user_agent": "Mozilla/5.0 (Linux; Android 14) Mobile"}  # fmt: skip
PLAYGROUND, FUNCTIONS = "Move the dots yourself", "What does a random network look like?"
TIME, PENALTY = "Training time t", "Penalty λ"
HEADLINE = "[aria-live=polite]"
# The share that the network with the penalty keeps under attack, as the page shows it.
ROBUST = """() => {
  const each = root => [...root.querySelectorAll("*")].flatMap(
    e => [e, ...(e.shadowRoot ? each(e.shadowRoot) : [])])
  const shown = each(document).filter(e => e.localName == "dt" && e.textContent == "robust")
  return shown.map(e => parseFloat(e.nextElementSibling.textContent))
}"""
FOCUSED = """() => {
  let e = document.activeElement
  while (e?.shadowRoot?.activeElement) e = e.shadowRoot.activeElement
  return e?.ariaLabel || e?.labels?.[0]?.textContent || e?.textContent?.trim() || e?.localName || ""
}"""


class Minute:
    """One scripted first minute: its steps, with their seconds, and a picture after each."""

    def __init__(self, browser, url, name, folder, device):
        self.name, self.folder, self.rows = name, folder, []
        self.context = browser.new_context(**device)
        self.context.set_default_timeout(LONGEST_MS)
        self.page = self.context.new_page()
        self.url, self.touch = url, "has_touch" in device
        self._waited = 0.0

    @contextlib.contextmanager
    def step(self, what):
        """Time a step; what the page shows at its end is kept as a picture."""
        begun, self._waited = time.perf_counter(), 0.0
        yield
        seconds = time.perf_counter() - begun
        self.rows.append((self.name, what, seconds, self._waited))
        print(
            f"{self.name:16s} {what:52s} {seconds:6.1f} s, {self._waited:5.1f} waited", flush=True
        )
        self.page.screenshot(path=self.folder / f"{self.name}-{len(self.rows)}.png")

    @contextlib.contextmanager
    def waiting(self):
        """What passes in here is the page's time and not the reader's."""
        begun = time.perf_counter()
        yield
        self._waited += time.perf_counter() - begun

    def open(self, path=""):
        with self.waiting():
            self.page.goto(f"{self.url}/{path}", timeout=LONGEST_MS)
            self.page.wait_for_function("() => window.Bokeh?.documents[0]?.is_idle")

    def read(self, words):
        time.sleep(len(words.split()) / WORDS_PER_S)

    def said(self, pattern=r"\d", timeout=LONGEST_MS):
        """Wait for a headline that matches; it is then read."""
        line = self.page.locator(HEADLINE).first
        with self.waiting():
            line.filter(has_text=re.compile(pattern)).wait_for(timeout=timeout)
        words = line.inner_text()
        self.read(words)
        return words

    def press(self, target):
        """Decide for something on the screen, point at it, click or tap it."""
        with self.waiting():
            target.wait_for()
        time.sleep(DECIDE_S + POINT_S)
        target.tap() if self.touch else target.click()
        time.sleep(KEY_S)

    def key(self, *names):
        for name in names:
            self.page.keyboard.press(name)
            time.sleep(KEY_S)

    def robust(self):
        """Per cent of the points that withstand the attack: of the network with the penalty."""
        found = self.page.evaluate(ROBUST)
        return found[-1] if found else float("nan")

    def tab_to(self, label, most=60):
        """Tab until something with this label has the focus. Returns how many times."""
        for count in range(1, most + 1):
            self.key("Tab")
            if label in self.page.evaluate(FOCUSED):
                return count
        raise RuntimeError(f"{label!r} is not reached by {most} tabs")


def to_the_playground(minute):
    """From the start page, by its first question."""
    with minute.step("the start page stands, and its picture moves"):
        minute.open()
        with minute.waiting():
            minute.page.get_by_role("button", name="Pause").wait_for()
    with minute.step("its first screen read"):
        minute.read(" ".join(words_in_the_window(minute.page)))
    with minute.step("“Move the dots yourself”, its sentence read"):
        minute.press(minute.page.get_by_role("link", name=PLAYGROUND))
        minute.said(r"At t = ")


def slide(minute, label, shares):
    """Take a slider through these shares of its way, leave it where most points are robust."""
    page, seen = minute.page, {}
    sliders = page.get_by_role("slider", name=label)
    thumb = sliders.last if minute.touch else sliders.first  # a phone has it in the sheet
    root = thumb.locator("xpath=ancestor::span[contains(@class, 'MuiSlider-root')]")
    box = root.bounding_box()
    height = box["y"] + box["height"] / 2
    time.sleep(DECIDE_S + POINT_S)

    def go(share):
        x = box["x"] + share * box["width"]
        if minute.touch:
            page.touchscreen.tap(x, height)
        else:
            page.mouse.move(x, height, steps=3)
        time.sleep(0.6)  # a look at the numbers
        return minute.robust()

    if not minute.touch:
        value = float(thumb.get_attribute("aria-valuenow"))
        span = float(thumb.get_attribute("max")) - float(thumb.get_attribute("min"))
        page.mouse.move(box["x"] + value / span * box["width"], height)
        page.mouse.down()
    for share in shares:
        seen[share] = go(share)
    best = max(seen, key=seen.get)
    go(best)
    if not minute.touch:
        page.mouse.up()
    with minute.waiting():
        page.wait_for_timeout(300)


def robust_by_sliders(minute):
    before = minute.robust()
    with minute.step("t slid to where most points withstand the attack"):
        slide(minute, TIME, (0.7, 0.6, 0.5, 0.4, 0.3))
    with minute.step("λ slid likewise"):
        slide(minute, PENALTY, (0.4, 0.6, 0.8, 0.95))
    with minute.step("the sentence read"):
        after = minute.robust()
        minute.said()
    print(f"{minute.name:16s} robust: {before:.0f} % before, {after:.0f} % at the end")
    if not after >= before:
        raise RuntimeError(f"no more robust than before: {before} %, then {after} %")


def robust_place(minute):
    """Start page → a robust (λ, t) on the playground."""
    to_the_playground(minute)
    robust_by_sliders(minute)


def falling_error(minute):
    """Start page → the error that falls as 1/√width."""
    page = minute.page
    with minute.step("the start page stands"):
        minute.open()
        with minute.waiting():
            page.get_by_role("button", name="Pause").wait_for()
    with minute.step("its first screen read"):
        minute.read(" ".join(words_in_the_window(page)))
    with minute.step("“What does a random network look like?”: it moves"):
        minute.press(page.get_by_role("link", name=FUNCTIONS))
        with minute.waiting():
            page.wait_for_function("""() => [...window.Bokeh?.documents[0]?.all_models ?? []].some(
              m => m.type == "Figure" && /of width \\d+/.test(m.title.text))""")
    with minute.step("watched: each function glides, the ring slides down"):
        page.wait_for_timeout(4000)
    with minute.step("the preset of the error chosen, its sentence read"):
        menu = page.get_by_label("Preset", exact=True)
        minute.press(menu)
        menu.select_option("one-over-root-width")
        minute.said()
        minute.press(page.get_by_text("More", exact=True))  # the power is measured meanwhile
        words = minute.said(r"Error ∝ width")
    if not re.search("−0[.][45]", words):
        raise RuntimeError(f"no power near −½ in {words!r}")


def on_a_phone(minute):
    """The first one by touch."""
    to_the_playground(minute)
    page = minute.page
    with minute.step("a point added by a tap"):
        time.sleep(DECIDE_S + POINT_S)
        box = page.locator(".bk-Figure").first.bounding_box()
        page.touchscreen.tap(box["x"] + 0.3 * box["width"], box["y"] + 0.5 * box["height"])
        with minute.waiting():
            page.wait_for_function("() => location.search.includes('points=')")
    robust_by_sliders(minute)


def by_keyboard(minute):
    """The first one without a mouse."""
    page = minute.page
    with minute.step("the start page stands"):
        minute.open()
        with minute.waiting():
            page.get_by_role("button", name="Pause").wait_for()
    with minute.step("its first screen read"):
        minute.read(" ".join(words_in_the_window(page)))
    with minute.step("to the playground by Tab and Enter, its sentence read"):
        tabs = minute.tab_to(PLAYGROUND)
        minute.key("Enter")
        minute.said(r"At t = ")
    with minute.step("to the time by Tab"):
        more = minute.tab_to(TIME)
    with minute.step("t by keys to where most points withstand the attack"):
        before = minute.robust()
        found = []
        for _ in range(6):
            minute.key(*5 * ["PageDown"])
            time.sleep(0.6)  # a look at the numbers
            found.append(minute.robust())
        minute.key(*(5 * (len(found) - 1 - found.index(max(found)))) * ["PageUp"])
        minute.said()
    after = minute.robust()
    print(f"{minute.name:16s} {tabs} tabs to the link, {more} to the slider; robust: "
          f"{before:.0f} % before, {after:.0f} % at the end")  # fmt: skip


def lecturer(minute):
    """Somebody who presents presets with notes."""
    page = minute.page
    with minute.step("the start page stands"):
        minute.open()
    with minute.step("the page on robust training, its sentence read"):
        minute.press(page.get_by_role("navigation", name="Pages").get_by_role(
            "link", name="Robust training"))  # fmt: skip
        minute.said()
    with minute.step("Present: one large picture"):
        minute.press(page.get_by_role("button", name="Present", exact=True))
        with minute.waiting():
            page.wait_for_function("() => location.search.includes('present=true')")
            page.get_by_role("button", name="End presentation").wait_for()
    with minute.step("n: the notes"):
        with page.expect_popup() as opened:
            minute.key("n")
        notes = opened.value
        with minute.waiting():
            notes.get_by_role("timer").wait_for()
    for preset in range(1, 4):
        with minute.step(f"preset {preset} by the clicker, its sentence and its notes read"):
            before = page.url
            minute.key("PageDown")
            with minute.waiting():
                page.wait_for_function("before => location.href != before", arg=before)
            words = minute.said()
            minute.read(words)
        notes.screenshot(path=minute.folder / f"{minute.name}-notes-{preset}.png")
    with minute.step("Escape: the page again"):
        minute.key("Escape")
        with minute.waiting():
            page.get_by_role("navigation", name="Pages").wait_for()


MINUTES = {
    "robust-place": (robust_place, DESK),
    "falling-error": (falling_error, DESK),
    "phone": (on_a_phone, PHONE),
    "keyboard": (by_keyboard, DESK),
    "lecturer": (lecturer, DESK),
}


def count_words(browser, url, folder):
    """Print how many words each page's first screen has, and how many symbols and numbers."""
    print("\nFirst screens, without navigation and ticks of axes: words; symbols and numbers")
    for name in ["", *NAMES]:
        minute = Minute(browser, url, f"words-{name or 'start'}", folder, DESK)
        minute.open(name)
        if name:
            minute.said()
        words = " ".join(words_in_the_window(minute.page)).split()
        signs = [word for word in words if any(map(str.isalnum, word))]
        words = [word for word in signs if re.search("[A-Za-z]{2}", word)]
        verdict = "" if len(words) <= MOST_WORDS else f"more than {MOST_WORDS}"
        counts = f"{len(words):4d} {len(signs) - len(words):4d}"
        print(f"  {name or 'start page':16s} {counts} {verdict}", flush=True)
        minute.page.screenshot(path=folder / f"{minute.name}.png")
        minute.context.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where pictures are saved")
    parser.add_argument("--url", help="of a running server; else one is started")
    parser.add_argument("--only", nargs="+", choices=[*MINUTES, "words"], default=[])
    wanted = parser.parse_args()
    wanted.folder.mkdir(parents=True, exist_ok=True)
    chosen = wanted.only or [*MINUTES, "words"]
    rows = []
    with contextlib.ExitStack() as stack:
        browser = (
            stack.enter_context(sync_playwright())
            .chromium.launch(executable_path=find_browser(), args=BROWSER_FLAGS)
        )  # fmt: skip
        url = wanted.url
        if not url:
            url = stack.enter_context(
                Server(stack.enter_context(tempfile.TemporaryDirectory()), None)
            ).url
        for name in [each for each in MINUTES if each in chosen]:
            function, device = MINUTES[name]
            minute = Minute(browser, url, name, wanted.folder, device)
            function(minute)
            rows += minute.rows
            minute.context.close()
        print("\n| minute | seconds | of these waited for the page |\n|---|---|---|")
        for name in dict.fromkeys(row[0] for row in rows):
            total = sum(row[2] for row in rows if row[0] == name)
            waited = sum(row[3] for row in rows if row[0] == name)
            print(f"| {name} | {total:.0f} | {waited:.0f} |")
        if "words" in chosen:
            count_words(browser, url, wanted.folder)
        browser.close()


if __name__ == "__main__":
    main()
