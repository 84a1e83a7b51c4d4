"""What replaces parts of Bokeh gives what Bokeh itself gives."""

import importlib.util
import runpy
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import panel as pn
import pytest
from bokeh.core.property.vectorization import Value
from bokeh.core.serialization import Serializer
from bokeh.document import Document
from bokeh.document.events import ModelChangedEvent
from bokeh.models import Column, CustomJS, LinearColorMapper, LogScale, Range1d
from bokeh.plotting import figure
from bokeh.themes import Theme
from panel.io.state import set_curdoc

from jntk_viz.server.quick_bokeh import PatchSerializer, SyncedModels, visit_references, visit_value


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


@pytest.fixture(scope="module")
def bokehs_own():
    """A copy of the module whose functions are replaced, whatever has been replaced by now."""
    spec = importlib.util.find_spec("bokeh.model.util")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def referred_to(visit, value):
    found = []
    visit(value, found.append)
    return {model.id for model in found}


def assert_same_references(models, bokehs_own):
    for model in models:
        assert referred_to(visit_references, model) == referred_to(
            bokehs_own.visit_immediate_value_references, model
        ), model


def various_models():
    """Models in defaults, lists, dictionaries, tuples, and instances that are no models."""
    picture = figure(x_range=(0, 1), tools="hover,tap", title="t")
    picture.line([0, 1], [0, 1], legend_label="a")
    picture.scatter([0, 1], [0, 1], color={"field": "x", "transform": LinearColorMapper()})
    picture.js_on_event("tap", CustomJS(args={"a": Range1d(), "b": [Range1d(), (Range1d(),)]}))
    picture.x_range.tags = [{"model": Range1d()}, {Range1d(): 1}]
    picture.x_scale = LogScale()
    del picture.y_range  # back to a default that Bokeh has not made yet
    return Column(picture, background="red", styles={"color": "red"})


def test_references_are_those_that_bokeh_finds(bokehs_own):
    document = Document(theme=Theme(json={"attrs": {"Plot": {"toolbar_location": "left"}}}))
    document.add_root(various_models())
    assert len(document.models) > 40
    assert_same_references(document.models, bokehs_own)
    for value in (None, 1, np.ones(2), [Range1d()], {"a": (Range1d(),)}, Value(value=Range1d())):
        assert referred_to(visit_value, value) == referred_to(
            bokehs_own.visit_value_and_its_immediate_references, value
        ), value


def test_models_of_a_page_are_those_that_bokeh_finds(bokehs_own):
    document = Document()
    with set_curdoc(document):
        path = Path(__file__).parents[2] / "apps" / "breakdown.py"
        page = runpy.run_path(str(path))["app"]()
        pn.panel(page._template()).server_doc(document)
    models = set(document.models)
    assert len(models) > 300
    assert_same_references(models, bokehs_own)


def test_bokeh_makes_its_messages_with_it():
    program = """if True:
        from bokeh.document import Document
        from bokeh.document.events import ModelChangedEvent
        from bokeh.plotting import figure
        from bokeh.protocol import Protocol
        from jntk_viz.server import quick_bokeh

        made = []
        class Watched(quick_bokeh.PatchSerializer):
            def __init__(self, **options):
                made.append(self)
                super().__init__(**options)
        quick_bokeh.PatchSerializer = Watched
        quick_bokeh.make_bokeh_quick()
        document, picture = Document(), figure()
        document.add_root(picture)
        event = ModelChangedEvent(document, picture, "width", 700)
        message = Protocol().create("PATCH-DOC", [event])
        assert len(made) == 1 and message.content["events"][0]["new"] == 700
        picture.x_range = picture.y_range
        assert quick_bokeh._made_for_each.cache_info().hits
    """
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)
