"""The frame every page shares: title bar, navigation, controls, address, and the page itself."""

import time
from functools import partial
from typing import Any

import panel as pn
import panel_material_ui as pmui
from panel.links import Link
from panel.util import edit_readonly

from jntk_viz.drawing.html import Words
from jntk_viz.drawing.recolour import Scheme, follow
from jntk_viz.drawing.theme import (
    ACCENT,
    DARK,
    FONT,
    INK,
    LINE,
    OUR_LOOK,
    PAPER,
    PHONE,
    css,
    escape,
    in_notebook,
    set_class,
    use_theme,
)
from jntk_viz.frame import address, first_look, stills
from jntk_viz.frame.connection import Connection
from jntk_viz.frame.content import Content
from jntk_viz.frame.controller import Controller
from jntk_viz.frame.controls import controls_for
from jntk_viz.frame.first_look import BAR, NARROW, SIDEBAR
from jntk_viz.frame.formula_sheet import formulas
from jntk_viz.frame.glossary import Prose, Tips
from jntk_viz.frame.guide import Guide, grids_of, html_panes, live_plots, visible_plots
from jntk_viz.frame.layouts import OneLayout
from jntk_viz.frame.notes import Notes
from jntk_viz.frame.own_data import own_data_dialog
from jntk_viz.frame.parts import Tabbed, job_bar, progress_line
from jntk_viz.frame.prediction import Prediction
from jntk_viz.frame.presets import load_presets, setting_names
from jntk_viz.frame.registry import pages
from jntk_viz.frame.save import export_dialog
from jntk_viz.frame.toolbar import Toolbar, page_toolbar
from jntk_viz.frame.tour import Tour

_AT_ONCE = 0.2  # seconds that late pictures may be drawn before the page answers again


def navigation(current=None):
    """Links to all pages. They are relative, so they also work behind a proxy's prefix."""
    entries = [("./", "Start"), *((p.name, p.short) for p in pages())]
    links = "".join(
        f'<a href="{href}"{" aria-current=page" if href == current else ""}>{escape(label)}</a>'
        for href, label in entries
    )
    return f'<nav aria-label="Pages">{links}</nav>'


# Material's page is a flex column that would squeeze its parts rather than scroll.
_FULL_HEIGHT = """
:host { flex: none !important; height: auto !important; max-height: none !important; }
"""
# A notebook's cell is as high as what is in it: what stretches would get the height of the controls
# alone. They stand beside the pictures where there is room for both, else above them.
_CELL = """
:host { display: flex; flex-flow: row wrap; align-items: flex-start; gap: 8px; padding-top: 8px;
  flex: none !important; height: auto !important; max-height: none !important; }
"""
_CONTROLS = """
:host { display: block; columns: 280px auto; column-gap: 20px; flex: 1 1 280px !important;
  width: auto !important; min-width: 0 !important; }
:host > * { width: 280px !important; break-inside: avoid; }
"""
_WRAPPED = ":host { flex-wrap: wrap; }"
_WHOLE = ":host { flex-basis: auto !important; }"
_BESIDE_CONTROLS = ":host { flex: 1000 1 820px !important; min-width: 0 !important; }"
_SHEET_HEIGHT = 72
_SHEET = css(f"""
:host {{ position: fixed !important; inset: auto 0 0 0; z-index: 1050; width: 100% !important;
  min-height: {_SHEET_HEIGHT}px; background: {PAPER}; border-top: 1px solid {LINE};
  box-shadow: 0 -2px 8px rgba(0, 0, 0, 0.12); }}
""")
# Beside the first heading of a plain page, above it on a phone.
_CORNER = f"""
:host {{ position: absolute; top: 6px; right: 12px; z-index: 1; }}
{PHONE} {{ :host {{ position: static; }} }}
"""
_NAV_BAR = f"""
:host {{ margin-left: auto; }}
nav {{ display: flex; }}
a {{ color: #fff; font: 500 15px {FONT}; text-decoration: none; padding: 6px 5px;
     border-radius: 4px; white-space: nowrap; }}
a:hover, a:focus-visible {{ background: #00578a; }}
a[aria-current] {{ background: #fff; color: {ACCENT}; }}
@media (max-width: {NARROW}px) {{ :host {{ display: none !important; }} }}
"""
_NAV_SIDE = css(f"""
summary {{ color: {ACCENT}; font: 500 16px {FONT}; padding: 8px 4px; cursor: pointer; }}
nav {{ display: flex; flex-direction: column; }}
a {{ color: {ACCENT}; font: 500 16px {FONT}; padding: 8px 4px; }}
a[aria-current] {{ color: {INK}; text-decoration: none; }}
@media (min-width: {NARROW + 1}px) {{ :host {{ display: none !important; }} }}
""")


class PlainPage(pn.viewable.Viewer):
    """A page without controls and state, such as the landing page. It scrolls.

    - `parts`: Panel objects, one below the other;  `start`: called once the page is in the browser.
    - `late`: (place, `LivePlot`) of pictures further down. Each takes a tenth of a second to draw
      the first time, so they are put in their places after that, as many at a time as there is
      time for before the page should answer again.
    """

    job: Any = None
    body: Any = None

    def __init__(self, title, *parts, name=None, start=None, late=()):
        super().__init__()
        self.title, self.name_, self._parts, self.late = title, name, list(parts), list(late)
        self.start = partial(self._draw_late, start) if start is not None or self.late else None
        if self.start is not None and not in_notebook():
            pn.state.onload(self.start)  # at once in a script, which has no browser

    def _draw_late(self, start):
        if start is not None:
            start()
        document, waiting = pn.state.curdoc, iter(self.late)

        def show_next():
            began = time.monotonic()
            with pn.io.hold():
                for place, plot in waiting:
                    place.append(plot.pane)
                    if document is not None and time.monotonic() - began > _AT_ONCE:
                        document.add_next_tick_callback(show_next)
                        break

        show_next()

    def servable(self, **kwargs):
        """Serve as a page of its own; in a notebook, show the body."""
        if not _served():
            return self
        pn.state.curdoc.theme = OUR_LOOK
        # The address bar is ours (`address.Browser`); Panel would read an address that it cannot.
        self._template().servable(location=False, **kwargs)
        pn.state.curdoc.template_variables.update(self._first_look())
        return self

    def _first_look(self):
        return first_look.variables(self.title, navigation(self.name_))

    def __panel__(self):
        return self.as_notebook()

    def as_notebook(self):
        """The page without title bar and drawer, for a notebook cell."""
        return self._column([*self._parts, *self._starter()], _BESIDE_CONTROLS)

    def _column(self, parts, *sheets):
        return pn.Column(
            *parts, sizing_mode="stretch_both", margin=0, stylesheets=[_FULL_HEIGHT, *sheets]
        )

    def _starter(self):
        """In a notebook: an invisible piece that calls `start` once the browser has drawn it.

        What Panel sends to a notebook before that is lost, and later messages refer to it.
        """
        if self.start is None or not in_notebook():
            return []
        browser = address.Browser(width=0, height=0, margin=0)
        browser.param.watch(lambda _: self.start(), "shown")
        return [browser]

    def _template(self):
        panes = [pane for part in self._parts for pane in part.select(pn.pane.Bokeh)]
        panes += [plot.pane for _, plot in self.late]
        scheme = Scheme()
        follow(scheme, lambda: [pane.object for pane in panes if pane.object is not None])
        for _, plot in self.late:
            plot.when_drawn(scheme.colour)
        actions = Toolbar(
            {"dark": lambda: scheme.param.update(dark=not scheme.dark)},
            actions=[("dark", "Dark"), ("full", "Full screen")], stylesheets=[_CORNER],
        )  # fmt: skip
        scheme.param.watch(lambda e: actions.param.update(pressed=["dark"] * e.new), "dark")
        column = self._column([actions, self._menu(), *self._parts])
        column.sizing_mode = "stretch_width"
        return frame(self.title, self.name_, main=[column, scheme])

    def _menu(self):
        """The pages, to be opened where the window has no room for them in the title bar."""
        menu = f"<details><summary>Pages</summary>{navigation(self.name_ or './')}</details>"
        return Words(menu, stylesheets=[_NAV_SIDE], margin=(6, 12, 0, 12))


class StudyPage(PlainPage):
    """A page of `frame.pages()`: the same parts as a served web page or a block in a notebook.

    It brings the state to the address, and stands still until `show` or its `start`.

    Attributes:
        content, state, plots: what belongs to the page, its settings and its pictures.
        job: its `Controller`. guide, toolbar: how it is being read; its buttons.
        headline, body, formulas, controls: the visible parts.
        presets: list of `Preset`. scheme: light or dark.
    """

    def __init__(self, content: Content, controller: Controller):
        self.content, self.job = content, controller
        self.state, self.plots, self.headline = content.state, content.plots, controller.headline
        self.controls, self.body = content.controls(), content.body()
        self.formulas = formulas(*content.formulas)
        self.presets, problems = load_presets(content.name, self.state)
        prediction = self._prediction()
        # The plots by key come first: of those that share a place a grid knows only one.
        pictures = list(dict.fromkeys([*self.plots.values(), *live_plots(self.body)]))
        self.guide = content.guide = Guide(
            self.state, self.presets, prediction, pictures, content.slow
        )
        self.tour = Tour(content, self.guide)
        self.live = stills.Live(width=0, height=0, margin=0)
        warning = address.read(self.state, self.guide, problems)
        self._follow_scheme(pictures)
        titles = {page.name: page.title for page in pages()}
        title = titles.get(content.name, content.question)
        dialogs = self._dialogs(title)
        self.toolbar = page_toolbar(self.state, self.guide, controller.notice, dialogs, self.scheme)
        self._heading = pn.Row(
            _question(content.question, self.guide, self.tour.stop), self.toolbar,
            sizing_mode="stretch_width", margin=0, stylesheets=[_WRAP],
        )  # fmt: skip
        self._line = progress_line(controller)
        self._progress = job_bar(controller)
        self._progress.stylesheets = [*self._progress.stylesheets, _BESIDE]
        self._steps = pn.Row(
            self.guide.bar, self.guide.controls, self._progress,
            sizing_mode="stretch_width", margin=0, min_height=36, stylesheets=[_WRAP],
        )  # fmt: skip
        super().__init__(
            title, self.tour.strip, self.headline.pane, prediction.pane, self._steps, warning.pane,
            controller.notice.pane, self.body, *(dialog for _, dialog in dialogs.values()),
            name=content.name, start=controller.notice.guarded(self._begin),
        )  # fmt: skip

    def _first_look(self):
        buttons = len(self.toolbar.actions)
        still = stills.html(self.name_, buttons) if address.is_bare() else ""
        return first_look.variables(
            self.title, navigation(self.name_), self.content.question, controls=True, still=still
        )

    def _begin(self):
        self.job.start()
        self.tour.begin()
        self.live.done = self.job.at_rest

    def _prediction(self):
        known, answers = self.job.known, self.content.answers()
        return Prediction(
            self.plots,
            {key: partial(answer, known) for key, answer in answers.items()},
            [self.headline.pane, *html_panes(self.body)],
        )

    def _dialogs(self, title):
        """Key of the icon -> (label, closed dialog)."""
        dialogs = {}
        if self.plots:
            shown = partial(visible_plots, self.body)
            saving = export_dialog(
                title, self.plots, self.state, self.content.script, shown, self._words_seen
            )
            dialogs["export"] = "Save as a file", saving
        if self.content.sources is not None:
            dialogs["data"] = "Your own data", own_data_dialog(self.state, self.content.sources)
        return dialogs

    def _words_seen(self):
        """What is read beside the pictures: the question, the sentence and the legends."""
        legends = [pane.object for pane in html_panes(self.body) if "class=legend" in pane.object]
        return {
            "heading": self.guide.words or self.content.question,
            "sentence": self.headline.pane.object,
            "legend": "".join(legends),
        }

    def _follow_scheme(self, pictures):
        """Let pictures, and the words among them, change their colours with the page's."""
        self.scheme = scheme = Scheme(asked=address.arguments_of_page().get("dark", ""))
        follow(scheme, lambda: [plot.figure for plot in pictures if plot.drawn])
        for plot in pictures:
            plot.when_drawn(scheme.colour)
        for pane in html_panes(self.body):
            pane.stylesheets = [css(sheet) for sheet in pane.stylesheets]
            pane.styles = {name: css(str(value)) for name, value in (pane.styles or {}).items()}

    def as_notebook(self):
        main = self._column(
            [self._heading, *self._parts, self.formulas, *self._starter(), Tips(width=0, height=0)],
            _BESIDE_CONTROLS,
        )
        # Let the bar of presets and progress take two lines where a cell is narrow.
        for item, sheet in ((self._steps, _WRAPPED), (self._progress, _WHOLE)):
            item.stylesheets = [*item.stylesheets, sheet]
        controls = pn.Column(*self.controls, margin=0, stylesheets=[_FULL_HEIGHT, _CONTROLS])
        return pn.Row(controls, main, sizing_mode="stretch_both", margin=0, stylesheets=[_CELL])

    def _starter(self):
        pieces = super()._starter()
        for browser in pieces:
            self._keep_open(browser)
        return pieces

    def _keep_open(self, browser):
        """Let the small print of later headlines be open as the reader has left it."""
        browser.param.watch(lambda e: setattr(self.headline, "opened", e.new), "more")

    def _template(self):
        guide = self.guide
        keys = {
            "next": lambda: guide.step(1),
            "previous": lambda: guide.step(-1),
            "leave": lambda: guide.param.update(present=False),
        }
        browser = address.Browser(keys, presenting=guide.param.present, width=0, height=0, margin=0)
        notes = Notes(guide, self.headline.pane)
        self._keep_open(browser)
        window = address.Window(width=0, height=0, margin=0)
        self.job.param.watch(lambda e: self.live.param.update(done=not e.new), "running")
        address.follow(browser, self.state, guide)
        fill = f"""
        :host {{ padding: 4px 10px 0; min-height: calc(100dvh - {BAR + 56}px); }}
        :host(.presented) {{ min-height: calc(100dvh - 20px); --words: 1.2; --aside: none; }}"""
        visible = self._column([self._line, self._heading, *self._parts], fill)
        side = Words(navigation(self.name_), stylesheets=[_NAV_SIDE], margin=(0, 10))
        template = frame(
            self.title,
            self.name_,
            # Two items, as Material's page does not scroll when it holds a single stretched one.
            main=[visible, self.formulas, *(self._sheet() if on_phone(pn.state.headers) else [])],
            sidebar=[side, *self.controls],
            unseen=[browser, window, notes, self.scheme, self.live],
        )
        # How wide a window is that is no phone is known only now.
        window.jslink(template, code={"wide": "target.data.sidebar_open = source.wide"})
        self._look(template, window, visible)
        return template

    def _look(self, template, window, visible):
        """Keep the served page as the guide says: in a presentation larger, with less beside it."""
        guide, grids = self.guide, grids_of(self.body)
        for pane in [*visible.select(pn.pane.HTML), *html_panes(self.body)]:
            pane.stylesheets = [*pane.stylesheets, _PRESENTED]

        def present(*_):
            template.param.update(
                sidebar_open=window.wide and not guide.present,
                sx=template.sx | (_NO_BAR if guide.present else _WITH_BAR),
            )
            for part in [self.formulas, self._progress, *self._tab_choices()]:
                part.visible = not guide.present
            self._line.visible = guide.present
            set_class(visible, "presented", guide.present)
            choose()

        def choose(*_):
            for grid in grids:
                grid.show_only(self._presented() if guide.present else [])

        guide.param.watch(present, "present")
        guide.param.watch(choose, "preset")
        self.state.param.watch(choose, setting_names(self.state))  # one may be another tab
        if guide.present:
            present()

    def _sheet(self):
        """Of a phone, whose drawer would cover the pictures: two controls that stay in sight.

        They are the one that the tour moves and those of the preset in use, or of the first one,
        filled up from the page's own.
        """
        sheet = pn.Row(margin=0, stylesheets=[_SHEET], css_classes=["phone-sheet"])
        content, guide = self.content, self.guide
        rows = [(row,) if isinstance(row, str) else row for row in content.rows]
        every = [name for row in rows for name in row if name in setting_names(self.state)]

        def fill(*_):
            preset = guide.current or next(iter(self.presets), None)
            moving = self.tour.stop.move[:1] if guide.tour else ()
            names = dict.fromkeys([*moving, *(preset.controls if preset else ()), *every])
            chosen = [name for name in names if content.acts(name)][:2]
            made = dict(
                zip(chosen, controls_for(self.state, *chosen, slow=content.slow), strict=True)
            )
            for name in moving:
                if name in made:
                    self.tour.ring(made[name])
            sheet[:] = list(made.values())
            sheet.visible = not guide.present

        guide.param.watch(fill, ["preset", "present", "tour"])
        fill()
        return [pn.Spacer(height=_SHEET_HEIGHT, margin=0), sheet]

    def _tab_choices(self):
        return self.body[:1] if isinstance(self.body, Tabbed) else []

    def _presented(self):
        """The pictures of the tab in view that a presentation shows."""
        shown, large, preset = visible_plots(self.body), self.content.large, self.guide.current
        keys = preset.picture if preset else ()
        if preset and preset.predict and not keys:
            keys = preset.predict.hide[:large]
        wanted = [self.plots[key] for key in keys if self.plots.get(key) in shown]
        return wanted or shown[:large]


def _served():
    return bool(pn.state.curdoc and pn.state.curdoc.session_context)


# Larger words, and only those that an audience needs; beside a verdict there is little room, too.
# They inherit it from the page: for each class that is given, Bokeh lays the whole page out again.
_PRESENTED = """
:host { zoom: var(--words, 1); }
.aside { display: var(--aside, inline); }
:host(.brief) .aside { display: none; }
"""


def on_phone(headers) -> bool:
    """Does a request come from a phone, by its headers?"""
    return "Mobi" in headers.get("User-Agent", "")


# Of the whole page, with the title bar and without.
_WITH_BAR = {
    "& .header": {"backgroundColor": ACCENT, "backgroundImage": "none", "color": "#fff"},
    "& .main .MuiToolbar-root": {"minHeight": BAR},
}
_NO_BAR = {
    "& .header": {"display": "none"},
    "& .main .MuiToolbar-root": {"display": "none"},
}


def frame(title, name, *, main, sidebar=(), unseen=()):
    """The bare page with title bar and navigation; `page` and the landing page use it.

    - `unseen`: pieces that work without being seen. They lie in the title bar, which is always
      there; what is in a phone's drawer works only while that is open.
    """
    kinds = OneLayout, Connection, Tips
    nav = Words(navigation(name), stylesheets=[_NAV_BAR], margin=0, align="center")
    whole = pmui.Page(
        title=title,
        template=first_look.template(),
        header=[*(kind(width=0, height=0, margin=0) for kind in kinds), nav, *unseen],
        main=main,
        sidebar=list(sidebar),
        sidebar_open=not on_phone(pn.state.headers),
        sidebar_width=SIDEBAR,
        sidebar_resizable=False,
        site_url="./",
        theme_toggle=False,
        busy_indicator=None,
        theme_config={
            mode: {"palette": {"primary": {"main": accent}}, "typography": {"fontFamily": FONT}}
            for mode, accent in (("light", ACCENT), ("dark", DARK[ACCENT]))
        },
        sx={
            "& .header .MuiToolbar-root": {"minHeight": BAR},
            "& .title": {"fontSize": 18, "whiteSpace": "nowrap"},
            **_WITH_BAR,
            "& .header > .MuiLinearProgress-root": {"display": "none"},
        },
    )
    # Nothing shows whether the server is busy, and keeping it known costs Bokeh two walks through
    # the whole page at every step of a slider. Another reference, not a plain value: only that
    # takes back the watcher at Panel's global state, which would keep every page in memory.
    with edit_readonly(whole):
        whole.busy = pn.rx(False)
    if _served():
        pn.state.on_session_destroyed(lambda _: _forget_links(whole))
    return whole


def _forget_links(whole) -> None:
    """Take the links of a closed page out of Panel's list of all links.

    It holds what a link leads to for as long as what it comes from is there, and on a page each
    holds the other.
    """
    for item in whole.select():
        Link.registry.pop(item, None)


def show(content: Content) -> StudyPage:
    """The page of a `Content`, driven by a controller; it reads the address into the state."""
    use_theme()
    controller = Controller(content)
    made = StudyPage(content, controller)
    controller.changed()  # shows what an earlier visitor has had computed
    return made


_WRAP = f"""
:host {{ flex: none !important; max-height: none !important; }}
{PHONE} {{ :host {{ flex-wrap: wrap; }} }}
"""


# Progress takes the room that presets and controls leave, and not more: in a small window that of
# the buttons alone.
_BESIDE = """
:host { flex: 1 1 0 !important; width: auto !important; min-width: 0 !important;
  flex-wrap: nowrap; }
@media (min-width: 701px) and (max-width: 1100px) {
  :host > .progress { display: none !important; } }
"""
# On a phone it lies below the title bar, and takes no room while nothing is computed.
_BESIDE += css(f"""
{PHONE} {{ :host {{ position: fixed !important; inset: {BAR}px 0 auto 0; z-index: 1040;
  min-height: 0 !important; width: 100% !important; margin: 0 !important; background: {PAPER}; }} }}
""")


def _question(question, guide, stop):
    """The page's question, what a preset asks the reader to look at, or what the tour does here."""
    pane = Prose(
        stylesheets=[
            css(f"h1 {{ font: 500 21px/1.25 {FONT}; color: {INK}; margin: 0; }}")
            + f"{PHONE} {{ :host {{ flex: 1 0 100% !important; }} }}"
        ],
        margin=(2, 4),
        sizing_mode="stretch_width",
    )

    def show(*_):
        words = (guide.tour and stop.do) or guide.words or question
        pane.object = f"<h1>{escape(words)}</h1>"

    guide.param.watch(show, ["preset", "_asking", "tour"])
    show()
    return pane
