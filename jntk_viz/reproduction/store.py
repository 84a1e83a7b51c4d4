"""The files of a study: one for each finished task, and the table of them all.

    DIR/SCALE/NAME/KEY.parquet       the rows of one task
    DIR/SCALE/NAME/KEY.failed.json   why one task failed
    DIR/SCALE/NAME.parquet           all rows

A file appears under its name only when it is complete, so that a run may be killed at any moment.
KEY is a hash of the task and of the versions of the study and of this package: rows that other code
has measured are never mixed in, they lie aside. Parquet holds what a column means and its unit in
the metadata of the field, and where the rows come from as JSON in the metadata of the file, under
the key `jntk_viz`.
"""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

import jntk_viz
from jntk_viz.reproduction.study import Row, Scale, Study, Task
from jntk_viz.whole_files import write_whole, write_whole_text

METADATA = b"jntk_viz"


class Measured(NamedTuple):
    """The rows of one task, and how they came about (`provenance.here`, seconds)."""

    rows: list[Row]
    origin: dict[str, Any]


def task_key(study: Study, task: Task) -> str:
    """The name of a task's file: the same for the same task under the same code."""
    identity = [study.name, study.version, jntk_viz.__version__, task]
    text = json.dumps(identity, sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


class StudyFiles:
    """What there is of one study at one scale.

    - `rejected`: names of files that could not be read, whose tasks have to be done again.
    - `aside`: how many finished tasks belong to another version, or are no longer asked for.
    """

    def __init__(self, folder: Path, study: Study, scale: Scale):
        self.study, self.scale = study, scale
        self.tasks = study.tasks(scale)
        self.folder, self.merged = folder / study.name, folder / f"{study.name}.parquet"
        self._task_of = {task_key(study, task): task for task in self.tasks}
        if len(self._task_of) < len(self.tasks):
            raise ValueError(f"`tasks` of {study.name} must all differ; the same one occurs twice")
        self._tables: dict[str, pa.Table] = {}
        self.rejected: list[str] = []
        self.aside = 0
        for file in sorted(self.folder.glob("*.parquet")):
            if file.stem not in self._task_of:
                self.aside += 1
            else:
                self._take_in(file)

    def _take_in(self, file: Path) -> None:
        try:
            table = pq.read_table(file, page_checksum_verification=True)
            if origin_of(table)["task"] != self._task_of[file.stem]:
                raise ValueError("another task's rows")
        except (pa.ArrowException, OSError, ValueError, KeyError):
            self.rejected.append(f"{self.study.name}/{file.name}")
        else:
            self._tables[file.stem] = table

    @property
    def left(self) -> list[Task]:
        """The tasks that are not finished."""
        return [task for key, task in self._task_of.items() if key not in self._tables]

    @property
    def started(self) -> bool:
        """Whether any task is finished."""
        return bool(self._tables)

    def finished(self, task: Task) -> bool:
        return task_key(self.study, task) in self._tables

    def save(self, task: Task, measured: Measured) -> None:
        """Keep what a task has measured.

        Raises:
            ValueError: if a row has a column that `study.columns` does not explain.
        """
        key = task_key(self.study, task)
        table = self._as_table(task, measured)
        _write_parquet(table, self.folder / f"{key}.parquet")
        self._tables[key] = table
        self._failure(key).unlink(missing_ok=True)

    def save_failure(self, task: Task, message: str, details: str) -> None:
        """Keep why a task failed; the next run tries it again."""
        text = json.dumps({"task": task, "message": message, "details": details}, indent=1)
        write_whole_text(self._failure(task_key(self.study, task)), text)

    def failures(self) -> list[dict[str, Any]]:
        """Tasks that failed when they were last tried: `task`, `message`, `details`."""
        files = (self._failure(task_key(self.study, task)) for task in self.left)
        return [json.loads(file.read_text(encoding="utf-8")) for file in files if file.is_file()]

    def table(self) -> pd.DataFrame:
        """All rows there are, in the order of the tasks; every column, even without rows."""
        return self._joined().to_pandas().reindex(columns=list(self.study.columns))

    def origins(self) -> list[dict[str, Any]]:
        """How the rows of each finished task came about."""
        return [origin_of(table) for table in self._in_order()]

    def merge(self, about: dict[str, Any]) -> None:
        """Write the table of all rows; `about` goes into its metadata."""
        joined = self._joined()
        metadata = {METADATA: json.dumps(about, allow_nan=False)}
        _write_parquet(joined.replace_schema_metadata(metadata), self.merged)

    def _failure(self, key: str) -> Path:
        return self.folder / f"{key}.failed.json"

    def _in_order(self) -> list[pa.Table]:
        return [self._tables[key] for key in self._task_of if key in self._tables]

    def _joined(self) -> pa.Table:
        tables = [_valued(table.replace_schema_metadata()) for table in self._in_order()]
        if not tables:
            return _explained(self.study, pa.table({name: [] for name in self.study.columns}))
        return _typed(pa.concat_tables(tables, promote_options="permissive"))

    def _as_table(self, task: Task, measured: Measured) -> pa.Table:
        rows = [{**task, **row} for row in measured.rows]
        names = dict.fromkeys(name for row in rows for name in row)
        unknown = [name for name in names if name not in self.study.columns]
        if unknown:
            raise ValueError(
                f"`columns` of {self.study.name} must explain {', '.join(unknown)}, which its "
                "tasks measure. Add what they mean and their unit."
            )
        frame = pd.DataFrame(rows, columns=list(self.study.columns))
        table = _explained(self.study, pa.Table.from_pandas(frame, preserve_index=False))
        origin = json.dumps({"task": task, **measured.origin}, allow_nan=False)
        return table.replace_schema_metadata({METADATA: origin})


def origin_of(table: pa.Table) -> dict[str, Any]:
    """What the metadata of a file says about where its rows come from."""
    return json.loads((table.schema.metadata or {})[METADATA])


def _explained(study: Study, table: pa.Table) -> pa.Table:
    """The table with meaning and unit in the metadata of every field."""
    fields: Iterable[pa.Field] = (
        field.with_metadata(dict(study.columns[field.name]._asdict())) for field in table.schema
    )
    return table.cast(pa.schema(fields))


def _valued(table: pa.Table) -> pa.Table:
    """The table in which a column without any value has no type, which other tasks may give it.

    Pandas has called it numbers, where others may have words.
    """
    for i, field in enumerate(table.schema):
        if table[i].null_count == len(table):
            table = table.set_column(i, field.with_type(pa.null()), pa.nulls(len(table)))
    return table


def _typed(table: pa.Table) -> pa.Table:
    """The table in which a column that no task has given a type holds numbers, all missing."""
    fields = [
        field.with_type(pa.float64()) if pa.types.is_null(field.type) else field
        for field in table.schema
    ]
    return table.cast(pa.schema(fields))


def _write_parquet(table: pa.Table, file: Path) -> None:
    write_whole(file, lambda part: pq.write_table(table, part, write_page_checksum=True))
