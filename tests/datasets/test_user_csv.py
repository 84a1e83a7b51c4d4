"""The user's own CSV: dialects, options, and complaints that name the line and the column."""

import io
import re
from functools import partial

import numpy as np
import pytest
from dataset_checks import assert_two_classes_on_sphere
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import StandardScaler

from jntk_viz.datasets import load_csv, load_dataset
from jntk_viz.datasets.layout import read_table
from jntk_viz.datasets.uploads import numbering

TREES = "height,girth,plot,kind\n1,4,7,oak\n2,3,7,elm\n3,7,7,oak\n5,5,7,elm\n"
EXPECTED = StandardScaler().fit_transform([[1, 4], [2, 3], [3, 7], [5, 5]])
EXPECTED /= np.linalg.norm(EXPECTED, axis=1, keepdims=True)


@pytest.mark.parametrize(
    "text",
    [
        TREES,
        TREES.replace(",", ";"),
        TREES.replace(",", "\t"),
        TREES.replace("\n", "\r\n"),
        TREES.replace("\n", "\r"),
        "\n" + TREES.replace("\n", "\n\n") + ",,,\n",
        "\ufeff" + TREES,
        TREES.replace(",", " , "),
        TREES.replace("oak", '"oak"').replace("height", '"height"'),
        TREES.replace("5,5,7,elm\n", "0.5e1,+5.0,7,elm"),
    ],
)
def test_csv_in_many_dialects(text, tmp_path):
    path = tmp_path / "trees.csv"
    path.write_bytes(text.encode())
    for source in (path, str(path), io.BytesIO(text.encode()), io.StringIO(text, newline="")):
        data = load_csv(source, label="kind")
        assert_two_classes_on_sphere(data)
        np.testing.assert_allclose(data.x, EXPECTED, atol=1e-12)
        np.testing.assert_array_equal(data.y, [1, -1, 1, -1])
        assert data.names == ("height", "girth")
        assert "constant columns dropped (plot)" in data.provenance
        assert "kind = elm is −1, oak is +1" in data.provenance
    assert "trees.csv" in load_dataset("csv", path=path, label="kind").provenance


def test_csv_options():
    numeric = TREES.replace("oak", "10").replace("elm", "9.0")
    np.testing.assert_array_equal(load_csv(io.StringIO(numeric), label="kind").y, [1, -1, 1, -1])
    for text, positive in [(TREES, "elm"), (numeric, 9), (numeric, "9")]:
        data = load_csv(io.StringIO(text), label="kind", positive=positive)
        np.testing.assert_array_equal(data.y, [-1, 1, -1, 1])
    raw = load_csv(io.StringIO(TREES), label="kind", standardize=False)
    np.testing.assert_allclose(raw.x[0], np.array([1, 4, 7]) / np.sqrt(66), atol=1e-12)
    text = re.sub(",7,(oak|elm)", r",north,\1", TREES)
    data = load_csv(io.StringIO(text), label="kind", ignore="plot")
    np.testing.assert_allclose(data.x, EXPECTED, atol=1e-12)
    assert "left out: plot" in data.provenance
    data = load_csv(io.StringIO(TREES), label="kind", n_components=2)
    assert data.x.shape == (len(data.y), 2)
    assert data.names == ("component 1", "component 2")
    assert "2 principal components kept" in data.provenance
    data = load_csv(io.StringIO(TREES.replace(",", "|")), label="kind", delimiter="|")
    np.testing.assert_allclose(data.x, EXPECTED, atol=1e-12)


def test_coinciding_points_are_told():
    data = load_csv(io.StringIO(TREES + "1,4,7,oak\n"), label="kind")
    assert data.provenance.endswith("unit norm, 1 of them coinciding with another.")
    assert "1 of them coinciding" in load_dataset("iris").provenance
    assert "coinciding" not in load_dataset("wine").provenance


def test_a_separator_inside_a_quoted_name_does_not_mislead():
    text = '"height, in m, in May, at noon";girth;kind\n1;4;a\n2;3;b\n'
    assert load_csv(io.StringIO(text), label="kind").names == (
        "height, in m, in May, at noon",
        "girth",
    )


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        (TREES + "1,2,3\n", {}, ["line 6", "4 cells", "got 3", "'kind'"]),
        (TREES + "1,2,3,oak,9\n", {}, ["line 6", "4 cells", "got 5", "'9'"]),
        (TREES + "1,tall,3,oak\n", {}, ["line 6", "'girth'", "'tall'", "number"]),
        (TREES + "1,=1+1,3,oak\n", {}, ["line 6", "'girth'", "'=1+1'"]),
        (TREES + "1,1_000,3,oak\n", {}, ["line 6", "'girth'", "'1_000'"]),
        (TREES + "1,,3,oak\n", {}, ["line 6", "'girth'", "empty"]),
        (TREES + "1,2,3,\n", {}, ["line 6", "'kind'", "empty"]),
        (TREES + "1,NaN,3,oak\n", {}, ["line 6", "'girth'", "'NaN'", "finite"]),
        (TREES + "1,-inf,3,oak\n", {}, ["line 6", "'girth'", "'-inf'", "finite"]),
        (TREES + '1,"2,5",3,oak\n', {}, ["line 6", "'girth'", "decimal point"]),
        (TREES + '1,"2"5,3,oak\n', {}, ["line 6", "quotation marks"]),
        (TREES + '1,2,3,"oak\n', {}, ["line 6", "quotation marks"]),
        (TREES + '"1\n",2,3,oak\n\n1,x,3,oak\n', {}, ["line 9", "'girth'"]),
        (TREES + "1,2,3,ash\n", {}, ["line 6", "'kind'", "oak and elm", "'ash'"]),
        (TREES.replace("elm", "oak"), {}, ["'kind'", "two values", "'oak'"]),
        (TREES.splitlines()[0], {}, ["rows of numbers", "none"]),
        ("", {}, ["empty"]),
        ("\n\n", {}, ["empty"]),
        (TREES.replace("girth", "height"), {}, ["line 1", "column 2", "'height'", "twice"]),
        (TREES.replace("girth", ""), {}, ["line 1", "column 2", "name"]),
        ("1,2\n3,4\n", {"label": "2"}, ["line 1", "header row", "header=False"]),
        (TREES.replace(",", "|"), {}, ["line 1", "separated by comma, semicolon or tab"]),
        (TREES, {"label": "sort"}, ["`label`", "'sort'", "height, girth, plot, kind"]),
        (TREES, {"ignore": ["plott"]}, ["`ignore`", "'plott'"]),
        (TREES, {"ignore": ["height", "girth", "plot"]}, ["two numeric columns", "none"]),
        (TREES, {"ignore": ["height", "girth"]}, ["two numeric columns", "got none"]),
        (TREES, {"ignore": "height"}, ["two numeric columns that vary", "got girth"]),
        ("a,b,y\n1,7,p\n1,7,q\n", {"label": "y"}, ["two numeric columns that vary", "none"]),
        (TREES, {"positive": "ash"}, ["`positive`", "'elm' and 'oak'", "'ash'"]),
        (TREES, {"delimiter": ",,"}, ["`delimiter`"]),
        (TREES, {"n_components": 3}, ["`n_components`", "2 to 2", "got 3"]),
        ("a,b,y\n1,5,p\n2,4,q\n3,3,p\n", {"label": "y"}, ["line 3", "mean of all rows"]),
        ("a,b,y\n1,2,p\n0,0,q\n", {"label": "y", "standardize": False}, ["line 3", "is zero"]),
    ],
)
def test_a_bad_csv_is_reported_with_its_place(text, options, words):
    with pytest.raises(ValueError, match="`") as error:
        load_csv(io.StringIO(text), **{"label": "kind", **options})
    assert all(word in str(error.value) for word in words), error.value


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (TREES.encode() + "1,2,3,hêtre\n".encode("latin-1"), ["line 6", "UTF-8"]),
        (TREES.encode("utf-16"), ["line 1", "UTF-16", "Save it as 'CSV UTF-8'"]),
        (TREES.encode("utf-16-be"), ["line 1", "UTF-16"]),
        (TREES.encode() + b"1,2,3,\0oak\n", ["line 6", "binary"]),
        (b"PK\x03\x04" + bytes(100), ["spreadsheet or an archive", ".xlsx", "'CSV UTF-8'"]),
    ],
)
def test_csv_in_another_encoding(raw, words):
    with pytest.raises(ValueError, match="UTF-8") as error:
        load_csv(io.BytesIO(raw), label="kind")
    assert all(word in str(error.value) for word in words), error.value


def test_csv_that_is_not_a_file(tmp_path):
    for path in (tmp_path / "absent.csv", tmp_path, b"a,b", None):
        with pytest.raises(ValueError, match="`path` must be a"):
            load_csv(path, label="kind")


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet='ab1.5,;\t\n\r" -eé\x00', max_size=60))
def test_any_text_is_either_read_or_refused_with_a_valueerror(text):
    try:
        data = load_csv(io.StringIO("a,b,y\n1,2,p\n3,5,q\n" + text, newline=""), label="y")
    except ValueError:
        return
    assert_two_classes_on_sphere(data)


def test_rows_with_missing_values_are_left_out_on_request_only():
    text = "a,b,note,kind\n1,2,,p\n,4,x,q\n3,1,y,?\n5,7,NA,q\n6,2,,p\n"
    read = partial(load_csv, label="kind", ignore="note")
    with pytest.raises(ValueError, match="line 3, column 'a'"):
        read(io.StringIO(text))
    dataset = read(io.StringIO(text), drop_missing=True)
    assert dataset.y.tolist() == [-1, 1, -1]
    assert "2 rows with missing values left out" in dataset.provenance
    complete = read(io.StringIO("a,b,note,kind\n1,2,,p\n5,7,,q\n6,2,,p\n"))
    np.testing.assert_array_equal(dataset.x, complete.x)
    assert "missing" not in complete.provenance
    empty = "a,b,c,kind\n1,2,,p\n5,7,,q\n"
    with pytest.raises(ValueError, match=r"every row has one.*`ignore`"):
        load_csv(io.StringIO(empty), label="kind", drop_missing=True)


def test_a_column_that_numbers_the_rows_is_recognised():
    names = ["id", "shuffled", "year", "repeated", "gap", "kind"]
    rows = ["1,3,2001.5,1,1,p", "2,1,2002.5,2,2,q", "3,2,2003.5,2,4,p", "4,4,2004,3,5,q"]
    table = read_table("\n".join([",".join(names), *rows]), "`path`")
    assert numbering(table) == ["id", "shuffled"]
