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
import pytest
import squares

from jntk_viz import cli, compiled_code, frame
from jntk_viz import machine as provenance
from jntk_viz.engine.results import RESULTS
from jntk_viz.reproduction import catalogue
from jntk_viz.reproduction.runner import measure
from jntk_viz.reproduction.store import StudyFiles
from jntk_viz.whole_files import write_whole_text

# Where the other processes find this package and what lies beside the tests.
PATH = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])


def run_python(program, *arguments, **environment):
    """What a program prints and complains of, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env=os.environ | {"PYTHONPATH": PATH} | environment,
        capture_output=True,
        text=True,
        timeout=200,
    )


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
    kept = sorted((tmp_path / "jntk_viz/compiled").rglob("*-cache"))
    whole = {file: zlib.decompress(file.read_bytes()) for file in kept}
    assert len(kept) > 1
    for file in kept:
        file.write_bytes(file.read_bytes()[:-9])
    (said,) = compile_in(tmp_path)
    assert re.search(rf"compiled code in {tmp_path}/jntk_viz/compiled/\w+ was damaged", said)
    again = sorted((tmp_path / "jntk_viz/compiled").rglob("*-cache"))
    assert {file.name for file in again} == {file.name for file in kept}
    assert all(len(zlib.decompress(file.read_bytes())) > 0 for file in whole)


# Files may have 4 kB: for a disk that is full, as any user can have it.
FULL = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"


def test_a_full_disk_is_told_once_and_leaves_nothing_that_disturbs_later(tmp_path):
    (said,) = compile_in(tmp_path, FULL + COMPILE)
    assert f"compiled code cannot be kept in {tmp_path}/jntk_viz/compiled/" in said
    assert "free some space" in said
    assert "JAX_COMPILATION_CACHE_DIR" in said
    assert len(compile_in(tmp_path)) <= 1  # what was cut off is removed
    assert compile_in(tmp_path) == []


def test_all_other_warnings_pass(tmp_path):
    passed = []
    complaints = compiled_code.Complaints(tmp_path, lambda *arguments: passed.append(arguments[0]))
    complaints("other", UserWarning, "file", 1)
    assert passed == ["other"]


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


def too_much():
    """More than any device has: XLA itself reports it."""
    jnp.zeros(10**14, "float32").block_until_ready()


def too_much_for_numpy():
    np.empty(10**17)


@pytest.mark.parametrize("work", [too_much, too_much_for_numpy])
def test_a_page_says_that_memory_was_not_enough_and_goes_on(work, monkeypatch):
    RESULTS.clear()
    frame.use_theme()
    page = squares.Squares()
    controller = frame.Controller(page)
    monkeypatch.setitem(squares.WORK, 8, work)
    controller.start()
    page.state.n = 8
    assert controller.error.startswith("Not enough memory on th")
    assert "Reduce the width" in controller.error
    page.state.n = 9
    assert controller.error == ""
    assert page.drawn[-1] == (9, 3)


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
from jntk_viz.engine.results import RESULTS
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
    RESULTS.clear()
    frame.use_theme()
    page = squares.Squares(n=21, parts=40)
    monkeypatch.setitem(squares.WORK, 21, lambda: time.sleep(0.05))

    async def main():
        controller = frame.Controller(page)
        controller.param.watch(lambda event: estimates.append(event.new), "seconds_left")
        controller.start()
        await asyncio.sleep(0)
        while controller.running:
            if page.drawn[-1][1] == 20:
                monkeypatch.setattr(time, "time", lambda: real() + jump)
            await asyncio.sleep(0.02)

    asyncio.run(main())
    assert page.drawn[-1] == (21, 40)
    given = [seconds for seconds in estimates if seconds is not None]
    assert given  # in whole seconds, after the first one
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
            files.save({"number": number}, measure(study, {"number": number}))
        for file in tmp_path.rglob("*.parquet"):
            os.utime(file, (now.timestamp(), now.timestamp()))
    again = StudyFiles(tmp_path, study, "tiny")
    assert (again.left, again.rejected, again.aside) == ([], [], 0)
    about = provenance.summarise(again.origins())
    assert (about["first_task"][:4], about["last_task"][:4]) == ("1990", "2190")
    assert 0 <= about["seconds"] < 10
