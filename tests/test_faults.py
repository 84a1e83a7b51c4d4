"""What may go wrong around the pages and commands: visitors, cache folder, device, clock."""

import asyncio
import datetime
import errno
import os
import re
import subprocess
import sys
import threading
import time
import zlib
from pathlib import Path
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import planted_studies
import psutil
import pytest
from conftest import RunningServer

import jntk_viz
from jntk_viz import cli, compiled_code, views
from jntk_viz.reproduction import catalogue, provenance
from jntk_viz.reproduction.runner import measure
from jntk_viz.reproduction.store import StudyFiles
from jntk_viz.whole_files import write_whole_text

TINY = "jntk_constancy?points=8&widest=128&networks=1&depth=1&steps=30"
LONG = "jntk_constancy?points=8&widest=512&networks=1&depth=2&steps=3000"
HEADLINE = "[aria-live=polite]"
# Where the other processes find this package and what lies beside the tests.
PATH = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])


def run_python(program, *arguments, **environment):
    """What a program prints and complains of, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env=os.environ | {"PYTHONPATH": PATH} | environment,
        capture_output=True,
        text=True,
        timeout=200,
    )


# ---------------------------------------------------------------- visitors


def test_browser_closed_during_a_run(watch_page, running_server):
    page = watch_page(LONG)
    page.get_by_role("button", name="Cancel").wait_for()
    before = len(running_server.log())
    page.context.close()
    process = psutil.Process(running_server.process.pid)
    deadline = time.monotonic() + 30
    while process.cpu_percent(0.5) > 20:
        assert time.monotonic() < deadline, "the training goes on for nobody"
    assert running_server.log()[before:] == ""
    watch_page("full_rank?points=10").get_by_role("slider").first.wait_for()


@pytest.mark.slow
def test_cancelled_ten_times_in_quick_succession(watch_page):
    page = watch_page(LONG)
    again, cancel = (page.get_by_role("button", name=n) for n in ("Train again", "Cancel"))
    for pause in [0, 200] * 5:  # ms after the run has begun
        cancel.wait_for()
        page.wait_for_timeout(pause)
        cancel.click()
        cancel.wait_for(state="hidden")
        again.click()
    page.get_by_role("slider", name="Training steps").press("Home")
    page.locator(HEADLINE).get_by_text(re.compile(r"After \d+ steps")).wait_for()
    cancel.wait_for(state="hidden")
    assert page.get_by_role("alert").filter(visible=True).count() == 0


# ---------------------------------------------------------------- the cache folder

COMPILE = """
import jax, sys
from jntk_viz.compiled_code import keep_compiled_code
keep_compiled_code()
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
print(float(jax.jit(lambda x: (x @ x).sum())(jax.numpy.ones((4, 4)))))
print(float(jax.jit(lambda x: (x + x).sum())(jax.numpy.ones((4, 4)))))
"""
OWN_CACHE = {"JAX_COMPILATION_CACHE_DIR": ""}


def compile_in(folder, program=COMPILE):
    done = run_python(program, XDG_CACHE_HOME=str(folder), **OWN_CACHE)
    assert done.stdout.split() == ["64.0", "32.0"], done.stderr
    return done.stderr.splitlines()


def test_damaged_compiled_code_is_removed_and_made_again(tmp_path):
    assert compile_in(tmp_path) == []
    kept = sorted((tmp_path / "jntk_viz/compiled").glob("*-cache"))
    whole = {file: zlib.decompress(file.read_bytes()) for file in kept}
    assert len(kept) > 1
    for file in kept:
        file.write_bytes(file.read_bytes()[:-9])
    (said,) = compile_in(tmp_path)
    assert f"compiled code in {tmp_path}/jntk_viz/compiled was damaged" in said
    again = sorted((tmp_path / "jntk_viz/compiled").glob("*-cache"))
    assert {file.name for file in again} == {file.name for file in kept}
    assert all(len(zlib.decompress(file.read_bytes())) > 0 for file in whole)


# Files may have 4 kB: for a disk that is full, as any user can have it.
FULL = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"


def test_a_full_disk_is_told_once_and_leaves_nothing_that_disturbs_later(tmp_path):
    (said,) = compile_in(tmp_path, FULL + COMPILE)
    assert f"compiled code cannot be kept in {tmp_path}/jntk_viz/compiled" in said
    assert "free some space" in said
    assert "JAX_COMPILATION_CACHE_DIR" in said
    assert len(compile_in(tmp_path)) <= 1  # what was cut off is removed
    assert compile_in(tmp_path) == []


def test_all_other_warnings_pass(tmp_path):
    passed = []
    complaints = compiled_code.Complaints(tmp_path, lambda *arguments: passed.append(arguments[0]))
    complaints("other", UserWarning, "file", 1)
    assert passed == ["other"]


def test_a_server_whose_cache_folder_cannot_be_made(tmp_path, chromium):
    """A file lies in its place: permissions would not keep a root user out."""
    (tmp_path / "home").touch()
    environment = {**OWN_CACHE, "XDG_CACHE_HOME": str(tmp_path / "home")}
    with RunningServer(tmp_path / "log.txt", environment=environment) as server:
        page = chromium.new_page()
        page.goto(f"{server.url}/{TINY}", timeout=90_000)
        page.locator(HEADLINE).get_by_text("After 30 steps").wait_for(timeout=90_000)
        page.close()
        lines = server.log().splitlines()
    assert [line for line in lines if "compiled code cannot be kept" in line] == lines[1:2]
    assert not [line for line in lines if "Error" in line or "Warning" in line]


# A clock that is a day ahead, and is put right when a file appears.
WRONG_CLOCK = """
import os, time
right = time.time
time.time = lambda: right() + 86_400 * (not os.path.exists(os.environ["CLOCK_IS_RIGHT"]))
"""


@pytest.mark.slow
def test_two_servers_on_one_cache_folder_one_of_them_with_a_wrong_clock(tmp_path, chromium):
    """As of two machines that share a home folder; both compile the same at the same time."""
    (tmp_path / "sitecustomize.py").write_text(WRONG_CLOCK)
    right = tmp_path / "right"
    environment = {**OWN_CACHE, "XDG_CACHE_HOME": str(tmp_path)}
    clock = {"PYTHONPATH": f"{tmp_path}{os.pathsep}{PATH}", "CLOCK_IS_RIGHT": str(right)}
    one = RunningServer(tmp_path / "one.txt", environment=environment)
    other = RunningServer(tmp_path / "other.txt", environment=environment | clock)
    with one, other:
        pages = [chromium.new_page() for _ in range(2)]
        for page, server in zip(pages, (one, other), strict=True):
            page.goto(f"{server.url}/{TINY}", timeout=90_000, wait_until="commit")
        pages[1].get_by_role("button", name="Cancel").wait_for(timeout=90_000)
        right.touch()
        for page in pages:
            page.locator(HEADLINE).get_by_text("After 30 steps").wait_for(timeout=90_000)
            page.close()
    for server in (one, other):
        assert server.log().split("\n", 2)[2].strip() == "Stopped."
    kept = list((tmp_path / "jntk_viz/compiled").glob("*-cache"))
    assert kept
    for file in kept:
        zlib.decompress(file.read_bytes())  # raises if any is cut off


# ---------------------------------------------------------------- the device


def test_a_device_that_is_not_there():
    absent = "rocm" if jax.default_backend() == "gpu" else "cuda"
    done = run_python(
        "import sys; from jntk_viz import cli; sys.exit(cli.main(sys.argv[1:]))",
        *("serve", "--no-show", "--port", "0"),
        JAX_PLATFORMS=absent,
    )
    assert done.returncode == 2
    assert f"JAX_PLATFORMS={absent}" in done.stderr
    assert "Unset JAX_PLATFORMS" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", [["reproduce", "--scale", "tiny"], ["export", "--list"]])
def test_other_commands_without_their_device(command, monkeypatch, capsys, tmp_path):
    def devices():
        raise RuntimeError("Unable to initialize backend 'cuda'")

    monkeypatch.setattr(jax, "devices", devices)
    monkeypatch.chdir(tmp_path)
    assert cli.main(command) == 2
    assert "set JAX_PLATFORMS=cpu" in capsys.readouterr().err


def too_much(*_, **__):
    """More than any device has: XLA itself reports it."""
    jnp.zeros(10**14, "float32").block_until_ready()


def too_much_for_numpy(*_, **__):
    np.empty(10**17)


@pytest.mark.parametrize("work", [too_much, too_much_for_numpy])
def test_a_page_says_that_memory_was_not_enough_and_goes_on(work):
    job, results = views.LatestWins(), []
    job.submit(work)
    assert job.error.startswith("Not enough memory on th")
    assert "Reduce the width" in job.error
    job.submit(lambda job: 1, done=results.append)
    assert (job.error, results) == ("", [1])


class Greedy(planted_studies.Planted):
    """Its third task needs more memory than there is."""

    name = "greedy"

    def run(self, *, number):
        if number == 3:
            too_much()
        return super().run(number=number)


def reproduce(folder):
    return cli.main(["reproduce", "--scale", "tiny", "--out", str(folder), "--quiet"])


def test_reproduce_goes_on_when_memory_was_not_enough_for_a_task(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(catalogue, "STUDIES", (Greedy,))
    assert reproduce(tmp_path) == 1
    said = capsys.readouterr().out
    assert "{'number': 3}: Not enough memory on the device (" in said
    assert len(StudyFiles(tmp_path / "tiny", Greedy(), "tiny").left) == 1


# ---------------------------------------------------------------- results on a disk


def test_reproduce_into_a_place_that_is_no_folder(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(catalogue, "STUDIES", (planted_studies.Planted,))
    place = tmp_path / "taken"
    place.touch()
    assert reproduce(place) == 2
    said = capsys.readouterr().err
    assert f"results cannot be kept in {place}" in said
    assert "`--out`" in said


REPRODUCE = """
import sys
from jntk_viz import cli
from jntk_viz.reproduction import catalogue
import planted_studies
catalogue.STUDIES = (planted_studies.Planted,)
sys.exit(cli.main(["reproduce", "--scale", "tiny", "--quiet", "--out", sys.argv[1]]))
"""


def contents(folder):
    return {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_reproduce_on_a_full_disk_keeps_what_there_was(tmp_path):
    assert run_python(REPRODUCE, str(tmp_path)).returncode == 0
    before = contents(tmp_path)
    done = run_python(FULL.replace("4096", "1000") + REPRODUCE, str(tmp_path))
    assert done.returncode == 2, done.stderr
    assert f"results cannot be kept in {tmp_path}" in done.stderr
    assert os.strerror(errno.EFBIG) in done.stderr
    assert "Traceback" not in done.stderr
    assert contents(tmp_path) == before


def test_many_write_one_file_at_the_same_time(tmp_path):
    file, texts = tmp_path / "file", [str(i) * 20_000 for i in range(4)]
    failures = []

    def write(text):
        try:
            for _ in range(20):
                write_whole_text(file, text)
                assert file.read_text() in texts
        except Exception as error:  # noqa: BLE001 - told by the test itself
            failures.append(error)

    threads = [threading.Thread(target=write, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert list(tmp_path.iterdir()) == [file]


def test_two_reproductions_into_one_folder_are_both_right(tmp_path):
    done = []
    runs = [
        threading.Thread(target=lambda: done.append(run_python(REPRODUCE, str(tmp_path))))
        for _ in range(2)
    ]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert [each.returncode for each in done] == [0, 0], done
    files = StudyFiles(tmp_path / "tiny", planted_studies.Planted(), "tiny")
    assert (files.left, files.rejected) == ([], [])
    assert not list(tmp_path.rglob("*.part"))


# ---------------------------------------------------------------- the clock of the machine


@pytest.mark.parametrize("jump", [-4e8, 4e8])  # seconds, some thirteen years
def test_estimates_stay_sane_when_the_clock_is_set(jump, monkeypatch):
    estimates, real = [], time.time

    def work(job):
        for i in range(40):
            if i == 20:
                monkeypatch.setattr(time, "time", lambda: real() + jump)
            time.sleep(0.05)
            job.progress(i / 40)
        return "done"

    async def main():
        job, results = views.LatestWins(), []
        job.param.watch(lambda event: estimates.append(event.new), "seconds_left")
        job.submit(work, done=results.append)
        await asyncio.sleep(0)
        while job.running:
            await asyncio.sleep(0.02)
        return results

    assert asyncio.run(main()) == ["done"]
    given = [seconds for seconds in estimates if seconds is not None]
    assert len(given) > 3
    assert all(0 <= seconds < 10 for seconds in given)


def test_a_study_goes_on_whatever_the_clock_was(tmp_path, monkeypatch):
    study = planted_studies.Planted()
    for year, tasks in ((2190, [1, 2, 3]), (1990, [4, 5]), (2024, [6])):
        now = datetime.datetime(year, 1, 1, tzinfo=datetime.UTC)
        clock = SimpleNamespace(datetime=SimpleNamespace(now=lambda _, now=now: now), UTC=None)
        monkeypatch.setattr(provenance, "datetime", clock)
        files = StudyFiles(tmp_path, study, "tiny")
        assert [task["number"] for task in files.left] == list(range(tasks[0], 7))
        for number in tasks:
            files.save({"number": number}, measure(study, {"number": number}, jntk_viz.__version__))
        for file in tmp_path.rglob("*.parquet"):
            os.utime(file, (now.timestamp(), now.timestamp()))
    again = StudyFiles(tmp_path, study, "tiny")
    assert (again.left, again.rejected, again.aside) == ([], [], 0)
    about = provenance.summarise(again.origins())
    assert (about["first_task"][:4], about["last_task"][:4]) == ("1990", "2190")
    assert 0 <= about["seconds"] < 10
