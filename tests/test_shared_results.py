"""Identical questions are computed once, however they meet, within a bound; own tables never."""

import threading
import time

import numpy as np
import pytest

from jntk_viz.engine import shared_results
from jntk_viz.engine.jobs import Cancelled, Job
from jntk_viz.engine.shared_results import SharedResults, bytes_of
from jntk_viz.engine.sources import OWN
from jntk_viz.engine.turns import Turn, Turns


class Asked(threading.Thread):
    """A page's job in a thread of its own."""

    def __init__(self, work):
        super().__init__()
        self.job, self.result, self.error, self.seen = Job(work), None, None, []
        self.job.emit = self.seen.append
        self.start()

    def run(self):
        try:
            self.result = self.job.run()
        except Exception as error:  # noqa: BLE001 - the test looks at it
            self.error = error

    def ended(self):
        self.join(3)
        assert not self.is_alive()
        return self


class Counted:
    """Work that counts how often it is begun and ended, and goes on until `let_go`."""

    def __init__(self):
        self.begun = self.ended = 0
        self.let_go = threading.Event()

    def __call__(self, job):
        self.begun += 1
        try:
            while not self.let_go.wait(0.005):
                job.progress(0.5, "half of it")
                job.emit("partial")
            return np.zeros(10)
        finally:
            self.ended += 1


def until(condition):
    deadline = time.monotonic() + 3
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_questions_that_meet_are_computed_once_and_all_see_the_progress():
    results, work = SharedResults(), Counted()
    first = Asked(results.shared("key", work))
    until(lambda: work.begun)
    later = [Asked(results.shared("key", work)) for _ in range(4)]
    until(lambda: all(each.seen for each in [first, *later]))
    assert later[0].job.fraction == 0.5
    assert later[0].job.text == "half of it"
    work.let_go.set()
    values = [each.ended().result for each in [first, *later]]
    assert all(value is values[0] for value in values)
    assert Asked(results.shared("key", work)).ended().result is values[0]
    assert (work.begun, work.ended) == (1, 1)


def test_other_questions_and_those_that_are_not_kept_are_computed():
    results, work = SharedResults(), Counted()
    work.let_go.set()
    for key in ("a", "b"):
        Asked(results.shared(key, work)).ended()
    assert work.begun == 2
    for _ in range(2):
        Asked(results.shared("c", work, keep=False)).ended()
    assert work.begun == 4


def test_one_who_leaves_stops_nothing_for_the_others_and_the_last_one_stops_it():
    results, work = SharedResults(), Counted()
    pages = [Asked(results.shared("key", work)) for _ in range(3)]
    until(lambda: all(page.seen for page in pages))
    for page in pages[:2]:  # the one that began it among them
        page.job.cancel()
        assert isinstance(page.ended().error, Cancelled)
    assert work.ended == 0
    pages[2].job.cancel()
    pages[2].ended()
    until(lambda: work.ended)
    work.let_go.set()
    assert len(Asked(results.shared("key", work)).ended().result) == 10  # begins anew
    assert work.begun == 2


def test_paused_for_one_it_goes_on_for_the_other_and_paused_for_all_it_waits():
    results, work = SharedResults(), Counted()
    one, other = (Asked(results.shared("key", work)) for _ in range(2))
    until(lambda: one.seen and other.seen)
    one.job.paused = True
    time.sleep(0.2)
    seen = len(one.seen), len(other.seen)
    until(lambda: len(other.seen) > seen[1])
    assert len(one.seen) == seen[0]
    other.job.paused = True
    time.sleep(0.2)
    seen = len(other.seen)
    time.sleep(0.2)
    assert len(other.seen) == seen
    one.job.paused = False
    until(lambda: len(one.seen) > 1)
    work.let_go.set()
    assert one.ended().result is not None
    other.job.paused = False
    assert other.ended().result is one.result


def test_an_exception_reaches_all_and_is_not_kept():
    results, go = SharedResults(), threading.Event()

    def fail(job):
        go.wait(3)
        raise ValueError("`steps` has to be positive")

    pages = [Asked(results.shared("key", fail)) for _ in range(2)]
    time.sleep(0.05)
    go.set()
    for page in pages:
        assert str(page.ended().error) == "`steps` has to be positive"
    assert Asked(results.shared("key", lambda job: 3)).ended().result == 3


def test_results_are_kept_up_to_so_many_bytes_those_asked_for_last_longest():
    results = SharedResults(most_bytes=25_000)
    begun = []

    def ask(key):
        def work(job):
            begun.append(key)
            return {"array": np.zeros(1000)}  # 8 kB

        Asked(results.shared(key, work)).ended()

    for key in "abcadabc":  # d drops b, b drops c, c drops d
        ask(key)
    assert begun == list("abcdbc")
    assert 16_000 < results.bytes <= 25_000
    results = SharedResults(most_bytes=100)
    ask("e")
    assert results.bytes == 0


def test_bytes_are_counted_once_in_whatever_holds_the_arrays():
    array = np.zeros(1000)

    class Holder:
        def __init__(self):
            self.arrays = [array, (array, {"more": np.zeros(500)})]

    assert bytes_of(Holder()) == pytest.approx(12_000, rel=0.2)


def test_work_on_a_visitors_own_table_is_shared_with_nobody():
    results, work = SharedResults(), Counted()
    work.let_go.set()
    for _ in range(2):
        Asked(results.shared(("training", (OWN + "0123", 5)), work)).ended()
    assert work.begun == 2
    assert results.bytes == 0


def test_what_is_known_is_there_although_nobody_may_compute(monkeypatch):
    line, results = Turns(1), SharedResults()
    monkeypatch.setattr(shared_results, "MACHINE", line)
    Asked(results.shared("key", lambda job: 3)).ended()
    owner = Turn(line)
    owner.take()
    job = Job(results.shared("key", lambda job: 4), turn=Turn(line))
    assert job.run() == 3


def test_what_a_shared_run_computes_is_put_down_to_the_page_that_asked_first(monkeypatch):
    line, results = Turns(1), SharedResults()
    monkeypatch.setattr(shared_results, "MACHINE", line)
    page, used = Turn(line), [0.0]
    for number in range(3):

        def work(job):
            time.sleep(0.05)

        Job(results.shared(number, work), turn=page).run()
        assert page.used >= used[-1] + 0.05
        used.append(page.used)
