"""Undo: the settings a page had before."""

import time
from collections import deque

import param

_ONE_CHANGE = 0.6  # seconds: a drag of a slider is one change


class History(param.Parameterized):
    """The values that settings had before their last changes, at most `most` of them.

    - `names`: Parameterized -> names of the parameters that are followed.
    """

    depth = param.Integer(0, doc="How many changes can be undone.")

    def __init__(self, names, most=100):
        super().__init__()
        self._names, self._past = names, deque(maxlen=most)
        self._last, self._undoing = -float("inf"), False
        for owner, watched in names.items():
            owner.param.watch(self._changed, watched)

    def _changed(self, *events):
        now = time.monotonic()
        new = now - self._last > _ONE_CHANGE
        self._last = now
        if self._undoing or not new:
            return
        old = {(event.obj, event.name): event.old for event in events}
        self._past.append(
            [
                (owner, {name: old.get((owner, name), getattr(owner, name)) for name in watched})
                for owner, watched in self._names.items()
            ]
        )
        self.depth = len(self._past)

    def undo(self):
        """Bring back the settings before the last change; nothing where there is none."""
        if not self._past:
            return
        self._undoing = True
        try:
            for owner, values in self._past.pop():
                owner.param.update(**values)
        finally:
            self._undoing, self._last = False, -float("inf")
            self.depth = len(self._past)
