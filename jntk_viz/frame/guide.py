"""Leading a reader through a page: presets and their player, prediction, presentation."""

import panel as pn
import param

from jntk_viz.datasets.tables import shortened
from jntk_viz.drawing.figures import Enlargement
from jntk_viz.drawing.live import LivePlot
from jntk_viz.drawing.theme import PHONE
from jntk_viz.frame.controls import controls_for
from jntk_viz.frame.parts import PlotGrid, Tabbed
from jntk_viz.frame.presets import settings
from jntk_viz.frame.toolbar import PresetBar

LARGER = 1.3  # type and lines in presentation mode
PLAY_SECONDS = 10  # for which each preset is shown when they play

_WRAP_ON_PHONE = f"{PHONE} {{ :host {{ flex-wrap: wrap; }} }}"


def grids_of(body) -> list:
    """The grids of a page's body, those of other tabs as well."""
    grids = body.grids.values() if isinstance(body, Tabbed) else [body]
    return [grid for grid in grids if isinstance(grid, PlotGrid)]


def live_plots(body) -> list:
    """All `LivePlot`s of a page's body."""
    items = [item for grid in grids_of(body) for item in grid.items.values()]
    return [item for item in items if isinstance(item, LivePlot)]


def visible_plots(body) -> list:
    """The `LivePlot`s of the grid that is seen: of several tabs the chosen one."""
    grid = body.grid if isinstance(body, Tabbed) else body
    return live_plots(grid)


def html_panes(body) -> list:
    """All words among the pictures of a page's body."""
    return [pane for grid in grids_of(body) for pane in grid.select(pn.pane.HTML)]


class Guide(param.Parameterized):
    """Way in which the page is being read. Its parameters stand in the address beside the settings.

    - `state`, `presets`: settings and the list of `Preset`;  `prediction`: a `Prediction`.
    - `plots`: all `LivePlot`s;  `slow`: settings whose change starts heavy work.
    """

    preset = param.String("", doc="Name of the preset that was chosen last.")
    predict = param.Boolean(False, doc="Is the reader asked to predict before seeing?")
    present = param.Boolean(False, doc="Large type, few controls?")
    tour = param.Selector(default=0, objects=[0], doc="Step of the tour, 0 for none; see `Tour`.")
    _asking = param.Boolean(False, doc="Is a guess waited for?")

    def __init__(self, state, presets, prediction, plots, slow=()):
        super().__init__()
        self.state, self.presets, self.prediction = state, presets, prediction
        self._plots, self._slow, self._player = plots, slow, None
        self._guessed: set[str] = set()  # names of the presets whose answer has been shown
        self.bar = PresetBar(
            {
                "previous": lambda: self.step(-1),
                "next": lambda: self.step(1),
                "play": self.play,
                "predict": lambda: self.param.update(predict=not self.predict),
            },
            options=self._options(), margin=(2, 4), visible=bool(presets),
        )  # fmt: skip
        self.bar.param.watch(self._chosen, "value")
        prediction.changed = self._asked
        self.controls = pn.Row(visible=False, margin=0, stylesheets=[_WRAP_ON_PHONE])
        self.param.watch(self._predict, ["preset", "predict"])
        self.param.watch(self._present, ["preset", "present"])
        self._enlargement = Enlargement()
        for plot in plots:
            plot.when_drawn(lambda figure: self._enlarge([figure]))

    @property
    def current(self):
        """The `Preset` chosen last, or None."""
        return next((p for p in self.presets if p.name == self.preset), None)

    def title(self, preset):
        """Of a preset; while readers are to predict, one that does not tell the answer."""
        neutral = preset.predict and preset.predict.title
        if neutral and self.predict and preset.name not in self._guessed:
            return neutral
        return preset.title

    @property
    def words(self):
        """Words of the preset in use on what to look at; empty without one.

        While a guess is waited for this is no more than its title.
        """
        if self.current is None:
            return ""
        return self.title(self.current) if self._asking else self.current.say

    def _options(self):
        return [(p.name, self.title(p)) for p in self.presets]

    def _asked(self):
        """Tell what was withheld as soon as the guess is in, and withhold it when asked again."""
        asking = self.prediction.asking
        if self.prediction.question is not None:
            (self._guessed.discard if asking else self._guessed.add)(self.preset)
        self._asking, self.bar.options = asking, self._options()

    def _chosen(self, event):
        if event.new and event.new != self.preset:
            self.choose(event.new)

    def choose(self, name):
        """Bring the page to a preset."""
        preset = next((p for p in self.presets if p.name == name), None)
        if preset is None:
            known = ", ".join(p.name for p in self.presets) or "none"
            raise ValueError(f"preset={shortened(name)}: no such preset; this page has {known}")
        # As one message: on another tab the old heading would stand above pictures to come.
        # Nobody is told before both are set: a preset is one change.
        batch = param.parameterized.batch_call_watchers
        with pn.io.hold(), batch(self), batch(self.state):
            self.state.param.update(**settings(preset, self.state))
            self.preset = preset.name

    def step(self, by):
        """Go to the next preset or the one before, around the ends."""
        names = [p.name for p in self.presets]
        if names:
            at = names.index(self.preset) + by if self.preset in names else min(by - 1, 0)
            self.choose(names[at % len(names)])

    def play(self):
        """Let the presets follow one another, or stop that."""
        if self._player is not None:
            self._player.stop()
            self._player = None
        elif pn.state.curdoc and pn.state.curdoc.session_context:
            self.step(1)
            self._player = pn.state.add_periodic_callback(
                lambda: self.step(1), period=1000 * PLAY_SECONDS
            )
        self.bar.playing = self._player is not None

    def _predict(self, *_):
        self.bar.value = self.preset
        question = self.current and self.current.predict
        self.bar.question, self.bar.predicting = bool(question), bool(question and self.predict)
        self.prediction.ask(question if self.predict else None)

    def _enlarge(self, figures):
        self._enlargement.set(figures, LARGER if self.present else 1)

    def _present(self, *_):
        self._enlarge(plot.figure for plot in self._plots if plot.drawn)
        self.bar.large = self.present
        preset = self.current or next(iter(self.presets), None)
        names = preset.controls if self.present and preset else ()
        self.controls[:] = [
            pn.Row(widget, width=240, margin=0)
            for widget in controls_for(self.state, *names, slow=self._slow)
        ]
        self.controls.visible = bool(names)
