"""Parts that all pages share: controller, controls, address, guide, toolbar, files to save.

A page is a folder of `jntk_viz/pages/` whose `page.py` has a `Content` and

    def app():
        return frame.show(FullRank())       # in apps/: `app().servable()`

`frame.content` tells the way from the event of a slider to the pixels, `frame.registry` what a
page's package holds. A view is a plain function from arrays to a HoloViews element, with all its
options, that returns the same elements every time; see `LivePlot` for the rules. Give it `xlim`,
`ylim`, `clim`: axes move only by `plot.set(...)`. In a notebook a page displays itself, and a view
as any HoloViews object.
"""

from importlib import import_module

# Imported when first asked for: lessons draw pictures without the parts of a page, whose imports
# take a reader a second.
_MODULES = {
    "drawing.live": ("LivePlot", "join_curves", "update_all"),
    "drawing.theme": ("use_theme",),
    "frame.address": ("query_of", "read_query"),
    "frame.content": ("Content",),
    "frame.controller": ("Controller",),
    "frame.controls": ("controls_for",),
    "frame.formula_sheet": ("Formula", "formulas"),
    "frame.parts": ("Answer", "Headline", "Notice", "job_bar", "plot_grid", "tabbed"),
    "frame.registry": ("pages",),
    "frame.shell": ("PlainPage", "StudyPage", "show"),
}
_PLACES = {name: module for module, names in _MODULES.items() for name in names}
__all__ = sorted(_PLACES)


def __getattr__(name):
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"jntk_viz.{_PLACES[name]}"), name)
