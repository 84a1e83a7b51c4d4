"""The question bank: what learning platforms read, and where its answers come from."""

import re
import zipfile
from collections import Counter
from xml.etree import ElementTree as ET

import nbformat
import pytest
import yaml

from jntk_viz.export import pages
from jntk_viz.export.files import without_loop
from jntk_viz.folders import own_lessons
from jntk_viz.frame.presets import read_preset
from jntk_viz.lessons.exercises import EXERCISES
from jntk_viz.lessons.widgets import Answer, Prediction
from jntk_viz.questions import Item, asking, bank, gift, qti

ITEMS = [
    Item("a-1", "One", "Half {or}? x=1", "choice", ("a half", "not: ~"), "a half", 0, "So: yes."),
    Item("a-2", "One", "How many?", "number", (), 0.25, 0.1, "A quarter."),
    Item("b-1", "Two", "Which first?", "order", ("first", "second", "third")),
    Item("b-2", "Two", "Match.", "match", answer={"I": "odd", "II": "step"}, feedback="Well read."),
]  # fmt: skip
NAMESPACE = {"q": qti.QTI}


def test_gift_marks_what_is_right_and_escapes_its_own_signs():
    text = gift.gift(ITEMS)
    assert text.count("$CATEGORY: ") == 2
    first, number, order, match = re.findall(r"^::(.*?)^\}$", text, re.MULTILINE | re.DOTALL)
    assert r"Half \{or\}? x\=1 {" in first
    assert re.findall(r"^    (.*)$", first, re.MULTILINE) == [
        "=a half", r"~not\: \~", r"####So\: yes.",
    ]  # fmt: skip
    assert "How many? {#\n    =0.25:0.1\n    ####A quarter." in number
    assert "=first -> 1\n    =second -> 2\n    =third -> 3" in order
    assert "=I -> odd\n    =II -> step" in match
    # Blank lines end a question in GIFT.
    assert "\n\n" not in first + number + order + match


def test_a_qti_package_names_its_files_and_says_what_is_right(tmp_path):
    qti.write_package(ITEMS, tmp_path / "bank.zip")
    with zipfile.ZipFile(tmp_path / "bank.zip") as package:
        assert package.testzip() is None
        read = {name: ET.fromstring(package.read(name)) for name in package.namelist()}
    listed = read.pop("imsmanifest.xml").findall(f".//{{{qti.PACKAGE}}}resource")
    assert {resource.get("href") for resource in listed} == set(read)
    right = {
        name: [v.text for v in item.findall(".//q:correctResponse/q:value", NAMESPACE)]
        for name, item in read.items()
    }
    assert right == {
        "a-1.xml": ["o0"], "a-2.xml": ["0.25"], "b-1.xml": ["o0", "o1", "o2"],
        "b-2.xml": ["n0 p0", "n1 p1"],
    }  # fmt: skip
    # The order that the standard asks for.
    for item in read.values():
        kinds = [child.tag.partition("}")[2] for child in item]
        assert kinds[:4] == [
            "responseDeclaration", "outcomeDeclaration", "outcomeDeclaration", "itemBody",
        ]  # fmt: skip
        assert kinds[4:] in (["responseProcessing"], ["responseProcessing", "modalFeedback"])
    shown = read["b-1.xml"].findall(".//q:simpleChoice", NAMESPACE)
    assert {choice.text for choice in shown} == {"first", "second", "third"}


@pytest.mark.slow
def test_questions_of_a_page_have_the_answers_that_the_page_computes(monkeypatch):
    text = """
name: small
title: Small
set: {view: covariance, width: 8, networks: 100, depth: 1, activation: erf, data: circle}
sweep: {width: [8, 32, 64]}
predict: {question: "Which power, really?", kind: number, low: -1, high: 0, answer: slope,
  explain: Each weight is averaged.}
"""

    def ours(page, study, folder=None):
        return [read_preset(yaml.safe_load(text), study.state)]

    monkeypatch.setattr(pages, "presets_of", ours)
    told = []
    (item,) = without_loop(lambda: list(bank.of_pages(["gp_convergence"], told.append)))
    assert item.name == "gp_convergence-small"
    assert item.tolerance == pytest.approx(0.1)
    assert -1 < item.answer < 0
    assert item.feedback.endswith("Each weight is averaged.")
    assert told == ["gp_convergence, preset small"]


def test_predictions_of_a_lesson_say_what_is_asked_and_found():
    asked = Prediction(
        "How many?", lambda guess: Answer(3.0, "It is **three**."), low=0, high=10, step=1,
        unit="%", explain="Count.",
    )  # fmt: skip
    question = asking.question_of(asked)
    (item,) = bank._of_question("l-1", "Lesson", question)
    assert (item.answer, item.tolerance, item.question) == (3.0, 1.0, "How many? (%)")
    assert item.feedback == "It is three. Count."


def test_formulas_are_marked_as_learning_platforms_read_them():
    assert bank.plain("<p>As <b>$1/\\sqrt d$</b> &lt; 1.</p>") == r"As \(1/\sqrt d\) < 1."
    assert gift.gift([Item("a", "A", r"\(\neq\)", "order", ("a", "b"))]).count(r"\\neq") == 1


def test_a_diagnosis_is_asked_where_its_reports_are_told_in_words():
    lesson = nbformat.read(own_lessons() / "07_when_assumptions_fail.ipynb", as_version=4)
    (item,) = bank._diagnoses(lesson, "Lesson 7")
    assert Counter(item.answer.values()) == Counter(EXERCISES["7d"].truth.values())
    assert all(len(report) > 20 for report in item.answer)
    other = nbformat.read(own_lessons() / "10_other_networks.ipynb", as_version=4)
    assert list(bank._diagnoses(other, "Lesson 10")) == []  # its networks are told by pictures


@pytest.mark.slow
def test_a_lesson_is_asked_in_a_kernel():
    items = list(bank.of_lesson(own_lessons() / "01_random_networks.ipynb"))
    assert [item.kind for item in items] == ["choice", "number"]
    assert items[0].answer == "a quarter"
    assert all(item.feedback for item in items)
