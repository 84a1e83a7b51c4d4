"""Private names of other libraries: where they are used, that they are there, what they give."""

import ast
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from weakref import WeakKeyDictionary

import panel as pn
import pytest
from bokeh.core.property.descriptors import PropertyDescriptor
from bokeh.core.serialization import Serializer
from bokeh.document import Document
from bokeh.document.events import ModelChangedEvent
from bokeh.document.models import DocumentModelManager
from bokeh.model import Model
from bokeh.models import Line, Range1d, glyphs
from bokeh.plotting import figure
from bokeh.protocol.messages.patch_doc import patch_doc
from bokeh.resources import INLINE
from bokeh.server import contexts
from bokeh.server.session import ServerSession
from panel.io.state import state
from panel.reactive import Syncable

import jntk_viz
from jntk_viz.drawing.private_api import NO_ECHO, Defaults, PatchSerializer, SyncedModels

PACKAGE = Path(jntk_viz.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
USER = PACKAGE / "drawing" / "private_api.py"
# Underscored names that Panel's documentation tells authors of components to define or call:
# https://panel.holoviz.org/reference/custom_components/JSComponent.html
DOCUMENTED = {"_esm", "_stylesheets", "_handle_msg", "_send_event"}
# Underscored names of the standard library's and IPython's documentation.
PUBLIC = {"_replace", "_asdict", "_fields", "_make", "_repr_mimebundle_"}
# What users are told to set, by the libraries' own documentation.
SETTINGS = {
    "hv.Dataset.datatype", "warnings.showwarning", "pn.state.onload", "pn.state.curdoc.theme",
    "settings.perform_document_validation", "settings.perform_error_diagnostics",
}  # fmt: skip


def private(name):
    return name.startswith("_") and not name.startswith("__")


def defined_in(tree):
    """Underscored names that a module defines: functions, classes, variables, attributes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield from [node.attr] if ast.unparse(node.value) in ("self", "cls") else []


TREES = {file: ast.parse(file.read_text(encoding="utf-8")) for file in FILES}
OURS = {name for tree in TREES.values() for name in defined_in(tree) if private(name)}


def imported_in(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            ours = isinstance(node, ast.ImportFrom) and (node.module or "").startswith("jntk_viz")
            if not ours:
                yield from ((alias.asname or alias.name).partition(".")[0] for alias in node.names)


def uses(file):
    """Private names that a file takes from other libraries, and their names that it replaces."""
    tree = TREES[file]
    imported = set(imported_in(tree))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute):
            continue
        if private(node.attr) and node.attr not in OURS | PUBLIC | DOCUMENTED:
            yield node.attr
        name = ast.unparse(node)
        replaced = isinstance(node.ctx, ast.Store) and name.partition(".")[0] in imported
        if replaced and "(" not in name and not private(node.attr) and name not in SETTINGS:
            yield name


def overridden(module):
    """Private methods and attributes of other libraries' classes that classes of ours redefine."""
    for kind in vars(module).values():
        if not inspect.isclass(kind) or kind.__module__ != module.__name__:
            continue
        (body,) = [
            node for node in ast.walk(TREES[Path(module.__file__)])
            if isinstance(node, ast.ClassDef) and node.name == kind.__name__
        ]  # fmt: skip
        names = {name for node in body.body for name in defined_in(node) if private(name)}
        foreign = [base for base in kind.__mro__ if not base.__module__.startswith("jntk_viz")]
        yield from (
            name for name in names - DOCUMENTED - PUBLIC
            if any(name in vars(base) for base in foreign)
        )  # fmt: skip


def modules():
    for found in pkgutil.walk_packages(jntk_viz.__path__, "jntk_viz."):
        if not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


def test_one_module_uses_private_names_and_it_uses_few():
    for file in FILES:
        found = set(uses(file))
        assert (len(found) in range(5, 13)) if file == USER else found == set(), (file, found)


def test_no_other_module_overrides_private_methods():
    for module in modules():
        found = set(overridden(module))
        ours = {"_get_model", "_update"}
        expected = ours if module.__file__ == str(USER) else set()
        assert found == expected, module


def test_a_use_elsewhere_is_found(monkeypatch):
    """The search itself, on what must not be written."""
    bad = "import panel as pn\nfrom x import y\npn.state._connected\ny.Thing = 1\nself._pages = 2\n"
    monkeypatch.setitem(TREES, "bad", ast.parse(bad))
    assert set(uses("bad")) == {"_connected", "y.Thing"}


# --------------------------------------------------------------------------- what has to be there


def arguments(function):
    return list(inspect.signature(function).parameters)


THEIRS = PropertyDescriptor.instance_default, PropertyDescriptor.has_unstable_default


def test_panel_has_the_names():
    for pane in (pn.pane.Bokeh, pn.pane.HTML):
        assert arguments(pane._get_model) == ["self", "doc", "root", "parent", "comm"]
    assert arguments(pn.pane.HTML._update) == ["self", "ref", "model"]
    assert isinstance(state._connected, WeakKeyDictionary)
    assert Syncable._debounce in (50, 10)  # its own, or ours
    assert "self._debounce" in inspect.getsource(Syncable._server_change)


def test_bokeh_has_the_names():
    document = Document()
    assert isinstance(document.models._new_models, set)
    assert isinstance(DocumentModelManager.synced_references, property)
    source = inspect.getsource(patch_doc.create)
    assert "Serializer(references=doc.models.synced_references)" in source
    assert "serializer.has_ref(model)" in source
    for method in THEIRS:
        assert len(arguments(method)) == 2
    source = inspect.getsource(PropertyDescriptor._get_default)
    assert "self.instance_default(obj)" in source
    assert "self.has_unstable_default(obj)" in source
    assert issubclass(contexts.ServerSession, ServerSession)
    source = inspect.getsource(contexts.ApplicationContext.create_session_if_needed)
    assert "ServerSession(" in source


# ---------------------------------------------------------------------------- that it is the same


@pytest.fixture
def page():
    """A document of which a browser has one picture, with a curve that it does not have yet."""
    document, picture = Document(), figure(x_range=(0, 1))
    picture.line([0, 1], [0, 1], name="old")
    document.add_root(picture)
    document.models.flush_synced()
    new = picture.line([0, 1], [1, 0], name="new")
    assert new in set(document.models)
    return SimpleNamespace(document=document, picture=picture, new=new)


def changes(page):
    old = page.picture.select_one({"name": "old"})
    yield "a number", page.picture, "width", 700
    yield "data", old.data_source, "data", {"x": [0.0, float("nan")], "y": [1.0, 2.0]}
    yield "a model that the browser has", page.picture, "y_range", page.picture.x_range
    yield "a model of no page", page.picture, "x_range", Range1d(0, 2)
    yield "both", page.picture, "renderers", [old, page.new]


def test_messages_are_those_of_bokeh(page):
    for what, model, name, value in changes(page):
        event = ModelChangedEvent(page.document, model, name, value)
        models = page.document.models
        theirs = Serializer(references=set(models) - models._new_models)
        ours = PatchSerializer(references=SyncedModels(models))
        assert ours.encode([event]) == theirs.encode([event]), what
        # So that Bokeh forgets which models are new.
        has = {model: theirs.has_ref(model) for model in models}
        assert {model: ours.has_ref(model) for model in models} == has, what
        assert has[page.new] == (what == "both")


def test_bokeh_makes_its_messages_with_it():
    program = """if True:
        from bokeh.document import Document
        from bokeh.document.events import ModelChangedEvent
        from bokeh.models import HoverTool
        from bokeh.plotting import figure
        from bokeh.protocol import Protocol
        from jntk_viz.drawing import private_api

        made = []
        class Watched(private_api.PatchSerializer):
            def __init__(self, **options):
                made.append(self)
                super().__init__(**options)
        private_api.PatchSerializer = Watched
        made_of = []
        class Noted(private_api.Defaults):
            def value(self, descriptor, obj):
                made_of.append(descriptor.name)
                return super().value(descriptor, obj)
        private_api.Defaults = Noted
        private_api.make_bokeh_quick()
        assert HoverTool().point_policy == "snap_to_data" and "point_policy" in made_of
        document, picture = Document(), figure()
        document.add_root(picture)
        event = ModelChangedEvent(document, picture, "width", 700)
        message = Protocol().create("PATCH-DOC", [event])
        assert len(made) == 1 and message.content["events"][0]["new"] == 700
    """
    subprocess.run([sys.executable, "-c", program], check=True, timeout=300)


def classes(kind):
    yield kind
    for below in kind.__subclasses__():
        yield from classes(below)


def test_defaults_are_those_of_bokeh():
    """Of every property of glyphs, figures and Panel's own models, for the first and the next."""
    kinds = {*classes(glyphs.Glyph), *classes(type(figure())), *classes(Range1d)}
    kinds |= {kind for kind in classes(Model) if kind.__module__.startswith("panel.models.l")}
    defaults, (value, changes), looked_at = Defaults(*THEIRS), THEIRS, 0
    for kind in kinds:
        for obj in (kind(), kind()):
            for name in obj.properties():
                descriptor = obj.lookup(name)
                if not hasattr(descriptor, "property"):
                    continue  # another name of one, as "plot_width" was
                about = f"{kind.__name__}.{name}"
                assert defaults.changes(descriptor, obj) == changes(descriptor, obj), about
                if not changes(descriptor, obj):
                    ours, theirs = defaults.value(descriptor, obj), value(descriptor, obj)
                    assert type(ours) is type(theirs), about
                    assert ours == theirs or ours is theirs, about
                    looked_at += 1
    assert looked_at > 1000


def test_defaults_are_made_once_but_not_those_that_may_change_or_are_of_a_theme():
    asked = []

    def value(descriptor, obj):
        asked.append(descriptor.name)
        return THEIRS[0](descriptor, obj)

    defaults, line, other = Defaults(value, THEIRS[1]), Line(), Line()
    alpha, dash, tags = (line.lookup(name) for name in ("line_alpha", "line_dash", "tags"))
    assert defaults.value(alpha, line) == defaults.value(alpha, other) == 1.0
    assert asked == ["line_alpha"]
    for several in (dash, tags):  # lists
        assert defaults.value(several, line) is not defaults.value(several, other)
    line.apply_theme({"line_alpha": 0.5})
    assert defaults.value(alpha, line) == 0.5
    assert defaults.value(alpha, other) == 1.0


def test_bokeh_asks_style_sheets_where_nothing_is_to_be_found():
    (source,) = (js for js in INLINE.js_raw if "VisualProperties" in js)
    assert "_get_css_value(" in source
    assert '"core/visuals/visual"' in source
    styled = (file for file in PACKAGE.rglob("*") if file.suffix in (".py", ".js", ".css", ".html"))
    texts = [file.read_text(encoding="utf-8") for file in styled]
    assert not any("--bk-" in text for text in texts)


def test_panel_sends_back_what_it_was_sent():
    bundle = Path(pn.__file__).parent / "dist" / "panel.min.js"
    source = bundle.read_text(encoding="utf-8")
    replaced = re.findall(r'\.replace\("(.*?)",', NO_ECHO)
    assert [source.count(text) for text in replaced] == [1, 1, 1]
    assert "_render_code()" in source
    assert '"panel.models.esm"' in source


def test_new_words_bring_no_style_sheets_along():
    from jntk_viz.drawing.private_api import Words

    document, words = Document(), Words("old", stylesheets=["p { color: red; }"])
    model = words.get_root(document)
    document.add_root(model)
    changed = []
    document.on_change(lambda event: changed.append(event.attr))
    words.object = "new"
    assert "new" in model.text
    assert changed == ["text"]
