"""Pages are opened beforehand, and visitors come first."""

import asyncio
import math
import time

import pytest

from jntk_viz.engine.results import RESULTS
from jntk_viz.server import warm
from jntk_viz.server.pace import PACE

APP = """
from squares import Squares
from jntk_viz import frame

def app():
    frame.use_theme()
    content = Squares(n=44)
    opened.append(content)
    return frame.show(content)
"""


def test_pages_are_opened_beforehand_one_failure_does_not_end_it(tmp_path, monkeypatch):
    files = [tmp_path / name for name in ("broken.py", "good.py")]
    files[0].write_text("raise OSError('no such table')", encoding="utf-8")
    files[1].write_text(APP, encoding="utf-8")
    opened = []
    monkeypatch.setattr("builtins.opened", opened, raising=False)
    RESULTS.clear()
    asyncio.run(warm.Warmer(files).run())
    (content,) = opened
    assert content.plot.drawn
    assert content.plot.data == {"y": [44 * 44] * 3}


@pytest.fixture
def warmer(tmp_path, monkeypatch):
    """It has one page left to open, and a visitor is about to get his."""
    monkeypatch.setattr(PACE, "asked", -math.inf)
    monkeypatch.setattr(warm, "_PAUSE", 0.2)
    file = tmp_path / "good.py"
    file.write_text("raise OSError('opened')", encoding="utf-8")
    warmer = warm.Warmer([file])
    warmer._visit(None)
    return warmer


class Busy:
    """Stands in for the runner: `asked` steps of visitors are under way."""

    asked = 0


@pytest.fixture
def busy(monkeypatch):
    busy = Busy()
    monkeypatch.setattr(warm, "runner", lambda: busy)
    return busy


def test_visitors_come_before_pages_that_are_opened_beforehand(warmer, busy):
    async def main():
        task = asyncio.create_task(warmer.run())
        await asyncio.sleep(0.5)
        assert not task.done(), "the page is not in the browser yet"
        busy.asked = 1
        PACE.asked = time.monotonic()
        await asyncio.sleep(0.8)
        assert not task.done(), "the page computes what it shows"
        busy.asked = 0
        for _ in range(8):
            PACE.asked = time.monotonic()
            await asyncio.sleep(0.1)
        assert not task.done(), "the visitor moves a control"
        await asyncio.wait_for(task, 5)

    asyncio.run(main())


def test_a_run_without_end_does_not_keep_pages_from_being_opened(warmer, busy, monkeypatch):
    monkeypatch.setattr(warm, "_OPENING", 0.1)
    monkeypatch.setattr(warm, "_LONGEST", 0.4)
    busy.asked = 2
    asyncio.run(asyncio.wait_for(warmer.run(), 5))


def test_the_server_s_end_does_not_wait_for_pages_that_are_opened_beforehand(warmer):
    async def main():
        task = asyncio.create_task(warmer.run())
        await asyncio.sleep(0.1)
        warmer.stop()
        await asyncio.wait_for(task, 5)

    asyncio.run(main())


def test_an_app_that_cannot_be_imported_is_named(tmp_path, caplog):
    file = tmp_path / "broken.py"
    file.write_text("raise OSError('no such table')", encoding="utf-8")
    warm.import_apps([file])
    assert "broken could not be imported beforehand: no such table" in caplog.text
