"""Presets: instructive settings of a page, in files that a lecturer can edit.

`jntk_viz/pages/NAME/presets.yaml` holds those of the page NAME. A folder of the lecturer's own,
given by `jntk-viz serve --presets DIR` or the environment variable JNTK_VIZ_PRESETS, may hold files
NAME.yaml, whose entries come first. An entry:

    - name: wide-enough                 # letters, digits, hyphens; stands in addresses and commands
      title: How wide is wide enough?
      say: Double the width and watch the error.     # one or two sentences on what to look at
      set: {width: 8}                   # settings of the page; the others are at their defaults
      controls: [width]                 # shown in presentation mode and exported files: 3 at most
      sweep: {width: [8, 32, 128]}      # stops of exported sliders; else all of `controls`
      picture: [errors]                 # alone in presentation mode; else what `predict` hides
                                        # first, or the tab's first
      predict:                          # a guess to commit before the result is shown
        title: Error and width          # in place of `title` until then, if that tells the answer
        question: Which power of the width does the error follow?
        kind: choice                    # or number, order, sketch
        options: ["-1", "-1/2"]         # of choice and order
        answer: slope                   # which of the page's answers it is compared with
        hide: [errors]                  # pictures that stay covered until the guess is committed
        explain: Each weight is averaged over d neurons.
"""

import os
import re
from pathlib import Path
from typing import Any, NamedTuple

import param
import yaml

from jntk_viz.frame.registry import files_of

KINDS = ("choice", "number", "order", "sketch")
MOST_CONTROLS = 3
_KEYS = {"name", "title", "say", "set", "controls", "sweep", "picture", "predict"}


class Question(NamedTuple):
    """A question that a reader is asked before the result is shown.

    title: of the preset until the guess is in, where its own tells the answer. kind: one of KINDS.
    options: of "choice" and "order". answer: key of the page's answers.
    hide: keys of the page's plots to be covered; a sketch is drawn into the first.
    low, high, step, unit: of "number".
    """

    question: str
    kind: str
    answer: str
    options: tuple[str, ...] = ()
    hide: tuple[str, ...] = ()
    explain: str = ""
    low: float = 0.0
    high: float = 1.0
    step: float = 0.01
    unit: str = ""
    title: str = ""


class Preset(NamedTuple):
    """One entry of a preset file; `values` is its `set`, completed and checked."""

    name: str
    title: str
    say: str
    values: dict[str, Any]
    controls: tuple[str, ...] = ()
    sweep: dict[str, tuple] = {}  # noqa: RUF012 - read only
    predict: Question | None = None
    picture: tuple[str, ...] = ()


def load_presets(page: str, state: param.Parameterized, folder=None):
    """The presets of a page, and what is wrong with its files.

    Args:
        page: file name of the app, without ".py".
        state: the page's state, against which settings are checked; it is not changed.
        folder: the lecturer's own; otherwise the environment variable JNTK_VIZ_PRESETS, if set.

    Returns:
        (presets, problems): a list of `Preset`, and a list of sentences that name file and entry.
    """
    own = folder or os.environ.get("JNTK_VIZ_PRESETS")
    presets: dict[str, Preset] = {}
    problems = []
    files = [Path(own) / f"{page}.yaml"] if own else []
    for file in filter(Path.is_file, [*files, *files_of(page, "presets.yaml")]):
        try:
            entries = yaml.safe_load(file.read_text(encoding="utf-8")) or []
            if not isinstance(entries, list):
                raise ValueError("has to hold a list of presets, each beginning with “- name:”")
        except (yaml.YAMLError, UnicodeDecodeError, ValueError) as error:
            problems.append(f"{file.name}: {' '.join(str(error).split())}")
            continue
        for number, entry in enumerate(entries, 1):
            try:
                preset = read_preset(entry, state)
            except (ValueError, TypeError) as error:
                name = entry.get("name", "") if isinstance(entry, dict) else ""
                problems.append(f"{file.name}, preset {number} {name}: {error}")
                continue
            presets.setdefault(preset.name, preset)
    return list(presets.values()), problems


def read_preset(entry: dict, state: param.Parameterized) -> Preset:
    """Check one entry. Raises ValueError saying what is wrong with it."""
    if not isinstance(entry, dict):
        raise ValueError("is no mapping of `name`, `title`, `set` …")
    if unknown := set(entry) - _KEYS:
        raise ValueError(f"unknown key `{min(unknown)}`; known are {', '.join(sorted(_KEYS))}")
    name = str(entry.get("name", ""))
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
        raise ValueError(f"`name` must be of small letters, digits and hyphens; got {name!r}")
    values = {key: check(state, key, value) for key, value in (entry.get("set") or {}).items()}
    controls = tuple(entry.get("controls") or ())
    if len(controls) > MOST_CONTROLS:
        raise ValueError(f"`controls` names {len(controls)}; at most {MOST_CONTROLS} find room")
    for key in controls:
        _parameter(state, key)
    sweep = {
        key: tuple(check(state, key, value) for value in stops)
        for key, stops in (entry.get("sweep") or {}).items()
    }
    return Preset(
        name,
        str(entry.get("title") or name),
        str(entry.get("say") or ""),
        values,
        controls,
        sweep,
        _question(entry.get("predict")),
        tuple(entry.get("picture") or ()),
    )


def settings(preset: Preset, state: param.Parameterized) -> dict[str, Any]:
    """All settings under a preset: its own, the others at their defaults."""
    defaults = {name: state.param[name].default for name in setting_names(state)}
    return defaults | preset.values


def setting_names(state: param.Parameterized) -> list[str]:
    """The parameters that make up a state: all public ones that can be set."""
    return [
        name
        for name, p in state.param.objects("existing").items()
        if name != "name" and not name.startswith("_") and not p.constant and not p.readonly
        and not isinstance(p, param.Event)
    ]  # fmt: skip


def check(state: param.Parameterized, name: str, value):
    """`value` as the parameter takes it; of a menu, the entry's label is taken as well."""
    parameter = _parameter(state, name)
    if isinstance(parameter, param.Selector):
        choices = parameter.get_range()
        if isinstance(value, str) and value in choices:
            return choices[value]
    now = getattr(state, name)
    try:
        with param.parameterized.discard_events(state):
            setattr(state, name, value)
            setattr(state, name, now)
    except ValueError as error:
        reason = str(error).partition("' ")[2] or str(error)
        raise ValueError(f"`{name}` {reason.rstrip('.')}") from error
    return value


def _parameter(state, name):
    if name not in setting_names(state):
        raise ValueError(
            f"`{name}` is no setting of this page; it has {', '.join(setting_names(state))}"
        )
    return state.param[name]


def _question(entry) -> Question | None:
    if entry is None:
        return None
    unknown = set(entry) - set(Question._fields)
    if unknown:
        raise ValueError(
            f"unknown key `{min(unknown)}` of `predict`; known are {', '.join(Question._fields)}"
        )
    for key in ("question", "kind", "answer"):
        if key not in entry:
            raise ValueError(f"`predict` needs `{key}`")
    if entry["kind"] not in KINDS:
        raise ValueError(f"`kind` must be one of {', '.join(KINDS)}; got {entry['kind']!r}")
    lists = {key: tuple(map(str, entry.get(key) or ())) for key in ("options", "hide")}
    if entry["kind"] in ("choice", "order") and len(lists["options"]) < 2:
        raise ValueError(f"a {entry['kind']} needs at least two `options`")
    if entry["kind"] == "sketch" and not lists["hide"]:
        raise ValueError("a sketch needs the picture to draw into, first of `hide`")
    return Question(**{**entry, **lists})
