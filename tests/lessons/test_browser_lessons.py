"""Lessons in real JupyterLab: widgets appear, sliders redraw, answers get their hints."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from conftest import slow_if
from lab import Lesson, jupyter_server, settings_of_the_test
from lesson_run import LESSONS, NOTEBOOKS

from jntk_viz import folders
from jntk_viz.cli import QUIET, lab_environment
from jntk_viz.export.slides import write_slides


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
    environment = os.environ | settings_of_the_test(folder) | lab_environment()
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
        context.set_default_timeout(180_000)
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
    assert lesson.page.locator(".Toastify__toast").all_inner_texts() == []  # no wish for news
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


# Pictures of the page, and how far each sticks out of the cell's output, in pixels.
OUTSIDE = """() => {
    const cell = document.querySelector('.jp-OutputArea-child.jp-OutputArea-executeResult');
    const output = cell.getBoundingClientRect();
    const outside = [];
    const look = root => { for (const e of root.querySelectorAll('*')) {
        if (e.tagName === 'CANVAS' && e.offsetWidth) {
            const r = e.getBoundingClientRect();
            outside.push(Math.max(output.top - r.top, r.bottom - output.bottom,
                                  output.left - r.left, r.right - output.right));
        }
        if (e.shadowRoot) look(e.shadowRoot);
    } };
    look(cell);
    return outside;
}"""


def test_page_in_a_notebook_is_as_high_as_what_is_in_it(open_lesson, lab_folder):
    code = f"import sys\nsys.path.insert(0, {str(folders.apps_folder())!r})\n"
    cell = {
        "cell_type": "code", "id": "page", "metadata": {}, "outputs": [], "execution_count": None,
        "source": f"{code}import gp_convergence\ngp_convergence.app()",
    }  # fmt: skip
    first = json.loads((NOTEBOOKS / "00_start_here.ipynb").read_text(encoding="utf-8"))
    (lab_folder / "notebooks" / "page.ipynb").write_text(json.dumps(first | {"cells": [cell]}))
    lesson = open_lesson("page.ipynb")
    lesson.run_all()
    page = lesson.page
    for width in (1280, 1920):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function(f"() => {{ const all = ({OUTSIDE})(); return all.length > 1 "
                               "&& all.every(sticks_out => sticks_out < 2); }")  # fmt: skip


SLIDES = """() => Reveal.getSlides().map(slide => {
    const {h, v} = Reveal.getIndices(slide);
    Reveal.slide(h, v);
    const {left, top, width, height} = slide.getBoundingClientRect();
    return {place: [left, top, width, height].map(Math.round), wide: slide.scrollWidth > width + 1,
            reachable: slide.scrollHeight <= height + 1
                       || getComputedStyle(slide).overflowY == 'auto',
            formulas: slide.querySelectorAll('mjx-container svg').length,
            raw: slide.innerText.includes('$')};
})"""


@pytest.mark.parametrize(
    "lesson", [slow_if("08" not in n.stem, n) for n in LESSONS], ids=lambda n: n.stem
)
def test_slides_fit_the_screen_and_need_no_network(lesson, chromium, tmp_path):
    file = write_slides(lesson, tmp_path, execute=False)
    context = chromium.new_context(viewport={"width": 1280, "height": 720}, offline=True)
    page, asked, errors = context.new_page(), [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(file.as_uri())
    page.wait_for_function("() => window.slidesReady", timeout=180_000)
    slides = page.evaluate(SLIDES)
    context.close()
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert errors == []
    assert len(slides) > 5
    assert {tuple(slide["place"]) for slide in slides} == {(0, 0, 1280, 720)}
    assert not any(slide["wide"] or slide["raw"] for slide in slides)
    assert all(slide["reachable"] for slide in slides)
    assert lesson.stem.startswith("00") or sum(slide["formulas"] for slide in slides) > 5
