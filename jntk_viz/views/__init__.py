"""Pictures and pages: arrays in, HoloViews out."""

from jntk_viz.views.address import query_of, read_query
from jntk_viz.views.background import Cancelled, Job, LatestWins
from jntk_viz.views.controls import controls_for
from jntk_viz.views.live import LivePlot, join_curves, update_all
from jntk_viz.views.shell import (
    PAGES,
    Formula,
    Headline,
    Notice,
    StudyPage,
    formulas,
    frame,
    job_bar,
    page,
    plot_grid,
)
from jntk_viz.views.theme import use_theme

__all__ = [
    "use_theme",
    "LivePlot",
    "update_all",
    "join_curves",
    "LatestWins",
    "Job",
    "Cancelled",
    "controls_for",
    "page",
    "StudyPage",
    "plot_grid",
    "Headline",
    "Notice",
    "Formula",
    "formulas",
    "job_bar",
    "frame",
    "PAGES",
    "query_of",
    "read_query",
]
