"""The dialog that saves pictures, numbers and the program: every file opened again."""

import re
import socket
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from io import StringIO
from typing import NamedTuple
from urllib.error import URLError
from urllib.request import urlopen

import numpy as np
import pytest
from conftest import Watch
from playwright.sync_api import expect

from jntk_viz.drawing.tables import csv_text
from jntk_viz.frame import save as download

pytestmark = pytest.mark.slow
APP = '''
import holoviews as hv
import numpy as np
import panel as pn
import panel_material_ui as pmui
import param

from jntk_viz import frame
from jntk_viz.frame.save import export_dialog


class State(param.Parameterized):
    width = param.Integer(3, bounds=(1, 9), label="Width")


def curve(x, y, scale=2.5):
    """Lines and dots with a legend."""
    line = hv.Curve((x, y), label="the line")
    return hv.Overlay([line, hv.Scatter((x, y), label="dots")]).opts(
        title="Error of one network", xlim=(0, 1), ylim=(-1, 9), show_legend=True
    )


def heat(values):
    return hv.Image(values, bounds=(0, 0, 1, 1)).opts(title="Θ over the inputs")


def hidden(x, y):
    return hv.Curve((x, y)).opts(title="In another tab")


def script(state):
    return f"width = {state.width}\\nprint('largest =', float(width))\\n"


frame.use_theme()
state = State()
x = np.linspace(0, 1, 5)
errors = frame.LivePlot(curve, x=x, y=state.width * x**2)
matrix = frame.LivePlot(heat, values=np.arange(12.0).reshape(3, 4))
other = frame.LivePlot(hidden, x=x, y=x)
state.param.watch(lambda event: errors.update(y=event.new * x**2), "width")
plots = {"errors": errors, "matrix": matrix, "other": other}
dialog = export_dialog("Networks: ‖Θ‖ tested", plots, state, script)
button = pmui.Button(label="Save")
button.on_click(lambda _: dialog.param.update(open=True))
pn.Column(
    *frame.controls_for(state, "width"), button, dialog,
    pn.Row(errors.pane, matrix.pane, height=420, width=900),
).servable()
'''
NAME = "networks-tested"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A server of the small app above."""
    folder = tmp_path_factory.mktemp("app")
    (folder / "app.py").write_text(APP, encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "panel", "serve", str(folder / "app.py"), f"--port={port}"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    url = f"http://localhost:{port}/app"
    for _ in range(300):
        try:
            urlopen(url, timeout=30).close()
            break
        except (URLError, ConnectionError):
            assert process.poll() is None, (folder / "log").read_text()
            time.sleep(0.2)
    yield url
    process.terminate()
    process.wait(20)


@pytest.fixture
def page(chromium, address):
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    context.set_default_timeout(120_000)
    page = context.new_page()
    watch = Watch(page)
    page.goto(address, timeout=180_000)
    page.get_by_role("slider", name="Width").press("ArrowRight")  # the state is not the default
    page.get_by_role("button", name="Save").press("Enter")
    page.get_by_role("dialog", name="Save as a file").wait_for()
    yield page
    context.close()
    assert not watch.problems


class File(NamedTuple):
    name: str
    data: bytes


def download_by(page, button, tmp_path):
    """What the browser saves at a press of a button, by keyboard."""
    with page.expect_download() as waiting:
        page.get_by_role("button", name=button).press("Enter")
    path = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return File(path.name, path.read_bytes())


def choose(page, title):
    page.get_by_role("combobox", name="Picture").click()
    page.locator("li", has_text=title).click()


def table(text):
    """Comments and columns of a CSV file."""
    lines = text.splitlines()
    comments = dict(line[2:].split(" = ", 1) for line in lines if line.startswith("# "))
    body = "\n".join(line for line in lines if not line.startswith("# "))
    return comments, np.genfromtxt(StringIO(body), delimiter=",", names=True, deletechars="")


def decoded(page, data):
    """Size of a picture in the browser, and how many colours it has."""
    return page.evaluate(
        """async bytes => {
          const picture = await createImageBitmap(new Blob([new Uint8Array(bytes)]))
          const {width, height} = picture
          const context = new OffscreenCanvas(width, height).getContext("2d")
          context.drawImage(picture, 0, 0)
          const pixels = new Uint32Array(context.getImageData(0, 0, width, height).data.buffer)
          return {width, height, colours: new Set(pixels).size}
        }""",
        list(data),
    )


def test_every_file_can_be_saved_and_opened_again(page, tmp_path):
    options = page.get_by_role("combobox", name="Picture")
    expect(options).to_have_text("Error of one network")

    png = download_by(page, "PNG", tmp_path)
    assert png.name == f"{NAME}-errors.png"
    assert png.data.startswith(b"\x89PNG")
    picture = decoded(page, png.data)
    shown = page.locator(".bk-Figure").first.bounding_box()
    assert picture["colours"] > 20
    assert picture["width"] == pytest.approx(2 * shown["width"], abs=4)

    svg = download_by(page, "SVG", tmp_path)
    assert svg.name == f"{NAME}-errors.svg"
    root = ET.fromstring(svg.data)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    words = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"Error of one network", "the line"} <= set(words)

    for _ in range(2):  # saving the same again works
        comments, columns = table(download_by(page, "CSV", tmp_path).data.decode())
    assert comments["page"] == "Networks: ‖Θ‖ tested"
    assert comments["picture"] == "Error of one network"
    assert comments["width"] == "4"
    np.testing.assert_array_equal(columns["x"], np.linspace(0, 1, 5))
    np.testing.assert_array_equal(columns["y"], 4 * np.linspace(0, 1, 5) ** 2)

    program = download_by(page, "Python", tmp_path)
    assert program.name == "networks_tested.py"
    result = subprocess.run(
        [sys.executable, str(tmp_path / program.name)], capture_output=True, text=True, timeout=60
    )
    assert result.stdout == "largest = 4.0\n"
    assert page.get_by_role("status").inner_text() == "Saved networks_tested.py"

    choose(page, "Θ over the inputs")
    assert decoded(page, download_by(page, "PNG", tmp_path).data)["colours"] > 20
    svg = ET.fromstring(download_by(page, "SVG", tmp_path).data)
    assert "Θ over the inputs" in [element.text for element in svg.iter()]
    numbers = download_by(page, "CSV", tmp_path)
    assert numbers.name == f"{NAME}-matrix.csv"
    _, columns = table(numbers.data.decode())
    assert columns.dtype.names == tuple(f"values[{i}]" for i in range(4))
    np.testing.assert_array_equal([list(row) for row in columns], np.arange(12).reshape(3, 4))

    choose(page, "In another tab")
    page.get_by_role("button", name="PNG").click()
    page.get_by_text("not on the page now").wait_for()
    page.get_by_role("button", name="close").press("Enter")
    page.get_by_role("dialog").wait_for(state="hidden")


def test_pictures_need_no_server(page, tmp_path):
    page.context.set_offline(True)
    assert decoded(page, download_by(page, "PNG", tmp_path).data)["colours"] > 20
    ET.fromstring(download_by(page, "SVG", tmp_path).data)


class Law(NamedTuple):
    slope: float
    low: float


def test_csv_holds_arrays_of_any_kind():
    data = {
        "x": np.array([1.0, np.nan, 1 / 3]),
        "count": [1, 2],
        "names": ["a", "b,c"],
        "errors": np.arange(4).reshape(2, 2),
        "cube": np.arange(8).reshape(2, 2, 2),
        "pairs": [(np.array([1.0]), np.array([2.0, 3.0])), (np.array([]), np.array([]))],
        "law": Law(-0.5, -0.6),
        "bands": {"low": [0.5]},
        "nothing": None,
        "width": 32,
        "norm": "l2",
        "points": [],
        "mixed": [None, 2.0],
    }
    text = csv_text(data, title="T", settings={"seed": 3, "note": "two\nlines"})
    comments, _, rest = text.partition("x,")
    assert comments.splitlines() == [
        "# picture = T", "# seed = 3", "# note = two lines",
        "# law.slope = -0.5", "# law.low = -0.6", "# width = 32", "# norm = l2", "# mixed[1] = 2.0",
    ]  # fmt: skip
    header, *rows = ("x," + rest).splitlines()
    assert header.split(",") == [
        "x", "count", "names", "errors[0]", "errors[1]",
        "cube[0][0]", "cube[0][1]", "cube[1][0]", "cube[1][1]",
        "pairs[0][0]", "pairs[0][1]", "pairs[1][0]", "pairs[1][1]", "bands.low", "points",
    ]  # fmt: skip
    assert rows == [
        "1.0,1,a,0,1,0,1,2,3,1.0,2.0,,,0.5,",
        'nan,2,"b,c",2,3,4,5,6,7,,3.0,,,,',
        "0.3333333333333333,,,,,,,,,,,,,,",
    ]


def test_csv_without_arrays_is_its_comments():
    assert csv_text({"width": 3}).strip() == "# width = 3"


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Random networks become a Gaussian process, and so do their slopes",
         "random-networks-become-a-gaussian-process-and-so"),
        ("Θ", "jntk-viz"),
        ("Fit (f, J) – café", "fit-f-j-cafe"),
    ],
)  # fmt: skip
def test_names_of_files(title, name):
    assert download.slug(title) == name
    assert re.fullmatch("[a-z0-9-]+", name)
