"""Take the README's pictures: every page as it opens, at 1280×720.

    .venv/bin/python tools/screenshots.py [FOLDER]

Starts a server of its own and waits on each page until its background work is done.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from browser import find_browser
from conftest import BROWSER_FLAGS, RunningServer
from playwright.sync_api import sync_playwright

PAGES = {"start": "", "gp_convergence": "gp_convergence", "jntk_constancy": "jntk_constancy",
         "robust_training": "robust_training"}  # fmt: skip
LONGEST = 180_000  # milliseconds
HEADLINE = """() => {
  const headlines = root => [...root.querySelectorAll("*")].flatMap(
    e => [e.getAttribute("aria-live") ? e.innerText : "",
          ...headlines(e.shadowRoot || new DocumentFragment())])
  return headlines(document).some(words => /[0-9]/.test(words))
}"""


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with RunningServer(folder / "server.log") as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=BROWSER_FLAGS)
        for name, address in PAGES.items():
            page = browser.new_page(viewport={"width": 1280, "height": 720})
            page.goto(f"{server.url}/{address}")
            if address:
                # A page has begun once its headline holds a number; at work it shows Cancel.
                page.wait_for_function(HEADLINE, timeout=LONGEST)
            page.wait_for_timeout(8_000)
            page.get_by_role("button", name="Cancel").wait_for(state="hidden", timeout=LONGEST)
            page.wait_for_timeout(1_000)
            page.screenshot(path=folder / f"{name}.png")
            page.close()
            print(folder / f"{name}.png")
        browser.close()
    (folder / "server.log").unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/screenshots"))
