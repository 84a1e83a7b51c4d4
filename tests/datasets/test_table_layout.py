"""Tables as people have them: each is read as its author meant it, or refused with the remedy.

The same numbers are written in many ways; all of them must give the same data set, through the
library and through the reader of the pages.
"""

import io

import numpy as np
import pytest
from test_uci_datasets import made_banknote, made_fires, made_sonar

from jntk_viz.datasets import load_csv, load_dataset, uploads
from jntk_viz.datasets.tables import TableError
from jntk_viz.datasets.uci import FILES

VALUES = [(f"{(7 * i) % 11}.5", f"{(i * i) % 7}.25", "ab"[i % 2]) for i in range(12)]


def table(header="a,b,label", row="{a},{b},{k}", end="\n", values=VALUES):
    """A header and twelve rows of two numbers and a label; `i` counts the rows from 0."""
    lines = [row.format(i=i, a=a, b=b, k=k) for i, (a, b, k) in enumerate(values)]
    return end.join([header, *lines, ""])


def german(values=VALUES):
    return [(a.replace(".", ","), b.replace(".", ","), k) for a, b, k in values]


def labelled(*labels):
    return [(a, b, labels[i % len(labels)]) for i, (a, b, _) in enumerate(VALUES)]


EXPECTED = load_csv(io.StringIO(table()), label="label")

READ = {
    "separators in quoted names": (table('"acid, g/l";"b, x";label', "{a};{b};{k}"), ""),
    "separators in names": (table("Temp, C;RH, %, max;label", "{a};{b};{k}"), ""),
    "the same with decimal commas": (
        table("Temp, C;RH, %;label", "{a};{b};{k}", values=german()), "decimal commas",
    ),
    "blanks before quotes": (table('"a, 1", "b", "label"', '"{a}", "{b}", "{k}"'), ""),
    "blanks after quotes": (table('"a, 1" , "b" , "label" ', '"{a}" , "{b}" , "{k}" '), ""),
    "sep=;": ("sep=;\n" + table("a;b;label", "{a};{b};{k}"), ""),
    "sep=; of Excel": ("\ufeffsep=;\r\n" + table("a;b;label", "{a};{b};{k}", "\r\n"), ""),
    "sep=|": ('"sep=|"\n' + table("a|b|label", "{a}|{b}|{k}"), ""),
    "index of pandas": (table(",a,b,label", "{i},{a},{b},{k}"), "(row names) left out"),
    "index read back": (table("Unnamed: 0,a,b,label", "{i},{a},{b},{k}"), "(row names) left out"),
    "row names of R": (table('"a","b","label"', '"{i}",{a},{b},"{k}"'), "(row names) left out"),
    "separator at line ends": (table("a,b,label,", "{a},{b},{k},"), "empty last column left out"),
    "separator after the header": (table("a,b,label,", "{a},{b},{k}"), "empty last column"),
    "separator after the rows": (table("a,b,label", "{a},{b},{k},"), "empty last column"),
    "read back": (table("a,b,label,Unnamed: 3", "{a},{b},{k},"), "empty last column"),
    "decimal commas": (table("a;b;label", "{a};{b};{k}", values=german()), "decimal commas read"),
    "decimal commas, tabs": (table("a\tb\tlabel", "{a}\t{b}\t{k}", values=german()), "commas read"),
    "decimal points, semicolons": (table("a;b;label", "{a};{b};{k}"), ""),
    "ends of lines of old Macs": (table(end="\r"), ""),
    "full-width digits": (table(row="{a}\uff10,{b},{k}"), ""),
    "minus of typesetters": (table(row="\u2212{a},\u2212{b},{k}"), ""),
    "blanks around labels": (table(row="{a},{b}, {k} "), ""),
}  # fmt: skip


@pytest.mark.parametrize("kind", READ)
def test_the_table_is_read_as_it_was_meant(kind):
    text, said = READ[kind]
    seen = uploads.look(text.encode())
    label = seen.names[-1]
    for data in (
        load_csv(io.BytesIO(text.encode()), label=label),
        load_csv(io.StringIO(text, newline=""), label=label),
        uploads.read(text.encode(), label=label),
    ):
        x = -data.x if "\u2212" in text else data.x
        np.testing.assert_allclose(x, EXPECTED.x, atol=1e-12)
        np.testing.assert_array_equal(data.y, EXPECTED.y)
        assert said in data.provenance
    assert uploads.likely_label(seen) == label
    assert data.names == tuple(seen.names[:-1])


HEADLESS = {
    "label last": (table(), 3),
    "label first": (table(row="{k},{a},{b}"), 1),
    "numbers only": (table(row="{a},{b},{i}", values=VALUES), 3),
    "decimal commas": (table(row="{a};{b};{k}", values=german()), 3),
    "missing cell": (table().replace("\n0.5,", "\n?,"), 3),
    "equal numbers": (table(row="0.5,0.5,{a},{b},{k}"), 5),
}


@pytest.mark.parametrize("kind", HEADLESS)
def test_a_table_without_header_is_refused_with_the_remedy(kind):
    text, position = HEADLESS[kind]
    text = text.partition("\n")[2]
    for label in ("label", "a", "R"):
        with pytest.raises(ValueError, match=f'header=False.*"column {position}"'):
            load_csv(io.StringIO(text), label=label)
    with pytest.raises(TableError, match=r"looks like a row") as error:
        uploads.look(text.encode())
    assert "'This file has no header'" in error.value.on_page
    if kind not in ("missing cell", "numbers only"):
        data = load_csv(io.StringIO(text), label=f"column {position}", header=False)
        np.testing.assert_array_equal(data.y, EXPECTED.y)
        assert "no header" in data.provenance


def test_no_row_of_sonar_is_lost(tmp_path):
    path = tmp_path / "sonar.all-data"
    path.write_text(made_sonar(21))
    with pytest.raises(ValueError, match=r"looks like a row of data.*column 61"):
        load_csv(path, label="R")
    data = load_csv(path, label="column 61", header=False, positive="M")
    assert data.x.shape == (21, 60)
    np.testing.assert_allclose(
        data.x, load_dataset("sonar", data_dir=tmp_path, download=False).x, atol=1e-12
    )


def test_names_of_numbers_are_names_if_one_says_so():
    text = table("0,1,2")
    with pytest.raises(ValueError, match="pass header=True"):
        load_csv(io.StringIO(text), label="2")
    data = load_csv(io.StringIO(text), label="2", header=True)
    np.testing.assert_array_equal(data.x, EXPECTED.x)
    assert load_csv(io.StringIO(table("0,1,label")), label="label").names == ("0", "1")
    with pytest.raises(ValueError, match="`header` must be"):
        load_csv(io.StringIO(text), label="2", header="yes")


REFUSED = {
    "decimal commas and points": (
        table("a;b;label", "{a};2,5;{k}"), ["line 2", "'2,5'", "decimal point"],
    ),
    "German thousands": (
        table("a;b;label", "1.00{i},5;{i};{k}"), ["line 2", "separators of thousands"],
    ),
    "English thousands": (table(row='"1,00{i}.5",{b},{k}'), ["line 2", "separators of thousands"]),
    "percent signs": (table(row="{a} %,{b},{k}"), ["'a'", "Remove the percent signs"]),
    "a missing number": (table().replace("0.5,", "NA,", 1), ["line 2", "missing", "fill it"]),
    "open quotes": (table(row='"{a},{b},{k}'), ["line 2", "quotation marks"]),
    "equal names": (table("a,a,label"), ["column 2", "'a'", "twice"]),
    "labels in two cases": (table(values=labelled("a", "b", "A ")), ["upper and lower case"]),
    "blanks": (table("a b label", " {a}   {b} {k}"), ["blanks", "delimiter=' '"]),
    "|": (table("a|b|label", "{a}|{b}|{k}"), ["line 1", "|", "delimiter='|'"]),
    "a comment above": ("# mine\n" + table(), ["line 1", "Remove lines above the header"]),
    "a comment with a comma": ("# mine, all\n" + table(), ["line 2", "comments (#)", "Remove"]),
    "a comment below": (table() + "# end\n", ["line 14", "comments (#)", "Remove"]),
    "a title": ("My measurements\n" + table(), ["line 1", "Remove lines above the header"]),
}  # fmt: skip
REFUSED |= {
    f"label {missing!r}": (
        table(values=labelled("1", missing)), ["line 3", "'label'", "Fill it or remove the row"],
    )
    for missing in ("NA", "NaN", "?", "null", "", "n/a", "#N/A", "<NA>")
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_not_read_is_refused_with_the_remedy(kind):
    text, words = REFUSED[kind]
    with pytest.raises(ValueError, match="`path`") as error:
        load_csv(io.StringIO(text), label="label")
    assert all(word in str(error.value) for word in words), error.value


@pytest.mark.parametrize("delimiter", [" ", "|", ":"])
def test_an_unusual_separator_is_read_when_named(delimiter):
    text = table(f"a{delimiter}b{delimiter}label", delimiter.join(["{a}", "{b}", "{k}"]))
    data = load_csv(io.StringIO(text), label="label", delimiter=delimiter)
    np.testing.assert_array_equal(data.x, EXPECTED.x)


def test_a_first_column_of_measurements_is_not_left_out_for_want_of_a_name():
    with pytest.raises(ValueError, match=r"line 1, column 1.*Name the column"):
        load_csv(io.StringIO(table(",b,label")), label="label")


# ---------------------------------------------------------------- classes

TREES = ("elm", "oak", "ash")
THREE = table(values=labelled(*TREES))


@pytest.mark.parametrize(
    ("labels", "options", "signs", "says"),
    [
        (TREES, {"classes": ("oak", "ash")}, {"oak": -1, "ash": 1}, "4 rows of elm left out"),
        (TREES, {"classes": ["ash", "oak"]}, {"oak": 1, "ash": -1}, "4 rows of elm left out"),
        (
            TREES, {"classes": ("ash", "oak"), "positive": "ash"},
            {"oak": -1, "ash": 1}, "oak is −1, ash is +1",
        ),
        (
            TREES, {"classes": "oak"}, {"oak": 1, "elm": -1, "ash": -1},
            "oak is +1, all others (ash, elm) are −1",
        ),
        (("1", "2.0", "3"), {"classes": 2}, {"1": -1, "2.0": 1, "3": -1}, "2 is +1"),
        (("1", "2.0", "3"), {"classes": np.array([3, 1])}, {"1": 1, "3": -1}, "4 rows of 2 left"),
        (("fire", "not fire"), {}, {"fire": -1, "not fire": 1}, "fire is −1"),
        (("fire", "not fire"), {"positive": "fire"}, {"fire": 1, "not fire": -1}, "fire is +1"),
        (("True", "False"), {"positive": False}, {"True": -1, "False": 1}, "False is +1"),
        (("1.0", "2.0", "2"), {}, {"1.0": -1, "2.0": 1, "2": 1}, "1 is −1, 2 is +1"),
        (("\u22121", "1"), {}, {"\u22121": -1, "1": 1}, "-1 is −1"),
    ],
)  # fmt: skip
def test_classes_are_chosen(labels, options, signs, says):
    values = labelled(*labels)
    data = load_csv(io.StringIO(table(values=values)), label="label", **options)
    expected = [signs[k] for _, _, k in values if k in signs]
    np.testing.assert_array_equal(data.y, expected)
    assert says in data.provenance
    kept = table(values=[row for row in values if row[2] in signs])
    rows = load_csv(io.StringIO(kept), label="label", **options).x  # standardised without the rest
    np.testing.assert_array_equal(data.x, rows)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, ["line 4", "'ash'", "3 classes", "classes=('elm', 'oak')", "classes='elm'"]),
        ({"positive": "oak"}, ["line 4", "3 classes"]),
        ({"classes": ("elm", "fir")}, ["`classes`", "'ash', 'elm', 'oak'", "'fir'"]),
        ({"classes": ("elm", "elm")}, ["`classes`", "two different values"]),
        ({"classes": ("elm", "oak", "ash")}, ["`classes`", "two different values"]),
        ({"classes": ()}, ["`classes`", "two different values"]),
        ({"classes": "oak", "positive": "elm"}, ["`positive`", "'oak' or left out"]),
        ({"classes": ("elm", "oak"), "positive": "ash"}, ["`positive`", "'elm' and 'oak'"]),
    ],
)
def test_classes_that_cannot_be_chosen(options, words):
    with pytest.raises(ValueError, match="`") as error:
        load_csv(io.StringIO(THREE), label="label", **options)
    assert all(word in str(error.value) for word in words), error.value


def test_a_column_of_many_values_is_no_label():
    with pytest.raises(ValueError, match="22 different values: choose the column"):
        load_csv(io.StringIO(table(row="{a},{b},{i}", values=VALUES[:11] * 2)), label="label")


# ---------------------------------------------------------------- files of UCI, saved again


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("banknote", made_banknote), ("sonar", made_sonar),
        ("algerian_forest_fires", made_fires),
    ],
)  # fmt: skip
def test_a_file_of_uci_that_a_spreadsheet_has_saved(name, make, tmp_path):
    """In a country of decimal commas. The cell that lost its comma was text and stays."""
    path = tmp_path / FILES[name].file
    path.write_text(make())
    expected = load_dataset(name, data_dir=tmp_path, download=False)
    text = make().replace(",", ";").replace(".", ",").replace("11,5 7", "11.5 7")
    path.write_text("sep=;\r\n" + text)
    np.testing.assert_array_equal(load_dataset(name, data_dir=tmp_path).x, expected.x)
