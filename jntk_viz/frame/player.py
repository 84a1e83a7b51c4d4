"""Controls of the constancy page that act on what is recorded: play, and widgets of one view."""

import panel as pn
import panel_material_ui as pmui

_PERIOD = 300  # milliseconds between two moments


def play_button(state, name):
    """A button that moves an Integer parameter to its end, from the start if it is there."""
    low, high = state.param[name].bounds
    button = pmui.Button(label="▶ Play", size="small", variant="outlined", margin=(4, 10))
    running = []

    def stop():
        while running:
            running.pop().stop()
        button.label = "▶ Play"

    def advance():
        now = getattr(state, name)
        if now < high:
            setattr(state, name, now + 1)
        if now + 1 >= high:
            stop()

    def click(_):
        if running:
            stop()
            return
        if getattr(state, name) == high:
            setattr(state, name, low)
        button.label = "■ Stop"
        running.append(pn.state.add_periodic_callback(advance, period=_PERIOD))

    button.on_click(click)
    return button


def shown_in(state, widget, *views):
    """Show a widget only in the views where it acts."""

    def follow(*_):
        widget.visible = state.view in views

    state.param.watch(follow, "view")
    follow()
