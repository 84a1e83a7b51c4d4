"""One controller drives every page: the newest setting wins, pause, cancel, errors, progress."""

import asyncio
import threading
from contextlib import closing

import pytest
from squares import BEGUN, COMPUTED, FAULTS, GATES, WORK, Squares

from jntk_viz import frame
from jntk_viz.engine import runners
from jntk_viz.engine.results import RESULTS
from jntk_viz.frame import controller as module


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setattr(module, "_REST", 0.0)
    RESULTS.clear()
    BEGUN.clear()
    COMPUTED.clear()
    GATES.clear()
    WORK.clear()
    FAULTS.clear()
    FAULTS[7] = ValueError("`n` must not be 7")
    frame.use_theme()
    with closing(runners.Threads(1)) as threads, runners.use(threads):
        yield
        for gate in GATES.values():
            gate.set()


def words(controller):
    return controller.headline.pane.object


async def until(condition):
    """Let the event loop go on until it holds."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0)


# ---- without an event loop


def test_in_a_script_all_is_computed_when_a_change_returns():
    page = Squares()
    controller = frame.Controller(page)
    assert COMPUTED == []  # it begins with `start`
    page.state.n = 2
    assert COMPUTED == []
    assert "Computing" in words(controller)
    controller.start()
    assert COMPUTED == [(2, 0), (2, 1), (2, 2)]
    assert page.drawn[-1] == (2, 3)
    assert "the square is 4" in words(controller)
    page.state.n = 3
    assert page.drawn[-1] == (3, 3)
    assert not controller.running


def test_of_previous_pictures_is_spoken_once_there_are_some(monkeypatch):
    page = Squares()
    controller, said = frame.Controller(page), []
    monkeypatch.setattr(controller.headline, "set", said.append)
    controller.start()
    page.state.n = 2
    first, later = (words for words in said if "Computing" in words)
    assert "previous" not in first
    assert "previous" in later


def test_what_is_known_is_drawn_without_asking_anybody():
    page = Squares()
    controller = frame.Controller(page)
    controller.start()
    page.state.n = 5
    BEGUN.clear()
    COMPUTED.clear()
    runners.runner().close()  # who asks now is told so
    page.state.n = 1
    assert COMPUTED == []
    assert controller.error == ""
    assert page.drawn[-1] == (1, 3)
    assert "the square is 1" in words(controller)


def test_what_the_page_shows_stays_known_when_the_store_drops_it():
    page = Squares()
    controller = frame.Controller(page)
    controller.start()
    RESULTS.clear()
    page.state.shown = "x"
    assert page.drawn[-1] == (1, 3)
    assert len(COMPUTED) == 3


def test_what_is_known_can_be_computed_again():
    page = Squares()
    controller = frame.Controller(page)
    controller.start()
    controller.again()
    assert len(COMPUTED) == 6
    assert page.drawn[-1] == (1, 3)


@pytest.mark.parametrize("bad", [7, 13], ids=["a step fails", "the plan fails"])
def test_an_error_is_said_and_the_next_change_goes_on(bad, caplog):
    page = Squares()
    controller = frame.Controller(page)
    controller.start()
    page.state.n = bad
    assert controller.error == f"`n` must not be {bad}"
    assert "No result" in words(controller)
    assert controller.notice.pane.visible
    page.state.n = 2
    assert controller.error == ""
    assert not controller.notice.pane.visible
    assert "the square is 4" in words(controller)


# ---- beside a page


def test_the_newest_setting_wins_and_what_was_wanted_before_is_not_begun():
    async def main():
        page = Squares()
        controller = frame.Controller(page)
        GATES[1] = threading.Event()
        controller.start()
        await until(lambda: BEGUN)
        for n in (4, 5, 6):
            page.state.n = n
        GATES[1].set()
        await until(lambda: not controller.running and page.drawn[-1] == (6, 3))
        return controller

    controller = asyncio.run(main())
    assert COMPUTED == [(1, 0), (6, 0), (6, 1), (6, 2)]
    assert "the square is 36" in words(controller)


def test_the_newest_setting_does_not_wait_for_the_turn_of_the_one_before():
    """A class: the places are taken by others, and those who wait change their mind."""

    async def main():
        other, first, second = (frame.Controller(Squares(n=n, parts=1)) for n in (1, 2, 2))
        GATES[1] = threading.Event()
        other.start()
        await until(lambda: BEGUN)
        first.start()
        second.start()
        await until(lambda: len(second._asked) == len(first._asked) == 1)
        asked = runners.runner().asked
        assert asked == 2  # both share a step that waits
        first.content.state.n = 3
        await until(lambda: runners.runner().asked == 3)
        second.content.state.n = 4
        await until(lambda: [step.arguments for step in second._asked.values()] == [(4, 0)])
        first.cancel()
        await until(lambda: not first.running)
        assert runners.runner().asked == 2
        GATES[1].set()
        await until(lambda: not (other.running or second.running))

    asyncio.run(main())
    assert COMPUTED == [(1, 0), (4, 0)]


def test_what_is_still_wanted_after_a_change_goes_sooner():
    async def main():
        other, long, page = (frame.Controller(Squares(n=n, parts=1)) for n in (1, 2, 3))
        GATES[1] = threading.Event()
        other.start()
        await until(lambda: BEGUN)
        for controller, used in ((page, 5.0), (long, 2.0)):  # in the midst of long runs
            controller._used = used
            controller._started = True
            controller._go()
            await until(lambda asks=controller: len(asks._asked) == 1)
        before = list(page._asked)
        page.content.state.shown = "x"  # wants the same
        await until(lambda: page._asked and list(page._asked) != before)
        GATES[1].set()
        await until(lambda: not (other.running or long.running or page.running))

    asyncio.run(main())
    assert COMPUTED == [(1, 0), (3, 0), (2, 0)]


def test_partial_results_are_drawn_and_progress_is_told():
    told = []

    async def main():
        page = Squares(parts=4)
        controller = frame.Controller(page)
        controller.param.watch(lambda event: told.append((event.new, controller.text)), "fraction")
        GATES[1] = threading.Event()
        controller.start()
        await until(lambda: controller.noticeable)
        GATES[1].set()
        await until(lambda: not controller.running)
        return page, controller

    page, controller = asyncio.run(main())
    counts = [count for _, count in page.drawn]
    assert counts == sorted(counts)
    assert counts[-1] == 4
    assert not controller.noticeable


def test_a_picture_that_is_due_goes_before_the_next_step(monkeypatch):
    """A served page draws under its lock, a little later; the next step would slow that down."""
    seen = []

    async def main():
        page = Squares()
        controller = frame.Controller(page)
        monkeypatch.setattr(module, "_REST", 5.0)
        later = asyncio.get_running_loop().call_later
        execute = lambda function, **_: later(0.02, function)  # noqa: E731
        monkeypatch.setattr(module.pn.state, "execute", execute)
        WORK[1] = lambda: seen.append(page.drawn[-1][1])
        controller.start()
        await until(lambda: len(COMPUTED) == 3)
        await until(lambda: not controller.running)

    asyncio.run(main())
    assert seen[:2] == [0, 1]


def test_work_that_takes_no_longer_than_a_glance_is_not_spoken_of(monkeypatch):
    monkeypatch.setattr(module, "_GLANCE", 10.0)
    seen = []

    async def main():
        controller = frame.Controller(Squares())
        controller.param.watch(lambda event: seen.append(event.new), "noticeable")
        controller.start()
        await until(lambda: not controller.running and len(COMPUTED) == 3)

    asyncio.run(main())
    assert seen == []


def test_cancel_begins_nothing_more_until_the_next_change():
    async def main():
        page = Squares()
        controller = frame.Controller(page)
        GATES[1] = threading.Event()
        controller.start()
        await until(lambda: BEGUN)
        controller.cancel()
        GATES[1].set()
        await until(lambda: not controller.running)
        assert COMPUTED == [(1, 0)]
        page.state.shown = "x"
        await until(lambda: len(COMPUTED) == 3 and not controller.running)

    asyncio.run(main())


def test_a_pause_holds_the_next_step_back():
    async def main():
        page = Squares()
        controller = frame.Controller(page)
        GATES[1] = threading.Event()
        controller.start()
        await until(lambda: runners.runner().asked)
        controller.paused = True
        GATES[1].set()
        await until(lambda: page.drawn[-1] == (1, 1))
        assert controller.running
        controller.paused = False
        await until(lambda: not controller.running)
        assert page.drawn[-1] == (1, 3)
        GATES[2] = threading.Event()
        page.state.n = 2
        await until(lambda: runners.runner().asked)
        controller.paused = True
        controller.cancel()
        GATES[2].set()
        await until(lambda: not controller.running)
        assert not controller.paused
        assert (2, 1) not in COMPUTED

    asyncio.run(main())


def test_an_error_beside_the_page_is_said_once_and_the_page_goes_on(caplog):
    async def main():
        page = Squares(n=7)
        controller = frame.Controller(page)
        controller.start()
        await until(lambda: controller.error)
        assert controller.error == "`n` must not be 7"
        page.state.n = 3
        await until(lambda: page.drawn[-1] == (3, 3) and not controller.running)
        return controller

    controller = asyncio.run(main())
    assert controller.error == ""
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_an_error_of_what_is_no_longer_wanted_is_not_said():
    async def main():
        page = Squares(n=7)
        controller = frame.Controller(page)
        GATES[7] = threading.Event()
        controller.start()
        await until(lambda: runners.runner().asked)
        page.state.n = 3
        GATES[7].set()
        await until(lambda: page.drawn[-1] == (3, 3) and not controller.running)
        return controller

    assert asyncio.run(main()).error == ""


def test_where_nobody_else_computes_a_page_takes_all_places_and_else_one():
    threads = runners.Threads(2)

    async def main():
        first, second = Squares(n=1, parts=4), Squares(n=2, parts=4)
        GATES[1], GATES[2] = threading.Event(), threading.Event()
        frame.Controller(first).start()
        await until(lambda: threads.asked == 2)
        frame.Controller(second).start()
        await until(lambda: threads.asked == 3)
        for _ in range(20):
            await asyncio.sleep(0)
        assert threads.asked == 3
        GATES[1].set()
        GATES[2].set()
        await until(lambda: not (first.controller.running or second.controller.running))

    with closing(threads), runners.use(threads):
        asyncio.run(main())
    assert len(COMPUTED) == 8


def test_two_pages_that_want_the_same_share_its_steps():
    async def main():
        first, second = (frame.Controller(Squares()) for _ in range(2))
        GATES[1] = threading.Event()
        first.start()
        second.start()
        await until(lambda: runners.runner().asked)
        GATES[1].set()
        await until(lambda: not (first.running or second.running))
        return first, second

    for controller in asyncio.run(main()):
        assert controller.content.drawn[-1] == (1, 3)
    assert sorted(COMPUTED) == [(1, 0), (1, 1), (1, 2)]
