"""The tour: its sentences are true where they stand, and its controls move by themselves once."""

import re
from types import SimpleNamespace
from unittest import mock

import holoviews as hv
import numpy as np
import panel as pn
import param
import pytest
from conftest import slow_if
from small_page import page_of

from jntk_viz import frame
from jntk_viz.frame import address, shell, tour
from jntk_viz.frame.registry import Page, Stop, part_of

STEPS = tour.steps()
NUMBER = re.compile(r"(?<![\w.])([\d,]*\d\.?\d*)(?:·10([⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+))?")
POWERS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")


def numbers(text):
    """The numbers of a text without its markup, such as 18,000 and 1.8·10⁴."""
    text = re.sub("<[^>]*>", " ", text).replace("1/√", "")
    found = [(each[1].replace(",", ""), each[2] or "0") for each in NUMBER.finditer(text)]
    return [float(digits) * 10.0 ** int(power.translate(POWERS)) for digits, power in found]


def opened(name, text):
    waiting = []
    with (
        mock.patch.object(address, "arguments_of_page", return_value=text),
        mock.patch.object(shell.pn.state, "onload", waiting.append),
    ):
        page = part_of(name, "page").app()
    page.job.start()
    return page


def test_every_page_has_a_step_of_one_sentence_that_moves_one_of_its_controls():
    assert [step.name for step in STEPS] == [page.name for page in frame.pages()]
    for i, step in enumerate(STEPS, 1):
        stop = step.stop
        assert re.fullmatch(r"[A-Z][^.]*(\.\d[^.]*)*\.", stop.see), stop.see
        assert len(stop.see.split()) <= 40
        page = part_of(step.name, "page")
        (kind,) = [
            value for value in vars(page).values()
            if isinstance(value, type) and issubclass(value, frame.Content)
            and value.__module__ == page.__name__
        ]  # fmt: skip
        rows = [(row,) if isinstance(row, str) else row for row in kind.rows]
        assert stop.move[0] in {name for row in rows for name in row}
        assert tour.link(i) == f"{stop.link}&tour={i}"


@pytest.mark.parametrize(
    "step",
    [slow_if(step.name in ("robust_training", "breakdown"), step)
     for step in STEPS if numbers(step.stop.see)],
    ids=lambda step: step.name,
)  # fmt: skip
def test_the_numbers_of_a_sentence_are_those_of_its_page(step):
    """What the page says where the step opens and where its control ends has been tested."""
    page = opened(step.name, step.stop.settings)
    name, end = step.stop.move
    said = [page.headline.pane.object, *step.stop.settings.values()]
    setattr(page.state, name, end)
    said += [page.headline.pane.object, str(end)]
    known = np.array([value for text in said for value in numbers(text)])
    for value in numbers(step.stop.see):
        assert np.isclose(known, value, rtol=0.015).any(), (value, said)


def test_eigenfeatures_fall_as_the_attack_grows_and_lie_below_the_diagonal():
    step = next(step for step in STEPS if step.name == "eigenfeatures")
    page = opened(step.name, step.stop.settings)
    before = {}
    for epsilon in (0.1, 0.3, step.stop.move[1]):
        page.state.epsilon = epsilon
        for key in ("standard", "regularised"):
            data = page.plots[key].data
            assert (data["robustness"] <= data["usefulness"]).all()
            assert (data["robustness"] <= before.get(key, 1)).all()
            before[key] = data["robustness"]
    assert before["standard"].max() < 0.9


# --------------------------------------------------------------------------------- on a small page


class State(param.Parameterized):
    width = param.Selector(default=64, objects=[16, 32, 64, 128, 256])
    lam = param.Number(0.5, bounds=(0, 1), step=0.05)
    depth = param.Integer(2, bounds=(1, 99))


@pytest.fixture
def page(monkeypatch):
    """At the second of three steps, which widens from 16 to 256."""
    stop = Stop("page?width=16", "Widen", "See.", move=("width", 256))
    here = Page(1, "Page", "Page", stop=stop, name="page")
    monkeypatch.setattr(tour, "steps", lambda: [STEPS[0], here, STEPS[1]])
    query = {"width": "16", "tour": "2"}
    monkeypatch.setattr(address, "arguments_of_page", lambda: query)
    clock = []
    monkeypatch.setattr(
        tour.pn.state, "add_periodic_callback",
        lambda function, period: clock.append(function) or SimpleNamespace(stop=clock.clear),
    )  # fmt: skip
    body = frame.plot_grid("a", a=frame.LivePlot(hv.Curve, data=np.arange(3.0)))
    made = page_of(State(), body, rows=("width",), name="page")
    made.tick = lambda: [function() for function in [*clock]]
    made.clock, made.query = clock, query
    return made


def settle(page):
    for _ in range(50):
        page.tick()


def test_the_control_moves_to_its_place_once_the_sentence_is_read(page):
    assert page.guide.tour == 2
    assert page.tour.strip.visible
    assert "Widen" in page._heading.select(pn.pane.HTML)[0].object
    widget = page.content.widgets["width"]
    assert "ringed" in widget.css_classes
    page.tick()
    assert page.state.width == 16  # there is something to read first
    page.job.running = True
    settle(page)
    assert page.state.width == 16  # what is to be seen is not there yet
    page.job.running = False
    seen = []
    page.state.param.watch(lambda event: seen.append(event.new), "width")
    settle(page)
    assert seen == [32, 64, 128, 256]
    assert widget.value == 256
    assert not page.clock
    page.tour.begin()
    assert not page.clock  # it opens elsewhere now
    assert address.query_of(page.state, page.guide) == "width=256&lam=0.5&depth=2&tour=2"
    assert page.tour.strip.back == f"{STEPS[0].stop.link}&tour=1"
    assert page.tour.strip.next == f"{STEPS[1].stop.link}&tour=3"


def test_a_slow_machine_passes_places_over_and_ends_where_it_should(page, monkeypatch):
    now, seen = [100.0], []
    monkeypatch.setattr(tour, "time", SimpleNamespace(monotonic=lambda: now[0]))

    def drawn_late(event):
        seen.append(event.new)
        now[0] += 14  # seconds, of the 20 that the whole way may take

    page.state.param.watch(drawn_late, "width")
    settle(page)
    assert seen == [32, 128, 256]
    assert not page.clock


def test_on_a_phone_the_ring_is_on_the_control_that_is_in_sight(page):
    _, sheet = page._sheet()
    (control,) = sheet  # the page has one
    assert "ringed" in control.css_classes
    page.guide.tour = 0
    (control,) = sheet
    assert "ringed" not in control.css_classes


@pytest.mark.parametrize("how", ["touched", "end", "state"])
def test_the_reader_takes_over(how, page):
    if how == "state":
        page.state.lam = 0.1
    else:
        page.tour.strip._handle_msg(how)
    settle(page)
    assert page.state.width == 16
    ended = how == "end"
    assert page.tour.strip.visible != ended
    assert ("ringed" in page.content.widgets["width"].css_classes) != ended


def test_a_step_of_another_page_is_refused(page):
    page.query["tour"] = "3"
    body = frame.plot_grid("a", a=frame.LivePlot(hv.Curve, data=np.arange(3.0)))
    other = page_of(State(), body, rows=("width",), name="page")
    assert other.guide.tour == 0
    said = [pane.object for part in other._parts for pane in part.select(pn.pane.HTML)]
    assert any("tour=3: is none of 0, 2" in str(words) for words in said)


def test_a_way_has_few_places_and_ends_where_it_should():
    state = State(width=256)
    assert tour.way(state, "width", 32) == [128, 64, 32]
    assert tour.way(state, "lam", 1.0)[-1] == 1.0
    assert len(tour.way(state, "lam", 0.0)) == tour._MOST
    long = tour.way(state, "depth", 99)
    assert long[-1] == 99
    assert len(long) <= tour._MOST
