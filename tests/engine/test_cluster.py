"""Steps on Dask's worker processes: a worker that dies is replaced, and the numbers are right."""

import os
import signal
import socket
import threading
import time

import numpy as np
import psutil
import pytest

import jntk_viz as jv
from jntk_viz.engine import cluster, sources
from jntk_viz.engine.results import RESULTS, owners_of
from jntk_viz.engine.runners import Cluster, name_of, run_there
from jntk_viz.engine.steps import Step
from jntk_viz.pages.full_rank import study
from jntk_viz.pages.full_rank.state import Problem
from jntk_viz.pages.jntk_constancy import training
from jntk_viz.pages.jntk_constancy.state import JNTKConstancyState

SETTINGS = JNTKConstancyState(points=4, widest=128, networks=1, depth=1, steps=30).settings
CHAIN = [Step(training.train_on, (k, SETTINGS, 128, 0)) for k in (0, 5, 25)]


@pytest.fixture(scope="module")
def runner():
    with cluster.own_workers(2) as client:
        yield Cluster(client)


@pytest.fixture(autouse=True)
def nothing_known():
    RESULTS.clear()


def workers(runner):
    """Process numbers of the workers."""
    return sorted(runner.client.run(os.getpid).values())


def test_a_step_runs_in_another_process_and_its_result_is_kept_in_this_one(runner):
    assert runner.places == 2
    assert os.getpid() not in workers(runner)
    step = Step(study.spectrum, (Problem("iris", 10, 0, "jntk"), "gelu", 3))
    found = runner.submit(step).result(60)
    assert study.spectrum.known(*step.arguments) is found
    expected = jv.smallest_eigenvalue(study.inputs("iris", 10, 0).x, depth=3, activation="gelu")
    assert found.smallest.value == pytest.approx(expected.value, rel=1e-9)


def test_equal_steps_have_equal_names_and_others_have_not():
    names = [name_of(step) for step in (*CHAIN, Step(study.inputs, ("iris", 10, 0)))]
    assert len(set(names)) == len(names)
    assert name_of(Step(*CHAIN[0][:2], says="otherwise")) == names[0]


def test_a_visitor_s_table_travels_with_the_step(runner):
    x = np.eye(4)
    name = sources.register(
        "mine.csv", jv.datasets.Dataset(x, np.array([1.0, -1, 1, -1]), "abcd", "")
    )
    try:
        found = runner.submit(Step(study.inputs, (name, 4, 0))).result(60)
        np.testing.assert_array_equal(found.x, x)
    finally:
        runner.forget(name)
    with pytest.raises(ValueError, match="another session"):
        sources.table(name)


def entries_of(name):
    """On a worker: is the table there, and how many results of it."""
    return sources.known(name), sum(name in owners_of(key[1]) for key in RESULTS._values)


def test_what_workers_have_of_a_visitor_s_table_goes_with_it_and_nothing_else(runner):
    x = np.eye(4)
    mine, other = (
        sources.register("a.csv", jv.datasets.Dataset(x, np.array([1.0, -1, 1, -1]), "abcd", ""))
        for _ in range(2)
    )
    for name in (mine, other):
        runner.submit(Step(study.inputs, (name, 4, 0))).result(60)
    there = runner.client.run(entries_of, mine).values()
    assert (True, 1) in there
    runner.forget(mine)
    deadline = time.monotonic() + 60
    while set(runner.client.run(entries_of, mine).values()) != {(False, 0)}:
        assert time.monotonic() < deadline
    assert (True, 1) in runner.client.run(entries_of, other).values()
    assert study.inputs.known(mine, 4, 0) is None
    assert study.inputs.known(other, 4, 0) is not None
    runner.forget(other)


def test_a_table_that_went_while_a_step_of_it_waited_is_gone_on_the_worker_too(runner):
    x = np.eye(4)
    name = sources.register("a.csv", jv.datasets.Dataset(x, np.array([1.0, -1] * 2), "abcd", ""))
    asked = runner.submit(Step(study.inputs, (name, 4, 0)))
    sources.forget(name)  # here alone: its news has not reached the worker
    asked.result(60)
    deadline = time.monotonic() + 60
    while set(runner.client.run(entries_of, name).values()) != {(False, 0)}:
        assert time.monotonic() < deadline
    assert study.inputs.known(name, 4, 0) is None


def test_an_error_on_a_worker_is_told_as_it_is(runner):
    with pytest.raises(ValueError, match="another session"):
        study.inputs("own-nobody", 4, 0)
    step = Step(study.spectrum, (Problem("iris", 10, 0, "jntk"), "no such", 3))
    with pytest.raises(ValueError, match="`activation` must be one of"):
        runner.submit(step).result(60)


def test_a_worker_that_is_killed_is_replaced_and_the_training_ends_with_the_same_numbers(runner):
    expected = [step.run() for step in CHAIN]
    RESULTS.clear()
    records = [runner.submit(step).result(200) for step in CHAIN[:2]]
    (place,) = runner._place(CHAIN[2])["workers"]  # it has the chain's state
    killed = runner.client.run(os.getpid, workers=[place])[place]
    os.kill(killed, signal.SIGKILL)
    records.append(runner.submit(CHAIN[2]).result(200))
    deadline = time.monotonic() + 60
    while len(workers(runner)) < 2:
        assert time.monotonic() < deadline
    assert killed not in workers(runner)
    for one, other in zip(records, expected, strict=True):
        assert (one.width, one.step) == (other.width, other.step)
        assert one.drift == pytest.approx(other.drift, rel=1e-5, abs=1e-9)
        assert one.deviation == pytest.approx(other.deviation, rel=1e-4, abs=1e-7)


def test_workers_listen_on_this_machine_only_and_speak_tls(runner):
    processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
    listening = [
        connection.laddr.ip
        for process in processes
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert listening
    assert {*listening} <= {"127.0.0.1", "::1"}
    assert runner.client.scheduler.address.startswith("tls://")


def test_a_scheduler_that_does_not_answer_is_named_with_the_remedy(monkeypatch):
    monkeypatch.setattr(cluster, "SECONDS_TO_CONNECT", 1)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        message = f"no scheduler answers at `--scheduler {address}`.*leave the option out"
        with pytest.raises(cluster.NoCluster, match=message), cluster.existing(address):
            pass


def test_workers_of_another_version_are_refused(runner, monkeypatch):
    monkeypatch.setattr(jv, "__version__", "9.9")
    with pytest.raises(cluster.NoCluster, match=r"have jntk_viz 0\.1\.0, this is 9\.9"):
        cluster._check_versions(runner.client, "tls://somewhere:1")


def test_an_interrupted_call_of_dask_says_nothing(caplog, monkeypatch):
    """Ctrl-C in the moment between a call and its beginning in Dask's thread."""
    from dask.distributed import LocalCluster

    begun, seen = threading.Event(), threading.Event()
    options = {"n_workers": 1, "processes": False, "dashboard_address": None}

    async def never():
        raise AssertionError("the loop is held until the call is interrupted")

    def interrupted(self, timeout=None):
        raise KeyboardInterrupt

    def hold():
        begun.set()
        time.sleep(0.3)

    def call():
        with (
            LocalCluster(**options) as local,
            cluster.existing(local.scheduler_address) as client,
        ):
            client.loop.add_callback(hold)
            begun.wait(5)
            with monkeypatch.context() as patch:
                patch.setattr(threading.Event, "wait", interrupted)
                with pytest.raises(KeyboardInterrupt):
                    client.sync(never)
            client.loop.add_callback(seen.set)
            assert seen.wait(5)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        call()
    assert "cancel" not in caplog.text


def test_a_worker_that_came_later_with_another_version_is_refused():
    with pytest.raises(RuntimeError, match="install the same version on the whole cluster"):
        run_there(CHAIN[0], {}, "0.0.0")
