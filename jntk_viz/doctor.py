"""`jntk-viz doctor`: is this installation sound?"""

import os
import platform
import webbrowser
from importlib.metadata import PackageNotFoundError, requires, version

from packaging.requirements import Requirement

SHOWN = ("jax", "numpy", "panel", "holoviews", "bokeh")


class CheckFailed(Exception):
    """What is wrong, and the remedy."""


def examine() -> bool:
    """Print one line per check; whether all of them passed."""
    print(
        f"jntk_viz {version('jntk-viz')}, Python {platform.python_version()}, {platform.system()}"
    )
    failed = [name for name, check in CHECKS.items() if not report(name, check)]
    print(f"Not in order: {', '.join(failed)}." if failed else "All is well.")
    return not failed


def report(name: str, check) -> bool:
    try:
        passed, detail = True, check()
    except CheckFailed as failure:
        passed, detail = False, str(failure)
    except Exception as error:  # noqa: BLE001 whatever is broken is what the user asked to see
        passed, detail = False, f"{type(error).__name__}: {error}"
    print(f"{'✓' if passed else '✗'} {name:9} {detail}", flush=True)
    return passed


def check_packages() -> str:
    """Everything that the project requires is installed in a version that it allows."""
    wrong = []
    for requirement in map(Requirement, requires("jntk-viz") or []):
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            found = version(requirement.name)
        except PackageNotFoundError:
            found = "nothing"
        if found == "nothing" or found not in requirement.specifier:
            wrong.append(f"{requirement.name}{requirement.specifier} needed, {found} installed")
    if wrong:
        raise CheckFailed(f"{'; '.join(wrong)}. Install again, with `-c constraints.txt`")
    return ", ".join(f"{name} {version(name)}" for name in SHOWN)


def check_device() -> str:
    """JAX starts and sees a device."""
    import jax

    from jntk_viz.device import DeviceUnavailable, check_device

    try:
        check_device()
    except DeviceUnavailable as error:
        raise CheckFailed(str(error)) from error
    devices = ", ".join(f"{device.platform} ({device.device_kind})" for device in jax.devices())
    return f"{devices}; {os.cpu_count()} CPU cores"


def check_float64() -> str:
    """Limiting kernels come in float64 without JAX's global switch, and leave it as it was."""
    import jax
    import numpy as np

    from jntk_viz.kernels import jacobian_nngp

    before = jax.config.read("jax_enable_x64")
    kernel = jacobian_nngp(np.eye(2), depth=1)
    after = jax.config.read("jax_enable_x64")
    if kernel.dtype != np.float64 or after != before:
        raise CheckFailed(
            f"kernels are {kernel.dtype}, jax_enable_x64 went from {before} to {after}. "
            "Install again, with `-c constraints.txt`"
        )
    return f"limiting kernels are float64; JAX's own switch stays {'on' if before else 'off'}"


def check_kernels() -> str:
    """Both limiting kernels agree with another library's stored values."""
    from jntk_viz._selfcheck import TOLERANCE, kernel_errors

    errors = kernel_errors()
    figures = ", ".join(f"{name} off by {error:.0e}" for name, error in errors.items())
    figures += f" of its largest entry (at most {TOLERANCE:.0e})"
    if not all(error <= TOLERANCE for error in errors.values()):
        raise CheckFailed(f"{figures}. Numbers on this machine cannot be trusted; please report it")
    return figures


def check_cache() -> str:
    """The cache folder can be written to."""
    from jntk_viz.datasets import cache_folder
    from jntk_viz.folders import try_writing

    folder = cache_folder()
    try:
        try_writing(folder)
    except OSError as error:
        raise CheckFailed(
            f"{folder}: {error.strerror}. Downloads and compiled code cannot be kept; make it "
            "writable, free some space, or give the files with `--data DIR`"
        ) from error
    return f"{folder} is writable"


def check_data() -> str:
    """Which data sets can be used without the network."""
    from jntk_viz.datasets import DATASETS, dataset_available

    names = [name for name, source in DATASETS.items() if source.kind != "file"]
    here = [name for name in names if dataset_available(name)]
    missing = [name for name in names if name not in here]
    folder = os.environ.get("JNTK_VIZ_DATA")
    if folder and not os.path.isdir(folder):
        raise CheckFailed(
            f"JNTK_VIZ_DATA names {folder!r}, which is no folder. Correct or unset it"
        )
    parts = [f"JNTK_VIZ_DATA={folder}"] if folder else []
    parts.append(f"on this machine: {', '.join(here)}")
    if missing:
        parts.append(f"downloaded when first asked for: {', '.join(missing)}")
    return "; ".join(parts)


def check_browser() -> str:
    """Whether `jntk-viz serve` can open a page by itself; only a convenience, so it never fails."""
    try:
        return f"pages open with {webbrowser.get().name}"
    except webbrowser.Error:
        return "none found; open the address that `jntk-viz serve` prints yourself"


CHECKS = {
    "packages": check_packages,
    "device": check_device,
    "float64": check_float64,
    "kernels": check_kernels,
    "cache": check_cache,
    "data": check_data,
    "browser": check_browser,
}
