"""What a long-lived server gives back, when it does, and that everything works afterwards."""

import gc
import weakref

import jax
import numpy as np
import psutil
import pytest

from jntk_viz.server import memory


@pytest.mark.parametrize(
    ("megabytes", "idle", "much"),
    [(999, True, False), (1001, True, True), (6999, False, False), (7001, False, True)],
)
def test_memory_is_given_back_when_idle_or_when_it_runs_out(megabytes, idle, much):
    assert memory.Keeper(1000, limit_mb=10_000).is_much(megabytes, idle) == much


def test_the_limit_is_that_of_the_container(monkeypatch, tmp_path):
    """What JupyterHub says, or Linux, whichever is less; "max" and an absent file are no limit."""
    monkeypatch.setattr(memory, "_CONTAINER", (tmp_path / "max", tmp_path / "absent"))
    monkeypatch.delenv("MEM_LIMIT", raising=False)
    (tmp_path / "max").write_text("max\n")
    machine = psutil.virtual_memory().total / 1e6
    assert memory.limit_mb() == machine
    (tmp_path / "max").write_text("2000000000\n")
    assert memory.limit_mb() == 2000
    monkeypatch.setenv("MEM_LIMIT", "1500000000")
    assert memory.limit_mb() == 1500


def test_what_cannot_be_given_back_is_not_asked_for_again(monkeypatch):
    keeper, sizes, given = memory.Keeper(1000), [1500, 1400, 1590, 1610, 1400], []
    monkeypatch.setattr(memory, "resident_mb", lambda: sizes.pop(0))
    monkeypatch.setattr(memory, "give_back", lambda: given.append(len(sizes)))
    while sizes:
        keeper.look(idle=True)
    # At 1500 MB, which leaves 1400; not at 1590; at 1610.
    assert given == [4, 1]


class Page:
    """Something that refers to itself, so that only the collector can free it."""

    def __init__(self):
        self.itself = self


@pytest.mark.parametrize(("opened", "closed", "busy", "freed"), [
    (1, 1, False, True), (15, 15, True, False), (16, 16, True, True), (1, 0, False, False),
    # With a class's pages open it is a long pause.
    (60, 12, False, False), (60, 13, False, True), (60, 24, True, False), (60, 25, True, True),
])  # fmt: skip
def test_closed_pages_that_were_set_apart_are_freed(opened, closed, busy, freed):
    keeper, page = memory.Keeper(1e9), Page()
    gone = weakref.ref(page)
    memory.set_apart()
    del page
    gc.collect()
    assert gone() is not None  # the collector passes over it
    for _ in range(opened):
        keeper.page_opened(None)
    for _ in range(closed):
        keeper.page_closed(None)
    try:
        keeper.look(idle=not busy)
        assert (gone() is None) == freed
    finally:
        gc.unfreeze()


def test_forgotten_code_is_compiled_again():
    double = jax.jit(lambda x: 2 * x)
    double(np.ones(3))
    assert double._cache_size() == 1
    memory.give_back()
    assert double._cache_size() == 0
    np.testing.assert_array_equal(double(np.ones(3)), [2, 2, 2])


def test_resident_memory_grows_with_an_array():
    before = memory.resident_mb()
    held = np.ones(20_000_000)
    assert 150 < memory.resident_mb() - before < 170 + held[0]
