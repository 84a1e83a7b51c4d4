r"""Pictures and pages: arrays in, HoloViews elements out.

A complete app (`apps/NAME.py`; its state and every formula live in `jntk_viz/pages/NAME/`):

    def app():
        frame.use_theme()
        state = Study()                                   # param.Parameterized, knows no Panel
        curve = frame.LivePlot(loss_curve, **state.curve())        # rendered once
        trace = frame.LivePlot(training_curve, steps=[], loss=[])
        headline, notice, job = frame.Headline(), frame.Notice(), frame.LatestWins()

        def redraw(*_):                                   # fast (< 20 ms): on the event loop
            curve.update(**state.curve())
            headline.set("At width <b>{d}</b> the error is {e:.2g}.", **state.numbers())

        def train(*_):                                    # heavy: in a thread, latest setting wins
            job.submit(state.train, partial=lambda arrays: trace.update(**arrays))

        state.param.watch(notice.guarded(redraw), ["width", "depth"])
        state.param.watch(notice.guarded(train), ["steps", "seed"])
        redraw()
        return frame.page(
            "Gaussian process", "Do slopes become Gaussian?", name="gp_convergence", state=state,
            controls=frame.controls_for(state, "width", "depth", "steps", slow=("steps",)),
            body=frame.plot_grid("ab", a=curve, b=trace), headline=headline, notice=notice, job=job,
            formulas=frame.formulas(frame.Formula(r"\Theta", "The kernel.", {r"\kappa": "scale"})),
            start=train,
        )

    if __name__.startswith("bokeh"):                      # true only where Panel serves the file
        app().servable()

`state.train(job)` calls `job.progress(fraction, text)` between chunks of at most 100 ms (it raises
`Cancelled` when superseded) and `job.emit(dict_of_arrays)` to have a partial result shown. `page`
reads the address into `state` after the watchers are set, so a link reproduces its picture; the
address then follows every change. A view is a plain function (arrays -> element) with all its
options, and returns the same elements every time; see `LivePlot` for the rules. Give it `xlim`,
`ylim`, `clim`: axes move only by `plot.set(...)`. Titles may hold `$$...$$`, braces doubled for
HoloViews. In a notebook the page displays itself, and a view as any HoloViews object.
"""

from importlib import import_module

# Imported when first asked for: lessons draw pictures without the parts of a page, whose imports
# take a reader a second.
_MODULES = {
    "engine.background": ("LatestWins",),
    "engine.jobs": ("Cancelled", "Job"),
    "drawing.live": ("LivePlot", "join_curves", "update_all"),
    "drawing.theme": ("use_theme",),
    "frame.address": ("query_of", "read_query"),
    "frame.content": ("Content",),
    "frame.controller": ("Controller",),
    "frame.controls": ("controls_for",),
    "frame.formula_sheet": ("Formula", "formulas"),
    "frame.parts": ("Answer", "Headline", "Notice", "job_bar", "plot_grid", "tabbed"),
    "frame.registry": ("pages",),
    "frame.shell": ("StudyPage", "page", "plain_page", "show"),
}
_PLACES = {name: module for module, names in _MODULES.items() for name in names}
__all__ = sorted(_PLACES)


def __getattr__(name):
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"jntk_viz.{_PLACES[name]}"), name)
