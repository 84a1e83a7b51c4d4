"""A page in a browser: what it says, waiting for it, and its sliders and menus."""

import re
import time

import pytest

HEADLINE = "[aria-live=polite]"


def headline(page):
    """All that the page says: the sentence that is read out and what stands behind *More*.

    With plain spaces: before a percent sign the page has one that does not break.
    """
    return page.locator(HEADLINE).text_content().replace("\N{NO-BREAK SPACE}", " ")


def wait_until(page, condition, seconds=90, missing="not"):
    """Until `condition()` holds; `missing` begins what a failure says."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return
        page.wait_for_timeout(100)
    pytest.fail(f"{missing} within {seconds} s; the page says: {headline(page)}")


def wait_for(page, words, seconds=60):
    """The headline once it matches `words`."""
    found = lambda: re.search(words, headline(page), re.DOTALL)  # noqa: E731
    wait_until(page, found, seconds, f"no {words!r}")
    return headline(page)


def press(page, slider, key):
    page.get_by_role("slider", name=slider).first.press(key)


def right(page, slider):
    """Move a slider by one stop."""
    press(page, slider, "ArrowRight")


def menu(page, name):
    """The menu whose label begins so; what its ⓘ says belongs to the name too."""
    return page.get_by_role("combobox", name=re.compile(f"^{re.escape(name)}"))


def choose(page, name, option):
    """Take an entry of a menu, by its words or a pattern, and wait until the menu is gone.

    While it fades, it lies over the page and takes the clicks.
    """
    menu(page, name).click()
    page.get_by_role("menuitem", name=option, exact=True).click()
    page.locator(".MuiMenu-root").wait_for(state="detached")


def type_choice(page, name, first_letters):
    """Take the entry of a menu that begins so."""
    menu(page, name).click()
    page.keyboard.type(first_letters)
    page.keyboard.press("Enter")
