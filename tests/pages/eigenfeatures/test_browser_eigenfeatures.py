"""The eigenfeatures page in a real browser: its numbers, its controls, its links."""

import re

import pytest
import scipy.stats
from on_page import headline, press, type_choice, wait_for

from jntk_viz import eigenfeatures, load_dataset, train_test_split

pytestmark = pytest.mark.slow
PAGE = "eigenfeatures"
CIRCLE = "data=circle&depth=2"
# What the pictures are drawn from: every number, the cursors' places, titles and axes.
DRAWN = """() => [...Bokeh.documents[0].all_models].map(m => {
    if (m.type == "ColumnDataSource") {
      const columns = m.data instanceof Map ? [...m.data.values()] : Object.values(m.data)
      return columns.flatMap(c => [...c]).filter(Number.isFinite)
                    .reduce((sum, v, i) => sum + v * (1 + i % 7), 0)
    }
    return m.type == "Span" ? m.location : m.type == "Title" ? m.text : null
  }).filter(v => v !== null).join(" ")"""
TITLES = """() => [...Bokeh.documents[0].all_models].filter(m => m.type == "Title")
    .map(m => m.text)"""
# Where everything that can be operated in the drawer ends.
LOWEST = """() => {
  const inside = root => [...root.querySelectorAll("*")].flatMap(
    e => [e, ...inside(e.shadowRoot || new DocumentFragment())])
  const all = inside(document).filter(e => e.matches("[role=slider], [role=combobox], input"))
  const boxes = all.map(e => e.getBoundingClientRect()).filter(b => b.width && b.left < 270)
  return Math.max(...boxes.map(b => b.bottom))
}"""


def wait_for_change(page, expression, old):
    """What `expression` gives once it is another thing than before, and the same twice."""
    now = old
    for _ in range(300):
        page.wait_for_timeout(200)
        before, now = now, page.evaluate(expression)
        if now != old and now == before:
            return now
    return pytest.fail(f"no change of {old}")


def library(lam, **attack):
    """Rank correlation, number of features, and the second feature in per cent."""
    data = load_dataset("iris")
    train, test = train_test_split(data, seed=0)
    found = eigenfeatures(
        train.x, train.y, test.x, test.y, depth=11, activation="gelu", lam=lam, **attack
    )
    rho = scipy.stats.spearmanr(found.usefulness, found.robustness).statistic
    second = [round(100 * v[1]) for v in (found.usefulness, found.robustness)]
    return round(rho, 2), len(found.usefulness), second


def test_numbers_on_the_page_are_the_library_s(watch_page):
    page = watch_page(PAGE)
    said = wait_for(page, r"with λ = 0\.1\.")
    titles = page.evaluate(TITLES)
    for lam, label, at in ((0.0, "λ = 0", 0), (0.1, "λ = 0.1", 1)):
        rho, count, second = library(lam, epsilon=0.1, norm="l2")
        assert re.findall(r"(\d\.\d\d) \[", said)[at] == f"{rho:.2f}"
        assert any(t.startswith(f"{label}: {count} features\nρ = {rho:.2f}") for t in titles)
        assert any(
            t.startswith("Feature 2:") and f"\n{second[0]} % accurate, {second[1]} %" in t
            for t in titles
        )
    assert page.evaluate(LOWEST) < 700
    page.get_by_role("button", name="Copy link").wait_for()


CHANGES = (  # what is done, and whether the headline changes with the pictures
    (lambda page: press(page, "Regulariser", "ArrowRight"), True),
    (lambda page: press(page, "Perturbation", "ArrowRight"), True),
    (lambda page: type_choice(page, "Norm", "L∞"), True),
    (lambda page: type_choice(page, "Features counted", "The leading"), True),
    (lambda page: press(page, "Depth", "ArrowRight"), True),
    (lambda page: type_choice(page, "Activation", "sin"), True),
    (lambda page: page.get_by_role("button", name="Draw again").click(), True),
    (lambda page: press(page, "Feature of λ = 0", "ArrowRight"), False),
    (lambda page: press(page, "Feature of λ > 0", "ArrowRight"), False),
)


def test_every_control_changes_pictures_and_words(watch_page):
    page = watch_page(f"{PAGE}?{CIRCLE}")
    wait_for(page, r"with λ = 0\.1\.")
    page.wait_for_timeout(1000)
    for change, both in CHANGES:
        said, drawn = headline(page), page.evaluate(DRAWN)
        change(page)
        wait_for_change(page, DRAWN, drawn)
        if both:
            wait_for(page, f"^(?!{re.escape(said)}$).*test points")
        else:
            assert headline(page) == said
    page.get_by_role("button", name="Reset", exact=True).click()
    wait_for(page, r"50 training, 50 test points in R⁴")


def test_a_tap_chooses_and_the_link_brings_it_back(watch_page):
    page = watch_page(f"{PAGE}?{CIRCLE}")
    wait_for(page, r"with λ = 0\.1\.")
    page.wait_for_timeout(1000)
    drawn = page.evaluate(DRAWN)
    # Where the first feature of λ = 0 lies: its place on the screen from Bokeh's own scales.
    x, y = page.evaluate("""() => {
      const all = views => [...views].flatMap(
        v => [v, ...all(v.child_views ?? []), ...all(v.children?.() ?? [])])
      const plot = all(Bokeh.index.roots).find(
        v => v.model.type == "Figure" && v.model.title.text.startsWith("λ = 0:"))
      const source = [...plot.model.renderers].map(r => r.data_source)
        .find(s => s?.data && (s.data.shade ?? s.data.get?.("shade")))
      const column = name => [...(source.data[name] ?? source.data.get(name))]
      const names = source.data instanceof Map ? [...source.data.keys()] : Object.keys(source.data)
      const last = name => column(name).at(-1)
      const box = plot.el.getBoundingClientRect()
      return [box.left + plot.frame.x_scale.compute(last(names[0])),
              box.top + plot.frame.y_scale.compute(last(names[1]))]
    }""")
    page.mouse.click(x, y)
    seen = wait_for_change(page, DRAWN, drawn)
    page.wait_for_function("() => location.search.includes('standard=1&')")
    other = watch_page(f"{PAGE}?{page.url.split('?')[1]}")
    wait_for(other, r"with λ = 0\.1\.")
    other.wait_for_function(f"() => ({TITLES})().some(t => t.startsWith('Feature 1:'))")
    assert sorted(other.evaluate(TITLES)) == sorted(page.evaluate(TITLES))
    assert seen != drawn


def test_views_and_digits_control(watch_page):
    page = watch_page(f"{PAGE}?{CIRCLE}&view=learned")
    wait_for(page, "eigenvalue and robustness")
    page.get_by_role("button", name="Rank correlation").click()
    said = wait_for(page, r"Rank correlation, L2: .* at λ = .* to .* at λ = ")
    page.get_by_role("button", name="Cancel").wait_for(state="hidden")
    low, high = (float(n) for n in re.findall(r"(-?\d\.\d\d) \[", said.replace("−", "-"))[:2])
    assert low < high
    type_choice(page, "Norm", "L∞")
    wait_for(page, "Rank correlation, L∞")
    assert page.get_by_role("slider", name="Digit attacked").count() == 0
    assert "Accurate, and fragile\nat ε = 0.1 L∞ (first order)" in page.evaluate(TITLES)


def test_a_guess_is_compared_with_what_is_measured(watch_page):
    page = watch_page(f"{PAGE}?preset=claim&predict=true")
    page.get_by_text("Predict:").wait_for()
    page.get_by_role("button", name="Stronger with λ").click()
    said = page.get_by_text("Rank correlation 0.").first
    said.wait_for(timeout=120_000)
    rho = library(0.0, epsilon=0.1, norm="l2")[0]
    assert f"Rank correlation {rho:.2f}" in said.inner_text()


def test_on_a_phone_nothing_is_wider_than_the_screen(watch_page):
    page = watch_page(f"{PAGE}?{CIRCLE}", viewport={"width": 390, "height": 800})
    wait_for(page, r"with λ = 0\.1\.")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
