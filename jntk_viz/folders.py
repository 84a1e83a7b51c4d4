"""Folders that the commands work with: the apps, the data, the cache."""

import os
import shutil
import tempfile
from pathlib import Path


class CannotServe(Exception):
    """The pages or lessons cannot be shown; the message says why and what to do."""


def apps_folder() -> Path:
    """The folder of the apps: inside an installed package, or beside it in a clone."""
    package = Path(__file__).parent
    # The package's own folder first: next to an installed package, `apps` could be anybody's.
    for folder in (package / "_apps", package.parent / "apps"):
        if (folder / "index.py").is_file():
            return folder
    raise CannotServe(
        f"no apps found beside {package}. Install jntk_viz from its wheel, or from a clone with "
        "`pip install -e .`"
    )


def own_lessons() -> Path:
    """The folder of the lessons as they came: inside an installed package, or in a clone."""
    package = Path(__file__).parent
    for folder in (package / "_notebooks", package.parent / "notebooks"):
        if folder.is_dir():
            return folder
    raise CannotServe(
        f"no lessons found beside {package}. Install jntk_viz from its wheel, or from a clone "
        "with `pip install -e .`"
    )


def lessons_folder(copy_to: Path) -> Path:
    """The folder of the lessons: those of a clone, else copies of an installed package's.

    Lessons that are in `copy_to` already stay as their reader has left them.
    """
    installed = own_lessons()
    if installed.name != "_notebooks":
        return installed
    try:
        copy_to.mkdir(parents=True, exist_ok=True)
        for lesson in sorted(installed.glob("*.ipynb")):
            if not (copy_to / lesson.name).exists():
                shutil.copy(lesson, copy_to)
    except OSError as error:
        raise CannotServe(
            f"the lessons cannot be copied to {copy_to}: {error.strerror}. Name another folder: "
            "`jntk-viz lab --folder DIR`"
        ) from error
    return copy_to


def own_documents() -> Path:
    """The folder of the guides in Markdown: inside an installed package, or in a clone."""
    package = Path(__file__).parent
    for folder in (package / "_docs", package.parent / "docs"):
        if (folder / "serving.md").is_file():
            return folder
    raise CannotServe(
        f"no documents found beside {package}. Install jntk_viz from its wheel, or from a clone "
        "with `pip install -e .`"
    )


def app_routes(folder: Path) -> dict[str, Path]:
    """Path on the server → file: the landing page at / and /index, every other app by its name."""
    routes = {f"/{file.stem}": file for file in sorted(folder.glob("[!_]*.py"))}
    return {"/": folder / "index.py", **routes}


def app_files(routes: dict[str, Path]) -> list[Path]:
    """The files of these routes, each once: the landing page has two."""
    return list(dict.fromkeys(routes.values()))


def addresses_ahead(arguments, routes) -> list[str]:
    """Addresses below the prefix of which pages are made before visitors ask for them."""
    if not arguments.ready_at:
        return [route for route in routes if route != "/index"]
    addresses = [f"/{address.lstrip('/')}" for address in arguments.ready_at]
    for address in addresses:
        if address.partition("?")[0] not in routes:
            names = ", ".join(route.lstrip("/") for route in routes if route != "/")
            raise CannotServe(
                f"`--ready-at` must name a page, perhaps with settings; got {address[1:]!r}. "
                f"There are {names}"
            )
    return addresses


def use_folders(arguments) -> None:
    """Let the pages find the folders that were named, as if by their environment variables."""
    for option, variable in (("data", "JNTK_VIZ_DATA"), ("presets", "JNTK_VIZ_PRESETS")):
        folder = getattr(arguments, option, None)  # not every command has both
        if folder is None:
            continue
        folder = folder.expanduser()
        if not folder.is_dir():
            raise CannotServe(f"`--{option}` must name an existing folder; {str(folder)!r} is none")
        os.environ[variable] = str(folder.resolve())


def try_writing(folder: Path) -> None:
    """Make the folder where it is missing, and write a megabyte that vanishes at once.

    Raises:
        OSError: if it cannot be made, is read-only, or has no room.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(bytes(1_000_000))
