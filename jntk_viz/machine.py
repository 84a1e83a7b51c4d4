"""Where numbers come from: versions, device, date."""

import datetime
import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

PACKAGES = ("jax", "jaxlib", "numpy", "scipy")


def here() -> dict[str, Any]:
    """Versions, device and date of this process; no name or path of the machine."""
    import jntk_viz

    versions = {name: version(name) for name in PACKAGES}
    return {
        "versions": {
            "jntk_viz": jntk_viz.__version__,
            "python": platform.python_version(),
            **versions,
        },
        "device": device(),
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }


def device() -> str:
    """What JAX computes on, with the processor and its cores."""
    import jax

    first, count = jax.devices()[0], len(jax.devices())
    accelerator = "" if first.platform == "cpu" else f"{count} × {first.device_kind}, "
    return f"{accelerator}{processor()}, {cores()} cores"


def cores() -> int:
    """Processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def processor() -> str:
    """The processor's name as its system gives it."""
    return _cpuinfo("model name") or platform.processor() or platform.machine()


def instructions() -> str:
    """What the processor's instruction set is, as far as its system tells."""
    return _cpuinfo("flags", "Features") or f"{platform.machine()} {platform.processor()}"


def _cpuinfo(*names: str) -> str:
    """What Linux says of the first processor under one of these names, else an empty text."""
    file = Path("/proc/cpuinfo")
    if not file.is_file():
        return ""
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(names)), "")


def summarise(origins: list[dict[str, Any]]) -> dict[str, Any]:
    """What the origins of many tasks have in common and where they differ.

    seconds: spent in the tasks, all together. devices, versions: every one that occurs.
    """
    versions: dict[str, list[str]] = {}
    for origin in origins:
        for name, number in origin["versions"].items():
            if number not in (known := versions.setdefault(name, [])):
                known.append(number)
    dates = sorted(origin["date"] for origin in origins)
    return {
        "tasks_finished": len(origins),
        "seconds": round(sum(origin["seconds"] for origin in origins), 1),
        "devices": list(dict.fromkeys(origin["device"] for origin in origins)),
        "versions": versions,
        "first_task": dates[0] if dates else None,
        "last_task": dates[-1] if dates else None,
    }
