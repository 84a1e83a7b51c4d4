"""How a file is read: what its reader may have to predict, and which pictures are presented."""

from typing import Any

import numpy as np
from bokeh.models import FreehandDrawTool, LogScale

from jntk_viz.drawing.figures import COVERED, DRAW, Sketch
from jntk_viz.drawing.theme import escape
from jntk_viz.export.contents import Contents
from jntk_viz.frame.glossary import marked
from jntk_viz.frame.guide import visible_plots
from jntk_viz.frame.presets import Preset, Question


def give_a_pen(study, preset: Preset) -> None:
    """Add the reader's pen and line to the picture of a sketch, before anything is recorded."""
    if preset.predict is not None and preset.predict.kind == "sketch":
        Sketch(study.plots[preset.predict.hide[0]].figure)


def question_of(study, preset: Preset, shown: Contents) -> dict[str, Any] | None:
    """The question of a preset with its answer, once the page shows the preset's own settings.

    Returns None where there is no question. Raises ValueError where its answer is not known.
    """
    question = preset.predict
    if question is None:
        return None
    answer = study.content.answers()[question.answer](study.job.known)
    if answer is None:
        raise ValueError(f"the answer `{question.answer}` is not known with the pictures")
    drawn = {figure.id for figure in shown.figures}
    hidden = [study.plots[key].figure for key in question.hide]
    hidden = [figure for figure in hidden if figure.id in drawn]
    return {
        "question": question.question, "kind": question.kind, "options": list(question.options),
        "title": question.title or preset.title, "explain": marked(escape(question.explain)),
        "low": question.low, "high": question.high, "step": question.step, "unit": question.unit,
        "hide": [figure.id for figure in hidden], "covered": COVERED, "draw": DRAW,
        "value": _plain(question, answer.value), "text": marked(escape(answer.text)),
    } | (_axes(hidden[0]) if question.kind == "sketch" else {})  # fmt: skip


def _plain(question: Question, value) -> Any:
    """An answer as JSON holds it."""
    if question.kind == "sketch":
        x, y = (np.asarray(v, float) for v in value)
        kept = np.isfinite(x) & np.isfinite(y)
        return [x[kept].tolist(), y[kept].tolist()]
    if question.kind == "number":
        return float(value)
    return list(value) if question.kind == "order" else str(value)


def _axes(figure) -> dict[str, Any]:
    (pen,) = figure.select(FreehandDrawTool)
    return {
        "pen": pen.id,
        "line": pen.renderers[0].data_source.id,
        "log": [isinstance(figure.x_scale, LogScale), isinstance(figure.y_scale, LogScale)],
    }


def presented(study, preset: Preset, shown: Contents) -> list[str]:
    """The ids of the figures that a presentation shows large, as a served page chooses them."""
    keys, large = preset.picture, study.content.large
    if preset.predict is not None and not keys:
        keys = preset.predict.hide[:large]
    plots = [study.plots[key] for key in keys if key in study.plots]
    plots = plots or visible_plots(study.body)[:large]
    drawn = {figure.id for figure in shown.figures}
    return [plot.figure.id for plot in plots if plot.figure.id in drawn]
