"""The numbers of the landing page's pictures against other routes, and the story they tell."""

import numpy as np
import panel as pn
import pytest

from jntk_viz import jntk, load_dataset, train_test_split
from jntk_viz.export.pages import open_page
from jntk_viz.frame import LivePlot, pages, use_theme
from jntk_viz.frame.registry import part_of
from jntk_viz.pages.start import page as start


def card(name):
    return part_of(name, "card")


def test_every_page_has_a_picture_that_its_numbers_fit():
    use_theme()
    for entry in pages():
        plot = LivePlot(card(entry.name).picture, **card(entry.name).EMPTY)
        plot.update(**card(entry.name).numbers())
        assert card(entry.name).numbers() is card(entry.name).numbers()  # computed once


def test_wide_kernels_lie_on_the_limit_and_narrow_ones_do_not():
    numbers = card("jntk_constancy").numbers()
    narrow, wide = (np.abs(numbers[k] - numbers["limit"]).mean() for k in ("narrow", "wide"))
    assert wide < 0.4 * narrow


def test_robust_accuracy_rises_and_falls_with_the_penalty_and_without():
    """As the tour says: best with best there is no difference to see, end with end there is."""
    numbers = card("robust_training").numbers()
    standard, regularised = numbers["standard"], numbers["regularised"]
    for curve in (standard, regularised):
        assert curve.max() > curve[0] + 0.02
        assert curve.max() > curve[-1] + 0.02
    assert regularised.max() == pytest.approx(standard.max(), abs=0.02)
    assert regularised[-1] < standard[-1] - 0.1


def test_features_lose_by_an_attack_and_there_are_more_with_the_penalty():
    numbers = card("eigenfeatures").numbers()
    assert (numbers["robustness"] <= numbers["accuracy"]).all()
    assert (numbers["regularised_robustness"] <= numbers["regularised_accuracy"]).all()
    assert len(numbers["regularised_accuracy"]) > len(numbers["accuracy"])


def test_smallest_eigenvalues_are_those_of_the_gram_matrix():
    numbers = card("full_rank").numbers()
    x = load_dataset("iris").x[::5]
    for row, activation in enumerate(("gelu", "erf")):
        gram = jntk(x, depth=3, activation=activation)
        size = gram.shape[0] * gram.shape[1]
        eigenvalues = np.linalg.eigvalsh(gram.reshape(size, size))
        assert numbers["values"][row, 2] == pytest.approx(eigenvalues[0], rel=1e-6)
    rounding = size * np.finfo(np.float32).eps * eigenvalues[-1]
    assert numbers["floor"][2] >= rounding * (1 - 1e-6)
    # The story: erf rises out of what float32 loses, GeLU begins inside it.
    assert numbers["values"][1, -1] > 10 * numbers["floor"][-1]
    assert (numbers["values"][:, 0] < numbers["floor"][0]).all()


def test_losses_are_those_of_gradient_descent_step_by_step():
    numbers = card("breakdown").numbers()
    training, _ = train_test_split(load_dataset("iris"))
    gram, y = jntk(training.x, depth=2), training.y
    n, m = gram.shape[:2]
    weight = np.tile([1.0] + [0.1] * (m - 1), n)
    matrix = gram.reshape(n * m, n * m)
    largest = np.linalg.eigvalsh(np.sqrt(weight)[:, None] * matrix * np.sqrt(weight))[-1]
    target = np.concatenate([y[:, None], np.zeros((n, m - 1))], axis=1).ravel()
    for name, rate in (("stable", 0.5), ("diverging", 1.1)):
        u, eta = np.zeros(n * m), rate * 2 * n / largest
        for step in range(8):
            f = u.reshape(n, m)[:, 0]
            assert numbers[name][step] == pytest.approx(np.mean((f - y) ** 2), rel=1e-6)
            u -= eta / n * matrix @ (weight * (u - target))
    assert (np.diff(numbers["stable"]) < 0).all()
    assert numbers["diverging"][-1] > 100


def points(page):
    """How many numbers each picture of the landing page draws."""
    figures = [pane.object for part in page._parts for pane in part.select(pn.pane.Bokeh)]
    assert len(figures) == len(pages())
    return [
        max(len(values) for r in figure.renderers for values in r.data_source.data.values())
        for figure in figures
    ]


def test_the_pictures_are_drawn_at_once_when_a_visitor_has_seen_them():
    card("breakdown").numbers.cache_clear()
    assert min(points(open_page(start))) == 0  # nothing is computed before the page stands
    for entry in pages():
        card(entry.name).numbers()
    assert min(points(open_page(start))) > 5


def test_the_landing_page_says_what_each_picture_shows_and_tours_every_page():
    names = [entry.name for entry in pages()]
    assert all(entry.card for entry in pages())
    assert [entry.stop.link.partition("?")[0] for entry in pages()] == names
    assert all("=" in entry.stop.link for entry in pages())
    assert start.tour().count("<a ") == len(names)
    assert start.INTRODUCTION.count(". ") == 1  # two sentences
