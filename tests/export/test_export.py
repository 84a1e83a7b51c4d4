"""Pages as files: opened without a network, with sliders that show what the page itself would."""

import os
import subprocess
import sys
from functools import cache
from html.parser import HTMLParser
from io import StringIO

import numpy as np
import param
import pytest
from conftest import Watch

from jntk_viz import cli
from jntk_viz.drawing.private_api import QUICK_PAINT
from jntk_viz.export import ExportError, contents, files, html, pages, site
from jntk_viz.export.capture import Recorder, differences
from jntk_viz.export.payload import Arrays, can_be_single, pack, unpack
from jntk_viz.export.progress import Progress
from jntk_viz.frame.presets import Preset

pytestmark = pytest.mark.slow
PAGE = "gp_convergence"
SMALL = {"view": "covariance", "networks": 100, "depth": 1, "activation": "erf", "data": "circle"}
WIDTHS = (8, 32, 64)
PRESETS = f"""
- name: small
  title: How wide is wide enough?
  say: Slide the width <and watch>.
  set: {{view: covariance, width: 8, networks: 100, depth: 1, activation: erf, data: circle}}
  controls: [width, heat]
  sweep: {{width: {list(WIDTHS)}, heat: [one, all]}}
  predict:
    question: Which power of the width?
    kind: choice
    options: ["-1", "-1/2"]
    answer: slope
    explain: Each weight is averaged over d neurons.
- name: still
  title: Nothing to move
  set: {{view: covariance, width: 32, networks: 100, depth: 1, activation: erf, data: circle}}
- name: tabs
  title: One tab, then the other
  set: {{view: covariance, width: 32, networks: 100, depth: 1, activation: erf, data: circle}}
  sweep: {{view: [densities, covariance]}}
"""


@pytest.fixture(scope="module")
def own_presets(tmp_path_factory):
    folder = tmp_path_factory.mktemp("presets")
    (folder / f"{PAGE}.yaml").write_text(PRESETS, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def talk(own_presets, tmp_path_factory):
    """The file under test, and what was said about it."""
    path = tmp_path_factory.mktemp("out") / "talk.html"
    return files.export_page(PAGE, "small", path, presets=own_presets)


@pytest.fixture
def open_file(chromium):
    """Open a file with the network cut; errors and requests for more than files fail the test."""
    contexts, watches, requests = [], [], []

    def open_page(path, fragment="", *, ready=True, **options):
        options.setdefault("viewport", {"width": 1280, "height": 720})
        context = chromium.new_context(**options)
        context.set_offline(True)
        contexts.append(context)
        page = context.new_page()
        watches.append(Watch(page))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(path.as_uri() + fragment)
        if ready:
            page.wait_for_function("document.documentElement.dataset.ready", timeout=120_000)
        return page

    yield open_page
    for context in contexts:
        context.close()
    problems = [problem for watch in watches for problem in watch.problems]
    problems += [u for u in requests if not u.startswith(("file:", "data:", "blob:"))]
    assert not problems, "\n".join(problems)


# Figure title -> the columns of its sources, one after the other, and its ranges.
SHOWN = """() => {
  const list = v => v == null ? [] : typeof v == "object" ? [...v].flatMap(list) : [v]
  const figures = Bokeh.documents[0].roots().filter(m => m.type == "Figure")
  return Object.fromEntries(figures.map(figure => [figure.id, {
    title: figure.title.text,
    columns: figure.renderers.filter(r => r.type == "GlyphRenderer").map(r => Object.fromEntries(
      Object.entries(Object.fromEntries(
        r.data_source.data instanceof Map ? r.data_source.data
          : Object.entries(r.data_source.data)
      )).map(([name, values]) => [name, list(values).map(
        v => typeof v == "number" && !Number.isFinite(v) ? null : v)]))),
    ranges: [figure.x_range.start, figure.x_range.end, figure.y_range.start, figure.y_range.end],
  }]))}"""


@cache
def page_in_python():
    return pages.open_page(pages.load_app(files.page_file(PAGE)))


def expected(**settings):
    """The page itself at these settings: its figures in order and its headline."""

    def compute():
        study = page_in_python()
        study.state.param.update(**settings)
        study.start()
        figures = [plot.figure for plot in figures_of(study)]
        shown = [(f.title.text, columns_of(f), ranges_of(f)) for f in figures]
        return shown, study.headline.pane.object

    return files.without_loop(compute)


def figures_of(study):
    grid = study.body.grids[study.state.view]
    return [item for item in grid.items.values() if hasattr(item, "figure")]


def columns_of(figure):
    return [
        {name: np.asarray(values).ravel() for name, values in renderer.data_source.data.items()}
        for renderer in figure.renderers
        if hasattr(renderer, "data_source")
    ]


def ranges_of(figure):
    return [figure.x_range.start, figure.x_range.end, figure.y_range.start, figure.y_range.end]


class _Words(HTMLParser):
    def __init__(self):
        super().__init__()
        self.text = ""

    def handle_data(self, data):
        self.text += data


def words(text):
    parser = _Words()
    parser.feed(text)
    return " ".join(parser.text.split())


def same(shown, wanted):
    """Compare what a browser shows with the page: list of (title, columns, ranges)."""
    assert [figure["title"] for figure in shown] == [title for title, _, _ in wanted]
    for figure, (title, columns, ranges) in zip(shown, wanted, strict=True):
        np.testing.assert_allclose(figure["ranges"], ranges, rtol=1e-6, err_msg=title)
        assert len(figure["columns"]) == len(columns)
        for got, column in zip(figure["columns"], columns, strict=True):
            assert set(got) == set(column)
            for name, values in column.items():
                if values.dtype.kind in "fiu":
                    numbers = np.array(got[name], dtype=float)
                    scale = np.nanmax(np.abs(values), initial=1e-12, where=np.isfinite(values))
                    atol = 1e-6 * scale
                    np.testing.assert_allclose(numbers, values, rtol=1e-5, atol=atol)
                else:
                    assert list(map(str, got[name])) == list(map(str, values))


def test_sliders_of_a_file_show_what_the_page_shows(talk, open_file):
    page = open_file(talk.path)
    assert page.locator("h1").inner_text() == "How wide is wide enough?"
    assert page.locator(".say").inner_text() == "Slide the width <and watch>."
    width = page.get_by_role("slider", name="Width d")
    heat = page.get_by_label("Covariance shown")
    assert width.get_attribute("aria-valuetext") == "8"
    assert heat.get_attribute("aria-valuetext") is None  # a menu says what is chosen
    assert heat.locator("option").all_inner_texts() == ["of one network", "over all networks drawn"]

    before = list(page.evaluate(SHOWN).values())
    pixels = page.locator("main").screenshot()
    width.press("ArrowRight")
    width.press("ArrowRight")
    heat.select_option("over all networks drawn")
    page.wait_for_timeout(300)
    wanted, headline = expected(width=64, heat="all", **SMALL)
    after = list(page.evaluate(SHOWN).values())
    same(after, wanted)
    assert words(page.locator("#headline").inner_html()) == words(headline)
    assert "At width 64" in page.locator("#headline").inner_text()
    assert page.url.endswith("#width=64&heat=all")
    assert page.locator("main").screenshot() != pixels

    width.press("Home")  # back: nothing of the later state may stay behind
    heat.select_option("of one network")
    assert list(page.evaluate(SHOWN).values()) == before
    same(before, expected(width=8, heat="one", **SMALL)[0])


def test_a_file_is_small_whole_and_says_what_it_is(talk, open_file):
    text = talk.path.read_text(encoding="utf-8")
    assert talk.size == talk.path.stat().st_size < files.MOST_BYTES
    assert talk.states == 2 * len(WIDTHS)
    assert str(talk).startswith(f"{talk.path}: {talk.size / 1e6:.1f} MB")
    assert not list(talk.path.parent.glob("*.part"))
    assert "cdn." not in text.partition("<script")[0]
    page = open_file(talk.path, "#width=32&heat=all")  # a link into the file
    assert "At width 32" in page.locator("#headline").inner_text()
    footer = page.locator("footer").inner_text()
    for part in ("jntk-viz serve", "networks = 100", "jax", "bokeh"):
        assert part in footer
    href = page.locator("#live").get_attribute("href")
    assert href.startswith(f"{files.LIVE}{PAGE}?")
    for setting in ("width=32", "depth=1", "activation=erf", "heat=all"):
        assert setting in href.partition("?")[2].split("&")
    said = page.get_by_text("Each weight is averaged over d neurons.")
    page.get_by_role("button", name="Predict").click()
    assert said.count() == 0
    page.get_by_role("button", name="-1/2", exact=True).click()
    assert said.is_visible()
    page.get_by_text("Formulas", exact=True).click()
    page.locator("#formulas mjx-container").last.wait_for(state="visible")
    errors = page.locator("mjx-container [data-mml-node=merror], mjx-container mjx-merror")
    assert errors.count() == 0
    assert page.locator("#status").count() == 0


def test_a_file_fits_a_projector_a_phone_and_the_dark(talk, open_file):
    page = open_file(talk.path)
    boxes = [box.bounding_box() for box in page.locator(".figure").all()]
    assert len(boxes) == len(page.evaluate(SHOWN))
    assert max(box["y"] + box["height"] for box in boxes) <= 720
    assert min(box["height"] for box in boxes) > 100
    phone = open_file(talk.path, viewport={"width": 360, "height": 740}, color_scheme="dark")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360
    boxes = [box.bounding_box() for box in phone.locator(".figure").all()]
    assert min(box["width"] for box in boxes) > 300
    assert phone.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 18, 18)"
    dark = """[...Bokeh.documents[0].all_models].filter(m => m.type == "Figure")
              .map(m => m.properties.border_fill_color.get_value())"""
    assert "white" not in str(phone.evaluate(dark))
    assert "#ffffff" not in str(phone.evaluate(dark))


def test_painting_asks_nothing_of_style_sheets(talk, open_file):
    visuals = "Bokeh.require('core/visuals/visual').VisualProperties"
    asks = open_file(talk.path).evaluate(f"String({visuals}.prototype._get_css_value)")
    assert asks in QUICK_PAINT


def test_a_preset_without_controls_is_a_picture(own_presets, tmp_path, open_file):
    written = files.export_page(PAGE, "still", tmp_path / "still.html", presets=own_presets)
    assert written.states == 1
    page = open_file(written.path)
    assert page.locator("input, select").count() == 0
    same(list(page.evaluate(SHOWN).values()), expected(width=32, heat="one", **SMALL)[0])


def test_tabs_can_be_swept(own_presets, tmp_path, open_file):
    """Both grids are in the file; only the chosen one is seen."""
    written = files.export_page(PAGE, "tabs", tmp_path / "tabs.html", presets=own_presets)
    page = open_file(written.path)
    assert page.locator(".grid:visible").count() == 1
    assert page.get_by_text("Settings: view = covariance").is_visible()
    for view in ("densities", "covariance"):
        page.get_by_role("combobox").select_option(index=["densities", "covariance"].index(view))
        wanted, headline = expected(**SMALL | {"view": view, "width": 32})
        titles = page.locator(".grid:visible .figure").evaluate_all("all => all.map(e => e.id)")
        shown = page.evaluate(SHOWN)
        same([shown[place.removeprefix("place-")] for place in titles], wanted)
        assert words(page.locator("#headline").inner_html()) == words(headline)


def test_an_old_browser_is_told_so(talk, chromium):
    context = chromium.new_context()
    context.add_init_script("delete window.DecompressionStream")
    page = context.new_page()
    page.goto(talk.path.as_uri())
    assert "too old" in page.get_by_role("status").inner_text()
    context.close()


def test_site_is_linked_both_ways(tmp_path, open_file):
    few = PRESETS.replace("heat: [one, all]", "heat: [one]").partition("- name: tabs")[0]
    elsewhere = "- {name: far, title: Far, set: {data: banknote, view: densities}}\n"
    (tmp_path / f"{PAGE}.yaml").write_text(few + elsewhere, encoding="utf-8")
    written = site.export_site(tmp_path / "public", names=[PAGE], presets=tmp_path)
    public = tmp_path / "public"
    names = {file.name for file in public.iterdir()}
    assert names >= {"index.html", "assets", f"{PAGE}.html", f"{PAGE}-still.html"}
    assert len(names) == 2 + len(written)
    assert {file.name for file in (public / "assets").iterdir()} == set(html.shared())
    page = open_file(public / "index.html")
    page.locator(".thumbnail .bk-Canvas").wait_for()
    page.get_by_role("link", name="Nothing to move").click()
    page.wait_for_function("document.documentElement.dataset.ready")
    assert page.url.endswith(f"{PAGE}-still.html")
    marked = page.locator("a[aria-current]")
    assert marked.all_inner_texts() == ["Gaussian process", "Nothing to move"]
    page.get_by_role("link", name="How wide is wide enough?").click()
    page.wait_for_function("document.documentElement.dataset.ready")
    page.get_by_role("slider").press("ArrowRight")
    assert "At width 32" in page.locator("#headline").inner_text()
    page.get_by_role("link", name="Start", exact=True).click()
    page.wait_for_url("**/index.html")


class State(param.Parameterized):
    """One setting of each kind."""

    width = param.Selector(default=32, objects=[8, 32, 128], label="Width d")
    name_ = param.Selector(default="a", objects={"First": "a", "Second": "b"})
    depth = param.Integer(2, bounds=(1, 5))
    kappa = param.Number(1.0, bounds=(0.1, 3), step=0.1)
    fine = param.Number(0.5, bounds=(0, 1), step=0.001)
    on = param.Boolean(False)
    note = param.String("")
    free = param.Number(1.0)


def control(name, **preset):
    (found,) = pages.controls_of(State(), Preset("p", "P", "", **preset))
    assert found.name == name
    return found


@pytest.mark.parametrize(
    ("name", "values", "words_"),
    [
        ("width", (8, 32, 128), ("8", "32", "128")),
        ("name_", ("a", "b"), ("First", "Second")),
        ("depth", (1, 2, 3, 4, 5), ("1", "2", "3", "4", "5")),
        ("on", (False, True), ("off", "on")),
    ],
)
def test_a_control_stops_at_all_values(name, values, words_):
    found = control(name, values={}, controls=(name,))
    assert (found.values, found.words) == (values, words_)
    assert found.ordered == (name in ("width", "depth"))


def test_stops_of_real_numbers_and_of_a_sweep():
    fine = control("fine", values={}, controls=("fine",)).values
    assert len(fine) == 21
    np.testing.assert_allclose(fine, np.linspace(0, 1, 21))
    tenths = 10 * np.array(control("kappa", values={}, controls=("kappa",)).values)
    assert 20 <= len(tenths) <= 22
    np.testing.assert_allclose(tenths, tenths.round())
    # The value at the start is always one of the stops.
    swept = control("kappa", values={"kappa": 0.7}, sweep={"kappa": (3.0, 1.0)})
    assert swept.values == (0.7, 1.0, 3.0)
    assert pages.start_of([swept], Preset("p", "P", "", {"kappa": 0.7}), State()) == [0]
    two = pages.controls_of(State(), Preset("p", "P", "", {}, controls=("on", "width")))
    assert pages.states_of(two)[:4] == [
        {"on": False, "width": 8},
        {"on": False, "width": 32},
        {"on": False, "width": 128},
        {"on": True, "width": 8},
    ]


@pytest.mark.parametrize("name", ["note", "free"])
def test_what_has_no_stops_asks_for_a_sweep(name):
    with pytest.raises(ExportError, match="`sweep`"):
        control(name, values={}, controls=(name,))


def test_too_many_states_and_too_many_bytes_name_the_longest_sweep(talk, monkeypatch):
    many = Preset("p", "P", "", {}, controls=("fine", "depth", "on", "width"))
    with pytest.raises(ExportError, match=r"630 states.*shorten its `sweep`.*fine with 21 stops"):
        pages.controls_of(State(), many)
    monkeypatch.setattr(files, "MOST_BYTES", 1000)
    study = page_in_python()
    film = files.without_loop(
        lambda: files.record(
            study, Preset("p", "P", "", SMALL, (), {"width": (8,)}), Progress("", True)
        )
    )
    target = talk.path.with_name("large.html")
    with pytest.raises(
        ExportError, match=r"large.html would have .* preset p: shorten its `sweep`"
    ):
        files.write_page(film, target)
    assert not target.exists()


def test_a_failing_state_is_named_and_nothing_is_written(tmp_path, monkeypatch):
    from jntk_viz.pages.gp_convergence import study

    def fail(*_):
        raise ValueError("no <such> kernel")

    monkeypatch.setattr(study, "plan", fail)
    path = tmp_path / "x.html"
    with pytest.raises(ExportError, match=r"state width = \d+.*no <such> kernel"):
        files.export_page(PAGE, None, path, values={**SMALL, "seed": 77})
    assert list(tmp_path.iterdir()) == []


def test_a_data_set_that_is_not_here(monkeypatch, tmp_path):
    monkeypatch.setattr(pages, "dataset_available", lambda name: name != "banknote")
    with pytest.raises(ExportError, match=r"banknote is not on this machine.*load_dataset.*--data"):
        files.export_page(PAGE, None, tmp_path / "x.html", values={"data": "banknote"})


def test_files_are_replaced_whole(tmp_path, monkeypatch):
    path = tmp_path / "x.html"
    path.write_text("old", encoding="utf-8")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(ExportError, match="No space left"):
        files.write_whole(path, "new")
    assert [f.name for f in tmp_path.iterdir()] == ["x.html"]
    assert path.read_text(encoding="utf-8") == "old"
    monkeypatch.undo()
    files.write_whole(path, "new")
    assert path.read_text(encoding="utf-8") == "new"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["export"], "name a page, or `--site DIR`"),
        (["export", "nothing"], f"there is no page 'nothing'; known are playground, {PAGE}"),
        (["export", PAGE, "--preset", "none"], "has no preset 'none'; it has"),
        (["export", PAGE, "--set", "width=7"], "`width`"),
        (["export", PAGE, "--set", "nothing=7"], "`nothing` is no setting of this page"),
        (["export", PAGE, "-o", "missing/talk.html"], "there is no folder missing"),
        (["export", PAGE, "-o", "."], "is a folder"),
        (["export", PAGE, "--site", "x"], "name a page, or"),
        (["export", "--list", "--preset", "x"], "`--preset` belongs to a single page"),
        (["export", "--site", "missing/public"], "cannot be made a folder"),
        (["export", PAGE, "--presets", "missing"], "`--presets` must name an existing folder"),
        (
            ["serve", "--presets", "missing", "--no-show"],
            "`--presets` must name an existing folder",
        ),
    ],
)
def test_what_cannot_be_exported(arguments, says, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("jntk_viz.export.command.keep_compiled_code", lambda: None)
    assert cli.main(arguments) == 2
    assert says in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_setting_needs_a_value(capsys):
    with pytest.raises(SystemExit):
        cli.main(["export", PAGE, "--set", "width"])
    assert "expected NAME=VALUE, got 'width'" in capsys.readouterr().err


def test_the_command_writes_a_file(own_presets, tmp_path):
    """In a process of its own, as a lecturer would; `--set` takes what stands in addresses."""
    command = [sys.executable, "-m", "jntk_viz", "export", PAGE, "--preset", "still"]
    command += ["--set", "heat=all", "--set", "seed=3", "--presets", str(own_presets)]
    result = subprocess.run(
        [*command, "-o", "talk.html"], cwd=tmp_path, capture_output=True, text=True, timeout=200
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("talk.html: ")
    assert "1 of 1" in result.stderr
    text = (tmp_path / "talk.html").read_text(encoding="utf-8")
    assert "heat = all" in text
    assert "seed = 3" in text


def test_a_page_can_be_made_first_of_all_in_a_process():
    """A command for one page loads nothing else before; here views set HoloViews' options."""
    code = "from jntk_viz.pages.breakdown.page import app; app()"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_list_names_pages_and_presets(own_presets, monkeypatch, capsys):
    monkeypatch.setattr("jntk_viz.export.command.keep_compiled_code", lambda: None)
    monkeypatch.setenv("JNTK_VIZ_PRESETS", "")
    assert cli.main(["export", "--list", "--presets", str(own_presets)]) == 0
    output = capsys.readouterr().out
    assert PAGE in output
    assert "    small                   How wide is wide enough?" in output


def test_progress_tells_the_time_left():
    stream = StringIO()
    progress = Progress("page", stream=stream)
    progress.begin(2)
    progress._start -= 100
    progress.done("width = 8")
    progress.done("width = 16")
    lines = stream.getvalue().splitlines()
    assert lines[0] == "page: computing 2 states …"
    assert lines[1] == "page: 1 of 2 (width = 8), about 2 min left"
    assert lines[2] == "page: 2 of 2 (width = 16)"
    assert progress.slowest.startswith("slowest width = ")
    quiet = StringIO()
    Progress("page", True, quiet).begin(2)
    assert quiet.getvalue() == ""


def test_payload_keeps_equal_arrays_once_and_loses_nothing():
    arrays = Arrays()
    rng = np.random.default_rng(0)
    blocks = [rng.standard_normal(n).astype(np.float32).tobytes() for n in (1, 3, 8)]
    numbers = [arrays._number(block) for block in [*blocks, blocks[1]]]
    assert numbers == [0, 1, 2, 1]
    header, unpacked = unpack(pack({"a": "λ"}, arrays.blocks))
    assert header["a"] == "λ"
    assert unpacked == blocks


@pytest.mark.parametrize(
    ("values", "single"),
    [
        ([0.1, 0.2, np.nan, np.inf], True),
        ([1e300, 1.0], False),
        ([1e-300, 1.0], False),
        (1e6 + np.linspace(0, 1e-3, 5), False),
        ([5.0, 5.0], True),
        ([], True),
    ],
)
def test_single_precision_only_where_it_cannot_be_seen(values, single):
    assert can_be_single(np.array(values, dtype=float)) is single


def test_recorder_sees_changes_in_place_new_models_and_returns_to_the_default():
    from bokeh.models import FixedTicker
    from bokeh.plotting import figure

    plot = figure(title="a")
    line = plot.line([0, 1], [2, 3])
    ticker = FixedTicker(ticks=[0, 1])
    plot.xaxis.ticker = ticker
    recorder = Recorder([plot], Arrays())
    looks = [recorder.look()]
    ticker.ticks = [0, 2]
    line.data_source.data["y"] = np.array([4.0, 5.0])
    plot.yaxis[0].ticker = FixedTicker(ticks=[7])
    plot.title.align = "center"
    looks.append(recorder.look())
    plot.yaxis[0].ticker = FixedTicker(ticks=[7])  # another model, the same picture
    looks.append(recorder.look())
    found = differences(looks, recorder)
    assert set(found) == {
        (ticker.id, "ticks"), (line.data_source.id, "data"), (plot.yaxis[0].id, "ticker"),
        (plot.title.id, "align"),
    }  # fmt: skip
    assert all(values[1] == values[2] != values[0] for values in found.values())
    assert found[plot.title.id, "align"][0] == '"left"'
    assert '"id":"new0"' in found[plot.yaxis[0].id, "ticker"][1]


@pytest.mark.parametrize("name", ["playground", "breakdown"])
def test_what_has_changed_is_all_that_has_to_be_looked_at(name):
    """Bit by bit what a look at every model finds, also where a case brings other axes."""
    files.without_loop(lambda: compare_looks(name))  # Playwright's loop would take the work


def compare_looks(name):
    page = pages.open_page(pages.load_app(files.known_pages()[name]))
    shown = contents.contents_of(page, [])
    settings = {
        "playground": [{"t": 100.0}, {"depth": 1}, {"t": 10.0, "lam": 0.1}],
        "breakdown": [{"case": "rate"}, {"cure": True}, {"case": "deep", "factor": 1.3}],
    }[name]
    recorder = Recorder(shown.figures, Arrays())
    begun = recorder.look()
    for values in settings:
        page.state.param.update(**values)
        if page.start is not None:
            page.start()
        look, whole = recorder.look(), recorder.everything()
        assert look != begun
        told = differences([look, whole], recorder)
        assert told == {}, values


def test_the_playground_leaves_with_t_and_lambda_live_and_round_globes(tmp_path, open_file):
    (tmp_path / "playground.yaml").write_text(
        "- name: tiny\n  title: Tiny\n  set: {example: caps, depth: 1, t: 10, lam: 0.1}\n"
        "  sweep: {t: [10, 100], lam: [0.1, 1.0]}\n",
        encoding="utf-8",
    )
    written = files.export_page("playground", "tiny", tmp_path / "talk.html", presets=tmp_path)
    page = open_file(written.path)
    said = page.locator("#headline")
    assert "At t = 10 an attack" in said.inner_text()
    page.get_by_role("slider", name="Training time t").press("ArrowRight")
    page.wait_for_function("document.querySelector('#headline').innerText.includes('t = 100')")
    before = [figure["columns"] for figure in page.evaluate(SHOWN).values()]
    page.get_by_role("slider", name="Penalty λ").press("ArrowRight")
    page.wait_for_function("location.hash.includes('lam=1')")
    after = list(page.evaluate(SHOWN).values())
    assert after[0]["columns"] == before[0], "without the penalty λ changes nothing"
    assert after[1]["columns"] != before[1]
    units = page.evaluate(
        """() => Bokeh.documents[0].roots().filter(m => m.type == "Figure").map(figure =>
          [[figure.x_range, figure.inner_width], [figure.y_range, figure.inner_height]].map(
            ([range, room]) => (range.end - range.start) / room))"""
    )
    for across, up in units:
        assert across == pytest.approx(up, rel=1e-3)
