"""The command `jntk-viz`: help, serve, doctor, and what it says when something is wrong."""

import asyncio
import json
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import zipfile
from argparse import Namespace
from http.client import HTTPConnection
from pathlib import Path
from unittest import mock
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from conftest import RunningServer, slow_if
from tornado.websocket import WebSocketClosedError

from jntk_viz import _selfcheck, cli, datasets, doctor, folders
from jntk_viz.server import serving

ROOT = Path(__file__).parents[2]
JUPYTER = ROOT / "binder" / "jupyter_server_config.json"
APPS = sorted(folders.app_routes(folders.apps_folder()))


def run(*arguments, command=(sys.executable, "-m", "jntk_viz")):
    return subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=120)


def test_help_names_every_command():
    result = run("--help")
    assert result.returncode == 0
    for words in (
        "serve",
        "export",
        "course",
        "reproduce",
        "lab",
        "doctor",
        "examples:",
        "--version",
    ):
        assert words in result.stdout


def test_module_and_command_are_the_same():
    script = shutil.which("jntk-viz", path=str(Path(sys.executable).parent))
    assert script, "the environment has no jntk-viz command; install with `pip install -e .`"
    command, module = run("--version", command=[script]), run("--version")
    assert command.stdout == module.stdout != ""


def test_without_a_command_it_prints_its_help(capsys):
    assert cli.main([]) == 0
    assert "jntk-viz serve" in capsys.readouterr().out


@pytest.mark.parametrize("port", ["-1", "65536", "many", "²"])
def test_impossible_port(port, capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(["serve", f"--port={port}"])
    assert stopped.value.code == 2
    assert "expected a port from 0 to 65535" in capsys.readouterr().err


def test_taken_port_is_told_with_the_remedy():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("serve", "--no-show", "--port", str(port))
    assert result.returncode == 2
    assert f"port {port} is taken" in result.stderr
    assert f"--port {port + 1}" in result.stderr
    assert "--port 0" in result.stderr
    assert "Traceback" not in result.stderr


def test_address_of_another_machine(capsys):
    # TEST-NET-1, which no machine has.
    assert cli.main(["serve", "--address", "192.0.2.1", "--no-show"]) == 2
    assert "cannot listen on 192.0.2.1" in capsys.readouterr().err


def test_missing_data_folder(tmp_path, capsys):
    assert cli.main(["serve", "--data", str(tmp_path / "nothing"), "--no-show"]) == 2
    error = capsys.readouterr().err
    assert "`--data`" in error
    assert "nothing" in error


def test_apps_are_found_in_the_clone_and_in_a_package(tmp_path, monkeypatch):
    assert folders.apps_folder() == ROOT / "apps"
    installed = tmp_path / "site-packages" / "jntk_viz"
    monkeypatch.setattr(folders, "__file__", str(installed / "folders.py"))
    for folder in (installed / "_apps", installed.parent / "apps"):
        folder.mkdir(parents=True)
        (folder / "index.py").touch()
    assert folders.apps_folder() == installed / "_apps"
    shutil.rmtree(tmp_path / "site-packages")
    with pytest.raises(folders.CannotServe, match="no apps found"):
        folders.apps_folder()


def test_lab_says_where_the_lessons_are(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(folders, "__file__", str(tmp_path / "jntk_viz" / "folders.py"))
    assert cli.main(["lab", "--no-show"]) == 2
    assert "no lessons found" in capsys.readouterr().err

    # Where JupyterLab would take over: what it is asked to open, and that Panel stays offline.
    (tmp_path / "notebooks").mkdir()
    for name in ("PANEL_INLINE", "JUPYTER_CONFIG_PATH"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    asked = []
    monkeypatch.setattr("jupyterlab.labapp.LabApp.launch_instance", asked.append)
    assert cli.main(["lab", "--no-show"]) == 0
    assert asked == [[str(tmp_path / "notebooks"), *cli.QUIET, "--no-browser"]]
    assert os.environ["PANEL_INLINE"] == "1"

    # An installed package has copies, and never writes over a student's.
    packed, mine = tmp_path / "jntk_viz" / "_notebooks", tmp_path / "mine"
    packed.mkdir(parents=True)
    (packed / "01_one.ipynb").write_text("as it came")
    (packed / "02_two.ipynb").write_text("new")
    mine.mkdir()
    (mine / "01_one.ipynb").write_text("my answers")
    assert cli.main(["lab", "--no-show", "--folder", str(mine)]) == 0
    assert asked[-1] == [str(mine), *cli.QUIET, "--no-browser"]
    assert [f.read_text() for f in sorted(mine.iterdir())] == ["my answers", "new"]
    mine = tmp_path / "mine" / "01_one.ipynb"
    assert cli.main(["lab", "--no-show", "--folder", str(mine)]) == 2
    assert "cannot be copied" in capsys.readouterr().err


def test_routes_leave_helpers_out(tmp_path):
    for name in ("index.py", "gp_convergence.py", "_helper.py", "notes.txt"):
        (tmp_path / name).touch()
    assert folders.app_routes(tmp_path) == {
        "/": tmp_path / "index.py",
        "/gp_convergence": tmp_path / "gp_convergence.py",
        "/index": tmp_path / "index.py",
    }


# Tests of their own open these, not only the slow ones.
OPENED = {"/", "/full_rank", "/gp_convergence", "/index", "/jntk_constancy", "/robust_training"}


@pytest.mark.parametrize("route", [slow_if(route in OPENED, route) for route in APPS])
def test_every_app_opens_with_something_in_it(route, watch_page):
    page = watch_page(route.lstrip("/"))
    # Unlike inner_text, the accessibility tree looks into Panel's shadow roots.
    contents = page.locator("body").aria_snapshot()
    assert len(contents) > 100, f"{route} shows only {contents!r}"


@pytest.mark.parametrize(("origin", "status"), [("http://elsewhere.example", 403), ("", 101)])
def test_only_own_pages_may_use_the_websocket(origin, status, server):
    """An empty origin stands for the server's own; 101 is the websocket's yes."""
    connection = HTTPConnection(urlsplit(server).netloc, timeout=60)
    handshake = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "c29tZXRoaW5nIHJhbmRvbQ==",
        "Origin": origin or server,
    }
    connection.request("GET", "/index/ws", headers=handshake)
    assert connection.getresponse().status == status
    connection.close()


def test_prefix_data_and_interrupt(tmp_path):
    """One server for three things, because each start takes seconds."""
    options = ("--prefix", "/jntk/", "--data", str(tmp_path))
    with RunningServer(tmp_path / "log.txt", *options) as server:
        assert server.url.endswith("/jntk")
        for path in ("/", "/index"):
            assert urlopen(server.url + path, timeout=60).status == 200
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(20) == 0
    assert "Traceback" not in server.log()
    assert "Stopped." in server.log()


def test_data_folder_reaches_the_library(tmp_path, monkeypatch):
    monkeypatch.setenv("JNTK_VIZ_DATA", "")
    folders.use_folders(Namespace(data=tmp_path, presets=None))
    assert os.environ["JNTK_VIZ_DATA"] == str(tmp_path.resolve())
    with pytest.raises(folders.CannotServe, match="`--presets` must name an existing folder"):
        folders.use_folders(Namespace(data=None, presets=tmp_path / "none"))


def test_interrupt_while_starting(tmp_path):
    server = RunningServer(tmp_path / "log.txt")
    try:
        server.wait_for("Starting")
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(30) in (0, 130, -signal.SIGINT)
    finally:
        server.process.kill()
    assert "Traceback" not in server.log()


def test_a_jupyter_server_starts_the_pages_below_its_own_address():
    server = json.loads(JUPYTER.read_text(encoding="utf-8"))["ServerProxy"]["servers"]["jntk"]
    assert server["absolute_url"]
    program, *arguments = (
        word.format(port=8765, base_url="/user/someone/") for word in server["command"]
    )
    assert program == "jntk-viz"
    asked = cli.build_parser().parse_args(arguments)
    assert (asked.port, asked.prefix, asked.show) == (8765, "/user/someone/jntk", False)
    assert asked.allow_websocket_origin == ["*"]
    assert asked.address == "127.0.0.1"


def test_wheel_serves_without_a_clone(tmp_path):
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=120)
    installed = tmp_path / "installed"
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        wheel.extractall(installed)
    names = {path.name for path in (installed / "jntk_viz" / "_apps").glob("*.py")}
    assert {f"{route.strip('/') or 'index'}.py" for route in APPS} <= names

    environment = {"PYTHONPATH": str(installed)}
    lessons = {path.name for path in (installed / "jntk_viz" / "_notebooks").glob("*.ipynb")}
    assert lessons == {path.name for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert (installed / "jntk_viz" / "py.typed").is_file()

    question = (
        "from jntk_viz.apps import robust_training as page; from pathlib import Path;"
        "assert callable(page.app); print(Path(page.__file__).parent)"
    )
    answer = subprocess.run(
        [sys.executable, "-P", "-c", question],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert Path(answer.stdout.strip()) == installed / "jntk_viz" / "_apps", answer.stderr
    with RunningServer(tmp_path / "log.txt", environment=environment) as server:
        assert urlopen(server.url + "/index", timeout=60).status == 200
    assert "Traceback" not in server.log()


def test_doctor_passes_here():
    result = run("doctor")
    assert result.returncode == 0, result.stdout
    assert "✗" not in result.stdout
    for name in doctor.CHECKS:
        assert f"✓ {name}" in result.stdout
    assert "jntk off by" in result.stdout


def wrong_requirement(monkeypatch, _):
    monkeypatch.setattr(doctor, "requires", lambda _: ["numpy<1", "no-such-package>=2"])


def wrong_kernel(monkeypatch, _):
    right = _selfcheck.jntk
    monkeypatch.setattr(_selfcheck, "jntk", jntk := lambda *a, **k: right(*a, **k) * (1 + 1e-8))
    jntk.__name__ = "jntk"


def cache_in_a_file(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setattr(datasets, "cache_folder", lambda: tmp_path / "file" / "cache")


def data_folder_gone(monkeypatch, tmp_path):
    monkeypatch.setenv("JNTK_VIZ_DATA", str(tmp_path / "gone"))


@pytest.mark.parametrize(
    ("breaks", "check", "says"),
    [
        (wrong_requirement, "packages", "no-such-package>=2 needed, nothing installed"),
        (wrong_kernel, "kernels", "cannot be trusted"),
        (cache_in_a_file, "cache", "make it writable"),
        (data_folder_gone, "data", "JNTK_VIZ_DATA"),
    ],
)
def test_doctor_finds_what_is_broken(breaks, check, says, monkeypatch, tmp_path, capsys):
    breaks(monkeypatch, tmp_path)
    assert cli.main(["doctor"]) == 1
    output = capsys.readouterr().out
    assert says in next(line for line in output.splitlines() if line.startswith(f"✗ {check}"))
    assert f"Not in order: {check}." in output


def test_log_keeps_all_errors_but_those_of_visitors_who_left(caplog):
    loop = asyncio.new_event_loop()
    left = "exception of a closed page", WebSocketClosedError()
    for message, exception in [left, ("exception of ours", ValueError("x"))]:
        serving.pass_over_closed_pages(loop, {"message": message, "exception": exception})
    loop.close()
    assert [record.message.splitlines()[0] for record in caplog.records] == ["exception of ours"]


def test_log_passes_over_a_connection_that_ended_after_its_ping_failed(caplog):
    """Bokeh's race: the ping of a closed page parts it from its session, then `on_close` asks."""
    from bokeh.server.connection import ServerConnection

    log = logging.getLogger("test_cli.tornado")
    log.addFilter(serving.keeps_in_log)
    connection = ServerConnection(None, None, None, mock.Mock())
    connection.detach_session()
    with pytest.raises(AssertionError) as ended:
        _ = connection.session
    for error in (ended.value, AssertionError("ours"), ValueError("ours too")):
        log.error("Uncaught exception", exc_info=error)
    log.error("without an exception")
    kept = [record.exc_info and str(record.exc_info[1]) for record in caplog.records]
    assert kept == ["ours", "ours too", None]


def test_display_decides_whether_a_browser_opens(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.delenv("DISPLAY", raising=False)
    assert not cli.has_display()
    monkeypatch.setenv("DISPLAY", ":0")
    assert cli.has_display()


def test_announcement_warns_when_the_network_can_reach_it(capsys):
    serving.announce("http://localhost:5006/", "127.0.0.1", show=False)
    assert "network" not in capsys.readouterr().out
    serving.announce("http://localhost:5006/", "0.0.0.0", show=False)
    assert "over the network" in capsys.readouterr().out
