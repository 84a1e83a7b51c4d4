"""Lessons in real JupyterLab: widgets appear, sliders redraw, answers get their hints."""

import os
import re
import shutil
import subprocess
import sys

import pytest
from lab import Lesson, jupyter_server, settings_of_the_test
from lesson_run import NOTEBOOKS

from jntk_viz.cli import QUIET


@pytest.fixture(scope="module")
def lab_folder(tmp_path_factory):
    """A copy of the lessons, so that nothing is saved into the clone."""
    folder = tmp_path_factory.mktemp("lab")
    shutil.copytree(NOTEBOOKS, folder / "notebooks")
    return folder


@pytest.fixture(scope="module")
def lab(lab_folder):
    """A Jupyter server on the copied lessons."""
    folder, lessons = lab_folder, lab_folder / "notebooks"
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={lessons}"]
    environment = os.environ | settings_of_the_test(folder) | {"PANEL_INLINE": "1"}
    with jupyter_server(
        [*command, *QUIET], folder / "log", cwd=lessons, environment=environment
    ) as server:
        yield server.url


@pytest.fixture
def open_lesson(chromium, lab):
    contexts = []

    def open_it(path):
        context = chromium.new_context(viewport={"width": 1280, "height": 900})
        contexts.append(context)
        context.set_default_timeout(90_000)
        return Lesson(context.new_page(), lab, path)

    yield open_it
    for context in contexts:
        context.close()


def test_first_lesson_redraws_for_its_slider_and_keeps_picture_and_question_in_a_file(
    open_lesson, lab_folder, chromium
):
    lesson = open_lesson("00_start_here.ipynb")
    lesson.run_all()
    assert lesson.errors() == []
    lesson.move_slider()

    lesson.menu("File", "Save Notebook")
    saved = lab_folder / "notebooks" / "00_start_here.ipynb"
    for _ in range(100):
        if "jntk-static" in saved.read_text(encoding="utf-8"):
            break
        lesson.page.wait_for_timeout(100)
    subprocess.run(
        [sys.executable, "-m", "nbconvert", "--to", "html", "--log-level=ERROR", saved], check=True
    )
    # As a reader without kernel or network opens it.
    page = chromium.new_context(offline=True).new_page()
    page.goto(saved.with_suffix(".html").as_uri())
    picture, question = page.locator(".jntk-static").all()
    picture.locator("canvas").first.wait_for()
    assert "width: 8 (or 32, 128, 512)" in picture.inner_text()
    assert "Predict first. The network becomes four times as wide." in question.inner_text()
    assert "about the same" in question.inner_text()
    page.context.close()


def test_lesson_takes_a_prediction_and_answers_wrong_and_right_solutions(open_lesson):
    lesson = open_lesson("01_random_networks.ipynb")
    lesson.run_all()
    assert lesson.errors() == []
    page = lesson.page
    reason = page.get_by_text("they are outnumbered")
    assert reason.count() == 0  # neither in an output nor in the source of the cell
    page.get_by_role("button", name="a quarter").click()
    page.locator(".jntk-verdict", has_text="You said").first.wait_for()
    reason.wait_for()

    forgotten = "return phi(x @ w.T) @ v / len(v) ** 0.5"
    lesson.answer("1a", "my_network(v, w, x, phi, kappa)", forgotten)
    hint = page.locator(".jntk-hint")
    hint.wait_for()
    assert re.search(r"Not yet\. The output scale κ is missing", hint.inner_text())

    lesson.answer("1a", "my_network(v, w, x, phi, kappa)", f"return kappa * ({forgotten[7:]})")
    passed = page.locator(".jntk-passed")
    passed.wait_for()
    assert passed.inner_text().startswith("Right.")
