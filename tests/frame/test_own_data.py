"""A visitor's own table: preview, cost, messages, and that nothing of it outlives the session."""

import io

import numpy as np
import panel_material_ui as pmui
import param
import pytest

from jntk_viz.datasets import load_csv, load_dataset, uploads
from jntk_viz.datasets.angles import smallest_angle
from jntk_viz.engine import sources
from jntk_viz.frame.own_data import _OwnData
from jntk_viz.pages.robust_training import study as robust_training

TREES = "height,girth,shade,kind\n" + "".join(
    f"{np.cos(i):.3f},{np.sin(2 * i):.3f},{np.sin(i * i):.3f},{'oak' if i % 2 else 'elm'}\n"
    for i in range(24)
)


def entry(label, dataset):
    return label, len(dataset.y)


TABLE = sources.Sources(
    {"iris": ("Iris", 10)}, own=entry, points=lambda entry, dataset: len(dataset.y) // 2
)


class State(param.Parameterized):
    data = param.Selector(default="iris", objects={"Iris": "iris"})


@pytest.fixture
def own():
    """An open dialog; what was uploaded in it is forgotten at the end."""
    it = _OwnData(State(), TABLE, pmui.Dialog())
    yield it
    it._forget()


def upload(own, text, name="trees.csv"):
    send(own, text.encode(), name)


def send(own, data, name="trees.csv"):
    """As a browser sends a file."""
    own.file._handle_msg({"name": name, "data": data})


def shown_classes(own):
    return own.classes.minus.value, own.classes.plus.value


def message(own):
    return own.notice.pane.object if own.notice.pane.visible else ""


def test_a_table_is_previewed_priced_and_used(own):
    own.dialog.open = True
    upload(own, TREES)
    assert "24 rows, 4 columns" in own.preview.object
    assert own.preview.object.count("<tr>") == 6
    assert own.label.value == "kind"
    assert "N(1+d₀) = 48 rows" in own.cost.object  # 12 points of R³
    own.use.clicks += 1
    name = own._state.data
    assert not own.dialog.open
    assert "trees.csv (1)" in own._state.param.data.get_range()
    expected = load_csv(io.StringIO(TREES), label="kind")
    np.testing.assert_array_equal(sources.load(name).x, expected.x)
    assert sources.available(name)
    assert TABLE[name] == ("trees.csv", 24)
    assert TABLE["iris"] == ("Iris", 10)
    np.testing.assert_array_equal(sources.load("iris").x, load_dataset("iris").x)


def test_the_data_are_gone_when_the_session_ends(own):
    upload(own, TREES)
    own.use.clicks += 1
    name = own._state.data
    problem = robust_training.Problem(name, 1, "gelu", 0)
    robust_training.prepare(problem)
    assert robust_training.prepare.known(problem) is not None
    own._forget()
    with pytest.raises(ValueError, match="uploaded in another session"):
        sources.load(name)
    assert robust_training.prepare.known(problem) is None  # kernels of the table among them


def test_names_cannot_be_guessed():
    names = {sources.register("a", load_dataset("iris")) for _ in range(100)}
    assert len(names) == 100
    assert min(map(len, names)) >= 20
    for name in names:
        sources.forget(name)
    with pytest.raises(ValueError, match="Upload it again"):
        TABLE["own-0000000000000000"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"a,b,c\n", "rows of numbers below"),
        (b"PK\x03\x04" + b"x" * 100, "spreadsheet or an archive"),
        (b"a,b\n\xff\xfe,1\n", "line 2: expected UTF-8"),
        (b"a" * (uploads.MOST_BYTES + 1), "smaller than 2 MB"),
        (b"a,b\n" + b"1,2\n" * 20_000, "at most 5000 rows"),
        (b"a," * 300 + b"b\n" + b"1," * 300 + b"2\n", "at most 5000 rows and 200 columns"),
        (b'a,b\n"1,2\n', "quotation marks"),
    ],
)
def test_what_is_no_table_is_refused_before_it_is_read(content, says, own):
    send(own, content)
    assert says in message(own)
    assert not own.choices.visible
    assert not own.use.visible


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (TREES.replace("0.841", ""), "<code>table</code>, line 3, column &#x27;shade&#x27;"),
        (TREES + "1,2,3\n", "line 26"),
        (TREES.replace("elm", "oak"), "expected two values"),
        (TREES + "1,2,3,ash\n", "line 26, column &#x27;kind&#x27;"),
    ],
)
def test_a_malformed_row_is_named_and_the_table_is_not_used(text, says, own):
    upload(own, text)
    assert says in message(own)
    assert not own.use.visible
    assert own._state.data == "iris"
    upload(own, TREES)
    assert message(own) == ""
    assert own.use.visible


def test_formulas_and_tags_stay_text(own):
    upload(own, TREES.replace("height", "=HYPERLINK(1)").replace("girth", "<script>alert(1)"))
    assert "&lt;script&gt;alert(1)" in own.preview.object
    assert "<script" not in own.preview.object + own.cost.object


def test_the_label_column_can_be_chosen_and_others_left_out(own):
    rows = [line.split(",") for line in TREES.split()]
    upload(own, "\n".join(",".join([row[3], *row[:3]]) for row in rows))
    assert own.label.value == "kind"  # the only column with words
    own.label.value = "height"
    assert "line 2, column &#x27;kind&#x27;: expected a finite number" in message(own)
    own.label.value = "kind"
    assert own.use.visible
    own.ignore.value = ["shade"]
    assert "left out: shade" in own.cost.object
    own.use.clicks += 1
    assert sources.loading(own._state.data, {}) == (
        "jv.load_csv('trees.csv', label='kind', ignore=['shade'])"
    )


def test_a_stray_word_makes_no_column_of_classes_and_another_file_gets_its_own_proposal(own):
    upload(own, TREES.replace("\n0.540,", "\ntall,", 1))
    assert own.label.value == "kind"
    assert "expected a finite number" in message(own)
    upload(own, TREES.replace("kind", "tree").replace("shade", "kind"))
    assert own.label.value == "tree"
    own.label.value = "girth"  # the reader's own choice stays
    upload(own, TREES)
    assert own.label.value == "girth"


def test_a_file_without_header_is_kept_and_read_when_the_reader_says_so(own):
    upload(own, TREES.partition("\n")[2])
    assert "looks like a row of data. Tick &#x27;This file has no header&#x27;" in message(own)
    assert own.layout.visible
    assert not own.use.visible
    own.headless.value = True
    assert message(own) == ""
    assert "24 rows, 4 columns" in own.preview.object
    assert own.label.value == "column 4"
    own.use.clicks += 1
    assert sources.load(own._state.data).x.shape == (24, 3)
    assert sources.loading(own._state.data, {}) == (
        "jv.load_csv('trees.csv', label='column 4', header=False)"
    )
    upload(own, TREES)  # another file, which has one
    assert not own.headless.value
    assert own.label.value == "kind"
    assert message(own) == ""


def test_a_separator_is_offered_and_can_be_taken_back(own):
    upload(own, TREES.replace(",", "|"))
    assert "seem to be separated by |. Choose it as separator below." in message(own)
    own.separator.value = "|"
    assert message(own) == ""
    own.separator.value = ";"
    assert "there is only one" in message(own)
    assert own.layout.visible
    own.separator.value = "|"
    own.use.clicks += 1
    assert sources.loading(own._state.data, {}) == (
        "jv.load_csv('trees.csv', label='kind', delimiter='|')"
    )


def test_which_class_is_plus_one_is_shown_and_swapped(own):
    upload(own, TREES)
    assert "kind = elm is −1, oak is +1" in own.cost.object
    assert shown_classes(own) == ("elm", "oak")
    own.classes.swap.clicks += 1
    assert shown_classes(own) == ("oak", "elm")
    assert "kind = oak is −1, elm is +1" in own.cost.object
    own.classes.plus.value = "oak"  # the menu swaps them, too
    assert shown_classes(own) == ("elm", "oak")
    own.classes.minus.value = "oak"
    assert shown_classes(own) == ("oak", "elm")
    own.use.clicks += 1
    y = load_csv(io.StringIO(TREES), label="kind").y
    np.testing.assert_array_equal(sources.load(own._state.data).y, -y)
    assert "positive='elm'" in sources.loading(own._state.data, {})


def test_two_of_three_classes_or_one_against_the_rest(own):
    upload(own, TREES + "1,2,3,ash\n2,2,1,ash\n")
    assert "There are 3 classes" in message(own)
    assert "choose two of them below" in message(own)
    assert "ash (2 rows)" in own.classes.plus.options
    own.classes.plus.value = "ash"
    assert message(own) == ""
    assert "ash is +1, all others (elm, oak) are −1" in own.cost.object
    assert not own.classes.swap.visible
    own.classes.minus.value = "oak"
    assert "oak is −1, ash is +1, 12 rows of elm left out" in own.cost.object
    own.classes.swap.clicks += 1
    assert "ash is −1, oak is +1" in own.cost.object
    own.ignore.value = ["shade"]  # the choice stays
    own.use.clicks += 1
    assert sources.load(own._state.data).x.shape == (14, 2)
    assert "classes=('ash', 'oak')" in sources.loading(own._state.data, {})


@pytest.mark.parametrize("labels", ["10.0 9", "0.1 0.30000000000000004", "1e16 10000000000000002"])
def test_numbers_as_classes_are_found_again(labels, own):
    first, second = labels.split()
    upload(own, TREES.replace("elm", first).replace("oak", second))
    assert message(own) == ""
    own.classes.swap.clicks += 1
    assert message(own) == ""
    assert "positive" in own._options


def test_only_a_table_gets_the_green_tick(own):
    for data, says in {
        b"": "this file is empty",
        b"PK\x03\x04" + bytes(9): "spreadsheet",
        TREES.encode("utf-16"): "UTF-16",
    }.items():
        send(own, data)
        assert says in message(own)
        assert own.file.taken == ""
        send(own, TREES.encode())
        assert own.file.taken == "trees.csv"
        assert message(own) == ""
        assert "24 rows" in own.preview.object
    send(own, None)  # the browser found the file too long
    assert "smaller than 2 MB. Keep a sample" in message(own)
    assert own.file.taken == ""
    assert own.file.files == 7


def test_many_columns_are_reduced_to_principal_components(own):
    rng = np.random.default_rng(0)
    header = ",".join(f"c{i}" for i in range(30)) + ",kind\n"
    lines = [",".join(f"{v:.4f}" for v in row) + f",{i % 2}\n"
             for i, row in enumerate(rng.normal(size=(40, 30)))]  # fmt: skip
    upload(own, header + "".join(lines))
    assert own.components.visible
    assert "12 principal components kept" in own.cost.object
    own.components.value = 3
    own.use.clicks += 1
    dataset = sources.load(own._state.data)
    assert dataset.x.shape == (40, 3)
    assert sources.loading(own._state.data, {}) == (
        "jv.load_csv('trees.csv', label='kind', n_components=3)"
    )
    np.testing.assert_allclose(np.linalg.norm(dataset.x, axis=1), 1)


def test_nearly_parallel_rows_are_said(own):
    upload(own, TREES + "0.5,0.25,0.1,oak\n0.5,0.25,0.1,elm\n")
    assert "nearly parallel" in own.cost.object
    angle = 1e-5
    x = np.array([[1, 0], [np.cos(angle), np.sin(angle)], [0, 1]])
    assert smallest_angle(x) == pytest.approx(angle, rel=1e-6)
    assert smallest_angle(np.array([[1.0, 0], [-1, 0], [0, 1]])) == 0


def test_rows_with_gaps_are_left_out_when_the_reader_says_so(own):
    lines = TREES.splitlines()
    lines[2] = ",".join(["", *lines[2].split(",")[1:]])
    lines[5] = ",".join([*lines[5].split(",")[:-1], "NA"])
    upload(own, "\n".join(lines))
    assert own.gaps.visible
    assert own.gaps.label == "Leave out the 2 rows with gaps"
    assert "Or tick &#x27;Leave out the 2 rows with gaps&#x27; below" in message(own)
    assert not own.use.visible
    own.gaps.value = True
    assert message(own) == ""
    assert "2 rows with missing values left out" in own.cost.object
    own.ignore.value = [lines[0].split(",")[0]]  # its gap does not count any more
    assert own.gaps.label == "Leave out the 1 row with gaps"
    own.use.clicks += 1
    loading = sources.loading(own._state.data, {})
    assert "drop_missing=True" in loading
    upload(own, TREES)
    assert not own.gaps.visible
    assert not own.gaps.value


def test_a_column_that_numbers_the_rows_is_left_out_unless_the_reader_wants_it(own):
    head, *rows = TREES.splitlines()
    upload(own, "\n".join([f"Id,{head}", *(f"{i + 1},{row}" for i, row in enumerate(rows))]))
    assert own.ignore.value == ["Id"]
    assert "left out: Id" in own.cost.object
    own.ignore.value = []
    assert "left out" not in own.cost.object
    upload(own, TREES)
    assert own.ignore.value == []
