"""Data sets: every loader, the user's CSV, and downloads that fail half-way.

The UCI files are not part of the project. Small made files with the same quirks are always read;
where JNTK_VIZ_DATA names a folder with the real ones, those are read as well.
"""

import http.server
import io
import os
import re
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import numpy as np
import pooch
import pytest
import sklearn.datasets
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.preprocessing import StandardScaler

from jntk_viz.datasets import (
    DATASETS,
    DatasetUnavailable,
    dataset_available,
    download,
    load_csv,
    load_dataset,
    normalize,
    train_test_split,
)
from jntk_viz.datasets.dataset import standardize_columns
from jntk_viz.datasets.uci import FILES

REAL_FOLDER = os.environ.get("JNTK_VIZ_DATA")
CLOSED_PORT = "http://127.0.0.1:9"  # nothing listens there: a test can never reach UCI


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """An empty cache folder, no folder in the environment, no way to the internet."""
    folder = tmp_path / "cache"
    monkeypatch.delenv("JNTK_VIZ_DATA", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(download, "cache_folder", lambda: folder)
    monkeypatch.setattr(download, "UCI", CLOSED_PORT)
    return folder


def made_fires(rows=12):
    """The format of the Algerian file, quirks included; the numbers are made up."""
    rng = np.random.default_rng(1)
    header = "day,month,year,Temperature, RH, Ws,Rain ,FFMC,DMC,DC,ISI,BUI,FWI,Classes  "
    lines = []
    for title in ["Northern Region Dataset ", "Southern Region Dataset"]:
        lines += [title + "," * 13, header]
        for i in range(rows):
            cells = [f"{x:g}" for x in rng.integers(10, 900, 10) / 10]
            label = "not fire   " if i % 3 else "fire   "
            lines.append(",".join([f"{i + 1:02d}", f"{6 + i % 4:02d}", "2012", *cells, label]))
        lines.append("," * 13)
    # The row that lost a comma: DC and ISI in one cell, and the last cell empty.
    lines[-2] = "14,07,2012,30,40,10,0.5,80.1,10.2,11.5 7,9.5,8.4,fire   ,"
    return "\r\n".join(lines) + "\r\n"


def made_banknote(rows=20):
    rng = np.random.default_rng(2)
    return "".join(
        ",".join([*(f"{v:.4f}" for v in rng.normal(size=4)), str(i % 2)]) + "\n"
        for i in range(rows)
    )


def made_sonar(rows=20):
    rng = np.random.default_rng(3)
    return "".join(
        ",".join([*(f"{v:.4f}" for v in rng.uniform(size=60)), "RM"[i % 2]]) + "\n"
        for i in range(rows)
    )


MADE = {"algerian_forest_fires": made_fires, "banknote": made_banknote, "sonar": made_sonar}


@pytest.fixture
def made_folder(tmp_path):
    folder = tmp_path / "made"
    folder.mkdir()
    for name, make in MADE.items():
        (folder / FILES[name].file).write_bytes(make().encode())
    return folder


@pytest.fixture(params=["made", "real"] if REAL_FOLDER else ["made"])
def uci_folder(request, made_folder):
    return made_folder if request.param == "made" else Path(REAL_FOLDER)


def assert_two_classes_on_sphere(data):
    assert data.x.dtype == data.y.dtype == np.float64
    assert data.x.shape == (len(data.y), len(data.names))
    np.testing.assert_allclose(np.linalg.norm(data.x, axis=1), 1, atol=1e-12)
    assert set(data.y) == {-1.0, 1.0}
    assert data._fields == ("x", "y", "names", "provenance")
    assert isinstance(data.names, tuple)
    assert all(isinstance(name, str) for name in data.names)
    assert "−1" in data.provenance
    assert "+1" in data.provenance
    assert data.provenance.endswith(".")


# ---------------------------------------------------------------- every loader


@pytest.mark.parametrize(
    ("name", "options", "shape", "positive"),
    [
        ("iris", {}, (100, 4), 50),
        ("wine", {}, (130, 13), 71),
        ("breast_cancer", {}, (569, 30), 212),
        ("breast_cancer", {"n_components": 5}, (569, 5), 212),
        ("digits", {}, (357, 64), 174),
        ("digits", {"classes": (9, 4)}, (361, 64), 181),
        ("digits", {"standardize": True}, (357, 54), 174),
        ("circle", {}, (33, 2), 17),
        ("circle", {"n": 40, "frequency": 3}, (40, 2), 20),
        ("sphere", {}, (256, 4), None),
        ("sphere", {"n": 20, "d0": 2, "seed": 3}, (20, 2), None),
        ("sphere", {"n": 8, "d0": 4}, (8, 4), None),
    ],
)
def test_made_and_bundled_sets(name, options, shape, positive):
    data = load_dataset(name, **options)
    assert_two_classes_on_sphere(data)
    assert data.x.shape == shape
    assert positive is None or (data.y > 0).sum() == positive


@pytest.mark.parametrize("name", MADE)
def test_uci_sets_from_a_folder(name, uci_folder):
    data = load_dataset(name, data_dir=uci_folder, download=False)
    assert_two_classes_on_sphere(data)
    assert "CC BY 4.0" in data.provenance
    if uci_folder == Path(REAL_FOLDER or "none"):
        shape = {"algerian_forest_fires": (244, 11), "banknote": (1372, 4), "sonar": (208, 60)}
        positive = {"algerian_forest_fires": 138, "banknote": 610, "sonar": 111}
        assert data.x.shape == shape[name]
        assert (data.y > 0).sum() == positive[name]
        assert "numbers differ" not in data.provenance
    else:
        assert "numbers differ" in data.provenance
        assert data.y[:2].tolist() == ([1, -1] if name == "algerian_forest_fires" else [-1, 1])


def test_one_row_of_the_fires_is_repaired_or_dropped(uci_folder):
    whole = load_dataset("algerian_forest_fires", data_dir=uci_folder)
    fewer = load_dataset("algerian_forest_fires", data_dir=uci_folder, drop_malformed=True)
    assert len(whole.y) - len(fewer.y) == 1
    assert "lost comma repaired" in whole.provenance
    assert "lost comma left out" in fewer.provenance
    assert whole.names[:3] == ("month", "Temperature", "RH")
    assert whole.names[-1] == "FWI"


def test_fires_are_standardised_month_and_weather(made_folder):
    lines = [line.split(",") for line in made_fires().replace("11.5 7", "11.5,7").splitlines()]
    rows = [[c.strip() for c in line[:14]] for line in lines if line[0].strip().isdigit()]
    raw = np.array([[float(c) for c in [r[1], *r[3:13]]] for r in rows])
    expected = StandardScaler().fit_transform(raw)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    data = load_dataset("algerian_forest_fires", data_dir=made_folder)
    np.testing.assert_allclose(data.x, expected, atol=1e-12)
    np.testing.assert_array_equal(data.y > 0, [row[13] == "fire" for row in rows])


def test_iris_is_standardised():
    table = sklearn.datasets.load_iris()
    expected = StandardScaler().fit_transform(table.data[50:])
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    data = load_dataset("iris")
    np.testing.assert_allclose(data.x, expected, atol=1e-12)
    np.testing.assert_array_equal(data.y, [-1.0] * 50 + [1.0] * 50)


def test_all_principal_components_are_a_rotation():
    full = load_dataset("breast_cancer").x
    rotated = load_dataset("breast_cancer", n_components=30).x
    np.testing.assert_allclose(rotated @ rotated.T, full @ full.T, atol=1e-10)


def test_digits_keep_the_unit_of_the_pixels():
    table = sklearn.datasets.load_digits()
    eights = np.isin(table.target, [3, 8])
    difference = table.data[eights] - table.data[eights].mean(axis=0)
    data = load_dataset("digits")
    cosine = np.sum(data.x * difference, axis=1) / np.linalg.norm(difference, axis=1)
    np.testing.assert_allclose(cosine, 1, atol=1e-12)
    np.testing.assert_array_equal(data.y > 0, table.target[eights] == 8)


# ---------------------------------------------------------------- circle and sphere


@pytest.mark.parametrize("n", [9, 33, 101])
@pytest.mark.parametrize("frequency", [1, 2, 4])
def test_circle_has_even_gaps_alternating_arcs_and_no_antipodes(n, frequency):
    x, y, _, _ = load_dataset("circle", n=n, frequency=frequency)
    angle = np.unwrap(np.arctan2(x[:, 1], x[:, 0]))
    np.testing.assert_allclose(np.diff(angle), 2 * np.pi / n, atol=1e-12)
    np.testing.assert_array_equal(y, np.sign(np.cos(frequency * angle)))
    assert (y != np.roll(y, 1)).sum() == 2 * frequency
    assert (x @ x.T).min() > -1 + 1e-6


def test_circle_points_on_a_boundary_belong_to_the_arc_that_begins_there():
    np.testing.assert_array_equal(load_dataset("circle", n=8).y, [1, 1, -1, -1, -1, -1, 1, 1])


@pytest.mark.parametrize(("n", "d0", "separation", "reach"), [(256, 4, 22, 21), (64, 3, 22, 19)])
def test_sphere_is_covered_evenly(n, d0, separation, reach):
    """Degrees between nearest points and from anywhere to the nearest point.

    Random points have 2.5 (1.1) and 31 (35): this cannot pass without the spreading.
    """
    x = load_dataset("sphere", n=n, d0=d0).x
    cosines = x @ x.T - 2 * np.eye(n)
    assert np.degrees(np.arccos(cosines.max())) > separation
    probes = normalize(np.random.default_rng(0).standard_normal((20_000, d0)))
    assert np.degrees(np.arccos((probes @ x.T).max(axis=1).min())) < reach
    np.testing.assert_allclose(x.mean(axis=0), 0, atol=1e-3)
    np.testing.assert_allclose(x.T @ x / n, np.eye(d0) / d0, atol=1e-3)


def test_sphere_labels_and_seeds():
    first, again, other = (load_dataset("sphere", n=50, seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(first.x, again.x)
    assert np.abs(first.x - other.x).max() > 0.1
    np.testing.assert_array_equal(first.y, np.sign(first.x[:, 0] * first.x[:, 1]))


# ---------------------------------------------------------------- unit rows, columns, splits


@given(hnp.arrays(np.float64, (3, 2), elements=st.floats(-1e300, 1e300).filter(bool)))
def test_normalize_gives_unit_rows_in_the_same_direction(x):
    unit = normalize(x)
    np.testing.assert_allclose(np.linalg.norm(unit, axis=1), 1, atol=1e-12)
    np.testing.assert_array_equal(np.sign(unit) * np.sign(x) >= 0, True)


@pytest.mark.parametrize(
    ("x", "words"),
    [
        ([[1.0, 2], [0, 0]], ["`x`", "row 1", "zero"]),
        ([[1.0, 2], [3, np.nan]], ["`x`", "row 1", "nan"]),
        ([[np.inf, 2], [3, 1]], ["`x`", "row 0", "inf"]),
        ([1.0, 2], ["`x`", "shape"]),
        (np.ones((2, 2, 2)), ["`x`", "shape"]),
        (np.ones((0, 2)), ["`x`", "shape"]),
    ],
)
def test_normalize_refuses(x, words):
    with pytest.raises(ValueError, match="`x`") as error:
        normalize(x)
    assert all(word in str(error.value) for word in words)


def test_standardize_drops_columns_that_differ_only_by_rounding():
    sums = [0.1 + 0.2, 0.3, 0.3]
    z, kept, dropped = standardize_columns(
        np.column_stack([sums, [1.0, 2, 4], [5.0, 5, 5]]), ["sum", "varies", "five"]
    )
    assert (kept, dropped) == (("varies",), ("sum", "five"))
    np.testing.assert_allclose([z.mean(), z.std()], [0, 1], atol=1e-12)


def test_split_keeps_class_shares_and_loses_no_row():
    data = load_dataset("wine")
    train, test = train_test_split(data, test_fraction=0.3, seed=4)
    assert len(test.y) == 39
    assert abs((train.y > 0).mean() - (test.y > 0).mean()) < 0.02
    rows = np.vstack([train.x, test.x])
    np.testing.assert_array_equal(np.unique(rows, axis=0), np.unique(data.x, axis=0))
    again, _ = train_test_split(data, test_fraction=0.3, seed=4)
    np.testing.assert_array_equal(again.x, train.x)
    assert "Training part: 91 of 130 rows" in train.provenance
    _, seven = train_test_split(load_dataset("iris"), test_fraction=0.07)
    assert len(seven.y) == 7
    for part in (train, test):
        assert_two_classes_on_sphere(part)


@pytest.mark.parametrize("fraction", [0, 1, -0.5, 1.5, "half", float("nan"), 0.001])
def test_split_refuses(fraction):
    with pytest.raises(ValueError, match="`test_fraction`"):
        train_test_split(load_dataset("iris"), test_fraction=fraction)


# ---------------------------------------------------------------- names and options


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("irises", {}, ["`name`", "'iris'", "'sonar'", "'irises'"]),
        ("iris", {"n": 3}, ["`n`", "options: none"]),
        ("digits", {"classs": (1, 2)}, ["`classs`", "classes, standardize"]),
        ("sonar", {"n": 3}, ["`n`", "data_dir, download"]),
        ("csv", {"path": "x.csv"}, ["`label`", "must be given"]),
        ("circle", {"n": 2}, ["`n`", "at least 3"]),
        ("circle", {"n": 10, "frequency": 6}, ["`frequency`", "at most n/2"]),
        ("circle", {"n": 5.5}, ["`n`", "integer"]),
        ("sphere", {"d0": 1}, ["`d0`", "at least 2"]),
        ("sphere", {"n": 10**6}, ["`n`", "4096"]),
        ("sphere", {"seed": -1}, ["`seed`"]),
        ("breast_cancer", {"n_components": 31}, ["`n_components`", "2 to 30"]),
        ("breast_cancer", {"n_components": 1}, ["`n_components`", "at least 2"]),
        ("digits", {"classes": (3, 3)}, ["`classes`", "two different digits"]),
        ("digits", {"classes": (3, 10)}, ["`classes`", "0 to 9"]),
        ("digits", {"classes": 3}, ["`classes`", "two different digits"]),
        ("digits", {"classes": (1, 2, 3)}, ["`classes`", "two different digits"]),
    ],
)
def test_bad_names_and_options(name, options, words):
    with pytest.raises(ValueError, match="`") as error:
        load_dataset(name, **options)
    assert all(word in str(error.value) for word in words), error.value


def test_what_is_available_without_the_network(made_folder, cache, monkeypatch):
    without_folder = {name: dataset_available(name) for name in DATASETS}
    needs_file = {"algerian_forest_fires", "banknote", "sonar", "csv"}
    assert without_folder == {name: name not in needs_file for name in DATASETS}
    assert {name for name in DATASETS if DATASETS[name].needs_download} == needs_file - {"csv"}
    assert all(dataset_available(name, made_folder) for name in MADE)
    assert not dataset_available("sonar", made_folder / "absent")
    cache.mkdir()
    (cache / "sonar.all-data").write_text(made_sonar())
    assert dataset_available("sonar")
    monkeypatch.setenv("JNTK_VIZ_DATA", str(made_folder))
    assert dataset_available("banknote")
    assert_two_classes_on_sphere(load_dataset("banknote"))


def test_importing_and_bundled_data_need_no_network():
    code = (
        "import socket\n"
        "def refuse(*a): raise AssertionError('network')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "from jntk_viz.datasets import *\n"
        "load_dataset('iris'), [dataset_available(name) for name in DATASETS]\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


# ---------------------------------------------------------------- broken UCI files


@pytest.mark.parametrize(
    ("name", "spoil", "words"),
    [
        ("banknote", lambda t: t.replace("\n", "\n1,2,3,0\n", 1), ["line 2", "5 cells", "'class'"]),
        ("banknote", lambda t: t + "1,2,x,4,0\n", ["line 21", "'curtosis'", "'x'"]),
        ("banknote", lambda t: t + "1,2,nan,4,0\n", ["line 21", "'curtosis'", "finite"]),
        ("banknote", lambda t: t + "1,2,3,4,2\n", ["line 21", "'class'", "'0', '1'", "'2'"]),
        ("banknote", lambda t: "", ["both classes", "0 rows"]),
        ("sonar", lambda t: t.replace(",M", ",R"), ["both classes"]),
        ("sonar", lambda t: t.replace(",R", ",0.5,R", 1), ["line 1", "61 cells", "'R'"]),
        ("algerian_forest_fires", lambda t: t.replace("2012,", "2012,hot", 1), ["line 3", "Temp"]),
        ("algerian_forest_fires", lambda t: t.replace("11.5 7", "11.5 x"), ["line 29", "'DC'"]),
        (
            "algerian_forest_fires",
            lambda t: t.replace("fire   ", "maybe", 1),
            ["line 3", "'maybe'"],
        ),
        (
            "algerian_forest_fires",
            lambda t: t.replace(" RH,", "", 1),
            ["line 2", "Temperature, RH"],
        ),
        ("algerian_forest_fires", lambda t: t.split("\n", 2)[2], ["line 1", "header"]),
        ("algerian_forest_fires", lambda t: t.replace(",", ";"), ["line 1", "header"]),
        ("algerian_forest_fires", lambda t: t + "14,07\r\n", ["line 31", "14 cells", "'year'"]),
    ],
)
def test_a_broken_row_is_reported_with_its_place(name, spoil, words, made_folder):
    path = made_folder / FILES[name].file
    path.write_bytes(spoil(path.read_bytes().decode()).encode())
    with pytest.raises(ValueError, match="expected") as error:
        load_dataset(name, data_dir=made_folder)
    assert all(word in str(error.value) for word in [str(path), *words]), error.value


# ---------------------------------------------------------------- downloads


def archive(name, text):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("about.txt", "notes " * 50)
        opened.writestr(f"folder/{name}", text)
    return buffer.getvalue()


@pytest.fixture
def uci_server(monkeypatch):
    """A web server in UCI's place. Its `answer` is (status, promised length, bytes sent)."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            server.asked.append(self.path)
            status, length, body = server.answer
            self.send_response(status)
            if length is not None:
                self.send_header("Content-Length", str(length))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            """Quiet."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.asked = []
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        monkeypatch.setattr(download, "UCI", f"http://127.0.0.1:{server.server_port}")
        yield server
        server.shutdown()
        thread.join()


def assert_says_how_to_go_on(error, name):
    message = str(error.value)
    for part in [FILES[name].file, "data_dir=", "JNTK_VIZ_DATA", FILES[name].page, name]:
        assert part in message, message


@pytest.mark.parametrize("name", MADE)
@pytest.mark.filterwarnings("ignore:.*other numbers than the UCI file")
def test_a_download_is_kept_for_the_next_call(name, uci_server, cache, monkeypatch):
    body = archive(FILES[name].file, MADE[name]())
    uci_server.answer = (200, len(body), body)
    first = load_dataset(name)
    assert uci_server.asked == [f"/static/public/{FILES[name].location}.zip"]
    assert [p.name for p in cache.iterdir()] == [FILES[name].file]
    monkeypatch.setattr(download, "UCI", CLOSED_PORT)
    second = load_dataset(name)
    np.testing.assert_array_equal(first.x, second.x)
    assert len(uci_server.asked) == 1
    assert_two_classes_on_sphere(second)


def test_other_numbers_than_known_are_told(uci_server):
    body = archive("sonar.all-data", made_sonar())
    uci_server.answer = (200, len(body), body)
    with pytest.warns(UserWarning, match="other numbers than the UCI file"):
        data = load_dataset("sonar")
    assert "numbers differ" in data.provenance


GOOD = archive("sonar.all-data", made_sonar())
BROKEN_ANSWERS = {
    "cut half-way": (200, len(GOOD), GOOD[: len(GOOD) // 2]),
    "cut half-way, length not told": (200, None, GOOD[: len(GOOD) // 2]),
    "a byte flipped": (200, len(GOOD), GOOD[:500] + bytes([GOOD[500] ^ 255]) + GOOD[501:]),
    "a login page": (200, 12, b"<html>please"),
    "gone": (404, 0, b""),
    "another archive": (200, None, archive("other.csv", "1,2")),
    "half a table in a whole archive": (200, None, archive("sonar.all-data", made_sonar()[:-9])),
}


@pytest.mark.parametrize("case", BROKEN_ANSWERS)
def test_a_broken_download_leaves_no_file_and_says_how_to_go_on(case, uci_server, cache):
    uci_server.answer = BROKEN_ANSWERS[case]
    with pytest.raises(DatasetUnavailable) as error:
        load_dataset("sonar")
    assert_says_how_to_go_on(error, "sonar")
    assert list(cache.rglob("*")) == []
    assert not dataset_available("sonar")
    uci_server.answer = (200, len(GOOD), GOOD)
    with pytest.warns(UserWarning, match="other numbers"):
        assert len(load_dataset("sonar").y) == 20


def test_ctrl_c_during_a_download_leaves_no_file(cache, monkeypatch):
    def interrupted(self, url, output_file, pooch):
        Path(output_file).write_bytes(GOOD[:100])
        raise KeyboardInterrupt

    monkeypatch.setattr(pooch.HTTPDownloader, "__call__", interrupted)
    with pytest.raises(KeyboardInterrupt):
        load_dataset("sonar")
    assert list(cache.rglob("*")) == []


def test_a_disk_that_is_full_leaves_no_half_file(uci_server, cache, monkeypatch):
    def full(path, raw):
        with path.open("wb") as opened:
            opened.write(raw[: len(raw) // 2])
        raise OSError(28, "No space left on device")

    uci_server.answer = (200, len(GOOD), GOOD)
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(DatasetUnavailable, match="No space left") as error:
        load_dataset("sonar")
    assert_says_how_to_go_on(error, "sonar")
    assert list(cache.rglob("*")) == []


def test_nobody_answers():
    with pytest.raises(DatasetUnavailable) as error:
        load_dataset("banknote")
    assert_says_how_to_go_on(error, "banknote")


def test_a_cache_folder_that_cannot_be_made(cache):
    cache.write_text("a file in the place of the folder")
    with pytest.raises(DatasetUnavailable) as error:
        load_dataset("banknote")
    assert_says_how_to_go_on(error, "banknote")


def test_without_download_nothing_is_asked(uci_server, tmp_path):
    uci_server.answer = (200, len(GOOD), GOOD)
    for folder in (None, tmp_path):
        with pytest.raises(DatasetUnavailable) as error:
            load_dataset("sonar", data_dir=folder, download=False)
        assert_says_how_to_go_on(error, "sonar")
        assert str(folder or "cache") in str(error.value)
    assert uci_server.asked == []


def test_the_folder_named_must_exist(tmp_path, monkeypatch, uci_server):
    uci_server.answer = (200, len(GOOD), GOOD)
    with pytest.raises(DatasetUnavailable, match="`data_dir` must be a folder"):
        load_dataset("sonar", data_dir=tmp_path / "absent")
    monkeypatch.setenv("JNTK_VIZ_DATA", str(tmp_path / "absent"))
    with pytest.raises(DatasetUnavailable, match="JNTK_VIZ_DATA must be a folder"):
        load_dataset("sonar")
    assert uci_server.asked == []


# ---------------------------------------------------------------- the user's own CSV

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
        (TREES.split("\n", 1)[1], {}, ["`label`", "columns are 1, 4, 7, oak"]),
        ("1,2\n3,4\n", {"label": "2"}, ["line 1", "header row"]),
        (TREES.replace(",", "|"), {}, ["line 1", "separated by comma, semicolon or tab"]),
        (TREES, {"label": "sort"}, ["`label`", "'sort'", "height, girth, plot, kind"]),
        (TREES, {"ignore": ["plott"]}, ["`ignore`", "'plott'"]),
        (TREES, {"ignore": ["height", "girth", "plot"]}, ["two numeric columns", "none"]),
        (TREES, {"ignore": ["height", "girth"]}, ["two numeric columns", "got plot"]),
        (TREES, {"ignore": "height"}, ["two numeric columns that vary", "got 1"]),
        (TREES, {"positive": "ash"}, ["`positive`", "'elm' and 'oak'", "'ash'"]),
        (TREES, {"delimiter": ",,"}, ["`delimiter`"]),
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
        (TREES.encode("utf-16"), ["line 1", "UTF-8"]),
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
