"""A page is added by its folder and a file in apps/: everything that pages share finds it."""

import sys
from unittest import mock

import pytest

import jntk_viz.pages
from jntk_viz import frame
from jntk_viz.export import files, pages
from jntk_viz.export.progress import Progress
from jntk_viz.frame import address, shell

FILES = {
    "__init__.py": """
from jntk_viz.frame.registry import Page, Stop

PAGE = Page(
    order=99,
    title="Powers of a number",
    short="Powers",
    card="The square.",
    stop=Stop("powers?n=3", "Take a power", "The cube of 5 is 125.", move=("n", 5)),
)
""",
    "state.py": """
import param


class PowersState(param.Parameterized):
    n = param.Integer(2, bounds=(1, 9), label="Number n")
""",
    "study.py": """
import numpy as np

from jntk_viz.engine.results import kept
from jntk_viz.engine.steps import Step


@kept
def powers(n):
    return np.array([n, n**2, n**3], float)


def plan(state, known):
    return [Step(powers, (state.n,), "powers")]
""",
    "page.py": """
import holoviews as hv
import numpy as np

from jntk_viz import frame
from jntk_viz.frame.formula_sheet import Formula
from jntk_viz.pages.powers.state import PowersState
from jntk_viz.pages.powers.study import plan, powers


def curve(values):
    return hv.Curve(values).opts(xlim=(0, 2), ylim=(0, 729), title="Powers")


class Powers(frame.Content):
    name = "powers"
    question = "How fast do powers grow?"
    formulas = (Formula("n^k", "A power.", {"n": "number"}, "jntk_viz.pages.powers.study.powers"),)

    def __init__(self):
        self.state = PowersState()
        self.plots = {"curve": frame.LivePlot(curve, values=np.zeros(3))}

    def plan(self, known):
        return plan(self.state, known)

    def draw(self, known):
        values = known(powers, self.state.n)
        if values is not None:
            self.plots["curve"].update(values=values)

    def say(self, known):
        values = known(powers, self.state.n)
        return None if values is None else f"the cube is {values[2]:g}"

    def controls(self):
        return frame.controls_for(self.state, "n")

    def body(self):
        return frame.plot_grid("a", a=self.plots["curve"])

    def answers(self):
        def cube(known):
            values = known(powers, self.state.n)
            return None if values is None else frame.Answer(values[2], "That is n·n·n.")

        return {"cube": cube}


def app():
    return frame.show(Powers())
""",
    "presets.yaml": """
- name: three
  title: Three to the third
  say: Move n.
  set: {n: 3}
  controls: [n]
  sweep: {n: [3, 4]}
  predict:
    title: A third power
    question: What is the cube?
    kind: number
    answer: cube
    hide: [curve]
    high: 99
""",
}


@pytest.fixture
def added(tmp_path, monkeypatch):
    """The folder of a further page, and its file in apps/."""
    folder, apps = tmp_path / "pages" / "powers", tmp_path / "apps"
    folder.mkdir(parents=True)
    apps.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    (apps / "powers.py").write_text("from jntk_viz.pages.powers.page import app\n", "utf-8")
    (apps / "index.py").write_text("", "utf-8")
    monkeypatch.setattr(jntk_viz.pages, "__path__", [*jntk_viz.pages.__path__, str(folder.parent)])
    monkeypatch.setattr(files, "apps_folder", lambda: apps)
    frame.use_theme()
    yield
    for name in [name for name in sys.modules if name.startswith("jntk_viz.pages.powers")]:
        del sys.modules[name]


def opened(**arguments):
    with mock.patch.object(address, "arguments_of_page", return_value=arguments):
        return pages.load_app(files.page_file("powers")).app()


def test_navigation_and_tour_find_it(added):
    from jntk_viz.pages.start.page import tour

    assert frame.pages()[-1].name == "powers"
    assert '<a href="powers">Powers</a>' in shell.navigation()
    assert f'href="powers?n=3&amp;tour={len(frame.pages())}"' in tour()


def test_it_has_an_address_a_picture_and_words(added):
    page = opened(n="5")
    assert page.title == "Powers of a number"
    assert page.state.n == 5
    assert page.plots["curve"].data["values"].tolist() == [5, 25, 125]
    assert "the cube is 125" in page.headline.pane.object
    page.state.n = 2
    assert "the cube is 8" in page.headline.pane.object
    assert address.query_of(page.state) == "n=2"


def test_it_can_be_predicted_and_presented(added):
    page = opened(preset="three", predict="true")
    guide = page.guide
    assert not page.headline.pane.visible
    guide.prediction._guess = lambda: 26.0
    guide.prediction.commit()
    assert "That is n·n·n." in guide.prediction._said.object
    guide.present = True
    assert len(guide.controls) == 1


def test_it_can_be_exported(added, tmp_path):
    written = files.export_page("powers", output=tmp_path / "talk.html")
    assert written.states == 2
    page = pages.open_page(pages.load_app(files.page_file("powers")))
    (preset,) = pages.presets_of("powers", page)
    film = files.record(page, preset, Progress("powers", True))
    assert [f"the cube is {n**3}" in "".join(film.header["texts"]) for n in (2, 3, 4)] == [
        False, True, True,
    ]  # fmt: skip
