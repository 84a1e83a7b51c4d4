"""What readers see in words: short headlines, and no symbol as a program writes it."""

import re

import pytest
from bokeh.models import ColorBar
from page_words import opened, shown_words

from jntk_viz import frame
from jntk_viz.frame.guide import live_plots
from jntk_viz.frame.parts import Headline
from jntk_viz.frame.presets import load_presets
from jntk_viz.frame.words import small

NAMES = [entry.name for entry in frame.pages()]
MOST_WORDS = 25
# What stands below a headline: small print, and the legend of the pictures.
_BELOW = re.compile(r"<details.*?</details>|<div class=legend.*", re.DOTALL)


def counted(html):
    """Number of words of a headline; numbers and symbols are words, signs such as = are not."""
    text = re.sub("<[^>]*>", "", _BELOW.sub("", html))
    return sum(any(map(str.isalnum, word)) for word in text.split())


def test_words_are_counted_without_markup_and_small_print():
    assert counted("<div>At <b>λ = 0.1</b>: 98 % clean." + small("Much more.") + "</div>") == 5
    assert counted("<div>One two</div><div class=legend style='x'>three</div>") == 2


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_headline_has_at_most_25_words(name):
    page, waiting = opened(name)
    page.guide.choose(page.presets[0].name)
    for function in waiting:
        function()
    lengths = {}
    for preset in page.presets:
        page.guide.choose(preset.name)
        lengths[preset.name] = counted(page.headline.pane.object)
    assert {preset: count for preset, count in lengths.items() if count > MOST_WORDS} == {}
    assert min(lengths.values()) > 3


@pytest.mark.parametrize("name", NAMES)
def test_what_a_preset_says_has_at_most_25_words(name, state_types):
    presets, _ = load_presets(name, state_types[name]())
    assert {p.name: p.say for p in presets if counted(p.say) > MOST_WORDS} == {}


def test_small_print_stays_open_from_one_sentence_to_the_next():
    headline = Headline()
    headline.set("One." + small("Two."))
    assert "<details class=aside>" in headline.pane.object
    headline.opened = True
    headline.set("Three." + small("Four."))
    assert "<details class=aside open>" in headline.pane.object
    assert small("", "") == ""


# A subscript or a power as a program writes it. Unicode has no small w and b below the line.
RAW = re.compile(r"(?!σ_[wb])\w_\w|\w\^\S")
CODE = re.compile(r"[a-z0-9]+(?:[_.][a-z0-9]+)+\b")  # names of functions and files are no symbols


@pytest.mark.parametrize("name", NAMES)
def test_symbols_are_typeset_and_not_written_as_in_a_program(name):
    page, _ = opened(name)
    words = shown_words(page)
    raw = [(place, text) for place, text in words if RAW.search(CODE.sub("", text))]
    assert raw == []


@pytest.mark.parametrize("name", NAMES)
def test_colours_are_named_by_the_picture_and_not_over_the_numbers_of_their_bar(name):
    page, _ = opened(name)
    for plot in live_plots(page.body):
        for bar in plot.figure.select(ColorBar):
            assert not (bar.title or "").strip(), (plot.title, bar.title)
