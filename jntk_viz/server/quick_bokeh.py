"""What Bokeh and Panel do at each update of a page, done sooner and with the same result.

With a class on pages of several hundred models each this was a third of a server's work.
"""

import functools
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from bokeh.core.has_props import HasProps
from bokeh.core.serialization import Serializer
from bokeh.document.models import DocumentModelManager
from bokeh.model import Model, util
from bokeh.protocol.messages.patch_doc import patch_doc
from bokeh.util.dataclasses import entries, is_dataclass
from panel.reactive import Syncable

_PLAIN = {int, float, str, bool, type(None), np.ndarray}  # which refer to nothing


class SyncedModels:
    """The models of a document that its browser has, as a set that is not written down."""

    def __init__(self, models: DocumentModelManager):
        self._models = models

    def __contains__(self, model):
        known = model.id in self._models and self._models[model.id] is model
        return known and model not in self._models._new_models


class PatchSerializer(Serializer):
    """Bokeh's serialiser, which asks whether the browser has a model when it comes upon it.

    Bokeh first writes down the references of all models of the page: for a message of one number a
    few milliseconds, a tenth of what a busy server does.
    """

    def __init__(self, *, references, **options):
        super().__init__(**options)
        self._synced = references

    def get_ref(self, obj):
        ref = super().get_ref(obj)
        if ref is None and isinstance(obj, Model) and obj in self._synced:
            ref = obj.ref
        return ref

    def has_ref(self, obj):
        return self.get_ref(obj) is not None


@functools.cache
def _made_for_each(kind: type[HasProps]) -> tuple[str, ...]:
    """Properties of a class that may refer to models, and whose default is made anew for each
    instance: those defaults may hold models too."""
    return tuple(
        name for name in kind.properties_with_refs() if kind.lookup(name).has_unstable_default(kind)
    )


def visit_references(value: Any, visitor: Callable[[Model], None]) -> None:
    """Bokeh's `visit_immediate_value_references`: call `visitor` with each model that the
    properties of a `HasProps`, or a value itself, refer to.

    Whenever a model of a page refers to another than before, Bokeh walks through the whole page in
    this way. Most of the time it asked for the default of one property after the other.
    """
    if not isinstance(value, HasProps):
        visit_value(value, visitor)
        return
    may_refer, given = value.properties_with_refs(), value._property_values
    for name, child in given.items():
        if name in may_refer:
            visit_value(child, visitor)
    made, themed = value._unstable_default_values, value.themed_values() or ()
    for name in _made_for_each(type(value)):
        if name not in given:
            known = name in made and name not in themed
            visit_value(made[name] if known else getattr(value, name), visitor)


def visit_value(value: Any, visitor: Callable[[Model], None]) -> None:
    """Bokeh's `visit_value_and_its_immediate_references`."""
    kind = type(value)
    if kind in _PLAIN:
        return
    if issubclass(kind, Model):
        visitor(value)
    elif issubclass(kind, list | tuple):
        for item in value:
            visit_value(item, visitor)
    elif issubclass(kind, dict):
        for item in (*value.keys(), *value.values()):
            visit_value(item, visitor)
    elif issubclass(kind, HasProps):
        visit_references(value, visitor)
    elif is_dataclass(value):
        for _, item in entries(value):
            visit_value(item, visitor)


def make_bokeh_quick() -> None:
    """Put all of it in place, in this process."""
    sys.modules[patch_doc.__module__].Serializer = PatchSerializer  # type: ignore[attr-defined]
    DocumentModelManager.synced_references = property(SyncedModels)
    util.visit_immediate_value_references = visit_references
    util.visit_value_and_its_immediate_references = visit_value
    # Panel holds each change of a control back for 50 ms to collect others. They are few; what is
    # computed for them takes longer, and meanwhile the newest replace the older ones anyway.
    if hasattr(Syncable, "_debounce"):
        Syncable._debounce = 10
    # Bokeh asks this of a model's class for every property that has its default: a sixth of the
    # time that a page takes. Classes do not change.
    overridden = HasProps.__dict__.get("_overridden_defaults")
    if isinstance(overridden, classmethod):
        remembered: Any = functools.cache(overridden.__func__)
        HasProps._overridden_defaults = classmethod(remembered)  # type: ignore[assignment,method-assign]
