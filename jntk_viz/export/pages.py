"""Which states an exported page holds, and the page itself, opened in this process."""

import importlib.util
import itertools
import math
import numbers
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import panel as pn
import param

from jntk_viz.datasets import dataset_available
from jntk_viz.export import ExportError
from jntk_viz.frame.presets import Preset, load_presets, setting_names, settings

MOST_STOPS = 21  # of a slider over real numbers
MOST_STATES = 500


class DataMissing(ExportError):
    """A preset needs a data set that is not on this machine."""


class Control(NamedTuple):
    """One setting that the reader of the file can change: its stops and what they are called."""

    name: str
    label: str
    doc: str
    values: tuple
    words: tuple[str, ...]
    ordered: bool  # a slider; otherwise a menu


def load_app(file: Path) -> ModuleType:
    """The module of an app, run in this process."""
    spec = importlib.util.spec_from_file_location(f"jntk_viz_app_{file.stem}", file)
    if spec is None or spec.loader is None:  # pragma: no cover - only for files that are no Python
        raise ExportError(f"{file} cannot be read as Python")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextmanager
def _waiting_for_start() -> Iterator[None]:
    """Keep a page from computing its default state: in a script it would begin at once."""
    pn.state.onload = lambda *_, **__: None
    try:
        yield
    finally:
        del pn.state.onload


def open_page(app: ModuleType):
    """The page of an app, at its defaults, with nothing computed yet."""
    with _waiting_for_start():
        return app.app()


def presets_of(page: str, study, folder=None) -> list[Preset]:
    """The presets of an opened page; where there are none, one named "start": the defaults."""
    presets, problems = load_presets(page, study.state, folder)
    if problems:
        raise ExportError("; ".join(problems))
    if presets:
        return presets
    first = _first_number(study.state)
    return [Preset("start", study.title, "", {}, (first,) if first else ())]


def _first_number(state: param.Parameterized) -> str | None:
    for name in setting_names(state):
        parameter = state.param[name]
        if isinstance(parameter, param.Selector):
            if _are_numbers(parameter.get_range().values()):
                return name
        elif isinstance(parameter, param.Number) and name != "seed":
            return name
    return None


def choose_preset(presets: list[Preset], name: str | None, page: str) -> Preset:
    """The preset of that name, the first one for None."""
    for preset in presets:
        if name in (None, preset.name):
            return preset
    known = ", ".join(preset.name for preset in presets)
    raise ExportError(f"page {page} has no preset {name!r}; it has {known}")


def controls_of(state: param.Parameterized, preset: Preset) -> list[Control]:
    """The controls of the file, `sweep` or else `controls` of the preset, with their stops.

    The value that the preset starts from is always among them.
    """
    start = settings(preset, state)
    chosen: dict[str, tuple | None] = dict(preset.sweep) or dict.fromkeys(preset.controls)
    controls = [
        _control(state, name, stops or all_stops(state.param[name]), start[name])
        for name, stops in chosen.items()
    ]
    count = math.prod(len(control.values) for control in controls)
    if count > MOST_STATES:
        raise ExportError(
            f"preset {preset.name} would need {count} states, more than {MOST_STATES}: "
            f"{shorten(controls)}"
        )
    return controls


def shorten(controls: list[Control]) -> str:
    """What to do about too many states."""
    if not controls:
        return "the page itself is that large; show less in it"
    longest = max(controls, key=lambda control: len(control.values))
    return (
        f"shorten its `sweep`; the longest is {longest.name} with {len(longest.values)} stops: "
        + ", ".join(longest.words)
    )


def all_stops(parameter) -> tuple:
    """All values of a setting that has finitely many, else at most 21 of them."""
    if isinstance(parameter, param.Selector):
        return tuple(parameter.get_range().values())
    if isinstance(parameter, param.Boolean):
        return (False, True)
    if not isinstance(parameter, param.Number):
        raise ExportError(f"`{parameter.name}` cannot become a slider; give its stops in `sweep`")
    low, high = parameter.get_soft_bounds()
    if low is None or high is None:
        raise ExportError(f"`{parameter.name}` has no bounds; give its stops in `sweep`")
    if isinstance(parameter, param.Integer):
        return tuple(range(low, high + 1, int(parameter.step or 1)))
    step = parameter.step or (high - low) / (MOST_STOPS - 1)
    last = round((high - low) / step)
    # As many as find room, all of them multiples of the step.
    steps = np.unique(np.linspace(0, last, min(MOST_STOPS, last + 1)).round())
    return tuple(float(f"{low + k * step:.12g}") for k in steps)


def _control(state, name: str, stops: tuple, start) -> Control:
    parameter = state.param[name]
    values = list(dict.fromkeys(stops))
    if start not in values:
        values.append(start)
    ordered = _are_numbers(values)
    if ordered:
        values.sort()
    words = tuple(_word(parameter, value) for value in values)
    doc = " ".join((parameter.doc or "").split())
    return Control(name, parameter.label, doc, tuple(values), words, ordered)


def _word(parameter, value) -> str:
    """A value as the page's own control shows it."""
    if isinstance(parameter, param.Selector):
        # A parameter without names for its objects calls them by their text.
        named = {v: label for label, v in parameter.get_range().items()}
        label = named.get(value)
        if label and (label != str(value) or not isinstance(value, float)):
            return str(label)
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _are_numbers(values) -> bool:
    return all(isinstance(v, numbers.Real) and not isinstance(v, bool) for v in values)


def states_of(controls: list[Control]) -> list[dict[str, Any]]:
    """What is set in each state; the last control changes fastest."""
    names = [control.name for control in controls]
    combinations = itertools.product(*(control.values for control in controls))
    return [dict(zip(names, values, strict=True)) for values in combinations]


def start_of(controls: list[Control], preset: Preset, state) -> list[int]:
    """Which stop each control stands at first."""
    start = settings(preset, state)
    return [control.values.index(start[control.name]) for control in controls]


def check_preset(state: param.Parameterized, preset: Preset) -> None:
    """Refuse a preset with too many states, or one that needs data from elsewhere."""
    start = settings(preset, state)
    check_data(state, [start | values for values in states_of(controls_of(state, preset))])


def check_data(state: param.Parameterized, wanted: list[dict[str, Any]]) -> None:
    """Refuse a data set that would have to be downloaded: an export asks no other machine."""
    if "data" not in setting_names(state):
        return
    for name in dict.fromkeys(values.get("data", state.data) for values in wanted):
        try:
            there = dataset_available(name)
        except ValueError:  # not a data set of ours, such as the page's own choice
            continue
        if not there:
            raise DataMissing(
                f'the data set {name} is not on this machine. Fetch it once, `python -c "import '
                f"jntk_viz; jntk_viz.load_dataset('{name}')\"`, or name the folder that holds it: "
                "`--data DIR`"
            )
