"""Tables of UCI: their quirks, broken rows, and downloads that fail half-way.

The files are not part of the project. Small made files with the same quirks are always read; where
JNTK_VIZ_DATA names a folder with the real ones, those are read as well.
"""

import http.server
import io
import os
import subprocess
import sys
import threading
import time
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pooch
import pytest
from dataset_checks import assert_two_classes_on_sphere
from sklearn.preprocessing import StandardScaler

from jntk_viz.datasets import (
    DATASETS,
    DatasetUnavailable,
    dataset_available,
    download,
    load_dataset,
)
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
    """A web server in UCI's place. Its `answer` is (status, promised length, bytes sent).

    It waits half-way until `go_on` is set.
    """

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            server.asked.append(self.path)
            status, length, body = server.answer
            self.send_response(status)
            if length is not None:
                self.send_header("Content-Length", str(length))
            self.end_headers()
            half = len(body) // 2
            self.wfile.write(body[:half])
            self.wfile.flush()
            server.go_on.wait(20)
            with suppress(ConnectionError):  # whoever asked has given up
                self.wfile.write(body[half:])

        def log_message(self, *args):
            """Quiet."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.asked, server.go_on = [], threading.Event()
        server.go_on.set()
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


def test_a_download_that_stalls_is_given_up_and_the_next_try_works(uci_server, cache, monkeypatch):
    monkeypatch.setattr(download, "_TIMEOUT", (1, 0.3))
    uci_server.answer = (200, len(GOOD), GOOD)
    uci_server.go_on.clear()  # after half of it
    start = time.monotonic()
    with pytest.raises(DatasetUnavailable, match="timed out") as error:
        load_dataset("sonar")
    assert time.monotonic() - start < 10
    uci_server.go_on.set()
    assert_says_how_to_go_on(error, "sonar")
    assert list(cache.rglob("*")) == []
    with pytest.warns(UserWarning, match="other numbers"):
        assert len(load_dataset("sonar").y) == 20


def test_the_time_limits_are_those_of_a_patient_reader():
    assert all(0 < seconds <= 60 for seconds in download._TIMEOUT)


def damaged(cache):
    cache.mkdir()
    (cache / "sonar.all-data").write_text(made_sonar()[:-9])
    return cache / "sonar.all-data"


@pytest.mark.filterwarnings("ignore:.*other numbers than the UCI file")
def test_a_damaged_file_in_the_cache_is_downloaded_again(uci_server, cache):
    file = damaged(cache)
    uci_server.answer = (200, len(GOOD), GOOD)
    with pytest.warns(UserWarning, match=f"{file} is damaged"):
        assert len(load_dataset("sonar").y) == 20
    assert file.read_text() == made_sonar()


def test_a_damaged_file_is_named_where_it_cannot_be_downloaded_again(cache):
    file = damaged(cache)
    with pytest.raises(ValueError, match=str(file)):
        load_dataset("sonar", download=False)
    with pytest.warns(UserWarning, match=f"{file} is damaged"), pytest.raises(DatasetUnavailable):
        load_dataset("sonar")


def test_two_processes_download_the_same_at_the_same_time(uci_server, cache):
    uci_server.answer = (200, len(GOOD), GOOD)
    program = (
        "import sys; from pathlib import Path; "
        "from jntk_viz.datasets import download, load_dataset; "
        "download.UCI = sys.argv[1]; download.cache_folder = lambda: Path(sys.argv[2]); "
        "print(len(load_dataset('sonar').y))"
    )
    command = [sys.executable, "-W", "ignore", "-c", program, download.UCI, str(cache)]
    uci_server.go_on.clear()  # so that both have begun before either is finished
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    deadline = time.monotonic() + 60
    while len(uci_server.asked) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    uci_server.go_on.set()
    assert [run.communicate(timeout=60)[0].strip() for run in runs] == ["20", "20"]
    assert [file.name for file in cache.iterdir()] == ["sonar.all-data"]


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
