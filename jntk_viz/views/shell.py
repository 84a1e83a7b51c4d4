"""The frame every page shares: title bar, navigation, controls, address, and the page itself."""

import random
import sys
from typing import NamedTuple

import panel as pn
import panel_material_ui as pmui
from bokeh.themes import Theme

from jntk_viz.studies.presets import setting_names
from jntk_viz.views import address
from jntk_viz.views.parts import Notice, job_bar
from jntk_viz.views.theme import ACCENT, FONT, INK, escape, use_theme


class Entry(NamedTuple):
    """One page: its file in apps/, its title, and its short name in the title bar."""

    name: str
    title: str
    short: str


PAGES = (
    Entry("gp_convergence", "Random networks become a Gaussian process", "Gaussian process"),
    Entry("jntk_constancy", "The kernel that stays put", "Constant kernel"),
    Entry("robust_training", "Robust training in closed form", "Robust training"),
    Entry("eigenfeatures", "Eigenfeatures: learned first, or fragile?", "Eigenfeatures"),
    Entry("full_rank", "Is the kernel full rank?", "Full rank"),
    Entry("breakdown", "When it breaks", "Breakdown"),
)

_BAR = 48  # height of the title bar in pixels


def navigation(current=None):
    """Links to all pages. They are relative, so they also work behind a proxy's prefix."""
    entries = [("./", "Start"), *((p.name, p.short) for p in PAGES)]
    links = "".join(
        f'<a href="{href}"{" aria-current=page" if href == current else ""}>{escape(label)}</a>'
        for href, label in entries
    )
    return f'<nav aria-label="Pages">{links}</nav>'


# Material's page is a flex column that would squeeze its parts rather than scroll.
_FULL_HEIGHT = """
:host { flex: none !important; height: auto !important; max-height: none !important; }
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
_NAV_SIDE = f"""
nav {{ display: flex; flex-direction: column; }}
a {{ color: {ACCENT}; font: 500 16px {FONT}; padding: 8px 4px; }}
a[aria-current] {{ color: {INK}; text-decoration: none; }}
@media (min-width: 901px) {{ :host {{ display: none !important; }} }}
"""


class StudyPage(pn.viewable.Viewer):
    """A page: the same parts as a served web page or as a block in a notebook. Made by `page`."""

    def __init__(self, *, title, name, parts, formulas, controls, question, state):
        super().__init__()
        self.start = None
        self.title, self.name_, self.state = title, name, state
        self._parts, self._formulas = parts, formulas
        self._controls, self._question = controls, question

    def servable(self, **kwargs):
        """Serve as a page of its own; in a notebook, show the body."""
        if pn.state.curdoc is None or not pn.state.curdoc.session_context:
            return self
        # Naming these models tells Material that their look is ours, not its small grey one.
        own = {"Axis": {}, "Legend": {}, "ColorBar": {}, "Title": {}, "Grid": {}}
        pn.state.curdoc.theme = Theme(json={"attrs": own})
        self._template().servable(**kwargs)
        return self

    def as_notebook(self):
        """The page without title bar and drawer, for a notebook cell."""
        parts = [self._question, *self._parts, self._formulas, self._starter()]
        main = pn.Column(*[p for p in parts if p is not None], sizing_mode="stretch_both")
        if self.state is None:
            return main
        return pn.Row(pn.Column(*self._controls, width=280), main, sizing_mode="stretch_both")

    def begin(self):
        """Call `start` when the page is in the browser; at once in a script, which has none."""
        if self.start is not None and not _in_notebook():
            pn.state.onload(self.start)

    def _starter(self):
        """In a notebook: an invisible piece that calls `start` once the browser has drawn it.

        What Panel sends to a notebook before that is lost, and later messages refer to it.
        """
        if self.start is None or not _in_notebook():
            return None
        browser = address.Browser(width=0, height=0, margin=0)
        browser.param.watch(lambda _: self.start(), "shown")
        return browser

    def __panel__(self):
        return self.as_notebook()

    def _template(self):
        if self.state is None:
            column = pn.Column(
                *self._parts, sizing_mode="stretch_width", margin=0, stylesheets=[_FULL_HEIGHT]
            )
            return frame(self.title, self.name_, main=[column, pn.Spacer(height=8)])
        browser = address.Browser(width=0, height=0, margin=0)
        address.follow(self.state, browser)
        fill = f":host {{ padding: 4px 10px 0; min-height: calc(100dvh - {_BAR + 56}px); }}"
        visible = pn.Column(
            self._question,
            *self._parts,
            sizing_mode="stretch_both",
            margin=0,
            stylesheets=[_FULL_HEIGHT, fill],
        )
        # Two items, because Material's page does not scroll when it holds a single stretched one.
        below = self._formulas or pn.Spacer(height=1)
        side = pn.pane.HTML(navigation(self.name_), stylesheets=[_NAV_SIDE], margin=(0, 10))
        template = frame(
            self.title,
            self.name_,
            main=[visible, below],
            sidebar=[side, *self._controls, browser],
        )

        browser.jslink(template, wide="sidebar_open")
        return template


def _in_notebook():
    ipython = sys.modules.get("IPython")
    return ipython is not None and getattr(ipython.get_ipython(), "kernel", None) is not None


def frame(title, name, *, main, sidebar=()):
    """The bare page with title bar and navigation; `page` and the landing page use it."""
    nav = pn.pane.HTML(navigation(name), stylesheets=[_NAV_BAR], margin=0, align="center")
    return pmui.Page(
        title=title,
        header=[nav],
        main=main,
        sidebar=list(sidebar),
        sidebar_open="Mobi" not in pn.state.headers.get("User-Agent", ""),
        sidebar_width=280,
        sidebar_resizable=False,
        site_url="./",
        theme_toggle=False,
        busy_indicator=None,
        theme_config={"palette": {"primary": {"main": ACCENT}}, "typography": {"fontFamily": FONT}},
        sx={
            "& .header .MuiToolbar-root": {"minHeight": _BAR},
            "& .main .MuiToolbar-root": {"minHeight": _BAR},
            "& .title": {"fontSize": 19},
        },
    )


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
):
    """Put a page together. Call it last in an app's `app()`; it reads the address into `state`.

    - `title`: title bar;  `question`: the one sentence the page answers;  `name`: file name in
      apps/.
    - `state`: the `param.Parameterized` the page shows;  `controls`: widgets, see `controls_for`.
    - `body`: the pictures, see `plot_grid`;  `headline`: `Headline`;  `formulas`: from
      `formulas(...)`.
    - `job`: `LatestWins` whose progress and errors are shown;  `notice`: `Notice` of the app's
      callbacks.
    - `start`: called once the page is in the browser, for the first heavy work.
    - `plots`: key -> `LivePlot`, by which presets hide pictures and readers export them.
    - `script`: function of the state, returns a Python program that reproduces the numbers.
    - `answers`: key -> function without arguments that returns an `Answer`, None while not known.
    - `slow`: settings whose change starts heavy work, as in `controls_for`.
    """
    use_theme()
    notice = notice or Notice()
    if job is not None:
        job.param.watch(lambda e: notice.set(e.new, "error"), "error")
    ignored = _ignored_keys(state)
    heading = pn.pane.HTML(
        f"<h1>{escape(question)}</h1>",
        stylesheets=[f"h1 {{ font: 500 21px/1.25 {FONT}; color: {INK}; margin: 0; }}"],
        margin=(2, 4),
        sizing_mode="stretch_width",
    )
    parts = [headline and headline.pane, ignored, notice.pane, job and job_bar(job), body]
    study = StudyPage(
        title=title,
        name=name,
        question=heading,
        parts=[part for part in parts if part is not None],
        formulas=formulas,
        controls=[*controls, *_buttons(state)],
        state=state,
    )
    study.start = start and notice.guarded(start)
    study.begin()
    return study


def _ignored_keys(state):
    """Read the address into `state`; a message about what was not understood, until it changes."""
    ignored = address.read_query(state)
    if not ignored:
        return None
    message = Notice()
    message.set("Ignored in the address: " + "; ".join(ignored) + ". The defaults are shown.")
    state.param.watch(lambda *_: message.set(""), setting_names(state))
    return message.pane


def plain_page(title, *parts, name=None, start=None):
    """A page without controls and state, such as the landing page. It scrolls.

    - `parts`: Panel objects, one below the other;  `start`: called once the page is in the browser.
    """
    use_theme()
    study = StudyPage(
        title=title,
        name=name,
        question=None,
        parts=list(parts),
        formulas=None,
        controls=[],
        state=None,
    )
    study.start = start
    study.begin()
    return study


def _buttons(state):
    """Reset, Draw again (where there is a seed), Copy link."""
    look = {"size": "small", "variant": "outlined", "margin": (4, 4)}
    names = setting_names(state)
    reset = pmui.Button(label="Reset", **look)
    reset.on_click(lambda _: state.param.update(**{n: state.param[n].default for n in names}))
    buttons = [reset]
    if "seed" in names:
        draw = pmui.Button(label="Draw again", **look)
        draw.on_click(lambda _: state.param.update(seed=random.randrange(10_000)))
        buttons.append(draw)
    if not _in_notebook():  # whose address is not that of the page
        copy = pmui.Button(label="Copy link", **look)
        copy.js_on_click(code=_COPY)
        buttons.append(copy)
    return [pn.FlexBox(*buttons, margin=(6, 6))]


# The clipboard API exists only on https and localhost; a classroom on plain http needs the old way.
_COPY = """
const link = window.location.href
if (navigator.clipboard) { navigator.clipboard.writeText(link) } else {
  const area = document.createElement("textarea")
  area.value = link
  document.body.append(area)
  area.select()
  document.execCommand("copy")
  area.remove()
}
"""
