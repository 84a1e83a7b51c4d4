"""What a long-lived server gives back, when it does, and that everything works afterwards."""

import asyncio

import jax
import numpy as np
import pytest

from jntk_viz import idle, memory


@pytest.mark.parametrize(
    ("megabytes", "idle", "much"),
    [(999, True, False), (1001, True, True), (1001, False, False), (2001, False, True)],
)
def test_memory_is_given_back_when_idle_or_when_it_is_far_too_much(megabytes, idle, much):
    assert memory.Keeper(1000).is_much(megabytes, idle) == much


def test_what_cannot_be_given_back_is_not_asked_for_again(monkeypatch):
    keeper, sizes, given = memory.Keeper(1000), [1500, 1400, 1590, 1610, 1400], []

    def resident():
        if not sizes:
            keeper.stop()
            return 0
        return sizes.pop(0)

    monkeypatch.setattr(memory, "_LOOK", 0.001)
    monkeypatch.setattr(idle, "_BUSY", 1e6)  # always idle
    monkeypatch.setattr(memory, "resident_mb", resident)
    monkeypatch.setattr(memory, "give_back", lambda: given.append(len(sizes)))
    asyncio.run(asyncio.wait_for(keeper.run(), 10))
    # At 1500 MB, which leaves 1400; not at 1590; at 1610.
    assert given == [4, 1]


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
