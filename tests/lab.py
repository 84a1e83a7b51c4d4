"""A real Jupyter server and JupyterLab in a browser, as a reader of the lessons meets them."""

import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

TOKEN = "lessons"  # of a server that only this machine can reach


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server(NamedTuple):
    """A running Jupyter server; `url` has no slash at its end."""

    url: str
    process: subprocess.Popen


@contextmanager
def jupyter_server(command, log: Path, *, cwd: Path, environment: dict[str, str], base_url="/"):
    """Start `command`, some way of calling `jupyter lab`, with a free port and a token."""
    port = free_port()
    arguments = [
        *command, "--no-browser", "--ip=127.0.0.1", f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0", f"--IdentityProvider.token={TOKEN}",
        f"--ServerApp.base_url={base_url}", "--ServerApp.allow_root=True",
    ]  # fmt: skip
    with log.open("w") as out:
        process = subprocess.Popen(
            arguments, cwd=cwd, stdout=out, stderr=subprocess.STDOUT,
            env=environment, start_new_session=True,
        )  # fmt: skip
        url = f"http://127.0.0.1:{port}{base_url.rstrip('/')}"
        try:
            _wait_for(url, process, log)
            yield Server(url, process)
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(20)


def settings_of_the_test(folder: Path) -> dict[str, str]:
    """Environment variables that keep a reader's own settings and workspaces out of a test."""
    names = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
    }
    # All cells in the page, not only those in view, so that a test can find them.
    tracker = folder / "settings" / "@jupyterlab" / "notebook-extension"
    tracker.mkdir(parents=True, exist_ok=True)
    (tracker / "tracker.jupyterlab-settings").write_text('{"windowingMode": "none"}')
    return {name: str(folder / place) for name, place in names.items()}


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
        # In a workspace of its own, or lessons that were open before come back, and the kernel of
        # one of them answers.
        place = f"lab/workspaces/{Path(path).stem}/tree/{path}"
        page.goto(f"{url}/{place}?token={TOKEN}", timeout=180_000)
        page.locator(".jp-NotebookPanel:visible .jp-Cell").first.wait_for(timeout=180_000)
        # A kernel that answers: before that, JupyterLab would ask which one to start.
        page.locator("#jp-main-statusbar").get_by_text("| Idle").wait_for(timeout=180_000)

    def menu(self, name: str, entry: str):
        """Choose an entry, given by its beginning, of JupyterLab's menu."""
        self.page.get_by_role("menuitem", name=name, exact=True).click()
        self.page.get_by_role("menuitem", name=re.compile(f"^{entry}")).first.click()

    def run_all(self, seconds=150):
        """Run all cells and wait until the last one has run."""
        self.menu("Run", "Run All Cells")
        page = self.page
        page.wait_for_function(
            """() => {
                // Other lessons may be open in tabs behind this one.
                const cells = '.jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell';
                // A cell whose source is hidden has a prompt without a number in its place.
                const prompt = ' .jp-InputPrompt:not(.jp-Placeholder-prompt)';
                const prompts = [...document.querySelectorAll(cells + prompt)];
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

    def move_slider(self):
        """Move the first slider one step and wait until the figure has new numbers."""
        before = self.page.wait_for_function(NUMBERS).json_value()
        handle = self.page.locator(".widget-slider .noUi-handle").first
        handle.scroll_into_view_if_needed()
        handle.focus()
        self.page.keyboard.press("ArrowRight")
        self.page.wait_for_function(f"before => ({NUMBERS})() !== before", arg=before)


# The numbers of the first histogram, as the browser holds them.
NUMBERS = """() => {
    for (const doc of window.Bokeh?.documents ?? [])
        for (const model of doc._all_models.values())
            if (model.type === 'ColumnDataSource' && model.data.top)
                return JSON.stringify(Array.from(model.data.top));
    return null;
}"""


def first_figure_seconds(lesson: Lesson) -> float:
    """Restart the kernel, run to the first figure; seconds until that and its slider stand."""
    page = lesson.page
    page.evaluate("() => { window.figuresBefore = window.Bokeh?.documents.length ?? 0 }")
    page.locator(".jp-CodeCell", has_text="Knobs(").first.locator(".cm-content").click()
    lesson.menu("Kernel", "Restart Kernel and Run up to Selected Cell")
    start = time.monotonic()
    page.locator(".jp-Dialog .jp-mod-accept").click()
    page.wait_for_function(
        """() => {
            const figures = (window.Bokeh?.documents ?? []).slice(window.figuresBefore);
            return figures.some(figure => figure.is_idle)
                && document.querySelector('.jp-NotebookPanel .widget-slider');
        }""",
        polling=50,
    )
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
    return time.monotonic() - start
