"""Several processes: all serve, one that dies is replaced, none outlives the first."""

import asyncio
import signal
import socket
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from conftest import RunningServer

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

from bokeh_client import Session

from jntk_viz import cli
from jntk_viz.server import workers

needs_fork = pytest.mark.skipif(sys.platform == "win32", reason="processes cannot part in two")


def until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def may_be_taken(url):
    """Whether the port of the server is free again."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((urlsplit(url).hostname, urlsplit(url).port))
        except OSError:
            return False
    return True


async def open_pages(url, count):
    for _ in range(count):
        session = await Session(f"{url}/index").open()
        assert session.lost is None
        await session.close()


@needs_fork
def test_workers_serve_are_replaced_and_end_with_the_first_process(tmp_path):
    with RunningServer(tmp_path / "log.txt", "--workers", "2") as server:
        first = psutil.Process(server.process.pid)
        until(lambda: len(first.children()) == 2)
        asyncio.run(open_pages(server.url, 4))
        killed = first.children()[1]
        killed.kill()
        until(lambda: len(first.children()) == 2 and killed not in first.children())
        asyncio.run(open_pages(server.url, 4))
        left = first.children()
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(20) == 0
        assert psutil.wait_procs(left, 10)[1] == []
        assert may_be_taken(server.url)
        assert server.log().count("ready at") == 1
        assert "Stopped." in server.log()
        assert "Traceback" not in server.log()


@needs_fork
def test_workers_end_even_if_the_first_process_is_killed(tmp_path):
    with RunningServer(tmp_path / "log.txt", "--workers", "2") as server:
        first = psutil.Process(server.process.pid)
        until(lambda: len(first.children()) == 2)
        left = first.children()
        first.kill()
        assert psutil.wait_procs(left, 10)[1] == []


def test_windows_is_refused_with_the_remedy(monkeypatch, capsys):
    monkeypatch.setattr(workers.sys, "platform", "win32")
    assert cli.main(["serve", "--workers", "2", "--no-show"]) == 2
    assert "Start several servers with `--port`" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ["--ready-at", "nowhere?lam=1"],
            "got 'nowhere?lam=1'. There are breakdown, eigenfeatures",
        ),
        (["--ready", "60", "--workers", "2"], "need one process"),
    ],
)
def test_pages_that_cannot_be_made_ahead(options, said, capsys):
    assert cli.main(["serve", "--no-show", "--port", "0", *options]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--workers", "--runs", "--ready"])
@pytest.mark.parametrize("count", ["0", "-1", "many"])
def test_impossible_numbers(option, count, capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(["serve", f"{option}={count}"])
    assert stopped.value.code == 2
    assert "expected a positive whole number" in capsys.readouterr().err
