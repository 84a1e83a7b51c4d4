"""Two lessons in real JupyterLab: widgets appear, sliders redraw, answers get their hints."""

import re
import shutil

import pytest
from lab import Lesson, jupyter_server
from lesson_run import NOTEBOOKS


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A Jupyter server on a copy of the lessons, so that nothing is saved into the clone."""
    folder = tmp_path_factory.mktemp("lab")
    shutil.copytree(NOTEBOOKS, folder / "notebooks")
    with jupyter_server(folder / "notebooks", folder / "log", settings=folder) as url:
        yield url


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


def first_source(page):
    """The numbers of the first figure's histogram or curve, as the browser holds them."""
    return page.evaluate(
        """() => {
            for (const doc of window.Bokeh?.documents ?? [])
                for (const model of doc._all_models.values())
                    if (model.type === 'ColumnDataSource' && model.data.top)
                        return JSON.stringify(Array.from(model.data.top));
            return null;
        }"""
    )


def test_first_lesson_shows_a_figure_and_its_slider_redraws_it(open_lesson):
    lesson = open_lesson("00_start_here.ipynb")
    lesson.run_all()
    assert lesson.errors() == []
    page = lesson.page
    page.wait_for_function("() => window.Bokeh?.documents.length > 0")
    before = first_source(page)
    assert before
    handle = page.locator(".widget-slider .noUi-handle").first
    handle.scroll_into_view_if_needed()
    handle.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        """before => {
            for (const doc of window.Bokeh.documents)
                for (const model of doc._all_models.values())
                    if (model.type === 'ColumnDataSource' && model.data.top)
                        return JSON.stringify(Array.from(model.data.top)) !== before;
        }""",
        arg=before,
    )


def test_lesson_takes_a_prediction_and_answers_wrong_and_right_solutions(open_lesson):
    lesson = open_lesson("01_random_networks.ipynb")
    lesson.run_all()
    assert lesson.errors() == []
    page = lesson.page
    page.get_by_role("button", name="a quarter").click()
    page.locator(".jntk-verdict", has_text="You said").first.wait_for()

    forgotten = "return phi(x @ w.T) @ v / len(v) ** 0.5"
    lesson.answer("1a", "my_network(v, w, x, phi, kappa)", forgotten)
    hint = page.locator(".jntk-hint")
    hint.wait_for()
    assert re.search(r"Not yet\. The output scale κ is missing", hint.inner_text())

    lesson.answer("1a", "my_network(v, w, x, phi, kappa)", f"return kappa * ({forgotten[7:]})")
    passed = page.locator(".jntk-passed")
    passed.wait_for()
    assert passed.inner_text().startswith("Right.")
