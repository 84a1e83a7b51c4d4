"""Colours, type sizes and HoloViews defaults shared by every picture.

The names below are the colours on light paper. Pictures on a dark page are recoloured from them
(`views.recolour`); HTML and CSS write them through `css`, which a dark page then overrides.
"""

import html
import re
import sys

import holoviews as hv
import panel as pn
from bokeh.models import ColorBar, FixedTicker, NoOverlap
from bokeh.themes import Theme

from jntk_viz.compiled_code import keep_compiled_code

# Okabe & Ito's colour-blind-safe palette, darkened where it also has to be read as text. Amber is
# too pale for thin lines, and a darker one would be orange to many: use it for fills and markers.
BLUE, ORANGE, GREEN, PURPLE = "#0072B2", "#D55E00", "#00785A", "#A8487F"
SKY, AMBER = "#3A9CD8", "#E69F00"
INK, MUTED, LINE, PAPER = "#1b1b1b", "#555555", "#e3e3e3", "#ffffff"

# The same roles on dark paper: what was dark and prominent is bright, what was pale is deep.
DARK = {
    BLUE: "#56B4E9",
    ORANGE: "#F47B3A",
    GREEN: "#1FC79A",
    PURPLE: "#E08CBD",
    SKY: "#2577A8",
    AMBER: "#FFD166",
    INK: "#ececec",
    MUTED: "#b4b4b4",
    LINE: "#3a3a3a",
    PAPER: "#121212",  # Material's dark paper
}

ACCENT = BLUE
THEORY = INK  # limiting quantities: dark, thin enough to see samples behind
SAMPLE = ORANGE  # finite networks, empirical quantities
PALETTE = (BLUE, ORANGE, GREEN, PURPLE, SKY, AMBER)
SEQUENTIAL = "cividis"  # magnitudes
DIVERGING = "RdBu_r"  # signed quantities; give it a `clim` symmetric about zero

# Tinted boxes of HTML: name -> (light, dark); their text is INK.
TINTS = {
    "hover": ("#e8f3fb", "#10293a"),  # also that of information
    "warning": ("#fff4e0", "#3a2a08"),
    "error": ("#fdeceb", "#431714"),
    "warning-edge": ("#b25e00", "#FFB454"),
    "error-edge": ("#b3261e", "#F2877F"),
}

FONT = "Roboto, Helvetica, Arial, sans-serif"
LINE_WIDTH = 2.5
PHONE = "@media (max-width: 700px)"
FONT_SIZES = {
    "title": "15px",
    "labels": "15px",
    "xticks": "13px",
    "yticks": "13px",
    "legend": "13px",
    "legend_title": "13px",
    "cticks": "13px",
    "clabel": "14px",
}

# Naming these models tells Material that their look is ours, not its small grey one.
OUR_LOOK = Theme(
    json={"attrs": {"Axis": {}, "Legend": {}, "ColorBar": {}, "Title": {}, "Grid": {}}}
)

_LINES = ("Curve", "HLine", "VLine", "HLines", "VLines", "Slope", "Path", "Contours")
_MARKERS = ("Scatter", "Points")
_FILLS = ("Area", "Spread", "Histogram", "Bars", "HSpan", "VSpan", "Polygons", "Rectangles")
_IMAGES = ("Image", "QuadMesh", "HeatMap")
_MARKS = ("Segments", "ErrorBars", "VectorField", "Text", "Labels", "Overlay")


def _finish(plot, element):
    """Set what HoloViews has no option for: font family, quiet toolbar, axis lines."""
    if plot.overlaid:  # the overlay does it once for all its elements
        return
    figure = plot.state
    figure.toolbar.logo = None
    figure.toolbar.autohide = True
    figure.title.text_font = FONT
    figure.title.text_font_style = "bold"
    figure.title.text_color = INK
    for axis in figure.axis:
        axis.axis_label_text_font = axis.major_label_text_font = FONT
        axis.axis_label_text_font_style = "normal"
        axis.axis_label_text_color = axis.major_label_text_color = INK
        axis.minor_tick_line_color = None
        # In small pictures some numbers of an axis are left out rather than written over others.
        # Lines of text have room of their own above and below.
        axis.major_label_policy = NoOverlap(min_distance=-3 if axis in figure.yaxis else 3)
        if isinstance(axis.ticker, FixedTicker):  # from the top, all but the first would overlap
            axis.ticker.ticks = sorted(axis.ticker.ticks)
    beside = [*figure.right, *figure.left, *figure.above, *figure.below]
    for bar in (item for item in beside if isinstance(item, ColorBar)):
        bar.major_label_text_font = bar.title_text_font = FONT
        bar.major_label_text_color = bar.title_text_color = INK
        bar.title_text_font_style = "normal"
    for legend in figure.legend:
        legend.label_text_font = FONT
        legend.label_text_color = INK
        legend.background_fill_alpha = 0.85
        legend.border_line_color = None
        legend.padding, legend.spacing = 6, 0


def _plot_options():
    return {
        "fontsize": FONT_SIZES,
        "responsive": True,
        "show_grid": True,
        "gridstyle": {"grid_line_color": LINE},
        "toolbar": "above",
        # No active tool: a drag or a wheel over a picture scrolls the page, as on any page.
        "active_tools": [],
        "hooks": [_finish],
    }


def use_theme():
    """Load the Bokeh backend and MathJax, and set the HoloViews defaults.

    Call it first in every app and notebook. Nothing is fetched from another host; in a notebook
    without internet set the environment variable `PANEL_INLINE=1` before JupyterLab starts. In a
    notebook JAX then also keeps what it compiles, as it does for the pages.
    """
    ours = hv.renderer("bokeh").theme is OUR_LOOK
    if not ours or hv.Store.current_backend != "bokeh":
        hv.extension("bokeh", logo=False, inline=pn.config.inline, enable_mathjax=True)
    pn.extension("mathjax", notifications=False)
    if not ours:
        _set_defaults()


def in_notebook() -> bool:
    """Does this run in the kernel of a notebook?"""
    ipython = sys.modules.get("IPython")
    return ipython is not None and getattr(ipython.get_ipython(), "kernel", None) is not None


def _set_defaults():
    """Set HoloViews' options, once in a process: they are the same for all its pages."""
    if in_notebook():
        keep_compiled_code()
    # WebGL draws pictures as small as ours no faster, and without a graphics card copying them
    # back into the page takes longer than drawing them.
    hv.renderer("bokeh").webgl = False
    # Columns as arrays: an element of ours is made in a third of the time that a data frame takes.
    kinds = hv.Dataset.datatype
    hv.Dataset.datatype = ["dictionary", *(kind for kind in kinds if kind != "dictionary")]
    # HoloViews gives a page its theme with every picture that it draws.
    hv.renderer("bokeh").theme = OUR_LOOK
    common = _plot_options()
    styles: dict[str, dict] = {name: {"line_width": LINE_WIDTH} for name in _LINES}
    styles |= {name: {"size": 7, "line_color": None} for name in _MARKERS}
    styles |= {name: {"alpha": 0.35} for name in _FILLS}
    styles["Curve"]["color"] = ACCENT
    styles |= {name: {"cmap": SEQUENTIAL, "colorbar": True} for name in _IMAGES}
    styles |= {name: {} for name in _MARKS}
    styles["Histogram"] |= {"fill_color": SAMPLE, "line_color": None}
    styles["Segments"] = styles["VectorField"] = {"line_width": LINE_WIDTH}
    styles["ErrorBars"] = {"line_width": 2}
    hv.opts.defaults(*[hv.Options(name, **style) for name, style in _expand(styles, common)])


def _expand(styles, common):
    for name, style in styles.items():
        allowed = hv.Store.options("bokeh")[name].groups
        plot_keys = allowed["plot"].allowed_keywords
        keep = {k: v for k, v in common.items() if k in plot_keys}
        yield name, keep | style


_NAMES = {
    BLUE: "accent", ORANGE: "orange", GREEN: "green", PURPLE: "purple", SKY: "sky", AMBER: "amber",
    INK: "ink", MUTED: "muted", LINE: "line", PAPER: "paper",
}  # fmt: skip
_PROPERTIES = {
    **{light: (_NAMES[light], dark) for light, dark in DARK.items()},
    **{light: (name, dark) for name, (light, dark) in TINTS.items()},
}
# A colour of ours that is not yet the fallback of a custom property.
_OURS = re.compile(rf"(?<!, )(?:{'|'.join(_PROPERTIES)})\b", re.IGNORECASE)
_KEYS = {light.lower(): light for light in _PROPERTIES}


def css(text):
    """HTML or CSS with our colours written so that a dark page changes them.

        css("color: #0072B2")  ->  "color: var(--accent, #0072B2)"

    Where no page defines the custom properties (a notebook, a saved fragment) the light colours
    hold. Text that has been through here before is returned as it is.
    """

    def replace(match):
        light = _KEYS[match.group().lower()]
        return f"var(--{_PROPERTIES[light][0]}, {light})"

    return _OURS.sub(replace, text)


def set_class(pane, name, on):
    """Give a Panel object a CSS class, or take it away; its other classes stay."""
    others = [other for other in pane.css_classes or [] if other != name]
    pane.css_classes = [*others, name] if on else others


def dark_css():
    """The style sheet of the document, which gives the custom properties of `css` both values."""
    light = "".join(f"--{name}: {colour};" for colour, (name, _) in _PROPERTIES.items())
    dark = "".join(f"--{name}: {colour};" for name, colour in _PROPERTIES.values())
    return f":root {{{light} color-scheme: light; }} :root[data-theme=dark] {{{dark} " + (
        "color-scheme: dark; }"
    )


def escape(text):
    """Text that came from a user or an exception, safe inside HTML."""
    return html.escape(str(text), quote=True)
