"""What a check says: passed, a hint, or that there is nothing to check yet. Never only "wrong"."""

import html
from dataclasses import dataclass

PASSED, HINT, TODO = "passed", "hint", "todo"
_LEADS = {PASSED: "Right.", HINT: "Not yet.", TODO: "Your turn."}
_EDGES = {PASSED: "#00785A", HINT: "#B25E00", TODO: "#595959"}


@dataclass(frozen=True)
class Feedback:
    """The answer to one attempt.

    Attributes:
        status: "passed", "hint" or "todo".
        message: one or two sentences; for a hint, what to look at next.
    """

    status: str
    message: str

    @property
    def passed(self) -> bool:
        return self.status == PASSED

    def __str__(self) -> str:
        return f"{_LEADS[self.status]} {self.message}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Readable on light and dark paper: the page's own text colour beside a coloured edge."""
        edge = _EDGES[self.status]
        words = html.escape(self.message)
        return (
            f'<div role="status" class="jntk-{self.status}" style="border-left: 5px solid {edge}; '
            f'padding: 6px 12px; margin: 4px 0; font-size: 110%;">'
            f'<b style="color: {edge}">{_LEADS[self.status]}</b> {words}</div>'
        )
