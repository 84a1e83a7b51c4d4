"""Choosing the classes of a table: all of them, or which is +1 and against what."""

import panel as pn
import panel_material_ui as pmui

from jntk_viz.datasets.labels import MOST_CLASSES
from jntk_viz.datasets.tables import shortened

_REST, _ALL = object(), object()


class ClassChoice:
    """Menus for −1 and +1, and a button that swaps them.

    - `changed`: called without arguments after the reader has chosen.
    - `all_classes`: can the page use more than two? Then all of them are offered, and taken until
      the reader chooses otherwise.
    """

    def __init__(self, changed, all_classes=False):
        self._changed, self._counts, self._offering = changed, {}, False
        self._all_classes = all_classes
        self.plus = pmui.Select(label="Class +1", options=[], size="small")
        self.minus = pmui.Select(label="Class −1", options=[], size="small")
        self.swap = pmui.Button(label="Swap −1 and +1", variant="outlined", size="small")
        self.row = pn.FlexBox(self.minus, self.plus, self.swap)  # wraps on a phone
        self.swap.on_click(lambda _: self._set(minus=self.plus.value, plus=self.minus.value))
        self.plus.param.watch(self._chosen, "value")
        self.minus.param.watch(self._chosen, "value")

    def offer(self, counts: dict[str, int]):
        """Offer the values of a column, with the number of their rows; keep what still applies."""
        if counts == self._counts:
            return
        self._counts = counts
        self.row.visible = 2 <= len(counts) <= MOST_CLASSES
        names = list(counts) if self.row.visible else []
        named = {
            f"{shortened(n)} ({counts[n]} {'row' if counts[n] == 1 else 'rows'})": n for n in names
        }
        few = len(names) == 2
        minus = named if few else {"all others": _REST, **named}
        # Of `load_csv` "all" is a class if there is one of that name.
        every = self._all_classes and not few and "all" not in counts
        first = {f"all {len(names)} classes": _ALL} if every else {"choose …": None}
        plus = named if few else {**first, **named}
        self._offering = True
        self.minus.param.update(options=minus, value=next(iter(minus.values()), None))
        self.plus.param.update(options=plus, value=names[-1] if few else next(iter(plus.values())))
        self._offering = False
        self._show_swap()

    @property
    def options(self) -> dict:
        """The choice as arguments of `load_csv`."""
        plus, minus, names = self.plus.value, self.minus.value, list(self._counts)
        if not self.row.visible or plus is None:
            return {}
        if plus is _ALL:
            return {"classes": "all"}
        if len(names) == 2:
            return {} if plus == names[-1] else {"positive": plus}
        return {"classes": plus if minus is _REST else (minus, plus)}

    def _chosen(self, event):
        """Keep the two apart: who chooses the other's class swaps them."""
        if self._offering:
            return
        other = self.minus if event.obj is self.plus else self.plus
        if event.new == other.value:
            known = list(other.options.values())
            spare = event.old if event.old in known else known[0]
            self._set(**{"minus" if other is self.minus else "plus": spare})
        else:
            self._set()

    def _set(self, **values):
        self._offering = True
        for name, value in values.items():
            getattr(self, name).value = value
        self._offering = False
        self._show_swap()
        self._changed()

    def _show_swap(self):
        every = self.plus.value is _ALL
        self.plus.label, self.minus.visible = "Classes" if every else "Class +1", not every
        chosen = self.plus.value not in (None, _ALL)
        self.swap.visible = chosen and self.minus.value is not _REST
