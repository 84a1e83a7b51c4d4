"""A real Jupyter server and JupyterLab in a browser, as a reader of the lessons meets them."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

TOKEN = "lessons"  # of a server that only this machine can reach


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def jupyter_server(folder: Path, log: Path, *, command=(sys.executable, "-m", "jupyterlab"),
                   base_url="/", cwd=None, environment=None, settings: Path):  # fmt: skip
    """Serve `folder`; gives the server's URL, without a slash at its end."""
    port = free_port()
    arguments = [
        *command, "--no-browser", f"--ServerApp.port={port}", "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={folder}", f"--IdentityProvider.token={TOKEN}",
        f"--ServerApp.base_url={base_url}", "--ServerApp.allow_root=True",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.news_url=None",
    ]  # fmt: skip
    # The reader's own settings and workspaces stay out of it.
    names = {"CONFIG_DIR": "config", "DATA_DIR": "data"}
    names = {f"JUPYTER_{name}": folder for name, folder in names.items()}
    names |= {"JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTERLAB_WORKSPACES_DIR": "workspaces"}
    own = {name: str(settings / place) for name, place in names.items()} | {"PANEL_INLINE": "1"}
    # All cells in the page, not only those in view, so that a test can find them.
    tracker = settings / "settings" / "@jupyterlab" / "notebook-extension"
    tracker.mkdir(parents=True, exist_ok=True)
    (tracker / "tracker.jupyterlab-settings").write_text('{"windowingMode": "none"}')
    with log.open("w") as out:
        process = subprocess.Popen(
            arguments, cwd=cwd or folder, stdout=out, stderr=subprocess.STDOUT,
            env={**os.environ, **own, **(environment or {})}, start_new_session=True,
        )  # fmt: skip
        url = f"http://127.0.0.1:{port}{base_url.rstrip('/')}"
        try:
            _wait_for(url, process, log)
            yield url
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(20)


def _wait_for(url, process, log, seconds=90):
    for _ in range(2 * seconds):
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{url}/api?token={TOKEN}", timeout=5) as answer:
                json.load(answer)
            return
        except OSError:
            time.sleep(0.5)
    raise RuntimeError(f"The Jupyter server did not start:\n{log.read_text()}")


class Lesson:
    """A notebook open in JupyterLab."""

    def __init__(self, page, url: str, path: str):
        self.page = page
        page.goto(f"{url}/lab/tree/{path}?token={TOKEN}", timeout=90_000)
        page.locator(".jp-NotebookPanel:visible .jp-Cell").first.wait_for(timeout=90_000)
        # A kernel that answers: before that, JupyterLab would ask which one to start.
        page.locator("#jp-main-statusbar").get_by_text("| Idle").wait_for(timeout=90_000)

    def run_all(self, seconds=150):
        """Run all cells and wait until the last one has run."""
        page = self.page
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name=re.compile("^Run All Cells")).first.click()
        page.wait_for_function(
            """() => {
                // Other lessons may be open in tabs behind this one.
                const cells = '.jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell';
                const prompts = [...document.querySelectorAll(cells + ' .jp-InputPrompt')];
                return prompts.length && prompts.every(p => /\\[\\d+\\]/.test(p.textContent));
            }""",
            timeout=1000 * seconds,
        )

    def errors(self) -> list[str]:
        """Tracebacks that are shown."""
        found = self.page.locator('[data-mime-type="application/vnd.jupyter.stderr"]')
        return [text for text in found.all_inner_texts() if "Error" in text]

    def answer(self, name: str, signature: str, body: str):
        """Put a solution into the cell of an exercise and run that cell."""
        page, check = self.page, f'check("{name}"'
        cell = page.locator(".jp-CodeCell", has_text=check).first
        cell.scroll_into_view_if_needed()
        cell.locator(".cm-content").click()
        page.keyboard.press("Control+A")
        # In one piece: typed key by key, the editor would indent and close brackets itself.
        function = signature.partition("(")[0]
        page.keyboard.insert_text(f"def {signature}:\n    {body}\n\n\n{check}, {function})")
        page.keyboard.press("Control+Enter")
