"""Under *Predict first* nothing on a page tells the answer before the guess is in."""

import re
from unittest import mock

import panel as pn
import pytest
from telling import TELLING

from jntk_viz import frame
from jntk_viz.drawing.figures import COVERED, DRAW
from jntk_viz.frame import address, shell
from jntk_viz.frame.guide import html_panes, visible_plots
from jntk_viz.frame.presets import load_presets
from jntk_viz.frame.registry import part_of


@pytest.fixture
def page(request, monkeypatch):
    """A page under Predict first; its numbers are not computed."""
    frame.use_theme()
    monkeypatch.setattr(shell.pn.state, "onload", lambda *_: None)
    with mock.patch.object(address, "arguments_of_page", return_value={"predict": "true"}):
        return part_of(request.param, "page").app()


def on_screen(page):
    """Words on the page, but those of the question itself and of what answers can be chosen."""
    heading = page._heading.select(pn.pane.HTML)[0].object
    titles = [title for name, title in page.guide.bar.options if name == page.guide.preset]
    panes = [*html_panes(page.body), page.headline.pane]
    seen = [heading, *titles, *(str(pane.object) for pane in panes if pane.visible)]
    return seen + [plot.title for plot in visible_plots(page.body)]


@pytest.mark.parametrize("page", [entry.name for entry in frame.pages()], indirect=True)
def test_nothing_tells_the_answer_before_the_guess(page):
    guide, name = page.guide, page.name_
    asked = [preset for preset in page.presets if preset.predict]
    assert {preset.name for preset in asked} == set(TELLING[name])
    for preset in asked:
        guide.choose(preset.name)
        words = on_screen(page)
        for text in words:
            assert not re.search(TELLING[name][preset.name], text), (preset.name, text)
            assert preset.say not in text or not preset.say
        covered = [page.plots[key].figure.title.text for key in preset.predict.hide]
        assert set(covered) <= {COVERED, DRAW}
        titles = dict(guide.bar.options)
        guide.prediction._guess = lambda: "something"
        monkeyed = guide.prediction._answers[preset.predict.answer]
        guide.prediction._answers[preset.predict.answer] = lambda: None
        if preset.predict.kind != "sketch":
            guide.prediction.commit()
            assert guide.words == preset.say
            assert dict(guide.bar.options)[preset.name] == preset.title
            assert page.headline.pane.visible
        guide.prediction._answers[preset.predict.answer] = monkeyed
        for other in asked:  # what was not yet asked is not told by the menu
            told = titles[other.name]
            if other.predict.title and asked.index(other) > asked.index(preset):
                assert told == other.predict.title
    guide.predict = False
    assert dict(guide.bar.options) == {preset.name: preset.title for preset in page.presets}


def test_presets_of_all_pages_have_words_that_would_tell(state_types):
    for name, state_type in state_types.items():
        presets, _ = load_presets(name, state_type())
        assert set(TELLING[name]) == {preset.name for preset in presets if preset.predict}
