"""What the rows of a study say, as far as there are any: claims, charts, where they come from."""

import json
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from jntk_viz.machine import summarise
from jntk_viz.reproduction.store import StudyFiles
from jntk_viz.reproduction.study import Chart, Claim, Heatmap, Study
from jntk_viz.whole_files import write_whole_text


class Result(NamedTuple):
    """One study in the report.

    about: its provenance, as in the metadata of its Parquet file. failures: tasks that failed.
    problem: the traceback, where claims or charts could not be made of the table; else empty.
    """

    study: Study
    table: pd.DataFrame
    claims: list[Claim]
    charts: Sequence[Chart | Heatmap]
    about: dict[str, Any]
    failures: list[dict[str, Any]]
    problem: str

    @property
    def sound(self) -> bool:
        return not (self.failures or self.problem)


def conclude(files: StudyFiles, command: str) -> Result:
    """Write the table of all rows and say what they show. `command`: the one that repeats it."""
    study, table = files.study, files.table()
    about = {
        "study": study.name,
        "title": study.title,
        "source": study.source,
        "question": study.question,
        "scale": files.scale,
        "version_of_study": study.version,
        "command": command,
        "tasks": len(files.tasks),
        **summarise(files.origins()),
        "columns": {name: column._asdict() for name, column in study.columns.items()},
    }
    files.merge(about)
    claims: list[Claim] = []
    charts: Sequence[Chart | Heatmap] = []
    problems = []
    # Studies are written by many; what one cannot conclude must not take the others' report away.
    try:
        claims = study.claims(table)
    except Exception:  # noqa: BLE001
        problems.append(traceback.format_exc())
    try:
        charts = study.charts(table)
    except Exception:  # noqa: BLE001
        problems.append(traceback.format_exc())
    return Result(study, table, claims, charts, about, files.failures(), "\n".join(problems))


def claims_json(results: list[Result]) -> str:
    """All claims with what they rest on, for programs."""
    studies = [
        {
            **{key: value for key, value in result.about.items() if key != "columns"},
            "claims": [_finite(claim._asdict()) for claim in result.claims],
        }
        for result in results
    ]
    return json.dumps({"studies": studies}, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _finite(claim: dict[str, Any]) -> dict[str, Any]:
    """JSON knows no NaN and no infinity: they become null."""
    numbers = ("value", "low", "high")
    plain = {key: None if claim[key] is None else float(claim[key]) for key in numbers}
    return claim | {
        key: number if number is not None and abs(number) < float("inf") else None
        for key, number in plain.items()
    }


def claims_markdown(results: list[Result]) -> str:
    """The claims as a table for a README, with the command and the device below it."""
    lines = ["| claim of the paper | source | measured | verdict |", "|---|---|---|---|"]
    for result in results:
        for claim in result.claims:
            cells = claim.statement, claim.source, claim.measured, f"**{claim.verdict}**"
            lines.append("| " + " | ".join(" ".join(c.replace("|", "\\|").split()) for c in cells))
            lines[-1] += " |"
    return "\n".join(lines) + "\n\n" + said_of(results) + "\n"


def said_of(results: list[Result]) -> str:
    """Command, progress, device, versions and date of all studies, in one paragraph."""
    about = [result.about for result in results]
    finished, tasks = (sum(a[key] for a in about) for key in ("tasks_finished", "tasks"))
    devices = dict.fromkeys(device for a in about for device in a["devices"])
    versions = dict.fromkeys(
        f"{name} {' and '.join(numbers)}" for a in about for name, numbers in a["versions"].items()
    )
    dates = sorted({a["last_task"][:10] for a in about if a["last_task"]})
    days = " to ".join(dict.fromkeys([*dates[:1], *dates[-1:]])) or "no task finished"
    seconds = sum(a["seconds"] for a in about)
    return (
        f"Made by `{about[0]['command']}`: {finished} of {tasks} tasks, {seconds / 60:.1f} minutes "
        f"of computing, {days}. Device: {'; '.join(devices) or '—'}. "
        f"Versions: {', '.join(versions) or '—'}."
    )


def write_claims(folder: Path, results: list[Result]) -> None:
    for name, text in (("json", claims_json(results)), ("md", claims_markdown(results))):
        write_whole_text(folder / f"claims.{name}", text)
