"""The parts pages are made of: headline, messages, formulas, grid of plots, progress."""

import functools
import logging
import re
from typing import NamedTuple

import panel as pn
import panel_material_ui as pmui

from jntk_viz.views.live import LivePlot
from jntk_viz.views.theme import ACCENT, FONT, INK, PHONE, escape

_log = logging.getLogger(__name__)


class Headline:
    """The large sentence above the pictures, about what is on screen now.

    `headline.set("At width <b>{width}</b> the error is {error:.3g}.", width=256, error=e)`: the
    template is HTML written by the app; the values are escaped. Screen readers announce each new
    sentence.
    """

    def __init__(self, template="", **values):
        css = f"div {{ font: 400 18px/1.35 {FONT}; color: {INK}; }} b {{ color: {ACCENT}; }}"
        self.pane = pn.pane.HTML(sizing_mode="stretch_width", margin=(2, 4), stylesheets=[css])
        self.set(template, **values)

    def set(self, template, **values):
        """Show a new sentence."""
        safe = {k: escape(v) if isinstance(v, str) else v for k, v in values.items()}
        self.pane.object = (
            f'<div aria-live="polite">{template.format(**safe) if safe else template}</div>'
        )


_BOX = f"""
.box {{ font: 400 15px/1.35 {FONT}; color: {INK}; padding: 6px 12px; border-left: 5px solid;
        border-radius: 4px; }}
.info {{ background: #e8f3fb; border-color: {ACCENT}; }}
.warning {{ background: #fff4e0; border-color: #b25e00; }}
.error {{ background: #fdeceb; border-color: #b3261e; }}
"""


class Notice:
    """A message box for errors and warnings; hidden while there is nothing to say."""

    def __init__(self):
        self.kind = "info"
        self.pane = pn.pane.HTML(
            visible=False, sizing_mode="stretch_width", margin=(4, 4), stylesheets=[_BOX]
        )

    def set(self, text, kind="warning"):
        """Show plain `text`; an empty one hides the box. `kind`: info, warning or error."""
        self.kind = kind
        words = re.sub("`([^`]+)`", r"<code>\1</code>", escape(text))
        box = f'<div class="box {kind}" role="alert">{words}</div>'
        self.pane.param.update(object=box if text else "", visible=bool(text))

    def guarded(self, function):
        """`function` as a callback whose exceptions are shown here and logged; the page goes on."""

        @functools.wraps(function)
        def call(*args, **kwargs):
            try:
                result = function(*args, **kwargs)
            except Exception as error:  # noqa: BLE001 - whatever it is, the reader has to see it
                _log.error("a page callback failed", exc_info=error)
                self.set(error_text(error), "error")
                return None
            if self.kind == "error":
                self.set("")
            return result

        return call


def error_text(error):
    """What a reader is told about an exception: our own words, or type and words of others."""
    return str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"


class Formula(NamedTuple):
    """One displayed equation and what it and its symbols mean.

    - `latex`: without dollar signs;  `meaning`: a plain sentence;  `symbols`: LaTeX -> plain words.
    """

    latex: str
    meaning: str = ""
    symbols: dict = {}  # noqa: RUF012 - read only


def formulas(*entries):
    """The folded "Formulas" section: every equation, every symbol explained, by MathJax."""
    parts = []
    for entry in entries:
        parts.append(_tex(f"$${entry.latex}$$", 17))
        rows = [f"<p>{escape(entry.meaning)}</p>"] if entry.meaning else []
        parts.append(pn.pane.HTML("".join(rows), margin=(0, 10), styles={"font-size": "15px"}))
        parts += [
            pn.Row(
                _tex(f"$${symbol}$$", 15, width=110),
                pn.pane.HTML(escape(words), styles={"font-size": "15px"}, margin=(4, 0)),
                margin=(0, 10),
            )
            for symbol, words in entry.symbols.items()
        ]
    section = pmui.Accordion(
        ("Formulas", pn.Column(*parts, sizing_mode="stretch_width")),
        sizing_mode="stretch_width",
        margin=(2, 4),
        disable_gutters=True,
        sx={
            "& .MuiAccordionSummary-root": {"minHeight": 36},
            "& .MuiAccordionSummary-content": {"margin": "4px 0"},
            "& .MuiAccordionSummary-content *": {"fontSize": 16, "fontWeight": 500},
        },
    )
    section.jscallback(active=_SCROLL_DOWN)
    return section


# Opened below the pictures, the section would lie outside the window; typesetting takes a while.
_SCROLL_DOWN = """
for (const element of document.querySelectorAll("body *")) {
  const main = element.shadowRoot?.querySelector(".main-content")
  const scroll = () => main.scrollTo({top: main.scrollHeight, behavior: "smooth"})
  if (main) [350, 1200].forEach(wait => setTimeout(scroll, wait))
}
"""


def _tex(text, size, **layout):
    return pn.pane.LaTeX(
        text, renderer="mathjax", styles={"font-size": f"{size}px"}, margin=(2, 5), **layout
    )


def plot_grid(*rows, min_height=470, **plots):
    """Lay out plots in a grid that fills the window; one column on a phone.

        plot_grid("ab", "cd", a=cloud, b=density, c=heat, d=error)      # 2 x 2
        plot_grid("ab", "ac", a=big, b=above, c=below)                  # one tall, two stacked

    - `rows`: one string per row, one letter per cell; a letter that is repeated spans cells.
    - `plots`: letter -> LivePlot or any Panel object.
    """
    cells = []
    for letter in dict.fromkeys("".join(rows)):
        if letter not in plots:
            raise ValueError(f"`rows` mention {letter!r}, but there is no plot {letter}=...")
        item = plots[letter]
        cells.append(
            pn.Column(
                item.pane if isinstance(item, LivePlot) else item,
                sizing_mode="stretch_both",
                margin=0,
                styles={"grid-area": letter, "min-width": "0", "min-height": "0"},
                stylesheets=[
                    f"{PHONE} {{ :host {{ height: 330px !important; flex: none !important; }} }}"
                ],
            )
        )
    areas = " ".join(f"'{' '.join(row)}'" for row in rows)
    css = f"""
    :host {{ display: grid; gap: 6px; grid-template-areas: {areas};
      flex: 1 0 {min_height}px !important; height: auto !important; min-height: {min_height}px;
      max-height: none !important;
      grid-template-columns: repeat({len(rows[0])}, minmax(0, 1fr));
      grid-template-rows: repeat({len(rows)}, minmax(0, 1fr)); }}
    {PHONE} {{ :host {{ display: flex; flex-direction: column; flex: none !important;
      max-height: none !important; }} }}"""
    return PlotGrid(rows, plots, cells, css)


class PlotGrid(pn.Column):
    """The grid that `plot_grid` returns; `rows` and `items` say what lies where."""

    def __init__(self, rows, items, cells, css):
        super().__init__(*cells, sizing_mode="stretch_both", margin=0, stylesheets=[css])
        self.rows, self.items = rows, items
        # The grid's own `display` would win over the one by which Bokeh hides it.
        shown, hidden = [css], [":host { display: none !important; }"]
        self.param.watch(
            lambda event: self.param.update(stylesheets=shown if event.new else hidden), "visible"
        )


def tabbed(state, name, **grids):
    """Several grids in one place, chosen by the Selector `name` of the state: a link remembers it.

        views.tabbed(state, "view", functions=plot_grid(...), errors=plot_grid(...))

    - `grids`: value of the parameter -> grid. Each is put into the page when it is first chosen.
    """
    parameter = state.param[name]
    if set(parameter.get_range().values()) != set(grids):
        raise ValueError(
            f"`grids` must be {', '.join(map(str, parameter.get_range().values()))}, the values of "
            f"{name!r}; got {', '.join(grids)}."
        )
    return Tabbed(state, name, grids)


# As high as the window leaves room, and at least as high as its grid.
_FILL = """
:host { display: flex; flex-direction: column; flex: 1 0 auto !important;
  min-height: 0; max-height: none !important; height: auto !important; }
"""
_UNSEEN = "label { position: absolute !important; left: -10000px; }"  # the group says its name


class Tabbed(pn.Column):
    """What `tabbed` returns; `grids` maps values to grids, `grid` is the one shown."""

    def __init__(self, state, name, grids):
        choice = pmui.RadioButtonGroup(
            options=state.param[name].get_range(), value=getattr(state, name),
            size="small", margin=(0, 4), label=state.param[name].label, stylesheets=[_UNSEEN],
        )  # fmt: skip
        choice.link(state, value=name)
        super().__init__(
            choice, grids[getattr(state, name)], sizing_mode="stretch_both", margin=0,
            stylesheets=[_FILL],
        )  # fmt: skip
        self.grids, self._state, self._name = grids, state, name
        state.param.watch(lambda event: self._choose(choice, event.new), name)

    @property
    def grid(self):
        return self.grids[getattr(self._state, self._name)]

    def _choose(self, choice, value):
        choice.value = value
        for grid in self.grids.values():
            grid.visible = grid is self.grids[value]
        if self.grids[value] not in list(self):
            self.append(self.grids[value])


class Answer(NamedTuple):
    """What is measured where a reader had to predict.

    - `value`: the option (choice), a number, options in order, or for a sketch (x, y) arrays.
    - `text`: one sentence with the numbers, plain text.
    """

    value: object
    text: str


def job_bar(job, buttons=True):
    """Progress, what is being done, the time left, Pause and Cancel, bound to a `LatestWins`."""
    bar = pmui.LinearProgress(
        value=job.param.fraction.rx() * 100,
        variant="determinate",
        sizing_mode="stretch_width",
        min_width=60,
        margin=(12, 6),
    )

    def describe(running, paused, text, left):
        if not running:
            return ""
        rest = f", about {left:.0f} s left" if left and not paused else ""
        return (
            f"<span role=status>{escape(text or 'Working')}{' (paused)' if paused else rest}</span>"
        )

    words = pn.pane.HTML(
        pn.bind(
            describe, job.param.running, job.param.paused, job.param.text, job.param.seconds_left
        ),
        styles={"font-size": "15px", "color": INK},
        margin=(6, 4),
    )
    small = {"size": "small", "variant": "outlined", "margin": 2}
    pause = pmui.Button(label=job.param.paused.rx.where("Resume", "Pause"), **small)
    cancel = pmui.Button(label="Cancel", **small)
    pause.on_click(lambda _: job.param.update(paused=not job.paused))
    cancel.on_click(lambda _: job.cancel())
    shown = [bar, pause, cancel] if buttons else [bar]
    for part in shown:
        part.visible = job.param.running
    # The height is kept while nothing runs, so that the plots below do not jump.
    wrap = ":host { flex: none !important; flex-wrap: wrap; }"
    return pn.Row(
        words, *shown, sizing_mode="stretch_width", min_height=36, margin=(0, 4), stylesheets=[wrap]
    )
