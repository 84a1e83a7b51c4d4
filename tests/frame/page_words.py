"""All words of a page, without a browser and before anything has been computed."""

import ast
import re
from pathlib import Path
from unittest import mock

import panel as pn

from jntk_viz import frame
from jntk_viz.frame import address, shell
from jntk_viz.frame.guide import live_plots
from jntk_viz.frame.presets import setting_names
from jntk_viz.frame.registry import part_of


def opened(name):
    """A page, and the function that begins its work; everything is then computed at once."""
    frame.use_theme()
    waiting = []
    with (
        mock.patch.object(address, "arguments_of_page", return_value={}),
        mock.patch.object(shell.pn.state, "onload", waiting.append),
    ):
        return part_of(name, "page").app(), waiting


def seen_words(page):
    """(place, words) of all that a page can say before anything has been computed."""
    state = page.state
    for name in setting_names(state):
        parameter = state.param[name]
        yield name, parameter.label or ""
        yield name, parameter.doc or ""
    for preset in page.presets:
        question = preset.predict
        asked = (question.title, question.question, question.explain) if question else ()
        for words in (preset.title, preset.say, *asked):
            yield preset.name, words
    for formula in page.content.formulas:
        for words in (formula.meaning, *formula.symbols.values()):
            yield formula.latex, words
    for plot in live_plots(page.body):
        for axis in plot.figure.axis:
            yield plot.title, axis.axis_label or ""
        yield plot.title, plot.title
    for pane in page.body.select(pn.pane.HTML):
        yield "a pane", re.sub("<[^>]*>", " ", str(pane.object))


def shown_words(page):
    """`seen_words`; on the page whose axes are those of its case, of every case."""
    yield from seen_words(page)
    if page.name_ == "breakdown":
        for case in page.state.param["case"].get_range().values():
            page.state.case = case
            yield from seen_words(page)


def written_words(name):
    """(place, words) of all sentences in a page's `words.py`, whichever state they are about."""
    module = part_of(name, "words")
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    named = (ast.Module, ast.FunctionDef, ast.ClassDef)
    docs = {id(node.body[0].value) for node in ast.walk(tree)
            if isinstance(node, named) and isinstance(node.body[0], ast.Expr)}  # fmt: skip
    for node in ast.walk(tree):
        constant = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if constant and id(node) not in docs:
            # Neither tags, whole or cut by a number that is put in, nor style sheets.
            words = re.sub(r"<[^<>]*(>|$)|^[^<>]*>|\{[^}]*\}", " ", node.value)
            if " " in words.strip() and not re.search(r"[a-z-]+: ?[^;]+;", words):
                yield "words.py", words
