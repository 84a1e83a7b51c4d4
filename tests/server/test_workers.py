"""`jntk-viz serve --workers`: pages compute on worker processes, which end with the server."""

import asyncio
import signal
import sys
from pathlib import Path

import psutil
import pytest
from conftest import RunningServer

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from bokeh_client import Session

from jntk_viz import cli


def workers(server):
    """The processes of the server that compute."""
    children = psutil.Process(server.process.pid).children(recursive=True)
    return [child for child in children if "spawn_main" in " ".join(child.cmdline())]


async def open_page(url):
    session = await Session(f"{url}/full_rank?points=10").open()
    assert session.lost is None
    await session.close()


def test_workers_compute_listen_on_this_machine_alone_and_end_with_the_server(tmp_path):
    with RunningServer(tmp_path / "log.txt", "--workers", "2") as server:
        left = workers(server)
        assert len(left) == 2
        asyncio.run(open_page(server.url))
        every = [psutil.Process(server.process.pid), *left]
        listening = {
            connection.laddr.ip
            for process in every
            for connection in process.net_connections("inet")
            if connection.status == psutil.CONN_LISTEN
        }
        assert listening == {"127.0.0.1"}
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(30) == 0
        assert psutil.wait_procs(left, 10)[1] == []
        assert "Stopped." in server.log()
        assert "Traceback" not in server.log()


def test_without_the_option_no_port_but_that_of_the_pages_is_open(running_server):
    server = psutil.Process(running_server.process.pid)
    listening = [
        connection.laddr.port
        for process in [server, *server.children(recursive=True)]
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert listening == [int(running_server.url.rpartition(":")[2])]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--scheduler", "tcp://127.0.0.1:1"], "no scheduler answers at `--scheduler tcp://"),
        (["--scheduler", "tcp://a:1", "--workers", "2"], "give one"),
        (["--tls-ca", "ca.pem"], "are for `--scheduler tls://"),
        (["--scheduler", "tls://a:1", "--tls-ca", "ca.pem"], "give all three"),
        (
            ["--scheduler", "tls://a:1", *(f"--tls-{k}=none.pem" for k in ("ca", "cert", "key"))],
            "there is no file none.pem",
        ),
        (["--ready-at", "nowhere?lam=1"], "got 'nowhere?lam=1'. There are breakdown,"),
    ],
)
def test_what_cannot_be_served_is_said_with_the_remedy(options, said, capsys, monkeypatch):
    monkeypatch.setattr("jntk_viz.engine.cluster.SECONDS_TO_CONNECT", 1)
    assert cli.main(["serve", "--no-show", "--port", "0", *options]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--workers", "--runs", "--ready"])
@pytest.mark.parametrize("count", ["0", "-1", "many"])
def test_impossible_numbers(option, count, capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(["serve", f"{option}={count}"])
    assert stopped.value.code == 2
    assert "expected a positive whole number" in capsys.readouterr().err
