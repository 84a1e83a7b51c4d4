"""The full-rank page in a real browser: its numbers, its controls, its tabs, its links."""

import re

import pytest
from on_page import headline, press, type_choice, wait_for

from jntk_viz import load_dataset, smallest_eigenvalue
from jntk_viz.frame.numbers import number
from jntk_viz.pages.full_rank import pair as pairs
from jntk_viz.pages.full_rank import study
from jntk_viz.pages.full_rank import time as times
from jntk_viz.pages.full_rank.state import Problem

pytestmark = pytest.mark.slow
PAGE = "full_rank?points=10"
# What the pictures are drawn from: every number, the cursors' places, titles and axes.
DRAWN = """() => [...Bokeh.documents[0].all_models].map(m => {
    if (m.type == "ColumnDataSource") {
      const columns = m.data instanceof Map ? [...m.data.values()] : Object.values(m.data)
      return columns.flatMap(c => [...c]).filter(Number.isFinite)
                    .reduce((sum, v, i) => sum + Math.log(Math.abs(v) + 1e-9) * (1 + i % 7), 0)
    }
    return m.type == "Span" ? m.location : m.type == "Title" ? m.text : null
  }).filter(v => v !== null).join(" ")"""
BOTTOM = """() => Math.max(...[...Bokeh.documents[0].all_models]
  .filter(m => m.type == "Figure" && Bokeh.index.find_one_by_id(m.id))
  .map(m => Bokeh.index.find_one_by_id(m.id).el.getBoundingClientRect().bottom))"""
# The titles of the pictures in view; those of other tabs have no height.
TITLES = """() => [...Bokeh.documents[0].all_models].filter(m => m.type == "Figure")
  .filter(m => Bokeh.index.find_one_by_id(m.id)?.el.getBoundingClientRect().height)
  .map(m => m.title.text)"""


def settled(page):
    """The headline once everything has been computed."""
    wait_for(page, "(numerically resolved|exactly|modes learned)")
    page.wait_for_timeout(300)
    page.get_by_role("button", name="Cancel").wait_for(state="hidden", timeout=180_000)
    return headline(page)


def test_numbers_on_the_page_are_the_library_s(watch_page):
    x = study.inputs("iris", 10, 0).x
    assert {tuple(row) for row in x} <= {tuple(row) for row in load_dataset("iris").x}
    said = settled(watch_page(PAGE))
    smallest = smallest_eigenvalue(x, depth=2, activation="gelu")
    assert said.startswith(
        f"GeLU at depth 2: λₘᵢₙ = {number(smallest.value)}, "
        f"{number(smallest.value / smallest.noise_floor)} times the float64 floor "
        f"{number(smallest.noise_floor)}: numerically resolved, not in float32."
    )
    said = settled(watch_page("full_rank?view=angle&theta=5&activation=erf"))
    smallest = smallest_eigenvalue(pairs.points(5.0), depth=2, activation="erf")
    assert said.startswith(f"erf, depth 2, θ = 5°: λₘᵢₙ = {number(smallest.value)}, above")
    said = settled(watch_page("full_rank?view=time&points=10"))
    modes = times.by_depth(Problem("iris", 10, 0, "jntk"), "gelu", 2, 1.0)
    assert f"the slowest of 50 modes falls to 1 % at t = {number(modes.slowest)}" in said


def changes(page, actions):
    """Every action changes picture and words, and brings the words that are named."""
    for change, words in actions:
        said, drawn = headline(page), page.evaluate(DRAWN)
        change(page)
        wait_for(page, f"^(?!{re.escape(said)}$).*{words}")
        settled(page)
        assert page.evaluate(DRAWN) != drawn, words


def test_every_control_of_the_depths_changes_picture_and_headline(watch_page):
    page = watch_page(PAGE)
    settled(page)
    assert page.evaluate(BOTTOM) <= 720
    changes(
        page,
        (
            (lambda p: press(p, "Depth", "ArrowRight"), "GeLU at depth 3"),
            (lambda p: type_choice(p, "Activation", "erf"), "erf at depth 3"),
            (lambda p: press(p, "Threshold", "ArrowRight"), "threshold 10⁻³|threshold 0.001"),
            (lambda p: type_choice(p, "Kernel", "NTK"), "10 eigenvalues"),
            (lambda p: p.get_by_role("button", name="Draw again").click(), "Iris, 10 points"),
            (lambda p: press(p, "Points", "ArrowRight"), "20 points"),
            (lambda p: type_choice(p, "Data set", "Circle"), "Circle, 21 points"),
            (lambda p: press(p, "Points", "ArrowLeft"), "Circle, 11 points"),
            (lambda p: type_choice(p, "Kernel", "Jac"), "33 eigenvalues"),
            (lambda p: type_choice(p, "Activation", "ReLU"), "11 of them zero exactly"),
        ),
    )
    type_choice(page, "Kernel", "JNTK")
    wait_for(page, "ReLU has no JNTK")


def test_angle_and_time_by_their_tabs(watch_page):
    page = watch_page(PAGE)
    settled(page)
    page.get_by_role("button", name="Angle").click()
    wait_for(page, "θ = 2°: λₘᵢₙ")
    settled(page)
    page.wait_for_function(f"() => ({TITLES})().includes('The two inputs')")
    assert "Eigenvalues above" not in " ".join(page.evaluate(TITLES))
    assert page.evaluate(BOTTOM) <= 720
    assert page.get_by_role("slider", name="Threshold").count() == 0
    changes(
        page,
        (
            (lambda p: press(p, "Angle", "ArrowRight"), "θ = 5°"),
            (lambda p: type_choice(p, "Activation", "erf"), "erf, depth 2, θ = 5°"),
            (lambda p: press(p, "Angle", "End"), "3 combinations vanish exactly: f"),
            (lambda p: press(p, "Angle", "ArrowLeft"), "θ = 179.9°"),
            (lambda p: type_choice(p, "Kernel", "NTK"), "θ = 179.9°"),
            (lambda p: press(p, "Depth", "ArrowRight"), "depth 3"),
        ),
    )
    page.get_by_role("button", name="Training time").click()
    wait_for(page, "erf, depth 3, λ = 1: .*modes learned")
    settled(page)
    assert page.evaluate(BOTTOM) <= 720
    changes(
        page,
        (
            (lambda p: press(p, "Training time", "ArrowRight"), "At t = 2·10⁴"),
            (lambda p: press(p, "Regulariser", "ArrowLeft"), "λ = 0.1"),
            (lambda p: type_choice(p, "Training of", "two points, by angle"), "θ = 179.9°"),
            (lambda p: press(p, "Angle", "ArrowLeft"), "θ = 179.8°"),
        ),
    )


def test_a_link_opens_the_same_tab_with_the_same_picture(watch_page):
    page = watch_page("full_rank?view=angle&theta=180&activation=tanh")
    said = settled(page)
    page.wait_for_function("() => location.search.includes('seed=')")
    assert "The two inputs" in page.evaluate(TITLES)
    other = watch_page(page.url.split("/")[-1])
    assert settled(other) == said
    assert other.evaluate(DRAWN) == page.evaluate(DRAWN)
    bad = watch_page("full_rank?theta=7&depth=99")
    bad.get_by_text("Ignored in the address").wait_for()
    settled(bad)


def test_a_guess_is_compared_with_what_is_measured(watch_page):
    page = watch_page("full_rank?preset=parallel&predict=true")
    page.get_by_text("Predict:").wait_for()
    page.wait_for_timeout(500)
    page.get_by_role("button", name="Commit").click()
    page.get_by_text(re.compile("measured 5.98")).wait_for()


def test_on_a_phone_nothing_is_wider_than_the_window(watch_page):
    page = watch_page(f"{PAGE}&view=angle", viewport={"width": 390, "height": 800})
    wait_for(page, "numerically resolved")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.slow
def test_save_gives_the_pictures_of_the_tab_that_is_seen(watch_page):
    page = watch_page("full_rank?view=depth&points=10")
    settled(page)
    page.get_by_role("button", name="Angle", exact=True).click()
    page.wait_for_function("() => location.search.includes('view=angle')")
    settled(page)
    page.get_by_role("button", name="Save as a file").click()
    saved = {}
    for kind in ("PNG", "SVG", "CSV"):
        with page.expect_download() as download:
            page.get_by_role("button", name=kind).click()
        saved[kind] = download.value
    names = [file.suggested_filename for file in saved.values()]
    assert names == [f"is-the-kernel-full-rank-angles.{kind}" for kind in ("png", "svg", "csv")]
    assert "of two points" in saved["SVG"].path().read_text(encoding="utf-8")
    assert saved["CSV"].path().read_text(encoding="utf-8").startswith("# picture = λₘᵢₙ of the")
    assert saved["PNG"].path().read_bytes()[:4] == b"\x89PNG"
