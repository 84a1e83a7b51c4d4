"""Tables that are none, too large, or made to do harm: a message, and nothing else happens."""

import ast
import gzip
import io
import time
import tracemalloc
import zipfile

import numpy as np
import panel_material_ui as pmui
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_own_data import TABLE, TREES, State, message, send, upload

from jntk_viz.datasets import load_csv, uploads
from jntk_viz.drawing.tables import csv_text
from jntk_viz.engine import sources
from jntk_viz.frame.own_data import MOST_TABLES, _OwnData
from jntk_viz.pages.eigenfeatures import script as eigenfeatures_script
from jntk_viz.pages.full_rank import script as full_rank_script
from jntk_viz.pages.full_rank import words as full_rank_text
from jntk_viz.pages.gp_convergence import script as gp_script
from jntk_viz.pages.jntk_constancy import script as jntk_constancy_script
from jntk_viz.pages.robust_training import script as robust_script
from jntk_viz.pages.robust_training import words as robust_training_text

SCRIPT = "<script>window.__pwned=1</script>"


@pytest.fixture
def own():
    it = _OwnData(State(), TABLE, pmui.Dialog())
    yield it
    it._forget()


def zip_bomb():
    """100 MB of zeros in 100 kB."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("table.csv", b"0" * 100_000_000)
    return packed.getvalue()


def many(rows, columns):
    header = ",".join(f"c{i}" for i in range(columns)) + "\n"
    return (header + ("1," * (columns - 1) + "2\n") * rows).encode()


REFUSED = {
    "zip bomb": (zip_bomb, "an archive"),
    "gzip": (lambda: gzip.compress(TREES.encode()), "an archive"),
    "NUL late": (lambda: TREES.encode() + b"1,2,3,\0oak\n", "binary"),
    "UTF-16": (lambda: TREES.encode("utf-16"), "UTF-16"),
    "UTF-16 without mark": (lambda: TREES.encode("utf-16-le"), "UTF-16"),
    "Latin-1": (lambda: TREES.encode() + "1,2,3,h\xeatre\n".encode("latin-1"), "line 26"),
    "a million rows": (lambda: b"a,b,y\n" + b"\n" * 1_000_000, "at most 5000 rows"),
    "a million rows, CR": (lambda: b"a,b,y\r" + b"\r" * 1_000_000, "at most 5000 rows"),
    "100,000 columns": (lambda: many(1, 100_000), "200 columns"),
    "too many cells": (lambda: many(4_000, 150), "250,000 cells"),
    "a line of 10 MB": (lambda: b"x" * 10_000_000, "smaller than 2 MB"),
    "a cell of 1 MB": (lambda: TREES.encode() + b"1" * 1_000_000 + b",2,3,oak\n", "line 26"),
    "empty": (lambda: b"\n\n \n", "header row"),
    "a mark only": (lambda: "\ufeff".encode(), "header row"),
    "commas": (lambda: b",,,,\n,,,,\n", "header row"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_a_table_is_refused_at_once_with_the_remedy(kind, own):
    make, says = REFUSED[kind]
    content = make()
    tracemalloc.start()
    began = time.process_time()
    send(own, content)
    seconds = time.process_time() - began
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert says in message(own)
    assert len(message(own)) < 600
    assert not own.use.visible
    assert seconds < 2
    assert most < 60e6


def test_the_largest_table_that_is_taken_is_read_within_seconds(own):
    rng = np.random.default_rng(0)
    rows, columns = uploads.MOST_ROWS, uploads.MOST_CELLS // uploads.MOST_ROWS
    values = rng.normal(size=(rows, columns - 1)).round(2)
    table = [",".join(f"c{i}" for i in range(columns))]
    table += [",".join(map(str, row)) + f",{i % 2}" for i, row in enumerate(values)]
    began = time.process_time()
    upload(own, "\n".join(table))
    assert time.process_time() - began < 10
    assert message(own) == ""
    assert f"{rows} rows, {columns} columns" in own.preview.object


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (TREES + "=cmd|' /C calc'!A0,2,3,oak\n", "line 26, column &#x27;height&#x27;"),
        (TREES + "1e999,2,3,oak\n", "line 26, column &#x27;height&#x27;: expected a finite number"),
        (TREES + "nan,2,3,oak\n", "got &#x27;nan&#x27;"),
        (TREES + "1,2\n", "line 26: expected 4 cells; got 2"),
        (TREES + '1,2,3,"oak\nelm"\n', "expected one of two values"),
        (TREES.replace("oak", "elm"), "expected two values"),
        ("height,kind\n1,a\n2,b\n", "two numeric columns"),
        ("a,b,y\n7,7,p\n7,7,q\n", "two numeric columns that vary"),
        (TREES + "1,2,3," + "x" * 50_000 + "\n", "…"),
    ],
)
def test_the_message_names_the_place_in_few_words(text, says, own):
    upload(own, text)
    assert says in message(own)
    assert len(message(own)) < 600
    assert not own.use.visible


def test_huge_and_tiny_numbers_do_not_overflow():
    """Near the ends of float64, where a square is infinite or zero."""
    lines = [f"{a}e{p},{b}e{q},{'ab'[i % 2]}" for i, (a, b, p, q) in enumerate(
        [(1.7, 3, 308, -320), (-1.2, 1, 308, -320), (0.3, 9, 308, -320), (1, 4, 308, -319)]
    )]  # fmt: skip
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        data = load_csv(io.StringIO("x,y,label\n" + "\n".join(lines)), label="label")
    np.testing.assert_allclose(np.linalg.norm(data.x, axis=1), 1)
    with np.errstate(over="raise", invalid="raise"):
        raw = load_csv(
            io.StringIO("x,y,label\n" + "\n".join(lines)), label="label", standardize=False
        )
    np.testing.assert_allclose(np.linalg.norm(raw.x, axis=1), 1)


HOSTILE = st.sampled_from([
    *(b"\xff\xfe", b"\xef\xbb\xbf", b"\0", b'"', b'""', b"\r", b"\n", b"\r\n", b",", b";", b"\t"),
    *(b"nan", b"1e308", b"-1e308", b"1e-320", b"=1+1", b"@SUM(A1)", b"PK\x03\x04", b"a", b"b"),
    *(b"1", b"-1", b"0", SCRIPT.encode(), "\u202e\u2028".encode()),
    *(b"x" * 200_000, b"1," * 300, b"\n" * 300),
])  # fmt: skip


@settings(max_examples=400)
@given(
    st.sampled_from([b"", b"a,b,y\n1,2,p\n3,5,q\n", b"a;b;y\n1;2;p\n3;5;q\n", TREES.encode()]),
    st.lists(HOSTILE | st.binary(max_size=8), max_size=12).map(b"".join),
)
def test_any_bytes_are_shown_escaped_and_read_or_refused(start, rest):
    """400 uploads through the dialog."""
    it = _OwnData(State(), TABLE, pmui.Dialog())
    send(it, start + rest, SCRIPT + ".csv")
    shown = "".join(pane.object or "" for pane in (it.preview, it.cost, it.notice.pane))
    assert "<script" not in shown
    assert shown.replace("\n", "").isprintable()
    assert len(it.notice.pane.object or "") < 700
    assert it.use.visible == (it._dataset is not None)
    if it._dataset is None:
        assert it.notice.pane.visible or not start + rest
    else:
        np.testing.assert_allclose(np.linalg.norm(it._dataset.x, axis=1), 1)


@pytest.mark.parametrize("data", [b"x" * (uploads.MOST_BYTES + 1), 10**12, [1] * 9, "a,b\n", None])
def test_more_than_the_limit_is_not_kept_whatever_the_browser_sends(data, own):
    """bytes(10**12) would be as many zeros."""
    send(own, data)
    assert "smaller than 2 MB" in message(own)
    assert own._content == b""
    upload(own, TREES)
    assert "24 rows, 4 columns" in own.preview.object
    assert message(own) == ""


def test_a_visitor_keeps_a_few_tables_only(own):
    for _ in range(MOST_TABLES + 1):
        upload(own, TREES)
        own.use.clicks += 1
    assert "At most 5 tables" in message(own)
    assert len(own._names) == MOST_TABLES


def test_another_session_cannot_name_the_table(own):
    from jntk_viz.frame.address import read_query

    upload(own, TREES)
    own.use.clicks += 1
    other = State()
    ignored = read_query(other, {"data": own._state.data})
    assert ignored[0].endswith("is none of iris")
    assert other.data == "iris"


FILE = """<img src=x onerror=a>'''\"\"\"\n{0.__class__}\\');__import__("os").system("false")#.csv"""


@pytest.fixture
def named_badly():
    """A table whose file and columns are named to break out of wherever they are written."""
    columns = TREES.replace("girth", '"<img src=x onerror=a>"').replace("shade", '"\');x("')
    dataset = load_csv(io.StringIO(columns), label="kind")
    name = sources.register(FILE, dataset, label="kind", ignore=["');x(\"", "{x}"])
    yield name
    sources.forget(name)


SCRIPTS = {
    "eigenfeatures": (eigenfeatures_script, {}),
    "full_rank": (full_rank_script, {}),
    "gp_convergence": (gp_script, {"view": "densities"}),
    "jntk_constancy": (jntk_constancy_script, {}),
    "robust_training": (robust_script, {}),
}


def state_with(state_types, page, name, **values):
    state = state_types[page]()
    state.param.data.objects = {**state.param.data.get_range(), "mine": name}
    state.param.update(data=name, **values)
    return state


@pytest.mark.parametrize("page", SCRIPTS)
def test_nothing_of_a_table_becomes_code_of_the_exported_program(page, named_badly, state_types):
    module, values = SCRIPTS[page]
    text = module.script(state_with(state_types, page, named_badly, **values))
    tree = ast.parse(text)
    loads = [
        node for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "load_csv"
    ]  # fmt: skip
    assert [ast.literal_eval(load.args[0]) for load in loads] == [FILE]
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert "__import__" not in names
    assert "onerror" not in (ast.get_docstring(tree) or "")


def test_nothing_of_a_table_becomes_html(named_badly, state_types):
    from types import SimpleNamespace

    state = state_with(state_types, "robust_training", named_badly)
    prepared = SimpleNamespace(
        train=sources.load(named_badly), test=sources.load(named_badly), basis=None
    )
    words = robust_training_text.about_data(state, prepared)
    assert "&lt;img src=x" in words
    assert "<img" not in words

    state = state_with(state_types, "full_rank", named_badly)
    spectrum = SimpleNamespace(eigenvalues=np.ones(4), rank=4)
    found = SimpleNamespace(
        problem=state.problem, spectra={(state.activation, state.depth): spectrum}
    )
    words = full_rank_text._matrix(state, found)
    assert "&lt;img src=x" in words
    assert "<img" not in words


def test_cells_that_a_spreadsheet_would_run_are_quoted():
    words = ["=1+1", "+cmd", "-x", "@SUM(A1)", "\tx", "-1.5", "+2", "plain"]
    lines = csv_text({"words": words}).splitlines()
    assert lines == ["words", "'=1+1", "'+cmd", "'-x", "'@SUM(A1)", "'\tx", "-1.5", "+2", "plain"]
