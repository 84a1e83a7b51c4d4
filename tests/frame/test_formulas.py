"""Which symbol of an equation gets which explanation. Without a browser."""

import pkgutil
import re

import pytest

from jntk_viz.frame import pages
from jntk_viz.frame.formula_sheet import Formula, mark_symbols, sheet_entries, symbols_of
from jntk_viz.frame.registry import part_of


def plain(symbols):
    return ["".join(symbol) for symbol in symbols]


@pytest.mark.parametrize(
    ("key", "symbols"),
    [
        (r"\Theta", [r"\Theta"]),
        (r"e,\; V", ["e", "V"]),
        ("u = (f, J)", ["u"]),
        ("f(x)", ["f(x)", "f"]),
        (r"J(f)(x)_\alpha", [r"J(f)(x)_\alpha", "J"]),
        (r"y_i = \pm 1", ["y_i"]),
        (r"\lVert\cdot\rVert_*", [r"\lVert\cdot\rVert_*", r"\lVert"]),
        (r"K_{oo},\; K_{o\cdot}", ["K_{oo}", r"K_{o\cdot}"]),
        (r"J(x)_\alpha=\partial f/\partial x_\alpha", [r"J(x)_\alpha", "J"]),
        (r"\text{accuracy}", [r"\text{accuracy}"]),
    ],
)
def test_a_key_may_name_several_symbols(key, symbols):
    assert plain(symbols_of(key)) == symbols


def marked(latex, *keys):
    """The explained parts of a formula, in order, with the number of the key."""
    explained = [(symbol, i) for i, key in enumerate(keys) for symbol in symbols_of(key)]
    out, used = mark_symbols(latex, explained)
    found = []
    rest = out
    while r"{\class{jntk-sym jntk-sym-" in rest:
        _, _, rest = rest.partition(r"{\class{jntk-sym jntk-sym-")
        number, _, rest = rest.partition("}{")
        depth, end = 1, 0
        while depth:
            depth += (rest[end] == "{") - (rest[end] == "}")
            end += 1
        found.append((rest[: end - 1], int(number)))
    assert used == {number for _, number in found}
    return found


def test_symbols_are_marked_where_they_stand():
    assert marked(r"\frac{1}{2N}\sum_{i=1}^N y_i", "N", "y_i") == [("N", 0), ("N", 0), ("y_i", 1)]
    out, _ = mark_symbols(r"\dot\Sigma^2", [((r"\Sigma",), 4)])
    assert out == r"\dot{\class{jntk-sym jntk-sym-4}{\Sigma}}^2"


def test_an_index_stays_with_its_symbol():
    assert marked(r"K_{o\cdot} - K_{\cdot o}", r"K_{\cdot o},\; K_{o\cdot}") == [
        (r"K_{o\cdot}", 0),
        (r"K_{\cdot o}", 0),
    ]


def test_another_symbol_is_not_explained_by_a_part_of_its_name():
    assert marked(r"\Theta_t - \Theta", r"\Theta") == [(r"\Theta", 0)]
    assert marked("u^* + u + u' + x_1 + d_0", "u", "x", "d") == [("u", 0)]
    assert marked(r"e^{-e t} V^\top", "e", "V", "t") == [("e", 0), ("t", 2), ("V", 1)]
    assert marked(r"\mathrm{diag}(e) \text{ if } d", "d", "i") == [("d", 0)]
    assert marked(r"\lambda\Lambda", r"\lambda") == [(r"\lambda", 0)]


def test_the_longest_symbol_wins_and_spaces_do_not_matter():
    assert marked(r"\Theta_{\lambda}\,\Theta", r"\Theta", r"\Theta _{ \lambda }") == [
        (r"\Theta_{\lambda}", 1),
        (r"\Theta", 0),
    ]


def test_a_symbol_of_another_formula_can_be_hovered_but_the_own_meaning_comes_first():
    first = Formula("d + x", "First.", {"d": "width", "x": "input"})
    second = Formula("d + x", "Second.", {"d": "dimension"})
    shown = sheet_entries([first, second])
    assert set(shown[0]["tips"].values()) == {"width", "input"}
    assert set(shown[1]["tips"].values()) == {"dimension", "input"}
    assert shown[1]["symbols"] == [["d", "dimension"]]
    assert r"\class" not in first.latex


@pytest.mark.parametrize("page", [entry.name for entry in pages()])
def test_every_page_explains_its_symbols_and_names_source_and_function(page):
    formulas = part_of(page, "formulas").FORMULAS
    for entry, formula in zip(sheet_entries(formulas), formulas, strict=True):
        assert entry["tips"], entry["latex"]
        assert entry["latex"].count("{") == entry["latex"].count("}")
        assert "_{}" not in entry["latex"]  # an index that has been cut off
        dated = re.search(r"\((\w+ )?\d{4}\)|elementary|symmetry", formula.source)
        assert dated, (formula.latex, formula.source)
        assert callable(pkgutil.resolve_name(formula.code)), formula.code
