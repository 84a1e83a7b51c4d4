"""Run the programs that pages give away."""

import contextlib
import io
import subprocess
import sys


def run_program(source, *, alone=False):
    """Output of a program, as name -> text; `alone`: in a process in which no page was open."""
    if alone:
        run = subprocess.run(
            [sys.executable, "-c", source], capture_output=True, text=True, timeout=120
        )
        assert run.returncode == 0, run.stderr
        text = run.stdout
    else:
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(compile(source, "program", "exec"), {"__name__": "__main__"})
        text = said.getvalue()
    return dict(line.split(" = ") for line in text.splitlines())
