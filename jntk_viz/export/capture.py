"""What every figure shows in each state: the base document and what differs from it."""

import json
import re
from typing import Any

import bokeh
from bokeh.core.serialization import Serializer
from bokeh.document import Document
from bokeh.document.events import (
    ColumnDataChangedEvent,
    ColumnsPatchedEvent,
    ColumnsStreamedEvent,
    ModelChangedEvent,
)
from bokeh.models import ColorMapper

from jntk_viz.drawing import recolour
from jntk_viz.drawing.theme import PAPER
from jntk_viz.export.payload import Arrays

# Bookkeeping of Python's side, which a browser does not draw.
_UNSEEN = {
    "id", "name", "tags", "js_event_callbacks", "js_property_callbacks", "subscribed_events",
    "syncable", "inner_width", "inner_height", "outer_width", "outer_height",
}  # fmt: skip
_CHANGES = (ModelChangedEvent, ColumnDataChangedEvent, ColumnsStreamedEvent, ColumnsPatchedEvent)
_ID = re.compile(r'"id":"(p\d+)"')


class Recorder:
    """Records every property of the models of some figures.

    The first `look` gives the document that the browser starts from; each `look` returns what
    every property is, as text of Bokeh's own serialisation, with arrays kept in `arrays`.
    """

    def __init__(self, figures, arrays: Arrays):
        self.arrays = arrays
        self.figures = list(figures)
        document = Document()
        for figure in self.figures:
            document.add_root(figure)
        self.models = {model.id: model for f in self.figures for model in f.references()}
        self.document = self._document(document)
        self.base: dict[tuple[str, str], str] = {}
        self.base = self._seen = self.everything()
        self._changed: set[tuple[str, str]] = set()
        document.on_change(self._note)
        self._watched = document  # figures alone would not keep it

    def _document(self, document: Document) -> dict[str, Any]:
        serializer = Serializer(deferred=True)
        roots = serializer.encode(document.roots)
        whole = {"version": bokeh.__version__, "title": "", "roots": roots}
        return self.arrays.put_aside(whole)

    def _note(self, event) -> None:
        if isinstance(event, _CHANGES):
            self._changed.add((event.model.id, event.attr))

    def look(self) -> dict[tuple[str, str], str]:
        """(model, property) -> its value now, for all properties set on any of the models.

        Only what has changed since the last look is written anew: that is a few in a hundred.
        """
        changed = {key for key in self._changed if key[1] not in _UNSEEN}
        self._changed.clear()
        known = all(key in self.models for key, _ in changed)
        new = {key: self._value(*key) for key in changed} if known else {}
        # What models come, go or change inside others is not told of each of them.
        told = known and not any('"id":' in text for text in new.values())
        self._seen = self._seen | new if told else self.everything()
        return self._seen

    def everything(self) -> dict[tuple[str, str], str]:
        """The same, written anew from every model."""
        names = {
            key: set(m.properties_with_values(include_defaults=False))
            for key, m in self.models.items()
        }
        for key, name in self.base:
            names[key].add(name)
        return {
            (key, name): self._value(key, name)
            for key, found in names.items()
            for name in sorted(found - _UNSEEN)
        }

    def _value(self, key: str, name: str) -> str:
        # Not `getattr`, which says "x" of a field and of the text "x" alike.
        model = self.models[key]
        return self._text(model.lookup(name).get_value(model))

    def default(self, key: tuple[str, str]) -> str:
        """What a property was before anybody set it."""
        model = self.models[key[0]]
        return self._text(model.lookup(key[1]).instance_default(model))

    def _text(self, value) -> str:
        """A value as JSON. Models that came after the start are numbered, whatever their ids."""
        if isinstance(value, str | int | float | bool | None):
            value = Serializer().encode(value)
        else:
            serializer = Serializer(references=set(self.models.values()), deferred=True)
            value = self.arrays.put_aside(serializer.encode(value))
        text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        new: dict[str, str] = {}

        def rename(match):
            if match[1] in self.models:
                return match[0]
            return f'"id":"{new.setdefault(match[1], f"new{len(new)}")}"'

        return _ID.sub(rename, text)


def differences(looks: list[dict], recorder: Recorder) -> dict[tuple[str, str], list[str]]:
    """Of each property that is not the same in all states, its value in every state."""
    keys = dict.fromkeys(key for look in looks for key in look)
    found = {}
    for key in keys:
        values = [look.get(key) for look in looks]
        default = recorder.default(key) if None in values else ""
        texts = [default if value is None else value for value in values]
        if any(text != texts[0] for text in texts):
            found[key] = texts
    return found


def indexed(looks: list[dict], recorder: Recorder) -> tuple[list, list, list[list[int]]]:
    """What differs between states, each value once.

    Returns (keys, values, rows): the properties that differ, as [model, property]; of each the
    values that it takes; and of each state which of them it has.
    """
    keys, values, columns = [], [], []
    for key, seen in differences(looks, recorder).items():
        known = {text: i for i, text in enumerate(dict.fromkeys(seen))}
        keys.append(list(key))
        values.append(list(known))
        columns.append([known[text] for text in seen])
    return keys, values, [[column[i] for column in columns] for i in range(len(looks))]


def dark_colours(figures, texts) -> dict:
    """What the colours and palettes of some figures are on dark paper.

    - `texts`: JSON in which further colours stand.
    Returns a dict: colours (light -> dark), palettes (list of [light, dark], both joined).
    """
    found = set(re.findall(r"#[0-9a-f]{6}\b", " ".join(texts).lower()))
    found |= {PAPER, "white", "black", "gray"}  # defaults, which are not in the texts
    colours = {colour: recolour.dark_of(colour) for colour in sorted(found)}
    palettes = {
        ",".join(mapper.palette): ",".join(recolour.dark_palette(mapper.palette))
        for figure in figures
        for mapper in figure.select(ColorMapper)
    }
    return {
        "colours": {light: dark for light, dark in colours.items() if dark != light},
        "palettes": [[light, dark] for light, dark in palettes.items() if dark != light],
    }
