"""The class's guesses: counted by choice, once, without names, for some hours."""

import pytest

from jntk_viz import frame
from jntk_viz.frame import class_guesses
from jntk_viz.frame.class_guesses import KEPT_SECONDS, MOST, ClassGuesses, bars
from jntk_viz.frame.prediction import Prediction
from jntk_viz.frame.presets import Question

CHOICE = Question("Which?", "choice", "a", options=("up", "down <b>"))
NUMBER = Question("How many?", "number", "a", low=0.0, high=50.0, step=1.0)
ORDER = Question("Order?", "order", "a", options=("x", "y", "z"))


@pytest.fixture
def guesses(monkeypatch):
    """Those of this test alone, in place of the process's."""
    own = ClassGuesses()
    monkeypatch.setattr("jntk_viz.frame.prediction.shared_guesses", lambda: own)
    return own


def reader():
    return Prediction({}, {"a": lambda: frame.Answer("up", "")}, [])


def commits(prediction, question, index):
    prediction.ask(question)
    prediction._input[index].clicks += 1


def test_a_guess_counts_by_its_readers_click_once_and_all_see_it(guesses):
    first, second = reader(), reader()
    commits(first, CHOICE, 0)
    assert first._class.object == ""
    commits(second, CHOICE, 1)
    second._count.clicks += 1
    assert not second._count.visible
    second._add()
    assert guesses.of(CHOICE) == ["down <b>"]
    first._look()
    assert first._class.object == second._class.object
    assert "1 guess:" in first._class.object
    assert "down &lt;b&gt;" in first._class.object
    commits(second, CHOICE, 0)
    assert not second._count.visible, "asked again, the same reader does not count twice"
    assert first._count.visible


def test_nothing_of_the_class_is_seen_before_the_own_guess(guesses):
    guesses.add(CHOICE, "up")
    prediction = reader()
    prediction.ask(CHOICE)
    assert not prediction._together.visible
    prediction._input[0].clicks += 1
    assert prediction._together.visible
    prediction.ask(None)
    assert not prediction._together.visible


def test_guesses_are_forgotten():
    now = [0.0]
    guesses = ClassGuesses(clock=lambda: now[0])
    guesses.add(CHOICE, "up")
    now[0] = KEPT_SECONDS
    guesses.add(CHOICE, "down <b>")
    assert len(guesses.of(CHOICE)) == 2
    now[0] += 1
    assert guesses.of(CHOICE) == ["down <b>"]
    for _ in range(MOST + 5):
        guesses.add(CHOICE, "up")
    assert len(guesses.of(CHOICE)) == MOST
    assert guesses.of(NUMBER) == []


@pytest.mark.parametrize(
    ("question", "given", "told"),
    [
        (CHOICE, ["up", "up", "down <b>"], {"up": 2, "down &lt;b&gt;": 1}),
        (NUMBER, [0.0, 9.9, 10.0, 50.0], {"0 to 10": 2, "10 to 20": 1, "40 to 50": 1}),
        (ORDER, [("y", "x", "z"), ("y", "z", "x")], {"y first": 2, "x first": 0}),
    ],
)
def test_bars_are_as_long_as_the_counts(question, given, told):
    line = bars(question, given)
    assert f"{len(given)} guesses:" in line
    longest = max(told.values())
    for label, count in told.items():
        width = round(class_guesses._LONGEST * count / longest)
        bar = f'{label}<span class="bar" style="width: {width}px"></span>{count}</span>'
        assert bar in line
    assert bars(question, []) == ""
