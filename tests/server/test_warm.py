"""Pages are opened beforehand, and visitors come first."""

import asyncio
from types import SimpleNamespace

import pytest

from jntk_viz.engine.results import RESULTS
from jntk_viz.server import warm

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


def test_visitors_come_before_pages_that_are_opened_beforehand(tmp_path, monkeypatch):
    """A page is being opened for the first five looks; then the server is busy for a while."""
    clock = SimpleNamespace(now=100.0)
    waited = []

    async def sleep(seconds):
        clock.now += seconds

    async def left_alone(seconds, at_most):
        waited.append((round(clock.now, 6), seconds, at_most))

    monkeypatch.setattr(warm, "time", SimpleNamespace(monotonic=lambda: clock.now))
    monkeypatch.setattr(warm.asyncio, "sleep", sleep)
    monkeypatch.setattr(warm, "left_alone", left_alone)
    file = tmp_path / "good.py"
    file.write_text("raise OSError('opened')", encoding="utf-8")
    warmer = warm.Warmer([file])
    warmer._visit(None)
    asyncio.run(warmer.run())
    ((at, seconds, at_most),) = waited
    assert at == pytest.approx(100 + warm._OPENING, abs=0.3)  # the page is not in the browser yet
    assert seconds >= 1  # without work
    assert at_most < 60  # a visitor's run without end does not keep pages from being opened


def test_an_app_that_cannot_be_imported_is_named(tmp_path, caplog):
    file = tmp_path / "broken.py"
    file.write_text("raise OSError('no such table')", encoding="utf-8")
    warm.import_apps([file])
    assert "broken could not be imported beforehand: no such table" in caplog.text
