"""What repo2docker makes of `binder/`, without a container: a clone, an environment, a session.

repo2docker reads the files of `binder/` alone, installs from the root of the repository, runs
`postBuild` there, makes that folder the user's home, and starts every session through `start`.
"""

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import NamedTuple

import psutil

ROOT = Path(__file__).parents[2]
LOG = "BINDER_TEST_CONNECTIONS"

# Python runs this before anything else, in every process of the session.
WITNESS = f"""\
import os, sys

def witness(event, arguments):
    if event == "socket.connect":
        address = arguments[1]
    elif event == "socket.getaddrinfo":
        address = arguments[0]
    else:
        return
    with open(os.environ["{LOG}"], "a") as log:
        log.write(f"{{event}} {{address!r}}\\n")

sys.addaudithook(witness)
"""


class Image(NamedTuple):
    """A clone, the environment made from it, and what processes run in it."""

    root: Path
    python: Path
    environment: dict[str, str]

    def connections(self) -> list[str]:
        """Every address that a Python process of this image has connected to or looked up."""
        log = Path(self.environment[LOG])
        return log.read_text().splitlines() if log.exists() else []

    def outside(self) -> list[str]:
        """Those of them that are not this machine."""
        here = ("127.0.0.1", "localhost", "::1", "0.0.0.0", "None", "''", os.uname().nodename)
        return [line for line in self.connections() if not any(name in line for name in here)]


def wanted_python(root: Path) -> tuple[str, bool]:
    """The Python that `runtime.txt` asks for, and whether this machine has it; else the tests'."""
    version = (root / "binder" / "runtime.txt").read_text().strip().removeprefix("python-")
    for candidate in (shutil.which(f"python{version}"), sys._base_executable):
        tell = "import sys; print('%d.%d' % sys.version_info[:2])"
        if candidate and _output([candidate, "-c", tell]) == version:
            return candidate, True
    return sys._base_executable, False


def _output(command) -> str:
    return subprocess.run(command, capture_output=True, text=True).stdout.strip()


def clone(root: Path) -> None:
    """The working tree without what git ignores, as it would be pushed."""
    listed = _output(["git", "-C", str(ROOT), "ls-files", "-z", "-co", "--exclude-standard"])
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, root / name)


def build(folder: Path, watch: "Memory") -> Image:
    """Do what repo2docker does, step by step."""
    root, environment = folder / "home", folder / "environment"
    clone(root)
    python, _ = wanted_python(root)
    subprocess.run([python, "-m", "venv", environment], check=True)
    inside = environment / "bin" / "python"

    witness = folder / "witness"
    witness.mkdir()
    (witness / "sitecustomize.py").write_text(WITNESS)
    image = Image(
        root,
        inside,
        # Nothing else of this machine: what the image needs has to come from `binder/`.
        {
            "PATH": f"{environment / 'bin'}:/usr/bin:/bin",
            "HOME": str(root),
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(witness),
            LOG: str(folder / "connections"),
        },
    )
    # Only pip sees this machine's settings, which may name a mirror of the package index.
    pip = [inside, "-m", "pip", "install", "--quiet", "-r", "binder/requirements.txt"]
    with watch.stage("installation"):
        watch.run(pip, cwd=root)
    with watch.stage("postBuild"):
        script = root / "binder" / "postBuild"
        script.chmod(0o755)
        watch.run([script], cwd=root, env=image.environment)
    return image


class Memory:
    """Peak memory of a process and all it has started, for each stage of the session.

    The sum of the proportional set sizes (PSS): a page that several processes share counts once,
    as in the limit of a container. Where the system does not tell them, resident sizes: more.
    """

    def __init__(self):
        self.peaks: dict[str, int] = {}
        self._root: psutil.Process | None = None
        self._name = ""
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def follow(self, pid: int) -> None:
        """Watch this process and its children from now on."""
        self._root = psutil.Process(pid)

    def run(self, command, **options) -> None:
        """Run a command under watch; fail with what it said if it fails."""
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options
        )
        self.follow(process.pid)
        said, _ = process.communicate()
        assert process.returncode == 0, said

    def stage(self, name: str) -> "Memory":
        """`with memory.stage("lesson"):` takes the peak during a block."""
        self._name = name
        self.peaks[name] = 0
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._measure()
        self._name = ""

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def _sample(self):
        while not self._over.wait(0.2):
            self._measure()

    def _measure(self):
        if self._root is None or not (name := self._name):
            return
        try:
            processes = [self._root, *self._root.children(recursive=True)]
        except psutil.NoSuchProcess:
            return
        self.peaks[name] = max(self.peaks[name], sum(map(_size, processes)))

    def report(self) -> str:
        return "\n".join(f"{name:42s} {size / 2**20:6.0f} MiB" for name, size in self.peaks.items())


def _size(process) -> int:
    try:
        memory = process.memory_full_info()
    except psutil.Error:  # it has just ended
        return 0
    return getattr(memory, "pss", memory.rss)
