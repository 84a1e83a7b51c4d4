"""Heavy work beside a page: the newest setting wins, cancel, pause, errors; without a browser."""

import asyncio
import builtins
import math
import threading
import time

import pytest
from bokeh.document import Document
from panel.io.state import set_curdoc

from jntk_viz import frame
from jntk_viz.engine import background
from jntk_viz.engine.jobs import UNFINISHED, Job
from jntk_viz.frame import shell
from jntk_viz.server import warm
from jntk_viz.server.pace import PACE


def counting(n, log, pause=0.005):
    """Work of `n` chunks that records when it starts and stops."""

    def work(job):
        log.append(("start", n))
        try:
            for i in range(n):
                time.sleep(pause)
                job.emit(i)
                job.progress((i + 1) / n, f"chunk {i + 1}")
            return n
        finally:
            log.append(("stop", n))

    return work


async def settle(job, seconds=5):
    await asyncio.sleep(0)
    deadline = time.monotonic() + seconds
    while job.running or job._next is not None:
        assert time.monotonic() < deadline, "the work did not end"
        await asyncio.sleep(0.01)


def test_a_single_step_passes_at_once_and_a_drag_when_it_pauses(monkeypatch):
    now, calls, page = [100.0], [], Document()
    page._session_context = object  # as if it were served
    monkeypatch.setattr(background.time, "monotonic", lambda: now[0])
    step = background.after_pause(calls.append, seconds=0.3, first=True)
    later = background.after_pause(calls.append, seconds=0.3)
    with set_curdoc(page):
        for value, when in ((1, 0.0), (2, 0.1), (3, 0.2)):
            now[0] = 100 + when
            step(value)
        assert calls == [1]
        (waiting,) = page.session_callbacks
        assert waiting.timeout == 300
        waiting.callback()
        assert calls == [1, 3]
        now[0] = 101
        step(4)
        assert calls == [1, 3, 4]
        later(5)
        assert calls == [1, 3, 4]


def test_the_newest_setting_wins_and_never_two_run():
    log, results = [], []

    async def main():
        job = frame.LatestWins()
        for n in (1000, 1001, 1002):  # 1001 waits for 1000 to stop and is superseded while waiting
            job.submit(counting(n, log), done=results.append)
            await asyncio.sleep(0.05 if n == 1000 else 0)
        job.submit(counting(5, log), done=results.append)
        await settle(job)

    asyncio.run(main())
    assert log == [("start", 1000), ("stop", 1000), ("start", 5), ("stop", 5)]
    assert results == [5]


def test_progress_and_partial_results_arrive_while_running():
    seen, partial = [], []

    async def main():
        job = frame.LatestWins()
        job.param.watch(lambda e: seen.append((e.new, job.text)), "fraction")
        job.submit(counting(40, [], 0.01), partial=partial.append)
        await settle(job)

    asyncio.run(main())
    assert partial == sorted(partial)
    assert len(partial) > 3
    assert partial[-1] == 39  # however fast, the last one is shown
    assert seen[-1] == (1, "chunk 40")
    assert 0 < seen[len(seen) // 2][0] < 1
    assert seen[len(seen) // 2][1].startswith("chunk")


@pytest.mark.parametrize(("seconds", "expected"), [(0.01, []), (0.4, [True, False])])
def test_work_is_spoken_of_when_it_takes_longer_than_a_glance(seconds, expected):
    changes = []

    async def main():
        job = frame.LatestWins()
        job.param.watch(lambda e: changes.append(e.new), "noticeable")
        job.submit(counting(1, [], seconds))
        await settle(job)

    asyncio.run(main())
    assert changes == expected


@pytest.mark.parametrize(("pages", "least", "most"), [(1, 4, 10), (50, 1, 3)])
def test_progress_is_told_less_often_while_many_pages_compute(pages, least, most, monkeypatch):
    others = {Job(None) for _ in range(pages - 1)}
    monkeypatch.setattr(background, "UNFINISHED", others)
    told = []

    async def main():
        job = frame.LatestWins()
        job.param.watch(lambda e: told.append(e.new), "fraction")
        job.submit(counting(80, [], 0.01))
        await settle(job)

    asyncio.run(main())
    assert least <= len(told) <= most
    assert told[-1] == 1  # what is done is told at once


def test_a_drag_of_short_pieces_of_work_is_spoken_of():
    async def main():
        job = frame.LatestWins()
        for _ in range(8):
            job.submit(counting(100, [], 0.01))
            await asyncio.sleep(0.05)
        assert job.noticeable
        job.cancel()
        await settle(job)
        assert not job.noticeable

    asyncio.run(main())


def test_cancel_stops_the_work_and_shows_nothing_more():
    log, results = [], []

    async def main():
        job = frame.LatestWins()
        job.submit(counting(1000, log), done=results.append)
        await asyncio.sleep(0.1)
        job.cancel()
        await settle(job, 1)

    asyncio.run(main())
    assert log[-1] == ("stop", 1000)
    assert results == []


def test_pause_and_resume():
    async def main():
        job = frame.LatestWins()
        job.submit(counting(1000, [], 0.002))
        await asyncio.sleep(0.2)
        job.paused = True
        await asyncio.sleep(0.2)
        held = job.fraction
        await asyncio.sleep(0.2)
        assert job.fraction == held > 0
        job.paused = False
        await asyncio.sleep(0.2)
        assert job.fraction > held
        job.paused = True
        job.cancel()  # must not hang on the pause
        await settle(job, 1)

    asyncio.run(main())


@pytest.mark.parametrize("place", ["work", "done", "partial"])
def test_an_exception_is_shown_logged_and_survived(place, caplog):
    results = []

    def fail(*_):
        raise ValueError("`steps` has to be positive")

    async def main():
        job = frame.LatestWins()
        good = counting(5, [], 0.02)
        handlers = {place: fail} if place != "work" else {}
        job.submit(fail if place == "work" else good, **handlers)
        await settle(job)
        assert job.error == "`steps` has to be positive"
        job.submit(good, done=results.append)
        await settle(job)
        assert job.error == ""

    asyncio.run(main())
    assert results == [5]
    assert "background work failed" in caplog.text


def test_work_runs_beside_the_event_loop():
    async def main():
        job, threads = frame.LatestWins(), []
        job.submit(lambda job: threads.append(threading.get_ident()))
        await settle(job)
        assert threads != [threading.get_ident()]

    asyncio.run(main())


def test_without_a_loop_the_work_is_done_at_once():
    job, results, partial = frame.LatestWins(), [], []
    job.submit(counting(3, [], 0), done=results.append, partial=partial.append)
    assert (results, partial, job.running, job.fraction) == ([3], [2], False, 1)


def test_work_that_is_known_is_done_at_once_and_longer_work_is_stopped_early():
    log, results, partial = [], [], []

    async def main():
        job = frame.LatestWins()
        with job.briefly():
            job.submit(counting(3, log), done=results.append)
            assert results == [3]  # before any other callback of the event loop
            start = time.monotonic()
            job.submit(counting(1000, log), done=results.append, partial=partial.append)
            assert time.monotonic() - start < 1
        assert (len(partial), results, job.running) == (1, [3], False)
        job.submit(counting(2, log), done=results.append)
        assert results == [3]
        await settle(job)
        assert results == [3, 2]

    asyncio.run(main())


APP = """
import param
from jntk_viz import frame

class State(param.Parameterized):
    width = param.Integer(3, bounds=(1, 9))

def app():
    frame.use_theme()
    import holoviews as hv
    job, plot = frame.LatestWins(), frame.LivePlot(lambda y: hv.Curve(y), y=[0.0, 0.0])
    def start():
        job.submit(work, done=lambda y: plot.update(y=y))
    def work(job):
        for i in range(20):
            job.progress(i / 20)
        opened.append(plot)
        return [1.0, 2.0]
    return frame.page("A", "?", name="one_of_a_test", state=State(), controls=[], job=job,
                      start=start, body=frame.plot_grid("a", a=plot))
"""


def test_pages_are_opened_beforehand_one_failure_does_not_end_it(tmp_path):
    files = [tmp_path / name for name in ("broken.py", "good.py")]
    files[0].write_text("raise OSError('no such table')", encoding="utf-8")
    files[1].write_text(f"from builtins import opened_in_a_test as opened\n{APP}", "utf-8")
    builtins.opened_in_a_test = opened = []
    try:
        asyncio.run(warm.Warmer(files).run())
    finally:
        del builtins.opened_in_a_test
    (plot,) = opened
    assert plot.drawn
    assert plot.data == {"y": [1.0, 2.0]}
    assert ("one_of_a_test", "width=3") in shell._computed


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


@pytest.fixture
def work():
    """What a page computes."""
    work = Job(None)
    yield work
    UNFINISHED.discard(work)


def test_visitors_come_before_pages_that_are_opened_beforehand(warmer, work):
    async def main():
        task = asyncio.create_task(warmer.run())
        await asyncio.sleep(0.5)
        assert not task.done(), "the page is not in the browser yet"
        UNFINISHED.add(work)
        PACE.asked = time.monotonic()
        await asyncio.sleep(0.8)
        assert not task.done(), "the page computes what it shows"
        UNFINISHED.discard(work)
        for _ in range(8):
            PACE.asked = time.monotonic()
            await asyncio.sleep(0.1)
        assert not task.done(), "the visitor moves a control"
        await asyncio.wait_for(task, 5)

    asyncio.run(main())


def test_a_run_without_end_does_not_keep_pages_from_being_opened(warmer, work, monkeypatch):
    monkeypatch.setattr(warm, "_OPENING", 0.1)
    monkeypatch.setattr(warm, "_LONGEST", 0.4)
    UNFINISHED.add(work)
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
