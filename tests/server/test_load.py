"""A small class: nobody is lost, nothing is logged, runs come to an end or wait.

`make load` is the same with sixty visitors for ten minutes, and with verdicts on times and memory.
"""

import asyncio
import sys
import time
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import bokeh_client
import visitors
from visitors import TRAINING, crowd

SESSIONS, SECONDS = 12, 15  # from when the last one has come
ARRIVAL, LONGEST_WATCHED = 10.0, 40.0  # seconds
IDLE = 20  # per cent of a core
MOST_MB = 2500


def test_a_small_class_is_served(running_server, monkeypatch):
    # Beside other tests, on a server that has compiled nothing yet.
    monkeypatch.setattr(bokeh_client, "PATIENCE", 240)
    monkeypatch.setattr(visitors, "ARRIVAL", ARRIVAL)
    monkeypatch.setattr(visitors, "LONG", LONGEST_WATCHED)
    seen = len(running_server.log())
    notes = asyncio.run(crowd(running_server.url, SESSIONS, SECONDS))
    assert notes.failed == []
    assert len(notes.opened) == SESSIONS
    assert len(notes.arriving) + len(notes.settings) > SESSIONS / 2
    assert {run.page for run in notes.runs} == set(TRAINING)
    assert any(run.ended for run in notes.runs)
    assert all(run.said or run.watched < 10 for run in notes.runs), notes.runs

    # Everybody has left: what they had begun ends.
    process = psutil.Process(running_server.process.pid)
    deadline = time.monotonic() + 15
    while process.cpu_percent(0.5) > IDLE:
        assert time.monotonic() < deadline, "the server still computes, for nobody"
    log = running_server.log()[seen:]
    assert "Traceback" not in log
    assert "ERROR" not in log
    assert process.memory_info().rss / 1e6 < MOST_MB
