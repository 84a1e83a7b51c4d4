"""The film with which the page opens: networks widen, and each function glides onto its limit."""

import numpy as np
import panel as pn

from jntk_viz.drawing.film import Film
from jntk_viz.drawing.theme import escape
from jntk_viz.frame.parts import announced
from jntk_viz.frame.presets import setting_names
from jntk_viz.pages.gp_convergence import study
from jntk_viz.pages.gp_convergence import words as text
from jntk_viz.pages.gp_convergence.state import WIDTHS, GPConvergenceState

_PACE = 900  # milliseconds from one width to the next


class Opening:
    """Plays once over the functions of a page that was opened without settings of its own.

    - `functions`: the tab;  `headline`: its pane.

    It begins when all widths are known, unless the reader has begun to do something.
    """

    def __init__(self, functions, headline):
        self.functions, self._shown = functions, False
        columns = [pair for plot in functions.plots.values() for pair in plot.columns]
        said = [headline, functions.note, functions.value.figure.title]
        self.film = Film(columns, said, pace=_PACE, once=True)

    def show(self, state, known):
        """Play, where the settings are those of the film and all that it shows is known."""
        if self._shown or not _at_defaults(state) or np.isnan(study.distances(state, known)).any():
            return
        self._shown = True
        states = [_of_width(state, width) for width in WIDTHS]
        # The last width for twice as long; then back to what the page shows.
        states = [*states, states[-1], state]
        circles = [study.on_circle(each, known) for each in states]
        pictures = [
            [values for plot, data in self.functions.pictures(each, circle, known)
             for values in plot.values(**data)]
            for each, circle in zip(states, circles, strict=True)
        ]  # fmt: skip
        notes = [escape(text.functions_note(*pair)) for pair in zip(states, circles, strict=True)]
        titles = [text.film_title(each) for each in states[:-1]]
        tracks = [
            *map(_track, zip(*pictures, strict=True)),
            len(states) * [escape(announced(text.FILM))],
            notes,
            [*titles, text.functions_titles(state)[0]],
        ]
        pn.state.onload(lambda: self.film.show(tracks))


def _at_defaults(state):
    return all(getattr(state, name) == state.param[name].default for name in setting_names(state))


def _of_width(state, width):
    values = {name: getattr(state, name) for name in setting_names(state)}
    return GPConvergenceState(**values | {"width": width, "ends": True})


def _track(values):
    """The values of one column in all pictures, in half the bytes; None for one that stays."""
    first, *others = values
    if all(np.array_equal(first, other) for other in others):
        return len(values) * [None]
    return [np.asarray(value, np.float32) for value in values]
