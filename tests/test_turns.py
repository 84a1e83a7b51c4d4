"""Fair turns: long runs share the machine, short work passes them, no place is ever lost."""

import asyncio
import contextlib
import threading
import time

import pytest

from jntk_viz import frame
from jntk_viz.engine import background, sources, turns
from jntk_viz.engine.background import LatestWins
from jntk_viz.engine.jobs import Cancelled, Job, stop_all, waiting_words
from jntk_viz.engine.turns import Turn, Turns


@pytest.fixture
def line(monkeypatch):
    """One place for all pages, and short slices."""
    for name, seconds in (
        ("SLICE", 0.05), ("FRESH", 0.05), ("HEAD_START", 0.3), ("MOST_DEBT", 0.4)
    ):  # fmt: skip
        monkeypatch.setattr(turns, name, seconds)
    line = Turns(1)
    monkeypatch.setattr(background, "MACHINE", line)
    return line


def is_free(line):
    """Whether nobody computes or waits, and a newcomer is let in."""
    newcomer = Turn(line)
    assert newcomer.take(lambda: True)
    newcomer.give_back()
    return not (line._computing or line._waiting)


class Worker(threading.Thread):
    """Computes in steps of 5 ms until told to end; `busy` are the seconds that it computed."""

    def __init__(self, line, steps=10**6):
        super().__init__(daemon=True)  # a test that fails does not wait for it
        self.job = Job(self.work, turn=Turn(line))
        self.steps, self.busy, self.began, self.ended, self.error = steps, 0.0, None, None, None
        self.start()

    def work(self, job):
        self.began = time.monotonic()
        for step in range(self.steps):
            time.sleep(0.005)
            self.busy += 0.005
            job.progress(step / self.steps)

    def run(self):
        try:
            self.job.run()
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            self.error = error
        self.ended = time.monotonic()

    def stop(self):
        self.job.cancel()
        self.join(2)
        assert not self.is_alive()


def test_long_runs_share_the_machine_equally(line):
    workers = [Worker(line) for _ in range(4)]
    time.sleep(1.5)
    for worker in workers:
        worker.stop()
    shares = [worker.busy for worker in workers]
    assert min(shares) > 0.5 * max(shares), shares
    assert sum(shares) < 1.6, "more than one computed at a time"
    assert is_free(line)


def test_short_work_passes_long_work_at_once(line):
    long = [Worker(line) for _ in range(5)]
    time.sleep(0.6)
    asked = time.monotonic()
    short = Worker(line, steps=3)
    short.join(2)
    assert short.began - asked < 0.1  # five others, of 50 ms each, were not waited for
    for worker in long:
        worker.stop()


def test_what_is_just_asked_for_goes_before_what_the_same_page_did_before(line):
    others = [Worker(line) for _ in range(5)]
    page = Worker(line)
    time.sleep(0.6)
    page.stop()
    asked = time.monotonic()
    again = Job(lambda job: time.monotonic() - asked, turn=page.job.turn)
    assert again.run() < 0.1
    for worker in others:
        worker.stop()


def test_a_page_that_asks_again_and_again_does_not_keep_others_from_computing(line):
    """Each piece of work is new, the page is not."""
    long, greedy, stopped = Worker(line), Turn(line), time.monotonic() + 1.5
    mine = 0.0
    while time.monotonic() < stopped:
        assert greedy.take()
        time.sleep(0.02)
        mine += 0.02
        greedy.give_back()
    long.stop()
    assert long.busy > 0.5 * mine


def test_who_has_had_much_does_not_wait_for_long_when_asking_anew(line):
    others = [Worker(line) for _ in range(3)]
    time.sleep(0.3)
    page = Turn(line, used=100.0)
    asked = time.monotonic()
    assert page.take()
    # Each of the three catches up with 0.1 s, in slices of 0.05 s: not with 100 s.
    assert time.monotonic() - asked < 2
    page.give_back()
    for worker in others:
        worker.stop()


def test_as_many_compute_at_once_as_there_are_places(line):
    line.places = 2
    workers = [Worker(line) for _ in range(3)]
    time.sleep(0.5)
    assert len(line._computing) == 2
    for worker in workers:
        worker.stop()
    assert 0.6 < sum(worker.busy for worker in workers) < 1.1
    with pytest.raises(ValueError, match="`places` must be at least 1; got 0"):
        line.places = 0


def test_an_exception_frees_the_place(line):
    def fail(_):
        raise OSError("no such file")

    with pytest.raises(OSError, match="no such file"):
        Job(fail, turn=Turn(line)).run()
    assert is_free(line)


def test_work_that_waits_can_be_cancelled_before_and_in_the_middle(line):
    first, second = Worker(line), Turn(line)
    waiting = Worker(line)
    while waiting.busy == 0 or waiting.job.ahead is None:  # it has had a turn and waits again
        time.sleep(0.001)
    waiting.stop()
    assert isinstance(waiting.error, Cancelled)
    second.used = first.job.turn.now_used() + 100  # will not be called for long
    computed = []
    job = Job(computed.append, turn=second)

    def ask():
        with contextlib.suppress(Cancelled):
            computed.append(job.run())

    thread = threading.Thread(target=ask)
    thread.start()
    while job.ahead is None:
        time.sleep(0.001)
    job.cancel()
    thread.join(0.5)
    assert not thread.is_alive()
    assert computed == []
    first.stop()
    assert is_free(line)


def test_paused_work_holds_no_place(line):
    paused, other = Worker(line), Worker(line, steps=60)
    paused.job.paused = True
    other.join(2)
    assert not other.is_alive()
    held = paused.busy
    assert held < 0.2
    paused.job.paused = False
    time.sleep(0.1)
    assert paused.busy > held
    paused.job.paused = True
    time.sleep(0.05)
    paused.stop()
    assert is_free(line)


def test_work_that_fetches_data_lets_others_compute(line, monkeypatch):
    let_go, fetching = threading.Event(), threading.Event()

    def download(name):
        fetching.set()
        assert let_go.wait(3)
        return name

    monkeypatch.setattr(sources, "dataset_available", lambda name: False)
    monkeypatch.setattr(sources, "load_dataset", download)
    job = Job(lambda job: sources.load("sonar"), turn=Turn(line))
    results = []
    thread = threading.Thread(target=lambda: results.append(job.run()))
    thread.start()
    assert fetching.wait(3)
    assert is_free(line)
    let_go.set()
    thread.join(3)
    assert results == ["sonar"]
    assert is_free(line)


def test_places_in_the_line_are_counted(line):
    owner = Turn(line)
    owner.take()
    waiting = [Turn(line) for _ in range(3)]
    for i, turn in enumerate(waiting):
        thread = threading.Thread(target=turn.take, daemon=True)
        thread.start()
        while turn.ahead is None:
            time.sleep(0.001)
        assert [each.ahead for each in waiting[: i + 1]] == list(range(i + 1))
    assert owner.ahead is None
    owner.give_back()
    assert [turn.ahead for turn in waiting] == [None, 0, 1]
    assert (waiting_words(0), waiting_words(3)) == (
        "Waiting: you are next",
        "Waiting: 3 before you",
    )
    for turn in waiting:
        turn.give_back()
    assert is_free(line)


def test_the_page_says_how_many_are_before_it_and_cancels_while_it_waits(line):
    owner, seen, shown = Turn(line), [], []
    owner.take()

    async def main():
        job = LatestWins()
        job.param.watch(lambda event: seen.append(event.new), "text")
        job.submit(lambda job: shown.append("computed"), done=shown.append)
        asked = time.monotonic()
        while job.text != "Waiting: you are next":
            assert time.monotonic() - asked < 0.2
            await asyncio.sleep(0.01)
        job.cancel()
        asked = time.monotonic()
        while job.running:
            assert time.monotonic() - asked < 0.5
            await asyncio.sleep(0.01)

    asyncio.run(main())
    owner.give_back()
    assert shown == []
    assert is_free(line)


def test_ten_cancelled_runs_in_quick_succession_leave_the_line_empty(line):
    done = []

    async def main():
        job = frame.LatestWins()
        for _ in range(10):
            job.submit(lambda job: [job.progress(0) or time.sleep(0.01) for _ in range(1000)])
            await asyncio.sleep(0.02)
            job.cancel()
        job.submit(lambda job: 7, done=done.append)
        while job.running or job._next or not done:
            await asyncio.sleep(0.01)

    asyncio.run(asyncio.wait_for(main(), 5))
    assert done == [7]
    assert is_free(line)


def test_all_work_can_be_stopped_when_the_process_ends(line):
    async def main():
        pages = [LatestWins() for _ in range(3)]
        for page in pages:
            page.submit(lambda job: [job.progress(0) or time.sleep(0.01) for _ in range(1000)])
        await asyncio.sleep(0.1)
        pages[0].paused = True
        await asyncio.sleep(0.1)
        stop_all()
        while any(page.running for page in pages):
            await asyncio.sleep(0.01)

    asyncio.run(asyncio.wait_for(main(), 3))
    assert is_free(line)


def test_pages_that_draw_partial_results_leave_the_event_loop_time(monkeypatch):
    monkeypatch.setattr(background, "MACHINE", Turns(4))
    drawn = [0, 0, 0, 0]

    def work(job):
        while True:
            time.sleep(0.005)
            job.emit(None)
            job.progress(0.5)

    async def main():
        pages = [LatestWins() for _ in drawn]
        for number, page in enumerate(pages):

            def draw(_, number=number):
                drawn[number] += 1
                time.sleep(0.02)

            page.submit(work, partial=draw)
        await asyncio.sleep(2)
        for page in pages:
            page.cancel()
        while any(page.running for page in pages):
            await asyncio.sleep(0.01)

    asyncio.run(asyncio.wait_for(main(), 5))
    assert sum(drawn) * 0.02 < 1.0, drawn  # of two seconds
    assert min(drawn) > 1, drawn
