"""Long computations that are kept can be stopped on their way, and keep no page alive."""

import gc
import weakref

import pytest

from jntk_viz import frame
from jntk_viz.pages.eigenfeatures import study as eigenfeatures

CIRCLE = eigenfeatures.Problem("circle", 2, "gelu", 0)


def search(epsilon, watch):
    return eigenfeatures.pgd_robustness(CIRCLE, 0.1, 2, epsilon, "l2", watch)


def test_a_search_stops_on_its_way_and_keeps_nothing_then():
    calls = []

    def stop():
        calls.append("called")
        if len(calls) == 3:
            raise frame.Cancelled

    with pytest.raises(frame.Cancelled):
        search(0.37, stop)
    assert len(calls) == 3
    found = search(0.37, lambda: calls.append("called"))
    assert len(calls) > 50
    seen = len(calls)
    assert search(0.37, lambda: calls.append("called")) == found
    assert len(calls) == seen, "it was searched again"


class Page:
    """Stands for the page behind a job's `progress`."""

    def progress(self, *_):
        pass


def test_what_is_kept_does_not_keep_the_page_that_asked_first():
    page = Page()
    search(0.36, page.progress)
    gone = weakref.ref(page)
    del page
    gc.collect()
    assert gone() is None
