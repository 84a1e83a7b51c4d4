"""Live plots, addresses, controls and pages: without a browser."""

import holoviews as hv
import numpy as np
import panel as pn
import panel_material_ui as pmui
import param
import pytest
from bokeh.document import Document
from bokeh.document.models import DocumentModelManager
from panel.io.state import set_curdoc
from panel.util import edit_readonly
from small_page import page_of

from jntk_viz import frame
from jntk_viz.drawing import elements, theme
from jntk_viz.drawing.figures import name_ticks
from jntk_viz.frame import address, shell


@pytest.fixture(scope="module", autouse=True)
def themed():
    frame.use_theme()


# ---------------------------------------------------------------------------------- live plots


def draw(rng, n):
    """Sorted positions, values and positive sizes."""
    return {"x": np.sort(rng.random(n)), "y": rng.normal(size=n), "s": rng.random(n)}


ELEMENTS = {
    "Curve": lambda x, y, s: hv.Curve((x, y)),
    "Scatter": lambda x, y, s: hv.Scatter((x, y)),
    "Points": lambda x, y, s: hv.Points((x, y)),
    "Points coloured by value": lambda x, y, s: hv.Points((x, y, s), vdims="s").opts(color="s"),
    "Histogram": lambda x, y, s: hv.Histogram((np.append(x, 2.0), s)),
    "Area": lambda x, y, s: hv.Area((x, y, y - s), vdims=["y", "y2"]),
    "Spread": lambda x, y, s: hv.Spread((x, y, s)),
    "Image": lambda x, y, s: hv.Image(np.outer(y, s), bounds=(0, 0, 1, 1)),
    "QuadMesh": lambda x, y, s: hv.QuadMesh((x, np.arange(3.0), np.outer(s[:3], y))),
    "HeatMap": lambda x, y, s: hv.HeatMap((np.arange(len(x)), np.zeros(len(x)), y)),
    "Segments": lambda x, y, s: hv.Segments((x, y, x + s, y + s)),
    "ErrorBars": lambda x, y, s: hv.ErrorBars((x, y, s)),
    "Text": lambda x, y, s: hv.Text(float(x[0]), float(y[0]), f"{s[0]:.3f}"),
    "Labels": lambda x, y, s: hv.Labels((x, y, [f"{v:.2f}" for v in s])),
    "Rectangles": lambda x, y, s: hv.Rectangles((x, y, x + s, y + s)),
    "VectorField": lambda x, y, s: hv.VectorField((x, y, s, s)),
    "Bars": lambda x, y, s: hv.Bars((list("abcdef"), y[:6])),
    "HLines": lambda x, y, s: hv.HLines(y),
    "VLines": lambda x, y, s: hv.VLines(x),
    "Path": lambda x, y, s: hv.Path([np.c_[x, y], np.c_[x, s]]),
    "Contours": lambda x, y, s: hv.Contours([np.c_[x, y], np.c_[x, s]]),
    "Polygons": lambda x, y, s: hv.Polygons([np.c_[x, y]]),
}
ANNOTATIONS = {
    "HLine": (lambda x, y, s: hv.HLine(float(y[0])), ["location"]),
    "VLine": (lambda x, y, s: hv.VLine(float(x[0])), ["location"]),
    "HSpan": (lambda x, y, s: hv.HSpan(float(y[0]), float(y[0] + s[0])), ["bottom", "top"]),
    "VSpan": (lambda x, y, s: hv.VSpan(float(x[0]), float(x[0] + s[0])), ["left", "right"]),
    "Slope": (lambda x, y, s: hv.Slope(float(x[0]), float(y[0])), ["gradient", "y_intercept"]),
}


def source(plot, i=0):
    assert plot.figure is not None  # drawn
    return plot._drawn[i].source.data


@pytest.mark.parametrize("name", ELEMENTS)
def test_update_leaves_what_a_fresh_plot_would_hold(name):
    rng = np.random.default_rng(0)
    first, second = draw(rng, 6), draw(rng, 6)
    plot = frame.LivePlot(ELEMENTS[name], **first)
    before = {k: np.array(v, dtype=object) for k, v in source(plot).items()}
    plot.update(**second)
    fresh = source(frame.LivePlot(ELEMENTS[name], **second))
    assert set(source(plot)) == set(fresh)
    for column, value in fresh.items():
        np.testing.assert_array_equal(
            np.asarray(source(plot)[column], dtype=object), np.asarray(value, dtype=object)
        )
    assert any(
        not np.array_equal(before[k], np.array(v, dtype=object)) for k, v in source(plot).items()
    )


@pytest.mark.parametrize("values", [[], [2.0], [2.0, 2.0], [0.0, 1.0, 2.0]])
def test_colours_by_value_are_there_however_many_values_there_are(values):
    def view(x, s):
        return hv.Scatter((x, x, s), vdims=["y", "s"]).opts(color="s", line_color="s", cmap="fire")

    few, several = np.array(values), np.array([1.0, 2.0, 3.0])
    for first, then in ((several, few), (few, several)):
        plot = frame.LivePlot(view, x=first, s=first)
        np.testing.assert_array_equal(source(plot)["line_color"], first)
        plot.update(x=then, s=then)
        np.testing.assert_array_equal(source(plot)["line_color"], then)


@pytest.mark.parametrize("styles", [{"color": "name"}, {"line_color": "whole"}, {"size": "real"}])
def test_styles_that_would_be_lost_where_all_values_are_alike_are_refused(styles):
    def view(x):
        columns = (x, x, ["#000000", "#ff0000"], [0, 1], [5.0, 6.0])
        return hv.Scatter(columns, vdims=["y", "name", "whole", "real"]).opts(**styles)

    with pytest.raises(ValueError, match=f"{next(iter(styles))}.*real numbers"):
        _ = frame.LivePlot(view, x=np.array([0.0, 1.0])).figure


@pytest.fixture
def walks(monkeypatch):
    """One entry for each time that Bokeh has looked through all models of a page."""
    found = []
    recompute = DocumentModelManager.recompute
    monkeypatch.setattr(
        DocumentModelManager, "recompute", lambda self: (found.append(self), recompute(self))
    )
    return found


@pytest.mark.parametrize("name", [*ELEMENTS, *ANNOTATIONS])
def test_new_numbers_do_not_make_bokeh_walk_through_the_page(name, walks):
    view = ELEMENTS[name] if name in ELEMENTS else ANNOTATIONS[name][0]
    rng = np.random.default_rng(2)
    plot = frame.LivePlot(view, **draw(rng, 6))
    document = Document()
    document.add_root(plot.figure)
    assert walks
    walks.clear()
    plot.update(**draw(rng, 6))
    assert not walks


def test_new_ticks_do_not_make_bokeh_walk_through_the_page_and_are_named(walks):
    plot = frame.LivePlot(ELEMENTS["Curve"], **draw(np.random.default_rng(3), 6))
    axis = plot.figure.xaxis[0]
    name_ticks(axis, [0.5], ["half"])
    document = Document()
    document.add_root(plot.figure)
    walks.clear()
    name_ticks(axis, (0, 0.25), ("none", "quarter"))
    assert axis.ticker.ticks == [0, 0.25]
    assert axis.major_label_overrides == {0: "none", 0.25: "quarter"}
    assert not walks


@pytest.fixture
def served():
    """(document of a page, its headline)"""
    study = page_of(State(), pn.Column("x"), words="one")
    document = Document()
    with set_curdoc(document):
        document.add_root(study._template().get_root(document))
        yield document, study.headline


def test_new_words_do_not_make_bokeh_walk_through_the_page(served, walks):
    document, headline = served
    pn.state._stylesheets.clear()  # as on a server, where Panel makes them again
    headline.set("<b>&lt;2&gt;</b>")
    assert not walks
    (shown,) = [m for m in document.models if "&lt;b&gt;" in getattr(m, "text", "")]
    assert "&lt;b&gt;&amp;lt;2&amp;gt;&lt;/b&gt;" in shown.text


def test_a_new_address_does_not_make_panel_look_through_the_page(served):
    document, _ = served
    (told,) = [m for m in document.models if "query" in m.properties()]
    assert len(told.references()) < 5 < len(document.models)


def test_a_page_does_not_follow_whether_the_server_is_busy():
    whole = shell.frame("title", None, main=[])
    with edit_readonly(pn.io.state), pn.io.state.param.update(busy=True):
        assert not whole.busy


@pytest.mark.parametrize("name", ANNOTATIONS)
def test_annotations_move(name):
    view, properties = ANNOTATIONS[name]
    rng = np.random.default_rng(1)
    first, second = draw(rng, 3), draw(rng, 3)
    plot, fresh = frame.LivePlot(view, **first), frame.LivePlot(view, **second)
    assert plot.figure is not fresh.figure  # both drawn
    glyph = plot._drawn[0].glyph
    wanted = fresh._drawn[0].glyph
    assert [getattr(glyph, p) for p in properties] != [getattr(wanted, p) for p in properties]
    plot.update(**second)
    assert [getattr(glyph, p) for p in properties] == [getattr(wanted, p) for p in properties]


def overlay(x, y, s):
    band = hv.Spread((x, y, s), label="band")
    return (band * hv.Curve((x, y), label="mean") * hv.HLine(float(y[0]))).opts(title="A")


def test_every_part_of_an_overlay_is_updated_and_its_length_may_change():
    rng = np.random.default_rng(2)
    plot = frame.LivePlot(overlay, **draw(rng, 5))
    new = draw(rng, 9)
    plot.update(**new)
    np.testing.assert_array_equal(source(plot, 1)["y"], new["y"])
    assert len(source(plot, 0)["x"]) == 18  # there and back
    assert plot._drawn[2].glyph.location == new["y"][0]
    plot.update(y=new["y"] + 1)  # the others keep their last value
    np.testing.assert_array_equal(source(plot, 1)["x"], new["x"])
    np.testing.assert_array_equal(source(plot, 1)["y"], new["y"] + 1)


def test_ranges_and_colours_stay_until_they_are_set():
    def picture(z):
        return hv.Image(z, bounds=(0, 0, 1, 1)).opts(xlim=(0, 1), ylim=(0, 2), clim=(-1, 1))

    plot = frame.LivePlot(picture, z=np.ones((3, 3)))
    plot.update(z=np.full((3, 3), 50.0))
    axis, mapper = plot.figure.y_range, plot._drawn[0].mappers[0]
    assert (axis.start, axis.end, mapper.low, mapper.high) == (0, 2, -1, 1)
    plot.set(title="{B}", xlabel="width", ylim=(0, 5), clim=(0, 9))
    assert (axis.start, axis.end, axis.reset_end) == (0, 5, 5)
    assert (mapper.low, mapper.high) == (0, 9)
    assert plot.figure.title.text == "{B}"
    assert plot.figure.xaxis[0].axis_label == "width"


def test_other_pixels_are_put_where_holoviews_would_put_them():
    def picture(z, side=1.0):
        image = elements.Image(z, bounds=(0, 0, side, 1), vdims=hv.Dimension("z", range=(0, 9)))
        return elements.Overlay([image])

    first, then = np.arange(6.0).reshape(2, 3), np.arange(6.0, 12.0).reshape(2, 3)
    plot = frame.LivePlot(picture, z=first)
    assert plot.figure
    plot.update(z=first + 1)  # by HoloViews: nothing is known of what was there before
    for data in ({"z": then}, {"z": first, "side": 2.0}):
        plot.update(**data)
        again = frame.LivePlot(picture, **data)
        assert again.figure
        ours, theirs = source(plot, 0), source(again, 0)
        assert set(ours) == set(theirs)
        np.testing.assert_array_equal(ours["image"][0], theirs["image"][0])
        assert [list(ours[k]) for k in ("x", "y", "dw", "dh")] == [
            list(theirs[k]) for k in ("x", "y", "dw", "dh")
        ]


def test_without_limits_the_first_ranges_stay():
    plot = frame.LivePlot(lambda y: hv.Curve(y), y=np.arange(3.0))
    before = (plot.figure.y_range.start, plot.figure.y_range.end)
    plot.update(y=np.arange(3.0) * 100)
    assert (plot.figure.y_range.start, plot.figure.y_range.end) == before


def test_nothing_yet_to_draw():
    plot = frame.LivePlot(lambda x, y: hv.Curve((x, y)) * hv.Scatter((x, y)), x=[], y=[])
    plot.update(x=[1.0, 2.0], y=[3.0, 4.0])
    np.testing.assert_array_equal(source(plot, 1)["y"], [3, 4])


def test_what_cannot_be_fed_in_place_is_refused():
    with pytest.raises(ValueError, match=r"uses BoxWhisker.*known elements.*Curve"):
        frame.LivePlot(lambda y: hv.BoxWhisker(y), y=np.arange(5.0))
    with pytest.raises(ValueError, match="Layout"):
        frame.LivePlot(lambda y: hv.Curve(y) + hv.Curve(y), y=np.arange(5.0))


def test_a_view_whose_elements_change_is_refused():
    def view(y):
        return hv.Curve(y) if len(y) < 4 else hv.Curve(y) * hv.Scatter(y)

    plot = frame.LivePlot(view, y=np.arange(3.0))
    plot.update(y=np.arange(5.0))  # nothing is drawn yet
    with pytest.raises(ValueError, match="same elements in the same order"):
        plot.figure  # noqa: B018
    with pytest.raises(ValueError, match="same elements in the same order"):
        plot.update(y=np.arange(5.0))
    plot.update(y=np.arange(2.0))
    assert len(source(plot)["y"]) == 2


def test_options_work_again_after_an_update():
    def view(y):
        if y[0] < 0:
            raise ValueError("negative")
        return hv.Curve(y).opts(color="red")

    plot = frame.LivePlot(view, y=np.ones(3))
    assert plot.figure.title is not None
    plot.update(y=np.zeros(3))
    with pytest.raises(ValueError, match="negative"):
        plot.update(y=-np.ones(3))
    assert hv.Curve([1, 2]).opts(color="blue").opts.get("style").kwargs["color"] == "blue"


def test_update_all_feeds_every_plot():
    a = frame.LivePlot(lambda y: hv.Curve(y), y=np.zeros(3))
    b = frame.LivePlot(lambda z: hv.Image(z), z=np.zeros((2, 2)))
    frame.update_all((a, {"y": np.ones(3)}), (b, {"z": np.ones((2, 2))}))
    assert source(a)["y"].sum() == 3
    assert np.sum(source(b)["image"][0]) == 4


def test_a_picture_that_nobody_has_seen_is_drawn_when_it_is_needed():
    def view(y):
        return hv.Curve(y).opts(title="as drawn", xlim=(0, 3), ylim=(0, 2))

    plot, heard = frame.LivePlot(view, y=np.zeros(3)), []
    plot.when_drawn(heard.append)
    assert plot.title == "as drawn"
    plot.update(y=np.ones(3))
    plot.set(title="later", ylim=(0, 5))
    plot.be_at_most(150)
    assert (plot.drawn, plot.title, heard) == (False, "later", [])
    shown = plot.pane.get_root()
    assert plot.drawn
    assert plot.figure in shown.references()
    assert heard == [plot.figure]
    assert plot.figure.min_height == 150
    assert plot.figure.title.text == "later"
    assert plot.figure.y_range.end == 5
    assert source(plot)["y"].sum() == 3
    plot.when_drawn(heard.append)
    assert len(heard) == 2


def test_what_lies_in_a_hidden_tab_is_drawn_in_the_colours_and_size_of_its_day():
    class State(param.Parameterized):
        view = param.Selector(default="first", objects=["first", "second"])

    frame.use_theme()
    state = State()
    plots = {n: frame.LivePlot(lambda y: hv.Curve(y), y=np.zeros(3)) for n in ("first", "second")}
    grids = {n: frame.plot_grid("a", a=plot) for n, plot in plots.items()}
    body = frame.tabbed(state, "view", **grids)
    page = page_of(state, body, plots=plots)
    page.as_notebook().get_root()
    assert plots["first"].drawn
    assert not plots["second"].drawn
    page.scheme.dark = True
    page.guide.present = True
    plots["second"].update(y=np.ones(3))
    state.view = "second"
    first, second = (plot.figure for plot in plots.values())
    assert plots["second"].pane.object is second
    assert source(plots["second"])["y"].sum() == 3
    for name in ("text_color", "text_font_size"):
        assert getattr(second.title, name) == getattr(first.title, name)
    page.scheme.dark = page.guide.present = False
    for name in ("text_color", "text_font_size"):
        assert getattr(second.title, name) == getattr(first.title, name)


def test_join_curves_leaves_gaps():
    x, y = frame.join_curves([0.0, 1.0], [[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_array_equal(x, [0, 1, np.nan, 0, 1, np.nan])
    np.testing.assert_array_equal(y, [1, 2, np.nan, 3, 4, np.nan])
    with pytest.raises(ValueError, match=r"`ys` has to have shape \(m, 2\)"):
        frame.join_curves([0.0, 1.0], [1.0, 2.0])


def test_type_is_readable_and_lines_are_thick():
    plot = frame.LivePlot(overlay, **draw(np.random.default_rng(0), 5))
    axis = plot.figure.xaxis[0]
    assert axis.axis_label_text_font_size == "15px"
    assert axis.major_label_text_font_size == "13px"
    assert axis.major_label_text_color == theme.INK
    assert plot._drawn[1].glyph.line_width >= 2.5


# ------------------------------------------------------------------------ addresses and controls


class State(param.Parameterized):
    width = param.Selector(default=64, objects=[16, 64, 256], label="Width d", doc="Neurons.")
    time = param.Selector(default=1.0, objects={"1": 1.0, "∞": float("inf")})
    lam = param.Number(0.5, bounds=(0, 1), label="λ")
    depth = param.Integer(2, bounds=(1, 8))
    activation = param.Selector(default="gelu", objects=["gelu", "erf"])
    band = param.Boolean(True)
    note = param.String("")
    seed = param.Integer(0, bounds=(0, 9999))
    _hidden = param.Integer(0)


def query(state):
    from urllib.parse import parse_qsl

    return dict(parse_qsl(address.query_of(state), keep_blank_values=True))


def test_a_link_reproduces_the_state():
    state, other = State(), State()
    state.param.update(
        width=256, time=float("inf"), lam=0.1 + 0.2, depth=5, activation="erf", band=False,
        note="a&b=<c>", seed=77,
    )  # fmt: skip
    assert address.read_query(other, query(state)) == []
    for name in address.setting_names(state):
        assert getattr(other, name) == pytest.approx(getattr(state, name)), name
    assert set(query(State())) == {*address.setting_names(state)}  # unchanged ones are written too


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("width", "65"), ("width", ""), ("lam", "nan"), ("lam", "1e9"), ("lam", "x"),
        ("depth", "2.5"), ("depth", "0"), ("activation", "<script>"), ("band", "maybe"),
        ("unknown", "1"), ("_hidden", "1"), ("name", "x"),
    ],
)  # fmt: skip
def test_garbage_in_the_address_is_named_and_ignored(key, text):
    state = State()
    ignored = address.read_query(state, {key: text, "seed": "5"})
    assert len(ignored) == 1
    assert ignored[0].startswith(key)
    assert state.seed == 5
    assert query(state) == query(State()) | {"seed": "5"}


def test_controls_follow_the_state_and_the_state_follows_them():
    state = State()
    names = ("width", "time", "lam", "depth", "activation", "band", "note")
    controls = dict(zip(names, frame.controls_for(state, *names, slow=("width",)), strict=True))
    kinds = [type(c) for c in controls.values()]
    assert kinds == [
        pmui.DiscreteSlider, pmui.DiscreteSlider, pmui.FloatSlider, pmui.IntSlider,
        pmui.Select, pmui.Switch, pmui.TextInput,
    ]  # fmt: skip
    assert controls["width"].label == "Width d"
    assert controls["width"].description == "Neurons."
    new = {"width": 256, "time": float("inf"), "lam": 0.25, "depth": 7, "activation": "erf",
           "band": False, "note": "hello"}  # fmt: skip
    for name, value in new.items():
        controls[name].value = value
        assert getattr(state, name) == value
    state.param.update(**{name: state.param[name].default for name in names})
    for name in names:
        assert controls[name].value == state.param[name].default


def test_a_parameter_without_a_widget_is_refused():
    class Odd(param.Parameterized):
        free = param.Number(1.0)
        array = param.Array()

    with pytest.raises(ValueError, match="`free` needs bounds"):
        frame.controls_for(Odd(), "free")
    with pytest.raises(ValueError, match="`array` is a Array, for which there is no widget"):
        frame.controls_for(Odd(), "array")


# ----------------------------------------------------------------------------------------- pages


def small_page(state, **parts):
    plot = frame.LivePlot(lambda y: hv.Curve(y), y=np.arange(3.0))
    return page_of(state, frame.plot_grid("a", a=plot), rows=("lam",), **parts)


def test_a_page_shows_its_body_in_a_notebook():
    state = State()
    page = small_page(state, words="At <b>3</b>")
    body = pn.panel(page)
    assert isinstance(body, pn.Row)
    assert len(body.select(pn.pane.Bokeh)) == 1
    assert any("At <b>3</b>" in (pane.object or "") for pane in body.select(pn.pane.HTML))
    assert body.get_root() is not None


def test_reset_draw_again_and_undo():
    state = State()
    toolbar = small_page(state).toolbar
    assert [key for key, _ in toolbar.actions] == [
        "undo", "reset", "draw", "link", "dark", "present", "full",
    ]  # fmt: skip
    press = toolbar._handle_msg
    assert toolbar.disabled_actions == ["undo"]
    state.lam = 0.9
    assert toolbar.disabled_actions == []
    seeds = set()
    for _ in range(5):
        press("draw")
        seeds.add(state.seed)
    assert len(seeds) > 1
    press("reset")
    assert (state.lam, state.seed) == (0.5, 0)
    for lam, again in ((0.9, True), (0.9, False), (0.5, False)):  # Draw again was one change
        press("undo")
        assert (state.lam, state.seed != 0) == (lam, again)
    assert toolbar.disabled_actions == ["undo"]


def test_errors_in_callbacks_reach_the_page_and_go_away(caplog):
    notice = frame.Notice()

    @notice.guarded
    def callback(x):
        if x < 0:
            raise ValueError("`x` <b>must</b> be positive")
        return x

    assert callback(-1) is None
    assert notice.pane.visible
    assert "&lt;b&gt;must" in notice.pane.object
    assert "a page callback failed" in caplog.text
    assert callback(2) == 2
    assert not notice.pane.visible


def test_what_is_ignored_in_the_address_is_said_until_the_state_changes(monkeypatch):
    given = {"foo": "1", "preset": "none", "depth": "3"}
    monkeypatch.setattr(address, "arguments_of_page", lambda: given)
    state = State()
    page = small_page(state)
    body = pn.panel(page)
    assert state.depth == 3
    page.job.notice.set("")  # what the page says of itself does not hide it
    message = next(p for p in body.select(pn.pane.HTML) if "foo: no such" in (p.object or ""))
    assert "preset=none: no such preset" in message.object
    assert message.visible
    state.lam = 0.3
    assert not message.visible


def test_a_grid_letter_without_plot_is_refused():
    with pytest.raises(ValueError, match="mention 'b'"):
        frame.plot_grid("ab", a=pn.Column())


def test_navigation_links_are_relative():
    links = frame.shell.navigation("jntk_constancy")
    assert 'href="./"' in links
    assert 'href="gp_convergence"' in links
    assert 'href="jntk_constancy" aria-current=page' in links
    assert "http" not in links


def contrast(a, b):
    def luminance(colour):
        rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722]

    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colour", ["INK", "MUTED", "ACCENT"])
def test_text_is_dark_enough(colour):
    assert contrast(getattr(theme, colour), theme.PAPER) >= 4.5
