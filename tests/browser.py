"""Find a Chromium-like browser for the tests, or install one.

`python tests/browser.py` prints the path of the browser that the tests would use;
`python tests/browser.py --install` gets one first where there is none.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

COMMANDS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "microsoft-edge",
    "msedge",
)
# Where macOS and Windows keep browsers that are not on the search path.
FILES = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
    r"C:\Program Files\Microsoft\Edge\Application\msedge.exe",
)
BROWSER_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
READY = re.compile(r"ready at (http://\S+)/ ")  # what `jntk-viz serve` says
REMEDY = (
    "Install Chromium or Chrome, or set JNTK_VIZ_BROWSER to the path of one, and run this again."
)


def find_browser():
    """The path of JNTK_VIZ_BROWSER, else of an installed browser, else of Playwright's, or None."""
    if named := os.environ.get("JNTK_VIZ_BROWSER"):
        if not Path(named).is_file():
            raise FileNotFoundError(f"JNTK_VIZ_BROWSER names {named!r}, which is no file. {REMEDY}")
        return Path(named)
    for command in COMMANDS:
        if found := shutil.which(command):
            return Path(found)
    for file in map(Path, FILES):
        if file.is_file():
            return file
    return playwright_browser()


def playwright_browser():
    """The Chromium that Playwright has downloaded, or None."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = Path(playwright.chromium.executable_path)
    return path if path.is_file() else None


def is_root():
    return hasattr(os, "geteuid") and os.geteuid() == 0


def install_with_playwright():
    """Download Playwright's Chromium; as root also the system libraries that it needs."""
    print("No browser found. Downloading Playwright's Chromium …", flush=True)
    playwright = [sys.executable, "-m", "playwright"]
    if succeeded([*playwright, "install", "chromium"], timeout=300) and is_root():
        succeeded([*playwright, "install-deps", "chromium"], timeout=600)


def install_with_apt():
    """Install the system's own Chromium package, where this process may."""
    if not (shutil.which("apt-get") and is_root()):
        return
    print("That failed. Installing the system's chromium package …", flush=True)
    if succeeded(["apt-get", "update", "-qq"], timeout=300):
        packages = ["chromium", "fonts-liberation"]
        install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
        succeeded(install, timeout=900)


def succeeded(command, timeout):
    """Run `command`; whether it ended well. What went wrong is shown, not raised."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        result = subprocess.run(
            command,
            env=environment,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
    except subprocess.TimeoutExpired:
        print(f"  {' '.join(command)}: gave up after {timeout} s", flush=True)
        return False
    if result.returncode:
        complaints = [line for line in result.stderr.splitlines() if "rror" in line] or [
            "no reason"
        ]
        print(f"  {' '.join(command)}: {complaints[0].strip()}", flush=True)
    return result.returncode == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--install", action="store_true", help="get a browser if there is none")
    wanted = parser.parse_args()
    try:
        browser = find_browser()
    except FileNotFoundError as error:
        sys.exit(str(error))
    for install in (install_with_playwright, install_with_apt):
        if browser is None and wanted.install:
            install()
            browser = find_browser()
    if browser is None:
        sys.exit(f"No browser for the tests. {REMEDY}")
    print(f"Browser for the tests: {browser}")


if __name__ == "__main__":
    main()
