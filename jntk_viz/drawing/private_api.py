"""All uses of private names of Bokeh and Panel, and of names of theirs that are replaced.

An upgrade of either may take any of them away. `tests/project/test_private_api.py` fails then, and
fails if another module begins to use one. Figures are processor time, each switched off alone, in
turn with the others, on *Robust training* (two cores, Bokeh 3.9, Panel 1.9):

- `pane.Bokeh._get_model`: figures of hidden tabs are drawn when they are first shown, instead of
  all of them before the page stands.
- `pane.HTML._update`, `_get_model`: new words go without their style sheets. With them a step of a
  slider takes 1.13 times as long.
- `state._connected`: what changes while the browser draws a page is sent; else its pictures stay
  dead.
- `contexts.ServerSession`, replaced: updates of all pages begin in turn (`server.pace`). Without,
  late answers (95 %) take 2.2 times as long with 12 or 20 pages and 6.5 times with 60, in the model
  of `tests/server/test_pace.py`.
- `Serializer` of `patch_doc`, `DocumentModelManager.synced_references`, replaced, and
  `_new_models`: messages are made without a list of all models. With it a step takes 1.10 times as
  long, an opened page 1.12 times.
- `Syncable._debounce`: the change of a control waits 10 ms instead of 50.
- `PropertyDescriptor.instance_default` and `has_unstable_default`, replaced: defaults are made and
  checked once for each class. Without, making a page takes 1.17 times as long.
- `VisualProperties._get_css_value` of BokehJS, replaced: nothing is asked of style sheets for each
  line, area and text. Without, the browser takes 1.25 to 1.8 times as long to paint the pictures
  of a page again (three pages, in turn in one run), and 1.1 times as long to open it.
- `ReactComponent._render_code` of Panel in the browser, replaced: controls send what their reader
  does and not what they were sent. Without, a slow browser that is sent two values of a slider
  soon after another answers with the first, and undoes the second.

`docs/upstream.md` proposes to the libraries what would make them unnecessary.
"""

import sys
from collections.abc import Hashable
from html import escape
from typing import Any

import panel as pn
from bokeh.core.property.descriptors import PropertyDescriptor
from bokeh.core.serialization import Serializer
from bokeh.document import Document
from bokeh.document.models import DocumentModelManager
from bokeh.model import Model
from bokeh.protocol.messages.patch_doc import patch_doc
from bokeh.server import contexts
from bokeh.server.session import ServerSession
from panel.io.state import state
from panel.reactive import Syncable

DEBOUNCE = 10  # ms
# For browsers, to be run after BokehJS. A style sheet could have a colour, width or font for each
# line, area and text of a figure; ours have none, so that there is nothing to look for.
QUICK_PAINT = """
Bokeh.require("core/visuals/visual").VisualProperties.prototype._get_css_value = () => ""
"""
# For browsers, to be run after Panel's scripts. Panel's `useState` sets the model to the value that
# React has just drawn, wherever that came from, and so to an old one where a newer one from the
# server has come while React was drawing.
NO_ECHO = """
{
  const component = Bokeh.Models.get("panel.models.esm.ReactComponent").prototype
  const written = component._render_code
  component._render_code = function() {
    return written.call(this)
      .replace("targetModel.setv({ [resolvedProp]: value })",
               "if (mine.current) targetModel.setv({ [resolvedProp]: value });" +
               "mine.current = false")
      .replace("let initialized = React.useRef(false)",
               "const mine = React.useRef(false), initialized = React.useRef(false)")
      .replace("return [value, setValue]",
               "return [value, React.useCallback((v) => { mine.current = true; setValue(v) }, [])]")
  }
}
"""


class LatePane(pn.pane.Bokeh):
    """A pane whose figure is made by `make` when a page first shows it."""

    def __init__(self, make, **params):
        super().__init__(None, **params)
        self.make = make

    def _get_model(self, doc, root=None, parent=None, comm=None):
        self.object = self.make()
        return super()._get_model(doc, root, parent, comm)


class Words(pn.pane.HTML):
    """Panel's HTML pane, which sends new words to the browser and nothing else.

    Panel's own sends its style sheets along with every change. These are models, and at each new
    list of models Bokeh walks through the whole page; the browser reads the style sheets again.
    """

    priority = None  # never chosen for a plain string
    written = staticmethod(lambda html: html)  # what a subclass makes of the HTML before it is sent

    def _get_model(self, doc, root=None, parent=None, comm=None):
        model = super()._get_model(doc, root, parent, comm)
        self._update(root, model)
        return model

    def _update(self, ref, model):
        model.text = escape(self.written(self.object or ""))


def page_fetched(document: Document) -> None:
    """Tell Panel that a browser has fetched a page, so that it sends what changes from now on."""
    state._connected[document] = True


def use_session(kind: type[ServerSession]) -> None:
    """Let servers of this process make sessions of this kind."""
    contexts.ServerSession = kind


class Defaults:
    """Values of properties that nobody has set, each made and checked once for its class.

    Bokeh does both at every look, tens of thousands of times while a page opens.

    - `value`, `changes`: what Bokeh's `PropertyDescriptor.instance_default` and
      `has_unstable_default` say of a property of an object.
    """

    def __init__(self, value, changes):
        self._value, self._changes = value, changes
        self._known: dict[tuple[type, str], Any] = {}
        self._changing: dict[tuple[type, str], bool] = {}

    def value(self, descriptor, obj):
        key, themed = (type(obj), descriptor.name), obj.themed_values()
        if themed and descriptor.name in themed:
            return self._value(descriptor, obj)
        if key in self._known:
            return self._known[key]
        value = self._value(descriptor, obj)
        # What one object does with a list must not be seen by others.
        if isinstance(value, Hashable) and not self.changes(descriptor, obj):
            self._known[key] = value
        return value

    def changes(self, descriptor, obj) -> bool:
        key = type(obj), descriptor.name
        if key not in self._changing:
            self._changing[key] = self._changes(descriptor, obj)
        return self._changing[key]


class SyncedModels:
    """The models of a document that its browser has, as a set that is not written down."""

    def __init__(self, models: DocumentModelManager):
        self.models = models

    def __contains__(self, model):
        known = self.models.get_by_id(model.id) is model
        return known and model not in self.models._new_models


class PatchSerializer(Serializer):
    """Bokeh's serialiser, which asks whether the browser has a model when it comes upon it.

    Bokeh first writes down the references of all models of the page, for a message of one number.
    """

    def __init__(self, *, references, **options):
        super().__init__(**options)
        self.synced = references

    def get_ref(self, obj):
        ref = super().get_ref(obj)
        if ref is None and isinstance(obj, Model) and obj in self.synced:
            ref = obj.ref
        return ref

    def has_ref(self, obj):
        return self.get_ref(obj) is not None


def make_bokeh_quick() -> None:
    """Replace what Bokeh and Panel do at each update of a page by what is quicker."""
    sys.modules[patch_doc.__module__].Serializer = PatchSerializer  # type: ignore[attr-defined]
    DocumentModelManager.synced_references = property(SyncedModels)
    # Panel holds each change of a control back to collect others. They are few; what is computed
    # for them takes longer, and meanwhile the newest replace the older ones anyway.
    Syncable._debounce = DEBOUNCE
    defaults = Defaults(
        PropertyDescriptor.instance_default, PropertyDescriptor.has_unstable_default
    )
    PropertyDescriptor.instance_default = lambda *about: defaults.value(*about)
    PropertyDescriptor.has_unstable_default = lambda *about: defaults.changes(*about)
