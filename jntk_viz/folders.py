"""Folders that the commands work with: the apps, the data, what JAX has compiled."""

import hashlib
import os
import platform
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


def app_routes(folder: Path) -> dict[str, Path]:
    """Path on the server → file: the landing page at / and /index, every other app by its name."""
    routes = {f"/{file.stem}": file for file in sorted(folder.glob("[!_]*.py"))}
    return {"/": folder / "index.py", **routes}


def use_folders(arguments) -> None:
    """Let the pages find the folders that were named, as if by their environment variables."""
    for option, variable in (("data", "JNTK_VIZ_DATA"), ("presets", "JNTK_VIZ_PRESETS")):
        folder = getattr(arguments, option)
        if folder is None:
            continue
        folder = folder.expanduser()
        if not folder.is_dir():
            raise CannotServe(f"`--{option}` must name an existing folder; {str(folder)!r} is none")
        os.environ[variable] = str(folder.resolve())


def keep_compiled_code() -> None:
    """Let JAX keep what it compiles in the user's cache folder, for the next start.

    Code for one processor may not run on another that shares the folder, by a network drive or in a
    container's image: each kind has its own.
    """
    import jax

    from jntk_viz.datasets import cache_folder

    # JAX adds this attribute at run time. The user may have named another folder.
    if not jax.config.jax_compilation_cache_dir:  # type: ignore[attr-defined]
        kind = hashlib.sha256(processor().encode()).hexdigest()[:12]
        jax.config.update("jax_compilation_cache_dir", str(cache_folder() / "compiled" / kind))
        # What a picture needs is many small functions, each compiled in less than JAX would keep.
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)


def processor() -> str:
    """What the processor can do, as far as the system tells."""
    told = Path("/proc/cpuinfo")
    if not told.is_file():
        return f"{platform.machine()} {platform.processor()}"
    abilities = ("flags", "Features")  # as x86 and ARM call them
    lines = told.read_text(encoding="utf-8").splitlines()
    return next((line for line in lines if line.startswith(abilities)), platform.machine())
