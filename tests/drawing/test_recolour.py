"""Light and dark: what colours become, and that pictures keep them. Without a browser."""

from itertools import combinations

import holoviews as hv
import numpy as np
import pytest
from bokeh.models import ColorBar

from jntk_viz import frame
from jntk_viz.drawing import recolour as scheme
from jntk_viz.drawing import theme
from jntk_viz.drawing.recolour import Recolouring, contrast, dark_of, dark_palette

TEXT = (theme.INK, theme.MUTED, theme.BLUE, theme.GREEN, theme.PURPLE)
LINES = (*TEXT, theme.ORANGE, theme.SKY)
BOXES = [name for name in theme.TINTS if "edge" not in name]
# Machado, Oliveira and Fernandes (2009), complete lack of one kind of cone; linear RGB.
BLINDNESS = {
    "none": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


@pytest.fixture(scope="module", autouse=True)
def themed():
    frame.use_theme()


def linear(colour):
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    """CIE L*a*b* of linear RGB under D65."""
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    t = to_xyz @ np.clip(rgb, 0, 1) / np.array([0.95047, 1, 1.08883])
    f = np.where(t > 0.008856, np.cbrt(t), 7.787 * t + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def papers(dark):
    return dark_of if dark else lambda colour: colour


def test_contrast_is_that_of_wcag():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("white", "#ffffff") == 1
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)  # known to miss AA


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_text_lines_and_boxes_have_the_contrast_of_aa(dark):
    shown = papers(dark)
    paper = shown(theme.PAPER)
    assert {c for c in TEXT if contrast(shown(c), paper) < 4.5} == set()
    assert {c for c in LINES if contrast(shown(c), paper) < 3} == set()
    for name in BOXES:
        box = theme.TINTS[name][dark]
        assert contrast(shown(theme.INK), box) >= 4.5, name
        assert name == "hover" or contrast(theme.TINTS[f"{name}-edge"][dark], paper) >= 3


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("blindness", BLINDNESS)
def test_the_palette_can_be_told_apart_by_colour_blind_readers(blindness, dark):
    seen = {c: lab(BLINDNESS[blindness] @ linear(papers(dark)(c))) for c in theme.PALETTE}
    distances = {
        pair: np.linalg.norm(seen[pair[0]] - seen[pair[1]]) for pair in combinations(seen, 2)
    }
    assert min(distances.values()) > 10, min(distances, key=distances.get)


def test_every_colour_of_the_theme_has_its_counterpart():
    for colour in (*theme.PALETTE, theme.INK, theme.MUTED, theme.LINE, theme.PAPER):
        assert dark_of(colour) == theme.DARK[colour] == dark_of(colour.lower())


def test_other_colours_are_turned_for_dark_paper():
    assert dark_of("black") == "#ededed"
    assert dark_of("white") == "#121212"
    assert contrast(dark_of("#9a9a9a"), theme.DARK[theme.PAPER]) > 3
    assert scheme.luminance(dark_of("#f4e8d0")) < 0.1  # a pale tint
    assert contrast(dark_of("#8a5a00"), theme.DARK[theme.PAPER]) >= 4.5  # a dark brown
    assert dark_of("#ffb27d") == "#ffb27d"  # bright enough already
    for nothing in (None, "rgba(0, 0, 0, 0)", "#12345678"):
        assert dark_of(nothing) == nothing


def test_a_diverging_palette_gets_a_dark_middle_and_a_sequential_one_stays():
    diverging = hv.plotting.util.process_cmap(theme.DIVERGING, 255)
    turned = dark_palette(diverging)
    brightness = [scheme.luminance(c) for c in turned]
    assert contrast(turned[127], theme.DARK[theme.PAPER]) < 1.2
    assert int(np.argmin(brightness)) in range(120, 135)
    assert min(brightness[0], brightness[-1]) > 0.3
    for i in (40, 214):  # red stays red, blue blue
        hues = [np.argmax(linear(p[i])) for p in (diverging, turned)]
        assert hues[0] == hues[1]
    sequential = hv.plotting.util.process_cmap(theme.SEQUENTIAL, 256)
    assert dark_palette(sequential) == sequential


def picture(y, z):
    """Something of everything that a picture can hold."""
    image = hv.Image(z, bounds=(0, 0, 1, 1)).opts(
        cmap=theme.DIVERGING, clim=(-1, 1), colorbar=True, clipping_colors={"NaN": theme.PAPER}
    )
    x = np.linspace(0, 1, len(y))
    curve = hv.Curve((x, y), label="limit").opts(color=theme.INK)
    dots = hv.Scatter((x, y), label="networks").opts(color=theme.ORANGE)
    points = hv.Points((x, y, y), vdims="v").opts(color="v", line_color=theme.PAPER)
    words = hv.Labels(([0.5], [0.5], ["text"])).opts(text_color=theme.INK)
    return image * curve * dots * points * words * hv.HLine(0.5).opts(color=theme.MUTED)


def drawn():
    return frame.LivePlot(picture, y=np.linspace(0, 1, 4), z=np.zeros((2, 2)))


def colours(plot):
    """All colours of a figure, by model, property and value."""
    return {
        (type(model).__name__, model.id, name): value
        for model in plot.figure.references()
        for name, value in scheme._colours(model)
    }


def test_a_picture_becomes_dark_stays_so_when_updated_and_comes_back():
    plot = drawn()
    before, recolouring = colours(plot), Recolouring()
    recolouring.set([plot.figure], True)
    after = colours(plot)
    assert plot.figure.background_fill_color == theme.DARK[theme.PAPER]
    for key, value in before.items():
        assert after[key] == scheme._dark_value(value), key
    kinds = {
        (kind, name) for kind, _, name in before if before[kind, _, name] != after[kind, _, name]
    }
    assert {
        ("Line", "line_color"), ("Scatter", "fill_color"), ("Text", "text_color"),
        ("Span", "line_color"), ("Title", "text_color"), ("Grid", "grid_line_color"),
        ("LinearAxis", "axis_label_text_color"), ("LinearAxis", "axis_line_color"),
        ("Legend", "label_text_color"), ("Legend", "background_fill_color"),
        ("ColorBar", "major_label_text_color"), ("LinearColorMapper", "palette"),
        ("LinearColorMapper", "nan_color"),
    } <= kinds  # fmt: skip
    plot.update(y=np.linspace(1, 2, 4), z=np.full((2, 2), np.nan))
    recolouring.set([plot.figure], True)
    assert colours(plot) == after
    recolouring.set([plot.figure], False)
    assert colours(plot) == before
    assert plot.figure.background_fill_color == theme.PAPER
    plot.update(y=np.linspace(1, 2, 4))
    assert colours(plot) == before


def test_a_colour_that_a_page_sets_later_becomes_dark_too():
    plot, recolouring = drawn(), Recolouring()
    recolouring.set([plot.figure], True)
    bar = plot.figure.select_one(ColorBar)
    bar.title_text_color = theme.PURPLE
    assert bar.title_text_color == theme.DARK[theme.PURPLE]
    recolouring.set([plot.figure], False)
    assert bar.title_text_color == theme.PURPLE


def test_css_writes_our_colours_as_custom_properties_once():
    assert theme.css(f"color: {theme.INK}; top: 1px") == "color: var(--ink, #1b1b1b); top: 1px"
    assert theme.css(f"#{theme.BLUE[1:].lower()}") == "var(--accent, #0072B2)"
    once = theme.css(f"a {{ color: {theme.BLUE} }} b {{ color: #123456 }}")
    assert theme.css(once) == once
    sheet = theme.dark_css()
    light, dark = sheet.split(":root[data-theme=dark]")
    assert "--ink: #1b1b1b;" in light
    assert f"--ink: {theme.DARK[theme.INK]};" in dark
    assert light.count("--") == dark.count("--") == len(theme.DARK) + len(theme.TINTS)


def test_headline_and_notice_follow_the_scheme():
    headline, notice = frame.Headline(), frame.Notice()
    headline.set(f"<i style='color: {theme.ORANGE}'>orange</i>")
    assert "var(--orange, " in headline.pane.object
    assert "var(--ink, " in headline.pane.stylesheets[0]
    assert "var(--error, " in notice.pane.stylesheets[0]


def test_figures_are_named_by_title_and_axes():
    def view(y):
        return hv.Curve(y).opts(title="Error", xlabel="width d", ylabel="relative error")

    plot = frame.LivePlot(view, y=np.arange(3.0))
    frame.plot_grid("a", a=plot)
    attributes = plot.figure.html_attributes
    assert attributes == {"role": "figure", "aria-label": "Error: relative error against width d"}
    plot.set(title="Error of one network", ylabel="error")
    name = "Error of one network: error against width d"
    assert plot.figure.html_attributes["aria-label"] == name


def test_a_page_is_recoloured_when_its_scheme_changes():
    plot = drawn()
    chosen = scheme.Scheme()
    scheme.follow(chosen, lambda: [plot.figure])
    assert plot.figure.title.text_color == theme.INK
    chosen.dark = True
    assert plot.figure.title.text_color == theme.DARK[theme.INK]
    chosen.dark = False
    assert plot.figure.title.text_color == theme.INK
