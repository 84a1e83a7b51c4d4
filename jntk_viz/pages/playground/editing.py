"""Changing the points: what is done in the pictures, and buttons that do the same."""

from functools import partial

import numpy as np
import panel as pn
import panel_material_ui as pmui

from jntk_viz.datasets import load_dataset
from jntk_viz.pages.playground import words
from jntk_viz.pages.playground.globe import inside, on_globe, to_plane
from jntk_viz.pages.playground.points import MOST, Points, read_points, write_points

STEP = np.radians(4)  # by which an arrow button moves a point
_PLAIN = {
    "& .MuiToggleButton-root": {
        "textTransform": "none", "padding": "2px 9px", "whiteSpace": "nowrap",
    },
}  # fmt: skip
_SMALL = {"padding": "2px 6px", "minWidth": "30px", "whiteSpace": "nowrap"}


def _button(label, action, **more):
    button = pmui.Button(
        label=label,
        size="small",
        variant="outlined",
        margin=(2, 2),
        align="end",
        sx=_SMALL,
        **more,
    )
    button.on_click(lambda _: action())
    return button


class Editing:
    """Brings what the reader does to the points into the page's state, or says why not."""

    def __init__(self, content):
        self.content = content
        self.which = pmui.Select(label="Point", size="small", margin=(6, 4), width=96)
        self.new = pmui.RadioButtonGroup(
            options={"+1 (amber)": "+1", "−1 (blue)": "−1"}, value="+1", size="small",
            label="Class of new points", margin=(2, 4), sx=_PLAIN,
        )  # fmt: skip
        self.new.param.watch(lambda event: content.board.new_points_are(event.new), "value")
        self._offering = False
        self.which.param.watch(lambda event: self._named(event.new), "value")
        content.board.when_chosen(self._tapped)

    @property
    def points(self) -> Points:
        """Those that the page is trained on."""
        return read_points(self.content.state.text)

    def take(self, points: Points) -> None:
        """Points as the reader has put them: train on them, or say what is wrong and go back."""
        if fault := self._fault(points):
            self._say(fault)
            self.content.board.put(self.points)
            return
        self._say("")
        self.content.state.points = write_points(points._replace(places=on_globe(points.places)))

    def _fault(self, points: Points) -> str:
        added = len(points.y) > len(self.points.y)
        if added and not inside(points.places, 0.02).all():
            return words.OUTSIDE
        if len(points.y) > MOST:
            return words.TOO_MANY
        if not {-1.0, 1.0} <= set(points.y.tolist()):
            return words.ONE_CLASS
        return ""

    def _say(self, text: str) -> None:
        if self.content.controller is not None:
            self.content.controller.notice.set(text, "info")

    # ---- the buttons

    def buttons(self):
        """Add, move, delete and change a point without pointing at it."""
        moves = {
            "←": ("Left", -1, 0), "→": ("Right", 1, 0), "↑": ("Up", 0, 1), "↓": ("Down", 0, -1),
        }  # fmt: skip
        arrows = [
            _button(label, partial(self.move, *way), description=f"Move the point: {name.lower()}")
            for label, (name, *way) in moves.items()
        ]
        acting = [
            _button("Delete", self.delete), _button("Other class", self.turn),
            _button("Start over", self.start_over),
        ]  # fmt: skip
        rows = [self.new, _button("Add", self.add)], [self.which, *arrows], acting
        return pn.Column(
            *(pn.Row(*row, margin=(2, 6)) for row in rows),
            margin=0, sizing_mode="stretch_width",
        )  # fmt: skip

    def follow(self) -> None:
        """Offer the points that there are."""
        signs = {1.0: "+1", -1.0: "−1"}
        names = {f"{i + 1}: {signs[y]}": i for i, y in enumerate(self.points.y.tolist())}
        if self.which.options != names:
            kept = self.which.value if self.which.value in names.values() else 0
            self._offering = True
            self.which.param.update(options=names, value=kept)
            self._offering = False

    def _named(self, point: int) -> None:
        """A point is chosen in the menu: that shows in the pictures, too."""
        if not self._offering and point not in self.content.board.chosen:
            self.content.board.choose([point])

    def _tapped(self, points: list[int]) -> None:
        """Points are chosen in a picture: the menu says which, or the last of them."""
        if points and self.which.value not in points and points[-1] in self.which.values:
            self.which.value = points[-1]

    def _take_hold(self) -> list[int]:
        """The points that a button acts on, with the ring around them: the one in the menu, unless
        others were tapped."""
        count = len(self.points.y)
        tapped = [i for i in self.content.board.chosen if i < count]
        chosen = tapped or [self.which.value if self.which.value is not None else 0]
        self.content.board.choose(chosen)
        return chosen

    def add(self) -> None:
        """Add a point where there is most room."""
        points = self.points
        free = load_dataset("sphere", n=200, d0=3).x
        place = free[np.argmin((free @ points.x.T).max(axis=1))]
        label = 1.0 if self.new.value == "+1" else -1.0
        places = np.vstack([points.places, to_plane(place[None])])
        self.take(Points(places, np.append(points.y, label)))
        if len(self.points.y) > len(points.y):
            self.which.value = len(points.y)

    def delete(self) -> None:
        """Delete the chosen points."""
        keep = np.setdiff1d(np.arange(len(self.points.y)), self._take_hold())
        self.take(Points(self.points.places[keep], self.points.y[keep]))

    def turn(self) -> None:
        """Put the chosen points into the other class."""
        y = self.points.y.copy()
        y[self._take_hold()] *= -1
        self.take(Points(self.points.places, y))

    def move(self, right: int, up: int) -> None:
        """Move the chosen points by a few degrees, as the pictures show them, over the rim too."""
        points = self.points
        x, chosen = points.x.copy(), self._take_hold()
        side = np.where(points.places[chosen, 0] < 0, 1.0, -1.0)
        for i, sign in zip(chosen, side, strict=True):
            wanted = np.array([sign * right, up, 0.0])
            along = wanted - (wanted @ x[i]) * x[i]
            length = np.linalg.norm(along)
            if length > 1e-6:
                x[i] = np.cos(STEP) * x[i] + np.sin(STEP) * along / length
        self.take(Points(to_plane(x), points.y))

    def start_over(self) -> None:
        """Go back to the example's points."""
        self._say("")
        self.content.state.points = ""
