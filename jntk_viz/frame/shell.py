"""The frame every page shares: title bar, navigation, controls, address, and the page itself."""

import random
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
    OUR_LOOK,
    PHONE,
    css,
    escape,
    in_notebook,
    set_class,
    use_theme,
)
from jntk_viz.frame import address
from jntk_viz.frame.connection import Connection
from jntk_viz.frame.content import Content
from jntk_viz.frame.controller import Controller
from jntk_viz.frame.formula_sheet import formulas
from jntk_viz.frame.guide import Guide, grids_of, html_panes, live_plots, visible_plots
from jntk_viz.frame.history import History
from jntk_viz.frame.own_data import own_data_dialog
from jntk_viz.frame.parts import Notice, job_bar
from jntk_viz.frame.prediction import Prediction
from jntk_viz.frame.presets import load_presets, setting_names
from jntk_viz.frame.registry import pages
from jntk_viz.frame.save import export_dialog
from jntk_viz.frame.toolbar import Toolbar

_BAR = 48  # height of the title bar in pixels


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
# Beside the first heading of a plain page, above it on a phone.
_CORNER = f"""
:host {{ position: absolute; top: 6px; right: 12px; z-index: 1; }}
{PHONE} {{ :host {{ position: static; }} }}
"""
_NAV_BAR = f"""
:host {{ margin-left: auto; }}
nav {{ display: flex; gap: 2px; }}
a {{ color: #fff; font: 500 15px {FONT}; text-decoration: none; padding: 6px 10px;
     border-radius: 4px; white-space: nowrap; }}
a:hover, a:focus-visible {{ background: #00578a; }}
a[aria-current] {{ background: #fff; color: {ACCENT}; }}
@media (max-width: 900px) {{ :host {{ display: none !important; }} }}
"""
_NAV_SIDE = css(f"""
nav {{ display: flex; flex-direction: column; }}
a {{ color: {ACCENT}; font: 500 16px {FONT}; padding: 8px 4px; }}
a[aria-current] {{ color: {INK}; text-decoration: none; }}
@media (min-width: 901px) {{ :host {{ display: none !important; }} }}
""")


class StudyPage(pn.viewable.Viewer):
    """A page: the same parts as a served web page or as a block in a notebook. Made by `page`.

    Attributes:
        state, guide: the settings, and how they are being read (`Guide`).
        question, headline, body, formulas: the visible parts; headline and formulas may be None.
        plots, script, presets: as given to `page`.
    """

    guide: Any = None
    toolbar: Any = None
    scheme: Any = None
    question_text = ""
    headline = body = formulas = start = script = state = job = None
    steps: Any = None
    progress: Any = None
    presets: list = []  # noqa: RUF012 - replaced, not changed
    plots: dict = {}  # noqa: RUF012 - replaced, not changed

    def __init__(self, title, name, parts):
        super().__init__()
        self.title, self.name_, self._parts = title, name, parts
        self.controls, self._heading = [], None

    def servable(self, **kwargs):
        """Serve as a page of its own; in a notebook, show the body."""
        if pn.state.curdoc is None or not pn.state.curdoc.session_context:
            return self
        pn.state.curdoc.theme = OUR_LOOK
        # The address bar is ours (`address.Browser`); Panel would read an address that it cannot.
        self._template().servable(location=False, **kwargs)
        return self

    def as_notebook(self):
        """The page without title bar and drawer, for a notebook cell."""
        parts = [self._heading, *self._parts, self.formulas, self._starter()]
        main = pn.Column(
            *[p for p in parts if p is not None],
            sizing_mode="stretch_both", margin=0, stylesheets=[_FULL_HEIGHT, _BESIDE_CONTROLS],
        )  # fmt: skip
        if self.state is None:
            return main
        self._give_way()
        controls = pn.Column(*self.controls, margin=0, stylesheets=[_FULL_HEIGHT, _CONTROLS])
        return pn.Row(controls, main, sizing_mode="stretch_both", margin=0, stylesheets=[_CELL])

    def _give_way(self):
        """Let the bar of presets and progress take two lines where a cell is narrow."""
        for item, sheet in ((self.steps, _WRAPPED), (self.progress, _WHOLE)):
            item.stylesheets = [*item.stylesheets, sheet]

    def begin(self):
        """Call `start` when the page is in the browser; at once in a script, which has none."""
        if self.start is None or in_notebook():
            return
        pn.state.onload(self.start)

    def _starter(self):
        """In a notebook: an invisible piece that calls `start` once the browser has drawn it.

        What Panel sends to a notebook before that is lost, and later messages refer to it.
        """
        if self.start is None or not in_notebook():
            return None
        browser = address.Browser(width=0, height=0, margin=0)
        browser.param.watch(lambda _: self.start(), "shown")
        return browser

    def __panel__(self):
        return self.as_notebook()

    def _template(self):
        if self.state is None:
            figures = [p.object for part in self._parts for p in part.select(pn.pane.Bokeh)]
            scheme = Scheme()
            follow(scheme, lambda: figures)
            actions = Toolbar(
                {"dark": lambda: scheme.param.update(dark=not scheme.dark)},
                actions=[("dark", "Dark"), ("full", "Full screen")], stylesheets=[_CORNER],
            )  # fmt: skip
            scheme.param.watch(lambda e: actions.param.update(pressed=["dark"] * e.new), "dark")
            column = pn.Column(
                actions, *self._parts,
                sizing_mode="stretch_width", margin=0, stylesheets=[_FULL_HEIGHT],
            )  # fmt: skip
            return frame(self.title, self.name_, main=[column, scheme])
        guide = self.guide
        keys = {
            "next": lambda: guide.step(1),
            "previous": lambda: guide.step(-1),
            "leave": lambda: guide.param.update(present=False),
        }
        browser = address.Browser(keys, presenting=guide.param.present, width=0, height=0, margin=0)
        window = address.Window(width=0, height=0, margin=0)
        address.follow(browser, self.state, guide)
        fill = f"""
        :host {{ padding: 4px 10px 0; min-height: calc(100dvh - {_BAR + 56}px); }}
        :host(.presented) {{ min-height: calc(100dvh - {_BAR + 20}px); }}"""
        visible = pn.Column(
            self._heading,
            *self._parts,
            sizing_mode="stretch_both",
            margin=0,
            stylesheets=[_FULL_HEIGHT, fill],
        )
        # Two items, because Material's page does not scroll when it holds a single stretched one.
        below = self.formulas or pn.Spacer(height=1)
        side = Words(navigation(self.name_), stylesheets=[_NAV_SIDE], margin=(0, 10))
        template = frame(
            self.title,
            self.name_,
            main=[visible, below],
            sidebar=[side, *self.controls],
            unseen=[browser, window, self.scheme],
        )
        # A narrow window that is no phone is known only now.
        window.jslink(template, code={"wide": "target.data.sidebar_open = source.wide"})
        words = [*visible.select(pn.pane.HTML), *html_panes(self.body)]
        _look(template, guide, window, visible, words, below, grids_of(self.body))
        return template


def _look(template, guide, window, visible, words, below, grids):
    """Keep drawer, type size and colours of the served page as the guide says."""
    for pane in words:
        pane.stylesheets = [*pane.stylesheets, _PRESENTED]

    def present(*_):
        template.sidebar_open = window.wide and not guide.present
        below.visible = not guide.present
        for grid in grids:
            set_class(grid, "low", guide.present)
        for item in [visible, *words]:
            set_class(item, "presented", guide.present)

    guide.param.watch(present, "present")
    if guide.present:
        present()


def _served():
    return bool(pn.state.curdoc and pn.state.curdoc.session_context)


# Larger words, and only those that an audience needs; beside a verdict there is little room, too.
_PRESENTED = """
:host(.presented) { zoom: 1.2; }
:host(.presented) .aside, :host(.brief) .aside { display: none; }
"""


def on_phone(headers) -> bool:
    """Whether a request comes from a phone, by its headers."""
    return "Mobi" in headers.get("User-Agent", "")


def frame(title, name, *, main, sidebar=(), unseen=()):
    """The bare page with title bar and navigation; `page` and the landing page use it.

    - `unseen`: pieces that work without being seen. They lie in the title bar, which is always
      there; what is in a phone's drawer works only while that is open.
    """
    nav = Words(navigation(name), stylesheets=[_NAV_BAR], margin=0, align="center")
    whole = pmui.Page(
        title=title,
        header=[nav, *unseen, Connection(width=0, height=0, margin=0)],
        main=main,
        sidebar=list(sidebar),
        sidebar_open=not on_phone(pn.state.headers),
        sidebar_width=280,
        sidebar_resizable=False,
        site_url="./",
        theme_toggle=False,
        busy_indicator=None,
        theme_config={
            mode: {"palette": {"primary": {"main": accent}}, "typography": {"fontFamily": FONT}}
            for mode, accent in (("light", ACCENT), ("dark", DARK[ACCENT]))
        },
        sx={
            "& .header .MuiToolbar-root": {"minHeight": _BAR},
            "& .main .MuiToolbar-root": {"minHeight": _BAR},
            "& .title": {"fontSize": 19},
            "& .header": {"backgroundColor": ACCENT, "backgroundImage": "none", "color": "#fff"},
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


def page(
    title,
    question,
    *,
    state,
    controls,
    body,
    name=None,
    headline=None,
    formulas=None,
    job=None,
    notice=None,
    start=None,
    plots=None,
    script=None,
    answers=None,
    slow=(),
    sources=None,
):
    """Put a page together. Call it last in an app's `app()`; it reads the address into `state`.

    - `title`: title bar;  `question`: the one sentence the page answers;  `name`: file name in
      apps/.
    - `state`: the `param.Parameterized` the page shows;  `controls`: widgets, see `controls_for`.
    - `body`: the pictures, see `plot_grid`;  `headline`: `Headline`;  `formulas`: from
      `formulas(...)`.
    - `job`: `Controller` whose progress and errors are shown;  `notice`: `Notice` of the app's
      callbacks.
    - `start`: called once the page is in the browser, for the first heavy work.
    - `plots`: key -> `LivePlot`, by which presets hide pictures and readers export them.
    - `script`: function of the state, returns a Python program that reproduces the numbers.
    - `answers`: key -> function without arguments that returns an `Answer`, None while not known.
    - `slow`: settings whose change starts heavy work, as in `controls_for`.
    - `sources`: the study's `Sources`, where readers may bring a table of their own.
    """
    use_theme()
    notice, warning = notice or Notice(), Notice()
    if job is not None:
        job.param.watch(lambda e: notice.set(e.new, "error"), "error")
    presets, problems = load_presets(name, state) if name else ([], [])
    telling = [*([headline.pane] if headline else []), *html_panes(body)]
    prediction = Prediction(plots or {}, answers or {}, telling)
    # The plots by key come first: of those that share a place a grid knows only one.
    pictures = list(dict.fromkeys([*(plots or {}).values(), *live_plots(body)]))
    guide = Guide(state, presets, prediction, pictures, slow)
    _read_address(state, guide, warning, problems)
    dialogs = {}
    if plots:
        dialogs["export"] = (
            "Save as a file",
            export_dialog(title, plots, state, script, lambda: visible_plots(body)),
        )
    if sources is not None:
        dialogs["data"] = "Your own data", own_data_dialog(state, sources)
    scheme = Scheme(asked=address.arguments_of_page().get("dark", ""))
    follow(scheme, lambda: [plot.figure for plot in pictures if plot.drawn])
    for plot in pictures:
        plot.when_drawn(lambda figure: scheme.dark and scheme.recolouring.set([figure], True))
    _make_dark_able(body)
    toolbar = _toolbar(state, guide, notice, dialogs, scheme)
    heading = pn.Row(
        _question(question, guide), toolbar,
        sizing_mode="stretch_width", margin=0, stylesheets=[_WRAP],
    )  # fmt: skip
    progress = job_bar(job) if job else pn.Spacer(height=0)
    progress.stylesheets = [*progress.stylesheets, _BESIDE]
    steps = pn.Row(
        guide.bar, guide.controls, progress,
        sizing_mode="stretch_width", margin=0, min_height=36, stylesheets=[_WRAP],
    )  # fmt: skip
    parts = [headline and headline.pane, prediction.pane, steps, warning.pane, notice.pane, body]
    parts += [dialog for _, dialog in dialogs.values()]
    study = StudyPage(title, name, [part for part in parts if part is not None])
    study.state, study.guide, study.toolbar, study.presets = state, guide, toolbar, presets
    study.question_text, study.headline, study.body = question, headline, body
    study.formulas, study.controls, study._heading = formulas, controls, heading
    study.plots, study.script, study.scheme = plots or {}, script, scheme
    study.steps, study.progress = steps, progress
    study.start, study.job = start and notice.guarded(start), job
    study.begin()
    return study


def show(content: Content) -> "StudyPage":
    """The page of a `Content`, driven by a controller; it reads the address into the state."""
    use_theme()
    controller = Controller(content)
    entry = next((entry for entry in pages() if entry.name == content.name), None)
    answers = {key: partial(answer, controller.known) for key, answer in content.answers().items()}
    made = page(
        entry.title if entry else content.question,
        content.question,
        name=content.name,
        state=content.state,
        controls=content.controls(),
        body=content.body(),
        headline=controller.headline,
        notice=controller.notice,
        job=controller,
        formulas=formulas(*content.formulas),
        start=controller.start,
        plots=content.plots,
        script=content.script,
        answers=answers,
        sources=content.sources,
        slow=content.slow,
    )
    made.content, content.guide = content, made.guide
    controller.changed()  # shows what an earlier visitor has had computed
    return made


_WRAP = f"""
:host {{ flex: none !important; max-height: none !important; }}
{PHONE} {{ :host {{ flex-wrap: wrap; }} }}
"""


# Progress takes the room that presets and controls leave, and not more.
_BESIDE = """
:host { flex: 1 1 0 !important; width: auto !important; min-width: 0 !important;
  flex-wrap: nowrap; }
@media (max-width: 700px) { :host { flex: 1 0 100% !important; } }
"""


def _question(question, guide):
    """The page's question, or what a preset asks the reader to look at."""
    pane = Words(
        stylesheets=[
            css(f"h1 {{ font: 500 21px/1.25 {FONT}; color: {INK}; margin: 0; }}")
            + f"{PHONE} {{ :host {{ flex: 1 0 100% !important; }} }}"
        ],
        margin=(2, 4),
        sizing_mode="stretch_width",
    )

    def show(*_):
        words = guide.words or question
        pane.object = f"<h1>{escape(words)}</h1>"

    guide.param.watch(show, ["preset", "_asking"])
    show()
    return pane


def _make_dark_able(body):
    """Let the words among the pictures change their colours with the page's."""
    for pane in html_panes(body):
        pane.stylesheets = [css(sheet) for sheet in pane.stylesheets]
        pane.styles = {name: css(str(value)) for name, value in (pane.styles or {}).items()}


def _read_address(state, guide, warning, problems):
    """Bring settings and guide to the address; say what was not understood until they change."""
    given = address.arguments_of_page()
    given.pop("token", None)  # a notebook server's own key, not a setting
    asked = len(given)
    dark = given.pop("dark", "")  # for `Scheme`
    reading = {name: given.pop(name) for name in setting_names(guide) if name in given}
    ignored = []
    if dark not in ("", "true", "false"):
        ignored.append(f"dark={address.shortened(dark)}: is not true or false")
    if "preset" in reading:
        try:
            guide.choose(reading.pop("preset"))
        except ValueError as error:
            ignored.append(str(error))
    ignored += address.read_query(state, given) + address.read_query(guide, reading)
    others = len(ignored) < asked
    ignored = address.repeated() + ignored
    said = []
    if ignored:
        rest = "Everything else in it is followed" if others else "The defaults are shown"
        said.append(f"Ignored in the address: {address.listed(ignored)}. {rest}.")
    if problems:
        said.append("Presets: " + "; ".join(problems) + ".")
    warning.set(" ".join(said))
    if said:
        state.param.watch(lambda *_: warning.set(""), setting_names(state))


def plain_page(title, *parts, name=None, start=None):
    """A page without controls and state, such as the landing page. It scrolls.

    - `parts`: Panel objects, one below the other;  `start`: called once the page is in the browser.
    """
    use_theme()
    study = StudyPage(title, name, list(parts))
    study.start = start
    study.begin()
    return study


def _toolbar(state, guide, notice, dialogs, scheme):
    """Undo, Reset, Draw again (where there is a seed), Copy link, dialogs, Dark, Present, …

    - `dialogs`: key of the icon -> (label, closed dialog).
    """
    names = setting_names(state)
    history = History({state: names, guide: ["preset"]})
    handlers = {
        "undo": history.undo,
        "reset": lambda: state.param.update(**{n: state.param[n].default for n in names}),
        "draw": lambda: state.param.update(seed=random.randrange(10_000)),
        "dark": lambda: scheme.param.update(dark=not scheme.dark),
        "present": lambda: guide.param.update(present=not guide.present),
    }
    actions = [("undo", "Undo"), ("reset", "Reset")]
    if "seed" in names:
        actions.append(("draw", "Draw again"))
    on_a_page = not in_notebook()  # whose address and window are not those of the page
    if on_a_page:
        actions.append(("link", "Copy link"))
    for key, (label, dialog) in dialogs.items():
        actions.append((key, label))
        handlers[key] = partial(dialog.param.update, open=True)
    if on_a_page:
        actions += [("dark", "Dark"), ("present", "Present"), ("full", "Full screen")]
    toolbar = Toolbar(
        {key: notice.guarded(handler) for key, handler in handlers.items()},
        actions=actions, disabled_actions=["undo"], margin=(0, 4), align="start",
    )  # fmt: skip

    def refresh(*_):
        toolbar.disabled_actions = [] if history.depth else ["undo"]
        on = {"dark": scheme.dark, "present": guide.present}
        toolbar.pressed = [key for key, pressed in on.items() if pressed]

    history.param.watch(refresh, "depth")
    guide.param.watch(refresh, "present")
    scheme.param.watch(refresh, "dark")
    refresh()
    return toolbar
