"""Uploading a table of one's own: preview, what it will cost, what is wrong with it."""

import time
from typing import Any, NamedTuple

import numpy as np
import panel as pn
import panel_material_ui as pmui

from jntk_viz.datasets import layout, uploads
from jntk_viz.datasets.angles import smallest_angle
from jntk_viz.datasets.labels import count_classes
from jntk_viz.datasets.tables import TableError, shortened
from jntk_viz.datasets.user_csv import rows_with_gaps
from jntk_viz.drawing.html import Words
from jntk_viz.drawing.theme import FONT, INK, LINE, css, escape
from jntk_viz.engine import sources
from jntk_viz.engine.runners import runner
from jntk_viz.frame.class_choice import ClassChoice
from jntk_viz.frame.glossary import Prose
from jntk_viz.frame.numbers import number
from jntk_viz.frame.parts import Notice, error_text
from jntk_viz.frame.upload import FileInput

_SLOW = 20  # seconds: beyond this the reader is warned
MOST_TABLES = 5  # of one visitor
PARALLEL = np.radians(0.1)  # points nearer than this make a kernel matrix all but singular
_CSS = css(f"""
div, td, th {{ font: 400 15px/1.4 {FONT}; color: {INK}; }}
table {{ border-collapse: collapse; display: block; overflow-x: auto; max-width: 100%; }}
td, th {{ border: 1px solid {LINE}; padding: 2px 8px; white-space: nowrap; }}
th {{ font-weight: 500; text-align: left; }}
""")
EXPLANATION = (
    "A CSV file in UTF-8: columns of numbers and one column of labels{}. "
    f"At most {uploads.MOST_BYTES / 1e6:g} MB and {uploads.MOST_ROWS} rows. It stays in this "
    "session, in the server's memory, and is gone when you close the page."
)
MOST_PREVIEWED = 5  # rows
SEPARATED_BY = {"(found)": ""} | {
    name: character for character, name in {**layout.SEPARATORS, **layout.UNUSUAL}.items()
}
MOST_FEATURES = 12  # beyond it, principal components are suggested


def own_data_dialog(state, table):
    """A closed dialog in which a visitor uploads a table; it becomes the page's data set.

    What is in it is made when it is first opened: it would take a seventh of the time that a page
    needs to open, and few ask for it.

    - `state`: has a Selector `data`;  `table`: the study's `Sources`.
    """
    # A column of Panel's, since its own ESM components do not tie what they get later to the page.
    inside = pn.Column(margin=0, sizing_mode="stretch_width")
    dialog = pmui.Dialog(inside, title="Your own data", show_close_button=True, width_option="md")

    def fill(event):
        if event.new and not inside.objects:
            inside.objects = _OwnData(state, table, dialog).parts

    dialog.param.watch(fill, "open")
    return dialog


class _OwnData:
    """The content of the dialog: `parts`, one below the other."""

    def __init__(self, state, table, dialog):
        self._state, self._table, self._names = state, table, []
        self.dialog = dialog
        self._content = b""
        self._seen: Any = None
        self._dataset: Any = None
        self._options: dict = {}
        self._file_name = ""
        self._setting = False
        self.notice = Notice()
        self.file = FileInput(
            self._uploaded, lambda e: self.notice.set(error_text(e), "error"), margin=(4, 10)
        )
        self.headless = pmui.Checkbox(label="This file has no header")
        self.separator = pmui.Select(
            label="Cells are separated by", size="small", options=SEPARATED_BY, value=""
        )
        self.layout = pn.FlexBox(self.separator, self.headless, visible=False)
        self.label = pmui.Select(label="Column with the labels", options=[], size="small")
        self._proposed = None  # the column of labels that was proposed last
        self.classes = ClassChoice(self._read, all_classes=table.all_classes)
        self.ignore = pmui.MultiChoice(label="Leave out", options=[])
        self._numbering: list = []  # the columns that were left out for it last
        self.gaps = pmui.Checkbox(label="Leave out rows with gaps", visible=False)
        self.components = pmui.IntSlider(
            label="Keep principal components", start=2, end=MOST_FEATURES, value=MOST_FEATURES,
            visible=False,
        )  # fmt: skip
        words = {"stylesheets": [_CSS], "sizing_mode": "stretch_width"}
        self.preview, self.cost = Words(**words), Prose(**words)
        # Shown only while it can be used. To switch it off and on instead would lose a change
        # that reaches a busy browser while it first draws the button: Panel listens only later.
        self.use = pmui.Button(label="Use this table", variant="contained", visible=False)
        self.use.on_click(lambda _: self._use())
        self.choices = pn.Column(
            self.preview, self.label, self.classes.row, self.ignore, self.gaps, self.components,
            self.cost, self.use, visible=False, sizing_mode="stretch_width",
        )  # fmt: skip
        compared = "" if table.all_classes else ", two of which are compared"
        explanation = Words(f"<div>{escape(EXPLANATION.format(compared))}</div>", **words)
        self.parts = [explanation, self.file, self.notice.pane, self.layout, self.choices]
        for widget in (self.headless, self.separator):
            widget.param.watch(self._look, "value")
        for widget in (self.label, self.ignore, self.gaps, self.components):
            widget.param.watch(self._read, "value")
        if pn.state.curdoc and pn.state.curdoc.session_context:
            pn.state.on_session_destroyed(lambda _: self._forget())

    def _uploaded(self, name: str, content: bytes) -> bool:
        """Take a file; returns whether it is a table, or could be one by a choice in the dialog."""
        self._content, self._file_name = content, name or "table.csv"
        self._setting = True
        self.headless.value, self.separator.value, self.gaps.value = False, "", False
        self._setting = False
        self._look()
        return self.layout.visible

    def _look(self, *_):
        """Preview the file as the reader says it is laid out; or say why not, and keep the file."""
        if not self._file_name or self._setting:
            return
        layout, self._dataset = self._layout(), None
        try:
            self._seen = uploads.look(self._content, **layout)
        except ValueError as error:
            # What the reader has chosen can be chosen otherwise.
            self.layout.visible = bool(layout) or isinstance(error, TableError)
            self.choices.visible = self.use.visible = False
            words = ValueError(error.on_page) if isinstance(error, TableError) else error
            self.notice.set(error_text(words), "error")
            return
        self.preview.object = _table(self._seen)
        names = self._seen.names
        label = self.label.value
        if label not in names or label == self._proposed:  # else the reader has chosen it
            label = self._proposed = uploads.likely_label(self._seen)
        self._setting = True
        self.label.param.update(options=names, value=label)
        chosen = [name for name in self.ignore.value if name not in self._numbering]
        self._numbering = [name for name in uploads.numbering(self._seen) if name != label]
        kept = [name for name in names if name in {*chosen, *self._numbering}]
        self.ignore.param.update(options=names, value=kept)
        self._setting = False
        self.layout.visible = self.choices.visible = True
        self._read()

    def _layout(self) -> dict:
        header = {"header": False} if self.headless.value else {}
        return header | ({"delimiter": self.separator.value} if self.separator.value else {})

    def _read(self, *_):
        """Read the table with the options chosen; say what it costs, or what is wrong."""
        if self._setting or self._seen is None or self.label.value is None:
            return
        self._dataset, words = None, ""
        self._offer_gaps()
        self.classes.offer(count_classes(self._seen, self.label.value))
        try:
            dataset, self._options = self._chosen()
            words = self._describe(dataset)
            self._dataset = dataset
            self.notice.set("")
        except ValueError as error:
            offer = f" Or tick '{self.gaps.label}' below." if self._gaps_stay() else ""
            self.notice.set(error_text(error) + offer, "error")
        self.cost.object = words
        self.use.visible = self._dataset is not None

    def _ignored(self):
        return [name for name in self.ignore.value if name != self.label.value]

    def _offer_gaps(self):
        """Offer to leave out rows with missing values, where there are some and others as well."""
        used = [name for name in self._seen.names if name not in self._ignored()]
        gaps = rows_with_gaps(self._seen, used)
        count, self.gaps.visible = sum(gaps), 0 < sum(gaps) < len(gaps)
        rows = "1 row" if count == 1 else f"{count} rows"
        self.gaps.label = f"Leave out the {rows} with gaps"

    def _gaps_stay(self):
        return self.gaps.visible and not self.gaps.value

    def _chosen(self):
        """The table, and the options of `load_csv` by which it was read."""
        ignore = self._ignored()
        options = {"label": self.label.value} | ({"ignore": ignore} if ignore else {})
        options |= {"drop_missing": True} if self.gaps.visible and self.gaps.value else {}
        options |= self._layout() | self.classes.options
        dataset = uploads.read(self._content, **options)
        self.components.visible = dataset.x.shape[1] > MOST_FEATURES
        if self.components.visible:
            options["n_components"] = self.components.value
            dataset = uploads.read(self._content, **options)
        return dataset, options

    def _describe(self, dataset):
        entry = self._table.own_entry(shortened(self._file_name), dataset)
        price = cost(self._table.points(entry, dataset), dataset.x.shape[1])
        words = [
            dataset.provenance,
            f"This page takes {price.points} points of it: a kernel of N(1+d₀) = {price.rows:,} "
            f"rows, {price.bytes / 1e6:,.0f} MB, about {max(price.seconds, 0.1):.1f} s for each "
            "set of eigenvalues.",
        ]
        if price.seconds > _SLOW:
            words.append("That is slow: keep fewer columns.")
        angle = smallest_angle(dataset.x)
        if angle < PARALLEL:
            words.append(
                f"Two rows are nearly parallel (angle {number(angle)}), so the kernel will be "
                "all but singular."
            )
        return "".join(f"<div>{escape(sentence)}</div>" for sentence in words)

    def _use(self):
        if len(self._names) == MOST_TABLES:
            words = f"At most {MOST_TABLES} tables are kept. Reload the page to begin anew."
            self.notice.set(words, "error")
            return
        name = sources.register(self._file_name, self._dataset, **self._options)
        self._names.append(name)
        parameter = self._state.param.data
        label = f"{shortened(self._file_name)} ({len(self._names)})"
        parameter.objects = {**parameter.get_range(), label: name}
        self._state.data = name
        self.dialog.open = False

    def _forget(self):
        for name in self._names:
            runner().forget(name)


def _table(seen):
    first = [record.cells for record in seen.rows[:MOST_PREVIEWED]]
    rows = [seen.names, *first]
    cells = [
        "".join(f"<{tag}>{escape(shortened(cell))}</{tag}>" for cell in row)
        for tag, row in zip(["th", *["td"] * len(first)], rows, strict=True)
    ]
    return (
        f"<div>{len(seen.rows)} rows, {len(seen.names)} columns; the first of them:</div>"
        f"<table>{''.join(f'<tr>{row}</tr>' for row in cells)}</table>"
    )


class Cost(NamedTuple):
    """Bytes for three copies of a kernel of `rows` = N(1+d0) rows, and seconds for one."""

    points: int
    rows: int
    bytes: int
    seconds: float


def cost(points: int, features: int) -> Cost:
    """Estimated from one eigendecomposition timed now: the time grows with the cube of the rows."""
    rows = points * (1 + features)
    return Cost(points, rows, 3 * 8 * rows**2, _seconds_for_256() * (rows / 256) ** 3)


def _seconds_for_256() -> float:
    matrix = np.random.default_rng(0).normal(size=(256, 256))
    start = time.perf_counter()
    np.linalg.eigh(matrix @ matrix.T)
    return time.perf_counter() - start
