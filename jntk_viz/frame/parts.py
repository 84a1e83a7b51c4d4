"""The parts pages are made of: headline, messages, formulas, grid of plots, progress."""

import functools
import logging
import re
from typing import NamedTuple

import panel as pn
import panel_material_ui as pmui
import param

from jntk_viz.datasets import DatasetUnavailable
from jntk_viz.device import out_of_memory
from jntk_viz.drawing.html import Words
from jntk_viz.drawing.live import LivePlot
from jntk_viz.drawing.recolour import name_figure
from jntk_viz.drawing.theme import ACCENT, FONT, INK, LINE, PHONE, TINTS, css, escape, set_class
from jntk_viz.frame.glossary import Prose
from jntk_viz.frame.words import CLOSED, OPENED

_log = logging.getLogger(__name__)


class Headline:
    """The large sentence above the pictures, about what is on screen now.

    It is HTML written by the page. Screen readers announce each new sentence.

    - `opened`: has the reader opened the small print (`words.small`)? The next sentence then comes
      with it.
    """

    opened = False

    def __init__(self):
        look = f"""
        div {{ font: 400 18px/1.35 {FONT}; color: {INK}; }} b {{ color: {ACCENT}; }}
        details {{ display: inline; font-size: 14px; line-height: 1.3; }}
        summary {{ display: inline; color: {ACCENT}; cursor: pointer; margin-left: 6px; }}
        summary::before {{ content: "▸\N{NO-BREAK SPACE}"; }}
        [open] > summary::before {{ content: "▾\N{NO-BREAK SPACE}"; }}
        summary:focus-visible {{ outline: 2px solid {ACCENT}; outline-offset: 2px; }}
        [open] > summary::after {{ content: "\\A"; white-space: pre; }}
        """
        self.pane = Prose(sizing_mode="stretch_width", margin=(2, 4), stylesheets=[css(look)])
        self.set("")

    def set(self, words):
        """Show a new sentence."""
        self.pane.object = announced(words.replace(CLOSED, OPENED) if self.opened else words)


def announced(words):
    """HTML of a sentence that screen readers say when it changes."""
    return css(f'<div aria-live="polite">{words}</div>')


_BOX = css(f"""
.box {{ font: 400 15px/1.35 {FONT}; color: {INK}; padding: 6px 12px; border-left: 5px solid;
        border-radius: 4px; }}
.info {{ background: {TINTS["hover"][0]}; border-color: {ACCENT}; }}
.warning {{ background: {TINTS["warning"][0]}; border-color: {TINTS["warning-edge"][0]}; }}
.error {{ background: {TINTS["error"][0]}; border-color: {TINTS["error-edge"][0]}; }}
""")


class Notice:
    """A message box for errors and warnings; hidden while there is nothing to say."""

    def __init__(self):
        self.kind = "info"
        self.pane = Words(
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
                log_failure(_log, "a page callback failed", error)
                self.set(error_text(error), "error")
                return None
            if self.kind == "error":
                self.set("")
            return result

        return call


def error_text(error):
    """Our own words; the remedy where memory was not enough; or type and words of others."""
    if isinstance(error, ValueError):
        return str(error)
    return out_of_memory(error) or f"{type(error).__name__}: {error}"


def log_failure(log, what, error):
    """Log an exception with its traceback; data that cannot be had are no fault of the program."""
    if isinstance(error, DatasetUnavailable):
        log.warning("%s: %s", what, error)
    else:
        log.error(what, exc_info=error)


_LOW = 360  # pixels of a grid that leaves room for larger words


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
        if isinstance(item, LivePlot):
            item.when_drawn(name_figure)
            share = sum(letter in row for row in rows) / len(rows)
            item.be_at_most(int(share * min(min_height, _LOW)) - 6)
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
    layout = f"""
    :host {{ display: grid; gap: 6px; grid-template-areas: {areas};
      flex: 1 0 {min_height}px !important; height: auto !important; min-height: {min_height}px;
      max-height: none !important;
      grid-template-columns: repeat({len(rows[0])}, minmax(0, 1fr));
      grid-template-rows: repeat({len(rows)}, minmax(0, 1fr)); }}
    {PHONE} {{ :host {{ display: flex; flex-direction: column; flex: none !important;
      max-height: none !important; }} }}
    :host(.alone) {{ display: flex; flex-direction: row; }}
    :host(.alone) > :not(.large) {{ display: none !important; }}
    .large {{ flex: 1 1 0 !important; width: auto !important; height: auto !important; }}
    {PHONE} {{ :host(.alone) {{ flex-direction: column; }} }}
    :host(.alone) {{ flex-basis: {_LOW}px !important; min-height: {_LOW}px; }}
    :host(.hidden) {{ display: none !important; }}"""
    return PlotGrid(rows, plots, cells, layout)


class PlotGrid(pn.Column):
    """The grid that `plot_grid` returns; `rows` and `items` say what lies where."""

    def __init__(self, rows, items, cells, layout):
        super().__init__(*cells, sizing_mode="stretch_both", margin=0, stylesheets=[layout])
        self.rows, self.items = rows, items

    def show_only(self, plots):
        """Show these of the pictures alone, as large as they get; without any, all as before.

        The grid may then be lower, to leave room for larger words.
        """
        panes = [plot.pane for plot in plots]
        for cell in self:
            set_class(cell, "large", any(pane in getattr(cell, "objects", ()) for pane in panes))
        set_class(self, "alone", bool(plots))

    @param.depends("visible", watch=True)
    def _hide(self):
        # Our own `display: grid` comes after Panel's `display: none` and would win.
        set_class(self, "hidden", not self.visible)


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


_TABS = {
    "& .MuiToggleButton-root": {
        "textTransform": "none", "whiteSpace": "nowrap", "fontSize": 15, "padding": "2px 14px",
    },
}  # fmt: skip
# The label is for screen readers alone: the buttons say enough, and height is scarce.
_UNSEEN_LABEL = ".MuiFormLabel-root { position: absolute !important; left: -10000px; }"
# Panel would add up the least heights of all pictures, as if they stood one below the other.
_AS_HIGH_AS_THE_GRID = """
:host { min-height: 0 !important; max-height: none !important; height: auto !important;
  flex: 1 0 auto !important; }
"""


class Tabbed(pn.Column):
    """Grids in one place, as `tabbed` returns them; `grid` is the one of `grids` that is shown."""

    def __init__(self, state, name, grids):
        choice = pmui.RadioButtonGroup(
            options=state.param[name].get_range(), value=getattr(state, name),
            size="small", margin=(0, 4), label=state.param[name].label, sx=_TABS,
            stylesheets=[_UNSEEN_LABEL],
        )  # fmt: skip
        choice.link(state, value=name)
        super().__init__(
            choice, grids[getattr(state, name)], sizing_mode="stretch_both", margin=0,
            stylesheets=[_AS_HIGH_AS_THE_GRID],
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
    """Measurement where a reader had to predict.

    - `value`: the option (choice), a number, options in order, or for a sketch (x, y) arrays.
    - `text`: one sentence with the numbers, plain text.
    """

    value: object
    text: str


def answers_once(find, state, functions):
    """Key -> function of what is known that returns an answer, as `Content.answers`.

    - `find`: function (state, known), returns what all of them need, None while not known.
    - `functions`: key -> function (state, what was found), returns an `Answer` or None.
    """

    def answer(function, known):
        found = find(state, known)
        return None if found is None else function(state, found)

    return {key: functools.partial(answer, function) for key, function in functions.items()}


# Not Material's own bar, which has no name that a screen reader could say.
_BAR = css(f"""
div {{ height: 6px; border-radius: 3px; background: {LINE}; overflow: hidden; }}
i {{ display: block; height: 100%; background: {ACCENT}; transition: width 0.2s; }}
""")


_LINE = css(f"""
:host {{ position: fixed !important; top: 0; left: 0; width: 100% !important; z-index: 2000; }}
i {{ display: block; height: 3px; background: {ACCENT}; transition: width 0.2s; }}
""")
# Words give way where there is little room, never the buttons.
_ON_ONE_LINE = """
:host { flex: 0 1 auto !important; min-width: 0 !important; overflow: hidden; }
:host div, span { display: block; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
"""


def progress_line(job):
    """Progress as a thin line along the upper edge of the window, bound to a `Controller`."""

    def draw(fraction, noticeable):
        return f'<i style="width: {round(100 * fraction)}%"></i>' if noticeable else ""

    return Words(
        pn.bind(draw, job.param.fraction, job.param.noticeable),
        visible=False, margin=0, stylesheets=[_LINE],
    )  # fmt: skip


def job_bar(job, buttons=True):
    """Progress, what is being done, the time left, Pause and Cancel, bound to a `Controller`."""

    def draw(fraction, noticeable):
        percent = round(100 * fraction) if noticeable else 0
        return (
            f'<div role=progressbar aria-label="Progress" aria-valuemin=0 aria-valuemax=100 '
            f'aria-valuenow={percent}><i style="width: {percent}%"></i></div>'
        )

    bar = Words(
        pn.bind(draw, job.param.fraction, job.param.noticeable),
        sizing_mode="stretch_width", min_width=30, margin=(12, 6), stylesheets=[_BAR],
        css_classes=["progress"],
    )  # fmt: skip

    def describe(noticeable, paused, text, left):
        if not noticeable:
            return ""
        rest = f", about {left:.0f} s left" if left and not paused else ""
        return (
            f"<span role=status>{escape(text or 'Working')}{' (paused)' if paused else rest}</span>"
        )

    words = Words(
        pn.bind(
            describe, job.param.noticeable, job.param.paused, job.param.text, job.param.seconds_left
        ),
        styles={"font-size": "15px", "color": css(INK)},
        margin=(6, 4),
        stylesheets=[_ON_ONE_LINE],
    )
    low = {"&.MuiButton-sizeSmall": {"py": "3px"}}  # within the height that is kept
    small = {"size": "small", "variant": "outlined", "margin": 2, "sx": low}
    pause = pmui.Button(label=job.param.paused.rx.where("Resume", "Pause"), **small)
    cancel = pmui.Button(label="Cancel", **small)
    pause.on_click(lambda _: job.param.update(paused=not job.paused))
    cancel.on_click(lambda _: job.cancel())
    shown = [bar, pause, cancel] if buttons else [bar]
    for part in shown:
        part.visible = job.param.noticeable
    # The height is kept while nothing runs, so that the plots below do not jump.
    wrap = ":host { flex: none !important; flex-wrap: wrap; }"
    return pn.Row(
        words, *shown, sizing_mode="stretch_width", min_height=36, margin=(0, 4), stylesheets=[wrap]
    )
