"""The robust-training page in a real browser: its numbers, its controls, its tabs, its links."""

import re

import numpy as np
import on_page
import pytest
from on_page import HEADLINE, headline, press, wait_for

from jntk_viz import (
    RobustDynamics,
    accuracy,
    first_order_margin,
    load_dataset,
    pgd_margin,
    train_test_split,
)

PAGE = "robust_training"
# What the pictures are drawn from: every number, the cursors' places, titles and axes.
DRAWN = """() => [...Bokeh.documents[0].all_models].map(m => {
    if (m.type == "ColumnDataSource") {
      const columns = m.data instanceof Map ? [...m.data.values()] : Object.values(m.data)
      return columns.flatMap(c => [...c]).flat().filter(Number.isFinite)
                    .reduce((sum, v, i) => sum + v * (1 + i % 7), 0)
    }
    return m.type == "Span" ? m.location : m.type == "Title" ? m.text : null
  }).filter(v => v !== null).join(" ")"""


def settled(page):
    """The headline once everything has been computed, the searching attack included."""
    wait_for(page, r"Under an attacker's search \(PGD\)")
    page.get_by_role("button", name="Cancel").wait_for(state="hidden", timeout=180_000)
    return headline(page)


def choose(page, name, first_letters):
    """Take the entry of a menu that begins so."""
    on_page.choose(page, name, re.compile(f"^{first_letters}"))


def tab(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def library(lam, t, epsilon=0.3):
    """Clean, robust and PGD-robust accuracy in per cent, by the public names alone."""
    train, test = train_test_split(load_dataset("iris"), seed=0)
    dynamics = RobustDynamics(train.x, train.y, depth=2, activation="gelu", lam=lam)
    outputs = dynamics.predict(test.x, t)
    margins = (
        test.y * outputs[:, 0],
        first_order_margin(outputs, test.x, test.y, epsilon=epsilon),
        pgd_margin(dynamics.predictor(t), test.x, test.y, epsilon=epsilon),
    )
    return [round(100 * accuracy(margin)) for margin in margins]


def test_numbers_on_the_page_are_the_library_s_and_controls_fit(watch_page):
    page = watch_page(PAGE)
    words = settled(page)
    clean, robust, searched = library(0.1, 1e3)
    standard = library(0.0, 1e3)
    end = library(0.1, np.inf)
    assert words.startswith(
        f"λ = 0.1 at t = 10³: {clean} % clean, {robust} % robust at ε = 0.3"
        f"; standard training: {standard[0]} % and {standard[1]} %. "
        f"More Under an attacker's search (PGD) {searched} % are robust. "
        f"At t = ∞ every λ > 0 ends at the same {end[0]} % and {end[1]} %."
    )
    choose(page, "Training by", "Descent")
    wait_for(page, "Descent: 1,130 steps of η = 0.885")
    tab(page, "Predictor")
    wait_for(page, "98 of 250 modes are learned at least half")
    point = page.get_by_role("slider", name="Test point")
    point.wait_for()
    page.wait_for_timeout(500)
    assert point.bounding_box()["y"] < 700


CONTROLS = (  # what is done, and what the page says then
    (lambda page: press(page, "Regulariser", "ArrowRight"), "λ = 0.2 at t = 10³"),
    (lambda page: press(page, "Training time", "ArrowRight"), "t = 2·10³"),
    (lambda page: press(page, "Perturbation", "ArrowLeft"), "ε = 0.29"),
    (lambda page: choose(page, "Norm", "L∞"), "ε = 0.29"),
    (lambda page: choose(page, "Training by", "Descent"), "steps of η"),
    (lambda page: press(page, "η ÷", "ArrowRight"), "0.9 times 2N/eₘₐₓ"),
    (lambda page: press(page, "Training time", "End"), "λ = 0.2 at t = ∞"),
    (lambda page: press(page, "Depth", "ArrowRight"), "λ = 0.2 at t = ∞"),
    (lambda page: choose(page, "Activation", "sin"), "λ = 0.2 at t = ∞"),
)


@pytest.mark.slow
def test_every_control_changes_picture_and_headline(watch_page):
    page = watch_page(PAGE)
    settled(page)
    for change, words in CONTROLS:
        said, drawn = headline(page), page.evaluate(DRAWN)
        change(page)
        wait_for(page, f"^(?!{re.escape(said)}$)(?=.*{words}).*Is it λ, or stopping")
        page.wait_for_function(f"drawn => ({DRAWN})() != drawn", arg=drawn)
    assert "Median |J| at" not in page.evaluate(DRAWN)
    choose(page, "Colour of", "Median")
    page.wait_for_function(f"() => ({DRAWN})().includes('Median |J| at')")


def test_a_click_on_the_map_is_a_link_to_the_same_picture(watch_page):
    page = watch_page(PAGE)
    seen = settled(page)
    page.mouse.click(500, 380)
    page.wait_for_function("() => !location.search.includes('t=1000&')")
    moved = settled(page)
    assert moved.split(":")[0] != seen.split(":")[0]
    other = watch_page(f"{PAGE}?{page.url.split('?')[1]}")
    assert settled(other) == moved
    assert other.evaluate(DRAWN) == page.evaluate(DRAWN)


@pytest.mark.slow
def test_the_predictor_follows_and_a_click_follows_a_point(watch_page):
    page = watch_page(f"{PAGE}?view=predictor&plane=point")
    settled(page)
    wait_for(page, "Test point 0 ")
    page.wait_for_function(f"() => ({DRAWN})().includes('f around the test point')")
    for change in (
        lambda: press(page, "Training time", "ArrowRight"),
        lambda: press(page, "Regulariser", "ArrowRight"),
        lambda: press(page, "Test point", "ArrowRight"),
        lambda: choose(page, "Slice", "From class"),
    ):
        drawn = page.evaluate(DRAWN)
        change()
        page.wait_for_function(f"drawn => ({DRAWN})() != drawn", arg=drawn)
        settled(page)
    wait_for(page, "Test point 1 ")
    page.mouse.click(560, 330)
    wait_for(page, "Test point (?!1 )")
    choose(page, "Data set", "Circle")
    wait_for(page, "of 83 modes are learned")
    page.get_by_role("combobox", name="Slice").wait_for(state="hidden")


def test_all_classes_from_the_menu_to_every_tab(watch_page):
    page = watch_page(PAGE)
    settled(page)
    choose(page, "Data set", "Iris, all 3")
    wait_for(page, "Iris, all 3 classes: 75 training, 75 test points")
    for slider, words in (("Regulariser", "λ = 0.2 at t = 10³"), ("Perturbation", "ε = 0.31")):
        press(page, slider, "ArrowRight")
        wait_for(page, words)
    train, test = train_test_split(load_dataset("iris", classes="all"), seed=0)
    outputs = RobustDynamics(train.x, train.y, depth=2, activation="gelu", lam=0.2).predict(
        test.x, 1e3
    )
    clean, robust = (
        round(100 * accuracy(first_order_margin(outputs, test.x, test.y, epsilon=epsilon)))
        for epsilon in (0, 0.31)
    )
    wait_for(page, f"λ = 0.2 at t = 10³: {clean} % clean, {robust} % robust at ε = 0.31")
    assert "data=iris_all" in page.url
    tab(page, "Predictor")
    wait_for(page, r"Test point 0 \(\w+\): lead of its class")
    page.wait_for_function(f"() => ({DRAWN})().includes('The winning class on the first')")
    drawn = page.evaluate(DRAWN)
    press(page, "Training time", "ArrowRight")
    page.wait_for_function(f"drawn => ({DRAWN})() != drawn", arg=drawn)
    choose(page, "Data set", "Digits, all 10")
    wait_for(page, r"Test point 0 \(\d\): lead of its class")
    tab(page, "Eigenfeatures")
    wait_for(page, "right on the points of two classes at most")


@pytest.mark.slow
def test_eigenfeatures_stay_and_lead_to_their_own_page(watch_page):
    page = watch_page(PAGE)
    settled(page)
    tab(page, "Eigenfeatures")
    words = wait_for(page, "Measured here: rank correlation")
    rho = re.search(r"rank correlation ([\d.]+) for λ = 0, ([\d.]+) for λ = 0.1", words)
    page.wait_for_function(
        f"words => words.every(w => ({DRAWN})().includes('rank correlation ' + w))",
        arg=[rho[1], rho[2]],
    )
    page.locator(f"{HEADLINE} summary").click()
    assert page.get_by_role("link", name="the eigenfeatures page").get_attribute("href")


@pytest.mark.slow
def test_nonsense_in_the_address_and_a_phone(watch_page):
    page = watch_page(f"{PAGE}?t=inf&lam=cheese&epsilon=7", viewport={"width": 390, "height": 800})
    page.get_by_text("Ignored in the address").wait_for()
    wait_for(page, "λ = 0.1 at t = ∞.* at ε = 0.3")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


COLOURS = """() => [...Bokeh.documents[0].all_models].filter(m => m.type == "Figure")
  .filter(f => f.title.text.startsWith("Robust accuracy"))
  .flatMap(f => f.renderers.map(r => r.glyph?.properties.fill_color?.get_value()?.transform))
  .filter(m => m).map(m => [m.low, m.high])"""


@pytest.mark.slow
def test_the_map_has_the_same_colours_for_every_visitor(watch_page):
    """The first one sees it before its numbers are known, the others do not."""
    first = watch_page(f"{PAGE}?data=circle&depth=1")
    settled(first)
    other = watch_page(f"{PAGE}?data=circle&depth=1")
    settled(other)
    limits = first.evaluate(COLOURS)
    assert limits
    assert limits[0] != [50, 100]  # those of the empty picture
    assert other.evaluate(COLOURS) == limits
