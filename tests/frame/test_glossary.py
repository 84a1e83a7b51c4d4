"""The glossary: what it marks, and that it knows all that the pages say."""

import html
import re

import panel as pn
import pytest
from page_words import opened, shown_words, written_words

from jntk_viz import frame
from jntk_viz.frame.glossary import ABBREVIATIONS, GLOSSARY, SYMBOLS, TERM, Prose, marked

NAMES = [entry.name for entry in frame.pages()]
# What stands on pages and needs no explanation: articles, axes of a slice that say themselves what
# they are, meetings, file formats, names of data sets and of the library's functions.
PLAIN = {
    "a", "A", "I", "b", "i", "s", "dθ", "αα", "log₁₀", "arXiv", "ICML", "ICLR", "NeurIPS", "UCI",
    "CSV", "RobustDynamics", "JupyterLab",
}  # fmt: skip
_TOKEN = re.compile(r"[^\W\d_][\w*′″⊥∥]*")
_SIGN = re.compile("[\u0370-\u03ff₀-₉ₐ-ₜᵢᵣᵤᵥₘₙ⊥∥]")


def unexplained(words, pattern=TERM):
    """Abbreviations and symbols among words that neither the glossary nor `PLAIN` has."""
    rest = pattern.sub(" ", re.sub("&[a-z]+;|’s|'s|≈", " ", re.sub("<[^>]*>", " ", words)))
    return {token for token in _TOKEN.findall(rest) if _is_short(token)} - PLAIN


def _is_short(token):
    letters = sum(c.isalpha() and c not in "ᵃ" for c in token)
    return letters and (letters == 1 or _SIGN.search(token) or sum(map(str.isupper, token)) > 1)


def terms(html):
    return re.findall("<abbr[^>]*>(.*?)</abbr>", html)


def test_a_number_and_its_percent_sign_stay_on_one_line():
    pane = Prose("of <b>24</b> %, 100 %, and 5% of λ")
    sent = html.unescape(pane.get_root().text)
    assert re.sub("<[^>]*>", "", sent) == "of 24\xa0%, 100\xa0%, and 5% of λ"


def test_the_first_use_of_each_term_is_marked():
    words = marked("<b>λ = 0.1</b>, t = ∞: λₘᵢₙ of the JNTK; the JNTK’s λ, 2N/eₘₐₓ, ∂f/∂x₁, E φ².")
    assert terms(words) == ["λ", "t", "λₘᵢₙ", "JNTK", "N", "eₘₐₓ", "f", "x₁", "E", "φ"]
    assert f'title="{SYMBOLS["λₘᵢₙ"]}"' in words
    assert re.sub("<abbr[^>]*>|</abbr>", "", marked("<p id=e>PGD</p>")) == "<p id=e>PGD</p>"


def test_what_only_looks_like_a_term_is_not_marked():
    assert terms(marked("e.g. i.e. the end, x_1, don’t, ReLUs")) == []
    for name in ("a", "summary", "code", "button"):
        assert terms(marked(f"<{name}>JNTK</{name}> NTK")) == ["NTK"]
    assert terms(marked("λ and the JNTK", symbols=False)) == ["JNTK"]


def test_sentences_are_short_and_plain():
    for term, words in GLOSSARY.items():
        assert words.endswith("."), term
        assert words[0].isupper(), term
        assert len(words.split()) <= 40, term
    assert not ABBREVIATIONS.keys() & SYMBOLS.keys()


@pytest.mark.parametrize("name", NAMES)
def test_every_abbreviation_and_symbol_of_a_page_is_in_the_glossary(name):
    page, _ = opened(name)
    own = {w for f in page.content.formulas for w in (f.meaning, *f.symbols.values())}
    missing = {
        (token, words)
        for place, words in [*shown_words(page), *written_words(name)]
        # A formula's own list explains its symbols, with the meaning that they have there.
        for token in unexplained(words)
        if words not in own or sum(map(str.isupper, token)) > 1
    }
    assert missing == set()


@pytest.mark.parametrize("name", NAMES)
def test_all_words_that_have_terms_explain_them(name):
    page, _ = opened(name)
    panes = [page.headline.pane, *page._heading.select(pn.pane.HTML)]
    for pane in [*panes, *page.body.select(pn.pane.HTML)]:
        if not isinstance(pane, Prose):
            assert marked(str(pane.object)) == str(pane.object)
    for setting, widget in page.content.widgets.items():
        if setting in page.state.param:
            for term in TERM.findall(page.state.param[setting].doc or ""):
                assert GLOSSARY[term] in widget.description, setting
