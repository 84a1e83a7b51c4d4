"""Waiting until the process has nothing to do, by a clock of the test."""

import asyncio
from types import SimpleNamespace

import pytest

from jntk_viz.server import idle


@pytest.mark.parametrize(
    ("worked", "at_most", "looks"),
    [
        ("", 9, 5),  # a second without work
        ("wwww", 9, 9),  # four looks with work, then a second without
        ("..w", 9, 8),  # work begins the wait anew
        ("w" * 100, 2, 10),  # no longer than `at_most`
    ],
)
def test_waits_for_a_second_without_work(monkeypatch, worked, at_most, looks):
    clock = SimpleNamespace(now=0.0, looks=0)

    async def had_work(seconds):
        clock.now += seconds
        clock.looks += 1
        return worked[clock.looks - 1 : clock.looks] == "w"

    monkeypatch.setattr(idle, "time", SimpleNamespace(monotonic=lambda: round(clock.now, 6)))
    monkeypatch.setattr(idle, "had_work", had_work)
    asyncio.run(idle.left_alone(1.0, at_most))
    assert clock.looks == looks
