"""Finding a UCI file: in a folder the user names, in the cache, or at UCI."""

import hashlib
import os
import tempfile
import warnings
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np
import pooch

from .tables import decode

UCI = "https://archive.ics.uci.edu"
DATA_DIR_VARIABLE = "JNTK_VIZ_DATA"
_TIMEOUT = (10, 30)  # seconds to connect, seconds without a byte


class DatasetUnavailable(ValueError):
    """The file is neither in the folder named, nor cached, nor could it be downloaded."""


class UCIFile(NamedTuple):
    """One table of the UCI repository.

    name: of the data set here.   file: its name inside UCI's zip archive and in a user's folder.
    location: number and title that make its addresses at UCI.
    fingerprint: SHA-256 of the numbers in UCI's file (`fingerprint`). Not of the bytes: copies in
    circulation differ in line ends and in writing "fire" or 1, and hold the same numbers.
    """

    name: str
    file: str
    location: str
    fingerprint: str

    @property
    def page(self) -> str:
        return f"{UCI}/dataset/{self.location}"

    @property
    def archive(self) -> str:
        return f"{UCI}/static/public/{self.location}.zip"


def cache_folder() -> Path:
    """Where downloaded tables are kept, one folder for each user of the machine."""
    return Path(pooch.os_cache("jntk_viz"))


def fingerprint(x: np.ndarray, y: np.ndarray) -> str:
    """SHA-256 of a table's numbers, features and label, row by row."""
    return hashlib.sha256(np.column_stack([x, y]).astype("<f8").tobytes()).hexdigest()


def find_file(wanted: UCIFile, data_dir=None) -> Path | None:
    """The file in the folder named or in the cache, or None; never touches the network."""
    folder = named_folder(data_dir)
    for place in [cache_folder()] if folder is None else [folder, cache_folder()]:
        if (place / wanted.file).is_file():
            return place / wanted.file
    return None


def named_folder(data_dir=None) -> Path | None:
    """`data_dir`, else the folder in JNTK_VIZ_DATA, else None."""
    named = data_dir if data_dir is not None else os.environ.get(DATA_DIR_VARIABLE) or None
    if named is None:
        return None
    if not Path(named).is_dir():
        origin = "`data_dir`" if data_dir is not None else DATA_DIR_VARIABLE
        raise DatasetUnavailable(
            f"{origin} must be a folder that holds the data files; {named} is not a folder. "
            "Check its name."
        )
    return Path(named)


def obtain(wanted: UCIFile, parse, data_dir, download: bool):
    """The parsed table, and a note for its provenance if its numbers are not UCI's.

    Raises DatasetUnavailable, with the way to get the file by hand, if it cannot be had, and
    ValueError with line and column if it cannot be read. Numbers that differ from those known are
    told, not refused: UCI may correct a file, and a teacher may shorten one.
    """
    path = find_file(wanted, data_dir)
    replaceable = download and path is not None and path.parent == cache_folder()
    read = _unless_damaged if replaceable else _read
    if path is None or (table := read(wanted, parse, path)) is None:
        if not download:
            raise _unavailable(wanted, data_dir, "and `download` is False.")
        path = _download(wanted, parse, data_dir)
        table = _read(wanted, parse, path)
    if fingerprint(table.x, table.y) == wanted.fingerprint:
        return table, ""
    if path.parent == cache_folder():
        warnings.warn(
            f"{path} holds other numbers than the UCI file that jntk_viz was tested with; UCI may "
            "have corrected it. Delete the file to download it again.",
            stacklevel=3,
        )
    return table, "; numbers differ from UCI's file as tested"


def _read(wanted: UCIFile, parse, path: Path):
    source = f"{wanted.name} file {path}"
    return parse(decode(path.read_bytes(), source), source)


def _unless_damaged(wanted: UCIFile, parse, path: Path):
    """The table of a cached file; None after it has been removed, because it cannot be read."""
    try:
        return _read(wanted, parse, path)
    except ValueError as error:
        warnings.warn(f"{path} is damaged, so it is removed. Cause: {error}", stacklevel=4)
        path.unlink(missing_ok=True)
        return None


def _download(wanted: UCIFile, parse, data_dir) -> Path:
    """Fetch UCI's archive; the file enters the cache in one move, after it could be read."""
    target = cache_folder() / wanted.file
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix="partial-") as scratch:
            archive = Path(scratch) / "archive.zip"
            pooch.HTTPDownloader(timeout=_TIMEOUT)(wanted.archive, str(archive), None)
            with zipfile.ZipFile(archive) as opened:
                raw = _member(opened, wanted.file)
            parse(decode(raw, wanted.archive), wanted.archive)
            part = Path(scratch) / wanted.file
            part.write_bytes(raw)
            part.replace(target)
    # The network, the disk, a cut or foreign archive, a table that cannot be read: one remedy.
    except (OSError, ValueError, RuntimeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise _unavailable(
            wanted, data_dir, "and the download failed.", f" Cause: {error}"
        ) from error
    return target


def _member(archive: zipfile.ZipFile, file: str) -> bytes:
    for name in archive.namelist():
        if PurePosixPath(name).name == file:
            return archive.read(name)
    raise ValueError(
        f"the archive holds no {file}, only {', '.join(archive.namelist()) or 'nothing'}"
    )


def _unavailable(wanted: UCIFile, data_dir, reason: str, cause: str = "") -> DatasetUnavailable:
    folder = named_folder(data_dir)
    places = f"the cache {cache_folder()}" if folder is None else f"{folder} or the cache"
    return DatasetUnavailable(
        f"The data set {wanted.name!r} is not on this machine: there is no {wanted.file} in "
        f"{places}, {reason} To get it by hand, download and unpack the archive from "
        f"{wanted.page} and put {wanted.file} into a folder; then pass data_dir='FOLDER' or set "
        f"the environment variable {DATA_DIR_VARIABLE}=FOLDER.{cause}"
    )
