"""All lessons as a course: they are small, open without network, and everything in them works."""

import time

import pytest

from jntk_viz.course import write_course
from jntk_viz.course.building import found_lessons

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3000)]
MOST_BYTES = 5_000_000
NAMES = [notebook.stem for notebook in found_lessons(None)]
# Guess everywhere, then bring every picture to the screen and every knob to its last stop.
DRAW = """async () => {
  for (const form of document.querySelectorAll("form.prediction")) await commit(form, 0)
  for (const film of document.querySelectorAll(".film")) {
    await film.pictures.draw()
    for (const input of film.pictures.inputs) {
      if (input.max) input.value = input.max
      else input.selectedIndex = input.options.length - 1
    }
    film.pictures.show()
  }
  const main = document.querySelector("main").cloneNode(true)
  main.querySelectorAll("pre, code, script").forEach(element => element.remove())
  return {
    raw: main.textContent.includes("$"),
    wide: document.documentElement.scrollWidth > innerWidth,
    films: document.querySelectorAll(".film").length,
    drawn: document.querySelectorAll(".film[data-drawn] .bk-Figure").length,
    waiting: document.querySelectorAll(".after[data-waits]").length,
  }
}"""


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    out = tmp_path_factory.mktemp("course")
    built = write_course(out, progress=print)
    assert built.failed == {}
    return out


@pytest.mark.parametrize("name", NAMES)
def test_a_lesson_is_small_and_everything_in_it_works_offline(name, course, chromium):
    for ending in ("", ".slides", ".handout"):
        assert (course / f"{name}{ending}.html").stat().st_size < MOST_BYTES
    problems = []
    context = chromium.new_context(offline=True, viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
    page.on("request", lambda request: problems.append(request.url)
            if not request.url.startswith(("file:", "data:", "blob:")) else None)  # fmt: skip
    begun = time.monotonic()
    page.goto((course / f"{name}.html").as_uri())
    page.wait_for_selector("mjx-container", timeout=60_000)
    opened = time.monotonic() - begun
    page.wait_for_function("() => document.documentElement.dataset.ready", timeout=60_000)
    ready = time.monotonic() - begun
    print(f"{name}: first formula after {opened:.1f} s, all after {ready:.1f} s")
    found = page.evaluate(DRAW)
    assert found["films"] > 0
    assert found["drawn"] >= found["films"]
    assert found["waiting"] == 0
    assert not found["raw"]
    assert not found["wide"]
    page.goto((course / f"{name}.slides.html").as_uri())
    page.wait_for_function("() => window.slidesReady", timeout=60_000)
    page.goto((course / f"{name}.handout.html").as_uri())
    page.wait_for_function("() => document.documentElement.dataset.ready", timeout=120_000)
    context.close()
    assert problems == []
