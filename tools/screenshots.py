"""Take pictures of every page, once its background work is done.

    .venv/bin/python tools/screenshots.py                       the README's, docs/screenshots
    .venv/bin/python tools/screenshots.py --share               what chats show of a shared link
    .venv/bin/python tools/screenshots.py --stills              what stands in while a page opens
    .venv/bin/python tools/screenshots.py --gallery [FOLDER]    light and dark, projector and phone

The pages are served from this machine for the purpose. A gallery also gets an index.html.
"""

import argparse
import io
import sys
from itertools import product
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from browser import find_browser
from conftest import BROWSER_FLAGS, RunningServer
from PIL import Image
from playwright.sync_api import sync_playwright

from jntk_viz import frame
from jntk_viz.frame import stills
from jntk_viz.frame.first_look import BAR, SIDEBAR
from jntk_viz.server import shared_links

PAGES = {"start": "", **{entry.name: entry.name for entry in frame.pages()}}
SIZES = {"projector": (1280, 720), "phone": (390, 844)}
LONGEST = 180_000  # milliseconds
MOST = 60_000  # bytes of a still
HEADLINE = """() => {
  const headlines = root => [...root.querySelectorAll("*")].flatMap(
    e => [e.getAttribute("aria-live") ? e.innerText : "",
          ...headlines(e.shadowRoot || new DocumentFragment())])
  return headlines(document).some(words => /[0-9]/.test(words))
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--gallery", action="store_true", help="light and dark, two sizes")
    parser.add_argument("--share", action="store_true", help="the picture of shared links only")
    parser.add_argument("--stills", action="store_true", help="the stills of the pages only")
    parser.add_argument("--page", choices=PAGES, action="append", help="only this page")
    wanted = parser.parse_args()
    folder = wanted.folder or Path("gallery" if wanted.gallery else "docs/screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    kinds = list(product(SIZES, ("light", "dark"))) if wanted.gallery else [("projector", "light")]
    names: list[str] = []
    with RunningServer(folder / "server.log") as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=BROWSER_FLAGS)
        if wanted.share:
            share(browser, server.url)
            kinds = []
        if wanted.stills:
            kinds = []
            for page in wanted.page or filter(None, PAGES.values()):
                write_stills(browser, server.url, page)
        for page, (size, scheme) in product(wanted.page or PAGES, kinds):
            names.append(f"{page}-{size}-{scheme}.png" if wanted.gallery else f"{page}.png")
            take(browser, server.url, page, size, scheme, folder / names[-1])
            print(folder / names[-1], flush=True)
        browser.close()
    (folder / "server.log").unlink()
    if wanted.gallery:
        pictures = "".join(f'<figure><img src="{n}"><figcaption>{n}</figure>' for n in names)
        (folder / "index.html").write_text(
            "<meta charset=utf-8><style>img {max-width: 48vw} figure {display: inline-block;"
            f" margin: 4px}}</style>{pictures}",
            encoding="utf-8",
        )


def take(browser, url, name, size, scheme, file):
    """One picture; a page has begun once its headline holds a number, and shows Cancel at work."""
    page = opened(browser, f"{url}/{PAGES[name]}", *SIZES[size], scheme, size == "phone")
    at_rest(page)
    page.screenshot(path=file, full_page=False)
    page.close()


def opened(browser, url, width, height, scheme, is_mobile=False):
    """A page in a new profile, which begins its work."""
    page = browser.new_page(
        viewport={"width": width, "height": height},
        is_mobile=is_mobile,
        color_scheme=scheme,
        reduced_motion="reduce",  # no film
    )
    page.goto(url, timeout=LONGEST)
    return page


def at_rest(page, pause=8_000):
    """Wait until the work of a page is done, with a pause before it is looked for."""
    if not page.url.endswith("/"):
        page.wait_for_function(HEADLINE, timeout=LONGEST)
    page.wait_for_timeout(pause)
    page.get_by_role("button", name="Cancel").wait_for(state="hidden", timeout=LONGEST)
    page.wait_for_timeout(1_000)


def write_stills(browser, url, name):
    """The stills of one page, without loss where that is small enough."""
    kinds = list(product(stills.SIZES.items(), ("light", "dark")))
    pages = [opened(browser, f"{url}/{name}", *size, scheme) for size, scheme in kinds]
    for ((width, height), scheme), page in zip(kinds, pages, strict=True):
        at_rest(page, pause=8_000 if page is pages[0] else 0)
        page.bring_to_front()
        picture = main_area(page, width, height)
        page.close()
        for look in ({"lossless": True, "quality": 100}, *({"quality": q} for q in (80, 60, 40))):
            data = io.BytesIO()
            picture.save(data, "WEBP", method=6, **look)
            if data.tell() <= MOST:
                break
        file = stills.path(name, width, scheme)
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(data.getvalue())
        print(file, data.tell(), flush=True)


def main_area(page, width, height):
    """Picture (Pillow's) of a page's main area, which its still shows."""
    area = {"x": SIDEBAR, "y": BAR, "width": width - SIDEBAR, "height": height - BAR}
    return Image.open(io.BytesIO(page.screenshot(clip=area))).convert("RGB")


def share(browser, url):
    """The landing page's first picture at the end of its film, in the shape that chats show."""
    width, height = shared_links.SIZE
    larger = 1.25  # than on the page, since chats show it small
    size = {"width": int(width / larger), "height": int(height / larger)}
    page = browser.new_page(viewport=size, device_scale_factor=larger)
    page.goto(url)
    page.get_by_role("button", name="Pause").wait_for(timeout=LONGEST)
    page.get_by_text("t = 1.6·10³").wait_for(timeout=LONGEST)
    page.get_by_role("button", name="Pause").click()
    page.screenshot(path=shared_links.PICTURE)
    page.close()
    print(shared_links.PICTURE)


if __name__ == "__main__":
    main()
