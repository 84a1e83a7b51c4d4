"""Rules that the presets of every page keep."""

from math import prod
from unittest import mock

import pytest

from jntk_viz import frame
from jntk_viz.frame import address, shell
from jntk_viz.frame.content import Known
from jntk_viz.frame.presets import load_presets
from jntk_viz.frame.registry import part_of

NAMES = [entry.name for entry in frame.pages()]
MOST_STATES = 60  # of an exported preset
AT_ONCE = {"full_rank": {"antipodal", "factor"}}  # answers that a page computes when it is asked


@pytest.fixture(scope="module", params=NAMES)
def page(request):
    """A page that has not begun to compute."""
    frame.use_theme()
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
        if preset.predict:
            assert preset.predict.answer in answers
            assert {*preset.predict.hide} <= {*page.plots}
        page.guide.choose(preset.name)
        presented = page._presented()  # what the preset names is in the tab that it opens
        assert [page.plots[key] for key in preset.picture] in ([], presented)
        assert 1 <= len(presented) <= 2
    assert len({preset.predict.kind for preset in presets if preset.predict}) >= 2


class Nothing(Known):
    """Results of a page of which nothing has been computed, whatever other tests have asked for."""

    def of(self, key):
        return None

    def has(self, key):
        return False


def test_answers_are_not_made_up_while_nothing_is_known(page):
    answers = page.content.answers()
    assert answers
    given = {key for key, answer in answers.items() if answer(Nothing()) is not None}
    assert given == AT_ONCE.get(page.name_, set())
