"""The playground: two networks trained on the reader's own points, seen on the whole globe."""

from functools import partial

from jntk_viz import frame
from jntk_viz.drawing.html import Words
from jntk_viz.drawing.plane import keep_square
from jntk_viz.drawing.theme import PHONE
from jntk_viz.frame.controls import play_through
from jntk_viz.frame.glossary import Prose
from jntk_viz.pages.playground import answers, globe, words
from jntk_viz.pages.playground.editing import Editing
from jntk_viz.pages.playground.formulas import FORMULAS
from jntk_viz.pages.playground.pictures import EMPTY, hemispheres, picture_of, picture_of_draw
from jntk_viz.pages.playground.plan import plan, view
from jntk_viz.pages.playground.point_pictures import Board
from jntk_viz.pages.playground.points import read_points
from jntk_viz.pages.playground.script import script
from jntk_viz.pages.playground.state import PlaygroundState

SECONDS = 12  # in which Play goes from t = 0 to ∞
# The order on a phone, and what each part needs there.
_ON_A_PHONE = {
    "a": (1, "216px"), "b": (3, "216px"), "c": (2, "56px"), "d": (4, "56px"), "e": (5, "auto"),
}  # fmt: skip


class Playground(frame.Content):
    """Two pictures, each of both hemispheres, that share the reader's points."""

    name = "playground"
    question = words.QUESTION
    rows = (
        "example", ("t", "play"), "lam", "epsilon", "width", "start", ("depth", "activation"),
        "editing",
    )  # fmt: skip
    slow = ("depth", "activation", "width")
    large = 2  # without the penalty and with it
    formulas = FORMULAS
    script = staticmethod(script)

    def __init__(self):
        super().__init__(PlaygroundState())
        self.board = Board(lambda points: self.editing.take(points))
        self.editing = Editing(self)
        self.plots = {
            name: frame.LivePlot(hemispheres, min_height=100, **EMPTY)
            for name in ("standard", "penalised")
        }
        for plot in self.plots.values():
            plot.when_drawn(self.board.draw_on)
            keep_square(plot, *globe.LIMITS)
        self.numbers = [
            Words(sizing_mode="stretch_both", stylesheets=[words.NUMBERS_CSS]) for _ in range(2)
        ]
        self.legend = Prose(
            words.legend(self.state), sizing_mode="stretch_both", stylesheets=[words.LEGEND_CSS]
        )
        self._said: str | None = None

    def buttons(self):
        """Play beside the time, and what changes points without pointing at them."""
        play = play_through(self.state, "t", SECONDS)
        return {"play": play, "editing": self.editing.buttons()}

    def body(self):
        left, right = self.plots.values()
        rows = (*["ab"] * 5, "cd", "ee", "ee")
        grid = frame.plot_grid(
            *rows, a=left, b=right, c=self.numbers[0], d=self.numbers[1], e=self.legend
        )
        for cell, (order, height) in zip(grid, _ON_A_PHONE.values(), strict=True):
            look = f"order: {order}; height: {height} !important; min-height: 0 !important;"
            cell.stylesheets = [f"{PHONE} {{ :host {{ {look} flex: none !important; }} }}"]
        return grid

    def plan(self, known):
        return plan(self.state, known)

    def draw(self, known):
        points = read_points(self.state.text)
        self.board.show(points)
        self.editing.follow()
        found = view(self.state, known)
        if found is not None or self._said is None:  # else old pictures keep their titles
            self._set_titles()
        if found is None:
            return
        frame.update_all(*zip(self.plots.values(), self._pictures(found, points.x), strict=True))
        left, right = found.networks
        self.numbers[0].object = words.numbers(left, found.compared)
        self.numbers[1].object = words.numbers(right)
        self.legend.object = words.legend(self.state, found)

    def _set_titles(self):
        for plot, title in zip(self.plots.values(), words.titles(self.state), strict=True):
            if plot.title != title:
                plot.set(title=title)

    def _pictures(self, found, x) -> list[dict]:
        if words.bare(self.state, found):
            return [picture_of_draw(network) for network in found.networks]
        left, right = (picture_of(network, x, self.state.epsilon) for network in found.networks)
        if found.compared is not None:
            left["other"] = right["edge"]
        return [left, right]

    def say(self, known):
        """The sentence of the pictures that are drawn: new ones are a moment away."""
        found = view(self.state, known)
        if found is not None:
            self._said = words.headline(self.state, found)
        return self._said

    def answers(self):
        return {
            "robust_points": partial(answers.robust_points, self.state),
            "robust_share": partial(answers.robust_share, self.state),
        }


def app():
    """The page; its state is in the address."""
    return frame.show(Playground())
