"""Run every benchmark of this machine and write one table.

    python benchmarks/run.py [--neural-tangents PYTHON] [--out FOLDER] [--only core opening …]

`make bench` calls it. The table goes to the screen and to FOLDER/DATE-DEVICE.md, with the hardware
and the versions it belongs to; after Ctrl-C it holds the suites that were done and the rows that
the pages had. Compare figures of one table only: machines and days differ.
"""

import argparse
import datetime
import json
import platform
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import jax
import psutil

from jntk_viz.machine import cores, processor

HERE = Path(__file__).parent
SUITES = ("core", "growth", "opening", "pages")
HEADINGS = {
    "core": "Core",
    "growth": "How times grow",
    "opening": "Opening a page, nothing made beforehand",
    "pages": "Pages, two cores",
    "pages, one core": "Pages, one core",
}


def hardware():
    memory = psutil.virtual_memory().total / 2**30
    device = jax.devices()[0]
    accelerator = "" if device.platform == "cpu" else f", {device.device_kind}"
    return f"{processor()}, {cores()} cores, {memory:.0f} GiB{accelerator}"


def figure(value):
    """A number for a table; a dash where it could not be measured."""
    if value is None:
        return "—"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def table(rows):
    lines = []
    for section in dict.fromkeys(row["section"] for row in rows):
        lines += ["", f"## {HEADINGS.get(section, section)}", ""]
        lines += ["| what | measured | target | verdict | |", "|---|---|---|---|---|"]
        for row in (r for r in rows if r["section"] == section):
            bound = "≥" if row.get("at_least") else "≤"
            target = "" if row["target"] is None else f"{bound} {figure(row['target'])}"
            verdict = {"met": "met", "missed": "**missed**"}.get(row["verdict"], "")
            cells = [row["what"], f"{figure(row['value'])} {row['unit']}", target, verdict]
            lines.append("| " + " | ".join([*cells, row["note"].replace("|", "/")]) + " |")
    return "\n".join(lines)


def revision():
    shown = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=HERE, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return shown.stdout.strip() or "unknown"


def write(rows, title, made, folder, name):
    """Write FOLDER/DATE-NAME.md, say how many targets were met, and return the text."""
    date = datetime.datetime.now().date().isoformat()
    packages = ("jntk-viz", "jax", "numpy", "panel", "bokeh", "holoviews")
    versions = ", ".join(f"{package} {version(package)}" for package in packages)
    python = platform.python_version()
    machine = f"{hardware()}. Python {python}, {versions}. Revision {revision()}."
    text = "\n".join([f"# {title}, {date}", "", machine, *made, table(rows), ""])
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{date}-{name}.md"
    file.write_text(text, encoding="utf-8")
    missed = sum(row["verdict"] == "missed" for row in rows)
    met = sum(row["verdict"] == "met" for row in rows)
    print(f"{met} targets met, {missed} missed. Written to {file}.")
    return text


def run(suite, folder, arguments):
    """The rows of one suite, and how it ended: "" if well, else "failed" or "interrupted"."""
    file = folder / f"{suite}.json"
    extra = []
    if suite == "core" and arguments.neural_tangents:
        extra = ["--neural-tangents", arguments.neural_tangents]
    command = [sys.executable, HERE / f"{suite}.py", "--json", file, *extra]
    print(f"\n== {suite} ==", flush=True)
    try:
        end = "failed" if subprocess.run(command, check=False).returncode else ""
    except KeyboardInterrupt:
        end = "interrupted"
    return (json.loads(file.read_text()) if file.is_file() else []), end


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--neural-tangents", metavar="PYTHON", help="its Python interpreter")
    parser.add_argument("--out", type=Path, default=HERE / "results")
    parser.add_argument("--only", nargs="+", choices=SUITES, default=SUITES, help="some suites")
    arguments = parser.parse_args()
    rows, unfinished = [], []
    with tempfile.TemporaryDirectory() as folder:
        for suite in arguments.only:
            found, end = run(suite, Path(folder), arguments)
            rows += found
            unfinished += [f"{suite} ({end})"] if end else []
            if end == "interrupted":
                break
    made = ["Made by `make bench`; what each line means stands in `benchmarks/`."]
    if not arguments.neural_tangents:
        made.append("Without neural-tangents: no Python 3.11 was found to run it with.")
    lacking = f"Not finished: {', '.join(unfinished)}; rows that are missing were not measured."
    if unfinished:
        made.append(lacking)
    device = jax.devices()[0].device_kind.lower().replace(" ", "-")
    print("\n" + write(rows, "Benchmarks", made, arguments.out, device))
    if unfinished:
        sys.exit(lacking)


if __name__ == "__main__":
    main()
