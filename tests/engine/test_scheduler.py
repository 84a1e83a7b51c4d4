"""A Dask cluster that others have started, which asks for keys: one of two workers is killed."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pandas as pd
import planted_studies
import pytest
from dask.distributed import Security

from jntk_viz import cli
from jntk_viz.engine import cluster
from jntk_viz.engine.results import RESULTS
from jntk_viz.engine.runners import Cluster
from jntk_viz.engine.steps import Step
from jntk_viz.pages.jntk_constancy import training
from jntk_viz.pages.jntk_constancy.state import JNTKConstancyState
from jntk_viz.reproduction import catalogue

SETTINGS = JNTKConstancyState(points=4, widest=128, networks=1, depth=1, steps=30).settings
CHAIN = [Step(training.train_on, (k, SETTINGS, 128, 0)) for k in (0, 5, 25)]
PATIENCE = 300  # seconds


def until(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


class Processes:
    """`dask scheduler` and two `dask worker`s without anybody who would restart them."""

    def __init__(self, folder, log):
        keys = Security.temporary()
        self.files = {kind: folder / f"{kind}.pem" for kind in ("ca", "cert", "key")}
        for kind, text in zip(
            self.files, (keys.tls_ca_file, keys.tls_client_cert, keys.tls_client_key), strict=True
        ):
            self.files[kind].write_text(text)
        self.tls = [f"--tls-{'ca-file' if k == 'ca' else k}={f}" for k, f in self.files.items()]
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.address = f"tls://127.0.0.1:{port}"
        self.environment = os.environ | {"PLANTED_LOG": str(log)}
        tests = str(Path(planted_studies.__file__).parent)
        self.environment["PYTHONPATH"] = os.pathsep.join([*sys.path, tests])
        self.scheduler = self._start("scheduler", f"--host=127.0.0.1:{port}", "--protocol=tls")
        self.workers = [
            self._start("worker", self.address, "--no-nanny", "--nthreads=1", f"--name={i}")
            for i in range(2)
        ]

    def _start(self, kind, *options):
        return subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.dask_{kind}", *options, *self.tls,
             "--no-dashboard"],
            env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def end(self):
        for process in [*self.workers, self.scheduler]:
            process.kill()
            process.wait()


@pytest.fixture
def log(tmp_path):
    log = tmp_path / "log"
    log.touch()
    return log


@pytest.fixture
def running(tmp_path, log, monkeypatch):
    monkeypatch.setattr(cluster, "SECONDS_TO_CONNECT", PATIENCE)
    processes = Processes(tmp_path, log)
    yield processes
    processes.end()


def test_of_two_workers_one_is_killed_in_a_training_run_and_the_numbers_are_right(running):
    RESULTS.clear()
    expected = [step.run() for step in CHAIN]
    RESULTS.clear()
    with cluster.existing(running.address, running.files) as client:
        client.wait_for_workers(2, timeout=PATIENCE)
        runner = Cluster(client)
        assert runner.places == 2
        records = [runner.submit(step).result(PATIENCE) for step in CHAIN[:2]]
        (place,) = runner._place(CHAIN[2])["workers"]  # it has the chain's state
        killed = client.run(os.getpid, workers=[place])[place]
        assert killed in [worker.pid for worker in running.workers]
        os.kill(killed, signal.SIGKILL)
        records.append(runner.submit(CHAIN[2]).result(PATIENCE))
        until(lambda: runner.places == 1)
    for one, other in zip(records, expected, strict=True):
        assert (one.width, one.step) == (other.width, other.step)
        assert one.drift == pytest.approx(other.drift, rel=1e-5, abs=1e-9)
        assert one.deviation == pytest.approx(other.deviation, rel=1e-4, abs=1e-7)


def test_reproduce_on_a_scheduler_with_keys_loses_nothing_with_a_worker(
    running, log, tmp_path, monkeypatch
):
    monkeypatch.setattr(catalogue, "STUDIES", (planted_studies.Slow,))
    monkeypatch.setenv("PLANTED_LOG", str(log))
    planted_studies.let_begin(log, 2)

    def kill_a_worker():
        until(lambda: len(log.read_text().splitlines()) >= 4)
        os.kill(int(log.read_text().split()[-1]), signal.SIGKILL)
        planted_studies.let_begin(log, 100)

    killer = threading.Thread(target=kill_a_worker)
    killer.start()
    options = ["reproduce", "--scale", "tiny", "--out", str(tmp_path / "out"), "--quiet"]
    options += ["--scheduler", running.address]
    code = cli.main([*options, *(f"--tls-{kind}={file}" for kind, file in running.files.items())])
    killer.join()
    assert code == 0
    begun = [int(line.split()[0]) for line in log.read_text().splitlines()]
    assert len(begun) > 12, "the killed task was never begun again"
    table = pd.read_parquet(tmp_path / "out/tiny/slow.parquet")
    assert table.number.tolist() == list(range(12))
    assert (table.square == table.number**2).all()


def test_who_has_no_keys_is_told_so(running, monkeypatch):
    with cluster.existing(running.address, running.files):  # it is there
        monkeypatch.setattr(cluster, "SECONDS_TO_CONNECT", 1)
        without = cluster.existing(running.address)
        with pytest.raises(cluster.NoCluster, match="no scheduler answers at"):
            without.__enter__()
