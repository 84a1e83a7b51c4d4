"""One submitted notebook, run in a process of its own; started by `grading`, never imported by it.

What its exercises give is sent line by line to the grader, which judges: what the notebook prints
or says of itself does not count. Python's audit hooks keep ordinary code from the network, from
other programs and from files that are not its own. They are no prison: code that calls C escapes
them. Grade what strangers send in a container.
"""

import json
import os
import sys
from base64 import b64encode
from io import BytesIO
from pathlib import Path

import numpy as np
from IPython.core.interactiveshell import InteractiveShell

from jntk_viz import lessons
from jntk_viz.lessons.checking import raised
from jntk_viz.lessons.feedback import Feedback

_NEVER = (
    "socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto",
    "socket.sendmsg", "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn",
    "os.fork", "os.forkpty", "pty.spawn", "os.kill", "os.killpg", "os.chroot",
)  # fmt: skip
_CHANGES = (
    "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate",
    "os.chmod", "os.chown", "os.utime", "os.chdir",
)  # fmt: skip
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def main(folder: str, others: str, seed: int, channel: int) -> None:
    """Run `folder`/cells.json. others: the folder of all submissions, which it may not read."""
    cells = json.loads(Path(folder, "cells.json").read_text(encoding="utf-8"))
    out = os.fdopen(channel, "w", encoding="utf-8")

    def send(**message):
        out.write(json.dumps(message) + "\n")
        out.flush()

    def check(name, answer):
        """As in the lesson, on other inputs; the grader hears what came of it."""
        exercise = lessons.EXERCISES.get(name)
        if exercise is None:
            return told(name, answer)
        found = exercise.attempt(answer, seed)
        send(exercise=name, **encoded(found))
        return found if isinstance(found, Feedback) else exercise.judge(found, seed)

    told, lessons.check = lessons.check, check
    shell = InteractiveShell.instance()
    sys.addaudithook(guard(Path(folder).resolve(), Path(others).resolve()))
    for source in cells:
        result = shell.run_cell(source, store_history=False)
        error = result.error_before_exec or result.error_in_exec
        if error is not None:
            send(error=raised(error)[:400])
    send(end=True)


def encoded(found) -> dict:
    """An attempt as JSON: what was said, a dictionary's causes, or arrays in NumPy's format."""
    if isinstance(found, Feedback):
        return {"said": [found.status, found.message[:2000]]}
    if isinstance(found, dict):
        return {"causes": {str(symptom): str(cause) for symptom, cause in found.items()}}
    return {"values": [_bytes_of(array) for array in found]}


def _bytes_of(array) -> str:
    buffer = BytesIO()
    np.save(buffer, np.asarray(array, float), allow_pickle=False)
    return b64encode(buffer.getvalue()).decode()


def guard(own: Path, others: Path):
    """An audit hook that allows to write in the folder `own` only and not to read in `others`."""

    def within(path, folder) -> bool:
        place = Path(os.fsdecode(path)).resolve()
        return place == folder or folder in place.parents

    def hook(event, arguments):
        if event in _NEVER:
            raise PermissionError(f"{event} is not allowed while a notebook is graded")
        if event in _CHANGES:
            paths = [a for a in arguments if isinstance(a, str | bytes | os.PathLike)]
            if not all(within(path, own) for path in paths):
                raise PermissionError(f"{event} is allowed in the notebook's own folder only")
        if event == "open" and isinstance(arguments[0], str | bytes | os.PathLike):
            path, mode, flags = arguments
            writes = set(mode or "") & set("wax+") or (flags or 0) & _WRITES
            allowed = within(path, own) or os.fsdecode(path) == os.devnull
            if writes and not allowed:
                raise PermissionError("a notebook that is graded writes in its own folder only")
            if within(path, others) and not allowed:
                raise PermissionError("a notebook that is graded does not read other submissions")

    return hook


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
