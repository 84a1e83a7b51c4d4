"""Uploading a table of one's own: preview, what it will cost, what is wrong with it."""

from typing import Any

import panel as pn
import panel_material_ui as pmui

from jntk_viz.datasets.tables import shortened
from jntk_viz.drawing.html import Words
from jntk_viz.drawing.theme import FONT, INK, LINE, css, escape
from jntk_viz.engine import sources
from jntk_viz.frame.failures import error_text
from jntk_viz.frame.parts import Notice

_SLOW = 20  # seconds: beyond this the reader is warned
_CSS = css(f"""
div, td, th {{ font: 400 15px/1.4 {FONT}; color: {INK}; }}
table {{ border-collapse: collapse; display: block; overflow-x: auto; max-width: 100%; }}
td, th {{ border: 1px solid {LINE}; padding: 2px 8px; white-space: nowrap; }}
th {{ font-weight: 500; text-align: left; }}
""")
EXPLANATION = (
    "A CSV file in UTF-8 with a header row: columns of numbers and one column with two labels. "
    f"At most {sources.MOST_BYTES / 1e6:g} MB and {sources.MOST_ROWS} rows. It stays in this "
    "session, in the server's memory, and is gone when you close the page."
)
MOST_PIECES = 10  # in which a browser may send a file; it sends one
MOST_FEATURES = 12  # beyond it, principal components are suggested


def own_data_dialog(state, table):
    """A closed dialog in which a visitor uploads a table; it becomes the page's data set.

    - `state`: has a Selector `data`;  `table`: the study's `Sources`.
    """
    return _OwnData(state, table).dialog


class _OwnData:
    def __init__(self, state, table):
        self._state, self._table, self._names = state, table, []
        self._content: Any = None
        self._dataset: Any = None
        self._options: dict = {}
        self.notice = Notice()
        self.file = pmui.FileInput(
            label="Choose a CSV file", accept=".csv,.tsv,.txt", max_file_size=sources.MOST_BYTES,
            margin=(4, 10),
        )  # fmt: skip
        self.label = pmui.Select(label="Column with the two labels", options=[], size="small")
        self.ignore = pmui.MultiChoice(label="Leave out", options=[])
        self.components = pmui.IntSlider(
            label="Keep principal components", start=2, end=MOST_FEATURES, value=MOST_FEATURES,
            visible=False,
        )  # fmt: skip
        words = {"stylesheets": [_CSS], "sizing_mode": "stretch_width"}
        self.preview, self.cost = Words(**words), Words(**words)
        self.use = pmui.Button(label="Use this table", variant="contained", disabled=True)
        self.use.on_click(lambda _: self._use())
        self.choices = pn.Column(
            self.preview, self.label, self.ignore, self.components, self.cost, self.use,
            visible=False, sizing_mode="stretch_width",
        )  # fmt: skip
        self.dialog = pmui.Dialog(
            Words(f"<div>{escape(EXPLANATION)}</div>", **words),
            self.file, self.notice.pane, self.choices,
            title="Your own data", show_close_button=True, width_option="md",
        )  # fmt: skip
        self.file.param.watch(self._uploaded, "value")
        self.file._process_chunk = self._bounded(self.file._process_chunk)
        for widget in (self.label, self.ignore, self.components):
            widget.param.watch(self._read, "value")
        if pn.state.curdoc and pn.state.curdoc.session_context:
            pn.state.on_session_destroyed(lambda _: self._forget())

    def _bounded(self, take):
        """Hold to the limit whatever is sent: that a browser checks it first is only good manners.

        `take`: keeps one piece of a file, and puts them together when all are there.
        """
        sizes: list[int] = []

        def take_within(message):
            if message["chunk"] == 1:  # a file, instead of what may have come before
                for kept in (self.file._file_buffer, self.file._buffer, sizes):
                    kept.clear()
            data = message["data"]
            # bytes(n) would be n zeros.
            sizes.append(len(data) if isinstance(data, bytes | list) else sources.MOST_BYTES + 1)
            if sum(sizes) > sources.MOST_BYTES or len(sizes) > MOST_PIECES:
                self.notice.set(error_text(sources.too_long(sum(sizes))), "error")
            else:
                take(message)

        return take_within

    def _uploaded(self, event):
        self._content, self._dataset = event.new, None
        self.choices.visible = False
        try:
            seen = sources.preview(event.new) if isinstance(event.new, bytes) else None
        except ValueError as error:
            self._content = seen = None
            self.notice.set(error_text(error), "error")
        if seen is None:
            self.use.disabled = True
            return
        self.preview.object = _table(seen)
        self.label.param.update(options=seen.columns, value=sources.likely_label(seen))
        self.ignore.param.update(options=seen.columns, value=[])
        self.choices.visible = True
        self._read()

    def _read(self, *_):
        """Read the table with the options chosen; say what it costs, or what is wrong."""
        self._dataset, words = None, ""
        if self._content and self.label.value is not None:
            try:
                dataset, self._options = self._chosen()
                words = self._describe(dataset)
                self._dataset = dataset
                self.notice.set("")
            except ValueError as error:
                self.notice.set(error_text(error), "error")
        self.cost.object = words
        # Once: a button that is switched off and on in one message stays off.
        self.use.disabled = self._dataset is None

    def _chosen(self):
        """The table, and the options of `load_csv` by which it was read."""
        ignore = [name for name in self.ignore.value if name != self.label.value]
        options = {"label": self.label.value} | ({"ignore": ignore} if ignore else {})
        dataset = sources.read(self._content, **options)
        self.components.visible = dataset.x.shape[1] > MOST_FEATURES
        if self.components.visible:
            options["n_components"] = self.components.value
            dataset = sources.read(self._content, **options)
        return dataset, options

    def _describe(self, dataset):
        entry = self._table.own_entry(shortened(self._name()), dataset)
        price = sources.cost(self._table.points(entry, dataset), dataset.x.shape[1])
        words = [
            dataset.provenance,
            f"This page takes {price.points} points of it: a kernel of N(1+d₀) = {price.rows:,} "
            f"rows, {price.bytes / 1e6:,.0f} MB, about {max(price.seconds, 0.1):.1f} s for each "
            "set of eigenvalues.",
        ]
        if price.seconds > _SLOW:
            words.append("That is slow: keep fewer columns.")
        angle = sources.smallest_angle(dataset.x)
        if angle < sources.PARALLEL:
            words.append(
                f"Two rows are nearly parallel (angle {angle:.1e}), so the kernel will be all but "
                "singular."
            )
        return "".join(f"<div>{escape(sentence)}</div>" for sentence in words)

    def _name(self):
        return str(self.file.filename or "table.csv")

    def _use(self):
        if len(self._names) == sources.MOST_TABLES:
            words = f"At most {sources.MOST_TABLES} tables are kept. Reload the page to begin anew."
            self.notice.set(words, "error")
            return
        name = sources.register(self._name(), self._dataset, **self._options)
        self._names.append(name)
        parameter = self._state.param.data
        label = f"{shortened(self._name())} ({len(self._names)})"
        parameter.objects = {**parameter.get_range(), label: name}
        self._state.data = name
        self.dialog.open = False

    def _forget(self):
        for name in self._names:
            sources.forget(name)


def _table(seen):
    rows = [seen.columns, *seen.rows]
    cells = [
        "".join(f"<{tag}>{escape(shortened(cell))}</{tag}>" for cell in row)
        for tag, row in zip(["th", *["td"] * len(seen.rows)], rows, strict=True)
    ]
    return (
        f"<div>{seen.total} rows, {len(seen.columns)} columns; the first of them:</div>"
        f"<table>{''.join(f'<tr>{row}</tr>' for row in cells)}</table>"
    )
