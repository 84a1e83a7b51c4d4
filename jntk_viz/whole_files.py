"""Files that are never seen half-written, however many processes write them."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let a file appear under its name only when it is complete and on the disk.

    - `write`: writes it to the path that it is given, a name that nobody else uses.

    Raises:
        OSError: if it cannot be written; what lay under the name before stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    try:
        write(part)
        with part.open("rb+") as written:
            os.fsync(written.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def write_whole_text(path: Path, text: str) -> None:
    """The same of a text, in UTF-8."""
    write_whole(path, lambda part: part.write_text(text, encoding="utf-8"))
