"""What every page's presets must have, whatever the page."""

from math import prod
from unittest import mock

import pytest

from jntk_viz import frame
from jntk_viz.engine.results import RESULTS
from jntk_viz.frame import address, shell
from jntk_viz.frame.content import Known
from jntk_viz.frame.presets import load_presets, settings
from jntk_viz.frame.registry import part_of

NAMES = [entry.name for entry in frame.pages()]
MOST_STATES = 60  # of an exported preset


@pytest.fixture(scope="module", params=NAMES)
def page(request):
    """A page that has not begun to compute, and of which nothing is known."""
    frame.use_theme()
    RESULTS.clear()
    with (
        mock.patch.object(address, "arguments_of_page", return_value={}),
        mock.patch.object(shell.pn.state, "onload"),
    ):
        return part_of(request.param, "page").app()


def test_presets_are_few_small_and_ask_what_the_page_can_answer(page):
    answers = page.content.answers()
    presets, problems = load_presets(page.name_, page.state, folder="no such folder")
    assert problems == []
    assert 4 <= len(presets) <= 8
    for preset in presets:
        assert preset.say, preset.name
        assert 1 <= len(preset.controls) <= 3
        assert {*preset.sweep} <= {*preset.controls}
        assert prod(max(len(stops), 1) for stops in preset.sweep.values()) <= MOST_STATES
        if "seed" in page.state.param:
            assert settings(preset, page.state)["seed"] == page.state.param.seed.default
        if preset.predict:
            assert preset.predict.answer in answers
            assert {*preset.predict.hide} <= {*page.plots}
    assert len({preset.predict.kind for preset in presets if preset.predict}) >= 2


def test_answers_are_not_made_up_while_nothing_is_known(page):
    answers = page.content.answers()
    assert answers
    assert {answer(Known()) for answer in answers.values()} == {None}
