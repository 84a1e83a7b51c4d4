"""The numbers of the landing page's pictures against other routes, and the story they tell."""

import re

import numpy as np
import panel as pn
import pytest

from jntk_viz import RobustDynamics, first_order_margin, jntk, load_dataset, train_test_split
from jntk_viz.export.pages import open_page
from jntk_viz.frame import LivePlot, pages, use_theme
from jntk_viz.frame.registry import part_of
from jntk_viz.pages.start import page as start
from jntk_viz.pages.start import words
from jntk_viz.pages.start.state import StartState


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
    """How many numbers the picture of each page draws on the landing page."""
    figures = [pane.object for part in page._parts for pane in part.select(pn.pane.Bokeh)]
    figures += [plot.figure for _, plot in page.late[:-1]]  # the last is the attack
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
    assert start.tour().count("<a ") == start.tour().count("&amp;tour=") == len(names)


def test_a_visitor_reads_at_most_110_words_first():
    """Above the cards; the title bar's links are counted too."""
    first = words.HEADING + words.OPENING + words.QUESTIONS
    read = re.sub("<[^>]*>", "", first).split() + " ".join(e.short for e in pages()).split()
    assert 40 < len(read) <= 110


def test_the_picture_that_plays_is_the_library_s_at_every_time():
    played, shown = card("playground"), card("playground").numbers()
    film = played.film()
    assert len(played.PLAYED) == len(film["label"]) == len(film["image"]) == len(film["x"])
    assert (film["label"][0], film["label"][-1]) == ("t = 0", "t = ∞")
    across = np.linspace(-1.05, 1.05, film["image"][0].shape[0])
    row, column = np.abs(across - 0.3).argmin(), np.abs(across + 0.2).argmin()
    place = np.array([[across[column], across[row]]])
    square = (place**2).sum()
    x = np.column_stack([place * np.sqrt(2 - square), [1 - square]])
    for frame_number in (0, 12, len(film["image"]) - 1):
        for side, lam in ((0, 0.0), (film["image"][0].shape[1] - len(across), 0.1)):
            dynamics = RobustDynamics(shown["points"], shown["y"], depth=3, lam=lam)
            f = dynamics.predict(x, played.PLAYED[frame_number])[0, 0]
            pixel = film["image"][frame_number][row, side + column] / 100 - 1.25
            assert pixel == pytest.approx(np.clip(f, -1.25, 1.25), abs=0.02)


def test_the_attack_is_the_library_s_and_turns_only_the_network_without_the_penalty():
    robust = card("robust_training")
    found = {e: robust.attack(e) for e in StartState.param.epsilon.objects}
    assert len(found) == 6
    assert found[0.0].read == (3, 3)
    assert found[robust.CLEAR].read == (8, 3)
    digits = load_dataset("digits", classes=(3, 8))
    training, test = train_test_split(digits, test_fraction=1 - 28 / len(digits.y), seed=0)
    x, y = test.x[:100], test.y[:100]
    for which, lam in enumerate((0.0, 0.1)):
        u = RobustDynamics(training.x, training.y, depth=2, lam=lam).predict(x, robust.STOPPED)
        for epsilon, one in found.items():
            share = np.mean(first_order_margin(u, x, y, epsilon=epsilon) > 0)
            assert one.robust[which] == pytest.approx(share)
    for epsilon, one in found.items():
        said = words.about_attack(epsilon, one)
        assert ("still a 3" in said) == (one.read == (8, 3))
        assert np.linalg.norm(one.change[0]) == pytest.approx(epsilon)


def test_the_picture_plays_in_the_browser_and_pauses(watch_page):
    page = watch_page("", reduced_motion="no-preference")
    models = "[...Bokeh.documents[0]._all_models.values()]"
    title = f"() => {models}.find(m => m.text?.startsWith?.('t = '))?.text"
    page.get_by_role("button", name="Pause").wait_for()
    seen = page.evaluate(title)
    page.wait_for_function(f"seen => ({title})() != seen", arg=seen)
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Play").wait_for()
    stopped = page.evaluate(title)
    page.wait_for_timeout(1000)
    assert page.evaluate(title) == stopped
