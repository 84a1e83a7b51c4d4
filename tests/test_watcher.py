"""Long computations that are kept can be stopped on their way, and keep no page alive."""

import gc
import weakref
from functools import partial

import pytest

from jntk_viz import frame
from jntk_viz.pages.robust_training import predictor as robust_predictor
from jntk_viz.pages.robust_training import study as robust_training

IRIS = robust_training.Problem("iris", 3, "gelu", 0)
SEARCHES = {
    "predictor": partial(robust_training.pgd_accuracy, IRIS, 0.1, 1e3),
}


def search(name, epsilon, watch):
    return SEARCHES[name](epsilon, "l2", robust_training.FLOW, watch)


@pytest.mark.parametrize("name", SEARCHES)
def test_a_search_stops_on_its_way_and_keeps_nothing_then(name):
    calls = []

    def stop():
        calls.append("called")
        if len(calls) == 3:
            raise frame.Cancelled

    with pytest.raises(frame.Cancelled):
        search(name, 0.37, stop)
    assert len(calls) == 3
    found = search(name, 0.37, lambda: calls.append("called"))
    assert len(calls) > 50
    seen = len(calls)
    assert search(name, 0.37, lambda: calls.append("called")) == found
    assert len(calls) == seen, "it was searched again"


class Page:
    """Stands for the page behind a job's `progress`."""

    def progress(self, *_):
        pass


@pytest.mark.parametrize(
    "compute",
    [
        *(partial(search, name, 0.36) for name in SEARCHES),
        partial(robust_predictor.cut, IRIS, "classes", 0),
    ],
    ids=[*SEARCHES, "slice"],
)
def test_what_is_kept_does_not_keep_the_page_that_asked_first(compute):
    robust_predictor._cut.cache_clear()
    page = Page()
    compute(page.progress)
    gone = weakref.ref(page)
    del page
    gc.collect()
    assert gone() is None
