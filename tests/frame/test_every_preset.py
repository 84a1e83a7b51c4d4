"""Every preset of every page as it is opened and as it is presented, in a real browser.

`test_browser_guide` looks at them as they are predicted.
"""

import pytest
from on_page import wait_until
from screen import cut_titles, empty_axes, outside, settled

from jntk_viz import frame
from jntk_viz.frame.presets import load_presets

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]
NAMES = [entry.name for entry in frame.pages()]
WINDOWS = ((1280, 720), (1000, 700))  # a projector, a small window


def faults(page, preset):
    """What is empty, cut or outside the window, once the page is laid out and drawn."""
    found = [""]

    def fits():
        found[:] = [
            *outside(page),
            *(f"“{title}” is cut" for title in cut_titles(page)),
            *(f"nothing in “{title}”" for title in empty_axes(page)),
        ]
        return not found

    try:
        wait_until(page, fits, 20)
    except pytest.fail.Exception:
        return [f"{preset}, {page.viewport_size['width']} px: {what}" for what in found]
    return []


@pytest.mark.parametrize("name", NAMES)
def test_every_preset_fills_its_pictures_and_fits_the_window(name, watch_page, state_types):
    presets, _ = load_presets(name, state_types[name]())
    page = watch_page(f"{name}?preset={presets[0].name}")
    problems = []
    for preset in presets:
        page.get_by_label("Preset", exact=True).select_option(preset.name)
        page.wait_for_function(f"() => location.search.endsWith('preset={preset.name}')")
        settled(page)
        for width, height in WINDOWS:
            page.set_viewport_size({"width": width, "height": height})
            problems += faults(page, preset.name)
        page.set_viewport_size({"width": 1280, "height": 720})
    assert problems == []


@pytest.mark.parametrize("name", NAMES)
def test_every_preset_fits_the_window_when_it_is_presented(name, watch_page, state_types):
    presets, _ = load_presets(name, state_types[name]())
    page = watch_page(f"{name}?preset={presets[0].name}&present=true")
    problems = []
    for preset in presets:
        page.wait_for_function(f"() => location.search.includes('preset={preset.name}')")
        settled(page)
        problems += faults(page, preset.name)
        page.keyboard.press("PageDown")
    assert problems == []
