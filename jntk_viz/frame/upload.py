"""Choosing a file: held to a size whatever the browser sends, its end said as it came out."""

from collections.abc import Callable

import panel_material_ui as pmui

from jntk_viz.datasets import uploads

MOST_PIECES = 10  # in which a browser may send a file; it sends one


def table_input(taken: Callable[[bytes], str], refused: Callable[[ValueError], None]):
    """A button that takes one file of at most `uploads.MOST_BYTES`.

    Files of any kind: those that are no text are refused in words, where a browser that is told
    which kinds are wanted shows a symbol only.

    - `taken`: called with the bytes of a file, returns what is wrong with them, "" if nothing is;
      the button then shows a tick.
    - `refused`: called with the error when a file is longer than it may be.
    """
    file = pmui.FileInput(
        label="Choose a CSV file", max_file_size=uploads.MOST_BYTES, margin=(4, 10)
    )
    take, handle = file._process_chunk, file._handle_msg
    sizes: list[int] = []
    wrong = [""]  # with the file that came last

    def refuse(size):
        error = uploads.too_long(size)
        wrong[0] = str(error)
        refused(error)

    def take_within(message):
        """Hold to the limit: that a browser checks it first is only good manners."""
        if message["chunk"] == 1:  # a file, instead of what may have come before
            for kept in (file._file_buffer, file._buffer, sizes):
                kept.clear()
        data = message["data"]
        # bytes(n) would be n zeros.
        sizes.append(len(data) if isinstance(data, bytes | list) else uploads.MOST_BYTES + 1)
        if sum(sizes) > uploads.MOST_BYTES or len(sizes) > MOST_PIECES:
            refuse(sum(sizes))
        else:
            take(message)

    def follow(message):
        if message["status"] == "error":  # the browser found the file too long and sends no piece
            refuse(None)
        elif message["status"] == "finished":
            finish()
        else:
            handle(message)

    def finish():
        """Take what has come: the file; or nothing, if the file is empty or was refused."""
        if file._buffer:
            file.value = None  # the same file may come again, after another one
            file._flush_buffer()
        elif not sum(sizes):
            wrong[0] = taken(b"")
        sizes.clear()
        file._send_msg(
            {"status": "error", "error": wrong[0]} if wrong[0] else {"status": "finished"}
        )

    def changed(event):
        if event.new is not None:
            wrong[0] = taken(event.new)

    file._process_chunk, file._handle_msg = take_within, follow
    file.param.watch(changed, "value")
    return file
