"""`jntk-viz reproduce`: what is kept, what is computed again, what is concluded and shown."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pandas as pd
import planted_studies
import psutil
import pyarrow.parquet as pq
import pytest

import jntk_viz
from jntk_viz import cli
from jntk_viz.reproduction import catalogue, nngp_claims, result
from jntk_viz.reproduction.finite_width_rates import FiniteWidthRates
from jntk_viz.reproduction.jntk_initialisation import JNTKInitialisation
from jntk_viz.reproduction.progress import Progress
from jntk_viz.reproduction.runner import interleaved, measure
from jntk_viz.reproduction.store import StudyFiles, origin_of
from jntk_viz.reproduction.study import FAILS, HOLDS, OPEN, Heatmap, judge


def run_here(study, folder, scale="tiny", tasks=None, measure=measure) -> StudyFiles:
    """Run tasks in this process, without Dask."""
    files = StudyFiles(folder, study, scale)
    for task in files.left if tasks is None else tasks:
        files.save(task, measure(study, task))
    return files


MEASURED: dict[str, object] = {}  # task of a real study -> what `measure` gave


def measured_before(study, task):
    """Result of a task of a real study, computed once in this process."""
    key = json.dumps([study.name, task], sort_keys=True)
    if key not in MEASURED:
        MEASURED[key] = measure(study, task)
    return MEASURED[key]


def drawn(charts) -> list:
    """The figures of the charts, None for those of which nothing is measured yet."""
    from jntk_viz.drawing import theme
    from jntk_viz.reproduction import report_pictures as reproduction

    theme.use_theme()
    return [reproduction.figure(chart) for chart in charts]


@pytest.fixture
def only(monkeypatch):
    """Let the register hold these studies and no others."""

    def replace(*studies):
        monkeypatch.setattr(catalogue, "STUDIES", studies)

    return replace


def reproduce(folder, *options):
    return cli.main(["reproduce", "--scale", "tiny", "--out", str(folder), "--quiet", *options])


@pytest.mark.parametrize("kind", catalogue.STUDIES, ids=lambda kind: kind.name)
def test_every_study_at_tiny_scale(kind, tmp_path):
    study = kind()
    files = run_here(study, tmp_path, measure=measured_before)
    table = files.table()
    assert not files.left
    assert len(table) >= len(files.tasks)
    for scale in ("tiny", "laptop", "paper"):
        tasks = study.tasks(scale)
        assert json.loads(json.dumps(tasks, allow_nan=False)) == tasks
        assert all(set(task) <= set(study.columns) for task in tasks)
        assert all(study.cost(task) > 0 for task in tasks)
    pd.testing.assert_frame_equal(table, StudyFiles(tmp_path, study, "tiny").table())
    again = run_here(study, tmp_path / "again", tasks=files.tasks[:1]).table()
    pd.testing.assert_frame_equal(again, table.iloc[: len(again)], check_dtype=False)

    concluded = result.conclude(files, "the command")
    assert concluded.sound, concluded.problem
    assert concluded.claims
    assert {claim.verdict for claim in concluded.claims} <= {HOLDS, FAILS, OPEN}
    for claim in concluded.claims:
        assert claim.statement
        assert claim.source
        assert claim.measured
    assert any(drawn(concluded.charts))
    assert all(chart.caption and chart.x_label and chart.y_label for chart in concluded.charts)


@pytest.mark.parametrize("kind", catalogue.STUDIES, ids=lambda kind: kind.name)
def test_no_rows_leave_every_claim_open(kind, tmp_path):
    study = kind()
    empty = StudyFiles(tmp_path, study, "tiny").table()
    claims = study.claims(empty)
    assert claims
    assert {claim.verdict for claim in claims} == {OPEN}
    drawn(study.charts(empty))


@pytest.mark.parametrize("kind", catalogue.STUDIES, ids=lambda kind: kind.name)
def test_the_first_task_alone_can_be_reported(kind, tmp_path):
    study = kind()
    files = run_here(study, tmp_path, tasks=study.tasks("tiny")[:1], measure=measured_before)
    concluded = result.conclude(files, "the command")
    assert concluded.sound, concluded.problem
    drawn(concluded.charts)


def test_a_false_claim_comes_out_false(only, tmp_path, capsys):
    only(planted_studies.Planted)
    assert reproduce(tmp_path) == 0
    claims = json.loads((tmp_path / "tiny/claims.json").read_text())["studies"][0]["claims"]
    assert [claim["verdict"] for claim in claims] == [FAILS, HOLDS]
    assert claims[1]["high"] is None, "JSON knows no infinity"
    rows = (tmp_path / "tiny/claims.md").read_text().splitlines()
    cells = ["Squares are negative.", "A", r"from 1.0 to 36.0 \| over the tasks", f"**{FAILS}**"]
    assert rows[2] == f"| {' | '.join(cells)} |"
    assert "report.html" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(-2, -1, HOLDS), (-1, 1, OPEN), (0.1, 1, FAILS), (np.nan, -1, OPEN), (np.nan, np.nan, OPEN)],
)
def test_judge(low, high, verdict):
    assert judge(low, high, at_most=0) == verdict


def rows_falling(exponent, noise, **constant):
    """Ten networks at each of four widths, whose errors fall with the exponent."""
    rng = np.random.default_rng(0)
    widths = np.repeat([64, 128, 256, 512], 10)
    error = widths**exponent * np.exp(noise * rng.standard_normal(len(widths)))
    return pd.DataFrame(
        {"width": widths, "depth": 2, "frobenius_error": error, "max_error": error, **constant}
    )


@pytest.mark.parametrize(
    ("exponent", "noise", "verdict"), [(-0.5, 0.1, HOLDS), (0.3, 0.1, FAILS), (-0.05, 1, OPEN)]
)
def test_convergence_is_judged_by_its_interval(exponent, noise, verdict):
    claims = JNTKInitialisation().claims(rows_falling(exponent, noise))
    assert {claim.verdict for claim in claims} == {verdict}


@pytest.mark.parametrize(
    ("exponent", "noise", "verdict"), [(-0.5, 0.05, HOLDS), (-1.0, 0.05, FAILS), (-0.5, 1, OPEN)]
)
def test_a_rate_is_judged_by_its_distance_from_one_half(exponent, noise, verdict):
    good = rows_falling(-0.5, 0.01, kernel="nngp", activation="erf")
    one = rows_falling(exponent, noise, kernel="nngp", activation="gelu")
    claim = FiniteWidthRates().claims(pd.concat([good, one]))[0]
    assert claim.verdict == verdict
    if verdict != HOLDS:
        assert "gelu, depth 2" in claim.measured


def test_bias_and_noise_add_up_to_the_error(tmp_path):
    """‖(A+B)/2 − Σ‖² = ⟨A−Σ, B−Σ⟩ + ‖A−B‖²/4, and one hidden layer has no bias."""
    (study,) = catalogue.chosen(["nngp_convergence"])
    table = run_here(study, tmp_path, measure=measured_before).table()
    many = table[table.networks > 1]
    np.testing.assert_allclose(many.frobenius_error**2, many.bias_squared + many.noise**2)
    task = study.tasks("tiny")[0] | {"most_networks": 64}
    shallow = [study.run(**task | {"repeat": repeat})[-1]["bias_squared"] for repeat in range(8)]
    assert abs(np.mean(shallow)) < 4 * np.std(shallow) / len(shallow) ** 0.5


def test_the_law_of_the_bias_is_found_and_unresolved_widths_are_left_out():
    rng = np.random.default_rng(1)
    widths = np.repeat([64, 128, 256, 4096], 10)
    bias = (3 / widths) ** 2 + 5e-5 * rng.standard_normal(len(widths))
    table = pd.DataFrame(
        {"width": widths, "depth": 2, "networks": 8, "most_networks": 8, "bias_squared": bias}
    )
    found = nngp_claims.bias_law(table, 2)
    assert found.widths.tolist() == [64, 128, 256]
    assert found.low < -1 < found.high
    assert nngp_claims.bias_claim(table, "").verdict == HOLDS
    table.bias_squared = 5e-5 * rng.standard_normal(len(widths))
    assert nngp_claims.bias_claim(table, "").verdict == OPEN


def test_a_file_says_what_it_holds(tmp_path):
    study = planted_studies.Planted()
    files = run_here(study, tmp_path)
    result.conclude(files, "jntk-viz reproduce")
    schema = pq.read_schema(tmp_path / "planted.parquet")
    assert schema.field("square").metadata == {
        b"meaning": b"its square",
        b"unit": "apples²".encode(),
    }
    about = json.loads(schema.metadata[b"jntk_viz"])
    assert about["command"] == "jntk-viz reproduce"
    assert about["tasks"] == about["tasks_finished"] == 6
    assert about["versions"]["jntk_viz"] == [jntk_viz.__version__]
    assert about["seconds"] >= 0
    assert about["scale"] == "tiny"
    assert about["devices"]
    assert about["columns"]["number"]["unit"] == "apples"
    (first, *_) = sorted((tmp_path / "planted").glob("*.parquet"))
    origin = origin_of(pq.read_table(first))
    assert origin["task"] in files.tasks
    assert {"date", "device", "seconds", "versions"} <= set(origin)


def damage_cut(file):
    file.write_bytes(file.read_bytes()[:-20])


def damage_bit(file):
    content = bytearray(file.read_bytes())
    content[30] ^= 1
    file.write_bytes(content)


def damage_empty(file):
    file.write_bytes(b"")


def damage_other_task(file):
    (other,) = [each for each in file.parent.glob("*.parquet") if each != file][:1]
    file.write_bytes(other.read_bytes())


@pytest.mark.parametrize(
    "damage", [damage_cut, damage_bit, damage_empty, damage_other_task], ids=lambda d: d.__name__
)
def test_a_damaged_file_is_named_and_made_again(damage, only, tmp_path, capsys):
    only(planted_studies.Planted)
    whole = run_here(planted_studies.Planted(), tmp_path / "tiny")
    file = sorted((tmp_path / "tiny/planted").glob("*.parquet"))[2]
    damage(file)
    files = StudyFiles(tmp_path / "tiny", planted_studies.Planted(), "tiny")
    assert files.rejected == [f"planted/{file.name}"]
    assert len(files.left) == 1
    assert reproduce(tmp_path) == 0
    assert f"{file} is damaged" in capsys.readouterr().err
    again = StudyFiles(tmp_path / "tiny", planted_studies.Planted(), "tiny")
    pd.testing.assert_frame_equal(again.table(), whole.table())


def test_a_task_may_have_no_value_where_others_have_words(tmp_path):
    files = run_here(planted_studies.Wordless(), tmp_path)
    words = files.table().word
    assert words.isna().tolist() == [number == 2 for number in range(1, 7)]
    assert words[0] == "number 1"
    again = StudyFiles(tmp_path, planted_studies.Wordless(), "tiny")
    pd.testing.assert_frame_equal(again.table(), files.table())


def test_rows_of_another_version_lie_aside(tmp_path, monkeypatch):
    run_here(planted_studies.Planted(), tmp_path)
    monkeypatch.setattr(planted_studies.Planted, "version", 2)
    files = StudyFiles(tmp_path, planted_studies.Planted(), "tiny")
    assert (files.aside, len(files.left)) == (6, 6)
    monkeypatch.undo()
    monkeypatch.setattr(jntk_viz, "__version__", "0.0.0")
    files = StudyFiles(tmp_path, planted_studies.Planted(), "tiny")
    assert (files.aside, len(files.left)) == (6, 6)


def test_a_task_that_fails_is_told_and_tried_again(only, tmp_path, monkeypatch, capsys):
    only(planted_studies.Failing)
    trouble = tmp_path / "trouble"
    trouble.touch()
    monkeypatch.setenv("PLANTED_LOG", str(trouble))
    assert reproduce(tmp_path) == 1
    assert "ArithmeticError: three is <too much>" in capsys.readouterr().out
    report = (tmp_path / "tiny/report.html").read_text()
    assert "three is &lt;too much&gt;" in report
    assert "three is <too much>" not in report
    assert len(pq.read_table(tmp_path / "tiny/failing.parquet")) == 5
    trouble.unlink()
    assert reproduce(tmp_path) == 0
    assert "too much" not in (tmp_path / "tiny/report.html").read_text()


def test_what_a_study_does_wrong_is_told(only, tmp_path, capsys):
    only(planted_studies.Planted, planted_studies.Unexplained)
    assert reproduce(tmp_path) == 1
    said = capsys.readouterr().out
    assert "`columns` of unexplained must explain weight" in said
    assert "LookupError: no claim" in said
    claims = json.loads((tmp_path / "tiny/claims.json").read_text())
    assert [len(study["claims"]) for study in claims["studies"]] == [2, 0]


def test_one_study_leaves_the_others_in_the_report(only, tmp_path):
    only(planted_studies.Planted, planted_studies.Unexplained, planted_studies.Second)
    assert reproduce(tmp_path, "--study", "planted") == 0
    assert reproduce(tmp_path, "--study", "second") == 0
    studies = json.loads((tmp_path / "tiny/claims.json").read_text())["studies"]
    assert [study["study"] for study in studies] == ["planted", "second"]
    command = "jntk-viz reproduce --study planted --study second --scale tiny"
    assert {study["command"] for study in studies} == {command}


def test_unknown_study(capsys):
    assert cli.main(["reproduce", "--study", "nngp-convergance"]) == 2
    said = capsys.readouterr().err
    assert "`--study` must be one of" in said
    assert "Did you mean nngp_convergence?" in said


def test_no_scheduler(only, tmp_path, capsys, monkeypatch):
    only(planted_studies.Planted)
    monkeypatch.setattr("jntk_viz.engine.cluster.SECONDS_TO_CONNECT", 1)
    assert reproduce(tmp_path, "--scheduler", "tcp://127.0.0.1:9") == 2
    said = capsys.readouterr().err
    assert "`--scheduler tcp://127.0.0.1:9`" in said
    assert "dask scheduler" in said


class Listening(planted_studies.Planted):
    """Notes the ports that this process and those that it has started listen on."""

    name = "listening"
    ports: ClassVar[list[set[int]]] = []

    def run(self, *, number):
        self.ports.append(listening())
        return super().run(number=number)


def listening():
    processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
    return {
        connection.laddr.port
        for process in processes
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }


def test_no_port_is_open_while_tasks_run_here(only, tmp_path):
    only(Listening)
    before = listening()
    assert reproduce(tmp_path) == 0
    assert Listening.ports == [before] * 6


def test_list_says_what_is_asked_and_left(only, tmp_path, capsys):
    only(planted_studies.Planted)
    run_here(planted_studies.Planted(), tmp_path / "tiny", tasks=[{"number": 1}])
    assert reproduce(tmp_path, "--list") == 0
    said = capsys.readouterr().out
    assert "5 of 6 tasks left" in said
    assert planted_studies.Planted.question in said


def test_studies_advance_together(tmp_path):
    short, long = (
        SimpleNamespace(study=SimpleNamespace(name=name), tasks=list(range(n)), finished=done)
        for name, n, done in (("short", 2, lambda t: False), ("long", 6, lambda t: t == 1))
    )
    order = [(files.study.name, task) for files, task in interleaved([short, long])]
    assert order == [
        ("short", 0), ("long", 0), ("long", 2), ("short", 1), ("long", 3), ("long", 4), ("long", 5)
    ]  # fmt: skip


def test_the_rest_is_estimated_from_the_same_study(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("jntk_viz.reproduction.progress.time.monotonic", lambda: now[0])

    def fake(name):
        return SimpleNamespace(study=SimpleNamespace(name=name, cost=lambda task: task))

    quick, slow = fake("quick"), fake("slow")
    progress = Progress([(quick, 1), (quick, 2), (slow, 1), (slow, 3)], quiet=True)
    assert np.isnan(progress.seconds_left())
    now[0] = 11.0
    progress.done(quick, 1, 1.0)
    progress.done(slow, 1, 10.0)
    assert progress.seconds_left() == pytest.approx(2 * 1 + 3 * 10)
    now[0] = 5.5  # two tasks at a time
    assert progress.seconds_left() == pytest.approx((2 * 1 + 3 * 10) / 2)


def start(study, folder):
    """`jntk-viz reproduce` in a process of its own, whose register holds this planted study."""
    options = ["reproduce", "--scale", "tiny", "--out", str(folder)]
    program = (
        "import sys; from jntk_viz import cli; from jntk_viz.reproduction import catalogue; "
        f"import planted_studies; catalogue.STUDIES = (planted_studies.{study.__name__},); "
        f"sys.exit(cli.main({options!r}))"
    )
    return subprocess.Popen(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def finished_files(folder):
    return {file: file.stat().st_mtime_ns for file in folder.glob("tiny/*/*.parquet")}


def wait_until(condition, process=None, seconds=100):
    deadline = time.monotonic() + seconds
    while not condition():
        assert process is None or process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def log(tmp_path, monkeypatch):
    """The file in which planted studies note what they begin."""
    file = tmp_path / "log"
    monkeypatch.setenv("PLANTED_LOG", str(file))
    return file


def test_a_killed_run_goes_on_where_it_was(tmp_path, log):
    """Killed at once, then interrupted politely, then left alone."""
    planted_studies.let_begin(log, 2)
    run = start(planted_studies.Slow, tmp_path)
    wait_until(lambda: finished_files(tmp_path), run)
    run.kill()
    run.communicate()
    killed = finished_files(tmp_path)
    assert killed

    planted_studies.let_begin(log, 2)
    run = start(planted_studies.Slow, tmp_path)
    wait_until(lambda: len(finished_files(tmp_path)) > len(killed), run)
    run.send_signal(signal.SIGINT)
    out, err = run.communicate(timeout=200)
    assert run.returncode == 130, err
    assert "Traceback" not in err
    assert f"Go on: jntk-viz reproduce --scale tiny --out {tmp_path}" in out
    assert "Not finished" in (tmp_path / "tiny/report.html").read_text()
    stopped = finished_files(tmp_path)
    assert len(stopped) < 12

    planted_studies.let_begin(log, 100)
    run = start(planted_studies.Slow, tmp_path)
    out, err = run.communicate(timeout=200)
    assert run.returncode == 0, err
    final = finished_files(tmp_path)
    assert final | killed | stopped == final, "a finished task was computed again"
    uninterrupted = run_here(planted_studies.Slow(), tmp_path / "other").table()
    merged = pd.read_parquet(tmp_path / "tiny/slow.parquet")
    pd.testing.assert_frame_equal(merged, uninterrupted, check_exact=True)


def test_nobody_waits_for_a_long_task_that_is_interrupted(tmp_path, log):
    run = start(planted_studies.Long, tmp_path)
    wait_until(log.exists, run)
    run.send_signal(signal.SIGINT)
    out, err = run.communicate(timeout=200)  # less than a task takes
    assert run.returncode == 130, err
    assert "12 tasks are left" in out
    assert "Traceback" not in err


def test_a_killed_worker_loses_nothing_and_counts_nothing_twice(only, tmp_path, monkeypatch):
    from dask.distributed import LocalCluster

    log = tmp_path / "log"
    log.touch()
    monkeypatch.setenv("PLANTED_LOG", str(log))
    planted_studies.let_begin(log, 2)
    only(planted_studies.Slow)

    def kill_a_worker():
        wait_until(lambda: len(log.read_text().splitlines()) >= 4)
        os.kill(int(log.read_text().split()[-1]), signal.SIGKILL)
        planted_studies.let_begin(log, 100)

    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with LocalCluster(processes=True, **options) as cluster:
        killer = threading.Thread(target=kill_a_worker)
        killer.start()
        code = reproduce(tmp_path, "--scheduler", cluster.scheduler_address)
        killer.join()
    assert code == 0
    begun = [int(line.split()[0]) for line in log.read_text().splitlines()]
    assert len(begun) > 12, "the killed task was never begun again"
    table = pd.read_parquet(tmp_path / "tiny/slow.parquet")
    assert table.number.tolist() == list(range(12))
    assert (table.square == table.number**2).all()


def test_report_in_a_browser(only, tmp_path, chromium):
    only(planted_studies.Planted)
    assert reproduce(tmp_path) == 0
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    requests, problems = [], []

    def only_files(route):
        requests.append(route.request.url)
        (route.continue_ if route.request.url.startswith("file:") else route.abort)()

    context.route("**/*", only_files)
    page = context.new_page()
    page.on(
        "console", lambda m: problems.append(m.text) if m.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: problems.append(str(error)))
    file = (tmp_path / "tiny/report.html").as_uri()
    page.goto(file)
    pictures = page.locator(".picture")
    assert pictures.count() == 3
    for i in range(3):
        drawn = pictures.nth(i).locator(".bk-Figure svg").first
        drawn.wait_for(state="attached")
        box = pictures.nth(i).bounding_box()
        assert box["height"] > 300
    views = "[...Bokeh.index].filter(view => view.model.type == 'Figure')"
    page.wait_for_function(f"() => {views}.filter(view => view.frame).length == 3")
    heights = page.evaluate(f"() => {views}.map(view => view.frame.bbox.height)")
    assert min(heights) > 250, "the axes have squeezed the picture"
    strokes = pictures.first.locator("svg path").evaluate_all(
        "paths => paths.map(path => path.getAttribute('stroke'))"
    )
    assert any("0072b2" in str(stroke).lower() for stroke in strokes), set(strokes)
    first = page.locator("#claims tbody tr").nth(1)
    assert first.locator(".verdict").inner_text().split() == ["✗", "does", "not", "hold"]
    assert first.bounding_box()["y"] < 720, "the report must open with the claims"
    assert page.get_by_text("A planted <study>").count()
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    page.set_viewport_size({"width": 390, "height": 800})
    page.wait_for_function("() => document.documentElement.scrollWidth <= 390")
    context.close()
    assert requests == [file]
    assert not problems


def test_numbers_of_a_map_are_those_at_its_axes():
    from jntk_viz.reproduction.report_pictures import numbers

    shown = Heatmap("", "x", "y", [1, 2], [5, 6, 7], [[1, 2], [3, 4], [5, 6]], "v", "")
    head, rows = numbers(shown)
    assert head == ["x", "y", "v"]
    assert [1, 7, 5] in rows
    assert [2, 5, 2] in rows
